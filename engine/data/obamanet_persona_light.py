"""Light on skin: soft shadows and occlusion of a relief, light that wanders under the skin, shine, and its colours.

Page, section 5.3, went no further than wrapped diffuse light with two shines. Here the lamp's shadow is marched over
the relief, crevices are darkened by how deep they lie below their surroundings, and the received light is blurred by
another width for red, green and blue before it meets the skin's colour: that is what makes a terminator warm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage  # type: ignore[import-untyped] # with scikit-learn

from engine.data.obamanet_persona_fields import (
    HALF_SPAN,
    Field,
    blur,
    bump,
    coarse,
    fine,
    mix,
    noise,
    pair,
    ramp,
    sample,
    strokes,
)
from engine.data.obamanet_persona_look import Look
from engine.data.obamanet_persona_shape import Lips, Relief, half_width

KEY = np.array((-0.62, -0.52, 0.62), dtype=np.float32)  # towards the lamp: left, above, in front
RIM = np.array((0.86, -0.28, 0.05), dtype=np.float32)
FILL = np.array((0.70, 0.00, 0.70), dtype=np.float32)
KEY_COLOUR = np.array((1.00, 0.93, 0.84), dtype=np.float32) * 1.22
FILL_COLOUR = np.array((0.80, 0.92, 1.00), dtype=np.float32) * 0.24
SKY_COLOUR = np.array((0.80, 0.88, 1.00), dtype=np.float32) * 0.26
FLOOR_COLOUR = np.array((1.00, 0.82, 0.66), dtype=np.float32) * 0.12
RIM_COLOUR = np.array((0.90, 0.95, 1.00), dtype=np.float32) * 0.75
SCATTER = (0.0150, 0.0080, 0.0045)  # how far red, green and blue wander, in face units


@dataclass(slots=True)
class Lit:
    """What a relief receives, before any colour. normal [S, S, 3]; shadow, occlusion [S, S], 1 is open."""

    normal: Field
    shadow: Field
    occlusion: Field


def unit(vector: Field) -> Field:
    """Vectors of length 1 along the last axis."""
    return np.asarray(vector / np.linalg.norm(vector, axis=-1, keepdims=True), dtype=np.float32)


def normals(height: Field) -> Field:
    """Unit normals [S, S, 3] of a height field on `grid`."""
    step = 2.0 * HALF_SPAN / height.shape[0]
    down, right = np.gradient(height, step)
    return unit(np.stack([-right, -down, np.ones_like(height)], axis=-1))


def light(height: Field) -> Lit:
    """Normals, the lamp's soft shadow and ambient occlusion of a relief; the two soft ones at half its size."""
    low, size = coarse(height), height.shape[0] // 2
    per_unit = size / (2.0 * HALF_SPAN)
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    towards = unit(KEY)
    clearance = np.full_like(low, 1.0)
    for distance in np.geomspace(0.012, 0.55, 22):
        there = sample(low, columns + towards[0] * distance * per_unit, rows + towards[1] * distance * per_unit)
        gap = (low + towards[2] * distance + 0.004 - there) / distance
        clearance = np.minimum(clearance, gap * 4.5 + 0.5)
    shadow = blur(np.clip(clearance, 0.0, 1.0), 0.007 * per_unit)
    occlusion = np.ones_like(low)
    for reach, weight in ((0.012, 7.0), (0.030, 4.6), (0.07, 2.4), (0.15, 1.2)):
        occlusion -= np.clip((blur(low, reach * per_unit) - low) / reach * 0.1 * weight, 0.0, 0.5)
    occlusion = np.clip(occlusion, 0.10, 1.0)
    return Lit(normals(height), fine(shadow, height.shape[0]), fine(occlusion, height.shape[0]))


def received(lit: Lit, scatter_in: Field) -> Field:
    """Diffuse light [S, S, 3]; it wanders under the skin only where `scatter_in` [S, S] is 1."""
    n = lit.normal
    wrap = np.array((0.20, 0.13, 0.09), dtype=np.float32)
    facing = (n @ unit(KEY))[..., None]
    key = np.clip((facing + wrap) / (1.0 + wrap), 0.0, 1.0) * KEY_COLOUR * lit.shadow[..., None]
    fill = np.clip(n @ unit(FILL), 0.0, 1.0)[..., None] * FILL_COLOUR
    up = (0.5 - 0.5 * n[..., 1])[..., None]
    sky = (SKY_COLOUR * up + FLOOR_COLOUR * (1.0 - up)) * lit.occlusion[..., None]
    rim = (np.clip(n @ unit(RIM), 0.0, 1.0) ** 2)[..., None] * RIM_COLOUR * lit.occlusion[..., None]
    # light bounces between skin and skin: crevices grow red, not grey
    bounce = (1.0 - lit.occlusion[..., None]) * np.array((0.075, 0.034, 0.022), dtype=np.float32)
    total = key * (0.55 + 0.45 * lit.occlusion[..., None]) + fill * lit.occlusion[..., None] + sky + rim + bounce
    per_unit = n.shape[0] / (2.0 * HALF_SPAN)
    cover = np.maximum(scatter_in, 1e-3)
    for channel, reach in enumerate(SCATTER):
        near = blur(total[..., channel] * cover, reach * per_unit) / blur(cover, reach * per_unit)
        far = blur(total[..., channel] * cover, 2.6 * reach * per_unit) / blur(cover, 2.6 * reach * per_unit)
        soft = 0.42 * total[..., channel] + 0.40 * near + 0.18 * far
        total[..., channel] += (soft - total[..., channel]) * scatter_in
    return np.asarray(total, dtype=np.float32)


