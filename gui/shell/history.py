"""The curve points of one run as the window keeps them: bounded, evenly thinned, cut back by a rewind."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

LIMIT = 8192
"""Points kept of one curve; beyond it every second one is dropped (the store keeps all)."""

Points = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]


class _Kept:
    """One curve: steps [n], values [n] and seconds [n], every `stride`-th point that arrived."""

    __slots__ = ("columns", "count", "seen", "stride")

    def __init__(self) -> None:
        self.columns = (np.empty(LIMIT, np.int64), np.empty(LIMIT, np.float64), np.empty(LIMIT, np.float64))
        self.count, self.seen, self.stride = 0, 0, 1

    def append(self, points: Points) -> None:
        """Takes what falls on the stride; halves itself when full."""
        arrived = len(points[0])
        while self.count + len(self._due(points)[0]) > LIMIT:
            self._halve((self.count + 1) // 2)
        points = self._due(points)
        self.seen += arrived
        end = self.count + len(points[0])
        steps, values, seconds = self.columns
        steps[self.count : end], values[self.count : end], seconds[self.count : end] = points
        self.count = end

    def _due(self, points: Points) -> Points:
        first = -self.seen % self.stride
        return points[0][first :: self.stride], points[1][first :: self.stride], points[2][first :: self.stride]

    def _halve(self, half: int) -> None:
        steps, values, seconds = self.columns
        steps[:half] = steps[: self.count : 2].copy()
        values[:half] = values[: self.count : 2].copy()
        seconds[:half] = seconds[: self.count : 2].copy()
        self.count, self.stride = half, 2 * self.stride

    def points(self) -> Points:
        """Copies of what is kept."""
        steps, values, seconds = self.columns
        return steps[: self.count].copy(), values[: self.count].copy(), seconds[: self.count].copy()


class CurveHistory:
    """All curves of one run by name. `last_step` is the newest step that arrived (-1: none)."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._latest: dict[str, float] = {}
        self.marks: list[tuple[int, str]] = []
        self.last_step = -1
        self.last_wall = 0.0

    def append(self, steps: NDArray[np.int64], values: Mapping[str, NDArray[np.float64]], wall: float) -> None:
        """steps [T]; values: name -> [T], NaN where nothing was measured; wall: seconds at the last point."""
        for name, points in self.split(steps, values, wall).items():
            if name not in self._kept:
                self._kept[name] = _Kept()
            self._kept[name].append(points)
            self._latest[name] = float(points[1][-1])
        if len(steps):
            self.last_step, self.last_wall = int(steps[-1]), wall

    def insert(self, name: str, points: Points) -> None:
        """Put a whole curve (from the store) in front of what will arrive."""
        if len(points[0]):
            self._kept.setdefault(name, _Kept()).append(points)
            self._latest[name] = float(points[1][-1])

    def split(
        self, steps: NDArray[np.int64], values: Mapping[str, NDArray[np.float64]], wall: float
    ) -> dict[str, Points]:
        """The measured points of a batch by curve; between two batches the seconds are evenly spread."""
        seconds = np.linspace(min(self.last_wall, wall), wall, len(steps) + 1)[1:]
        result: dict[str, Points] = {}
        for name, column in values.items():
            measured = ~np.isnan(column)
            if measured.all():
                result[name] = (steps, column, seconds)
            elif measured.any():
                result[name] = (steps[measured], column[measured], seconds[measured])
        return {name: points for name, points in result.items() if len(points[0])}

    def truncate(self, step: int) -> None:
        """Forget everything after `step`."""
        for name, kept in self._kept.items():
            kept.count = int(np.searchsorted(kept.columns[0][: kept.count], step, side="right"))
            kept.seen = kept.count * kept.stride
            if kept.count:
                self._latest[name] = float(kept.columns[1][kept.count - 1])
            else:
                self._latest.pop(name, None)
        self.marks = [mark for mark in self.marks if mark[0] <= step]
        self.last_step = min(self.last_step, step)

    def curve(self, name: str) -> Points:
        """(steps [n], values [n], seconds [n]) of one curve; empty when nothing came."""
        kept = self._kept.get(name)
        return kept.points() if kept else (np.empty(0, np.int64), np.empty(0), np.empty(0))

    def latest(self, name: str) -> float | None:
        """The newest value of one curve."""
        return self._latest.get(name)

    def names(self) -> list[str]:
        """Curves that have points."""
        return [name for name, kept in self._kept.items() if kept.count]
