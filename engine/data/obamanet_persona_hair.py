"""Hair: where it grows, which way it flows, strands along that flow, their light, a soft hairline, and brows.

Strands are noise averaged along the flow; their light is that of thin cylinders (Kajiya and Kay 1989): bright where
the strand lies across the half vector. Single drawn hairs break the hairline, the outline and the brows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.data.obamanet_persona_fields import HALF_SPAN, Field, along, blur, mix, noise, ramp, strokes
from engine.data.obamanet_persona_light import FILL, FILL_COLOUR, KEY, KEY_COLOUR, RIM, RIM_COLOUR, SKY_COLOUR, unit
from engine.data.obamanet_persona_look import Look
from engine.data.obamanet_persona_shape import Relief

PART_X = -0.13  # where the parting lies
TOP_Y = {"short": -0.885, "long": -0.865}


@dataclass(slots=True)
class Hair:
    """front: hair before the face (alpha, linear colour); back: behind neck and shoulders, same."""

    front: Field
    front_colour: Field
    back: Field
    back_colour: Field


def _row(*values: float) -> Field:
    return np.asarray(values)


def _outer(look: Look, y: Field, left: bool) -> Field:
    """Half width of the hair's outline at height y."""
    if look.hair_style == "short":
        ys = _row(-0.885, -0.862, -0.80, -0.70, -0.55, -0.38, -0.20, -0.05, 0.03)
        ws = _row(0.0, 0.17, 0.300, 0.395, 0.462, 0.474, 0.462, 0.440, 0.420)
    else:
        ys = _row(-0.865, -0.845, -0.79, -0.68, -0.50, -0.25, 0.00, 0.25, 0.50, 0.72, 0.92)
        ws = _row(0.0, 0.15, 0.275, 0.385, 0.470, 0.510, 0.520, 0.535, 0.565, 0.560, 0.44)
    lean = 1.03 if left else 0.97
    return np.asarray(np.interp(y, ys, ws * lean, left=0.0, right=0.0), dtype=np.float32)


def _hairline(look: Look, x: Field) -> Field:
    """Lowest y of hair over the forehead at x; the temples recede."""
    if look.hair_style == "short":
        xs = _row(-0.47, -0.425, -0.39, -0.34, -0.27, -0.15, 0.0, 0.15, 0.26, 0.34, 0.39, 0.425, 0.47)
        ys = _row(0.02, -0.10, -0.28, -0.43, -0.53, -0.545, -0.525, -0.52, -0.50, -0.42, -0.28, -0.10, 0.02)
    else:
        xs = _row(-0.55, -0.43, -0.395, -0.35, -0.28, -0.19, -0.13, -0.07, 0.03, 0.15, 0.26, 0.34, 0.385, 0.42, 0.55)
        ys = _row(
            0.95, 0.44, -0.02, -0.24, -0.40, -0.53, -0.60, -0.59, -0.545, -0.475, -0.375, -0.25, -0.06, 0.44, 0.95
        )
    return np.interp(x, xs, ys).astype(np.float32)


def _flow(look: Look, x: Field, y: Field) -> tuple[Field, Field]:
    """Unit direction in which the hair lies, away from the parting."""
    side = np.tanh((x - PART_X) / 0.05)
    if look.hair_style == "short":
        # brushed up and aside over the forehead, down along the sides
        over = ramp(-0.46, -0.62, y) * ramp(0.44, 0.30, np.abs(x))
        fx = over * (0.95 * side + 0.10) + (1.0 - over) * 0.22 * np.sign(x)
        fy = over * (-0.55 + 1.5 * np.abs(x - PART_X)) + (1.0 - over) * 1.0
    else:
        fall = np.clip((np.abs(x - PART_X) / 0.42), 0.0, 1.3)
        fx = side * np.clip(1.15 - fall * 0.95, 0.05, 1.0) * ramp(0.15, -0.45, y) + 0.04 * np.sign(x) * np.sin(7.0 * y)
        fy = 0.28 + 0.9 * fall + ramp(-0.6, 0.0, y)
    wave = 0.16 * np.sin(9.0 * x + 6.0 * y) + 0.10 * np.sin(23.0 * x - 9.0 * y)
    fx = fx + wave * (0.6 if look.hair_style == "short" else 0.45)
    length = np.sqrt(fx * fx + fy * fy) + 1e-6
    return (fx / length).astype(np.float32), (fy / length).astype(np.float32)


def _strands(size: int, fx: Field, fy: Field, rng: np.random.Generator) -> tuple[Field, Field]:
    """Fine strands and coarse locks, both of mean 0 and deviation 1."""
    fine = along(noise((size, size), 0.5, rng), fx, fy, 20, 2.2 * size / 640)
    locks = along(noise((size, size), 3.6 * size / 640, rng), fx, fy, 20, 3.0 * size / 640)
    return fine / max(float(fine.std()), 1e-6), locks / max(float(locks.std()), 1e-6)


