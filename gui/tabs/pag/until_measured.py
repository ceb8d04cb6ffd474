"""A picture that is measured on demand: words stand in its place until there is something to see."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QWidget

from gui.shell.rows import label


class UntilMeasured(QStackedWidget):
    """`words` say what the button will bring; `show_picture(False)` returns to them."""

    def __init__(self, picture: QWidget, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = label(words, "muted", wrap=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for widget in (self.words, picture):
            self.addWidget(widget)

    def show_picture(self, on: bool = True) -> None:
        """There is something to see, or nothing any more."""
        self.setCurrentIndex(int(on))
