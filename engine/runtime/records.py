"""What the store keeps about runs, live changes and claims, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

RunState = Literal["running", "paused", "finished", "stopped", "failed", "interrupted"]
Better = Literal["up", "down", ""]


class StoreError(RuntimeError):
    """The store cannot do what was asked; the text is one sentence with the file, the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the library lists it.

    id: unique text. params: plain values. created, updated, deleted_at: Unix seconds. wall: seconds of training.
    state: running and paused while its engine lives; finished when the preset's length was reached, stopped before it;
    failed by a fault or a killed engine; interrupted when the whole program went down with it.
    headline: name of the curve shown in lists; best, last: its values (None before the first). failure: sentence.
    folder: holds `checkpoints/` and `exports/`.
    """

    id: str
    paper: str
    title: str
    preset: str
    params: Mapping[str, Any]
    seed: int
    device: str
    threads: int
    app_version: str
    created: float
    updated: float
    wall: float
    last_step: int
    state: RunState
    failure: str
    folder: Path
    headline: str
    better: Better
    best: float | None
    last: float | None
    deleted_at: float | None

    @property
    def checkpoints(self) -> Path:
        """Where `write_checkpoint` and `read_checkpoint` look."""
        return self.folder / "checkpoints"

    @property
    def exports(self) -> Path:
        """Where pictures, tables and event files of this run go."""
        return self.folder / "exports"


@dataclass(frozen=True, slots=True)
class Mark:
    """A live change of a knob, as it is drawn on the curves. old and new are plain values."""

    step: int
    knob: str
    old: Any
    new: Any
    when: float


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """A claim as it was measured: the paper's figure beside ours.

    paper_value, measured: numbers or words. holds: None when it could not be decided. seeds: those that were run.
    seconds: duration. when: Unix seconds (0: now). details: whatever else belongs to it (spread, figures), JSON.
    """

    paper: str
    claim: str
    statement: str
    paper_value: Any
    measured: Any
    holds: bool | None
    seeds: tuple[int, ...]
    seconds: float
    device: str
    when: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)
