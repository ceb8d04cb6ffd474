"""Pictures of a real engine: only what is watched, latest wins, one in flight, large ones whole through the ring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine.papers.dendritic_views import CircuitQuery, CircuitView, Probe, TilesQuery
from engine.runtime import messages as m
from engine.runtime import session as session_module
from engine.runtime.ring import PIPE_LIMIT, Packed
from engine.runtime.session import EnginePool
from tests.engine.runtime.sessions_for_tests import Run

Start = Callable[..., Run]


def frames(run: Run, view: str, since: int = 0) -> list[m.Frame]:
    return [f for f in run.heard.of(m.Frame, since) if f.view == view]


def test_that_frames_come_for_watched_views_only_and_stop_when_hidden(start: Start) -> None:
    run = start()
    run.at_step(20)
    assert run.heard.of(m.Frame) == []
    run.session.watch("circuit", CircuitQuery())
    frame = run.until(m.Frame, lambda f: f.step > 60)
    assert isinstance(frame.payload, CircuitView) and frame.view == "circuit"
    run.session.unwatch("circuit")
    run.session.change({"h2": 0.2})
    since = run.heard.place(m.Settings)  # after it, the engine has obeyed
    run.until(m.Progress, lambda p: p.step > frame.step + 100, since=since)
    assert frames(run, "circuit", since) == []
    steps = [f.step for f in frames(run, "circuit")]
    assert steps == sorted(steps) and len(set(steps)) == len(steps), "a picture of the same moment comes once"
    run.stop()


def test_that_one_frame_is_in_flight_and_the_next_is_the_newest(start: Start) -> None:
    run = start(draws=False)
    run.session.watch("circuit", CircuitQuery())
    first = run.until(m.Frame)
    run.until(m.Progress, lambda p: p.step > first.step + 100)
    run.session.watch("circuit", CircuitQuery(Probe(3)))  # even a new query waits until the last frame was drawn
    later = run.until(m.Progress, lambda p: p.step > first.step + 200)
    assert frames(run, "circuit") == [first]
    since = run.said
    run.session.seen(first)
    second = run.until(m.Frame, since=since)
    assert second.step >= later.step, "what was missed in between is not made up for"
    run.stop()


def test_that_a_new_query_is_answered_at_once_although_the_budget_is_spent(start: Start) -> None:
    run = start("digits-deep")
    for view in ("confusion", "tiles", "tracking", "circuit"):
        run.session.watch(view)
    run.until(m.Frame, lambda f: f.view == "confusion")
    run.at_step(run.session.step + 100)
    for index in (5, 6, 7):
        since = run.said
        run.session.watch("tiles", TilesQuery(first=index, count=4))
        answer = run.until(m.Frame, lambda f: f.view == "tiles", since=since, seconds=2.0)
        assert answer.payload.first == index, "the first picture after a gesture belongs to it"
    run.stop()


def test_that_a_paused_run_sends_a_still_picture_once_and_a_moving_one_at_most_30_times_a_second(
    start: Start,
) -> None:
    run = start(paused=True)
    run.session.watch("circuit", CircuitQuery(), rate=1000.0)
    run.session.watch("scope", rate=1000.0)
    run.until(m.Frame, lambda f: f.view == "circuit")
    run.until(m.Frame, lambda f: f.view == "scope" and f.payload.time_ms[-1] >= 20.0)  # 1 ms a frame
    assert len(frames(run, "circuit")) == 1
    times = [t for t, r in zip(run.heard.times, run.heard.reports, strict=True) if getattr(r, "view", "") == "scope"]
    assert (len(times) - 1) / (times[-1] - times[0]) <= 25.0 * 1.05, "the view's own rate, 25 a second"
    since = run.said
    run.session.step_once()
    assert run.until(m.Frame, lambda f: f.view == "circuit", since=since).step == 1
    run.stop()


def test_that_a_dragged_query_makes_at_most_30_frames_a_second(start: Start) -> None:
    run = start(paused=True)
    run.session.watch("tiles", TilesQuery())
    run.until(m.Frame)
    for index in range(12):
        for position in range(40):  # the mouse moves faster than any screen
            run.session.watch("tiles", TilesQuery(first=index, count=1 + position))
        run.until(m.Frame, lambda f, index=index: (f.payload.first, len(f.payload.blame)) == (index, 20 - index))
    times = [t for t, r in zip(run.heard.times, run.heard.reports, strict=True) if isinstance(r, m.Frame)]
    assert len(times) > 10
    assert (len(times) - 1) / (times[-1] - times[0]) <= 31.0
    run.stop()


def test_that_a_picture_the_preset_lacks_comes_as_nothing_and_an_unknown_one_is_named(start: Start) -> None:
    run = start("association")
    run.session.watch("imagine")
    assert run.until(m.Frame).payload is None
    run.session.watch("regression")
    assert run.until(m.Frame, lambda f: f.view == "regression").payload is None
    run.session.watch("no_such_view")
    notice = run.until(m.Notice)
    assert notice.level == "error" and notice.text.startswith("There is no view 'no_such_view'. Views: cell, circuit")
    run.session.watch("circuit", CircuitQuery(Probe(image=np.zeros((3, 3), np.float32))))
    run.session.watch("cell", "not a query")
    notice = run.until(m.Notice, lambda n: n.code == "view-cell")
    assert notice.text.startswith("The picture 'cell' could not be made: ")
    assert run.at_step(run.session.step + 10).state == "training"
    run.stop()


def test_that_large_frames_arrive_whole_through_the_ring_and_free_their_slots(
    start: Start, pool: EnginePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[Packed] = []
    reader = session_module.RingReader

    class Noted(reader):  # type: ignore[misc, valid-type]
        def unpack(self, payload):
            if isinstance(payload, Packed):
                packed.append(payload)
            return super().unpack(payload)

    monkeypatch.setattr(session_module, "RingReader", Noted)
    run = start("digits-28", {"hidden_1": 256, "hidden_2": 0, "h1": 0.3, "h2": 0.1})
    query = TilesQuery(first=0, count=256)  # 256 tiles of 28x28 in float16: 401 kB
    run.session.watch("tiles", query)
    run.until(m.Frame)
    step = run.pause()
    for index in range(12):  # four times around the three slots
        since = run.said
        run.session.watch("tiles", replace(query, probe=Probe(index)))
        frame = run.until(m.Frame, since=since)
        assert frame.payload.tiles.nbytes == 256 * 28 * 28 * 2 > PIPE_LIMIT and frame.slot == -1
        if index == 0:
            first = frame.payload.tiles
        assert np.array_equal(frame.payload.tiles, first), f"weights do not change while paused at {step}"
        assert frame.payload.tiles.flags.writeable, "the picture is a copy: the slot may be used again"
    assert np.unique(first).size > 1000 and len(packed) >= 13, "each came through the ring, more than it has slots"
    since = run.said
    run.session.watch("tiles", TilesQuery(first=10, count=1))
    assert np.array_equal(run.until(m.Frame, since=since).payload.tiles[0], first[10]), "the pipe says the same"
    run.stop()
