"""When does the switch switch? By step, at word boundaries against chance, and how long plans are followed."""

from __future__ import annotations

import numpy as np

from engine.papers.pag_views import Switching, SwitchView
from gui.shell.rows import label
from gui.tabs.pag.names import COLOURS, model_name, percent
from gui.widgets.bars import Bars
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.painted import number
from gui.widgets.stacked import Stacked


class SwitchingCard:
    """Three bodies for three panels: `steps`, `boundaries`, `lengths`."""

    def __init__(self) -> None:
        self.by_step = LinesPlot("re-plans by step", "output step", "steps (%)")
        self.at_boundaries = Bars(low=0.0, high=100.0, unit="%", name="re-plans at word boundaries")
        self.follow = LinesPlot("follow lengths", "steps followed", "plans (%)")
        self.step_words, self.boundary_words = (label("", "muted", wrap=True) for _ in range(2))
        self.follow_words = label("", "muted", wrap=True)
        self.knows_boundaries = False
        self.steps = Stacked(self.by_step, below=self.step_words)
        self.boundaries = Stacked(self.at_boundaries, below=self.boundary_words)
        self.lengths = Stacked(self.follow, below=self.follow_words)

    def show_view(self, view: SwitchView) -> None:
        """PAG and rPAG, those that are trained."""
        self._draw_steps(view)
        self._draw_boundaries(view.switching)
        self._draw_lengths(view.switching)

    def _draw_steps(self, view: SwitchView) -> None:
        lines = []
        for s in view.switching:
            x = np.arange(1, len(s.by_step) + 1, dtype=np.float64)
            name, colour = model_name(s.model), COLOURS[s.model]
            lines.append(Line(name, colour, x, 100.0 * np.asarray(s.by_step)))
            chance = 100.0 * np.asarray(s.probability)
            lines.append(Line("", colour, x, chance, dashed=True, hover=f"{name}, probability"))
        self.by_step.set_lines(lines)
        rates = ", ".join(f"{model_name(s.model)} {percent(s.rate)}" for s in view.switching)
        self.step_words.setText(f"Overall: {rates} of steps; dashed: its probability. {view.examples} examples.")

    def _draw_boundaries(self, switching: tuple[Switching, ...]) -> None:
        known = [s for s in switching if s.boundaries == s.boundaries]
        self.knows_boundaries = bool(known)
        if not known:
            return
        self.at_boundaries.set_bars(
            [model_name(s.model) for s in known],
            [100.0 * s.boundaries for s in known],
            paper=[100.0 * s.chance for s in known],
            meanings=[COLOURS[s.model] for s in known],
        )
        said = "; ".join(
            f"{model_name(s.model)} at {percent(s.at_boundary)} of word starts, {percent(s.elsewhere)} elsewhere"
            for s in known
        )
        self.boundary_words.setText(f"Share of re-plans there; hollow: chance. {said}.")

    def _draw_lengths(self, switching: tuple[Switching, ...]) -> None:
        lines = []
        for s in switching:
            count = np.asarray(s.follow, dtype=np.float64)
            share = 100.0 * count / max(1.0, float(count.sum()))
            x = np.arange(len(count), dtype=np.float64)
            lines.append(Line(model_name(s.model), COLOURS[s.model], x, share, dots=True))
        self.follow.set_lines(lines)
        said = "; ".join(
            f"{model_name(s.model)} on average {number(s.mean_follow, 2)}, used up {number(s.exhausted, 2)} an example"
            for s in switching
        )
        self.follow_words.setText(f"{said}.")
