"""`main.py train`: one run without a window, through the same session and with the same records."""

from __future__ import annotations

import json
import math
import queue
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.cli import exits, values
from engine.cli.options import Train
from engine.papers import load_paper
from engine.papers.contract import Paper, ParameterError, Params, live_knobs
from engine.runtime import messages as m

if TYPE_CHECKING:
    from engine.cli.headline import Display
    from engine.runtime.records import RunRecord
    from engine.runtime.session import Session
    from engine.runtime.store import Store

POLL_S = 0.2


@dataclass(slots=True)
class _Plan:
    """What is to be run. changes: live knobs to turn on a resumed run. from_step: where a resumed run stood."""

    paper: Paper
    preset: str
    params: Params
    steps: int
    record: str = ""
    resume: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)
    from_step: int = 0


@dataclass(slots=True)
class _Result:
    """What came of it. ended: done, left, interrupted, failed or diverged. last: newest value of every curve."""

    step: int = 0
    first_step: int = 0
    device: str = ""
    threads: int = 0
    seconds: float = 0.0
    ended: str = ""
    fault: str = ""
    checkpoint: str = ""
    last: dict[str, float] = field(default_factory=dict)


def run(options: Train) -> int:
    """Trains and returns the exit code. Raises `ParameterError` before anything is started."""
    from engine.runtime.store import Store

    paper = load_paper(options.paper)
    if not paper.built:
        print(f"{paper.name} is not built yet. The paper: {paper.link}", file=sys.stderr)
        return exits.NOT_BUILT
    if options.resume and not options.record:
        raise ParameterError("--resume goes on with a record: it cannot be combined with --no-record")
    if (options.detach or options.join) and not options.cluster:
        raise ParameterError("--detach and --join are for runs on a cluster: give its address with --cluster")
    if not options.record or options.join:
        return _train(options, _new_plan(options, paper))
    if options.cluster and not options.resume:  # its node makes the record
        plan = _new_plan(options, paper)
        plan.record = m.ELSEWHERE
        return _train(options, plan)
    with Store() as store:
        plan = _resumed_plan(options, paper, store) if options.resume else _new_plan(options, paper)
        if not plan.record:
            plan.record = _create(store, plan, options)
        return _train(options, plan)


def _new_plan(options: Train, paper: Paper) -> _Plan:
    preset = paper.preset(options.preset or paper.presets[0].id)
    params = paper.make_params(preset.id, _changes(options, paper))
    return _Plan(paper, preset.id, params, _steps(options.steps, preset.steps))


def _resumed_plan(options: Train, paper: Paper, store: Store) -> _Plan:
    """Raises `ParameterError` when there is no such run, nothing left to do, or a knob that cannot change."""
    kept = find_run(store, options.resume, paper.name)
    if options.preset and options.preset != kept.preset:
        raise ParameterError(f"run {kept.id[:8]} has the preset {kept.preset}: a resumed run keeps its own")
    params = paper.make_params(kept.preset, kept.params)
    changes = _changes(options, paper)
    params.with_changes(**changes)
    fixed = sorted(set(changes) - live_knobs(type(params)))
    if fixed:
        raise ParameterError(f"{', '.join(fixed)}: cannot change in a run that has begun; start a new one")
    steps = _steps(options.steps, paper.preset(kept.preset).steps)
    if kept.last_step >= steps:
        raise ParameterError(f"run {kept.id[:8]} is at update {kept.last_step:,} already: give --steps more than that")
    return _Plan(paper, kept.preset, params, steps, kept.id, True, changes, kept.last_step)


