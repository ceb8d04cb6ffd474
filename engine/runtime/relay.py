"""The process between a window and a run on a cluster: it speaks the engine's words on one side and Ray on the other.

For the session it is an engine process like any other; Ray is imported here and nowhere else on this side. When it
is told to stop it stops the run; when it is only left (the window is gone) the run goes on without it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from engine.papers.contract import ParameterError
from engine.runtime import messages as m
from engine.runtime.cluster import connect
from engine.runtime.port import Port
from engine.runtime.run_host import RunHost

FETCH_S = 1.0
"""A fetch waits so long for the first report; Ray answers it at once when there is one."""
THREADS = 4
"""Of the actor: one fetch waits while verbs pass."""


def main(connection: Connection, crash: Connection, address: str, host: str) -> None:
    """Entry of the process. host: the run to come back to, "" for a new one. Leaves with 0 when the run has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    port = Port(connection)
    code = 1
    run = 0
    try:
        begun = time.perf_counter()
        ray = connect(address)
        port.send(m.Warm(os.getpid(), time.perf_counter() - begun))
        start = _wait_for_start(port)
        if start is not None:
            run = start.run
            _Relay(ray, port, start, host).carry()
        code = 0
    except ParameterError as error:
        port.send(m.Failed(run, 0, "start", str(error), ""))
    except BaseException as error:  # noqa: BLE001 - the outermost frame of the process; everything is reported
        port.send(m.Failed(run, 0, "killed", _what_is_lost(error), traceback.format_exc()))
    finally:
        crash.close()
        sys.stdout.flush()
        os._exit(code)


def _what_is_lost(error: BaseException) -> str:
    first = (str(error).strip().splitlines() or [repr(error)])[0]
    return f"The run on the cluster is lost ({first}). What its node saved is there: resume it on that node."


def _wait_for_start(port: Port) -> m.Start | None:
    while not port.is_gone:
        verb = port.take()
        if isinstance(verb, m.Start):
            return verb
        if isinstance(verb, m.Stop):
            port.send(m.Stopped(verb.run, 0))
            return None
        if verb is None:
            port.wait(None)
    return None


class _Relay:
    """Verbs out in one thread, reports back in the other; run numbers are those of this side."""

    def __init__(self, ray: Any, port: Port, start: m.Start, host: str) -> None:
        self._ray, self._port, self._run = ray, port, start.run
        self._name = host or f"run-{uuid.uuid4().hex[:8]}"
        if host:
            self._actor = self._come_back()
        else:
            self._actor = self._create(start.spec)

    def _create(self, spec: m.RunSpec) -> Any:
        gpus = 1.0 if self._ray.cluster_resources().get("GPU", 0.0) and spec.device != "cpu" else 0.0
        make = self._ray.remote(num_cpus=1, num_gpus=gpus, max_concurrency=THREADS, max_restarts=0)(RunHost)
        actor = make.options(name=self._name, lifetime="detached").remote()
        try:
            record = self._ray.get(actor.start.remote(spec))
        except BaseException:
            self._ray.kill(actor)
            raise
        kept = f"; its node keeps it as run {record[:8]}" if record else ""
        self._tell(f"On the cluster as {self._name}{kept}. It goes on when this end leaves.")
        return actor

    def _come_back(self) -> Any:
        try:
            actor = self._ray.get_actor(self._name)
        except ValueError:
            raise ParameterError(f"there is no run {self._name} on this cluster (any more)") from None
        known = self._ray.get(actor.rejoin.remote())
        if known is None:
            raise ParameterError(f"{self._name} never started")
        spec, ready = known
        if ready is not None:
            self._port.send(replace(ready, run=self._run))
        self._tell(f"Back at {self._name}: {spec.paper} {spec.preset}.")
        return actor

    def _tell(self, text: str) -> None:
        self._port.send(m.Notice(self._run, 0, "info", "hosted", text))

    def carry(self) -> None:
        """Until the run has ended or nobody is there any more. Raises Ray's errors when the actor is lost."""
        threading.Thread(target=self._send_verbs, name="relay-verbs", daemon=True).start()
        has_ended = False
        while not has_ended and not self._port.is_gone:
            for report in self._ray.get(self._actor.fetch.remote(FETCH_S)):
                if isinstance(report, m.Warm):
                    continue
                self._port.send(replace(report, run=self._run))
                has_ended = has_ended or isinstance(report, m.Failed | m.Stopped)
        if has_ended:
            self._ray.get(self._actor.close.remote())
            self._ray.kill(self._actor)

    def _send_verbs(self) -> None:
        while not self._port.is_gone:
            verb = self._port.take()
            if verb is None:
                self._port.wait(None)
            elif isinstance(verb, m.Kill):
                self._ray.get(self._actor.close.remote())
                self._ray.kill(self._actor)
                os._exit(0)
            elif not isinstance(verb, m.FreeSlot):
                self._actor.send.remote(verb)


def names(address: str) -> Mapping[str, str]:
    """Runs that go on there: name -> paper and preset in words. Raises `ParameterError`."""
    ray = connect(address)
    from ray.util import list_named_actors

    found = {}
    for entry in list_named_actors(all_namespaces=False):
        known = ray.get(ray.get_actor(entry).rejoin.remote())
        if known is not None:
            found[entry] = f"{known[0].paper} {known[0].preset}"
    return found
