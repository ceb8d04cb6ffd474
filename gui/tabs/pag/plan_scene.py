"""The centrepiece: the plan film, its ribbon and commitment, the hands on it, and three alignments side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.papers.pag_views import Film, FilmView, Model
from gui.tabs.pag.alignment_map import AlignmentMap
from gui.tabs.pag.commitment import Commitment
from gui.tabs.pag.hands_card import HandsCard
from gui.tabs.pag.names import GOLD, REPLAN, USED, WAITING, film_of, missing, model_name
from gui.tabs.pag.next_card import NextCard
from gui.tabs.pag.plan_map import PlanMap
from gui.tabs.pag.planning import Planning
from gui.tabs.pag.ribbon import Ribbon
from gui.tabs.pag.source_bar import SourceBar
from gui.widgets.legend import LegendEntry
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.scrolling import Scrolling
from gui.widgets.segments import switch
from gui.widgets.slider_row import SliderRow
from gui.widgets.stacked import Stacked
from gui.widgets.timeline import Timeline

if TYPE_CHECKING:
    from gui.shell.bench import Bench

RATE = 5.0
"""Steps a second while the film runs by itself."""
SHOWN: tuple[Model, ...] = ("pag", "rpag", "baseline")
GRAPH_HINT = "On graphs models re-plan at nearly every step: plans pay where the future is predictable."
TEXT_HINT = "Followed rows slide up; a re-plan rewrites them."


class PlanScene(QWidget):
    """Six panels over one view; every one of them stands at the step of the timeline."""

    least_height = 610

    def __init__(self, bench: Bench, planning: Planning, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._planning = bench, planning
        self.view: FilmView | None = None
        self.playing_by_itself = True
        plan, coming, hands = self._plan_panel(), self._next_panel(), self._hands_panel()
        alignments = [self._alignment_panel(model) for model in SHOWN]
        self.symbols = {
            "plan": plan, "ribbon": plan, "commitment": plan, "next": coming, "hands": hands,
            "alignment": alignments[0], "baseline": alignments[2],
        }  # fmt: skip
        self.grid = PanelGrid()
        right = column(coming, hands, stretch=(1, 1))
        self.grid.arrange(column(row(plan, right, stretch=(7, 3)), row(*alignments), stretch=(2, 1)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        self._watch = bench.watch("film", self, self.draw_film, planning.query)
        planning.changed.connect(self.on_planning_changed)
        planning.source_changed.connect(self.on_source_changed)
        bench.run_state_changed.connect(self.on_run_state_changed)
        self.on_planning_changed()
        self.on_run_state_changed()

    # --- the panels ---------------------------------------------------------------------------------------------

    def _plan_panel(self) -> Panel:
        self.plan, self.ribbon, self.commitment = PlanMap(), Ribbon(), Commitment()
        self.commitment.setFixedWidth(132)
        self.paint = switch("Paint", "Drag over fields of a row of the plan: the decoder must look there", "brush")
        self.paint.toggled.connect(self.on_painting_changed)
        self.source = SourceBar(self._bench, self._planning, (self.paint,))
        self.timeline = Timeline("steps of the decoding", surface="card")
        self.timeline.set_rate(RATE)
        self.timeline.set_loop(True)
        self.timeline.set_text(lambda t: f"{t + 1} of {self.timeline.length}")
        self.speed = SliderRow("steps/s", "Speed of the film", low=1.0, high=30.0, value=RATE, log=True, width=0)
        self.speed.setFixedWidth(150)
        body, below = QWidget(), QWidget()
        across = QHBoxLayout(body)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(self.plan, 1)
        across.addWidget(self.commitment)
        down = QVBoxLayout(below)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(2)
        down.addWidget(self.ribbon)
        line = QHBoxLayout()
        line.setSpacing(14)
        line.addWidget(self.timeline, 1)
        line.addWidget(self.speed)
        down.addLayout(line)
        self.timeline.position_changed.connect(self.on_step)
        self.speed.value_changed.connect(self.timeline.set_rate)
        self.ribbon.step_clicked.connect(self.on_ribbon)
        self.plan.row_painted.connect(self.on_row_painted)
        self.plan_panel = self._bench.panel("The plan", Stacked(self.plan, above=self.source, body=body, below=below))
        self.plan_panel.set_legend(
            [
                LegendEntry("re-plan, new", REPLAN, "square"),
                LegendEntry("will look", USED, "dot"),
                LegendEntry("true", GOLD, "dot"),
            ]
        )
        return self.plan_panel

    def _next_panel(self) -> Panel:
        self.coming = NextCard(self._planning)
        self.next_panel = self._bench.panel("Next symbol", Scrolling(self.coming))
        self.next_panel.data_source = self.coming.data
        self.next_panel.set_subtitle("click one")
        return self.next_panel

    def _hands_panel(self) -> Panel:
        self.hands = HandsCard(self._bench, self._planning)
        self.hands_panel = self._bench.panel("Your hand", Scrolling(self.hands))
        return self.hands_panel

    def _alignment_panel(self, model: Model) -> Panel:
        made = AlignmentMap(f"alignment of {model_name(model)}")
        made.step_chosen.connect(self.on_step_chosen)
        panel = self._bench.panel(model_name(model), made)
        self.alignments = {**getattr(self, "alignments", {}), model: made}
        self.alignment_panels = {**getattr(self, "alignment_panels", {}), model: panel}
        return panel

    # --- what arrives -------------------------------------------------------------------------------------------

    def set_stale(self, reason: str) -> None:
        """The pictures belong to older settings; "" makes them fresh."""
        for panel in (self.plan_panel, self.next_panel, *self.alignment_panels.values()):
            panel.set_stale(reason)

    @property
    def film(self) -> Film | None:
        """The decoding of the model that is looked into."""
        return film_of(self.view, self._planning.query.target)

    def draw_film(self, view: FilmView | None) -> None:
        """Another decoding: all panels at the present step."""
        self.view = view
        if view is None:
            self._say_empty("This preset has nothing to decode.")
            return
        is_graph = view.kind == "graph"
        self.source.show_view(view, GRAPH_HINT if is_graph else TEXT_HINT)
        self.hands.show_view(view)
        film, target = self.film, self._planning.query.target
        self.plan_panel.set_empty("")
        self.next_panel.set_empty("" if film is not None else missing(view, target))
        unknown, flagged = (frozenset(np.flatnonzero(marks).tolist()) for marks in (view.unknown, view.flagged))
        self.plan.message = missing(view, target) if film is None else ""
        self.plan.show_film(film, view.words, unknown, flagged)
        self.ribbon.show_film(film, view.reference)
        self.commitment.show_film(film)
        self.coming.show_film(view, film)
        self._draw_alignments(view)
        self._retitle(view)
        count = len(film.shown) if film is not None else 0
        if self.timeline.length != count:
            is_first = self.timeline.length == 0 and count > 0
            self.timeline.set_length(count)
            if is_first and self.playing_by_itself:
                self.timeline.set_position(0)
                self.timeline.play()
                self.playing_by_itself = False
        self.on_step(self.timeline.position)

    def _draw_alignments(self, view: FilmView) -> None:
        for model, chart in self.alignments.items():
            film, panel = film_of(view, model), self.alignment_panels[model]
            if film is None:
                panel.set_empty(missing(view, model))
                continue
            panel.set_empty("")
            replanned = None if model == "baseline" else film.replanned
            chart.show_alignment(film.alpha, view.words, film.shown, film.gold, replanned)
            known = int((film.gold >= 0).sum())
            found = f"true word {round(film.hits * known)} of {known}" if known else ""
            verdict = "" if not film.has_reference else " ✓" if film.exact else " ✗"
            panel.set_title(f"{model_name(model)}{verdict}")
            panel.set_subtitle(found)

    def _retitle(self, view: FilmView) -> None:
        name = model_name(self._planning.query.target)
        weights = f"update {view.step:,}" if view.step else "untrained"
        self.plan_panel.set_title(f"Plan of {name} · {weights}")

    def _say_empty(self, why: str) -> None:
        for panel in (self.plan_panel, self.next_panel, *self.alignment_panels.values()):
            panel.set_empty(why)

    # --- gestures -----------------------------------------------------------------------------------------------

    def on_step(self, step: int) -> None:
        """The moment of all panels."""
        self.plan.show_step(step)
        for part in (self.ribbon, self.commitment, self.coming, self.hands, *self.alignments.values()):
            part.set_step(step)

    def on_step_chosen(self, step: int) -> None:
        """A click in an alignment; the other models may be longer or shorter."""
        self.timeline.pause()
        self.timeline.set_position(step)

    def on_ribbon(self, step: int) -> None:
        """The other thing at this step, and look at what it does there."""
        film = self.film
        if film is None or self._planning.query.target == "baseline":
            return
        if step == 0:
            self._bench.note("The first step always makes a plan: there is none to follow yet.")
            return
        self.timeline.pause()
        self.timeline.set_position(step)
        self._planning.turn_switch(step, bool(film.replanned[step]))

    def on_row_painted(self, plan_row: int, weights: object) -> None:
        """The plan as painted; the decoding follows it."""
        self.timeline.pause()
        self._planning.paint_row(self.timeline.position, plan_row, list(weights))  # type: ignore[call-overload]

    def on_painting_changed(self, on: bool) -> None:
        """Dragging paints, or pins."""
        self.plan.painting = on
        if on:
            self.timeline.pause()

    def on_planning_changed(self) -> None:
        """Another query: ask at once, show the hands."""
        self._watch.set_query(self._planning.query)
        self.ribbon.show_hands(self._planning.switches, frozenset(t for t, _ in self._planning.query.symbols))
        if self.view is not None and film_of(self.view, self._planning.query.target) is not self.plan.film:
            self.draw_film(self.view)

    def on_source_changed(self) -> None:
        """Another source starts at its first step."""
        self.timeline.set_position(0)

    def on_run_state_changed(self, _state: str = "") -> None:
        """Before the first run there is nothing to decode with."""
        if self.view is None:
            state = self._bench.run_state
            starting = state in ("training", "paused", "starting")
            self._say_empty("The engine is starting …" if starting else WAITING.format("the plan appears"))
