"""Large frames between two processes: the shared-memory ring against the pipe, from sending to arrays in hand."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Iterable
from multiprocessing.connection import Connection

import numpy as np

from benchmarks.harness import Row
from engine.runtime.ring import PIPE_LIMIT, SLOT_BYTES, RingReader, RingWriter

MEGABYTES = (0.3, 1.0, 4.0)


def _send_frames(connection: Connection, ring: str, nbytes: int, count: int) -> None:
    """The engine's side: one frame whenever the other side has taken the last."""
    writer = RingWriter(ring, SLOT_BYTES) if ring else None
    frame = np.random.default_rng(0).integers(0, 255, nbytes, np.uint8)
    for _ in range(count):
        slot = connection.recv()
        if writer is not None:
            writer.free(slot)
        connection.send((time.perf_counter(), frame if writer is None else writer.pack(frame)))


def _milliseconds(nbytes: int, count: int, *, through_ring: bool) -> list[float]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    ring = RingReader() if through_ring else None
    name = ring.name if ring is not None else ""
    sender = context.Process(target=_send_frames, args=(theirs, name, nbytes, count))
    sender.start()
    theirs.close()
    taken, slot, sums = [], -1, set()
    for _ in range(count):
        ours.send(slot)
        sent_at, payload = ours.recv()
        frame = ring.unpack(payload) if ring is not None else payload
        taken.append(1e3 * (time.perf_counter() - sent_at))  # one clock for all processes of a machine
        slot = payload.slot if ring is not None else -1
        sums.add((len(frame), int(frame[::4096].sum())))
    sender.join()
    if ring is not None:
        ring.close()
    if len(sums) != 1:
        raise RuntimeError(f"the frames did not all arrive whole: {sums}")
    return taken[3:]


def measure(quick: bool) -> Iterable[Row]:
    """Rows of the table."""
    count = 40 if quick else 200
    for megabytes in MEGABYTES:
        nbytes = int(megabytes * 1e6)
        assert nbytes > PIPE_LIMIT
        pipe = _milliseconds(nbytes, count, through_ring=False)
        ring = _milliseconds(nbytes, count, through_ring=True)
        detail = (
            f"median {statistics.median(pipe):.2f} ms against {statistics.median(ring):.2f} ms,"
            f" lowest {min(pipe):.2f} against {min(ring):.2f} ms"
        )
        value = statistics.median(pipe) / statistics.median(ring)
        yield Row(f"{megabytes:g} MB frame: pipe over ring", value, "×", "", None, detail)
