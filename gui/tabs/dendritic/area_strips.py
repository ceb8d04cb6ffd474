"""All cells of all areas as strips of colour, and each interneuron beside the cell it mirrors as a pair of bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine.papers.dendritic_views import AreaView, CircuitView
from gui.shell.theme import Table, theme
from gui.tabs.dendritic.cell_words import area_text
from gui.tabs.dendritic.scaling import ERROR, shade
from gui.widgets.painted import PaintedView, colored_image, draw_text, number, symmetric_range

_LABEL_GAP = 12
"""Logical pixels free around the names of the strips."""
PAIRS = 24
"""Up to so many interneurons are drawn as pairs of bars; more as two strips above each other."""
ROWS: tuple[tuple[str, str, Table], ...] = (
    ("basal W r", "v_basal", "signed"),
    ("top-down B r", "top_down", "signed"),
    ("cancel Q rᴵ", "cancellation", "signed"),
    ("apical = sum", "v_apical", "error"),
    ("backprop δ", "delta", "error"),
    ("soma u", "u", "signed"),
)

DELTA = 4
"""The row of `ROWS` whose range is matched to that of the row above it."""
TWINS = ("interneuron", "its twin")


@dataclass(frozen=True, slots=True)
class Strip:
    """One strip: where it is, what it shows, of which area (1-based) and of how many cells."""

    box: QRectF
    name: str
    area: int
    cells: int


class AreaStrips(PaintedView):
    """Draws a `CircuitView` for every cell; cell_clicked(area, cell). From the output (top) down to area 1.

    δ is drawn with the gain that gives it the range of the apical strip, so that the two can be compared by eye.
    """

    cell_clicked = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("potentials of all cells, as strips", parent)
        self.view: CircuitView | None = None
        self.chosen = (1, -1)
        self._strips: list[Strip] = []
        self._gains: dict[int, float] = {}
        self._label = 0
        self.setMinimumSize(170, 180)

    def show_view(self, view: CircuitView | None) -> None:
        """Draw this state (None: nothing)."""
        self.view = view
        self.refresh()

    def set_chosen(self, area: int, cell: int) -> None:
        """Mark this cell in all strips of its area."""
        self.chosen = (area, cell)
        self.refresh()

    def data(self) -> dict[str, NDArray[Any]]:
        """What is drawn, as "area K NAME" [n_k], and the output."""
        if self.view is None:
            return {}
        result: dict[str, NDArray[Any]] = {}
        for k, area in enumerate(self.view.areas, start=1):
            names = (*(f for _, f, _ in ROWS), "rate", "u_inter", "u_next")
            result.update({f"area {k} {name}": getattr(area, name) for name in names})
        output = self.view.output
        return {**result, "output u": output.u, "output rate": output.rate, "output target": output.target}

    def delta_gain(self, area: AreaView, k: int) -> float:
        """The gain of the δ strip of area k; kept while the apical dendrites are silent (no teacher)."""
        apical, delta = symmetric_range(area.v_apical), symmetric_range(area.delta)
        if apical > 1e-4 and delta > 1e-12:
            self._gains[k] = apical / delta
        return self._gains.get(k, 1.0)

    def paint(self, painter: QPainter) -> None:
        """Output bars, then for each area from the top its strips and its interneurons beside their twins."""
        view = self.view
        self._strips = []
        if view is None or view.output.u.size == 0:
            return
        painter.setFont(self.small_font(0.8))
        names = ("target u*", *TWINS, *(title for title, _, _ in ROWS), f"2  {ROWS[0][0]}")
        self._label = _LABEL_GAP + max(painter.fontMetrics().horizontalAdvance(name) for name in names)
        gap, height = 5.0, float(self.height())
        units = 2.0 + sum(len(ROWS) + 2.0 for _ in view.areas)
        row = max(5.0, min(22.0, (height - gap * len(view.areas)) / units))
        y = 0.0
        self._paint_output(painter, view, QRectF(self._label, y, self.width() - self._label - 4, 2 * row - 2))
        y += 2 * row + gap
        for k in range(len(view.areas), 0, -1):
            y = self._paint_area(painter, view.areas[k - 1], k, y, row) + gap

    def _paint_area(self, painter: QPainter, area: AreaView, k: int, y: float, row: float) -> float:
        width = self.width() - self._label - 4.0
        potentials, errors = self._images(area, k)
        for i, (title, _, table) in enumerate(ROWS):
            image = errors if table == "error" else potentials
            self._strip(painter, QRectF(self._label, y, width, row - 2), image, i, title, k)
            y += row
        if area.u_inter.size <= PAIRS:
            self._pairs(painter, QRectF(self._label, y, width, 2 * row - 2), area)
            draw_text(
                painter, QRectF(2, y, self._label - 8, row), "interneuron", Qt.AlignmentFlag.AlignRight, "interneuron"
            )
            below = QRectF(2, y + row - 2, self._label - 8, row)
            draw_text(painter, below, "and twin", Qt.AlignmentFlag.AlignRight, "soma")
        else:
            pair = colored_image(shade(np.stack((area.u_inter, area.u_next))), "signed", 0, 255)
            for i, title in enumerate(TWINS):
                box = QRectF(self._label, y + i * (row - 1), width, row - 1)
                self._strip(painter, box, pair, i, title, k)
        self._mark_chosen(painter, area, k)
        return y + 2 * row

    def _images(self, area: AreaView, k: int) -> tuple[QImage, QImage]:
        """All rows of ROWS [rows, n_k] on the scale of the potentials, and on that of the errors."""
        values = np.stack([getattr(area, field) for _, field, _ in ROWS])
        potentials = colored_image(shade(values), "signed", 0, 255)
        values[DELTA] *= self.delta_gain(area, k)
        return potentials, colored_image(shade(values, ERROR), "error", 0, 255)

    def _strip(self, painter: QPainter, box: QRectF, image: QImage, line: int, name: str, k: int) -> None:
        """One line of an image as a strip; where cells are narrower than pixels their colours are mixed."""
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > box.width())
        painter.drawImage(box, image, QRectF(0, line, image.width(), 1))
        self._strips.append(Strip(box, name, k, image.width()))
        label = QRectF(2, box.y() - 2, self._label - 8, box.height() + 4)
        meaning = "error_positive" if name.startswith(("apical", "backprop")) else "muted"
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        draw_text(painter, label, name if not name.startswith("basal") else f"{k}  {name}", align, meaning)

    def _mark_chosen(self, painter: QPainter, area: AreaView, k: int) -> None:
        if self.chosen[0] != k or not 0 <= self.chosen[1] < area.u.size:
            return
        own = [s for s in self._strips if s.area == k and s.name not in TWINS]
        cell = own[0].box.width() / area.u.size
        x = own[0].box.x() + cell * self.chosen[1]
        painter.setPen(QPen(theme().color("text"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(x - 1, own[0].box.y() - 1, cell + 2, own[-1].box.bottom() - own[0].box.y() + 2))

    def _pairs(self, painter: QPainter, box: QRectF, area: AreaView) -> None:
        """Two bars for each interneuron, its own potential and its twin's; equal heights: self-predicting."""
        top = symmetric_range(np.concatenate((area.u_inter, area.u_next)), least=0.1)
        self._bars(painter, box, ((area.u_inter, "interneuron"), (area.u_next, "soma")), top)

    def _bars(self, painter: QPainter, box: QRectF, series: tuple[tuple[NDArray[Any], str], ...], top: float) -> None:
        slot = box.width() / max(1, series[0][0].size)
        bar = slot * 0.8 / len(series)
        middle, reach = box.center().y(), box.height() / 2 / top
        for i, (values, meaning) in enumerate(series):
            color = theme().color(meaning)
            for j, value in enumerate(np.nan_to_num(values)):
                size = float(value) * reach
                x = box.x() + slot * (j + 0.1) + bar * i
                painter.fillRect(QRectF(x, middle - max(size, 0.0), max(bar - 1, 1.0), max(abs(size), 1.0)), color)
        painter.setPen(QPen(theme().color("border"), 1))
        painter.drawLine(QPointF(box.left(), middle), QPointF(box.right(), middle))

    def _paint_output(self, painter: QPainter, view: CircuitView, box: QRectF) -> None:
        output = view.output
        both = np.concatenate((output.u, output.target))
        top = symmetric_range(both, least=0.1)
        self._bars(painter, box, ((output.u, "soma"),), top)
        slot, reach, middle = box.width() / output.u.size, box.height() / 2 / top, box.center().y()
        painter.setPen(QPen(theme().color("target"), 2))
        for j in np.flatnonzero(np.isfinite(output.target)):
            y = middle - float(output.target[j]) * reach
            painter.drawLine(QPointF(box.x() + slot * j, y), QPointF(box.x() + slot * (j + 1) - 1, y))
        half = box.height() / 2
        flags = Qt.AlignmentFlag.AlignRight
        draw_text(painter, QRectF(2, box.y(), self._label - 8, half + 2), "output u", flags, "soma")
        draw_text(painter, QRectF(2, box.y() + half, self._label - 8, half + 2), "target u*", flags, "target")

    def strip_at(self, position: QPointF) -> tuple[Strip | None, int]:
        """The strip under a point and the number of the cell (-1: none)."""
        for strip in self._strips:
            if strip.box.adjusted(0, -1, 0, 1).contains(position):
                share = (position.x() - strip.box.x()) / strip.box.width()
                return strip, min(strip.cells - 1, max(0, int(share * strip.cells)))
        return None, -1

    def hover_text(self, position: QPointF) -> str:
        """All values of the cell under the pointer, or of the interneuron and its twin."""
        strip, cell = self.strip_at(position)
        if self.view is None or strip is None or strip.area > len(self.view.areas):
            return ""
        area = self.view.areas[strip.area - 1]
        if strip.name in TWINS:
            if cell >= area.u_inter.size:
                return ""
            return (
                f"area {strip.area}, interneuron {cell}: {number(float(area.u_inter[cell]))}"
                f"\nits twin in the next area: {number(float(area.u_next[cell]))}"
            )
        return area_text(area, strip.area, cell) if cell < area.u.size else ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click opens the cell."""
        strip, cell = self.strip_at(event.position())
        if strip is not None and strip.name not in TWINS:
            self.cell_clicked.emit(strip.area, cell)
        super().mousePressEvent(event)
