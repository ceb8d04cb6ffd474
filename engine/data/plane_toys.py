"""Toy data in the plane: eight clouds on a ring, and a pinwheel. Points in 0..1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CLOUDS = 8
ARMS = 5


def ring(count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Eight round clouds (standard deviation 0.02) on a circle of radius 0.35 around (0.5, 0.5); label: the cloud."""
    rng = np.random.default_rng(seed)
    label = rng.integers(CLOUDS, size=count)
    angle = 2 * np.pi * label / CLOUDS
    centre = 0.5 + 0.35 * np.column_stack([np.cos(angle), np.sin(angle)])
    points = centre + 0.02 * rng.standard_normal((count, 2))
    return points.clip(0, 1).astype(np.float32), label


def pinwheel(count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Five arms that curve the more the farther out; label: the arm."""
    rng = np.random.default_rng(seed)
    label = rng.integers(ARMS, size=count)
    along = 1.0 + 0.3 * rng.standard_normal(count)
    across = 0.05 * rng.standard_normal(count)
    angle = 2 * np.pi * label / ARMS + 0.25 * np.exp(along)
    x = along * np.cos(angle) - across * np.sin(angle)
    y = along * np.sin(angle) + across * np.cos(angle)
    points = 0.5 + 0.22 * np.column_stack([x, y])
    return points.clip(0, 1).astype(np.float32), label
