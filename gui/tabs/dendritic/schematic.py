"""The microcircuit as a drawing: some cells of each area with their compartments, their wires, the interneurons.

What is drawn: discs are compartments (apical above, soma, basal below) in the colour of their potential; the squares
are interneurons, each beside the cell of the next area that it mirrors. Wires are drawn from the most active of the
cells shown, brighter where they fire more, and tinted where the receiving cell's apical dendrite asks for a change:
that product is what the bottom-up rule learns from. Weights are not drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from engine.papers.dendritic_views import AreaView, CircuitView
from gui.shell.theme import theme
from gui.tabs.dendritic.cell_words import area_text
from gui.tabs.dendritic.scaling import ERROR, palette_of, pick, shade, spread_out
from gui.widgets.painted import PaintedView, colored_image, draw_text, number

SHOWN = 10
"""Cells drawn of each area."""
INPUTS = 12
SENDERS = 5
"""Cells of each row whose wires are drawn."""
LEFT = 62
"""Width in logical pixels of the column with the area names and the input picture."""
ALPHAS = (14, 30, 55, 90, 140)
"""Opacities of the wires, from a silent to the most active sender."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of cells: which are shown, where their somata are [(x, y)], and the radius of a soma."""

    cells: NDArray[np.intp]
    points: tuple[QPointF, ...]
    radius: float


