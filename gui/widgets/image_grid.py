"""A grid of small pictures (digits, filters, samples), sharp pixels, one call to update all."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import Table, theme
from gui.widgets.painted import PaintedView, colored_image, draw_text, number, symmetric_range

_GAP = 8


class ImageGrid(PaintedView):
    """Pictures [n, h, w] in rows of `columns`; a click (or arrows and Enter) selects one.

    Float values go through a lookup table between `low` and `high`; uint8 index it directly; [n, h, w, 3] uint8 is
    shown in its own colours.
    """

    selected = Signal(int)
    hovered = Signal(int)
    """Index of the picture under the pointer, -1 for none."""

    def __init__(
        self,
        columns: int = 0,
        *,
        table: Table = "grey",
        low: float | None = None,
        high: float | None = None,
        name: str = "pictures",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, parent)
        self._columns, self._table = columns, table
        self._low, self._high = low, high
        self._images: NDArray[Any] = np.empty((0, 1, 1), np.float32)
        self._range = (0.0, 1.0)
        self._sheet: QImage | None = None
        self._captions: Sequence[str] = ()
        self._row_labels: Sequence[str] = ()
        self._current = -1
        self._over = -1
        self.setMinimumSize(80, 60)

    def set_images(self, images: NDArray[Any], captions: Sequence[str] | None = None) -> None:
        """Show these; raises ValueError unless [n, h, w] (float or uint8) or [n, h, w, 3] uint8.

        Without fixed limits the range is that of the pictures, symmetric around 0 for signed tables.
        """
        images = np.asarray(images)
        colored = images.ndim == 4 and images.shape[3] == 3 and images.dtype == np.uint8
        if images.ndim != 3 and not colored:
            raise ValueError(f"pictures are [n, h, w] or [n, h, w, 3] uint8, got {images.shape} {images.dtype}")
        self._images = images.copy()
        if captions is not None:
            self._captions = tuple(captions)
        self._current = min(self._current, len(images) - 1)
        self._sheet = None
        self.refresh()

    def set_columns(self, columns: int) -> None:
        """Pictures per row; 0 fits them to the widget's shape."""
        self._columns = columns
        self._sheet = None
        self.refresh()

    def set_row_labels(self, labels: Sequence[str]) -> None:
        """Words at the left of each row, e.g. noisy, denoised, generated."""
        self._row_labels = tuple(labels)
        self.refresh()

    def set_current(self, index: int) -> None:
        """Frame one picture (-1: none) without the `selected` signal."""
        self._current = index
        self.refresh()

    @property
    def current(self) -> int:
        """Index of the framed picture, -1 for none."""
        return self._current

    def data(self) -> dict[str, NDArray[Any]]:
        """{"images": what was set}."""
        return {"images": self._images}

    # Geometry

    def sizeHint(self) -> QSize:
        return QSize(320, 220)

    def _shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        n = max(1, len(self._images))
        if self._columns > 0:
            columns = self._columns
        else:
            height, width = self._images.shape[1:3]
            aspect = (self.width() / max(1, self.height())) * (height / max(1, width))
            columns = min(n, max(1, round(float(np.sqrt(n * aspect)))))
        return -(-n // columns), columns

    def _layout(self) -> tuple[float, float, float, float, float]:
        """(left, top, picture width, picture height, room for a caption), all in logical pixels."""
        rows, columns = self._shape()
        height, width = self._images.shape[1:3]
        metrics = self.fontMetrics()
        caption = float(metrics.height()) if self._captions else 0.0
        margin = max((metrics.horizontalAdvance(t) for t in self._row_labels), default=-_GAP) + _GAP
        room_x = (self.width() - margin - _GAP * (columns + 1)) / columns
        room_y = (self.height() - _GAP * (rows + 1) - caption * rows) / rows
        ratio = self.devicePixelRatioF()
        scale = max(0.05, min(room_x / width, room_y / height)) * ratio
        scale = (np.floor(scale) if scale >= 1 else scale) / ratio  # whole device pixels per picture pixel
        used_x = columns * (width * scale + _GAP) - _GAP
        used_y = rows * (height * scale + caption + _GAP) - _GAP
        left = margin + (self.width() - margin - used_x) / 2
        return round(left), round((self.height() - used_y) / 2), width * scale, height * scale, caption

    def _cell(self, index: int) -> QRectF:
        _, columns = self._shape()
        left, top, width, height, caption = self._layout()
        row, column = divmod(index, columns)
        return QRectF(left + column * (width + _GAP), top + row * (height + caption + _GAP), width, height)

    def _index_at(self, position: QPointF) -> int:
        for i in range(len(self._images)):
            if self._cell(i).contains(position):
                return i
        return -1

    # Drawing

    def _make_sheet(self) -> QImage:
        """All pictures below one another as one image [n*h, w]."""
        images = self._images
        if images.ndim == 4:
            n, h, w, _ = images.shape
            rgb = np.ascontiguousarray(images.reshape(n * h, w, 3))
            return QImage(rgb.data, w, n * h, 3 * w, QImage.Format.Format_RGB888).copy()
        low, high = self._low, self._high
        if images.dtype == np.uint8:
            low, high = 0.0, 255.0
        elif low is None or high is None:
            if self._table in ("signed", "error"):
                high = symmetric_range(images)
                low = -high
            else:
                low = float(np.nanmin(images)) if low is None else low
                high = float(np.nanmax(images)) if high is None else high
        self._range = (low, high)
        n, h, w = images.shape
        return colored_image(images.reshape(n * h, w), self._table, low, high)

    def on_theme_changed(self) -> None:
        """The tables changed with the palette."""
        self._sheet = None
        super().on_theme_changed()

    def paint(self, painter: QPainter) -> None:
        """Pictures, captions, row labels and the frame of the selected one."""
        n = len(self._images)
        if n == 0:
            return
        if self._sheet is None:
            self._sheet = self._make_sheet()
        height, width = self._images.shape[1:3]
        rows, columns = self._shape()
        left, top, cell_w, cell_h, caption = self._layout()
        for i in range(n):
            row, column = divmod(i, columns)
            x, y = left + column * (cell_w + _GAP), top + row * (cell_h + caption + _GAP)
            painter.drawImage(QRectF(x, y, cell_w, cell_h), self._sheet, QRectF(0, i * height, width, height))
            if i < len(self._captions):
                box = QRectF(x - _GAP / 2, y + cell_h, cell_w + _GAP, caption)
                draw_text(painter, box, self._captions[i], Qt.AlignmentFlag.AlignCenter, "muted")
        for row, label in enumerate(self._row_labels[:rows]):
            box = QRectF(0, top + row * (cell_h + caption + _GAP), left - _GAP, cell_h)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            draw_text(painter, box, label, flags, "muted")
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for index, meaning in ((self._over, "muted"), (self._current, "accent")):
            if 0 <= index < n and not (self.exporting and meaning == "muted"):
                painter.setPen(QPen(theme().color(meaning), 2))
                painter.drawRect(self._cell(index).adjusted(-2, -2, 2, 2))

    # Answers

    def hover_text(self, position: QPointF) -> str:
        """Which picture, which pixel, what value."""
        i = self._index_at(position)
        if i != self._over:
            self._over = i
            self.hovered.emit(i)
            self.update()
        if i < 0:
            return ""
        cell = self._cell(i)
        height, width = self._images.shape[1:3]
        x = min(width - 1, int((position.x() - cell.left()) / cell.width() * width))
        y = min(height - 1, int((position.y() - cell.top()) / cell.height() * height))
        value = self._images[i, y, x]
        shown = ", ".join(map(str, value)) if np.ndim(value) else number(float(value))
        caption = f"{self._captions[i]}, " if i < len(self._captions) and self._captions[i] else ""
        return f"{caption}picture {i}\nrow {y}, column {x}: {shown}"

    def leaveEvent(self, event: Any) -> None:
        super().leaveEvent(event)
        if self._over >= 0:
            self._over = -1
            self.hovered.emit(-1)
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._select(index)

    def _select(self, index: int) -> None:
        self.set_current(index)
        self.selected.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        _, columns = self._shape()
        moves = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
        }
        move = moves.get(Qt.Key(event.key()))
        n = len(self._images)
        if move is None or n == 0:
            super().keyPressEvent(event)
        elif 0 <= (to := self._current + move if self._current >= 0 else 0) < n:
            self._select(to)
