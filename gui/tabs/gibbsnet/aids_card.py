"""The aids that this size needs and the paper does not have: each a switch with its reason, one button without all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from engine.papers.gibbsnet import AIDS, GibbsNetParams
from gui.shell.rows import label
from gui.widgets.scrolling import Scrolling
from gui.widgets.segments import switch

if TYPE_CHECKING:
    from gui.shell.bench import Bench


@dataclass(frozen=True, slots=True)
class Aid:
    """One aid: the knob it is, its value when it is off, and why it is there."""

    name: str
    knob: str
    off: Any
    reason: str


REASONS: dict[str, Aid] = {
    aid.name: aid
    for aid in (
        Aid("two rates", "lr_ratio", 1.0, "D learns 3 times as fast: with equal rates x and z lose each other."),
        Aid("R1", "r1", 0.0, "Keeps D's slope small: without it D wins within some hundred updates."),
        Aid(
            "standardised z",
            "standardise_z",
            False,
            "D sees z over its spread: its scale is free and would shrink away.",
        ),
        Aid("averaged weights", "ema", 0.0, "Pictures come from averaged weights: the raw ones circle around them."),
        Aid("warm start", "warm_start", 0, "K grows from 1: long chains of a young model teach nothing."),
        Aid("chain pool", "pool_share", 0.0, "Chains go on from earlier ones: what remembers long stays stable."),
        Aid("short chains", "short_share", 0.0, "Some updates judge a first pair: so z cannot shrink away."),
        Aid(
            "hidden labels", "label_visible", 1.0, "q often goes without the label: then it serves pictures alone, too."
        ),
    )
}


class AidsCard(QWidget):
    """Switches change the knobs of the run, undoably, as the parameter panel does."""

    def __init__(self, bench: Bench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        self._on_values: dict[str, Any] = {}
        self.switches: dict[str, QPushButton] = {}
        self.paper = switch(
            "Paper mode", "None of these aids: the paper's plain recipe. At this size it usually collapses"
        )
        self.paper.clicked.connect(lambda on: bench.change(paper_mode=on))
        self.words = label("", "muted", wrap=True)
        inner = QWidget()
        lines = QVBoxLayout(inner)
        lines.setContentsMargins(0, 0, 6, 0)
        lines.setSpacing(2)
        for name in AIDS:
            button = switch(name, REASONS[name].reason)
            button.clicked.connect(lambda on, name=name: self.on_switched(name, on))
            self.switches[name] = button
            lines.addWidget(button)
            lines.addWidget(label(REASONS[name].reason, "muted", wrap=True))
        lines.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.paper, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.words)
        layout.addWidget(Scrolling(inner), 1)
        bench.params_changed.connect(lambda _p: self.on_params_changed())
        self.on_params_changed()

    def on_params_changed(self) -> None:
        """Show which aids are on."""
        params = self._bench.params
        if not isinstance(params, GibbsNetParams):
            return
        self.paper.setChecked(params.paper_mode)
        for name, button in self.switches.items():
            aid = REASONS[name]
            value = getattr(params, aid.knob)
            if value != aid.off:
                self._on_values[name] = value
            button.setChecked(value != aid.off and not params.paper_mode)
            button.setEnabled(not params.paper_mode)
        on = sum(b.isChecked() for b in self.switches.values())
        self.words.setText(
            "Paper mode: watch the health meter; it says which aid would have helped."
            if params.paper_mode
            else f"{on} of {len(AIDS)} aids are on; none of them is in the paper."
        )

    def on_switched(self, name: str, on: bool) -> None:
        """Back to the value it had, or off."""
        aid = REASONS[name]
        default = GibbsNetParams.model_fields[aid.knob].default
        self._bench.change(**{aid.knob: self._on_values.get(name, default) if on else aid.off})