def _lit(look: Look, height: Field, fx: Field, fy: Field, fine: Field, locks: Field, open_sky: Field) -> Field:
    """Light on strands, in linear colour."""
    step = 2.0 * HALF_SPAN / height.shape[0]
    down, right = np.gradient(height, step)
    tangent = unit(np.stack([fx, fy, right * fx + down * fy + 0.10 * fine], axis=-1))
    normal = unit(np.stack([-right, -down, np.ones_like(height)], axis=-1))
    root = np.asarray(look.hair, dtype=np.float32)
    tone = np.clip(1.0 + 0.30 * fine + 0.26 * locks, 0.15, 2.2)[..., None]
    colour = np.broadcast_to(SKY_COLOUR * 0.5 * open_sky[..., None] * root * tone, (*height.shape, 3)).copy()
    eye = np.array((0.0, 0.0, 1.0), dtype=np.float32)
    for towards, strength in ((KEY, KEY_COLOUR), (FILL, FILL_COLOUR), (RIM, RIM_COLOUR * 1.2)):
        towards = unit(towards)
        across = np.sqrt(np.clip(1.0 - (tangent @ towards) ** 2, 0.0, 1.0))
        facing = np.clip((normal @ towards + 0.35) / 1.35, 0.0, 1.0) * open_sky
        half = unit(towards + eye)
        gleam = np.clip(1.0 - (tangent @ half + 0.06 * locks) ** 2, 0.0, 1.0)
        colour += (across * facing)[..., None] * strength * root * tone * 0.95
        sheen = gleam**40 * 0.30 * facing * np.clip(1.0 + 0.55 * fine, 0.0, 2.5)
        colour += sheen[..., None] * strength * np.asarray(look.hair_light, dtype=np.float32)
    return colour


def hair(look: Look, shape: Relief, rng: np.random.Generator) -> Hair:
    """All the hair of a head but brows, lashes and beard."""
    x, y, size = shape.x, shape.y, shape.x.shape[0]
    fx, fy = _flow(look, x, y)
    fine, locks = _strands(size, fx, fy, rng)
    outer = np.where(x < 0, _outer(look, y, True), _outer(look, y, False))
    rough = 0.010 * locks + 0.004 * fine
    inside = outer - np.abs(x)
    top = np.where(outer > 0, inside, -1.0)
    line = _hairline(look, x)
    slope = np.gradient(line, 2.0 * HALF_SPAN / size, axis=1)
    over_face = (line - y) / np.sqrt(1.0 + np.clip(slope, -9.0, 9.0) ** 2)  # across the edge, not down
    edge = over_face + 0.016 * fine + 0.010 * locks
    covers = ramp(-0.022, 0.030, edge)
    body = ramp(-0.006, 0.010, top + rough)
    front = body * covers
    long = look.hair_style == "long"
    if not long:
        front = front * ramp(0.03, -0.06, y - 0.10 * fine * 0.2)
    # a volume: round in from the outline, and lifting off the hairline
    lift = np.clip(inside, 0.0, 0.25) / 0.25
    height = 0.44 * np.sqrt(np.clip(1.0 - (1.0 - lift) ** 2, 0.0, 1.0)) + 0.030 * ramp(0.0, 0.14, over_face)
    height = blur(height.astype(np.float32), 0.010 * size / 2.3) + 0.006 * locks
    near_edge = ramp(-0.01, 0.10, over_face) * 0.45 + 0.55
    valley = np.clip(0.80 + 0.22 * locks + 0.12 * fine, 0.25, 1.1) * near_edge
    colour = _lit(look, height.astype(np.float32), fx, fy, fine, locks, valley.astype(np.float32))
    drawn = _drawn_hairs(look, size, fx, fy, rng)
    front = np.clip(front + 0.75 * drawn * (1.0 - front), 0.0, 1.0)
    if long:
        back = ramp(-0.006, 0.012, top + rough)
        back_colour = colour * (0.30 + 0.45 * ramp(0.30, 0.55, np.abs(x)))[..., None]
    else:
        back, back_colour = np.zeros_like(front), colour
    return Hair(front.astype(np.float32), colour, back.astype(np.float32), back_colour.astype(np.float32))


