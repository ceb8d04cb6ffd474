"""What watching costs: the training rate with all views of a scene attached against none, in turns within one run.

The same engine trains all the time; views are attached for a few seconds, taken away for a few seconds, and so on. Each
stretch gives updates per second of the clock and of the engine's own CPU time. Both waver by several per cent when
others use the machine, so the same loop also runs in this process with its pictures timed by the CPU clock of its
thread: that share is exact, and leaves out only the words to and from the window.
"""

from __future__ import annotations

import math
import statistics
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from typing import Any, cast

import psutil

from benchmarks.harness import Row
from engine.papers import load_paper
from engine.papers.dendritic_views import CellQuery, CircuitQuery, ImagineQuery, ScopeQuery, TilesQuery
from engine.runtime import messages as m
from engine.runtime.session import EnginePool, Session

SCENES: dict[str, dict[str, Any]] = {
    "Circuit": {"circuit": CircuitQuery(), "cell": CellQuery(), "scope": ScopeQuery(), "dream": None},
    "Learning": {"circuit": CircuitQuery(), "tracking": None, "tiles": TilesQuery(), "confusion": None},
    "Imagine": {"imagine": ImagineQuery(), "dream": None},
}
WARM_UP_STEPS = 600  # after them the curves are measured as rarely as they will ever be
SETTLE_S = 0.4


@dataclass(frozen=True, slots=True)
class Stretch:
    """Updates per second of the clock and of the engine's CPU time; frames a second by view."""

    per_second: float
    per_cpu_second: float
    frames: dict[str, float]


class _Trained:
    """A run whose frames are acknowledged at once, as a window that draws in no time would."""

    def __init__(self, pool: EnginePool, preset: str) -> None:
        values = load_paper("dendritic").make_params(preset).model_dump(mode="json")
        self._news = threading.Condition()
        self._last: tuple[float, int] = (0.0, 0)
        self._frames: dict[str, int] = {}
        self.fault = ""
        self.threads = 0
        self.session = Session(pool, self._on_report)
        self.session.start(m.RunSpec("dendritic", preset, values, pace=math.inf))
        assert self.session.pid is not None
        self._process = psutil.Process(self.session.pid)
        self.reach(WARM_UP_STEPS)

    def _on_report(self, report: m.Report) -> None:
        with self._news:
            match report:
                case m.Frame():
                    self._frames[report.view] = self._frames.get(report.view, 0) + 1
                    self.session.seen(report)
                case m.Ready():
                    self.threads = report.threads
                case m.Progress():
                    self._last = (time.perf_counter(), report.step)
                case m.Failed():
                    self.fault = report.advice
            self._news.notify_all()

    def reach(self, step: int) -> None:
        """Waits until training has come this far."""
        with self._news:
            self._news.wait_for(lambda: self.fault or self._last[1] >= step, 120.0)
        if self.fault:
            raise RuntimeError(self.fault)

    def _mark(self) -> tuple[float, int, float]:
        """Clock, update and CPU seconds at the next report of progress."""
        with self._news:
            before = self._last
            self._news.wait_for(lambda: self.fault or self._last != before, 30.0)
            used = self._process.cpu_times()
            return (*self._last, used.user + used.system)

    def measure(self, views: dict[str, Any], seconds: float) -> Stretch:
        """One stretch with these views attached."""
        for view, query in views.items():
            self.session.watch(view, query)
        time.sleep(SETTLE_S)
        self._frames.clear()
        at, step, cpu = self._mark()
        time.sleep(seconds)
        end_at, end_step, end_cpu = self._mark()
        frames = {n: c / (end_at - at) for n, c in self._frames.items()}
        for view in views:
            self.session.unwatch(view)
        return Stretch((end_step - step) / (end_at - at), (end_step - step) / (end_cpu - cpu), frames)


def turns(run: _Trained, views: dict[str, Any], count: int, seconds: float) -> list[tuple[Stretch, Stretch]]:
    """Pairs (without, with), the order changing from pair to pair so that a drift of the machine cancels."""
    pairs = []
    for number in range(count):
        if number % 2:
            watched = run.measure(views, seconds)
            pairs.append((run.measure({}, seconds), watched))
        else:
            alone = run.measure({}, seconds)
            pairs.append((alone, run.measure(views, seconds)))
    return pairs


