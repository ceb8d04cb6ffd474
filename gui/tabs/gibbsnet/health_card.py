"""The collapse meter with its words and its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.papers.gibbsnet_views import HealthView, Nothing, Repaired
from gui.shell.rows import label, push_button, set_role
from gui.tabs.gibbsnet.health_meter import HealthMeter
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

FINE = "Healthy: no sign of collapse."
UNJUDGED = "Nothing is judged before the first updates."


class HealthCard:
    """`body` goes into a panel; the repair changes knobs as a person would, undoably."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.meter = HealthMeter()
        self.words = label("", "muted", wrap=True)
        self.repair = push_button("Repair", self.on_repair, "")
        self.repair.hide()
        self.notes = label("", "muted", wrap=True)
        below = QWidget()
        down = QVBoxLayout(below)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(4)
        down.addWidget(self.notes)
        down.addWidget(self.repair, 0, Qt.AlignmentFlag.AlignLeft)
        self.body = Stacked(self.meter, above=self.words, below=below)

    def show_view(self, view: HealthView) -> None:
        """Gauges, the worst of them in words, and what would help."""
        self.meter.set_gauges(view.gauges)
        worst = next((g.words for g in view.gauges if g.level == view.level), "") if view.level != "good" else ""
        self.words.setText(view.words or worst or (FINE if view.gauges else UNJUDGED))
        set_role(self.words, {"good": "muted", "warning": "warning", "bad": "bad"}[view.level])
        self.repair.setVisible(bool(view.remedy))
        self.repair.setToolTip(view.remedy)

    def show_notes(self, notes: Sequence[str]) -> None:
        """What a person must know about this run; empty ones are left out."""
        self.notes.setText("\n".join(note for note in notes if note))

    def on_repair(self) -> None:
        """Do what the meter advises."""
        self._bench.ask("repair", Nothing(), self.on_repaired)

    def on_repaired(self, result: Repaired) -> None:
        """Tell what was done and set the knobs that make it last."""
        if result.changes:
            self._bench.change(**result.changes)
        self._bench.note(result.text)
