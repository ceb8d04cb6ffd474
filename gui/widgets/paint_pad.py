"""The paint canvas with its tools below it: brush, eraser, size, intensity, undo, redo, clear."""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QSlider, QToolButton, QVBoxLayout, QWidget

from gui.shell.icons import follow_theme
from gui.widgets.paint_canvas import PaintCanvas


class PaintPad(QWidget):
    """`canvas` is the picture [h, w]; the row of tools below it is for the mouse, the canvas has keys for all."""

    def __init__(
        self, height: int = 28, width: int = 28, name: str = "painting", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.canvas = PaintCanvas(height, width, name, self)
        self.setFocusProxy(self.canvas)
        self._brush = self._tool("brush", "Brush (B)", lambda: self.canvas.set_erasing(False), checkable=True)
        self._eraser = self._tool("eraser", "Eraser (E)", lambda: self.canvas.set_erasing(True), checkable=True)
        tools = QButtonGroup(self)
        tools.addButton(self._brush)
        tools.addButton(self._eraser)
        self._size = self._slider("brush size in pixels ([ and ])", 1, 2 * max(2, min(height, width) // 2))
        self._size.valueChanged.connect(lambda halves: self.canvas.set_brush_size(halves / 2))
        self._intensity = self._slider("brightness of the brush", 5, 100)
        self._intensity.valueChanged.connect(lambda percent: self.canvas.set_intensity(percent / 100))
        stack = self.canvas.undo_stack
        self._undo = self._tool("undo", "Undo (Ctrl+Z)", stack.undo)
        self._redo = self._tool("redo", "Redo (Ctrl+Shift+Z)", stack.redo)
        self._clear = self._tool("trash", "Clear (Delete)", self.canvas.clear)
        stack.canUndoChanged.connect(self._undo.setEnabled)
        stack.canRedoChanged.connect(self._redo.setEnabled)
        self._undo.setEnabled(False)
        self._redo.setEnabled(False)
        self.canvas.tool_changed.connect(self.on_tool_changed)
        self.on_tool_changed()
        self._lay_out()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(3)
        for widget in (self._brush, self._eraser):
            buttons.addWidget(widget)
        buttons.addStretch(1)
        for widget in (self._undo, self._redo, self._clear):
            buttons.addWidget(widget)
        sliders = QHBoxLayout()
        sliders.setSpacing(6)
        for text, slider in (("size", self._size), ("light", self._intensity)):
            label = QLabel(text)
            label.setProperty("role", "muted")
            label.setBuddy(slider)
            sliders.addWidget(label)
            sliders.addWidget(slider, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.canvas, 1)
        layout.addLayout(buttons)
        layout.addLayout(sliders)

    def _tool(self, icon: str, tip: str, slot: Callable[[], Any], checkable: bool = False) -> QToolButton:
        button = QToolButton()
        button.setIconSize(QSize(16, 16))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setCheckable(checkable)
        button.clicked.connect(lambda: slot())
        follow_theme(button, icon)
        return button

    def _slider(self, tip: str, low: int, high: int) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(low, high)
        slider.setToolTip(tip)
        slider.setAccessibleName(tip)
        slider.setMinimumWidth(30)
        return slider

    def on_tool_changed(self) -> None:
        """A key or a call changed the tool: show it."""
        canvas = self.canvas
        self._eraser.setChecked(canvas.erasing)
        self._brush.setChecked(not canvas.erasing)
        for slider, value in ((self._size, canvas.brush_size * 2), (self._intensity, canvas.intensity * 100)):
            blocked = slider.blockSignals(True)
            slider.setValue(round(value))
            slider.blockSignals(blocked)

    def menu_actions(self) -> list[QAction]:
        """Undo and redo by name, for the panel's menu."""
        return [self.canvas.undo_stack.createUndoAction(self), self.canvas.undo_stack.createRedoAction(self)]

    def data(self) -> dict[str, NDArray[Any]]:
        """{"image"}."""
        return self.canvas.data()

    def set_export_mode(self, on: bool) -> None:
        """Leave out pointer and focus while a picture is taken."""
        self.canvas.set_export_mode(on)
