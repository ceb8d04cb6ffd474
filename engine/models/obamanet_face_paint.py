"""What surrounds the frame network: the blanked rectangle, the drawn outline, the crop, the paste, and the mark.

Kumar et al. arXiv 1801.01442; page, sections 2.6, 2.7 item 6 and 6. Pictures are uint8 [H, W, 3] or, for the networks,
float in -1..1 [3, H, W]. Keypoints are pixels, 0 the middle of the first pixel.

Departures from the paper: the rectangle hangs from the base of the nose and reaches below the chin (a rectangle at the
target's own mouth leaks its motion, and its old chin contradicts the new mouth); only a crop is painted; the paste is
feathered over 1.5 pixels inside the rectangle, so outside it not one value changes. None of this is learned: it is
compositing, and the whole-frame network does without the crop and the paste.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.obamanet_keypoints import INNER, LEFT_EYE, MOUTH, NOSE_BASE, OUTER, POINTS, RIGHT_EYE

Picture = NDArray[np.uint8]
Array = NDArray[np.floating[Any]]

FEATHER = 1.5
PAPER_HALF_HEIGHT = 1.0 / 15.0  # of the norm N of all keypoints, in the re-implementations
PAPER_ASPECT = 1.8
# of the distance between the eyes, from the base of the nose: half width, above (towards the mouth), below the chin
HALF_WIDTH, TOP, BOTTOM = 1.06, 0.04, 1.52
CROP_SHARE = 0.5  # side of the crop over side of the frame: 64 of 128, 128 of 256
MARK_TEXT = "SYNTHETIC"
MARK_SHARE = 0.065  # height of the letters over the frame's; at least 0.06 is asked for


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Pixels left <= column < right, top <= row < bottom."""

    left: int
    top: int
    right: int
    bottom: int

    def within(self, height: int, width: int) -> Rectangle:
        """The part that lies in the picture."""
        return Rectangle(
            *(int(np.clip(v, 0, limit)) for v, limit in zip(self.edges, (width, height, width, height), strict=True))
        )

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """left, top, right, bottom."""
        return self.left, self.top, self.right, self.bottom

    def moved(self, dx: int, dy: int) -> Rectangle:
        """Shifted."""
        return Rectangle(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)


def _anchor(points: Array) -> tuple[Array, float]:
    """Base of the nose [2] and the distance between the eyes, pixels."""
    if points.shape != (POINTS, 2):
        raise ValueError(f"keypoints of shape {points.shape}: [{POINTS}, 2] is needed")
    eyes = points[RIGHT_EYE].mean(0) - points[LEFT_EYE].mean(0)
    return points[NOSE_BASE], float(np.hypot(*eyes))


def rectangle(points: Array, scale: float = 1.0) -> Rectangle:
    """The blank of one frame from its 68 keypoints: nose base to below the chin. scale: the knob of its size."""
    nose, eyes = _anchor(points)
    middle = 0.5 * (TOP + BOTTOM)
    half_high = 0.5 * (BOTTOM - TOP) * scale
    return Rectangle(
        round(float(nose[0]) - HALF_WIDTH * eyes * scale),
        round(float(nose[1]) + (middle - half_high) * eyes),
        round(float(nose[0]) + HALF_WIDTH * eyes * scale) + 1,
        round(float(nose[1]) + (middle + half_high) * eyes) + 1,
    )


def paper_rectangle(points: Array, scale: float = 1.0) -> Rectangle:
    """The blank of the re-implementations: half height N / 15, half width 1.8 times that, round the mouth's mean."""
    centre = points[MOUTH].mean(0)
    norm = float(np.sqrt(((points - centre) ** 2).sum()))
    high = norm * PAPER_HALF_HEIGHT * scale
    wide = high * PAPER_ASPECT
    x, y = float(centre[0]), float(centre[1])
    return Rectangle(round(x - wide), round(y - high), round(x + wide) + 1, round(y + high) + 1)


def crop_corner(points: Array, side: int, height: int, width: int) -> tuple[int, int]:
    """Left and top of the crop of `side` pixels round the blank, kept inside the frame."""
    blank = rectangle(points)
    left = round(0.5 * (blank.left + blank.right - side))
    top = round(0.5 * (blank.top + blank.bottom - side))
    return int(np.clip(left, 0, max(0, width - side))), int(np.clip(top, 0, max(0, height - side)))


def outline(mouth: Array, height: int, width: int, thick: float = 1.0) -> NDArray[np.float32]:
    """The two closed lip polygons of mouth [20, 2] as antialiased lines: coverage [H, W] in 0..1."""
    found = np.zeros((height, width), dtype=np.float32)
    for part in (OUTER, INNER):
        ring = mouth[part]
        _draw_lines(found, ring, np.roll(ring, -1, axis=0), thick)
    return found


