"""Runs a paper's studies: finds them by name, measures claim after claim, keeps the records."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.papers.contract import Claim, Paper, ParameterError
from engine.runtime.executor import Executor
from engine.runtime.jobs import JobFailed
from engine.runtime.records import StudyRecord
from engine.runtime.version import app_version
from engine.studies.contract import Measurement, Study, StudyContext

if TYPE_CHECKING:
    from engine.runtime.store import Store

SEEDS = 3


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A claim whose study did not come to its end. reason: a sentence; traceback: for the log."""

    claim: Claim
    reason: str
    traceback: str = ""


def studies_of(paper: Paper) -> dict[str, Study]:
    """The studies of a paper by claim, in the order of its claims; empty when there are none.

    Raises `ParameterError` when a study names a claim that the paper does not have.
    """
    name = f"engine.studies.{paper.name}"
    if find_spec(name) is None:
        return {}
    studies: dict[str, Study] = import_module(name).STUDIES
    strangers = sorted(set(studies) - {claim.id for claim in paper.claims})
    if strangers:
        raise ParameterError(f"{name} measures what {paper.name} does not claim: {', '.join(strangers)}")
    return {claim.id: studies[claim.id] for claim in paper.claims if claim.id in studies}


def choose_claims(paper: Paper, wanted: Sequence[str]) -> list[Claim]:
    """The claims that can be measured and are wanted (none wanted: all). Raises `ParameterError` naming them."""
    there = studies_of(paper)
    missing = [claim for claim in wanted if claim not in there]
    if missing:
        raise ParameterError(
            f"{paper.name} has no study of {', '.join(missing)}. Studies: {', '.join(there) or 'none'}"
        )
    return [claim for claim in paper.claims if claim.id in (wanted or there)]


def measure(
    paper: Paper,
    claims: Sequence[Claim],
    executor: Executor,
    *,
    seeds: int = 0,
    full: bool = False,
    device: str = "auto",
    figures: Path | None = None,
    tell: Callable[[Claim, float, str], None] = lambda claim, fraction, text: None,
) -> Iterator[Measurement | Unmeasured]:
    """Measures claim after claim; a study that fails does not stop those after it.

    seeds: how many (0: three). figures: folder, made when needed.
    """
    studies = studies_of(paper)
    count = seeds or SEEDS
    shared: dict[Any, Any] = {}
    for claim in claims:
        context = StudyContext(
            paper=paper,
            claim=claim,
            executor=executor,
            seeds=tuple(range(count)),
            device=device,
            full=full,
            figures=figures,
            tell=lambda fraction, text, claim=claim: tell(claim, fraction, text),  # type: ignore[misc]
            shared=shared,
        )
        if figures is not None:
            figures.mkdir(parents=True, exist_ok=True)
        try:
            yield studies[claim.id](context)
        except JobFailed as error:
            details = "\n".join(outcome.traceback for outcome in error.outcomes if outcome.traceback)
            yield Unmeasured(claim, str(error), details)
        except Exception as error:  # noqa: BLE001 - outermost loop of a study; the claim is reported as not measured
            yield Unmeasured(claim, f"{type(error).__name__}: {error}", traceback.format_exc())


def keep(measurement: Measurement, paper: Paper, store: Store, figures: Path | None) -> None:
    """Writes the record that the scorecard shows. Raises `StoreError`."""
    store.record_study(
        StudyRecord(
            paper=paper.name,
            claim=measurement.claim,
            statement=measurement.statement,
            paper_value=measurement.paper,
            measured=measurement.measured,
            holds=measurement.holds,
            seeds=measurement.seeds,
            seconds=measurement.seconds,
            device=measurement.device,
            details={
                "values": dict(measurement.values),
                "notes": list(measurement.notes),
                "figures": [str(figures / name) if figures else name for name in measurement.figures],
                "full": measurement.full,
                "version": app_version(),
            },
        )
    )
