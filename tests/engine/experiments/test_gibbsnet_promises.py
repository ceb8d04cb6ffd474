"""What the GibbsNet experiment promises: looking changes nothing, resuming is exact, phases add up, knobs are live."""

from __future__ import annotations

import os

import pytest
import torch

from engine.data.images import DataError
from engine.experiments import shipped
from engine.experiments.contract import Diverged, Experiment, Phased, actions_of, views_of
from engine.papers import gibbsnet_views as v
from engine.papers.gibbsnet import ACTIONS, CURVES, PRESETS, VIEWS
from tests.engine.experiments import promises
from tests.engine.experiments.gibbsnet_runs import KINDS, begin, kind
from tests.engine.experiments.runs import Heard, answer, assert_same_state, train

PHASES = 4
QUERIES = {
    "chain": v.ChainQuery(steps=(1, 2, 9)),
    "paint": v.PlayQuery(clamps=v.Clamps(index=1), chains=3),
    "latent": v.LatentQuery(points=20, grid=4, steps=3),
    "mixing": v.MixingQuery(chains=16, steps=10),
    "toy": v.ToyQuery(steps=3, count=50),
}


@pytest.fixture(autouse=True)
def short_judge(monkeypatch):
    """What a judge says does not matter here: forty updates instead of two thousand."""
    monkeypatch.setattr("engine.models.gibbsnet_judge.UPDATES", 40)
    monkeypatch.setattr("engine.models.gibbsnet_judge.UPDATES_CONV", 40)


def look_at_everything(experiment):
    toys = experiment.is_toy
    for name, view in views_of(experiment).items():
        if name == "toy" and not toys:
            continue
        view(QUERIES.get(name))
    answer(experiment.record(v.RecordArguments(chains=3, steps=20)))
    answer(experiment.branch(v.BranchArguments(step=5, count=2, steps=10)))
    answer(experiment.measure(v.MeasureArguments(lengths=(1, 4), samples=100)))
    experiment.decode(v.DecodeArguments())


@pytest.mark.parametrize("name", KINDS)
def test_that_a_watched_run_equals_an_unwatched_one_to_the_bit(name):
    promises.looking_changes_nothing(lambda: kind(name), look_at_everything, times=2, updates=4)


@pytest.mark.parametrize("name", KINDS)
def test_that_a_resumed_run_equals_an_uninterrupted_one_to_the_bit(name):
    promises.resuming_is_exact(lambda: kind(name), before=7, beyond=2, after=14)


@pytest.mark.parametrize("name", KINDS)
def test_that_phases_one_by_one_equal_whole_steps(name):
    promises.phases_equal_whole_steps(lambda: kind(name), PHASES, updates=4)


@pytest.mark.parametrize("done", range(1, PHASES))
@pytest.mark.parametrize("name", ["labels"])
def test_that_a_run_saved_between_two_phases_resumes_to_the_bit(name, done):
    promises.saving_between_phases_is_exact(lambda: kind(name), done, before=5, after=4)


def test_that_a_knob_changed_between_two_phases_counts_for_the_whole_update():
    early, late = kind("labels"), kind("labels")
    train(early, 5)
    train(late, 5)
    changed = early.p.with_changes(lr=1e-3, loss="minimax", label_scale=2.0)
    early.change(changed)
    early.step()
    late.step_phase()
    late.step_phase()
    late.change(changed)
    assert late.phase == 2
    late.step_phase()
    late.step_phase()
    assert_same_state(early.state(), late.state())


def test_that_views_actions_and_curves_are_those_the_paper_declares():
    experiment = kind("labels")
    assert isinstance(experiment, Experiment) and isinstance(experiment, Phased)
    assert set(views_of(experiment)) == {spec.name for spec in VIEWS}
    assert set(actions_of(experiment)) == {spec.name for spec in ACTIONS}
    for spec in VIEWS:
        if spec.name != "toy":
            assert isinstance(views_of(experiment)[spec.name](QUERIES.get(spec.name)), spec.payload)
    named = {curve.name for curve in CURVES}
    race = kind("pictures alone, three models")
    seen = set().union(*(found.keys() for found in [*train(experiment, 10), *train(race, 10)]))
    assert seen <= named and {"loss_d", "loss_d_ali", "loss_d_gan", "passes", "signal", "noise"} <= seen


def test_that_the_warm_start_counts_updates_and_can_be_switched_off():
    experiment = begin("digits-joint", start="fresh", warm_start=4, hidden=32, batch=16, baselines="none")
    passes = []
    for _ in range(10):
        experiment.step()
        passes.append(experiment.learners["gibbsnet"].K)
    assert passes == [1, 1, 1, 1, 2, 2, 3, 3, 3, 3]
    assert begin("digits-joint", start="fresh", warm_start=0, baselines="none").facts(None).K_now == 3


