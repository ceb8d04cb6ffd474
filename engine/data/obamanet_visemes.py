"""Phones with timings to mouth tracks of seven numbers, by dominance functions: the teacher of the lips.

Page, section 5.2 (after Cohen and Massaro 1993). Every phone has a target of seven numbers and a dominance that decays
with the distance in time, so neighbours shape each other:

    weight_p(t) = m_p exp(-1.6 gap_p(t) / tau_p),   track(t) = sum_p weight_p(t) target_p / sum_p weight_p(t)

gap is the time to the phone's segment (0 inside), tau_p is one for anticipation and another for carry-over. Lips lead
the sound by 40 ms; a Hann window of 9 frames at 100 Hz smooths what the decay leaves. Departure from the page: the
dominance of each of the seven numbers may differ (a /t/ asks for the tongue, not for the lips), which is Cohen and
Massaro's own form; and a pause pulls to rest in proportion to its length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.obamanet_phones import PAUSES, PHONES, bare, is_pause, is_stressed

RATE = 100  # frames a second
MOUTH_NAMES = ("jaw", "wide", "round", "raise", "drop", "press", "tongue")
MOUTH = len(MOUTH_NAMES)
LEAD_S = 0.040
DECAY = 1.6
HANN = 9
CLOSURE = 0.5  # press above this: the lips are shut
CLOSED_PHONES = ("p", "b", "m")


@dataclass(frozen=True, slots=True)
class Viseme:
    """target: MOUTH numbers; m: dominance; before, after: seconds of anticipation and carry-over.

    lips: share of the dominance with which the lips' numbers (all but jaw and tongue) are asked for.
    """

    target: tuple[float, float, float, float, float, float, float]
    m: float
    before: float
    after: float
    lips: float = 1.0


#                 jaw   wide  round raise drop  press tongue   m    before after
_CLOSED = Viseme((0.06, 0.00, 0.08, 0.00, 0.00, 1.00, 0.00), 3.5, 0.045, 0.040)
_TEETH_LIP = Viseme((0.08, 0.10, 0.00, 0.42, -0.40, 0.00, 0.00), 3.0, 0.050, 0.045)
_BETWEEN = Viseme((0.16, 0.05, 0.00, 0.22, 0.18, 0.00, 0.95), 1.1, 0.050, 0.045, 0.7)
_TIP = Viseme((0.14, 0.12, 0.00, 0.18, 0.18, 0.00, 0.80), 0.65, 0.045, 0.040, 0.45)
_HISS = Viseme((0.05, 0.40, 0.00, 0.34, 0.40, 0.00, 0.35), 1.3, 0.050, 0.050, 0.8)
_HUSH = Viseme((0.10, -0.10, 0.62, 0.40, 0.45, 0.00, 0.30), 2.0, 0.075, 0.060)
_BACK = Viseme((0.20, 0.04, 0.00, 0.10, 0.12, 0.00, 0.15), 0.60, 0.045, 0.045, 0.35)
_BREATH = Viseme((0.22, 0.04, 0.00, 0.08, 0.10, 0.00, 0.05), 0.50, 0.040, 0.040, 0.30)
_ELL = Viseme((0.20, 0.08, 0.00, 0.16, 0.18, 0.00, 1.00), 0.85, 0.055, 0.050, 0.5)
_ARR = Viseme((0.12, -0.10, 0.48, 0.22, 0.26, 0.00, 0.30), 1.5, 0.075, 0.060)
_YOD = Viseme((0.08, 0.55, 0.00, 0.24, 0.28, 0.00, 0.50), 1.1, 0.055, 0.050)
_DOUBLE = Viseme((0.06, -0.15, 1.00, 0.06, 0.06, 0.10, 0.05), 2.6, 0.100, 0.070)
_REST = Viseme((0.02, 0.00, 0.00, 0.00, 0.00, 0.15, 0.00), 0.70, 0.060, 0.080)


def _vowel(*target: float) -> Viseme:
    jaw, wide, rounded, raised, drop, tongue = target
    return Viseme((jaw, wide, rounded, raised, drop, 0.0, tongue), 1.2, 0.070, 0.065)


_VOWELS: dict[str, tuple[Viseme, ...]] = {
    "iy": (_vowel(0.12, 0.75, 0.0, 0.32, 0.36, 0.45),),
    "ih": (_vowel(0.24, 0.42, 0.0, 0.26, 0.28, 0.35),),
    "eh": (_vowel(0.42, 0.36, 0.0, 0.26, 0.28, 0.22),),
    "ae": (_vowel(0.66, 0.45, 0.0, 0.32, 0.28, 0.12),),
    "aa": (_vowel(0.85, 0.00, 0.05, 0.18, 0.22, 0.02),),
    "ao": (_vowel(0.66, -0.10, 0.55, 0.16, 0.22, 0.0),),
    "ah": (_vowel(0.48, 0.06, 0.0, 0.18, 0.20, 0.08),),
    "uh": (_vowel(0.26, -0.05, 0.50, 0.18, 0.22, 0.10),),
    "uw": (_vowel(0.12, -0.10, 0.95, 0.12, 0.18, 0.12),),
    "er": (_vowel(0.22, 0.00, 0.42, 0.20, 0.24, 0.30),),
    "ax": (_vowel(0.28, 0.08, 0.0, 0.14, 0.16, 0.15),),
}
_GLIDES = {"ay": ("aa", "ih"), "aw": ("aa", "uh"), "oy": ("ao", "ih"), "ey": ("eh", "iy"), "ow": ("ao", "uw")}
_CONSONANTS = {
    _CLOSED: ("p", "b", "m"),
    _TEETH_LIP: ("f", "v"),
    _BETWEEN: ("th", "dh"),
    _TIP: ("t", "d", "n"),
    _HISS: ("s", "z"),
    _HUSH: ("sh", "zh", "ch", "jh"),
    _BACK: ("k", "g", "ng"),
    _BREATH: ("hh",),
    _ELL: ("l",),
    _ARR: ("r",),
    _YOD: ("y",),
    _DOUBLE: ("w",),
}
VISEMES: dict[str, tuple[Viseme, ...]] = {
    **{phone: (viseme,) for viseme, phones in _CONSONANTS.items() for phone in phones},
    **_VOWELS,
    **{glide: (*_VOWELS[first], *_VOWELS[second]) for glide, (first, second) in _GLIDES.items()},
    **dict.fromkeys(PAUSES, (_REST,)),
}
assert set(VISEMES) == {*PHONES, *PAUSES}, "every phone has its viseme"
_LIP_NUMBERS = np.array((False, True, True, True, True, True, False))
STRESS = 1.25  # a stressed vowel is asked for that much more, and opens that much wider
SLOW_S = 0.12  # a pause of this length or longer pulls fully to rest


@dataclass(frozen=True, slots=True)
class _Pull:
    start: float
    end: float
    viseme: Viseme
    m: float
    open_more: float


def _pulls(symbols: Sequence[str], starts: NDArray[np.floating], ends: NDArray[np.floating]) -> list[_Pull]:
    found = []
    for symbol, start, end in zip(symbols, starts, ends, strict=True):
        visemes = VISEMES[bare(symbol)]
        stress = STRESS if is_stressed(symbol) else 1.0
        cuts = np.linspace(float(start), float(end), len(visemes) + 1)
        for k, viseme in enumerate(visemes):
            m = viseme.m * stress
            if is_pause(symbol):
                m *= 1.0 + 4.0 * min(1.0, float(end - start) / SLOW_S)
            found.append(_Pull(cuts[k], cuts[k + 1], viseme, m, stress))
    return found


def mouth_track(
    symbols: Sequence[str], durations: Sequence[float] | NDArray[np.floating], frames: int | None = None
) -> NDArray[np.float32]:
    """The mouth [T, MOUTH] of a spoken sequence at 100 Hz; row t is the mouth at t x 10 ms, like the sound's frames.

    frames: T, when the sound's is known (`Speech.frames`); otherwise one every 10 ms and one more.

    symbols: phones of `obamanet_phones` with stress, and pauses; durations: seconds, >= 0. Raises `ValueError` for an
    unknown symbol, unequal lengths or a negative duration. Silence alone gives a resting mouth.
    """
    length = np.asarray(durations, dtype=np.float64)
    if len(symbols) != len(length):
        raise ValueError(f"{len(symbols)} symbols have {len(length)} durations")
    unknown = sorted({s for s in symbols if bare(s) not in VISEMES})
    if unknown:
        raise ValueError(f"no viseme for {', '.join(map(repr, unknown))}")
    if len(length) and float(length.min()) < 0.0:
        raise ValueError(f"a duration of {float(length.min())} s is negative")
    ends = np.cumsum(length)
    if frames is None:
        frames = int(float(ends[-1]) * RATE + 1e-9) + 1 if len(ends) else 0
    if frames == 0 or not len(ends):
        return np.zeros((frames, MOUTH), dtype=np.float32)
    time = np.arange(frames) / RATE + LEAD_S
    total = np.zeros((frames, MOUTH))
    weight = np.full((frames, MOUTH), 1e-9)
    for pull in _pulls(symbols, ends - length, ends):
        early, late = np.clip(pull.start - time, 0.0, None), np.clip(time - pull.end, 0.0, None)
        w = pull.m * np.exp(-DECAY * (early / pull.viseme.before + late / pull.viseme.after))
        each = w[:, None] * np.where(_LIP_NUMBERS, pull.viseme.lips, 1.0)
        target = np.asarray(pull.viseme.target) * np.array((pull.open_more, *[1.0] * (MOUTH - 1)))
        total += each * target
        weight += each
    track = total / weight
    track[:, MOUTH_NAMES.index("press")] = _snapped(track[:, MOUTH_NAMES.index("press")])
    return _smoothed(track).astype(np.float32)


def _snapped(press: NDArray[np.floating]) -> NDArray[np.floating]:
    """Lips that mean to close do close: a smooth step that leaves 0 and 1 where they are."""
    t = np.clip((press - 0.25) / 0.35, 0.0, 1.0)
    return np.asarray(np.where(press < 0.25, press, 0.25 + 0.75 * t * t * (3.0 - 2.0 * t)))


def _smoothed(track: NDArray[np.floating]) -> NDArray[np.floating]:
    window = np.hanning(HANN + 2)[1:-1]
    window /= window.sum()
    padded = np.pad(track, ((HANN // 2, HANN // 2), (0, 0)), mode="edge")
    return np.stack([np.convolve(padded[:, k], window, mode="valid") for k in range(track.shape[1])], axis=1)


def closed_frames(
    symbols: Sequence[str], durations: Sequence[float] | NDArray[np.floating], frames: int
) -> NDArray[np.bool_]:
    """Whether p, b or m is sounding in each frame of 10 ms [frames], shifted by the lips' lead."""
    ends = np.cumsum(np.asarray(durations, dtype=np.float64))
    time = np.arange(frames) / RATE + LEAD_S
    at = np.clip(np.searchsorted(ends, time, side="right"), 0, max(len(ends) - 1, 0))
    shut = np.array([bare(symbol) in CLOSED_PHONES for symbol in symbols], dtype=bool)
    return shut[at] if len(shut) else np.zeros(frames, dtype=bool)


def at_video_rate(track: NDArray[np.floating], every: int = 4) -> NDArray[np.float32]:
    """Every fourth row: 100 Hz to 25 frames a second, exactly (page, 2.7 item 3)."""
    return np.asarray(track[every // 2 :: every] if len(track) >= every else track[:1], dtype=np.float32)
