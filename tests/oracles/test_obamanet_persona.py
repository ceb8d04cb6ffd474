"""The persona: exact keypoints, what moves and what does not, two different heads, motion that loops."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from engine.data.obamanet_persona import BLINK, GAZE_X, PITCH, POSE, ROLL, SHIFT_X, YAW, Persona, resting_pose
from engine.data.obamanet_persona_look import LOOKS
from engine.data.obamanet_persona_motion import idle
from engine.data.obamanet_persona_mouth import LipCurves, Mouth
from engine.data.obamanet_visemes import mouth_track
from engine.models.obamanet_keypoints import Components, lip_gap, normalise

NAMES = sorted(LOOKS)


@cache
def persona(name="ivo"):
    return Persona(name, 128)


def posed(**values):
    pose = resting_pose()
    columns = {"yaw": YAW, "pitch": PITCH, "roll": ROLL, "shift": SHIFT_X, "blink": BLINK, "gaze": GAZE_X}
    for name, value in values.items():
        pose[columns[name]] = value
    return pose


def grey(picture):
    return picture.astype(np.float64).mean(-1)


@pytest.mark.parametrize("name", NAMES)
def test_that_a_frame_is_finite_deterministic_and_of_its_size(name):
    one = persona(name).frame(Mouth(jaw=0.4), posed(yaw=0.05))
    again = persona(name).frame(Mouth(jaw=0.4), posed(yaw=0.05))
    assert one.shape == (128, 128, 3) and one.dtype == np.uint8
    assert np.array_equal(one, again)
    assert 60 < one.mean() < 180 and one.std() > 30


def test_that_the_personas_differ_in_geometry_and_in_colour():
    points = {name: persona(name).keypoints(Mouth(), resting_pose()) for name in NAMES}
    pictures = {name: persona(name).frame(Mouth(), resting_pose()).astype(float) for name in NAMES}
    first, second = NAMES
    assert np.abs(points[first] - points[second]).max() > 2.0
    assert np.abs(pictures[first] - pictures[second]).mean() > 15.0


@pytest.mark.parametrize("name", NAMES)
def test_that_the_inner_contour_is_where_the_mouths_darkness_begins(name):
    """Exact keypoints: in the middle column the picture falls to the dark of the mouth within a pixel of them."""
    head = persona(name)
    shut = head.frame(Mouth(), resting_pose()).astype(float)
    wide = Mouth(jaw=0.9, raise_upper=0.3)
    points, picture = head.keypoints(wide, resting_pose()), head.frame(wide, resting_pose()).astype(float)
    column = round(float(points[66, 0]))
    dark = grey(picture)[:, column]
    low = round(float(points[66, 1]))
    assert dark[low - 2] < dark[low + 2] - 15  # inside above, lip below
    assert (
        np.abs(grey(shut)[: round(float(points[33, 1])) - 6] - grey(picture)[: round(float(points[33, 1])) - 6]).max()
        < 1
    )


@pytest.mark.parametrize("pose", [posed(yaw=0.10), posed(pitch=0.06), posed(roll=0.06), posed(shift=0.05)])
def test_that_keypoints_move_with_the_picture(pose):
    """The patch round each lip corner and eye corner is found again where the keypoints say, within a pixel."""
    head, mouth = persona(), Mouth(smile=0.1)
    still, there = grey(head.frame(mouth, resting_pose())), grey(head.frame(mouth, pose))
    before, after = head.keypoints(mouth, resting_pose()), head.keypoints(mouth, pose)
    for index in (36, 45, 48, 54, 51, 57):
        (x0, y0), (x1, y1) = before[index], after[index]
        rows, columns = np.mgrid[-5:6, -5:6]
        patch = ndimage.map_coordinates(still, [y0 + rows, x0 + columns], order=1)
        scores = {}
        for dy in np.arange(-3, 3.01, 0.5):
            for dx in np.arange(-3, 3.01, 0.5):
                there_patch = ndimage.map_coordinates(there, [y1 + dy + rows, x1 + dx + columns], order=1)
                scores[dx, dy] = np.corrcoef(patch.ravel(), there_patch.ravel())[0, 1]
        dx, dy = max(scores, key=scores.get)
        assert np.hypot(dx, dy) <= 1.2, (index, dx, dy)


def test_that_roll_is_a_rotation_and_yaw_brings_the_nose_forward():
    head, mouth = persona(), Mouth(jaw=0.3)
    both = np.stack([head.keypoints(mouth, resting_pose()), head.keypoints(mouth, posed(roll=0.06))]).astype(float)
    unit, _, placed = normalise(both)
    assert placed.tilt[1] - placed.tilt[0] == pytest.approx(0.06, abs=0.004)
    assert placed.scale[1] == pytest.approx(placed.scale[0], rel=0.02)
    assert np.abs(unit[1] - unit[0]).max() < 0.012
    upright = both[:, 33] - both[:, 27]  # the nose's own line turns with the eyes' line: no shear
    lean = np.arctan2(-upright[:, 0], upright[:, 1])
    assert lean[1] - lean[0] == pytest.approx(0.06, abs=0.008)
    turned = head.keypoints(mouth, posed(yaw=0.10)) - head.keypoints(mouth, resting_pose())
    assert turned[30, 0] > turned[[0, 16], 0].mean() + 1.0  # the tip of the nose against the sides of the jaw


def test_that_speech_moves_only_the_lower_face_and_a_blink_only_the_eyes():
    head = persona()
    rest = head.frame(Mouth(), resting_pose()).astype(int)
    talk = head.frame(Mouth(jaw=0.8, wide=0.3), resting_pose()).astype(int)
    blink = head.frame(Mouth(), posed(blink=1.0)).astype(int)
    points = head.keypoints(Mouth(), resting_pose())
    above_lips = int(points[30, 1]) - 2
    assert np.array_equal(talk[:above_lips], rest[:above_lips])
    below_eyes = int(points[30, 1])
    assert np.array_equal(blink[below_eyes:], rest[below_eyes:])
    eye = (slice(int(points[37, 1]) - 1, int(points[41, 1]) + 2), slice(int(points[36, 0]), int(points[39, 0])))
    assert np.abs(blink[eye] - rest[eye]).mean() > 15


def test_that_the_mouth_at_rest_shows_the_lit_picture_untouched():
    """The warp of a resting mouth is the identity: no seam where nothing moves."""
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 61), np.linspace(0.1, 0.9, 61))
    look = LOOKS["ivo"]
    from_x, from_y, opened = LipCurves(look, Mouth()).source(x.astype(np.float32), y.astype(np.float32))
    assert np.abs(from_x - x).max() < 1e-5 and np.abs(from_y - y).max() < 1e-5
    assert opened.max() < 1e-5


@pytest.mark.parametrize("mouth", [Mouth(jaw=1.0, wide=1.0), Mouth(jaw=0.5, round=1.0), Mouth(press=1.0, smile=0.8)])
def test_that_the_warp_has_no_tear_but_the_mouth_and_never_folds(mouth):
    look = LOOKS["noor"]
    curves = LipCurves(look, mouth)
    x, y = np.meshgrid(np.linspace(-0.55, 0.55, 221), np.linspace(0.12, 0.92, 321))
    from_x, from_y, opened = curves.source(x.astype(np.float32), y.astype(np.float32))
    skin = (opened[1:] < 0) & (opened[:-1] < 0)
    down = np.diff(from_y, axis=0)[skin]
    assert down.min() > -6e-4  # beside a rounded mouth it doubles back by less than a tenth of a pixel of 256
    assert down.max() < 0.0025 * 6  # stretched less than six times
    across = np.abs(np.diff(from_y, axis=1))[(opened[:, 1:] < 0) & (opened[:, :-1] < 0)]
    assert across.max() < 0.02 and np.diff(from_x, axis=1).min() > -1e-5


def test_that_the_lips_own_points_are_the_knots_of_the_warp():
    look = LOOKS["ivo"]
    for mouth in (Mouth(jaw=0.7, wide=0.4), Mouth(round=0.9, jaw=0.2)):
        curves, rest = LipCurves(look, mouth), LipCurves(look, Mouth())
        moved, still = curves.points(), rest.points()
        outer = slice(0, 12)
        from_x, from_y, _ = curves.source(moved[outer, 0], moved[outer, 1])
        assert np.abs(from_x - still[outer, 0]).max() < 2e-3
        assert np.abs(from_y - still[outer, 1]).max() < 2e-3


def test_that_many_frames_of_keypoints_are_those_of_each():
    head = persona()
    track = mouth_track(["_", "m", "aa1", "w", "iy", "."], [0.1, 0.1, 0.2, 0.1, 0.2, 0.2])
    mood = np.tile(np.array((0.3, -0.2), dtype=np.float32), (len(track), 1))
    together = head.spoken_keypoints(track, mood)
    for t in (0, 20, 45, len(track) - 1):
        alone = head.keypoints(Mouth.of(track[t], mood[t]), resting_pose())
        assert np.abs(together[t, 48:] - alone[48:]).max() < 0.02
        assert np.abs(together[t, :17] - alone[:17]).max() < 0.3  # the resting relief decides on parallax only


def test_that_pressed_lips_close_and_mood_gives_more_than_three_components():
    look = LOOKS["ivo"]
    assert LipCurves(look, Mouth(jaw=0.3, press=1.0)).gap() < 0.05 * LipCurves(look, Mouth(jaw=0.3)).gap()
    rng = np.random.default_rng(0)
    track = rng.uniform(0, 0.6, size=(400, 7)).astype(np.float32)
    mood = rng.uniform(-0.4, 0.4, size=(400, 2)).astype(np.float32)
    unit, offset, _ = normalise(persona().spoken_keypoints(track, mood).astype(np.float64))
    components = Components.fit(unit, offset, 5)
    assert components.explained[2] < 0.99 < components.explained[7]
    assert lip_gap(persona().spoken_keypoints(track)[:, 48:]).std() > 0.5


def test_that_idle_motion_loops_blinks_and_is_the_seeds():
    poses = idle(250, 3)
    assert poses.shape == (250, POSE) and np.array_equal(poses, idle(250, 3))
    assert not np.array_equal(poses, idle(250, 4))
    step = np.abs(np.diff(poses[:, :6], axis=0)).max(0)
    seam = np.abs(poses[0, :6] - poses[-1, :6])
    assert (seam <= 1.5 * step + 1e-6).all()
    blinks = ((poses[1:, BLINK] >= 0.9) & (poses[:-1, BLINK] < 0.9)).sum()
    assert 1 <= blinks <= 8
    assert np.abs(poses[:, [YAW, PITCH, ROLL]]).max() < 0.15
    nods = idle(250, 3, np.ones(250))
    assert nods[:, PITCH].mean() > poses[:, PITCH].mean()
    assert idle(1, 0).shape == (1, POSE)
    with pytest.raises(ValueError, match="0 frames"):
        idle(0, 0)
    with pytest.raises(ValueError, match="3 values for 5"):
        idle(5, 0, np.ones(3))


def test_that_unknown_names_and_sizes_are_refused():
    with pytest.raises(ValueError, match="ivo"):
        Persona("nobody", 128)
    with pytest.raises(ValueError, match="not 100"):
        Persona("ivo", 100)
