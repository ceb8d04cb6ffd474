"""A talking head of our own: any mouth, any pose, any look, at 128 or 256 pixels, with its exact 68 keypoints.

Page, section 5.3. Nobody sat for it: every persona is numbers (`obamanet_persona_look`), lit once
(`obamanet_persona_bake`) and then moved: the frame asks for each of its places where in the lit picture it came from,
first through the head's motion (parallax by the relief), then through jaw, lips and lids. The keypoints are the lips'
and lids' own curves sent forward through the same head motion.

    pose [T, POSE] columns: yaw, pitch, roll (radians), shift x, shift y (face units), log scale,
                            blink 0..1, gaze x, gaze y (-1..1), brow raise (-1..1)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.data.obamanet_persona_bake import Baked, bake
from engine.data.obamanet_persona_eyes import LidCurves, lashes, paint
from engine.data.obamanet_persona_fields import HALF_SPAN, Field, ramp, sample, shrink
from engine.data.obamanet_persona_look import LOOKS, Look
from engine.data.obamanet_persona_mouth import LipCurves, Mouth, cavity, jaw_share
from engine.data.obamanet_persona_shape import half_width

POSE = 10
YAW, PITCH, ROLL, SHIFT_X, SHIFT_Y, SCALE, BLINK, GAZE_X, GAZE_Y, BROW = range(POSE)
BAKED_SIZE = {256: 640, 128: 320}  # what is lit for each size of frame, and shrunk by two
ZOOM = 1.13  # the frame is a close shot: 1 / ZOOM of the baked half span, lifted a little
LIFT = 0.035
PIVOT_Y, PIVOT_Z = 0.42, 0.18  # the head turns round the top of the neck
# four places in each pixel of eyes and teeth
INSIDE_PIXEL = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))
STEPS = 3  # of the fixed point that inverts the parallax


@lru_cache(maxsize=4)
def _baked(name: str, size: int) -> Baked:
    large = bake(LOOKS[name], BAKED_SIZE[size])
    return Baked(*(np.ascontiguousarray(shrink(part, 2)) for part in (large.person, large.room, large.depth)))


@dataclass(slots=True)
class Moved:
    """The head's motion of one pose."""

    pose: NDArray[np.floating]

    def share(self, y: Field) -> Field:
        """How much of the head's motion acts at height y: shoulders keep almost still."""
        return np.asarray(0.10 + 0.90 * ramp(0.98, 0.48, y), dtype=np.float32)

    def offset(self, x: Field, y: Field, depth: Field) -> tuple[Field, Field]:
        """How far a point of the rested picture travels, face units."""
        yaw, pitch, roll, dx, dy, scale = (float(v) for v in self.pose[:6])
        z = depth - PIVOT_Z
        up = y - PIVOT_Y
        grow = np.exp(scale) - 1.0
        to_x = yaw * z - roll * up + dx + grow * x - 0.5 * yaw * yaw * x
        to_y = pitch * z + roll * x + dy + grow * up - 0.5 * pitch * pitch * up
        share = self.share(y)
        return share * to_x, share * to_y


