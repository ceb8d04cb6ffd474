"""The energy of two neurons seen from above: height lines, the ball with its trail, and the two arrows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from engine.papers.equilibrium_views import ValleyView
from gui.shell.theme import theme
from gui.tabs.equilibrium.names import EP, FREE, NUDGED, SIDE
from gui.widgets.painted import PaintedView, colored_image, draw_text, number, symmetric_range

FINE = 288
"""Pixels along each side of the picture of the energy: height lines stay thin when it is enlarged."""
BANDS = 22
"""Height lines between the deepest and the highest point; they lie closer near the bottom."""
ARROW = 0.3
"""Length of the largest arrow of a nudge, as a share of the map."""
_NEAR = 7.0


def height_picture(energy: NDArray[Any]) -> NDArray[np.uint8]:
    """Energies [n, n] as table entries [FINE, FINE]: dark valleys, a line wherever a level is crossed."""
    n = energy.shape[0]
    at = np.linspace(0.0, n - 1.0, FINE)
    low = np.minimum(at.astype(np.intp), n - 2)
    share = (at - low).astype(np.float32)
    mix = np.zeros((FINE, n), np.float32)
    rows = np.arange(FINE)
    mix[rows, low], mix[rows, low + 1] = 1.0 - share, share
    fine = mix @ np.nan_to_num(np.asarray(energy, dtype=np.float32)) @ mix.T
    lowest, highest = float(fine.min()), float(fine.max())
    height = np.sqrt((fine - lowest) / max(highest - lowest, 1e-12))
    level = (height * BANDS).astype(np.int16)
    crossed = np.zeros(level.shape, bool)
    crossed[:-1, :-1] = (level[:-1, :-1] != level[1:, :-1]) | (level[:-1, :-1] != level[:-1, 1:])
    entries: NDArray[np.uint8] = (height * 105 + crossed * 34).astype(np.uint8)
    return entries


class ValleyMap(PaintedView):
    """Draws one moment of a `ValleyView`: moments of the free phase first, then those of the nudged one.

    start_moved(h, o) while the ball is dragged, released when it is let go; target_moved(y) while the target line is.
    """

    start_moved = Signal(float, float)
    target_moved = Signal(float)
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("energy of two neurons", parent)
        self.view: ValleyView | None = None
        self.moment = 0
        self.target = 1.0
        self.message = "Starting the engine: two neurons are about to roll downhill …"
        self._pictures: dict[bool, QImage] = {}
        self._dragged = ""
        self.setMinimumSize(170, 170)
        self.setCursor(Qt.CursorShape.CrossCursor)

    # --- what is shown ------------------------------------------------------------------------------------------

    def show_view(self, view: ValleyView, target: float) -> None:
        """Both phases; target: where the output is to go."""
        self.view, self.target = view, target
        self._pictures = {}
        self.refresh()

    def show_moment(self, moment: int) -> None:
        """One moment of the free phase (0 .. T), then of the nudged phase (T+1 .. 2T+1)."""
        self.moment = moment
        self.refresh()

    @property
    def nudged_moment(self) -> int:
        """How far the nudged phase has come, -1 in the free phase."""
        return -1 if self.view is None else max(-1, min(self.moment - len(self.view.free), len(self.view.nudged) - 1))

    def state(self) -> NDArray[Any]:
        """(h, o) at this moment."""
        assert self.view is not None
        nudged = self.nudged_moment
        free = min(self.moment, len(self.view.free) - 1)
        state: NDArray[Any] = self.view.nudged[nudged] if nudged >= 0 else self.view.free[free]
        return state

    def data(self) -> dict[str, NDArray[Any]]:
        """Energy maps, both trails, both arrows."""
        view = self.view
        if view is None:
            return {}
        names = ("energy", "energy_free", "free", "nudged", "velocity", "side", "time")
        return {name: getattr(view, name) for name in names}

    def on_theme_changed(self) -> None:
        """Colour the map anew."""
        self._pictures = {}
        super().on_theme_changed()

    # --- geometry -----------------------------------------------------------------------------------------------

    def area(self) -> QRectF:
        """The map: the largest square, with room for words at its left and below."""
        line = self.fontMetrics().height()
        side = max(20.0, min(self.width() - 2.0 * line - 8, self.height() - line - 6.0))
        left = line + 4 + (self.width() - 2.0 * line - 8 - side) / 2
        return QRectF(round(left), 3, round(side), round(side))

    def to_pixel(self, h: float, o: float) -> QPointF:
        """Where a state lies on the widget."""
        assert self.view is not None
        area, (low, high) = self.area(), self.view.extent
        share_h, share_o = (h - low) / (high - low), (o - low) / (high - low)
        return QPointF(area.left() + share_h * area.width(), area.bottom() - share_o * area.height())

    def to_state(self, position: QPointF) -> tuple[float, float]:
        """The state under a point, kept inside the map."""
        assert self.view is not None
        area, (low, high) = self.area(), self.view.extent
        h = low + (position.x() - area.left()) / area.width() * (high - low)
        o = low + (area.bottom() - position.y()) / area.height() * (high - low)
        return min(max(h, low), high), min(max(o, low), high)

    # --- drawing ------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        """Map, target, trails, minima, ball, arrows."""
        view = self.view
        if view is None:
            draw_text(painter, self.rect(), self.message, Qt.AlignmentFlag.AlignCenter, "muted")
            return
        area, nudged = self.area(), self.nudged_moment
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(area, self._picture(nudged >= 0))
        painter.setFont(self.small_font(0.86))
        self._axes(painter, area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(area)
        self._target_line(painter, area)
        shown = len(view.free) if nudged >= 0 else self.moment + 1
        self._trail(painter, view.free[:shown], FREE)
        self._ring(painter, view.rest, FREE)
        if nudged >= 0:
            self._trail(painter, view.nudged[: nudged + 1], NUDGED)
            self._ring(painter, view.nudged_rest, NUDGED)
        self._ball(painter)
        if nudged >= 0:
            self._arrows(painter, view, min(nudged, len(view.side) - 1))

    def _picture(self, nudged: bool) -> QImage:
        assert self.view is not None
        if nudged not in self._pictures:
            entries = height_picture(self.view.energy if nudged else self.view.energy_free)
            self._pictures[nudged] = colored_image(np.ascontiguousarray(entries[::-1]), "unsigned", 0, 255)
        return self._pictures[nudged]

    def _axes(self, painter: QPainter, area: QRectF) -> None:
        assert self.view is not None
        line, center = painter.fontMetrics().height(), Qt.AlignmentFlag.AlignCenter
        for value in (0.0, 0.5, 1.0):
            x, y = self.to_pixel(value, 0).x(), self.to_pixel(0, value).y()
            text = f"{value:g}"
            draw_text(painter, QRectF(x - 20, area.bottom() + 1, 40, line), text, center, "muted")
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            draw_text(painter, QRectF(area.left() - 34, y - line / 2, 30, line), text, flags, "muted")
        at = self.to_pixel(0.75, 0).x()
        draw_text(painter, QRectF(at - 40, area.bottom() + 1, 80, line), "hidden h", center, "muted")
        painter.save()
        painter.translate(area.left() - line - 2, self.to_pixel(0, 0.75).y())
        painter.rotate(-90)
        draw_text(painter, QRectF(-40, -line / 2, 80, line), "output o", center, "muted")
        painter.restore()

    def _target_line(self, painter: QPainter, area: QRectF) -> None:
        y = self.to_pixel(0, self.target).y()
        painter.setPen(QPen(theme().color(NUDGED), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        line = painter.fontMetrics().height()
        top = y - line - 1 if y - line > area.top() else y + 1
        flags = Qt.AlignmentFlag.AlignRight
        draw_text(painter, QRectF(area.left(), top, area.width() - 5, line), "target y", flags, NUDGED)

    def _trail(self, painter: QPainter, states: NDArray[Any], meaning: str) -> None:
        painter.setPen(QPen(theme().color(meaning), 1.5))
        painter.drawPolyline(QPolygonF([self.to_pixel(h, o) for h, o in states.tolist()]))

    def _ring(self, painter: QPainter, state: NDArray[Any], meaning: str) -> None:
        painter.setPen(QPen(theme().color(meaning), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(self.to_pixel(float(state[0]), float(state[1])), 9, 9)

    def _ball(self, painter: QPainter) -> None:
        h, o = self.state().tolist()
        painter.setPen(QPen(theme().color("card"), 1.5))
        painter.setBrush(theme().color("text"))
        painter.drawEllipse(self.to_pixel(h, o), 6, 6)

    def _arrows(self, painter: QPainter, view: ValleyView, i: int) -> None:
        """Both on one scale, the dashed one on top: where they agree, it fills the gaps of nothing."""
        top = max(symmetric_range(view.velocity), symmetric_range(view.side))
        reach = ARROW * self.area().width() / top
        start = self.to_pixel(*self.state().tolist())
        for arrow, meaning, style in (
            (view.velocity[i], EP, Qt.PenStyle.SolidLine),
            (view.side[i], SIDE, Qt.PenStyle.DashLine),
        ):
            dx, dy = float(arrow[0]) * reach, -float(arrow[1]) * reach
            length = math.hypot(dx, dy)
            if length < 2:
                continue
            end = QPointF(start.x() + dx, start.y() + dy)
            painter.setPen(QPen(theme().color(meaning), 3 if meaning == EP else 2, style))
            painter.drawLine(start, end)
            painter.setPen(QPen(theme().color(meaning), 2))
            for turn in (2.6, -2.6):
                c, s = math.cos(turn) * 9 / length, math.sin(turn) * 9 / length
                painter.drawLine(end, QPointF(end.x() + dx * c - dy * s, end.y() + dx * s + dy * c))

    # --- the hand -----------------------------------------------------------------------------------------------

    def hover_text(self, position: QPointF) -> str:
        """The state under the pointer and its energy."""
        view = self.view
        if view is None or not self.area().contains(position):
            return ""
        h, o = self.to_state(position)
        energy = view.energy if self.nudged_moment >= 0 else view.energy_free
        low, high = view.extent
        row, column = (min(len(energy) - 1, round((v - low) / (high - low) * (len(energy) - 1))) for v in (o, h))
        return f"h {number(h, 3)}, o {number(o, 3)}\nenergy {number(float(energy[row, column]))}\ndrag: start here"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the target line, or put the ball here."""
        if self.view is None or event.button() != Qt.MouseButton.LeftButton:
            return
        position = event.position()
        near = abs(position.y() - self.to_pixel(0, self.target).y()) < _NEAR
        self._dragged = "target" if near else "start"
        self._drag(position)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag what was taken."""
        super().mouseMoveEvent(event)
        if self._dragged and event.buttons() & Qt.MouseButton.LeftButton:
            self._drag(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let it roll."""
        if self._dragged:
            self._dragged = ""
            self.released.emit()

    def _drag(self, position: QPointF) -> None:
        h, o = self.to_state(position)
        if self._dragged == "target":
            self.target_moved.emit(min(max(o, 0.0), 1.0))
        else:
            self.start_moved.emit(min(max(h, 0.0), 1.0), min(max(o, 0.0), 1.0))
