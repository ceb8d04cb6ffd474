"""The mouth in motion: seven numbers to lip curves, how they pull the lit skin, and what is seen between the lips.

The lit picture of the closed mouth is cut along the line where the lips meet. Each column of a frame is a monotone
piecewise linear map of heights: the knots are the lips' four curves, the nose base, the chin and the neck. So the
texture of lips and skin moves with them without a seam, and the curves themselves are the exact keypoints.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.obamanet_persona_fields import Field, noise, ramp
from engine.data.obamanet_persona_look import Look
from engine.data.obamanet_persona_shape import NOSE_BASE_Y, Lips

NECK_Y = 0.86  # below this the jaw moves nothing
REACH_X = 0.43  # nor does the mouth's width beyond this
MM = 0.0057  # a millimetre in face units
OUTER_U = np.array((-1.0, -0.62, -0.27, 0.0, 0.27, 0.62, 1.0, 0.64, 0.30, 0.0, -0.30, -0.64), dtype=np.float32)
INNER_U = np.array((-0.90, -0.34, 0.0, 0.34, 0.90, 0.34, 0.0, -0.34), dtype=np.float32)


def jaw_share(x: Field) -> Field:
    """How much of the jaw's drop the chin's outline shows beside the middle: it hangs from below the ears."""
    return np.asarray(np.exp(-((x / 0.30) ** 4)), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Mouth:
    """One position. Numbers: jaw, round, raise_upper, press, tongue in 0..1; wide, drop_lower, smile, skew in -1..1."""

    jaw: float | Field = 0.0
    wide: float | Field = 0.0
    round: float | Field = 0.0
    raise_upper: float | Field = 0.0
    drop_lower: float | Field = 0.0
    press: float | Field = 0.0
    tongue: float | Field = 0.0
    smile: float | Field = 0.0
    skew: float | Field = 0.0

    @classmethod
    def of(cls, seven: NDArray[np.floating], mood: NDArray[np.floating] | None = None) -> Mouth:
        """From a row of a mouth track [7] and, if any, of a mood track [2] (smile, skew)."""
        extra = () if mood is None else (float(mood[0]), float(mood[1]))
        return cls(*(float(v) for v in seven), *extra)


class LipCurves:
    """The lip curves of one position (or of T, its numbers [T, 1]) in face units, with the drop of jaw and corners."""

    def __init__(self, look: Look, mouth: Mouth) -> None:
        self.look, self.rest, self.mouth = look, Lips(look), mouth
        m = mouth
        self.jaw = 0.105 * np.maximum(m.jaw, 0.0)
        wider = 0.17 * m.wide - 0.40 * m.round + 0.10 * m.smile + 0.03 * m.press
        self.half = look.mouth_half_width * np.maximum(1.0 + wider, 0.4)
        self.corner = 0.30 * self.jaw - 0.020 * m.smile - 0.004 * m.wide

    @classmethod
    def spoken(cls, look: Look, track: NDArray[np.floating], mood: NDArray[np.floating] | None = None) -> LipCurves:
        """Of every row of a mouth track [T, 7] and, if any, a mood track [T, 2]."""
        both = track if mood is None else np.concatenate([track, mood], axis=1)
        return cls(look, Mouth(*(both[:, k, None] for k in range(both.shape[1]))))

    def _shape(self, u: Field) -> Field:
        """How far the opening reaches over u: pointed when wide, an oval when rounded."""
        power = 0.72 - 0.20 * self.mouth.round - 0.14 * self.mouth.jaw
        return np.asarray(np.clip(1.0 - (u / 0.93) ** 2, 0.0, 1.0) ** power, dtype=np.float32)

    def tilt(self, u: Field) -> Field:
        """How corners and an uneven smile move the whole line."""
        m = self.mouth
        return np.asarray(self.corner * u * u - 0.014 * m.skew * u * np.abs(u), dtype=np.float32)

    def upper_inner(self, u: Field) -> Field:
        """Lower edge of the upper lip."""
        m = self.mouth
        lift = (0.030 * m.raise_upper + 0.012 * m.jaw + 0.009 * m.round) * (1.0 - m.press)
        return np.asarray(self.rest.line(u) + self.tilt(u) * 0.6 - lift * self._shape(u), dtype=np.float32)

    def lower_inner(self, u: Field) -> Field:
        """Upper edge of the lower lip; never above the upper lip's edge."""
        m = self.mouth
        drop = (0.90 * self.jaw + 0.034 * m.drop_lower + 0.015 * m.round) * (1.0 - 0.97 * m.press)
        low = self.rest.line(u) + self.tilt(u) * 0.6 + drop * self._shape(u)
        return np.asarray(np.maximum(low, self.upper_inner(u)), dtype=np.float32)

    def upper_outer(self, u: Field) -> Field:
        """Where the upper lip meets the skin."""
        m = self.mouth
        thick = 1.0 - 0.42 * m.press + 0.22 * m.round - 0.12 * m.wide - 0.16 * m.raise_upper - 0.10 * m.jaw
        return np.asarray(self.upper_inner(u) - thick * self.rest.upper_height(u), dtype=np.float32)

    def lower_outer(self, u: Field) -> Field:
        """Where the lower lip meets the skin."""
        m = self.mouth
        thick = (
            1.0 - 0.36 * m.press + 0.15 * m.round - 0.12 * m.wide - 0.10 * m.jaw + 0.30 * np.minimum(m.drop_lower, 0.0)
        )
        return np.asarray(self.lower_inner(u) + thick * self.rest.lower_height(u), dtype=np.float32)

    def gap(self) -> float:
        """Opening between the lips in the middle, face units."""
        middle = np.zeros(1, dtype=np.float32)
        return float((self.lower_inner(middle) - self.upper_inner(middle))[0])

    def points(self) -> Field:
        """The 20 lip points [..., 20, 2] in face units: 12 on the outer contour, 8 on the inner one."""
        heights = [
            self.upper_outer(OUTER_U[:7]),
            self.lower_outer(OUTER_U[7:]),
            self.upper_inner(INNER_U[:5]),
            self.lower_inner(INNER_U[5:]),
        ]
        x = np.concatenate([OUTER_U, INNER_U]) * self.half
        return np.asarray(np.stack([x, np.concatenate(heights, axis=-1)], axis=-1), dtype=np.float32)

    # --- from a frame's place back to the lit picture ------------------------------------------------------------

    def width_share(self, y: Field) -> Field:
        """How much of the mouth's widening acts at height y: all of it on the lips, none at nose and chin."""
        top = float(self.upper_outer(np.zeros(1, dtype=np.float32))[0]) - 0.020
        bottom = float(self.lower_outer(np.zeros(1, dtype=np.float32))[0]) + 0.008
        return ramp(min(NOSE_BASE_Y - 0.03, top - 0.05), top, y) * ramp(bottom + 0.13, bottom, y)

    def source(self, x: Field, y: Field) -> tuple[Field, Field, Field]:
        """Where in the lit picture the skin of the places (x, y) came from, and how far inside the mouth they lie.

        The last is positive between the lips (distance to the nearer lip, face units), negative outside.
        """
        rest_half, ax = self.look.mouth_half_width, np.abs(x)
        inner = ax * (rest_half / self.half)
        slope = (REACH_X - rest_half) / (REACH_X - self.half)
        beyond = np.maximum(rest_half + (ax - self.half) * slope, 0.0)
        wide = np.where(ax < self.half, inner, np.where(ax < REACH_X, beyond, ax)) * np.sign(x)
        from_x = x + self.width_share(y) * (wide - x)
        u = from_x / rest_half
        v = np.clip(u, -1.0, 1.0)
        aside = np.exp(-np.clip(np.abs(u) - 1.0, 0.0, None) * 1.3)
        line = self.rest.line(v)
        knots_here, knots_there = self._knots(v, u, aside, line, x)
        opened = np.minimum(y - knots_here[2], knots_here[3] - y)
        opened = np.where(np.abs(u) < 0.985, opened, -1.0)
        above = _piecewise(y, knots_here[:3], knots_there[:3])
        below = _piecewise(y, knots_here[3:], knots_there[3:])
        middle = 0.5 * (knots_here[2] + knots_here[3])
        return from_x, np.where(y < middle, above, below), opened

    def _knots(self, v: Field, u: Field, aside: Field, line: Field, x: Field) -> tuple[list[Field], list[Field]]:
        """Heights in the frame and in the lit picture: nose, upper lip (2), lower lip (2), chin, neck."""
        drift = (aside - 1.0) * (self.tilt(v) * 0.6)  # beyond the corners the pull fades
        gone = self.jaw * jaw_share(x)
        chin = 0.525 - 0.5 * x * x
        nose = np.full_like(v, NOSE_BASE_Y + 0.012)
        here = [
            nose,
            self.upper_outer(v) + drift,
            self.upper_inner(v) + drift,
            self.lower_inner(v) + drift,
            self.lower_outer(v) + drift,
            chin + gone,
            np.full_like(v, NECK_Y),
        ]
        there = [
            nose,
            line - self.rest.upper_height(v),
            line,
            line,
            line + self.rest.lower_height(v),
            chin,
            np.full_like(v, NECK_Y),
        ]
        return here, there


