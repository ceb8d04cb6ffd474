"""A matrix as a picture: labelled axes, a colour bar with its unit, exact values under the pointer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import Table, theme
from gui.widgets.painted import PaintedView, colored_image, draw_text, number, symmetric_range

_BAR, _GAP = 10, 6


class HeatMap(PaintedView):
    """One matrix [rows, columns] of floats (or uint8), row 0 at the top; a click tells the cell."""

    cell_clicked = Signal(int, int)
    """Row and column."""

    def __init__(
        self,
        *,
        table: Table = "unsigned",
        low: float | None = None,
        high: float | None = None,
        x_label: str = "",
        y_label: str = "",
        unit: str = "",
        square: bool = False,
        name: str = "matrix",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, parent)
        self._table, self._low, self._high = table, low, high
        self._x_label, self._y_label, self._unit, self._square = x_label, y_label, unit, square
        self._x_ticks: Sequence[str] = ()
        self._y_ticks: Sequence[str] = ()
        self._matrix: NDArray[Any] = np.empty((0, 0), np.float32)
        self._image: QImage | None = None
        self._range = (0.0, 1.0)
        self._mark: tuple[int, int] | None = None
        self.setMinimumSize(120, 80)

    def set_matrix(self, matrix: NDArray[Any]) -> None:
        """Show [rows, columns]; raises ValueError for another number of axes. Not-a-number is shown as empty."""
        matrix = np.asarray(matrix)
        if matrix.ndim != 2:
            raise ValueError(f"a heat map shows a matrix, got {matrix.ndim} axes: {matrix.shape}")
        self._matrix = matrix.copy()
        self._image = None
        self.refresh()

    def set_ticks(self, x: Sequence[str] = (), y: Sequence[str] = ()) -> None:
        """Names of the columns and of the rows; without them, indices at the ends."""
        self._x_ticks, self._y_ticks = tuple(x), tuple(y)
        self.refresh()

    def set_mark(self, cell: tuple[int, int] | None) -> None:
        """Frame one cell (row, column), e.g. where the knobs stand now; None frames none."""
        if cell != self._mark:
            self._mark = cell
            self.refresh()

    def data(self) -> dict[str, NDArray[Any]]:
        """{"matrix": what was set}."""
        return {"matrix": self._matrix}

    def sizeHint(self) -> QSize:
        return QSize(320, 240)

    def _limits(self) -> tuple[float, float]:
        if self._low is not None and self._high is not None:
            return self._low, self._high
        values = np.asarray(self._matrix, dtype=np.float64)
        if self._table in ("signed", "error"):
            top = symmetric_range(values)
            return -top, top
        finite = values[np.isfinite(values)]
        low = float(finite.min()) if finite.size else 0.0
        high = float(finite.max()) if finite.size else 1.0
        return (low if self._low is None else self._low), (high if self._high is None else self._high)

    def _areas(self) -> tuple[QRectF, QRectF]:
        """(matrix, colour bar) in logical pixels."""
        metrics = self.fontMetrics()
        line = metrics.height()
        names = self._y_ticks or (str(max(0, len(self._matrix) - 1)),)
        left = max(metrics.horizontalAdvance(t) for t in names) + _GAP + (line if self._y_label else 0)
        bottom = line + 2 + (line if self._x_label else 0)
        scale = max(metrics.horizontalAdvance(number(v, 3)) for v in self._range)
        right = _GAP + _BAR + 4 + max(scale, metrics.horizontalAdvance(self._unit))
        area = QRectF(left, line / 2, max(1, self.width() - left - right), max(1, self.height() - bottom - line / 2))
        if self._square and self._matrix.size:
            rows, columns = self._matrix.shape
            cell = min(area.width() / columns, area.height() / rows)
            extra = area.width() - cell * columns
            area = QRectF(area.left() + extra / 2, area.top(), cell * columns, cell * rows)
        top = line if self._unit else 0
        return area, QRectF(area.right() + _GAP, area.top() + top, _BAR, max(1, area.height() - top))

    def on_theme_changed(self) -> None:
        """The tables changed with the palette."""
        self._image = None
        super().on_theme_changed()

    def paint(self, painter: QPainter) -> None:
        """Matrix, axes, colour bar."""
        if self._matrix.size == 0:
            return
        painter.setFont(self.small_font())
        if self._image is None:
            self._range = (0.0, 255.0) if self._matrix.dtype == np.uint8 else self._limits()
            self._image = colored_image(self._matrix, self._table, *self._range)
        area, bar = self._areas()
        painter.drawImage(area, self._image)
        painter.setPen(QPen(theme().color("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        self._paint_mark(painter, area)
        self._paint_axes(painter, area)
        self._paint_bar(painter, bar)

    def _paint_mark(self, painter: QPainter, area: QRectF) -> None:
        rows, columns = self._matrix.shape
        if self._mark is None or not (0 <= self._mark[0] < rows and 0 <= self._mark[1] < columns):
            return
        w, h = area.width() / columns, area.height() / rows
        cell = QRectF(area.left() + self._mark[1] * w, area.top() + self._mark[0] * h, w, h)
        for meaning, width in (("card", 4), ("text", 2)):  # seen on dark and on light fields
            painter.setPen(QPen(theme().color(meaning), width))
            painter.drawRect(cell)

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        line = painter.fontMetrics().height()
        rows, columns = self._matrix.shape
        self._paint_ticks(painter, area, self._x_ticks, columns, True)
        self._paint_ticks(painter, area, self._y_ticks, rows, False)
        center = Qt.AlignmentFlag.AlignCenter
        if self._x_label:
            draw_text(
                painter, QRectF(area.left(), area.bottom() + line, area.width(), line), self._x_label, center, "muted"
            )
        if self._y_label:
            painter.save()
            painter.translate(0, area.center().y())
            painter.rotate(-90)
            draw_text(painter, QRectF(-area.height() / 2, 0, area.height(), line), self._y_label, center, "muted")
            painter.restore()

    def _paint_ticks(self, painter: QPainter, area: QRectF, ticks: Sequence[str], count: int, along_x: bool) -> None:
        metrics = painter.fontMetrics()
        line = metrics.height()
        names = ticks or tuple(str(i) for i in range(count))
        cell = (area.width() if along_x else area.height()) / count
        widest = max(metrics.horizontalAdvance(t) for t in names) + 6 if along_x else line
        every = max(1, -(-int(widest) // max(1, int(cell)))) if cell < widest else 1
        for i in range(0, min(count, len(names)), every):
            if along_x:
                room = max(cell * every, widest)
                box = QRectF(area.left() + (i + 0.5) * cell - room / 2, area.bottom() + 1, room, line)
                draw_text(painter, box, names[i], Qt.AlignmentFlag.AlignCenter, "muted")
            else:
                box = QRectF(0, area.top() + (i + 0.5) * cell - line / 2, area.left() - 4, line)
                flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                draw_text(painter, box, names[i], flags, "muted")

    def _paint_bar(self, painter: QPainter, bar: QRectF) -> None:
        ramp = np.arange(255, -1, -1, dtype=np.uint8)[:, None]
        painter.drawImage(bar, colored_image(ramp, self._table, 0, 255))
        painter.setPen(QPen(theme().color("border"), 1))
        painter.drawRect(bar)
        line = painter.fontMetrics().height()
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        x, width = bar.right() + 4, self.width() - bar.right() - 4
        low, high = self._range
        values = (high, (low + high) / 2, low) if bar.height() > 4 * line else (high, low)
        for i, value in enumerate(values):
            y = bar.top() + (bar.height() - line) * i / (len(values) - 1)
            draw_text(painter, QRectF(x, y, width, line), number(value, 3), left, "muted")
        if self._unit:
            draw_text(
                painter, QRectF(bar.left(), bar.top() - line - 1, width + _BAR + 4, line), self._unit, left, "muted"
            )

    def _cell_at(self, position: QPointF) -> tuple[int, int] | None:
        area, _ = self._areas()
        if self._matrix.size == 0 or not area.contains(position):
            return None
        rows, columns = self._matrix.shape
        row = min(rows - 1, int((position.y() - area.top()) / area.height() * rows))
        return row, min(columns - 1, int((position.x() - area.left()) / area.width() * columns))

    def hover_text(self, position: QPointF) -> str:
        """Names of row and column, and the exact value."""
        cell = self._cell_at(position)
        if cell is None:
            return ""
        row, column = cell
        y = self._y_ticks[row] if row < len(self._y_ticks) else str(row)
        x = self._x_ticks[column] if column < len(self._x_ticks) else str(column)
        value = number(float(self._matrix[row, column]), 6)
        return f"{self._y_label or 'row'} {y}\n{self._x_label or 'column'} {x}\n{value} {self._unit}".rstrip()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self.cell_clicked.emit(*cell)
