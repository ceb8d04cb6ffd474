"""A real session as a test drives it: everything it said is kept, and the test waits for what it wants to hear."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from engine.papers import load_paper
from engine.runtime import messages as m
from engine.runtime.records import RunRecord
from engine.runtime.session import EnginePool, Session
from engine.runtime.store import Store

R = TypeVar("R")
PATIENCE_S = 30.0  # an engine without a spare imports torch first, and the machine may be busy


class Heard:
    """The reports of one session in order, each with its time of arrival (`time.perf_counter`)."""

    def __init__(self) -> None:
        self.reports: list[m.Report] = []
        self.times: list[float] = []
        self._news = threading.Condition()
        self.session: Session | None = None
        self.draws = True

    def __call__(self, report: m.Report) -> None:
        with self._news:
            self.reports.append(report)
            self.times.append(time.perf_counter())
            self._news.notify_all()
        if self.draws and isinstance(report, m.Frame) and self.session is not None:
            self.session.seen(report)

    def of(self, kind: type[R], since: int = 0) -> list[R]:
        """All reports of a kind, from the `since`-th report on."""
        return [r for r in self.reports[since:] if isinstance(r, kind)]

    def until(
        self, kind: type[R], where: Callable[[R], bool] = lambda _: True, since: int = 0, seconds: float = PATIENCE_S
    ) -> R:
        """The first report of a kind that fulfils `where`; waits for it, and fails after `seconds`."""
        place = self.place(kind, where, since, seconds)
        found = self.reports[place]
        assert isinstance(found, kind)
        return found

    def place(
        self, kind: type[R], where: Callable[[R], bool] = lambda _: True, since: int = 0, seconds: float = PATIENCE_S
    ) -> int:
        """As `until`, but returns where it stands in `reports`."""
        end = time.perf_counter() + seconds
        place = since
        with self._news:
            while True:
                while place < len(self.reports):
                    report = self.reports[place]
                    if isinstance(report, kind) and where(report):
                        return place
                    if isinstance(report, m.Failed) and kind is not m.Failed:
                        raise AssertionError(f"the run failed: {report.advice}\n{report.traceback}")
                    place += 1
                left = end - time.perf_counter()
                if left <= 0 or not self._news.wait(left):
                    last = ", ".join(type(r).__name__ for r in self.reports[-8:])
                    raise AssertionError(f"no such {kind.__name__} within {seconds} s; last heard: {last}")


@dataclass
class Run:
    """One session under test. `home` holds its records; `record` is the run in the store, when it is kept."""

    session: Session
    heard: Heard
    home: Path
    record: str = ""
    spec: m.RunSpec = field(default_factory=lambda: m.RunSpec("dendritic", "digits-small", {}))

    def until(self, kind: type[R], where: Callable[[R], bool] = lambda _: True, **limits: Any) -> R:
        """See `Heard.until`."""
        return self.heard.until(kind, where, **limits)

    @property
    def said(self) -> int:
        """How many reports there are: what comes later is an answer to what is asked now."""
        return len(self.heard.reports)

    def at_step(self, step: int) -> m.Progress:
        """Waits until training has come this far."""
        return self.until(m.Progress, lambda p: p.step >= step)

    def pause(self) -> int:
        """Pauses, waits until the engine holds still and has told its last points; the update it stands at."""
        since = self.said
        self.session.pause()
        step = self.until(m.Progress, lambda p: p.state == "paused", since=since).step
        return step

    def stop(self, save: bool = True) -> m.Stopped:
        """Stops and waits for the end."""
        self.session.stop(save)
        stopped = self.until(m.Stopped)
        assert self.session.wait(PATIENCE_S)
        return stopped

    def failed(self, seconds: float = PATIENCE_S) -> m.Failed:
        """Waits for the fault that ended the run and for the end of its process."""
        found = self.until(m.Failed, seconds=seconds)
        assert self.session.wait(PATIENCE_S)
        return found

    def resumed(self, **changes: Any) -> Run:
        """A new session that goes on with the record of this one."""
        return begin(self.session._pool, replace(self.spec, resume=True, **changes), self.home, self.record)

    @property
    def ends(self) -> list[m.Report]:
        """Every word of an end; there must be exactly one."""
        return [r for r in self.heard.reports if isinstance(r, m.Failed | m.Stopped)]

    @property
    def curves(self) -> dict[int, dict[str, float]]:
        """step -> values of all points that were sent, in the order they came; rewinding forgets."""
        points: dict[int, dict[str, float]] = {}
        for report in list(self.heard.reports):
            if isinstance(report, m.Rewound):
                points = {s: v for s, v in points.items() if s <= report.step}
            if isinstance(report, m.Scalars):
                for row, step in enumerate(report.steps.tolist()):
                    assert not points or step > max(points), f"update {step} after {max(points)}"
                    found = {n: float(v[row]) for n, v in report.values.items() if not np.isnan(v[row])}
                    points[step] = found
        return points


def begin(pool: EnginePool, spec: m.RunSpec, home: Path, record: str = "", *, draws: bool = True) -> Run:
    """Starts a run; the caller waits for what it needs."""
    heard = Heard()
    heard.draws = draws
    session = Session(pool, heard)
    heard.session = session
    run = Run(session, heard, home, record, replace(spec, home=str(home), record=record))
    session.start(run.spec)
    return run


def spec_of(preset: str = "digits-small", params: Mapping[str, Any] | None = None, **more: Any) -> m.RunSpec:
    """A run of the dendritic paper at full speed."""
    paper = load_paper("dendritic")
    values = paper.make_params(preset, params).model_dump(mode="json")
    return m.RunSpec("dendritic", preset, values, **{"pace": math.inf, **more})


def new_record(home: Path, spec: m.RunSpec) -> RunRecord:
    """A run in the store, as the window makes one before it starts the engine."""
    with Store(home) as store:
        return store.create_run(spec.paper, spec.params, preset=spec.preset, headline="test_accuracy", better="up")
