"""A matrix of probabilities with words along both axes, as the plan and the alignments are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.widgets.painted import PaintedView, colored_image, draw_text

_PAD = 5.0
_WORDS_WIDE = 0.3
"""Most of the width that the words of the rows may take."""
_WORDS_HIGH = 0.34
"""Most of the height that the words of the columns may take."""
_RAMP = 54.0


class TokenMap(PaintedView):
    """[rows, columns] of values 0..1, row 0 at the top; words left of the rows and below the columns.

    Words of the columns lie in two lines by turns, or stand upright, where they do not fit side by side.
    Subclasses paint on top in `paint_marks`; `right_words` need room right of the rows.
    """

    def __init__(self, name: str, *, x_label: str, y_label: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.x_label, self.y_label = x_label, y_label
        self.matrix: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)
        self.column_words: tuple[str, ...] = ()
        self.row_words: tuple[str, ...] = ()
        self.right_words: tuple[str, ...] = ()
        self.message = ""
        self._image: QImage | None = None
        self._measured: tuple[object, ...] = ()
        self._area = QRectF()
        self.setMinimumSize(110, 70)

    def set_matrix(self, matrix: NDArray[Any], rows: Sequence[str], columns: Sequence[str]) -> None:
        """Show [rows, columns]; raises ValueError if the words do not fit. Not-a-number is an empty field."""
        shown = np.asarray(matrix, dtype=np.float32)
        if shown.ndim != 2 or shown.shape != (len(rows), len(columns)):
            raise ValueError(f"matrix {shown.shape} with {len(rows)} words for rows, {len(columns)} for columns")
        self.matrix, self.row_words, self.column_words = shown, tuple(rows), tuple(columns)
        self._image = None
        self.refresh()

    def data(self) -> dict[str, NDArray[Any]]:
        """{"matrix", "rows", "columns"}."""
        rows, columns = (np.array(w, dtype=np.str_) for w in (self.row_words, self.column_words))
        return {"matrix": self.matrix, "rows": rows, "columns": columns}

    # --- geometry -----------------------------------------------------------------------------------------------

    def right_margin(self) -> float:
        """Room right of the matrix, in pixels."""
        metrics = self._metrics()
        return _PAD + max((metrics.horizontalAdvance(w) for w in self.right_words), default=0.0)

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.small_font())

    def area(self) -> QRectF:
        """Where the matrix lies; measured again only when the widget or the words changed."""
        key = (self.width(), self.height(), self.row_words, self.column_words, self.right_words, self.font().key())
        if key != self._measured:
            self._measured, self._area = key, self._measure()
        return self._area

    def _measure(self) -> QRectF:
        metrics = self._metrics()
        line = metrics.height()
        wide = max((metrics.horizontalAdvance(w) for w in self.row_words), default=0.0)
        left = line + min(wide, _WORDS_WIDE * self.width()) + _PAD
        width = max(1.0, self.width() - left - self.right_margin())
        bottom = (1 + self.word_lines(width)) * line + 2
        if not self.word_lines(width):
            tall = max((metrics.horizontalAdvance(w) for w in self.column_words), default=0.0)
            bottom = min(tall + 4, _WORDS_HIGH * self.height()) + line + 2
        return QRectF(left, _PAD, width, max(1.0, self.height() - _PAD - bottom))

    def word_lines(self, width: float) -> int:
        """Lines that the words of the columns need in so many pixels: 1, 2 (by turns), or 0: they stand upright."""
        metrics = self._metrics()
        widest = max((metrics.horizontalAdvance(w) for w in self.column_words), default=0.0)
        cell = width / max(1, len(self.column_words))
        if widest + 3 <= cell or widest <= metrics.height():
            return 1
        return 2 if widest + 3 <= 2 * cell else 0

    def cell(self, row: float, column: float) -> QRectF:
        """The field of one value (fractions lie between fields)."""
        area, (rows, columns) = self.area(), self.matrix.shape
        w, h = area.width() / max(1, columns), area.height() / max(1, rows)
        return QRectF(area.left() + column * w, area.top() + row * h, w, h)

    def cell_at(self, position: QPointF) -> tuple[int, int] | None:
        """(row, column) under a point."""
        area, (rows, columns) = self.area(), self.matrix.shape
        if not self.matrix.size or not area.contains(position):
            return None
        row = min(rows - 1, int((position.y() - area.top()) / area.height() * rows))
        return row, min(columns - 1, int((position.x() - area.left()) / area.width() * columns))

    # --- drawing ------------------------------------------------------------------------------------------------

    def on_theme_changed(self) -> None:
        """The tables changed with the palette."""
        self._image = None
        super().on_theme_changed()

    def offset(self) -> float:
        """How many rows lower the matrix is drawn at this instant (a slide under way)."""
        return 0.0

    def paint(self, painter: QPainter) -> None:
        """Matrix, words, marks."""
        painter.setFont(self.small_font())
        if not self.matrix.size:
            draw_text(painter, self.rect(), self.message, Qt.AlignmentFlag.AlignCenter, "muted")
            return
        if self._image is None:
            self._image = colored_image(self.matrix, "unsigned", 0.0, 1.0)
        area = self.area()
        painter.save()
        painter.setClipRect(area)
        painter.fillRect(area, theme().color("raised"))
        painter.drawImage(area.translated(0.0, self.offset() * area.height() / len(self.matrix)), self._image)
        painter.restore()
        painter.setPen(QPen(theme().color("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        self._paint_rows(painter, area)
        self._paint_columns(painter, area)
        self.paint_marks(painter, area)

    def paint_marks(self, painter: QPainter, area: QRectF) -> None:
        """On top of the matrix."""

    def row_meaning(self, row: int) -> str:
        """The colour of the word of a row."""
        return "muted"

    def column_meaning(self, column: int) -> str:
        """The colour of the word of a column."""
        return "muted"

    def is_underlined(self, column: int) -> bool:
        """Whether the word of a column is drawn with a line below it."""
        return False

    def _paint_rows(self, painter: QPainter, area: QRectF) -> None:
        line = painter.fontMetrics().height()
        height = area.height() / len(self.row_words)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        every = max(1, -(-line // max(1, int(height)))) if height < line else 1
        for i in range(0, len(self.row_words), every):
            box = QRectF(line, area.top() + (i + 0.5) * height - line / 2, area.left() - line - 3, line)
            draw_text(painter, box, self.row_words[i], right, self.row_meaning(i))
        painter.save()
        painter.translate(0, area.center().y())
        painter.rotate(-90)
        box = QRectF(-area.height() / 2, 0, area.height(), line)
        draw_text(painter, box, self.y_label, Qt.AlignmentFlag.AlignCenter, "muted")
        painter.restore()

    def _paint_columns(self, painter: QPainter, area: QRectF) -> None:
        line = painter.fontMetrics().height()
        width = area.width() / len(self.column_words)
        lines = self.word_lines(area.width())
        room = self.height() - area.bottom() - line - 3
        widest = line if not lines else max(painter.fontMetrics().horizontalAdvance(w) for w in self.column_words) + 2
        every = max(1, -(-widest // max(1, int(lines * width or width))))
        plain = painter.font()
        marked = QFont(plain)
        marked.setUnderline(True)
        for i in range(0, len(self.column_words), every):
            painter.setFont(marked if self.is_underlined(i) else plain)
            middle = area.left() + (i + 0.5) * width
            if not lines:
                painter.save()
                painter.translate(middle - line / 2, area.bottom() + 2 + room)
                painter.rotate(-90)
                flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                draw_text(painter, QRectF(0, 0, room, line), self.column_words[i], flags, self.column_meaning(i))
                painter.restore()
            else:
                wide, down = max(lines * width, float(line)), line * (i % 2) if lines == 2 else 0
                box = QRectF(middle - wide / 2, area.bottom() + 1 + down, wide, line)
                draw_text(painter, box, self.column_words[i], Qt.AlignmentFlag.AlignCenter, self.column_meaning(i))
        painter.setFont(plain)
        below = QRectF(area.left(), self.height() - line - 1, area.width(), line)
        words = painter.fontMetrics().horizontalAdvance(self.x_label)
        ramp = area.width() > words + 2 * (_RAMP + 60)
        draw_text(painter, below, self.x_label, Qt.AlignmentFlag.AlignCenter, "muted")
        if ramp:
            self._paint_ramp(painter, below)

    def _paint_ramp(self, painter: QPainter, box: QRectF) -> None:
        """The colour scale in the corner: 0 to 1."""
        metrics = painter.fontMetrics()
        one = float(metrics.horizontalAdvance("0 "))
        bar = QRectF(box.right() - one - _RAMP, box.center().y() - 4, _RAMP, 8)
        ramp = np.arange(256, dtype=np.uint8)[None, :]
        painter.drawImage(bar, colored_image(ramp, "unsigned", 0, 255))
        painter.setPen(QPen(theme().color("border"), 1))
        painter.drawRect(bar)
        middle = Qt.AlignmentFlag.AlignVCenter
        draw_text(painter, QRectF(bar.left() - one, box.top(), one, box.height()), "0", middle, "muted")
        draw_text(painter, QRectF(bar.right() + 3, box.top(), one, box.height()), "1", middle, "muted")


def dot(painter: QPainter, cell: QRectF, meaning: str, filled: bool = True, share: float = 0.34) -> None:
    """A round mark in the middle of a field, with a rim that is seen on dark and on light fields."""
    radius = max(2.0, min(5.5, min(cell.width(), cell.height()) * share))
    painter.setPen(QPen(theme().color("card"), 3.5 if not filled else 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(cell.center(), radius, radius)
    painter.setPen(QPen(theme().color(meaning if not filled else "card"), 1.5 if not filled else 1))
    painter.setBrush(theme().color(meaning) if filled else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(cell.center(), radius, radius)
