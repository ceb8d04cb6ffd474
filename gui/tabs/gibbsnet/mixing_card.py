"""Does the chain forget its start? The one plot that explains stability, and the classes it moves between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QWidget

from engine.papers.gibbsnet_views import MixingQuery, MixingView, ModelName
from gui.shell.rows import label
from gui.tabs.gibbsnet.names import Facts, model_colour, model_words
from gui.widgets.flow import FlowRow
from gui.widgets.heat_map import HeatMap
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.painted import number
from gui.widgets.segments import Segments
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

MODELS: tuple[ModelName, ...] = ("gibbsnet", "ali")
NO_CLASSES = "This model has no classes to follow along the chain."
NO_MATRIX = "Attributes do not exclude one another: there is no one class to move from."


class MixingCard:
    """`stay` and `transition` go into two panels; one payload serves both."""

    def __init__(self, bench: Bench, facts: Facts) -> None:
        self._bench, self._facts = bench, facts
        self._drawn: MixingView | None = None
        self.plot = LinesPlot(
            "probability that the class is still that of the start", "Gibbs steps since then", "same class (share)",
            log_x=True,
        )  # fmt: skip
        self.words = label("", "muted", wrap=True)
        self.model = Segments([model_words(m) for m in MODELS], "whose chain")
        self.stay = Stacked(self.plot, above=FlowRow((self.model,)), below=self.words)
        self.transition = HeatMap(
            table="unsigned", low=0.0, high=1.0, x_label="class one step later", y_label="class now", square=True,
            name="transitions between classes",
        )  # fmt: skip
        self.stay_panel = bench.panel("Does it forget?", self.stay)
        self.transition_panel = bench.panel("Class to class in one step", self.transition)
        self._watch = bench.watch("mixing", self.stay_panel, self.draw, MixingQuery())
        self.model.chosen.connect(lambda i: self._watch.set_query(MixingQuery(model=MODELS[i])))
        facts.changed.connect(self.on_facts_changed)
        self.on_facts_changed()

    def panels(self) -> tuple[QWidget, QWidget]:
        """Curve and matrix."""
        return self.stay_panel, self.transition_panel

    def on_facts_changed(self) -> None:
        """ALI is offered where it is trained."""
        has_ali = "ali" in self._facts.models
        self.model.setVisible(has_ali)
        if not has_ali and self.model.index:
            self.model.choose(0)
            self._watch.set_query(MixingQuery())

    def draw(self, view: MixingView | None) -> None:
        """The curve with the chance line, and the matrix."""
        if view is not None and self._drawn is not None and _are_same(view, self._drawn):
            return
        self._drawn = view
        if view is None or not len(view.histogram):
            for panel in (self.stay_panel, self.transition_panel):
                panel.set_empty(NO_CLASSES if view is None else view.words)
            return
        self.stay_panel.set_empty("")
        self.transition_panel.set_empty("" if view.transition.size else NO_MATRIX)
        lags = np.asarray(view.lags, dtype=np.float64)
        ends = np.array([lags[0], lags[-1]]) if len(lags) else np.zeros(0)
        self.plot.set_lines(
            [
                Line(model_words(view.model), model_colour(view.model), lags, view.stay, dots=True),
                Line("independent draws", "muted", ends, np.full(len(ends), view.chance), dashed=True),
            ]
        )
        self.words.setText(view.words)
        if view.model == "gibbsnet":
            self._bench.explain("forgets", number(view.forgets_in, 2))
        if not view.transition.size:
            return
        ticks = self._facts.judged(len(view.histogram))
        self.transition.set_ticks(ticks, ticks)
        self.transition.set_matrix(view.transition.astype(np.float32))


def _are_same(one: MixingView, other: MixingView) -> bool:
    """Whether nothing would change on the screen: a finished walk is sent again and again."""
    return (
        (one.model, one.words) == (other.model, other.words)
        and np.array_equal(one.lags, other.lags)
        and np.array_equal(one.stay, other.stay)
        and np.array_equal(one.transition, other.transition, equal_nan=True)
    )
