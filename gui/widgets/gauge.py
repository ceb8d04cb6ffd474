"""Angle gauges: does each layer's change point where the gradient points? 90° is no better than chance."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.widgets.painted import PaintedView, draw_text, number


class AngleGauge(PaintedView):
    """One half dial 0-180° per layer: 0° at the right (the same direction), 90° marked at the top."""

    def __init__(self, name: str = "angle to the gradient", parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._angles: dict[str, float] = {}
        self._meanings: dict[str, str] = {}
        self.setMinimumSize(110, 84)

    def set_angles(self, angles: Mapping[str, float], meanings: Mapping[str, str] | None = None) -> None:
        """{layer: degrees in 0-180}; not-a-number draws no needle. `meanings` gives needles their colours."""
        for layer, angle in angles.items():
            if not (math.isnan(angle) or -1e-6 <= angle <= 180 + 1e-6):
                raise ValueError(f"the angle of {layer!r} lies outside 0-180°: {angle}")
        self._angles = {k: float(v) for k, v in angles.items()}
        if meanings is not None:
            self._meanings = dict(meanings)
        self.refresh()

    def data(self) -> dict[str, NDArray[Any]]:
        """{"layer", "angle"}."""
        return {"layer": np.array(list(self._angles), dtype=np.str_), "angle": np.array(list(self._angles.values()))}

    def sizeHint(self) -> QSize:
        return QSize(150 * max(1, len(self._angles)), 120)

    def _shape(self) -> tuple[int, int]:
        """(rows, columns) that give the largest dials."""
        n = len(self._angles)

        columns = max(range(1, n + 1), key=lambda c: self._radius(self.width() / c, self.height() / -(-n // c)))
        return -(-n // columns), columns

    def _radius(self, width: float, height: float) -> float:
        """The largest dial that leaves room for its words: 90° above, value and layer below."""
        return min(width / 2 - 16, height - 3 * self.fontMetrics().height() - 6)

    def _slots(self) -> list[QRectF]:
        rows, columns = self._shape()
        width, height = self.width() / columns, self.height() / rows
        return [QRectF(i % columns * width, i // columns * height, width, height) for i in range(len(self._angles))]

    def paint(self, painter: QPainter) -> None:
        """All dials."""
        if not self._angles:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for i, ((layer, angle), slot) in enumerate(zip(self._angles.items(), self._slots(), strict=True)):
            self._paint_dial(painter, slot, layer, angle, self._meanings.get(layer, f"series{i}"))

    def _paint_dial(self, painter: QPainter, slot: QRectF, layer: str, angle: float, meaning: str) -> None:
        line = painter.fontMetrics().height()
        radius = max(8.0, self._radius(slot.width(), slot.height()))
        block = radius + 3 * line + 6
        center = QPointF(slot.center().x(), slot.center().y() - block / 2 + line + radius)
        box = QRectF(center.x() - radius, center.y() - radius, 2 * radius, 2 * radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("raised"))
        painter.drawPie(box, 0, 180 * 16)
        if not math.isnan(angle):
            fill = QColor(theme().color(meaning))
            fill.setAlpha(60)
            painter.setBrush(fill)
            painter.drawPie(box, 0, round(angle * 16))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().color("border"), 1))
        painter.drawArc(box, 0, 180 * 16)
        for degrees in range(0, 181, 30):
            painter.setPen(QPen(theme().color("muted"), 1))
            painter.drawLine(self._on(center, radius, degrees), self._on(center, radius - 4, degrees))
        painter.setPen(QPen(theme().color("warning"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(self._on(center, radius + 2, 90), self._on(center, radius * 0.2, 90))
        if not math.isnan(angle):
            painter.setPen(QPen(theme().color(meaning), 2.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(center, self._on(center, radius - 3, angle))
        painter.setBrush(theme().color("text"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(center, 2.5, 2.5)
        self._paint_words(painter, slot, center, radius, layer, angle)

    def _paint_words(
        self, painter: QPainter, slot: QRectF, center: QPointF, radius: float, layer: str, angle: float
    ) -> None:
        middle = Qt.AlignmentFlag.AlignCenter
        plain = painter.font()
        painter.setFont(self.small_font(0.8))
        line = painter.fontMetrics().height()
        draw_text(painter, QRectF(center.x() - 20, center.y() - radius - line - 1, 40, line), "90°", middle, "muted")
        for text, x in (("0°", radius), ("180°", -radius)) if radius > 48 else ():
            draw_text(painter, QRectF(center.x() + x - 20, center.y() + 1, 40, line), text, middle, "muted")
        painter.setFont(plain)
        line = painter.fontMetrics().height()
        value = "–" if math.isnan(angle) else f"{angle:.1f}°"
        draw_text(painter, QRectF(center.x() - 34, center.y() + 3, 68, line), value, middle, "text")
        box = QRectF(slot.left(), center.y() + line + 3, slot.width(), line)
        draw_text(painter, box, layer, middle, "muted")

    @staticmethod
    def _on(center: QPointF, radius: float, degrees: float) -> QPointF:
        turn = math.radians(degrees)
        return QPointF(center.x() + radius * math.cos(turn), center.y() - radius * math.sin(turn))

    def hover_text(self, position: QPointF) -> str:
        """The exact angle and its cosine."""
        for (layer, angle), slot in zip(self._angles.items(), self._slots() if self._angles else [], strict=True):
            if slot.contains(position):
                if math.isnan(angle):
                    return f"{layer}: not measured yet"
                return f"{layer}: {number(angle)}°\ncosine {number(math.cos(math.radians(angle)))}"
        return ""
