"""Eulerian circuits: drawn by hand or at random, walked by the model edge by edge, checked against the solver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from engine.papers.pag import GRAPH_TASKS, PagParams
from engine.papers.pag_views import DrawArguments, Drawing, Film, FilmView
from gui.shell.rows import keep_keys, label, push_button, set_role
from gui.tabs.pag.graph_canvas import GraphCanvas, Mode
from gui.tabs.pag.graph_view import MISSING, NEW, REPEATED
from gui.tabs.pag.growth_card import GrowthCard
from gui.tabs.pag.names import TARGETS, WAITING, film_of, model_name
from gui.tabs.pag.planning import Planning
from gui.tabs.pag.ribbon import Ribbon
from gui.tabs.pag.sketch import SketchError
from gui.tabs.pag.walks_card import WalksCard
from gui.widgets.flow import FlowRow
from gui.widgets.legend import LegendEntry
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.segments import Segments, icon_button, switch
from gui.widgets.stacked import Stacked
from gui.widgets.timeline import Timeline

if TYPE_CHECKING:
    from gui.shell.bench import Bench

RATE = 2.0
"""Symbols a second while the walk is drawn."""
MODES: tuple[tuple[Mode, str], ...] = (("draw", "Draw"), ("move", "Move"), ("erase", "Erase"), ("start", "Start u → v"))
TIPS = (
    "Click: a node. Drag from node to node: an edge, or take it away",
    "Drag nodes to other places",
    "Click a node or an edge",
    "Drag from u to v: the circuit starts with this edge",
)
NO_GRAPH = "This preset reads text. Choose “Eulerian circuits” above to see walks and to draw graphs."
HINT = "Here the models re-plan at nearly every step: looking again is cheap, and the future hard to foresee."


class GraphScene(QWidget):
    """The canvas with its ribbon and timeline, the walks in words, and graphs of growing size."""

    least_height = 560

    def __init__(self, bench: Bench, planning: Planning, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._planning = bench, planning
        self.view: FilmView | None = None
        self._draws = 0
        canvas, walks, growth = self._canvas_panel(), self._walks_panel(), self._growth_panel()
        self.symbols = {"graph": canvas, "walks": walks, "growth": growth}
        self.grid = PanelGrid()
        self.grid.arrange(row(canvas, column(walks, growth, stretch=(4, 5)), stretch=(6, 4)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        self._watch = bench.watch("film", self, self.draw_film, planning.query)
        planning.changed.connect(self.on_planning_changed)
        planning.source_changed.connect(lambda: self.timeline.set_position(0))
        bench.run_state_changed.connect(self.on_run_state_changed)
        bench.params_changed.connect(self.on_run_state_changed)
        self.on_planning_changed()
        self.on_run_state_changed()

    # --- the panels ---------------------------------------------------------------------------------------------

    def _canvas_panel(self) -> Panel:
        self.canvas, self.ribbon = GraphCanvas(), Ribbon()
        self.timeline = Timeline("symbols of the walk", surface="card")
        self.timeline.set_rate(RATE)
        self.timeline.set_loop(True)
        self.timeline.set_text(lambda t: f"step {t + 1} of {self.timeline.length}")
        self.timeline.position_changed.connect(self.on_step)
        self.ribbon.step_clicked.connect(self.on_ribbon)
        self.canvas.sketch_changed.connect(self.on_sketch_changed)
        self.canvas.refused.connect(self._say_fault)
        self.words = label("", "muted", wrap=True)
        above, below = QWidget(), QWidget()
        up, down = QVBoxLayout(above), QVBoxLayout(below)
        for layout in (up, down):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(3)
        up.addWidget(self._tools())
        up.addLayout(self._sources())
        up.addWidget(self.words)
        down.addWidget(self.ribbon)
        down.addWidget(self.timeline)
        self.canvas_panel = self._bench.panel("The graph", Stacked(self.canvas, above=above, below=below))
        self.canvas_panel.set_legend(
            [
                LegendEntry("looks at", "model"),
                LegendEntry("walked", NEW),
                LegendEntry("again", REPEATED),
                LegendEntry("no edge, stranded", MISSING, "dashed"),
            ]
        )
        return self.canvas_panel

    def _tools(self) -> QWidget:
        self.mode = Segments([words for _, words in MODES], "what the mouse does")
        for i, tip in enumerate(TIPS):
            self.mode.button(i).setToolTip(tip)
        self.mode.chosen.connect(self.on_mode)
        self.target = Segments([model_name(m) for m in TARGETS], "whose walk is drawn")
        self.target.chosen.connect(lambda i: self._planning.look_into(TARGETS[i]))
        self.answer = switch("Solver", "Draw the exact solver's circuit, dotted")
        self.answer.toggled.connect(self.on_answer)
        self.untangled = switch("Untangle", "Nodes in the order of the solver's circuit")
        self.untangled.toggled.connect(self.canvas.untangle)
        self.attempt = switch("Let the model try", "There is no circuit; draw what the model does all the same")
        self.attempt.toggled.connect(lambda _on: self._show_walk())
        return FlowRow((self.mode, self.target, self.answer, self.untangled, self.attempt))

    def _sources(self) -> QHBoxLayout:
        self.circuit, self.distractor = QSpinBox(), QSpinBox()
        self.circuit.setRange(3, 12)
        self.circuit.setValue(6)
        self.circuit.setPrefix("n = ")
        self.circuit.setToolTip("Nodes on the circuit")
        self.distractor.setRange(0, 8)
        self.distractor.setValue(4)
        self.distractor.setPrefix("m = ")
        self.distractor.setToolTip("Nodes of a second circuit that does not matter: 0 or at least 3")
        self.any = icon_button("dice", "A random graph of this size", self.on_any)
        self.held_out = push_button("Held-out", self.on_held_out, "The next held-out graph of the task")
        self.clear = icon_button("trash", "An empty canvas", self.on_clear)
        self.field = QLineEdit()
        self.field.setPlaceholderText("edges: A-B B-C C-A")
        self.field.setAccessibleName("edges of the graph")
        keep_keys(self.field, Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_Right)
        self.field.returnPressed.connect(self.on_typed)
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.field, 1)
        for widget in (self.circuit, self.distractor, self.any, self.held_out, self.clear):
            line.addWidget(widget)
        return line

    def _walks_panel(self) -> Panel:
        self.walks = WalksCard()
        self.walks_panel = self._bench.panel("Model against solver", self.walks)
        return self.walks_panel

    def _growth_panel(self) -> Panel:
        self.growth = GrowthCard(self._bench)
        self.growth_panel = self._bench.panel("Graphs of growing size", self.growth.body)
        return self.growth_panel

    # --- what arrives -------------------------------------------------------------------------------------------

    def set_stale(self, reason: str) -> None:
        """The walks belong to older settings; "" makes them fresh."""
        for panel in (self.canvas_panel, self.walks_panel):
            panel.set_stale(reason)

    @property
    def film(self) -> Film | None:
        """The decoding whose walk is drawn."""
        return film_of(self.view, self._planning.query.target)

    def draw_film(self, view: FilmView | None) -> None:
        """Another decoding of this graph, or of another one."""
        self.view = view
        self.on_run_state_changed()
        if view is None or view.graph is None:
            return
        source = self._planning.query.source
        before = self.canvas.graph
        self.canvas.show_graph(view.graph, source.is_drawn)
        if self.untangled.isChecked() and (before is None or not self.canvas.sketch.same_edges(before.edges)):
            self.canvas.untangle(True)
        if not source.is_drawn and not self.field.hasFocus():
            self._show_edges()
        self._show_words(view)
        self._show_walk()

    def _show_words(self, view: FilmView) -> None:
        """Why there is no circuit, or what is unusual."""
        graph = view.graph
        assert graph is not None
        words, role = HINT, "muted"
        if graph.why_not:
            words, role = graph.why_not, "bad"
            if not graph.can_try:
                words += f" The model has labels for {graph.largest} nodes."
        elif view.trouble:
            words, role = view.trouble, "bad"
        elif not view.step:
            words, role = "Not trained yet: the walk is chance. Press Train.", "warning"
        elif view.badge:
            words, role = view.badge, "warning"
        self.words.setText(words)
        set_role(self.words, role)
        self.attempt.setVisible(bool(graph.why_not))
        self.attempt.setEnabled(graph.can_try)

    def _show_walk(self) -> None:
        view = self.view
        if view is None or view.graph is None:
            return
        hidden = bool(view.graph.why_not) and not self.attempt.isChecked()
        film = None if hidden else self.film
        self.canvas.show_film(film)
        self.ribbon.show_film(film, view.reference)
        self.walks.show_view(view, hidden)
        count = len(film.shown) if film is not None else 0
        if self.timeline.length != count:
            is_first = self.timeline.length == 0 and count > 0
            self.timeline.set_length(count)
            if is_first:
                self.timeline.set_position(0)
                self.timeline.play()
        self.on_step(self.timeline.position)

    # --- gestures -----------------------------------------------------------------------------------------------

    def on_step(self, step: int) -> None:
        """So many symbols are written."""
        self.canvas.set_step(step)
        self.ribbon.set_step(step)

    def on_mode(self, index: int) -> None:
        """What the mouse does."""
        self.canvas.mode = MODES[index][0]

    def on_answer(self, on: bool) -> None:
        """Draw the solver's circuit or not."""
        self.canvas.shows_answer = on
        self.canvas.refresh()

    def on_sketch_changed(self) -> None:
        """The hand drew: read this graph."""
        sketch = self.canvas.sketch
        self._show_edges()
        self._planning.show_graph(sketch.edges, sketch.query)

    def on_typed(self) -> None:
        """Edges as words; what cannot be read is said at the field."""
        try:
            self.canvas.sketch.read(self.field.text())
        except SketchError as error:
            self._say_fault(str(error))
            return
        self.canvas.refresh()
        self.on_sketch_changed()

    def on_any(self) -> None:
        """A random graph of the size in the boxes."""
        nodes = self.distractor.value()
        if 0 < nodes < 3:
            self.distractor.setValue(nodes := 3)
        self._draws += 1
        arguments = DrawArguments(self.circuit.value(), nodes, seed=self._draws)
        self._bench.ask("draw_graph", arguments, self.on_drawn, on_error=self._say_fault)

    def on_drawn(self, drawing: Drawing) -> None:
        """A random graph has come."""
        nodes = {n for edge in drawing.edges for n in edge}
        self.canvas.sketch.load(nodes, drawing.edges, drawing.query)
        self.on_sketch_changed()

    def on_held_out(self) -> None:
        """Back to the task's own graphs."""
        self._planning.show_example(self._planning.query.source.index + 1)

    def on_clear(self) -> None:
        """Nothing is drawn yet."""
        self.canvas.sketch.load([], [], (-1, -1))
        self.on_sketch_changed()
        self.canvas.refresh()

    def on_ribbon(self, step: int) -> None:
        """Force a re-plan, or forbid one."""
        film = self.film
        if film is not None and self._planning.query.target != "baseline" and step > 0:
            self.timeline.pause()
            self.timeline.set_position(step)
            self._planning.turn_switch(step, bool(film.replanned[step]))

    def _show_edges(self) -> None:
        """The edges in words, from the first on."""
        self.field.setText(self.canvas.sketch.text())
        self.field.setCursorPosition(0)

    def _say_fault(self, why: str) -> None:
        self.words.setText(why)
        set_role(self.words, "bad")

    # --- state --------------------------------------------------------------------------------------------------

    def on_planning_changed(self) -> None:
        """Another query: ask at once."""
        query = self._planning.query
        self._watch.set_query(query)
        self.target.choose(TARGETS.index(query.target))
        self.ribbon.show_hands(self._planning.switches, frozenset(t for t, _ in query.symbols))
        self._show_walk()

    def on_run_state_changed(self, _what: object = None) -> None:
        """Without a graph task, or before the first run, there is nothing to walk."""
        params, view = self._bench.params, self.view
        is_graph = isinstance(params, PagParams) and params.task in GRAPH_TASKS
        why = "" if is_graph else NO_GRAPH
        if is_graph and (view is None or view.graph is None):
            live = self._bench.run_state in ("training", "paused", "starting")
            why = "Waiting for the graph …" if live else WAITING.format("a graph appears")
        for panel in (self.canvas_panel, self.walks_panel, self.growth_panel):
            panel.set_empty(why)
