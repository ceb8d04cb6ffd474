"""Curves in the store: appended in batches, folded when old, cut back on resume, read thinned.

Each batch is a small row; rows are merged into chunks of 2,048 points. A curve keeps its newest 131,072 points
exactly. Older history is folded four to one, level by level, keeping the extremes at their own steps, so an hour at
5,000 updates a second stays below 10 MB a curve instead of half a gigabyte, and no spike and no best value is lost.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from engine.runtime.series import Series, decode, encode, fold, joined, thin

CHUNK = 2048
TAIL_ROWS = 64
LEVEL_CHUNKS = 64
TAIL = -1


def measured_points(steps: ArrayLike, values: Mapping[str, ArrayLike], wall: ArrayLike) -> dict[str, Series]:
    """A batch as one series a curve. steps [T] increasing; values: name -> [T], NaN where not measured.

    wall: seconds of training at each point [T] or at the last one. Raises `ValueError` for lengths that differ.
    """
    at = np.asarray(steps, np.int64).reshape(-1)
    if len(at) > 1 and not bool(np.all(np.diff(at) > 0)):
        raise ValueError("steps of a batch of scalars must increase")
    walls = np.broadcast_to(np.asarray(wall, np.float64), at.shape)
    found = {}
    for name, column in values.items():
        series = np.asarray(column, np.float64).reshape(-1)
        if series.shape != at.shape:
            raise ValueError(f"curve '{name}' has {len(series)} values for {len(at)} steps")
        there = ~np.isnan(series)
        if there.any():
            found[name] = Series(at[there], series[there], walls[there])
    return found


def append(c: sqlite3.Connection, run: int, points: Mapping[str, Series]) -> bool:
    """Adds a batch to the curves of a run (inside a transaction); stored points from its first step on are replaced.

    Returns whether there were any to replace.
    """
    replaced = False
    # Curves of one run fill up at the same moment; merging a few at a time keeps every append short.
    merges = 1 + len(points) // 8
    query = "SELECT name, key, last_step, tail_rows, tail_points FROM curves WHERE run = ?"
    known: dict[str, tuple[int, int, int, int]] = {row[0]: row[1:] for row in c.execute(query, (run,))}
    for name, series in points.items():
        first, last = int(series.steps[0]), int(series.steps[-1])
        key, before, rows, count = known[name] if name in known else (_new_curve(c, run, name), first - 1, 0, 0)
        if first <= before:
            rows, count = _cut_curve(c, key, first - 1)
            replaced = True
        _insert(c, key, TAIL, series)
        rows, count = rows + 1, count + len(series)
        if merges and (count >= CHUNK or rows >= TAIL_ROWS):
            _merge_tail(c, key)
            rows, count, merges = 0, 0, merges - 1
        _note_tail(c, key, last, rows, count)
    return replaced


def cut(c: sqlite3.Connection, run: int, step: int) -> None:
    """Forgets every point of a run after `step` (inside a transaction)."""
    for (key,) in c.execute("SELECT key FROM curves WHERE run = ? AND last_step > ?", (run, step)).fetchall():
        _cut_curve(c, key, step)
    c.execute("DELETE FROM curves WHERE run = ? AND key NOT IN (SELECT DISTINCT curve FROM chunks)", (run,))


def names(c: sqlite3.Connection, run: int) -> list[str]:
    """Curves of a run in the order they first appeared."""
    return [row[0] for row in c.execute("SELECT name FROM curves WHERE run = ? ORDER BY key", (run,))]


def read(
    c: sqlite3.Connection, run: int, wanted: Sequence[str] | None, most: int | None, first: int | None, last: int | None
) -> dict[str, Series]:
    """Curves of a run by name, thinned to `most` points each (None: every kept point), steps first..last."""
    found = {}
    for name in names(c, run) if wanted is None else wanted:
        pieces = c.execute(
            "SELECT data FROM chunks WHERE curve = (SELECT key FROM curves WHERE run = ? AND name = ?)"
            " AND last >= ? AND first <= ? ORDER BY first",
            (run, name, -(2**62) if first is None else first, 2**62 if last is None else last),
        )
        series = joined([_decoded(row[0]) for row in pieces])
        if first is not None or last is not None:
            inside = np.ones(len(series), bool)
            inside &= True if first is None else series.steps >= first
            inside &= True if last is None else series.steps <= last
            series = series.part(inside)
        found[name] = series if most is None else thin(series, most)
    return found


def _insert(c: sqlite3.Connection, key: Any, level: int, series: Series) -> None:
    row = (key, level, int(series.steps[0]), int(series.steps[-1]), encode(series, deflate=level != TAIL))
    c.execute("INSERT INTO chunks (curve, level, first, last, data) VALUES (?, ?, ?, ?, ?)", row)


def _merge_tail(c: sqlite3.Connection, key: int) -> None:
    """The small rows become part of the last chunk or chunks of their own; a full level is folded."""
    query = "SELECT data FROM chunks WHERE curve = ? AND level = ? ORDER BY first"
    pieces = [_decoded(row[0]) for row in c.execute(query, (key, TAIL))]
    c.execute("DELETE FROM chunks WHERE curve = ? AND level = ?", (key, TAIL))
    query = "SELECT rowid, data FROM chunks WHERE curve = ? AND level = 0 ORDER BY first DESC LIMIT 1"
    newest = c.execute(query, (key,)).fetchone()
    if newest is not None:
        before = _decoded(newest[1])
        if len(before) < CHUNK:  # curves measured now and then: their tail is merged long before it fills a chunk
            c.execute("DELETE FROM chunks WHERE rowid = ?", (newest[0],))
            pieces.insert(0, before)
    series = joined(pieces)
    for start in range(0, len(series), CHUNK):
        _insert(c, key, 0, series.part(slice(start, start + CHUNK)))
    _fold_full_levels(c, key)


def _fold_full_levels(c: sqlite3.Connection, key: int) -> None:
    level = 0
    query = "SELECT rowid, data FROM chunks WHERE curve = ? AND level = ? ORDER BY first"
    while True:
        count = c.execute("SELECT count(*) FROM chunks WHERE curve = ? AND level = ?", (key, level)).fetchone()[0]
        if count <= LEVEL_CHUNKS + LEVEL_CHUNKS // 2:
            return
        oldest = c.execute(query + " LIMIT ?", (key, level, count - LEVEL_CHUNKS - 1)).fetchall()
        c.executemany("DELETE FROM chunks WHERE rowid = ?", [(row[0],) for row in oldest])
        folded = fold(joined([_decoded(row[1]) for row in oldest]))
        bounds = np.linspace(0, len(folded), 1 + max(1, round(len(folded) / CHUNK)), dtype=int)
        for start, stop in itertools.pairwise(bounds.tolist()):
            _insert(c, key, level + 1, folded.part(slice(start, stop)))
        level += 1


def _cut_curve(c: sqlite3.Connection, key: int, step: int) -> tuple[int, int]:
    """Forgets the points of one curve after `step`. Returns rows and points that are left in the tail."""
    query = "SELECT level, data FROM chunks WHERE curve = ? AND first <= ? AND last > ?"
    across = c.execute(query, (key, step, step)).fetchall()
    c.execute("DELETE FROM chunks WHERE curve = ? AND last > ?", (key, step))
    for level, data in across:
        series = _decoded(data)
        _insert(c, key, level, series.part(series.steps <= step))
    query = "SELECT data FROM chunks WHERE curve = ? AND level = ?"
    tail = [len(_decoded(row[0])) for row in c.execute(query, (key, TAIL))]
    newest = c.execute("SELECT max(last) FROM chunks WHERE curve = ?", (key,)).fetchone()[0]
    _note_tail(c, key, step if newest is None else newest, len(tail), sum(tail))
    return len(tail), sum(tail)


def _new_curve(c: sqlite3.Connection, run: int, name: str) -> int:
    made = c.execute(
        "INSERT INTO curves (run, name, last_step, tail_rows, tail_points) VALUES (?, ?, 0, 0, 0)", (run, name)
    )
    return int(made.lastrowid or 0)


def _note_tail(c: sqlite3.Connection, key: int, last: int, rows: int, points: int) -> None:
    row = (last, rows, points, key)
    c.execute("UPDATE curves SET last_step = ?, tail_rows = ?, tail_points = ? WHERE key = ?", row)


def _decoded(data: bytes) -> Series:
    try:
        return decode(data)
    except ValueError as error:
        raise sqlite3.DatabaseError(str(error)) from error