def _piecewise(y: Field, here: list[Field], there: list[Field]) -> Field:
    """The map of heights that takes each knot `here` to the one `there`; outside the knots nothing moves."""
    found = y + (there[0] - here[0])
    for k in range(len(here) - 1):
        span = np.maximum(here[k + 1] - here[k], 1e-5)
        within = there[k] + (y - here[k]) * (there[k + 1] - there[k]) / span
        found = np.where(y >= here[k], within, found)
    return np.where(y >= here[-1], y + (there[-1] - here[-1]), found)


@dataclass(frozen=True, slots=True)
class Tooth:
    """x of a tooth's sides, how far its edge hangs from the row's, and its brightness."""

    left: float
    right: float
    edge: float
    bright: float


def _row(widths_mm: tuple[float, ...], hang_mm: tuple[float, ...]) -> list[Tooth]:
    row, x = [], 0.0
    for k, (wide, hang) in enumerate(zip(widths_mm, hang_mm, strict=True)):
        row.append(Tooth(x, x + wide * MM, hang * MM, 1.0 - 0.050 * k))
        x += wide * MM
    return row


UPPER_ROW = _row((8.4, 6.6, 7.4, 6.2, 5.2), (0.0, 0.7, 0.1, 1.0, 1.6))
LOWER_ROW = _row((5.3, 5.8, 6.6, 6.2, 5.4), (0.0, 0.1, -0.2, 0.5, 1.0))
ENAMEL = np.array((0.940, 0.890, 0.795), dtype=np.float32)
GUM = np.array((0.56, 0.27, 0.26), dtype=np.float32)
DARK = np.array((0.120, 0.036, 0.034), dtype=np.float32)
TONGUE = np.array((0.66, 0.315, 0.305), dtype=np.float32)


