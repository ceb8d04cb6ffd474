"""The speed governor: how many updates may be done now, so that the eye can follow."""

from __future__ import annotations

import math

from engine.papers.contract import Pace

_MOST_AT_ONCE_S = 1.0  # of updates are made up for after a picture that took long


class Governor:
    """Follows a preset's `Pace`, or a fixed rate when a person has set one. Times in seconds.

    rate: measured updates per second. is_holding: whether the last question was answered with "not yet" or with
    fewer updates than the machine could do.
    """

    def __init__(self, pace: Pace, fixed: float | None) -> None:
        self._pace = pace
        self._fixed = fixed
        self._credit = 1.0
        self._at: float | None = None
        self._marks: list[tuple[float, int]] = []
        self.rate = 0.0
        self.is_holding = False

    def target(self, step: int) -> float:
        """Updates per second wanted at this step; inf: as fast as it goes."""
        return self._pace.rate_at(step) if self._fixed is None else self._fixed

    def set_rate(self, rate: float | None, step: int, now: float) -> None:
        """A rate for the whole run, or None for the preset's pace."""
        self._fixed = rate
        self.restart(step, now)

    def restart(self, step: int, now: float) -> None:
        """After a pause or a rewind: no credit is carried over."""
        self._credit, self._at, self._marks = 1.0, now, [(now, step)]

    def allowed(self, step: int, now: float) -> float:
        """How many updates may be done at once; below 1 means 0."""
        target = self.target(step)
        if math.isinf(target):
            self.is_holding, self._at = False, now
            return math.inf
        if self._at is not None:
            self._credit += (now - self._at) * target
        self._at = now
        self._credit = min(self._credit, max(1.0, target * _MOST_AT_ONCE_S))
        self.is_holding = True
        return math.floor(self._credit)

    @property
    def is_behind(self) -> bool:
        """Whether updates are due that could not be done yet: then pictures must not take their time."""
        return not self.is_holding or self._credit >= 1.0

    def spend(self) -> None:
        """One update was done."""
        if self.is_holding:
            self._credit -= 1.0

    def pause(self, step: int, now: float) -> float:
        """Seconds until the next update is allowed."""
        target = self.target(step)
        if math.isinf(target) or target <= 0:
            return 0.0
        return max(0.0, (1.0 - self._credit) / target)

    def measured(self, step: int, now: float) -> None:
        """Updates the rate over about the last second."""
        self._marks.append((now, step))
        while len(self._marks) > 2 and now - self._marks[0][0] > 1.0:
            self._marks.pop(0)
        begun, first = self._marks[0]
        if now > begun:
            self.rate = (step - first) / (now - begun)
