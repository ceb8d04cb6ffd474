"""Carries out a list of jobs: on this computer in spawned processes, or on a Ray cluster.

Studies and sweeps hand their runs to an `Executor` and do not know where they run. No torch, no Qt at import.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Protocol

from engine.runtime.device import usable_cores
from engine.runtime.jobs import CallJob, Job, JobFailed, Outcome, RunJob, RunResult, carry_out, tell

POLL_S = 0.2
LEAVE_S = 2.0


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far one job is. fraction 0..1 or -1 when it has not said; outcome: set once, when it ended."""

    index: int
    name: str
    fraction: float
    text: str = ""
    outcome: Outcome | None = None


OnProgress = Callable[[JobProgress], None]


class Executor(Protocol):
    """Carries out jobs side by side. slots: how many at once. words: where, for a person."""

    slots: int
    words: str

    def run(self, jobs: Sequence[Job], on_progress: OnProgress | None = None) -> list[Outcome]:
        """All outcomes in the order of the jobs; a failed job does not stop the others. Blocks.

        on_progress is called in the calling thread. After `cancel` the rest comes back with the kind "cancelled".
        """
        ...

    def cancel(self) -> None:
        """Gives up the running `run` call; may be called from another thread or from on_progress."""
        ...

    def close(self) -> None:
        """Ends all processes. The executor cannot be used afterwards."""
        ...


def values(executor: Executor, jobs: Sequence[Job], on_progress: OnProgress | None = None) -> list[Any]:
    """The results of all jobs in their order. Raises `JobFailed` naming those that did not come to their end."""
    outcomes = executor.run(jobs, on_progress)
    failed = tuple(o for o in outcomes if not o.ok)
    if failed:
        raise JobFailed(failed)
    return [o.value for o in outcomes]


def run_results(executor: Executor, jobs: Sequence[RunJob], on_progress: OnProgress | None = None) -> list[RunResult]:
    """`values` for runs."""
    return values(executor, jobs, on_progress)


class InlineExecutor:
    """One job after the other in this process: for tests and for the debugger."""

    def __init__(self) -> None:
        self.slots = 1
        self.words = "this process"
        self._cancelled = threading.Event()

    def run(self, jobs: Sequence[Job], on_progress: OnProgress | None = None) -> list[Outcome]:
        """See `Executor.run`."""
        self._cancelled.clear()
        outcomes = []
        for index, job in enumerate(jobs):
            given_up = self._cancelled.is_set()
            outcome = cancelled_outcome(job, index) if given_up else self._carry_out(job, index, on_progress)
            outcomes.append(outcome)
            if on_progress is not None:
                on_progress(JobProgress(index, job.name, 1.0, outcome=outcome))
        return outcomes

    def _carry_out(self, job: Job, index: int, on_progress: OnProgress | None) -> Outcome:
        if on_progress is None:
            return carry_out(job, index)
        return carry_out(job, index, lambda f, text: on_progress(JobProgress(index, job.name, f, text)))

    def cancel(self) -> None:
        """The job under way is finished, the rest is left."""
        self._cancelled.set()

    def close(self) -> None:
        """Nothing to end."""


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """A helper could not make sense of a job it was sent."""

    reason: str


@dataclass(slots=True)
class _Helper:
    """One spawned process and the job it is busy with (-1: none)."""

    process: SpawnProcess
    pipe: Connection
    index: int = -1


