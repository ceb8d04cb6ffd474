"""What every study of every paper must give, and how a test makes its budget one of seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from engine.papers.contract import Claim, Paper
from engine.runtime.executor import InlineExecutor
from engine.studies.contract import Measurement
from engine.studies.measure import measure, studies_of

Budgets = Iterable[tuple[ModuleType, Mapping[str, Any]]]


def shrink(monkeypatch: pytest.MonkeyPatch, budgets: Budgets) -> None:
    """Puts small budgets in place of a study's own, each of the same type; what is measured means nothing then."""
    for module, values in budgets:
        for name, value in values.items():
            assert type(getattr(module, name)) is type(value)
            monkeypatch.setattr(module, name, value)


def assert_every_claim_has_a_study(paper: Paper) -> None:
    """In the order in which the paper declares them."""
    assert list(studies_of(paper)) == [claim.id for claim in paper.claims]


def measured(
    paper: Paper, claims: Sequence[Claim], folder: Path, *, seeds: int = 1, undecided: Iterable[str] = ()
) -> list[Measurement]:
    """Measures claims in one go, as the command line does; records are whole. undecided: those without a verdict."""
    told: list[tuple[str, float]] = []
    records = measure(
        paper, claims, InlineExecutor(), seeds=seeds, device="cpu", figures=folder,
        tell=lambda claim, fraction, _text: told.append((claim.id, fraction)),
    )  # fmt: skip
    found = []
    for record, claim in zip(records, claims, strict=True):
        assert isinstance(record, Measurement), record
        _assert_whole(record, claim, folder, claim.id in undecided)
        assert record.seeds == tuple(range(seeds))
        fractions = [fraction for name, fraction in told if name == claim.id]
        assert fractions[-1] == 1.0 and all(0.0 <= f <= 1.0 for f in fractions)
        found.append(record)
    return found


def _assert_whole(record: Measurement, claim: Claim, folder: Path, is_undecided: bool) -> None:
    assert record.claim == claim.id and record.paper == claim.reported
    assert record.holds is None if is_undecided else record.holds in (True, False)
    assert record.notes[0].startswith("No yes or no" if is_undecided else "Holds")
    assert record.seconds > 0 and "CPU" in record.device
    assert record.measured and "nan" not in record.measured and record.values
    for name, values in record.values.items():
        assert np.all(np.isfinite(values)), name
    assert record.figures and all((folder / name).stat().st_size > 1000 for name in record.figures)
