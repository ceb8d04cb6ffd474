"""How far ahead is the plan right? The question of the paper's reviewers, answered row by row."""

from __future__ import annotations

import numpy as np

from engine.papers.pag_views import LookAheadView
from gui.shell.rows import label
from gui.tabs.pag.names import COLOURS, UNTRAINED, percent
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.stacked import Stacked

GRAPH_LESSON = (
    "On graphs the models re-plan at nearly every step and later rows are hardly trained: "
    "plans pay where the future is predictable."
)


class LookAheadCard:
    """Accuracy of each plan row with the chance line; rows that got no training are grey. `body` for a panel."""

    def __init__(self) -> None:
        self.plot = LinesPlot("accuracy of plan rows", "steps ahead (plan row)", "right (%)")
        self.words = label("", "muted", wrap=True)
        self.body = Stacked(self.plot, below=self.words)

    def show_view(self, view: LookAheadView, is_graph: bool) -> None:
        """Rows 0 to k - 1."""
        rows = np.arange(len(view.accuracy), dtype=np.float64)
        accuracy = 100.0 * np.asarray(view.accuracy, dtype=np.float64)
        trained = np.asarray(view.followed) >= UNTRAINED
        lines = [
            Line("PAG", COLOURS["pag"], rows, np.where(trained, accuracy, np.nan), dots=True),
            Line("untrained rows", "muted", rows, np.where(trained, np.nan, accuracy), dots=True),
        ]
        lines = [line for line in lines if np.isfinite(line.y).any()]
        if len(view.rpag):
            alone = np.arange(len(view.rpag), dtype=np.float64)
            repeated = 100.0 * np.asarray(view.rpag, dtype=np.float64)
            lines.append(Line("rPAG, repeating", COLOURS["rpag"], alone, repeated, dashed=True, dots=True))
        chance = np.full(len(rows), 100.0 * view.chance)
        lines.append(Line("chance", "text", rows, chance, dashed=True))
        self.plot.set_lines(lines)
        self.words.setText(self._said(view, trained) + (f" {GRAPH_LESSON}" if is_graph else ""))

    @staticmethod
    def _said(view: LookAheadView, trained: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> str:
        against = "the true source word" if view.has_gold else "where PAG really looked in the end (no truth is known)"
        known = np.flatnonzero(np.isfinite(view.accuracy) & trained)
        if not len(known):
            return f"Judged against {against}: no trained row was met in {view.examples} examples yet."
        last = int(known[-1])
        if not last:
            return (
                f"Against {against}: only row 0, which looks now, was ever in use. {view.examples} held-out examples."
            )
        share = percent(float(view.accuracy[last]))
        return (
            f"At a re-plan, against {against}; {view.examples} held-out examples. "
            f"{last} steps ahead it is right in {share} (chance {percent(view.chance)})."
        )
