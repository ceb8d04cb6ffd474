"""The hand on the chain: how fast it plays, how long it is, where it starts, a second one, whose weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from engine.papers.gibbsnet_views import BranchArguments, Clamps, ModelName, RecordArguments, Start, TapeInfo
from gui.shell.rows import push_button
from gui.tabs.gibbsnet.tape_reader import TapeReader
from gui.widgets.flow import FlowRow
from gui.widgets.segments import icon_button, switch
from gui.widgets.slider_row import SliderRow
from gui.widgets.timeline import Timeline

if TYPE_CHECKING:
    from gui.shell.bench import Bench
    from gui.shell.tickets import Ticket

LENGTHS = (200, 1000, 5000, 20_000, 100_000)
STARTS: tuple[tuple[str, Start], ...] = (("N(0, I)", "prior"), ("data", "data"), ("the pool", "pool"))
CHAINS, BRANCH_CHAINS = 16, 8
RATE = 8.0
"""Gibbs steps a second while it plays at first."""
FOLLOW_MS = 3000
"""Between two recordings while the wall follows the training."""
LEAST_FOLLOWED = 50
"""Steps that are recorded while following, when the hand is at an earlier one; the rest comes when it is asked for."""


class ChainControls(QWidget):
    """The timeline and the row of controls below it. Records tapes and branches; `reader` fetches what they hold.

    recorded: a tape was recorded completely. tape_told(words): what is being shown, in words.
    """

    recorded = Signal()
    tape_told = Signal(str)

    def __init__(self, bench: Bench, reader: TapeReader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._reader = bench, reader
        self._ticket: Ticket | None = None
        self._seed, self._branch_seed = 0, 0
        self._wanted_models: tuple[ModelName, ...] = ("gibbsnet",)
        self._info: TapeInfo | None = None
        self._is_whole = self.is_foreign = False
        self.point: tuple[float, float] | None = None
        self.timeline = Timeline("Gibbs steps", surface="card", logarithmic=True, first=1)
        self.timeline.set_rate(RATE)
        self.timeline.set_loop(True)
        self.timeline.set_text(lambda moment: f"step {moment + 1:,}")
        self.timeline.position_changed.connect(self.on_moved)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.timeline)
        layout.addWidget(self._row())
        self._follow_timer = QTimer(self)
        self._follow_timer.setInterval(FOLLOW_MS)
        self._follow_timer.timeout.connect(self.on_follow_due)
        self._follow_timer.start()

    def _row(self) -> FlowRow:
        self.speed = SliderRow(
            "steps/s", "Gibbs steps a second while it plays", low=1, high=240, value=RATE, log=True, width=0
        )
        self.speed.setFixedWidth(150)
        self.speed.value_changed.connect(self.timeline.set_rate)
        self.length = QComboBox()
        for steps in LENGTHS:
            self.length.addItem(f"to {steps:,}", steps)
        self.length.setCurrentIndex(LENGTHS.index(5000))
        self.length.setToolTip("How long the chains run; they were trained with K steps only")
        self.length.activated.connect(lambda _i: self.on_length_chosen())
        self.start = QComboBox()
        for words, start in STARTS:
            self.start.addItem(f"from {words}", start)
        self.start.setToolTip("Where the chains begin: the Gaussian, inferred from training pictures, or the pool")
        self.start.activated.connect(lambda _i: self.on_start_chosen())
        self.noise = icon_button("dice", "Other noise: another random stream for all chains", self.on_other_noise)
        self.branch = push_button(
            "Branch", self.on_branch, "Start chains from this step of the framed chain, each with other noise"
        )
        self.drop = icon_button("close", "Drop the branch: show the main chains alone", self.on_drop)
        self.drop.hide()
        self.follow = switch(
            "Follow", "Down: recorded anew as the weights change, with the same noise, so that each chain "
            "morphs. Up: this version of the model is kept while training goes on",
        )  # fmt: skip
        self.follow.setChecked(True)
        self.again = icon_button("reset", "Record the chains again with the weights of now", lambda: self.record())
        return FlowRow(
            (self.speed, self.branch, self.drop, self.follow, self.length, self.start, self.noise, self.again)
        )

    @property
    def is_recording(self) -> bool:
        """Whether a tape is on its way."""
        return self._ticket is not None and self._ticket.is_open

    @property
    def wanted_steps(self) -> int:
        """How long the chains shall be."""
        return int(self.length.currentData())

    # --- recording ----------------------------------------------------------------------------------------------

    def set_models(self, models: tuple[ModelName, ...]) -> None:
        """Whose chains are recorded."""
        self._wanted_models = models

    def on_moved(self, moment: int) -> None:
        """Another step in the hand; what the present tape does not reach is recorded."""
        self._reader.go_to(moment + 1)
        recorded = self._info.recorded if self._info is not None else 0
        if moment + 1 > recorded and self._is_whole and not self.is_recording:
            self.record()

    def record(self, steps: int = 0) -> None:
        """Record the main tape with the weights of now. steps: how far (0: as long as is chosen)."""
        if self._ticket is not None:
            self._ticket.cancel()
        self._reader.is_recording, self._reader.recorded, self.is_foreign = True, 0, False
        start: Start = "point" if self.point is not None else self.start.currentData()
        arguments = RecordArguments(
            chains=CHAINS,
            steps=steps or self.wanted_steps,
            seed=self._seed,
            start=start,
            point=self.point or (0.0, 0.0),
            clamps=Clamps(),
            models=self._wanted_models,
        )
        self.on_drop()
        self._ticket = self._bench.ask("record", arguments, self.on_recorded, self.on_partial, self.on_refused)

    def on_partial(self, info: TapeInfo, fraction: float) -> None:
        """A part of it is there."""
        self._show_info(info)
        self.tape_told.emit(f"recording: step {info.recorded:,} of {info.steps:,}")
        if self._reader.recorded < self._reader.step <= info.recorded or not self._is_whole:
            self._reader.recorded = info.recorded
            self._reader.refresh()

    def on_recorded(self, info: TapeInfo) -> None:
        """All of it."""
        self._ticket, self._reader.is_recording = None, False
        self._is_whole = True
        self._show_info(info)
        self._reader.recorded = info.recorded
        self._reader.refresh()
        self.recorded.emit()

    def on_refused(self, reason: str) -> None:
        """It could not be recorded."""
        self._ticket, self._reader.is_recording = None, False
        self._bench.note(reason, "warning")

    def _show_info(self, info: TapeInfo) -> None:
        self._info = info
        self.timeline.set_length(self.wanted_steps if self._is_whole else info.recorded)

    def adopt(self, info: TapeInfo) -> None:
        """The main tape is one that another scene recorded (chains from a place of the latent map): its length."""
        own = self._info
        if own is None or self.is_recording or (info.steps, info.models) == (own.steps, own.models):
            return
        self._info, self.is_foreign = info, True
        self.on_drop()
        self.timeline.set_length(info.recorded)

    def on_run_started(self) -> None:
        """Another run: no tape is left of the old one."""
        self._ticket, self._info, self._is_whole, self.point = None, None, False, None
        self.drop.hide()
        self.timeline.pause()
        self.timeline.clear_marks()
        self.timeline.set_length(0)
        self._reader.forget()

    def on_length_chosen(self) -> None:
        """Longer or shorter chains."""
        self._is_whole = False
        self.timeline.set_length(min(self.timeline.length, self.wanted_steps))
        self.record()

    def on_start_chosen(self) -> None:
        """Another beginning."""
        self.point = None
        self.record()

    def start_at(self, point: tuple[float, float]) -> None:
        """Chains that all begin at one place of the latent map."""
        self.point = point
        self.record()

    def on_other_noise(self) -> None:
        """The next random stream."""
        self._seed += 1
        self.record()

    def on_follow_due(self) -> None:
        """While training changes the weights, and nobody holds the timeline, the chains are recorded anew."""
        is_idle = not (self.is_recording or self.timeline.playing or self.timeline.underMouse())
        training = self._bench.run_state == "training" and self._bench.step != (
            self._info.version if self._info else -1
        )
        if self.follow.isChecked() and is_idle and training and self.isVisible():
            self.record(max(LEAST_FOLLOWED, min(self._reader.step, self.wanted_steps)))

    # --- branching ----------------------------------------------------------------------------------------------

    def on_branch(self) -> None:
        """New chains from the step in the hand."""
        self._branch_seed += 1
        step = self.timeline.position + 1
        arguments = BranchArguments(
            tape=0,
            step=step,
            chain=self._reader.chain,
            count=BRANCH_CHAINS,
            seed=self._branch_seed,
            steps=max(1, self.wanted_steps - step),
        )
        self._bench.ask("branch", arguments, self.on_branched, self.on_branch_partial)

    def on_branch_partial(self, info: TapeInfo, fraction: float) -> None:
        """Its first steps are there."""
        if self._reader.branch != info.tape:
            self._begin_branch(info)

    def on_branched(self, info: TapeInfo) -> None:
        """All of it."""
        self._begin_branch(info)

    def _begin_branch(self, info: TapeInfo) -> None:
        self.timeline.clear_marks()
        self.timeline.add_mark(info.first - 1, f"branch of chain {info.parent_chain}", "apical")
        self.drop.show()
        self._reader.choose_branch(info.tape)

    def on_drop(self) -> None:
        """The main chains alone."""
        self.timeline.clear_marks()
        self.drop.hide()
        self._reader.choose_branch(-1)
        self.tape_told.emit("")
