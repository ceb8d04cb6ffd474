"""The centrepiece: nudged network and side network drawn on top of each other at every moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.papers.equilibrium_views import MomentsView, SlopeView
from gui.shell.rows import label, set_role
from gui.tabs.equilibrium.comparing import Comparing, ComparingControls
from gui.tabs.equilibrium.moment_cloud import MomentCloud, moment_text, points_drawn, verdict
from gui.tabs.equilibrium.moment_plots import (
    asymmetry_lines,
    gap_lines,
    layers_in,
    neuron_lines,
    slope_lines,
    weight_lines,
)
from gui.tabs.equilibrium.names import layer_name, weight_name
from gui.widgets.big_number import BigNumber
from gui.widgets.flow import FlowRow
from gui.widgets.lines_plot import LinesPlot
from gui.widgets.painted import number
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.probing import Probing, when_there_is_one
from gui.widgets.segments import Segments
from gui.widgets.stacked import Stacked
from gui.widgets.timeline import Timeline

if TYPE_CHECKING:
    from gui.shell.bench import Bench

RATE = 20.0
"""Moments a second while the clock runs by itself."""
OFF = 0.2
"""Slopes further from the theory than this are explained."""
WAITING = "Press Train or Step: the comparison needs a network, trained or not."


class MomentsScene(QWidget):
    """Seven panels over one comparison; the timeline below the cloud moves the cursor of all of them."""

    least_height = 640

    def __init__(self, bench: Bench, probing: Probing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        self.comparing = Comparing(probing, self)
        self.layer, self.weight = 0, 0
        cloud = self._cloud_panel(probing)
        neurons, weights = self._neurons_panel(), self._weights_panel()
        gap, slope, asymmetry = self._gap_panel(), self._slope_panel(), self._asymmetry_panel()
        self.symbols = {
            "moments": cloud, "neurons": neurons, "weights": weights, "gap": gap, "slope": slope,
            "asymmetry": asymmetry,
        }  # fmt: skip
        self.panels = (cloud, neurons, weights, gap, slope, asymmetry)
        self.grid = PanelGrid()
        middle, right = column(neurons, weights), column(gap, slope, asymmetry, stretch=(4, 3, 3))
        self.grid.arrange(row(cloud, middle, right, stretch=(5, 4, 4)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        self._moments = bench.watch("moments", cloud, when_there_is_one(self.draw_moments), self.comparing.query)
        self._slope = bench.watch("slope", slope, when_there_is_one(self.draw_slope), self.comparing.slope_query())
        self._asked = self.comparing.slope_query()
        self.comparing.changed.connect(self.on_comparing_changed)
        bench.run_state_changed.connect(self.on_run_state_changed)
        self.on_run_state_changed()

    # --- the panels ---------------------------------------------------------------------------------------------

    def _cloud_panel(self, probing: Probing) -> Panel:
        self.cloud = MomentCloud()
        self.controls = ComparingControls(self._bench, self.comparing, probing)
        self.timeline = Timeline("moments of the second phase", surface="card")
        self.timeline.set_rate(RATE)
        self.timeline.set_loop(True)
        self.timeline.set_text(lambda i: moment_text(self.cloud.view, i))
        self.timeline.position_changed.connect(self.on_moment)
        below = QWidget()
        down = QVBoxLayout(below)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(4)
        down.addWidget(self.timeline)
        down.addWidget(self.controls)
        self.cloud_panel = self._bench.panel("Every neuron: on the diagonal", Stacked(self.cloud, below=below))
        self.cloud_panel.data_source = self._points
        return self.cloud_panel

    def _points(self) -> dict[str, Any]:
        return points_drawn(self.cloud.view) if self.cloud.view is not None else {}

    def _neurons_panel(self) -> Panel:
        self.neurons = LinesPlot("neurons over time", "time since the nudge", "error derivative")
        self.layer_choice = Segments(("layer 1", "layer 2", "layer 3", "output"), "layer")
        self.layer_choice.chosen.connect(self.on_layer)
        self.nothing = label("nothing to correct in this picture: choose another", "warning")
        self.nothing.hide()
        stacked = Stacked(self.neurons, above=FlowRow((self.layer_choice, self.nothing)))
        self.neurons_panel = self._bench.panel("Neurons over time", stacked)
        return self.neurons_panel

    def _weights_panel(self) -> Panel:
        self.weights = LinesPlot("weight gradients over time", "time since the nudge", "dJ/dW, running estimate")
        self.weight_choice = Segments([weight_name(k) for k in range(4)], "weights")
        self.weight_choice.chosen.connect(self.on_weight)
        self.weights_panel = self._bench.panel(
            "Weight gradients", Stacked(self.weights, above=FlowRow((self.weight_choice,)))
        )
        return self.weights_panel

    def _gap_panel(self) -> Panel:
        self.gap, self.weight_gap = BigNumber("neurons"), BigNumber("weights")
        self.correlation = BigNumber("correlation")
        self.gaps = LinesPlot("gap at each moment", "time since the nudge", "relative gap", log_y=True)
        self.words = label("", "muted", wrap=True)
        above = QWidget()
        across = QHBoxLayout(above)
        across.setContentsMargins(0, 0, 0, 0)
        for big in (self.gap, self.weight_gap, self.correlation):
            across.addWidget(big)
        above.setFixedHeight(62)
        self.gap_panel = self._bench.panel("The gap", Stacked(self.gaps, above=above, below=self.words))
        return self.gap_panel

    def _slope_panel(self) -> Panel:
        self.slope = LinesPlot("gap over β", "β", "relative gap", log=True)
        self.slopes = label("slope 1 one-sided, 2 centred, says the theory", "muted", wrap=True)
        self.slope_panel = self._bench.panel("Gap over β", Stacked(self.slope, below=self.slopes))
        return self.slope_panel

    def _asymmetry_panel(self) -> Panel:
        self.asymmetry = LinesPlot("gap over asymmetry", "weight asymmetry", "gap, correlation")
        self.asymmetry_words = label("", "muted", wrap=True)
        self.asymmetry_panel = self._bench.panel(
            "Gap over asymmetry", Stacked(self.asymmetry, below=self.asymmetry_words)
        )
        return self.asymmetry_panel

    # --- what arrives -------------------------------------------------------------------------------------------

    def draw_moments(self, view: MomentsView) -> None:
        """Another comparison; the clock goes on where it was."""
        for panel in (self.cloud_panel, self.neurons_panel, self.weights_panel, self.gap_panel):
            panel.set_empty("")
        is_first = self.cloud.view is None
        self.cloud.show_view(view)
        if self.timeline.length != len(view.time):
            self.timeline.set_length(len(view.time))
        if is_first:
            self.timeline.set_position(0)
            self.timeline.play()
        self._offer_layers(layers_in(view))
        self._draw_chosen()
        self.gaps.set_lines(gap_lines(view))
        self.gap.set_value(view.gap, verdict(view.gap))
        self.weight_gap.set_value(view.gap_of_weights, verdict(view.gap_of_weights))
        self.correlation.set_value(view.correlation, verdict(1.0 - view.correlation))
        text = (
            view.words or f"not at rest by {number(view.residual, 2)}; gaps below {number(view.floor, 2)} say nothing"
        )
        moved = f" {view.moved} neurons entered or left saturation." if view.moved and not view.words else ""
        self.words.setText(text + moved)
        set_role(self.words, "warning" if view.words else "muted")
        self._bench.explain("gap", number(view.gap, 2))
        self.on_moment(self.timeline.position)

    def _offer_layers(self, layers: int) -> None:
        """Only the layers there are; the last one is the output."""
        for k in range(4):
            button, weights = self.layer_choice.button(k), self.weight_choice.button(k)
            button.setText(layer_name(k + 1, layers))
            button.setVisible(k < layers)
            weights.setVisible(k < layers)
        self.layer, self.weight = min(self.layer, layers - 1), min(self.weight, layers - 1)
        self.layer_choice.choose(self.layer)
        self.weight_choice.choose(self.weight)

    def _draw_chosen(self) -> None:
        view = self.cloud.view
        if view is not None:
            lines = neuron_lines(view, self.layer + 1)
            self.neurons.set_lines(lines)
            self.nothing.setVisible(not any(np.any(line.y) for line in lines))
            self.weights.set_lines(weight_lines(view, self.weight))

    def on_layer(self, index: int) -> None:
        """Neurons of another layer."""
        self.layer = index
        self._draw_chosen()

    def on_weight(self, index: int) -> None:
        """Another weight matrix."""
        self.weight = index
        self._draw_chosen()

    def on_moment(self, moment: int) -> None:
        """The clock: the cloud of this moment, the cursor in the curves."""
        view = self.cloud.view
        if view is None or not 0 <= moment < len(view.time):
            return
        self.cloud.show_moment(moment)
        for plot in (self.neurons, self.weights, self.gaps):
            plot.set_cursor(float(view.time[moment]))

    def draw_slope(self, view: SlopeView) -> None:
        """The gap over β with its fitted slopes, and over asymmetry."""
        for panel in (self.slope_panel, self.asymmetry_panel):
            panel.set_empty("")
        self.slope.set_lines(slope_lines(view))
        self.asymmetry.set_lines(asymmetry_lines(view))
        one, two = number(view.slope_one_sided, 3), number(view.slope_centred, 3)
        off = abs(view.slope_one_sided - 1.0) > OFF or abs(view.slope_centred - 2.0) > OFF
        kink = "; a clipped neuron stands at its kink: compare smooth neurons" if off else ""
        exact = f"; exact derivative: {number(view.exact, 2)}"
        self.slopes.setText(f"slope {one} one-sided (theory 1), {two} centred (theory 2){kink or exact}")
        self.asymmetry_words.setText(f"gap ≈ {number(view.slope_asymmetry, 2)} × asymmetry near zero")
        self._bench.explain("slope one-sided", one)
        self._bench.explain("slope centred", two)
        self._show_knobs()

    def _show_knobs(self) -> None:
        query = self.comparing.query
        self.slope.set_cursor(query.beta if query.nudging != "exact" else None)
        self.asymmetry.set_cursor(query.asymmetry)

    # --- state --------------------------------------------------------------------------------------------------

    def on_comparing_changed(self) -> None:
        """A slider, a switch or another picture: ask at once."""
        self._moments.set_query(self.comparing.query)
        wanted = self.comparing.slope_query()
        if wanted is not self._asked and _differs(wanted, self._asked):
            self._asked = wanted
            self._slope.set_query(wanted)
        self._show_knobs()

    def on_run_state_changed(self, _state: str = "") -> None:
        """Before the first run there is nothing to compare."""
        why = WAITING if self.cloud.view is None and self._bench.run_state in ("idle", "failed", "stopped") else ""
        for panel in self.panels:
            panel.set_empty(why)


def _differs(one: Any, other: Any) -> bool:
    """Whether two slope queries ask for different things; drawn pictures are compared by identity."""
    return one.probe is not other.probe or (one.images, one.rho, one.epsilon) != (
        other.images,
        other.rho,
        other.epsilon,
    )
