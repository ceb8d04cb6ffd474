"""Errors of the window are shown and logged, never swallowed; crashes of Qt leave a trace on stderr."""

from __future__ import annotations

import faulthandler
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, Qt, QtMsgType, Signal, qInstallMessageHandler

_QUIET = ("propagateSizeHints", "This plugin does not support")


class Faults(QObject):
    """Catches what reaches the top of any thread, and Qt's own warnings. `raised(sentence, traceback)`."""

    raised = Signal(str, str)
    warned = Signal(str)

    def install(self) -> None:
        """From now on, for this process."""
        if sys.stderr is not None:
            faulthandler.enable()
        sys.excepthook = self._on_exception
        threading.excepthook = lambda args: self._on_exception(args.exc_type, args.exc_value, args.exc_traceback)
        qInstallMessageHandler(self._on_qt_message)

    def _on_exception(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return  # SIGINT closes the window through its own handler
        text = "".join(traceback.format_exception(kind, error, trace))
        print(text, file=sys.stderr)
        self.raised.emit(f"Something failed in the window: {kind.__name__}: {error}", text)

    def _on_qt_message(self, kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        if any(words in text for words in _QUIET):
            return
        print(text, file=sys.stderr)
        if kind != QtMsgType.QtDebugMsg:
            self.warned.emit(text)

    def connect_window(self, tell: Callable[[str, str], None], log: Callable[[str], None]) -> None:
        """tell(sentence, traceback) and log(text) are called in the window's thread."""
        self.raised.connect(tell, Qt.ConnectionType.QueuedConnection)
        self.warned.connect(log, Qt.ConnectionType.QueuedConnection)
