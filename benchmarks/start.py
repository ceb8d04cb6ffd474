"""From the click to the first picture with and without a warm spare, and what the imports behind it take."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.harness import Row
from engine.papers import load_paper
from engine.papers.dendritic_views import CircuitQuery
from engine.runtime import messages as m
from engine.runtime.session import EnginePool, Session

IMPORTS = (
    "engine.papers.dendritic",
    "engine.runtime.session",
    "engine.runtime.store",
    "torch",
    "engine.experiments.dendritic",
    "gui.shell.main_window",
    "gui.tabs.dendritic",
)


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds from `Session.start` to Ready, to the first picture, and until the engine had ended."""

    ready: float
    picture: float
    stopped: float


def start_once(pool: EnginePool, preset: str) -> Started:
    """Starts a run, watches its circuit and waits for the picture."""
    values = load_paper("dendritic").make_params(preset).model_dump(mode="json")
    times: dict[str, float] = {}
    is_drawn = threading.Event()

    def on_report(report: m.Report) -> None:
        times.setdefault(type(report).__name__, time.perf_counter())
        if isinstance(report, m.Frame | m.Failed):
            is_drawn.set()

    session = Session(pool, on_report)
    begun = time.perf_counter()
    session.start(m.RunSpec("dendritic", preset, values))
    session.watch("circuit", CircuitQuery())
    if not is_drawn.wait(120) or "Failed" in times:
        raise RuntimeError("the run did not start")
    asked = time.perf_counter()
    session.stop(save=False)
    session.wait(10)
    return Started(times["Ready"] - begun, times["Frame"] - begun, time.perf_counter() - asked)


def _with_spare(preset: str, count: int) -> list[Started]:
    found = []
    for _ in range(count):
        pool = EnginePool()
        pool.warm_up()
        end = time.perf_counter() + 120
        while not pool.has_warm_spare and time.perf_counter() < end:
            time.sleep(0.05)
        time.sleep(1.5)  # a person reads the page before pressing Train
        found.append(start_once(pool, preset))
        pool.close()
    return found


def _without_spare(preset: str, count: int) -> list[Started]:
    pool = EnginePool(warm=False)
    found = [start_once(pool, preset) for _ in range(count)]
    pool.close()
    return found


def _import_seconds(module: str) -> float:
    program = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in range(3)
    ]
    return min(float(done.stdout) for done in runs)


def measure(quick: bool) -> Iterable[Row]:
    """Rows of the table."""
    count = 3 if quick else 7
    for preset in ("digits-deep", "regression"):
        warm = _with_spare(preset, count)
        picture = statistics.median(s.picture for s in warm)
        detail = (
            f"lowest {min(s.picture for s in warm):.2f}, highest {max(s.picture for s in warm):.2f};"
            f" ready after {statistics.median(s.ready for s in warm):.2f} s"
        )
        yield Row(f"{preset}: click to picture, warm spare", picture, "s", "below 1 s", picture < 1.0, detail)
        stop = statistics.median(s.stopped for s in warm)
        yield Row(f"{preset}: stop to stopped", stop, "s", "below 2 s", stop < 2.0)
    cold = _without_spare("digits-deep", 2 if quick else 4)
    yield Row("digits-deep: click to picture, no spare", statistics.median(s.picture for s in cold), "s")
    for module in IMPORTS:
        yield Row(f"import {module}", _import_seconds(module), "s", "", None, "lowest of 3, a fresh process each")
