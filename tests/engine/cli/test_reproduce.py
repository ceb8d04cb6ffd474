"""Studies: measured beside the paper, kept, drawn; a study that fails is named and does not stop the others."""

from __future__ import annotations

import json
import sys
from types import ModuleType

import pytest

from engine.cli import exits
from engine.cli.door import run
from engine.papers import load_paper
from engine.papers.contract import ParameterError
from engine.runtime.executor import CallJob, values
from engine.runtime.store import Store
from engine.studies.contract import Measurement, StudyContext, spread
from engine.studies.figures import new_figure, write_figure
from engine.studies.measure import choose_claims, studies_of
from tests.engine.runtime import jobs_for_tests as work

KEYS = {"claim", "statement", "paper", "measured", "holds", "seeds", "seconds", "device"}


def squares(context: StudyContext) -> Measurement:
    """Uses the executor, one job a seed, and draws."""
    found = values(context.executor, [CallJob(f"seed {s}", work.square, {"number": s}) for s in context.seeds])
    context.tell(1.0, "done")
    figure, (axes,) = new_figure()
    axes.plot(found)
    names = write_figure(figure, context.figures, "squares") if context.figures else []
    return context.measurement(spread([float(v) for v in found]), {"squares": found}, True, "CPU", figures=names)


def broken(context: StudyContext) -> Measurement:
    """Its job fails."""
    values(context.executor, [CallJob("the bad one", work.complain, {"words": "no ink"})])
    raise AssertionError("unreachable")


@pytest.fixture
def two_studies(monkeypatch):
    """The first claim of the paper has a study that works, the second one that fails."""
    module = ModuleType("engine.studies.dendritic")
    first, second = load_paper("dendritic").claims[:2]
    module.STUDIES = {second.id: broken, first.id: squares}
    monkeypatch.setattr("engine.studies.measure.find_spec", lambda _name: True)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return first, second


def test_that_a_claim_is_measured_beside_the_papers_figure_and_kept(two_studies, capsys, tmp_path):
    claim, _ = two_studies
    words = ["reproduce", "dendritic", "--claim", claim.id, "--seeds", "3", "--jobs", "1", "--figures", str(tmp_path)]
    assert run([*words, "--json"]) == exits.DONE
    (row,) = json.loads(capsys.readouterr().out)
    assert set(row) >= KEYS
    assert (row["claim"], row["statement"], row["paper"]) == (claim.id, claim.statement, claim.reported)
    assert (row["measured"], row["holds"], row["seeds"]) == ("1.7 (0.0 to 4.0 over 3 seeds)", True, [0, 1, 2])
    assert (tmp_path / "dendritic" / "squares.png").stat().st_size > 1000
    with Store() as store:
        (kept,) = store.list_studies("dendritic")
    assert (kept.claim, kept.measured, kept.holds, kept.seeds) == (claim.id, row["measured"], True, (0, 1, 2))
    assert kept.details["values"] == {"squares": [0, 1, 4]}


def test_that_a_study_that_fails_is_named_and_the_others_are_measured(two_studies, capsys):
    good, bad = two_studies
    assert run(["reproduce", "dendritic", "--jobs", "1", "--no-record"]) == exits.FAULT
    out, err = capsys.readouterr()
    assert f"{good.id}: holds" in out
    assert f"{bad.id} could not be measured: the bad one: ValueError: no ink" in err
    with Store() as store:
        assert not store.list_studies()


def test_that_studies_follow_the_order_of_the_claims_and_strangers_are_refused(two_studies, monkeypatch):
    paper = load_paper("dendritic")
    assert [claim.id for claim in choose_claims(paper, ())] == [claim.id for claim in two_studies]
    sys.modules["engine.studies.dendritic"].STUDIES = {"perpetual-motion": squares}
    with pytest.raises(ParameterError, match="does not claim: perpetual-motion"):
        studies_of(paper)


def test_that_equal_figures_give_equal_files(tmp_path):
    for folder in ("one", "two"):
        figure, (axes,) = new_figure()
        axes.plot([1, 3, 2])
        write_figure(figure, tmp_path / folder, "curve")
    for name in ("curve.svg", "curve.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_that_a_spread_needs_something_to_spread():
    assert spread([97.25], "%", 2) == "97.25 %"
    with pytest.raises(ValueError, match="at least one"):
        spread([])
