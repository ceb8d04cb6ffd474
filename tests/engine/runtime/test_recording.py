"""Curve points, snapshots and what happens to them when the library refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.runtime import messages as m
from engine.runtime import recording as subject
from engine.runtime.recording import CurveBuffer, CurveRecorder, Snapshots
from engine.runtime.records import StoreError
from engine.runtime.state import State


class Library:
    """Takes batches, or refuses."""

    def __init__(self) -> None:
        self.is_locked = False
        self.points: dict[int, float] = {}

    def append_scalars(self, _run: str, steps: np.ndarray, values: dict[str, np.ndarray], _wall: float) -> None:
        if self.is_locked:
            raise StoreError("locked")
        assert np.all(np.diff(steps) > 0)
        self.points = {s: v for s, v in self.points.items() if s < steps[0]}
        self.points |= dict(zip(steps.tolist(), values["loss"].tolist(), strict=True))

    def truncate_after(self, _run: str, step: int) -> None:
        if self.is_locked:
            raise StoreError("locked")
        self.points = {s: v for s, v in self.points.items() if s <= step}


def test_that_a_curve_not_measured_at_a_step_is_not_a_number_there() -> None:
    buffer = CurveBuffer()
    buffer.add(1, {"a": 1.0})
    buffer.add(2, {"a": 2.0, "b": 5.0})
    buffer.add(3, {"b": 6.0})
    steps, values = buffer.take()
    assert steps.tolist() == [1, 2, 3] and len(buffer) == 0
    assert np.array_equal(values["a"], [1.0, 2.0, np.nan], equal_nan=True)
    assert np.array_equal(values["b"], [np.nan, 5.0, 6.0], equal_nan=True)


def test_that_points_are_sent_in_batches_and_refused_ones_wait_for_the_library() -> None:
    library, sent = Library(), []
    recorder = CurveRecorder(1, "r", library, sent.append)
    start = recorder._sent_at
    assert recorder.next_due() is None
    recorder.add(1, {"loss": 1.0})
    assert recorder.next_due() == pytest.approx(start + subject.SEND_EVERY_S)
    recorder.flush(start + 0.01, 0, 0.0)
    assert sent == [], "a moment later, with what follows"
    recorder.flush(start + 0.06, 0, 0.0)
    assert [r.steps.tolist() for r in sent] == [[1]] and library.points == {}
    library.is_locked = True
    with pytest.raises(StoreError):
        recorder.flush(start + 1.0, 0, 0.0)
    assert recorder.is_behind
    recorder.add(2, {"loss": 2.0})
    recorder.flush(start + 2.0, 0, 0.0)  # not tried again at once
    recorder.add(3, {"loss": 3.0})
    with pytest.raises(StoreError):
        recorder.flush(start + 3.0, 0, 0.0, is_final=True)
    with pytest.raises(StoreError):
        recorder.forget_after(2)  # a rewind meanwhile
    recorder.add(3, {"loss": 30.0})
    library.is_locked = False
    recorder.flush(start + 20.0, 0, 0.0)
    assert library.points == {1: 1.0, 2: 2.0, 3: 30.0} and not recorder.is_behind
    assert [s for r in sent for s in r.steps.tolist()] == [1, 2, 3, 3], "the window got every point once"
    assert all(isinstance(r, m.Scalars) for r in sent)


def state(value: float, numbers: int = 10) -> State:
    return State({"w": torch.full((numbers,), value)})


def test_that_snapshots_keep_the_start_and_the_newest_within_number_and_memory(monkeypatch: Any) -> None:
    kept = Snapshots()
    for step in range(0, 400, 10):
        kept.keep(step, None, state(step))
    assert kept.kept[0] == 0 and kept.kept[1:] == tuple(range(280, 400, 10)) and len(kept.kept) == 1 + subject.SNAPSHOTS
    found = kept.find(333)
    assert found is not None and found.step == 330 and float(found.state.tensor("w")[0]) == 330.0
    found = kept.find(100)
    assert found is not None and found.step == 0
    kept.forget_after(300)
    assert kept.kept == (0, 280, 290, 300)
    monkeypatch.setattr(subject, "SNAPSHOT_BYTES", 100)
    kept.keep(310, None, state(310.0))
    assert kept.kept == (0, 300, 310), "two of 40 bytes fit into 100"
    kept.keep(320, None, state(320.0, numbers=100))
    assert kept.kept == (0, 300, 310), "one that does not fit at all is left out"
