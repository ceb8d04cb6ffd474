"""Normalising, components, whitening and what is read off the lips. Tolerances: section 7 of the page."""

from __future__ import annotations

import numpy as np
import pytest

from engine.models.obamanet_keypoints import (
    MOUTH,
    Components,
    closure_recall,
    denormalise,
    lip_gap,
    normalise,
)


def faces(frames=40, seed=0, dtype=np.float64):
    """Faces of 68 points with a level eye line on average, moving mouths, anywhere."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(68, 2)) * 30
    base[36:42] = np.array((-30, -20)) + rng.normal(size=(6, 2))
    base[42:48] = np.array((30, -20)) + rng.normal(size=(6, 2))
    points = np.repeat(base[None], frames, 0) + rng.normal(size=(frames, 68, 2))
    return (points + 128).astype(dtype)


def moved(points, shift, angle, scale):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points @ turn.T * scale + shift).astype(points.dtype)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-14), (np.float32, 1e-6)])
def test_that_normalising_forgets_shift_rotation_and_scale(dtype, tolerance):
    points = faces(dtype=dtype)
    unit, offset, _ = normalise(points)
    again, offset_again, placed = normalise(moved(points, (17.0, -40.0), 0.3, 1.7))
    assert np.abs(again - unit).max() < tolerance
    assert np.abs(offset_again - offset).max() < tolerance
    _, _, before = normalise(points)
    assert np.allclose(placed.scale, 1.7 * before.scale, rtol=1e-5)
    assert np.allclose(placed.tilt, before.tilt + 0.3, atol=1e-5)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 1e-3)])
def test_that_denormalising_undoes_normalising_by_the_centre_and_by_the_nose(dtype, tolerance):
    points = faces(dtype=dtype)
    unit, offset, placed = normalise(points)
    assert np.abs(denormalise(unit, placed) - points[:, MOUTH]).max() < tolerance  # pixels, of 256
    assert np.abs(denormalise(unit, placed, offset) - points[:, MOUTH]).max() < tolerance


def test_that_all_68_points_have_the_norm_one_and_the_eyes_are_level():
    points = faces()
    unit, _, placed = normalise(points)
    free = (points - placed.centre[:, None]) / placed.scale[:, None, None]
    assert np.allclose((free**2).sum((1, 2)), 1.0)
    assert np.allclose(unit.mean(1), 0.0, atol=1e-12)
    level, _, after = normalise(moved(points, (0, 0), -float(placed.tilt[0]), 1.0)[:1])
    assert abs(float(after.tilt[0])) < 1e-12 and level.shape == (1, 20, 2)


def test_that_the_residual_is_the_sum_of_the_dropped_variances():
    unit, offset, _ = normalise(faces(300))
    for k in (1, 5, 8, 39):
        components = Components.fit(unit, offset, k)
        back, _ = components.decode(components.encode(unit))
        residual = ((back - unit) ** 2).sum((1, 2)).mean()
        dropped = components.variances[k:].sum()
        assert residual == pytest.approx(dropped, rel=1e-9)


def test_that_whitened_components_have_variance_one_and_no_correlation():
    unit, offset, _ = normalise(faces(300))
    components = Components.fit(unit, offset, 5)
    code = components.encode(unit, offset)
    assert code.shape == (300, 7)
    assert np.allclose(np.cov(code[:, :5].T, bias=True), np.eye(5), atol=1e-9)
    assert np.allclose(code[:, 5:].std(0), 1.0)
    assert components.explained[-1] == pytest.approx(1.0)
    _, offset_back = components.decode(code)
    assert np.allclose(offset_back, offset)


def test_that_saved_components_are_the_same_components():
    unit, offset, _ = normalise(faces(60))
    components = Components.fit(unit, offset, 5)
    again = Components.of(components.state())
    assert np.array_equal(again.encode(unit, offset), components.encode(unit, offset))
    with pytest.raises(ValueError, match="basis"):
        Components.of({name: value for name, value in components.state().items() if name != "basis"})


def test_that_lost_landmarks_too_few_frames_and_a_frozen_face_are_named():
    points = faces(12)
    points[3] = 7.0
    points[8, 50] = np.nan
    with pytest.raises(ValueError, match="3, 8"):
        normalise(points)
    unit, offset, _ = normalise(faces(4))
    with pytest.raises(ValueError, match="4 frames cannot give 5"):
        Components.fit(unit, offset, 5)
    with pytest.raises(ValueError, match="never moves"):
        Components.fit(np.repeat(unit[:1], 20, 0), np.repeat(offset[:1], 20, 0), 2)


def test_that_closures_are_counted_by_runs_and_by_chance_when_the_gap_knows_nothing():
    closed = np.zeros(1000, dtype=bool)
    for start in range(10, 1000, 50):
        closed[start : start + 8] = True
    knowing = np.where(closed, 0.0, 1.0) + np.linspace(0, 0.01, 1000)
    # 160 of 1000 frames are shut, a little more than 15 percent; nearly every run still reaches below the bar
    assert closure_recall(knowing, closed) == (19, 20)
    assert closure_recall(-knowing, closed)[0] == 0
    assert closure_recall(knowing, np.zeros(1000, dtype=bool)) == (0, 0)


def test_that_the_gap_is_the_height_of_the_opening():
    mouth = np.zeros((1, 20, 2))
    mouth[0, 12:20, 0] = (-2, -1, 0, 1, 2, 1, 0, -1)
    mouth[0, 17:20, 1] = 3.0
    assert lip_gap(mouth)[0] == pytest.approx(3.0)
