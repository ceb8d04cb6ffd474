"""What the person is looking at: one probe, one cell, one teacher switch, shared by all pictures of the tab."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.papers.dendritic_views import CellQuery, CircuitQuery, Probe, ScopeQuery, TilesQuery

PROBES = 300
"""Test examples that the next/previous/random buttons go through (the smallest test set has 360)."""

T = TypeVar("T")


def when_there_is_one(draw: Callable[[T], None]) -> Callable[[T | None], None]:
    """A drawer that leaves its picture alone when the run has no such payload (None: not for this task)."""

    def draw_payload(payload: T | None) -> None:
        if payload is not None:
            draw(payload)

    return draw_payload


class Looking(QObject):
    """The probe, the chosen cell and the switches of the pictures; makes the queries the engine gets.

    probe_changed: another input. cell_chosen(area, cell): area is 1-based. switches_changed: teacher, live or scope.
    """

    probe_changed = Signal()
    cell_chosen = Signal(int, int)
    switches_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.probe = Probe(index=0)
        self.teacher = True
        self.live = False
        self.area = 1
        self.cell = 0
        self.ms_per_frame = 1.0
        self.playing = True
        self.input_on = True
        self.restart = 0

    def show_example(self, index: int) -> None:
        """Look at this test example (wraps around)."""
        self._set_probe(Probe(index=index % PROBES))

    def show_image(self, image: NDArray[np.float32], target: int = -1) -> None:
        """Look at a drawn image [h, w] in 0..1; target: the class the teacher asks for, -1 for none."""
        self._set_probe(Probe(index=self.probe.index, image=image, target=target))

    def set_target(self, target: int) -> None:
        """Let the teacher ask for this class (-1: the example's own)."""
        self._set_probe(Probe(index=self.probe.index, image=self.probe.image, target=target))

    def _set_probe(self, probe: Probe) -> None:
        self.probe = probe
        self.live = False
        self.probe_changed.emit()

    def choose_cell(self, area: int, cell: int) -> None:
        """Open this cell of hidden area `area` (1-based)."""
        self.area, self.cell = area, cell
        self.cell_chosen.emit(area, cell)

    def set_switches(self, **values: object) -> None:
        """Sets any of teacher, live, ms_per_frame, playing, input_on; tells once if something changed."""
        changed = {k: v for k, v in values.items() if getattr(self, k) != v}
        for name, value in changed.items():
            setattr(self, name, value)
        if changed:
            self.switches_changed.emit()

    def restart_scope(self) -> None:
        """Start the continuous-time simulation again from rest."""
        self.restart += 1
        self.switches_changed.emit()

    def circuit_query(self) -> CircuitQuery:
        """For the view `circuit`."""
        return CircuitQuery(probe=self.probe, teacher=self.teacher, live=self.live)

    def cell_query(self) -> CellQuery:
        """For the view `cell`."""
        return CellQuery(area=self.area, cell=self.cell, probe=self.probe, teacher=self.teacher)

    def scope_query(self) -> ScopeQuery:
        """For the view `scope`."""
        return ScopeQuery(
            area=self.area,
            cell=self.cell,
            probe=self.probe,
            teacher=self.teacher,
            input_on=self.input_on,
            ms_per_frame=self.ms_per_frame,
            playing=self.playing,
            restart=self.restart,
        )

    def tiles_query(self, first: int, count: int) -> TilesQuery:
        """For the view `tiles`."""
        return TilesQuery(first=first, count=count, probe=self.probe)