def test_that_paper_mode_takes_every_aid_away():
    experiment = begin("paper-mode")
    knobs = experiment.learners["gibbsnet"].knobs
    assert experiment.facts(None).aids == ()
    assert (knobs.r1, knobs.ema, knobs.pool_share, knobs.lr_ratio, knobs.standardise) == (0.0, 0.0, 0.0, 1.0, False)
    assert (knobs.K, knobs.label_visible, knobs.label_scale) == (3, 1.0, 1.0)
    assert len(begin("digits-scratch").facts(None).aids) == 8


def test_that_the_baselines_learn_from_the_same_batches_and_begin_with_the_same_weights():
    experiment = kind("pictures alone, three models")
    first = list(experiment.learners["gibbsnet"].nets.p.parameters())
    for other in ("ali", "gan"):
        again = experiment.learners[other].nets.p.parameters()
        assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    for _ in range(2):
        experiment.step_phase()
    xs = [pairs.x for pairs in experiment.pairs.values()]
    assert len(xs) == 3 and torch.equal(xs[0], xs[1]) and torch.equal(xs[0], xs[2])
    assert [len(pairs.chain_x) for pairs in experiment.pairs.values()] == [4, 1, 1]


def test_that_a_short_run_comes_nearer_to_the_data():
    experiment = begin("digits-scratch", baselines="none", seed=1)
    before = experiment.measures.signs(experiment.learners["gibbsnet"])
    train(experiment, 420)
    after = experiment.measures.signs(experiment.learners["gibbsnet"])
    assert before.fd > 9.0 and before.diversity < 0.2
    assert after.fd < 0.65 * before.fd and after.diversity > 2 * before.diversity


def test_that_the_shipped_weights_load_and_show_digits_at_every_chain_length():
    heard = Heard()
    experiment = begin("digits-joint", heard)
    assert "Trained weights" in experiment.shipped_words and heard.notices == []
    curves = {curve.model for curve in experiment.measured.curves}
    assert curves == {"gibbsnet", "ali", "gan"}
    found = answer(experiment.measure(v.MeasureArguments(lengths=(3, 20, 300), samples=400, models=("gibbsnet",))))
    fresh = found.curves[-1]
    assert fresh.fd.max() < 1.3 and fresh.fd[-1] < 1.2 * fresh.fd[0] + 0.1, "no drift"
    assert fresh.score.min() > 6.0 and fresh.agree.min() > 0.5
    train(experiment, 3)
    assert experiment.learners["gibbsnet"].updates > 1000 and experiment.steps_done == 3


def test_that_damaged_weights_are_named_and_other_sizes_start_fresh(tmp_path, monkeypatch):
    assert "no trained weights" in begin("digits-joint", z_dim=8, baselines="none").shipped_words
    broken = tmp_path / "gibbsnet"
    broken.mkdir()
    whole = shipped.path_of("gibbsnet", "digits-joint").read_bytes()
    (broken / "judge-digits.safetensors").write_bytes(shipped.path_of("gibbsnet", "judge-digits").read_bytes())
    monkeypatch.setattr(shipped, "ASSETS", tmp_path)
    with pytest.raises(shipped.ShippedError, match=r"digits-joint.safetensors are not in"):
        begin("digits-joint")
    (broken / "digits-joint.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(shipped.ShippedError, match=r"digits-joint.safetensors is damaged"):
        begin("digits-joint")


def test_that_numbers_beyond_reason_end_the_run_and_name_the_tensor():
    experiment = kind("labels")
    train(experiment, 2)
    with torch.no_grad():
        experiment.learners["gibbsnet"].nets.p.body[0].weight[0, 0] = float("nan")
    with pytest.raises(Diverged, match=r"p.body.0.weight of gibbsnet is no longer finite"):
        experiment.step()


@pytest.mark.parametrize("changes, words", [
    ({"classes": "  "}, "No class is chosen"),
    ({"classes": "0 eleven"}, "There is no class eleven: there are 0, 1, 2"),
    ({"classes": "0", "batch": 512}, "too few for batches of 512"),
    ({"task": "shapes", "reads": "label"}, "shapes has attributes, no classes"),
    ({"task": "ring", "reads": "attributes"}, "ring has classes, no attributes"),
])  # fmt: skip
def test_that_data_that_cannot_be_used_are_refused_in_words(changes, words):
    with pytest.raises(DataError, match=words):
        begin("digits-joint", **changes)


@pytest.mark.parametrize("preset", [p.id for p in PRESETS])
def test_that_every_preset_of_the_gibbsnet_paper_starts(preset):
    found = next(p for p in PRESETS if p.id == preset)
    folder = os.environ.get("ATELIER_DATA", "")
    if found.needs and (not folder or found.needs == "celeba"):
        pytest.skip("ATELIER_DATA with MNIST, CIFAR-10 and SVHN (CelebA has a test with files of its own)")
    changes = {"batch": 16, "hidden": 32} if found.needs else {}
    experiment = begin(preset, folder=folder if found.needs else "", **changes)
    experiment.step()
    assert experiment.steps_done == 1 and experiment.facts(None).shape[2] in (1, 3)
    assert experiment.chain(v.ChainQuery(steps=(1, 2))).images.dtype.name == "uint8"
