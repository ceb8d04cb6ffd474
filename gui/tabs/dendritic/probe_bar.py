"""The row of switches above the microcircuit: which input, teacher, lesion, slow motion, phase by phase."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from engine.papers.dendritic import IMAGE_TASKS, DendriticParams
from gui.shell.rows import label, push_button
from gui.tabs.dendritic.draw_dialog import DrawDialog
from gui.tabs.dendritic.flow import FlowRow
from gui.tabs.dendritic.looking import PROBES, Looking
from gui.tabs.dendritic.segments import icon_button, switch

if TYPE_CHECKING:
    from gui.shell.bench import Bench


class ProbeBar(FlowRow):
    """Buttons only: everything they say goes to `Looking` (pictures) or to the bench (training)."""

    def __init__(self, bench: Bench, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._bench, self._looking = bench, looking
        self._dice = random.Random()
        self._dialog: DrawDialog | None = None
        self.where = label("", "muted")
        self.where.setMinimumWidth(self.fontMetrics().horizontalAdvance("test 299"))
        self.draw = push_button("Draw…", self.on_draw, "Draw a digit of your own and look at it", "brush")
        self.teacher = switch("Teacher", "Pull the output towards the target in this picture (training is not touched)")
        self.silence = switch(
            "Silence interneurons", "A lesion of the running circuit: nothing cancels the top-down input"
        )
        self.slow = switch("Slow motion", "Draw the circuit in continuous time, as fast as the scope runs")
        self.phase = push_button("Phase", self.on_phase, "Pause and do one phase of an update; follow it", "phase_step")
        self.teacher.toggled.connect(lambda on: looking.set_switches(teacher=on))
        self.silence.clicked.connect(lambda on: bench.change(silenced=1.0 if on else 0.0))
        for widget in (
            _arrow("‹", "Previous test example", lambda: self._step(-1)),
            icon_button("dice", "A random test example", self.on_random),
            _arrow("›", "Next test example", lambda: self._step(1)),
            self.where,
            self.draw,
            self.teacher,
            self.silence,
            self.slow,
            self.phase,
        ):
            self.add(widget)
        looking.probe_changed.connect(self.on_probe_changed)
        looking.switches_changed.connect(self.on_switches_changed)
        bench.params_changed.connect(self.on_params_changed)
        self.on_probe_changed()
        self.on_switches_changed()
        self.on_params_changed(bench.params)

    def _step(self, by: int) -> None:
        self._looking.show_example(self._looking.probe.index + by)

    def on_random(self) -> None:
        """Another test example."""
        self._looking.show_example(self._dice.randrange(PROBES))

    def on_draw(self) -> None:
        """Open the pad; it stays open beside the window."""
        if self._dialog is None:
            self._dialog = DrawDialog(self._looking, self._side(), self)
        self._dialog.set_side(self._side())
        self._dialog.show()
        self._dialog.raise_()

    def _side(self) -> int:
        return 8 if getattr(self._bench.params, "task", "digits") == "digits" else 28

    def on_phase(self) -> None:
        """One phase of an update, and the picture shows the training batch from now on."""
        self._bench.step_phase()
        self._looking.set_switches(live=True)

    def on_probe_changed(self) -> None:
        """Say which input is shown."""
        probe = self._looking.probe
        self.where.setText("drawn" if probe.image is not None else f"test {probe.index}")

    def on_switches_changed(self) -> None:
        """Show the switches as they are."""
        self.teacher.setChecked(self._looking.teacher)

    def on_params_changed(self, params: object) -> None:
        """The parameter panel is the truth; the lesion button follows it."""
        if isinstance(params, DendriticParams):
            self.silence.setChecked(params.silenced >= 0.5)
            self.draw.setEnabled(params.task in IMAGE_TASKS)


def _arrow(text: str, tip: str, work: Callable[[], object]) -> QPushButton:
    button = push_button(text, work, tip)
    button.setAccessibleName(tip)
    button.setFixedWidth(30)
    return button


class PhaseLine(QLabel):
    """The phases of one update in a row, the one just done in full colour; hidden while the probe is shown."""

    def __init__(self, phases: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._phases = phases
        self.setProperty("role", "muted")
        self.hide()

    def show_phase(self, phase: int, live: bool) -> None:
        """phase: index of the phase just done; live: the picture is the training batch."""
        self.setVisible(live)
        if live:
            words = [f"<b>{p}</b>" if i == phase else p for i, p in enumerate(self._phases)]
            self.setText("training batch, just done: " + " · ".join(words))
