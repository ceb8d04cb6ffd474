"""Graphs of growing size: exact, set match and validity of each model on circuits shorter and longer than trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QSpinBox

from engine.papers.pag_views import GrowArguments, Growth
from gui.shell.rows import label
from gui.tabs.pag.names import COLOURS, model_name
from gui.tabs.pag.until_measured import UntilMeasured
from gui.widgets.ask_button import AskButton
from gui.widgets.flow import FlowRow
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.segments import Segments
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

START = "Measure"
LEAST_CIRCUIT = 3
SCORES = (("exact", "exact"), ("same_set", "set match"), ("valid", "valid"))


class GrowthCard:
    """A button, three scores to choose from, one line per model; `body` goes into a panel."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.result: Growth | None = None
        self.button = AskButton(
            bench,
            "grow",
            START,
            "New graphs of each size, decoded by every model",
            arguments=self.arguments,
            show=self.show_result,
            fault=self.on_error,
        )
        self.distractor = QSpinBox()
        self.distractor.setRange(0, 8)
        self.distractor.setPrefix("m = ")
        self.distractor.setToolTip("Distractor: nodes of a second circuit that does not matter: 0 or at least 3")
        self.score = Segments([words for _, words in SCORES], "score")
        self.score.chosen.connect(lambda _i: self._draw())
        self.plot = LinesPlot("score over circuit size", "nodes on the circuit", "graphs (%)")
        self.words = label("", "muted", wrap=True)
        self.place = UntilMeasured(self.plot, "Circuits longer than any in training: is the tour still closed?")
        above = FlowRow((self.button, self.distractor, self.score))
        self.body = Stacked(self.plot, above=above, body=self.place, below=self.words)
        bench.run_started.connect(self.on_run_started)

    def arguments(self) -> GrowArguments:
        """What the boxes ask for; one or two nodes make no circuit."""
        if 0 < self.distractor.value() < LEAST_CIRCUIT:
            self.distractor.setValue(LEAST_CIRCUIT)
        return GrowArguments(distractor=self.distractor.value())

    def on_run_started(self) -> None:
        """Another run: what was measured no longer holds."""
        self.result = None
        self.plot.set_lines([])
        self.place.show_picture(False)
        self.words.setText("")

    def on_error(self, reason: str) -> None:
        """It could not be measured."""
        self.words.setText(reason)

    def show_result(self, result: Growth) -> None:
        """What is measured so far."""
        self.result = result
        self.place.show_picture()
        self._draw()
        trained = result.circuits[np.asarray(result.trained, bool)]
        said = f"Training shows circuits of {trained.min()} to {trained.max()} nodes" if len(trained) else ""
        self.words.setText(f"{said}; larger ones were never seen." if said else "None of these sizes was trained.")

    def _draw(self) -> None:
        result = self.result
        if result is None:
            return
        values = getattr(result, SCORES[self.score.index][0])
        self.plot.set_lines(
            [
                Line(model_name(m), COLOURS[m], result.circuits, 100.0 * values[i], dots=True)
                for i, m in enumerate(result.models)
            ]
        )
