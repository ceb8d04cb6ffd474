"""Sound as frames and back: STFT, log-mel frames, Griffin-Lim, µ-law, spectral features (page, 2.4, 2.5, 7).

S samples at 16 kHz, T = S // 160 + 1 acoustic frames (100 Hz), F = 401 frequencies, M = 80 mel bands. The paper's
frames are 63 WORLD parameters every 5 ms; ours are log-mel, a departure that needs no vocoder from outside (page, 2.4).
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

SAMPLE_RATE = 16_000
N_FFT = 800  # 50 ms
HOP = 160
MELS = 80
LOW_HZ, HIGH_HZ = 40.0, 7800.0
FLOOR = 1e-3
CEPSTRA = 13
FEATURES = 2 * (CEPSTRA + 1)
LEAST_STD = 1e-3  # a silent band has none (page, section 8)
MU = 255.0
_MOMENTUM = 0.99
_TINY = 1e-8


@lru_cache(maxsize=8)
def window(size: int, device: torch.device) -> Tensor:
    """Periodic Hann."""
    return torch.hann_window(size, device=device)


def stft(audio: Tensor, n_fft: int = N_FFT, hop: int = HOP) -> Tensor:
    """audio [..., S] -> complex [..., F, T], centred frames, the edges mirrored. Too short a sound is padded."""
    short = n_fft // 2 + 1 - audio.shape[-1]
    if short > 0:
        audio = torch.nn.functional.pad(audio, (0, short))
    flat = audio.reshape(-1, audio.shape[-1])
    found = torch.stft(flat, n_fft, hop, window=window(n_fft, audio.device), return_complex=True)
    whole: Tensor = found.reshape(*audio.shape[:-1], *found.shape[-2:])
    return whole


def istft(spectrum: Tensor, length: int | None = None, n_fft: int = N_FFT, hop: int = HOP) -> Tensor:
    """complex [..., F, T] -> audio [..., S], S = (T - 1) hop when no length is asked for."""
    flat = spectrum.reshape(-1, *spectrum.shape[-2:])
    audio = torch.istft(flat, n_fft, hop, window=window(n_fft, spectrum.device), length=length)
    return audio.reshape(*spectrum.shape[:-2], audio.shape[-1])


@lru_cache(maxsize=4)
def mel_filters(device: torch.device) -> Tensor:
    """Triangles of height 1, evenly spaced on the mel scale 2595 log10(1 + f / 700): [M, F]."""
    low, high = (2595 * math.log10(1 + hz / 700) for hz in (LOW_HZ, HIGH_HZ))
    corners = 700 * (10 ** (torch.linspace(low, high, MELS + 2, dtype=torch.float64) / 2595) - 1)
    hz = torch.linspace(0, SAMPLE_RATE / 2, N_FFT // 2 + 1, dtype=torch.float64)
    left, centre, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    filters = torch.minimum((hz - left) / (centre - left), (right - hz) / (right - centre)).clamp_min(0)
    # Narrower than one bin at the bottom: a filter that meets no bin takes its nearest one.
    empty = filters.sum(1) == 0
    filters[empty, (hz[None] - centre[empty]).abs().argmin(1)] = 1.0
    found: Tensor = filters.to(device, torch.float32)
    return found


@lru_cache(maxsize=4)
def _back_from_mel(device: torch.device) -> Tensor:
    """The pseudo-inverse [F, M]."""
    inverse: Tensor = torch.linalg.pinv(mel_filters(torch.device("cpu")).double()).to(device, torch.float32)
    return inverse


def log_mel(audio: Tensor) -> Tensor:
    """audio [..., S] -> log(max(mel of magnitudes, 1e-3)) [..., T, M]."""
    magnitude = stft(audio).abs()
    return torch.matmul(mel_filters(audio.device), magnitude).clamp_min(FLOOR).log().transpose(-1, -2)


def magnitude_of(mel: Tensor) -> Tensor:
    """log-mel [..., T, M] -> magnitudes [..., F, T], by the pseudo-inverse, negative ones cut off."""
    return torch.matmul(_back_from_mel(mel.device), mel.transpose(-1, -2).exp()).clamp_min(0)


def inconsistency(magnitude: Tensor, audio: Tensor) -> float:
    """||  |STFT(x)| - magnitude || / || magnitude ||."""
    return float((stft(audio).abs() - magnitude).norm() / magnitude.norm().clamp_min(_TINY))


def griffin_lim(magnitude: Tensor, iterations: int = 8, momentum: float = _MOMENTUM, seed: int = 0) -> Tensor:
    """magnitudes [..., F, T] -> audio [..., (T - 1) hop]: the phase that fits, found by projecting back and forth.

    c <- t + momentum (t - t'), t = STFT(iSTFT(c)), t' the one before (fast Griffin-Lim). Without momentum the
    inconsistency never rises. The first phase is drawn from `seed`.
    """
    generator = torch.Generator().manual_seed(seed)
    turn = (2 * math.pi * torch.rand(magnitude.shape, generator=generator)).to(magnitude.device)
    spectrum = torch.polar(magnitude, turn)
    before: Tensor | None = None
    for _ in range(iterations):
        found = stft(istft(spectrum))
        aim = found if before is None or momentum == 0 else found + momentum * (found - before)
        before = found
        spectrum = magnitude * aim / aim.abs().clamp_min(_TINY)
    return istft(spectrum)


def audio_of(mel: Tensor, iterations: int = 8, seed: int = 0) -> Tensor:
    """log-mel [..., T, M] -> audio by Griffin-Lim; the phase starts from `seed`."""
    return griffin_lim(magnitude_of(mel), iterations, seed=seed)


def mu_law(audio: Tensor) -> Tensor:
    """audio in [-1, 1] -> int64 codes 0..255, finer near zero (2.4, the sample levels of SampleRNN)."""
    squeezed = audio.sign() * (MU * audio.abs().clamp_max(1)).log1p() / math.log1p(MU)
    return ((squeezed + 1) / 2 * MU + 0.5).floor().long().clamp(0, int(MU))


def from_mu_law(codes: Tensor) -> Tensor:
    """int codes 0..255 -> audio in [-1, 1]."""
    squeezed = codes.float() / MU * 2 - 1
    return squeezed.sign() * ((1 + MU) ** squeezed.abs() - 1) / MU


@lru_cache(maxsize=4)
def _cosines(device: torch.device) -> Tensor:
    """DCT-II, orthonormal, the first 13 rows: [13, M]."""
    n = torch.arange(MELS, dtype=torch.float64)
    table = torch.cos(math.pi / MELS * (n + 0.5) * torch.arange(CEPSTRA, dtype=torch.float64)[:, None])
    table[0] *= math.sqrt(0.5)
    return (table * math.sqrt(2 / MELS)).to(device, torch.float32)


def spectral_features(mel: Tensor) -> Tensor:
    """log-mel [..., T, M] -> 13 cepstra, log energy log sum exp(2 log-mel), and their first differences [..., T, 28].

    Not yet standardised (page, 2.5).
    """
    cepstra = torch.matmul(mel, _cosines(mel.device).T)
    whole = torch.cat([cepstra, (2 * mel).logsumexp(-1, keepdim=True)], -1)
    steps = whole - torch.cat([whole[..., :1, :], whole[..., :-1, :]], -2)
    return torch.cat([whole, steps], -1)


class Standard(torch.nn.Module):
    """Per-band mean and deviation of the training sound, kept with the weights (page, 2.7 mistake 1)."""

    mean: Tensor
    std: Tensor

    def __init__(self, width: int = MELS) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))

    def fit(self, frames: Tensor) -> None:
        """frames [N, width]."""
        self.mean.copy_(frames.mean(0))
        self.std.copy_(frames.std(0).clamp_min(LEAST_STD))

    def forward(self, frames: Tensor) -> Tensor:
        """To mean 0 and deviation 1."""
        return (frames - self.mean) / self.std

    def undo(self, frames: Tensor) -> Tensor:
        """Back to what was measured."""
        return frames * self.std + self.mean
