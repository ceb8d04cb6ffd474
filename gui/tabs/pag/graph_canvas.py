"""The graph under the hand: nodes and edges are added, moved and erased by mouse, and the start is chosen."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.tabs.pag.graph_view import GraphView

Mode = Literal["draw", "move", "erase", "start"]


class GraphCanvas(GraphView):
    """A `GraphView` whose `sketch` the mouse changes as `mode` says.

    sketch_changed: another graph or another start; refused(why) when a gesture makes no sense.
    """

    sketch_changed = Signal()
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mode: Mode = "draw"
        self._held: int | None = None
        self._hand: QPointF | None = None

    def paint_hand(self, painter: QPainter) -> None:
        """The line that is being pulled."""
        if self._held is not None and self._hand is not None and self.mode in ("draw", "start"):
            painter.setPen(QPen(theme().color("accent"), 2, Qt.PenStyle.DashLine))
            painter.drawLine(self.place(self._held), self._hand)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a node, add one, or erase."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        node = self.node_at(event.position())
        if self.mode == "erase":
            self._erase(node, event.position())
        elif node is not None:
            self._held, self._hand = node, event.position()
        elif self.mode == "draw":
            if self.sketch.add_node(self.unit(event.position()), self.most) < 0:
                self.refused.emit(f"The model has labels for {self.most} nodes: there is none left.")
            else:
                self.sketch_changed.emit()
            self.refresh()

    def _erase(self, node: int | None, position: QPointF) -> None:
        if node is not None:
            self.sketch.remove_node(node)
        elif (edge := self.edge_at(position)) is not None:
            self.sketch.remove_edge(*edge)
        else:
            return
        self.sketch_changed.emit()
        self.refresh()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pull a line, or move the node."""
        super().mouseMoveEvent(event)
        if self._held is None:
            return
        self._hand = event.position()
        if self.mode == "move":
            self.sketch.places[self._held] = self.unit(event.position())
        self.refresh()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """An edge, or the start of the circuit."""
        held, self._held, self._hand = self._held, None, None
        if held is None or event.button() != Qt.MouseButton.LeftButton:
            return
        node = self.node_at(event.position())
        if node is not None and node != held and self.mode in ("draw", "start"):
            if self.mode == "draw":
                self.sketch.toggle_edge(held, node)
                self.sketch_changed.emit()
            elif self.sketch.start(held, node):
                self.sketch_changed.emit()
            else:
                pair = f"{self.name_of(held)} and {self.name_of(node)}"
                self.refused.emit(f"The circuit has to start along an edge: there is none between {pair}.")
        self.refresh()
