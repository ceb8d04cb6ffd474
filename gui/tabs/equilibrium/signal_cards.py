"""Is the learning signal sound? Direction, dead outputs, arrival of the error, coming to rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.papers.equilibrium_views import GaugesView, Nothing, Repaired
from gui.shell.rows import label, push_button, set_role
from gui.tabs.equilibrium.names import CLASSES, EP, FREE, NUDGED, degrees, layer_name, weight_name
from gui.widgets.bars import Bars
from gui.widgets.curves import Curves
from gui.widgets.gauge import AngleGauge
from gui.widgets.heat_map import HeatMap
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.painted import number
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

FAINT = 1e-12
"""Displacements below it count as none at all."""


class DirectionCard:
    """Needles for the present weights, curves for the whole run; 0° is the exact gradient."""

    def __init__(self, bench: Bench) -> None:
        self.gauge = AngleGauge()
        self.gauge.setFixedHeight(92)
        self.curves = Curves("cosine", name="cosine with the exact gradient over updates")
        self.curves.add_reference(0.0, "chance", "warning")
        bench.curves(self.curves, "cosine_1", "cosine_2", "cosine_3", "cosine_4")
        self.gauge.setToolTip("Angle of the update to the exact gradient, and its length over the gradient's")
        self.body = Stacked(self.curves, above=self.gauge)

    def show_view(self, view: GaugesView) -> None:
        """Angles and relative lengths of the update of each weight matrix."""
        lengths = [number(float(r), 2) for r in view.norm_ratio]
        is_zero = np.isnan(view.norm_ratio).tolist()  # no ratio: the exact gradient itself is zero
        names = [
            f"{weight_name(k)}  {'gradient is 0' if none else f'×{length}'}"
            for k, (length, none) in enumerate(zip(lengths, is_zero, strict=True))
        ]
        self.gauge.set_angles(dict(zip(names, degrees(view.cosine).tolist(), strict=True)))


class OutputsCard:
    """How many pictures of each class their own output answers; under 5 % the class is lost."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.bars = Bars(high=100.0, unit="%", name="pictures of each class that its own output answers")
        self.words = label("", "muted", wrap=True)
        self.raise_beta = push_button("Raise β to 0.25", self.on_raise, "A finite nudge pushes through the kink")
        self.raise_beta.hide()
        below = QWidget()
        across = QHBoxLayout(below)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(self.words, 1)
        across.addWidget(self.raise_beta)
        self.body = Stacked(self.bars, below=below)

    def show_view(self, view: GaugesView) -> None:
        """Bars per class, lost ones named."""
        dead = [bool(d) for d in view.dead]
        labels = [f"{c} lost" if d else c for c, d in zip(CLASSES, dead, strict=False)]
        meanings = ["bad" if d else EP for d in dead]
        self.bars.set_bars(labels, 100.0 * np.asarray(view.output_on), meanings=meanings)
        lost = [str(k) for k, d in enumerate(dead) if d]
        words = f"{', '.join(lost)} lost: a silent output has no derivative, hence no way back."
        self.words.setText(words if lost else "every class is answered by its own output")
        set_role(self.words, "warning" if lost else "muted")
        weak = getattr(self._bench.params, "beta", 1.0) < 0.25 or getattr(self._bench.params, "trainer", "") == "rbp"
        self.raise_beta.setVisible(bool(lost) and weak)

    def on_raise(self) -> None:
        """The remedy, through the parameter panel."""
        self._bench.change(trainer="ep", beta=0.25)


class ArrivalCard:
    """Energy at each sweep of both phases, and how far the error has come after each nudged sweep."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.energy = LinesPlot("energy at each sweep", "sweep", "energy per picture")
        self.arrival = HeatMap(
            table="unsigned", x_label="layer", y_label="nudged sweep", unit="log₁₀", name="displacement by the nudge"
        )
        self.words = label("", "muted", wrap=True)
        self.repair = push_button(
            "Repair", self.on_repair, "Let the engine change the knobs that cause it; undo with Ctrl+Z"
        )
        self.repair.hide()
        body, below = QWidget(), QWidget()
        for widget, children in ((body, (self.energy, self.arrival)), (below, (self.words, self.repair))):
            across = QHBoxLayout(widget)
            across.setContentsMargins(0, 0, 0, 0)
            for child in children:
                across.addWidget(child, 0 if child is self.repair else 1)
        self.body = Stacked(self.energy, body=body, below=below)

    def show_view(self, view: GaugesView) -> None:
        """Empty fields: nothing has arrived in that layer yet."""
        free = np.arange(len(view.energy_free))
        later = free[-1:].max(initial=0) + np.arange(len(view.energy_nudged))
        self.energy.set_lines(
            [
                Line("E, free", FREE, free, view.energy_free, dots=True),
                Line("E + βC, nudged", NUDGED, later, view.energy_nudged, dots=True),
            ]
        )
        moved = np.asarray(view.arrival, dtype=np.float64)
        shown = np.full(moved.shape, np.nan)
        np.log10(moved, out=shown, where=moved > FAINT)
        layers = moved.shape[1] if moved.ndim == 2 else 0
        names = [layer_name(k + 1, layers) for k in range(layers)]
        self.arrival.set_ticks(x=names, y=[str(i + 1) for i in range(len(moved))])
        self.arrival.set_matrix(shown.astype(np.float32))
        self.words.setText(view.words or f"at rest but for {number(view.residual, 2)} per neuron")
        set_role(self.words, "warning" if view.words else "muted")
        self.repair.setVisible(bool(view.words))

    def on_repair(self) -> None:
        """One button for what the words name."""
        self._bench.ask("repair", Nothing(), on_result=self.on_repaired)

    def on_repaired(self, done: Repaired) -> None:
        """Say what was done."""
        self._bench.note(done.text)
