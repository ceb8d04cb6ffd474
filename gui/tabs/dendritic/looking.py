"""What the person is looking at: one probe, one cell, one teacher switch, shared by all pictures of the tab."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.papers.dendritic_views import CellQuery, CircuitQuery, Probe, ScopeQuery, TilesQuery
from gui.widgets.probing import Probing


class Looking(Probing):
    """The probe, the chosen cell and the switches of the pictures; makes the queries the engine gets.

    probe_changed: another input. cell_chosen(area, cell): area is 1-based. switches_changed: teacher, live or scope.
    """

    cell_chosen = Signal(int, int)
    switches_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(Probe, parent)
        self.teacher = True
        self.live = False
        self.area = 1
        self.cell = 0
        self.ms_per_frame = 1.0
        self.playing = True
        self.input_on = True
        self.restart = 0

    def set_probe(self, probe: Any) -> None:
        """Look at this; the stepped batch is no longer what is shown."""
        self.live = False
        super().set_probe(probe)

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
        return CellQuery(area=self.area, cell=self.cell, probe=self.probe, teacher=self.teacher, live=self.live)

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
