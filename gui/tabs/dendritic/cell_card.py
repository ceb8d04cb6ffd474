"""One cell opened: its dendrites with their numbers, what it listens to, and what its apical dendrite asks for."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from engine.papers.dendritic_views import CellView
from gui.shell.icons import follow_theme
from gui.shell.theme import theme
from gui.tabs.dendritic.scaling import ERROR, palette_of, shade
from gui.widgets.painted import PaintedView, colored_image, draw_text, number, symmetric_range

HEIGHTS = (0.19, 0.41, 0.58)
"""Where apical compartment, soma and basal compartment are, as shares of the height."""
SAYS = {
    "raise": "fire more: strengthen the inputs that are active now",
    "lower": "fire less: weaken the inputs that are active now",
    "silent": "nothing: what comes from above is fully explained",
}
"""What each verdict of `CellView.says` means, in words."""


class CellDrawing(PaintedView):
    """The cell as a drawing: apical tuft with its two inputs, soma, basal dendrite, and the incoming weights."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("one pyramidal cell and its compartments", parent)
        self.view: CellView | None = None
        self._weights: QImage | None = None
        self._range = 0.0
        self.setMinimumSize(160, 130)

    def show_view(self, view: CellView | None) -> None:
        """Draw this cell (None: nothing)."""
        self.view = view
        self._weights = None
        if view is not None and view.weights.size:
            self._range = symmetric_range(view.weights)
            self._weights = colored_image(np.atleast_2d(view.weights), "signed", -self._range, self._range)
        self.refresh()

    def on_theme_changed(self) -> None:
        """Colour the weights anew."""
        self.show_view(self.view)

    def paint(self, painter: QPainter) -> None:
        """Dendrites in the middle, numbers on the right, weights below the basal dendrite."""
        view = self.view
        if view is None:
            draw_text(painter, self.rect(), "waiting for this cell …", Qt.AlignmentFlag.AlignCenter, "muted")
            return
        painter.setFont(self.small_font(0.86))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        h, x = float(self.height()), 42.0
        top, soma, basal = (h * share for share in HEIGHTS)
        self._dendrites(painter, x, top, soma, basal)
        signed, error = palette_of("signed"), palette_of("error")
        wanted = shade(np.array([view.v_apical], dtype=np.float32), ERROR)
        values = shade(np.array([view.u, view.v_basal], dtype=np.float32))
        self._disc(painter, x, top, 11, error[int(wanted[0])], "apical")
        self._disc(painter, x, soma, 15, signed[int(values[0])], "soma")
        self._disc(painter, x, basal, 9, signed[int(values[1])], "basal")
        self._numbers(painter, view, (top, soma, basal))
        self._paint_weights(painter, view, basal)

    def _dendrites(self, painter: QPainter, x: float, top: float, soma: float, basal: float) -> None:
        path = QPainterPath(QPointF(x, basal))
        path.lineTo(x, top)
        for dx in (-16.0, -6.0, 6.0, 16.0):
            path.moveTo(x, top)
            path.quadTo(x, top - 12, x + dx, top - 24)
        for dx in (-18.0, 0.0, 18.0):
            path.moveTo(x, basal)
            path.quadTo(x, basal + 8, x + dx, basal + 20)
        painter.setPen(QPen(theme().color("muted"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    def _disc(self, painter: QPainter, x: float, y: float, radius: float, fill: QColor, rim: str) -> None:
        painter.setPen(QPen(theme().color(rim), 1.5))
        painter.setBrush(fill)
        painter.drawEllipse(QPointF(x, y), radius, radius)

    def _numbers(self, painter: QPainter, view: CellView, rows: tuple[float, float, float]) -> None:
        left, width = 84.0, self.width() - 86.0
        line = painter.fontMetrics().height() + 0.0
        top, soma, basal = rows
        flags = Qt.AlignmentFlag.AlignVCenter
        for i, (text, meaning) in enumerate(
            (
                (f"top-down B r  {number(view.top_down)}", "muted"),
                (f"cancel Q rᴵ  {number(view.cancellation)}", "interneuron"),
                (f"apical vᴬ = {number(view.v_apical)}", "apical"),
                (f"backprop δ  {number(view.delta)}", "muted"),
            )
        ):
            draw_text(painter, QRectF(left, top - 1.7 * line + i * line, width, line), text, flags, meaning)
        draw_text(painter, QRectF(left, soma - line / 2, width, line), f"soma u = {number(view.u)}", flags, "soma")
        rate = QRectF(left, soma + line / 2, width, line)
        draw_text(painter, rate, f"rate φ(u) = {number(view.rate)}", flags, "muted")
        text = f"basal vᴮ = W r = {number(view.v_basal)}"
        draw_text(painter, QRectF(left, basal - line / 2, width, line), text, flags, "basal")

    def _paint_weights(self, painter: QPainter, view: CellView, basal: float) -> None:
        if self._weights is None:
            return
        box = self._weights_box(basal)
        painter.drawImage(box, self._weights)
        painter.setPen(QPen(theme().color("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        line = painter.fontMetrics().height()
        note = QRectF(box.right() + 8, box.y(), self.width() - box.right() - 10, line)
        draw_text(painter, note, "incoming W", Qt.AlignmentFlag.AlignVCenter, "muted")
        note.translate(0, line)
        draw_text(painter, note, f"full at ±{number(self._range, 3)}", Qt.AlignmentFlag.AlignVCenter, "muted")

    def _weights_box(self, basal: float) -> QRectF:
        assert self._weights is not None
        room = max(8.0, self.height() - basal - 32)
        if self._weights.height() == 1:
            return QRectF(8, basal + 28, max(40.0, self.width() - 110.0), min(room, 16.0))
        return QRectF(8, basal + 28, room, room)

    def hover_text(self, position: QPointF) -> str:
        """The weight under the pointer."""
        if self.view is None or self._weights is None:
            return ""
        box = self._weights_box(self.height() * HEIGHTS[2])
        if not box.contains(position):
            return ""
        weights = np.atleast_2d(self.view.weights)
        i = min(weights.shape[0] - 1, int((position.y() - box.y()) / box.height() * weights.shape[0]))
        j = min(weights.shape[1] - 1, int((position.x() - box.x()) / box.width() * weights.shape[1]))
        return f"W from input ({i}, {j}): {number(float(weights[i, j]))}"


class CellCard(QWidget):
    """The opened cell: heading with a close button, drawing, verdict in words. Closed: the person wants it away."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drawing = CellDrawing()
        self._heading = QLabel("One cell")
        self._heading.setProperty("role", "title")
        close = QToolButton()
        close.setIconSize(QSize(14, 14))
        close.setToolTip("Back to the strips of all cells")
        close.setAccessibleName("close the cell")
        follow_theme(close, "close", "muted")
        close.clicked.connect(self.closed)
        self._source = QLabel()
        self._source.setProperty("role", "muted")
        self._says = QLabel()
        self._says.setWordWrap(True)
        head = QHBoxLayout()
        head.addWidget(self._heading)
        head.addWidget(self._source, 1)
        head.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self.drawing, 1)
        layout.addWidget(self._says)

    def show_source(self, words: str) -> None:
        """Which picture its numbers belong to."""
        self._source.setText(words)

    def show_cell(self, area: int, cell: int) -> None:
        """Name the cell that was asked for; its picture follows."""
        self._heading.setText(f"Cell {cell} of area {area}")
        self.drawing.show_view(None)
        self._says.setText("")

    def show_view(self, view: CellView) -> None:
        """Draw the cell and say what its apical dendrite asks for."""
        self._heading.setText(f"Cell {view.cell} of area {view.area}")
        self.drawing.show_view(view)
        says = SAYS[view.says]
        if view.says != "silent" and view.delta == 0.0:
            says = "nothing about an error (δ is 0); a rest of what comes from above is not explained away"
        self._says.setText(f"Its apical dendrite says: {says}.")
