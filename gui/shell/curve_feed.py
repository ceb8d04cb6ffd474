"""Feeds one plot from the curves of a run: its past, what arrives, rewinds, marks and ghosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject

from gui.shell.history import Points
from gui.shell.paper_run import PaperRun
from gui.widgets.curves import Curves


class CurveFeed(QObject):
    """Keeps a plot equal to the run. A curve gets its line and legend when its first point comes.

    names: curves that the paper declares (none: all). Raises KeyError for another name.
    """

    def __init__(self, run: PaperRun, widget: Curves, names: Sequence[str] = ()) -> None:
        super().__init__(widget)
        declared = {c.name: c for c in run.paper.curves}
        for name in names:
            if name not in declared:
                raise KeyError(f"{run.paper.name} has no curve {name!r}; curves: {', '.join(declared)}")
        self._run, self._widget = run, widget
        self._curves = {name: declared[name] for name in (names or declared)}
        self._known: set[str] = set()
        run.scalars_arrived.connect(self.on_points)
        run.run_started.connect(self.on_run_started)
        run.run_rewound.connect(self.on_rewound)
        run.marked.connect(widget.add_mark)
        run.ghosts_changed.connect(self.on_ghosts)
        run.history_loaded.connect(self.on_run_started)
        self._replay()
        if run.ghosts:
            self.on_ghosts(run.ghosts)

    def _replay(self) -> None:
        history = self._run.history
        self.on_points({name: history.curve(name) for name in history.names()})
        for step, text in history.marks:
            self._widget.add_mark(step, text)

    def on_points(self, points: Mapping[str, Points]) -> None:
        """A batch: {curve: (steps, values, seconds)}."""
        for name, curve in self._curves.items():
            if name in points:
                steps, values, seconds = points[name]
                self._declare(name, curve)
                self._widget.append(name, steps, values, seconds)

    def _declare(self, name: str, curve: Any) -> None:
        if name not in self._known:
            self._known.add(name)
            if name not in self._widget.data():
                self._widget.add_series(name, curve.colour, label=curve.label, unit=f" {curve.unit}".rstrip())

    def on_run_started(self) -> None:
        """Another run: its own curves (those of a resumed run go on)."""
        self._widget.clear()
        self._replay()

    def on_rewound(self, step: int) -> None:
        """Later points are gone."""
        self._widget.clear_after(step)

    def on_ghosts(self, ghosts: Mapping[str, Mapping[str, Any]]) -> None:
        """Past runs behind the curves."""
        chosen = {
            title: {name: curve for name, curve in curves.items() if name in self._curves}
            for title, curves in ghosts.items()
        }
        self._widget.set_ghosts({title: curves for title, curves in chosen.items() if curves})
