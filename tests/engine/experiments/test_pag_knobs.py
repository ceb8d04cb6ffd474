"""Live knobs act on the next update; faults are told in one sentence with a remedy; measures measure."""

from __future__ import annotations

import pytest
import torch

from engine.data.images import DataError
from engine.experiments.pag_setup import activations, period_of
from engine.models.pag import Shape
from engine.models.pag_descent import Descent
from engine.papers import pag_views as v
from engine.papers.contract import ParameterError
from engine.papers.pag import PAPER, PagParams
from tests.engine.experiments.pag_runs import GRAPHS, NUMBERS, begin
from tests.engine.experiments.runs import Heard, last, train


@pytest.mark.parametrize(
    "change",
    [{"lr": 1e-3}, {"clip": 0.1}, {"batch": 16}, {"penalty": 0.1}, {"price": 0.5}, {"estimator": "soft"},
     {"semantics": "countdown"}, {"policy": "always"}, {"learns_temperature": False, "tau_inv": 5.0}],
    ids=str,
)  # fmt: skip
def test_that_a_live_knob_acts_on_the_next_update(change):
    turned, left = (begin("euler", **GRAPHS, models="PAG") for _ in range(2))
    train(turned, 1), train(left, 1)
    turned.change(turned.params.with_changes(**change))
    train(turned, 1), train(left, 1)
    one, other = (run.racers["pag"].net.planner.Wcm.weight for run in (turned, left))
    assert not torch.equal(one, other)


def test_that_a_fixed_policy_is_obeyed_in_training():
    run = begin("euler", **GRAPHS, models="PAG and rPAG", policy="every", period=2)
    values = last(run, 2)
    assert values["replans_pag"] == values["replans_rpag"] == pytest.approx(50.0, abs=12.0)
    run.change(run.params.with_changes(policy="always"))
    assert last(run, 1)["replans_pag"] == 100.0
    assert period_of(run.params.with_changes(policy="never")) == run.params.k


def test_that_the_decision_noise_knob_reaches_the_pictures():
    run = begin("numbers-de", **NUMBERS, models="PAG")
    quiet = run.film(v.FilmQuery(longest=20)).films[0].replanned.tolist()
    run.change(run.params.with_changes(is_noisy=True))
    noisy = [run.film(v.FilmQuery(longest=20, noise_seed=s)).films[0].replanned.tolist() for s in range(4)]
    assert any(n != quiet for n in noisy)


def test_that_one_update_of_adam_is_the_formula_of_adam():
    p = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    unused = torch.nn.Parameter(torch.zeros(3))
    descent = Descent([p, unused], "Adam", 0.1, 1e9, 0.0)
    m = v_ = torch.zeros(2)
    want = p.detach().clone()
    for t, g in enumerate((torch.tensor([0.5, -4.0]), torch.tensor([1.0, 1.0])), 1):
        p.grad = g.clone()
        assert descent.update() == pytest.approx(float(g.norm()))
        m, v_ = 0.9 * m + 0.1 * g, 0.999 * v_ + 0.001 * g**2
        want = want - 0.1 * (m / (1 - 0.9**t)) / ((v_ / (1 - 0.999**t)).sqrt() + 1e-8)
    assert torch.allclose(p, want, atol=1e-6) and bool((unused == 0).all())


def test_that_the_clip_bounds_the_step_and_numbers_that_are_not_finite_move_nothing():
    p = torch.nn.Parameter(torch.zeros(2))
    descent = Descent([p], "Adadelta", 1.0, 1.0, 0.0)
    p.grad = torch.tensor([30.0, 40.0])
    assert descent.update() == pytest.approx(50.0)
    assert torch.allclose(descent.first, 0.05 * torch.tensor([0.36, 0.64]), atol=1e-5)
    kept = p.detach().clone()
    p.grad = torch.tensor([float("nan"), 1.0])
    descent.update()
    assert torch.equal(p, kept) and descent.updates == 1


def test_that_a_locked_switch_is_told_after_two_hundred_updates_with_a_remedy():
    heard = Heard()
    run = begin("numbers-de", heard, **NUMBERS, models="PAG", commit_bias=4.0)
    watch = run.faults
    for step in range(0, 230, 10):
        run.steps_done, run._values, run.round_length = step, {"replans_pag": 100.0}, 10.0
        run.racers["pag"].history.exact.append(0.3)
        watch.look(run)
    (notice,) = heard.notices
    assert notice[1] == "locked-pag" and "re-plans at every step" in notice[2] and "price" in notice[2]
    assert notice[3][0].changes == {"price": 0.1}
    run._values = {"replans_pag": 40.0}
    watch.look(run)
    assert heard.cleared == ["locked-pag"]
    for step in range(300, 520, 10):
        run.steps_done, run._values = step, {"replans_rpag": 1.0, "replans_pag": 9.0}
        watch.look(run)
    assert "never looks again" in heard.notices[-1][2] and heard.notices[-1][3] == ()


def test_that_a_task_solved_by_looking_again_is_no_fault():
    heard = Heard()
    run = begin("euler", heard, **GRAPHS, models="PAG")
    run.racers["pag"].history.exact.append(0.99)
    for step in (0, 250):
        run.steps_done, run._values = step, {"replans_pag": 100.0}
        run.faults.look(run)
    (notice,) = heard.notices
    assert notice[0] == "info" and "rewards looking again" in notice[2]


