"""Everything one curve ever received, and at most 2,000 points of it that lose no extreme.

Pure numpy. Beside the raw points a coarse level keeps minimum and maximum of every 64, so that drawing a million
points costs as much as drawing some ten thousand.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

BLOCK = 64
"""Raw points per entry of the coarse level."""
LIMIT = 16_384
"""Raw points kept; beyond it neighbours are joined, the extremes of every four staying."""


class History:
    """One curve: steps [n] (not decreasing), seconds [n] and values [n], float64, growing in place."""

    def __init__(self, limit: int = LIMIT) -> None:
        if limit < 8 * BLOCK:
            raise ValueError(f"a history keeps at least {8 * BLOCK} points, got limit={limit}")
        self._limit = limit
        self._n = 0
        self._raw = np.empty((3, 1024))
        self._coarse = np.empty((2, 1024 // BLOCK))  # minimum and maximum of each whole block

    def __len__(self) -> int:
        return self._n

    @property
    def steps(self) -> Floats:
        """[n], a view."""
        return self._raw[0, : self._n]

    @property
    def seconds(self) -> Floats:
        """[n], a view."""
        return self._raw[1, : self._n]

    @property
    def values(self) -> Floats:
        """[n], a view; infinities and not-a-number are kept as they came."""
        return self._raw[2, : self._n]

    def append(self, steps: ArrayLike, values: ArrayLike, seconds: ArrayLike) -> None:
        """Add a batch of equal lengths [k]; raises ValueError if lengths differ or steps run backwards."""
        new = [np.atleast_1d(np.asarray(a, dtype=np.float64)) for a in (steps, seconds, values)]
        k = len(new[0])
        if any(a.shape != (k,) for a in new):
            raise ValueError(f"steps, seconds and values differ in shape: {[a.shape for a in new]}")
        if k == 0:
            return
        if (k > 1 and (np.diff(new[0]) < 0).any()) or (self._n and new[0][0] < self._raw[0, self._n - 1]):
            raise ValueError("steps run backwards: call clear_after before appending a rewound run")
        while self._n + k > self._raw.shape[1]:
            self._grow()
        self._raw[:, self._n : self._n + k] = new
        first, self._n = self._n // BLOCK, self._n + k
        self._summarise(first)
        while self._n > self._limit:
            self._halve()

    def _grow(self) -> None:
        self._raw = np.concatenate([self._raw, np.empty_like(self._raw)], axis=1)
        self._coarse = np.concatenate([self._coarse, np.empty_like(self._coarse)], axis=1)

    def _summarise(self, first: int) -> None:
        """Recompute the coarse level from block `first` on, whole blocks only."""
        last = self._n // BLOCK
        if last <= first:
            return
        blocks = _finite(self._raw[2, first * BLOCK : last * BLOCK]).reshape(-1, BLOCK)
        self._coarse[0, first:last] = np.fmin.reduce(blocks, axis=1)
        self._coarse[1, first:last] = np.fmax.reduce(blocks, axis=1)

    def _halve(self) -> None:
        """Of every four neighbours keep the smallest and the largest, in their order."""
        whole = self._n // 4 * 4
        values = self._raw[2, :whole].reshape(-1, 4)
        rank = np.where(np.isfinite(values), values, np.nan)
        low = np.argmin(np.where(np.isnan(rank), np.inf, rank), axis=1)
        high = np.argmax(np.where(np.isnan(rank), -np.inf, rank), axis=1)
        high = np.where(low == high, (low + 1) % 4, high)  # all equal, or one finite: keep two all the same
        keep = np.sort(np.stack([low, high], axis=1), axis=1) + 4 * np.arange(whole // 4)[:, None]
        index = np.concatenate([keep.reshape(-1), np.arange(whole, self._n)])
        self._raw[:, : len(index)] = self._raw[:, index]
        self._n = len(index)
        self._summarise(0)

    def clear_after(self, step: float) -> None:
        """Forget every point later than `step` (a rewind)."""
        self._n = int(np.searchsorted(self.steps, step, side="right"))

    def at(self, step: float) -> tuple[float, float] | None:
        """(step, value) of the last point at or before `step`; None if there is none."""
        i = int(np.searchsorted(self.steps, step, side="right")) - 1
        return None if i < 0 else (float(self._raw[0, i]), float(self._raw[2, i]))

    def drawn(self, low: float, high: float, points: int, by_seconds: bool = False) -> tuple[Floats, Floats]:
        """At most `points` + 6 points (x, y) between x = `low` and `high` and one neighbour on each side.

        Few points come as they are; many as minimum and maximum of equal blocks, so no extreme is lost.
        Infinities come as not-a-number, which draws a gap.
        """
        x = self.seconds if by_seconds else self.steps
        start = max(0, int(np.searchsorted(x, low, side="left")) - 1)
        stop = min(self._n, int(np.searchsorted(x, high, side="right")) + 1)
        if stop - start <= points:
            return x[start:stop].copy(), _finite(self.values[start:stop])
        per = -(-(stop - start) // (points // 2))  # raw points per drawn pair, rounded up
        if per < 4 * BLOCK:
            edges = np.arange(start, stop, per)
            part = _finite(self.values[start:stop])
            least = np.fmin.reduceat(part, edges - start)
            most = np.fmax.reduceat(part, edges - start)
            return _pairs(x[edges], least, most, x[stop - 1], part[-1])
        return self._drawn_coarse(x, start, stop, per)

    def _drawn_coarse(self, x: Floats, start: int, stop: int, per: int) -> tuple[Floats, Floats]:
        first, last = -(-start // BLOCK), stop // BLOCK
        stride = -(-per // BLOCK)
        blocks = np.arange(first, last, stride)
        least = np.fmin.reduceat(self._coarse[0, first:last], blocks - first)
        most = np.fmax.reduceat(self._coarse[1, first:last], blocks - first)
        edges = blocks * BLOCK
        head, tail = (_finite(self.values[a:b]) for a, b in ((start, first * BLOCK), (last * BLOCK, stop)))
        for at, piece in ((start, head), (last * BLOCK, tail)):
            if len(piece):
                before = at == start
                where = 0 if before else len(edges)
                edges = np.insert(edges, where, at)
                least = np.insert(least, where, np.fmin.reduce(piece))
                most = np.insert(most, where, np.fmax.reduce(piece))
        return _pairs(x[edges], least, most, x[stop - 1], _finite(self.values[stop - 1 : stop])[0])


def _finite(values: NDArray[Any]) -> Floats:
    """A copy in which infinities are not-a-number."""
    result = np.array(values, dtype=np.float64)
    result[~np.isfinite(result)] = np.nan
    return result


def _pairs(x: Floats, least: Floats, most: Floats, last_x: float, last_y: float) -> tuple[Floats, Floats]:
    """A vertical stroke from least to most at each x, ending in the newest point itself."""
    xs, ys = np.repeat(x, 2), np.stack([least, most], axis=1).reshape(-1)
    return np.append(xs, last_x), np.append(ys, last_y)
