"""The collapse meter: one bar per sign of health, its healthy range marked, coloured by the verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine.papers.gibbsnet_views import Gauge
from gui.shell.theme import theme
from gui.widgets.painted import PaintedView, draw_text, number

_DECADES = 30.0
"""A range whose ends are further apart than this factor is drawn in decades."""
_ROOM = 0.5
"""How far the bar goes on beyond the healthy range, in widths of it."""


def place(gauge: Gauge) -> tuple[float, float, float]:
    """Where value, lower and upper bound lie on a bar from 0 to 1 (bounds that do not exist lie at its ends)."""
    low, high, value = gauge.low, gauge.high, gauge.value
    has_low, has_high = math.isfinite(low), math.isfinite(high)
    if has_low and has_high and low > 0 and high / low > _DECADES:
        low, high, value = math.log10(low), math.log10(high), math.log10(max(value, 1e-12))
    if has_low and has_high:
        room = (high - low) * _ROOM or 1.0
        start, end = low - room, high + room
        if gauge.low >= 0 and low == gauge.low:
            start = max(0.0, start)
    elif has_low:
        start, end = min(0.0, low), max(2 * abs(low), low + 1e-9) if low else 1.0
        end = max(end, low + abs(low))
    elif has_high:
        start, end = min(0.0, high), max(2 * high, 1e-9)
    else:
        start, end = min(0.0, value), max(value * 2, 1.0)

    def share(x: float) -> float:
        return min(1.0, max(0.0, (x - start) / (end - start)))

    at = share(value) if math.isfinite(value) else float("nan")
    return at, share(low) if has_low else 0.0, share(high) if has_high else 1.0


class HealthMeter(PaintedView):
    """Rows of name, bar and value; the band on each bar is the healthy range, the pointer the value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("health of the chain", parent)
        self.gauges: tuple[Gauge, ...] = ()
        self.setMinimumSize(96, 60)

    def set_gauges(self, gauges: Sequence[Gauge]) -> None:
        """Show these, from top to bottom."""
        self.gauges = tuple(gauges)
        self.setAccessibleDescription("; ".join(f"{g.label}: {number(g.value, 3)}, {g.level}" for g in gauges))
        self.refresh()

    def data(self) -> dict[str, NDArray[Any]]:
        """{"name", "value", "low", "high", "level"}."""
        words = {key: np.array([getattr(g, key) for g in self.gauges], dtype=np.str_) for key in ("name", "level")}
        return words | {key: np.array([getattr(g, key) for g in self.gauges]) for key in ("value", "low", "high")}

    def sizeHint(self) -> QSize:
        return QSize(220, max(60, len(self.gauges) * (self.fontMetrics().height() + 16)))

    def _row_height(self) -> float:
        return min(2 * self.fontMetrics().height() + 8.0, self.height() / max(1, len(self.gauges)))

    def paint(self, painter: QPainter) -> None:
        """All rows: name and value in a line, the bar below them where there is room."""
        painter.setFont(self.small_font(0.92))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        high, line = self._row_height(), painter.fontMetrics().height()
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for i, gauge in enumerate(self.gauges):
            top = i * high
            value, words = f"{number(gauge.value, 3)} {gauge.unit}".rstrip(), min(line, high - 8.0)
            room = painter.fontMetrics().horizontalAdvance(value) + 6
            if room > 0.5 * self.width():  # the unit stays with the pointer
                value = number(gauge.value, 3)
                room = painter.fontMetrics().horizontalAdvance(value) + 6
            draw_text(painter, QRectF(2, top, self.width() - room - 6, words), gauge.label, left, "text")
            draw_text(painter, QRectF(self.width() - room - 2, top, room, words), value, right, gauge.level)
            self._paint_bar(painter, QRectF(2, top + words + 1, self.width() - 4, 6), gauge)

    def _paint_bar(self, painter: QPainter, bar: QRectF, gauge: Gauge) -> None:
        at, low, high = place(gauge)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("raised"))
        painter.drawRoundedRect(bar, 3, 3)
        healthy = QColor(theme().color("good"))
        healthy.setAlpha(70)
        painter.setBrush(healthy)
        painter.drawRoundedRect(
            QRectF(bar.left() + low * bar.width(), bar.top(), max(2.0, (high - low) * bar.width()), bar.height()), 3, 3
        )
        if math.isfinite(at):
            x = bar.left() + 4 + at * (bar.width() - 8)
            painter.setPen(QPen(theme().color("card"), 1))
            painter.setBrush(theme().color(gauge.level))
            painter.drawEllipse(QPointF(x, bar.center().y()), 4.5, 4.5)

    def hover_text(self, position: QPointF) -> str:
        """What the row under the pointer says, and what is healthy."""
        row = int(position.y() / max(1.0, self._row_height()))
        if not 0 <= row < len(self.gauges):
            return ""
        gauge = self.gauges[row]
        ends = [f"above {number(gauge.low, 3)}"] if math.isfinite(gauge.low) else []
        ends += [f"below {number(gauge.high, 3)}"] if math.isfinite(gauge.high) else []
        healthy = f"\nhealthy: {' and '.join(ends)}" if ends else ""
        return f"{gauge.label}: {number(gauge.value)} {gauge.unit}".rstrip() + f"\n{gauge.words}{healthy}"