def _drawn_hairs(look: Look, size: int, fx: Field, fy: Field, rng: np.random.Generator) -> Field:
    """Single hairs that cross hairline and outline, density 0..1 [S, S]."""
    count, points = 900, 26
    base_y = rng.uniform(-0.85, 0.0 if look.hair_style == "short" else 0.75, count)
    sign = rng.choice((-1.0, 1.0), count)
    out = np.interp(base_y, np.linspace(-0.9, 0.9, 64), _outer(look, np.linspace(-0.9, 0.9, 64), True))
    start_x = sign * (out - np.abs(rng.normal(0.0, 0.018, count)))
    line_x = rng.uniform(-0.36, 0.36, count)
    on_line = rng.uniform(size=count) < 0.55
    start_y = np.where(on_line, _hairline(look, line_x.astype(np.float32)) + rng.normal(-0.016, 0.016, count), base_y)
    start_x = np.where(on_line, line_x, start_x)
    per_unit = size / (2.0 * HALF_SPAN)
    step = rng.uniform(0.0022, 0.0042, count)
    turn = rng.normal(0.0, 0.05, count)
    heading = rng.normal(0.0, 0.16, count)
    paths_x, paths_y = np.zeros((count, points)), np.zeros((count, points))
    px, py = start_x.copy(), start_y.copy()
    for k in range(points):
        paths_x[:, k], paths_y[:, k] = px, py
        column = np.clip(((px + HALF_SPAN) * per_unit).astype(int), 0, size - 1)
        row = np.clip(((py + HALF_SPAN) * per_unit).astype(int), 0, size - 1)
        angle = np.arctan2(fy[row, column], fx[row, column]) + heading + turn * k * 0.4
        px, py = px + step * np.cos(angle), py + step * np.sin(angle)
    taper = np.linspace(1.0, 0.15, points)[None, :] * rng.uniform(0.10, 0.34, count)[:, None] * size / 640
    seen = strokes(size, paths_x.astype(np.float32), paths_y.astype(np.float32), taper.astype(np.float32))
    return np.clip(seen, 0.0, 0.8)


def brows(look: Look, size: int, rng: np.random.Generator) -> Field:
    """Density 0..0.95 [S, S] of both eyebrows, drawn hair by hair."""
    count, points = 620, 12
    found = np.zeros((size, size), dtype=np.float32)
    for side in (-1.0, 1.0):
        v = rng.uniform(0.0, 1.0, count) ** 0.9  # 0 at the nose, 1 at the temple
        centre_x = 0.078 + 0.205 * v
        arch = (
            -look.brow_arch * np.sin(np.pi * np.clip(v * 0.92 + 0.02, 0, 1)) ** 1.3
            + 0.010 * v**3
            + 0.012 * (1.0 - v) ** 3
        )
        thick = look.brow_thick * np.interp(v, (0.0, 0.12, 0.5, 1.0), (0.62, 1.0, 0.85, 0.16))
        across = rng.normal(0.0, 0.42, count).clip(-1, 1)
        start_x = centre_x + rng.normal(0.0, 0.004, count)
        start_y = look.brow_y + arch + across * thick
        lean = np.interp(v, (0.0, 0.2, 0.6, 1.0), (-1.15, -0.55, -0.08, 0.30)) + 0.35 * across
        lean = lean + rng.normal(0.0, 0.14, count)
        length = rng.uniform(0.020, 0.036, count) * (0.75 + 9.0 * look.brow_thick)
        t = np.linspace(0.0, 1.0, points)[None, :]
        bend = lean[:, None] + 0.5 * t
        paths_x = start_x[:, None] + length[:, None] * t * np.cos(bend)
        paths_y = start_y[:, None] + length[:, None] * t * np.sin(bend)
        weight = np.interp(t, (0.0, 0.3, 1.0), (0.6, 1.0, 0.1)) * rng.uniform(0.20, 0.42, count)[:, None]
        weight = weight * np.interp(v, (0.0, 0.12, 1.0), (0.55, 1.0, 0.85))[:, None] * size / 640
        path = (side * paths_x).astype(np.float32)
        found += strokes(size, path, paths_y.astype(np.float32), weight.astype(np.float32))
    soft = 0.20 * blur(found, 3.0 * size / 640)
    return np.clip(1.0 - np.exp(-1.15 * (found + soft)), 0.0, 0.94).astype(np.float32)


def over(under: Field, colour: Field, alpha: Field) -> Field:
    """Hair laid over a picture, with the shadow that it throws a little to the right and down."""
    size = alpha.shape[0]
    reach = max(1, round(0.014 * size / 2.3 * 1.0))
    thrown = blur(np.roll(alpha, (2 * reach, reach), axis=(0, 1)), 2.2 * reach)
    dark = under * (1.0 - 0.55 * thrown[..., None] * np.array((0.85, 1.0, 1.05), dtype=np.float32))
    return mix(np.asarray(dark, dtype=np.float32), colour, alpha)
