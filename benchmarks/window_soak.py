"""The real window while digits-deep trains at full speed: gaps of the event loop, memory, and the training rate kept.

`python -m benchmarks.window_soak --minutes 10` soaks and prints gaps (a 1 ms timer asks the clock) and memory growth;
`--rate` compares the training rate with a scene on screen against the same run with another page on screen, in turns.
Start it under Xvfb for a real X server: `xvfb-run -s "-screen 0 1600x1000x24" python -m benchmarks.window_soak`.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import psutil

from benchmarks.harness import Row

PRESET = "digits-deep"
SAMPLE_S = 5.0
READY_S = 120.0
SCENE_NAMES = ("Circuit", "Learning", "Figures", "Imagine")


class Times:
    """Durations in a histogram of fixed size: what measures memory for ten minutes must not grow itself."""

    STEP_MS = 0.05
    BINS = 40_000

    def __init__(self) -> None:
        self._bins = np.zeros(self.BINS, np.int64)
        self.worst = 0.0

    def add(self, milliseconds: float) -> None:
        """One more."""
        self._bins[min(self.BINS - 1, int(milliseconds / self.STEP_MS))] += 1
        self.worst = max(self.worst, milliseconds)

    @property
    def count(self) -> int:
        """How many there were."""
        return int(self._bins.sum())

    def percentile(self, percent: float) -> float:
        """Upper edge of the bin, ms; 0 before the first."""
        if not self.count:
            return 0.0
        return self.STEP_MS * float(1 + np.searchsorted(np.cumsum(self._bins), percent / 100 * self.count))


class Gaps:
    """Time between firings of a 1 ms timer, and how much of it this thread computed, both ms."""

    def __init__(self) -> None:
        self.clock, self.own = Times(), Times()
        self._at = self._cpu = 0.0

    def tick(self) -> None:
        """The timer has fired."""
        now, cpu = time.perf_counter(), time.thread_time()
        if self._at:
            self.clock.add(1e3 * (now - self._at))
            self.own.add(1e3 * (cpu - self._cpu))
        self._at, self._cpu = now, cpu

    def clear(self) -> None:
        """Begins anew, as after something that is not measured."""
        self.clock, self.own, self._at = Times(), Times(), 0.0

    def words(self) -> str:
        """p50, p99 and worst of both."""
        return ", ".join(
            f"{name} p50 {v.percentile(50):.1f} p99 {v.percentile(99):.1f} worst {v.worst:.1f} ms"
            for name, v in (("gap", self.clock), ("own work", self.own))
        )


class Window:
    """The lab with the dendritic page open and training, driven by its own event loop."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer
        from PySide6.QtWidgets import QApplication

        from gui.shell.application import Laboratory

        app = QApplication.instance() or QApplication(["atelier"])
        assert isinstance(app, QApplication)
        self.app = app
        self.lab = Laboratory(app, "dendritic")
        self.lab.window.resize(1600, 1000)
        self.gaps = Gaps()
        self.samples: list[tuple[float, float]] = []
        self._process = psutil.Process(os.getpid())
        self._begun = time.perf_counter()
        self._timers = []
        for milliseconds, on_time in ((1, self.gaps.tick), (round(1e3 * SAMPLE_S), self.on_sample)):
            timer = QTimer()
            timer.setTimerType(Qt.TimerType.PreciseTimer)
            timer.timeout.connect(on_time)
            timer.start(milliseconds)
            self._timers.append(timer)

    def on_sample(self) -> None:
        """Seconds and MB of the window's process."""
        self.samples.append((time.perf_counter() - self._begun, self._process.memory_info().rss / 1e6))

    def until(self, is_so: Callable[[], Any], seconds: float = READY_S) -> None:
        """Runs the event loop until something is so. Raises `TimeoutError`."""
        from PySide6.QtCore import QEventLoop, QTimer

        loop, end = QEventLoop(), time.perf_counter() + seconds
        timer = QTimer()
        timer.timeout.connect(lambda: loop.quit() if is_so() or time.perf_counter() > end else None)
        timer.start(50)
        loop.exec()
        timer.stop()
        if not is_so():
            raise TimeoutError(f"the window did not come that far within {seconds:.0f} s")

    def run_for(self, seconds: float) -> None:
        """Runs the event loop, as `app.exec()` does."""
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(round(1e3 * seconds), loop.quit)
        loop.exec()

    def train(self) -> None:
        """Waits for the page and its engine, then trains as fast as it goes."""
        self.until(lambda: self.page is not None and self.page.views is not None)
        if not hasattr(self.page.views, "show_scene"):
            raise RuntimeError(f"the tab could not be built: {self.page.views.text()}")
        self.until(lambda: self.lab.engines.pool().has_warm_spare or self.run.run_state != "idle")
        self.run.choose_preset(PRESET)
        self.run.set_pace(math.inf)
        if self.run.run_state in ("idle", "stopped", "failed"):
            self.run.start()
        elif self.run.run_state == "paused":
            self.run.resume()
        self.until(lambda: self.run.run_state in ("training", "paused"))
        if self.run.run_state == "paused":
            self.run.resume()
        self.run.set_pace(math.inf)
        self.until(lambda: self.run.step > 600)

    @property
    def page(self) -> Any:
        """The dendritic page."""
        return self.lab.window.page("dendritic")

    @property
    def run(self) -> Any:
        """Its run."""
        return self.page.run

    def rate(self, seconds: float) -> tuple[float, float]:
        """Updates per second of the clock, and of the engine's CPU time."""
        engine = psutil.Process(self.run.bridge.pid)
        self.run_for(0.5)
        before, step, used = time.perf_counter(), self.run.step, sum(engine.cpu_times()[:2])
        self.run_for(seconds)
        steps = self.run.step - step
        return steps / (time.perf_counter() - before), steps / (sum(engine.cpu_times()[:2]) - used)

    def close(self) -> None:
        """Ends the run and the engines."""
        for timer in self._timers:
            timer.stop()
        self.run.stop(save=False)
        self.until(lambda: not self.run.is_leaving, 15.0)
        self.lab.window.close()
        self.lab.close()


