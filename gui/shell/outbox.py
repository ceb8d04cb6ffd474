"""Live changes on their way to the engine: at most 30 messages a second, and one mark for each movement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

SEND_MS = 33
REST_MS = 500


class Outbox(QObject):
    """The first change goes at once, those that follow within 33 ms go together; the last value is never lost.

    rested: {knob: value before the movement}, half a second after the last change.
    """

    rested = Signal(object)

    def __init__(self, send: Callable[[Mapping[str, Any]], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._send = send
        self._waiting: dict[str, Any] = {}
        self._before: dict[str, Any] = {}
        self._send_timer = self._single_shot(SEND_MS, self.flush)
        self._rest_timer = self._single_shot(REST_MS, self.on_rest)

    def _single_shot(self, milliseconds: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(slot)
        return timer

    @property
    def is_empty(self) -> bool:
        """Whether everything was sent."""
        return not self._waiting

    def put(self, values: Mapping[str, Any], before: Mapping[str, Any]) -> None:
        """values: to be sent. before: what these knobs were."""
        self._waiting.update(values)
        for name in values:
            self._before.setdefault(name, before[name])
        self._rest_timer.start()
        if not self._send_timer.isActive():
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        if self._waiting:
            values, self._waiting = self._waiting, {}
            self._send(values)
            self._send_timer.start()

    def on_rest(self) -> None:
        """The knobs have come to rest."""
        before, self._before = self._before, {}
        self.rested.emit(before)

    def clear(self) -> None:
        """Forget what waits: the run it was for is over, or has other settings now."""
        self._waiting, self._before = {}, {}
