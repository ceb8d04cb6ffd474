"""The collapse meter with its words and its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.papers.gibbsnet_views import HealthView, Nothing, Repaired
from gui.shell.rows import label, push_button, set_role
from gui.tabs.gibbsnet.health_meter import HealthMeter
from gui.widgets.flow import FlowRow
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

FINE = "Healthy: no sign of collapse."


class HealthCard:
    """`body` goes into a panel; the repair changes knobs as a person would, undoably."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.meter = HealthMeter()
        self.words = label("", "muted", wrap=True)
        self.repair = push_button("Repair", self.on_repair, "")
        self.repair.hide()
        below = FlowRow((self.repair,))
        self.body = Stacked(self.meter, above=self.words, below=below)

    def show_view(self, view: HealthView) -> None:
        """Gauges, the worst of them in words, and what would help."""
        self.meter.set_gauges(view.gauges)
        self.words.setText(view.words or FINE)
        set_role(self.words, {"good": "muted", "warning": "warning", "bad": "bad"}[view.level])
        self.repair.setVisible(bool(view.remedy))
        self.repair.setToolTip(view.remedy)

    def on_repair(self) -> None:
        """Do what the meter advises."""
        self._bench.ask("repair", Nothing(), self.on_repaired)

    def on_repaired(self, result: Repaired) -> None:
        """Tell what was done and set the knobs that make it last."""
        if result.changes:
            self._bench.change(**result.changes)
        self._bench.note(result.text)
