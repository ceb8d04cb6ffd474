"""The pictures and gestures of the GibbsNet tab say what they claim."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from engine.experiments.gibbsnet_mixing import whole
from engine.papers import gibbsnet_views as v
from tests.engine.experiments.gibbsnet_runs import begin
from tests.engine.experiments.runs import answer, train


@pytest.fixture(scope="module")
def taught():
    """The first preset with its trained weights; views do not write into it."""
    return begin("digits-joint")


@pytest.fixture(scope="module")
def plane():
    experiment = begin("ring", hidden=32, batch=16, baselines="ali")
    train(experiment, 3)
    return experiment


@pytest.fixture
def recorded(taught):
    answer(taught.record(v.RecordArguments(chains=5, steps=300, models=("gibbsnet", "ali", "gan"))))
    return taught


# --- the chain in the hand --------------------------------------------------------------------------------------


def test_that_any_steps_of_a_tape_are_answered_with_pictures_labels_and_z(recorded):
    view = recorded.chain(v.ChainQuery(steps=(1, 3, 250, 9999)))
    assert list(view.steps) == [1, 3, 250, 300] and view.models == ("gibbsnet", "ali", "gan")
    assert (
        view.images.shape == (3, 4, 5, 8, 8, 1) and view.z.shape == (3, 4, 5, 16) and view.plane.shape == (3, 4, 5, 2)
    )
    assert view.trail.shape == (3, 5, 10, 2) and np.allclose(view.trail[:, :, -1], view.plane[:, -1])
    assert set(np.unique(view.labels)) <= set(range(10)) and view.points.size == 0
    assert view.info.recorded == view.info.steps == 300 and view.is_current
    assert view.seen.min() > 0.0 and view.seen.max() < 1.0
    assert np.allclose(view.distance[0], np.sqrt(((view.z[0, -1] - view.z[0, 0]) ** 2).mean(-1)), atol=1e-5)
    again = recorded.chain(v.ChainQuery(steps=(250,), models=("ali",), chains=2))
    assert np.array_equal(again.images[0, 0], view.images[1, 2, :2])


def test_that_a_tape_keeps_its_weights_while_training_goes_on_and_the_next_one_morphs():
    experiment = begin("digits-joint", baselines="none")
    answer(experiment.record(v.RecordArguments(chains=3, steps=40)))
    before = experiment.chain(v.ChainQuery(steps=(40,)))
    train(experiment, 5)
    kept = experiment.chain(v.ChainQuery(steps=(40,)))
    assert np.array_equal(kept.images, before.images) and before.is_current and not kept.is_current
    answer(experiment.record(v.RecordArguments(chains=3, steps=40)))
    after = experiment.chain(v.ChainQuery(steps=(1,)))
    first = experiment.chain(v.ChainQuery(steps=(1,)))
    assert np.array_equal(after.z, first.z) and after.info.version == 5
    assert np.abs(after.images.astype(int) - kept.images[:, :, :3].astype(int)).max() > 0


def test_that_a_branch_shares_its_first_moment_and_parts_from_there(recorded):
    info = answer(recorded.branch(v.BranchArguments(step=100, chain=2, count=3, steps=50)))
    assert (info.first, info.steps, info.chains, info.parent, info.parent_chain) == (100, 150, 3, 0, 2)
    parent = recorded.chain(v.ChainQuery(steps=(100, 150), models=("gibbsnet",)))
    branch = recorded.chain(v.ChainQuery(tape=info.tape, steps=(100, 150)))
    assert np.array_equal(branch.z[0, 0], np.repeat(parent.z[0, 0, 2:3], 3, 0))
    assert len(np.unique(branch.z[0, 1], axis=0)) == 3 and {t.tape for t in branch.tapes} == {0, info.tape}
    with pytest.raises(ValueError, match="no chain 77"):
        answer(recorded.branch(v.BranchArguments(chain=77)))
    with pytest.raises(ValueError, match="step 9,999 is not recorded"):
        answer(recorded.branch(v.BranchArguments(step=9999)))
    with pytest.raises(ValueError, match="no chain of gan"):
        answer(recorded.branch(v.BranchArguments(model="gan")))


def test_that_a_ninth_branch_takes_the_place_of_the_oldest(recorded):
    for _ in range(9):
        info = answer(recorded.branch(v.BranchArguments(step=2, count=1, steps=2)))
    tapes = recorded.chain(v.ChainQuery()).tapes
    assert len(tapes) == v.MOST_TAPES and info.tape in {t.tape for t in tapes}


def test_that_a_tape_nobody_asked_for_begins_by_itself_and_grows_with_every_look():
    experiment = begin("digits-joint", baselines="none")
    first = experiment.chain(None)
    assert 1 <= first.info.recorded < first.info.steps == 5000 and first.images.shape[2] == 16
    second = experiment.chain(v.ChainQuery(steps=(5000,)))
    assert second.info.recorded > first.info.recorded and "Recorded so far" in second.words


def test_that_curves_along_the_tape_tell_distance_and_diversity(recorded):
    view = recorded.along(v.AlongQuery(chain=1))
    assert view.steps[0] == 1 and view.steps[-1] == 300 and np.all(np.diff(view.steps) > 0)
    assert view.distance.shape == view.seen.shape == (3, len(view.steps)) and view.distance[0, 0] == 0.0
    assert np.isnan(view.moved[:, 0]).all() and view.spread[0, -1] > 0.4


# --- painting and clamping --------------------------------------------------------------------------------------


def test_that_known_pixels_stay_and_the_hole_is_filled_in_several_ways(taught):
    mask = np.zeros((8, 8), np.float32)
    mask[:, :4] = 1.0
    query = v.PlayQuery(v.Clamps(index=3, mask=mask), chains=6, steps_per_frame=5, restart=1)
    for _ in range(4):
        view = taught.paint(query)
    known = taught.data.test_x[3].view(8, 8)[:, :4].numpy()
    assert np.array_equal(view.images[:, :, :4, 0], np.repeat(np.rint(known * 255)[None], 6, 0).astype(np.uint8))
    assert view.step == 21 and view.known == 0.5 and view.variance[:, :4].max() == 0.0 < view.variance[:, 4:].max()
    assert 0.0 < view.diversity < 1.5 and 0.0 < view.seam < 3.0 and view.p_y.sum() == pytest.approx(1.0, abs=1e-4)


def test_that_a_held_label_is_drawn_and_a_held_picture_is_read(taught):
    view = taught.clamp(v.PlayQuery(v.Clamps(label=7), chains=24, steps_per_frame=20, restart=1))
    assert set(view.labels) == {7}
    said = taught.measures.said(taught.data.test_x.new_tensor(view.images[..., 0].reshape(24, 64) / 255.0))
    assert float((said == 7).float().mean()) > 0.5
    right = 0
    for index in range(12):
        read = taught.clamp(v.PlayQuery(v.Clamps(index=index), chains=16, steps_per_frame=25, restart=2 + index))
        right += int(read.p_y.argmax() == int(taught.data.test_label[index]))
        assert read.known == 1.0 and "Everything is known" in read.words
    assert right >= 7


def test_that_chains_stand_still_when_they_are_not_playing_and_a_restart_begins_anew(taught):
    still = v.PlayQuery(playing=False, restart=50)
    assert taught.paint(still).step == taught.paint(still).step == 1
    moving = v.PlayQuery(restart=50)
    steps = [taught.paint(moving).step for _ in range(3)]
    assert steps == [2, 3, 4] and taught.paint(v.PlayQuery(restart=51, playing=False)).step == 1


@pytest.mark.parametrize("clamps, words", [
    (v.Clamps(label=10), "there is no class 10"),
    (v.Clamps(attributes=(1, 0)), "no attributes to hold"),
    (v.Clamps(index=100_000), "there is no test picture 100,000"),
    (v.Clamps(image=np.zeros((9, 8), np.float32)), "the picture is 9x8, the model's are 8x8x1"),
    (v.Clamps(image=np.full((8, 8), np.nan, np.float32)), "64 pixels of the picture are not numbers"),
    (v.Clamps(index=1, mask=np.zeros((4, 4), np.float32)), "the mask is 4x4, the pictures are 8x8"),
])  # fmt: skip
def test_that_what_cannot_be_held_is_not_and_both_pictures_and_tapes_say_why(taught, clamps, words):
    view = taught.paint(v.PlayQuery(clamps))
    assert words in view.words and view.known == 0.0 and len(view.images) == 12
    assert "Nothing is held" not in taught.paint(v.PlayQuery(v.Clamps(index=1))).words
    with pytest.raises(ValueError, match=words):
        answer(taught.record(v.RecordArguments(steps=3, clamps=clamps)))


def test_that_a_mask_over_nothing_and_one_over_everything_are_allowed(taught):
    nothing = taught.paint(v.PlayQuery(v.Clamps(index=1, mask=np.zeros((8, 8), np.float32)), restart=70))
    assert nothing.known == 0.0 and "generates freely" in nothing.words and math.isnan(nothing.seam)
    all_known = taught.paint(v.PlayQuery(v.Clamps(index=1), restart=71))
    assert all_known.variance.max() == 0.0 and math.isnan(all_known.diversity)
    with pytest.raises(ValueError, match="no q"):
        taught.paint(v.PlayQuery(model="gan"))


def test_that_a_picture_file_of_any_size_is_fitted_and_other_files_are_refused(taught, tmp_path):
    path = tmp_path / "wide.png"
    Image.fromarray(np.tile(np.arange(300, dtype=np.uint8) % 255, (100, 1))).save(path)
    found = taught.open_image(v.OpenImageArguments(str(path)))
    assert found.image.shape == (8, 8, 1) and found.image.min() >= 0.0 and found.image.max() <= 1.0
    assert "the centre of 300x100 pixels" in found.text
    (tmp_path / "words.txt").write_text("no picture")
    for name, words in (("words.txt", "is not a picture that can be read"), ("absent.png", "is not there")):
        with pytest.raises(ValueError, match=words):
            taught.open_image(v.OpenImageArguments(str(tmp_path / name)))
    huge = tmp_path / "huge.png"
    Image.new("1", (9000, 8000)).save(huge)
    with pytest.raises(ValueError, match="9,000x8,000 pixels: at most 64 million"):
        taught.open_image(v.OpenImageArguments(str(huge)))


# --- maps, training, measures -----------------------------------------------------------------------------------


def test_that_the_map_is_z_itself_in_two_dimensions_and_its_densities_are_densities(plane):
    view = plane.latent(v.LatentQuery(points=50, grid=6, steps=4))
    assert view.is_direct and view.clamped.shape == (50, 2) and view.free.shape == (1000, 2)
    left, right, bottom, top = view.extent
    cell = (right - left) * (top - bottom) / 64**2
    assert view.gaussian.sum() * cell == pytest.approx(1.0, abs=0.02)
    assert view.density.sum() * cell == pytest.approx(1.0, abs=0.1)
    assert view.grid.shape == (6, 6, 1, 2, 1) and view.grid_points.shape == (6, 6, 2)
    point = plane.decode(v.DecodeArguments(point=(0.5, -1.0)))
    assert np.allclose(point.z, (0.5, -1.0))
    answer(plane.record(v.RecordArguments(chains=2, steps=5, start="point", point=(0.5, -1.0))))
    assert np.allclose(plane.chain(v.ChainQuery(steps=(1,))).z[0, 0], (0.5, -1.0))
    toy = plane.toy(v.ToyQuery(steps=2, count=60))
    assert toy.samples.shape == (2, 60, 2) and toy.data.shape == (60, 2)


def test_that_the_gap_from_the_gaussian_is_small_for_a_gaussian_and_large_for_anything_else():
    from engine.experiments.gibbsnet_latent import gap_from_gaussian

    rng = np.random.default_rng(0)
    assert gap_from_gaussian(rng.standard_normal((4000, 2))) < 0.05
    ring = rng.standard_normal((4000, 2))
    ring /= np.linalg.norm(ring, axis=1, keepdims=True)
    assert gap_from_gaussian(ring) > 1.0


def test_that_what_flows_where_shows_gradient_and_what_is_cut():
    experiment = begin("digits-joint", baselines="none", flow_encoder=False, chain_steps=3, grad_steps=1)
    view = experiment.flow(None)
    cut = dict(zip(view.arrows, view.is_cut, strict=True))
    assert view.K == 3 and len(view.arrows) == 9 and np.all(view.norm > 0)
    assert cut["z1->x1"] and not cut["z2->x2"] and not cut["z3->x3"] and cut["x2->z3"] and not cut["x->zhat"]
    assert view.switches["x2->z3"] == "flow_encoder" and "xK->D" not in view.arrows


def test_that_the_histograms_count_every_pair_and_chance_is_told(taught):
    view = taught.logits(v.LogitsQuery(bins=20))
    assert view.data.sum() == view.model.sum() == 256 and len(view.edges) == 21
    assert view.chance == pytest.approx(1.386, abs=1e-3) and 0.3 < view.told_apart <= 1.0
    assert taught.logits(v.LogitsQuery(model="gan")).data.sum() == 256


def test_that_phases_show_what_is_done(plane):
    before = plane.phases(None)
    assert before.phase == -1 and before.is_done.all()
    plane.step_phase()
    one = plane.phases(None)
    assert one.phase == 0 and list(one.is_done) == [True, False, False, False] and np.isnan(one.logit_data).all()
    plane.step()
    assert np.isfinite(plane.phases(None).logit_data).all()


def test_that_the_three_tasks_completions_and_probes_are_measured(taught):
    tasks = answer(taught.tasks(v.TasksArguments(tests=100)))
    assert tasks.models == ("gibbsnet", "ali", "gan") and tasks.by_class.shape == (3, 3, 10)
    assert min(tasks.conditional[0], tasks.attribute[0], tasks.joint[0]) > 0.3 and np.isnan(tasks.conditional[2])
    filled = answer(taught.inpaint(v.InpaintArguments(tests=60)))
    assert filled.models == ("gibbsnet", "ali") and filled.filled.shape == (2, 8, 8, 8, 1)
    assert np.all(filled.score > 3.0) and np.all(filled.diversity > 0.05) and filled.untrained_accuracy > 0.3
    probe = answer(taught.probe(v.ProbeArguments(examples=400)))
    assert np.all(probe.linear_mean > 0.6) and probe.pixels > 0.85
    mixing = whole(taught, v.MixingQuery(chains=64, steps=30))
    assert mixing.transition.shape == (10, 10) and mixing.histogram.sum() == pytest.approx(1.0)
    rows = mixing.transition[~np.isnan(mixing.transition[:, 0])]
    assert np.allclose(rows.sum(1), 1.0) and 0.0 < mixing.chance < 0.5


def test_that_attributes_can_be_held_and_read():
    experiment = begin("digit-attributes", baselines="none", batch=16, hidden=32)
    train(experiment, 3)
    view = experiment.clamp(v.PlayQuery(v.Clamps(attributes=(1, -1, 0, -1, -1, -1)), chains=4, steps_per_frame=2))
    assert view.p_y.shape == (6,) and set(view.labels) == {-1}
    answer(experiment.record(v.RecordArguments(chains=4, steps=6, clamps=v.Clamps(attributes=(1, -1, 0, -1, -1, -1)))))
    held = experiment.chain(v.ChainQuery(steps=(6,))).attributes
    assert np.all(held[..., 0] == 1) and np.all(held[..., 2] == 0)
    refused = experiment.clamp(v.PlayQuery(v.Clamps(attributes=(1, 0)))).words
    assert "2 attributes are held, the model has 6" in refused
