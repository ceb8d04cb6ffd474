"""Each model's walk beside the solver's: exact match, set match and validity are three different things."""

from __future__ import annotations

from engine.papers.pag_views import FilmView
from gui.tabs.pag.names import COLOURS, model_name
from gui.tabs.pag.sketch import node_name
from gui.tabs.pag.text_table import TextTable

SET_MATCH = "Set match is what the reference code calls accuracy: the same nodes, in any order. It is not a circuit."


class WalksCard(TextTable):
    """One line per model."""

    def __init__(self) -> None:
        super().__init__("the walk of each model")

    def show_view(self, view: FilmView, hidden: bool = False) -> None:
        """The walks of this graph; hidden: they were not asked for."""
        graph = view.graph
        if graph is None:
            self.show_rows((), ())
            return
        answer = " ".join(node_name(int(n)) for n in graph.answer)
        rows: list[tuple[str | tuple[str, str], ...]] = [
            (("solver", "target"), (answer or "no circuit", "target" if answer else "bad"), "", "", "")
        ]
        faults = []
        for film in view.films if not hidden else ():
            walk = film.walk
            if walk is None:
                continue
            name = (model_name(film.model), COLOURS[film.model])
            nodes = " ".join(node_name(int(n)) for n in walk.nodes)
            rows.append((name, nodes, *(_tick(v) for v in (walk.exact, walk.same_set, walk.valid))))
            if walk.words:
                faults.append(f"{model_name(film.model)}: {walk.words}")
        many = "many" if graph.circuits < 0 else f"{graph.circuits}"
        ways = f"{many} circuit{'' if graph.circuits == 1 else 's'} with this start. " if answer else ""
        self.show_rows(("", "walk ", "exact", "set", "valid"), rows, f"{ways}{' '.join(faults)} {SET_MATCH}".strip())


def _tick(holds: bool) -> tuple[str, str]:
    return ("✓", "good") if holds else ("✗", "bad")