class Schematic(PaintedView):
    """Draws a `CircuitView`; cell_clicked(area, cell) with area 1-based. One paint of 2 x 100 cells takes < 5 ms."""

    cell_clicked = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("microcircuit: areas, compartments and interneurons", parent)
        self.view: CircuitView | None = None
        self.chosen = (1, -1)
        self.message = "Press Train: the circuit appears with its first update."
        self._layout_key: tuple[object, ...] = ()
        self._rows: list[Row] = []
        self._wires: list[list[QLineF]] = []
        self._wires_key: tuple[object, ...] = ()
        self._wires_picture = QPixmap()
        self._signed = palette_of("signed")
        self._error = palette_of("error")
        self._image: QImage | None = None
        self.setMinimumSize(220, 200)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_view(self, view: CircuitView | None) -> None:
        """Draw this state (None: the empty state)."""
        self.view = view
        if view is not None:
            self._image = colored_image(np.atleast_2d(view.image), "grey", 0.0, 1.0)
        self.refresh()

    def set_chosen(self, area: int, cell: int) -> None:
        """Ring this cell; it is drawn even if it is not one of the evenly spread ones."""
        self.chosen = (area, cell)
        self.refresh()

    def on_theme_changed(self) -> None:
        """Fetch today's tables."""
        self._signed, self._error = palette_of("signed"), palette_of("error")
        self.show_view(self.view)

    # --- where things are -------------------------------------------------------------------------------------

    def _place(self, view: CircuitView) -> None:
        sizes = [view.image.size, *(a.u.size for a in view.areas), view.output.u.size]
        key = (self.width(), self.height(), *sizes, *self.chosen)
        if key == self._layout_key:
            return
        self._layout_key = key
        count = len(sizes)
        step = self.height() / count
        self._rows = [self._row(k, sizes[k], count, self.height() - step * (k + 0.5), step) for k in range(count)]
        self._wires = [
            _wires(low, high, 1.0 if high is self._rows[-1] else 2.2)
            for low, high in zip(self._rows, self._rows[1:], strict=False)
        ]

    def _row(self, k: int, cells: int, count: int, y: float, step: float) -> Row:
        keep = self.chosen[1] if k == self.chosen[0] and 0 < k < count - 1 else -1
        shown = spread_out(cells, INPUTS if k == 0 else SHOWN, keep)
        room = (self.width() - LEFT - 14) / max(1, len(shown))
        radius = float(np.clip(min(room * 0.26, step * 0.13), 3.0, 12.0))
        if k == 0:
            radius *= 0.8
        xs = LEFT + room * (np.arange(len(shown)) + 0.5)
        return Row(shown, tuple(QPointF(float(x), y) for x in xs), radius)

    # --- drawing ----------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        """Wires first, then rows from the input upwards, so that cells lie on their wires."""
        view = self.view
        if view is None or view.output.u.size == 0:
            draw_text(painter, self.rect(), self.message, Qt.AlignmentFlag.AlignCenter, "muted")
            return
        self._place(view)
        painter.setFont(self.small_font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_wires(painter, view)
        self._paint_input(painter, view)
        for k, area in enumerate(view.areas, start=1):
            self._paint_area(painter, area, k)
            twins = self._rows[k + 1]
            self._paint_interneurons(painter, area.u_inter, twins)
        self._paint_output(painter, view)
        self._paint_names(painter, len(view.areas))

    def _paint_wires(self, painter: QPainter, view: CircuitView) -> None:
        """The wires cost most, so they are kept as a picture until one of them changes its brightness or tint."""
        senders = [np.ravel(view.image), *(a.rate for a in view.areas)]
        errors = [*(a.v_apical for a in view.areas), None]
        looks = [_wire_looks(senders[k], errors[k], *self._rows[k : k + 2]) for k in range(len(self._wires))]
        ratio = painter.device().devicePixelRatio()
        key = (ratio, theme().colors.dark, *self._layout_key, *(x.tobytes() for x in looks))
        if key != self._wires_key:
            self._wires_key, self._wires_picture = key, self._draw_wires(looks, ratio)
        painter.drawPixmap(0, 0, self._wires_picture)

    def _draw_wires(self, looks: list[NDArray[np.intp]], ratio: float) -> QPixmap:
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        tints = (theme().color("error_negative"), theme().color("muted"), theme().color("error_positive"))
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for lines, look in zip(self._wires, looks, strict=True):
            for b in np.unique(look[look >= 0]):
                color = QColor(tints[b % 3])
                color.setAlpha(ALPHAS[b // 3])
                painter.setPen(QPen(color, 0))  # one device pixel at any scaling: wider is ten times slower
                painter.drawLines([lines[i] for i in np.flatnonzero(look == b)])
        painter.end()
        return picture

    def _paint_input(self, painter: QPainter, view: CircuitView) -> None:
        row = self._rows[0]
        painter.setPen(QPen(theme().color("soma"), 1))
        values = np.clip(np.nan_to_num(np.ravel(view.image)[row.cells]), 0.0, 1.0)
        fill = QColor(theme().color("soma"))
        for point, value in zip(row.points, values, strict=True):
            fill.setAlphaF(float(value))
            painter.setBrush(fill)
            painter.drawEllipse(point, row.radius, row.radius)
        if self._image is not None and self._image.height() > 1:
            side = min(LEFT - 14.0, self.height() / len(self._rows) - 26)
            box = QRectF(6, row.points[0].y() - side / 2 + 6, side, side)
            painter.drawImage(box, self._image)
            painter.setPen(QPen(theme().color("border"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box)

    def _paint_area(self, painter: QPainter, area: AreaView, k: int) -> None:
        row = self._rows[k]
        r, reach = row.radius, row.radius * 2.4
        apical, soma = pick(area.v_apical, row.cells, ERROR), pick(area.u, row.cells)
        basal = pick(area.v_basal, row.cells)
        painter.setPen(QPen(theme().color("muted"), 1))
        painter.drawLines([QLineF(p.x(), p.y() - reach, p.x(), p.y() + reach * 0.9) for p in row.points])
        for i, point in enumerate(row.points):
            up, down = QPointF(point.x(), point.y() - reach), QPointF(point.x(), point.y() + reach * 0.9)
            self._disc(painter, up, r * 0.62, self._error[apical[i]], "apical")
            self._disc(painter, down, r * 0.52, self._signed[basal[i]], "basal")
            self._disc(painter, point, r, self._signed[soma[i]], "soma")
            if (k, int(row.cells[i])) == self.chosen:
                painter.setPen(QPen(theme().color("text"), 1, Qt.PenStyle.DashLine))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                box = QRectF(point.x() - r * 1.7, point.y() - reach - r, r * 3.4, reach * 1.9 + 2 * r)
                painter.drawRoundedRect(box, 5, 5)

    def _paint_interneurons(self, painter: QPainter, u_inter: NDArray[Any], twins: Row) -> None:
        if u_inter.size <= int(twins.cells.max(initial=0)):
            return
        side = twins.radius * 1.1
        painter.setPen(QPen(theme().color("interneuron"), 1))
        for point, entry in zip(twins.points, pick(u_inter, twins.cells), strict=True):
            painter.setBrush(self._signed[entry])
            painter.drawRect(QRectF(point.x() + twins.radius + 2, point.y() - side / 2, side, side))

    def _paint_output(self, painter: QPainter, view: CircuitView) -> None:
        row, output = self._rows[-1], view.output
        soma = pick(output.u, row.cells)
        asked = int(np.nanargmax(output.target)) if np.isfinite(output.target).any() else -1
        flags = Qt.AlignmentFlag.AlignCenter
        for i, point in enumerate(row.points):
            cell = int(row.cells[i])
            self._disc(painter, point, row.radius, self._signed[soma[i]], "soma")
            if cell == asked:
                painter.setPen(QPen(theme().color("target"), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(point, row.radius + 3, row.radius + 3)
            if view.label >= 0 or view.predicted >= 0:
                box = QRectF(point.x() - 14, point.y() - row.radius - 22, 28, 16)
                meaning = "target" if cell == asked else ("text" if cell == view.predicted else "muted")
                draw_text(painter, box, str(cell), flags, meaning)

    def _disc(self, painter: QPainter, at: QPointF, radius: float, fill: QColor, rim: str) -> None:
        painter.setPen(QPen(theme().color(rim), 1))
        painter.setBrush(fill)
        painter.drawEllipse(at, radius, radius)

    def _paint_names(self, painter: QPainter, areas: int) -> None:
        names = ["input", *(f"area {k}" for k in range(1, areas + 1)), "output"]
        for name, row in zip(names, self._rows, strict=True):
            y = row.points[0].y() if row.points else 0.0
            top = y - self.height() / len(self._rows) / 2 if name == "input" else y - 10
            draw_text(painter, QRectF(6, top, LEFT - 10, 20), name, Qt.AlignmentFlag.AlignVCenter, "muted")

    # --- pointing ---------------------------------------------------------------------------------------------

    def cell_at(self, position: QPointF) -> tuple[int, int]:
        """(row, cell) under a point: row 0 is the input, then areas, then the output; (-1, -1) for none."""
        for k, row in enumerate(self._rows):
            reach = row.radius * (3.2 if 0 < k < len(self._rows) - 1 else 1.6)
            for point, cell in zip(row.points, row.cells, strict=True):
                if abs(position.x() - point.x()) <= row.radius * 1.7 and abs(position.y() - point.y()) <= reach:
                    return k, int(cell)
        return -1, -1

    def hover_text(self, position: QPointF) -> str:
        """The potentials of the cell under the pointer."""
        view, (k, cell) = self.view, self.cell_at(position)
        if view is None or k < 0:
            return ""
        if k == 0:
            return f"input {cell}: rate {number(float(np.ravel(view.image)[cell]))}"
        if k <= len(view.areas):
            return area_text(view.areas[k - 1], k, cell)
        o = view.output
        return (
            f"output {cell}\nbasal {number(float(o.v_basal[cell]))}\nsoma {number(float(o.u[cell]))}"
            f"\nrate {number(float(o.rate[cell]))}\ntarget u* {number(float(o.target[cell]))}"
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on a pyramidal cell opens it."""
        k, cell = self.cell_at(event.position())
        if self.view is not None and 0 < k <= len(self.view.areas):
            self.cell_clicked.emit(k, cell)
        super().mousePressEvent(event)


def _wire_looks(rates: NDArray[Any], errors: NDArray[Any] | None, low: Row, high: Row) -> NDArray[np.intp]:
    """For each wire, lower index first, three times its brightness plus its tint; -1: not drawn."""
    level = _levels(rates[low.cells])
    tint = np.ones(len(high.cells), dtype=np.intp)
    if errors is not None:
        tint = np.digitize(shade(errors[high.cells], ERROR), (96, 160))
    looks: NDArray[np.intp] = np.where(level[:, None] < 0, -1, level[:, None] * 3 + tint[None, :]).ravel()
    return looks


def _levels(rates: NDArray[Any]) -> NDArray[np.intp]:
    """Sender rates as indices of ALPHAS relative to the most active one; -1 for all but the `SENDERS` most active."""
    safe = np.clip(np.nan_to_num(rates), 0.0, None)
    top = float(safe.max(initial=0.0))
    levels = np.full(len(rates), -1, dtype=np.intp)
    if top > 0.0:
        first = np.argsort(-safe, kind="stable")[:SENDERS]
        levels[first] = np.minimum((safe[first] / top * len(ALPHAS)).astype(np.intp), len(ALPHAS) - 1)
        levels[safe <= 0.0] = -1
    return levels


def _wires(low: Row, high: Row, below: float) -> list[QLineF]:
    """Lines from each soma of the lower row to `below` radii under each soma of the upper one, lower index first."""
    return [
        QLineF(p.x(), p.y() - low.radius, q.x(), q.y() + high.radius * below) for p in low.points for q in high.points
    ]
