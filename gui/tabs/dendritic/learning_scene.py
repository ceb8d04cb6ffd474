"""Does it learn, and does it learn what backpropagation would have learnt? Curves, angles, tracking, weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.papers.classified import ConfusionView
from engine.papers.dendritic import IMAGE_TASKS, DendriticParams
from engine.papers.dendritic_views import CircuitView, Nothing, TilesView, TrackingView
from gui.shell.rows import label, push_button, set_role
from gui.tabs.dendritic.baselines import baselines
from gui.tabs.dendritic.looking import Looking
from gui.tabs.dendritic.sweep_card import SweepCard
from gui.tabs.dendritic.tile_view import BlameTiles
from gui.widgets.curves import Curves
from gui.widgets.gauge import AngleGauge
from gui.widgets.mistakes_card import MistakesCard
from gui.widgets.painted import number
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.probing import when_there_is_one
from gui.widgets.scatter import Scatter
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

LAYERS = ("W₁", "W₂", "W₃")
TILES = 64


class LearningScene(QWidget):
    """Nine panels in three rows; everything is drawn from payloads and scalars of the run."""

    least_height = 760

    def __init__(self, bench: Bench, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._looking = bench, looking
        self.grid = PanelGrid()
        first, second, third = self._curves(), self._pictures(), self._weights()
        self.grid.arrange(column(row(*first, stretch=(5, 4, 4)), row(*second), row(*third), stretch=(5, 4, 4)))
        self.symbols = {"tracking": second[2], "alignment": second[1]}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        bench.params_changed.connect(self.on_params_changed)
        looking.probe_changed.connect(self.on_probe_changed)
        looking.switches_changed.connect(self.on_probe_changed)
        self.on_params_changed(bench.params)

    # --- first row: learning ------------------------------------------------------------------------------------

    def _curves(self) -> tuple[Panel, Panel, Panel]:
        bench = self._bench
        self.accuracy = Curves("accuracy (%)", name="test accuracy over updates")
        self.error = Curves("error (squared)", log=True)
        bench.curves(self.accuracy, "test_accuracy")
        bench.curves(self.error, "train_error", "test_error", "output_error", "shallow_error")
        self.baselines = baselines(bench, self.accuracy, self.error)
        self.accuracy_panel = bench.panel("Learning", Stacked(self.accuracy, above=self.baselines))
        self.gauge = AngleGauge()
        self.gauge.setFixedHeight(96)
        self.angles = Curves("angle (°)", name="angle to backprop over updates")
        self.angles.add_reference(90.0, "90°: chance", "warning")
        bench.curves(self.angles, "angle_1", "angle_2", "angle_3")
        self.angle_panel = bench.panel("Does it follow the gradient?", Stacked(self.angles, above=self.gauge))
        self._probe_watch = bench.watch(
            "circuit", self.gauge, when_there_is_one(self.draw_angles), self._looking.circuit_query()
        )
        return self.accuracy_panel, bench.panel("Error", self.error), self.angle_panel

    def draw_angles(self, view: CircuitView) -> None:
        """The needles show this probe's own weight changes; the curves below are those of the batches."""
        self.gauge.set_angles({name: float(a) for name, a in zip(LAYERS, view.angles, strict=False)})

    # --- second row: apical dendrites, alignment, tracking ------------------------------------------------------

    def _pictures(self) -> tuple[Panel, Panel, Panel]:
        bench = self._bench
        self.apical = Curves("‖vᴬ‖", log=True, name="apical potentials over updates")
        bench.curves(self.apical, "apical_on_1", "apical_on_2", "apical_off_1", "apical_off_2")
        self.alignment = Curves("angle (°)", name="angle between B and the transpose of W over updates")
        self.alignment.add_reference(90.0, "90°: chance", "warning")
        self.alignment.add_reference(45.0, "45°: the paper", "muted")
        bench.curves(self.alignment, "alignment_1", "alignment_2")
        self.tracking = Scatter("a · W of the next area", "P")
        self.gain = label("", "muted")
        self.repair = push_button("Repair", self.on_repair, "Put P and Q back on the diagonal and halve the rates")
        self.repair.hide()
        below = QWidget()
        line = QHBoxLayout(below)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.gain, 1)
        line.addWidget(self.repair)
        self.tracking_panel = bench.panel("Interneuron tracking", Stacked(self.tracking, below=below))
        self.tracking_panel.set_empty("Press Train: P appears against the weights it must mirror.")
        bench.watch("tracking", self.tracking_panel, when_there_is_one(self.draw_tracking))
        self.aligned_panel = bench.panel("Alignment: B against Wᵀ", self.alignment)
        return bench.panel("Apical potentials", self.apical), self.aligned_panel, self.tracking_panel

    def draw_tracking(self, view: TrackingView) -> None:
        """P against its target, and the loop gain against its bound."""
        self.tracking_panel.set_empty("")
        known = self.tracking.data()
        for k, (target, actual) in enumerate(zip(view.target, view.actual, strict=True)):
            name = f"area {k + 1}"
            if f"{name} x" not in known:
                self.tracking.add_cloud(name, f"series{k}")
            self.tracking.set_points(name, target, actual)
        for k in range(len(view.target), len(known) // 2):
            self.tracking.set_points(f"area {k + 1}", [], [])
        worst = float(np.nanmax(view.gain)) if len(view.gain) and np.isfinite(view.gain).any() else float("nan")
        each = ", ".join(number(float(g), 3) for g in view.gain)
        lost = worst > 2.0
        self._bench.explain("loop_gain", each)
        self.gain.setText(f"loop gain {each} (bound 2)" + (": tracking may fail" if lost else ""))
        set_role(self.gain, "warning" if lost else "muted")
        self.repair.setVisible(lost)

    def on_repair(self) -> None:
        """Ask the engine to restore the self-predicting state."""
        self._bench.ask("repair", Nothing(), on_result=lambda done: self._bench.note(done.text))

    # --- third row: weights, mistakes, the theorem --------------------------------------------------------------

    def _weights(self) -> tuple[Panel, Panel, Panel]:
        bench = self._bench
        self.tiles = BlameTiles()
        self.tiles.chosen.connect(lambda cell: self._looking.choose_cell(1, cell))
        self.tiles_panel = bench.panel(
            "Area 1: weights and blame",
            self.tiles,
            [("fire more", "error_positive"), ("less", "error_negative")],
        )
        self._tiles_watch = bench.watch(
            "tiles", self.tiles_panel, when_there_is_one(self.draw_tiles), self._looking.tiles_query(0, TILES)
        )
        self.mistakes = MistakesCard("circuit")
        self.mistakes.chosen.connect(self._looking.show_example)
        self.confusion_panel = bench.panel("Mistakes on the test set", self.mistakes)
        self.confusion_panel.data_source = self.mistakes.matrix.data
        bench.watch("confusion", self.confusion_panel, when_there_is_one(self.draw_confusion))
        self.sweep = SweepCard(bench)
        self.sweep_panel = bench.panel("Theorem: angle ∝ λ", self.sweep.body)
        return self.tiles_panel, self.confusion_panel, self.sweep_panel

    def draw_tiles(self, view: TilesView) -> None:
        """One tile per cell of area 1."""
        self.tiles_panel.set_empty("")
        self.tiles.show_view(view)

    def draw_confusion(self, view: ConfusionView) -> None:
        """Counts, and the digits it got wrong."""
        self.confusion_panel.set_empty("")
        self.mistakes.show_view(view)

    # --- state --------------------------------------------------------------------------------------------------

    def on_probe_changed(self) -> None:
        """Another input: its angles and its blame."""
        self._probe_watch.set_query(self._looking.circuit_query())
        self._tiles_watch.set_query(self._looking.tiles_query(0, TILES))

    def on_params_changed(self, params: object) -> None:
        """What makes no sense for this task says so."""
        if not isinstance(params, DendriticParams):
            return
        images = params.task in IMAGE_TASKS
        why = "" if images else f"The task “{params.task.replace('_', ' ')}” has no classes: choose a digits preset."
        waiting = "" if self._bench.run_state in ("training", "paused") else "Press Train: {}."
        self.accuracy_panel.set_empty(why)
        self.angle_panel.set_empty(why)
        for panel, what in ((self.tiles_panel, "the weights appear"), (self.confusion_panel, "the mistakes appear")):
            panel.set_empty(why or waiting.format(what))
        self.sweep_panel.set_empty(why)
        self.aligned_panel.set_empty(why and why.replace("has no classes", "does not measure this angle"))
