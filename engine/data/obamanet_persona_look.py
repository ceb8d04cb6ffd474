"""What tells one persona from another, as numbers. Both are inventions of this project: nobody sat for them."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[float, float, float]  # linear light, 0..1


@dataclass(frozen=True, slots=True)
class Look:
    """One persona. Lengths in face units: 1 is half a frame, y points down, the nose lies on x = 0."""

    name: str
    seed: int
    # outline: half widths at OUTLINE_Y (`obamanet_persona_shape`), from the crown to the chin
    outline: tuple[float, ...]
    eye_x: float
    eye_y: float
    eye_half_width: float
    eye_open: float  # height of the upper lid above the line between the corners
    eye_tilt: float  # the outer corner lies higher by tilt x half width
    iris: Colour
    brow_y: float
    brow_thick: float
    brow_arch: float
    nose_width: float
    nose_bridge: float
    mouth_y: float
    mouth_half_width: float
    lip_upper: float
    lip_lower: float
    lip: Colour
    skin: Colour
    flush: float  # how red cheeks, nose and ears are
    stubble: float
    freckles: float
    hair: Colour
    hair_light: Colour
    hair_style: str  # "short" | "long"
    lash: float  # length of the upper lashes
    cloth: Colour
    cloth_style: str  # "knit" | "jacket"
    inner_cloth: Colour
    wall: Colour
    lamp: Colour
    neck: float  # half width


IVO = Look(
    name="ivo",
    seed=11,
    outline=(0.22, 0.385, 0.432, 0.435, 0.428, 0.405, 0.368, 0.312, 0.235, 0.150, 0.0),
    eye_x=0.182,
    eye_y=-0.100,
    eye_half_width=0.090,
    eye_open=0.040,
    eye_tilt=0.06,
    iris=(0.16, 0.24, 0.26),
    brow_y=-0.198,
    brow_thick=0.024,
    brow_arch=0.020,
    nose_width=1.08,
    nose_bridge=1.05,
    mouth_y=0.300,
    mouth_half_width=0.158,
    lip_upper=0.034,
    lip_lower=0.050,
    lip=(0.46, 0.200, 0.165),
    skin=(0.56, 0.345, 0.245),
    flush=0.8,
    stubble=0.55,
    freckles=0.25,
    hair=(0.060, 0.032, 0.017),
    hair_light=(0.30, 0.175, 0.090),
    hair_style="short",
    lash=0.012,
    cloth=(0.030, 0.052, 0.085),
    cloth_style="jacket",
    inner_cloth=(0.50, 0.54, 0.58),
    wall=(0.085, 0.105, 0.115),
    lamp=(0.95, 0.60, 0.28),
    neck=0.262,
)

NOOR = Look(
    name="noor",
    seed=23,
    outline=(0.22, 0.375, 0.418, 0.425, 0.414, 0.374, 0.318, 0.250, 0.180, 0.112, 0.0),
    eye_x=0.182,
    eye_y=-0.088,
    eye_half_width=0.095,
    eye_open=0.050,
    eye_tilt=0.16,
    iris=(0.16, 0.072, 0.028),
    brow_y=-0.200,
    brow_thick=0.017,
    brow_arch=0.034,
    nose_width=0.90,
    nose_bridge=0.88,
    mouth_y=0.297,
    mouth_half_width=0.150,
    lip_upper=0.041,
    lip_lower=0.058,
    lip=(0.40, 0.105, 0.105),
    skin=(0.41, 0.222, 0.135),
    flush=0.6,
    stubble=0.0,
    freckles=0.10,
    hair=(0.018, 0.011, 0.009),
    hair_light=(0.13, 0.075, 0.050),
    hair_style="long",
    lash=0.020,
    cloth=(0.26, 0.065, 0.055),
    cloth_style="knit",
    inner_cloth=(0.26, 0.065, 0.055),
    wall=(0.20, 0.165, 0.130),
    lamp=(0.55, 0.75, 0.80),
    neck=0.205,
)

LOOKS = {look.name: look for look in (IVO, NOOR)}
