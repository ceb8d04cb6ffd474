"""The relief of a head: outline, height towards the viewer, and the curves of eyes and lips at rest.

Page, section 5.3: an analytic height field. Everything is in face units of `Look`. The relief is only ever lit once;
what moves (jaw, lips, lids) moves the lit picture, by the curves that this file names.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator  # type: ignore[import-untyped] # with scikit-learn

from engine.data.obamanet_persona_fields import Field, blur, bump, grid, pair, ramp
from engine.data.obamanet_persona_look import Look

OUTLINE_Y = (-0.76, -0.55, -0.35, -0.12, 0.06, 0.22, 0.35, 0.445, 0.51, 0.552, 0.578)
CHIN_Y = OUTLINE_Y[-1]
NOSE_TIP_Y, NOSE_BASE_Y = 0.118, 0.158
EAR_X, EAR_Y = 0.445, 0.020
_DEPTH_Y = (-0.80, -0.62, -0.48, -0.35, -0.22, -0.12, 0.05, 0.25, 0.40, 0.48, 0.54, 0.578)
_DEPTH = (0.10, 0.330, 0.425, 0.470, 0.492, 0.478, 0.495, 0.510, 0.512, 0.515, 0.480, 0.400)
_NOSE_Y = (-0.26, -0.20, -0.13, -0.05, 0.03, 0.085, 0.116, 0.140, 0.164, 0.196)
_NOSE_RISE = (0.0, 0.008, 0.022, 0.056, 0.092, 0.120, 0.126, 0.104, 0.048, 0.0)
_NOSE_HALF = (0.060, 0.046, 0.034, 0.036, 0.042, 0.052, 0.056, 0.054, 0.046, 0.040)


def half_width(look: Look, y: Field) -> Field:
    """Half width of the bare head at height y; 0 above the crown and below the chin."""
    curve = PchipInterpolator(OUTLINE_Y, look.outline, extrapolate=False)
    return np.asarray(np.nan_to_num(curve(y)), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Lips:
    """The lips at rest, as heights over u = x / mouth_half_width in -1..1."""

    look: Look

    def line(self, u: Field) -> Field:
        """Where they meet."""
        wave = 0.006 * np.exp(-((u / 0.22) ** 2)) - 0.004 * np.exp(-(((np.abs(u) - 0.5) / 0.25) ** 2))
        return np.asarray(self.look.mouth_y + wave - 0.019 * np.abs(u) ** 3, dtype=np.float32)

    def upper_height(self, u: Field) -> Field:
        """Thickness of the upper lip: the bow has two peaks."""
        body = np.clip(1.0 - u * u, 0.0, 1.0) ** 0.8
        bow = 1.0 + 0.16 * np.exp(-(((np.abs(u) - 0.27) / 0.16) ** 2)) - 0.16 * np.exp(-((u / 0.12) ** 2))
        return np.asarray(self.look.lip_upper * body * bow, dtype=np.float32)

    def lower_height(self, u: Field) -> Field:
        """Thickness of the lower lip."""
        return np.asarray(self.look.lip_lower * np.clip(1.0 - u * u, 0.0, 1.0) ** 0.72, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Lids:
    """The edges of the open eye over u in -1 (towards the nose) .. 1, as heights on the page (y)."""

    look: Look

    def axis(self, u: Field) -> Field:
        """The line from corner to corner."""
        return np.asarray(
            self.look.eye_y + 0.004 - self.look.eye_tilt * self.look.eye_half_width * 0.5 * u, dtype=np.float32
        )

    def upper(self, u: Field) -> Field:
        """The edge of the upper lid: its highest point lies a little towards the nose."""
        lift = np.clip(1.0 - np.abs(u) ** 2.3, 0.0, 1.0) ** 0.80 * (1.0 - 0.10 * u)
        return np.asarray(self.axis(u) - self.look.eye_open * lift, dtype=np.float32)

    def lower(self, u: Field) -> Field:
        """The edge of the lower lid: flatter, lowest towards the temple."""
        drop = np.clip(1.0 - np.abs(u) ** 2.2, 0.0, 1.0) ** 0.85 * (1.0 + 0.16 * u)
        return np.asarray(self.axis(u) + 0.0235 * drop, dtype=np.float32)

    def crease(self, u: Field) -> Field:
        """The fold above the upper lid."""
        bend = np.clip(1.0 - (u * 0.82) ** 2, 0.0, 1.0) ** 0.5
        return np.asarray(self.axis(u) - 0.010 - (self.look.eye_open + 0.016) * bend, dtype=np.float32)


@dataclass(slots=True)
class Relief:
    """The head as fields [S, S] on `grid(S)`: height (face units), head (1 on the head), ear and neck (0..1)."""

    x: Field
    y: Field
    height: Field
    head: Field
    ear: Field
    neck: Field


def relief(look: Look, size: int) -> Relief:
    """Builds the relief of a persona at rest, mouth closed, eyes open."""
    x, y = grid(size)
    width = half_width(look, y)
    t = np.clip(np.abs(x) / np.maximum(width, 1e-4), 0.0, 1.0)
    depth = PchipInterpolator(_DEPTH_Y, _DEPTH, extrapolate=True)(np.clip(y, -0.80, CHIN_Y)).astype(np.float32)
    skull = depth * (1.0 - t**2.15) ** 0.5
    pixel = 2.3 / size
    head = ramp(-1.2 * pixel, 1.2 * pixel, width - np.abs(x)) * (width > 0)
    face = skull + _features(look, x, y)
    neck_z, neck = _neck(look, x, y)
    ear_z, ear = _ears(x, y)
    height = np.where(head > 0.5, face, np.where(ear > 0.5, ear_z, neck_z))
    return Relief(x, y, blur(height.astype(np.float32), 1.3 * size / 640), head, ear * (1.0 - head), neck)


def _features(look: Look, x: Field, y: Field) -> Field:
    """Everything that a face adds to a skull."""
    ax = np.abs(x)
    z = _nose(look, x, y)
    eye_x, eye_y = look.eye_x, look.eye_y
    z -= 0.078 * pair(x, y, eye_x - 0.010, eye_y - 0.014, 0.098, 0.056)
    z -= 0.042 * pair(x, y, eye_x - 0.090, eye_y - 0.014, 0.036, 0.048)
    z += 0.060 * pair(x, y, eye_x, eye_y, 0.070, 0.046)
    z += 0.024 * pair(x, y, eye_x, look.brow_y - 0.004, 0.110, 0.034)
    z += 0.007 * bump(x, y, 0.0, look.brow_y, 0.05, 0.035)
    z += 0.036 * pair(x, y, 0.258, 0.020, 0.095, 0.065)
    z -= 0.024 * pair(x, y, 0.275, 0.215, 0.085, 0.110)
    z -= 0.012 * pair(x, y, 0.385, -0.245, 0.060, 0.100)
    z += 0.010 * pair(x, y, 0.150, -0.38, 0.110, 0.075)
    z += 0.046 * bump(x, y, 0.0, look.mouth_y - 0.015, 0.150, 0.110)
    z -= 0.010 * pair(x, y, look.mouth_half_width + 0.018, look.mouth_y + 0.008, 0.020, 0.030)
    z -= 0.0065 * bump(x, y, 0.0, 0.205, 0.014, 0.034) - 0.0035 * pair(x, y, 0.025, 0.208, 0.011, 0.032)
    z -= 0.034 * bump(x, y, 0.0, look.mouth_y + look.lip_lower + 0.042, 0.095, 0.024)
    z += 0.026 * bump(x, y, 0.0, 0.475, 0.085, 0.048)
    z -= 0.004 * pair(x, y, eye_x + 0.01, eye_y + 0.075, 0.085, 0.016)  # the furrow under the lower lid
    # the fold from the wing of the nose to the corner of the mouth: a soft step, higher on the cheek's side
    fold_x = np.interp(y, (0.10, 0.15, 0.22, 0.30, 0.36), (0.070, 0.098, 0.150, 0.196, 0.205)).astype(np.float32)
    strength = ramp(0.09, 0.15, y) * ramp(0.37, 0.24, y)
    z += strength * (0.008 * np.tanh((ax - fold_x) / 0.016) * np.exp(-(((ax - fold_x) / 0.070) ** 2)))
    return z + _lips(look, x, y) + _lids(look, x, y)


def _nose(look: Look, x: Field, y: Field) -> Field:
    rise = PchipInterpolator(_NOSE_Y, _NOSE_RISE, extrapolate=False)
    ax = np.abs(x)
    under = y + 0.16 * np.clip(ax - 0.012, 0.0, 0.05) * ramp(0.06, 0.13, y)  # the tip hangs lower than its flanks
    half = np.interp(y, _NOSE_Y, _NOSE_HALF).astype(np.float32) * (0.55 + 0.45 * look.nose_width)
    ridge = np.nan_to_num(rise(under)).astype(np.float32) * look.nose_bridge
    z = ridge * np.exp(-((ax / (1.10 * half)) ** 2.6))
    wing_x = 0.064 * look.nose_width
    z += 0.066 * pair(x, y, wing_x, 0.126, 0.025, 0.030)
    z += 0.022 * bump(x, y, 0.0, 0.114, 0.036, 0.032)  # the tip
    z -= 0.020 * pair(x, y, 0.046 * look.nose_width, 0.108, 0.010, 0.030)  # between tip and wing
    z -= 0.040 * pair(x, y, 0.033 * look.nose_width, 0.1575, 0.0180, 0.0085)
    z -= 0.024 * pair(x, y, wing_x + 0.030, 0.120, 0.013, 0.036)  # behind the wing
    return np.asarray(z, dtype=np.float32)


def _lips(look: Look, x: Field, y: Field) -> Field:
    lips, u = Lips(look), x / look.mouth_half_width
    inside = np.abs(u) < 1.0
    line = lips.line(u)
    up, low = np.maximum(lips.upper_height(u), 1e-4), np.maximum(lips.lower_height(u), 1e-4)
    s_up = np.clip((line - y) / up, 0.0, 1.0)
    s_low = np.clip((y - line) / low, 0.0, 1.0)
    thick = np.clip(1.0 - u * u, 0.0, 1.0) ** 0.5
    upper = 0.019 * thick * np.clip(np.sin(np.pi * s_up**0.62), 0.0, 1.0) ** 0.9 * (y <= line)
    lower = 0.030 * thick * np.clip(np.sin(np.pi * s_low**0.75), 0.0, 1.0) ** 0.8 * (y > line)
    crease = -0.016 * np.exp(-(((y - line) / 0.0055) ** 2)) * np.clip(1.1 - u * u, 0.0, 1.0)
    return np.asarray(np.where(inside, upper + lower, 0.0) + np.where(np.abs(u) < 1.05, crease, 0.0), dtype=np.float32)


def _lids(look: Look, x: Field, y: Field) -> Field:
    lids = Lids(look)
    u = (np.abs(x) - look.eye_x) / look.eye_half_width
    near = np.clip(1.15 - u * u, 0.0, 1.0)
    fold = -0.0095 * np.exp(-(((y - lids.crease(u)) / 0.0075) ** 2)) * near
    roll = 0.007 * np.exp(-(((y - lids.crease(u) - 0.017) / 0.011) ** 2)) * near
    edge = 0.005 * np.exp(-(((y - lids.lower(u) - 0.008) / 0.008) ** 2)) * near
    return np.asarray(fold + roll + edge, dtype=np.float32)


def _neck(look: Look, x: Field, y: Field) -> tuple[Field, Field]:
    """The neck's column with its two muscles and the pit between the collar bones, and where it is seen."""
    spread = look.neck * (1.0 + 0.10 * ramp(0.55, 0.80, y)) + 0.55 * ramp(0.74, 1.05, y) ** 2
    t = np.clip(np.abs(x) / spread, 0.0, 1.0)
    z = 0.02 + 0.24 * np.sqrt(1.0 - t**2.2) - 0.05 * ramp(0.55, 0.9, y)
    slant = np.abs(x) - np.interp(y, (0.50, 0.95), (0.175, 0.045)).astype(np.float32)
    z += 0.012 * np.exp(-((slant / 0.034) ** 2)) * ramp(0.80, 0.66, y) - 0.012 * bump(x, y, 0.0, 0.90, 0.060, 0.060)
    z += 0.010 * bump(x, y, 0.0, 0.70, 0.035, 0.045) * (look.stubble > 0)
    pixel = 2.3 / x.shape[0]
    return np.asarray(z, dtype=np.float32), ramp(-pixel, pixel, spread - np.abs(x)) * (y > 0.1)


def _ears(x: Field, y: Field) -> tuple[Field, Field]:
    ax = np.abs(x)
    tilt = (ax - EAR_X) + 0.16 * (y - EAR_Y)
    radius = (tilt / 0.052) ** 2 + ((y - EAR_Y) / (0.124 - 0.30 * (tilt - 0.02))) ** 2
    seen = ramp(0.060, -0.060, radius - 1.0) * (ax > 0.36)
    z = 0.08 + 0.060 * np.exp(-(((np.sqrt(radius) - 0.80) / 0.15) ** 2)) - 0.06 * np.exp(-radius / 0.18)
    z += 0.030 * np.exp(-((tilt + 0.030) ** 2) / 0.0003 - ((y - EAR_Y - 0.03) / 0.03) ** 2)
    return np.asarray(z, dtype=np.float32), seen
