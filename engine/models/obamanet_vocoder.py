"""Learned vocoders that turn log-mel frames into sound: a network with an iSTFT as its head (page, 2.4).

conv 80 -> 160, 7 wide; 4 ConvNeXt blocks (depthwise 7 wide, LayerNorm, 160 -> 480 -> 160, GELU, layer scale 1/4);
linear -> 642 = log magnitude (321, at most e^5) and phase angle (321); inverse STFT of 640 with hop 160. Its sight is
2 x (7 // 2) x 5 = 15 frames each way and one more window of overlap, so blocks with 17 frames of margin join without a
seam. Loss: spectral convergence and log magnitudes at 256, 512 and 1024, and L1 of log-mel; the GPU preset adds
discriminators. Departure from Char2Wav, whose vocoder is SampleRNN (`obamanet_samplernn`): that one is the exhibit.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.models.obamanet_sound import HOP, MELS, Standard, griffin_lim, istft, log_mel, magnitude_of, stft

N_FFT = 640
BINS = N_FFT // 2 + 1
MARGIN = 17  # frames that a block needs on each side
BLOCK = 25
RESOLUTIONS = (256, 512, 1024)
_KERNEL = 7
_HIGHEST = 5.0  # of the log magnitude
_LAYER_SCALE = 0.25
_TINY = 1e-5


class ConvNext(nn.Module):
    """x [B, D, T] + scale (depthwise conv, norm over channels, widen, GELU, narrow)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, _KERNEL, padding=_KERNEL // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen, self.narrow = nn.Linear(width, inner), nn.Linear(inner, width)
        self.scale = nn.Parameter(torch.full((width,), _LAYER_SCALE))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        y = self.norm(self.depthwise(x).transpose(1, 2))
        change: Tensor = self.scale * self.narrow(functional.gelu(self.widen(y)))
        return x + change.transpose(1, 2)


class Vocoder(nn.Module):
    """log-mel [B, T, M] -> sound [B, (T - 1) 160]."""

    def __init__(self, width: int = 160, blocks: int = 4) -> None:
        super().__init__()
        self.standard = Standard()
        self.first = nn.Conv1d(MELS, width, _KERNEL, padding=_KERNEL // 2)
        self.blocks = nn.ModuleList(ConvNext(width, 3 * width) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 2 * BINS)

    @property
    def size(self) -> int:
        """Parameters."""
        return sum(p.numel() for p in self.parameters())

    def spectrum(self, mel: Tensor) -> Tensor:
        """log-mel [B, T, M] -> complex [B, 321, T]."""
        x = self.first(self.standard(mel).transpose(1, 2))
        for block in self.blocks:
            x = block(x)
        magnitude, phase = self.head(self.norm(x.transpose(1, 2))).transpose(1, 2).chunk(2, 1)
        return torch.polar(magnitude.clamp_max(_HIGHEST).exp(), phase)

    def forward(self, mel: Tensor) -> Tensor:
        """The sound."""
        return istft(self.spectrum(mel), n_fft=N_FFT, hop=HOP)


@torch.no_grad()
def in_blocks(net: Vocoder, mel: Tensor, block: int = BLOCK, margin: int = MARGIN) -> Iterator[Tensor]:
    """The sound of log-mel [T, M] in pieces of `block` frames, each as soon as its frames and `margin` more are there;
    together they are the whole pass, sample by sample."""
    T = len(mel)
    for begin in range(0, max(T - 1, 1), block):
        left = max(begin - margin, 0)
        right = min(begin + block + margin, T)
        sound = net(mel[None, left:right])[0]
        end = min(begin + block, T - 1)
        yield sound[(begin - left) * HOP : (end - left) * HOP]


@torch.no_grad()
def refined(net: Vocoder, mel: Tensor, iterations: int = 4) -> Tensor:
    """Griffin-Lim from the network's phase: log-mel [T, M] -> sound; the page measured its STOI as .959 with 4."""
    magnitude = magnitude_of(mel)
    spectrum = stft(net(mel[None])[0])
    T = magnitude.shape[-1]
    phase = torch.polar(magnitude, spectrum[:, :T].angle())
    for _ in range(iterations):
        found = stft(istft(phase))
        phase = magnitude * found / found.abs().clamp_min(_TINY)
    return istft(phase)


def spectral_loss(made: Tensor, true: Tensor) -> Tensor:
    """Mean over three resolutions of spectral convergence + L1 of log magnitudes; sounds [B, S]."""
    total = made.new_zeros(())
    for n_fft in RESOLUTIONS:
        one, other = (stft(x, n_fft, n_fft // 4).abs().clamp_min(_TINY) for x in (made, true))
        total = total + (one - other).norm() / other.norm() + (one.log() - other.log()).abs().mean()
    return total / len(RESOLUTIONS)


def loss_of(net: Vocoder, mel: Tensor, true: Tensor) -> Tensor:
    """mel [B, T, M] and the sound it was taken from [B, (T - 1) 160]."""
    made = net(mel)
    return spectral_loss(made, true) + (log_mel(made) - log_mel(true)).abs().mean()


def by_griffin_lim(mel: Tensor, iterations: int = 8) -> Tensor:
    """The vocoder that needs no training: log-mel [..., T, M] -> sound."""
    return griffin_lim(magnitude_of(mel), iterations)
