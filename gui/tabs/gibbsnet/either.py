"""One panel, two pictures: which one is shown depends on the data (pictures, or points of the plane)."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from gui.widgets.legend import LegendEntry


class Either(QStackedWidget):
    """Shows one of several pictures; legend and data are those of the one in front."""

    legend_changed = Signal()

    def __init__(self, *choices: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        for choice in choices:
            self.addWidget(choice)
            if hasattr(choice, "legend_changed"):
                choice.legend_changed.connect(self.legend_changed)

    def show_choice(self, choice: QWidget) -> None:
        """Bring one to the front."""
        if self.currentWidget() is not choice:
            self.setCurrentWidget(choice)
            self.legend_changed.emit()

    def legend(self) -> list[LegendEntry]:
        """Of the picture in front."""
        front: Any = self.currentWidget()
        return list(front.legend()) if hasattr(front, "legend") else []

    def data(self) -> dict[str, NDArray[Any]]:
        """Of the picture in front."""
        front: Any = self.currentWidget()
        numbers: dict[str, NDArray[Any]] = front.data()
        return numbers

    def set_export_mode(self, on: bool) -> None:
        """Leave out pointer and focus while a picture is taken."""
        front: Any = self.currentWidget()
        if hasattr(front, "set_export_mode"):
            front.set_export_mode(on)
