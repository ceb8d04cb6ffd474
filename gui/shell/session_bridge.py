"""A session as Qt signals: reports arrive in the window's thread, frames latest-wins, late reports dropped."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from PySide6.QtCore import QObject, Qt, Signal

from engine.runtime.messages import (
    Answer,
    Failed,
    Frame,
    Log,
    Notice,
    Progress,
    Ready,
    Report,
    Rewound,
    RunSpec,
    Saved,
    Scalars,
    Settings,
    Stopped,
    Warm,
)

# One delivery may hold the event loop this long; what is left comes in the next round, after input and painting.
_BUDGET_S = 0.008


class SessionLike(Protocol):
    """What the bridge needs of `engine.runtime.session.Session` (a test plays a scripted one)."""

    run: int
    revision: int
    spec: RunSpec | None

    @property
    def pid(self) -> int | None:
        """Its process."""
        ...

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        ...

    def start(self, spec: RunSpec) -> int:
        """Begin; the number of the run."""
        ...

    def pause(self) -> None:
        """Hold."""
        ...

    def resume(self) -> None:
        """Go on."""
        ...

    def step_once(self) -> None:
        """One update."""
        ...

    def step_phase(self) -> None:
        """One phase."""
        ...

    def rewind(self, step: int = 0) -> None:
        """Back."""
        ...

    def change(self, values: Mapping[str, Any]) -> int:
        """Live knobs; the new revision."""
        ...

    def set_pace(self, rate: float | None) -> None:
        """Speed."""
        ...

    def watch(self, view: str, query: Any = None, rate: float = 30.0) -> None:
        """Send frames."""
        ...

    def unwatch(self, view: str) -> None:
        """No more frames."""
        ...

    def seen(self, frame: Frame) -> None:
        """Drawn."""
        ...

    def ask(self, action: str, arguments: Any) -> int:
        """A gesture; its ticket."""
        ...

    def cancel(self, ticket: int) -> None:
        """Give up a gesture."""
        ...

    def save(self) -> None:
        """Checkpoint."""
        ...

    def stop(self, save: bool = True) -> None:
        """End."""
        ...

    def kill(self) -> None:
        """End at once."""
        ...


MakeSession = Callable[[Callable[[Report], None]], SessionLike]


class SessionBridge(QObject):
    """One session whose reports are signals in the thread this object lives in.

    Reports of the same run keep their order; of frames only the newest of each view is delivered, and the engine is
    told `seen` once its drawers are done, so that a slow window slows the pictures and never the queue.
    """

    ready = Signal(object)
    scalars_arrived = Signal(object)
    frame_arrived = Signal(object)
    progress_changed = Signal(object)
    answered = Signal(object)
    noticed = Signal(object)
    settled = Signal(object)
    rewound = Signal(object)
    logged = Signal(object)
    saved = Signal(object)
    failed = Signal(object)
    stopped = Signal(object)
    _woken = Signal()

    def __init__(self, make_session: MakeSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._reports: deque[Report] = deque()
        self._frames: dict[str, Frame] = {}
        self._wake_pending = False
        self._ended = False
        self._woken.connect(self.on_woken, Qt.ConnectionType.QueuedConnection)
        self._session = make_session(self._on_report)
        self._signals: dict[type, Any] = {
            Ready: self.ready,
            Scalars: self.scalars_arrived,
            Progress: self.progress_changed,
            Answer: self.answered,
            Notice: self.noticed,
            Settings: self.settled,
            Rewound: self.rewound,
            Log: self.logged,
            Saved: self.saved,
            Failed: self.failed,
            Stopped: self.stopped,
        }

    # --- reports ------------------------------------------------------------------------------------------------

    def _on_report(self, report: Report) -> None:
        """Called in a reader thread: put aside, wake the window's thread once."""
        with self._lock:
            if self._ended:
                return
            superseded = None
            if isinstance(report, Frame):
                superseded = self._frames.get(report.view)
                self._frames[report.view] = report
            else:
                self._reports.append(report)
            wake = not self._wake_pending
            self._wake_pending = True
        if superseded is not None:
            self._session.seen(superseded)
        if wake:
            self._woken.emit()

    def on_woken(self) -> None:
        """Deliver what has come, at most for the budget."""
        until = time.perf_counter() + _BUDGET_S
        while True:
            with self._lock:
                if not self._reports and not self._frames:
                    self._wake_pending = False
                    return
                report: Report = (
                    self._reports.popleft() if self._reports else self._frames.pop(next(iter(self._frames)))
                )
            self._deliver(report)
            if time.perf_counter() > until:
                self._woken.emit()
                return

    def _deliver(self, report: Report) -> None:
        if isinstance(report, Warm):
            return
        if report.run != self._session.run:
            return
        if isinstance(report, Frame):
            try:
                self.frame_arrived.emit(report)
            finally:
                self._session.seen(report)
            return
        self._signals[type(report)].emit(report)

    def close(self) -> None:
        """Deliver nothing any more."""
        with self._lock:
            self._ended = True
            self._reports.clear()
            self._frames.clear()

    # --- verbs --------------------------------------------------------------------------------------------------

    @property
    def run(self) -> int:
        """Number of the run (0 before the start)."""
        return self._session.run

    @property
    def revision(self) -> int:
        """Number of changes so far."""
        return self._session.revision

    @property
    def spec(self) -> RunSpec | None:
        """What was started."""
        return self._session.spec

    @property
    def pid(self) -> int | None:
        """Process of the engine."""
        return self._session.pid

    @property
    def is_alive(self) -> bool:
        """Whether the engine process runs."""
        return self._session.is_alive

    def start(self, spec: RunSpec) -> int:
        """Begin. Raises what `Session.start` raises (too many runs at once)."""
        return self._session.start(spec)

    def pause(self) -> None:
        """Hold after the present update."""
        self._session.pause()

    def resume(self) -> None:
        """Go on."""
        self._session.resume()

    def step_once(self) -> None:
        """One update."""
        self._session.step_once()

    def step_phase(self) -> None:
        """One phase of an update."""
        self._session.step_phase()

    def rewind(self, step: int = 0) -> None:
        """Back to step 0 with the same seed, or to the kept snapshot nearest below `step`."""
        self._session.rewind(step)

    def change(self, values: Mapping[str, Any]) -> int:
        """Live knobs; the new revision."""
        return self._session.change(values)

    def set_pace(self, rate: float | None) -> None:
        """Updates a second (None: the preset's governor)."""
        self._session.set_pace(rate)

    def watch(self, view: str, query: Any = None, rate: float = 30.0) -> None:
        """Frames of this view from now on."""
        self._session.watch(view, query, rate)

    def unwatch(self, view: str) -> None:
        """No more frames of it."""
        self._session.unwatch(view)

    def ask(self, action: str, arguments: Any) -> int:
        """A gesture; the ticket its answers carry."""
        return self._session.ask(action, arguments)

    def cancel(self, ticket: int) -> None:
        """Give up a long gesture."""
        self._session.cancel(ticket)

    def save(self) -> None:
        """A checkpoint now."""
        self._session.save()

    def stop(self, save: bool = True) -> None:
        """Save (when recorded) and leave."""
        self._session.stop(save)

    def kill(self) -> None:
        """End the process at once."""
        self._session.kill()
