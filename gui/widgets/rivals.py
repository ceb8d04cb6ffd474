"""Comparison learners on demand: each button trains one on the same batches and draws it as a dashed curve."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPushButton, QWidget

from gui.shell.rows import label
from gui.widgets.curves import Curves
from gui.widgets.flow import FlowRow
from gui.widgets.segments import switch

if TYPE_CHECKING:
    from gui.shell.bench import Bench
    from gui.shell.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Rival:
    """One learner that can be compared: its button and curve, the colour, and what the engine is asked for."""

    name: str
    tip: str
    colour: str
    arguments: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Plotted:
    """One plot a rival is drawn into, and which field [T] of its curve (x: `steps` [T], `seconds`: in all)."""

    plot: Curves
    field: str
    unit: str = ""


class Rivals(FlowRow):
    """Buttons, one per rival. A button that is down trains or has a curve; pressing it again gives it up or takes
    the curve away.
    """

    def __init__(
        self,
        bench: Bench,
        action: str,
        rivals: Sequence[Rival],
        plots: Sequence[Plotted],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent=parent)
        self._bench, self._action, self._plots = bench, action, tuple(plots)
        self._rivals: Mapping[str, Rival] = {r.name: r for r in rivals}
        self._tickets: dict[str, Ticket] = {}
        self._curves: dict[str, Any] = {}
        self.buttons: dict[str, QPushButton] = {}
        self.add(label("compare:", "muted"))
        for rival in rivals:
            button = switch(rival.name, rival.tip)
            button.clicked.connect(lambda on, name=rival.name: self.on_clicked(name, on))
            self.buttons[rival.name] = button
            self.add(button)
        bench.run_rewound.connect(lambda _step: QTimer.singleShot(0, self, self.redraw))
        bench.run_started.connect(self.on_run_started)

    def on_clicked(self, name: str, on: bool) -> None:
        """Train this learner, or take it away."""
        if not on:
            ticket = self._tickets.pop(name, None)
            if ticket is not None:
                ticket.cancel()
            if self._curves.pop(name, None) is not None:
                self._wipe(name)
            self._say(name, "")
            return
        self._say(name, " …")
        self._tickets[name] = self._bench.ask(
            self._action,
            self._rivals[name].arguments(),
            on_result=partial(self.on_result, name),
            on_partial=partial(self.on_partial, name),
            on_error=partial(self.on_error, name),
        )

    def on_partial(self, name: str, curve: Any, fraction: float) -> None:
        """A part of the curve; fraction 0..1 of the way (-1: not known)."""
        self._say(name, f" {100 * fraction:.0f} %" if 0 <= fraction < 1 else " …")
        self._show(name, curve)

    def on_result(self, name: str, curve: Any) -> None:
        """The whole curve."""
        self._tickets.pop(name, None)
        self._say(name, "")
        self._show(name, curve)

    def on_error(self, name: str, reason: str) -> None:
        """It could not be trained."""
        self._tickets.pop(name, None)
        self.buttons[name].setChecked(name in self._curves)
        self._say(name, "")
        self._bench.note(f"{name}: {reason}", "warning")

    def on_run_started(self) -> None:
        """Other batches: the comparison no longer holds."""
        self._tickets.clear()
        for name in list(self._curves):
            del self._curves[name]
            self._wipe(name)
        for name, button in self.buttons.items():
            button.setChecked(False)
            self._say(name, "")

    def redraw(self) -> None:
        """The plots forgot points (a rewind): give them back."""
        for name, curve in self._curves.items():
            self._show(name, curve)

    def _say(self, name: str, more: str) -> None:
        self.buttons[name].setText(name + more)

    def _show(self, name: str, curve: Any) -> None:
        self._curves[name] = curve
        steps: NDArray[Any] = np.asarray(curve.steps)
        seconds = np.linspace(0.0, curve.seconds, len(steps))
        for plotted in self._plots:
            plot, values = plotted.plot, np.asarray(getattr(curve, plotted.field))
            data = plot.data()
            if name not in data:
                plot.add_series(name, self._rivals[name].colour, "dashed", unit=plotted.unit)
                known = -np.inf
            else:
                drawn = data[f"{name} step"]
                known = float(drawn[-1]) if len(drawn) else -np.inf
            new = steps > known
            plot.append(name, steps[new], values[new], seconds[new])

    def _wipe(self, name: str) -> None:
        for plotted in self._plots:
            if name in plotted.plot.data():
                plotted.plot.remove_series(name)