@dataclass(slots=True)
class LocalExecutor:
    """Spawned processes on this computer, kept warm between jobs. slots: default one for each usable core.

    threads: BLAS threads of each process until a run sets its preset's. A process that dies takes only its own job
    with it: the outcome says by which signal, and another process takes its place. Use as a context manager.
    """

    slots: int = 0
    threads: int = 1
    words: str = ""
    _helpers: list[_Helper] = field(default_factory=list)
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.slots = self.slots if self.slots > 0 else usable_cores()
        self.words = self.words or f"{self.slots} local process{'es' if self.slots > 1 else ''}"

    def __enter__(self) -> LocalExecutor:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def run(self, jobs: Sequence[Job], on_progress: OnProgress | None = None) -> list[Outcome]:
        """See `Executor.run`."""
        self._cancelled.clear()
        waiting = deque(range(len(jobs)))
        outcomes: dict[int, Outcome] = {}

        def settle(outcome: Outcome) -> None:
            outcomes[outcome.index] = outcome
            if on_progress is not None:
                on_progress(JobProgress(outcome.index, outcome.job.name, 1.0, outcome=outcome))

        try:
            while len(outcomes) < len(jobs):
                if self._cancelled.is_set():
                    self._end(at_once=True)
                    for index in [i for i in range(len(jobs)) if i not in outcomes]:
                        settle(cancelled_outcome(jobs[index], index))
                    break
                self._hand_out(jobs, waiting, settle)
                for helper in self._ready():
                    self._listen(helper, jobs, settle, on_progress)
        except BaseException:
            self._end(at_once=True)
            raise
        return [outcomes[index] for index in range(len(jobs))]

    def cancel(self) -> None:
        """See `Executor.cancel`: running jobs are ended within a fifth of a second."""
        self._cancelled.set()

    def close(self) -> None:
        """Asks the idle processes to leave, ends those that do not."""
        self._end(at_once=False)

    def _hand_out(self, jobs: Sequence[Job], waiting: deque[int], settle: Callable[[Outcome], None]) -> None:
        """Gives waiting jobs to idle helpers and starts helpers while there are slots."""
        while waiting:
            helper = next((h for h in self._helpers if h.index < 0), None)
            if helper is None:
                if len(self._helpers) >= self.slots:
                    return
                helper = _start_helper(self.threads)
                self._helpers.append(helper)
            index = waiting.popleft()
            try:
                helper.pipe.send((index, jobs[index]))
            except (BrokenPipeError, ConnectionResetError):  # it died while idle: another one takes the job
                waiting.appendleft(index)
                self._helpers.remove(helper)
                _leave(helper)
            except Exception as error:  # noqa: BLE001 - pickling raises many types; the outcome reports it
                settle(Outcome(jobs[index], index, None, f"the job cannot be sent: {error}", "crash"))
            else:
                helper.index = index

    def _ready(self) -> list[_Helper]:
        """Helpers that have something to say or have died."""
        busy = {helper.pipe: helper for helper in self._helpers if helper.index >= 0}
        return [busy[pipe] for pipe in wait(list(busy), POLL_S) if isinstance(pipe, Connection)]

    def _listen(
        self,
        helper: _Helper,
        jobs: Sequence[Job],
        settle: Callable[[Outcome], None],
        on_progress: OnProgress | None,
    ) -> None:
        job = jobs[helper.index]
        index = helper.index
        try:
            word = helper.pipe.recv()
        except (EOFError, OSError):
            self._helpers.remove(helper)
            _leave(helper)
            settle(Outcome(job, index, None, _death(helper.process.exitcode), "killed"))
            return
        except Exception as error:  # noqa: BLE001 - unpickling raises many types; the outcome reports it
            word = _Unreadable(f"the result cannot be read here: {error}")
        if isinstance(word, _Unreadable):
            word = Outcome(job, index, None, word.reason, "crash")
        if isinstance(word, Outcome):
            helper.index = -1
            settle(word)
        elif on_progress is not None:
            fraction, text = word
            on_progress(JobProgress(index, job.name, fraction, text))

    def _end(self, at_once: bool) -> None:
        for helper in self._helpers:
            if at_once and helper.process.is_alive():
                helper.process.terminate()
            helper.pipe.close()
        for helper in self._helpers:
            _leave(helper)
        self._helpers.clear()


def _start_helper(threads: int) -> _Helper:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_helper_main, args=(theirs, threads), name="atelier-job", daemon=True
    )
    process.start()
    theirs.close()
    return _Helper(process, ours)


def _leave(helper: _Helper) -> None:
    """Waits for the end: 2 s to leave, 2 s after being asked by the system, then killed."""
    helper.pipe.close()
    helper.process.join(LEAVE_S)
    if helper.process.is_alive():
        helper.process.terminate()
        helper.process.join(LEAVE_S)
    if helper.process.is_alive():
        helper.process.kill()
        helper.process.join()


def _helper_main(pipe: Connection, threads: int) -> None:
    """The life of a helper: take a job, do it, answer; leave when the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole group; the parent decides
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)  # read when torch is imported, which is later than this
    threading.Thread(target=_leave_with_parent, name="leave-with-parent", daemon=True).start()
    while True:
        try:
            index, job = pipe.recv()
        except (EOFError, OSError):
            return
        except Exception as error:  # noqa: BLE001 - unpickling imports the job's module; the outcome reports it
            pipe.send(_Unreadable(f"the job cannot be read by its process: {type(error).__name__}: {error}"))
            continue
        outcome = carry_out(job, index, lambda fraction, text: pipe.send((fraction, text)))
        _answer(pipe, outcome)


def _answer(pipe: Connection, outcome: Outcome) -> None:
    try:
        pipe.send(outcome)
    except (BrokenPipeError, ConnectionResetError):
        return
    except Exception as error:  # noqa: BLE001 - pickling raises many types; the outcome reports it
        sentence = f"the result cannot be sent back: {error}"
        pipe.send(Outcome(outcome.job, outcome.index, None, sentence, "crash", seconds=outcome.seconds))


def _leave_with_parent() -> None:
    """Ends this process when the parent is gone, even in the middle of a job: no orphans."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def cancelled_outcome(job: Job, index: int) -> Outcome:
    """What a job comes back with that was given up."""
    return Outcome(job, index, None, "cancelled", "cancelled")


def _death(exitcode: int | None) -> str:
    """How a process ended, in words: ``its process was killed by SIGKILL (out of memory?)``."""
    if exitcode is not None and exitcode < 0:
        name = signal.Signals(-exitcode).name
        hint = " (often: out of memory)" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}"
    return f"its process left with exit code {exitcode}"


__all__ = [
    "CallJob",
    "Executor",
    "InlineExecutor",
    "Job",
    "JobFailed",
    "JobProgress",
    "LocalExecutor",
    "Outcome",
    "RunJob",
    "RunResult",
    "cancelled_outcome",
    "run_results",
    "tell",
    "values",
]
