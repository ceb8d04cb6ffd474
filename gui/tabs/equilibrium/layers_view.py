"""All layers of the settling network as fields of neurons; a click clamps one, a drag on an output pulls it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine.papers.equilibrium_views import Clamp, PlayView
from gui.shell.theme import theme
from gui.tabs.equilibrium.names import layer_name
from gui.widgets.painted import PaintedView, colored_image, draw_text, number

_GAP = 14.0


class LayersView(PaintedView):
    """Draws a `PlayView` from left to right: input, hidden layers, outputs as bars.

    unit_clicked(layer 1..L, neuron) for a click; pulled(output, value 0..1) while an output bar is dragged, released
    when it is let go.
    """

    unit_clicked = Signal(int, int)
    pulled = Signal(int, float)
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("all layers of the settling network", parent)
        self.view: PlayView | None = None
        self.clamps: tuple[Clamp, ...] = ()
        self.cue, self.input_on = -1, True
        self.pull: tuple[float, ...] | None = None
        self._pressed: tuple[int, int] | None = None
        self._dragging = False
        self.setMinimumSize(220, 120)

    def show_view(self, view: PlayView | None) -> None:
        """Draw this state."""
        self.view = view
        self.refresh()

    def show_hands(self, clamps: tuple[Clamp, ...], pull: tuple[float, ...] | None, cue: int, input_on: bool) -> None:
        """Which neurons are held, where the outputs are pulled to, which class is cued, whether the input is held."""
        self.clamps, self.pull, self.cue, self.input_on = clamps, pull, cue, input_on
        self.refresh()

    def data(self) -> dict[str, NDArray[Any]]:
        """{"input", "layer 1", ..., "output"}."""
        if self.view is None:
            return {}
        count = len(self.view.layers)
        layers = {layer_name(k + 1, count): layer for k, layer in enumerate(self.view.layers)}
        return {"input": self.view.input, **layers}

    # --- geometry -----------------------------------------------------------------------------------------------

    def boxes(self) -> list[QRectF]:
        """The field of the input, of each hidden layer, and of the outputs."""
        assert self.view is not None
        count = len(self.view.layers) + 1
        line = float(self.fontMetrics().height())
        width = (self.width() - _GAP * (count - 1) - 6) / count
        height = self.height() - 2.0 * line - 8
        return [QRectF(3 + i * (width + _GAP), line + 4, width, height) for i in range(count)]

    def field(self, box: QRectF, n: int) -> tuple[QRectF, int, int]:
        """(where the cells lie, columns, rows) of n neurons in a box; cells are square."""
        columns = max(1, min(n, round(math.sqrt(n * box.width() / max(1.0, box.height())))))
        rows = -(-n // columns)
        side = min(box.width() / columns, box.height() / rows)
        w, h = side * columns, side * rows
        return QRectF(box.center().x() - w / 2, box.center().y() - h / 2, w, h), columns, rows

    def unit_at(self, position: QPointF) -> tuple[int, int] | None:
        """(layer 1..L, neuron) under a point."""
        if self.view is None:
            return None
        last = len(self.view.layers)
        for layer, (box, values) in enumerate(zip(self.boxes()[1:], self.view.layers, strict=True), start=1):
            if not box.contains(position):
                continue
            if layer == last:
                row = int((position.y() - box.top()) / box.height() * len(values))
                return layer, min(len(values) - 1, max(0, row))
            cells, columns, rows = self.field(box, len(values))
            if cells.contains(position):
                column = min(columns - 1, int((position.x() - cells.left()) / cells.width() * columns))
                row = min(rows - 1, int((position.y() - cells.top()) / cells.height() * rows))
                unit = row * columns + column
                return (layer, unit) if unit < len(values) else None
        return None

    # --- drawing ------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        """Names above, fields, outputs, what is held."""
        view = self.view
        if view is None:
            draw_text(painter, self.rect(), "Waiting for the first state …", Qt.AlignmentFlag.AlignCenter, "muted")
            return
        painter.setFont(self.small_font())
        boxes, center = self.boxes(), Qt.AlignmentFlag.AlignCenter
        line = float(painter.fontMetrics().height())
        words = "input, held" if self.input_on else "input, let go"
        names = [words, *(layer_name(k + 1, len(view.layers)) for k in range(len(view.layers)))]
        for box, name in zip(boxes, names, strict=True):
            draw_text(painter, QRectF(box.left(), 0, box.width(), line), name, center, "muted")
        self._image(painter, boxes[0], colored_image(view.input, "grey", 0.0, 1.0))
        for layer, (box, values) in enumerate(zip(boxes[1:-1], view.layers[:-1], strict=True), start=1):
            self._neurons(painter, box, layer, values)
        self._outputs(painter, boxes[-1], view)
        rest = "at rest" if view.at_rest else f"moving by {number(view.velocity, 2)} per unit of time"
        says = "nothing yet" if view.predicted < 0 else str(view.predicted)
        below = QRectF(0, self.height() - line - 2, self.width(), line)
        meaning = "good" if view.at_rest else "muted"
        draw_text(painter, below, f"step {view.step:,}: {rest}; it sees {says}", center, meaning)

    def _image(self, painter: QPainter, box: QRectF, image: QImage) -> None:
        side = min(box.width() / image.width(), box.height() / image.height())
        where = QRectF(0, 0, image.width() * side, image.height() * side)
        where.moveCenter(box.center())
        painter.drawImage(where, image)
        painter.setPen(QPen(theme().color("border" if self.input_on else "accent"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(where)

    def _neurons(self, painter: QPainter, box: QRectF, layer: int, values: NDArray[Any]) -> None:
        cells, columns, rows = self.field(box, len(values))
        sheet = np.full(columns * rows, np.nan, dtype=np.float32)
        sheet[: len(values)] = values
        painter.drawImage(cells, colored_image(sheet.reshape(rows, columns), "unsigned", 0.0, 1.0))
        painter.setPen(QPen(theme().color("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(cells)
        side = cells.width() / columns
        for clamp in self.clamps:
            if clamp.layer == layer and clamp.unit < len(values):
                row, column = divmod(clamp.unit, columns)
                painter.setPen(QPen(theme().color("target"), 2))
                painter.drawRect(QRectF(cells.left() + column * side, cells.top() + row * side, side, side))

    def _outputs(self, painter: QPainter, box: QRectF, view: PlayView) -> None:
        values, last = view.layers[-1], len(view.layers)
        cell, middle = box.height() / len(values), Qt.AlignmentFlag.AlignVCenter
        left = box.left() + painter.fontMetrics().horizontalAdvance("00") + 4
        width = max(4.0, box.right() - left)
        clamped = {c.unit: c.value for c in self.clamps if c.layer == last}
        for i, value in enumerate(np.clip(np.nan_to_num(values), 0.0, 1.0).tolist()):
            top = box.top() + i * cell
            meaning = "text" if i == view.predicted else "muted"
            draw_text(painter, QRectF(box.left(), top, left - box.left(), cell), str(i), middle, meaning)
            back = QRectF(left, top + 1, width, max(1.0, cell - 2))
            painter.fillRect(back, theme().color("raised"))
            painter.fillRect(QRectF(left, top + 1, width * value, back.height()), theme().color("model"))
            held = clamped.get(i, 1.0 if i == self.cue else 0.0 if self.cue >= 0 else math.nan)
            aim = self.pull[i] if self.pull is not None else held
            if aim == aim:
                x = left + width * min(max(aim, 0.0), 1.0)
                painter.setPen(QPen(theme().color("target"), 2))
                painter.drawLine(QPointF(x, top + 1), QPointF(x, top + cell - 1))

    # --- the hand -----------------------------------------------------------------------------------------------

    def hover_text(self, position: QPointF) -> str:
        """The neuron under the pointer, and what a click does."""
        found = self.unit_at(position)
        if found is None or self.view is None:
            return ""
        layer, unit = found
        value = number(float(self.view.layers[layer - 1][unit]), 3)
        held = next((c for c in self.clamps if (c.layer, c.unit) == found), None)
        does = "click: hold at 1" if held is None else "click: hold at 0" if held.value > 0.5 else "click: let go"
        last = layer == len(self.view.layers)
        pull = "\ndrag: pull this output there" if last else ""
        return f"{layer_name(layer, len(self.view.layers))}, neuron {unit}: {value}\n{does}{pull}"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a neuron."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragging = self.unit_at(event.position()), False
            self._origin = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag an output: it is pulled to where the pointer is."""
        super().mouseMoveEvent(event)
        if self.view is None or self._pressed is None or self._pressed[0] != len(self.view.layers):
            return
        if self._dragging or (event.position() - self._origin).manhattanLength() > 5:
            self._dragging = True
            box = self.boxes()[-1]
            share = (event.position().x() - box.left()) / box.width()
            self.pulled.emit(self._pressed[1], min(max(share, 0.0), 1.0))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go: a click clamps, a drag ends the pull."""
        pressed, self._pressed = self._pressed, None
        if self._dragging:
            self._dragging = False
            self.released.emit()
        elif pressed is not None and self.unit_at(event.position()) == pressed:
            self.unit_clicked.emit(*pressed)
