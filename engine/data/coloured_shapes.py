"""Generated colour pictures of one shape each, with seven binary attributes that are all visible in the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 16
ATTRIBUTES = ("round", "red", "green", "large", "left", "high", "hollow")
_NOISE = 0.02


def coloured_shapes(count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Pictures [N, 3, 16, 16] in 0..1 and attributes [N, 7] of 0 or 1, drawn independently and evenly.

    round: disc, else square; red, green: that colour (both: yellow, none: blue); large: radius about 4.5 instead of
    2.8 pixels; left, high: place of the centre; hollow: an outline. Size and place jitter by a fraction of a pixel;
    edges are smoothed over one pixel.
    """
    rng = np.random.default_rng(seed)
    has = rng.integers(2, size=(count, len(ATTRIBUTES))).astype(np.float32)
    is_round, red, green, large, left, high, hollow = has.T
    jitter = rng.uniform(-0.4, 0.4, size=(count, 3)).astype(np.float32)
    radius = np.where(large > 0, 4.5, 2.8) + 0.5 * jitter[:, 0]
    centre_x = np.where(left > 0, 5.2, 9.8) + jitter[:, 1]
    centre_y = np.where(high > 0, 5.2, 9.8) + jitter[:, 2]
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    dx = np.abs(columns - centre_x[:, None, None])
    dy = np.abs(rows - centre_y[:, None, None])
    distance = np.where(is_round[:, None, None] > 0, np.hypot(dx, dy), np.maximum(dx, dy) / 0.89)  # about equal areas
    inside = np.clip(radius[:, None, None] - distance + 0.5, 0, 1)  # [N, 16, 16]
    hole = np.clip(radius[:, None, None] - 1.5 - distance + 0.5, 0, 1)
    shape = inside - hollow[:, None, None] * hole
    blue = (red + green == 0).astype(np.float32)
    colour = 0.1 + 0.85 * np.stack([red, green, blue], 1)  # [N, 3]
    pictures = 0.1 + shape[:, None] * (colour - 0.1)[:, :, None, None]
    pictures = pictures + _NOISE * rng.standard_normal(pictures.shape)
    return pictures.clip(0, 1).astype(np.float32), has
