"""When each phone of the formant voice is heard and at which pitch: lengths, phrase-final slowing, melody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.obamanet_formants import PAUSE_MS, TARGETS, VOICED_OBSTRUENTS, VOICELESS
from engine.data.obamanet_phones import VOWELS, bare, is_pause, is_stressed
from engine.data.obamanet_speech import SAMPLE_RATE

TICK = 80  # samples between two points of a track: 5 ms
_RATE = 150.0  # words a minute at which the table's lengths hold
_PITCH_HZ, _PITCH_OCTAVE = 112.0, 50.0  # of pitch 50; steps for a doubling
_SHORTEST_MS = 32.0
_FINAL = 1.4  # the last vowel of a phrase and what follows it
_BEFORE_VOICED, _BEFORE_VOICELESS = 1.12, 0.86
_CLUSTER = 0.8  # a consonant beside another one
_ACCENT, _ACCENT_MS = 0.16, 85.0
_LOW, _RISE, _ON = 0.78, 1.5, 1.14  # of the pitch at the end of a statement, a question, a clause
_TURN_MS = 260.0  # length of the final movement


@dataclass(frozen=True, slots=True)
class Plan:
    """phones [P]; starts int64 [P + 1] in samples; pitch in Hz at every tick."""

    phones: tuple[str, ...]
    starts: NDArray[np.int64]
    pitch: NDArray[np.float64]


def plan_of(phones: tuple[str, ...], rate: float, pitch: float) -> Plan:
    """Timings and melody. Raises `ValueError` when nothing is to be heard or a symbol is unknown."""
    unknown = [p for p in phones if not is_pause(p) and bare(p) not in TARGETS]
    if unknown:
        raise ValueError(f"no voice can say {unknown[0]!r}")
    if all(is_pause(p) for p in phones):
        raise ValueError("no phone to say: the sequence has only pauses")
    lengths = np.array([_length_ms(phones, i) for i in range(len(phones))])
    # Pauses change less with the rate than sounds do.
    lengths = np.where([is_pause(p) for p in phones], lengths * (_RATE / rate) ** 0.5, lengths * _RATE / rate)
    ends = np.round(np.cumsum(lengths) * SAMPLE_RATE / 1000 / TICK).astype(np.int64) * TICK
    starts = np.concatenate([[0], ends])
    return Plan(phones, starts, _melody(phones, starts, _PITCH_HZ * 2 ** ((pitch - 50) / _PITCH_OCTAVE)))


def _length_ms(phones: tuple[str, ...], i: int) -> float:
    phone = phones[i]
    if is_pause(phone):
        return PAUSE_MS[phone]
    name, following = bare(phone), phones[i + 1] if i + 1 < len(phones) else "."
    previous = phones[i - 1] if i else "_"
    stressed, relaxed = TARGETS[name].ms
    if name in VOWELS:
        length = stressed if is_stressed(phone) else relaxed
        if bare(following) in VOICED_OBSTRUENTS:
            length *= _BEFORE_VOICED
        elif bare(following) in VOICELESS:
            length *= _BEFORE_VOICELESS
    else:
        length = stressed if is_stressed(following) else relaxed
        if bare(following) in TARGETS and bare(following) not in VOWELS:
            length *= _CLUSTER
        elif bare(previous) in TARGETS and bare(previous) not in VOWELS:
            length *= 0.5 * (1 + _CLUSTER)
    # Everything from the last vowel before a pause on is drawn out.
    rest = phones[i + 1 :]
    upto = next((k for k, p in enumerate(rest) if is_pause(p)), len(rest))
    if not any(bare(p) in VOWELS for p in rest[:upto]):
        length *= _FINAL if name in VOWELS else 0.5 * (1 + _FINAL)
    return max(length, _SHORTEST_MS)


def _melody(phones: tuple[str, ...], starts: NDArray[np.int64], base: float) -> NDArray[np.float64]:
    """Declination over each clause, a hump on each stressed vowel, the last movement told by the pause symbol."""
    ticks = int(starts[-1]) // TICK + 1
    at = np.arange(ticks) * TICK
    shape = np.ones(ticks)
    ms = SAMPLE_RATE / 1000
    begin = 0
    for i, phone in enumerate(phones):
        if not is_pause(phone) or i == begin == 0:
            continue
        low, high = int(starts[begin]), int(starts[i])
        inside = (at >= low) & (at < int(starts[i + 1]))
        part = np.clip((at - low) / max(high - low, 1), 0, 1)
        lively = 1.5 if phone == "!" else 1.0
        clause = 1.1 - 0.2 * part + (0.06 if phone == "!" else 0.0)
        for k in range(begin, i):
            if is_stressed(phones[k]):
                centre = starts[k] + 0.45 * (starts[k + 1] - starts[k])
                clause = clause + lively * _ACCENT * np.exp(-0.5 * ((at - centre) / (_ACCENT_MS * ms)) ** 2) * (
                    1 - 0.4 * part
                )
        turn = np.clip((at - (high - _TURN_MS * ms)) / (_TURN_MS * ms), 0, 1)
        turn = turn * turn * (3 - 2 * turn)
        goal = {"?": _RISE, ",": _ON}.get(phone, _LOW)
        clause = clause * (1 - turn) + goal * turn
        shape = np.where(inside, clause, shape)
        begin = i + 1
    kernel = np.hanning(15)
    smooth = np.convolve(np.pad(shape, 7, mode="edge"), kernel / kernel.sum(), "valid")
    return np.asarray(base * smooth)
