"""Keypoints of a face: normalised against shift, tilt and size, then principal components, whitened.

Kumar et al., "ObamaNet: Photo-realistic lip-sync from text", arXiv 1801.01442; page, section 2.5. Legend:

    points [T, 68, 2]  landmarks of T frames in the usual order, pixels, y down; the mouth is 48..67 (12 outer, 8 inner)
    unit   [T, 20, 2]  mouth = N R(theta)^T unit + centre: free of where, how tilted and how large the face is
    offset [T, 2]      the mouth's centre seen from the base of the nose, in the same free units
    pcs    [T, k]      principal components of unit, each of variance 1 over the training frames

Departure from the paper (page, 2.7 item 6): re-implementations paste the mouth at the target video's own mouth centre,
so the old mouth's motion leaks in. Here the centre is predicted too, against the nose base (two more numbers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

POINTS = 68
MOUTH = slice(48, 68)
OUTER, INNER = slice(0, 12), slice(12, 20)  # of the 20 mouth points
LEFT_EYE, RIGHT_EYE = slice(36, 42), slice(42, 48)
NOSE_BASE = 33
MOUTH_POINTS = 20
LEAST_DEVIATION = 1e-3  # a component or an offset that never moves is not blown up by whitening


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a face is: scale N [T] (pixels), tilt theta [T] (radians), centre [T, 2] (mouth), nose [T, 2] (pixels)."""

    scale: Array
    tilt: Array
    centre: Array
    nose: Array

    def at(self, index: int | slice) -> Placed:
        """One frame or a range of frames."""
        pick = slice(index, index + 1) if isinstance(index, int) else index
        return Placed(self.scale[pick], self.tilt[pick], self.centre[pick], self.nose[pick])


def _turned(points: Array, angle: Array) -> Array:
    """Points [T, n, 2] turned by angle [T] round the origin."""
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y = points[..., 0], points[..., 1]
    return np.stack([c * x - s * y, s * x + c * y], axis=-1)


def normalise(points: Array) -> tuple[Array, Array, Placed]:
    """unit [T, 20, 2], offset [T, 2] and where the face was.

    Raises `ValueError` naming the frames whose landmarks are lost (not finite, or all in one place).
    """
    if points.ndim != 3 or points.shape[1:] != (POINTS, 2):
        raise ValueError(f"keypoints of shape {points.shape}: [frames, {POINTS}, 2] is needed")
    finite = np.isfinite(points).all((1, 2))
    centre = points[:, MOUTH].mean(1)
    moved = points - centre[:, None]
    eyes = points[:, RIGHT_EYE].mean(1) - points[:, LEFT_EYE].mean(1)
    tilt = np.arctan2(eyes[:, 1], eyes[:, 0])
    level = _turned(moved, -tilt)
    scale = np.sqrt((level**2).sum((1, 2)))
    lost = np.flatnonzero(~finite | ~(scale > 1e-6))
    if len(lost):
        raise ValueError(f"the landmarks of frames {_some(lost)} are lost")
    unit = level[:, MOUTH] / scale[:, None, None]
    nose = points[:, NOSE_BASE]
    offset = _turned((centre - nose)[:, None], -tilt)[:, 0] / scale[:, None]
    return unit, offset, Placed(scale, tilt, centre, nose)


def _some(frames: NDArray[np.integer[Any]]) -> str:
    shown = ", ".join(str(f) for f in frames[:8])
    return shown + (f" and {len(frames) - 8} more" if len(frames) > 8 else "")


def denormalise(unit: Array, placed: Placed, offset: Array | None = None) -> Array:
    """Mouth points [T, 20, 2] in pixels: N R(theta)^T unit + centre; with `offset` the centre hangs from the nose."""
    shape = unit if offset is None else unit + offset[:, None]
    origin = placed.centre if offset is None else placed.nose
    return _turned(shape, placed.tilt) * placed.scale[:, None, None] + origin[:, None]


