"""The latent plane: where data are inferred to lie, where chains go, and what the decoder makes of every place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.tabs.gibbsnet.names import UNCLAMPED, class_meaning, is_hollow
from gui.widgets.painted import PaintedView, colored_image, draw_text, number

Points = NDArray[Any]
BACKGROUND = 0.42
"""How opaque the decoder's pictures are below the points."""
CONTOURS = (1.0, 2.0)
"""Radii of the circles of N(0, I), in standard deviations."""
_RADIUS = 2.4
_NEAR = 9.0


class LatentMap(PaintedView):
    """Draws what the setters gave it; a click tells a place: `place_chosen(z1, z2)`.

    Colours of points are their classes; chains are grey dots, the newest moment largest, with the way they came.
    """

    place_chosen = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("latent plane", parent)
        self.extent = (-3.0, 3.0, -3.0, 3.0)
        self.axes = ("z₁", "z₂")
        self.message = ""
        self._sheet: NDArray[np.uint8] = np.zeros((0, 0), np.uint8)
        self._tiles = 0
        self._image: QImage | None = None
        self.clamped: Points = np.zeros((0, 2))
        self.labels: NDArray[Any] = np.zeros(0, np.int64)
        self.trails: Points = np.zeros((0, 0, 2))
        self.own: Points = np.zeros((0, 0, 2))
        self.place: tuple[float, float] | None = None
        self.shown = {"background": True, "clamped": True, "chains": True, "contour": True}
        self.setMinimumSize(180, 160)
        self.setCursor(Qt.CursorShape.CrossCursor)

    # --- what is shown ------------------------------------------------------------------------------------------

    def set_plane(self, extent: tuple[float, float, float, float], axes: tuple[str, str]) -> None:
        """extent: left, right, bottom, top; axes: their names."""
        self.extent, self.axes = extent, axes
        self.refresh()

    def set_background(self, tiles: NDArray[np.uint8]) -> None:
        """Decoded pictures [g, g, h, w] or [g, g, h, w, 3] uint8 on an even grid, row 0 at the smallest z2."""
        if tiles.size == 0:
            self._sheet, self._tiles = np.zeros((0, 0), np.uint8), 0
        else:
            g, _, h, w = tiles.shape[:4]
            rest = tiles.shape[4:]
            upright = tiles[::-1]  # z2 grows upwards
            self._sheet = np.ascontiguousarray(upright.swapaxes(1, 2).reshape(g * h, g * w, *rest))
            self._tiles = g
        self._image = None
        self.refresh()

    def set_clamped(self, points: Points, labels: NDArray[Any]) -> None:
        """Inferred z [n, 2] of data, their classes [n] (-1: none)."""
        self.clamped, self.labels = np.asarray(points), np.asarray(labels)
        self.refresh()

    def set_trails(self, trails: Points) -> None:
        """The last moments of free chains [chains, moments, 2], the newest last."""
        self.trails = np.asarray(trails)
        self.refresh()

    def set_own(self, trails: Points, place: tuple[float, float] | None = None) -> None:
        """The chains that were started by a click [chains, moments, 2] (empty for none), and the place of it."""
        self.own, self.place = np.asarray(trails), place
        self.refresh()

    def set_shown(self, layer: str, on: bool) -> None:
        """Show or hide background, clamped, chains or contour."""
        self.shown[layer] = on
        self.refresh()

    def on_theme_changed(self) -> None:
        """Colour the background anew."""
        self._image = None
        super().on_theme_changed()

    def data(self) -> dict[str, NDArray[Any]]:
        """Points, classes and trails."""
        return {"clamped z": self.clamped, "class": self.labels, "chains": self.trails, "own chains": self.own}

    # --- geometry -----------------------------------------------------------------------------------------------

    def area(self) -> QRectF:
        """The largest square, with room for numbers at its left and below."""
        line = self.fontMetrics().height()
        side = max(20.0, min(self.width() - 2.2 * line - 6, self.height() - 1.2 * line - 6))
        left = 2.2 * line + (self.width() - 2.2 * line - side) / 2
        return QRectF(round(left), 3, round(side), round(side))

    def to_pixel(self, x: float, y: float) -> QPointF:
        """Where a latent lies on the widget."""
        area, (left, right, bottom, top) = self.area(), self.extent
        return QPointF(
            area.left() + (x - left) / (right - left) * area.width(),
            area.bottom() - (y - bottom) / (top - bottom) * area.height(),
        )

    def to_latent(self, position: QPointF) -> tuple[float, float]:
        """The latent under a point of the widget."""
        area, (left, right, bottom, top) = self.area(), self.extent
        return (
            left + (position.x() - area.left()) / area.width() * (right - left),
            bottom + (area.bottom() - position.y()) / area.height() * (top - bottom),
        )

    def _pixels(self, points: Points) -> Points:
        """[n, 2] latents as widget pixels."""
        area, (left, right, bottom, top) = self.area(), self.extent
        share = (np.asarray(points, dtype=np.float64) - [left, bottom]) / [right - left, top - bottom]
        return np.stack([area.left() + share[:, 0] * area.width(), area.bottom() - share[:, 1] * area.height()], 1)

    # --- drawing ------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        """Background, contour, clamped points, chains, the chain of one's own, axes."""
        if self.message:
            draw_text(painter, self.rect(), self.message, Qt.AlignmentFlag.AlignCenter, "muted")
            return
        area = self.area()
        painter.setFont(self.small_font())
        if self.shown["background"] and self._sheet.size:
            painter.setOpacity(BACKGROUND)
            painter.drawImage(area, self._background())
            painter.setOpacity(1.0)
        self._paint_axes(painter, area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(area)
        if self.shown["clamped"]:
            self._paint_clamped(painter)
        if self.shown["chains"]:
            self._paint_trails(painter)
        if self.shown["contour"]:
            self._paint_contour(painter)
        if self.shown["clamped"]:
            self._paint_names(painter)
        self._paint_own(painter)

    def _background(self) -> QImage:
        if self._image is None:
            if self._sheet.ndim == 3:
                h, w, _ = self._sheet.shape
                self._image = QImage(self._sheet.data, w, h, 3 * w, QImage.Format.Format_RGB888).copy()
            else:
                self._image = colored_image(self._sheet, "unsigned", 0, 255)
        return self._image

    def _paint_contour(self, painter: QPainter) -> None:
        """Circles of N(0, I): where the chain starts."""
        center, line = self.to_pixel(0, 0), painter.fontMetrics().height()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for sigma in CONTOURS:
            wide, high = self.to_pixel(sigma, 0).x() - center.x(), center.y() - self.to_pixel(0, sigma).y()
            painter.setPen(QPen(theme().color("text"), 1.2, Qt.PenStyle.DashLine))
            painter.drawEllipse(center, wide, high)
            words = f"N(0, I), {sigma:g} σ"
            room = painter.fontMetrics().horizontalAdvance(words) + 8
            box = QRectF(center.x() - room / 2, center.y() - high - line / 2, room, line)
            painter.fillRect(box, theme().color("card"))
            draw_text(painter, box, words, Qt.AlignmentFlag.AlignCenter, "text")

    def _paint_clamped(self, painter: QPainter) -> None:
        pixels = self._pixels(self.clamped)
        for label in np.unique(self.labels).tolist():
            color = theme().color(class_meaning(label))
            painter.setPen(QPen(color, 1.4))
            painter.setBrush(Qt.BrushStyle.NoBrush if is_hollow(label) else color)
            for x, y in pixels[self.labels == label].tolist():
                painter.drawEllipse(QPointF(x, y), _RADIUS, _RADIUS)

    def _paint_names(self, painter: QPainter) -> None:
        """Each class by its name in the middle of its points."""
        line, pixels = painter.fontMetrics().height() + 2.0, self._pixels(self.clamped)
        for label in np.unique(self.labels[self.labels >= 0]).tolist():
            x, y = np.median(pixels[self.labels == label], axis=0).tolist()
            box = QRectF(x - line * 0.7, y - line / 2, line * 1.4, line)
            painter.setPen(QPen(theme().color(class_meaning(label)), 1.6))
            painter.setBrush(theme().color("card"))
            painter.drawRoundedRect(box, 4, 4)
            draw_text(painter, box, str(label), Qt.AlignmentFlag.AlignCenter, "text")

    def _paint_trails(self, painter: QPainter) -> None:
        for trail in self.trails:
            pixels = [QPointF(x, y) for x, y in self._pixels(trail).tolist()]
            way = QColor(theme().color("muted"))
            way.setAlpha(150)
            painter.setPen(QPen(way, 1))
            painter.drawPolyline(QPolygonF(pixels))
            if pixels:
                painter.setPen(QPen(theme().color("card"), 1))
                painter.setBrush(theme().color("muted"))
                painter.drawEllipse(pixels[-1], _RADIUS + 0.8, _RADIUS + 0.8)

    def _paint_own(self, painter: QPainter) -> None:
        """Chains from one place: their ways, where they are now, and the place."""
        color = theme().color(UNCLAMPED)
        for trail in self.own:
            pixels = [QPointF(x, y) for x, y in self._pixels(trail).tolist()]
            way = QColor(color)
            way.setAlpha(130)
            painter.setPen(QPen(way, 1.2))
            painter.drawPolyline(QPolygonF(pixels))
            if pixels:
                painter.setPen(QPen(theme().color("card"), 1))
                painter.setBrush(color)
                painter.drawEllipse(pixels[-1], 5, 5)
        if self.place is not None:
            at = self.to_pixel(*self.place)
            painter.setPen(QPen(theme().color("text"), 2))
            painter.drawLine(at + QPointF(-7, 0), at + QPointF(7, 0))
            painter.drawLine(at + QPointF(0, -7), at + QPointF(0, 7))

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(QPen(theme().color("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        line, center = painter.fontMetrics().height(), Qt.AlignmentFlag.AlignCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        left_end, right_end, bottom, top = self.extent
        for value in _ticks(left_end, right_end):
            box = QRectF(self.to_pixel(value, bottom).x() - 20, area.bottom() + 1, 40, line)
            draw_text(painter, box, number(value, 3), center, "muted")
        for value in _ticks(bottom, top):
            box = QRectF(area.left() - 2 * line - 4, self.to_pixel(left_end, value).y() - line / 2, 2 * line, line)
            draw_text(painter, box, number(value, 3), right, "muted")
        box = QRectF(area.left() + 0.87 * area.width() - 40, area.bottom() + 1, 80, line)
        draw_text(painter, box, self.axes[0], center, "text")
        box = QRectF(area.left() - 2 * line - 4, area.top() + 0.13 * area.height() - line / 2, 2 * line, line)
        draw_text(painter, box, self.axes[1], right, "text")

    # --- the hand -----------------------------------------------------------------------------------------------

    def hover_text(self, position: QPointF) -> str:
        """The place, and the data point that lies there."""
        if self.message or not self.area().contains(position):
            return ""
        x, y = self.to_latent(position)
        lines = [f"{self.axes[0]} {number(x, 3)}, {self.axes[1]} {number(y, 3)}"]
        if len(self.clamped) and self.shown["clamped"]:
            distance = np.hypot(*(self._pixels(self.clamped) - [position.x(), position.y()]).T)
            nearest = int(distance.argmin())
            if distance[nearest] < _NEAR and self.labels[nearest] >= 0:
                lines.append(f"data of class {int(self.labels[nearest])}")
        return "\n".join([*lines, "click: start a chain here"])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Decode this place and start a chain here."""
        if event.button() == Qt.MouseButton.LeftButton and not self.message and self.area().contains(event.position()):
            self.place_chosen.emit(*self.to_latent(event.position()))


def _ticks(low: float, high: float) -> list[float]:
    """Three to seven round numbers in the range, leaving the upper fifth of each axis for its name."""
    raw = (high - low) / 5
    step = 10.0 ** math.floor(math.log10(raw))
    step *= next((k for k in (1, 2, 5, 10) if k * step >= raw), 10)
    first = math.ceil(low / step)
    values = [k * step for k in range(first, math.floor(high / step) + 1)]
    return [v for v in values if low + 0.04 * (high - low) < v < low + 0.8 * (high - low)]
