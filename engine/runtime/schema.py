"""The tables of the store, how a connection is opened, and what SQLite's refusals mean in words."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.runtime.records import StoreError

SCHEMA_VERSION = 1
APPLICATION_ID = 0x41544C52  # "ATLR": tells our file from somebody else's SQLite file

_TABLES = """
CREATE TABLE runs (
  key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, paper TEXT NOT NULL, title TEXT NOT NULL,
  preset TEXT NOT NULL, params TEXT NOT NULL, seed INTEGER NOT NULL, device TEXT NOT NULL,
  threads INTEGER NOT NULL, app_version TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL,
  wall REAL NOT NULL DEFAULT 0, last_step INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL,
  failure TEXT NOT NULL DEFAULT '', folder TEXT NOT NULL, headline TEXT NOT NULL, better TEXT NOT NULL,
  best REAL, last REAL, deleted_at REAL,
  host TEXT NOT NULL, pid INTEGER NOT NULL, pid_started REAL NOT NULL
);
CREATE INDEX runs_by_paper ON runs (paper, created);
CREATE TABLE curves (
  key INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
  name TEXT NOT NULL, last_step INTEGER NOT NULL, tail_rows INTEGER NOT NULL, tail_points INTEGER NOT NULL,
  UNIQUE (run, name)
);
CREATE TABLE chunks (
  curve INTEGER NOT NULL REFERENCES curves (key) ON DELETE CASCADE,
  level INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE UNIQUE INDEX chunks_by_curve ON chunks (curve, level, first);
CREATE TABLE marks (
  run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
  step INTEGER NOT NULL, knob TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL, at REAL NOT NULL
);
CREATE INDEX marks_by_run ON marks (run, step);
CREATE TABLE studies (
  key INTEGER PRIMARY KEY, paper TEXT NOT NULL, claim TEXT NOT NULL, at REAL NOT NULL, record TEXT NOT NULL
);
CREATE INDEX studies_by_claim ON studies (paper, claim, at);
"""


def connect(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """A connection in autocommit mode (transactions are explicit) to a store of this version, made when absent.

    Raises `StoreError`: folder not writable, not a database, another program's database, or a newer Atelier's.
    """
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False, cached_statements=64
        )
    try:
        with translated(path):
            _check_owner(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
            # In WAL mode NORMAL keeps the file whole through a power cut; only the last moments may be missing.
            connection.execute("PRAGMA synchronous = NORMAL")
            # Moving 16 MB at a time into the file costs a quarter of the disk syncs of the default 4 MB.
            connection.execute("PRAGMA wal_autocheckpoint = 4096")
            connection.execute("PRAGMA foreign_keys = ON")
            _make_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns every refusal of SQLite or the file system into a `StoreError` with a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(_sentence(path, error)) from error
    except OSError as error:
        raise StoreError(_os_sentence(path, error)) from error


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and owner != APPLICATION_ID:
        raise StoreError(f"{path} is a database of another program: move it away or choose another ATELIER_HOME.")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"The run library {path} has format {version}, this Atelier reads up to {SCHEMA_VERSION}: "
            "start the newer version that wrote it, or choose another ATELIER_HOME."
        )


def _make_tables(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have made them between the look and the lock.
        if connection.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _sentence(path: Path, error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"The run library {path} is locked by another program: close it, then try again."
    if code == sqlite3.SQLITE_FULL:
        return f"The disk with the run library {path} is full: free some space; runs go on, their curves are not kept."
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or type(error) is sqlite3.DatabaseError:
        return (
            f"The run library {path} is damaged ({error}): move it away and start again; "
            "the checkpoints in the runs folder beside it can still be opened."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return (
            f"The run library {path} cannot be written ({error}): check the permissions of its folder "
            "or set ATELIER_HOME to a folder of your own."
        )
    return f"The run library {path} cannot be used: {error}; check the disk, then try again."


def _os_sentence(path: Path, error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return f"The disk with {path} is full: free some space, then try again."
    return (
        f"{error.filename or path} cannot be used ({error.strerror or error}): check the permissions of the folder "
        "or set ATELIER_HOME to a folder of your own."
    )
