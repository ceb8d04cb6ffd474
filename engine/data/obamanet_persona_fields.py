"""Pictures as functions on a grid: ramps, bumps, seeded noise, blurs, strokes of hair and bilinear sampling."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage  # type: ignore[import-untyped] # with scikit-learn

Field = NDArray[np.floating[Any]]

WIDE = 5.0  # pixels from which a blur no longer needs every pixel
HALF_SPAN = 1.15  # a baked picture reaches this far from the middle; a frame shows -1..1


def grid(size: int, half_span: float = HALF_SPAN) -> tuple[Field, Field]:
    """x to the right and y down [size, size] of the pixels' middles."""
    axis = ((np.arange(size, dtype=np.float32) + 0.5) / size * 2.0 - 1.0) * half_span
    x, y = np.meshgrid(axis, axis)
    return x.astype(np.float32), y.astype(np.float32)


def ramp(low: float, high: float, value: Field) -> Field:
    """Smooth step from 0 at `low` to 1 at `high` (which may lie below `low`)."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), dtype=np.float32)


def bump(x: Field, y: Field, x0: float, y0: float, sx: float, sy: float) -> Field:
    """exp(-((x - x0) / sx)^2 - ((y - y0) / sy)^2)."""
    return np.asarray(np.exp(-(((x - x0) / sx) ** 2) - ((y - y0) / sy) ** 2), dtype=np.float32)


def pair(x: Field, y: Field, x0: float, y0: float, sx: float, sy: float) -> Field:
    """The bump on both sides of the face."""
    return bump(x, y, x0, y0, sx, sy) + bump(x, y, -x0, y0, sx, sy)


def blur(field: Field, sigma: float) -> Field:
    """Gaussian blur; sigma in the field's own pixels; colours [H, W, C] are blurred in the plane only."""
    if sigma >= WIDE and field.shape[0] % 4 == 0 and field.shape[1] % 4 == 0:  # wide ones on every fourth pixel
        small = blur(shrink(field, 4), sigma / 4.0)
        rows, columns = ((np.arange(n, dtype=np.float32) - 1.5) / 4.0 for n in field.shape[:2])
        y, x = np.meshgrid(rows, columns, indexing="ij")
        return sample(small, x, y)
    widths = (sigma, sigma) if field.ndim == 2 else (sigma, sigma, 0.0)
    return np.asarray(ndimage.gaussian_filter(field, widths, mode="nearest", truncate=3.0), dtype=np.float32)


def noise(shape: tuple[int, int], sigma: float, rng: np.random.Generator) -> Field:
    """Smooth noise of mean 0 and standard deviation 1; sigma: its grain in pixels."""
    rough = rng.standard_normal(shape).astype(np.float32)
    smooth = blur(rough, sigma) if sigma > 0 else rough
    return np.asarray((smooth - smooth.mean()) / max(float(smooth.std()), 1e-6), dtype=np.float32)


def sample(field: Field, x: Field, y: Field) -> Field:
    """Bilinear values of field [H, W] or [H, W, C] at the pixel coordinates x, y; beyond the edge the edge."""
    height, width = field.shape[:2]
    x, y = np.clip(x, 0.0, width - 1.001), np.clip(y, 0.0, height - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    fx, fy = (x - left).astype(np.float32), (y - top).astype(np.float32)
    if field.ndim == 3:
        fx, fy = fx[..., None], fy[..., None]
    flat = field.reshape(height * width, -1) if field.ndim == 3 else field.reshape(-1)
    at = top * width + left
    above = flat[at]
    above += (flat[at + 1] - above) * fx
    below = flat[at + width]
    below += (flat[at + width + 1] - below) * fx
    above += (below - above) * fy
    return np.asarray(above)


def along(field: Field, flow_x: Field, flow_y: Field, steps: int, stride: float = 1.0) -> Field:
    """Mean of the field along the flow, `steps` strides to either side: noise becomes strands."""
    height, width = field.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    total, values = field.copy(), field.reshape(-1)
    across, down = flow_x.reshape(-1) * stride, flow_y.reshape(-1) * stride
    for sign in (1.0, -1.0):
        x, y = columns.copy(), rows.copy()
        at = np.arange(height * width).reshape(height, width)
        for _ in range(steps):
            x += sign * across[at]
            y += sign * down[at]
            row = np.clip(y + 0.5, 0, height - 1).astype(np.int32)
            at = row * width + np.clip(x + 0.5, 0, width - 1).astype(np.int32)
            total += values[at]
    return total / (2 * steps + 1)


def coarse(field: Field) -> Field:
    """Every second pixel, for what is soft anyway."""
    return shrink(field, 2)


def fine(field: Field, size: int) -> Field:
    """A coarse field back at `size` pixels."""
    at = (np.arange(size, dtype=np.float32) - 0.5) / 2.0
    y, x = np.meshgrid(at, at, indexing="ij")
    return sample(field, x, y)


def strokes(size: int, paths_x: Field, paths_y: Field, weight: Field, half_span: float = HALF_SPAN) -> Field:
    """Density [size, size] of hairs drawn as dense points: paths [N, P] in face units, weight [N, P] of each point."""
    to_pixel = size / (2.0 * half_span)
    x = (paths_x + half_span) * to_pixel - 0.5
    y = (paths_y + half_span) * to_pixel - 0.5
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    fx, fy = x - left, y - top
    found = np.zeros(size * size, dtype=np.float64)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        share = (fx if dx else 1.0 - fx) * (fy if dy else 1.0 - fy) * weight
        column, row = left + dx, top + dy
        inside = (column >= 0) & (column < size) & (row >= 0) & (row < size)
        found += np.bincount((row * size + column)[inside], share[inside], minlength=size * size)
    return found.reshape(size, size).astype(np.float32)


def shrink(field: Field, factor: int) -> Field:
    """Mean over blocks of factor x factor pixels: antialiasing of a picture baked larger than it is shown."""
    height, width = field.shape[0] // factor, field.shape[1] // factor
    cut = field[: height * factor, : width * factor]
    blocks = cut.reshape(height, factor, width, factor, *field.shape[2:])
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)


def mix(under: Field, over: Field | tuple[float, float, float], share: Field) -> Field:
    """under (1 - share) + over share; colours [H, W, 3], share [H, W]."""
    return np.asarray(under + (np.asarray(over, dtype=np.float32) - under) * share[..., None], dtype=np.float32)
