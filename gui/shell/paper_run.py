"""The run of one paper as the window sees it: settings on screen, the session behind them, its state and curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from engine.papers.contract import Paper, ParameterError, Params, live_knobs
from engine.runtime.messages import (
    ELSEWHERE,
    Failed,
    Progress,
    Ready,
    Rewound,
    RunSpec,
    Saved,
    Scalars,
    Settings,
    Stopped,
)
from gui.shell.history import CurveHistory, Points
from gui.shell.knob_edit import KnobEdit
from gui.shell.leaving import Leaving
from gui.shell.marks import mark_words
from gui.shell.outbox import Outbox
from gui.shell.session_bridge import MakeSession, SessionBridge


@dataclass(frozen=True, slots=True)
class RunDefaults:
    """What the settings say about every new run. threads 0: the preset's. cluster: "" for this computer."""

    device: str = "auto"
    threads: int = 0
    autosave_s: float = 10.0
    data_folder: str = ""
    cluster: str = ""


class RunRecords(Protocol):
    """Where runs are recorded (the library; a test keeps a list)."""

    def begin(self, paper: Paper, preset: str, params: Params) -> str:
        """A new record; its id ("" when it cannot be recorded, which is then said in the window)."""
        ...

    def drop_empty(self, record: str) -> None:
        """A run that never made a step leaves no record."""
        ...


