"""Controls above a picture in one panel: the panel's legend, menu and exports are those of the picture."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.widgets.legend import LegendEntry


class Stacked(QWidget):
    """`above` and `below` keep their height, `picture` (a plot or painted view) takes the rest."""

    legend_changed = Signal()

    def __init__(
        self,
        picture: QWidget,
        *,
        above: QWidget | None = None,
        below: QWidget | None = None,
        body: QWidget | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """body: a larger widget that holds the picture and is laid out in its place."""
        super().__init__(parent)
        self.picture: Any = picture
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        if above is not None:
            layout.addWidget(above)
        layout.addWidget(body if body is not None else picture, 1)
        if below is not None:
            layout.addWidget(below)
        if hasattr(self.picture, "legend_changed"):
            self.picture.legend_changed.connect(self.legend_changed)

    def legend(self) -> list[LegendEntry]:
        """The picture's."""
        entries: list[LegendEntry] = self.picture.legend() if hasattr(self.picture, "legend") else []
        return entries

    def data(self) -> dict[str, NDArray[Any]]:
        """The picture's numbers."""
        numbers: dict[str, NDArray[Any]] = self.picture.data()
        return numbers

    def menu_actions(self) -> list[QAction]:
        """The picture's switches."""
        actions: list[QAction] = self.picture.menu_actions() if hasattr(self.picture, "menu_actions") else []
        return actions

    def set_export_mode(self, on: bool) -> None:
        """Thick lines in the picture for an export."""
        if hasattr(self.picture, "set_export_mode"):
            self.picture.set_export_mode(on)
