"""The bias map: how true the update is for every strength of the nudge and every length of the second phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QSpinBox, QVBoxLayout, QWidget

from engine.papers.equilibrium import LARGEST_CENTRED_BETA, EquilibriumParams
from engine.papers.equilibrium_views import BiasQuery, BiasView
from gui.shell.rows import label, set_role
from gui.tabs.equilibrium.names import degrees, weight_name
from gui.widgets.curves import Curves
from gui.widgets.flow import FlowRow
from gui.widgets.heat_map import HeatMap
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.painted import number
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.probing import when_there_is_one
from gui.widgets.segments import Segments, switch
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

HELP = (
    "Each field is an update of the present weights with that β and so many nudged sweeps, against the exact gradient. "
    "Empty: the error has not arrived yet. Framed: where the knobs stand. Click a field to train there."
)


class BiasScene(QWidget):
    """Two maps of one weight matrix, cuts through them, and the training as it goes; 0° is the exact gradient."""

    def __init__(self, bench: Bench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        self.view: BiasView | None = None
        self.weight = 0
        angle, length = self._angle_panel(), self._length_panel()
        cuts, layers, training = self._cuts_panel(), self._layers_panel(), self._training_panel()
        self.symbols = {"bias": angle}
        self.grid = PanelGrid()
        self.grid.arrange(column(row(angle, length), row(cuts, layers, training), stretch=(5, 4)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        self._watch = bench.watch("bias", angle, when_there_is_one(self.draw_bias), self.query())
        bench.params_changed.connect(self.on_params_changed)
        bench.run_state_changed.connect(self.on_run_state_changed)
        self.on_run_state_changed()

    # --- the panels ---------------------------------------------------------------------------------------------

    def _angle_panel(self) -> Panel:
        self.angle = HeatMap(
            table="unsigned", low=0.0, x_label="nudged sweeps T₂", y_label="β", unit="°", name="angle map"
        )
        self.angle.cell_clicked.connect(self.on_cell)
        self.choice = Segments([weight_name(k) for k in range(4)], "weights")
        self.choice.chosen.connect(self.on_weight)
        self.centred = switch("Centred", "Compare +β with −β; up: +β with rest")
        self.centred.setChecked(True)
        self.centred.toggled.connect(lambda _on: self._watch.set_query(self.query()))
        self.images = QSpinBox()
        self.images.setRange(1, 256)
        self.images.setValue(32)
        self.images.setSuffix(" pictures")
        self.images.setToolTip("Training pictures that the update is averaged over")
        self.images.valueChanged.connect(lambda _n: self._watch.set_query(self.query()))
        above = FlowRow((self.choice, self.centred, self.images))
        self.words = label(HELP, "muted", wrap=True)
        body = Stacked(self.angle, above=above, below=self.words)
        self.angle_panel = self._bench.panel("Direction: angle to the exact gradient", body)
        return self.angle_panel

    def _length_panel(self) -> Panel:
        self.length = HeatMap(
            table="signed", low=-1.0, high=1.0, x_label="nudged sweeps T₂", y_label="β", unit="log₁₀", name="length map"
        )
        self.length.cell_clicked.connect(self.on_cell)
        words = label("0: as long as the exact gradient; −1: a tenth of it; 1: ten times.", "muted", wrap=True)
        self.length_panel = self._bench.panel("Length: log₁₀ of the ratio", Stacked(self.length, below=words))
        return self.length_panel

    def _cuts_panel(self) -> Panel:
        self.cuts = LinesPlot("angle over nudged sweeps for each β", "nudged sweeps T₂", "angle (°)")
        self.cuts_panel = self._bench.panel("Each β, sweep by sweep", self.cuts)
        return self.cuts_panel

    def _layers_panel(self) -> Panel:
        self.layers = LinesPlot("angle over nudged sweeps for each layer", "nudged sweeps T₂", "angle (°)")
        self.layers_panel = self._bench.panel("Each layer, at the present β", self.layers)
        return self.layers_panel

    def _training_panel(self) -> Panel:
        self.training = Curves("cosine", name="cosine with the exact gradient over updates")
        self.training.add_reference(0.0, "chance", "warning")
        self._bench.curves(self.training, "cosine_1", "cosine_2", "cosine_3", "cosine_4")
        return self._bench.panel("The training itself", self.training)

    def query(self) -> BiasQuery:
        """What the switches ask for."""
        return BiasQuery(images=self.images.value(), centred=self.centred.isChecked())

    # --- what arrives -------------------------------------------------------------------------------------------

    def draw_bias(self, view: BiasView) -> None:
        """Another map; the chosen weights stay as far as there are."""
        self.view = view
        for panel in (self.angle_panel, self.length_panel, self.cuts_panel, self.layers_panel):
            panel.set_empty("")
        count = view.cosine.shape[2]
        for k in range(4):
            self.choice.button(k).setVisible(k < count)
        self.weight = min(self.weight, count - 1)
        self.choice.choose(self.weight)
        self._draw_chosen()

    def _draw_chosen(self) -> None:
        view = self.view
        if view is None:
            return
        self._say_why_empty(view)
        ticks = {"x": [str(s) for s in view.sweeps.tolist()], "y": [f"{b:g}" for b in view.betas.tolist()]}
        angle, ratio = degrees(view.cosine[:, :, self.weight]), view.norm_ratio[:, :, self.weight]
        for chart, values in ((self.angle, angle), (self.length, log10(ratio))):
            chart.set_ticks(**ticks)
            chart.set_matrix(values.astype(np.float32))
        self.cuts.set_lines(
            [Line(f"β {b:g}", f"series{i}", view.sweeps, angle[i]) for i, b in enumerate(view.betas.tolist())]
        )
        self._show_knobs()

    def _say_why_empty(self, view: BiasView) -> None:
        """Where the exact gradient is zero there is no direction to compare with: the reason stands for the map."""
        why = view.empty[self.weight] if self.weight < len(view.empty) else ""
        self.words.setText(why or HELP)
        set_role(self.words, "warning" if why else "muted")
        self.length_panel.set_empty(why)
        self.cuts_panel.set_empty(why)
        self.layers_panel.set_empty(why if all(view.empty) else "")

    def _show_knobs(self) -> None:
        """Frame the field of the present knobs, cut the map along its row."""
        view, params = self.view, self._bench.params
        if view is None or not isinstance(params, EquilibriumParams) or not len(view.betas):
            return
        i = int(np.abs(np.log(view.betas) - np.log(params.beta)).argmin())
        j = params.nudged_sweeps - int(view.sweeps[0]) if len(view.sweeps) else -1
        inside = params.trainer == "ep" and 0 <= j < len(view.sweeps)
        for chart in (self.angle, self.length):
            chart.set_mark((i, j) if inside else None)
        count = view.cosine.shape[2]
        self.layers.set_lines(
            [Line(weight_name(k), f"series{k}", view.sweeps, degrees(view.cosine[i, :, k])) for k in range(count)]
        )
        self.layers_panel.set_title(f"Each layer, at β = {number(float(view.betas[i]), 3)}")
        for plot in (self.cuts, self.layers):
            plot.set_cursor(float(params.nudged_sweeps))

    # --- gestures and state -------------------------------------------------------------------------------------

    def on_weight(self, index: int) -> None:
        """Another weight matrix."""
        self.weight = index
        self._draw_chosen()

    def on_cell(self, i: int, j: int) -> None:
        """Train there: the knobs go to this field, undoably."""
        if self.view is None:
            return
        beta = float(self.view.betas[i])
        if self.centred.isChecked():
            beta = min(beta, LARGEST_CENTRED_BETA)
        self._bench.change(beta=beta, nudged_sweeps=int(self.view.sweeps[j]))

    def on_params_changed(self, _params: object = None) -> None:
        """The knobs moved: so does the frame."""
        self._show_knobs()

    def on_run_state_changed(self, _state: str = "") -> None:
        """Before the first run there are no weights."""
        why = (
            ""
            if self.view is not None or self._bench.run_state in ("training", "paused", "starting")
            else ("Press Train: the map follows the present weights.")
        )
        for panel in (self.angle_panel, self.length_panel, self.cuts_panel, self.layers_panel):
            panel.set_empty(why)


def log10(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Decades; zero and not-a-number stay empty."""
    shown = np.full(values.shape, np.nan)
    np.log10(values, out=shown, where=np.nan_to_num(values) > 0)
    return shown
