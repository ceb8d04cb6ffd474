"""One run on a node of a cluster: an ordinary session there, whose reports wait until somebody fetches them.

It lives in a detached actor, so that a laptop that is closed loses nothing: training goes on, the checkpoints are
written by the run itself into the home folder of its node, and whoever comes back finds the newest reports.
No Ray here: the actor is made from this class by `engine.runtime.relay`.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from dataclasses import replace
from typing import Any

from engine.papers import load_paper
from engine.runtime import messages as m
from engine.runtime.session import EnginePool, Session
from engine.runtime.store import Store

KEPT_REPORTS = 20_000
"""Reports kept for somebody who is away; older ones go (the record on the node has every curve whole)."""
AWAY_S = 15.0
"""After so long without a visitor nobody is drawn a picture any more."""
LEAVE_S = 60.0
"""So long the last words of a run that has ended wait to be fetched."""


class RunHost:
    """Holds one run. Its methods are called from several threads: a fetch may wait while verbs pass.

    leaves: its process ends by itself a while after the run has.
    """

    def __init__(self, leaves: bool = True) -> None:
        self._leaves = leaves
        self._pool = EnginePool(limit=1, warm=False)
        self._session = Session(self._pool, self._hear)
        self._reports: deque[m.Report] = deque(maxlen=KEPT_REPORTS)
        self._there_is = threading.Condition()
        self._watched: dict[str, m.Watch] = {}
        self._ready: m.Ready | None = None
        self._fetched_at = time.monotonic()
        self._ended_at = 0.0
        self._is_closed = threading.Event()
        threading.Thread(target=self._mind_the_house, name="run-host", daemon=True).start()

    def start(self, spec: m.RunSpec) -> str:
        """Starts the run and returns the id of its record on this node ("" when nothing is recorded)."""
        if spec.record:
            spec = replace(spec, record=self._own_record(spec))
        self._session.start(spec)
        return spec.record

    def rejoin(self) -> tuple[m.RunSpec, m.Ready | None] | None:
        """What a visitor who comes back must know; None when no run was ever started."""
        if self._session.spec is None:
            return None
        for view in tuple(self._watched):
            self._forget(view)
        return self._session.spec, self._ready

    def send(self, verb: m.Verb) -> None:
        """Passes a verb on to the run."""
        verb = replace(verb, run=self._session.run)
        if isinstance(verb, m.Stop):
            self._session.stop(verb.save)
            return
        if isinstance(verb, m.Watch):
            self._watched[verb.view] = verb
        elif isinstance(verb, m.Unwatch):
            self._watched.pop(verb.view, None)
        self._session.send(verb)

    def fetch(self, seconds: float) -> list[m.Report]:
        """All reports since the last fetch; waits up to `seconds` for the first."""
        self._fetched_at = time.monotonic()
        with self._there_is:
            if not self._reports:
                self._there_is.wait(seconds)
            found = list(self._reports)
            self._reports.clear()
        self._fetched_at = time.monotonic()
        return found

    def close(self) -> None:
        """Ends the run without asking and leaves nothing behind on the node."""
        self._is_closed.set()
        self._session.kill()
        self._pool.close()

    def _hear(self, report: m.Report) -> None:
        if isinstance(report, m.Ready):
            self._ready = report
        with self._there_is:
            self._reports.append(report)
            self._there_is.notify()
        if isinstance(report, m.Failed | m.Stopped):
            self._ended_at = time.monotonic()

    def _forget(self, view: str) -> None:
        self._watched.pop(view, None)
        self._session.send(m.Unwatch(self._session.run, view))

    def _mind_the_house(self) -> None:
        while not self._is_closed.wait(1.0):
            now = time.monotonic()
            if now - self._fetched_at > AWAY_S:
                for view in tuple(self._watched):
                    self._forget(view)
            if self._leaves and self._ended_at and now - max(self._ended_at, self._fetched_at) > LEAVE_S:
                self._pool.close()
                os._exit(0)

    def _own_record(self, spec: m.RunSpec) -> str:
        """The record in this node's library: the one that is meant, or a new one when the library is another."""
        with Store(spec.home) as store:
            if any(run.id == spec.record for run in store.list_runs(spec.paper)):
                return spec.record
            if spec.resume:
                raise ValueError(f"the library of {os.uname().nodename} has no run {spec.record}: nothing to resume")
            paper = load_paper(spec.paper)
            values: dict[str, Any] = dict(spec.params)
            headline = paper.headline
            return store.create_run(
                spec.paper,
                values,
                title=paper.preset(spec.preset).title,
                preset=spec.preset,
                seed=int(values.get("seed", 0)),
                device=spec.device,
                threads=spec.threads,
                headline=headline.name if headline else "",
                better=headline.better if headline else "",
            ).id
