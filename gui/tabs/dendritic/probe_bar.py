"""The row of switches above the microcircuit: which input, teacher, lesion, slow motion, phase by phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from engine.papers.dendritic import IMAGE_TASKS, DendriticParams
from gui.shell.rows import push_button
from gui.tabs.dendritic.looking import Looking
from gui.widgets.probe_buttons import ProbeButtons
from gui.widgets.segments import switch

if TYPE_CHECKING:
    from gui.shell.bench import Bench


class ProbeBar(ProbeButtons):
    """Buttons only: everything they say goes to `Looking` (pictures) or to the bench (training)."""

    def __init__(self, bench: Bench, looking: Looking, parent: QWidget | None = None) -> None:
        self._looking = looking
        self._is_staged = False
        super().__init__(
            looking,
            lambda: 8 if getattr(bench.params, "task", "digits") == "digits" else 28,
            asks="teacher asks for",
            parent=parent,
        )
        self._bench = bench
        self.teacher = switch("Teacher", "Pull the output towards the target in this picture (training is not touched)")
        self.silence = switch(
            "Silence interneurons", "A lesion of the running circuit: nothing cancels the top-down input"
        )
        self.slow = switch("Slow motion", "Draw the circuit in continuous time, as fast as the scope runs")
        self.phase = push_button("Phase", self.on_phase, "Pause and do one phase of an update; follow it", "phase_step")
        self.teacher.toggled.connect(lambda on: looking.set_switches(teacher=on))
        self.silence.clicked.connect(lambda on: bench.change(silenced=1.0 if on else 0.0))
        for widget in (self.teacher, self.silence, self.slow, self.phase):
            self.add(widget)
        looking.switches_changed.connect(self.on_switches_changed)
        bench.params_changed.connect(self.on_params_changed)
        self.on_switches_changed()
        self.on_params_changed(bench.params)

    def on_phase(self) -> None:
        """One phase of an update, and the picture shows the training batch from now on."""
        self._bench.step_phase()
        self._looking.set_switches(live=True)

    def on_switches_changed(self) -> None:
        """Show the switches as they are."""
        self.teacher.setChecked(self._looking.teacher)
        self.on_probe_changed()

    def words(self) -> str:
        """The stepped training batch is no probe."""
        return "training batch" if self._looking.live and self._is_staged else super().words()

    def show_staged(self, is_staged: bool) -> None:
        """Whether the newest picture is that of the stepped batch: after a whole update it is the probe's again."""
        self._is_staged = is_staged
        self.on_probe_changed()

    def on_params_changed(self, params: object) -> None:
        """The parameter panel is the truth; the lesion button follows it."""
        if isinstance(params, DendriticParams):
            self.silence.setChecked(params.silenced >= 0.5)
            self.draw.setEnabled(params.task in IMAGE_TASKS)