class Persona:
    """One persona at one size. frame() paints, keypoints() tells where everything went; both are deterministic."""

    def __init__(self, name: str, size: int) -> None:
        if name not in LOOKS:
            raise ValueError(f"no persona {name!r}; there are: {', '.join(sorted(LOOKS))}")
        if size not in BAKED_SIZE:
            raise ValueError(f"a persona is painted at 128 or 256 pixels, not {size}")
        self.look: Look = LOOKS[name]
        self.size = size
        self.baked = _baked(name, size)
        self.pixel = 2.0 / ZOOM / size
        axis = ((np.arange(size, dtype=np.float32) + 0.5) / size * 2.0 - 1.0) / ZOOM
        x, y = np.meshgrid(axis, axis - LIFT)
        self._x, self._y = x.astype(np.float32), y.astype(np.float32)
        self._room = self._still_room()

    # --- places --------------------------------------------------------------------------------------------------

    def _texel(self, x: Field, y: Field) -> tuple[Field, Field]:
        per_unit = self.baked.person.shape[0] / (2.0 * HALF_SPAN)
        return (x + HALF_SPAN) * per_unit - 0.5, (y + HALF_SPAN) * per_unit - 0.5

    def to_pixels(self, points: Field) -> Field:
        """Face units of the frame -> pixels (0 is the middle of the first pixel)."""
        x = (points[..., 0] * ZOOM + 1.0) * 0.5 * self.size - 0.5
        y = ((points[..., 1] + LIFT) * ZOOM + 1.0) * 0.5 * self.size - 0.5
        return np.stack([x, y], axis=-1).astype(np.float32)

    def depth_at(self, x: Field, y: Field) -> Field:
        """Relief at places of the rested picture."""
        return sample(self.baked.depth, *self._texel(x, y))

    def _still_room(self) -> Field:
        return sample(self.baked.room, *self._texel(self._x, self._y))

    def _rested(self, moved: Moved) -> tuple[Field, Field]:
        """Where each pixel's content was before the head moved: a fixed point on every fourth pixel, then spread."""
        x, y = self._x[2::4, 2::4], self._y[2::4, 2::4]
        qx: Field = x.copy()
        qy: Field = y.copy()
        for _ in range(STEPS):
            ox, oy = moved.offset(qx, qy, self.depth_at(qx, qy))
            qx, qy = x - ox, y - oy
        small = np.stack([qx - x, qy - y])
        rows = (np.arange(self.size, dtype=np.float32) - 2.0) / 4.0
        at_y, at_x = np.meshgrid(rows, rows, indexing="ij")
        spread = sample(np.moveaxis(small, 0, -1), at_x, at_y)
        return self._x + spread[..., 0], self._y + spread[..., 1]

    # --- painting ------------------------------------------------------------------------------------------------

    def frame(self, mouth: Mouth, pose: NDArray[np.floating]) -> NDArray[np.uint8]:
        """One frame [S, S, 3]."""
        moved = Moved(pose)
        qx, qy = self._rested(moved)
        lips = LipCurves(self.look, mouth)
        sx, sy = qx.copy(), self._brow_lifted(qx, qy, float(pose[BROW]))
        box = self._box(qx, qy, (-0.47, 0.47), (0.13, 0.90))
        bx, by, opened = lips.source(qx[box], qy[box])
        sx[box], sy[box] = bx, by
        eyes = []
        for side in (-1.0, 1.0):
            lids = LidCurves(self.look, side, float(pose[BLINK]), float(pose[GAZE_Y]))
            near = sorted((side * (self.look.eye_x - 0.125), side * (self.look.eye_x + 0.125)))
            eye_box = self._box(qx, qy, (near[0], near[1]), (self.look.eye_y - 0.085, self.look.eye_y + 0.085))
            sy[eye_box] += lids.source_y(qy[eye_box], lids.across(qx[eye_box])) - qy[eye_box]
            eyes.append((lids, eye_box))
        person = sample(self.baked.person, *self._texel(sx, sy))
        for lids, eye_box in eyes:
            self._eye(person, lids, eye_box, qx, qy, (float(pose[GAZE_X]), float(pose[GAZE_Y])))
        self._inside(person, lips, box, qx[box], qy[box], opened)
        alpha = person[..., 3:]
        picture = self._room + (person[..., :3] - self._room) * alpha
        return (np.clip(picture, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)

    def _box(self, qx: Field, qy: Field, xs: tuple[float, float], ys: tuple[float, float]) -> tuple[slice, slice]:
        """The smallest window of pixels that holds a range of the rested picture."""
        inside = (qx > xs[0]) & (qx < xs[1]) & (qy > ys[0]) & (qy < ys[1])
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        if not len(rows):
            return slice(0, 0), slice(0, 0)
        return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)

    def _brow_lifted(self, qx: Field, qy: Field, lift: float) -> Field:
        if lift == 0.0:
            return qy.copy()
        reach = np.exp(-(((qy - self.look.brow_y) / 0.075) ** 2) - (((np.abs(qx) - 0.18) / 0.16) ** 2))
        return np.asarray(qy + 0.022 * lift * reach, dtype=np.float32)

    def _eye(
        self, person: Field, lids: LidCurves, box: tuple[slice, slice], qx: Field, qy: Field, gaze: tuple[float, float]
    ) -> None:
        x, y = qx[box], qy[box]
        if not x.size:
            return
        colour, seen, dark = np.zeros((*x.shape, 3), np.float32), np.zeros_like(x), np.zeros_like(x)
        for dx, dy in INSIDE_PIXEL:  # an iris is ten pixels wide
            at_x, at_y = x + dx * self.pixel, y + dy * self.pixel
            part, share = paint(lids, at_x, at_y, gaze, 0.5 * self.pixel)
            colour += part * share[..., None]
            seen += share
            dark += lashes(lids, at_x, at_y, 0.5 * self.pixel)
        patch, count = person[box], len(INSIDE_PIXEL)
        patch[..., :3] += (colour - patch[..., :3] * seen[..., None]) / count
        tint = np.asarray(self.look.hair, dtype=np.float32) ** (1 / 2.2) * 0.42
        patch[..., :3] += (tint - patch[..., :3]) * (dark / count)[..., None]

    def _inside(
        self, person: Field, lips: LipCurves, box: tuple[slice, slice], x: Field, y: Field, opened: Field
    ) -> None:
        patch = person[box]
        near = opened > -0.012
        rows, columns = np.flatnonzero(near.any(1)), np.flatnonzero(near.any(0))
        if not len(rows):
            return
        cut = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
        x, y, opened, patch = x[cut], y[cut], opened[cut], patch[cut]
        dark = np.exp(-np.clip(-opened, 0.0, None) / 0.0045) * 0.42 * np.clip(lips.gap() / 0.02, 0.0, 1.0)
        patch[..., :3] *= 1.0 - (dark * (opened <= 0))[..., None] * np.array((0.7, 0.9, 0.9), dtype=np.float32)
        seen = ramp(-0.25 * self.pixel, 1.1 * self.pixel, opened)
        colour = np.zeros((*x.shape, 3), np.float32)
        for dx, dy in INSIDE_PIXEL:  # teeth are a few pixels wide
            colour += cavity(lips, x + dx * self.pixel, y + dy * self.pixel, opened, 0.5 * self.pixel) / len(
                INSIDE_PIXEL
            )
        patch[..., :3] += (colour - patch[..., :3]) * seen[..., None]

    # --- keypoints -----------------------------------------------------------------------------------------------

    def keypoints(self, mouth: Mouth, pose: NDArray[np.floating]) -> Field:
        """The 68 points [68, 2] in pixels, in the usual order (jaw, brows, nose, eyes, lips 48..67)."""
        rested = self._rested_points(mouth, pose)
        depth = self.depth_at(rested[:, 0], rested[:, 1])
        ox, oy = Moved(pose).offset(rested[:, 0], rested[:, 1], depth)
        return self.to_pixels(np.stack([rested[:, 0] + ox, rested[:, 1] + oy], axis=-1))

    def spoken_keypoints(self, track: NDArray[np.floating], mood: NDArray[np.floating] | None = None) -> Field:
        """The 68 points [T, 68, 2] in pixels of a mouth track [T, 7] on a head that rests: what the lips learn from."""
        lips = LipCurves.spoken(self.look, track, mood)
        points = np.repeat(self._rested_points(Mouth(), resting_pose())[None], len(track), axis=0)
        points[:, :17, 1] += lips.jaw * jaw_share(points[:, :17, 0])
        points[:, 48:] = lips.points()
        return self.to_pixels(points)

    def _rested_points(self, mouth: Mouth, pose: NDArray[np.floating]) -> Field:
        look, lips = self.look, LipCurves(self.look, mouth)
        heights = np.interp(np.abs(np.linspace(-1, 1, 17)), (0, 0.25, 0.5, 0.75, 1), (0.572, 0.520, 0.395, 0.22, -0.06))
        jaw_y = heights.astype(np.float32)
        jaw_x = np.sign(np.linspace(-1, 1, 17)) * np.where(jaw_y > 0.57, 0.0, half_width(look, jaw_y))
        jaw = np.stack([jaw_x, jaw_y + lips.jaw * jaw_share(jaw_x)], axis=1)
        v = np.linspace(1.0, 0.0, 5)
        brow_x = 0.078 + 0.205 * v
        arch = (
            -look.brow_arch * np.sin(np.pi * np.clip(v * 0.92 + 0.02, 0, 1)) ** 1.3
            + 0.010 * v**3
            + 0.012 * (1.0 - v) ** 3
        )
        brow_y = look.brow_y + arch
        reach = np.exp(-(((brow_y - look.brow_y) / 0.075) ** 2) - (((brow_x - 0.18) / 0.16) ** 2))
        brow_y = brow_y - 0.022 * float(pose[BROW]) * reach
        brow = np.concatenate([np.stack([-brow_x, brow_y], 1), np.stack([brow_x[::-1], brow_y[::-1]], 1)])
        bridge = np.stack([np.zeros(4), np.array((-0.11, -0.03, 0.05, 0.118))], 1)
        under = np.stack(
            [np.array((-0.062, -0.032, 0.0, 0.032, 0.062)), np.array((0.150, 0.160, 0.166, 0.160, 0.150))], 1
        )
        eyes = [self._eye_points(side, pose) for side in (-1.0, 1.0)]
        return np.concatenate([jaw, brow, bridge, under, *eyes, lips.points()]).astype(np.float32)

    def _eye_points(self, side: float, pose: NDArray[np.floating]) -> Field:
        lids = LidCurves(self.look, side, float(pose[BLINK]), float(pose[GAZE_Y]))
        order = (1.0, 0.35, -0.35, -1.0, -0.35, 0.35) if side < 0 else (-1.0, -0.35, 0.35, 1.0, 0.35, -0.35)
        u = np.asarray(order, dtype=np.float32)
        y = np.where([True, True, True, True, False, False], lids.upper(u), lids.lower(u))
        return np.stack([side * (self.look.eye_x + self.look.eye_half_width * u), y], axis=1).astype(np.float32)


def resting_pose() -> NDArray[np.float32]:
    """Straight ahead, eyes open."""
    return np.zeros(POSE, dtype=np.float32)
