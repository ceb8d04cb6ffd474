"""What planning buys: look-ahead, fixed schedules against the learned switch, when it switches, the temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.papers.pag import GRAPH_TASKS, PagParams
from engine.papers.pag_views import LookAheadView, SwitchView
from gui.tabs.pag.look_ahead_card import LookAheadCard
from gui.tabs.pag.names import WAITING
from gui.tabs.pag.sweep_card import SweepCard
from gui.tabs.pag.switching_card import SwitchingCard
from gui.tabs.pag.temperature_card import TemperatureCard
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row

if TYPE_CHECKING:
    from gui.shell.bench import Bench

NO_BOUNDARIES = "Where a source word begins in the output is not known on this task."
NO_PLAN = "No model with a plan is trained in this run: choose a model set with PAG and start anew."


class FindingsScene(QWidget):
    """Six panels; what costs more than a moment is measured at a click."""

    least_height = 630

    def __init__(self, bench: Bench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        self.look_ahead, self.sweep, self.switching = LookAheadCard(), SweepCard(bench), SwitchingCard()
        self.temperature = TemperatureCard(bench)
        self.ahead_panel = bench.panel("Right how far ahead?", self.look_ahead.body)
        self.sweep_panel = bench.panel("Fixed or learned schedule", self.sweep.body)
        self.switch_panels: tuple[Panel, ...] = (
            bench.panel("Re-plans by step", self.switching.steps),
            bench.panel("At word starts?", self.switching.boundaries),
            bench.panel("Steps followed", self.switching.lengths),
        )
        self.temperature_panel = bench.panel("Temperature: gradient only", self.temperature.body)
        self.symbols = {
            "look_ahead": self.ahead_panel, "policy": self.sweep_panel, "switching": self.switch_panels[0],
            "temperature": self.temperature_panel,
        }  # fmt: skip
        steps, boundaries, lengths = self.switch_panels
        self.grid = PanelGrid()
        self.grid.arrange(
            column(
                row(self.ahead_panel, self.sweep_panel),
                row(steps, column(boundaries), lengths),
                row(self.temperature_panel),
                stretch=(10, 8, 7),
            )
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        bench.watch("look_ahead", self.ahead_panel, self.draw_look_ahead)
        bench.watch("switching", self, self.draw_switching)
        self.temperature.watch_from(self.temperature_panel)
        bench.run_state_changed.connect(self.on_run_state_changed)
        bench.run_started.connect(self.on_run_started)
        self._has_ahead = self._has_switching = False
        self.on_run_state_changed()

    def set_stale(self, reason: str) -> None:
        """The switching belongs to older settings; "" makes it fresh."""
        for panel in self.switch_panels:
            panel.set_stale(reason)

    @property
    def is_graph(self) -> bool:
        """Whether the task of the run reads graphs."""
        params = self._bench.params
        return isinstance(params, PagParams) and params.task in GRAPH_TASKS

    def draw_look_ahead(self, view: LookAheadView | None) -> None:
        """Accuracy of each row; None: PAG has no part in this run."""
        self._has_ahead = True
        self.ahead_panel.set_empty(NO_PLAN if view is None else "")
        if view is not None:
            self.look_ahead.show_view(view, self.is_graph)

    def draw_switching(self, view: SwitchView | None) -> None:
        """How the planners switch; None: there is none."""
        self._has_switching = True
        for panel in (*self.switch_panels, self.sweep_panel):
            panel.set_empty(NO_PLAN if view is None else "")
        if view is not None:
            self.switching.show_view(view)
            self.switch_panels[1].set_empty("" if self.switching.knows_boundaries else NO_BOUNDARIES)

    def on_run_started(self) -> None:
        """Another run: wait for its numbers."""
        self._has_ahead = self._has_switching = False
        self.on_run_state_changed()

    def on_run_state_changed(self, _state: str = "") -> None:
        """Before the first numbers there is nothing to show."""
        live = self._bench.run_state in ("training", "paused", "starting")
        why = "Decoding held-out examples …" if live else WAITING.format("the findings appear")
        if not self._has_ahead:
            self.ahead_panel.set_empty(why)
        if not self._has_switching:
            for panel in self.switch_panels:
                panel.set_empty(why)
        if not live and not self._has_switching:
            self.temperature_panel.set_empty(why)
        else:
            self.temperature_panel.set_empty("")