def cavity(curves: LipCurves, x: Field, y: Field, opened: Field, pixel: float) -> Field:
    """What is seen between the lips [.., 3], as shown (gamma): teeth of skull and jaw, gums, tongue, darkness.

    x, y: places in face units; opened: `LipCurves.source`'s distance inside; pixel: the size of one, for soft edges.
    """
    m, look = curves.mouth, curves.look
    rest = look.mouth_y
    colour = np.broadcast_to(DARK, (*x.shape, 3)).copy()
    v = np.clip(x / curves.half, -1.0, 1.0)
    top, bottom = curves.upper_inner(v), curves.lower_inner(v)
    # cheeks and palate: a little red near the edges
    colour += (0.10 * np.clip(1.0 - opened / 0.05, 0.0, 1.0))[..., None] * np.array((1.0, 0.38, 0.34), dtype=np.float32)
    colour = _tongue(colour, curves, x, y, pixel)
    lower_edge = rest + 0.001 + 0.012 * m.round + 0.86 * curves.jaw * (1.0 - 0.6 * m.press)
    colour = _teeth(colour, LOWER_ROW, x, y, lower_edge, -1.0, 0.80, pixel)
    upper_edge = rest + 0.0125 - 0.25 * x * x - 0.005 * m.round
    colour = _teeth(colour, UPPER_ROW, x, y, upper_edge, 1.0, 1.0, pixel)
    # the lips' shade falls on what lies behind them, deeper under the upper one
    under_upper = np.clip((y - top) / 0.030, 0.0, 1.0)
    over_lower = np.clip((bottom - y) / 0.014, 0.0, 1.0)
    side = np.clip(1.0 - (np.abs(x) / curves.half) ** 2.6, 0.0, 1.0)
    shade = (0.52 + 0.48 * under_upper**0.7) * (0.60 + 0.40 * over_lower) * (0.22 + 0.78 * side)
    return np.asarray(colour * shade[..., None], dtype=np.float32)


