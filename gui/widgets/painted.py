"""What the painted views share: theme, hover values, focus ring, and arrays turned into images."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QImage, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QLabel, QWidget

from gui.shell.theme import Table, theme

FloatArray = NDArray[np.floating[Any]]


def number(value: float, digits: int = 4) -> str:
    """A value for people: four significant digits, a real minus sign, "n/a" for not-a-number."""
    if not math.isfinite(value):
        return "n/a" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}" if 1e-4 <= abs(value) < 1e6 else f"{value:.{digits - 1}e}"
    return text.replace("-", "−")


def colored_image(values: NDArray[Any], table: Table, low: float, high: float) -> QImage:
    """[h, w] values between `low` and `high` through the theme's table; uint8 values index it directly.

    The image owns its pixels, so `values` may change afterwards. Not-a-number takes the colour of an empty field.
    """
    words = theme().table32(table)
    if values.dtype == np.uint8:
        pixels = np.ascontiguousarray(words[values])
    else:
        span = high - low
        scale = 255.0 / span if span > 0 else 0.0
        scaled = (np.asarray(values, dtype=np.float32) - np.float32(low)) * np.float32(scale)
        missing = np.isnan(scaled)
        scaled[missing] = 0.0
        pixels = np.ascontiguousarray(words[np.clip(scaled, 0, 255).astype(np.uint8)])
        pixels[missing] = theme().color("raised").rgba()
    height, width = pixels.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def symmetric_range(values: NDArray[Any], least: float = 1e-12) -> float:
    """The largest finite magnitude in `values`, at least `least`: the half range of a signed colour scale."""
    if values.size == 0:
        return least
    largest = float(np.max(np.abs(values)))
    if not math.isfinite(largest):
        finite = values[np.isfinite(values)]
        largest = float(np.max(np.abs(finite))) if finite.size else least
    return max(largest, least)


class HoverLabel(QLabel):
    """A small box beside the pointer with exact values; it never takes the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAccessibleName("value under the pointer")
        self.hide()
        theme().changed.connect(self.on_theme_changed)
        self.on_theme_changed()

    def on_theme_changed(self) -> None:
        """Wear today's colours."""
        c = theme().colors
        self.setStyleSheet(
            f"background: {c.raised}; color: {c.text}; border: 1px solid {c.border};"
            " border-radius: 4px; padding: 3px 6px;"
        )

    def show_at(self, text: str, at: QPoint) -> None:
        """Show `text` near `at` (parent coordinates), flipped where it would leave the parent."""
        if text != self.text():
            self.setText(text)
            self.adjustSize()
        parent = self._host
        x = at.x() + 14 if at.x() + 16 + self.width() <= parent.width() else at.x() - 10 - self.width()
        y = at.y() + 14 if at.y() + 16 + self.height() <= parent.height() else at.y() - 8 - self.height()
        self.move(max(0, min(x, parent.width() - self.width())), max(0, min(y, parent.height() - self.height())))
        self.raise_()
        self.show()


class PaintedView(QWidget):
    """A view drawn with QPainter: subclasses paint in `paint(painter)` and answer `hover_text(position)`."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # The card is filled here, which spares Qt painting the styled panel below at every frame.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.surface = "card"
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self._hover = HoverLabel(self)
        self._pointer: QPoint | None = None
        self.exporting = False
        theme().changed.connect(self.on_theme_changed)

    def paint(self, painter: QPainter) -> None:
        """Draw everything; the painter has the widget's font and no antialiasing. A bare view is empty."""

    def hover_text(self, position: QPointF) -> str:
        """The exact values under `position`, or "" where there is nothing to say."""
        return ""

    def on_theme_changed(self) -> None:
        """The palette changed: paint again."""
        self.update()

    def set_export_mode(self, on: bool) -> None:
        """Leave out pointer and focus while a picture is taken."""
        self.exporting = on
        if on:
            self._pointer = None
            self._hover.hide()

    def refresh(self) -> None:
        """The data changed: repaint (Qt joins several calls into one) and keep the hover value true."""
        if self.isVisible():
            self.update()
            if self._pointer is not None:
                self._show_hover()

    def _show_hover(self) -> None:
        if self._pointer is None:
            return
        text = self.hover_text(QPointF(self._pointer))
        if text:
            self._hover.show_at(text, self._pointer)
        else:
            self._hover.hide()

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color(self.surface))
        self.paint(painter)
        if self.hasFocus() and not self.exporting:
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position().toPoint()
        self._show_hover()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._hover.hide()

    def small_font(self, share: float = 0.88) -> QFont:
        """The widget's font, smaller."""
        font = QFont(self.font())
        if font.pointSizeF() > 0:
            font.setPointSizeF(font.pointSizeF() * share)
        return font


def draw_text(painter: QPainter, rect: QRectF | QRect, text: str, flags: Qt.AlignmentFlag, meaning: str) -> None:
    """One line of text in `rect`, elided on the right where it does not fit."""
    box = QRectF(rect)
    painter.setPen(theme().color(meaning))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(0, int(box.width()) + 1))
    painter.drawText(box, flags, shown)
