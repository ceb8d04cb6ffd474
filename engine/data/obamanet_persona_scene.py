"""Clothes that close round the neck, and a room far out of focus behind."""

from __future__ import annotations

import numpy as np

from engine.data.obamanet_persona_fields import Field, blur, grid, mix, noise, pair, ramp
from engine.data.obamanet_persona_light import Lit, light, received
from engine.data.obamanet_persona_look import Look


def _shoulders(look: Look, x: Field) -> Field:
    """y of the cloth's upper outline over the shoulders."""
    ax = np.abs(x)
    xs = (0.0, look.neck - 0.02, look.neck + 0.05, 0.42, 0.62, 0.80, 0.95, 1.15)
    ys = (0.70, 0.70, 0.715, 0.775, 0.83, 0.90, 1.02, 1.30)
    return blur(np.interp(ax, xs, ys).astype(np.float32), 6.0 * x.shape[0] / 640)


def cloth(look: Look, size: int, rng: np.random.Generator) -> tuple[Field, Field, Lit]:
    """Colour (linear, lit) and alpha of everything worn."""
    x, y = grid(size)
    shoulder = _shoulders(look, x)
    pixel = 2.3 / size
    body = ramp(-1.5 * pixel, 1.5 * pixel, y - shoulder)
    if look.cloth_style == "knit":
        return _knit(look, x, y, body, rng)
    return _jacket(look, x, y, body, rng)


def _folds(x: Field, y: Field, rng: np.random.Generator) -> Field:
    size = x.shape[0]
    soft = noise((size, size), 20 * size / 640, rng)
    drawn = np.sin(9.0 * np.abs(x) - 5.0 * y + 0.8 * soft) * ramp(0.25, 0.7, np.abs(x))
    return np.asarray(0.010 * soft + 0.010 * drawn, dtype=np.float32)


def _body_height(x: Field, y: Field) -> Field:
    chest = 0.32 * np.sqrt(np.clip(1.0 - (np.abs(x) / 1.02) ** 2.4, 0.0, 1.0))
    return np.asarray(
        chest - 0.35 * ramp(0.98, 0.66, y) ** 1.5 + 0.02 * pair(x, y, 0.3, 1.0, 0.3, 0.2), dtype=np.float32
    )


def _knit(look: Look, x: Field, y: Field, body: Field, rng: np.random.Generator) -> tuple[Field, Field, Lit]:
    """A jumper: rows of stitches, a ribbed band that stands round the neck."""
    size = x.shape[0]
    bottom = 0.735 + 0.135 * np.sqrt(np.clip(1.0 - (x / (look.neck + 0.09)) ** 2, 0.0, 1.0))  # the opening, in front
    band = 0.052
    opening = (np.abs(x) < look.neck + 0.09) & (y < bottom)
    soft_edge = ramp(-0.006, 0.006, y - bottom)
    alpha = np.where(np.abs(x) < look.neck + 0.09, body * np.where(opening, soft_edge, 1.0), body)
    depth = y - bottom
    in_band = ramp(-0.004, 0.004, depth) * ramp(band + 0.004, band - 0.004, depth) * (np.abs(x) < look.neck + 0.14)
    stitch = 0.0016 * np.sin(2 * np.pi * (y + 0.012 * np.abs(np.sin(np.pi * x / 0.022))) / 0.019)
    rib = 0.0030 * np.sin(2 * np.pi * np.arctan2(x, 0.55 + 0.0 * y) / 0.030)
    height = _body_height(x, y) + _folds(x, y, rng) + stitch * (1.0 - in_band) + in_band * (rib + 0.020)
    height += 0.006 * noise((size, size), 1.0 * size / 640, rng) * 0.10
    lit = light(height.astype(np.float32))
    tone = 1.0 + 0.07 * noise((size, size), 1.0 * size / 640, rng) - 0.10 * ramp(0.0, 0.0025, -stitch)
    albedo = np.asarray(look.cloth, dtype=np.float32) * tone[..., None]
    shade = received(lit, np.zeros_like(x))
    return np.asarray(albedo * shade, dtype=np.float32), alpha.astype(np.float32), lit


