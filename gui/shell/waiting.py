"""A word in the middle of a page while its engine starts: an empty page would look broken."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QLabel, QWidget

from gui.shell.paper_run import PaperRun

WORDS = "Starting the engine…"
_AFTER_READY_MS = 3000  # a page may show nothing that the engine draws


class Waiting(QLabel):
    """Lies over `place`, takes no mouse, and goes with the first picture or curve of the run."""

    def __init__(self, run: PaperRun, place: QWidget) -> None:
        super().__init__(WORDS, place)
        self.setProperty("card", True)
        self.setMargin(10)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        self._place = place
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(_AFTER_READY_MS)
        self._late.timeout.connect(self.hide)
        place.installEventFilter(self)
        run.run_state_changed.connect(self.on_run_state_changed)
        run.ready.connect(lambda _report: self._late.start())
        run.frame_arrived.connect(lambda _frame: self.hide())
        run.scalars_arrived.connect(lambda _points: self.hide())

    def on_run_state_changed(self, state: str) -> None:
        """A start shows the word; an end of any kind takes it away."""
        if state == "starting":
            self._late.stop()
            self.show()
            self._centre()
        elif state not in ("training", "paused"):
            self.hide()

    def _centre(self) -> None:
        self.adjustSize()
        self.move((self._place.width() - self.width()) // 2, (self._place.height() - self.height()) // 2)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle, above views that come later."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.ChildAdded, QEvent.Type.LayoutRequest):
            self._centre()
        return False