def find_run(store: Store, beginning: str, paper: str) -> RunRecord:
    """The run of this paper whose id begins so. Raises `ParameterError` when none or several do."""
    found = [r for r in store.list_runs(paper) if r.id.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    if not found:
        newest = ", ".join(f"{r.id[:8]} ({r.preset}, update {r.last_step:,})" for r in store.list_runs(paper)[:5])
        raise ParameterError(f"no run of {paper} begins with {beginning!r}. Newest: {newest or 'none'}")
    raise ParameterError(f"{len(found)} runs of {paper} begin with {beginning!r}: give more of the id")


def _changes(options: Train, paper: Paper) -> dict[str, Any]:
    from_file = values.from_file(options.params, paper.name) if options.params else {}
    return {**from_file, **values.settings(options.set)}


def _steps(wish: int, default: int) -> int:
    if wish < 0:
        raise ParameterError(f"--steps {wish}: allowed is at least 1")
    return wish or default


def _create(store: Store, plan: _Plan, options: Train) -> str:
    headline = plan.paper.headline
    return store.create_run(
        plan.paper.name,
        plan.params.model_dump(mode="json"),
        title=plan.paper.preset(plan.preset).title,
        preset=plan.preset,
        seed=plan.params.seed,
        device=options.device,
        threads=options.threads,
        headline=headline.name if headline else "",
        better=headline.better if headline else "",
    ).id


def _train(options: Train, plan: _Plan) -> int:
    from engine.cli.headline import Display
    from engine.runtime.session import ClusterPool, EnginePool, Session

    spec = m.RunSpec(
        paper=plan.paper.name,
        preset=plan.preset,
        params=plan.params.model_dump(mode="json"),
        device=options.device,
        threads=options.threads,
        record=plan.record,
        resume=plan.resume,
        pace=math.inf,
        until=plan.steps,
    )
    reports: queue.SimpleQueue[m.Report] = queue.SimpleQueue()
    pool = ClusterPool(options.cluster, options.join) if options.cluster else EnginePool(limit=1, warm=False)
    session = Session(pool, reports.put)
    title = f"{plan.paper.name} {plan.preset}"
    try:
        with _interrupts() as interrupts, Display(title, plan.paper.headline, plan.steps, options.json) as display:
            session.start(spec)
            result = _follow(session, reports, plan, display, interrupts, options.detach)
            session.wait(5.0)
    finally:
        pool.close()
    _print(result, plan, options.json)
    kinds = {"done": exits.DONE, "left": exits.DONE, "interrupted": exits.INTERRUPTED}
    return kinds.get(result.ended, exits.FAULT)


def _follow(
    session: Session,
    reports: queue.SimpleQueue[m.Report],
    plan: _Plan,
    display: Display,
    interrupts: list[int],
    is_leaving: bool = False,
) -> _Result:
    """Listens until the run has ended; a first Ctrl+C saves and stops it, a second one ends it at once.

    is_leaving: lets go of a run on a cluster when it has made its first updates.
    """
    result = _Result(step=plan.from_step)
    begun = time.perf_counter()
    obeyed = 0
    while True:
        if len(interrupts) > obeyed:
            obeyed = len(interrupts)
            result.ended = "interrupted"
            if obeyed == 1:
                display.say("Saving and stopping; Ctrl+C again ends it at once.")
                session.stop()
            else:
                session.kill()
        try:
            report = reports.get(timeout=POLL_S)
        except queue.Empty:
            continue
        match report:
            case m.Ready():
                begun = time.perf_counter()
                result.device, result.threads, result.first_step = report.device, report.threads, report.step
                display.say(f"{report.device}, {report.threads} thread{'s' if report.threads > 1 else ''}")
                for note in report.notes:
                    display.say(note)
                if plan.changes:
                    session.change({k: getattr(plan.params.with_changes(**plan.changes), k) for k in plan.changes})
            case m.Scalars():
                display.on_scalars(report)
                for name, column in report.values.items():
                    finite = column[~(column != column)]
                    if len(finite):
                        result.last[name] = float(finite[-1])
            case m.Progress():
                result.step, result.seconds = report.step, time.perf_counter() - begun
                display.on_progress(report)
                if is_leaving and report.step:
                    result.ended = "left"
                    session.leave()
                    return result
                if report.step >= (report.total or plan.steps) and not result.ended:
                    result.ended = "done"
                    session.stop()
            case m.Notice():
                _heed(report, result, session, display)
            case m.Saved():
                result.checkpoint = report.path
            case m.Failed():
                result.ended, result.fault = result.ended or "failed", report.advice
                result.step = max(result.step, report.step)
                if report.traceback and report.kind in ("crash", "start"):
                    display.say(report.traceback.rstrip())
                return result
            case m.Stopped():
                result.step = max(result.step, report.step)
                return result


def _heed(report: m.Notice, result: _Result, session: Session, display: Display) -> None:
    """Prints what the engine says; a run that has diverged is stopped, as nobody is there to rewind it."""
    if report.cleared or not report.text:
        return
    display.say(f"{report.level}: {report.text}" if report.level != "info" else report.text)
    if report.code == "diverged" and not result.ended:
        result.ended, result.fault = "diverged", report.text
        session.stop()


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Signals that ask us to stop, as they come, instead of an exception at any line."""
    caught: list[int] = []
    names = [signal.SIGINT, signal.SIGTERM]
    before = {name: signal.signal(name, lambda number, _frame: caught.append(number)) for name in names}
    try:
        yield caught
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _print(result: _Result, plan: _Plan, as_json: bool) -> None:
    updates = result.step - result.first_step
    rate = updates / result.seconds if result.seconds > 0 else 0.0
    if as_json:
        record = {
            "paper": plan.paper.name, "preset": plan.preset, "params": plan.params.model_dump(mode="json"),
            "run": plan.record, "ended": result.ended, "fault": result.fault, "step": result.step,
            "seconds": round(result.seconds, 3), "rate": round(rate, 2), "device": result.device,
            "threads": result.threads, "checkpoint": result.checkpoint, "last": result.last,
        }  # fmt: skip
        print(json.dumps(record, indent=2, ensure_ascii=False))
        return
    units = {curve.name: curve.unit for curve in plan.paper.curves}
    for name, value in result.last.items():
        print(f"{name:20} {value:.6g} {units.get(name, '')}".rstrip())
    print(f"{updates:,} updates in {result.seconds:.1f} s ({rate:,.0f}/s), now at {result.step:,}.")
    if result.fault:
        print(f"{result.ended}: {result.fault}", file=sys.stderr)
    if plan.record and plan.record != m.ELSEWHERE:
        print(f"Kept as run {plan.record[:8]}.")
        if result.ended != "done":
            print(f"Go on with: main.py train {plan.paper.name} --resume {plan.record[:8]}")
