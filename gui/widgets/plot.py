"""The frame all live plots share: themed axes, ranges that follow the data until touched, hover and an overlay.

Only thin lines are drawn by pyqtgraph; marks, reference lines and the crosshair are painted by an overlay, so that
moving the pointer never changes the scene.
"""

import math
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QAction, QFont, QFontMetricsF, QKeyEvent, QPainter, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.shell.theme import theme
from gui.widgets.painted import HoverLabel
from gui.widgets.redraw import Redraw

_MARGIN = 0.06
"""Share of the range left free above and below the data."""


class _Overlay(QWidget):
    """Paints what the plot asks for on top of its curves; the mouse passes through."""

    def __init__(self, plot: "Plot") -> None:
        super().__init__(plot)
        self._plot = plot
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: object) -> None:
        rect = self._plot.area()
        painter = QPainter(self)
        painter.setFont(self._plot.small_font())
        painter.setClipRect(rect.adjusted(0, -1, 1, 1))
        self._plot.paint_overlay(painter, rect)
        if self._plot.hasFocus() and not self._plot.exporting:
            painter.setClipping(False)
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()


_TICK_PX = 18
"""Least distance of two decades that both get their words."""


_LABEL_MARGIN = 8
"""Pixels that a label's document keeps free at its two ends together."""


class _Axis(pg.AxisItem):
    """An axis whose logarithmic ticks are decades, then 2 and 5, then the rest without words.

    Its ticks are true numbers: no power of ten is moved into a unit.
    """

    def updateAutoSIPrefix(self) -> None:
        """Scale nothing: `enableAutoSIPrefix(False)` alone would still scale once if the label is visible by then."""

    def logTickValues(self, minVal: float, maxVal: float, size: float, stdTicks: Any) -> list[tuple[Any, list[float]]]:
        decades = range(math.floor(minVal), math.ceil(maxVal) + 1)
        every = max(1, math.ceil(len(decades) * _TICK_PX / max(size, 1)))
        if every > 1:  # many decades in little room: words at every second, third, ...
            far = [float(d) for d in decades if minVal < d < maxVal]
            self.style["maxTextLevel"] = 0
            return [(float(every), [d for d in far if d % every == 0]), (1.0, [d for d in far if d % every])]
        levels: list[tuple[Any, list[float]]] = [(1.0, [float(d) for d in decades])]
        for digits in ((2, 5), (3, 4, 6, 7, 8, 9)):
            levels.append((None, [d + math.log10(k) for d in decades for k in digits]))
        kept = [(spacing, [v for v in values if minVal < v < maxVal]) for spacing, values in levels]
        self.style["maxTextLevel"] = 0 if len(kept[0][1]) >= 2 else 1
        return kept


