"""One number large enough to be read across a room, with what it is below it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from gui.widgets.painted import PaintedView, draw_text, number

_LARGEST = 34.0


class BigNumber(PaintedView):
    """`caption` is what the number is; its colour is a meaning of the theme and says how good it is."""

    def __init__(self, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(caption, parent)
        self.caption, self.value, self.meaning = caption, float("nan"), "text"
        self.setMinimumSize(56, 54)

    def set_value(self, value: float, meaning: str = "text") -> None:
        """Show this; not-a-number stands for not known yet."""
        self.value, self.meaning = value, meaning
        self.setAccessibleDescription(f"{self.caption}: {self.text()}")
        self.refresh()

    def text(self) -> str:
        """The number as it is drawn: two digits, powers of ten for the very small."""
        if math.isnan(self.value):
            return "–"
        size = abs(self.value)
        if math.isfinite(size) and 0 < size < 1e-2:
            mantissa, power = f"{self.value:.1e}".replace("-", "−", self.value < 0).split("e")
            return f"{mantissa}·10{_raised(int(power))}"
        return number(self.value, 3)

    def data(self) -> dict[str, NDArray[Any]]:
        """{"value"}."""
        return {"value": np.array([self.value])}

    def sizeHint(self) -> QSize:
        return QSize(130, 72)

    def paint(self, painter: QPainter) -> None:
        """Number and caption, as large as the widget allows."""
        small = self.small_font()
        line = QFontMetricsF(small).height()
        room = max(8.0, self.height() - line - 4.0)
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        font.setPixelSize(int(min(_LARGEST, room * 0.8)))
        wide = QFontMetricsF(font).horizontalAdvance(self.text())
        if wide > self.width() - 8:
            font.setPixelSize(max(8, int(font.pixelSize() * (self.width() - 8) / wide)))
        middle = Qt.AlignmentFlag.AlignCenter
        painter.setFont(font)
        draw_text(painter, QRectF(0, 0, self.width(), room), self.text(), middle, self.meaning)
        painter.setFont(small)
        draw_text(painter, QRectF(0, room, self.width(), line), self.caption, middle, "muted")

    def hover_text(self, position: QPointF) -> str:
        """The exact value."""
        return f"{self.caption}: {number(self.value, 6)}"


def _raised(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
