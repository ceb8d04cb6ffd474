"""What is mistaken for what: a matrix of counts, and the pictures it got wrong, each of which can be looked at."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.papers.classified import ConfusionView
from gui.widgets.heat_map import HeatMap
from gui.widgets.image_grid import ImageGrid

# Room that one mistaken digit with its caption needs, in pixels.
_ACROSS, _DOWN = 44, 52


class MistakesCard(QWidget):
    """`who` names what answers ("circuit"). `chosen(index)`: the person clicked the test picture of this number."""

    chosen = Signal(int)

    def __init__(self, who: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix = HeatMap(
            table="unsigned", x_label=f"{who} says", y_label="true class", square=True, name="confusion"
        )
        self.mistakes = ImageGrid(table="grey", low=0.0, high=1.0, name="digits it got wrong")
        self.mistakes.selected.connect(self.on_selected)
        self._mistaken = np.zeros(0, dtype=np.int64)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(self.matrix, 1)
        across.addWidget(self.mistakes, 1)

    def show_view(self, view: ConfusionView) -> None:
        """The counts, and as many mistakes as there is room for: right class → answer."""
        self.matrix.set_matrix(view.counts.astype(np.float32))
        self._mistaken = view.mistaken
        room = max(2, (self.mistakes.width() // _ACROSS) * (self.mistakes.height() // _DOWN))
        pairs = zip(view.true.tolist()[:room], view.said.tolist()[:room], strict=True)
        self.mistakes.set_images(view.images[:room], [f"{t}→{s}" for t, s in pairs])

    def on_selected(self, picture: int) -> None:
        """A mistake was clicked."""
        if 0 <= picture < len(self._mistaken):
            self.chosen.emit(int(self._mistaken[picture]))
