"""How a training run looks in a terminal: bar, rate, the headline curve drawn with eight heights of blocks."""

from __future__ import annotations

import math
import time

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.papers.contract import Curve
from engine.runtime.messages import Progress as RunProgress
from engine.runtime.messages import Scalars

BLOCKS = "▁▂▃▄▅▆▇█"
WIDTH = 16
LINE_EVERY_S = 5.0


def sparkline(values: np.ndarray, width: int = WIDTH, log: bool = False) -> str:
    """A curve in `width` characters, lowest to highest of its own range. values: float [T]; NaN is left out."""
    values = values[np.isfinite(values)]
    if log:
        values = np.log(values[values > 0])
    if not len(values):
        return ""
    groups = np.array_split(values, min(width, len(values)))
    means = np.array([group.mean() for group in groups])
    low, high = float(means.min()), float(means.max())
    if math.isclose(low, high, rel_tol=1e-12, abs_tol=1e-300):
        return BLOCKS[0] * len(means)
    heights = np.rint((means - low) / (high - low) * (len(BLOCKS) - 1)).astype(int)
    return "".join(BLOCKS[height] for height in heights)


class Display:
    """A live bar on a terminal, one line every five seconds elsewhere, nothing when `quiet`. Writes to stderr.

    headline: the curve drawn (None: whatever arrives first). total: updates at 100 %.
    """

    def __init__(self, title: str, headline: Curve | None, total: int, quiet: bool) -> None:
        self._console = Console(stderr=True)
        self._headline = headline
        self._name = headline.name if headline else ""
        self._total = total
        self._values: list[np.ndarray] = []
        self._line_at = time.monotonic()
        self._is_live = self._console.is_terminal and not quiet
        self._is_quiet = quiet
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TextColumn("{task.fields[words]}"),
            TimeRemainingColumn(compact=True), console=self._console, disable=not self._is_live,
        )  # fmt: skip
        self._task = self._bar.add_task(title, total=total, words="")

    def __enter__(self) -> Display:
        self._bar.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """A sentence above the bar."""
        if not self._is_quiet:
            self._console.print(text, markup=False, highlight=False)

    def on_scalars(self, report: Scalars) -> None:
        """Curve points for the headline."""
        if not self._name and report.values:
            self._name = next(iter(report.values))
        column = report.values.get(self._name)
        if column is not None and np.isfinite(column).any():
            self._values.append(column[np.isfinite(column)])

    def on_progress(self, report: RunProgress) -> None:
        """Where the run is."""
        words = f"{self._curve_words()} {report.rate:,.0f}/s".strip()
        self._bar.update(self._task, completed=min(report.step, self._total), words=words)
        if not self._is_live and time.monotonic() - self._line_at >= LINE_EVERY_S:
            self._line_at = time.monotonic()
            self.say(f"{report.step:,}/{self._total:,} {words} {report.text}".rstrip())

    def _curve_words(self) -> str:
        if not self._values:
            return ""
        values = np.concatenate(self._values[-4000:])
        log = bool(self._headline and self._headline.log)
        label = self._headline.label if self._headline else self._name
        unit = f" {self._headline.unit}" if self._headline and self._headline.unit else ""
        return f"{sparkline(values, log=log)} {label} {values[-1]:.4g}{unit}"
