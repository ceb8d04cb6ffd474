"""The training loop of the engine process: steps, pauses, changes, pictures, answers, records.

One thread, no surprises: a burst of steps, then whatever is due. Bursts are short (a few milliseconds), so that a
verb is answered at once and a picture is never late.
"""

from __future__ import annotations

import math
import os
import time
import traceback
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil
import torch

from engine.experiments.contract import Diverged, Experiment, Phased, actions_of, views_of
from engine.papers.contract import Pace, Paper, ParameterError, Params, live_knobs, validate
from engine.runtime import messages as m
from engine.runtime.asking import Asking
from engine.runtime.checkpoint_files import CheckpointError, Header
from engine.runtime.pacing import Governor
from engine.runtime.port import Port
from engine.runtime.recording import Checkpoints, CurveRecorder, Snapshots
from engine.runtime.records import StoreError
from engine.runtime.ring import RingWriter
from engine.runtime.state import State, StateError
from engine.runtime.version import app_version
from engine.runtime.watching import Watching

BURST_S = 0.004
PROGRESS_EVERY_S = 0.1
MEMORY_EVERY_S = 2.0
RunMode = Literal["training", "paused"]


@dataclass(slots=True)
class Setup:
    """What the loop is given. store and checkpoint_folder are None when nothing is recorded."""

    run: int
    spec: m.RunSpec
    paper: Paper
    pace: Pace
    total: int
    experiment: Experiment
    ring: RingWriter | None
    store: Any
    checkpoint_folder: Path | None
    wall: float = 0.0


