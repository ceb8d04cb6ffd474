"""The paper's theorem as a measurement: the angle to backprop over λ must be a straight line of slope 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.papers.dendritic_views import SweepArguments, SweepResult
from gui.shell.rows import label
from gui.widgets.ask_button import AskButton
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.painted import number
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench


class SweepCard:
    """A button that measures, the plot, and the fitted slopes in words; `body` goes into a panel."""

    def __init__(self, bench: Bench) -> None:
        self.plot = LinesPlot("angle to backprop over λ", "apical mixing λ", "angle (°)", log=True)
        self.button = AskButton(
            bench,
            "sweep",
            "Measure λ",
            "On the present weights, with B = Wᵀ and in double precision; training waits",
            arguments=SweepArguments,
            show=self.show_result,
            fault=self.on_error,
        )
        self.words = label("angle ∝ λ: a line of slope 1", "muted")
        above = QWidget()
        line = QHBoxLayout(above)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.button)
        line.addWidget(self.words, 1)
        self.body = Stacked(self.plot, above=above)

    def on_error(self, reason: str) -> None:
        """It could not be measured."""
        self.words.setText(reason)

    def show_result(self, result: SweepResult) -> None:
        """Angles per layer, and the line of slope 1 through the first point of the first layer."""
        if not len(result.lambdas):
            return
        lines = [
            Line(f"W{'₁₂₃'[k]}", f"series{k}", result.lambdas, result.angles[:, k], dots=True)
            for k in range(min(3, result.angles.shape[1]))
        ]
        guide = result.lambdas * (float(result.angles[0, 0]) / float(result.lambdas[0]))
        lines.append(Line("slope 1", "baseline", result.lambdas, np.asarray(guide), dashed=True))
        self.plot.set_lines(lines)
        if len(result.slope) and np.isfinite(result.slope).all():  # a part of it has no line to fit yet
            slopes = ", ".join(f"W{'₁₂₃'[k]} {number(float(s), 3)}" for k, s in enumerate(result.slope[:3]))
            self.words.setText(f"fitted slope: {slopes} (theory: 1)")
