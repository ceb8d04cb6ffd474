"""The paper's Figures 1, S1 and 2 as the run draws them; for other presets, which one to choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSpinBox, QStackedWidget, QVBoxLayout, QWidget

from engine.papers.dendritic import DendriticParams
from engine.papers.dendritic_views import RegressionQuery, RegressionView
from gui.shell.rows import label
from gui.widgets.curves import Curves
from gui.widgets.flow import FlowRow
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.probing import when_there_is_one
from gui.widgets.segments import switch
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

FIGURES = (
    ("Figure 1 · association", "association", "association"),
    ("Figure S1 · self-prediction", "self-prediction", "self_prediction"),
    ("Figure 2 · regression", "regression", "regression"),
)
"""Words, preset, task."""
OTHER = (
    "These figures belong to their own circuits: 30-20-10 cells for one association and for self-prediction, 30-50-10 "
    "for the regression. Choose one above; the present run is kept in the library."
)
GOALS = {
    "association": "One pattern, one target. The teacher appears, the apical dendrites show the error, and as the "
    "weights change the error is explained away: all three curves fall together.",
    "self_prediction": "Random inputs, no teacher, only the interneurons' synapses learn. Σ (vᴬ)² and the mismatch "
    "between interneurons and the cells they mirror both fall towards zero.",
    "regression": "The circuit learns the function of another network. Shallow: the same circuit with frozen hidden "
    "weights. The distance between the two is what the apical errors are worth.",
}


class FiguresScene(QWidget):
    """Preset buttons at the top; below the strip charts, the regression, or the sentence what to choose."""

    grid_made = Signal(object)
    """A grid of panels was built, when its task came up for the first time."""

    def __init__(self, bench: Bench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        self.buttons: dict[str, QPushButton] = {}
        self.symbols: dict[str, QWidget] = {}
        top = FlowRow()
        for words, preset, task in FIGURES:
            button = switch(words, f"Load the preset “{bench.paper.preset(preset).title}”")
            button.clicked.connect(lambda _on, preset=preset: self.on_figure(preset))
            self.buttons[task] = button
            top.add(button)
        self.goal = label("", "muted", wrap=True)
        self.stack = QStackedWidget()
        self.strips_grid, self.regression_grid = PanelGrid(), PanelGrid()
        self.grids = {"figures": self.strips_grid, "regression": self.regression_grid}
        self._made: set[QWidget] = set()
        self.other = label(OTHER, "muted", wrap=True)
        self.other.setMargin(40)
        for page in (self.strips_grid, self.regression_grid, self.other):
            self.stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(top)
        layout.addWidget(self.goal)
        layout.addWidget(self.stack, 1)
        bench.params_changed.connect(self.on_params_changed)
        self.on_params_changed(bench.params)

    def on_figure(self, preset: str) -> None:
        """Load the preset of a figure, unless it is there already."""
        if self._bench.preset.id != preset:
            self._bench.load_preset(preset)
        self.on_params_changed(self._bench.params)

    # --- Figures 1 and S1 ---------------------------------------------------------------------------------------

    def _strip_charts(self) -> None:
        panels = []
        for title, axis, names in (
            ("Apical potential: is there an error?", "Σ (vᴬ)²", ("apical_sq",)),
            ("Interneuron against the cell it mirrors", "|u₂ − uᴵ|²", ("mismatch_sq",)),
            ("Output against its target", "squared error", ("output_error",)),
        ):
            curves = Curves(axis, log=True)
            self._bench.curves(curves, *names)
            panels.append(self._bench.panel(title, curves))
        self.output_panel = panels[-1]
        self.strips_grid.arrange(column(*panels))

    # --- Figure 2 -----------------------------------------------------------------------------------------------

    def _regression(self) -> None:
        self.traces = LinesPlot("outputs over test inputs", "test input, sorted by target", "rate of one output cell")
        self.cell = QSpinBox()
        self.cell.setRange(0, 9)
        self.cell.setPrefix("output cell ")
        self.cell.valueChanged.connect(self.on_cell)
        above = QWidget()
        line = QHBoxLayout(above)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.cell)
        line.addStretch(1)
        self.traces_panel = self._bench.panel("What the circuit says", Stacked(self.traces, above=above))
        self.traces_panel.set_empty("Press Train: target, circuit and shallow learner appear.")
        self._watch = self._bench.watch(
            "regression", self.traces_panel, when_there_is_one(self.draw_regression), RegressionQuery()
        )
        self.error = Curves("squared test error", log=True)
        self._bench.curves(self.error, "output_error", "shallow_error")
        self.aligned = Curves("angle between B and Wᵀ (°)")
        self.aligned.add_reference(90.0, "90°: chance", "warning")
        self._bench.curves(self.aligned, "alignment_1")
        error = self._bench.panel("Circuit against the shallow learner", self.error)
        aligned = self._bench.panel("Forward weights align with feedback", self.aligned)
        self.regression_grid.arrange(row(self.traces_panel, column(error, aligned), stretch=(3, 2)))

    def on_cell(self, cell: int) -> None:
        """Another output cell."""
        self._watch.set_query(RegressionQuery(cell=cell))

    def draw_regression(self, view: RegressionView) -> None:
        """Four traces over the test inputs; the target last, so that it lies on top."""
        self.traces_panel.set_empty("")
        x = np.arange(len(view.target))
        self.traces.set_lines(
            [
                Line("before", "series7", x, view.before, dashed=True),
                Line("shallow", "baseline", x, view.shallow),
                Line("circuit", "model", x, view.circuit),
                Line("target", "target", x, view.target),
            ]
        )

    def on_params_changed(self, params: object) -> None:
        """Show what belongs to the task."""
        if not isinstance(params, DendriticParams):
            return
        for task, button in self.buttons.items():
            button.setChecked(task == params.task)
        self.goal.setText(GOALS.get(params.task, ""))
        page: QWidget = self.strips_grid
        if params.task not in GOALS:
            page = self.other
        elif params.task == "regression":
            page = self.regression_grid
        if page not in self._made and page is not self.other:
            self._made.add(page)
            (self._regression if page is self.regression_grid else self._strip_charts)()
            self.grid_made.emit(page)
        if page is self.strips_grid:
            taught = params.task == "association"
            self.output_panel.set_empty("" if taught else "No teacher in this figure: the output has no target.")
        self.stack.setCurrentWidget(page)
