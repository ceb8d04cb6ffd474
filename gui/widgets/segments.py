"""A row of exclusive choices that goes on in the next line where it is narrow, and the switch of the same look."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QPushButton, QWidget

from gui.shell.icons import follow_theme
from gui.shell.rows import keep_keys
from gui.widgets.flow import FlowRow


class Segments(FlowRow):
    """One of several words is chosen; chosen(index) when a person chooses another."""

    chosen = Signal(int)

    def __init__(self, words: Sequence[str], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent, gap=2)
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        for i, word in enumerate(words):
            button = switch(word, "")
            self._group.addButton(button, i)
            self.add(button)
        self._group.setExclusive(True)
        self.choose(0)
        self._group.idClicked.connect(self.chosen)

    @property
    def index(self) -> int:
        """What is chosen."""
        return self._group.checkedId()

    def choose(self, index: int) -> None:
        """Choose without telling."""
        self._group.button(index).setChecked(True)

    def button(self, index: int) -> QPushButton:
        """The button of one choice."""
        made = self._group.button(index)
        assert isinstance(made, QPushButton)
        return made


def switch(text: str, tip: str, icon: str = "") -> QPushButton:
    """A button that stays down; it leaves the window's keys alone unless it was reached with Tab."""
    button = QPushButton(text)
    button.setCheckable(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolTip(tip)
    if icon:
        follow_theme(button, icon)
    keep_keys(button, Qt.Key.Key_Space)
    return button


def icon_button(icon: str, tip: str, work: Callable[[], object]) -> QPushButton:
    """A narrow button with an icon only; `tip` is also its name for screen readers."""
    button = QPushButton()
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFixedWidth(30)
    follow_theme(button, icon)
    button.clicked.connect(lambda: work())
    keep_keys(button, Qt.Key.Key_Space)
    return button
