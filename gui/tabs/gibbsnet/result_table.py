"""A small table of measured numbers: one row per measure, one column per model, the best of each row in bold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.widgets.painted import PaintedView, draw_text, number


@dataclass(frozen=True, slots=True)
class Row:
    """values: one per column (not-a-number: cannot be measured). better: which way is good ("" for none).

    hint: what it is, for the pointer; unit: written after each value. columns beyond `models` take no part in "best".
    """

    name: str
    values: tuple[float, ...]
    better: Literal["up", "down", ""] = ""
    hint: str = ""
    unit: str = ""
    digits: int = 3

    def text(self, value: float) -> str:
        """A value as it is written."""
        return "–" if math.isnan(value) else f"{number(value, self.digits)}{self.unit}"


class ResultTable(PaintedView):
    """`models` columns compete; the others (real data, chance) are for comparison and drawn muted."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.columns: tuple[str, ...] = ()
        self.meanings: tuple[str, ...] = ()
        self.rows: tuple[Row, ...] = ()
        self.models = 0
        self.setMinimumSize(140, 40)

    def set_rows(self, columns: Sequence[str], meanings: Sequence[str], models: int, rows: Sequence[Row]) -> None:
        """Replace everything. Raises ValueError when a row has another number of values than there are columns."""
        for row in rows:
            if len(row.values) != len(columns):
                raise ValueError(f"{row.name}: {len(row.values)} values for {len(columns)} columns")
        self.columns, self.meanings, self.models, self.rows = tuple(columns), tuple(meanings), models, tuple(rows)
        self.setMinimumHeight(round(self._line() * (len(rows) + 1)) + 4)
        self.setAccessibleDescription("; ".join(f"{r.name}: {', '.join(number(v, 3) for v in r.values)}" for r in rows))
        self.refresh()

    def data(self) -> dict[str, NDArray[Any]]:
        """{"measure", and every column}."""
        numbers: dict[str, NDArray[Any]] = {"measure": np.array([r.name for r in self.rows], dtype=np.str_)}
        for i, name in enumerate(self.columns):
            numbers[name] = np.array([r.values[i] for r in self.rows])
        return numbers

    def best(self, row: Row) -> int:
        """The column that does best, -1 where none does."""
        values = np.array(row.values[: self.models], dtype=np.float64)
        if not row.better or np.isfinite(values).sum() < 2:
            return -1
        return int(np.nanargmax(values) if row.better == "up" else np.nanargmin(values))

    def _line(self) -> float:
        return self.fontMetrics().height() + 3.0

    def _widest(self, metrics: QFontMetrics) -> float:
        """Room that the widest head or value needs."""
        words = [*self.columns, *(row.text(value) for row in self.rows for value in row.values)]
        return float(max(metrics.horizontalAdvance(text) for text in words))

    def sizeHint(self) -> QSize:
        return QSize(280, round(self._line() * (len(self.rows) + 1)) + 4)

    def paint(self, painter: QPainter) -> None:
        """Heads, a line, rows."""
        if not self.rows:
            return
        painter.setFont(self.small_font(0.92))
        metrics, line = painter.fontMetrics(), self._line()
        wide = min(self._widest(metrics) + 10.0, 0.62 * self.width() / len(self.columns))
        names = max(metrics.horizontalAdvance(r.name) for r in self.rows) + 10.0
        wide = max(wide, (self.width() - names) / len(self.columns))
        names = self.width() - wide * len(self.columns)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for i, (column, meaning) in enumerate(zip(self.columns, self.meanings, strict=True)):
            draw_text(painter, QRectF(names + i * wide, 0, wide - 4, line), column, right, meaning)
        painter.setPen(QPen(theme().color("border"), 1))
        painter.drawLine(0, round(line), self.width(), round(line))
        plain, bold = painter.font(), QFont(painter.font())
        bold.setBold(True)
        for r, row in enumerate(self.rows):
            top, best = (r + 1) * line + 2, self.best(row)
            draw_text(painter, QRectF(0, top, names - 4, line), row.name, left, "text")
            for i, value in enumerate(row.values):
                text = row.text(value)
                painter.setFont(bold if i == best else plain)
                box = QRectF(names + i * wide, top, wide - 4, line)
                draw_text(painter, box, text, right, "muted" if i >= self.models else "text")
            painter.setFont(plain)

    def hover_text(self, position: Any) -> str:
        """What the row measures, and which way is better."""
        row = int((position.y() - 2) / self._line()) - 1
        if not 0 <= row < len(self.rows):
            return ""
        way = {"up": "\nmore is better", "down": "\nless is better", "": ""}[self.rows[row].better]
        return f"{self.rows[row].hint or self.rows[row].name}{way}"
