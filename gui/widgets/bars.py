"""Labelled bars: class probabilities as they change, or what was measured beside the paper's own number."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.widgets.painted import PaintedView, draw_text, number

_GAP = 6


class Bars(PaintedView):
    """Bars from zero, horizontal or vertical; hollow bars beside them for the paper's values."""

    bar_clicked = Signal(int)

    def __init__(
        self,
        *,
        horizontal: bool = True,
        low: float | None = 0.0,
        high: float | None = None,
        unit: str = "",
        name: str = "bars",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, parent)
        self._horizontal, self._low, self._high, self._unit = horizontal, low, high, unit
        self._labels: tuple[str, ...] = ()
        self._values: NDArray[np.float64] = np.empty(0)
        self._paper: NDArray[np.float64] | None = None
        self._spread: NDArray[np.float64] | None = None
        self._meanings: tuple[str, ...] = ()
        self._highlight = -1
        self._axis, self._digits, self._line = (0.0, 1.0), 3, 12
        self._label_room = self._value_room = 0.0
        self.setMinimumSize(100, 60)

    def set_bars(
        self,
        labels: Sequence[str],
        values: ArrayLike,
        *,
        paper: ArrayLike | None = None,
        spread: ArrayLike | None = None,
        meanings: Sequence[str] = (),
    ) -> None:
        """Replace everything: `values`, `paper` and `spread` (one standard deviation) are [n] as `labels`.

        Not-a-number means not measured, or that the paper gives no number. Raises ValueError if lengths differ.
        """
        arrays = [None if a is None else np.array(a, dtype=np.float64).reshape(-1) for a in (values, paper, spread)]
        lengths = {len(labels), *(len(a) for a in arrays if a is not None)}
        if len(lengths) != 1 or (meanings and len(meanings) != len(labels)):
            raise ValueError(f"labels, values, paper, spread and meanings differ in length: {sorted(lengths)}")
        self._labels, self._meanings = tuple(labels), tuple(meanings)
        self._values = np.empty(0) if arrays[0] is None else arrays[0]
        self._paper, self._spread = arrays[1], arrays[2]
        self.refresh()

    def set_values(self, values: ArrayLike) -> None:
        """Change only the values [n]; raises ValueError if n differs."""
        array = np.array(values, dtype=np.float64).reshape(-1)
        if array.shape != self._values.shape:
            raise ValueError(f"there are {len(self._values)} bars, got {len(array)} values")
        self._values = array
        self.refresh()

    def set_highlight(self, index: int) -> None:
        """Set one label in full colour (the true or the cued class); -1 for none."""
        self._highlight = index
        self.refresh()

    def data(self) -> dict[str, NDArray[Any]]:
        """{"label", "value"} and, where given, "paper" and "spread"."""
        result: dict[str, NDArray[Any]] = {"label": np.array(self._labels, dtype=np.str_), "value": self._values}
        if self._paper is not None:
            result["paper"] = self._paper
        if self._spread is not None:
            result["spread"] = self._spread
        return result

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height() + 4
        return QSize(260, max(80, line * len(self._labels))) if self._horizontal else QSize(260, 160)

    def _limits(self) -> tuple[float, float]:
        """The ends of the axis: given, or from values and spread; zero always inside."""
        spread = 0.0 if self._spread is None else np.nan_to_num(self._spread)
        every = [self._values - spread, self._values + spread, *([] if self._paper is None else [self._paper])]
        flat = np.concatenate(every)
        flat = flat[np.isfinite(flat)]
        low = self._low if self._low is not None else float(min(flat.min(initial=0.0), 0.0))
        high = self._high if self._high is not None else float(max(flat.max(initial=0.0), 0.0))
        return low, (high if high > low else low + 1.0)

    def paint(self, painter: QPainter) -> None:
        """Bars, labels, values."""
        if not self._labels:
            return
        painter.setFont(self.small_font())
        self._measure(painter.fontMetrics())
        for i in range(len(self._labels)):
            self._paint_bar(painter, i)

    def _measure(self, metrics: QFontMetrics) -> None:
        """What all bars share: the axis, the digits, the room for words."""
        self._axis = low, high = self._limits()
        largest = max(abs(low), abs(high))
        self._digits = max(0, 3 - math.ceil(math.log10(largest))) if largest < 1e6 else 0
        self._line = metrics.height()
        widest = max(metrics.horizontalAdvance(t) for t in self._labels)
        self._label_room = min(self.width() * 0.45, widest + _GAP)
        self._value_room = max(metrics.horizontalAdvance(self._text(float(v))) for v in self._values) + _GAP

    def _text(self, value: float) -> str:
        """A value with as many digits as the axis deserves, so that columns stand still."""
        if not math.isfinite(value):
            return "–"
        return f"{value:.{min(self._digits, 6)}f}{self._unit}".replace("-", "−")

    def _slot(self, i: int) -> QRectF:
        """The room of bar `i` with its label."""
        n = len(self._labels)
        if self._horizontal:
            height = self.height() / n
            return QRectF(0, i * height, self.width(), height)
        width = self.width() / n
        return QRectF(i * width, 0, width, self.height())

    def _rail(self, i: int) -> QRectF:
        """Where the bar itself may reach."""
        slot = self._slot(i)
        if self._horizontal:
            room = max(1.0, slot.width() - self._label_room - self._value_room)
            return QRectF(slot.left() + self._label_room, slot.top(), room, slot.height())
        return QRectF(slot.left(), slot.top() + self._line, slot.width(), max(1.0, slot.height() - 2 * self._line))

    def _paint_bar(self, painter: QPainter, i: int) -> None:
        rail, slot = self._rail(i), self._slot(i)
        value = float(self._values[i])
        meaning = self._meanings[i] if self._meanings else "model"
        color = theme().color(meaning)
        if 0 <= self._highlight < len(self._labels) and i != self._highlight and not self._meanings:
            color = theme().color("baseline")
        shares = 2 if self._paper is not None else 1
        if math.isfinite(value):
            painter.fillRect(self._bar(rail, value, 0, shares), color)
            self._paint_spread(painter, rail, i, shares)
        if self._paper is not None and math.isfinite(self._paper[i]):
            painter.setPen(QPen(color, 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self._bar(rail, float(self._paper[i]), 1, shares))
        self._paint_words(painter, i, rail, slot, shares)

    def _paint_words(self, painter: QPainter, i: int, rail: QRectF, slot: QRectF, shares: int) -> None:
        value = float(self._values[i])
        name = "text" if i == self._highlight or self._highlight < 0 else "muted"
        if self._horizontal:
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            draw_text(painter, QRectF(0, slot.top(), rail.left() - _GAP, slot.height()), self._labels[i], right, name)
            box = QRectF(rail.right(), slot.top(), self._value_room, slot.height())
            draw_text(painter, box, self._text(value), right, name)
            return
        center, line = Qt.AlignmentFlag.AlignCenter, self._line
        draw_text(painter, QRectF(slot.left(), rail.bottom(), slot.width(), line), self._labels[i], center, name)
        self._paint_number(painter, rail, i, 0, shares, name)
        if self._paper is not None and math.isfinite(self._paper[i]):
            self._paint_number(painter, rail, i, 1, shares, "muted")

    def _paint_number(self, painter: QPainter, rail: QRectF, i: int, which: int, shares: int, meaning: str) -> None:
        """The number above a vertical bar; the unit, then the whole, is left to the pointer where room is short."""
        value = float(self._values[i] if which == 0 or self._paper is None else self._paper[i])
        spread = 0.0 if which or self._spread is None else float(np.nan_to_num(self._spread[i]))
        top = self._place(rail, value + spread if math.isfinite(value) else 0.0)
        bar = self._bar(rail, 0.0, which, shares)
        room = bar.width() + (4 if shares > 1 else 0.24 * rail.width())
        metrics = painter.fontMetrics()
        full = self._text(value)
        for text in (full, full.removesuffix(self._unit)):
            if metrics.horizontalAdvance(text) <= room:
                box = QRectF(bar.center().x() - room / 2, top - self._line, room, self._line)
                draw_text(painter, box, text, Qt.AlignmentFlag.AlignCenter, meaning)
                return

    def _place(self, rail: QRectF, value: float) -> float:
        low, high = self._axis
        share = (min(max(value, low), high) - low) / (high - low)
        return rail.left() + share * rail.width() if self._horizontal else rail.bottom() - share * rail.height()

    def _bar(self, rail: QRectF, value: float, which: int, shares: int) -> QRectF:
        zero, end = self._place(rail, 0.0), self._place(rail, value)
        across = rail.height() if self._horizontal else rail.width()
        thick = min(26.0 if self._horizontal else 56.0, (across * 0.76) / shares)
        start = (across - thick * shares) / 2 + which * thick + (1 if which else 0)
        if self._horizontal:
            return QRectF(min(zero, end), rail.top() + start, abs(end - zero), thick - (1 if shares > 1 else 0))
        return QRectF(rail.left() + start, min(zero, end), thick - (1 if shares > 1 else 0), abs(end - zero))

    def _paint_spread(self, painter: QPainter, rail: QRectF, i: int, shares: int) -> None:
        if self._spread is None or not math.isfinite(self._spread[i]):
            return
        value, spread = float(self._values[i]), float(self._spread[i])
        bar = self._bar(rail, value, 0, shares)
        a, b = self._place(rail, value - spread), self._place(rail, value + spread)
        painter.setPen(QPen(theme().color("text"), 1))
        if self._horizontal:
            painter.drawLine(QPointF(a, bar.center().y()), QPointF(b, bar.center().y()))
        else:
            painter.drawLine(QPointF(bar.center().x(), a), QPointF(bar.center().x(), b))

    def _index_at(self, position: QPointF) -> int:
        return next((i for i in range(len(self._labels)) if self._slot(i).contains(position)), -1)

    def hover_text(self, position: QPointF) -> str:
        """The label, the exact value, its spread, the paper's number."""
        i = self._index_at(position)
        if i < 0:
            return ""
        lines = [f"{self._labels[i]}: {number(float(self._values[i]), 6)}{self._unit}"]
        if self._spread is not None and math.isfinite(self._spread[i]):
            lines[0] += f" ± {number(float(self._spread[i]), 3)}"
        if self._paper is not None and math.isfinite(self._paper[i]):
            lines.append(f"paper: {number(float(self._paper[i]), 6)}{self._unit}")
        return "\n".join(lines)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.bar_clicked.emit(index)