def soak(minutes: float, scenes: Iterable[int] = (0,)) -> tuple[Gaps, list[tuple[float, float]], int]:
    """Trains for so long, changing through `scenes`: gaps, (second, MB) after warm-up, updates done.

    Memory counts from a fifth of the time on (at least 20 s, at most 90 s), when every cache is filled.
    """
    window = Window()
    try:
        window.train()
        chosen = list(scenes)
        for index in chosen:  # each is built once; that is not part of the steady state
            window.page.views.show_scene(index)
            window.run_for(2.0)
        window.gaps.clear()
        begun = time.perf_counter() - window._begun
        for index in chosen:
            window.page.views.show_scene(index)
            window.run_for(60.0 * minutes / len(chosen))
        window.on_sample()
        warm = begun + min(90.0, max(20.0, 12.0 * minutes))
        kept = [s for s in window.samples if s[0] >= warm] or window.samples[-1:]
        return window.gaps, kept, window.run.step
    finally:
        window.close()


def rates(scene: int, pairs: int, seconds: float) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """(without, with) the scene on screen, in turns: updates per second of the clock and of CPU time."""
    window = Window()
    found = []
    try:
        window.train()
        window.page.views.show_scene(scene)
        for number in range(pairs):
            half: dict[bool, tuple[float, float]] = {}
            for is_shown in (False, True) if number % 2 == 0 else (True, False):
                window.lab.window.show_page("dendritic" if is_shown else "home")
                half[is_shown] = window.rate(seconds)
            found.append((half[False], half[True]))
    finally:
        window.close()
    return found


def growth(samples: list[tuple[float, float]]) -> float:
    """MB between the first and the last fifth of the samples (medians)."""
    part = max(1, len(samples) // 5)
    return statistics.median(mb for _, mb in samples[-part:]) - statistics.median(mb for _, mb in samples[:part])


def measure(quick: bool) -> Iterable[Row]:
    """Rows of the table: 60 s of the Circuit scene (15 s when quick) in a home of its own."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="atelier-soak-") as home:
        os.environ["ATELIER_HOME"] = home
        gaps, samples, step = soak(0.25 if quick else 1.0)
    p99, worst = gaps.clock.percentile(99), gaps.clock.worst
    where = f"{os.environ['QT_QPA_PLATFORM']}, {step:,} updates, {gaps.words()}"
    yield Row("event loop while training, gap p99", p99, "ms", "at most 16 ms", p99 <= 16.0, where)
    yield Row("event loop while training, worst gap", worst, "ms", "at most 50 ms", worst <= 50.0)
    yield Row("memory growth of the window", growth(samples), "MB", "", None, f"{len(samples)} samples")


def main() -> int:
    """The long soak and the comparison of rates, as a command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.window_soak", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument(
        "--scenes", type=int, nargs="+", default=[0], help="0 Circuit, 1 Learning, 2 Figures, 3 Imagine"
    )
    parser.add_argument("--rate", action="store_true", help="compare the training rate with and without the scene")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of one turn of --rate")
    options = parser.parse_args()
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="atelier-soak-") as home:
        os.environ["ATELIER_HOME"] = home
        return _compare(options) if options.rate else _soak(options)


def _soak(options: argparse.Namespace) -> int:
    gaps, samples, step = soak(options.minutes, options.scenes)
    names = ", ".join(SCENE_NAMES[i] for i in options.scenes)
    load = os.getloadavg()[0]
    print(f"{options.minutes:g} minutes, {names}, {step:,} updates, {gaps.clock.count:,} firings, load {load:.1f}")
    print(gaps.words())
    print("memory (s: MB): " + ", ".join(f"{s:.0f}: {mb:.1f}" for s, mb in samples[:: max(1, len(samples) // 20)]))
    grown = growth(samples)
    print(f"memory growth after warm-up {grown:+.1f} MB (goal below 20 MB)")
    return 0 if gaps.clock.percentile(99) <= 16.0 and gaps.clock.worst <= 50.0 and grown < 20.0 else 1


def _compare(options: argparse.Namespace) -> int:
    scene = options.scenes[0]
    found = rates(scene, options.pairs, options.seconds)
    for alone, shown in found:
        print(f"without {alone[0]:7.1f}/s {alone[1]:7.1f}/CPU s   with {shown[0]:7.1f}/s {shown[1]:7.1f}/CPU s")
    kept = [100 * statistics.median(shown[i] / alone[i] for alone, shown in found) for i in (0, 1)]
    print(
        f"{SCENE_NAMES[scene]}: training rate kept {kept[0]:.1f} % by the clock, {kept[1]:.1f} % by CPU time (median)"
    )
    return 0 if kept[1] >= 97.0 else 1


if __name__ == "__main__":
    sys.exit(main())
