"""What classifiers find in z, of GibbsNet and of ALI: measured on demand, also where ALI does better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.papers.gibbsnet_views import ProbeArguments, ProbeResult
from gui.shell.rows import label
from gui.tabs.gibbsnet.heading import headed
from gui.tabs.gibbsnet.names import model_colour, model_words
from gui.tabs.gibbsnet.result_table import ResultTable, Row
from gui.widgets.ask_button import AskButton
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

HINT = "Reads the class from z, GibbsNet beside ALI. The paper's advantage of GibbsNet was not found at this size."


class ProbeCard:
    """`body` goes into a panel."""

    def __init__(self, bench: Bench) -> None:
        self.table = ResultTable("what a classifier finds in z")
        self.ask = AskButton(
            bench, "probe", "Measure", "Classifiers on z of 1,000 training pictures, tested on test pictures",
            arguments=ProbeArguments, show=self.show_result, fault=lambda why: bench.note(why, "warning"),
        )  # fmt: skip
        self.words = label(HINT, "muted", wrap=True)
        self.body = Stacked(self.table, above=headed(self.words, self.ask))

    def show_result(self, result: object) -> None:
        """Shares right, beside the pixels themselves."""
        if not isinstance(result, ProbeResult):  # a part says only how far it is
            return
        nan = float("nan")
        models = len(result.models)
        hints = (
            ("linear, mean", result.linear_mean, result.pixels, "A linear classifier on the mean of q(z | x)"),
            ("linear, draw", result.linear_sampled, nan, "A linear classifier on a draw from q(z | x)"),
            ("kNN, mean", result.knn_mean, nan, "Five nearest neighbours among means"),
            ("kNN, draw", result.knn_sampled, nan, "Five nearest neighbours among draws"),
        )
        rows = [Row(n, (*(100 * np.asarray(v)).tolist(), 100 * p), "up", h, " %") for n, v, p, h in hints]
        rows.append(
            Row(
                "signal / noise",
                (*(result.signal / result.noise).tolist(), nan),
                "up",
                "Spread of the means over the mean σ of q",
            )
        )
        self.table.set_rows(
            [*(model_words(m) for m in result.models), "pixels"], [*(model_colour(m) for m in result.models), "data"],
            models, rows,
        )  # fmt: skip
        self.words.setText(result.words)
