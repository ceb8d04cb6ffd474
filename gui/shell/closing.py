"""Closing the window while runs go on: they save and leave, the window says so and never freezes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.shell.rows import label, scaled
from gui.shell.theme import theme

if TYPE_CHECKING:
    from gui.shell.main_window import MainWindow

GRACE_S = 2.0


class _Overlay(QWidget):
    """A veil over the window with one word in the middle."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        column = QVBoxLayout(self)
        self.words = label("Saving…", "title")
        scaled(self.words, 1.4)
        column.addWidget(self.words, 0, Qt.AlignmentFlag.AlignCenter)

    def paintEvent(self, event: QPaintEvent) -> None:
        color = QColor(theme().color("background"))
        color.setAlpha(190)
        painter = QPainter(self)
        painter.fillRect(self.rect(), color)
        painter.end()


class Closing(QObject):
    """Asked at every attempt to close: the first one starts the saving, the last one lets the window go."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._overlay: _Overlay | None = None
        self._until = 0.0
        self._is_done = False
        self._timer = QTimer(self)
        self._timer.setInterval(20)
        self._timer.timeout.connect(self.on_tick)

    def may_close(self) -> bool:
        """Whether nothing is left to save."""
        if self._is_done or not self._busy():
            self._timer.stop()
            return True
        if self._overlay is None:
            for run in self._window.runs.values():
                run.stop(save=True)
            self._overlay = _Overlay(self._window)
            self.cover()
            self._overlay.show()
            self._overlay.raise_()
            self._until = time.monotonic() + GRACE_S
            self._timer.start()
        return False

    def _busy(self) -> bool:
        return any(run.is_leaving for run in self._window.runs.values())

    def cover(self) -> None:
        """Keep the veil as large as the window."""
        if self._overlay is not None:
            self._overlay.setGeometry(self._window.rect())

    def on_tick(self) -> None:
        """Close as soon as the last run has left, or when the time is over."""
        if not self._busy() or time.monotonic() > self._until:
            self._timer.stop()
            self._is_done = True
            self._window.close()
