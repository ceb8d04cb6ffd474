"""The three models side by side over updates or over seconds of their own training time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject

from engine.papers.pag_views import RaceView, Runner
from gui.tabs.pag.names import COLOURS, model_name
from gui.widgets.lines_plot import Line, LinesPlot

SHARE = 100.0
UPDATES, SECONDS = 0, 1
FEW = 3
"""Points below which they are drawn as dots."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One plot: which field of a `Runner`, how it is named, and by what it is multiplied."""

    field: str
    name: str
    label: str
    scale: float = 1.0
    log: bool = False
    planners_only: bool = False


MEASURES = (
    Measure("exact", "held-out exact match", "exact (%)", SHARE),
    Measure("nll", "held-out loss", "nats/sequence", log=True),
    Measure("hits", "alignment accuracy", "true word (%)", SHARE),
    Measure("replan_rate", "re-plan rate", "steps (%)", SHARE, planners_only=True),
)


class RacePlots(QObject):
    """`plots` by field; `show_view` draws them all, `set_axis` chooses updates or seconds."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.view: RaceView | None = None
        self.axis = UPDATES
        self.plots = {m.field: LinesPlot(m.name, "update", m.label, log_y=m.log) for m in MEASURES}

    def set_axis(self, axis: int) -> None:
        """Updates, or seconds of training."""
        self.axis = axis
        clock = self.view.clock if self.view is not None else "seconds"
        for plot in self.plots.values():
            plot.set_axis_label("bottom", f"{clock} (s)" if axis == SECONDS else "update")
            plot.follow()
        if self.view is not None:
            self.show_view(self.view)

    def show_view(self, view: RaceView) -> None:
        """Where the race stands."""
        self.view = view
        for measure in MEASURES:
            runners = [r for r in view.runners if not (measure.planners_only and r.model == "baseline")]
            self.plots[measure.field].set_lines([self._line(r, measure) for r in runners])

    def known(self, field: str) -> bool:
        """Whether any model has a number of this kind."""
        return self.view is not None and any(np.isfinite(getattr(r, field)).any() for r in self.view.runners)

    def _line(self, runner: Runner, measure: Measure) -> Line:
        x = runner.seconds if self.axis == SECONDS else runner.steps
        y = measure.scale * np.asarray(getattr(runner, measure.field), dtype=np.float64)
        is_short = len(y) < FEW  # a line of one point would be nothing to see
        return Line(model_name(runner.model), COLOURS[runner.model], np.asarray(x, dtype=np.float64), y, dots=is_short)
