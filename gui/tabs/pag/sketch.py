"""The graph under the hand: nodes with places, undirected edges, where the circuit starts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

Edge = tuple[int, int]
NO_QUERY: Edge = (-1, -1)
LETTERS = 26
_PAIR = re.compile(r"^([A-Za-z]|\d+)[-–]([A-Za-z]|\d+)$")


def node_name(label: int) -> str:
    """Letters, as the tasks call their nodes: 0 is A."""
    return chr(ord("A") + label) if 0 <= label < LETTERS else str(label)


def _label(name: str) -> int:
    """The other way round; digits stand for themselves."""
    return int(name) if name.isdigit() else ord(name.upper()) - ord("A")


class SketchError(ValueError):
    """A list of edges cannot be read; the text says which part and what is expected."""


class Sketch:
    """Labels from 0; places (x, y) in the unit disc; edges as drawn; query (u, v) or NO_QUERY."""

    def __init__(self) -> None:
        self.places: dict[int, tuple[float, float]] = {}
        self.edges: list[Edge] = []
        self.query: Edge = NO_QUERY

    def load(self, nodes: Iterable[int], edges: Sequence[Edge], query: Edge) -> None:
        """Another graph; nodes that are still there keep their places unless others came or went."""
        labels = sorted(nodes)
        self.edges, self.query = [(int(a), int(b)) for a, b in edges], (int(query[0]), int(query[1]))
        if labels != sorted(self.places):
            self.arrange(labels)

    def arrange(self, order: Sequence[int]) -> None:
        """Put the nodes on the circle in this order, the first at the top."""
        turn = 2 * math.pi / max(1, len(order))
        self.places = {n: (math.sin(i * turn), -math.cos(i * turn)) for i, n in enumerate(order)}

    def same_edges(self, edges: Iterable[Sequence[int]]) -> bool:
        """Whether these are the edges of the sketch, in any order and direction."""
        return sorted(map(_sorted, self.edges)) == sorted(_sorted((int(e[0]), int(e[1]))) for e in edges)

    # --- gestures -----------------------------------------------------------------------------------------------

    def add_node(self, place: tuple[float, float], most: int) -> int:
        """A node with the smallest free label below `most`; -1 when all labels are taken."""
        label = next((n for n in range(most) if n not in self.places), -1)
        if label >= 0:
            self.places[label] = place
        return label

    def remove_node(self, node: int) -> None:
        """The node and its edges."""
        self.places.pop(node, None)
        self.edges = [e for e in self.edges if node not in e]
        if node in self.query:
            self.query = NO_QUERY

    def toggle_edge(self, a: int, b: int) -> None:
        """Draw an edge, or take it away when it is there."""
        if not self.remove_edge(a, b):
            self.edges.append((a, b))

    def remove_edge(self, a: int, b: int) -> bool:
        """Take one edge away; whether there was one."""
        found = next((e for e in self.edges if _sorted(e) == _sorted((a, b))), None)
        if found is None:
            return False
        self.edges.remove(found)
        if _sorted(self.query) == _sorted((a, b)):
            self.query = NO_QUERY
        return True

    def start(self, u: int, v: int) -> bool:
        """The circuit begins with this edge; False when there is no such edge."""
        if _sorted((u, v)) not in map(_sorted, self.edges):
            return False
        self.query = (u, v)
        return True

    # --- words --------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """The edges as they can be typed: `A-B B-C C-A`."""
        return " ".join(f"{node_name(a)}-{node_name(b)}" for a, b in self.edges)

    def read(self, text: str) -> None:
        """Edges from such a text. Raises `SketchError` naming the part that is not two labels with a hyphen."""
        edges = []
        for part in re.split(r"[\s,;]+", text.strip()):
            if not part:
                continue
            pair = _PAIR.match(part)
            if pair is None:
                raise SketchError(f"“{part}” is not an edge: write two node labels with a hyphen, like A-B B-C C-A")
            edges.append((_label(pair[1]), _label(pair[2])))
        kept = {_sorted(e) for e in edges}
        self.load({n for e in edges for n in e}, edges, self.query if _sorted(self.query) in kept else NO_QUERY)


def _sorted(edge: Edge) -> Edge:
    return (min(edge), max(edge))
