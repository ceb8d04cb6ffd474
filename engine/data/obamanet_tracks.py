"""How the formant voice's tract moves: resonances, voicing, breath and frication over time, from timed phones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.obamanet_formants import BREATH_MS, BURST_MS, REST, STRONG_STOPS, TARGETS, Band, Target
from engine.data.obamanet_phones import bare, is_stressed
from engine.data.obamanet_prosody import TICK, Plan
from engine.data.obamanet_speech import SAMPLE_RATE

__all__ = ["TICK", "Tracks", "tracks_of"]

_MS = SAMPLE_RATE / 1000
_BINS = 257  # of the noise filters
_MOVE_MS = {"vowel": 55.0, "glide": 45.0, "nasal": 12.0, "fricative": 18.0, "stop": 6.0, "affricate": 8.0}
_SMOOTH = 7  # ticks of the window that rounds the formants' corners: 35 ms
_PRESENT = 0.1  # part of a noise's level that a phone reaches at its edges
_UNSTRESSED = 0.72
_WEAK_RELEASE = 0.35  # burst before another consonant or a pause
_VELAR = frozenset({"k", "g", "ng"})


@dataclass(frozen=True, slots=True)
class Tracks:
    """At every tick (5 ms): f, b [T, 3] Hz; nasal, voiced, breath [T]; shape [T + 2, 257], the frication's filter.
    At every sample: hiss, its level."""

    f: NDArray[np.float64]
    b: NDArray[np.float64]
    nasal: NDArray[np.float64]
    voiced: NDArray[np.float64]
    breath: NDArray[np.float64]
    hiss: NDArray[np.float64]
    shape: NDArray[np.float64]


def tracks_of(plan: Plan, tract: float) -> Tracks:
    """The movements of a plan. tract: length against a man's; formants are divided by it."""
    targets = [TARGETS.get(bare(phone), REST) for phone in plan.phones]
    count = int(plan.starts[-1])
    ticks = count // TICK + 1
    times, values = _points(plan, targets)
    at = np.arange(ticks) * TICK
    lines = np.stack([np.interp(at, times, values[:, k]) for k in range(values.shape[1])], 1)
    lines = _smoothed(lines, _SMOOTH)
    voiced, breath = np.zeros(ticks), np.zeros(ticks)
    hiss, shape = np.zeros(count), np.zeros((ticks + 2, _BINS))
    for i in range(len(targets)):
        _sound_levels(plan, targets, i, voiced, breath)
        _frication(plan, targets, i, lines[:, 1], hiss, shape, tract)
    voiced = _smoothed(voiced[:, None], 5)[:, 0]
    voiced[voiced < 0.004] = 0.0
    return Tracks(
        lines[:, :3] / tract, lines[:, 3:6], np.clip(lines[:, 6], 0, 1), voiced,
        _smoothed(breath[:, None], 3)[:, 0], hiss, shape,
    )  # fmt: skip