def _draw_lines(found: NDArray[np.float32], starts: Array, ends: Array, thick: float) -> None:
    height, width = found.shape
    reach = 0.5 * thick + 1.0
    both = np.concatenate([starts, ends])
    if not np.isfinite(both).all():
        raise ValueError("a line's end is not finite")
    x0, y0 = np.floor(both.min(0) - reach).astype(int)
    x1, y1 = np.ceil(both.max(0) + reach).astype(int) + 1
    x0, x1 = np.clip([x0, x1], 0, width)
    y0, y1 = np.clip([y0, y1], 0, height)
    if x1 <= x0 or y1 <= y0:
        return
    columns, rows = np.arange(x0, x1, dtype=np.float32), np.arange(y0, y1, dtype=np.float32)[:, None]
    nearest = np.full((y1 - y0, x1 - x0), np.inf, dtype=np.float32)
    for (ax, ay), (bx, by) in zip(starts, ends, strict=True):
        dx, dy = float(bx - ax), float(by - ay)
        length = max(dx * dx + dy * dy, 1e-9)
        t = np.clip(((columns - ax) * dx + (rows - ay) * dy) / length, 0.0, 1.0)
        np.minimum(nearest, (columns - ax - t * dx) ** 2 + (rows - ay - t * dy) ** 2, out=nearest)
    cover = np.clip(0.5 * thick + 0.5 - np.sqrt(nearest), 0.0, 1.0)
    window = found[y0:y1, x0:x1]
    np.maximum(window, cover, out=window)


def feathered(blank: Rectangle, height: int, width: int, feather: float = FEATHER) -> NDArray[np.float32]:
    """Share of the painted picture [H, W]: 0 outside the blank, rising to 1 over `feather` pixels inside it.

    Where the blank is cut by the picture's own edge nothing fades: there is nothing to blend with.
    """
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    horizontal = _fade(x, blank.left, blank.right, width, feather)
    vertical = _fade(y, blank.top, blank.bottom, height, feather)
    return np.minimum(horizontal[None, :], vertical[:, None])


def _fade(at: NDArray[np.float32], low: int, high: int, size: int, feather: float) -> NDArray[np.float32]:
    inside = (at >= low) & (at < high)
    step = feather + 1.0
    rise = np.ones_like(at) if low <= 0 else np.clip((at - low + 1.0) / step, 0.0, 1.0)
    fall = np.ones_like(at) if high >= size else np.clip((high - at) / step, 0.0, 1.0)
    return np.asarray(np.where(inside, np.minimum(rise, fall), 0.0), dtype=np.float32)


def condition(frame: Picture, blank: Rectangle, mouth: Array, thick: float = 1.0) -> Picture:
    """The network's input: the frame with a black rectangle and the lips' outline in white inside it."""
    height, width = frame.shape[:2]
    inside = blank.within(height, width)
    found = frame.copy()
    window = found[inside.top : inside.bottom, inside.left : inside.right]
    lines = outline(mouth, height, width, thick)[inside.top : inside.bottom, inside.left : inside.right]
    window[:] = (lines[..., None] * 255.0 + 0.5).astype(np.uint8)
    return found


def to_network(picture: Picture) -> NDArray[np.float32]:
    """uint8 [..., H, W, 3] -> -1..1 [..., 3, H, W]."""
    return np.asarray(np.moveaxis(picture, -1, -3).astype(np.float32) / 127.5 - 1.0)


def to_picture(values: Array) -> Picture:
    """-1..1 [..., 3, H, W] -> uint8 [..., H, W, 3]."""
    scaled = np.clip((np.moveaxis(values, -3, -1) + 1.0) * 127.5 + 0.5, 0.0, 255.0)
    return np.ascontiguousarray(scaled.astype(np.uint8))


def composite(frame: Picture, painted: Picture, corner: tuple[int, int], blank: Rectangle) -> Picture:
    """The frame with the painted crop pasted through the feathered rectangle. Outside it, bit for bit the frame."""
    left, top = corner
    high, wide = painted.shape[:2]
    share = feathered(blank, *frame.shape[:2])[top : top + high, left : left + wide]
    found = frame.copy()
    window = found[top : top + high, left : left + wide]
    seen = share > 0.0
    blend = window + (painted.astype(np.float32) - window) * share[..., None]
    window[seen] = np.clip(blend + 0.5, 0.0, 255.0).astype(np.uint8)[seen]
    return found


@dataclass(frozen=True, slots=True)
class Job:
    """One frame to complete: x uint8 [S, S, 3] (condition), where the crop lies, and the blank in the frame."""

    x: Picture
    corner: tuple[int, int]
    blank: Rectangle

    def mask(self) -> NDArray[np.float32]:
        """The blank inside the crop [S, S], 0 or 1."""
        size = self.x.shape[0]
        inside = self.blank.moved(-self.corner[0], -self.corner[1]).within(size, size)
        found = np.zeros((size, size), dtype=np.float32)
        found[inside.top : inside.bottom, inside.left : inside.right] = 1.0
        return found


