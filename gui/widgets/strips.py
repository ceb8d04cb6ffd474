"""Vertical strips, one column per compartment kind: every cell of an area side by side with its other compartments.

Colour says sign and size at a glance; short columns can be drawn as bars from a zero line, with a tick where the
value ought to be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import Table, theme
from gui.widgets.painted import PaintedView, colored_image, draw_text, number, symmetric_range

_GAP, _GROUP_GAP = 5, 16


@dataclass(frozen=True, slots=True)
class Strip:
    """One column. `n` cells; `meaning` colours its name and its bars; `group` is the area it belongs to.

    `limit` fixes the half range of the colours or bars; without it the range follows the values.
    """

    key: str
    label: str
    n: int
    meaning: str = "text"
    group: str = ""
    table: Table = "signed"
    style: Literal["heat", "bars"] = "heat"
    limit: float | None = None
    unit: str = ""
    width: float = 1.0


class Strips(PaintedView):
    """Columns of cells, grouped by area; hover for exact values, click (or arrows) for a cell."""

    cell_clicked = Signal(str, int)
    """The key of the column and the index of the cell."""

    def __init__(self, name: str = "compartments", parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._strips: tuple[Strip, ...] = ()
        self._values: dict[str, NDArray[np.float32]] = {}
        self._ticks: dict[str, NDArray[np.float32]] = {}
        self._images: dict[str, QImage] = {}
        self._limits: dict[str, float] = {}
        self._selected: tuple[str, int] | None = None
        self.setMinimumSize(160, 100)

    def set_strips(self, strips: Sequence[Strip]) -> None:
        """Declare the columns from left to right; columns of one group stand together. Values are forgotten."""
        keys = [s.key for s in strips]
        if len(set(keys)) != len(keys):
            raise ValueError(f"strips need different keys, got {keys}")
        self._strips = tuple(strips)
        self._values, self._ticks, self._images, self._limits = {}, {}, {}, {}
        self._selected = None
        self.refresh()

    def set_values(self, values: Mapping[str, ArrayLike]) -> None:
        """New values {key: [n]} for some or all columns; raises KeyError or ValueError if they do not fit."""
        for key, given in values.items():
            strip = self._strip(key)
            array = np.array(given, dtype=np.float32)
            if array.shape != (strip.n,):
                raise ValueError(f"strip {key!r} has {strip.n} cells, got values of shape {array.shape}")
            self._values[key] = array
            self._limits[key] = strip.limit or self._followed_limit(key, array)
            self._images.pop(key, None)
        self.refresh()

    def set_ticks(self, ticks: Mapping[str, ArrayLike]) -> None:
        """Where the values ought to be, {key: [n]} (not-a-number: no tick), for columns of style "bars"."""
        for key, given in ticks.items():
            array = np.array(given, dtype=np.float32)
            if array.shape != (self._strip(key).n,):
                raise ValueError(f"strip {key!r} has {self._strip(key).n} cells, got ticks of shape {array.shape}")
            self._ticks[key] = array
        self.refresh()

    def set_selected(self, key: str | None, index: int = 0) -> None:
        """Mark one cell, and the same cell in the other columns of its group; None marks nothing."""
        self._selected = None if key is None else (self._strip(key).key, index)
        self.refresh()

    def data(self) -> dict[str, NDArray[Any]]:
        """{key: [n]}, and "KEY target" for the ticks."""
        return {**self._values, **{f"{k} target": t for k, t in self._ticks.items()}}

    def sizeHint(self) -> QSize:
        return QSize(420, 320)

    def _strip(self, key: str) -> Strip:
        for strip in self._strips:
            if strip.key == key:
                return strip
        raise KeyError(f"there is no strip {key!r}; known are {', '.join(s.key for s in self._strips)}")

    def _followed_limit(self, key: str, values: NDArray[np.float32]) -> float:
        """Grows at once, shrinks slowly: colours stay comparable from frame to frame."""
        return max(symmetric_range(values), self._limits.get(key, 0.0) * 0.97)

    # Geometry

    def _boxes(self) -> list[QRectF]:
        """The area of each column."""
        line = self.fontMetrics().height()
        groups = len({s.group for s in self._strips})
        head = 2.0 * line + 2 if any(s.group for s in self._strips) else line + 2.0
        room = self.width() - _GAP * (len(self._strips) + 1) - (_GROUP_GAP - _GAP) * (groups - 1)
        unit = max(1.0, room / sum(s.width for s in self._strips))
        boxes, x = [], float(_GAP)
        for i, strip in enumerate(self._strips):
            if i and strip.group != self._strips[i - 1].group:
                x += _GROUP_GAP - _GAP
            boxes.append(QRectF(x, head, unit * strip.width, max(1.0, self.height() - head - 2)))
            x += unit * strip.width + _GAP
        return boxes

    # Drawing

    def on_theme_changed(self) -> None:
        """The tables changed with the palette."""
        self._images = {}
        super().on_theme_changed()

    def paint(self, painter: QPainter) -> None:
        """Names, columns, the selected cell."""
        if not self._strips:
            return
        painter.setFont(self.small_font())
        boxes = self._boxes()
        self._paint_names(painter, boxes)
        for strip, box in zip(self._strips, boxes, strict=True):
            values = self._values.get(strip.key)
            painter.setPen(QPen(theme().color("border"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box)
            if values is None:
                continue
            if strip.style == "bars":
                self._paint_bars(painter, strip, box, values)
            else:
                self._paint_heat(painter, strip, box, values)
        self._paint_selected(painter, boxes)

    def _paint_names(self, painter: QPainter, boxes: list[QRectF]) -> None:
        line = painter.fontMetrics().height()
        center = Qt.AlignmentFlag.AlignCenter
        first = 0
        for i, (strip, box) in enumerate(zip(self._strips, boxes, strict=True)):
            draw_text(
                painter,
                QRectF(box.left() - 2, box.top() - line - 2, box.width() + 4, line),
                strip.label,
                center,
                strip.meaning,
            )
            if i + 1 == len(boxes) or self._strips[i + 1].group != strip.group:
                whole = boxes[first].united(box)
                draw_text(painter, QRectF(whole.left(), 0, whole.width(), line), strip.group, center, "text")
                first = i + 1

    def _paint_heat(self, painter: QPainter, strip: Strip, box: QRectF, values: NDArray[np.float32]) -> None:
        image = self._images.get(strip.key)
        if image is None:
            limit = self._limits[strip.key]
            low = -limit if strip.table in ("signed", "error") else 0.0
            image = self._images[strip.key] = colored_image(values[:, None], strip.table, low, limit)
        painter.drawImage(box, image)

    def _paint_bars(self, painter: QPainter, strip: Strip, box: QRectF, values: NDArray[np.float32]) -> None:
        limit, cell = self._limits[strip.key], box.height() / strip.n
        ticks = self._ticks.get(strip.key)
        if strip.limit is None and ticks is not None and np.isfinite(ticks).any():
            limit = max(limit, symmetric_range(ticks))
        signed = strip.table in ("signed", "error")
        zero = box.center().x() if signed else box.left()
        scale = (box.width() / 2 if signed else box.width()) / limit
        color = theme().color(strip.meaning)
        inset = min(2.0, cell * 0.15)
        for i, value in enumerate(np.clip(np.nan_to_num(values), -limit, limit).tolist()):
            left = zero + min(0.0, value * scale)
            painter.fillRect(QRectF(left, box.top() + i * cell + inset, abs(value * scale), cell - 2 * inset), color)
        painter.setPen(QPen(theme().color("muted"), 1))
        painter.drawLine(QPointF(zero, box.top()), QPointF(zero, box.bottom()))
        if ticks is not None:
            painter.setPen(QPen(theme().color("target"), 2))
            for i, value in enumerate(np.clip(ticks, -limit, limit).tolist()):
                if value == value:
                    x = zero + value * scale
                    painter.drawLine(QPointF(x, box.top() + i * cell + 1), QPointF(x, box.top() + (i + 1) * cell - 1))

    def _paint_selected(self, painter: QPainter, boxes: list[QRectF]) -> None:
        if self._selected is None:
            return
        chosen, index = self._strip(self._selected[0]), self._selected[1]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for strip, box in zip(self._strips, boxes, strict=True):
            if strip.group == chosen.group and strip.n == chosen.n:
                cell = box.height() / strip.n
                own = strip.key == chosen.key
                painter.setPen(QPen(theme().color("accent" if own else "text"), 2 if own else 1))
                height = max(cell, 3.0)
                top = box.top() + (index + 0.5) * cell - height / 2
                painter.drawRect(QRectF(box.left() - 1.5, top - 1, box.width() + 3, height + 2))

    # Answers

    def _cell_at(self, position: QPointF) -> tuple[Strip, int] | None:
        if not self._strips:
            return None
        for strip, box in zip(self._strips, self._boxes(), strict=True):
            if box.contains(position):
                return strip, min(strip.n - 1, int((position.y() - box.top()) / box.height() * strip.n))
        return None

    def hover_text(self, position: QPointF) -> str:
        """The cell, and the exact value in every column of its group."""
        found = self._cell_at(position)
        if found is None:
            return ""
        under, index = found
        lines = [f"{under.group + ', ' if under.group else ''}cell {index}"]
        for strip in self._strips:
            if strip.group == under.group and strip.n == under.n and strip.key in self._values:
                value = number(float(self._values[strip.key][index]))
                target = self._ticks.get(strip.key)
                aim = "" if target is None or np.isnan(target[index]) else f" (target {number(float(target[index]))})"
                lines.append(f"{strip.label}: {value} {strip.unit}".rstrip() + aim)
        return "\n".join(lines)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._cell_at(event.position())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self._select(found[0].key, found[1])

    def _select(self, key: str, index: int) -> None:
        self.set_selected(key, index)
        self.cell_clicked.emit(key, index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1), Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0)}
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self._strips:
            super().keyPressEvent(event)
            return
        key, index = self._selected or (self._strips[0].key, 0)
        place = [s.key for s in self._strips].index(key) + step[0]
        strip = self._strips[max(0, min(place, len(self._strips) - 1))]
        self._select(strip.key, max(0, min(index + step[1], strip.n - 1)))
