"""What a run leaves behind: curves to the window and the store, checkpoints on disk, snapshots to rewind to."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.runtime.checkpoint import Written, write_checkpoint
from engine.runtime.checkpoint_files import CheckpointError, Header
from engine.runtime.messages import Notice, Report, Saved, Scalars
from engine.runtime.state import State

SEND_EVERY_S = 0.05
STORE_EVERY_S = 0.5
STORE_AGAIN_S = 5.0  # after a fault of the library
SNAPSHOT_EVERY_S = 5.0
SNAPSHOTS = 12
SNAPSHOT_BYTES = 256 * 2**20


class CurveBuffer:
    """Points of all curves until they are sent. None is lost; a curve not measured at a step is NaN there."""

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._values: list[Mapping[str, float]] = []

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """One step's values."""
        self._steps.append(step)
        self._values.append(values)

    def take(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Steps int64 [T] and name -> float64 [T]; the buffer is empty afterwards."""
        steps = np.asarray(self._steps, np.int64)
        values: dict[str, np.ndarray] = {}
        for row, point in enumerate(self._values):
            for name, value in point.items():
                column = values.get(name)
                if column is None:
                    column = values[name] = np.full(len(steps), np.nan)
                column[row] = value
        self._steps, self._values = [], []
        return steps, values


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state kept in memory, with the parameters of that moment."""

    step: int
    params: Any
    state: State
    nbytes: int


class Snapshots:
    """The start of the run and its last states, bounded in number and memory."""

    def __init__(self) -> None:
        self._start: Snapshot | None = None
        self._recent: list[Snapshot] = []
        self._last = time.perf_counter()

    @property
    def kept(self) -> tuple[int, ...]:
        """Steps one can go back to, the first one first."""
        start = () if self._start is None else (self._start.step,)
        return start + tuple(s.step for s in self._recent)

    def is_due(self, now: float) -> bool:
        """Whether it is time for another one."""
        return now - self._last >= SNAPSHOT_EVERY_S

    def keep(self, step: int, params: Any, state: State) -> None:
        """Adds a state (the first one is the start of the run and is never dropped)."""
        self._last = time.perf_counter()
        size = sum(int(t.nbytes) for t in state.tensors.values())
        snapshot = Snapshot(step, params, state, size)
        if self._start is None:
            self._start = snapshot
            return
        if self._recent and self._recent[-1].step == step:
            self._recent.pop()
        if size > SNAPSHOT_BYTES:
            return
        self._recent.append(snapshot)
        most = min(SNAPSHOTS, max(1, SNAPSHOT_BYTES // max(1, size)))
        del self._recent[: max(0, len(self._recent) - most)]

    def find(self, step: int) -> Snapshot | None:
        """The newest snapshot at or before `step`."""
        chosen = self._start
        for snapshot in self._recent:
            if snapshot.step <= step:
                chosen = snapshot
        return chosen

    def forget_after(self, step: int) -> None:
        """Drops the snapshots of a future that a rewind has undone."""
        self._recent = [s for s in self._recent if s.step <= step]
        self._last = time.perf_counter()


class CurveRecorder:
    """Sends curve points to the window in batches and stores them in larger ones.

    is_behind: whether the library refused the last batch, which then waits here.
    """

    def __init__(self, run: int, record: str, store: Any, send: Callable[[Report], None]) -> None:
        self._run = run
        self._record = record
        self._store = store
        self._send = send
        self._buffer = CurveBuffer()
        self._unstored: list[tuple[np.ndarray, dict[str, np.ndarray], float]] = []
        self._sent_at = time.perf_counter()
        self._store_at = self._sent_at + STORE_EVERY_S
        self.is_behind = False

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """One step's values."""
        self._buffer.add(step, values)

    def next_due(self) -> float | None:
        """When `flush` will have something to do, None while nothing waits."""
        due = [self._sent_at + SEND_EVERY_S] if len(self._buffer) else []
        due += [self._store_at] if self._unstored else []
        return min(due, default=None)

    def flush(self, now: float, revision: int, wall: float, *, is_final: bool = False) -> None:
        """Sends what is due; `is_final` sends and stores everything.

        Raises `StoreError`; what could not be stored is kept and tried again a little later.
        """
        if len(self._buffer) and (is_final or now - self._sent_at >= SEND_EVERY_S):
            steps, values = self._buffer.take()
            self._sent_at = now
            self._send(Scalars(self._run, revision, steps, values, wall))
            if self._store is not None:
                self._unstored.append((steps, values, wall))
        if self._unstored and (is_final or now >= self._store_at):
            steps = np.concatenate([w[0] for w in self._unstored])
            names = dict.fromkeys(name for w in self._unstored for name in w[1])  # ordered as they first appeared
            values = {
                n: np.concatenate([w[1].get(n, np.full(len(w[0]), np.nan)) for w in self._unstored]) for n in names
            }
            self._store_at, self.is_behind = now + STORE_AGAIN_S, True
            self._store.append_scalars(self._record, steps, values, self._unstored[-1][2])
            self._unstored, self._store_at, self.is_behind = [], now + STORE_EVERY_S, False

    def forget_after(self, step: int) -> None:
        """Drops the points after `step` (everything was sent before). Raises `StoreError`.

        Should the library not take it: storing later points replaces those that follow them.
        """
        if self._store is None:
            return
        kept = [(w[0] <= step, w) for w in self._unstored]
        self._unstored = [
            (steps[is_before], {n: v[is_before] for n, v in values.items()}, wall)
            for is_before, (steps, values, wall) in kept
            if is_before.any()
        ]
        self._store.truncate_after(self._record, step)


class Checkpoints:
    """Writes checkpoints in a thread of its own, one at a time, and says what happened."""

    def __init__(self, run: int, folder: Path, every_s: float, send: Callable[[Report], None]) -> None:
        self._run = run
        self._folder = folder
        self._every_s = every_s
        self._send = send
        self._thread = ThreadPoolExecutor(1, "checkpoint")
        self._pending: Future[Written] | None = None
        self._begun = self._last = time.perf_counter()
        self._last_step = -1
        self._has_failed = False

    def is_due(self, now: float, step: int) -> bool:
        """Whether the autosave interval has passed, something was learnt since, and no write is under way."""
        return now - self._last >= self._every_s and step != self._last_step and self._pending is None

    def begin(self, state: State, header: Header) -> None:
        """Starts to write; the result is reported by `poll`."""
        self.wait()
        self._begun = self._last = time.perf_counter()
        self._last_step = header.step
        self._pending = self._thread.submit(write_checkpoint, self._folder, state, header)

    def poll(self) -> None:
        """Reports a write that has ended."""
        if self._pending is not None and self._pending.done():
            self._report(self._pending)

    def wait(self) -> None:
        """Waits for a write under way and reports it."""
        if self._pending is not None:
            self._pending.exception()
            self._report(self._pending)

    def close(self) -> None:
        """Waits for the last write and ends the thread."""
        self.wait()
        self._thread.shutdown()

    def _report(self, ended: Future[Written]) -> None:
        self._pending = None
        error = ended.exception()
        if error is None:
            written = ended.result()
            self._send(Saved(self._run, written.step, str(written.path), time.perf_counter() - self._begun))
            if self._has_failed:
                self._has_failed = False
                self._send(Notice(self._run, written.step, "info", "save", "Saving works again.", cleared=True))
            return
        if not isinstance(error, (CheckpointError, OSError, MemoryError)):
            raise error
        self._has_failed = True
        self._send(Notice(self._run, self._last_step, "error", "save", str(error)))
