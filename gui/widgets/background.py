"""Slow work (encoding a file, decoding a photograph) beside the event loop, answered in the window's thread."""

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThreadPool, Signal

Done = Callable[[Any, Exception | None], None]


class Background(QObject):
    """Runs functions in Qt's thread pool; `done(result, error)` is called in the thread of this object.

    If the owner is gone when the work ends, the answer is dropped.
    """

    _arrived = Signal(int, object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._arrived.connect(self.on_arrived)
        self._waiting: dict[int, Done] = {}
        self._asked = 0
        self._going = 0
        self._idle = threading.Condition()

    def run(self, work: Callable[[], Any], done: Done) -> None:
        """Start `work`; `done` gets its result and None, or None and the exception it raised."""
        # `done` belongs to widgets: the pool's thread gets a number, so that it can never hold the last reference.
        self._asked += 1
        ticket = self._asked
        self._waiting[ticket] = done
        with self._idle:
            self._going += 1

        def call() -> None:
            result: Any = None
            error: Exception | None = None
            try:
                result = work()
            except Exception as raised:  # noqa: BLE001 - the outermost frame of a thread; `done` reports it
                error = raised
            with self._idle:
                self._going -= 1
                self._idle.notify_all()
            try:
                self._arrived.emit(ticket, result, error)
            except RuntimeError:
                return  # the window was closed meanwhile: nobody is left to tell

        QThreadPool.globalInstance().start(call)

    def wait(self, seconds: float) -> bool:
        """Block until no work is going on; False when some still is after so many seconds."""
        with self._idle:
            return self._idle.wait_for(lambda: self._going == 0, timeout=seconds)

    def on_arrived(self, ticket: int, result: Any, error: object) -> None:
        """The work ended; tell whoever asked."""
        done = self._waiting.pop(ticket)
        done(result, error if isinstance(error, Exception) else None)
