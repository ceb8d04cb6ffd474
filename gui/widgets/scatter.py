"""Up to 2,000 points against the diagonal they should lie on."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.widgets.legend import LegendEntry
from gui.widgets.painted import number
from gui.widgets.plot import Plot

POINTS = 2000
"""Most points drawn per cloud; beyond it every k-th is drawn and all are exported."""


class Scatter(Plot):
    """Named clouds of points in equal units along both axes, with y = x as a reference."""

    legend_changed = Signal()

    def __init__(
        self, x_label: str, y_label: str, *, diagonal: bool = True, name: str = "", parent: QWidget | None = None
    ) -> None:
        self._diagonal = diagonal
        self._clouds: dict[str, tuple[str, Any]] = {}
        self._points: dict[str, NDArray[np.float64]] = {}
        super().__init__(name or f"{y_label} against {x_label}", x_label, y_label, parent)

    def add_cloud(self, name: str, meaning: str = "model") -> None:
        """Declare a cloud once; raises ValueError if the name is taken."""
        if name in self._clouds:
            raise ValueError(f"there is already a cloud {name!r}")
        item = pg.ScatterPlotItem(size=4, pen=None, pxMode=True, antialias=False)
        self.item.addItem(item)
        self._clouds[name] = (meaning, item)
        self._points[name] = np.empty((2, 0))
        item.setBrush(pg.mkBrush(theme().color(meaning)))
        self.legend_changed.emit()

    def set_points(self, name: str, x: ArrayLike, y: ArrayLike) -> None:
        """Replace the cloud `name` by points [n], [n]; raises KeyError for an unknown cloud, ValueError if x and y
        differ in length."""
        if name not in self._clouds:
            raise KeyError(f"there is no cloud {name!r}; known are {', '.join(self._clouds)}")
        xs, ys = (np.array(a, dtype=np.float64).reshape(-1) for a in (x, y))
        if xs.shape != ys.shape:
            raise ValueError(f"x and y differ in length: {len(xs)} and {len(ys)}")
        self._points[name] = np.stack([xs, ys])
        self.request_draw()

    def data(self) -> dict[str, NDArray[Any]]:
        """{"NAME x", "NAME y"} of every cloud, all points."""
        return {f"{name} {axis}": p[i] for name, p in self._points.items() for i, axis in enumerate("xy")}

    def legend(self) -> list[LegendEntry]:
        """One entry per cloud."""
        return [LegendEntry(name, meaning, "dot") for name, (meaning, _) in self._clouds.items()]

    def on_theme_changed(self) -> None:
        """Wear the palette in force."""
        for meaning, item in self._clouds.values():
            item.setBrush(pg.mkBrush(theme().color(meaning)))
        super().on_theme_changed()

    def draw(self) -> None:
        """Hand the points to the items."""
        extents = []
        for name, (_, item) in self._clouds.items():
            points = self._points[name]
            points = points[:, np.isfinite(points).all(axis=0)]
            every = max(1, -(-points.shape[1] // POINTS))
            item.setData(x=points[0, ::every], y=points[1, ::every])
            if points.size:
                extents.append((points.min(axis=1), points.max(axis=1)))
        if not extents:
            return
        low = np.min([e[0] for e in extents], axis=0)
        high = np.max([e[1] for e in extents], axis=0)
        if self._diagonal:  # the same range on both axes, or the diagonal would not look like one
            low, high = np.full(2, low.min()), np.full(2, high.max())
        pad = (high - low) * 0.04
        self.show_range(low[0] - pad[0], high[0] + pad[0], low[1], high[1])

    def paint_overlay(self, painter: QPainter, rect: QRectF) -> None:
        """The diagonal, and a ring around the point under the pointer."""
        if self._diagonal:
            x0, x1, _, _ = self.view_range()
            painter.setPen(QPen(theme().color("muted"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(self.to_pixel(x0, x0), self.to_pixel(x1, x1))
        at = self.pointer_data()
        nearest = None if at is None else self._nearest(*at)
        if nearest is not None:
            _, _, x, y = nearest
            painter.setPen(QPen(theme().color("text"), 1))
            painter.drawEllipse(self.to_pixel(x, y), 5, 5)

    def _nearest(self, x: float, y: float) -> tuple[str, int, float, float] | None:
        """(cloud, index, x, y) of the point within 10 pixels of data coordinates (x, y)."""
        origin, one = self.to_pixel(0, 0), self.to_pixel(1, 1)
        scale = np.array([[one.x() - origin.x()], [one.y() - origin.y()]])
        best: tuple[float, str, int] | None = None
        for name, points in self._points.items():
            if not points.size:
                continue
            distance = np.nan_to_num(np.hypot(*((points - [[x], [y]]) * scale)), nan=np.inf)
            i = int(distance.argmin())
            if distance[i] <= 10 and (best is None or distance[i] < best[0]):
                best = (float(distance[i]), name, i)
        if best is None:
            return None
        _, name, i = best
        return name, i, float(self._points[name][0, i]), float(self._points[name][1, i])

    def hover_text(self, x: float, y: float) -> str:
        """The point nearest to the pointer."""
        nearest = self._nearest(x, y)
        if nearest is None:
            return ""
        name, i, px, py = nearest
        labels = self._labels
        return f"{name}, point {i}\n{labels['bottom']}: {number(px)}\n{labels['left']}: {number(py)}"
