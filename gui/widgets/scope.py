"""An oscilloscope: several traces over the last milliseconds, in a ring that never grows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.widgets.legend import LegendEntry
from gui.widgets.painted import number
from gui.widgets.plot import Plot


@dataclass(frozen=True, slots=True)
class Trace:
    """One trace: its name, a colour of the theme, and its unit for the hover value."""

    name: str
    meaning: str = "model"
    unit: str = ""


class Scope(Plot):
    """Traces [k] over time in ms; `append` scrolls the newest `capacity` samples, `set_samples` replaces all."""

    legend_changed = Signal()

    def __init__(
        self,
        y_label: str = "potential",
        *,
        capacity: int = 1024,
        y_range: tuple[float, float] | None = None,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        if capacity < 2:
            raise ValueError(f"a scope keeps at least two samples, got capacity={capacity}")
        self._capacity, self._y_range = capacity, y_range
        self._traces: tuple[Trace, ...] = ()
        self._items: list[Any] = []
        self._ring = np.full((1, capacity), np.nan)  # row 0 is time (ms), row i + 1 is trace i
        self._count = self._next = 0
        super().__init__(name or f"{y_label} over time", "time (ms)", y_label, parent)

    def set_traces(self, traces: Sequence[Trace]) -> None:
        """Declare the traces; the samples are forgotten."""
        for item in self._items:
            self.item.removeItem(item)
        self._traces = tuple(traces)
        self._items = [pg.PlotCurveItem(antialias=False) for _ in traces]
        for item in self._items:
            self.item.addItem(item)
        self._ring = np.full((1 + len(traces), self._capacity), np.nan)
        self._count = self._next = 0
        self._set_pens(1)
        self.legend_changed.emit()
        self.request_draw()

    def append(self, time_ms: ArrayLike, samples: ArrayLike) -> None:
        """Add samples: times [n] in ms and values [n, k]; the oldest fall out. Raises ValueError for other shapes."""
        times, values = self._checked(time_ms, samples)
        times, values = times[-self._capacity :], values[-self._capacity :]
        index = (self._next + np.arange(len(times))) % self._capacity
        self._ring[0, index] = times
        self._ring[1:, index] = values.T
        self._next = int((self._next + len(times)) % self._capacity)
        self._count = min(self._capacity, self._count + len(times))
        self.request_draw()

    def set_samples(self, time_ms: ArrayLike, samples: ArrayLike) -> None:
        """Replace all samples by times [n] in ms and values [n, k]."""
        times, values = self._checked(time_ms, samples)
        self._count = self._next = 0
        self.append(times, values)

    def clear(self) -> None:
        """Forget the samples."""
        self._count = self._next = 0
        self.request_draw()

    def _checked(self, time_ms: ArrayLike, samples: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        times = np.asarray(time_ms, dtype=np.float64).reshape(-1)
        values = np.asarray(samples, dtype=np.float64)
        if values.shape != (len(times), len(self._traces)):
            raise ValueError(
                f"expected samples [{len(times)}, {len(self._traces)}] (times, traces), got {list(values.shape)}"
            )
        return times, values

    def _ordered(self) -> NDArray[np.float64]:
        """[1 + k, n], oldest first."""
        if self._count < self._capacity:
            return self._ring[:, : self._count]
        return np.roll(self._ring, -self._next, axis=1)

    def data(self) -> dict[str, NDArray[Any]]:
        """{"time (ms)", and every trace}."""
        ring = self._ordered()
        return {"time (ms)": ring[0], **{t.name: ring[i + 1] for i, t in enumerate(self._traces)}}

    def legend(self) -> list[LegendEntry]:
        """One entry per trace."""
        return [LegendEntry(t.name, t.meaning) for t in self._traces]

    def _set_pens(self, width: int) -> None:
        for trace, item in zip(self._traces, self._items, strict=True):
            item.setPen(pg.mkPen(theme().color(trace.meaning), width=width))

    def on_theme_changed(self) -> None:
        """Wear the palette in force."""
        self._set_pens(1)
        super().on_theme_changed()

    def set_export_mode(self, on: bool) -> None:
        """Two-pixel antialiased lines for a picture that is drawn once."""
        super().set_export_mode(on)
        self._set_pens(2 if on else 1)
        for item in self._items:
            item.opts["antialias"] = on

    def draw(self) -> None:
        """Hand the samples, oldest first, to the items."""
        ring = self._ordered()
        for i, item in enumerate(self._items):
            item.setData(ring[0], ring[i + 1], connect="finite")
        values = ring[1:][np.isfinite(ring[1:])]
        if self._count < 2 or not values.size:
            return
        low, high = self._y_range or (float(values.min()), float(values.max()))
        self.show_range(float(ring[0, 0]), float(ring[0, -1]), low, high)

    def _sample_at(self, time_ms: float) -> NDArray[np.float64] | None:
        """[1 + k] of the sample nearest in time."""
        ring = self._ordered()
        return None if ring.shape[1] == 0 else ring[:, int(np.abs(ring[0] - time_ms).argmin())]

    def hover_text(self, x: float, y: float) -> str:
        """Time and exact value of every trace at the sample nearest to the pointer."""
        sample = self._sample_at(x)
        if sample is None:
            return ""
        lines = [f"{number(float(sample[0]))} ms"]
        lines += [
            f"{t.name}: {number(float(v))} {t.unit}".rstrip() for t, v in zip(self._traces, sample[1:], strict=True)
        ]
        return "\n".join(lines)

    def paint_overlay(self, painter: QPainter, rect: QRectF) -> None:
        """Zero line and crosshair."""
        zero = self.to_pixel(0, 0).y()
        painter.setPen(QPen(theme().color("border"), 1))
        if rect.top() < zero < rect.bottom():
            painter.drawLine(QPointF(rect.left(), zero), QPointF(rect.right(), zero))
        at = self.pointer_data()
        sample = None if at is None else self._sample_at(at[0])
        if sample is not None:
            x = self.to_pixel(float(sample[0]), 0).x()
            painter.setPen(QPen(theme().color("muted"), 1))
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
