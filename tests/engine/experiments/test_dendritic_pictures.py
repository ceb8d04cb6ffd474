"""The pictures of the dendritic experiments: shapes, and that they say what the circuit does."""

from __future__ import annotations

import numpy as np
import pytest

from engine.papers import dendritic_views as v
from tests.engine.experiments.dendritic_runs import begin, kind
from tests.engine.experiments.runs import train


@pytest.fixture(scope="module")
def deep():
    """The default circuit, barely taught, with transposed feedback in float64."""
    experiment = begin("digits-deep", feedback="transpose", precision="float64")
    train(experiment, 150)
    experiment.net.synapses.predict_next_area(experiment.net.mixing)
    experiment.net.synapses.draw_feedback("transpose", 1.0, experiment._labels)
    return experiment


@pytest.fixture(scope="module")
def one():
    """One hidden area, taught for a while."""
    experiment = begin("digits-one")
    train(experiment, 3000)
    return experiment


def arrays_of(payload):
    """Every array of a payload, by where it stands."""
    found = {}
    for name in payload.__dataclass_fields__:
        value = getattr(payload, name)
        for number, part in enumerate(value if isinstance(value, tuple) else (value,)):
            if isinstance(part, np.ndarray):
                found[f"{name}[{number}]"] = part
            elif hasattr(part, "__dataclass_fields__"):
                found |= {f"{name}[{number}].{k}": a for k, a in arrays_of(part).items()}
    return found


def test_that_the_circuit_has_every_compartment_of_every_area(deep):
    view = deep.circuit(v.CircuitQuery(v.Probe(3)))
    assert view.image.shape == (8, 8) and 0.0 <= view.image.min() <= view.image.max() <= 1.0
    assert view.label == int(deep.task.test_y[3]) and view.phase == -1 and len(view.angles) == 3
    for area, cells, twins in zip(view.areas, (100, 100), (100, 10), strict=True):
        for name in ("v_basal", "top_down", "cancellation", "v_apical", "u", "rate", "delta"):
            assert getattr(area, name).shape == (cells,) and getattr(area, name).dtype == np.float32
        assert area.u_inter.shape == area.u_next.shape == (twins,)
        assert np.allclose(area.top_down + area.cancellation, area.v_apical, atol=1e-6)
        assert np.abs(area.v_apical).max() > 1e-4
    assert view.output.u.shape == view.output.target.shape == (10,)
    assert int(view.output.target.argmax()) == view.label


def test_that_without_a_teacher_the_apical_dendrites_are_silent_and_interneurons_equal_their_twins(deep):
    view = deep.circuit(v.CircuitQuery(v.Probe(3), teacher=False))
    for area in view.areas:
        assert np.abs(area.v_apical).max() < 1e-6
        assert np.allclose(area.u_inter, area.u_next, atol=1e-6)
        assert not area.delta.any()
    assert np.isnan(view.output.target).all() and view.angles == ()


@pytest.mark.parametrize("probe", range(6))
def test_that_with_transposed_feedback_the_apical_potential_is_what_backprop_would_deliver(deep, probe):
    view = deep.circuit(v.CircuitQuery(v.Probe(probe)))
    for area in view.areas:
        assert np.corrcoef(area.delta, area.v_apical)[0, 1] > 0.6
    reversed_teacher = deep.circuit(v.CircuitQuery(v.Probe(probe, target=(view.label + 1) % 10)))
    assert np.corrcoef(reversed_teacher.areas[-1].delta, view.areas[-1].v_apical)[0, 1] < 0.6


def test_that_the_phases_of_the_picture_follow_the_update():
    experiment = kind("digits")
    seen = []
    for _ in range(4):
        experiment.step_phase()
        seen.append(experiment.circuit(v.CircuitQuery(live=True)))
        opened = experiment.cell(v.CellQuery(1, 5, live=True))
        assert (opened.u, opened.v_apical) == (seen[-1].areas[0].u[5], seen[-1].areas[0].v_apical[5])
    assert [view.phase for view in seen] == [0, 1, 2, -1]
    assert np.isnan(seen[0].output.target).all() and np.isfinite(seen[1].output.target).all()
    assert len(seen[2].angles) == 3


def test_that_an_opened_cell_says_raise_lower_or_silent_as_its_apical_dendrite_does(deep):
    said = set()
    for cell in range(100):
        view = deep.cell(v.CellQuery(1, cell, v.Probe(3)))
        said.add(view.says)
        assert view.weights.shape == (8, 8)
        assert view.says in ("silent", "raise" if view.v_apical > 0 else "lower")
    assert said >= {"raise", "lower"}
    assert deep.cell(v.CellQuery(1, 5, v.Probe(3), teacher=False)).says == "silent"
    assert deep.cell(v.CellQuery(2, 5)).weights.shape == (1, 100)
    assert deep.cell(v.CellQuery(9, 5000)).area == 2 and deep.cell(v.CellQuery(0, -3)).cell == 0


