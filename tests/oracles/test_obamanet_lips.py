"""Visemes, the delay, the stream and learning of the lips. Tolerances: section 7 of the page."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.data.obamanet_phones import PAUSES, PHONES
from engine.data.obamanet_visemes import (
    LEAD_S,
    MOUTH_NAMES,
    VISEMES,
    at_video_rate,
    closed_frames,
    mouth_track,
)
from engine.models.obamanet_lips import (
    Clip,
    Lips,
    LipsLearner,
    Stream,
    delayed_loss,
    draw_chunks,
    lips_error,
)
from engine.models.obamanet_sound import FEATURES, Standard, spectral_features

STEPS = 160  # of the delay theorem
JAW, PRESS = MOUTH_NAMES.index("jaw"), MOUTH_NAMES.index("press")


def sound(frames=120, seed=0):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(frames, 80, generator=g).cumsum(0) * 0.1 - 3.0


def standard():
    found = Standard(FEATURES)
    found.fit(spectral_features(sound(400, 9)))
    return found


def small(outputs=7, hidden=24, seed=0):
    torch.manual_seed(seed)
    return Lips(outputs, hidden)


# --- the teacher --------------------------------------------------------------------------------------------------


def test_that_every_phone_and_pause_has_a_viseme_within_its_range():
    assert set(VISEMES) == {*PHONES, *PAUSES}
    for visemes in VISEMES.values():
        for v in visemes:
            assert len(v.target) == 7 and all(-1.0 <= t <= 1.0 for t in v.target)
            assert 0.035 <= v.before <= 0.100 and 0.035 <= v.after <= 0.100


@pytest.mark.parametrize("phone", ["p", "b", "m"])
@pytest.mark.parametrize("vowel", ["aa1", "iy", "uw1", "ae", "ow1"])
def test_that_lips_close_on_closures_between_any_vowels_and_open_between_them(phone, vowel):
    symbols, durations = ["_", vowel, phone, vowel, "."], [0.2, 0.15, 0.06, 0.15, 0.2]
    track = mouth_track(symbols, durations)
    shut = closed_frames(symbols, durations, len(track))
    assert track[shut, PRESS].max() > 0.9
    assert track[20:26, PRESS].max() < 0.45  # in the middle of the first vowel


def test_that_lips_lead_the_sound_by_forty_milliseconds():
    begin, vowel = 0.8, 0.3
    track = mouth_track(["_", "aa1", "."], [begin, vowel, 0.8])
    centre = (track[:, JAW] * np.arange(len(track))).sum() / track[:, JAW].sum() / 100
    assert centre == pytest.approx(begin + vowel / 2 - LEAD_S, abs=0.012)  # carry-over and anticipation differ a little


def test_that_neighbours_shape_each_other_and_silence_rests():
    before_oo = mouth_track(["_", "s", "uw1", "."], [0.2, 0.1, 0.2, 0.2])
    before_ee = mouth_track(["_", "s", "iy1", "."], [0.2, 0.1, 0.2, 0.2])
    rounded = MOUTH_NAMES.index("round")
    assert before_oo[24, rounded] > before_ee[24, rounded] + 0.1
    rest = mouth_track(["_"], [1.0])
    assert np.ptp(rest, axis=0).max() < 1e-6 and rest[0, JAW] < 0.05 and rest[0, PRESS] < 0.2


def test_that_a_track_has_the_sounds_frames_and_bad_input_is_named():
    assert len(mouth_track(["aa1"], [0.5])) == 51
    assert mouth_track(["aa1"], [0.5], 40).shape == (40, 7)
    assert mouth_track([], []).shape == (0, 7)
    assert len(at_video_rate(mouth_track(["aa1"], [0.995]))) == 25
    with pytest.raises(ValueError, match="xx"):
        mouth_track(["xx"], [0.1])
    with pytest.raises(ValueError, match="negative"):
        mouth_track(["aa1"], [-0.1])
    with pytest.raises(ValueError, match="1 symbols have 2"):
        mouth_track(["aa1"], [0.1, 0.1])


# --- the network --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delay", [0, 3, 10])
@pytest.mark.parametrize("piece", [1, 7])
def test_that_the_stream_gives_what_the_clip_gives(delay, piece):
    lips, scale, mel = small(), standard(), sound()
    whole = lips.speak(scale(spectral_features(mel)), delay)
    stream = Stream(lips, scale, delay)
    parts = [stream.push(mel[at : at + piece]) for at in range(0, len(mel), piece)]
    parts.append(stream.finish())
    together = torch.cat(parts)
    assert together.shape == whole.shape == (len(mel), 7)
    # the cosine transform alone rounds by 4e-6 with the number of rows it is given; the LSTM's own test asks for 1e-6
    assert float((together - whole).abs().max()) < 2e-5


def test_that_one_pass_is_the_steps_one_after_the_other():
    lips, a = small(), torch.randn(1, 50, FEATURES, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        whole, _ = lips(a)
        state, steps = None, []
        for t in range(50):
            y, state = lips(a[:, t : t + 1], state)
            steps.append(y)
    assert float((torch.cat(steps, 1) - whole).abs().max()) < 1e-6


def test_that_a_stream_that_heard_nothing_ends_with_nothing():
    stream = Stream(small(), standard(), 10)
    assert stream.push(sound(0)).shape == (0, 7) and stream.finish().shape == (0, 7)
    assert small().speak(torch.zeros(0, FEATURES), 10).shape == (0, 7)


def test_that_the_loss_compares_each_output_with_the_mouth_a_delay_before():
    m = torch.randn(2, 30, 3)
    late = torch.cat([torch.full((2, 4, 3), 99.0), m[:, :-4]], dim=1)
    assert float(delayed_loss(late, m, 4)) == 0.0
    assert float(delayed_loss(late, m, 3)) > 0.5
    with pytest.raises(ValueError, match="too short"):
        delayed_loss(m, m, 30)


@pytest.mark.parametrize(("delay", "low", "high"), [(4, 0.9, 1.3), (5, 0.0, 0.05)])
def test_that_what_lies_ahead_cannot_be_known_and_what_was_heard_can(delay, low, high):
    """y_t = x_{t+5}, x i.i.d.: the best causal error is the variance for d < 5 and tends to 0 for d >= 5."""
    ahead, length = 5, 40
    torch.manual_seed(0)
    lips = Lips(1, 16, inputs=1)
    learner = LipsLearner(lips, 1e-2, delay)
    g = torch.Generator().manual_seed(1)
    losses = []
    for step in range(STEPS):
        learner.set_rate(3e-2 if step < 0.7 * STEPS else 4e-3)
        x = torch.randn(16, length + ahead, 1, generator=g)
        losses.append(learner.step(x[:, :length], x[:, ahead:]))
    assert low <= np.mean(losses[-20:]) < high


def test_that_ten_frames_of_delay_beat_none_when_lips_anticipate():
    """The mechanism of the delay sweep at a small size: the mouth leads its sound by 4 frames and looks 3 further."""
    rng = np.random.default_rng(0)
    clips = []
    for _ in range(12):
        drive = np.convolve(rng.normal(size=460), np.hanning(9), mode="same")
        mouth = np.convolve(drive, np.hanning(13) / 6, mode="same")[44:444]
        heard = np.stack([drive[40:440], rng.normal(size=400) * 0.1], axis=1)
        clips.append(Clip(torch.from_numpy(heard).float(), torch.from_numpy(mouth[:, None]).float()))
    errors = {}
    for delay in (0, 10):
        torch.manual_seed(0)
        learner = LipsLearner(Lips(1, 24, inputs=2), 2e-2, delay)
        draw = np.random.default_rng(1)
        for _ in range(110):
            learner.step(*draw_chunks(clips[:10], 8, 60, draw))
        errors[delay] = lips_error(learner.lips, clips[10:], delay)
    assert errors[10] < 0.5 * errors[0]


def test_that_a_step_that_is_not_finite_changes_nothing_and_is_counted():
    lips = small(2)
    learner = LipsLearner(lips, 1e-2, 2)
    before = [p.clone() for p in lips.parameters()]
    loss = learner.step(torch.full((2, 20, FEATURES), float("nan")), torch.zeros(2, 20, 2))
    assert np.isnan(loss) and learner.skipped == 1
    assert all(torch.equal(a, b) for a, b in zip(before, lips.parameters(), strict=True))


def test_that_silence_gives_finite_lips_that_rest():
    lips, scale = small(), Standard(FEATURES)
    silence = torch.full((200, 80), float(np.log(1e-3)))
    scale.fit(spectral_features(silence))  # every band has variance 0
    y = lips.speak(scale(spectral_features(silence)), 10)
    assert torch.isfinite(y).all()
    assert float((y[100:] - y[-1]).abs().max()) < 1e-3


def test_that_chunks_of_short_clips_hold_their_last_frame():
    a = torch.arange(30.0)[:, None].expand(-1, 3)
    x, m = draw_chunks([Clip(a, a[:, :1])], 4, 50, np.random.default_rng(0))
    assert x.shape == (4, 50, 3) and m.shape == (4, 50, 1)
    assert torch.equal(x[0, 29:, 0], torch.full((21,), 29.0))
