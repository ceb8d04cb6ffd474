"""The dashboard: the microcircuit with all its cells, one cell in continuous time, the angle, the curve, dreams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from engine.papers.dendritic import IMAGE_TASKS, DendriticParams
from engine.papers.dendritic_views import CellView, CircuitView, DreamView, ScopeView
from gui.tabs.dendritic.area_strips import AreaStrips
from gui.tabs.dendritic.cell_card import CellCard
from gui.tabs.dendritic.looking import Looking
from gui.tabs.dendritic.probe_bar import ProbeBar
from gui.tabs.dendritic.scaling import ERROR, POTENTIAL
from gui.tabs.dendritic.schematic import Schematic
from gui.tabs.dendritic.scope_card import ScopeCard
from gui.widgets.curves import Curves
from gui.widgets.image_grid import ImageGrid
from gui.widgets.legend import LegendEntry
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.phase_line import PhaseLine
from gui.widgets.probing import when_there_is_one
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench
    from gui.shell.watchers import Watcher

NO_ANGLE = "The angle to backprop is followed while digits are learnt; for this task see Figures."


class CircuitScene(QWidget):
    """Five panels; the microcircuit follows the probe, the training batch or the slow-motion simulation."""

    least_height = 640

    def __init__(self, bench: Bench, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._looking = bench, looking
        self._slow: Watcher | None = None
        self.grid = PanelGrid()
        circuit, scope = self._circuit_panel(), self._scope_panel()
        angle, learning, dream = self._angle_panel(), self._learning_panel(), self._dream_panel()
        self.symbols = {
            "circuit": self.schematic,
            "strips": self.strips,
            "scope": scope,
            "angle": angle,
            "learning": learning,
        }
        upper = row(circuit, column(scope, angle), stretch=(5, 3))
        self.grid.arrange(column(upper, row(learning, dream, stretch=(4, 5)), stretch=(5, 3)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        looking.probe_changed.connect(self.on_looking_changed)
        looking.switches_changed.connect(self.on_looking_changed)
        looking.cell_chosen.connect(self.on_cell_chosen)
        bench.params_changed.connect(self.on_params_changed)
        bench.run_started.connect(self.on_run_started)
        bench.run_state_changed.connect(self.on_run_state_changed)
        self.on_params_changed(bench.params)

    # --- the microcircuit ---------------------------------------------------------------------------------------

    def _circuit_panel(self) -> Panel:
        bench, looking = self._bench, self._looking
        self.schematic, self.strips, self.card = Schematic(), AreaStrips(), CellCard()
        for view in (self.schematic, self.strips):
            view.cell_clicked.connect(looking.choose_cell)
        self.card.closed.connect(self.on_card_closed)
        self.side = QStackedWidget()
        self.side.addWidget(self.strips)
        self.side.addWidget(self.card)
        middle = QSplitter(Qt.Orientation.Horizontal)
        middle.setChildrenCollapsible(False)
        middle.addWidget(self.schematic)
        middle.addWidget(self.side)
        middle.setStretchFactor(0, 3)
        middle.setStretchFactor(1, 2)
        middle.setSizes([600, 400])
        middle.splitterMoved.connect(lambda *_: bench.remember("circuit-split", bytes(middle.saveState().data())))
        if state := bench.recall("circuit-split", b""):
            middle.restoreState(state)
        self.bar = ProbeBar(bench, looking)
        self.bar.slow.toggled.connect(self.on_slow_toggled)
        self.phases = PhaseLine(bench.paper.phases)
        body = Stacked(self.schematic, above=self.bar, body=middle, below=self.phases)
        self.circuit_panel = bench.panel("Microcircuit", body)
        legend = [LegendEntry(part, part, "hollow") for part in ("apical", "soma", "basal", "interneuron")]
        self.circuit_panel.set_legend(legend)
        self.circuit_panel.data_source = self.strips.data
        self.circuit_panel.setToolTip(f"Apical potentials: {ERROR.words()}. All others: {POTENTIAL.words()}.")
        self._circuit = bench.watch(
            "circuit", self.circuit_panel, when_there_is_one(self.draw_circuit), looking.circuit_query()
        )
        self._cell = bench.watch("cell", self.card, when_there_is_one(self.draw_cell), looking.cell_query())
        return self.circuit_panel

    def draw_circuit(self, view: CircuitView) -> None:
        """A state of the circuit, unless slow motion draws its own."""
        self.bar.show_staged(view.phase >= 0)
        self.card.show_source(self.bar.words())
        if self._slow is None:
            self._draw_state(view)

    def draw_slow(self, view: ScopeView) -> None:
        """The circuit at the newest moment of the simulation."""
        self._draw_state(view.now)

    def _draw_state(self, view: CircuitView) -> None:
        self.schematic.show_view(view)
        self.strips.show_view(view)
        self.phases.show_phase(view.phase, self._looking.live)

    def draw_cell(self, view: CellView) -> None:
        """The opened cell."""
        if (view.area, view.cell) == (self._looking.area, self._looking.cell):
            self.card.show_view(view)

    def on_cell_chosen(self, area: int, cell: int) -> None:
        """Open a cell: its card beside the circuit, its traces in the scope."""
        for view in (self.schematic, self.strips):
            view.set_chosen(area, cell)
        self.card.show_cell(area, cell)
        self._cell.set_query(self._looking.cell_query())
        self.side.setCurrentWidget(self.card)
        self.on_looking_changed()

    def on_card_closed(self) -> None:
        """Back to all cells."""
        self.side.setCurrentWidget(self.strips)

    def on_slow_toggled(self, on: bool) -> None:
        """Draw the circuit from the continuous-time simulation, or from the two-step dynamics again."""
        if on and self._slow is None:
            self._slow = self._bench.watch(
                "scope", self.circuit_panel, when_there_is_one(self.draw_slow), self._looking.scope_query()
            )
            self._looking.restart_scope()
        elif not on and self._slow is not None:
            self._slow.stop()
            self._slow = None

    def on_looking_changed(self) -> None:
        """Another probe, cell or switch: ask for it."""
        looking = self._looking
        self._circuit.set_query(looking.circuit_query())
        self._cell.set_query(looking.cell_query())
        self._scope.set_query(looking.scope_query())
        if self._slow is not None:
            self._slow.set_query(looking.scope_query())
        self.card.show_source(self.bar.words())
        self.scope_panel.set_title(f"Scope: area {looking.area}, cell {looking.cell}")

    # --- the other panels ---------------------------------------------------------------------------------------

    def _scope_panel(self) -> Panel:
        self.scope = ScopeCard(self._looking)
        self.scope_panel = self._bench.panel("Scope: area 1, cell 0", self.scope.body)
        self._scope = self._bench.watch(
            "scope", self.scope_panel, when_there_is_one(self.draw_scope), self._looking.scope_query()
        )
        return self.scope_panel

    def draw_scope(self, view: ScopeView) -> None:
        """The newest samples of the chosen cell."""
        self.scope_panel.set_empty("")
        self.scope.show_view(view)

    def _angle_panel(self) -> Panel:
        self.angles = Curves("angle (°)", name="angle to backprop over updates")
        self.angles.add_reference(90.0, "90°: chance", "warning")
        self._bench.curves(self.angles, "angle_1", "angle_2", "angle_3")
        self.angle_panel = self._bench.panel("Does it follow the gradient?", self.angles)
        return self.angle_panel

    def _learning_panel(self) -> Panel:
        self.accuracy = Curves("accuracy (%)", name="test accuracy over updates")
        self._bench.curves(self.accuracy, "test_accuracy")
        self.errors = Curves("squared", log=True)
        self._bench.curves(self.errors, "apical_sq", "mismatch_sq", "output_error", "shallow_error")
        self.curves = QStackedWidget()
        self.curves.addWidget(self.accuracy)
        self.curves.addWidget(self.errors)
        self.learning_panel = self._bench.panel("Learning", self.curves)
        self.accuracy.legend_changed.connect(self.on_learning_legend_changed)
        self.errors.legend_changed.connect(self.on_learning_legend_changed)
        self.learning_panel.data_source = lambda: self._shown_curves().data()
        return self.learning_panel

    def _shown_curves(self) -> Curves:
        return self.accuracy if self.curves.currentWidget() is self.accuracy else self.errors

    def on_learning_legend_changed(self) -> None:
        """Another curve has come, or another task."""
        self.learning_panel.set_legend(self._shown_curves().legend())

    def _dream_panel(self) -> Panel:
        self.dreams = ImageGrid(5, table="grey", low=0.0, high=1.0, name="a digit generated from each class")
        self.dream_panel = self._bench.panel(
            "Dreams: each class draws its digit", self.dreams, [("class → what the net sees", "muted")]
        )
        self._bench.watch("dream", self.dream_panel, when_there_is_one(self.draw_dream))
        return self.dream_panel

    def draw_dream(self, view: DreamView) -> None:
        """Ten generated digits, with what the net itself sees in them."""
        self.dream_panel.set_empty("")
        seen = [str(k) if k == r else f"{k} → {r}" for k, r in enumerate(view.recognised.tolist())]
        self.dreams.set_images(np.nan_to_num(view.images), seen)

    # --- state --------------------------------------------------------------------------------------------------

    def on_run_started(self) -> None:
        """Another circuit: a cell of the old one may not exist in it."""
        self._looking.area, self._looking.cell = 1, 0
        for view in (self.schematic, self.strips):
            view.set_chosen(1, -1)
        self.on_card_closed()
        self.on_looking_changed()

    def on_run_state_changed(self, state: str) -> None:
        """When training goes on, the picture returns from the stepped batch to the probe."""
        if state == "training":
            self._looking.set_switches(live=False)
        self._say_waiting()

    def on_params_changed(self, params: object) -> None:
        """The task decides which curves there are and whether there is anything to dream of."""
        if not isinstance(params, DendriticParams):
            return
        images = params.task in IMAGE_TASKS
        self.curves.setCurrentWidget(self.accuracy if images else self.errors)
        self.angle_panel.set_empty("" if images else NO_ANGLE)
        self.on_learning_legend_changed()
        self._say_waiting()

    def _say_waiting(self) -> None:
        params = self._bench.params
        if isinstance(params, DendriticParams) and params.task not in IMAGE_TASKS:
            self.dream_panel.set_empty("This task has no pictures to dream of: choose a digits preset.")
        elif self._bench.run_state == "idle":
            self.dream_panel.set_empty("Press Train: ten generated digits appear while the circuit learns.")
        else:
            self.dream_panel.set_empty("")
        idle = self._bench.run_state == "idle"
        self.scope_panel.set_empty(
            "Press Train: the six potentials of one cell, millisecond by millisecond." if idle else ""
        )
