"""Frames of sound and back, and what a recogniser makes of them (page, section 7)."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from engine.data.obamanet_text import script_of
from engine.data.obamanet_vocabulary import SENTENCES
from engine.data.obamanet_voice import speak
from engine.edit_distance import edits
from engine.experiments import obamanet_voices as voices
from engine.experiments.obamanet_speech_set import example_of
from engine.models.obamanet_recogniser import error_rate, meant_of, said
from engine.models.obamanet_sound import (
    FEATURES,
    FLOOR,
    MELS,
    Standard,
    audio_of,
    from_mu_law,
    griffin_lim,
    inconsistency,
    istft,
    log_mel,
    magnitude_of,
    mel_filters,
    mu_law,
    spectral_features,
    stft,
)


def speechlike(seconds=1.0, seed=0):
    """A buzz with moving loudness and some noise [S]."""
    t = torch.arange(int(16_000 * seconds)) / 16_000
    buzz = sum(torch.sin(2 * math.pi * 120 * k * t + k) / k for k in range(1, 30))
    noise = torch.randn(len(t), generator=torch.Generator().manual_seed(seed))
    return 0.1 * (1 + torch.sin(2 * math.pi * 3 * t)) * buzz + 0.01 * noise


@pytest.mark.parametrize(("n_fft", "hop"), [(800, 160), (640, 160)])
def test_that_the_inverse_transform_undoes_the_transform(n_fft, hop):
    audio = speechlike()
    back = istft(stft(audio, n_fft, hop), len(audio), n_fft, hop)
    assert float((back - audio).abs().max()) < 1e-5  # 2e-7 on the page


def test_that_griffin_lim_without_momentum_never_gets_less_consistent():
    """Page: .671 -> .116 in 30 iterations, on its own sound."""
    magnitude = stft(speechlike()).abs()
    found = [inconsistency(magnitude, griffin_lim(magnitude, n, momentum=0.0)) for n in range(0, 31, 3)]
    assert all(later <= earlier + 1e-6 for earlier, later in pairwise(found))
    assert found[-1] < 0.4 * found[0]
    assert inconsistency(magnitude, griffin_lim(magnitude, 8)) < inconsistency(
        magnitude, griffin_lim(magnitude, 8, 0.0)
    )


def test_that_frames_come_back_through_griffin_lim():
    mel = log_mel(speechlike())
    again = log_mel(audio_of(mel, 30))
    assert float((again - mel).abs().mean()) < 0.15 and mel.shape == (101, MELS)
    assert float(magnitude_of(mel).min()) >= 0


def test_that_every_band_has_a_filter_and_silence_is_the_floor():
    filters = mel_filters(torch.device("cpu"))
    assert filters.shape == (MELS, 401) and float(filters.min()) >= 0 and bool((filters.sum(1) > 0).all())
    assert torch.allclose(log_mel(torch.zeros(1600)), torch.full((11, MELS), math.log(FLOOR)))
    assert log_mel(torch.zeros(5)).shape[1] == MELS  # shorter than a window
    standard = Standard()
    standard.fit(log_mel(torch.zeros(1600)))
    assert bool(torch.isfinite(standard(log_mel(speechlike(0.2)))).all())
    frames = log_mel(speechlike(0.2))
    assert torch.allclose(standard.undo(standard(frames)), frames, atol=1e-4)


def test_that_mu_law_loses_little_and_less_near_zero():
    """Page: .0215 at full scale, below 3e-4 near 0."""
    grid = torch.linspace(-1, 1, 20_001)
    error = (from_mu_law(mu_law(grid)) - grid).abs()
    assert float(error.max()) < 0.0220 and float(error[grid.abs() < 0.002].max()) < 3e-4
    codes = torch.arange(256)
    assert torch.equal(mu_law(from_mu_law(codes)), codes)


def test_that_features_are_cepstra_energy_and_their_steps():
    mel = log_mel(speechlike())
    features = spectral_features(mel)
    assert features.shape == (101, FEATURES)
    assert torch.allclose(features[:, 13], (2 * mel).exp().sum(1).log(), atol=1e-4)
    assert torch.allclose(features[1:, 14:], features[1:, :14] - features[:-1, :14])
    assert float(spectral_features(mel + 1.0)[:, 1:13].sub(features[:, 1:13]).abs().max()) < 1e-4


def test_that_runs_are_read_and_errors_counted():
    assert said([9, 9, 1, 1, 1, 2, 1, 1, 9, 9, 1, 1, 3, 3], 9) == [1, 1, 3]
    assert meant_of([9, 1, 1, 9, 1, 3, 9], 9) == [1, 1, 3]
    assert edits([1, 2, 3], [1, 3]) == 1 and edits([], [1, 2]) == 2 and edits([4], [5]) == 1
    assert error_rate([([1, 2], [1, 2]), ([], [1, 2])]) == 0.5 and error_rate([([5] * 8, [1, 2])]) == 4.0


def test_that_the_shipped_recogniser_tells_speech_from_noise():
    """Page, section 7: a constant sound above .85, the teacher below .05; a wrong sentence is no better than noise."""
    judge = voices.recogniser()
    spoken = [example_of(speak(chunk.phones)) for text in SENTENCES[:6] for chunk in script_of(text).chunks]
    mels, meant = [example.mel for example in spoken], [example.sounds for example in spoken]
    assert voices.heard_error(judge, mels, meant) < 0.05
    assert voices.heard_error(judge, [log_mel(audio_of(mel)) for mel in mels], meant) < 0.08
    assert voices.heard_error(judge, [torch.full_like(mel, -2.0) for mel in mels], meant) > 0.85
    assert voices.heard_error(judge, mels[1:], meant[:-1]) > 0.7
