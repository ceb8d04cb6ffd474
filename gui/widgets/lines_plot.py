"""A plot whose lines are replaced as a whole with each payload: outputs over inputs, errors over time, slopes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.widgets.legend import LegendEntry
from gui.widgets.painted import number
from gui.widgets.plot import Plot


@dataclass(frozen=True, slots=True)
class Line:
    """One line: x and y [n] in data units, `meaning` a colour of the theme; dots marks the points themselves.

    Lines that only differ in what they belong to leave `label` empty and name themselves in `hover`.
    """

    label: str
    meaning: str
    x: NDArray[Any]
    y: NDArray[Any]
    dashed: bool = False
    dots: bool = False
    hover: str = ""


class LinesPlot(Plot):
    """Lines over a common axis, linear, with one logarithmic axis or with both; values without logarithm leave gaps.

    `set_cursor` marks one place along x (the moment shown elsewhere) without drawing the lines again.
    """

    legend_changed = Signal()

    def __init__(
        self,
        name: str,
        x_label: str,
        y_label: str,
        *,
        log: bool = False,
        log_x: bool = False,
        log_y: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        self._lines: tuple[Line, ...] = ()
        self._items: list[Any] = []
        self._log_x, self._log_y = log or log_x, log or log_y
        self._words: list[tuple[str, str]] = []
        self._cursor: float | None = None
        super().__init__(name, x_label, y_label, parent)
        for side, logarithmic in (("bottom", self._log_x), ("left", self._log_y)):
            if logarithmic:
                self.item.getAxis(side).setLogMode(True)

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these instead of what was there."""
        self._lines = tuple(lines)
        while len(self._items) < len(self._lines):
            self._items.append(pg.PlotDataItem(antialias=False, symbolSize=6))
            self.item.addItem(self._items[-1])
        words = [(line.label, line.meaning) for line in lines]
        if words != self._words:
            self._words = words
            self.legend_changed.emit()
        self.request_draw()

    def set_cursor(self, x: float | None) -> None:
        """Mark this place along the x axis, in data units (None: nothing)."""
        if x == self._cursor:
            return
        for value in (self._cursor, x):  # only the columns that change: what lies below is painted again, too
            self._cursor = value
            at = self._cursor_x()
            if at is not None:
                self._overlay.update(round(at) - 2, 0, 5, self._overlay.height())

    def _cursor_x(self) -> float | None:
        """Where the cursor lies in pixels, None where it has no place."""
        if self._cursor is None:
            return None
        at = float(self._axis(np.array([self._cursor]), self._log_x)[0])
        return self.to_pixel(at, 0.0).x() if math.isfinite(at) else None

    def paint_overlay(self, painter: QPainter, rect: QRectF) -> None:
        """The cursor."""
        x = self._cursor_x()
        if x is not None and rect.left() <= x <= rect.right():
            painter.setPen(QPen(theme().color("accent"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(round(x), round(rect.top()), round(x), round(rect.bottom()))

    def legend(self) -> list[LegendEntry]:
        """One entry per line; lines without a name have none."""
        return [LegendEntry(n.label, n.meaning, "dashed" if n.dashed else "line") for n in self._lines if n.label]

    def data(self) -> dict[str, NDArray[Any]]:
        """{"LABEL x", "LABEL"} of every line; `line N` where it has no name of its own."""
        result: dict[str, NDArray[Any]] = {}
        for i, line in enumerate(self._lines):
            name = line.label or line.hover or f"line {i}"
            result[f"{name} x"], result[name] = line.x, line.y
        return result

    def on_theme_changed(self) -> None:
        """Wear the palette in force."""
        super().on_theme_changed()
        self.request_draw()

    @staticmethod
    def _axis(values: NDArray[Any], logarithmic: bool) -> NDArray[np.float64]:
        out = np.asarray(values, dtype=np.float64)
        if not logarithmic:
            return out
        result = np.full(out.shape, np.nan)
        np.log10(out, out=result, where=out > 0)
        return result

    def draw(self) -> None:
        """Hand the lines to their items and follow their extent."""
        xs, ys = [], []
        for item, line in zip(self._items, self._lines, strict=False):
            x, y = self._axis(line.x, self._log_x), self._axis(line.y, self._log_y)
            if not np.isfinite(x + y).any():  # nothing to draw, and pyqtgraph would warn about it
                x = y = np.zeros(0)
            color = theme().color(line.meaning)
            pen = pg.mkPen(color, width=1)
            if line.dashed:
                pen.setDashPattern([5, 5])  # as much gap as dash: what lies below shows as much
            marks = {"symbol": "o", "symbolBrush": color, "symbolPen": None} if line.dots else {"symbol": None}
            item.setData(x, y, pen=pen, connect="finite", **marks)
            xs.append(x)
            ys.append(y)
        for item in self._items[len(self._lines) :]:
            item.setData([], [])
        x, y = (np.concatenate(v) if v else np.zeros(0) for v in (xs, ys))
        x, y = x[np.isfinite(x)], y[np.isfinite(y)]
        if x.size and y.size:
            self.show_range(float(x.min()), float(x.max()), float(y.min()), float(y.max()))

    def hover_text(self, x: float, y: float) -> str:
        """Every line's value at the point nearest along x."""
        lines: list[str] = []
        for line in self._lines:
            at = self._axis(line.x, self._log_x)
            if at.size and np.isfinite(at).any():
                i = int(np.nanargmin(np.abs(at - x)))
                name = line.hover or line.label
                lines.append(f"{name}: {number(float(line.y[i]))} at {number(float(line.x[i]))}")
        return "\n".join(lines)