class _Sink:
    """A port without a process: what is sent is counted, and every frame is seen at once."""

    is_gone = False

    def __init__(self, verbs: list[m.Verb]) -> None:
        self._verbs = deque(verbs)
        self.frames: dict[str, int] = {}
        self.stop_at = math.inf

    def send(self, report: m.Report) -> None:
        if isinstance(report, m.Frame):
            ForkingPickler.dumps(report)  # as the pipe does
            self.frames[report.view] = self.frames.get(report.view, 0) + 1
            self._verbs.append(m.Seen(1, report.view))
        if isinstance(report, m.Progress) and time.perf_counter() > self.stop_at:
            self._verbs.append(m.Stop(1))

    def take(self) -> m.Verb | None:
        return self._verbs.popleft() if self._verbs else None

    def wait(self, seconds: float | None) -> None:
        raise AssertionError("training at full speed never waits")


def share(preset: str, views: dict[str, Any], seconds: float) -> tuple[float, dict[str, float]]:
    """Share of the training thread's CPU time that goes into pictures, and frames per CPU second by view."""
    import torch

    from engine.experiments.contract import Context
    from engine.experiments.dendritic import create
    from engine.runtime.loop import Loop, Setup

    torch.set_num_threads(1)
    paper = load_paper("dendritic")
    params = paper.make_params(preset)
    experiment = create(params, Context(torch.device("cpu"), lambda *_args: None, lambda _code: None))
    while experiment.steps_done < WARM_UP_STEPS:
        experiment.step()
    sink = _Sink([m.Watch(1, view, query) for view, query in views.items()])
    spec = m.RunSpec("dendritic", preset, params.model_dump(mode="json"), pace=math.inf)
    loop = Loop(Setup(1, spec, paper, paper.preset(preset).pace, 10**9, experiment, None, None, None), cast(Any, sink))
    spent = 0.0
    send_one = loop._watching.send_one

    def timed(*arguments: Any, **named: Any) -> bool:
        nonlocal spent
        begun = time.thread_time()
        did = send_one(*arguments, **named)
        spent += time.thread_time() - begun
        return did

    cast(Any, loop._watching).send_one = timed
    sink.stop_at = time.perf_counter() + seconds
    begun = time.thread_time()
    loop.run()
    used = time.thread_time() - begun
    return spent / used, {name: count / used for name, count in sink.frames.items()}


def measure(quick: bool) -> Iterable[Row]:
    """Rows of the table."""
    for scene, views in SCENES.items():
        part, frames = share("digits-deep", views, 6.0 if quick else 20.0)
        detail = "frames/CPU s: " + ", ".join(f"{n} {f:.1f}" for n, f in frames.items())
        yield Row(
            f"digits-deep, scene {scene}: CPU share of pictures", 100 * part, "%", "below 3 %", part < 0.03, detail
        )
    pool = EnginePool(limit=1, warm=False)
    count, seconds = (4, 1.5) if quick else (10, 3.0)
    try:
        for preset, scenes in {"digits-deep": SCENES, "digits-28": {"Circuit": SCENES["Circuit"]}}.items():
            run = _Trained(pool, preset)
            for scene, views in scenes.items():
                pairs = turns(run, views, count, seconds)
                yield _row(preset, scene, run.threads, pairs)
            run.session.stop(save=False)
            run.session.wait(10.0)
    finally:
        pool.close()


def _row(preset: str, scene: str, threads: int, pairs: list[tuple[Stretch, Stretch]]) -> Row:
    by_cpu = 100 * statistics.median(w.per_cpu_second / a.per_cpu_second for a, w in pairs)
    by_clock = 100 * statistics.median(w.per_second / a.per_second for a, w in pairs)
    alone = statistics.median(a.per_second for a, _ in pairs)
    names = pairs[0][1].frames
    frames = ", ".join(f"{n} {statistics.median(w.frames.get(n, 0.0) for _, w in pairs):.1f}" for n in names)
    detail = f"by the clock {by_clock:.1f} %, {alone:.0f} updates/s, torch threads {threads}; frames/s: {frames}"
    what = f"{preset}, scene {scene}: training rate kept, by CPU time"
    return Row(what, by_cpu, "%", "at least 97 %", by_cpu >= 97.0, detail)
