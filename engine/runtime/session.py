"""The handle that holds one running experiment: start, pause, step, change, watch, ask, rewind, save, stop.

The window wraps it in signals; the command line and the studies use it directly. No torch, no Qt.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.runtime import messages as m
from engine.runtime.process import ClusterPool, EnginePool, EngineProcess, TooManyRuns, explain_exit
from engine.runtime.ring import SLOT_BYTES, RingReader


@dataclass(slots=True)
class _Link:
    """What belongs to one run: a late word of an old process can not touch the next run."""

    run: int
    engine: EngineProcess
    ring: RingReader
    has_ended: bool = False


class Session:
    """One run in one engine process, of this machine or (`ClusterPool`) of a cluster. It can be started again later.

    on_report is called from a listening thread, in order, and gets exactly one `Failed` or `Stopped` per run.
    Verbs to a run that has ended are dropped.
    """

    def __init__(self, pool: EnginePool | ClusterPool, on_report: Callable[[m.Report], None]) -> None:
        self._pool = pool
        self._on_report = on_report
        self._link: _Link | None = None
        self._tickets = itertools.count(1)
        self._lock = threading.Lock()
        self.run = 0
        self.revision = 0
        self.step = 0
        self.spec: m.RunSpec | None = None

    @property
    def pid(self) -> int | None:
        """Process number of the engine, None when none runs."""
        return self._link.engine.pid if self._link is not None and self.is_alive else None

    @property
    def ring(self) -> str:
        """Name of the run's shared memory for large frames ("" before the first run)."""
        return self._link.ring.name if self._link is not None else ""

    @property
    def is_alive(self) -> bool:
        """Whether a run is under way (it may be paused)."""
        return self._link is not None and not self._link.has_ended

    def start(self, spec: m.RunSpec) -> int:
        """Starts a run and returns its number.

        Raises `TooManyRuns`, `RuntimeError` while one is under way, `OSError` when there is no shared memory left.
        """
        if self.is_alive:
            raise RuntimeError(f"run {self.run} is still under way: stop it first")
        engine = self._pool.take()
        try:
            ring = RingReader(SLOT_BYTES)
        except OSError:
            engine.end(save=False)
            raise
        link = _Link(m.next_run_number(), engine, ring)
        self._link = link
        self.run, self.revision, self.step, self.spec = link.run, 0, 0, spec
        link.engine.attach(
            lambda report: self._hear(link, report), lambda code, stacks: self._ended(link, code, stacks)
        )
        link.engine.send(m.Start(link.run, spec, link.ring.name, SLOT_BYTES))
        return link.run

    def pause(self) -> None:
        """Hold still after the present update."""
        self.send(m.Pause(self.run))

    def resume(self) -> None:
        """Go on training."""
        self.send(m.Resume(self.run))

    def step_once(self) -> None:
        """One update, then hold still."""
        self.send(m.StepOnce(self.run))

    def step_phase(self) -> None:
        """One phase of the update, then hold still."""
        self.send(m.StepPhase(self.run))

    def rewind(self, step: int = 0) -> None:
        """Back to the start (0) or to the newest kept snapshot at or before `step`, with the knobs of that moment."""
        self.send(m.Rewind(self.run, step))

    def change(self, values: Mapping[str, Any]) -> int:
        """Live knobs; returns the revision that frames and curves made with them carry."""
        self.revision += 1
        self.send(m.Change(self.run, self.revision, dict(values)))
        return self.revision

    def set_pace(self, rate: float | None) -> None:
        """Updates per second; None: the preset's own pace; inf: as fast as it goes."""
        self.send(m.SetPace(self.run, rate))

    def watch(self, view: str, query: Any = None, rate: float = 30.0) -> None:
        """Asks for frames of a view; calling again replaces the query and makes the next frame urgent."""
        self.send(m.Watch(self.run, view, query, rate))

    def unwatch(self, view: str) -> None:
        """No more frames of this view."""
        self.send(m.Unwatch(self.run, view))

    def seen(self, frame: m.Frame) -> None:
        """This frame has been drawn: the next one of its view may come."""
        if frame.run == self.run:
            self.send(m.Seen(self.run, frame.view))

    def ask(self, action: str, arguments: Any) -> int:
        """A gesture; the `Answer`s carry the ticket returned here."""
        ticket = next(self._tickets)
        self.send(m.Ask(self.run, ticket, action, arguments))
        return ticket

    def cancel(self, ticket: int) -> None:
        """Gives up a long action."""
        self.send(m.Cancel(self.run, ticket))

    def save(self) -> None:
        """Writes a checkpoint now."""
        self.send(m.Save(self.run))

    def stop(self, save: bool = True) -> None:
        """Ends the run: ask, 2 s, terminate, 2 s, kill. Returns at once; `Stopped` or `Failed` follows."""
        if self._link is not None and self.is_alive:
            self._link.engine.end(run=self.run, save=save)

    def kill(self) -> None:
        """Ends the process without asking."""
        if self._link is not None and self.is_alive:
            self._link.engine.kill()

    def leave(self) -> None:
        """Lets go of a run on a cluster, which goes on there; a run of this machine ends."""
        if self._link is not None and self.is_alive:
            self._link.engine.leave()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits for the end of the engine process; False when it still lives."""
        return self._link is None or self._link.engine.wait(seconds)

    def send(self, verb: m.Verb) -> None:
        """Sends a verb to the run; dropped when there is none."""
        if self._link is not None and self.is_alive:
            self._link.engine.send(verb)

    def _hear(self, link: _Link, report: m.Report) -> None:
        if isinstance(report, m.Warm):
            return
        if isinstance(report, m.Frame) and report.slot >= 0:
            payload = link.ring.unpack(report.payload)
            link.engine.send(m.FreeSlot(link.run, report.slot))
            report = replace(report, payload=payload, slot=-1)
        if link is self._link and isinstance(report, m.Progress | m.Rewound):
            self.step = report.step
        if link is self._link and isinstance(report, m.Settings):
            self.revision = max(self.revision, report.revision)
        if isinstance(report, m.Failed | m.Stopped) and not self._mark_ended(link):
            return
        self._on_report(report)

    def _ended(self, link: _Link, code: int | None, stacks: str) -> None:
        link.ring.close()
        if self._mark_ended(link):
            kind, advice = explain_exit(code, link.engine.was_asked_to_end)
            self._on_report(m.Failed(link.run, self.step, kind, advice, stacks))

    def _mark_ended(self, link: _Link) -> bool:
        with self._lock:
            if link.has_ended:
                return False
            link.has_ended = True
            return True


__all__ = ["ClusterPool", "EnginePool", "Session", "TooManyRuns"]
