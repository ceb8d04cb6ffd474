"""What is decoded and how: the source, the policy, and everything a hand changed; shared by the scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from engine.papers.pag_views import FilmQuery, Model, PaintedRow, Source


class Planning(QObject):
    """`query` is that of the view `film`; changed when it is another one, source_changed when another thing is read."""

    changed = Signal()
    source_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.query = FilmQuery()

    def set_query(self, **values: object) -> None:
        """Change parts of the query and tell once; nothing is told when it stays the same."""
        query = replace(self.query, **values)  # type: ignore[arg-type]
        if query != self.query:
            self.query = query
            self.changed.emit()

    # --- what is read -------------------------------------------------------------------------------------------

    def read(self, source: Source) -> None:
        """Another source; what the hand did to the last one is released."""
        if source != self.query.source:
            self.query = replace(self.query, source=source, switches=(), symbols=(), painted=(), follow_from=-1)
            self.changed.emit()
            self.source_changed.emit()

    def show_example(self, index: int) -> None:
        """A held-out example (their number is taken modulo)."""
        self.read(Source(index=index))

    def show_text(self, text: str) -> None:
        """A typed source; empty text returns to the example."""
        self.read(Source(index=self.query.source.index, text=text.strip()))

    def show_graph(self, edges: Sequence[tuple[int, int]], query: tuple[int, int] = (-1, -1)) -> None:
        """A graph drawn by hand: undirected edges and the pair (u, v) the circuit starts with."""
        index = self.query.source.index
        self.read(Source(index=index, edges=tuple(edges), query=query, is_drawn=True))

    def look_into(self, model: Model) -> None:
        """The model whose plan is shown and that the hands act on; they are released."""
        if model != self.query.target:
            self.set_query(target=model, switches=(), symbols=(), painted=(), follow_from=-1)

    def reset(self) -> None:
        """Another task: the first held-out example, no hands."""
        self.query = FilmQuery(target=self.query.target)
        self.changed.emit()
        self.source_changed.emit()

    # --- the hands ----------------------------------------------------------------------------------------------

    @property
    def switches(self) -> dict[int, bool]:
        """{step: re-plan?} as set by hand."""
        return dict(self.query.switches)

    @property
    def is_touched(self) -> bool:
        """Whether a hand changed anything about the decoding."""
        query = self.query
        return bool(query.switches or query.symbols or query.painted) or query.follow_from >= 0

    def turn_switch(self, step: int, replanned: bool) -> None:
        """The other thing at this step, or the model's own decision again; step 0 always plans."""
        if step <= 0:
            return
        switches = self.switches
        if step in switches:
            del switches[step]
        else:
            switches[step] = not replanned
        self.set_query(switches=tuple(sorted(switches.items())))

    def put_symbol(self, step: int, symbol: int) -> None:
        """Continue from another symbol at this step; later choices no longer hold. The same again releases it."""
        kept = {t: s for t, s in self.query.symbols if t < step}
        if dict(self.query.symbols).get(step) != symbol:
            kept[step] = symbol
        self.set_query(symbols=tuple(sorted(kept.items())))

    def paint_row(self, step: int, row: int, weights: Sequence[float]) -> None:
        """Another row of the plan at this step."""
        kept = tuple(p for p in self.query.painted if (p.step, p.row) != (step, row))
        self.set_query(painted=(*kept, PaintedRow(step, row, tuple(float(w) for w in weights))))

    def follow_from(self, step: int) -> None:
        """Only follow from this step on; -1: the model decides."""
        self.set_query(follow_from=step)

    def release(self) -> None:
        """Let go of everything."""
        self.set_query(switches=(), symbols=(), painted=(), follow_from=-1)
