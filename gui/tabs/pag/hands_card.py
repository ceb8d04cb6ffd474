"""The hands on a decoding: who decides, noise, beam, and an earlier moment of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSlider, QSpinBox, QVBoxLayout, QWidget

from engine.papers.pag_views import FilmView, Policy
from gui.shell.rows import keep_keys, label
from gui.tabs.pag.planning import Planning
from gui.widgets.flow import FlowRow
from gui.widgets.segments import icon_button, switch

if TYPE_CHECKING:
    from gui.shell.bench import Bench

POLICIES: tuple[tuple[Policy, str], ...] = (
    ("run", "as in the run"),
    ("learned", "learned switch"),
    ("always", "re-plan always"),
    ("every", "re-plan every m steps"),
    ("never", "never (until used up)"),
    ("manual", "only where I click"),
)
LARGEST_BEAM, LARGEST_PERIOD = 15, 16


class HandsCard(QWidget):
    """Writes to `Planning`; the scene tells it where the film stands."""

    def __init__(self, bench: Bench, planning: Planning, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._planning = bench, planning
        self.step = 0
        self._kept: tuple[int, ...] = ()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in (self._policy(), self._search(), self._gestures(), self._past()):
            layout.addWidget(part)
        self.words = label("", "muted", wrap=True)
        layout.addWidget(self.words)
        layout.addStretch(1)
        planning.changed.connect(self.on_changed)
        bench.run_started.connect(self.on_run_started)
        self.on_changed()

    # --- the rows -----------------------------------------------------------------------------------------------

    def _policy(self) -> QWidget:
        self.policy = QComboBox()
        self.policy.addItems([words for _, words in POLICIES])
        self.policy.setToolTip("Who decides when to re-plan in this picture; training is not touched")
        self.policy.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.policy.setMinimumContentsLength(6)
        self.policy.setAccessibleName("who decides when to re-plan")
        self.policy.activated.connect(lambda i: self._planning.set_query(policy=POLICIES[i][0]))
        self.period = QSpinBox()
        self.period.setRange(1, LARGEST_PERIOD)
        self.period.setPrefix("m = ")
        self.period.setToolTip("Steps from one re-plan to the next")
        self.period.valueChanged.connect(lambda m: self._planning.set_query(period=m))
        self.release = icon_button("undo", "Release all: the model decides everything again", self._planning.release)
        return _across(self.policy, self.period, self.release)

    def _search(self) -> QWidget:
        self.beam = QSpinBox()
        self.beam.setRange(1, LARGEST_BEAM)
        self.beam.setPrefix("beam ")
        self.beam.setFixedWidth(88)
        self.beam.setToolTip("Hypotheses kept side by side; 1 is greedy. Each carries its own plan and commitment")
        self.beam.valueChanged.connect(lambda n: self._planning.set_query(beam=n))
        self.noise = switch("Noise", "Gumbel noise on the switch, as in the released code; up: always the same picture")
        self.noise.clicked.connect(lambda on: self._planning.set_query(is_noisy=True if on else None))
        self.dice = icon_button("dice", "Other noise", self.on_dice)
        return FlowRow((self.beam, self.noise, self.dice))

    def _gestures(self) -> QWidget:
        self.intended = switch(
            "What was it going to do?", "From the next step on only follow the plan as it stands now"
        )
        self.intended.clicked.connect(lambda on: self._planning.follow_from(self.step + 1 if on else -1))
        return FlowRow((self.intended,))

    def _past(self) -> QWidget:
        self.past = QSlider(Qt.Orientation.Horizontal)
        self.past.setAccessibleName("an earlier moment of the run")
        self.past.setToolTip("Decode with the weights of an earlier moment of this run")
        self.past.setMinimumWidth(60)
        keep_keys(self.past, Qt.Key.Key_Left, Qt.Key.Key_Right)
        self.past.valueChanged.connect(self.on_past)
        self.when = label("now", "muted")
        return _across(label("weights of", "muted"), self.past, self.when)

    # --- what happens -------------------------------------------------------------------------------------------

    def on_dice(self) -> None:
        """Noise from another seed."""
        self.noise.setChecked(True)
        self._planning.set_query(is_noisy=True, noise_seed=self._planning.query.noise_seed + 1)

    def on_past(self, place: int) -> None:
        """Weights of a kept moment; the right end are the present ones."""
        past = self._kept[place] if place < len(self._kept) else -1
        self.when.setText("now" if past < 0 else f"update {past:,}")
        self._planning.set_query(past=past)

    def on_run_started(self) -> None:
        """Another run has kept nothing yet."""
        self._kept = ()
        self.past.setRange(0, 0)
        self.when.setText("now")
        self._planning.set_query(past=-1)

    def set_step(self, step: int) -> None:
        """Where the film stands."""
        self.step = step

    def show_view(self, view: FilmView) -> None:
        """Which earlier moments there are."""
        kept = tuple(int(k) for k in np.asarray(view.kept).tolist())
        if kept == self._kept:
            return
        at_present = self.past.value() >= len(self._kept)
        self._kept = kept
        self.past.blockSignals(True)
        self.past.setRange(0, len(kept))
        past = self._planning.query.past
        self.past.setValue(len(kept) if at_present or past not in kept else kept.index(past))
        self.past.blockSignals(False)

    def on_changed(self) -> None:
        """Buttons follow the query."""
        query = self._planning.query
        self.policy.setCurrentIndex([name for name, _ in POLICIES].index(query.policy))
        self.period.setVisible(query.policy == "every")
        self.noise.setChecked(bool(query.is_noisy))
        self.intended.setChecked(query.follow_from >= 0)
        self.release.setEnabled(self._planning.is_touched)
        plans = query.target != "baseline"
        for widget in (self.policy, self.intended, self.noise, self.dice):
            widget.setEnabled(plans)
        self.words.setText(self._said())

    def _said(self) -> str:
        """What the hand has done, in words."""
        query = self._planning.query
        said = []
        if query.follow_from >= 0:
            said.append(f"only follows from output {query.follow_from + 1} on")
        for step, replan in query.switches:
            said.append(f"{'re-plans' if replan else 'follows'} at {step + 1}")
        if query.symbols:
            said.append(f"another symbol at {', '.join(str(t + 1) for t, _ in query.symbols)}")
        if query.painted:
            said.append(f"{len(query.painted)} painted row{'s' if len(query.painted) > 1 else ''}")
        return f"By hand: {'; '.join(said)}." if said else "Click the ribbon to force a re-plan or to forbid one."


def _across(*widgets: QWidget) -> QWidget:
    """Widgets beside each other; the first that can grow does."""
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(4)
    for widget in widgets:
        line.addWidget(widget, int(isinstance(widget, QComboBox | QSlider)))
    return holder
