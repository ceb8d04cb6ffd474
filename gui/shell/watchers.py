"""Pictures on demand: frames of a view come only while the widget that draws them can be seen."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from engine.runtime.messages import Frame
from gui.shell.paper_run import PaperRun

STALE_AFTER_MS = 150


class Watcher(QObject):
    """One widget that draws one view. `last` is the newest payload (None before the first), `query` what is asked."""

    def __init__(
        self, views: Views, view: str, owner: QWidget, draw: Callable[[Any], None], query: Any, rate: float
    ) -> None:
        super().__init__(owner)
        self.view, self.owner, self.rate = view, owner, rate
        self.query = query
        self.last: Any = None
        self.revision = -1
        self._views, self._draw = views, draw
        self._is_stale = False
        owner.installEventFilter(self)

    @property
    def is_active(self) -> bool:
        """Whether its picture can be seen."""
        return self.owner.isVisible()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The owner appears or disappears."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._views.refresh(self.view)
        return False

    def set_query(self, query: Any) -> None:
        """Ask for something else from now on."""
        self.query = query
        self._views.refresh(self.view, self)

    def stop(self) -> None:
        """No more pictures."""
        self.owner.removeEventFilter(self)
        self._views.forget(self)

    def deliver(self, frame: Frame) -> None:
        """Draw a payload and remember it."""
        self.last, self.revision = frame.payload, frame.revision
        self._draw(frame.payload)

    def mark(self, stale: bool) -> None:
        """Tell a panel that its picture belongs to older settings (or no longer does)."""
        if stale != self._is_stale:
            self._is_stale = stale
            set_stale = getattr(self.owner, "set_stale", None)
            if set_stale is not None:
                set_stale("before the last change" if stale else "")


class Views(QObject):
    """All watchers of one paper: keeps the engine told what is looked at, and marks what is out of date."""

    def __init__(self, run: PaperRun, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self._watchers: dict[str, list[Watcher]] = {}
        self._watched: set[str] = set()
        self._suspended = False
        self._overdue = 0
        self._stale_timer = QTimer(self)
        self._stale_timer.setSingleShot(True)
        self._stale_timer.setInterval(STALE_AFTER_MS)
        self._stale_timer.timeout.connect(self.on_stale_due)
        run.run_started.connect(self.on_run_started)
        run.frame_arrived.connect(self.on_frame)
        run.params_changed.connect(self.on_params_changed)

    def add(self, view: str, owner: QWidget, draw: Callable[[Any], None], query: Any) -> Watcher:
        """A new drawer of a view that the paper declares. Raises KeyError naming those that exist."""
        spec = next((v for v in self._run.paper.views if v.name == view), None)
        if spec is None:
            known = ", ".join(v.name for v in self._run.paper.views)
            raise KeyError(f"{self._run.paper.name} has no view {view!r}; views: {known}")
        watcher = Watcher(self, view, owner, draw, query, spec.rate)
        self._watchers.setdefault(view, []).append(watcher)
        owner.destroyed.connect(lambda: self.forget(watcher))
        self.refresh(view)
        return watcher

    def forget(self, watcher: Watcher) -> None:
        """It draws no more."""
        with contextlib.suppress(ValueError):
            self._watchers.get(watcher.view, []).remove(watcher)
            self.refresh(watcher.view)

    def suspend(self, suspended: bool) -> None:
        """The whole window is minimised (or back)."""
        if suspended != self._suspended:
            self._suspended = suspended
            for view in self._watchers:
                self.refresh(view)

    def refresh(self, view: str, asking: Watcher | None = None) -> None:
        """Watch or unwatch one view according to who can be seen; `asking` has a new query."""
        bridge = self._run.bridge
        if bridge is None or not self._run.is_live:
            return
        active = [] if self._suspended else [w for w in self._watchers.get(view, []) if w.is_active]
        if not active:
            if view in self._watched:
                self._watched.discard(view)
                bridge.unwatch(view)
        elif view not in self._watched or (asking is not None and asking in active):
            chosen = asking if asking in active and asking is not None else active[-1]
            self._watched.add(view)
            bridge.watch(view, chosen.query, chosen.rate)

    def on_run_started(self) -> None:
        """A new process: it does not know yet what is looked at."""
        self._watched.clear()
        for view, watchers in self._watchers.items():
            for watcher in watchers:
                watcher.revision = -1
                watcher.mark(False)
            self.refresh(view)

    def on_frame(self, frame: Frame) -> None:
        """Draw wherever it can be seen."""
        for watcher in list(self._watchers.get(frame.view, [])):
            if watcher.is_active:
                watcher.deliver(frame)
                if frame.revision >= self._run.revision:
                    watcher.mark(False)

    def on_params_changed(self, _params: object) -> None:
        """Pictures have 150 ms to catch up with a change before they are marked as old."""
        if self._run.is_live and not self._stale_timer.isActive():
            self._overdue = self._run.revision
            self._stale_timer.start()

    def on_stale_due(self) -> None:
        """Mark what has not caught up."""
        for watchers in self._watchers.values():
            for watcher in watchers:
                if watcher.is_active and watcher.last is not None and watcher.revision < self._overdue:
                    watcher.mark(True)
        if self._run.revision > self._overdue:
            self._overdue = self._run.revision
            self._stale_timer.start()
