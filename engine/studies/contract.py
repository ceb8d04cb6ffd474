"""What a study is: one function for each claim of a paper, which measures it and says whether it holds.

`engine/studies/NAME.py` has ``STUDIES: dict[str, Study]``, claim id to function. Command line and scorecard run them
through the same `measure`, keep the same records and show the paper's own words beside what was measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from engine.papers.contract import Claim, Paper
from engine.runtime.executor import Executor

Value = float | list[float]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One claim, measured.

    claim: id in the paper's CLAIMS; statement, paper: the claim and the paper's own figure in words. measured: ours in
    words, with the spread over seeds. values: the numbers behind it (a list has one entry a seed, or is a curve).
    holds: None where the claim has no yes or no at this size. seconds: wall time. device: in words. notes: what a
    reader must know (size, departures). figures: files written, relative to the figure folder.
    """

    claim: str
    statement: str
    paper: str
    measured: str
    values: Mapping[str, Value]
    holds: bool | None
    seeds: tuple[int, ...]
    seconds: float
    device: str
    notes: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    full: bool = False

    def as_json(self) -> dict[str, Any]:
        """Plain values, ready for `json.dumps`: lists for tuples, every field by its name."""
        plain = asdict(self)
        return {**plain, **{k: list(plain[k]) for k in ("seeds", "notes", "figures")}}


@dataclass(slots=True)
class StudyContext:
    """What a study is given.

    executor: runs jobs side by side. device: as in `RunSpec` (auto, cpu, cuda...). seeds: repeat the measurement for
    each. full: at the paper's size instead of two minutes on two cores. figures: folder for pictures, None: draw none.
    tell(fraction 0..1, text): progress for whoever waits. shared: what claims measured in one go leave for one another
    (a training that several of them read).
    """

    paper: Paper
    claim: Claim
    executor: Executor
    seeds: tuple[int, ...]
    device: str = "auto"
    full: bool = False
    figures: Path | None = None
    tell: Callable[[float, str], None] = lambda fraction, text: None
    shared: dict[Any, Any] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    def measurement(
        self,
        measured: str,
        values: Mapping[str, Value],
        holds: bool | None,
        device: str,
        notes: Sequence[str] = (),
        figures: Sequence[str] = (),
    ) -> Measurement:
        """The record of this claim, with everything that the context already knows filled in."""
        return Measurement(
            claim=self.claim.id,
            statement=self.claim.statement,
            paper=self.claim.reported,
            measured=measured,
            values=values,
            holds=holds,
            seeds=self.seeds,
            seconds=time.perf_counter() - self.started,
            device=device,
            notes=tuple(notes),
            figures=tuple(figures),
            full=self.full,
        )


class Study(Protocol):
    """Measures one claim."""

    def __call__(self, context: StudyContext, /) -> Measurement:
        """Runs what is needed through ``context.executor`` and ends with ``context.measurement(...)``.

        Raises `engine.runtime.executor.JobFailed` when a run did not come to its end.
        """
        ...


def spread(values: Sequence[float], unit: str = "", digits: int = 1) -> str:
    """Mean and range over seeds in words: ``97.3 % (96.9 to 97.8 over 3 seeds)``; one value stands alone."""
    if not values:
        raise ValueError("a spread needs at least one value")
    tail = f" {unit}" if unit else ""
    mean = sum(values) / len(values)
    if len(values) == 1:
        return f"{mean:.{digits}f}{tail}"
    lowest, highest = min(values), max(values)
    return f"{mean:.{digits}f}{tail} ({lowest:.{digits}f} to {highest:.{digits}f} over {len(values)} seeds)"
