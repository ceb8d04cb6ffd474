"""Keeps the rail true: state and small curve of each run twice a second, the machine every two seconds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from gui.shell.paper_run import PaperRun
from gui.widgets.transport import rate_words

if TYPE_CHECKING:
    from gui.shell.main_window import MainWindow

_MEANING = {
    "starting": "muted",
    "training": "good",
    "paused": "muted",
    "failed": "bad",
    "stopped": "muted",
}


def state_words(run: PaperRun) -> str:
    """How a run stands, for the rail: ``● training 312/s``."""
    if run.run_state == "training":
        rate = run.progress.rate if run.progress is not None else 0.0
        return f"● training {rate_words(rate)}" if rate > 0 else "● training"
    if run.run_state == "paused":
        return f"● paused, step {run.step:,}".replace(",", "\u2009")
    return {"idle": "", "starting": "○ starting", "failed": "● failed", "stopped": "○ stopped"}[run.run_state]


class RailFeed(QObject):
    """One per window; its timer runs only while something trains."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._runs: list[PaperRun] = []
        self._device = ""
        self._timer = QTimer(self)
        self._timer.setInterval(500)
        self._timer.timeout.connect(self.on_tick)
        self._machine_timer = QTimer(self)
        self._machine_timer.setInterval(2000)
        self._machine_timer.timeout.connect(self.on_machine_tick)
        self._machine_timer.start()
        self.on_machine_tick()

    def follow(self, run: PaperRun) -> None:
        """Show this run from now on."""
        self._runs.append(run)
        run.run_state_changed.connect(lambda _state: self._show(run))
        run.ready.connect(self.on_ready)

    def on_ready(self, report: object) -> None:
        """An engine said where it computes."""
        device, threads = getattr(report, "device", ""), getattr(report, "threads", 0)
        self._window.rail.setToolTip(device)
        self._device = f"{device.split(' (')[0]} · {threads} thread{'' if threads == 1 else 's'}"
        self.on_machine_tick()

    def _show(self, run: PaperRun) -> None:
        headline = run.paper.headline
        spark = run.history.curve(headline.name)[1] if headline is not None else None
        item = self._window.rail.items[run.paper.name]
        item.show_state(state_words(run), _MEANING.get(run.run_state, "muted"), spark)
        if any(r.run_state == "training" for r in self._runs):
            self._timer.start()
        else:
            self._timer.stop()

    def on_tick(self) -> None:
        """Rates and curves move."""
        for run in self._runs:
            if run.run_state == "training":
                self._show(run)

    def on_machine_tick(self) -> None:
        """Memory of the window and of all engines that said theirs."""
        own = _own_memory()
        engines = sum(r.progress.memory for r in self._runs if r.is_live and r.progress is not None)
        words = self._device or f"{os.cpu_count()} cores"
        memory = f"window {own / 2**20:.0f} MB" if own else ""
        if engines:
            memory += f", engines {engines / 2**20:.0f} MB"
        self._window.rail.show_machine(words, memory)


def _own_memory() -> int:
    """Resident bytes of this process (0 where the platform does not tell cheaply)."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - every two seconds, kept cheap
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0
