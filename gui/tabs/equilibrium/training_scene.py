"""Training by nudges alone: curves and ghosts, the direction of the update, lost classes, states phase by phase."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.papers.classified import ConfusionView
from engine.papers.equilibrium_views import (
    GaugesView,
    GhostArguments,
    Learner,
    StatesQuery,
    StatesView,
    TilesQuery,
    TilesView,
)
from gui.shell.rows import push_button
from gui.tabs.equilibrium.classes_card import ClassesCard
from gui.tabs.equilibrium.names import has_pictures, side_of
from gui.tabs.equilibrium.signal_cards import ArrivalCard, DirectionCard, OutputsCard
from gui.tabs.equilibrium.state_strips import StateStrips
from gui.widgets.curves import Curves
from gui.widgets.image_grid import ImageGrid
from gui.widgets.mistakes_card import MistakesCard
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.phase_line import PhaseLine
from gui.widgets.probe_buttons import ProbeButtons
from gui.widgets.probing import Probing, when_there_is_one
from gui.widgets.rivals import Plotted, Rival, Rivals
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

GHOST_STEPS = 2000
GHOSTS: tuple[tuple[str, str, str, tuple[Learner, float]], ...] = (
    ("side network", "The exact gradient, computed by the side network", "error_positive", ("rbp", 0.0)),
    ("β 0.01", "The same network nudged very weakly", "series3", ("ep", 0.01)),
    ("β 0.25", "The same network nudged by 0.25", "series2", ("ep", 0.25)),
    ("β 0.9", "The same network nudged almost too strongly", "series5", ("ep", 0.9)),
)
TILES = 64


class TrainingScene(QWidget):
    """Nine panels in three rows; everything is drawn from payloads and scalars of the run."""

    least_height = 760

    def __init__(self, bench: Bench, probing: Probing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._probing = bench, probing
        self.live = False
        self.grid = PanelGrid()
        first, second, third = self._curves(), self._signal(), self._inside()
        self.grid.arrange(column(row(*first, stretch=(5, 4, 4)), row(*second, stretch=(3, 5, 5)), row(*third)))
        self.symbols = {"direction": first[2], "outputs": second[0], "classes": second[1], "arrival": second[2]}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        probing.probe_changed.connect(self.on_probe_changed)
        bench.params_changed.connect(self.on_params_changed)
        bench.run_state_changed.connect(self.on_run_state_changed)
        self.on_params_changed()

    # --- first row: learning ------------------------------------------------------------------------------------

    def _curves(self) -> tuple[Panel, Panel, Panel]:
        bench = self._bench
        self.accuracy = Curves("accuracy (%)", name="test accuracy over updates")
        self.errors = Curves("cost ½‖s − y‖²", log=True)
        self.dead = Curves("lost classes", name="lost classes over updates")
        bench.curves(self.accuracy, "test_accuracy")
        bench.curves(self.errors, "cost", "test_cost")
        bench.curves(self.dead, "dead_outputs")
        ghosts = [
            Rival(
                name, f"{tip}; {GHOST_STEPS:,} updates on the same batches, dashed", colour,
                partial(GhostArguments, learner=how[0], beta=how[1], steps=GHOST_STEPS),
            )
            for name, tip, colour, how in GHOSTS
        ]  # fmt: skip
        plots = (Plotted(self.accuracy, "accuracy", " %"), Plotted(self.errors, "cost"), Plotted(self.dead, "dead"))
        self.ghosts = Rivals(bench, "ghost", ghosts, plots)
        self.accuracy_panel = bench.panel("Learning by nudges", Stacked(self.accuracy, above=self.ghosts))
        lower = QWidget()
        down = QVBoxLayout(lower)
        down.setContentsMargins(0, 0, 0, 0)
        down.addWidget(self.errors, 1)
        down.addWidget(self.dead, 1)
        self.errors_panel = bench.panel("Cost and lost classes", Stacked(self.errors, body=lower))
        self.direction = DirectionCard(bench)
        self.direction_panel = bench.panel("Along the gradient?", self.direction.body)
        return self.accuracy_panel, self.errors_panel, self.direction_panel

    # --- second row: is the signal sound ------------------------------------------------------------------------

    def _signal(self) -> tuple[Panel, Panel, Panel]:
        bench = self._bench
        self.outputs, self.classes, self.arrival = OutputsCard(bench), ClassesCard(bench), ArrivalCard(bench)
        self.outputs_panel = bench.panel("All classes alive?", self.outputs.body)
        self.classes_panel = bench.panel("Nudge or exact gradient?", self.classes.body)
        self.classes_panel.data_source = self.classes.data
        self.arrival_panel = bench.panel("At rest? Error arrived?", self.arrival.body)
        bench.watch("gauges", self.arrival_panel, when_there_is_one(self.draw_gauges))
        return self.outputs_panel, self.classes_panel, self.arrival_panel

    def draw_gauges(self, view: GaugesView) -> None:
        """One payload for three cards."""
        for panel in (self.outputs_panel, self.arrival_panel):
            panel.set_empty("")
        for card in (self.direction, self.outputs, self.arrival):
            card.show_view(view)

    # --- third row: inside the network --------------------------------------------------------------------------

    def _inside(self) -> tuple[Panel, Panel, Panel]:
        bench = self._bench
        self.strips = StateStrips()
        self.probe = ProbeButtons(self._probing, lambda: side_of(bench.params), asks="nudge towards")
        self.probe.add(
            push_button("Phase", self.on_phase, "Pause and do one phase of an update; follow it", "phase_step")
        )
        self.phases = PhaseLine(bench.paper.phases)
        body = Stacked(self.strips, above=self.probe, below=self.phases)
        self.states_panel = bench.panel("Layers, free and nudged", body)
        self._states = bench.watch("states", self.states_panel, when_there_is_one(self.draw_states), self._query())
        self.tiles = ImageGrid(table="signed", name="incoming weights of layer 1")
        self.tiles_panel = bench.panel("Weights of layer 1", self.tiles)
        self._tiles = bench.watch(
            "tiles", self.tiles_panel, when_there_is_one(self.draw_tiles), TilesQuery(0, TILES, self._probing.probe)
        )
        self.mistakes = MistakesCard("network")
        self.mistakes.chosen.connect(self._probing.show_example)
        self.confusion_panel = bench.panel("Mistakes on the test set", self.mistakes)
        self.confusion_panel.data_source = self.mistakes.matrix.data
        bench.watch("confusion", self.confusion_panel, when_there_is_one(self.draw_confusion))
        return self.states_panel, self.tiles_panel, self.confusion_panel

    def _query(self) -> StatesQuery:
        return StatesQuery(probe=self._probing.probe, live=self.live)

    def draw_states(self, view: StatesView) -> None:
        """The layers of one picture, or of the batch that is stepped through."""
        self.states_panel.set_empty("")
        self.strips.show_view(view)
        self.phases.show_phase(view.phase, self.live)

    def draw_tiles(self, view: TilesView) -> None:
        """One tile per neuron of layer 1."""
        self.tiles_panel.set_empty("")
        self.tiles.set_images(view.tiles.astype(np.float32))

    def draw_confusion(self, view: ConfusionView) -> None:
        """Counts, and the digits it got wrong."""
        self.confusion_panel.set_empty("")
        self.mistakes.show_view(view)

    # --- gestures and state -------------------------------------------------------------------------------------

    def on_phase(self) -> None:
        """One phase of an update; the strips follow the training batch from now on."""
        self._bench.step_phase()
        self.live = True
        self._states.set_query(self._query())

    def on_probe_changed(self) -> None:
        """Another picture."""
        self.live = False
        self._states.set_query(self._query())
        self._tiles.set_query(TilesQuery(0, TILES, self._probing.probe))

    def on_run_state_changed(self, state: str) -> None:
        """When training goes on, the strips return from the stepped batch to the probe."""
        if state == "training" and self.live:
            self.live = False
            self._states.set_query(self._query())
        self.on_params_changed()

    def on_params_changed(self, _params: object = None) -> None:
        """What makes no sense for this task, or has not come yet, says so."""
        pictures = has_pictures(self._bench.params)
        why = "" if pictures else "The random task has no classes: choose a digits preset."
        for panel in (self.accuracy_panel, self.outputs_panel, self.classes_panel, self.confusion_panel):
            panel.set_empty(why)
        waiting = "" if self._bench.run_state in ("training", "paused") else "Press Train: {}."
        for panel, what in (
            (self.states_panel, "the layers appear"),
            (self.tiles_panel, "the weights appear"),
            (self.arrival_panel, "each sweep is drawn"),
        ):
            panel.set_empty(waiting.format(what))
        if pictures:
            for panel in (self.confusion_panel, self.outputs_panel):
                panel.set_empty(waiting.format("every class is watched"))
