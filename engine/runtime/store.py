"""The run store: every run, its curves, its live changes and the measured claims, in one SQLite file.

Engine processes write and the window reads at the same time (WAL mode). A `Store` may be used from any thread: each
thread gets its own connection. Every method raises `StoreError`, one sentence, when the file is locked, damaged,
read-only or the disk is full. No torch is imported here.
"""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, get_args

import psutil
from numpy.typing import ArrayLike

from engine.runtime import paths, scalars
from engine.runtime.records import Better, Mark, RunRecord, RunState, StoreError, StudyRecord
from engine.runtime.schema import connect, translated
from engine.runtime.series import Series
from engine.runtime.version import app_version

_SHOWN = (
    "id, paper, title, preset, params, seed, device, threads, app_version, created, updated, wall, last_step, state,"
    " failure, folder, headline, better, best, last, deleted_at"
)
_CLOCK_SLACK_S = 2.0  # a process start time as read twice by different processes


class Store:
    """All runs below one home folder. home: "" for the user's own (`ATELIER_HOME` or the platform's)."""

    def __init__(self, home: str | Path = "", busy_timeout_s: float = 5.0) -> None:
        self.home = paths.home(home)
        self.path = paths.database(self.home)
        self._busy_timeout_s = busy_timeout_s
        self._local = threading.local()
        self._opened: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._lock = threading.Lock()
        self._connection()

    def close(self) -> None:
        """Closes the connections of all threads; the next call opens a new one."""
        with self._lock:
            opened, self._opened = self._opened, []
            self._local = threading.local()
        for _, connection in opened:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Runs

    def create_run(
        self,
        paper: str,
        params: Mapping[str, Any],
        *,
        title: str = "",
        preset: str = "",
        seed: int = 0,
        device: str = "cpu",
        threads: int = 1,
        headline: str = "",
        better: Better = "",
    ) -> RunRecord:
        """Records a new run owned by this process, state ``running``, and makes its folder."""
        run = uuid.uuid4().hex
        folder = paths.run_folder(paper, run, self.home)
        now = time.time()
        place = folder.relative_to(self.home).as_posix()
        asked = (run, paper, title, preset, _json(params), seed, device, threads)
        row = (*asked, app_version(), now, now, "running", place, headline, better, *_this_process())
        with self._write() as c:
            for part in ("checkpoints", "exports"):
                (folder / part).mkdir(parents=True, exist_ok=True)
            c.execute(
                "INSERT INTO runs (id, paper, title, preset, params, seed, device, threads, app_version, created,"
                " updated, state, folder, headline, better, host, pid, pid_started)"
                f" VALUES ({', '.join('?' * len(row))})",
                row,
            )
        return self.get_run(run)

    def get_run(self, run: str) -> RunRecord:
        """One run, in the bin or not. Raises `StoreError` when there is none of this id."""
        with self._read() as c:
            row = c.execute(f"SELECT {_SHOWN} FROM runs WHERE id = ?", (run,)).fetchone()
        if row is None:
            raise self._unknown(run)
        return self._record(row)

    def list_runs(self, paper: str | None = None, include_deleted: bool = False) -> list[RunRecord]:
        """Runs, the last created first."""
        query = f"SELECT {_SHOWN} FROM runs WHERE (?1 IS NULL OR paper = ?1) AND (?2 OR deleted_at IS NULL)"
        with self._read() as c:
            rows = c.execute(query + " ORDER BY created DESC, key DESC", (paper, include_deleted)).fetchall()
        return [self._record(row) for row in rows]

    def claim_run(self, run: str) -> None:
        """This process runs it from now on: state ``running``, the owner that `adopt_interrupted` looks for."""
        change = "state = 'running', failure = '', updated = ?, host = ?, pid = ?, pid_started = ?"
        self._update(run, change, (time.time(), *_this_process()))

    def set_state(self, run: str, state: RunState, failure: str = "") -> None:
        """Notes how the run stands. failure: one sentence when it failed."""
        if state not in get_args(RunState):
            raise ValueError(f"no such state of a run: {state!r}")
        self._update(run, "state = ?, failure = ?, updated = ?", (state, failure, time.time()))

    def note_mode(self, run: str, mode: Literal["running", "paused"]) -> None:
        """A live run goes on or is held. What has ended meanwhile stays as it ended."""
        with self._write() as c:
            change = "UPDATE runs SET state = ?, updated = ? WHERE id = ? AND state IN ('running', 'paused')"
            c.execute(change, (mode, time.time(), run))

    def note_lost(self, run: str, failure: str) -> None:
        """The engine of a live run has died without a word: ``failed``, unless it could note its own end."""
        with self._write() as c:
            states = "('running', 'paused', 'interrupted')"
            change = f"UPDATE runs SET state = 'failed', failure = ?, updated = ? WHERE id = ? AND state IN {states}"
            c.execute(change, (failure, time.time(), run))

    def set_title(self, run: str, title: str) -> None:
        """Renames a run in the library."""
        self._update(run, "title = ?, updated = ?", (title, time.time()))

    def set_params(self, run: str, params: Mapping[str, Any]) -> None:
        """Notes the parameters as they are after a live change."""
        self._update(run, "params = ?, updated = ?", (_json(params), time.time()))

    def set_device(self, run: str, device: str, threads: int) -> None:
        """Notes where the run really runs, once the engine knows."""
        self._update(run, "device = ?, threads = ?, updated = ?", (device, threads, time.time()))

    def adopt_interrupted(self) -> list[RunRecord]:
        """Marks runs that a dead process of this computer left ``running`` or ``paused`` as ``interrupted``.

        Returns them.
        """
        host = socket.gethostname()
        query = "SELECT key, id, pid, pid_started FROM runs WHERE state IN ('running', 'paused') AND host = ?"
        with self._write() as c:
            dead = [(row[0], row[1]) for row in c.execute(query, (host,)).fetchall() if not _alive(row[2], row[3])]
            c.executemany("UPDATE runs SET state = 'interrupted' WHERE key = ?", [(key,) for key, _ in dead])
        return [self.get_run(run) for _, run in dead]

    # Curves and marks

    def append_scalars(self, run: str, steps: ArrayLike, values: Mapping[str, ArrayLike], wall: ArrayLike) -> None:
        """Adds a batch in one transaction: steps int [T] increasing, values name -> float [T] (NaN: not measured).

        wall: seconds of training at each point [T] or at the last. Points stored from the batch's first step on are
        replaced. Updates the run's last step and headline. Raises `ValueError` for steps that do not increase.
        """
        points = scalars.measured_points(steps, values, wall)
        if not points:
            return
        with self._write() as c:
            key, headline, better, best = self._row(c, run, "key, headline, better, best")
            replaced = scalars.append(c, key, points)
            last_step = max(int(s.steps[-1]) for s in points.values())
            seconds = max(float(s.walls[-1]) for s in points.values())
            change = "UPDATE runs SET last_step = ?, wall = ?, updated = ? WHERE key = ?"
            c.execute(change, (last_step, seconds, time.time(), key))
            if replaced:
                _renew_headline(c, key, headline, better)
            elif headline in points:
                found = points[headline].values
                row = (_best(found, better, best), float(found[-1]), key)
                c.execute("UPDATE runs SET best = ?, last = ? WHERE key = ?", row)

    def truncate_after(self, run: str, step: int) -> None:
        """Forgets curves and marks after `step`, as resuming from a checkpoint of this step must."""
        with self._write() as c:
            key, headline, better = self._row(c, run, "key, headline, better")
            scalars.cut(c, key, step)
            c.execute("DELETE FROM marks WHERE run = ? AND step > ?", (key, step))
            _renew_headline(c, key, headline, better)
            change = "UPDATE runs SET last_step = min(last_step, ?), updated = ? WHERE key = ?"
            c.execute(change, (step, time.time(), key))

    def scalar_names(self, run: str) -> list[str]:
        """Names of the curves in the order they first appeared."""
        with self._read() as c:
            return scalars.names(c, self._row(c, run, "key")[0])

    def read_scalars(
        self,
        run: str,
        names: Sequence[str] | None = None,
        max_points: int | None = 2000,
        first_step: int | None = None,
        last_step: int | None = None,
    ) -> dict[str, Series]:
        """Curves by name, each thinned to `max_points` that draw the same line (None: all that are kept).

        The newest 131,072 points of a curve are exact; older ones are the extremes of their neighbourhood.
        """
        with self._read() as c:
            return scalars.read(c, self._row(c, run, "key")[0], names, max_points, first_step, last_step)

    def add_mark(self, run: str, step: int, knob: str, old: Any, new: Any) -> None:
        """Notes a live change, so that the curves can show it."""
        row = (step, knob, _json(old), _json(new), time.time())
        with self._write() as c:
            c.execute("INSERT INTO marks VALUES (?, ?, ?, ?, ?, ?)", (self._row(c, run, "key")[0], *row))

    def read_marks(self, run: str) -> list[Mark]:
        """Live changes in step order."""
        with self._read() as c:
            key = self._row(c, run, "key")[0]
            rows = c.execute(
                "SELECT step, knob, old, new, at FROM marks WHERE run = ? ORDER BY step, rowid", (key,)
            ).fetchall()
        return [Mark(step, knob, json.loads(old), json.loads(new), at) for step, knob, old, new, at in rows]

    # Bin

    def delete_run(self, run: str) -> None:
        """Puts a run into the bin; `restore_run` takes it out again. Raises `StoreError` while its engine lives."""
        with self._write() as c:
            key, title, state, host, pid, started = self._row(c, run, "key, title, state, host, pid, pid_started")
            if state in ("running", "paused") and host == socket.gethostname() and _alive(pid, started):
                raise StoreError(f"The run {title or run} is still running: stop it first, then delete it.")
            c.execute("UPDATE runs SET deleted_at = ? WHERE key = ?", (time.time(), key))

    def restore_run(self, run: str) -> None:
        """Takes a run out of the bin."""
        self._update(run, "deleted_at = NULL", ())

    def purge_run(self, run: str) -> None:
        """Removes a run that is in the bin for good: its curves and its folder with all checkpoints."""
        record = self.get_run(run)
        if record.deleted_at is None:
            raise StoreError(f"The run {record.title or run} is not in the bin: delete it first.")
        runs = paths.runs_folder(self.home)
        if not record.folder.resolve().is_relative_to(runs.resolve()) or record.folder.resolve() == runs.resolve():
            raise StoreError(f"The folder {record.folder} of run {run} is not below {runs}: remove it by hand.")
        with translated(self.path):
            # The folder first: should it fail, the run is still in the bin and can be purged again.
            if record.folder.exists():
                shutil.rmtree(record.folder)
        with self._write() as c:
            c.execute("DELETE FROM runs WHERE id = ?", (run,))

    def purge_deleted(self, older_than_s: float = 0.0) -> int:
        """Empties the bin of runs deleted at least this long ago. Returns how many."""
        before = time.time() - older_than_s
        old = [
            r.id for r in self.list_runs(include_deleted=True) if r.deleted_at is not None and r.deleted_at <= before
        ]
        for run in old:
            self.purge_run(run)
        return len(old)

    # Studies

    def record_study(self, study: StudyRecord) -> None:
        """Keeps a measured claim (`when` 0 becomes now)."""
        at = study.when or time.time()
        content = {name: getattr(study, name) for name in StudyRecord.__dataclass_fields__} | {"when": at}
        with self._write() as c:
            row = (study.paper, study.claim, at, _json(content))
            c.execute("INSERT INTO studies (paper, claim, at, record) VALUES (?, ?, ?, ?)", row)

    def list_studies(self, paper: str | None = None, latest_only: bool = False) -> list[StudyRecord]:
        """Measured claims, the last first; latest_only: one for each claim."""
        query = "SELECT record FROM studies WHERE ?1 IS NULL OR paper = ?1 ORDER BY at DESC, key DESC"
        with self._read() as c:
            rows = c.execute(query, (paper,)).fetchall()
        found = [json.loads(row[0]) for row in rows]
        records = [StudyRecord(**{**study, "seeds": tuple(study["seeds"])}) for study in found]
        if not latest_only:
            return records
        newest: dict[tuple[str, str], StudyRecord] = {}
        for record in records:
            newest.setdefault((record.paper, record.claim), record)
        return list(newest.values())

    # Inside

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect(self.path, self._busy_timeout_s)
            self._local.connection = connection
            with self._lock:
                for thread, left in self._opened:
                    if not thread.is_alive():
                        left.close()
                self._opened = [(t, o) for t, o in self._opened if t.is_alive()]
                self._opened.append((threading.current_thread(), connection))
        return connection

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        with translated(self.path):
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _row(self, c: sqlite3.Connection, run: str, columns: str) -> tuple[Any, ...]:
        row = c.execute(f"SELECT {columns} FROM runs WHERE id = ?", (run,)).fetchone()
        if row is None:
            raise self._unknown(run)
        return tuple(row)

    def _update(self, run: str, change: str, values: tuple[Any, ...]) -> None:
        with self._write() as c:
            if c.execute(f"UPDATE runs SET {change} WHERE id = ?", (*values, run)).rowcount == 0:
                raise self._unknown(run)

    def _unknown(self, run: str) -> StoreError:
        return StoreError(f"There is no run {run} in {self.path}: it was removed, or belongs to another ATELIER_HOME.")

    def _record(self, row: Sequence[Any]) -> RunRecord:
        fields = dict(zip(RunRecord.__dataclass_fields__, row, strict=True))
        fields["params"] = json.loads(fields["params"])
        fields["folder"] = self.home / fields["folder"]
        return RunRecord(**fields)


def _renew_headline(c: sqlite3.Connection, key: int, headline: str, better: str) -> None:
    """Best and last value from the points that are left (folding keeps extremes, so the best is among them)."""
    found = scalars.read(c, key, [headline], None, None, None)[headline].values
    row = (_best(found, better, None), float(found[-1]), key) if len(found) else (None, None, key)
    c.execute("UPDATE runs SET best = ?, last = ? WHERE key = ?", row)


def _this_process() -> tuple[str, int, float]:
    process = psutil.Process()
    return socket.gethostname(), process.pid, process.create_time()


def _alive(pid: int, started: float) -> bool:
    """Whether the process that wrote (pid, started) still lives: another one may have its number by now."""
    try:
        process = psutil.Process(pid)
        same = abs(float(process.create_time()) - started) < _CLOCK_SLACK_S
        return same and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _best(values: Any, better: str, best: float | None) -> float | None:
    """The best so far; without a direction the last value counts."""
    if better == "up":
        return float(values.max()) if best is None else max(best, float(values.max()))
    if better == "down":
        return float(values.min()) if best is None else min(best, float(values.min()))
    return float(values[-1])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


__all__ = ["Mark", "RunRecord", "RunState", "Series", "Store", "StoreError", "StudyRecord"]