def _jacket(look: Look, x: Field, y: Field, body: Field, rng: np.random.Generator) -> tuple[Field, Field, Lit]:
    """A dark jacket over a light crew-neck shirt: lapels fall from beside the neck."""
    size, ax = x.shape[0], np.abs(x)
    bottom = 0.735 + 0.095 * np.sqrt(np.clip(1.0 - (x / (look.neck + 0.045)) ** 2, 0.0, 1.0))
    soft_edge = ramp(-0.006, 0.006, y - bottom)
    alpha = np.where(ax < look.neck + 0.045, np.minimum(body, soft_edge), body)
    opening = np.interp(y, (0.66, 0.76, 1.15), (look.neck + 0.015, look.neck + 0.015, 0.105)).astype(np.float32)
    jacket = ramp(-0.004, 0.004, ax - opening)
    lapel_out = np.interp(y, (0.70, 0.80, 0.925, 0.927, 1.15), (0.33, 0.40, 0.46, 0.40, 0.20)).astype(np.float32)
    lapel = jacket * ramp(0.004, -0.004, ax - lapel_out)
    band = ramp(-0.004, 0.004, y - bottom) * ramp(0.036, 0.030, y - bottom) * (1.0 - jacket)
    weave = 0.0008 * np.sin(2 * np.pi * (x + y) / 0.010) + 0.0008 * np.sin(2 * np.pi * (x - y) / 0.010)
    height = _body_height(x, y) + _folds(x, y, rng) + 0.026 * blur(jacket, 2.5 * size / 640)
    height += 0.022 * blur(lapel, 2.0 * size / 640) + 0.010 * blur(band.astype(np.float32), 1.2) + weave * jacket
    lit = light(height.astype(np.float32))
    grain = 1.0 + 0.05 * noise((size, size), 0.8, rng)
    outer = np.asarray(look.cloth, dtype=np.float32) * grain[..., None] * (1.0 + 0.10 * lapel[..., None])
    inner = np.asarray(look.inner_cloth, dtype=np.float32) * (1.0 + 0.02 * noise((size, size), 0.8, rng))[..., None]
    albedo = mix(inner, outer.astype(np.float32), jacket)
    return np.asarray(albedo * received(lit, np.zeros_like(x)), dtype=np.float32), alpha.astype(np.float32), lit


def room(look: Look, size: int, rng: np.random.Generator) -> Field:
    """What stands behind, out of focus [S, S, 3], linear: a wall that falls off, shelves, lamps as discs of light."""
    x, y = grid(size)
    wall = np.asarray(look.wall, dtype=np.float32)
    fall = 0.45 + 0.85 * np.exp(-(((x + 0.55) / 0.95) ** 2) - ((y + 0.35) / 1.05) ** 2)
    picture: Field = wall * fall[..., None]
    for shelf in (-0.95, -0.42, 0.12, 0.66):
        left = 0.28
        while left < 1.2:
            wide, tall = rng.uniform(0.03, 0.085), rng.uniform(0.24, 0.44)
            hue = wall * rng.uniform(0.3, 1.9) * np.array((1.3, 1.0, 0.75)) ** rng.uniform(-1.0, 1.4)
            inside = (x > left) & (x < left + wide) & (y < shelf + 0.46) & (y > shelf + 0.46 - tall)
            picture[inside] = hue.astype(np.float32)
            left += wide + rng.uniform(0.002, 0.012)
        picture[(x > 0.26) & (np.abs(y - shelf - 0.475) < 0.018)] = wall * 1.25
    picture[(x > 0.245) & (x < 0.27)] = wall * 1.1
    picture = blur(picture.astype(np.float32), 0.036 * size / 2.3)
    lamp = np.asarray(look.lamp, dtype=np.float32)
    for lx, ly, radius, power in ((-0.80, -0.46, 0.13, 0.55), (-0.52, -0.74, 0.07, 0.35), (0.86, -0.60, 0.05, 0.25)):
        disc = ramp(radius + 0.012, radius - 0.012, np.sqrt((x - lx) ** 2 + (y - ly) ** 2))
        halo = np.exp(-((x - lx) ** 2 + (y - ly) ** 2) / (3.2 * radius) ** 2)
        picture += (0.55 * power * disc + 0.22 * power * halo)[..., None] * lamp
    return np.asarray(picture, dtype=np.float32)
