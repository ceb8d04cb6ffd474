"""The window's way to the run store: short writes at once, everything that may take long in a background thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.papers.contract import Paper, Params
from gui.widgets.background import Background

if TYPE_CHECKING:
    from engine.runtime.store import Store

_PATIENCE_S = 0.3  # a locked database may hold the window up this long, then the run goes unrecorded and says so
_CLOSE_WITHIN_S = 5.0


class Records(QObject):
    """One store for the whole window. `changed`: a list of runs or claims is out of date. `trouble`: a sentence."""

    changed = Signal()
    trouble = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._quick: Store | None = None
        self._patient: Store | None = None
        self._background = Background(self)

    def _store(self, patient: bool) -> Store:
        from engine.runtime.store import Store  # psutil and sqlite: not needed for the first picture

        if patient:
            self._patient = self._patient or Store()
            return self._patient
        self._quick = self._quick or Store(busy_timeout_s=_PATIENCE_S)
        return self._quick

    def begin(self, paper: Paper, preset: str, params: Params) -> str:
        """A new record; its id, or "" when the store refuses (said through `trouble`)."""
        from engine.runtime.records import StoreError

        headline = paper.headline
        try:
            record = self._store(patient=False).create_run(
                paper.name,
                params.model_dump(mode="json"),
                title=paper.preset(preset).title,
                preset=preset,
                seed=params.seed,
                headline=headline.name if headline else "",
                better=headline.better if headline else "",
            )
        except StoreError as error:
            self.trouble.emit(f"This run is not recorded. {error}")
            return ""
        self.changed.emit()
        return record.id

    def drop_empty(self, record: str) -> None:
        """Remove the record of a run that never made a step."""
        if record:
            self.run(lambda store: _remove(store, record), lambda _removed: self.changed.emit())

    def note_lost(self, record: str, failure: str) -> None:
        """The engine of this run has died: so says the library from now on."""
        if record:
            self.run(lambda store: store.note_lost(record, failure), lambda _noted: self.changed.emit())

    def run(self, work: Callable[[Store], Any], done: Callable[[Any], None] | None = None) -> None:
        """`work(store)` in a background thread, then `done(result)` here. A refusal of the store goes to `trouble`."""

        def finished(result: Any, error: Exception | None) -> None:
            if error is not None:
                self.trouble.emit(str(error))
            elif done is not None:
                done(result)

        self._background.run(lambda: work(self._store(patient=True)), finished)

    def close(self) -> None:
        """Close the connections, once nothing is read or written any more: SQLite crashes when one is closed in use."""
        if not self._background.wait(_CLOSE_WITHIN_S):
            return  # they end with the process
        for store in (self._quick, self._patient):
            if store is not None:
                store.close()


def sweep(store: Store) -> int:
    """After a crash: how many runs were interrupted; those that never made a step are removed."""
    store.adopt_interrupted()
    count = 0
    for record in store.list_runs():
        if record.state not in ("running", "paused") and record.last_step == 0:
            store.delete_run(record.id)
            store.purge_run(record.id)
        elif record.state == "interrupted":
            count += 1
    return count


def _remove(store: Store, record: str) -> None:
    if store.get_run(record).last_step == 0:
        store.set_state(record, "stopped")
        store.delete_run(record)
        store.purge_run(record)
