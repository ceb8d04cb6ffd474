"""One line of text that gives way: what does not fit is elided and stays in the tooltip."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy


class ElidedLabel(QLabel):
    """A label that takes what room there is and elides the rest; `full_text` is what it would say."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.full_text = text

    def set_full_text(self, text: str) -> None:
        """Show as much of it as fits; the tooltip has all."""
        if text != self.full_text:
            self.full_text = text
            self.setToolTip(text)
            self._elide()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.full_text) + 2, metrics.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(20, self.fontMetrics().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._elide()

    def _elide(self) -> None:
        room = max(0, self.width() - 1)
        self.setText(self.fontMetrics().elidedText(self.full_text, Qt.TextElideMode.ElideRight, room))
