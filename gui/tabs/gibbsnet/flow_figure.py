"""What flows where: the paper's Figure 1, alive; forward in full, and the gradient that comes back along each arrow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from engine.papers.gibbsnet_views import FlowView
from gui.shell.theme import theme
from gui.tabs.gibbsnet.names import CLAMPED, UNCLAMPED, pictures
from gui.widgets.painted import PaintedView, colored_image, draw_text, number

GRADIENT = "error_positive"
_MOST_PASSES = 4
"""More passes than these are drawn as the first, dots, and the last ones."""
_WIDE = 60.0
"""Arrows shorter than this have room for one digit of their norm."""
_REACH = 3.0
"""Half the range of the small latent planes, in standard deviations of N(0, I)."""


@dataclass(frozen=True, slots=True)
class Node:
    """A picture or a latent. key: as in the names of the arrows; pass_: which decoder pass (0: data)."""

    key: str
    kind: Literal["x", "z", "D"]
    pass_: int
    box: QRectF


class FlowFigure(PaintedView):
    """Draws a `FlowView`. A click on an arrow that has a switch tells its knob: `switch_clicked(knob)`."""

    switch_clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("what flows where", parent)
        self.view: FlowView | None = None
        self._names: dict[str, int] = {}
        self.setMinimumSize(260, 120)

    def show_view(self, view: FlowView) -> None:
        """Thumbnails, norms, cuts."""
        self.view = view
        self._names = {name: i for i, name in enumerate(view.arrows)}
        self.refresh()

    def data(self) -> dict[str, NDArray[Any]]:
        """{"arrow", "gradient norm", "is cut"}."""
        view = self.view
        if view is None:
            return {}
        return {"arrow": np.array(view.arrows, dtype=np.str_), "gradient norm": view.norm, "is cut": view.is_cut}

    # --- geometry -----------------------------------------------------------------------------------------------

    def passes(self) -> list[int]:
        """Numbers of the passes that are drawn, 0 standing for dots."""
        assert self.view is not None
        K = self.view.K
        return list(range(1, K + 1)) if K <= _MOST_PASSES else [1, 0, K - 1, K]

    def nodes(self) -> dict[str, Node]:
        """Every node by its key, in widget pixels."""
        passes = self.passes()
        slots = 2 * len(passes) + 1  # z and x of each pass, then D
        line = self.fontMetrics().height()
        wide = self.width() / slots
        side = max(16.0, min(wide * 0.56, self.height() / 2 - 3.4 * line))
        top, bottom = 0.9 * line + side / 2, self.height() - 3.3 * line - side / 2
        made: dict[str, Node] = {}

        def put(key: str, kind: Literal["x", "z"], number_: int, slot: float, y: float) -> None:
            box = QRectF(slot * wide + (wide - side) / 2, y - side / 2, side, side)
            made[key] = Node(key, kind, number_, box)

        for i, k in enumerate(passes):
            if k:
                put(f"z{k}", "z", k, 2 * i, bottom)
                put(f"x{k}", "x", k, 2 * i + 1, bottom)
        last = 2 * len(passes) - 1
        put("x", "x", 0, last - 1, top)
        put("zhat", "z", 0, last, top)
        d = QRectF((slots - 1) * wide + wide * 0.12, top - side / 2, wide * 0.8, bottom - top + side)
        made["D"] = Node("D", "D", -1, d)
        return made

    def arrow_lines(self) -> dict[str, tuple[QPointF, QPointF]]:
        """Start and end of every drawn arrow, by its name."""
        nodes, drawn = self.nodes(), {}
        for name in (*(self.view.arrows if self.view else ()), "x->D"):
            source, target = name.split("->")
            if source in nodes and target in nodes:
                drawn[name] = self._ends(nodes[source], nodes[target])
        return drawn

    def _ends(self, source: Node, target: Node) -> tuple[QPointF, QPointF]:
        """From the right edge of one to the left edge of the other; into D at its own height, around neighbours."""
        a, b = source.box, target.box
        if target.kind != "D":
            return QPointF(a.right() + 3, a.center().y()), QPointF(b.left() - 3, b.center().y())
        if source.key in ("x", f"z{self.view.K if self.view else 1}"):  # passes above or below its neighbour
            up = -1.0 if source.key == "x" else 1.0
            y = a.center().y() + up * (a.height() / 2 + 9)
            return QPointF(a.right() + 3, y), QPointF(b.left() - 3, y)
        return QPointF(a.right() + 3, a.center().y()), QPointF(b.left() - 3, a.center().y())

    # --- drawing ------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        """Lanes, nodes, arrows, D."""
        view = self.view
        if view is None:
            return
        painter.setFont(self.small_font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        nodes = self.nodes()
        line = painter.fontMetrics().height()
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        above = QRectF(4, nodes["x"].box.center().y() - line / 2, nodes["x"].box.left() - 30, line)
        words = "clamped: starts at data, q infers z"
        if painter.fontMetrics().horizontalAdvance(words) <= above.width():
            draw_text(painter, above, words, left, CLAMPED)
        below = QRectF(4, self.height() - line, self.width() * 0.6, line)
        draw_text(
            painter,
            below,
            f"unclamped: starts at N(0, I), {view.K} decoder pass{'es' if view.K > 1 else ''}",
            left,
            UNCLAMPED,
        )
        for name, (start, end) in self.arrow_lines().items():
            self._paint_arrow(painter, name, start, end)
        for node in nodes.values():
            self._paint_node(painter, node)
        if 0 in self.passes():
            box = nodes["x1"].box.united(nodes[f"z{view.K - 1}"].box)
            draw_text(painter, box, f"… {view.K - 3} passes …", Qt.AlignmentFlag.AlignCenter, "muted")

    def _paint_arrow(self, painter: QPainter, name: str, start: QPointF, end: QPointF) -> None:
        """Forward: a line in the colour of its lane. Backward: a wedge as thick as the gradient, with its norm."""
        view = self.view
        assert view is not None
        index = self._names.get(name)
        clamped = name.startswith(("x->", "zhat"))
        painter.setPen(QPen(theme().color(CLAMPED if clamped else UNCLAMPED), 1.4))
        painter.drawLine(start, end)
        _head(painter, start, end, theme().color(CLAMPED if clamped else UNCLAMPED))
        if index is None:
            return
        norm, cut = float(view.norm[index]), bool(view.is_cut[index])
        back = QPointF(0, 6)
        painter.setPen(self._gradient_pen(norm, cut))
        painter.drawLine(end + back, start + back)
        if not cut and norm > 0:
            _head(painter, end + back, start + back, theme().color(GRADIENT))
        line = painter.fontMetrics().height()
        middle = (start + end) / 2
        room = abs(end.x() - start.x())
        text = "cut" if cut else number(norm, 2 if room > _WIDE else 1)
        if room < painter.fontMetrics().horizontalAdvance(text) and not cut:
            text = ""  # the pointer tells it
        room = max(room, 30.0)
        box = QRectF(middle.x() - room / 2, middle.y() + 9, room, line)
        draw_text(painter, box, text, Qt.AlignmentFlag.AlignCenter, "bad" if cut else "muted")
        if cut:
            painter.setPen(QPen(theme().color("bad"), 2))
            for dx in (-2.0, 3.0):
                painter.drawLine(middle + QPointF(dx - 3, 11), middle + QPointF(dx + 3, 1))
        if name in view.switches:
            painter.setPen(QPen(theme().color("border"), 1))
            painter.setBrush(theme().color("bad" if cut else "good"))
            painter.drawEllipse(middle + QPointF(0, -7), 4, 4)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _gradient_pen(self, norm: float, cut: bool) -> QPen:
        """As thick as the norm, in decades, over the norms of all arrows."""
        assert self.view is not None
        finite = self.view.norm[np.isfinite(self.view.norm) & (self.view.norm > 0)]
        top = float(finite.max()) if finite.size else 1.0
        if cut or norm <= 0 or not math.isfinite(norm):
            return QPen(theme().color("border"), 1, Qt.PenStyle.DotLine)
        share = min(1.0, max(0.0, 1.0 + math.log10(norm / top) / 3.0))
        return QPen(theme().color(GRADIENT), 1.0 + 3.0 * share)

    def _paint_node(self, painter: QPainter, node: Node) -> None:
        view = self.view
        assert view is not None
        line = painter.fontMetrics().height()
        if node.kind == "D":
            self._paint_judge(painter, node.box)
            return
        lane = CLAMPED if node.pass_ == 0 else UNCLAMPED
        painter.fillRect(node.box, theme().color("raised"))
        if node.kind == "x":
            image = view.x_data if node.pass_ == 0 else view.x_chain[node.pass_ - 1]
            self._paint_picture(painter, node.box, image)
        else:
            at = view.zhat_plane if node.pass_ == 0 else view.z_plane[node.pass_ - 1]
            self._paint_plane(painter, node.box, np.asarray(at), lane)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().color(lane), 1.4))
        painter.drawRect(node.box)
        words = {"x": "x, data", "zhat": "ẑ ~ q(z|x)"}.get(node.key, f"{node.kind}{node.pass_}".translate(_LOW))
        y = node.box.bottom() + 2 if node.pass_ == 0 else node.box.top() - line - 1
        box = QRectF(node.box.left() - 24, y, node.box.width() + 48, line)
        draw_text(painter, box, words, Qt.AlignmentFlag.AlignCenter, "text")

    def _paint_picture(self, painter: QPainter, box: QRectF, image: NDArray[np.uint8]) -> None:
        if image.shape[:2] == (1, 2):  # a point of the plane, not a picture
            x, y = (image.reshape(-1)[:2] / 255.0).tolist()
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("text"))
            painter.drawEllipse(QPointF(box.left() + x * box.width(), box.bottom() - y * box.height()), 3, 3)
            return
        plain = pictures(image)
        if plain.ndim == 3:
            rgb = np.ascontiguousarray(plain)
            h, w, _ = rgb.shape
            painter.drawImage(box, QImage(rgb.data, w, h, 3 * w, QImage.Format.Format_RGB888).copy())
        else:
            painter.drawImage(box, colored_image(plain, "grey", 0, 255))

    def _paint_plane(self, painter: QPainter, box: QRectF, at: NDArray[Any], lane: str) -> None:
        """A small latent plane with the circle of N(0, I) and the point."""
        painter.setPen(QPen(theme().color("muted"), 1, Qt.PenStyle.DotLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = box.width() / 2 / _REACH
        painter.drawEllipse(box.center(), radius, radius)
        x, y = (np.clip(np.nan_to_num(at), -_REACH, _REACH) / _REACH).tolist()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color(lane))
        painter.drawEllipse(
            QPointF(box.center().x() + x * box.width() / 2, box.center().y() - y * box.height() / 2), 3.2, 3.2
        )

    def _paint_judge(self, painter: QPainter, box: QRectF) -> None:
        view = self.view
        assert view is not None
        painter.setPen(QPen(theme().color("text"), 1.2))
        painter.setBrush(theme().color("raised"))
        painter.drawRoundedRect(box, 8, 8)
        line, middle = painter.fontMetrics().height(), Qt.AlignmentFlag.AlignCenter
        draw_text(painter, QRectF(box.left(), box.center().y() - line, box.width(), line), "D", middle, "text")
        words = QRectF(box.left(), box.center().y(), box.width(), line)
        draw_text(painter, words, "mean logit", middle, "muted")
        for value, y, meaning in (
            (view.logit_data, box.top() + 4, CLAMPED), (view.logit_model, box.bottom() - line - 4, UNCLAMPED),
        ):  # fmt: skip
            draw_text(painter, QRectF(box.left(), y, box.width(), line), f"{value:+.2f}", middle, meaning)

    # --- the hand -----------------------------------------------------------------------------------------------

    def _arrow_at(self, position: QPointF) -> str:
        """The arrow within a few pixels, "" for none."""
        for name, (start, end) in self.arrow_lines().items():
            box = QRectF(start, end).normalized().adjusted(-4, -12, 4, 22)
            if box.contains(position) and name in self._names:
                return name
        return ""

    def hover_text(self, position: QPointF) -> str:
        """What the arrow carries, and the gradient along it."""
        name = self._arrow_at(position) if self.view is not None else ""
        if not name or self.view is None:
            return ""
        i = self._names[name]
        cut = "\nno gradient passes here" if self.view.is_cut[i] else ""
        knob = self.view.switches.get(name, "")
        switch = f"\nclick: {'let it pass' if self.view.is_cut[i] else 'cut it'} (knob {knob})" if knob else ""
        return f"{name}\ngradient of the generator: {number(float(self.view.norm[i]))}{cut}{switch}"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Cut or let pass."""
        name = self._arrow_at(event.position()) if self.view is not None else ""
        if name and self.view is not None and name in self.view.switches:
            self.switch_clicked.emit(self.view.switches[name])


_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _head(painter: QPainter, start: QPointF, end: QPointF, color: QColor) -> None:
    """The head of an arrow at `end`."""
    dx, dy = end.x() - start.x(), end.y() - start.y()
    length = math.hypot(dx, dy)
    if length < 4:
        return
    ux, uy = dx / length * 6, dy / length * 6
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawPolygon(
        QPolygonF([end, end - QPointF(ux - uy * 0.6, uy + ux * 0.6), end - QPointF(ux + uy * 0.6, uy - ux * 0.6)])
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)
