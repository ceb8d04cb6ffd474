"""What a run without a window leaves: its curves in memory and, when it is kept, the same record as a window's run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from engine.papers.contract import Paper, Params
from engine.runtime.checkpoint_files import CheckpointError, Header
from engine.runtime.messages import Notice, Report, Scalars
from engine.runtime.recording import Checkpoints, CurveRecorder
from engine.runtime.store import Store
from engine.runtime.version import app_version

if TYPE_CHECKING:
    from engine.runtime.jobs import RunJob


class JobRecord:
    """Collects the curves of one job's run. As a context manager it notes in the library how the run ended.

    id: the run's id in the library, "" when it is not kept. Raises `StoreError` when it should be kept and cannot.
    """

    def __init__(self, job: RunJob, paper: Paper, params: Params, device: str, threads: int) -> None:
        self._job = job
        self._batches: list[Scalars] = []
        self._wall = 0.0
        self._resumed_at = time.perf_counter()
        self._store: Store | None = None
        self._checkpoints: Checkpoints | None = None
        self._has_finished = False
        self._closing = ExitStack()
        self.id = ""
        if job.keep:
            self._open(paper, params, device, threads)
        self._curves = CurveRecorder(0, self.id, self._store, self._hear)

    def _open(self, paper: Paper, params: Params, device: str, threads: int) -> None:
        spec, headline = self._job.spec, paper.headline
        self._store = self._closing.enter_context(Store(spec.home))
        kept = self._store.create_run(
            paper.name,
            params.model_dump(mode="json"),
            title=self._job.name,
            preset=spec.preset,
            seed=params.seed,
            device=device,
            threads=threads,
            headline=headline.name if headline else "",
            better=headline.better if headline else "",
        )
        self.id = kept.id
        self._checkpoints = Checkpoints(0, kept.checkpoints, spec.autosave_s, self._hear)
        self._closing.callback(self._checkpoints.close)

    def add(self, experiment: Any, values: Mapping[str, float]) -> None:
        """The values of the update just made; saves when it is time."""
        wanted = self._job.curves
        self._curves.add(experiment.steps_done, {n: v for n, v in values.items() if not wanted or n in wanted})
        now = time.perf_counter()
        self._wall = now - self._resumed_at
        self._curves.flush(now, 0, self._wall)
        if self._checkpoints is not None:
            self._checkpoints.poll()
            if self._checkpoints.is_due(now, experiment.steps_done):
                self._save(experiment)

    def finish(self, experiment: Any) -> None:
        """The last points and the last checkpoint. Raises `CheckpointError` when it could not be written."""
        self._curves.flush(time.perf_counter(), 0, self._wall, is_final=True)
        if self._checkpoints is not None:
            self._save(experiment)
            self._checkpoints.wait()
        self._has_finished = True

    def curves(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Name -> (steps int64 [T], values float64 [T]), only where a value was measured."""
        parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        for batch in self._batches:
            for name, column in batch.values.items():
                there = ~np.isnan(column)
                parts.setdefault(name, []).append((batch.steps[there], column[there]))
        return {n: (np.concatenate([s for s, _ in p]), np.concatenate([v for _, v in p])) for n, p in parts.items()}

    def _save(self, experiment: Any) -> None:
        spec, params = self._job.spec, experiment.params
        header = Header(
            spec.paper, params.model_dump(mode="json"), params.seed, experiment.steps_done, spec.preset, app_version()
        )
        assert self._checkpoints is not None
        self._checkpoints.begin(experiment.state(), header)

    def _hear(self, report: Report) -> None:
        if isinstance(report, Scalars):
            self._batches.append(report)
        elif isinstance(report, Notice) and report.level == "error":
            raise CheckpointError(report.text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._closing:
            if self._store is not None:
                failure = "" if self._has_finished else str(error or "interrupted")
                self._store.set_state(self.id, "finished" if self._has_finished else "failed", failure)
