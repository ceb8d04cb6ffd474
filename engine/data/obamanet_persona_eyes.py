"""Eyes that look and blink: lids that pull the lit skin, ball, iris, catchlight, tear line and lashes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.data.obamanet_persona_fields import Field, ramp, sample
from engine.data.obamanet_persona_light import KEY, unit
from engine.data.obamanet_persona_look import Look
from engine.data.obamanet_persona_shape import Lids

IRIS = 0.0375  # radius: a real iris measures 11.7 mm across, here 2 x 0.0375
BALL = 0.086
RING, SPOKES = 48, 256
CLOSED = 0.96  # how far a shut lid travels towards the lower one


class LidCurves:
    """The lids of one eye at one moment. side -1: the picture's left eye. blink 0 open..1 shut; look_y down > 0."""

    def __init__(self, look: Look, side: float, blink: float, look_y: float) -> None:
        self.look, self.side, self.rest = look, side, Lids(look)
        self.shut = float(np.clip(blink + 0.30 * max(look_y, 0.0) - 0.10 * max(-look_y, 0.0), -0.12, 1.0))
        self.squint = 0.16 * float(np.clip(blink, 0.0, 1.0))

    def across(self, x: Field) -> Field:
        """u: -1 at the inner corner, 1 at the outer one."""
        return np.asarray((self.side * x - self.look.eye_x) / self.look.eye_half_width, dtype=np.float32)

    def lower(self, u: Field) -> Field:
        """Edge of the lower lid: it rises a little in a blink."""
        axis = self.rest.axis(u)
        low = self.rest.lower(u)
        return np.asarray(low + (axis - low) * self.squint, dtype=np.float32)

    def upper(self, u: Field) -> Field:
        """Edge of the upper lid."""
        up = self.rest.upper(u)
        return np.asarray(up + (self.lower(u) - up) * CLOSED * self.shut, dtype=np.float32)

    def source_y(self, y: Field, u: Field) -> Field:
        """Height in the lit picture of the skin at height y: the fold above stays, the lid's edge travels."""
        v = np.clip(u, -1.0, 1.0)
        fade = ramp(1.30, 1.0, np.abs(u))
        top = self.rest.crease(v) - 0.012
        here, there = self.upper(v), self.rest.upper(v)
        on_lid = top + (y - top) * (there - top) / np.maximum(here - top, 1e-4)
        low_here, low_there, bottom = self.lower(v), self.rest.lower(v), self.rest.lower(v) + 0.045
        under = bottom - (bottom - y) * (bottom - low_there) / np.maximum(bottom - low_here, 1e-4)
        moved = np.where(y < here, np.where(y > top, on_lid, y), np.where((y > low_here) & (y < bottom), under, y))
        return np.asarray(y + (moved - y) * fade, dtype=np.float32)


@lru_cache(maxsize=8)
def iris_table(look: Look) -> Field:
    """Colour [RING, SPOKES, 3] of an iris over radius and angle, as shown: fibres, a darker rim, a warm collar."""
    rng = np.random.default_rng(look.seed + 5)
    fibres = rng.standard_normal((RING, SPOKES)).astype(np.float32)
    wrapped = np.concatenate([fibres, fibres, fibres], axis=1)
    from scipy import ndimage  # type: ignore[import-untyped] # with scikit-learn

    streaks = ndimage.gaussian_filter(wrapped, (9.0, 0.9))[:, SPOKES : 2 * SPOKES]
    patches = ndimage.gaussian_filter(wrapped, (4.0, 6.0))[:, SPOKES : 2 * SPOKES]
    streaks, patches = streaks / streaks.std(), patches / patches.std()
    r = np.linspace(0.0, 1.0, RING, dtype=np.float32)[:, None]
    base = np.asarray(look.iris, dtype=np.float32) ** (1.0 / 2.2)
    tone = 1.0 + 0.13 * streaks + 0.10 * patches
    tone = tone * (0.80 + 0.35 * np.exp(-(((r - 0.55) / 0.25) ** 2))) * (1.0 - 0.62 * ramp(0.80, 1.0, r + 0 * streaks))
    warm = np.exp(-(((r - 0.48) / 0.11) ** 2))[..., None] * np.array((0.16, 0.08, 0.0), dtype=np.float32)
    return np.asarray(np.clip(base * tone[..., None] + warm * 0.7, 0.0, 1.0), dtype=np.float32)