def test_that_tiles_are_the_incoming_weights_with_the_blame_of_each_cell(deep):
    view = deep.tiles(v.TilesQuery(10, 32, v.Probe(3)))
    assert view.first == 10 and view.tiles.shape == (32, 8, 8) and view.tiles.dtype == np.float16
    expected = deep.net.synapses.W[1][10:42, :-1].numpy().reshape(-1, 8, 8)
    assert np.allclose(view.tiles, expected, atol=1e-2)
    assert np.array_equal(view.blame, deep.circuit(v.CircuitQuery(v.Probe(3))).areas[0].v_apical[10:42])
    assert deep.tiles(v.TilesQuery(95, 64)).tiles.shape == (5, 8, 8)


def test_that_tracking_lies_on_the_diagonal_when_self_predicting_and_off_it_otherwise(deep):
    view = deep.tracking(None)
    assert len(view.target) == len(view.actual) == len(view.gain) == 2
    for target, actual in zip(view.target, view.actual, strict=True):
        assert target.shape == actual.shape and len(target) <= 1000
        assert np.allclose(target, actual, atol=1e-6)
    lost = begin("digits-one", hidden_1=20, start="random").tracking(None)
    assert abs(np.corrcoef(lost.target[0], lost.actual[0])[0, 1]) < 0.5


def test_that_the_confusion_counts_every_test_picture_once(one):
    view = one.confusion(None)
    assert view.counts.shape == (10, 10) and view.counts.sum() == len(one.task.test_y) == 360
    accuracy = 100.0 * np.trace(view.counts) / 360
    assert accuracy == pytest.approx(one._test(one.task.test_x, one.task.test_y)[0]) and accuracy > 90.0
    assert len(view.mistaken) == min(24, 360 - np.trace(view.counts)) == len(view.images)
    assert (view.said != view.true).all()


def test_that_a_drawn_picture_is_classified_and_one_of_the_wrong_size_gives_a_sentence(one):
    drawn = one.task.test_x[7].numpy().reshape(8, 8)
    view = one.circuit(v.CircuitQuery(v.Probe(image=drawn)))
    assert view.label == -1 and np.allclose(view.image, drawn) and np.isnan(view.output.target).all()
    assert view.predicted == one.circuit(v.CircuitQuery(v.Probe(7))).predicted
    taught = one.circuit(v.CircuitQuery(v.Probe(image=drawn, target=2)))
    assert int(taught.output.target.argmax()) == 2
    wild = one.circuit(v.CircuitQuery(v.Probe(image=np.full((8, 8), np.nan, np.float32))))
    assert np.isfinite(wild.output.rate).all()
    large = v.Probe(image=np.zeros((28, 28), np.float32))
    looks = ((one.circuit, v.CircuitQuery), (one.imagine, v.ImagineQuery), (one.scope, v.ScopeQuery))
    for look, query in (*looks, (one.cell, v.CellQuery), (one.tiles, v.TilesQuery)):
        with pytest.raises(ValueError, match=r"the drawn picture is \(28, 28\), this circuit sees 8×8"):
            look(query(probe=large))


def test_that_closed_gates_return_the_input_itself(one):
    view = one.imagine(v.ImagineQuery(v.Probe(4), noise=0.4, cue=3))
    assert np.array_equal(view.percept, view.seen) and not np.array_equal(view.seen, view.clean)
    assert np.array_equal(view.rates_percept, view.rates_seen) and view.mse_percept == view.mse_seen
    assert np.array_equal(one.imagine(v.ImagineQuery(v.Probe(4), noise=0.4)).seen, view.seen)
    assert not np.array_equal(one.imagine(v.ImagineQuery(v.Probe(4), noise=0.4, seed=1)).seen, view.seen)


def test_that_open_gates_bring_a_noisy_picture_closer_to_the_clean_one(one):
    pairs = []
    for index in range(20):
        label = int(one.task.test_y[index])
        view = one.imagine(v.ImagineQuery(v.Probe(index), noise=0.4, d=0.7, a=0.5, cue=label))
        assert view.clean.shape == view.percept.shape == (8, 8) and view.rates_percept.shape == (10,)
        pairs.append((view.mse_seen, view.mse_percept))
    seen, percept = np.mean(pairs, axis=0)
    assert percept < 0.6 * seen


