"""What keeping a run costs: batches of curve points into the library, checkpoints to the disk and back."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.harness import Row, time_call
from engine.runtime.checkpoint import Header, State, read_checkpoint, write_checkpoint
from engine.runtime.store import Store

CURVES = 12


def measure(quick: bool) -> Iterable[Row]:
    """Rows of the table."""
    with tempfile.TemporaryDirectory(prefix="atelier-records-") as folder:
        yield from _store(Path(folder), 200 if quick else 2000)
        yield from _checkpoints(Path(folder), 1.0 if quick else 3.0)


def _store(home: Path, batches: int) -> Iterable[Row]:
    rng = np.random.default_rng(0)
    for points in (1, 500):
        with Store(home) as store:
            run = store.create_run("dendritic", {}, headline="c0", better="down").id
            begun = time.perf_counter()
            for number in range(batches):
                steps = np.arange(points) + number * points
                values = {f"c{i}": rng.normal(size=points) for i in range(CURVES)}
                store.append_scalars(run, steps, values, float(number))
            seconds = time.perf_counter() - begun
            detail = f"{batches:,} transactions, {points * batches * CURVES / seconds:,.0f} values/s"
            yield Row(f"library: {CURVES} curves, {points} points a batch", batches / seconds, "1/s", "", None, detail)
            if points > 1:
                read = time_call(partial(store.read_scalars, run), 1.0)
                yield Row(f"library: read {CURVES} curves thinned", read.median * 1e3, "ms")


def _checkpoints(home: Path, seconds: float) -> Iterable[Row]:
    import torch

    for name, parameters in (("digits-deep", 32_000), ("mnist", 1_300_000), ("large", 10_000_000)):
        folder = home / name
        state = State({"w": torch.randn(parameters)}, {"steps": 1})
        header = Header("dendritic", {}, 0, 1)
        write = time_call(partial(write_checkpoint, folder, state, header), seconds, repetitions=5, warmup=1)
        read = time_call(partial(read_checkpoint, folder), seconds / 2, repetitions=3, warmup=1)
        detail = f"{4e-6 * parameters:.1f} MB with fsync and checksum; read back in {read.median * 1e3:.1f} ms"
        yield Row(f"checkpoint, size of {name}", write.median * 1e3, "ms", "", None, detail)
