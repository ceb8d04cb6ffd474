"""Python's cyclic garbage, collected in the window's thread alone and a little at a time.

Every engine has listeners, which are threads of this process. Python's collector runs in whichever thread happens to
allocate; in a listener it would destroy widgets and graphics items (their objects are full of cycles) while Qt is
painting them, and the program would crash. pyqtgraph's `GarbageCollector` follows the same plan; this one also keeps
what the start has made out of later searches, so that the longest search stays shorter than a frame.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 1000


class WindowCollector(QObject):
    """While it stands, garbage is collected by its timer and nowhere else; make it in the window's thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(EVERY_MS)

    def collect(self) -> None:
        """Search the oldest generation that is due, by Python's own thresholds (counted on while disabled)."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        due = [number for number in (0, 1, 2) if counts[number] > thresholds[number]]
        if due:
            gc.collect(max(due))

    def keep_what_stands(self) -> None:
        """What exists now lives as long as the window: later searches leave it out."""
        gc.freeze()

    def close(self) -> None:
        """Back to Python's own collection."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()
