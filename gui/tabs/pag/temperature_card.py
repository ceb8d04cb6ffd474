"""The switch on its own: the inverse temperature shapes the gradient and never the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.papers.pag_views import TemperatureQuery, TemperatureView
from gui.shell.rows import label
from gui.widgets.bars import Bars
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.slider_row import SliderRow
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench
    from gui.shell.watchers import Watcher

SLOTS = 4


class TemperatureCard:
    """Two sliders; how often each slot is drawn beside softmax(l); the size of the gradient. `body` for a panel."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._watch: Watcher | None = None
        self.query = TemperatureQuery()
        self.tau = SliderRow("τ⁻¹", "Inverse temperature", low=0.1, high=10.0, value=1.0, log=True, width=0)
        self.first = SliderRow(
            "logit of “re-plan”", "First logit; the others stand at 0", low=-3.0, high=3.0, value=1.0, width=0
        )
        self.tau.value_changed.connect(lambda v: self.ask(tau=v))
        self.first.value_changed.connect(lambda v: self.ask(first=v))
        self.bars = Bars(low=0.0, high=1.0, name="slots drawn")
        self.plot = LinesPlot("gradient over the inverse temperature", "inverse temperature τ⁻¹", "size", log=True)
        self.words = label("", "muted", wrap=True)
        above, body = QWidget(), QWidget()
        for holder, parts in ((above, (self.tau, self.first)), (body, (self.bars, self.plot))):
            across = QHBoxLayout(holder)
            across.setContentsMargins(0, 0, 0, 0)
            for part in parts:
                across.addWidget(part, 1)
        self.body = Stacked(self.plot, above=above, body=body, below=self.words)

    def watch_from(self, panel: QWidget) -> None:
        """Ask while this panel can be seen."""
        self._watch = self._bench.watch("temperature", panel, self.show_view, self.query)

    def ask(self, tau: float | None = None, first: float | None = None) -> None:
        """Another temperature or another logit."""
        logits = (self.query.logits[0] if first is None else first, *([0.0] * (SLOTS - 1)))
        self.query = TemperatureQuery(logits, self.query.tau_inv if tau is None else tau, self.query.draws)
        if self._watch is not None:
            self._watch.set_query(self.query)

    def show_view(self, view: TemperatureView | None) -> None:
        """What was drawn."""
        if view is None:
            return
        slots = ["re-plan now", *(f"in {i}" for i in range(1, len(view.exact)))]
        self.bars.set_bars(slots, view.drawn, paper=view.exact)
        self.plot.set_lines([Line("size of the gradient", "error_positive", view.taus, view.gradient_norm, dots=True)])
        self.plot.set_cursor(self.query.tau_inv)
        apart = 0.5 * float(abs(view.follow_hazard - view.follow_countdown).sum())
        self.words.setText(
            f"How often each slot is drawn; hollow: softmax of the logits, whatever τ⁻¹. "
            f"Hazard and countdown follow for the same lengths (distance {apart:.3f})."
        )
