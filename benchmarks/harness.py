"""What a benchmark returns, and how a short thing is timed fairly."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    what: in words. value, unit: the figure ("×", "ms", "1/s"). goal: the requirement in words ("" : none). holds:
    whether it is met (None: no requirement). detail: sizes, both times behind a ratio.
    """

    what: str
    value: float
    unit: str
    goal: str = ""
    holds: bool | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds for one call. median, lowest over the repetitions; calls: how many each repetition made."""

    median: float
    lowest: float
    calls: int


def time_call(call: Callable[[], object], seconds: float = 1.0, repetitions: int = 7, warmup: int = 3) -> Timing:
    """Times `call`: warm-up, then repetitions of equal length, together about `seconds`.

    The median tells what to expect, the lowest what the machine can do when nobody else uses it; ratios of two
    formulations are best taken from the lowest. The calls of a GPU must synchronise themselves.
    """
    for _ in range(warmup):
        call()
    begun = time.perf_counter()
    call()
    once = max(time.perf_counter() - begun, 1e-7)
    calls = max(1, round(seconds / repetitions / once))
    measured = []
    for _ in range(repetitions):
        begun = time.perf_counter()
        for _ in range(calls):
            call()
        measured.append((time.perf_counter() - begun) / calls)
    return Timing(statistics.median(measured), min(measured), calls)


def ratio(what: str, naive: Timing, ours: Timing, at_least: float | None = None, detail: str = "") -> Row:
    """How many times faster ours is; both times stand in the detail."""
    value = naive.lowest / ours.lowest
    times = f"{naive.lowest * 1e3:.4g} ms against {ours.lowest * 1e3:.4g} ms"
    goal = f"at least {at_least:g} ×" if at_least is not None else ""
    holds = None if at_least is None else value >= at_least
    return Row(what, value, "×", goal, holds, f"{detail}; {times}" if detail else times)
