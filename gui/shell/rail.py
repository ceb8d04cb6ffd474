"""The rail: ten papers in groups, each with its state and a small curve while it runs; home, library, scorecard."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.papers.contract import Paper
from gui.shell.actions import Actions
from gui.shell.icons import pixmap
from gui.shell.rows import heading, label, scaled, tool_button
from gui.shell.theme import theme
from gui.widgets.elided import ElidedLabel

WIDTH = 218
SMALL = 0.84  # of the size of the text around it
_SPARK_POINTS = 56


def thinned(values: NDArray[np.float64], most: int = _SPARK_POINTS) -> NDArray[np.float64]:
    """At most `most` of the values, the last one among them."""
    if len(values) <= most:
        return values
    chosen: NDArray[np.float64] = values[np.linspace(0, len(values) - 1, most).round().astype(int)]
    return chosen


def draw_spark(painter: QPainter, box: QRectF, values: NDArray[np.float64], color: QColor) -> None:
    """A curve without axes in `box`; infinite values are left out."""
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return
    low, high = float(values.min()), float(values.max())
    span = high - low or 1.0
    xs = np.linspace(box.left(), box.right(), len(values))
    ys = box.bottom() - (values - low) / span * box.height()
    painter.setPen(QPen(color, 1))
    painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in zip(xs, ys, strict=True)]))


class RailItem(QWidget):
    """One line of the rail, painted: a name, under it how the run stands, at the right the headline curve."""

    chosen = Signal(str)

    def __init__(self, name: str, text: str, icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self._text, self._icon = name, text, icon
        self._state, self._state_meaning = "", "muted"
        self._spark: NDArray[np.float64] = np.empty(0)
        self._is_current = self._is_hovered = False
        self.is_muted = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(text)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.on_theme_changed)

    def on_theme_changed(self) -> None:
        """Wear the palette in force."""
        self.update()

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        return QSize(WIDTH, 2 * line + 8 if self._state else line + 13)

    def set_current(self, is_current: bool) -> None:
        """Whether its page is shown."""
        if is_current != self._is_current:
            self._is_current = is_current
            self.update()

    def show_state(self, state: str, meaning: str, spark: NDArray[np.float64] | None = None) -> None:
        """How the run stands, in words, and its headline curve."""
        if spark is not None:
            self._spark = thinned(spark)
        if bool(state) != bool(self._state):
            self._state = state
            self.updateGeometry()
        self._state, self._state_meaning = state, meaning
        self.setAccessibleDescription(state)
        self.update()

    @property
    def state_text(self) -> str:
        """The words under the name."""
        return self._state

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme()
        box = QRectF(self.rect()).adjusted(9, 1, -8, -1)
        if self._is_current or self._is_hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color("raised"))
            painter.drawRoundedRect(box, 6, 6)
        if self._is_current:
            painter.setBrush(colors.color("accent"))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(QRectF(box.left(), box.top() + 6, 3, box.height() - 12), 1.5, 1.5)
        if self.hasFocus():
            painter.setPen(QPen(colors.color("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        self._paint_words(painter, box)
        painter.end()

    def _paint_words(self, painter: QPainter, box: QRectF) -> None:
        colors = theme()
        left = box.left() + 13
        if self._icon:
            icon: QPixmap = pixmap(self._icon, "muted", 16, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(left, box.center().y() - 8), icon)
            left += 24
        spark_width = 58 if len(self._spark) > 1 else 0
        metrics = painter.fontMetrics()
        height = metrics.height()
        top = box.top() + (box.height() - height * (2 if self._state else 1)) / 2
        room = box.right() - 6 - left
        painter.setPen(colors.color("muted" if self.is_muted and not self._is_current else "text"))
        text = metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(QRectF(left, top, room, height), Qt.AlignmentFlag.AlignVCenter, text)
        if not self._state:
            return
        painter.setFont(self._small())
        painter.setPen(colors.color(self._state_meaning))
        words = painter.fontMetrics().elidedText(self._state, Qt.TextElideMode.ElideRight, int(room - spark_width))
        painter.drawText(QRectF(left, top + height, room, height), Qt.AlignmentFlag.AlignVCenter, words)
        if spark_width:
            at = QRectF(box.right() - 6 - spark_width + 6, top + height + 2, spark_width - 6, height - 5)
            draw_spark(painter, at, self._spark, colors.color("model"))

    def _small(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * SMALL)
        return font

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self.name)
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEvent) -> None:
        self._is_hovered = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._is_hovered = False
        self.update()


class Rail(QFrame):
    """Names of pages: "home", "library", "scorecard" and the papers. `chosen(name)`."""

    chosen = Signal(str)

    def __init__(self, papers: Sequence[Paper], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH)
        self.setProperty("rail", True)
        self.items: dict[str, RailItem] = {}
        self.tools: dict[str, QToolButton] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 14, 0, 10)
        layout.setSpacing(0)
        layout.addWidget(self._build_name())
        layout.addWidget(self._build_papers(papers), 1)
        for name, text, icon in (("library", "Run library", "library"), ("scorecard", "Scorecard", "scorecard")):
            layout.addWidget(self._item(name, text, icon))
        self._tools = QHBoxLayout()
        self._tools.setContentsMargins(16, 6, 8, 0)
        self._tools.setSpacing(2)
        layout.addLayout(self._tools)
        layout.addWidget(self._build_machine())

    def _item(self, name: str, text: str, icon: str = "") -> RailItem:
        item = RailItem(name, text, icon)
        item.chosen.connect(self.chosen)
        self.items[name] = item
        return item

    def _build_name(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(20, 0, 8, 8)
        column.setSpacing(2)
        column.addWidget(heading("Atelier", 1.45))
        column.addWidget(self._small("ten papers, running"))
        return box

    def _small(self, text: str) -> QWidget:
        words = label(text, "muted")
        scaled(words, SMALL)
        return words

    def _build_papers(self, papers: Sequence[Paper]) -> QWidget:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._item("home", "Home", "home"))
        group = ""
        for paper in papers:
            if paper.group != group:
                group = paper.group
                heading = self._small(group.upper())
                heading.setContentsMargins(20, 10, 4, 3)
                column.addWidget(heading)
            item = self._item(paper.name, paper.short_title)
            item.is_muted = not paper.built
            item.setToolTip(paper.claim)
            column.addWidget(item)
        column.addStretch(1)
        area.setWidget(body)
        area.viewport().setAutoFillBackground(False)
        body.setAutoFillBackground(False)
        return area

    def _build_machine(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(20, 8, 8, 0)
        column.setSpacing(1)
        self._machine = (ElidedLabel(), ElidedLabel())
        for line in self._machine:
            scaled(line, SMALL)
            line.setProperty("role", "muted")
            column.addWidget(line)
        box.setAccessibleName("device, threads and memory")
        return box

    def add_tools(self, actions: Actions) -> None:
        """Buttons for the settings and for the theme, below the pages."""
        for action_id, text in (("settings", "Settings"), ("theme", "Theme")):
            button = tool_button(actions, action_id, "muted")
            button.setText(text)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            self._tools.addWidget(button)
            self.tools[action_id] = button
        self._tools.addStretch(1)

    def show_current(self, name: str) -> None:
        """Mark the page that is shown."""
        for item in self.items.values():
            item.set_current(item.name == name)

    def show_machine(self, device: str, memory: str) -> None:
        """Device and threads; memory."""
        self._machine[0].set_full_text(device)
        self._machine[1].set_full_text(memory)

    def show_score(self, holding: int, measured: int, total: int) -> None:
        """How many claims of all papers hold, of those that were measured here."""
        text = f"{holding} of {measured} claims hold" if measured else f"{total} claims, none measured"
        self.items["scorecard"].show_state(text, "muted")
