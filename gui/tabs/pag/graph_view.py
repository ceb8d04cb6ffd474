"""A graph as it is seen: the walk with its arrows, where the model looks and means to look, dead ends."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine.papers.pag_views import NEW_EDGE, NO_EDGE, Film, Graph
from gui.shell.theme import theme
from gui.tabs.pag.names import UNTRAINED
from gui.tabs.pag.sketch import Sketch, node_name
from gui.widgets.painted import PaintedView, draw_text, number

NEW, REPEATED, MISSING = "good", "warning", "bad"
"""Colours of a walked edge: walked first, walked again, not there at all."""
AHEAD = 3
"""Rows of the plan beyond now that are drawn."""
_LEAST = 0.12
NODE = 15.0
"""Radius of a node in pixels."""
_NEAR = 7.0


class GraphView(PaintedView):
    """`show_graph` what was read, `show_film` and `set_step` the walk; `sketch` is what is drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("the graph and the walk on it", parent)
        self.sketch = Sketch()
        self.graph: Graph | None = None
        self.film: Film | None = None
        self.step = 0
        self.most = 12
        self.shows_answer = False
        self.setMinimumSize(220, 180)

    # --- what is shown ------------------------------------------------------------------------------------------

    def show_graph(self, graph: Graph | None, is_drawn: bool) -> None:
        """What the engine read; a graph that is drawn by hand stays as the hand left it."""
        self.graph = graph
        if graph is not None:
            self.most = graph.largest
            if not is_drawn:
                edges = [(int(a), int(b)) for a, b in graph.edges]
                self.sketch.load([int(n) for n in graph.nodes], edges, graph.query)
            elif min(self.sketch.query) < 0 and self.is_current:
                self.sketch.query = graph.query
        self.refresh()

    def show_film(self, film: Film | None) -> None:
        """The walk of one model; None hides it."""
        self.film = film
        self.refresh()

    def set_step(self, step: int) -> None:
        """So many symbols are written."""
        if step != self.step:
            self.step = step
            self.refresh()

    def untangle(self, on: bool) -> None:
        """Nodes in the order of the solver's circuit, or in the order of their labels."""
        order = sorted(self.sketch.places)
        if on and self.graph is not None and len(self.graph.answer):
            tour = list(dict.fromkeys(int(n) for n in self.graph.answer))
            order = [n for n in tour if n in self.sketch.places] + [n for n in order if n not in tour]
        self.sketch.arrange(order)
        self.refresh()

    @property
    def is_current(self) -> bool:
        """Whether what the engine read is what stands on the canvas."""
        return self.graph is not None and self.sketch.same_edges(self.graph.edges)

    def data(self) -> dict[str, NDArray[Any]]:
        """{"edges", "query", "walk", "answer"}."""
        walk = self.film.walk if self.film is not None else None
        answer = self.graph.answer if self.graph is not None else np.zeros(0, np.int16)
        return {
            "edges": np.array(self.sketch.edges, np.int64).reshape(-1, 2),
            "query": np.array(self.sketch.query),
            "walk": walk.nodes if walk is not None else np.zeros(0, np.int16),
            "answer": answer,
        }

    # --- geometry -----------------------------------------------------------------------------------------------

    def _disc(self) -> tuple[QPointF, float]:
        line = self.fontMetrics().height()
        radius = max(20.0, min(self.width() / 2 - 3 * NODE, self.height() / 2 - NODE - 1.6 * line))
        return QPointF(self.width() / 2, self.height() / 2 - 0.3 * line), radius

    def place(self, node: int) -> QPointF:
        """Where a node stands, in pixels."""
        center, radius = self._disc()
        x, y = self.sketch.places[node]
        return QPointF(center.x() + radius * x, center.y() + radius * y)

    def unit(self, position: QPointF) -> tuple[float, float]:
        """Pixels to the unit disc, a little beyond it at most."""
        center, radius = self._disc()
        x, y = (position.x() - center.x()) / radius, (position.y() - center.y()) / radius
        return max(-1.4, min(1.4, x)), max(-1.1, min(1.1, y))

    def node_at(self, position: QPointF) -> int | None:
        """The node under a point."""
        for node in self.sketch.places:
            if QLineF(self.place(node), position).length() <= NODE:
                return node
        return None

    def edge_at(self, position: QPointF) -> tuple[int, int] | None:
        """The edge near a point."""
        for a, b in self.sketch.edges:
            if a != b and _distance(position, self.place(a), self.place(b)) <= _NEAR:
                return a, b
        return None

    # --- drawing ------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        """Edges by attention, what is planned, the walk, nodes, words."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.small_font())
        if not self.sketch.places:
            words = "An empty canvas: click to add nodes, drag from node to node to draw edges."
            draw_text(painter, self.rect(), words, Qt.AlignmentFlag.AlignCenter, "muted")
        self._paint_edges(painter)
        self._paint_plan(painter)
        self._paint_answer(painter)
        self._paint_walk(painter)
        self.paint_hand(painter)
        for node in self.sketch.places:
            self._paint_node(painter, node)
        self._paint_words(painter)

    def paint_hand(self, painter: QPainter) -> None:
        """What the mouse is about to draw."""

    def weights(self, row: int) -> NDArray[np.float64]:
        """Attention of row 0 (now) or of a later plan row on each edge of the graph [E], both directions summed."""
        film, graph = self.film, self.graph
        if film is None or graph is None or not self.is_current or self.step >= len(film.alpha):
            return np.zeros(0)
        if row >= film.intended.shape[2]:
            return np.zeros(len(graph.edges))
        tokens = film.intended[self.step, :, row] if row else film.alpha[self.step]
        weights = np.zeros(len(graph.edges))
        known = graph.token_edge >= 0
        np.add.at(weights, graph.token_edge[known], tokens[known])
        return weights

    def row_is_untrained(self, row: int) -> bool:
        """Whether a plan row got next to no training signal."""
        return self.film is not None and row < len(self.film.row_use) and bool(self.film.row_use[row] < UNTRAINED)

    def _paint_edges(self, painter: QPainter) -> None:
        weights = self.weights(0)
        looked = {}
        if len(weights) and self.graph is not None:
            looked = {tuple(sorted(map(int, e))): float(w) for e, w in zip(self.graph.edges, weights, strict=True)}
        for a, b in self.sketch.edges:
            painter.setPen(QPen(theme().color("border"), 2))
            if a == b:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(self.place(a) + QPointF(0, -NODE), NODE * 0.7, NODE * 0.7)
                continue
            painter.drawLine(self.place(a), self.place(b))
            weight = looked.get(tuple(sorted((a, b))), 0.0)
            if weight > 0.01:
                color = QColor(theme().color("model"))
                color.setAlphaF(min(1.0, 0.15 + 0.85 * weight))
                painter.setPen(QPen(color, 2 + 7 * weight))
                painter.drawLine(self.place(a), self.place(b))

    def _paint_plan(self, painter: QPainter) -> None:
        """Where rows 1 to 3 mean to look: dashes beside the edge, fainter the later; grey where never trained."""
        if self.graph is None:
            return
        for row in range(1, AHEAD + 1):
            weights = self.weights(row)
            for edge in np.flatnonzero(weights > _LEAST).tolist():
                a, b = (int(n) for n in self.graph.edges[edge])
                if a == b or a not in self.sketch.places or b not in self.sketch.places:
                    continue
                color = QColor(theme().color("muted" if self.row_is_untrained(row) else "error_positive"))
                color.setAlphaF(min(1.0, float(weights[edge]) * (1.1 - 0.25 * row) + 0.1))
                pen = QPen(color, 2)
                pen.setDashPattern([3, 2 + row])
                painter.setPen(pen)
                painter.drawLine(_beside(self.place(a), self.place(b), 3.5 * row))

    def _paint_answer(self, painter: QPainter) -> None:
        if self.shows_answer and self.graph is not None and self.is_current:
            nodes = [int(n) for n in self.graph.answer]
            for a, b in pairwise(nodes):
                painter.setPen(QPen(theme().color("target"), 1.5, Qt.PenStyle.DotLine))
                self._arrow(painter, _beside(self.place(a), self.place(b), -6.0), "target")

    def walked(self) -> int:
        """Edges of the walk that are done at this step; the last symbol closes the tour."""
        film = self.film
        if film is None or film.walk is None:
            return 0
        whole = len(film.walk.state)
        return whole if self.step >= len(film.shown) - 1 else min(whole, self.step)

    def _paint_walk(self, painter: QPainter) -> None:
        film = self.film
        if film is None or film.walk is None or not self.is_current:
            return
        walk, done = film.walk, self.walked()
        for i in range(done):
            a, b = int(walk.nodes[i]), int(walk.nodes[i + 1])
            if a not in self.sketch.places or b not in self.sketch.places or a == b:
                continue
            state = int(walk.state[i])
            meaning = NEW if state == NEW_EDGE else MISSING if state == NO_EDGE else REPEATED
            style = Qt.PenStyle.DashLine if state == NO_EDGE else Qt.PenStyle.SolidLine
            painter.setPen(QPen(theme().color(meaning), 2.5 if i == done - 1 else 1.7, style))
            self._arrow(painter, QLineF(self.place(a), self.place(b)), meaning, i + 1)
        if done == len(walk.state):
            painter.setPen(QPen(theme().color("bad"), 2.5, Qt.PenStyle.DashLine))
            for a, b in walk.stranded.tolist():
                if a in self.sketch.places and b in self.sketch.places:
                    painter.drawLine(self.place(a), self.place(b))

    def _arrow(self, painter: QPainter, line: QLineF, meaning: str, order: int = 0) -> None:
        """A line with its head shortly before the node, and the number of the step in its middle."""
        length = line.length()
        if length < 2 * NODE:
            return
        unit = QPointF(line.dx() / length, line.dy() / length)
        tip = line.p2() - unit * (NODE + 1)
        painter.drawLine(line.p1() + unit * NODE, tip)
        side = QPointF(-unit.y(), unit.x())
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color(meaning))
        painter.drawPolygon([tip, tip - unit * 10 + side * 5, tip - unit * 10 - side * 5])
        painter.restore()
        if order:
            at = line.pointAt(0.36)
            box = QRectF(at.x() - 8, at.y() - 7, 16, 14)
            painter.save()
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("card"))
            painter.drawEllipse(box)
            painter.restore()
            pen = painter.pen()
            draw_text(painter, box, str(order), Qt.AlignmentFlag.AlignCenter, meaning)
            painter.setPen(pen)

    def _paint_node(self, painter: QPainter, node: int) -> None:
        place = self.place(node)
        graph, walk = self.graph, self.film.walk if self.film is not None else None
        is_bad = graph is not None and self.is_current and node in graph.offending
        done = walk is not None and self.walked() == len(walk.state)
        if walk is not None and done and node == walk.dead_end and self.is_current:
            is_bad = True
        u, v = self.sketch.query
        rim = "bad" if is_bad else "accent" if node in (u, v) else "muted"
        here = walk is not None and self.is_current and self.walked() < len(walk.nodes)
        if here and walk is not None and int(walk.nodes[self.walked()]) == node:
            glow = QColor(theme().color("model"))
            glow.setAlpha(110)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(glow)
            painter.drawEllipse(place, NODE + 6, NODE + 6)
        painter.setPen(QPen(theme().color(rim), 3 if rim != "muted" else 1.5))
        painter.setBrush(theme().color("raised"))
        painter.drawEllipse(place, NODE, NODE)
        box = QRectF(place.x() - NODE, place.y() - NODE, 2 * NODE, 2 * NODE)
        draw_text(painter, box, self.name_of(node), Qt.AlignmentFlag.AlignCenter, "text")
        words = "start" if node == u else "then" if node == v else ""
        if walk is not None and done and node == walk.dead_end and self.is_current:
            words = "dead end"
        if words:
            line = painter.fontMetrics().height()
            wide = painter.fontMetrics().horizontalAdvance(words) + 4
            below = QRectF(place.x() - wide / 2, place.y() + NODE + 2, wide, line)
            painter.fillRect(below, theme().color("card"))
            draw_text(painter, below, words, Qt.AlignmentFlag.AlignCenter, rim)

    def name_of(self, node: int) -> str:
        """What the node is called."""
        graph = self.graph
        if graph is not None:
            known = [int(n) for n in graph.nodes]
            if node in known:
                return graph.names[known.index(node)]
        return node_name(node)

    def _paint_words(self, painter: QPainter) -> None:
        film = self.film
        line = painter.fontMetrics().height()
        below = QRectF(4, self.height() - line - 1, self.width() - 8, line)
        if film is None or film.intended.shape[2] <= 1 or not self.is_current:
            return
        untrained = [f"+{j}" for j in range(1, min(AHEAD + 1, film.intended.shape[2])) if self.row_is_untrained(j)]
        words = "dashes: where it plans to look next, fainter the later"
        if untrained:
            words = f"grey dashes: untrained row{'s' if len(untrained) > 1 else ''} {', '.join(untrained)}"
        draw_text(painter, below, words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "muted")

    # --- the pointer ---------------------------------------------------------------------------------------

    def hover_text(self, position: QPointF) -> str:
        """The node with its degree, or the edge with the attention on it."""
        node = self.node_at(position)
        if node is not None:
            degree = sum((a == node) + (b == node) for a, b in self.sketch.edges)
            odd = ": odd, so no circuit" if degree % 2 else ""
            return f"node {self.name_of(node)}, degree {degree}{odd}"
        edge = self.edge_at(position)
        if edge is None:
            return ""
        lines = [f"edge {self.name_of(edge[0])} – {self.name_of(edge[1])}"]
        graph = self.graph
        if graph is not None and self.is_current:
            index = next(i for i, e in enumerate(graph.edges.tolist()) if sorted(map(int, e)) == sorted(edge))
            for row in range(AHEAD + 1):
                weights = self.weights(row)
                if len(weights) and self.film is not None and row < self.film.intended.shape[2]:
                    name = "looks at it now with" if row == 0 else f"plans it at +{row} with"
                    untrained = " (untrained row)" if self.row_is_untrained(row) else ""
                    lines.append(f"{name} {number(float(weights[index]), 3)}{untrained}")
        return "\n".join(lines)


def _beside(a: QPointF, b: QPointF, by: float) -> QLineF:
    """The line from a to b, moved sideways by so many pixels (the same side for both directions)."""
    line = QLineF(a, b)
    length = max(1.0, line.length())
    side = QPointF(-line.dy() / length, line.dx() / length) * by
    if (a.x(), a.y()) > (b.x(), b.y()):
        side = -side
    return QLineF(a + side, b + side)


def _distance(p: QPointF, a: QPointF, b: QPointF) -> float:
    """From a point to the stretch between two others."""
    dx, dy = b.x() - a.x(), b.y() - a.y()
    along = ((p.x() - a.x()) * dx + (p.y() - a.y()) * dy) / max(1e-9, dx * dx + dy * dy)
    along = max(0.0, min(1.0, along))
    return math.hypot(p.x() - a.x() - along * dx, p.y() - a.y() - along * dy)
