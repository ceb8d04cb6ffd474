"""Every claim of the planner has a study that runs, and criteria say no when the thing is broken."""

from __future__ import annotations

import numpy as np
import pytest

from engine.experiments import pag_run
from engine.papers import load_paper
from engine.papers.pag import PRESETS
from engine.runtime.executor import InlineExecutor
from engine.studies import pag_jobs, pag_planning, pag_races
from engine.studies.contract import StudyContext
from engine.studies.pag_jobs import train_race, wider_baseline
from engine.studies.pag_learning import is_faster
from engine.studies.pag_planning import is_right_ahead, is_switching, rows_in_use
from engine.studies.pag_races import Recipe, is_higher, races, reached
from tests.engine.studies.whole_records import assert_every_claim_has_a_study, measured, shrink

PAPER = load_paper("pag")
UNDECIDED = {"plan-length"}
BUDGETS = (
    (pag_races, {"TEXT_UPDATES": 2, "GRAPH_UPDATES": 2, "QUESTION_UPDATES": 2, "EXAMPLES": 20, "TEXT_PERIODS": (1, 3),
                 "GRAPH_PERIODS": (1, 2)}),
    (pag_planning, {"PLAN_LENGTHS": (2, 4), "TEXT_PLAN_LENGTHS": (10,)}),
    (pag_jobs, {"SWEPT": 20}),
)  # fmt: skip


@pytest.fixture
def tiny(monkeypatch):
    """Budgets of seconds in place of minutes; the way there is the same."""
    shrink(monkeypatch, BUDGETS)
    monkeypatch.setattr(pag_run, "SAMPLE", 8)
    monkeypatch.setattr(pag_races, "train_race", narrow)


def narrow(**arguments):
    """A race of networks of 16 units on short words."""
    small = {"width": 16, "embedding": 8, "batch": 8, "largest_number": 99}
    return train_race(**{**arguments, "params": {**small, **arguments["params"]}})


def test_that_every_claim_of_the_paper_has_a_study():
    assert_every_claim_has_a_study(PAPER)


def test_that_the_studies_of_planning_give_whole_records_with_criterion_and_figures(tiny, tmp_path):
    """All claims in one go, as the command line measures them: their races are shared."""
    measured(PAPER, PAPER.claims, tmp_path, undecided=UNDECIDED)


def test_that_a_race_is_trained_once_for_all_the_claims_that_read_it(tiny, monkeypatch):
    trained = []

    def count(**arguments):
        trained.append(arguments["params"]["seed"])
        return arguments["name"]

    monkeypatch.setattr(pag_races, "train_race", count)
    one, other = (StudyContext(PAPER, PAPER.claims[0], InlineExecutor(), s, device="cpu") for s in ((0, 1), (0,)))
    recipe = Recipe("small", "numbers-de", 1)
    assert races(one, [recipe, recipe]) == {"small": ["small", "small"]}
    assert races(one, [recipe]) == {"small": ["small", "small"]} and trained == [0, 1]
    races(one, [Recipe("small", "numbers-de", 1, {"k": 2})])
    races(other, [recipe])  # another go measures anew
    assert trained == [0, 1, 0, 1, 0]


def test_that_a_model_alone_trains_as_it_does_among_the_others():
    """What lets the study of plan lengths read the races of the other claims."""
    small = {"width": 16, "embedding": 8, "batch": 8, "seed": 2}
    alone = train_race("alone", "euler", {**small, "models": "PAG"}, 2, 20, ())
    among = train_race("among", "euler", small, 2, 20, ())
    assert alone.score("pag").nll == among.score("pag").nll
    assert alone.runner("pag").nll.tolist() == among.runner("pag").nll.tolist()
    assert among.sweep is None and reached([among], "pag").missed == 1 and reached([among], "pag").updates == [2.0]
    assert {r.model for r in among.race.runners} == {"baseline", "pag", "rpag"}


def test_that_a_wider_baseline_comes_within_a_hundredth_of_the_size_asked_for():
    for times in (1.0, 1.16):
        width, size, pag = wider_baseline("numbers-de", times)
        assert width > 64 and abs(size / (times * pag) - 1.0) < 0.01
    assert pag == 210_454  # 190-230 thousand on the page


def test_that_the_full_sizes_name_presets_there_are():
    from engine.studies.pag_tasks import FULL_CIRCUITS, FULL_QUESTIONS, FULL_TEXT

    assert {r.preset for r in (FULL_TEXT, FULL_CIRCUITS, FULL_QUESTIONS)} <= {p.id for p in PRESETS}


@pytest.mark.parametrize(("ours", "theirs", "least", "higher"), [
    ([2.0, 2.0, 2.0], [1.0, 1.0, 1.0], 1.0, True), ([1.5, 1.5, 1.5], [1.0, 1.0, 1.0], 1.0, False),
    ([9.0, 0.0, 0.0], [1.0, 1.0, 1.0], 1.0, False), ([1.0], [2.0], 0.0, False),
    ([99.9, 99.9, 100.0], [99.9, 99.9, 99.0], 0.2, False), ([3.0, 3.0, 3.0], [1.0, 1.5, 2.0], 1.0, True),
])  # fmt: skip
def test_that_higher_means_by_enough_beyond_the_spread_and_on_most_seeds(ours, theirs, least, higher):
    assert is_higher(ours, theirs, least) is higher


def test_that_a_locked_or_idle_switch_does_not_hold():
    assert is_switching([0.2, 0.3], [40.0, 60.0])
    assert not is_switching([0.2, 0.95], [40.0, 60.0])  # always on one seed
    assert not is_switching([0.02, 0.3], [40.0, 60.0])  # never on one seed
    assert not is_switching([0.2, 0.3], [1.0, 2.0])  # it does not matter when it re-plans


def test_that_a_plan_with_one_wrong_row_in_use_does_not_hold():
    assert is_right_ahead(np.array([[0.9, 0.6, 0.6], [0.8, 0.6, 0.6]]), 3)
    assert not is_right_ahead(np.array([[0.9, 0.4, 0.6], [0.8, 0.5, 0.6]]), 3)
    assert is_right_ahead(np.array([[0.9, 0.8, 0.7, 0.1]]), 3)  # the last row was never asked for
    assert not is_right_ahead(np.array([[0.9, 0.8, 0.7]]), 2)  # a plan of two rows is none
    assert rows_in_use(np.array([[0.6, 0.3, 0.06, 0.04], [0.6, 0.3, 0.06, 0.04]])) == 3
    assert rows_in_use(np.array([[0.5, 0.5]])) == 2 and rows_in_use(np.array([[1.0, 0.0]])) == 1


def test_that_faster_means_on_no_seed_slower():
    assert is_faster([200, 200], [250, 200]) and not is_faster([200, 260], [300, 250])
    assert not is_faster([200], [200])