def paint(lids: LidCurves, x: Field, y: Field, gaze: tuple[float, float], pixel: float) -> tuple[Field, Field]:
    """The eyeball's colour [.., 3] as shown, and where it is seen [..] between the lids."""
    look, side = lids.look, lids.side
    u = lids.across(x)
    v = np.clip(u, -1.0, 1.0)
    up, low = lids.upper(v), lids.lower(v)
    seen = ramp(-0.7 * pixel, 0.9 * pixel, y - up) * ramp(-0.7 * pixel, 0.9 * pixel, low - y) * (np.abs(u) < 1.0)
    seen = seen * ramp(0.002, 0.008, low - up)
    cx, cy = side * look.eye_x - side * 0.004, look.eye_y - 0.006
    bx, by = (x - cx) / BALL, (y - cy) / BALL
    bz = np.sqrt(np.clip(1.0 - bx * bx - by * by, 0.05, 1.0))
    facing = np.clip(np.stack([bx, by, bz], axis=-1) @ unit(KEY), 0.0, 1.0)
    lid_shade = np.clip((y - up) / 0.020, 0.0, 1.0) ** 0.8
    corner_shade = np.clip((1.0 - np.abs(v)) / 0.30, 0.0, 1.0) ** 0.6
    bright = (0.66 + 0.30 * facing) * (0.50 + 0.50 * lid_shade) * (0.66 + 0.34 * corner_shade)
    white = np.array((0.83, 0.775, 0.745), dtype=np.float32) * bright[..., None]
    pink = np.clip(np.abs(v) - 0.35, 0.0, 1.0)[..., None] * np.array((0.02, -0.06, -0.06), dtype=np.float32)
    colour = white + pink
    ix, iy = cx + 0.026 * gaze[0], cy + 0.020 * gaze[1] + 0.002
    dx, dy = (x - ix) / IRIS, (y - iy) / IRIS
    r, angle = np.sqrt(dx * dx + dy * dy), np.arctan2(dy, dx)
    table = sample(iris_table(look), (angle / (2 * np.pi) + 0.5) * (SPOKES - 1), np.clip(r, 0.0, 1.0) * (RING - 1))
    glow = 0.62 + 0.55 * np.clip(0.5 + 0.45 * (dx * 0.6 + dy * 0.8), 0.0, 1.0)  # light gathers opposite the lamp
    iris = table * (glow * (0.35 + 0.65 * lid_shade))[..., None]
    p = pixel / IRIS
    iris = iris * ramp(0.36 - 0.8 * p, 0.36 + 0.8 * p, r)[..., None] + 0.012
    colour = colour + (iris - colour) * ramp(1.0 + 0.8 * p, 1.0 - 0.8 * p, r)[..., None]
    rim = np.exp(-(((r - 1.02) / 0.10) ** 2))[..., None] * np.array((0.16, 0.15, 0.13), dtype=np.float32)
    colour = colour - rim * (0.6 * bright[..., None])
    caruncle = np.exp(-(((u + 0.93) / 0.10) ** 2) - ((y - lids.rest.axis(v)) / 0.011) ** 2)[..., None]
    colour = colour + (np.array((0.66, 0.40, 0.36), dtype=np.float32) - colour) * caruncle * 0.85
    # lamp and window in the cornea: they keep their place while the eye turns
    lx, ly = cx + 0.010 * gaze[0] - 0.36 * IRIS, cy + 0.008 * gaze[1] - 0.36 * IRIS
    lamp = ramp(0.24 + p, 0.24 - 0.5 * p, np.maximum(np.abs(x - lx) / IRIS * 1.05, np.abs(y - ly) / IRIS * 0.95))
    window = 0.22 * np.exp(
        -(((x - cx - 0.42 * IRIS) / (0.20 * IRIS)) ** 2) - ((y - cy - 0.40 * IRIS) / (0.26 * IRIS)) ** 2
    )
    colour = colour + (0.97 - colour) * (0.92 * lamp + window)[..., None]
    tear = np.exp(-(((low - y - 0.0035) / 0.0022) ** 2)) * np.clip(0.55 - 0.45 * v * side, 0.0, 1.0)
    colour = colour + 0.26 * (tear * ramp(1.0, 0.75, np.abs(v)))[..., None]
    return np.clip(colour, 0.0, 1.0).astype(np.float32), seen.astype(np.float32)


def lashes(lids: LidCurves, x: Field, y: Field, pixel: float) -> Field:
    """Darkness 0..1 of lashes and of the lids' dark edges."""
    look = lids.look
    u = lids.across(x)
    v = np.clip(u, -1.0, 1.0)
    within = ramp(1.06, 0.96, np.abs(u))
    up, low = lids.upper(v), lids.lower(v)
    above = up - y  # > 0 over the edge
    thick = max(0.0036, 0.45 * pixel) * (0.75 + 0.5 * ramp(-0.6, 0.8, v)) * (1.0 + 12.0 * (look.lash - 0.012))
    edge = np.exp(-((above / thick) ** 2)) * within * 0.88
    edge = edge + 0.30 * np.exp(-(((above + 0.006) / 0.006) ** 2)) * within  # their shade on the ball
    # single hairs fan outwards; they point up when open and down when shut
    point = 1.0 - 1.9 * ramp(0.35, 0.85, np.full_like(v, lids.shut))
    reach = look.lash * (0.55 + 0.65 * ramp(-0.8, 0.7, v))
    root = u - (0.25 + 0.55 * v) * np.clip(above * point, 0.0, None) / look.eye_half_width
    comb = 0.5 + 0.5 * np.cos(2 * np.pi * root * 11.0 + 2.2 * np.sin(5.0 * root))
    height = above * point
    hair = ramp(0.30, 0.85, comb) * ramp(1.0, 0.25, height / np.maximum(reach, 1e-4))
    hair = hair * (height > 0) * ramp(1.30, 1.0, np.abs(u)) * 0.55
    under = 0.22 * np.exp(-(((y - low - 0.001) / max(0.0030, 0.4 * pixel)) ** 2)) * ramp(1.0, 0.8, np.abs(v))
    found = 1.0 - (1.0 - np.clip(edge, 0.0, 0.95)) * (1.0 - hair) * (1.0 - under)
    return np.asarray(found, dtype=np.float32)
