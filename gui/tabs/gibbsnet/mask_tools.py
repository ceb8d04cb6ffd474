"""The tools of the mask painter: which side the brush paints, its size and edge, and masks at one click."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPixmap
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from gui.shell.rows import keep_keys, label
from gui.shell.theme import theme
from gui.tabs.gibbsnet.mask_canvas import SHAPES, MaskCanvas, shape_mask
from gui.tabs.gibbsnet.names import UNKNOWN
from gui.widgets.flow import FlowRow
from gui.widgets.segments import Segments, icon_button, switch
from gui.widgets.slider_row import SliderRow

_ICON = 16


def shape_icon(shape: str) -> QIcon:
    """A small picture of the mask itself: what becomes unknown in its colour."""
    known, unknown = theme().color("border"), QColor(theme().color(UNKNOWN))
    mask = np.kron(shape_mask(shape, 8, 8), np.ones((2, 2)))
    words = np.where(mask > 0.5, np.uint32(known.rgb()), np.uint32(unknown.rgb())).astype(np.uint32)
    pixels = np.ascontiguousarray(words)
    image = QImage(pixels.data, _ICON, _ICON, 4 * _ICON, QImage.Format.Format_RGB32).copy()
    return QIcon(QPixmap.fromImage(image))


class MaskTools(QWidget):
    """Writes to the canvas only."""

    def __init__(self, canvas: MaskCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas, self._seed = canvas, 0
        self.side = Segments(("hide", "show"), "what the brush does")
        self.side.setToolTip("hide (E): paint what the model may not see; show (B): paint it back")
        self.side.chosen.connect(lambda i: canvas.set_erasing(i == 0))
        self.soft = switch("soft", "Down: known and unknown blend at the edge of the brush")
        self.soft.toggled.connect(canvas.set_soft)
        self.diameter = SliderRow(
            "brush", "Diameter in pixels of the picture ([ and ])", low=1.0, high=16.0, value=2.0, width=0
        )
        self.diameter.value_changed.connect(canvas.set_brush_size)
        self.shapes = {shape: self._shape_button(shape) for shape in SHAPES}
        undo = icon_button("undo", "Undo (Ctrl+Z)", canvas.undo_stack.undo)
        self.words = label("", "muted", wrap=True)
        self.words.setMinimumHeight(2 * self.fontMetrics().height() + 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(FlowRow(tuple(self.shapes.values())))
        layout.addWidget(FlowRow((self.side, undo, self.soft)))
        layout.addWidget(self.diameter)
        layout.addWidget(self.words)
        canvas.tool_changed.connect(self.on_tool_changed)
        canvas.image_changed.connect(lambda _mask: self.words.setText(canvas.words()))
        theme().changed.connect(self.on_theme_changed)
        self.on_tool_changed()
        self.words.setText(canvas.words())

    def _shape_button(self, shape: str) -> QPushButton:
        button = QPushButton()
        button.setIcon(shape_icon(shape))
        button.setIconSize(QSize(_ICON, _ICON))
        button.setFixedWidth(28)
        article = {"nothing": "", "everything": "", "random half": "a "}.get(shape, "the ")
        tip = f"Hide {article}{shape}"
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda: self.on_shape(shape))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        keep_keys(button, Qt.Key.Key_Space)
        return button

    def on_shape(self, shape: str) -> None:
        """A mask at one click; a random one is another at each click."""
        self._seed += 1
        self._canvas.set_shape(shape, self._seed)

    def on_tool_changed(self) -> None:
        """A key changed the tool: show it."""
        self.side.choose(0 if self._canvas.erasing else 1)
        self.diameter.set_value(self._canvas.brush_size)

    def on_theme_changed(self) -> None:
        """Other colours."""
        for shape, button in self.shapes.items():
            button.setIcon(shape_icon(shape))