def _smoothed(lines: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    kernel = np.hanning(width + 2)[1:-1]
    kernel /= kernel.sum()
    padded = np.pad(lines, ((width // 2, width // 2), (0, 0)), mode="edge")
    return np.stack([np.convolve(padded[:, k], kernel, "valid") for k in range(lines.shape[1])], 1)


def _vowel_near(targets: list[Target], i: int, step: int) -> tuple[float, float, float] | None:
    """Formants of the next vowel in one direction, its near end; None when a pause comes first."""
    k = i + step
    while 0 <= k < len(targets) and targets[k].kind != "pause":
        if targets[k].kind == "vowel":
            to = targets[k].to
            return to if step < 0 and to is not None else targets[k].f
        k += step
    return None


def _leaning(plan: Plan, targets: list[Target], i: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The formants of a consonant at its beginning and its end: its own, drawn towards the vowels around it."""
    target = targets[i]
    own = np.array(target.f)
    ends = []
    before, after = _vowel_near(targets, i, -1), _vowel_near(targets, i, 1)
    for near, other in ((before, after), (after, before)):
        vowel = near or other
        if vowel is None:
            ends.append(own)
            continue
        leant = own + target.yields * (np.array(vowel) - own)
        if target.kind == "breath" or target.kind == "pause":
            leant[1:] = np.array(vowel)[1:]
            leant[0] = max(vowel[0], 400.0)
        else:
            leant[0] = own[0]
        if bare(plan.phones[i]) in _VELAR:  # F2 and F3 meet: the velar pinch
            leant[1] = min(max(vowel[1] * 1.08, 900.0), 2300.0)
            leant[2] = min(max(leant[1] + 350.0, 2050.0), 2750.0)
        ends.append(leant)
    return ends[0], ends[1]


def _points(plan: Plan, targets: list[Target]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Corner points of the lines: times in samples [N], values [N, 7] = F1-3, B1-3, nasal."""
    times: list[float] = []
    values: list[list[float]] = []
    for i, target in enumerate(targets):
        begin, end = float(plan.starts[i]), float(plan.starts[i + 1])
        length = end - begin
        move = min(_MOVE_MS.get(target.kind, 20.0) * _MS, 0.42 * length)
        if target.kind == "vowel":
            nasal = 0.35 * any(0 <= k < len(targets) and targets[k].nasal for k in (i - 1, i + 1))
            first, last = np.array(target.f), np.array(target.to or target.f)
            marks = [begin + move, end - move] if target.to is None else [begin + 0.3 * length, end - 0.15 * length]
            aims = [first, last]
        elif target.kind == "glide":
            nasal = 0.0
            aims = list(_leaning(plan, targets, i))
            marks = [begin + move * 0.8, end - move * 0.9]
        else:
            nasal = target.nasal
            aims = list(_leaning(plan, targets, i))
            marks = [begin + move, end - min(move, 6.0 * _MS)]
        for mark, aim in zip(marks, aims, strict=True):
            times.append(mark)
            values.append([*aim, *target.b, nasal])
    return np.array(times), np.array(values)


def _ticks(begin: float, end: float) -> slice:
    return slice(max(0, round(begin / TICK)), max(0, round(end / TICK)))


def _release(plan: Plan, targets: list[Target], i: int) -> tuple[float, float, float]:
    """A stop's closure end, burst end and the end of its aspiration, in samples."""
    begin, end = float(plan.starts[i]), float(plan.starts[i + 1])
    name = bare(plan.phones[i])
    following = plan.phones[i + 1] if i + 1 < len(targets) else "."
    after_s = i > 0 and plan.phones[i - 1] == "s"
    breath = 0.0
    if name in STRONG_STOPS and targets[min(i + 1, len(targets) - 1)].kind in ("vowel", "glide"):
        breath = BREATH_MS[name] * (1.0 if is_stressed(following) or targets[i + 1].kind == "glide" else 0.6)
        breath *= 0.25 if after_s else 1.0
    burst = BURST_MS[name] * _MS
    breath = min(breath * _MS, 0.45 * (end - begin))
    return end - burst - breath, end - breath, end


def _sound_levels(
    plan: Plan, targets: list[Target], i: int, voiced: NDArray[np.float64], breath: NDArray[np.float64]
) -> None:
    """Writes one phone's voicing and breath."""
    target, begin, end = targets[i], float(plan.starts[i]), float(plan.starts[i + 1])
    level = target.voiced
    if target.kind == "vowel":
        level = 1.0 if is_stressed(plan.phones[i]) else _UNSTRESSED
    if target.kind == "breath":
        breath[_ticks(begin, end)] = 1.0
    if target.kind == "stop":
        closed, burst, _ = _release(plan, targets, i)
        voiced[_ticks(begin, closed)] = level
        if bare(plan.phones[i]) in STRONG_STOPS:
            breath[_ticks(burst - 2 * _MS, end + 4 * _MS)] = 0.75
        else:
            voiced[_ticks(burst, end)] = 0.5
        return
    if target.kind == "affricate":
        voiced[_ticks(begin, begin + 0.5 * (end - begin))] = level
        voiced[_ticks(begin + 0.5 * (end - begin), end)] = 1.6 * level
        return
    voiced[_ticks(begin, end)] = level


def _filter(bands: tuple[Band, ...], f2: float, is_velar: bool, tract: float) -> NDArray[np.float64]:
    hz = np.linspace(0, SAMPLE_RATE / 2, _BINS)
    whole = np.zeros(_BINS)
    for k, (centre, width, level) in enumerate(bands):
        centre = f2 if is_velar and k == 0 else centre / tract
        whole += level * np.exp(-0.5 * ((hz - centre) / width) ** 2) * np.sqrt(1000.0 / width)
    return whole


def _frication(
    plan: Plan, targets: list[Target], i: int, f2: NDArray[np.float64], hiss: NDArray[np.float64],
    shape: NDArray[np.float64], tract: float,
) -> None:  # fmt: skip
    """Writes one phone's noise: its level sample by sample, so that a burst is sharp, and its filter."""
    target, begin, end = targets[i], float(plan.starts[i]), float(plan.starts[i + 1])
    if not target.noise:
        return
    is_velar = bare(plan.phones[i]) in _VELAR
    middle = min(round(end / TICK), len(f2) - 1)
    shape[_ticks(begin - TICK, end + 2 * TICK)] = _filter(target.noise, float(f2[middle]) / tract, is_velar, tract)
    followed = targets[i + 1].kind if i + 1 < len(targets) else "pause"
    if target.kind == "stop":
        closed, burst, _ = _release(plan, targets, i)
        level = target.hiss * (1.0 if followed in ("vowel", "glide", "fricative") else _WEAK_RELEASE)
        at, upto = round(closed), min(round(burst + 4 * _MS), len(hiss))
        t = np.arange(upto - at) / max(upto - at, 1)
        hiss[at:upto] += level * np.exp(-2.5 * t)
        return
    if target.kind == "affricate":
        begin = begin + 0.45 * (end - begin)
    at, upto = round(begin), round(end)
    t = np.linspace(0, 1, upto - at)
    edge = 0.06 if target.kind == "affricate" else 0.22
    rise = np.clip(t / edge, 0, 1)
    fall = np.clip((1 - t) / 0.2, 0, 1)
    hiss[at:upto] += target.hiss * (_PRESENT + (1 - _PRESENT) * rise * fall) * np.minimum(1, fall * 4 + 0.2)