class Loop:
    """Runs one experiment until it is stopped or nobody listens."""

    def __init__(self, setup: Setup, port: Port) -> None:
        self._setup = setup
        self._run = setup.run
        self._experiment = setup.experiment
        self._port = port
        self._mode: RunMode = "paused" if setup.spec.paused else "training"
        self._revision = 0
        self._wall = setup.wall
        self._leaving: m.Stop | None = None
        self._is_unsound = False
        self._is_store_faulty = False
        self._changes = 0
        specs = {v.name: v for v in setup.paper.views}
        self._watching = Watching(self._run, specs, views_of(self._experiment), port.send, setup.ring)
        self._asking = Asking(self._run, actions_of(self._experiment), port.send)
        self._altering = {a.name for a in setup.paper.actions if a.alters}
        self._governor = Governor(setup.pace, setup.spec.pace)
        self._curves = CurveRecorder(self._run, setup.spec.record, setup.store, port.send)
        self._snapshots = Snapshots()
        self._checkpoints = (
            Checkpoints(self._run, setup.checkpoint_folder, setup.spec.autosave_s, port.send)
            if setup.checkpoint_folder is not None
            else None
        )
        self._progress_at = 0.0
        self._noted_mode = ""
        self._memory = (0.0, 0)
        self._process = psutil.Process(os.getpid())

    # --- the loop -----------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Until `Stop`, the end of the pipe, or an error (which passes through to the caller)."""
        self._keep_snapshot()
        self._report_progress(time.perf_counter(), force=True)
        while self._leaving is None and not self._port.is_gone:
            self._obey()
            if self._leaving is not None:
                break
            did_train = self._train() if self._mode == "training" else False
            now = time.perf_counter()
            did_work = self._asking.work(self._step, self._revision)
            drew = self._watching.send_one(
                now, self._moment(), self._step, self._revision, is_busy=did_train and self._governor.is_behind
            )
            self._keep_records(now)
            self._report_progress(now)
            if not (did_train or did_work or drew):
                self._port.wait(self._idle_time(time.perf_counter()))
        self._leave()

    def _train(self) -> bool:
        """A burst of steps; False when the governor says wait."""
        begun = now = time.perf_counter()
        allowed = self._governor.allowed(self._step, now)
        if self._setup.spec.until:
            allowed = min(allowed, self._setup.spec.until - self._step)
            if self._is_complete:
                self._mode = "paused"
                self._report_progress(now, force=True)
        if allowed <= 0:
            return False
        while allowed > 0 and now - begun < BURST_S:
            before = self._step
            if not self._do(self._experiment.step):
                break
            if self._step > before:  # a long update may be done in several steps
                allowed -= 1
                self._governor.spend()
            now = time.perf_counter()
        self._wall += now - begun
        self._governor.measured(self._step, now)
        return True

    def _do(self, advance: Any) -> bool:
        """One step or phase; False when the numbers are no longer finite (the run is then paused)."""
        before = self._step
        try:
            values: Mapping[str, float] = advance()
            bad = [name for name, value in values.items() if not math.isfinite(value)]
            if bad:
                raise Diverged(f"{', '.join(bad)} is no longer a finite number.")
        except Diverged as error:
            self._stop_diverging(str(error))
            return False
        self._changes += 1
        if values and self._step > before:
            self._curves.add(self._step, values)
        return True

    def _stop_diverging(self, text: str) -> None:
        self._mode = "paused"
        self._is_unsound = True
        self._changes += 1
        kept = self._snapshots.kept
        remedy = m.Remedy(f"Back to update {kept[-1]:,}", rewind_to=kept[-1])
        self._port.send(m.Notice(self._run, self._step, "error", "diverged", f"Paused: {text}", (remedy,)))

    @property
    def step(self) -> int:
        """Updates done."""
        return self._step

    @property
    def _step(self) -> int:
        return self._experiment.steps_done

    @property
    def _is_complete(self) -> bool:
        return bool(self._setup.spec.until) and self._step >= self._setup.spec.until

    def _moment(self) -> Hashable:
        return (self._changes, self._revision)

    def _idle_time(self, now: float) -> float | None:
        """How long nothing is due; None: until a verb comes."""
        due = [t for t in (self._watching.next_due(self._moment()), self._curves.next_due()) if t is not None]
        if self._mode == "training":
            due.append(now + self._governor.pause(self._step, now))
            due.append(self._progress_at + PROGRESS_EVERY_S)
        elif self._checkpoints is not None:
            due.append(now + 0.25)
        if not due:
            return None
        return max(0.0, min(due) - now)

    # --- verbs --------------------------------------------------------------------------------------------------

    def _obey(self) -> None:
        while (verb := self._port.take()) is not None:
            if verb.run != self._run:
                continue
            self._obey_one(verb)
            if self._leaving is not None:
                return

    def _obey_one(self, verb: m.Verb) -> None:
        match verb:
            case m.Seen():
                self._watching.seen(verb.view)
            case m.FreeSlot():
                self._watching.free_slot(verb.slot)
            case m.Watch():
                self._watching.watch(verb, self._step, self._revision)
            case m.Unwatch():
                self._watching.unwatch(verb.view)
            case m.Pause() | m.Resume():
                self._mode = "paused" if isinstance(verb, m.Pause) else "training"
                self._governor.restart(self._step, time.perf_counter())
                self._report_progress(time.perf_counter(), force=True)
            case m.StepOnce():
                self._step_whole()
            case m.StepPhase():
                self._step_phase()
            case m.Rewind():
                self._rewind(verb.step)
            case m.Change():
                self._change(verb)
            case m.SetPace():
                self._governor.set_rate(verb.rate, self._step, time.perf_counter())
            case m.Ask():
                self._ask(verb)
            case m.Cancel():
                self._asking.cancel(verb.ticket, self._step, self._revision)
            case m.Save():
                self._save_as_asked()
            case m.Stop():
                self._leaving = verb
            case m.Start():
                self._log("error", "A run is already going on in this process; Start was ignored.")

    def _step_whole(self) -> None:
        """One update while paused; an update begun phase by phase is completed."""
        self._mode = "paused"
        if not self._is_complete and self._do(self._experiment.step) and isinstance(self._experiment, Phased):
            while self._experiment.phase > 0 and self._do(self._experiment.step_phase):
                pass
        self._report_progress(time.perf_counter(), force=True)

    def _step_phase(self) -> None:
        self._mode = "paused"
        if self._is_complete:
            pass
        elif isinstance(self._experiment, Phased):
            self._do(self._experiment.step_phase)
        else:
            self._do(self._experiment.step)
        self._report_progress(time.perf_counter(), force=True)

    def _change(self, verb: m.Change) -> None:
        before = self._experiment.params
        self._revision = max(self._revision, verb.revision)
        try:
            params = validate(type(before), {**before.model_dump(), **verb.values})
            fixed = [n for n in verb.values if n not in live_knobs(type(before)) and _differs(before, params, n)]
            if fixed:
                raise ParameterError(f"{', '.join(fixed)}: changing this needs a reset.")
            self._experiment.change(params)
        except (ParameterError, ValueError) as error:
            self._tell_settings("refused", str(error))
            return
        self._changes += 1
        self._mark_changes(before, params)
        self._tell_settings("changed")

    def _ask(self, verb: m.Ask) -> None:
        before = self._experiment.params
        self._asking.ask(verb, self._step, self._revision)
        if verb.action in self._altering:
            self._changes += 1
            self._is_unsound = False
            self._mark_changes(before, self._experiment.params)
            self._tell_settings("repaired")

    def _rewind(self, step: int) -> None:
        snapshot = self._snapshots.find(step)
        if snapshot is None:
            return
        self._guarded(self._flush_all)
        before = self._experiment.params
        self._experiment.change(snapshot.params)
        self._experiment.restore(snapshot.state)
        self._snapshots.forget_after(snapshot.step)
        self._guarded(lambda: self._curves.forget_after(snapshot.step))
        self._is_unsound = False
        self._changes += 1
        self._revision += 1
        self._governor.restart(self._step, time.perf_counter())
        self._port.send(m.Rewound(self._run, self._revision, snapshot.step))
        self._tell_settings("rewound")
        self._port.send(m.Notice(self._run, self._step, "info", "diverged", "", cleared=True))
        if self._setup.store is not None and before != snapshot.params:
            values = snapshot.params.model_dump(mode="json")
            self._guarded(lambda: self._setup.store.set_params(self._setup.spec.record, values))
        self._save()  # a later resume must not bring the undone future back
        self._report_progress(time.perf_counter(), force=True)

    # --- records ------------------------------------------------------------------------------------------------

    def _keep_records(self, now: float) -> None:
        self._guarded(lambda: self._curves.flush(now, self._revision, self._wall))
        if self._is_store_faulty and not self._curves.is_behind:
            self._is_store_faulty = False
            self._port.send(m.Notice(self._run, self._step, "info", "store", "Curves are kept again.", cleared=True))
        if self._snapshots.is_due(now) and not self._is_unsound and self._step != self._snapshots.kept[-1]:
            self._keep_snapshot()
        if self._checkpoints is not None:
            self._checkpoints.poll()
            if self._checkpoints.is_due(now, self._step):
                self._save()

    def _keep_snapshot(self) -> None:
        state = self._experiment.state()
        if not self._snapshots.kept or self._is_finite(state):
            self._snapshots.keep(self._step, self._experiment.params, state)

    def _is_finite(self, state: State) -> bool:
        """Whether this state may be offered as the last good one; the run is paused when not."""
        bad = [n for n, t in state.tensors.items() if t.is_floating_point() and not bool(torch.isfinite(t).all())]
        if bad:
            self._stop_diverging(f"{bad[0]} is no longer finite.")
        return not bad

    def _save(self) -> None:
        if self._checkpoints is None:
            return
        state = self._experiment.state()
        if self._is_unsound or not self._is_finite(state):
            return
        self._guarded(self._flush_all)  # whoever resumes from here finds the curves up to here
        spec, params = self._setup.spec, self._experiment.params
        header = Header(spec.paper, params.model_dump(mode="json"), params.seed, self._step, spec.preset, app_version())
        self._checkpoints.begin(state, header)

    def _save_as_asked(self) -> None:
        """The Save button: what can not be saved is said."""
        self._save()
        if self._checkpoints is None:
            self._refuse_to_save("this run is not recorded")
        elif self._is_unsound:
            self._refuse_to_save("its numbers are no longer finite; go back first")

    def _refuse_to_save(self, why: str) -> None:
        self._port.send(m.Notice(self._run, self._step, "warning", "save", f"Not saved: {why}."))

    def _leave(self) -> None:
        should_save = self._leaving is None or self._leaving.save
        self._asking.close()
        self._guarded(self._flush_all)
        if self._checkpoints is not None:
            if should_save:
                self._save()
            self._checkpoints.close()
        if self._setup.store is not None:
            early = "stopped" if self._leaving is not None else "interrupted"  # nobody listens any more
            state = "finished" if self._step >= self._setup.total else early
            self._guarded(lambda: self._setup.store.set_state(self._setup.spec.record, state))
        self._port.send(m.Stopped(self._run, self._step))

    def _flush_all(self) -> None:
        self._curves.flush(time.perf_counter(), self._revision, self._wall, is_final=True)

    def _mark_changes(self, before: Params, after: Params) -> None:
        if self._setup.store is None:
            return
        self._guarded(lambda: self._store_changes(before, after))

    def _store_changes(self, before: Params, after: Params) -> None:
        record, store = self._setup.spec.record, self._setup.store
        for name in type(after).model_fields:
            if _differs(before, after, name):
                store.add_mark(record, self._step, name, getattr(before, name), getattr(after, name))
        store.set_params(record, after.model_dump(mode="json"))

    def _guarded(self, write: Any) -> None:
        """The store may be full or locked: the person is told once, training goes on, the curves wait."""
        try:
            write()
        except StoreError as error:
            if not self._is_store_faulty:
                self._port.send(m.Notice(self._run, self._step, "error", "store", str(error)))
            self._is_store_faulty = True

    # --- reports ------------------------------------------------------------------------------------------------

    def _tell_settings(self, reason: Any, text: str = "") -> None:
        values = self._experiment.params.model_dump(mode="json")
        self._port.send(m.Settings(self._run, self._revision, self._step, values, reason, text))

    def _report_progress(self, now: float, *, force: bool = False) -> None:
        if not force and now - self._progress_at < (PROGRESS_EVERY_S if self._mode == "training" else 1.0):
            return
        self._progress_at = now
        self._note_mode()
        if now - self._memory[0] > MEMORY_EVERY_S:
            self._memory = (now, int(self._process.memory_info().rss))
        phase = self._experiment.phase if isinstance(self._experiment, Phased) else 0
        state: Literal["training", "paused", "busy"] = self._mode
        self._port.send(
            m.Progress(
                self._run,
                self._revision,
                self._step,
                self._setup.total,
                state,
                self._experiment.progress(),
                self._governor.rate if self._mode == "training" else 0.0,
                phase,
                self._snapshots.kept,
                self._memory[1],
            )
        )

    def _note_mode(self) -> None:
        """The library tells a held run from one that trains."""
        mode = "running" if self._mode == "training" else "paused"
        if self._setup.store is not None and mode != self._noted_mode:
            self._noted_mode = mode
            self._guarded(lambda: self._setup.store.note_mode(self._setup.spec.record, mode))

    def _log(self, level: Literal["info", "warning", "error"], text: str) -> None:
        self._port.send(m.Log(self._run, level, text))


def _differs(before: Params, after: Params, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


def describe_fault(error: BaseException) -> tuple[Any, str]:
    """Kind and one sentence of advice for an exception that ended a run."""
    text = str(error) or type(error).__name__
    if isinstance(error, MemoryError) or "out of memory" in text.lower():
        return "oom", "Memory ran out. Choose a smaller batch or circuit, or close other runs."
    if isinstance(error, ParameterError):
        return "bad_params", text
    if isinstance(error, StoreError):
        return "disk", text
    if isinstance(error, CheckpointError | StateError):
        return "bad_data", text
    if type(error).__name__ == "DataError":
        return "bad_data", text
    where = "".join(f" ({Path(f.filename).name}:{f.lineno})" for f in traceback.extract_tb(error.__traceback__)[-1:])
    return "crash", f"The experiment failed: {text}{where}"