class Plot(QWidget):
    """Axes with labels and units; subclasses add items to `self.item` and implement `draw`.

    Drag and wheel pan and zoom; Home (or the menu) lets the range follow the data again.
    """

    def __init__(self, name: str, x_label: str, y_label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 80)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # the graphics view covers all of it
        self.graphics: Any = pg.PlotWidget(self, axisItems={side: _Axis(side) for side in ("left", "bottom")})
        self.graphics.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.graphics.setFrameStyle(0)
        self.item: Any = self.graphics.getPlotItem()
        self.box: Any = self.item.getViewBox()
        self.box.disableAutoRange()
        self.item.hideButtons()
        self.item.setMenuEnabled(False)
        self.item.setContentsMargins(0, 4, 6, 0)
        self.following = True
        self.exporting = False
        self._labels = {"bottom": x_label, "left": y_label}
        self._shown_labels: dict[str, tuple[str, str, str]] = {}
        self._hover = HoverLabel(self)
        self._pointer: QPointF | None = None
        self._overlay = _Overlay(self)
        self._redraw = Redraw(self, self._draw_all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.graphics)
        self._follow_action = QAction("Follow the data (Home)", self)
        self._follow_action.triggered.connect(self.follow)
        self.box.sigRangeChangedManually.connect(self.on_range_changed_by_hand)
        self.box.sigRangeChanged.connect(self._overlay.update)
        self.graphics.scene().sigMouseMoved.connect(self.on_mouse_moved)
        self.graphics.viewport().installEventFilter(self)
        theme().changed.connect(self.on_theme_changed)
        self.on_theme_changed()

    # For subclasses

    def draw(self) -> None:
        """Hand the newest data to the items and call `show_range`; called at display rate while visible."""

    def paint_overlay(self, painter: QPainter, rect: QRectF) -> None:
        """Paint on top of the curves; `rect` is the plotting area in widget pixels."""

    def hover_text(self, x: float, y: float) -> str:
        """The exact values at data coordinates (x, y), or ""."""
        return ""

    # Geometry

    def area(self) -> QRectF:
        """The plotting area in widget pixels."""
        rect: QRectF = self.box.sceneBoundingRect()
        return rect

    def view_range(self) -> tuple[float, float, float, float]:
        """(x low, x high, y low, y high) on screen; y in decades if the axis is logarithmic."""
        (x0, x1), (y0, y1) = self.box.viewRange()
        return x0, x1, y0, y1

    def to_pixel(self, x: float, y: float) -> QPointF:
        """Data coordinates (y in decades if logarithmic) to widget pixels."""
        rect, (x0, x1, y0, y1) = self.area(), self.view_range()
        return QPointF(
            rect.left() + (x - x0) / (x1 - x0) * rect.width(), rect.bottom() - (y - y0) / (y1 - y0) * rect.height()
        )

    def to_data(self, position: QPointF) -> tuple[float, float]:
        """Widget pixels to data coordinates (y in decades if logarithmic)."""
        rect, (x0, x1, y0, y1) = self.area(), self.view_range()
        return (
            x0 + (position.x() - rect.left()) / max(rect.width(), 1) * (x1 - x0),
            y0 + (rect.bottom() - position.y()) / max(rect.height(), 1) * (y1 - y0),
        )

    def show_range(self, x0: float, x1: float, y0: float, y1: float, *, grow_x: bool = False) -> None:
        """While following: make the data's extent visible, moving the axes only when it is worth new ticks.

        With `grow_x` the right end runs ahead of the data by up to 8 %, so a growing curve does not move
        the axis with every point.
        """
        if not self.following or not all(map(math.isfinite, (x0, x1, y0, y1))):
            return
        if x1 <= x0:
            x0, x1 = x0 - 0.5, x0 + 0.5
        if y1 <= y0:
            pad = abs(y0) * 0.1 or 0.5
            y0, y1 = y0 - pad, y1 + pad
        now = self.view_range()
        right = now[1]
        if not (x1 <= right and (x1 - x0) >= 0.85 * (right - x0)):
            right = x0 + (x1 - x0) * (1.08 if grow_x else 1.0)
        pad = (y1 - y0) * _MARGIN
        bottom, top = now[2], now[3]
        if y0 < bottom or y1 > top or (y1 - y0) < 0.6 * (top - bottom):
            bottom, top = y0 - pad, y1 + pad
        if (x0, right, bottom, top) != now:
            self.box.setRange(xRange=(x0, right), yRange=(bottom, top), padding=0, disableAutoRange=True)

    # Looks

    def small_font(self) -> QFont:
        """The font of ticks and labels."""
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 0.85)
        return font

    def set_axis_label(self, side: str, text: str) -> None:
        """`side` is "bottom" or "left"; the text names quantity and unit, e.g. "angle to backprop (°)"."""
        self._labels[side] = text
        self._label_axis(side)

    def _label_axis(self, side: str) -> None:
        """The label, with an ellipsis where the axis is shorter than its words."""
        font = self.small_font()
        room = (self.area().height() if side == "left" else self.area().width()) - _LABEL_MARGIN
        words = self._labels[side]
        if room > 0:
            words = QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, room)
        look = (words, theme().colors.muted, f"{font.pointSizeF():.1f}pt")
        if self._shown_labels.get(side) != look:
            self._shown_labels[side] = look
            self.item.setLabel(side, words, **{"color": look[1], "font-size": look[2]})

    def on_theme_changed(self) -> None:
        """Wear the palette in force."""
        self.graphics.setBackground(theme().color("card"))
        for side in ("bottom", "left"):
            axis = self.item.getAxis(side)
            axis.setPen(pg.mkPen(theme().color("border"), width=1))
            axis.setTextPen(theme().color("muted"))
            axis.setTickFont(self.small_font())
            axis.setStyle(tickLength=-4, tickTextOffset=4, hideOverlappingLabels=True)
            axis.enableAutoSIPrefix(False)
            self._label_axis(side)
        self.request_draw()

    def set_export_mode(self, on: bool) -> None:
        """Draw what is due and leave out pointer and focus while a picture is taken."""
        self.exporting = on
        if on:
            self._pointer = None
            self._hover.hide()
            self.flush()

    # Life

    def request_draw(self) -> None:
        """The data changed: draw with the next frame if visible."""
        self._redraw.request()

    def flush(self) -> None:
        """Draw at once what is still waiting."""
        self._redraw.flush()

    def _draw_all(self) -> None:
        self.draw()
        for side in self._labels:
            self._label_axis(side)
        self._overlay.update()
        self._show_hover()

    def follow(self) -> None:
        """Let the range follow the data again."""
        self.following = True
        self.request_draw()

    def on_range_changed_by_hand(self) -> None:
        """Somebody panned or zoomed: leave the range alone from now on."""
        self.following = False
        self.request_draw()

    def menu_actions(self) -> list[QAction]:
        """Switches for the panel's menu."""
        self._follow_action.setEnabled(not self.following)
        return [self._follow_action]

    def on_mouse_moved(self, position: QPointF) -> None:
        """The pointer is at scene (= widget) pixels `position`."""
        self._pointer = QPointF(position) if self.area().contains(position) else None
        self._show_hover()
        self._overlay.update()

    def pointer_data(self) -> tuple[float, float] | None:
        """Data coordinates under the pointer, or None while it is elsewhere."""
        return None if self._pointer is None else self.to_data(self._pointer)

    def _show_hover(self) -> None:
        at = self.pointer_data()
        text = "" if at is None else self.hover_text(*at)
        if text and self._pointer is not None:
            self._hover.show_at(text, self._pointer.toPoint())
        else:
            self._hover.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Leave:
            self._pointer = None
            self._hover.hide()
            self._overlay.update()
        elif kind == QEvent.Type.MouseButtonPress:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Home:
            self.follow()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._overlay.setGeometry(self.rect())
        self._overlay.raise_()
        self.request_draw()  # labels have more room, or less

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._redraw.on_shown()
