"""Work that an executor carries out: a function call or a whole run, and what comes of it. No torch, no Qt at import.

A job is plain picklable data, so that it can go to another process or another machine.
"""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.papers import load_paper
from engine.papers.contract import ParameterError
from engine.runtime.messages import RunSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

TELL_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class CallJob:
    """Calls a function of a module's top level with these keyword arguments; the value is what it returns."""

    name: str
    function: Callable[..., Any]
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunJob:
    """Trains `spec` for `steps` updates; the value is a `RunResult`.

    changes: live knobs applied before the update of that number, e.g. ``{2000: {"silenced": 1.0}}``. views: names (with
    a query, or None) looked at after the last update. actions: names with arguments, asked after that. curves: names
    to keep (empty: all). keep: also record the run in the library, as the window would.
    """

    name: str
    spec: RunSpec
    steps: int
    changes: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    views: Mapping[str, Any] = field(default_factory=dict)
    actions: Mapping[str, Any] = field(default_factory=dict)
    curves: tuple[str, ...] = ()
    keep: bool = False


Job = CallJob | RunJob


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run; ``spec.record`` is its id in the library when it was kept.

    curves: name -> (steps int64 [T], values float64 [T]), only where a value was measured.
    views, answers: payloads and results by name. seconds: training time. device: in words.
    """

    spec: RunSpec
    steps: int
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]]
    views: Mapping[str, Any]
    answers: Mapping[str, Any]
    seconds: float
    device: str

    def last(self, curve: str) -> float:
        """The newest value of a curve. Raises `KeyError` naming the curves there are."""
        if curve not in self.curves:
            raise KeyError(f"the run has no curve {curve!r}, only {', '.join(self.curves) or 'none'}")
        return float(self.curves[curve][1][-1])


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended. value: its result; error: one sentence ("" when it came to its end).

    kind: "" or bad_params, diverged, oom, killed, cancelled, crash.
    """

    job: Job
    index: int
    value: Any = None
    error: str = ""
    kind: str = ""
    traceback: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the job came to its end."""
        return not self.kind


class JobFailed(RuntimeError):
    """Jobs did not come to their end; the text names each with its reason."""

    def __init__(self, outcomes: tuple[Outcome, ...]) -> None:
        super().__init__("\n".join(f"{o.job.name}: {o.error}" for o in outcomes))
        self.outcomes = outcomes


_listener: Callable[[float, str], None] | None = None


def tell(fraction: float, text: str = "") -> None:
    """Called inside a job: how far it is, 0..1. Free to call often; goes nowhere outside a job."""
    if _listener is not None:
        _listener(fraction, text)


def carry_out(job: Job, index: int, listener: Callable[[float, str], None] | None = None) -> Outcome:
    """Does the job here and now. Never raises for a fault of the job: the outcome names it."""
    started = time.perf_counter()
    with _listening(listener):
        try:
            value = run_to_end(job) if isinstance(job, RunJob) else job.function(**job.arguments)
        except Exception as error:  # noqa: BLE001 - outermost loop of a job; the outcome reports it
            kind, sentence = _named(error)
            seconds = time.perf_counter() - started
            return Outcome(job, index, None, sentence, kind, traceback.format_exc(), seconds)
    return Outcome(job, index, value, seconds=time.perf_counter() - started)


def run_to_end(job: RunJob) -> RunResult:
    """Builds the experiment of ``job.spec`` in this process and trains it; kept in the library when `job.keep`.

    Raises `ParameterError`, `DeviceError`, `Diverged`, `StoreError` and what the experiment raises.
    """
    from engine.experiments.contract import Context, Diverged, actions_of, views_of
    from engine.runtime.device import choose, set_threads
    from engine.runtime.job_record import JobRecord

    spec = job.spec
    paper = load_paper(spec.paper)
    preset = paper.preset(spec.preset)
    params = paper.make_params(preset.id, spec.params)
    threads = set_threads(spec.threads or preset.threads)
    choice = choose(spec.device)
    context = Context(choice.device, _unheard, _unheard, spec.data_folder)
    experiment = import_module(f"engine.experiments.{paper.name}").create(params, context)
    with JobRecord(job, paper, params, choice.words, threads) as record:
        started = time.perf_counter()
        waiting = sorted(step for step in job.changes if step < job.steps)
        while (step := experiment.steps_done) < job.steps:  # an update may take several calls
            while waiting and waiting[0] <= step:
                params = params.with_changes(**job.changes[waiting.pop(0)])
                experiment.change(params)
            values = experiment.step()
            bad = [name for name, value in values.items() if not math.isfinite(value)]
            if bad:
                raise Diverged(f"{', '.join(bad)} is no longer a finite number after update {step + 1}.")
            record.add(experiment, values)
            tell(experiment.steps_done / job.steps)
        seconds = time.perf_counter() - started
        record.finish(experiment)
    views, actions = views_of(experiment), actions_of(experiment)
    return RunResult(
        spec=replace(spec, record=record.id),
        steps=experiment.steps_done,
        curves=record.curves(),
        views={name: views[name](query) for name, query in job.views.items()},
        answers={name: _finish(actions[name](arguments)) for name, arguments in job.actions.items()},
        seconds=seconds,
        device=choice.words,
    )


def _finish(answer: Any) -> Any:
    """The result of an action; a long action (generator of partial results) is run to its end."""
    if not hasattr(answer, "send"):
        return answer
    try:
        while True:
            next(answer)
    except StopIteration as end:
        return end.value


def _unheard(*_words: Any, **_more: Any) -> None:
    """Notices of a run without a window: its curves and its outcome say what happened."""


def _named(error: Exception) -> tuple[str, str]:
    """Kind and sentence for an error, without importing torch for the sake of its name."""
    text = str(error) or type(error).__name__
    if isinstance(error, ParameterError):
        return "bad_params", text
    if type(error).__name__ == "Diverged":
        return "diverged", text
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "oom", f"out of memory: {text.splitlines()[0]}"
    return "crash", f"{type(error).__name__}: {text}"


@contextmanager
def _listening(listener: Callable[[float, str], None] | None) -> Iterator[None]:
    global _listener
    before, _listener = _listener, _paced(listener) if listener is not None else None
    try:
        yield
    finally:
        _listener = before


def _paced(listener: Callable[[float, str], None]) -> Callable[[float, str], None]:
    """At most ten words a second, so that progress costs a job nothing."""
    due = 0.0

    def listen(fraction: float, text: str) -> None:
        nonlocal due
        now = time.monotonic()
        if now >= due:
            due = now + TELL_EVERY_S
            listener(fraction, text)

    return listen
