"""The held-out examples, measured on demand: scores of each model, by length or size, with the mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QWidget

from engine.papers.pag_views import EvaluateArguments, Evaluation, Score
from gui.tabs.pag.hands_card import LARGEST_BEAM
from gui.tabs.pag.names import COLOURS, model_name, percent
from gui.tabs.pag.text_table import TextTable
from gui.tabs.pag.until_measured import UntilMeasured
from gui.widgets.ask_button import AskButton
from gui.widgets.flow import FlowRow
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.painted import number
from gui.widgets.segments import switch
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

START = "Measure held-out"
WAITS = "Every model on examples it never saw: scores, a breakdown by length or size, and mistakes."
MOST_MISTAKES = 4
ROWS: tuple[tuple[str, str], ...] = (
    ("exact match", "exact"), ("set match", "same_set"), ("valid circuit", "valid"), ("right symbols", "symbols"),
    ("true source word", "hits"), ("re-plan rate", "replan_rate"), ("ends by itself", "ended"),
)  # fmt: skip


class EvaluationCard:
    """A button with beam and number of examples, a table, a plot by size; `body` goes into a panel."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.result: Evaluation | None = None
        self.button = AskButton(
            bench,
            "evaluate",
            START,
            "Decode held-out examples with every model",
            arguments=self.arguments,
            show=self.show_result,
            fault=self.on_error,
        )
        self.examples = QSpinBox()
        self.examples.setRange(20, 1000)
        self.examples.setSingleStep(20)
        self.examples.setValue(200)
        self.examples.setSuffix(" examples")
        self.beam = QSpinBox()
        self.beam.setRange(1, LARGEST_BEAM)
        self.beam.setPrefix("beam ")
        self.noise = switch("Noise", "Gumbel noise on the switch")
        self.table = TextTable("scores on held-out examples")
        self.plot = LinesPlot("exact match by size", "source words", "exact (%)")
        body = QWidget()
        across = QHBoxLayout(body)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(self.table, 1)
        across.addWidget(self.plot, 1)
        above = FlowRow((self.button, self.examples, self.beam, self.noise))
        self.place = UntilMeasured(body, WAITS)
        self.body = Stacked(self.plot, above=above, body=self.place)
        bench.run_started.connect(self.on_run_started)

    def arguments(self) -> EvaluateArguments:
        """What the boxes ask for."""
        noisy = self.noise.isChecked()
        return EvaluateArguments(examples=self.examples.value(), beam=self.beam.value(), is_noisy=noisy)

    def on_run_started(self) -> None:
        """Another run: what was measured no longer holds."""
        self.result = None
        self.plot.set_lines([])
        self.place.words.setText(WAITS)
        self.place.show_picture(False)

    def on_error(self, reason: str) -> None:
        """It could not be measured."""
        self.place.words.setText(reason)
        self.place.show_picture(False)

    def show_result(self, result: Evaluation) -> None:
        """What is measured so far."""
        self.result = result
        if not result.scores:
            return
        self.place.show_picture()
        header: list[str | tuple[str, str]] = ["", *((model_name(s.model), COLOURS[s.model]) for s in result.scores)]
        rows = [
            (words, *(percent(getattr(s, field), 1) for s in result.scores))
            for words, field in ROWS
            if any(_is_known(getattr(s, field)) for s in result.scores)
        ]
        rows.append(("loss per sequence (nats)", *(number(s.nll, 3) for s in result.scores)))
        if any(_is_known(s.bleu) for s in result.scores):
            rows.append(("BLEU", *(number(s.bleu, 4) for s in result.scores)))
        self.table.show_rows(header, rows, self._note(result))
        self.plot.set_axis_label("bottom", result.size_name)
        self.plot.set_lines(
            [Line(model_name(s.model), COLOURS[s.model], s.sizes, 100.0 * s.by_size, dots=True) for s in result.scores]
        )

    def _note(self, result: Evaluation) -> str:
        signature = f" BLEU: {result.bleu_signature}." if result.bleu_signature else ""
        words = f"{result.examples} held-out examples in {number(result.seconds, 2)} s.{signature}"
        return " ".join([words, *(_mistakes(s) for s in result.scores if s.mistakes)])


def _mistakes(score: Score) -> str:
    shown = "; ".join(f"{source}: {said}, not {right}" for source, right, said in score.mistakes[:MOST_MISTAKES])
    return f"{model_name(score.model)} errs: {shown}."


def _is_known(value: float) -> bool:
    return value == value
