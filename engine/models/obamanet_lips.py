"""Sound to lips: 28 features of 10 ms of sound, and an LSTM that shows each mouth a delay after it heard its sound.

Kumar et al. arXiv 1801.01442 after Suwajanakorn et al. (SIGGRAPH 2017); page, section 2.5. Legend:

    mel    [T, 80]  log-mel frames at 100 Hz (`obamanet_sound.log_mel`)
    a      [T, 28]  `obamanet_sound.spectral_features`, standardised by the training sounds
    m      [T, k]   whitened mouth components (and the two offsets of the centre)
    d               the delay, in steps of 10 ms:   y_t = W LSTM(a_1..a_t) + b,   loss = || y_t - m_{t-d} ||^2

Departures: trained many to many on chunks of one second in batches (page, 2.7 item 4), and never re-standardised at
run time (item 1). The differences look backwards only, so that a stream and a clip give the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from engine.models.obamanet_sound import FEATURES, Standard, spectral_features

State = tuple[Tensor, Tensor]

HIDDEN = 60
DELAY, PAPER_DELAY = 10, 20
CHUNK = 100  # one second
BETAS = (0.9, 0.999)
CLIP = 10.0


class Lips(nn.Module):
    """y_t = W LSTM(a_1..a_t) + b: one layer, one direction, linear output, zero state at the start.

    a [B, T, F] -> y [B, T, out]. Raises `ValueError` for a width below 1.
    """

    def __init__(self, outputs: int, hidden: int = HIDDEN, inputs: int = FEATURES) -> None:
        super().__init__()
        if min(outputs, hidden, inputs) < 1:
            raise ValueError(f"inputs {inputs}, hidden {hidden}, outputs {outputs}: each must be at least 1")
        self.lstm = nn.LSTM(inputs, hidden, batch_first=True)
        self.head = nn.Linear(hidden, outputs)

    def forward(self, a: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """All outputs and the state after the last step."""
        h, after = self.lstm(a, state)
        return self.head(h), after

    @torch.no_grad()
    def speak(self, a: Tensor, delay: int) -> Tensor:
        """Mouths [T, out] in time with the sound a [T, F]: hear `delay` more frames (the last), drop the first ones."""
        if not len(a):
            return a.new_zeros(0, self.head.out_features)
        longer = torch.cat([a, a[-1:].expand(delay, -1)])
        y: Tensor = self(longer[None])[0]
        return y[0, delay:]


def delayed_loss(y: Tensor, m: Tensor, delay: int) -> Tensor:
    """Mean over steps t >= d, batch and outputs of (y_t - m_{t-d})^2."""
    if y.shape[1] <= delay:
        raise ValueError(f"chunks of {y.shape[1]} steps are too short for a delay of {delay}")
    return (y[:, delay:] - m[:, : m.shape[1] - delay]).square().mean()


class Stream:
    """Lips step by step: push() sound as it comes, mouths come out `delay` steps later; finish() gives the rest.

    log_mels: the LSTM hears standardised log-mel frames instead of the 28 features.
    """

    def __init__(self, lips: Lips, standard: Standard, delay: int, log_mels: bool = False) -> None:
        self.lips, self.standard, self.delay, self.log_mels = lips, standard, delay, log_mels
        self._state: State | None = None
        self._heard = 0
        self._before: Tensor | None = None
        self._last: Tensor | None = None

    @torch.no_grad()
    def _run(self, a: Tensor) -> Tensor:
        y: Tensor
        y, self._state = self.lips(a[None], self._state)
        begin = max(0, min(len(a), self.delay - self._heard))
        self._heard += len(a)
        return y[0, begin:]

    def push(self, mel: Tensor) -> Tensor:
        """Mouths [n, out] that became known with these frames [T, 80]; n = T once the delay has passed."""
        if not len(mel):
            return mel.new_zeros(0, self.lips.head.out_features)
        joined = mel if self._before is None else torch.cat([self._before, mel])
        self._before = mel[-1:]
        a = self.standard(joined if self.log_mels else spectral_features(joined))[len(joined) - len(mel) :]
        self._last = a[-1:]
        return self._run(a)

    def finish(self) -> Tensor:
        """The last `delay` mouths; afterwards the stream is at its end."""
        if self._last is None or self.delay == 0:
            return self.lips.head.weight.new_zeros(0, self.lips.head.out_features)
        return self._run(self._last.expand(self.delay, -1))


@dataclass(frozen=True, slots=True)
class Clip:
    """A sentence to learn from: standardised features a [T, F] and mouths m [T, out], both at 100 Hz."""

    a: Tensor
    m: Tensor


def draw_chunks(clips: Sequence[Clip], batch: int, length: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """a [B, L, F], m [B, L, out]: chunks from clips drawn in proportion to their length; short clips hold their end."""
    sizes = np.array([len(clip.a) for clip in clips], dtype=np.float64)
    which = rng.choice(len(clips), size=batch, p=sizes / sizes.sum())
    a, m = [], []
    for index in which:
        clip = clips[int(index)]
        start = int(rng.integers(0, max(1, len(clip.a) - length + 1)))
        at = torch.arange(start, start + length).clamp_max(len(clip.a) - 1)
        a.append(clip.a[at])
        m.append(clip.m[at])
    return torch.stack(a), torch.stack(m)


class LipsLearner:
    """Adam on `delayed_loss`. Rate and delay may change between steps; a step that is not finite is left out."""

    def __init__(self, lips: Lips, lr: float, delay: int = DELAY) -> None:
        self.lips, self.delay = lips, delay
        self.optimiser = torch.optim.Adam(lips.parameters(), lr=lr, betas=BETAS)
        self.skipped = 0

    def set_rate(self, lr: float) -> None:
        """From the next step on."""
        for group in self.optimiser.param_groups:
            group["lr"] = lr

    def step(self, a: Tensor, m: Tensor) -> float:
        """One update; the loss before it (mean squared error per whitened component; NaN: the update was left out)."""
        self.optimiser.zero_grad(set_to_none=True)
        y, _ = self.lips(a)
        loss = delayed_loss(y, m, self.delay)
        loss.backward()  # type: ignore[no-untyped-call]
        size = nn.utils.clip_grad_norm_(self.lips.parameters(), CLIP)
        if not bool(torch.isfinite(size)):
            self.skipped += 1
            return float("nan")
        self.optimiser.step()
        return float(loss.detach())


@torch.no_grad()
def lips_error(lips: Lips, clips: Sequence[Clip], delay: int) -> float:
    """Squared error per output of whole clips, as they would be spoken: the number of page 5.4 (the mean gives 1)."""
    total, count = 0.0, 0
    for clip in clips:
        y = lips.speak(clip.a, delay)
        total += float((y - clip.m).square().sum())
        count += clip.m.numel()
    return total / max(count, 1)
