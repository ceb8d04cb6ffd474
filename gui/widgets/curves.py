"""Live curves: every point kept, at most 2,000 drawn per curve, marks for live changes, ghosts for comparison."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.widgets.history import History
from gui.widgets.legend import LegendEntry
from gui.widgets.painted import number
from gui.widgets.plot import Plot

Style = Literal["solid", "dashed"]
Ghosts = Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]]
POINTS = 2000
"""Most points drawn per curve."""
_MOST_MARKS = 400


@dataclass(slots=True)
class _Series:
    name: str
    meaning: str
    style: Style
    label: str
    unit: str
    item: Any
    history: History = field(default_factory=History)


@dataclass(slots=True)
class _Mark:
    step: float
    seconds: float
    text: str


class Curves(Plot):
    """Named series over updates or seconds, linear or logarithmic (keys L and S).

    Steps must not decrease within a series; call `clear_after(step)` when the run is rewound.
    """

    legend_changed = Signal()

    def __init__(
        self,
        y_label: str,
        *,
        x_label: str = "update",
        name: str = "",
        log: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        self._series: dict[str, _Series] = {}
        self._ghosts: list[tuple[str, str, History, Any]] = []
        self._marks: list[_Mark] = []
        self._references: list[tuple[float, str, str]] = []
        self._log = self._by_seconds = self._thick = False
        self._started: float | None = None
        self._last_seconds = 0.0
        self._x_label = x_label
        super().__init__(name or f"{y_label} over {x_label}", x_label, y_label, parent)
        self._log_action = self._switch("Logarithmic (L)", self.set_log)
        self._seconds_action = self._switch("Over seconds (S)", self.set_by_seconds)
        self.set_log(log)

    def _switch(self, text: str, slot: Any) -> QAction:
        action = QAction(text, self)
        action.setCheckable(True)
        action.toggled.connect(slot)
        return action

    # What is drawn

    def add_series(
        self, name: str, meaning: str = "model", style: Style = "solid", *, label: str = "", unit: str = ""
    ) -> None:
        """Declare a curve once; `meaning` is a colour of the theme. Raises ValueError if the name is taken."""
        if name in self._series:
            raise ValueError(f"there is already a curve {name!r}")
        item = self._new_item()
        series = _Series(name, meaning, style, label or name, unit, item)
        self._series[name] = series
        self._set_pen(item, meaning, style)
        self.legend_changed.emit()

    def _new_item(self) -> Any:
        item = pg.PlotCurveItem(antialias=False, skipFiniteCheck=False)
        self.item.addItem(item)
        return item

    def remove_series(self, name: str) -> None:
        """Take a curve and its points away. Raises KeyError if there is none of this name."""
        if name not in self._series:
            raise KeyError(f"there is no curve {name!r}; known are {', '.join(self._series)}")
        self.item.removeItem(self._series.pop(name).item)
        self.legend_changed.emit()
        self.request_draw()

    def append(self, name: str, steps: ArrayLike, values: ArrayLike, seconds: ArrayLike | None = None) -> None:
        """Add a batch [k] (or one point) to the curve `name`; none is ever lost.

        `seconds` is the time since the run began; without it the time of arrival counts. Raises KeyError for an
        unknown curve, ValueError if the lengths differ or the steps run backwards.
        """
        series = self._series.get(name)
        if series is None:
            raise KeyError(f"there is no curve {name!r}; known are {', '.join(self._series)}")
        at = np.atleast_1d(np.asarray(steps, dtype=np.float64))
        if seconds is None:
            now = time.monotonic()
            self._started = now if self._started is None else self._started
            when = np.full(at.shape, now - self._started)
        else:
            when = np.atleast_1d(np.asarray(seconds, dtype=np.float64))
        series.history.append(at, values, when)
        if len(when):
            self._last_seconds = max(self._last_seconds, float(when[-1]))
        self.request_draw()

    def clear_after(self, step: float) -> None:
        """Forget everything later than `step`: the run was rewound."""
        for series in self._series.values():
            series.history.clear_after(step)
        self._marks = [m for m in self._marks if m.step <= step]
        kept = [s.history.seconds[-1] for s in self._series.values() if len(s.history)]
        self._last_seconds = float(max(kept, default=0.0))
        if self._started is not None:
            self._started = time.monotonic() - self._last_seconds
        self.request_draw()

    def clear(self) -> None:
        """Forget all points and marks; series, references and ghosts stay."""
        self.clear_after(-math.inf)
        self._started = None
        self.follow()

    def add_mark(self, step: float, text: str) -> None:
        """A vertical line at `step` saying what was changed live; marks at the same step share it."""
        if self._marks and self._marks[-1].step == step:
            last = self._marks[-1]
            knob = text.split(" ")[0]
            parts = [p for p in last.text.split(", ") if p.split(" ")[0] != knob]
            last.text = ", ".join([*parts, text])
        else:
            self._marks.append(_Mark(step, self._last_seconds, text))
            del self._marks[:-_MOST_MARKS]
        self.request_draw()

    def add_reference(self, y: float, text: str, meaning: str = "muted") -> None:
        """A horizontal line the curves are compared with, e.g. 90°."""
        self._references.append((y, text, meaning))
        self.request_draw()

    def set_ghosts(self, ghosts: Ghosts) -> None:
        """Other runs to compare with: {run: {curve: (steps [n], values [n])}}; {} removes them.

        A ghost has the hue of the curve of the same name, half faded and dashed.
        """
        for _, _, _, item in self._ghosts:
            self.item.removeItem(item)
        self._ghosts = []
        for run, curves in ghosts.items():
            for name, (steps, values) in curves.items():
                history = History()
                at = np.atleast_1d(np.asarray(steps, dtype=np.float64))
                history.append(at, values, np.full(at.shape, np.nan))
                self._ghosts.append((run, name, history, self._new_item()))
        self._set_pens()
        self.legend_changed.emit()
        self.request_draw()

    def set_log(self, on: bool) -> None:
        """Logarithmic or linear y axis; values that have no logarithm leave gaps."""
        self._log = on
        self._log_action.setChecked(on)
        self.item.getAxis("left").setLogMode(on)
        self.following = True
        self.request_draw()

    def set_by_seconds(self, on: bool) -> None:
        """Seconds since the start, or updates, along x; ghosts are shown over updates only."""
        self._by_seconds = on
        self._seconds_action.setChecked(on)
        self.set_axis_label("bottom", "time (s)" if on else self._x_label)
        self.following = True
        self.request_draw()

    def data(self) -> dict[str, NDArray[Any]]:
        """{"NAME step", "NAME seconds", "NAME"} of every curve, and "NAME of RUN" of the ghosts, all raw points."""
        result: dict[str, NDArray[Any]] = {}
        for name, series in self._series.items():
            h = series.history
            result[f"{name} step"], result[f"{name} seconds"], result[name] = h.steps, h.seconds, h.values
        for run, name, history, _ in self._ghosts:
            result[f"{name} of {run} step"], result[f"{name} of {run}"] = history.steps, history.values
        return result

    def legend(self) -> list[LegendEntry]:
        """One entry per curve and per ghost run."""
        marks: dict[Style, Literal["line", "dashed"]] = {"solid": "line", "dashed": "dashed"}
        own = [LegendEntry(s.label, s.meaning, marks[s.style]) for s in self._series.values()]
        return own + [LegendEntry(run, "muted", "dashed") for run in dict.fromkeys(g[0] for g in self._ghosts)]

    def menu_actions(self) -> list[QAction]:
        """Switches for the panel's menu."""
        return [self._log_action, self._seconds_action, *super().menu_actions()]

    # Drawing

    def _set_pen(self, item: Any, meaning: str, style: Style, faded: bool = False) -> None:
        color = theme().color(meaning)
        if faded:
            card = theme().color("card")
            pairs = ((color.red(), card.red()), (color.green(), card.green()), (color.blue(), card.blue()))
            color = QColor(*((a + b) // 2 for a, b in pairs))
        pen = pg.mkPen(color, width=2 if self._thick else 1)
        if style == "dashed":
            pen.setDashPattern([4, 3])
        item.setPen(pen)

    def _set_pens(self) -> None:
        for s in self._series.values():
            self._set_pen(s.item, s.meaning, s.style)
        for _, name, _, item in self._ghosts:
            known = self._series.get(name)
            self._set_pen(item, known.meaning if known else "baseline", "dashed", faded=True)

    def on_theme_changed(self) -> None:
        """Wear the palette in force."""
        self._set_pens()
        super().on_theme_changed()

    def set_export_mode(self, on: bool) -> None:
        """Two-pixel antialiased lines for a picture that is drawn once."""
        super().set_export_mode(on)
        self._thick = on
        self._set_pens()
        items: list[Any] = [s.item for s in self._series.values()]
        for item in items + [g[3] for g in self._ghosts]:
            item.opts["antialias"] = on

    def draw(self) -> None:
        """Decimate what is in sight and hand it to the items."""
        pairs = [(s.history, s.item) for s in self._series.values()]
        pairs += [] if self._by_seconds else [(g[2], g[3]) for g in self._ghosts]
        for _, _, _, item in self._ghosts:
            item.setVisible(not self._by_seconds)
        low, high = self._x_extent([h for h, _ in pairs])
        bottom, top = math.inf, -math.inf
        for level, _, _ in self._references:
            bottom, top = min(bottom, self._scaled(level)), max(top, self._scaled(level))
        for history, item in pairs:
            x, y = history.drawn(low, high, POINTS, self._by_seconds)
            if self._log:
                y = _log10(y)
            gaps = bool(np.isnan(y).any())
            item.setData(x, y, connect="finite" if gaps else "all", skipFiniteCheck=not gaps)
            if len(y) and not np.isnan(y).all():
                bottom, top = min(bottom, float(np.nanmin(y))), max(top, float(np.nanmax(y)))
        if math.isfinite(low) and math.isfinite(high):
            self.show_range(low, high, bottom, top, grow_x=True)

    def _x_extent(self, histories: list[History]) -> tuple[float, float]:
        if not self.following:
            return self.view_range()[:2]
        xs = [h.seconds if self._by_seconds else h.steps for h in histories if len(h)]
        return (float(min(x[0] for x in xs)), float(max(x[-1] for x in xs))) if xs else (-math.inf, math.inf)

    def _scaled(self, y: float) -> float:
        if not self._log:
            return y
        return math.log10(y) if y > 0 else math.nan

    def paint_overlay(self, painter: QPainter, rect: QRectF) -> None:
        """Reference lines, marks with their words, and the crosshair."""
        for y, text, meaning in self._references:
            at = self.to_pixel(0, self._scaled(y)).y()
            if math.isfinite(at):
                painter.setPen(QPen(theme().color(meaning), 1, Qt.PenStyle.DashLine))
                painter.drawLine(QPointF(rect.left(), at), QPointF(rect.right(), at))
                room = at - 18 >= rect.top()  # else the words go below the line
                where = QRectF(rect.left(), at - 18 if room else at + 2, rect.width() - 4, 16)
                edge = Qt.AlignmentFlag.AlignBottom if room else Qt.AlignmentFlag.AlignTop
                painter.drawText(where, Qt.AlignmentFlag.AlignRight | edge, text)
        self._paint_marks(painter, rect)
        if self._pointer is not None and (x := self._nearest_x(self.to_data(self._pointer)[0])) is not None:
            painter.setPen(QPen(theme().color("muted"), 1))
            at = self.to_pixel(x, 0).x()
            painter.drawLine(QPointF(at, rect.top()), QPointF(at, rect.bottom()))

    def _paint_marks(self, painter: QPainter, rect: QRectF) -> None:
        metrics = painter.fontMetrics()
        seen = [(self.to_pixel(m.seconds if self._by_seconds else m.step, 0).x(), m.text) for m in self._marks]
        seen = [(x, text) for x, text in seen if rect.left() <= x <= rect.right()]
        painter.setPen(QPen(theme().color("warning"), 1, Qt.PenStyle.DotLine))
        for x, _ in seen:
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
        free_from = rect.left()
        painter.setPen(theme().color("muted"))
        for x, text in seen:
            width = metrics.horizontalAdvance(text)
            if x >= free_from and x + 4 + width <= rect.right():  # words that would overlap wait for the pointer
                box = QRectF(x + 2, rect.top(), width + 4, metrics.height())
                painter.fillRect(box, theme().color("card"))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
                free_from = x + 12 + width

    def _nearest_x(self, x: float) -> float | None:
        best: float | None = None
        for series in self._series.values():
            xs = series.history.seconds if self._by_seconds else series.history.steps
            i = int(np.searchsorted(xs, x))
            for j in (i - 1, i):
                if 0 <= j < len(xs) and (best is None or abs(xs[j] - x) < abs(best - x)):
                    best = float(xs[j])
        return best

    def hover_text(self, x: float, y: float) -> str:
        """The step nearest to the pointer and every curve's exact value there (the last one before, if between)."""
        at = self._nearest_x(x)
        if at is None:
            return ""
        lines = [f"{number(at)} s" if self._by_seconds else f"{self._x_label} {at:.10g}"]
        for series in self._series.values():
            h = series.history
            i = int(np.searchsorted(h.seconds if self._by_seconds else h.steps, at, side="right")) - 1
            if i < 0:
                continue
            before = "" if self._by_seconds or h.steps[i] == at else f"  (at {h.steps[i]:.10g})"
            lines.append(f"{series.label}: {number(float(h.values[i]), 6)}{series.unit}{before}")
        near = 5 * (self.view_range()[1] - self.view_range()[0]) / max(self.area().width(), 1)
        lines += [m.text for m in self._marks if abs((m.seconds if self._by_seconds else m.step) - x) <= near][-3:]
        return "\n".join(lines)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_L:
            self.set_log(not self._log)
        elif event.key() == Qt.Key.Key_S and not event.modifiers():
            self.set_by_seconds(not self._by_seconds)
        else:
            super().keyPressEvent(event)


def _log10(values: NDArray[np.float64]) -> NDArray[np.float64]:
    result = np.full(values.shape, np.nan)
    np.log10(values, out=result, where=values > 0)
    return result
