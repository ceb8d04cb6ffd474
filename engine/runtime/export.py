"""A run's curves for other programs: TensorBoard event files and a table (CSV). No torch.

The points are those the store keeps: all of the newest 131,072 of a curve, the extremes of older history.
"""

from __future__ import annotations

import csv
import math
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from engine.runtime.records import RunRecord, StoreError
from engine.runtime.series import Series
from engine.runtime.store import Store


def export_tensorboard(store: Store, run: str, folder: Path | None = None) -> Path:
    """Writes the curves as a TensorBoard event file and returns its path (default folder: ``exports/tensorboard``).

    Point `tensorboard --logdir` at the folder. Values become float32, as TensorBoard has them; times are the run's
    start plus seconds of training. Raises `StoreError` when there is nothing to export or it cannot be written.
    """
    # Half a second to import, needed for this button only.
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    record, curves = _curves(store, run)
    target = folder or record.exports / "tensorboard"
    path = target / f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{record.id[:12]}"
    with _new_file(path, "wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=record.created, file_version="brain.Event:2").SerializeToString())
        for name, series in curves.items():
            for step, value, wall in zip(*_columns(series), strict=True):
                point = Summary(value=[Summary.Value(tag=name, simple_value=value)])
                writer.write(Event(wall_time=record.created + wall, step=step, summary=point).SerializeToString())
    return path


def export_csv(store: Store, run: str, path: Path | None = None) -> Path:
    """Writes one line a step (step, wall, then a column a curve, empty where not measured) and returns the path.

    Default: ``exports/curves.csv``. Raises `StoreError` when there is nothing to export or it cannot be written.
    """
    record, curves = _curves(store, run)
    target = path or record.exports / "curves.csv"
    steps = np.unique(np.concatenate([s.steps for s in curves.values()]))
    walls = np.full(len(steps), np.nan)
    table = np.full((len(steps), len(curves)), np.nan)
    for column, series in enumerate(curves.values()):
        rows = np.searchsorted(steps, series.steps)
        table[rows, column] = series.values
        walls[rows] = series.walls
    with _new_file(target, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "wall", *curves])
        for step, wall, row in zip(steps.tolist(), walls.tolist(), table.tolist(), strict=True):
            writer.writerow([step, wall, *("" if math.isnan(v) else repr(v) for v in row)])
    return target


def _curves(store: Store, run: str) -> tuple[RunRecord, dict[str, Series]]:
    record = store.get_run(run)
    curves = store.read_scalars(run, max_points=None)
    if not curves:
        raise StoreError(f"The run {record.title or run} has no curves yet: train it first, then export.")
    return record, curves


def _columns(series: Series) -> tuple[list[int], list[float], list[float]]:
    # A float64 beyond float32's range is infinite there.
    with np.errstate(over="ignore"):
        values = series.values.astype(np.float32).astype(float)
    return series.steps.tolist(), values.tolist(), series.walls.tolist()


@contextmanager
def _new_file(path: Path, mode: str, **how: Any) -> Iterator[IO[Any]]:
    """A file that appears under its name when it is complete. Raises `StoreError`."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open(mode, **how) as file:
                yield file
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path} could not be written ({error.strerror or error}): choose another folder.") from error
