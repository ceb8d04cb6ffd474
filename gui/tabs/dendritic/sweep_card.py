"""The paper's theorem as a measurement: the angle to backprop over λ must be a straight line of slope 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.papers.dendritic_views import SweepArguments, SweepResult
from gui.shell.rows import label, push_button
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.painted import number
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench
    from gui.shell.tickets import Ticket


class SweepCard:
    """A button that measures, the plot, and the fitted slopes in words; `body` goes into a panel."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._ticket: Ticket | None = None
        self.plot = LinesPlot("angle to backprop over λ", "apical mixing λ", "angle (°)", log=True)
        self.button = push_button(
            "Measure λ", self.on_measure, "On the present weights, with B = Wᵀ and in double precision; training waits"
        )
        self.words = label("angle ∝ λ: a line of slope 1", "muted")
        above = QWidget()
        line = QHBoxLayout(above)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.button)
        line.addWidget(self.words, 1)
        self.body = Stacked(self.plot, above=above)

    def on_measure(self) -> None:
        """Ask for a sweep, or give up the one under way."""
        if self._ticket is not None and self._ticket.is_open:
            self._ticket.cancel()
            self.on_done()
            return
        self.button.setText("Stop")
        self._ticket = self._bench.ask(
            "sweep",
            SweepArguments(),
            on_result=self.on_result,
            on_partial=lambda result, _fraction: self.show_result(result),
            on_error=self.on_error,
        )

    def on_done(self) -> None:
        """Ready for the next."""
        self._ticket = None
        self.button.setText("Measure λ")

    def on_error(self, reason: str) -> None:
        """It could not be measured."""
        self.on_done()
        self.words.setText(reason)

    def on_result(self, result: SweepResult) -> None:
        """All values of λ are measured."""
        self.on_done()
        self.show_result(result)
        slopes = ", ".join(f"W{'₁₂₃'[k]} {number(float(s), 3)}" for k, s in enumerate(result.slope[:3]))
        self.words.setText(f"fitted slope: {slopes} (theory: 1)")

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