@dataclass(frozen=True, slots=True)
class Components:
    """Principal components of mouths. mean [40], basis [k, 40] (orthonormal rows), variances [40] (all of them),
    offset_mean, offset_deviation [2]. Every number is of the training frames (page, 2.7 item 1)."""

    mean: Array
    basis: Array
    variances: Array
    offset_mean: Array
    offset_deviation: Array

    @property
    def k(self) -> int:
        """Components kept."""
        return len(self.basis)

    @property
    def deviations(self) -> Array:
        """Standard deviation of each kept component [k]."""
        return np.asarray(np.sqrt(np.maximum(self.variances[: self.k], LEAST_DEVIATION**2 * self.variances[0])))

    @property
    def explained(self) -> Array:
        """Cumulative share of the variance over the number of components [40]."""
        total = max(float(self.variances.sum()), 1e-30)
        return np.asarray(np.cumsum(self.variances) / total)

    @classmethod
    def fit(cls, unit: Array, offset: Array, k: int) -> Components:
        """From training mouths [T, 20, 2]. Raises `ValueError` for fewer frames than components, or a frozen face."""
        flat = np.asarray(unit, dtype=np.float64).reshape(len(unit), -1)
        if not 1 <= k <= flat.shape[1]:
            raise ValueError(f"{k} components: between 1 and {flat.shape[1]} are possible")
        if len(flat) <= k:
            raise ValueError(f"{len(flat)} frames cannot give {k} components")
        mean = flat.mean(0)
        _, singular, rows = np.linalg.svd(flat - mean, full_matrices=False)
        variances = np.zeros(flat.shape[1])
        variances[: len(singular)] = singular**2 / len(flat)
        if variances[0] < 1e-14:
            raise ValueError(f"the mouth never moves in {len(flat)} frames")
        signs = np.sign(rows[np.arange(k), np.abs(rows[:k]).argmax(1)])  # a sign is a choice: the largest entry is > 0
        spread = np.maximum(np.std(offset, axis=0), 1e-6)
        return cls(mean, rows[:k] * signs[:, None], variances, np.mean(offset, axis=0), spread)

    def encode(self, unit: Array, offset: Array | None = None) -> Array:
        """Whitened components [T, k], followed by the standardised offset [T, 2] when it is given."""
        flat = np.asarray(unit).reshape(len(unit), -1)
        pcs = (flat - self.mean) @ self.basis.T / self.deviations
        if offset is None:
            return np.asarray(pcs)
        return np.concatenate([pcs, (offset - self.offset_mean) / self.offset_deviation], axis=1)

    def decode(self, code: Array) -> tuple[Array, Array | None]:
        """unit [T, 20, 2] and, when the code carries it, offset [T, 2]."""
        flat = (code[:, : self.k] * self.deviations) @ self.basis + self.mean
        unit = flat.reshape(len(code), MOUTH_POINTS, 2)
        if code.shape[1] == self.k:
            return unit, None
        return unit, code[:, self.k :] * self.offset_deviation + self.offset_mean

    def state(self) -> dict[str, Array]:
        """What lasts, by name."""
        return {
            "mean": self.mean,
            "basis": self.basis,
            "variances": self.variances,
            "offset_mean": self.offset_mean,
            "offset_deviation": self.offset_deviation,
        }

    @classmethod
    def of(cls, state: Mapping[str, Array]) -> Components:
        """From `state`. Raises `ValueError` naming what is missing."""
        names = ("mean", "basis", "variances", "offset_mean", "offset_deviation")
        missing = [name for name in names if name not in state]
        if missing:
            raise ValueError(f"saved components lack {', '.join(missing)}")
        return cls(*(np.asarray(state[name], dtype=np.float64) for name in names))


def lip_gap(mouth: Array) -> Array:
    """Opening of the lips [T]: mean distance of the inner contour's three upper points to those below, as measured."""
    inner = mouth[:, INNER]
    return np.asarray(np.linalg.norm(inner[:, (1, 2, 3)] - inner[:, (7, 6, 5)], axis=-1).mean(1))


def closure_recall(gap: Array, closed: NDArray[np.bool_], percentile: float = 15.0) -> tuple[int, int]:
    """Runs of frames that should be shut (p, b, m) in which the gap falls below its own percentile: found, all.

    Page, section 5.4. gap [T] and closed [T] run at one rate.
    """
    if len(gap) != len(closed):
        raise ValueError(f"{len(gap)} gaps for {len(closed)} frames")
    edges = np.flatnonzero(np.diff(np.concatenate([[0], closed.astype(np.int8), [0]])))
    runs = list(zip(edges[::2], edges[1::2], strict=True))
    if not runs:
        return 0, 0
    bar = float(np.percentile(gap, percentile))
    return sum(bool(gap[a:b].min() <= bar) for a, b in runs), len(runs)
