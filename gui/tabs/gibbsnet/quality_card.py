"""Sample quality against chain length, one curve per measured version, and the classes at the chain's end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from engine.papers.gibbsnet_views import MeasureArguments, QualityCurve, QualityView
from gui.shell.rows import label, push_button
from gui.shell.theme import theme
from gui.tabs.gibbsnet.choice import Choice
from gui.tabs.gibbsnet.heading import headed
from gui.tabs.gibbsnet.names import DATA, Facts, model_colour, model_words
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.painted import number
from gui.widgets.segments import switch
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench
    from gui.shell.tickets import Ticket

MEASURES: tuple[tuple[str, str, str], ...] = (
    ("Fréchet", "fd", "Fréchet distance"),
    ("score", "score", "classifier's score"),
    ("label right", "agree", "label confirmed (share)"),
    ("diversity", "spread", "diversity (1: data)"),
)
HINT = "Nothing is measured yet: press Measure. Flat is the claim: as good after 1,000 steps as after 3."
AUTO_MS = 20_000
LENGTHS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
QUICK_LENGTHS, QUICK_SAMPLES = (1, 2, 3, 5, 10, 20, 50, 100, 200), 400
FADE = 0.62
"""How far the colours of older versions are moved towards the card."""


class QualityCard(QObject):
    """`body` goes into a panel. A measurement with the weights of now on demand, or by itself while training."""

    def __init__(self, bench: Bench, facts: Facts, parent: QWidget) -> None:
        super().__init__(parent)
        self._bench, self._facts = bench, facts
        self._ticket: Ticket | None = None
        self.view: QualityView | None = None
        self.plot = LinesPlot(
            "sample quality over chain length", "chain length (Gibbs steps)", MEASURES[0][2], log_x=True
        )
        self.choice = Choice([axis for _, _, axis in MEASURES], "measure of quality")
        self.choice.chosen.connect(lambda _i: self.draw())
        self.measure = push_button(
            "Measure", self.on_measure, "1,000 chains a model along 1,000 steps with the weights of now; again: give up"
        )
        self.auto = switch("auto", f"Down: a smaller measurement every {AUTO_MS // 1000} s while it trains")
        self.hint = label(HINT, "muted", wrap=True)
        self.body = Stacked(self.plot, above=headed(self.hint, self.choice, self.measure, self.auto))
        self._timer = QTimer(self)
        self._timer.setInterval(AUTO_MS)
        self._timer.timeout.connect(self.on_auto_due)
        self._timer.start()
        theme().changed.connect(self.on_theme_changed)

    def on_measure(self) -> None:
        """Measure now, or give up what is under way."""
        if self._ticket is not None and self._ticket.is_open:
            self._ticket.cancel()
            self._say("Measure")
            return
        self._ask(MeasureArguments(lengths=LENGTHS))

    def on_auto_due(self) -> None:
        """Time for another checkpoint's curve."""
        busy = self._ticket is not None and self._ticket.is_open
        if self.auto.isChecked() and not busy and self._bench.run_state == "training" and self.body.isVisible():
            self._ask(MeasureArguments(lengths=QUICK_LENGTHS, samples=QUICK_SAMPLES))

    def _ask(self, arguments: MeasureArguments) -> None:
        self._say("Measuring …")
        self._ticket = self._bench.ask("measure", arguments, self.on_result, self.on_partial, self.on_error)

    def _say(self, words: str) -> None:
        self.measure.setText(words)

    def on_partial(self, view: QualityView, fraction: float) -> None:
        """Some lengths are measured."""
        if 0 <= fraction < 1:
            self._say(f"{100 * fraction:.0f} %: stop")
        self.show_view(view)

    def on_result(self, view: QualityView) -> None:
        """All of them."""
        self._ticket = None
        self._say("Measure")
        self.show_view(view)

    def on_error(self, reason: str) -> None:
        """Not measured."""
        self._ticket = None
        self._say("Measure")
        self._bench.note(reason, "warning")

    def forget(self) -> None:
        """Another run."""
        self.view = None
        self.hint.show()
        self._say("Measure")
        self.plot.set_lines([])

    def on_theme_changed(self) -> None:
        """Fade the older curves towards the new card."""
        self.draw()

    def show_view(self, view: QualityView | None) -> None:
        """Curves of all versions measured so far."""
        if view is None:
            return
        self.view = view
        newest = next((c for c in reversed(view.curves) if c.model == "gibbsnet" and len(c.fd)), None)
        if newest is not None:
            self._bench.explain("fd short", number(float(newest.fd[0]), 2))
            self._bench.explain("fd long", number(float(newest.fd[-1]), 2))
        self.draw()

    def draw(self) -> None:
        """The chosen measure: the newest version of each model in full colour, older ones faded."""
        view = self.view
        if view is None:
            return
        self.hint.setVisible(not view.curves)
        words, field, axis = MEASURES[self.choice.index]
        self.plot.set_axis_label("left", axis)
        newest: dict[str, QualityCurve] = {curve.model: curve for curve in view.curves}
        lines = []
        for curve in view.curves:
            is_newest = newest[curve.model] is curve
            name, colour = model_words(curve.model), model_colour(curve.model)
            lines.append(
                Line(
                    name if is_newest else "", colour if is_newest else _faded(colour), curve.lengths,
                    getattr(curve, field), dashed=curve.model != "gibbsnet", dots=is_newest,
                    hover=f"{name}, step {curve.version:,}",
                )
            )  # fmt: skip
        reference = {"fd": view.fd_floor, "score": view.score_real, "agree": float("nan"), "spread": 1.0}[field]
        if np.isfinite(reference) and view.curves:
            ends = np.array([min(c.lengths[0] for c in view.curves), max(c.lengths[-1] for c in view.curves)], float)
            lines.append(Line("real data", DATA, ends, np.full(2, reference), dashed=True, hover=f"real data, {words}"))
        self.plot.set_lines(lines)
        self.plot.setToolTip(f"Fréchet distance in {view.space}. Judge: {view.judge}.")

    def data(self) -> dict[str, NDArray[Any]]:
        """Every measure of every curve."""
        numbers: dict[str, NDArray[Any]] = {}
        for curve in () if self.view is None else self.view.curves:
            key = f"{curve.model} at {curve.version}"
            numbers[f"{key} length"] = curve.lengths
            for _, field, _ in MEASURES:
                numbers[f"{key} {field}"] = getattr(curve, field)
        return numbers


def _faded(meaning: str) -> str:
    """A colour of the theme moved towards the card, as "#rrggbb"."""
    own, card = theme().color(meaning), theme().color("card")
    mixed = [
        round(a + (b - a) * FADE)
        for a, b in zip((own.red(), own.green(), own.blue()), (card.red(), card.green(), card.blue()), strict=True)
    ]
    return QColor(*mixed).name()
