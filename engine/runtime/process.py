"""The engine processes of one application: one per run, one warm spare with torch already imported.

Life is judged by the end of the pipe and the exit code, never by silence. Stopping is: ask, 2 s, terminate, 2 s,
kill. No torch is imported on this side.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import Any, Literal

from engine.runtime import messages as m
from engine.runtime import worker

STOP_GRACE_S = 2.0
SPARE_AFTER_S = 3.0
_LONGEST_TRACE = 64 * 2**10
_context = multiprocessing.get_context("spawn")


class TooManyRuns(RuntimeError):
    """As many runs go on as the settings allow; the text says what to do."""


class EngineProcess:
    """One child process, the thread that listens to it and the thread that talks to it.

    on_report: called from the listening thread with every report; on_exit(exit code, stacks): once, after the last
    report, with the stacks of all threads when it crashed. Nobody waits for a process that does not read: verbs queue
    up on this side, so that a hanging engine can not hold up the window.
    """

    grace_s = STOP_GRACE_S

    def __init__(self, main: Callable[..., None] = worker.main, *words: str) -> None:
        self._connection, theirs = _context.Pipe()
        self._crash, crash_theirs = _context.Pipe(duplex=False)
        self.process = _context.Process(
            target=main, args=(theirs, crash_theirs, *words), name="atelier-engine", daemon=True
        )
        self.process.start()
        theirs.close()
        crash_theirs.close()
        self.is_warm = False
        self.was_asked_to_end = False
        self.on_report: Callable[[Any], None] | None = None
        self.on_exit: Callable[[int | None, str], None] | None = None
        self._held: list[Any] = []
        self._exit: tuple[int | None, str] | None = None
        self._lock = threading.RLock()
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.ended = threading.Event()
        self._talker = threading.Thread(target=self._talk, name="engine-talker", daemon=True)
        self._listener = threading.Thread(target=self._listen, name="engine-listener", daemon=True)
        self._talker.start()
        self._listener.start()

    @property
    def pid(self) -> int | None:
        """Process number."""
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended yet."""
        return not self.ended.is_set()

    def attach(self, on_report: Callable[[Any], None], on_exit: Callable[[int | None, str], None]) -> None:
        """Whom to tell. Reports that came earlier are delivered first."""
        with self._lock:
            self.on_report, self.on_exit = on_report, on_exit
            held, self._held = self._held, []
            for report in held:
                on_report(report)
            if self._exit is not None:
                on_exit(*self._exit)

    def send(self, verb: m.Verb) -> None:
        """Sends a verb, at once or as soon as the process reads; when it is gone the verb is dropped."""
        if self.is_alive:
            self._outbox.put(bytes(ForkingPickler.dumps(verb)))

    def end(self, *, graceful: bool = True, run: int = 0, save: bool = True) -> None:
        """Ask, 2 s, terminate, 2 s, kill; returns at once."""
        if graceful:
            self.send(m.Stop(run, save))
        self.was_asked_to_end = True
        threading.Thread(target=self._escalate, args=(graceful,), name="engine-stopper", daemon=True).start()

    def kill(self) -> None:
        """Ends the run without asking."""
        self.process.kill()

    def leave(self) -> None:
        """Ends the process on this machine and nothing else."""
        self.process.kill()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits for the end of the process and of its threads; False when it still lives."""
        if not self.ended.wait(seconds):
            return False
        if threading.current_thread() is not self._listener:
            self._listener.join(seconds)
        return True

    def _escalate(self, graceful: bool) -> None:
        if graceful and self.ended.wait(self.grace_s):
            return
        self.process.terminate()
        if not self.ended.wait(STOP_GRACE_S):
            self.process.kill()
            self.ended.wait()

    def _talk(self) -> None:
        while (words := self._outbox.get()) is not None:
            try:
                self._connection.send_bytes(words)
            except (BrokenPipeError, ConnectionError, OSError):
                return

    def _listen(self) -> None:
        while True:
            try:
                report = self._connection.recv()
            except (EOFError, OSError):
                break
            self._deliver(report)
        wait([self.process.sentinel])
        while self.process.exitcode is None:  # another thread may be reaping the same child
            self.process.join(0.01)
        self._outbox.put(None)
        self._talker.join()
        self._connection.close()
        stacks = _read_stacks(self._crash)
        self.ended.set()
        with self._lock:
            self._exit = (self.process.exitcode, stacks)
            if self.on_exit is not None:
                self.on_exit(*self._exit)

    def _deliver(self, report: Any) -> None:
        with self._lock:
            if isinstance(report, m.Warm):
                self.is_warm = True
            if self.on_report is None:
                self._held.append(report)
                return
            try:
                self.on_report(report)
            except Exception:  # noqa: BLE001 - whoever listens has a fault; the engine's end must still be heard
                print(f"A report of the engine was not taken:\n{traceback.format_exc()}", file=sys.stderr)


class RelayProcess(EngineProcess):
    """The process that speaks for a run on a cluster (`engine.runtime.relay`). host: a run to come back to."""

    grace_s = 30.0  # a save on a busy node and two ways through the network

    def __init__(self, address: str, host: str = "") -> None:
        from engine.runtime import relay

        super().__init__(relay.main, address, host)

    def kill(self) -> None:
        """Ends the run on its node, too."""
        self.send(m.Kill(0))


class ClusterPool:
    """Hands out processes that speak for runs on a Ray cluster, as `EnginePool` does for this machine.

    address: as `engine.runtime.cluster.connect` takes it. host: the next run is this one, which goes on there already.
    """

    def __init__(self, address: str, host: str = "") -> None:
        self._address, self._host = address, host
        self._running: list[RelayProcess] = []

    def take(self) -> EngineProcess:
        """A process for a run."""
        engine = RelayProcess(self._address, self._host)
        self._running.append(engine)
        return engine

    def close(self) -> None:
        """Leaves the cluster; runs that were not stopped go on there."""
        for engine in self._running:
            if engine.is_alive:
                engine.leave()
                engine.wait(STOP_GRACE_S)


class EnginePool:
    """Hands out engine processes: at most `limit` at once, with one warm spare when `warm`."""

    def __init__(self, limit: int = 4, warm: bool = True) -> None:
        self.limit = limit
        self._warm = warm
        self._spare: EngineProcess | None = None
        self._running: list[EngineProcess] = []
        self._later: threading.Timer | None = None
        self._lock = threading.RLock()
        self._is_closed = False

    @property
    def running(self) -> int:
        """How many runs go on."""
        with self._lock:
            self._running = [e for e in self._running if e.is_alive]
            return len(self._running)

    @property
    def has_warm_spare(self) -> bool:
        """Whether the next run starts without waiting for torch."""
        spare = self._spare
        return spare is not None and spare.is_warm and spare.is_alive

    def warm_up(self) -> None:
        """Starts the spare in the background, if there is none."""
        with self._lock:
            if self._warm and not self._is_closed and (self._spare is None or not self._spare.is_alive):
                self._spare = EngineProcess()

    def take(self) -> EngineProcess:
        """A process for a run. Raises `TooManyRuns`."""
        with self._lock:
            if self._is_closed:
                raise TooManyRuns("The engines are closed: no run can be started any more.")
            if self.running >= self.limit:
                going_on = "1 run goes on" if self.limit == 1 else f"{self.limit} runs go on"
                raise TooManyRuns(f"{going_on} already. Stop one, or allow more in the settings.")
            spare, self._spare = self._spare, None
            engine = spare if spare is not None and spare.is_alive else EngineProcess()
            self._running.append(engine)
            if self._warm:  # later, so that the next spare does not slow the start of this run
                self._cancel_later()
                self._later = threading.Timer(SPARE_AFTER_S, self.warm_up)
                self._later.daemon = True
                self._later.start()
        return engine

    def close(self) -> None:
        """Stops everything and waits for it (at most about 4.5 s)."""
        with self._lock:
            self._is_closed = True
            self._cancel_later()
            running, spare = self._running, self._spare
            self._running, self._spare = [], None
        for engine in running:
            if engine.is_alive:
                engine.end()
        if spare is not None:  # it has nothing to save, and may be in the middle of importing torch
            spare.end(graceful=False)
        for engine in [*running, *([] if spare is None else [spare])]:
            engine.wait(2 * STOP_GRACE_S + 0.5)

    def _cancel_later(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None


ExitKind = Literal["crash", "killed"]
_FAULT_SIGNALS = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT")


def explain_exit(code: int | None, was_asked_to_end: bool = False) -> tuple[ExitKind, str]:
    """Kind and sentence for a process that ended without a word."""
    if code is None or code == 0:
        return "crash", "The engine left without saying why."
    if code < 0:
        name = signal.Signals(-code).name if -code in list(signal.Signals) else f"signal {-code}"
        if name in _FAULT_SIGNALS:
            return "crash", f"The engine crashed ({name}). The log shows where."
        if was_asked_to_end:
            return "killed", f"The engine did not answer when asked to stop and was ended ({name}); earlier saves stay."
        if name == "SIGKILL":
            return "killed", "The engine was killed (SIGKILL): by the system when memory runs out, or by a person."
        return "killed", f"The engine was ended from outside ({name})."
    if code == worker.EXIT_ALONE:
        return "crash", "The engine lost its connection to the window and left."
    return "crash", f"The engine ended with exit code {code}. The log shows why."


def _read_stacks(crash: Connection) -> str:
    """What faulthandler wrote before the process ended ("" : it did not crash)."""
    with crash:
        if sys.platform == "win32":
            return ""
        os.set_blocking(crash.fileno(), False)
        try:
            return os.read(crash.fileno(), _LONGEST_TRACE).decode(errors="replace")
        except OSError:  # a child of the engine still holds the other end, and nothing was written
            return ""
