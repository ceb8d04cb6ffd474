"""What happens along the recorded chains: how far z has gone, whether pictures stay diverse, what D believes."""

from __future__ import annotations

import numpy as np

from engine.papers.gibbsnet_views import AlongView
from gui.tabs.gibbsnet.choice import Choice
from gui.tabs.gibbsnet.names import model_colour, model_words
from gui.widgets.flow import FlowRow
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.stacked import Stacked

CURVES: tuple[tuple[str, str, str, str], ...] = (
    ("latent distance from step 1", "distance", "distance_chain", "|z − z of step 1| / √d"),
    ("change of the picture per step", "moved", "", "picture's change per step (rms)"),
    ("diversity of the wall", "spread", "", "diversity of the wall (1: data)"),
    ("belief of the discriminator", "seen", "seen_chain", "taken for data by D (0..1)"),
)


class AlongCard:
    """`body` goes into a panel; the cursor is the step in the hand."""

    def __init__(self) -> None:
        self.view: AlongView | None = None
        self.plot = LinesPlot("along the chain", "Gibbs step", CURVES[0][3], log_x=True)
        self.choice = Choice([words for words, _, _, _ in CURVES], "curve along the chain")
        self.choice.chosen.connect(lambda _i: self.draw())
        self.body = Stacked(self.plot, above=FlowRow((self.choice,)))

    def show_view(self, view: AlongView) -> None:
        """Mean over chains of every model, and the framed chain."""
        self.view = view
        self.draw()

    def draw(self) -> None:
        """The chosen curve."""
        view = self.view
        if view is None:
            return
        _, field, own, axis = CURVES[self.choice.index]
        self.plot.set_axis_label("left", axis)
        lines = []
        for m, model in enumerate(view.models):
            words, colour = model_words(model), model_colour(model)
            lines.append(Line(words, colour, view.steps, getattr(view, field)[m], hover=f"{words}, mean over chains"))
        if own and len(view.models):
            values = np.asarray(getattr(view, own))[0]
            lines.append(Line("framed chain", "accent", view.steps, values, dashed=True, hover="framed chain"))
        self.plot.set_lines(lines)