def shine(normal: Field, lit: Lit, strength: Field, sharpness: float) -> Field:
    """Mirror-like light of lamp and fill [S, S, 3] with Schlick's rise at grazing angles."""
    found = np.zeros((*strength.shape, 3), dtype=np.float32)
    eye = np.array((0.0, 0.0, 1.0), dtype=np.float32)
    for towards, colour, open_to in (
        (KEY, KEY_COLOUR, lit.shadow),
        (FILL, FILL_COLOUR, lit.occlusion),
        (RIM, RIM_COLOUR, lit.occlusion),
    ):
        half = unit(unit(towards) + eye)
        lobe = np.clip(normal @ half, 0.0, 1.0) ** sharpness * (sharpness + 8.0) / 25.0
        fresnel = 0.035 + 0.965 * (1.0 - float(half @ eye)) ** 5
        found += (lobe * fresnel * open_to * strength)[..., None] * colour
    return found


def skin_colour(look: Look, shape: Relief, rng: np.random.Generator) -> Field:
    """Albedo [S, S, 3] of bare skin: zones of blood, mottling, freckles, stubble, and the red of the lips."""
    x, y, size = shape.x, shape.y, shape.x.shape[0]
    grain = size / 640
    albedo = np.broadcast_to(np.asarray(look.skin, dtype=np.float32), (size, size, 3)).copy()
    flush = 0.27 * pair(x, y, 0.232, 0.090, 0.125, 0.085) + 0.50 * bump(x, y, 0.0, 0.11, 0.075, 0.055)
    flush += 0.35 * bump(x, y, 0.0, 0.49, 0.090, 0.060) + 0.75 * shape.ear
    flush = flush * look.flush + 0.06 * noise((size, size), 16 * grain, rng)
    albedo *= 1.0 + np.clip(flush, -0.2, 1.0)[..., None] * np.array((0.10, -0.20, -0.22), dtype=np.float32)
    tired = pair(x, y, look.eye_x - 0.02, look.eye_y + 0.052, 0.080, 0.030)
    tired += 0.7 * pair(x, y, look.eye_x, look.eye_y - 0.045, 0.085, 0.024)
    albedo *= 1.0 - tired[..., None] * np.array((0.13, 0.20, 0.17), dtype=np.float32)
    nostrils = pair(x, y, 0.031 * look.nose_width, 0.156, 0.0165, 0.0075)
    albedo *= 1.0 - nostrils[..., None] * np.array((0.72, 0.82, 0.84), dtype=np.float32)
    golden = bump(x, y, 0.0, -0.36, 0.32, 0.16)
    albedo *= 1.0 + golden[..., None] * np.array((0.03, 0.03, -0.04), dtype=np.float32)
    mottle = 0.030 * noise((size, size), 5.5 * grain, rng) + 0.022 * noise((size, size), 1.6 * grain, rng)
    albedo *= 1.0 + mottle[..., None] * np.array((0.8, 1.1, 1.2), dtype=np.float32)
    albedo = _freckled(look, albedo, shape, rng)
    albedo = _stubbled(look, albedo, shape, rng)
    return _lip_red(look, albedo, shape, rng)


def _freckled(look: Look, albedo: Field, shape: Relief, rng: np.random.Generator) -> Field:
    size = albedo.shape[0]
    where = pair(shape.x, shape.y, 0.17, 0.055, 0.170, 0.085) + 0.35 * bump(shape.x, shape.y, 0.0, -0.3, 0.3, 0.2)
    spots = ramp(2.1, 3.2, noise((size, size), 1.5 * size / 640, rng)) * np.clip(where, 0.0, 1.0) * look.freckles
    return np.asarray(albedo * (1.0 - spots[..., None] * np.array((0.30, 0.45, 0.55), dtype=np.float32)))


def beard_zone(look: Look, shape: Relief) -> Field:
    """Where a beard would grow, 0..1: jaw, chin, above the lip; not on the lips nor high on the cheek."""
    x, y, ax = shape.x, shape.y, np.abs(shape.x)
    cheek_line = np.interp(ax, (0.0, 0.10, 0.20, 0.30, 0.42), (0.185, 0.180, 0.235, 0.205, 0.00)).astype(np.float32)
    zone = ramp(-0.030, 0.045, y - cheek_line) * ramp(0.74, 0.56, y)
    zone *= 1.0 - 0.75 * pair(x, y, 0.105, 0.385, 0.050, 0.040)
    zone *= 1.0 - 0.7 * bump(x, y, 0.0, 0.205, 0.014, 0.040)
    return np.asarray(zone, dtype=np.float32)


