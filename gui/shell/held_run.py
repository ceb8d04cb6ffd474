"""A paper that is opened is alive at once: its run is started and held, so that circuits and pictures can be seen.

An engine costs memory, so only one untouched held run is kept: opening another paper lets the last one go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from gui.shell.engines import CLUSTER
from gui.shell.paper_run import PaperRun

if TYPE_CHECKING:
    from gui.shell.main_window import MainWindow

AFTER_MS = 250  # the views come first


class HeldRuns(QObject):
    """Starts a held run for the paper on screen when it has none, and again when another preset is chosen."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._held: PaperRun | None = None
        self._known: set[str] = set()
        window.page_shown.connect(self.on_page_shown)
        self.on_page_shown(window.current)

    def on_page_shown(self, name: str) -> None:
        """Wakes the paper that is shown, soon."""
        page = self._window.paper_page()
        if page is None:
            return
        if name not in self._known:
            self._known.add(name)
            page.run.preset_changed.connect(lambda *_: self._soon(page.run))
        self._soon(page.run)

    def _soon(self, run: PaperRun) -> None:
        QTimer.singleShot(AFTER_MS, run, lambda: self.wake(run))

    def wake(self, run: PaperRun) -> None:
        """Starts it held, when it is on screen and nothing was started or kept there."""
        page = self._window.paper_page()
        if self._window.settings.text(CLUSTER):  # a run that nobody wants yet may not occupy a node
            return
        if page is None or page.run is not run or run.run_state != "idle" or run.history.last_step > 0:
            return
        if self._held is not None and self._held is not run and is_untouched(self._held):
            self._held.let_go()
        self._held = run
        run.start(paused=True)


def is_untouched(run: PaperRun) -> bool:
    """Whether a run was only held: nothing was trained that could be lost."""
    return run.run_state in ("starting", "paused") and run.step == 0