def _tongue(colour: Field, curves: LipCurves, x: Field, y: Field, pixel: float) -> Field:
    m = curves.mouth
    floor = curves.look.mouth_y + 0.026 + 0.92 * curves.jaw
    raised = 0.038 + 0.050 * m.tongue
    width = 0.085 * (1.0 - 0.25 * m.round)
    back = floor - raised * np.sqrt(np.clip(1.0 - (x / width) ** 2, 0.0, 1.0))
    seen = ramp(-pixel, 2.0 * pixel, y - back) * (np.abs(x) < width)
    depth = np.clip((y - back) / 0.030, 0.0, 1.0)
    tone = 0.50 + 0.42 * np.sin(np.pi * np.clip(0.25 + 0.6 * depth, 0.0, 1.0)) + 0.10 * m.tongue
    groove = 1.0 - 0.20 * np.exp(-((x / 0.008) ** 2))
    gleam = 0.16 * np.exp(-(((x + 0.022) / 0.016) ** 2) - ((depth - 0.35) / 0.22) ** 2)
    lit = TONGUE * (tone * groove)[..., None] + gleam[..., None]
    return np.asarray(colour + (lit - colour) * seen[..., None], dtype=np.float32)


def _teeth(
    colour: Field, row: list[Tooth], x: Field, y: Field, edge: Field | float, hang: float, bright: float, pixel: float
) -> Field:
    """One row. hang = 1: the edge points down (upper teeth), -1: up. They curve back and darken to the sides."""
    ax = np.abs(x)
    for tooth in row:
        middle, half = 0.5 * (tooth.left + tooth.right), 0.5 * (tooth.right - tooth.left)
        w = (ax - middle) / half
        corner = 0.10 * half * np.clip(np.abs(w), 0.0, 1.0) ** 5  # rounded edges
        below = hang * (edge - y) - tooth.edge - corner  # >= 0 on the tooth's side of its edge
        long = 0.056 if hang > 0 else 0.046
        inside = ramp(-0.8 * pixel, 0.8 * pixel, below) * ramp(1.0, 0.97, np.abs(w)) * ramp(long + 0.004, long, below)
        round_ = 0.88 + 0.12 * np.sqrt(np.clip(1.0 - (w * 0.92) ** 2, 0.0, 1.0))
        at_edge = 1.0 - 0.10 * np.exp(-below / 0.006)
        neck = 1.0 - 0.14 * np.clip(below / long, 0.0, 1.0) ** 2
        gleam = 0.07 * np.exp(-(((w + 0.25) / 0.35) ** 2) - ((below - 0.024) / 0.012) ** 2)
        enamel = ENAMEL * (round_ * at_edge * neck * tooth.bright * bright)[..., None] + gleam[..., None]
        gap = ramp(1.0, 0.90, np.abs(w))
        enamel = enamel * (0.90 + 0.10 * gap)[..., None]
        gum = ramp(long - 0.006, long + 0.003, below) * (np.abs(w) <= 1.0) * ramp(long + 0.05, long + 0.03, below)
        colour = colour + (GUM * 0.8 * bright - colour) * gum[..., None]
        colour = colour + (enamel - colour) * inside[..., None]
    return np.asarray(colour, dtype=np.float32)


def mood_track(frames: int, fps: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Slow smile and skew [T, 2]: without them the lips have two or three components, not five (page, 5.2)."""
    slow = np.stack([noise((1, frames), 0.9 * fps, rng)[0] if frames > 1 else np.zeros(1), np.zeros(frames)], axis=1)
    if frames > 1:
        slow[:, 1] = noise((1, frames), 1.3 * fps, rng)[0]
    return np.asarray(np.clip(slow * (0.22, 0.16) + np.array((0.14, 0.0)), -0.6, 0.8), dtype=np.float32)
