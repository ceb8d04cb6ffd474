"""Comparison learners on demand: each button trains one on the same batches and draws it as a dashed curve."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, get_args

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPushButton, QWidget

from engine.papers.dendritic_views import BaselineArguments, BaselineCurve, BaselineKind
from gui.shell.rows import label
from gui.widgets.curves import Curves
from gui.widgets.flow import FlowRow
from gui.widgets.segments import switch

if TYPE_CHECKING:
    from gui.shell.bench import Bench
    from gui.shell.tickets import Ticket

KINDS: tuple[BaselineKind, ...] = get_args(BaselineKind)
TIPS = {
    "backprop": "The exact gradient at its own good rates",
    "shallow": "Hidden weights stay as drawn: only the output learns",
    "transpose": "Feedback is the initial transpose of the forward weights",
    "untracked": "P frozen: the interneurons cannot follow the next area",
    "silenced": "Interneurons off from the start",
}
COLOURS = {
    "backprop": "baseline",
    "shallow": "series5",
    "transpose": "series2",
    "untracked": "series3",
    "silenced": "series6",
}
STEPS = 4000


class Baselines(FlowRow):
    """Buttons, one per comparison learner; draws into two plots (accuracy in %, squared error).

    A button that is down trains or has a curve; pressing it again gives it up or takes the curve away.
    """

    def __init__(self, bench: Bench, accuracy: Curves, error: Curves, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._bench, self._accuracy, self._error = bench, accuracy, error
        self._tickets: dict[str, Ticket] = {}
        self._curves: dict[str, BaselineCurve] = {}
        self.buttons: dict[str, QPushButton] = {}
        self.add(label("compare:", "muted"))
        for kind in KINDS:
            button = switch(kind, f"{TIPS[kind]}; {STEPS:,} updates on the same batches, dashed")
            button.clicked.connect(lambda on, kind=kind: self.on_clicked(kind, on))
            self.buttons[kind] = button
            self.add(button)
        bench.run_rewound.connect(lambda _step: QTimer.singleShot(0, self, self.redraw))
        bench.run_started.connect(self.on_run_started)

    def on_clicked(self, kind: BaselineKind, on: bool) -> None:
        """Train this learner, or take it away."""
        if not on:
            ticket = self._tickets.pop(kind, None)
            if ticket is not None:
                ticket.cancel()
            if self._curves.pop(kind, None) is not None:
                self._wipe(kind)
            self._say(kind, "")
            return
        self._say(kind, " …")
        self._tickets[kind] = self._bench.ask(
            "baseline",
            BaselineArguments(kind=kind, steps=STEPS),
            on_result=self.on_result,
            on_partial=self.on_partial,
            on_error=partial(self.on_error, kind),
        )

    def on_partial(self, curve: BaselineCurve, fraction: float) -> None:
        """A part of the curve; fraction 0..1 of the way (-1: not known)."""
        self._say(curve.kind, f" {100 * fraction:.0f} %" if 0 <= fraction < 1 else " …")
        self._show(curve)

    def on_result(self, curve: BaselineCurve) -> None:
        """The whole curve."""
        self._tickets.pop(curve.kind, None)
        self._say(curve.kind, "")
        self._show(curve)

    def on_error(self, kind: str, reason: str) -> None:
        """It could not be trained."""
        self._tickets.pop(kind, None)
        self.buttons[kind].setChecked(kind in self._curves)
        self._say(kind, "")
        self._bench.note(f"{kind}: {reason}", "warning")

    def on_run_started(self) -> None:
        """Other batches: the comparison no longer holds."""
        self._tickets.clear()
        for kind in list(self._curves):
            del self._curves[kind]
            self._wipe(kind)
        for kind, button in self.buttons.items():
            button.setChecked(False)
            self._say(kind, "")

    def redraw(self) -> None:
        """The plots forgot points (a rewind): give them back."""
        for curve in self._curves.values():
            self._show(curve)

    def _say(self, kind: str, more: str) -> None:
        self.buttons[kind].setText(kind + more)

    def _show(self, curve: BaselineCurve) -> None:
        self._curves[curve.kind] = curve
        seconds = np.linspace(0.0, curve.seconds, len(curve.steps))
        for plot, values, unit in ((self._accuracy, curve.accuracy, " %"), (self._error, curve.error, "")):
            data = plot.data()
            if curve.kind not in data:
                plot.add_series(curve.kind, COLOURS[curve.kind], "dashed", unit=unit)
                known = -np.inf
            else:
                steps = data[f"{curve.kind} step"]
                known = float(steps[-1]) if len(steps) else -np.inf
            new = np.asarray(curve.steps) > known
            plot.append(curve.kind, curve.steps[new], values[new], seconds[new])

    def _wipe(self, kind: str) -> None:
        for plot in (self._accuracy, self._error):
            if kind in plot.data():
                plot.remove_series(kind)
