"""When a picture may be made: budget, urgency, one in flight. Times are given, nothing waits."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from engine.papers.contract import ViewSpec
from engine.runtime import messages as m
from engine.runtime import watching as subject
from engine.runtime.ring import PIPE_LIMIT, SLOTS, Packed, RingReader, RingWriter
from engine.runtime.watching import SHARE, Watching


@dataclass
class Desk:
    """A clock that only moves when a picture costs something, and the frames that were sent."""

    now: float = 100.0
    sent: list[m.Report] = field(default_factory=list)
    costs: dict[str, float] = field(default_factory=dict)
    ring: RingWriter | None = None

    def watching(self, monkeypatch: pytest.MonkeyPatch, **specs: ViewSpec) -> Watching:
        monkeypatch.setattr(subject.time, "perf_counter", lambda: self.now)
        return Watching(1, specs, {name: self.maker(name) for name in specs}, self.sent.append, self.ring)

    def maker(self, name: str):
        def make(query: object) -> object:
            self.now += self.costs.get(name, 0.0)
            if isinstance(query, Exception):
                raise query
            return query

        return make

    def frames(self, name: str) -> list[m.Frame]:
        return [f for f in self.sent if isinstance(f, m.Frame) and f.view == name]


def spec(name: str, rate: float = 30.0, *, animated: bool = False) -> ViewSpec:
    return ViewSpec(name, object, object, rate=rate, animated=animated)


def watch(watching: Watching, *names: str, query: object = None) -> None:
    for name in names:
        watching.watch(m.Watch(1, name, query), 0, 0)


def train(desk: Desk, watching: Watching, seconds: float) -> float:
    """Busy training with a burst of 4 ms between looks; every frame is seen at once. Seconds spent on pictures."""
    spent, end, moment = 0.0, desk.now + seconds, 0
    while desk.now < end:
        desk.now += 0.004
        moment += 1
        before = desk.now
        if watching.send_one(desk.now, moment, moment, 0, is_busy=True):
            spent += desk.now - before
            watching.seen(desk.sent[-1].view)
    return spent


def test_that_all_views_together_keep_to_their_share_and_cheap_ones_leave_theirs_to_the_dear(monkeypatch) -> None:
    desk = Desk(costs={"cheap": 0.0001, "fair": 0.001, "dear": 0.02})
    watching = desk.watching(monkeypatch, cheap=spec("cheap", 2), fair=spec("fair"), dear=spec("dear"))
    watch(watching, "cheap", "fair", "dear")
    train(desk, watching, 20.0)  # the first frames are not held back
    desk.sent.clear()
    spent = train(desk, watching, 100.0)
    assert spent / 100.0 <= SHARE
    assert len(desk.frames("cheap")) == pytest.approx(200, abs=4), "its full rate"
    fair, dear = (len(desk.frames(n)) * (desk.costs[n] + subject.ALONG_S) / 100.0 for n in ("fair", "dear"))
    assert fair == pytest.approx(SHARE / 2, rel=0.1) and dear == pytest.approx(SHARE / 2, rel=0.1)


def test_that_nothing_is_held_back_while_training_does_not_wait(monkeypatch) -> None:
    desk = Desk(costs={"dear": 0.02})
    watching = desk.watching(monkeypatch, dear=spec("dear", 10, animated=True))
    watch(watching, "dear")
    end = desk.now + 10.0
    while desk.now < end:
        due = watching.next_due(0)
        assert due is not None
        desk.now = max(desk.now + 0.001, due)
        if watching.send_one(desk.now, 0, 0, 0, is_busy=False):
            watching.seen("dear")
    assert len(desk.frames("dear")) == pytest.approx(100, abs=2)


def test_that_a_new_query_goes_before_views_that_are_longer_overdue(monkeypatch) -> None:
    desk = Desk()
    watching = desk.watching(monkeypatch, old=spec("old"), new=spec("new"))
    for name in ("old", "new"):
        watch(watching, name)
        watching.send_one(desk.now, 0, 0, 0, is_busy=True)
        watching.seen(name)
        desk.now += 5.0
    watch(watching, "new", query="clicked")
    watching.send_one(desk.now, 1, 1, 0, is_busy=True)
    assert (desk.sent[-1].view, desk.sent[-1].payload) == ("new", "clicked")


def test_that_a_view_is_not_made_again_before_it_was_seen_or_while_nothing_changed(monkeypatch) -> None:
    desk = Desk()
    watching = desk.watching(monkeypatch, still=spec("still"))
    watch(watching, "still")
    assert watching.send_one(desk.now, "a", 0, 0, is_busy=False)
    desk.now += 1.0
    assert not watching.send_one(desk.now, "b", 1, 0, is_busy=False), "in flight"
    watching.seen("still")
    assert not watching.send_one(desk.now, "a", 0, 0, is_busy=False), "nothing changed"
    assert watching.next_due("a") is None
    assert watching.send_one(desk.now, "b", 1, 0, is_busy=False)
    watching.unwatch("still")
    watching.seen("still")
    desk.now += 1.0
    assert not watching.send_one(desk.now, "c", 2, 0, is_busy=False)


def test_that_a_picture_that_cannot_be_made_is_named_and_no_longer_tried(monkeypatch) -> None:
    desk = Desk()
    watching = desk.watching(monkeypatch, bad=spec("bad"))
    watch(watching, "bad", query=ZeroDivisionError("by nothing"))
    assert watching.send_one(desk.now, 0, 7, 0, is_busy=True)
    (notice,) = desk.sent
    assert isinstance(notice, m.Notice) and (notice.code, notice.step) == ("view-bad", 7)
    assert notice.text.startswith("The picture 'bad' could not be made: by nothing\nTraceback")
    assert not watching.send_one(desk.now + 9, 1, 8, 0, is_busy=True)


def test_that_a_full_ring_puts_a_frame_off_and_an_empty_picture_is_a_picture(monkeypatch) -> None:
    reader = RingReader(slot_bytes=2**20)
    try:
        writer = RingWriter(reader.name, 2**20)
        large = np.arange(PIPE_LIMIT, dtype=np.int32)
        packed = [writer.pack(large) for _ in range(SLOTS)]
        desk = Desk(ring=writer)
        watching = desk.watching(monkeypatch, big=spec("big"), none=spec("none"))
        watch(watching, "big", query=large)
        watching.send_one(desk.now, 0, 0, 0, is_busy=True)
        assert desk.sent == []
        watching.free_slot(packed[1].slot)
        desk.now += 0.05
        watching.send_one(desk.now, 0, 0, 0, is_busy=True)
        (frame,) = desk.frames("big")
        assert isinstance(frame.payload, Packed) and frame.slot == packed[1].slot
        assert np.array_equal(reader.unpack(frame.payload), large)
        watch(watching, "none")
        desk.now += 0.05
        watching.send_one(desk.now, 0, 0, 0, is_busy=True)
        assert desk.frames("none")[0].payload is None
        writer.close()
    finally:
        reader.close()


def test_that_frames_go_through_the_pipe_when_shared_memory_is_full_or_they_are_too_large(monkeypatch) -> None:
    reader = RingReader(slot_bytes=2**20)
    try:
        writer = RingWriter(reader.name, 2**20)
        huge, large = np.zeros(2**21, np.uint8), np.zeros(2**19, np.uint8)
        assert writer.pack(huge) is huge

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as only_here:
            only_here.setattr("engine.runtime.ring.os.posix_fallocate", full)
            assert writer.pack(large) is large
        assert isinstance(writer.pack(large), Packed)
        writer.close()
    finally:
        reader.close()
