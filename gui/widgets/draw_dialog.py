"""A pad to draw a digit of one's own on; the network sees it while it is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from gui.shell.rows import label, push_button
from gui.widgets.paint_canvas import PaintCanvas
from gui.widgets.probing import Probing


class DrawDialog(QDialog):
    """Stays open beside the window; every stroke becomes the probe of all pictures."""

    def __init__(self, probing: Probing, side: int, asks: str = "asked for", parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.setWindowTitle("Draw a digit")
        self._probing = probing
        self._side = side
        self.canvas = PaintCanvas(side, side, "your digit")
        self.canvas.setMinimumSize(220, 220)
        self.canvas.image_changed.connect(self.on_image_changed)
        self.target = QComboBox()
        self.target.addItem("none", -1)
        for digit in range(10):
            self.target.addItem(str(digit), digit)
        self.target.setToolTip("The class the output is pulled towards; none leaves that to the network")
        self.target.currentIndexChanged.connect(lambda _i: self.on_image_changed(self.canvas.image()))
        tools = QHBoxLayout()
        tools.addWidget(label(asks, "muted"))
        tools.addWidget(self.target)
        tools.addStretch(1)
        tools.addWidget(push_button("Clear", self.canvas.clear, "Start again (undo with Ctrl+Z)", "eraser"))
        layout = QVBoxLayout(self)
        layout.addWidget(self.canvas, 1)
        layout.addLayout(tools)

    def set_side(self, side: int) -> None:
        """Pixels along each side, as the data of this preset have."""
        if side != self._side:
            self._side = side
            self.canvas.resize_image(side, side)

    def show_image(self, image: NDArray[np.float32] | None) -> None:
        """Go on with this drawing [side, side] (None, or another size: with what is on the pad)."""
        if image is not None and image.shape == (self._side, self._side):
            self.canvas.show_image(image)

    def place_beside(self, widget: QWidget) -> None:
        """Where it covers least: right of the window of `widget` or left of it, else in its lower right corner."""
        window = widget.window().frameGeometry()
        free = widget.screen().availableGeometry()
        size = self.sizeHint()
        x = window.right() + 1
        if x + size.width() > free.right():
            x = window.left() - size.width()
        if x < free.left():
            x = min(window.right(), free.right()) - size.width()
        bottom = min(window.bottom(), free.bottom()) - size.height()
        self.move(x, max(free.top(), bottom))

    def on_image_changed(self, image: Any) -> None:
        """A stroke, or another target; what is the probe already is none."""
        probe, target = self._probing.probe, int(self.target.currentData())
        is_known = probe.image is not None and probe.target == target and np.array_equal(probe.image, image)
        if image.any() and not is_known:
            self._probing.show_image(image, target)
