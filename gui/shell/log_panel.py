"""The log: notices, what engines print, tracebacks, each with its time."""

from __future__ import annotations

import time

from PySide6.QtGui import QColor, QFontDatabase, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from gui.shell.rows import label, push_button
from gui.shell.theme import theme

_LINES = 4000
_MEANINGS = {"info": "text", "warning": "warning", "error": "bad"}


class LogPanel(QFrame):
    """The newest 4,000 lines; older ones are dropped."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 8, 8)
        row = QHBoxLayout()
        row.addWidget(label("Log", "title"))
        row.addStretch(1)
        row.addWidget(push_button("Copy", self.copy, "Copy the whole log."))
        row.addWidget(push_button("Clear", self.clear, "Empty the log."))
        column.addLayout(row)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setMaximumBlockCount(_LINES)
        self._text.setFrameShape(QFrame.Shape.NoFrame)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setAccessibleName("log")
        column.addWidget(self._text, 1)

    def add(self, text: str, level: str = "info", source: str = "") -> None:
        """One entry. level: info, warning, error. source: paper or part it comes from."""
        look = QTextCharFormat()
        look.setForeground(QColor(theme().color(_MEANINGS.get(level, "text"))))
        cursor = QTextCursor(self._text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if not self._text.document().isEmpty():
            cursor.insertBlock()
        stamp = time.strftime("%H:%M:%S")
        cursor.insertText(f"{stamp}  {source + ': ' if source else ''}{text.rstrip()}", look)
        bar = self._text.verticalScrollBar()
        if bar.value() >= bar.maximum() - 40:
            bar.setValue(bar.maximum())

    def text(self) -> str:
        """Everything that is in it."""
        return self._text.toPlainText()

    def copy(self) -> None:
        """Put the log on the clipboard."""
        QApplication.clipboard().setText(self.text())

    def clear(self) -> None:
        """Empty it."""
        self._text.clear()
