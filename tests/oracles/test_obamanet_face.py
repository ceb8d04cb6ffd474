"""Counts, receptive field, compositing, outline, mark and learning of the frame networks: section 7 of the page."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from engine.models.obamanet_face import (
    PAPER_UNET_NUMBERS,
    PATCH_GAN_NUMBERS,
    PATCH_GAN_SEES,
    FaceKnobs,
    FaceLearner,
    PaperUNet,
    PatchGan,
    RoiUNet,
    count,
    psnr,
    receptive_field,
)
from engine.models.obamanet_face_paint import (
    Rectangle,
    burn_mark,
    composite,
    condition,
    cut,
    feathered,
    job,
    mark_height,
    outline,
    paper_rectangle,
    rectangle,
    to_network,
    to_picture,
)


def frame(size=128, seed=0):
    return np.random.default_rng(seed).integers(0, 256, size=(size, size, 3), dtype=np.uint8)


def face(size=128):
    """68 points of a plausible face in the middle of a frame."""
    points = np.zeros((68, 2))
    points[:] = (0.5, 0.55)
    points[36:42], points[42:48] = (0.39, 0.45), (0.61, 0.45)
    points[33] = (0.5, 0.58)
    turn = np.linspace(np.pi, -np.pi, 12, endpoint=False)
    points[48:60] = np.stack([0.5 + 0.09 * np.cos(turn), 0.67 - 0.04 * np.sin(turn)], axis=1)
    turn = np.linspace(np.pi, -np.pi, 8, endpoint=False)
    points[60:68] = np.stack([0.5 + 0.07 * np.cos(turn), 0.67 - 0.015 * np.sin(turn)], axis=1)
    return points * size


@cache
def paper_network():
    return PaperUNet().eval()


def test_that_the_networks_have_the_published_numbers():
    assert count(paper_network()) == PAPER_UNET_NUMBERS == 54_414_531
    assert count(PatchGan()) == PATCH_GAN_NUMBERS == 2_768_705
    assert 0.86e6 < count(RoiUNet(24, 4)) < 0.88e6


def test_that_a_patch_of_the_judge_is_70_wide_and_256_pixels_have_30():
    judge = PatchGan().eval()
    assert judge.sees == receptive_field(3) == PATCH_GAN_SEES == 70
    picture = torch.randn(1, 3, 256, 256, requires_grad=True)
    verdict = judge(torch.zeros(1, 3, 256, 256), picture)
    assert verdict.shape == (1, 1, 30, 30)
    verdict[0, 0, 15, 15].backward()
    touched = picture.grad.abs().sum((0, 1)) > 0
    rows, columns = torch.where(touched)
    assert int(rows.max() - rows.min()) + 1 == 70 and int(columns.max() - columns.min()) + 1 == 70


def test_that_the_paper_network_completes_256_pixels_and_others_are_refused():
    net = paper_network()
    with torch.no_grad():
        y = net(torch.zeros(1, 3, 256, 256))
    assert y.shape == (1, 3, 256, 256) and float(y.abs().max()) <= 1.0
    with pytest.raises(ValueError, match="multiples of 256"):
        net(torch.zeros(1, 3, 128, 128))


def test_that_skips_join_every_level():
    net = RoiUNet(4, 3).eval()
    x = torch.randn(1, 3, 32, 32)
    whole = net(x)
    for k in range(net.levels - 1):
        kept = net.up[k].weight.data.clone()
        net.up[k].weight.data[net.widths[k] :] = 0.0  # the half that comes from the way down
        assert not torch.allclose(net(x), whole)
        net.up[k].weight.data = kept


def test_that_outside_the_rectangle_not_one_value_changes():
    picture, painted = frame(), frame(64, 1)
    blank, corner = Rectangle(40, 52, 90, 100), (33, 44)
    found = composite(picture, painted, corner, blank)
    outside = np.ones((128, 128), dtype=bool)
    outside[52:100, 40:90] = False
    assert np.array_equal(found[outside], picture[outside])
    middle = (slice(60, 92), slice(48, 82))
    assert np.array_equal(found[middle], painted[16:48, 15:49])
    assert not np.array_equal(found, picture)


def test_that_the_paste_is_feathered_inside_and_only_inside():
    share = feathered(Rectangle(10, 10, 30, 40), 64, 64)
    assert share[9].max() == share[:, 30].max() == 0.0
    assert 0.0 < share[10, 20] < share[11, 20] < 1.0 and share[13, 20] == 1.0
    at_edge = feathered(Rectangle(10, 40, 30, 99), 64, 64)
    assert at_edge[63, 20] == 1.0  # nothing to blend with below the picture


def test_that_a_painted_truth_pastes_back_to_the_frame_itself():
    picture, points = frame(), face()
    work = job(picture, points)
    found = composite(picture, cut(picture, work.corner, 64), work.corner, work.blank)
    assert np.array_equal(found, picture)


def test_that_the_condition_blanks_the_rectangle_and_draws_both_lips():
    picture, points = frame(), face()
    blank = rectangle(points)
    ready = condition(picture, blank, points[48:])
    inside = ready[blank.top : min(blank.bottom, 128), blank.left : blank.right]
    lines = outline(points[48:], 128, 128)[blank.top : min(blank.bottom, 128), blank.left : blank.right]
    assert np.array_equal(inside[lines == 0], np.zeros_like(inside[lines == 0]))
    assert inside.max() > 230 and 60 < (inside[..., 0] > 127).sum() < 260
    assert np.array_equal(ready[: blank.top], picture[: blank.top])


def test_that_lines_are_as_thick_as_asked_and_cut_at_the_edge():
    square = np.array([(10, 10), (30, 10), (30, 30), (10, 30)] * 5, dtype=float)
    one, three = outline(square, 48, 48), outline(square, 48, 48, 3.0)
    assert one[20, 10] == 1.0 and one[20, 12] == 0.0
    assert three[20, 11] == 1.0 and three[20, 13] == 0.0
    assert outline(square + 1000.0, 48, 48).sum() == 0.0
    with pytest.raises(ValueError, match="finite"):
        outline(square * np.nan, 48, 48)


def test_that_the_rectangle_hangs_from_the_nose_and_does_not_follow_the_mouth():
    points = face()
    other = points.copy()
    other[48:] += (3.0, 9.0)
    assert rectangle(points) == rectangle(other)
    assert paper_rectangle(points) != paper_rectangle(other)
    small, large = rectangle(points, 0.6), rectangle(points, 1.6)
    assert large.right - large.left > 2.4 * (small.right - small.left)


def test_that_pictures_survive_the_way_to_the_network_and_back():
    picture = frame()
    assert np.array_equal(to_picture(to_network(picture)), picture)
    assert to_network(picture).min() >= -1.0 and to_network(picture).max() <= 1.0


@pytest.mark.parametrize("size", [128, 256, 720])
def test_that_the_mark_is_burned_into_any_frame_and_is_large_enough(size):
    picture = np.full((size, size, 3), 128, dtype=np.uint8)
    marked = burn_mark(picture)
    assert mark_height(size) >= 0.06 * size
    bright = np.flatnonzero((marked[..., 0] > 200).any(1))
    assert bright[-1] - bright[0] + 1 >= 0.06 * size
    assert np.array_equal(picture, np.full_like(picture, 128))  # the frame given is not touched
    assert np.array_equal(marked[: size // 2], picture[: size // 2])


def test_that_a_small_network_learns_to_paint_a_mouth_from_its_outline():
    rng = np.random.default_rng(0)
    xs, ts, masks = [], [], []
    for _ in range(24):
        points = face(64)
        points[48:] = points[54:55] + (points[48:] - points[54:55]) * (1.0, rng.uniform(0.3, 2.0))
        picture = np.full((64, 64, 3), 170, dtype=np.uint8)
        lips = outline(points[48:], 64, 64, 4.0)[..., None]
        picture = (picture + (np.array((190, 60, 60)) - picture) * lips).astype(np.uint8)
        work = job(picture, points, whole=True)
        xs.append(to_network(work.x))
        ts.append(to_network(picture))
        masks.append(work.mask()[None])
    x, t, mask = (torch.from_numpy(np.stack(part)) for part in (xs, ts, masks))
    torch.manual_seed(0)
    net = RoiUNet(8, 3)
    learner = FaceLearner(net, FaceKnobs())
    first = learner.step(x[:8], t[:8], mask[:8])
    for step in range(60):
        pick = slice(8 * (step % 2), 8 * (step % 2) + 8)
        learner.step(x[pick], t[pick], mask[pick])
    net.eval()
    with torch.no_grad():
        held_out = psnr(net(x[16:]), t[16:], mask[16:])
    assert first.mask_l1 > 0.2 and held_out > 20.0


def test_that_the_gan_term_needs_a_judge_and_moves_both_networks():
    with pytest.raises(ValueError, match="judge"):
        FaceLearner(RoiUNet(4, 3), FaceKnobs()).set_knobs(FaceKnobs(lambda_gan=1.0))
    torch.manual_seed(0)
    net, judge = RoiUNet(4, 3), PatchGan(8, 2)
    learner = FaceLearner(net, FaceKnobs(lambda_l1=0.0, lambda_gan=1.0), judge)
    before = [p.clone() for p in (*net.parameters(), *judge.parameters())]
    x, t = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
    losses = learner.step(x, t, torch.ones(2, 1, 32, 32))
    after = [*net.parameters(), *judge.parameters()]
    moved = [not torch.equal(a, b) for a, b in zip(before, after, strict=True)]
    assert losses.gan > 0.0 and losses.judge > 0.0 and 0.0 <= losses.judge_right <= 1.0
    assert sum(moved) > 0.8 * len(moved)


def test_that_an_update_that_is_not_finite_is_left_out():
    net = RoiUNet(4, 3)
    before = [p.clone() for p in net.parameters()]
    learner = FaceLearner(net, FaceKnobs())
    learner.step(torch.full((1, 3, 32, 32), float("nan")), torch.zeros(1, 3, 32, 32), torch.ones(1, 1, 32, 32))
    assert learner.skipped == 1
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