def test_that_occlusion_hides_the_lower_rows_and_a_second_digit_is_laid_over_the_first(one):
    view = one.imagine(v.ImagineQuery(v.Probe(4), occlusion=0.5))
    assert not view.seen[4:].any() and np.array_equal(view.seen[:4], view.clean[:4])
    mixed = one.imagine(v.ImagineQuery(v.Probe(4), mix=9))
    other = one.task.test_x[9].numpy().reshape(8, 8)
    assert np.array_equal(mixed.seen, np.maximum(mixed.clean, other))
    with pytest.raises(ValueError, match="gates"):
        one.imagine(v.ImagineQuery(d=1.5))


def test_that_dreams_look_like_their_class_once_learnt(one):
    view = one.dream(None)
    assert view.images.shape == (10, 8, 8) and view.recognised.shape == view.distance.shape == (10,)
    assert (view.recognised == np.arange(10)).sum() >= 9 and view.distance.max() < 2.0
    fresh = begin("digits-one").dream(None)
    assert (fresh.recognised == np.arange(10)).sum() <= 4 and fresh.distance.min() > view.distance.max()


@pytest.mark.parametrize("name", ["digits", "association", "self-prediction by Euler", "regression"])
def test_that_the_oscilloscope_runs_by_itself_and_stands_still_when_told(name):
    experiment = kind(name)
    first = experiment.scope(v.ScopeQuery(ms_per_frame=2.0))
    assert first.traces.shape == (6, len(first.time_ms)) and first.time_ms.dtype == np.float64
    later = experiment.scope(v.ScopeQuery(ms_per_frame=2.0))
    assert later.time_ms[-1] == pytest.approx(first.time_ms[-1] + 2.0)
    assert (np.diff(later.time_ms) > 0).all() and later.now.time_ms == pytest.approx(later.time_ms[-1])
    still = experiment.scope(v.ScopeQuery(ms_per_frame=2.0, playing=False))
    assert np.array_equal(still.traces, later.traces)
    again = experiment.scope(v.ScopeQuery(ms_per_frame=2.0, restart=1))
    assert again.time_ms[0] == 0.0
    for _ in range(60):
        full = experiment.scope(v.ScopeQuery(ms_per_frame=2.0, restart=1))
    assert full.traces.shape == (6, 256)
    assert np.allclose(full.traces[1] + full.traces[2], full.traces[3], atol=1e-5)


def test_that_in_the_oscilloscope_the_apical_potential_rises_with_the_teacher_alone():
    experiment = begin("digits-one")
    for _ in range(6):
        calm = experiment.scope(v.ScopeQuery(ms_per_frame=20.0, teacher=False))
    assert np.abs(calm.now.areas[0].v_apical).max() < 1e-6
    for _ in range(6):
        taught = experiment.scope(v.ScopeQuery(ms_per_frame=20.0))
    assert np.abs(taught.now.areas[0].v_apical).max() > 1e-3


def test_that_regression_shows_target_and_answers_sorted_by_target():
    experiment = kind("regression")
    train(experiment, 30)
    view = experiment.regression(v.RegressionQuery(3))
    assert len(view.target) == len(view.circuit) == len(view.before) == len(view.shallow) == 60
    assert (np.diff(view.target) >= 0).all() and not np.array_equal(view.circuit, view.before)
    circuit = experiment.circuit(None)
    assert np.isfinite(circuit.output.target).all()
    assert np.isnan(experiment.circuit(v.CircuitQuery(teacher=False)).output.target).all()
    assert kind("association").regression(None) is None


def test_that_the_circuit_of_a_figure_shows_the_pattern_that_is_trained_now():
    experiment = kind("regression")
    first = experiment.circuit(None)
    train(experiment, 1)
    second = experiment.circuit(None)
    assert second.image.shape == (1, 30) and not np.array_equal(first.image, second.image)
    assert not np.array_equal(first.output.target, second.output.target)
    assert np.corrcoef(second.output.target, second.output.u)[0, 1] > 0.9  # the teacher pulls towards this target


@pytest.mark.parametrize("name", ["digits", "association"])
def test_that_pictures_are_copies_that_later_training_does_not_touch(name):
    experiment = kind(name)
    payloads = [experiment.circuit(None), experiment.cell(None), experiment.tracking(None)]
    payloads += [experiment.tiles(None), experiment.dream(None)] if name == "digits" else []
    kept = [{k: a.copy() for k, a in arrays_of(p).items()} for p in payloads]
    train(experiment, 30)
    for payload, before in zip(payloads, kept, strict=True):
        for where, array in arrays_of(payload).items():
            assert np.array_equal(array, before[where], equal_nan=True), where
