"""Draw at display rate and only while somebody can see it, however often new data arrive."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

FRAME_MS = 33
"""Time between two drawings of the same live picture."""


class Redraw(QObject):
    """Collects requests and calls `draw` once per frame while `widget` is visible.

    The widget calls `request()` when its data changed and `on_shown()` from its showEvent.
    """

    def __init__(self, widget: QWidget, draw: Callable[[], None], interval_ms: int = FRAME_MS) -> None:
        super().__init__(widget)
        self._widget, self._draw = widget, draw
        self._dirty = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(interval_ms)
        self._timer.timeout.connect(self.on_timeout)

    @property
    def pending(self) -> bool:
        """Whether something is still to be drawn."""
        return self._dirty

    def request(self) -> None:
        """Draw with the next frame; free while hidden."""
        self._dirty = True
        if not self._timer.isActive() and self._widget.isVisible():
            self._timer.start()

    def on_shown(self) -> None:
        """The widget appeared: draw now what changed meanwhile."""
        self.flush()

    def on_timeout(self) -> None:
        """A frame has passed."""
        if self._widget.isVisible():
            self.flush()

    def flush(self) -> None:
        """Draw at once if anything is due (before an export, for instance)."""
        if self._dirty:
            self._dirty = False
            self._draw()
