"""One of several words in a narrow place."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget


class Choice(QComboBox):
    """A drop-down that speaks as `Segments` do: chosen(index) when a person chooses another."""

    chosen = Signal(int)

    def __init__(self, words: Sequence[str], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.addItems(list(words))
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.activated.connect(self.chosen)

    @property
    def index(self) -> int:
        """What is chosen."""
        return self.currentIndex()

    def choose(self, index: int) -> None:
        """Choose without telling."""
        self.setCurrentIndex(index)
