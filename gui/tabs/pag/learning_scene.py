"""The race: baseline, PAG and rPAG on the same batches, by updates and by seconds, with their parameter counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.papers.pag_views import Nothing, RaceView
from gui.shell.rows import label, push_button
from gui.tabs.pag.evaluation_card import EvaluationCard
from gui.tabs.pag.names import COLOURS, WAITING, model_name
from gui.tabs.pag.race_plots import RacePlots
from gui.tabs.pag.text_table import TextTable
from gui.widgets.curves import Curves
from gui.widgets.flow import FlowRow
from gui.widgets.painted import number
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.probing import when_there_is_one
from gui.widgets.segments import Segments
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

_MEGA = 1e6
PLANNER = "planner"
"""The parameters of plan and commitment; they stand above the other parts."""


class LearningScene(QWidget):
    """Eight panels; the numbers over seconds are each model's own training time, not that of the window."""

    least_height = 630

    def __init__(self, bench: Bench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        self.race = RacePlots(self)
        exact, nll = self._race_panel("exact", "Exact match"), self._race_panel("nll", "Loss")
        hits, rate = self._race_panel("hits", "True word"), self._race_panel("replan_rate", "Re-plans")
        inside, counts, sizes = self._inside_panel(), self._counts_panel(), self._sizes_panel()
        self.symbols = {"race": exact, "parameters": counts, "sizes": sizes}
        self.grid = PanelGrid()
        self.grid.arrange(
            column(row(exact, nll, counts, stretch=(7, 5, 8)), row(hits, rate, *inside), sizes, stretch=(4, 3, 4))
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        bench.watch("race", self, when_there_is_one(self.draw_race))
        bench.run_state_changed.connect(self.on_run_state_changed)
        bench.run_started.connect(self.on_run_started)
        self.on_run_state_changed()

    # --- the panels ---------------------------------------------------------------------------------------------

    def _race_panel(self, field: str, title: str) -> Panel:
        plot = self.race.plots[field]
        above: QWidget | None = None
        if field == "exact":
            self.axis = Segments(("updates", "seconds"), "what the curves are drawn over")
            self.axis.chosen.connect(self.race.set_axis)
            self.words = label("", "warning", wrap=True)
            self.words.hide()
            above = QWidget()
            down = QVBoxLayout(above)
            down.setContentsMargins(0, 0, 0, 0)
            down.addWidget(FlowRow((label("over", "muted"), self.axis)))
            down.addWidget(self.words)
        panel = self._bench.panel(title, Stacked(plot, above=above))
        self.race_panels: dict[str, Panel] = {**getattr(self, "race_panels", {}), field: panel}
        return panel

    def _inside_panel(self) -> tuple[Panel, Panel]:
        self.temperature = Curves("τ⁻¹", name="inverse temperature over updates")
        self.gradient = Curves("norm", name="gradient norm over updates", log=True)
        self._bench.curves(self.temperature, *self._curve_names("tau_inv"))
        self._bench.curves(self.gradient, *self._curve_names("gradient"))
        bench = self._bench
        return bench.panel("Temperature", self.temperature), bench.panel("Gradient norm", self.gradient)

    def _curve_names(self, start: str) -> list[str]:
        return [c.name for c in self._bench.paper.curves if c.name.startswith(f"{start}_")]

    def _counts_panel(self) -> Panel:
        self.counts = TextTable("parameters and speed of each model")
        self.repair = push_button("Put it back", self.on_repair, "Back to the last good weights of the stopped model")
        self.repair.hide()
        self.counts_panel = self._bench.panel("Parameters and speed", Stacked(self.counts, below=self.repair))
        return self.counts_panel

    def _sizes_panel(self) -> Panel:
        self.evaluation = EvaluationCard(self._bench)
        self.sizes_panel = self._bench.panel("Held-out examples, by length or size", self.evaluation.body)
        return self.sizes_panel

    # --- what arrives -------------------------------------------------------------------------------------------

    def set_stale(self, _reason: str) -> None:
        """Curves are a record: a change of settings does not make them wrong."""

    def draw_race(self, view: RaceView) -> None:
        """Where the race stands."""
        is_first = self.race.view is None
        self.race.show_view(view)
        if is_first and self.race.axis:
            self.race.set_axis(self.race.axis)
        for field, panel in self.race_panels.items():
            panel.set_empty("" if self.race.known(field) or field != "hits" else "This task has no known alignment.")
        self.counts_panel.set_empty("")
        self._draw_counts(view)
        troubles = [f"{model_name(r.model)}: {r.words}" for r in view.runners if r.words]
        self.words.setText(" ".join(troubles))
        self.words.setVisible(bool(troubles))
        self.repair.setVisible(any(r.state == "stopped" for r in view.runners))

    def _draw_counts(self, view: RaceView) -> None:
        rows: list[tuple[str | tuple[str, str], ...]] = [
            ("parameters", *(f"{r.parameters:,}" for r in view.runners)),
            (PLANNER, *(f"{r.planner:,}" for r in view.runners)),
            ("width H", *(str(r.width) for r in view.runners)),
            ("ms/update", *(number(r.ms_per_update, 3) for r in view.runners)),
            ("95 %: update", *(_reached(r.reached_step, 0) for r in view.runners)),
            ("95 %: second", *(_reached(r.reached_second, 1) for r in view.runners)),
        ]
        parts = zip(view.parts, view.parameters.T.tolist(), strict=True)
        rows += [
            ((part, "muted"), *((f"{int(n):,}", "muted") for n in counts)) for part, counts in parts if part != PLANNER
        ]
        equal = "Widths were chosen so that the counts agree." if view.matched else "Same width: the planner is extra."
        memory = f" Activations of an update: about {view.memory / _MEGA:,.0f} MB."
        header: list[str | tuple[str, str]] = ["", *((model_name(r.model), COLOURS[r.model]) for r in view.runners)]
        self.counts.show_rows(
            header, rows, f"{equal} {view.sample} held-out examples each time. Seconds: {view.clock}.{memory}"
        )

    # --- gestures and state -------------------------------------------------------------------------------------

    def on_repair(self) -> None:
        """Ask the engine for the last good weights."""
        self._bench.ask("repair", Nothing(), on_result=lambda done: self._bench.note(done.text))

    def on_run_started(self) -> None:
        """Another race."""
        self.race.view = None
        for plot in self.race.plots.values():
            plot.set_lines([])

    def on_run_state_changed(self, _state: str = "") -> None:
        """Before the first run there is nothing to compare."""
        if self.race.view is None:
            live = self._bench.run_state in ("training", "paused", "starting")
            why = "Waiting for the first measurement …" if live else WAITING.format("the race begins")
            for panel in (*self.race_panels.values(), self.counts_panel):
                panel.set_empty(why)


def _reached(value: float, digits: int) -> str:
    return "–" if value < 0 else f"{value:,.{digits}f}"