def test_that_a_spike_is_told_and_forgotten_when_it_is_over():
    heard = Heard()
    run = begin("euler", heard, **GRAPHS, models="PAG", clip=5.0)
    run.round_length = 1.0
    for step in range(160):
        run.steps_done, run._values = step, {"nll_pag": 60.0 if step == 60 else 2.0, "replans_pag": 50.0}
        run.faults.look(run)
    (notice,) = heard.notices
    assert notice[1] == "spike-pag" and "30 times its median" in notice[2]
    assert [r.changes for r in notice[3]] == [{"clip": 1.0}, {"lr": run.params.lr / 2}]
    assert heard.cleared == ["spike-pag"]


def test_that_a_flat_start_on_graphs_is_called_searching():
    heard = Heard()
    run = begin("euler", heard, **GRAPHS, models="rPAG")
    run.racers["rpag"].history.exact.append(0.0)
    run.steps_done, run._values = 150, {}
    run.faults.look(run)
    assert heard.notices[0][1] == "searching-rpag" and run.race(None).runners[0].words == heard.notices[0][2]
    run.racers["rpag"].history.exact.append(0.4)
    run.faults.look(run)
    assert heard.cleared == ["searching-rpag"]


def finished(action):
    while True:
        try:
            next(action)
        except StopIteration as end:
            return end.value


def test_that_an_evaluation_counts_every_example_and_scores_text_by_bleu():
    run = begin("dates", width=16, embedding=8, models="baseline and PAG")
    found = finished(run.evaluate(v.EvaluateArguments(40)))
    assert found.examples == 40 and [s.model for s in found.scores] == ["baseline", "pag"]
    for score in found.scores:
        assert score.counts.sum() == 40 and 0.0 <= score.bleu <= 100.0
        assert score.exact == pytest.approx(float((score.by_size * score.counts).sum() / 40))
        assert len(score.mistakes) == 12 and score.nll > 0 and 0 <= score.symbols <= 1
    assert "nrefs:1" in found.bleu_signature
    wide = finished(run.evaluate(v.EvaluateArguments(8, beam=3)))
    assert wide.scores[1].nll > 0


def test_that_growing_graphs_are_scored_by_size():
    run = begin("euler", **GRAPHS, models="PAG")
    growth = finished(run.grow(v.GrowArguments((3, 6, 12, 13), 0, 4)))
    assert growth.circuits.tolist() == [3, 6, 12] and growth.trained.tolist() == [True, False, False]
    assert growth.exact.shape == (1, 3) and (growth.valid >= growth.exact).all()
    assert (growth.same_set >= growth.exact).all()


def test_that_gestures_that_make_no_sense_are_refused_in_words():
    text = begin("numbers-de", **NUMBERS, models="baseline")
    with pytest.raises(DataError, match="one of them"):
        next(text.sweep(v.SweepArguments()))
    with pytest.raises(DataError, match="Graphs grow"):
        next(text.grow(v.GrowArguments()))
    with pytest.raises(DataError, match="circuits"):
        text.draw_graph(v.DrawArguments())


def test_that_memory_is_estimated_as_on_the_page():
    paper = Shape("pag", "tokens", 24_440, 302, embedding=600, width=600, k=10)
    kept = activations(paper, 64, 50, 500, is_recomputed=True)
    assert kept == pytest.approx(0.4e9, rel=0.1)
    assert activations(paper, 64, 50, 500, is_recomputed=False) == pytest.approx(23.7e9, rel=0.05)


def test_that_shipped_weights_of_another_size_are_refused_with_advice():
    with pytest.raises(ParameterError, match="default sizes"):
        begin("numbers-de", **NUMBERS, start="trained")


def test_that_the_shipped_planner_spells_and_its_plan_names_words_ahead():
    run = begin("numbers-de", start="trained")
    view = run.film(v.FilmQuery(v.Source(text="four hundred twenty seven")))
    assert [f.text for f in view.films] == ["vierhundertsiebenundzwanzig"] * 3
    assert run.look_ahead(None).accuracy[1] > 2 * run.look_ahead(None).chance


def test_that_the_shipped_models_walk_circuits_never_seen():
    run = begin("euler-trained")
    right = dict.fromkeys(v.MODELS, 0)
    for n in range(12):
        for f in run.film(v.FilmQuery(v.Source(n))).films:
            assert f.walk.exact == f.exact == f.walk.valid, "the circuit is unique"
            right[f.model] += f.exact
    assert all(count >= 11 for count in right.values())


def test_that_the_counts_of_the_paper_sizes_are_those_of_the_page():
    from engine.models.pag import size_of

    def count(kind, width=600, embedding=600):
        return size_of(Shape(kind, "tokens", 24_440, 302, embedding=embedding, width=width, k=10)) / 1e6

    assert count("pag") == pytest.approx(34.23, abs=0.03)
    assert count("baseline") == pytest.approx(34.12, abs=0.03)
    assert count("rpag") == pytest.approx(34.13, abs=0.03)
    for preset in PAPER.presets:
        assert isinstance(PAPER.make_params(preset.id), PagParams)
