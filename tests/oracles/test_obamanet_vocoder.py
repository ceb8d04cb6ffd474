"""Vocoders: blocks against the whole, SampleRNN's tiers against its sampling (page, section 7)."""

from __future__ import annotations

import math

import pytest
import torch

from engine.data.obamanet_text import script_of
from engine.data.obamanet_vocabulary import SENTENCES
from engine.data.obamanet_voice import speak
from engine.experiments import obamanet_voices as voices
from engine.experiments.obamanet_speech_set import example_of
from engine.models.obamanet_samplernn import PAPER, TINY, SampleRnn, bits, conditions, sampled
from engine.models.obamanet_sound import log_mel, mu_law
from engine.models.obamanet_vocoder import Vocoder, by_griffin_lim, in_blocks, loss_of, refined, spectral_loss


def net(seed=0):
    torch.manual_seed(seed)
    return Vocoder().eval()


def mel(frames=120, seed=0):
    return torch.randn(frames, 80, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("margin", "tolerance"), [(17, 1e-6)])
def test_that_blocks_with_margins_are_the_whole_pass(margin, tolerance):
    """Page: 17 frames 0, 15 frames 6e-6, 12 frames 1e-4; relative to the loudest sample here."""
    vocoder, frames = net(), mel()
    whole = vocoder(frames[None])[0].detach()
    blocks = torch.cat(list(in_blocks(vocoder, frames, margin=margin)))
    assert blocks.shape == whole.shape == (119 * 160,)
    assert float((blocks - whole).abs().max() / whole.abs().max()) < tolerance
    narrow = torch.cat(list(in_blocks(vocoder, frames, margin=8)))
    assert float((narrow - whole).abs().max() / whole.abs().max()) > 1e-5
    assert len(torch.cat(list(in_blocks(vocoder, frames[:3])))) == 2 * 160


def test_that_the_vocoder_has_the_pages_size_and_learns_a_tone():
    vocoder = net().train()
    assert vocoder.size == pytest.approx(0.82e6, rel=0.02)
    t = torch.arange(10 * 160) / 16_000
    true = 0.3 * torch.sin(2 * math.pi * 300 * t)[None]
    frames = log_mel(true)
    vocoder.standard.fit(frames[0])
    losses = []
    for _ in range(6):
        loss = loss_of(vocoder, frames, true)
        vocoder.zero_grad()
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            for p in vocoder.parameters():
                p.sub_(1e-3 * p.grad.sign())
    assert losses[-1] < 0.9 * losses[0]
    assert float(spectral_loss(true, true)) == 0.0


def test_that_the_learned_phase_can_be_refined_and_no_training_is_needed_for_the_other():
    frames = log_mel(0.1 * torch.randn(40 * 160, generator=torch.Generator().manual_seed(0)))
    assert refined(net(), frames, 2).shape == by_griffin_lim(frames, 2).shape == (40 * 160,)


def test_that_sampling_follows_what_the_tiers_predict():
    """Drawn at a temperature of almost zero, every sample is the likeliest of the whole pass over what was drawn."""
    torch.manual_seed(0)
    rnn = SampleRnn(TINY).eval()
    with torch.no_grad():
        rnn.last.weight.mul_(20)  # far from ties
    frames = mel(3)[None]
    audio = sampled(rnn, frames, torch.Generator().manual_seed(0), 1e-4)
    assert audio.shape == (1, 320)
    codes = torch.nn.functional.pad(mu_law(audio), (80, 0), value=128)
    logits, _ = rnn(codes, conditions(frames))
    assert torch.equal(logits.argmax(-1), codes[:, 80:])
    assert len(codes.unique()) > 3


def test_that_samplernn_knows_nothing_at_first_and_has_its_sizes():
    torch.manual_seed(0)
    rnn = SampleRnn(TINY)
    assert rnn.size < 0.9e6 and PAPER.units == 1024 and PAPER.is_normed
    audio = 0.1 * torch.randn(2, 4 * 160, generator=torch.Generator().manual_seed(0))
    loss = bits(rnn, audio, log_mel(audio))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(8.0, abs=0.3)
    assert all(p.grad is not None for p in rnn.parameters())
    small = SampleRnn(type(TINY)(8, 8, 8, True))
    assert math.isfinite(float(bits(small, audio, log_mel(audio))))


def test_that_the_shipped_vocoder_is_understood():
    """In blocks, as it is played."""
    judge, vocoder = voices.recogniser(), voices.vocoder()
    spoken = [example_of(speak(chunk.phones)) for text in SENTENCES[:4] for chunk in script_of(text).chunks]
    made = [log_mel(torch.cat(list(in_blocks(vocoder, example.mel)))) for example in spoken]
    assert voices.heard_error(judge, made, [example.sounds for example in spoken]) < 0.1