class PaperRun(QObject):
    """Settings, session and curves of one paper; at most one run at a time, the last one stays on screen.

    run_state: idle, starting, training, paused, failed, stopped. `scalars_arrived` carries the measured points of a
    batch by curve: {name: (steps [n], values [n], seconds [n])}.
    """

    params_changed = Signal(object)
    pending_changed = Signal(object)
    preset_changed = Signal(object)
    run_state_changed = Signal(str)
    run_started = Signal()
    run_rewound = Signal(int)
    marked = Signal(int, str)
    ghosts_changed = Signal(object)
    history_loaded = Signal()
    refused = Signal(str)
    told = Signal(str)
    ready = Signal(object)
    scalars_arrived = Signal(object)
    frame_arrived = Signal(object)
    progress_changed = Signal(object)
    answered = Signal(object)
    noticed = Signal(object)
    logged = Signal(object)
    saved = Signal(object)
    failed = Signal(object)
    stopped = Signal(object)

    def __init__(
        self,
        paper: Paper,
        make_session: MakeSession,
        records: RunRecords,
        defaults: Callable[[], RunDefaults] = RunDefaults,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        if paper.params is None:
            raise ParameterError(f"{paper.name} is not built yet: there is nothing to run.")
        self.paper = paper
        self.preset = paper.presets[0]
        self.params = paper.make_params(self.preset.id)
        self.pending: dict[str, Any] = {}
        self.undo_stack = QUndoStack(self)
        self.history = CurveHistory()
        self.run_state = "idle"
        self.step = 0
        self.kept: tuple[int, ...] = ()
        self.progress: Progress | None = None
        self.ghosts: dict[str, Any] = {}
        self.record = ""
        self.saved_step = -1
        self.pace: float | None = None
        self._live = live_knobs(paper.params)
        self._make_session, self._records, self._defaults = make_session, records, defaults
        self.bridge: SessionBridge | None = None
        self._leaving = Leaving(self)
        self._outbox = Outbox(self._send_change, self)
        self._outbox.rested.connect(self.on_rested)

    # --- state --------------------------------------------------------------------------------------------------

    @property
    def is_live(self) -> bool:
        """Whether there is a run that answers."""
        return self.run_state in ("starting", "training", "paused")

    @property
    def is_leaving(self) -> bool:
        """Whether an engine process of this paper still has to end."""
        return bool(self._leaving) or (self.bridge is not None and self.bridge.is_alive)

    @property
    def revision(self) -> int:
        """Number of live changes, those on their way included."""
        return (self.bridge.revision if self.bridge else 0) + (not self._outbox.is_empty)

    @property
    def edited(self) -> Params:
        """The parameters on screen: those of the run with the pending ones on top."""
        return self.params.with_changes(**self.pending) if self.pending else self.params

    def _set_state(self, state: str) -> None:
        if state != self.run_state:
            self.run_state = state
            self.run_state_changed.emit(state)

    # --- parameters ---------------------------------------------------------------------------------------------

    def edit(self, values: Mapping[str, Any], text: str = "") -> None:
        """Change parameters, undoably. Raises `ParameterError` naming each fault; then nothing has changed."""
        before = self.edited
        after = before.with_changes(**values)
        old = {n: getattr(before, n) for n in values}
        new = {n: getattr(after, n) for n in values}
        if old != new:
            self.undo_stack.push(KnobEdit(self.apply, old, new, text or ", ".join(values)))

    def apply(self, values: Mapping[str, Any]) -> None:
        """Make valid values the present ones: at once where that is possible, else pending until a new run."""
        live = {n: v for n, v in values.items() if n in self._live or not self.is_live}
        held = {n: v for n, v in values.items() if n not in live}
        if live:
            old = {name: getattr(self.params, name) for name in live}
            self.params = self.params.with_changes(**live)
            if self.is_live:
                self._outbox.put(live, old)
        before = dict(self.pending)
        for name, value in held.items():
            self.pending[name] = value
            if value == getattr(self.params, name):
                del self.pending[name]
        if self.pending != before:
            self.pending_changed.emit(dict(self.pending))
        self.params_changed.emit(self.params)

    def discard_pending(self) -> None:
        """Back to the values of the present run."""
        if self.pending:
            self.edit({name: getattr(self.params, name) for name in self.pending}, "discard")

    def _send_change(self, values: Mapping[str, Any]) -> None:
        if self.bridge is not None and self.is_live:
            self.bridge.change(values)

    def on_rested(self, before: Mapping[str, Any]) -> None:
        """Knobs have come to rest: one mark on the curves for each whole movement."""
        for name, old in before.items():
            new = getattr(self.params, name)
            if new != old and self.is_live:
                text = mark_words(self.paper, name, old, new)
                self.history.marks.append((self.step, text))
                self.marked.emit(self.step, text)

    def choose_preset(self, preset_id: str, changes: Mapping[str, Any] | None = None) -> None:
        """Another starting point. A live run is saved to the library; training goes on with the new one."""
        params = self.paper.make_params(preset_id, changes)
        state = self.run_state
        spec = self.bridge.spec if self.bridge is not None else None
        is_held = state == "paused" or (state == "starting" and spec is not None and spec.paused)
        if self.is_live:
            if self.step > 0 and self.record:
                self.told.emit(f"The run at step {self.step:,} is kept in the library.")
            self._retire()
        self.preset = self.paper.preset(preset_id)
        self.params = params
        self.undo_stack.clear()
        if self.pending:
            self.pending = {}
            self.pending_changed.emit({})
        self.preset_changed.emit(self.preset)
        self.params_changed.emit(self.params)
        if state in ("training", "paused", "starting"):
            self._set_state("idle")
            self.start(paused=is_held)

    def adopt(self, preset_id: str, params: Mapping[str, Any]) -> None:
        """The settings of a recorded run, without starting anything. Raises `ParameterError`."""
        known = {p.id for p in self.paper.presets}
        chosen = preset_id if preset_id in known else self.paper.presets[0].id
        made = self.paper.make_params(chosen, params)
        self._retire()
        self._set_state("idle")
        self.choose_preset(chosen)
        self.params = made
        self.params_changed.emit(made)

    # --- verbs --------------------------------------------------------------------------------------------------

    def start(self, paused: bool = False, resume: str = "") -> bool:
        """A new run with the parameters on screen, or the run recorded as `resume` from its newest checkpoint."""
        params = self.edited
        self._retire()
        defaults = self._defaults()
        record = resume or ("" if defaults.cluster else self._records.begin(self.paper, self.preset.id, params))
        bridge = SessionBridge(self._make_session, self)
        spec = RunSpec(
            paper=self.paper.name,
            preset=self.preset.id,
            params=params.model_dump(),
            device=defaults.device,
            threads=defaults.threads,
            record=record or (ELSEWHERE if defaults.cluster else ""),
            resume=bool(resume),
            autosave_s=defaults.autosave_s,
            pace=self.pace,
            paused=paused,
            data_folder=defaults.data_folder,
        )
        self._connect(bridge)
        try:
            bridge.start(spec)
        except (RuntimeError, OSError) as error:
            bridge.close()
            bridge.deleteLater()
            if not resume:
                self._records.drop_empty(record)
            self.refused.emit(str(error))
            return False
        self.bridge, self.record = bridge, record
        self._clear_run(keep_curves=bool(resume))
        self.params = params
        if self.pending:
            self.pending = {}
            self.pending_changed.emit({})
        self._set_state("starting")
        self.run_started.emit()
        self.params_changed.emit(params)
        return True

    def _clear_run(self, keep_curves: bool) -> None:
        self.progress, self.kept = None, ()
        self._outbox.clear()
        if not keep_curves:
            self.history = CurveHistory()
            self.step, self.saved_step = 0, -1

    def _connect(self, bridge: SessionBridge) -> None:
        bridge.ready.connect(self.on_ready)
        bridge.scalars_arrived.connect(self.on_scalars)
        bridge.frame_arrived.connect(self.frame_arrived)
        bridge.progress_changed.connect(self.on_progress)
        bridge.answered.connect(self.answered)
        bridge.noticed.connect(self.noticed)
        bridge.logged.connect(self.logged)
        bridge.settled.connect(self.on_settled)
        bridge.rewound.connect(self.on_rewound)
        bridge.saved.connect(self.on_saved)
        bridge.failed.connect(self.on_failed)
        bridge.stopped.connect(self.on_stopped)

    def _retire(self) -> None:
        """Let the present run save and leave by itself; its late reports reach nobody."""
        bridge, self.bridge = self.bridge, None
        if bridge is None:
            return
        record, is_empty = self.record, self.step == 0

        def on_left() -> None:
            if is_empty and record:
                self._records.drop_empty(record)

        self._leaving.add(bridge, save=not is_empty, done=on_left)

    def let_go(self) -> None:
        """End the engine process and be as before the first start; what is worth keeping is in the library."""
        self._retire()
        self.record = ""
        self._set_state("idle")

    def load_history(self, record: str, curves: Mapping[str, Points], marks: list[tuple[int, str]]) -> None:
        """The stored curves of a run that is going to be resumed."""
        self.history = CurveHistory()
        for steps, _, seconds in curves.values():
            self.history.last_step = max(self.history.last_step, int(steps[-1]) if len(steps) else -1)
            self.history.last_wall = max(self.history.last_wall, float(seconds[-1]) if len(seconds) else 0.0)
        for name, points in curves.items():
            self.history.insert(name, points)
        self.history.marks = marks
        self.record, self.step, self.saved_step = record, max(0, self.history.last_step), self.history.last_step
        self.history_loaded.emit()

    def train_or_pause(self) -> None:
        """What Space does: start, hold, go on; after a failure resume what was saved."""
        if self.run_state == "training" and self.bridge:
            self.bridge.pause()
        elif self.run_state in ("paused", "starting") and self.bridge:
            self.bridge.resume()
        elif self.run_state == "failed" and self.saved_step >= 0:
            self.start(resume=self.record)
        else:
            self.start()

    def _ensure_live(self) -> bool:
        return self.is_live or self.start(paused=True)

    def pause(self) -> None:
        """Hold after the present update."""
        if self.is_live and self.bridge:
            self.bridge.pause()

    def resume(self) -> None:
        """Go on."""
        if self.is_live and self.bridge:
            self.bridge.resume()

    def step_once(self) -> None:
        """One update, then hold; starts a held run when there is none."""
        if self._ensure_live() and self.bridge:
            if self.run_state == "training":
                self.bridge.pause()
            self.bridge.step_once()

    def step_phase(self) -> None:
        """One phase of an update, then hold."""
        if self._ensure_live() and self.bridge:
            if self.run_state == "training":
                self.bridge.pause()
            self.bridge.step_phase()

    def rewind(self, step: int = 0) -> None:
        """Back to the newest kept snapshot at or before `step` (0: the start, same seed)."""
        if self.is_live and self.bridge:
            self.bridge.rewind(step)

    def _cut(self, step: int) -> None:
        self.history.truncate(step)
        self.step = step
        self.run_rewound.emit(step)

    def show_ghosts(self, ghosts: Mapping[str, Any]) -> None:
        """Past runs to draw behind the curves: {title: {curve: (steps [n], values [n])}}; {} removes them."""
        self.ghosts = dict(ghosts)
        self.ghosts_changed.emit(self.ghosts)

    def set_pace(self, rate: float | None) -> None:
        """Updates a second, inf for as fast as it goes, None for the preset's own pace."""
        self.pace = rate
        if self.is_live and self.bridge:
            self.bridge.set_pace(rate)

    def save(self) -> None:
        """A checkpoint now."""
        if self.is_live and self.bridge:
            self.bridge.save()

    def stop(self, save: bool = True) -> None:
        """Save and end the engine process of this run."""
        if self.is_live and self.bridge:
            self.bridge.stop(save)

    def ask(self, action: str, arguments: Any) -> int:
        """A gesture; its ticket (-1 when no run could be started for it)."""
        if not self._ensure_live() or self.bridge is None:
            return -1
        self._outbox.flush()
        return self.bridge.ask(action, arguments)

    # --- reports ------------------------------------------------------------------------------------------------

    def on_ready(self, report: Ready) -> None:
        """The experiment stands."""
        if report.step and report.step < self.history.last_step:
            self._cut(report.step)
        self.step = report.step
        spec = self.bridge.spec if self.bridge else None
        self._set_state("paused" if spec is not None and spec.paused else "training")
        self.ready.emit(report)

    def on_settled(self, report: Settings) -> None:
        """The parameters the run really has: after a rewind, a repair or a refusal they are not what was asked."""
        if report.reason == "changed":
            return
        self.params = self.params.with_changes(**report.values)
        self._outbox.clear()
        if report.reason == "refused":
            self.refused.emit(report.text)
        self.params_changed.emit(self.params)

    def on_rewound(self, report: Rewound) -> None:
        """Back at an earlier step."""
        self._cut(report.step)

    def on_scalars(self, report: Scalars) -> None:
        """Curve points."""
        points = self.history.split(report.steps, report.values, report.wall)
        self.history.append(report.steps, report.values, report.wall)
        self.step = max(self.step, self.history.last_step)
        self.scalars_arrived.emit(points)

    def on_progress(self, report: Progress) -> None:
        """Where the run is."""
        self.progress, self.step, self.kept = report, report.step, report.kept
        if report.state != "busy":
            self._set_state(report.state)
        self.progress_changed.emit(report)

    def on_saved(self, report: Saved) -> None:
        """A checkpoint is on disk."""
        self.saved_step = report.step
        self.saved.emit(report)

    def on_failed(self, report: Failed) -> None:
        """The run ended by a fault: everything drawn stays."""
        self._set_state("failed")
        self.failed.emit(report)

    def on_stopped(self, report: Stopped) -> None:
        """The run ended as asked."""
        if self.step == 0 and self.record:
            self._records.drop_empty(self.record)
            self.record = ""
        self._set_state("stopped")
        self.stopped.emit(report)