def _stubbled(look: Look, albedo: Field, shape: Relief, rng: np.random.Generator) -> Field:
    if look.stubble <= 0.0:
        return albedo
    size, count = albedo.shape[0], 26000
    zone = beard_zone(look, shape)
    albedo = albedo * (1.0 - look.stubble * zone[..., None] * np.array((0.30, 0.24, 0.17), dtype=np.float32))
    root_x, root_y = rng.uniform(-0.46, 0.46, count), rng.uniform(0.0, 0.74, count)
    per_unit = size / (2.0 * HALF_SPAN)
    at = sample(zone, (root_x + HALF_SPAN) * per_unit - 0.5, (root_y + HALF_SPAN) * per_unit - 0.5)
    length = rng.uniform(0.004, 0.011, count)
    t = np.linspace(0.0, 1.0, 5)
    lean = root_x * 0.8 + rng.normal(0.0, 0.35, count)
    paths_x = (root_x[:, None] + (length * lean)[:, None] * t).astype(np.float32)
    paths_y = (root_y[:, None] + length[:, None] * t).astype(np.float32)
    weight = np.repeat((at * (rng.uniform(size=count) < at))[:, None] * 0.16 * size / 640, 5, axis=1)
    hairs = np.clip(strokes(size, paths_x, paths_y, weight.astype(np.float32)), 0.0, 0.75) * look.stubble
    return mix(albedo, look.hair, hairs)


def lip_zone(look: Look, shape: Relief, soft: float = 0.006) -> Field:
    """1 on the lips at rest with an edge as soft as real ones."""
    lips, u = Lips(look), shape.x / look.mouth_half_width
    line = lips.line(u)
    above = shape.y - (line - lips.upper_height(u))
    below = line + lips.lower_height(u) - shape.y
    return ramp(-0.4 * soft, soft, above) * ramp(-0.5 * soft, 1.3 * soft, below) * ramp(1.0, 0.90, np.abs(u))


def _lip_red(look: Look, albedo: Field, shape: Relief, rng: np.random.Generator) -> Field:
    size = albedo.shape[0]
    zone = lip_zone(look, shape)
    # fine wrinkles of lips: noise that is short across and long down
    wrinkles = _stretch_down(blur(rng.standard_normal((size, size)).astype(np.float32), size / 640), 5.0 * size / 640)
    tone = 1.0 + 0.10 * wrinkles[..., None]
    u = shape.x / look.mouth_half_width
    inner = np.exp(-(((shape.y - Lips(look).line(u)) / 0.010) ** 2)) * zone
    colour = np.asarray(look.lip, dtype=np.float32) * tone
    out = mix(albedo, np.asarray(colour, dtype=np.float32), zone * 0.86)
    return np.asarray(out * (1.0 - 0.45 * inner[..., None] * np.array((0.7, 1.0, 1.0), dtype=np.float32)))


def _stretch_down(field: Field, sigma: float) -> Field:
    smooth = ndimage.gaussian_filter1d(field, sigma, axis=0)
    return np.asarray((smooth - smooth.mean()) / max(float(smooth.std()), 1e-6), dtype=np.float32)


def skin(look: Look, shape: Relief, rng: np.random.Generator) -> tuple[Field, Lit]:
    """Bare skin, lit, in linear light [S, S, 3], and the light it stands in."""
    size = shape.x.shape[0]
    lit = light(shape.height)
    on_skin = np.clip(shape.head + shape.ear + shape.neck, 0.0, 1.0)
    albedo = skin_colour(look, shape, rng)
    rough = shape.height + 0.00035 * noise((size, size), 0.9 * size / 640, rng) * (1.0 - 0.3 * lip_zone(look, shape))
    rough += 0.0005 * noise((size, size), 2.4 * size / 640, rng)
    bumpy = normals(rough)
    oily = (
        0.55
        + 0.9 * bump(shape.x, shape.y, 0.0, 0.06, 0.06, 0.12)
        + 0.5 * bump(shape.x, shape.y, 0.0, -0.34, 0.26, 0.12)
    )
    oily += 0.35 * pair(shape.x, shape.y, 0.255, 0.00, 0.09, 0.06)
    lips = lip_zone(look, shape)
    gloss = shine(bumpy, lit, oily * (1.0 - lips), 16.0) + 0.8 * shine(bumpy, lit, oily * (1.0 - lips), 48.0)
    gloss += 1.6 * shine(bumpy, lit, lips, 55.0) + 0.8 * shine(bumpy, lit, lips, 14.0)
    width = half_width(look, shape.y)
    edge = np.where(width > 0.0, width - np.abs(shape.x), 1.0)
    down = 0.05 * np.exp(-((edge / 0.012) ** 2)) * lit.shadow  # fine hairs catch light along the outline
    return albedo * received(lit, on_skin) + gloss + down[..., None], lit
