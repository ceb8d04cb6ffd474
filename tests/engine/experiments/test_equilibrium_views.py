"""The pictures of the equilibrium paper say what they claim: both processes, valley, bias map, play, gestures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.experiments.equilibrium_moments import why_no_gradient
from engine.models.equilibrium_valley import Valley
from engine.papers import equilibrium_views as v
from tests.engine.experiments.equilibrium_runs import begin
from tests.engine.experiments.runs import train


@pytest.fixture(scope="module")
def taught():
    """The first preset after sixty updates; views do not write into it."""
    experiment = begin("digits-one")
    train(experiment, 60)
    return experiment


@pytest.fixture(scope="module")
def grown():
    experiment = begin("digits-one")
    train(experiment, 400)
    return experiment


# --- the same at every moment -----------------------------------------------------------------------------------


def test_that_both_processes_lie_on_the_diagonal_at_every_moment(taught):
    m = taught.moments(v.MomentsQuery())
    assert m.rbp.shape == m.ep.shape == (80, 16 * 138) and m.time.shape == (80,)
    assert m.gap < 1e-5 and m.gap_of_weights < 1e-5 and m.correlation > 1 - 1e-9
    assert np.abs(m.rbp - m.ep).max() < 1e-5 < np.abs(m.rbp).max()
    assert m.weight_rbp.shape == (80, 12) and np.allclose(m.weight_rbp, m.weight_ep, atol=1e-6)
    assert np.abs(m.weight_rbp[-1] - m.weight_final).max() < 0.3 * np.abs(m.weight_final).max()
    assert set(m.point_layer) == {1, 2} and m.unit_rbp.shape == (80, 16)
    long = taught.moments(v.MomentsQuery(steps=400, images=2))
    assert np.allclose(long.weight_rbp[-1], long.weight_final, atol=1e-4)


def test_that_the_gap_answers_to_beta_road_and_asymmetry(taught):
    gaps = {b: taught.moments(v.MomentsQuery(beta=b, nudging="one_sided", images=4)).gap for b in (1e-5, 1e-4)}
    assert gaps[1e-4] / gaps[1e-5] == pytest.approx(10, rel=0.2)
    assert taught.moments(v.MomentsQuery(nudging="exact", images=4)).gap < 1e-10
    crooked = taught.moments(v.MomentsQuery(asymmetry=1.0, images=4))
    assert crooked.gap > 0.1 and crooked.correlation < 0.99 and "weights down" in crooked.words


@pytest.mark.parametrize("rho", ["smooth", "tanh", "clipped"])
def test_that_other_neurons_keep_to_the_theorem(taught, rho):
    m = taught.moments(v.MomentsQuery(rho=rho, images=2, epsilon=0.1))
    assert m.gap < 1e-4 and m.correlation > 1 - 1e-6


def test_that_the_slopes_are_one_and_two(taught):
    s = taught.slope(v.SlopeQuery())
    assert s.slope_one_sided == pytest.approx(1.0, abs=0.05)
    assert s.slope_centred == pytest.approx(2.0, abs=0.1)
    assert s.exact < 1e-10
    assert s.gap_of_asymmetry[1] / s.gap_of_asymmetry[0] == pytest.approx(3, rel=0.1)
    assert s.correlation_of_asymmetry[-1] < s.correlation_of_asymmetry[0]


def test_that_many_points_are_thinned_evenly_and_outputs_stay():
    m = begin("digits-28").moments(v.MomentsQuery(images=16, steps=10))
    assert m.rbp.shape[1] <= 2400 and int((m.point_layer == 2).sum()) == 160
    assert len(set(m.point_image[m.point_layer == 1])) == 16


def test_that_what_can_not_be_compared_is_said():
    stuck = begin("stuck")
    train(stuck, 60)
    assert "no derivative" in stuck.moments(v.MomentsQuery(images=2, steps=10)).words
    with pytest.raises(ValueError, match=r"beta = 2 must lie between 1e-06 and 1"):
        stuck.moments(v.MomentsQuery(beta=2.0))
    with pytest.raises(ValueError, match="this network sees 8×8"):
        stuck.moments(v.MomentsQuery(probe=v.Probe(image=np.zeros((3, 3), np.float32))))


# --- the valley -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("smooth", [False, True])
def test_that_the_ball_rests_in_a_minimum_and_its_velocity_is_the_side_networks_arrow(smooth):
    query = v.ValleyQuery(smooth=smooth, beta=1e-4)
    view = begin("digits-one").valley(query)
    assert view.residual < 1e-12 and view.gap < 1e-3
    assert np.allclose(view.velocity, view.side, atol=1e-3 * np.abs(view.side).max())
    assert (np.diff(view.energy_along_free) < 1e-7).all() and (np.diff(view.energy_along_nudged) < 1e-7).all()
    lo, hi = view.extent
    row, column = (round((x - lo) / (hi - lo) * 127) for x in (view.rest[1], view.rest[0]))
    around = view.energy_free[max(0, row - 4) : row + 5, max(0, column - 4) : column + 5]
    assert view.energy_free[row, column] <= around.min() + 1e-3


def test_that_the_plain_numbers_of_the_valley_are_the_steps_of_the_network():
    for smooth in (False, True):
        valley = Valley.of(1.0, 0.9, 0.8, -0.1, 1.0, 0.3, smooth)
        path = valley.roll((0.1, 0.9), 0.1, 30, 0.3)
        s = [valley.x, valley.x * 0 + 0.1, valley.x * 0 + 0.9]
        for step in range(30):
            s = valley.net.euler_step(s, 0.1, 0.3, valley.y)
            assert torch.allclose(path[step + 1], torch.cat([s[1], s[2]], 1)[0], atol=1e-14)


def test_that_a_stronger_nudge_pulls_the_valley_further():
    experiment = begin("digits-one")
    near, far = (experiment.valley(v.ValleyQuery(beta=b)) for b in (0.1, 0.5))
    assert near.rest[1] < near.nudged_rest[1] < far.nudged_rest[1] < 1.0
    assert near.gap < far.gap


# --- training ---------------------------------------------------------------------------------------------------


def test_that_the_bias_map_shows_arrival_and_bias(taught):
    view = taught.bias(v.BiasQuery(betas=(0.02, 0.25, 0.9), sweeps=12, images=16))
    assert view.cosine.shape == (3, 12, 2) and view.solver == "exact"
    assert view.cosine[0, -1].min() > 0.99 and abs(view.norm_ratio[0, -1] - 1).max() < 0.1
    assert view.cosine[0, -1, 0] > view.cosine[2, -1, 0]
    late = begin("digits-two", solver="euler").bias(v.BiasQuery(betas=(0.1,), sweeps=4, images=4, centred=False))
    assert np.isnan(late.cosine[0, :2, 0]).all() and np.isfinite(late.cosine[0, 2:, 0]).all()
    assert np.isfinite(late.cosine[0, 0, 2])


def test_that_an_empty_bias_map_names_the_true_reason():
    experiment = begin("digits-one", precision="float64")
    net, pictures = experiment.net, experiment.pictures
    y = pictures.y[pictures.train_y[:4]]
    rest, zero = [v.clone() for v in net.zeros(pictures.train_x[:4])], torch.zeros(2, 2, dtype=y.dtype)
    rest[-1] = y.clone()
    assert "exactly at their targets" in why_no_gradient(net, rest, y, zero)
    rest[-1] = torch.zeros_like(y)
    assert "saturated" in why_no_gradient(net, rest, y, zero)
    rest[-1] = torch.full_like(y, 0.5)
    assert "no active path" in why_no_gradient(net, rest, y, zero)
    assert why_no_gradient(net, rest, y, zero + 1.0) == ""
    assert experiment.bias(v.BiasQuery(sweeps=2, images=4)).empty == ("", "")


def test_that_the_bias_map_agrees_with_updates_made_one_by_one(taught):
    view = taught.bias(v.BiasQuery(betas=(0.25,), sweeps=5, images=32))
    experiment = begin("digits-one", precision="float64", free_sweeps=300, nudged_sweeps=5)
    experiment.restore(_as_float64(taught.state()))
    _, cosines, ratios = experiment.measures.cosines(experiment.p)
    assert view.cosine[0, -1] == pytest.approx(cosines, abs=1e-4)
    assert view.norm_ratio[0, -1] == pytest.approx(ratios, abs=1e-4)


def _as_float64(state):
    doubled = {n: t.double() if t.is_floating_point() else t for n, t in state.tensors.items()}
    return type(state)(doubled, state.meta)


def test_that_the_gauges_name_what_does_not_arrive():
    good = begin("digits-two").gauges(None)
    assert (good.arrival[-1] > 0).all() and good.words == "" and (good.cosine > 0.5).all()
    late = begin("digits-two", nudged_sweeps=1).gauges(None)
    assert late.arrival[0, 0] < 1e-5 < late.arrival[0, 2]
    assert np.isnan(late.cosine[0]) and "not arrived" in late.words


def test_that_energy_goes_down_in_the_gauges(grown):
    gauges = grown.gauges(None)
    assert (np.diff(gauges.energy_free) < 1e-5).all() and (np.diff(gauges.energy_nudged) < 1e-5).all()
    assert gauges.output_on.shape == (10,) and gauges.dead.sum() == 0


def test_that_states_between_two_phases_are_those_of_the_batch():
    experiment = begin("digits-one", width=24)
    experiment.step_phase()
    live = experiment.states(v.StatesQuery(live=True))
    assert live.phase == 0 and all((a == b).all() for a, b in zip(live.plus, live.free, strict=True))
    experiment.step_phase()
    nudged = experiment.states(v.StatesQuery(live=True))
    assert nudged.phase == 1 and not (nudged.plus[-1] == nudged.free[-1]).all()
    assert nudged.plus[-1] @ nudged.target > nudged.free[-1] @ nudged.target
    assert nudged.minus[-1] @ nudged.target <= nudged.free[-1] @ nudged.target


# --- play -------------------------------------------------------------------------------------------------------


def test_that_the_played_network_settles_its_energy_falling(grown):
    seen = [grown.play(v.PlayQuery(probe=v.Probe(index=4), restart=1, steps_per_frame=10)) for _ in range(25)]
    assert seen[0].step == 10 and not seen[0].at_rest and seen[-1].at_rest
    assert (np.diff(seen[-1].energy) < 1e-5).all()
    assert seen[-1].predicted == int(grown.pictures.test_y[4])
    jumped = grown.play(v.PlayQuery(probe=v.Probe(index=5), restart=2, jump=1))
    assert jumped.at_rest and jumped.predicted == int(grown.pictures.test_y[5])
    held = grown.play(v.PlayQuery(probe=v.Probe(index=5), restart=2, jump=1, playing=False))
    assert held.step == jumped.step


def test_that_a_clamped_neuron_stays_and_a_pull_by_hand_moves_the_output(grown):
    clamp = v.PlayQuery(restart=3, steps_per_frame=20, clamps=(v.Clamp(1, 7, 1.0), v.Clamp(2, 0, 0.5)))
    shown = grown.play(clamp)
    assert shown.layers[0][7] == 1.0 and shown.layers[1][0] == 0.5
    wish = tuple(float(c == 6) for c in range(10))
    free = grown.play(v.PlayQuery(restart=4, jump=2)).layers[1][6]
    assert grown.play(v.PlayQuery(restart=4, jump=3, pull=wish, beta=1.0)).layers[1][6] > free
    with pytest.raises(ValueError, match="no neuron 999 in layer 1"):
        grown.play(v.PlayQuery(clamps=(v.Clamp(1, 999, 1.0),)))


def test_that_a_cued_class_paints_its_picture_when_the_input_is_let_go(grown):
    grown.play(v.PlayQuery(restart=5, cue=3, input_on=False))
    shown = [grown.play(v.PlayQuery(restart=5, cue=3, input_on=False, steps_per_frame=50)) for _ in range(5)][-1]
    distance = (grown.pictures.means.numpy() - shown.input.reshape(1, -1)) ** 2
    assert int(distance.sum(1).argmin()) == 3


def test_that_every_class_is_dreamt_nearest_to_its_own_mean(grown):
    for helped, least in ((True, 9), (False, 8)):
        dreams = grown.dream(v.DreamQuery(helped))
        assert int((dreams.nearest == np.arange(10)).sum()) >= least
    assert grown.dream(v.DreamQuery(True)).distance.mean() < grown.dream(v.DreamQuery(False)).distance.mean()


# --- gestures ---------------------------------------------------------------------------------------------------


def finish(long):
    """The result of a long action, and how many partial ones came before."""
    partials = 0
    while True:
        try:
            next(long)
        except StopIteration as end:
            return end.value, partials
        partials += 1


def test_that_the_ghost_starts_where_the_run_did_and_learns():
    experiment = begin("digits-one")
    ghost, partials = finish(experiment.ghost(v.GhostArguments("rbp", steps=120)))
    first = experiment.step()
    assert ghost.steps[0] == 0 and ghost.steps[-1] == 120 and partials > 1
    assert ghost.accuracy[-1] > 50.0 > ghost.accuracy[0]
    twin, _ = finish(begin("digits-one").ghost(v.GhostArguments("ep", steps=1)))
    assert twin.accuracy[-1] == pytest.approx(first["test_accuracy"])  # the same start, batch and rule
    with pytest.raises(ValueError, match="steps = 0"):
        finish(experiment.ghost(v.GhostArguments(steps=0)))


def test_that_exact_gradients_lose_classes_in_the_race_and_finite_nudges_do_not():
    experiment = begin("digits-one")
    race, partials = finish(experiment.classes(v.ClassesArguments(betas=(0.0, 0.25), seeds=2, steps=250)))
    assert race.accuracy.shape == race.dead.shape == (2, 2) and race.alive.shape == (2, 2, 10)
    assert race.dead[0].sum() > race.dead[1].sum() == 0
    assert race.accuracy[1].min() > race.accuracy[0].mean()
    assert partials > 5 and race.curve_dead.shape == (2, len(race.curve_steps))
    with pytest.raises(ValueError, match="seeds = 0"):
        finish(experiment.classes(v.ClassesArguments(seeds=0)))
