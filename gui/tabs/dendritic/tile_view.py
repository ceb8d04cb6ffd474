"""The incoming weights of many cells as small pictures, each framed in the colour of its apical potential."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine.papers.dendritic_views import TilesView
from gui.tabs.dendritic.scaling import ERROR, palette_of, shade
from gui.widgets.painted import PaintedView, colored_image, draw_text, number, symmetric_range

_GAP = 5.0


class BlameTiles(PaintedView):
    """Draws a `TilesView`; chosen(cell) when a tile is clicked. One colour scale for all tiles."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("incoming weights of area 1, framed by apical potential", parent)
        self.view: TilesView | None = None
        self._sheet: QImage | None = None
        self._range = 0.0
        self._frames: list[QColor] = []
        self.setMinimumSize(120, 90)

    def show_view(self, view: TilesView) -> None:
        """Draw these tiles."""
        self.view = view
        self._sheet = None
        if view.tiles.size:
            count, h, w = view.tiles.shape
            self._range = symmetric_range(view.tiles)
            flat = view.tiles.reshape(count * h, w)
            self._sheet = colored_image(flat, "signed", -self._range, self._range)
            colours = palette_of("error")
            self._frames = [colours[int(i)] for i in shade(view.blame, ERROR)]
        self.refresh()

    def on_theme_changed(self) -> None:
        """Colour everything anew."""
        if self.view is not None:
            self.show_view(self.view)

    def data(self) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
        """{"tiles" [count, h, w], "blame" [count]}."""
        if self.view is None:
            return {}
        return {"tiles": self.view.tiles.astype(np.float32), "blame": self.view.blame.astype(np.float32)}

    def _grid(self) -> tuple[int, float, float, float]:
        """(columns, tile width, tile height, left edge)."""
        assert self.view is not None
        count, h, w = self.view.tiles.shape
        best, columns = 0.0, 1
        for n in range(1, count + 1):
            rows = math.ceil(count / n)
            scale = min((self.width() - _GAP) / (n * w) - _GAP / w, (self.height() - 14 - _GAP) / (rows * h) - _GAP / h)
            if scale > best:
                best, columns = scale, n
        width, height = max(1.0, best * w), max(1.0, best * h)
        return columns, width, height, (self.width() - columns * (width + _GAP) + _GAP) / 2

    def _box(self, i: int, grid: tuple[int, float, float, float]) -> QRectF:
        columns, width, height, left = grid
        row, column = divmod(i, columns)
        return QRectF(left + column * (width + _GAP), _GAP + row * (height + _GAP), width, height)

    def paint(self, painter: QPainter) -> None:
        """Tiles with their frames, and the range of the colours below."""
        if self.view is None or self._sheet is None:
            return
        count, h, w = self.view.tiles.shape
        grid = self._grid()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for i in range(count):
            box = self._box(i, grid)
            painter.drawImage(box, self._sheet, QRectF(0, i * h, w, h))
            painter.setPen(QPen(self._frames[i], 2))
            painter.drawRect(box.adjusted(-1.5, -1.5, 1.5, 1.5))
        painter.setFont(self.small_font(0.8))
        text = f"weights full at ±{number(self._range, 3)}; frames: apical potential, full at ±{ERROR.full:g}"
        below = QRectF(4, self.height() - 14, self.width() - 8, 14)
        draw_text(painter, below, text, Qt.AlignmentFlag.AlignCenter, "muted")

    def tile_at(self, position: QPointF) -> int:
        """Index of the tile under a point, -1 for none."""
        if self.view is None or not self.view.tiles.size:
            return -1
        grid = self._grid()
        return next((i for i in range(len(self.view.tiles)) if self._box(i, grid).contains(position)), -1)

    def hover_text(self, position: QPointF) -> str:
        """The cell and its apical potential."""
        i = self.tile_at(position)
        if self.view is None or i < 0:
            return ""
        return f"area 1, cell {self.view.first + i}\napical vᴬ {number(float(self.view.blame[i]))}\nclick to open it"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click opens the cell in the circuit."""
        i = self.tile_at(event.position())
        if self.view is not None and i >= 0:
            self.chosen.emit(self.view.first + i)
        super().mousePressEvent(event)
