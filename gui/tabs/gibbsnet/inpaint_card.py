"""Half-image completions of test pictures, measured for GibbsNet and ALI by what does not reward collapse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from engine.papers.gibbsnet_views import InpaintArguments, InpaintResult
from gui.shell.rows import label
from gui.tabs.gibbsnet.heading import headed
from gui.tabs.gibbsnet.names import model_colour, model_words, pictures
from gui.tabs.gibbsnet.result_table import ResultTable, Row
from gui.widgets.ask_button import AskButton
from gui.widgets.image_grid import ImageGrid
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

Half = Literal["left", "right", "top", "bottom"]
NAN = float("nan")
ROOM_FOR_BOTH = 540
"""Least width of table and examples beside each other."""


class _Beside(QWidget):
    """The table, and the examples beside it where there is room for both."""

    def __init__(self, table: QWidget, examples: QWidget) -> None:
        super().__init__()
        self._examples = examples
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(table, 3)
        across.addWidget(examples, 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the examples, or leave all room to the table."""
        self._examples.setVisible(self.width() >= ROOM_FOR_BOTH)


class InpaintCard:
    """`body` goes into a panel: table at the left, examples at the right."""

    def __init__(self, bench: Bench) -> None:
        self.result: InpaintResult | None = None
        self.table = ResultTable("measures of half-image completions")
        self.examples = ImageGrid(8, table="grey", low=0.0, high=255.0, name="examples of completions")
        self.half = QComboBox()
        for half in get_args(Half):
            self.half.addItem(f"{half} half known", half)
        self.ask = AskButton(
            bench, "inpaint", "Measure", "Completes 200 half-hidden test pictures with every model",
            arguments=self._arguments, show=self.show_result, fault=lambda why: bench.note(why, "warning"),
        )  # fmt: skip
        self.words = label("Measures 200 half-hidden test pictures: GibbsNet beside ALI.", "muted", wrap=True)
        body = _Beside(self.table, self.examples)
        self.body = Stacked(self.table, body=body, above=headed(self.words, self.half, self.ask))

    def _arguments(self) -> InpaintArguments:
        half: Any = self.half.currentData()
        return InpaintArguments(half=half)

    def show_result(self, result: object) -> None:
        """Numbers and examples (parts say only how far it is)."""
        if not isinstance(result, InpaintResult):
            return
        self.result = result
        none = (NAN,)
        rows = (
            Row("score", (*result.score.tolist(), result.score_real), "up",
                "Inception-style score of the completions by the project's own classifier"),
            Row("seam", (*result.seam.tolist(), 1.0), "down",
                "Gradient across the border over that of real pictures: 1 is as smooth as data"),
            Row("diversity", (*result.diversity.tolist(), 1.0), "up",
                "Distance of completions of the same picture, in units of real pictures'"),
            Row("pixel error", (*result.error.tolist(), *none), "",
                "Mean squared error of hidden pixels: smallest for blurred and collapsed models, it decides nothing"),
            Row("class found", (*result.accuracy.tolist(), *none), "",
                f"The classifier finds the true class; {result.untrained_accuracy:.2f} with noise in the hidden half: "
                "the known half decides"),
        )  # fmt: skip
        columns = [model_words(m) for m in result.models]
        self.table.set_rows(
            [*columns, "real"], [*(model_colour(m) for m in result.models), "data"], len(result.models), rows
        )
        shown = pictures(np.concatenate([result.observed[None], result.filled]))
        self.examples.set_images(shown.reshape(-1, *shown.shape[2:]))
        self.examples.set_row_labels(["known", *columns])
        self.words.setText(result.words)