def job(
    frame: Picture,
    points: Array,
    mouth: Array | None = None,
    scale: float = 1.0,
    thick: float = 1.0,
    whole: bool = False,
) -> Job:
    """The network's work on one frame. points [68, 2]: the frame's own; mouth [20, 2]: the lips to paint (its own).

    whole: the paper's way, the entire frame (no crop).
    """
    height, width = frame.shape[:2]
    blank = rectangle(points, scale)
    lips = points[MOUTH] if mouth is None else mouth
    ready = condition(frame, blank, lips, thick)
    if whole:
        return Job(ready, (0, 0), blank)
    side = round(height * CROP_SHARE)
    left, top = crop_corner(points, side, height, width)
    return Job(np.ascontiguousarray(ready[top : top + side, left : left + side]), (left, top), blank)


def cut(frame: Picture, corner: tuple[int, int], side: int) -> Picture:
    """The frame's crop [side, side, 3] at `corner`."""
    left, top = corner
    return np.ascontiguousarray(frame[top : top + side, left : left + side])


# --- the mark -----------------------------------------------------------------------------------------------------

# Letters as strokes in a box of 0..0.62 x 0..1, y down.
_LETTERS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "S": (((0.58, 0.14), (0.44, 0.0), (0.18, 0.0), (0.04, 0.14), (0.04, 0.34), (0.16, 0.47), (0.46, 0.53),
           (0.58, 0.66), (0.58, 0.86), (0.44, 1.0), (0.18, 1.0), (0.04, 0.86)),),
    "Y": (((0.0, 0.0), (0.31, 0.5), (0.62, 0.0)), ((0.31, 0.5), (0.31, 1.0))),
    "N": (((0.05, 1.0), (0.05, 0.0), (0.57, 1.0), (0.57, 0.0)),),
    "T": (((0.0, 0.0), (0.62, 0.0)), ((0.31, 0.0), (0.31, 1.0))),
    "H": (((0.05, 0.0), (0.05, 1.0)), ((0.57, 0.0), (0.57, 1.0)), ((0.05, 0.5), (0.57, 0.5))),
    "E": (((0.57, 0.0), (0.06, 0.0), (0.06, 1.0), (0.57, 1.0)), ((0.06, 0.5), (0.48, 0.5))),
    "I": (((0.10, 0.0), (0.10, 1.0)),),
    "C": (((0.58, 0.16), (0.44, 0.0), (0.20, 0.0), (0.04, 0.18), (0.04, 0.82), (0.20, 1.0), (0.44, 1.0),
           (0.58, 0.84)),),
}  # fmt: skip
_ADVANCE, _NARROW = 0.84, {"I": 0.44}


def mark_height(height: int) -> int:
    """Height of the mark's letters, at least 6 % of the frame's."""
    return max(6, int(np.ceil(MARK_SHARE * height)))


def _mark(height: int) -> NDArray[np.float32]:
    """Coverage of the letters, cropped to them with a margin."""
    tall = float(mark_height(height))
    thick = max(1.0, tall / 7.0)
    margin = max(2, round(tall * 0.35))
    width = sum(_NARROW.get(c, _ADVANCE) for c in MARK_TEXT) * tall
    found = np.zeros((round(tall) + 2 * margin, round(width) + 2 * margin - round(0.15 * tall)), dtype=np.float32)
    x = float(margin)
    for letter in MARK_TEXT:
        for stroke in _LETTERS[letter]:
            path = np.asarray(stroke) * (tall - 1.0) + np.array((x, float(margin)))
            _draw_lines(found, path[:-1], path[1:], thick)
        x += _NARROW.get(letter, _ADVANCE) * tall
    return found


_MARKS: dict[int, NDArray[np.float32]] = {}


def burn_mark(frame: Picture) -> Picture:
    """The frame with SYNTHETIC burned into its lower left corner on a dark plate. Nothing in the program leaves it out.

    The letters are at least 6 % of the frame's height; frames narrower than the mark carry as much as fits.
    """
    height, width = frame.shape[:2]
    if height not in _MARKS:
        _MARKS[height] = _mark(height)
    letters = _MARKS[height][:height, :width]
    high, wide = letters.shape
    edge = min(max(2, height // 64), height - high, width - wide)
    found = frame.copy()
    window = found[height - high - edge : height - edge, edge : edge + wide]
    plate = window.astype(np.float32) * 0.42 + 10.0
    window[:] = (plate + (242.0 - plate) * letters[..., None]).astype(np.uint8)
    return found
