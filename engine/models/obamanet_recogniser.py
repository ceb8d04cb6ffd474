"""How intelligible a sound is: a small phone recogniser and the phone error rate (page, 5.4).

Three dilated convolutions (5 wide, dilations 1, 2, 4; 29 frames of sight) over log-mel name the phone of every frame;
runs shorter than two frames are dropped, silence is left out, what remains is compared with what should have been said.
It knows the voice it was trained on: a proxy for intelligibility, not for how natural a voice is.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.edit_distance import edits
from engine.models.obamanet_sound import MELS, Standard

_DILATIONS = (1, 2, 4)
_KERNEL = 5
_SHORTEST_RUN = 2
NO_LABEL = -100


class Recogniser(nn.Module):
    """log-mel [B, T, M] -> logits [B, T, C]; C sounds, the last one silence."""

    def __init__(self, sounds: int, width: int = 160) -> None:
        super().__init__()
        self.sounds = sounds
        self.standard = Standard()
        layers: list[nn.Module] = []
        channels = MELS
        for dilation in _DILATIONS:
            layers += [
                nn.Conv1d(channels, width, _KERNEL, padding=dilation * (_KERNEL // 2), dilation=dilation),
                nn.BatchNorm1d(width),
                nn.GELU(),
            ]
            channels = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Conv1d(width, sounds, 1)

    def forward(self, mel: Tensor) -> Tensor:
        """Logits of every frame."""
        return torch.as_tensor(self.head(self.body(self.standard(mel).transpose(1, 2))).transpose(1, 2))

    @torch.no_grad()
    def heard(self, mel: Tensor) -> list[int]:
        """What one sound says: log-mel [T, M] -> sounds without silence."""
        was_training = self.training
        self.eval()
        best = self(mel[None])[0].argmax(-1)
        self.train(was_training)
        return said(best.tolist(), self.sounds - 1)


def loss_of(net: Recogniser, mel: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """Cross entropy of the frames, mel [B, T, M], labels int64 [B, T] (-100: none); gain and noise are varied.

    The gain moves every band alike; the noise is a floor of its own for each example plus a little of every value, so
    that the recogniser does not break at the first sound that is not the teacher's.
    """
    B = len(mel)
    gain = 0.7 * torch.randn(B, 1, 1, generator=generator)
    floor = -6.9 + 4.0 * torch.rand(B, 1, 1, generator=generator)
    noisy = torch.logaddexp(mel + gain.to(mel.device), floor.to(mel.device))
    noisy = noisy + 0.25 * torch.randn(mel.shape, generator=generator).to(mel.device)
    return functional.cross_entropy(net(noisy).flatten(0, 1), labels.flatten(), ignore_index=NO_LABEL)


def said(frames: Sequence[int], silence: int) -> list[int]:
    """Frame classes to the sounds they spell: runs of one class, the short ones dropped, equal neighbours joined over a
    dropped run, silence left out (but two equal sounds with silence between stay two)."""
    runs: list[list[int]] = []
    for sound in frames:
        if runs and runs[-1][0] == sound:
            runs[-1][1] += 1
        else:
            runs.append([sound, 1])
    kept = [sound for sound, length in runs if length >= _SHORTEST_RUN]
    joined = [sound for i, sound in enumerate(kept) if i == 0 or sound != kept[i - 1]]
    return [sound for sound in joined if sound != silence]


def error_rate(pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> float:
    """Phone error rate over (heard, meant): all edits over all meant sounds; above 1 when babble is longer."""
    meant = sum(len(right) for _, right in pairs)
    return sum(edits(found, right) for found, right in pairs) / max(meant, 1)


def meant_of(sounds: Sequence[int], silence: int) -> list[int]:
    """What should be heard: without silence, equal neighbours joined as the recogniser must join them."""
    joined = [sound for i, sound in enumerate(sounds) if i == 0 or sound != sounds[i - 1]]
    return [sound for sound in joined if sound != silence]
