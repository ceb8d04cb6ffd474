"""Training from inside: what flows where, who is winning, and what the aids do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.papers.gibbsnet import GibbsNetParams
from engine.papers.gibbsnet_views import FlowView, LogitsQuery, LogitsView, PhaseView
from gui.shell.rows import label, push_button
from gui.tabs.gibbsnet.aids_card import AidsCard
from gui.tabs.gibbsnet.choice import Choice
from gui.tabs.gibbsnet.either import Either
from gui.tabs.gibbsnet.flow_figure import GRADIENT, FlowFigure
from gui.tabs.gibbsnet.names import CLAMPED, UNCLAMPED, Facts, model_words, pictures, waiting
from gui.widgets.curves import Curves
from gui.widgets.flow import FlowRow
from gui.widgets.image_grid import ImageGrid
from gui.widgets.legend import LegendEntry
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.painted import number
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.phase_line import PhaseLine
from gui.widgets.probing import when_there_is_one
from gui.widgets.segments import Segments
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

CHANCE = 2 * math.log(2)
CURVES = ("distance from the data", "discriminator's loss", "mean squared logit", "signal and noise of z",
          "classes at the chain's end", "labels confirmed")  # fmt: skip
DEPTHS: tuple[tuple[str, int], ...] = (("last pair", 0), ("one step back", 1), ("all steps", 19))


class TrainingScene(QWidget):
    """Five panels in two rows; everything is drawn from payloads and scalars of the run."""

    least_height = 610

    def __init__(self, bench: Bench, facts: Facts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._facts = bench, facts
        flow, aids = self._flow(), self._aids()
        losses, logits = self._learning(), self._logits()
        phases = self._phases()
        self.symbols = {"flow": flow, "aids": aids, "losses": losses, "logits": logits, "phases": phases}
        self.grid = PanelGrid()
        upper, lower = row(flow, aids, stretch=(7, 3)), row(losses, logits, phases, stretch=(5, 4, 5))
        self.grid.arrange(column(upper, lower, stretch=(5, 5)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        bench.params_changed.connect(lambda _p: self.on_params_changed())
        bench.run_started.connect(self.on_run_started)
        bench.run_state_changed.connect(self.on_state_changed)
        facts.changed.connect(self.on_facts_changed)
        self.on_params_changed()
        self.on_facts_changed()
        self.on_run_started()

    # --- what flows where ---------------------------------------------------------------------------------------

    def _flow(self) -> Panel:
        self.figure = FlowFigure()
        self.figure.switch_clicked.connect(self.on_switch)
        self.through = Segments([words for words, _ in DEPTHS], "how far gradient runs back through the chain")
        self.through.setToolTip(
            "Gibbs steps that gradient runs back through: with the last pair alone, the first steps learn nothing"
        )
        self.through.chosen.connect(lambda i: self._bench.change(grad_steps=DEPTHS[i][1]))
        above = FlowRow(
            (label("gradient through", "muted"), self.through, label("click a dot to cut an arrow", "muted"))
        )
        self.flow_panel = self._bench.panel("What flows where", Stacked(self.figure, above=above))
        self.flow_panel.set_legend(
            [
                LegendEntry("clamped", CLAMPED),
                LegendEntry("unclamped", UNCLAMPED),
                LegendEntry("gradient back", GRADIENT),
            ]
        )
        self._bench.watch("flow", self.flow_panel, when_there_is_one(self.draw_flow))
        return self.flow_panel

    def draw_flow(self, view: FlowView) -> None:
        """Thumbnails and norms of a fixed batch."""
        self.flow_panel.set_empty("")
        self.figure.show_view(view)

    def on_switch(self, knob: str) -> None:
        """Cut an arrow, or let gradient pass again."""
        if isinstance(self._bench.params, GibbsNetParams) and isinstance(getattr(self._bench.params, knob, None), bool):
            self._bench.change(**{knob: not getattr(self._bench.params, knob)})

    def on_params_changed(self) -> None:
        """The choice follows the knob."""
        params = self._bench.params
        if isinstance(params, GibbsNetParams):
            steps = min(params.grad_steps, params.chain_steps - 1)
            self.through.choose(
                0 if steps == 0 else (2 if steps >= params.chain_steps - 1 and params.grad_steps > 1 else 1)
            )

    def _aids(self) -> Panel:
        self.aids = AidsCard(self._bench)
        return self._bench.panel("Aids the paper does not have", self.aids)

    # --- curves -------------------------------------------------------------------------------------------------

    def _learning(self) -> Panel:
        self.loss = self._curve("discriminator's loss", False, "loss_d", "loss_d_ali", "loss_d_gan")
        self.loss.add_reference(CHANCE, "chance 2 ln 2", "muted")
        self.distance = self._curve("Fréchet distance at 20 steps", True, "fd", "fd_ali", "fd_gan")
        self.gauge = self._curve("standard deviation of z", False, "signal", "noise")
        self.square = self._curve("mean squared logit", True, "logit_square", "logit_square_ali")
        self.entropy = self._curve("classes at the end (bits)", False, "entropy")
        self.agree = self._curve("label confirmed (%)", False, "agree")
        plots = (self.distance, self.loss, self.square, self.gauge, self.entropy, self.agree)
        self.which = Choice(CURVES, "which curves")
        self.curves = Either(*plots)
        self.which.chosen.connect(lambda i: self.curves.show_choice(plots[i]))
        self.learning_panel = self._bench.panel("Learning", Stacked(self.curves, above=FlowRow((self.which,))))
        return self.learning_panel

    def _curve(self, label_: str, log: bool, *names: str) -> Curves:
        """One plot, fed by the run."""
        plot = Curves(label_, log=log)
        self._bench.curves(plot, *names)
        return plot

    def _logits(self) -> Panel:
        self.histogram = LinesPlot("discriminator's logits", "logit (0: cannot tell)", "pairs")
        self.told = label("", "muted", wrap=True)
        self.judge = Segments(("GibbsNet",), "whose discriminator")
        self._judge_words: tuple[str, ...] = ("GibbsNet",)
        self._judges: dict[tuple[str, ...], Segments] = {self._judge_words: self.judge}
        self.judged = FlowRow((self.judge,))
        self.logits_panel = self._bench.panel(
            "Discriminator", Stacked(self.histogram, above=self.judged, below=self.told)
        )
        self._logits_watch = self._bench.watch(
            "logits", self.logits_panel, when_there_is_one(self.draw_logits), LogitsQuery()
        )
        return self.logits_panel

    def draw_logits(self, view: LogitsView) -> None:
        """Two histograms: pairs of data, pairs of the chain."""
        self.logits_panel.set_empty("")
        x, data = _outline(view.edges, view.data)
        _, model = _outline(view.edges, view.model)
        self.histogram.set_lines([Line("data", CLAMPED, x, data), Line("chain", UNCLAMPED, x, model)])
        apart = f"{100 * view.told_apart:.0f} % told apart (chance 50)"
        self.told.setText(f"{apart}; loss {number(view.loss, 3)} (chance {number(view.chance, 4)})")

    # --- phases -------------------------------------------------------------------------------------------------

    def _phases(self) -> Panel:
        self.phase_pictures = ImageGrid(8, table="grey", low=0.0, high=255.0, name="the update that is being made")
        self.step = push_button("Phase", self._bench.step_phase, "Pause and do one phase of an update", "phase_step")
        self.phase_line = PhaseLine(self._bench.paper.phases)
        self.phase_line.setWordWrap(True)
        self.phase_words = label("", "muted", wrap=True)
        below = QWidget()
        down = QVBoxLayout(below)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(2)
        down.addWidget(self.phase_line)
        down.addWidget(self.phase_words)
        body = Stacked(self.phase_pictures, above=FlowRow((self.step,)), below=below)
        self.phases_panel = self._bench.panel("One update, phase by phase", body)
        self._bench.watch("phases", self.phases_panel, when_there_is_one(self.draw_phase))
        return self.phases_panel

    def draw_phase(self, view: PhaseView) -> None:
        """Eight pairs: x of the data, then the pictures of the chain as far as it has run."""
        self.phases_panel.set_empty("")
        self.phase_line.show_phase(view.phase, view.phase >= 0)
        words = [view.text] if view.text else []
        words += [f"loss of D {number(view.loss_d, 3)}"] if math.isfinite(view.loss_d) else []
        words += [f"loss of q and p {number(view.loss_g, 3)}"] if math.isfinite(view.loss_g) else []
        self.phase_words.setText(" · ".join(words))
        if self._facts.has_pictures:
            K = view.chain.shape[1]
            passes = range(K) if K <= 4 else (0, K - 2, K - 1)
            chain = [view.chain[:8, k] for k in passes]
            self.phase_pictures.set_images(pictures(np.concatenate([view.data[:8], *chain])))
            self.phase_pictures.set_row_labels(["x, data", *(f"x{k + 1}".translate(_LOW) for k in passes)])

    # --- the run ------------------------------------------------------------------------------------------------

    def on_facts_changed(self) -> None:
        """Whose discriminators there are; pictures or points."""
        self.phase_pictures.setVisible(self._facts.has_pictures)
        models = self._facts.models
        words = tuple(model_words(m) for m in models)
        if words == self._judge_words:
            return
        self._judge_words = words
        self.judge.hide()  # never deleted: its row owns it
        if words not in self._judges:
            self._judges[words] = Segments(words, "whose discriminator")
            self._judges[words].chosen.connect(lambda i: self._logits_watch.set_query(LogitsQuery(model=models[i])))
            self.judged.add(self._judges[words])
        self.judge = self._judges[words]
        self.judge.choose(0)
        self.judge.show()
        self._logits_watch.set_query(LogitsQuery())

    def on_state_changed(self, _state: str = "") -> None:
        """Curves need updates."""
        begun = self._bench.step > 0 or self._bench.run_state == "training"
        self.learning_panel.set_empty("" if begun else "Press Train: the curves begin with the first update.")

    def on_run_started(self) -> None:
        """Say what is on its way."""
        self.on_state_changed()
        for panel in (self.flow_panel, self.logits_panel, self.phases_panel):
            panel.set_empty(waiting(self._bench.run_state))


_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _outline(edges: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outline of a histogram as a line."""
    x = np.repeat(np.asarray(edges, dtype=np.float64), 2)
    y = np.concatenate([[0.0], np.repeat(np.asarray(counts, dtype=np.float64), 2), [0.0]])
    return x, y
