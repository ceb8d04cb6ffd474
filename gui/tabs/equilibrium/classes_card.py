"""Do exact gradients lose classes? Ten seconds of training for each strength of the nudge, over seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QWidget

from engine.papers.equilibrium_views import ClassesArguments, ClassesResult
from gui.shell.rows import label
from gui.tabs.equilibrium.names import CLASSES, SIDE
from gui.widgets.ask_button import AskButton
from gui.widgets.flow import FlowRow
from gui.widgets.heat_map import HeatMap
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.painted import number
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

START = "Run it"
COLOURS = ("series0", "series3", "series2")


def nudge_name(beta: float) -> str:
    """How a learner of this experiment is called; 0 stands for the exact gradient."""
    return "exact" if beta == 0 else f"β {beta:g}"


class ClassesCard:
    """A button, lost classes over updates, and which classes are still answered; `body` goes into a panel."""

    def __init__(self, bench: Bench) -> None:
        self.result: ClassesResult | None = None
        self.button = AskButton(
            bench,
            "classes",
            START,
            "Trains small networks side by side: the exact gradient, and nudges of 0.01 and 0.25",
            arguments=lambda: ClassesArguments(seeds=self.seeds.value()),
            show=self.show_result,
            fault=self.on_error,
        )
        self.seeds = QSpinBox()
        self.seeds.setRange(1, 10)
        self.seeds.setValue(3)
        self.seeds.setSuffix(" seeds")
        self.seeds.setToolTip("Different initial weights for each")
        self.words = label("A saturated output has no derivative: is its class lost for ever?", "muted", wrap=True)
        self.dead = LinesPlot("lost classes over updates", "update", "lost of 10")
        self.alive = HeatMap(
            table="unsigned", low=0.0, high=1.0, x_label="class", unit="answered", name="classes still answered"
        )
        self.alive.set_ticks(x=CLASSES)
        body = QWidget()
        across = QHBoxLayout(body)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(self.dead, 1)
        across.addWidget(self.alive, 1)
        self.body = Stacked(self.dead, above=FlowRow((self.button, self.seeds)), body=body, below=self.words)

    def on_error(self, reason: str) -> None:
        """It could not be run."""
        self.words.setText(reason)

    def show_result(self, result: ClassesResult) -> None:
        """Mean lost classes over updates, one row of classes per learner and seed, and both in words."""
        self.result = result
        names = [nudge_name(float(b)) for b in result.betas]
        colours = [SIDE if name == "exact" else COLOURS[i % len(COLOURS)] for i, name in enumerate(names)]
        curves = zip(names, colours, result.curve_dead, strict=True)
        self.dead.set_lines([Line(name, colour, result.curve_steps, dead) for name, colour, dead in curves])
        seeds = result.dead.shape[1]
        self.alive.set_ticks(x=CLASSES, y=[f"{name} · {s}" for name in names for s in range(seeds)])
        self.alive.set_matrix(np.asarray(result.alive, dtype=np.float32).reshape(-1, result.alive.shape[-1]))
        each = [
            f"{name}: {', '.join(str(int(d)) for d in dead)} lost, {number(float(np.mean(accuracy)), 3)} %"
            for name, dead, accuracy in zip(names, result.dead, result.accuracy, strict=True)
        ]
        self.words.setText(f"{result.steps:,} updates. {'; '.join(each)}")

    def data(self) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
        """The whole result, for an export."""
        if self.result is None:
            return {}
        names = ("betas", "accuracy", "dead", "silent", "alive", "curve_steps", "curve_dead", "curve_accuracy")
        return {name: np.asarray(getattr(self.result, name), dtype=np.float64) for name in names}
