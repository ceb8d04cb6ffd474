"""A plot whose lines are replaced as a whole with each payload: outputs over test inputs, angles over λ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.widgets.legend import LegendEntry
from gui.widgets.painted import number
from gui.widgets.plot import Plot


@dataclass(frozen=True, slots=True)
class Line:
    """One line: x and y [n] in data units, `meaning` a colour of the theme; dots marks the points themselves."""

    label: str
    meaning: str
    x: NDArray[Any]
    y: NDArray[Any]
    dashed: bool = False
    dots: bool = False


class LinesPlot(Plot):
    """Lines over a common axis, linear or with both axes logarithmic; values without logarithm leave gaps."""

    legend_changed = Signal()

    def __init__(
        self, name: str, x_label: str, y_label: str, *, log: bool = False, parent: QWidget | None = None
    ) -> None:
        self._lines: tuple[Line, ...] = ()
        self._items: list[Any] = []
        self._log = log
        self._words: list[str] = []
        super().__init__(name, x_label, y_label, parent)
        if log:
            for side in ("bottom", "left"):
                self.item.getAxis(side).setLogMode(True)

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these instead of what was there."""
        self._lines = tuple(lines)
        while len(self._items) < len(self._lines):
            self._items.append(pg.PlotDataItem(antialias=False, symbolSize=6))
            self.item.addItem(self._items[-1])
        words = [line.label for line in lines]
        if words != self._words:
            self._words = words
            self.legend_changed.emit()
        self.request_draw()

    def legend(self) -> list[LegendEntry]:
        """One entry per line."""
        return [LegendEntry(n.label, n.meaning, "dashed" if n.dashed else "line") for n in self._lines]

    def data(self) -> dict[str, NDArray[Any]]:
        """{"LABEL x", "LABEL"} of every line."""
        result: dict[str, NDArray[Any]] = {}
        for line in self._lines:
            result[f"{line.label} x"], result[line.label] = line.x, line.y
        return result

    def on_theme_changed(self) -> None:
        """Wear the palette in force."""
        super().on_theme_changed()
        self.request_draw()

    def _axis(self, values: NDArray[Any]) -> NDArray[np.float64]:
        out = np.asarray(values, dtype=np.float64)
        if not self._log:
            return out
        result = np.full(out.shape, np.nan)
        np.log10(out, out=result, where=out > 0)
        return result

    def draw(self) -> None:
        """Hand the lines to their items and follow their extent."""
        xs, ys = [], []
        for item, line in zip(self._items, self._lines, strict=False):
            x, y = self._axis(line.x), self._axis(line.y)
            color = theme().color(line.meaning)
            pen = pg.mkPen(color, width=1)
            if line.dashed:
                pen.setDashPattern([4, 3])
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
            at = self._axis(line.x)
            if at.size and np.isfinite(at).any():
                i = int(np.nanargmin(np.abs(at - x)))
                lines.append(f"{line.label}: {number(float(line.y[i]))} at {number(float(line.x[i]))}")
        return "\n".join(lines)
