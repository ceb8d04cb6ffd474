"""Watched equals unwatched, resumed equals uninterrupted: to the bit, through the whole session."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine.papers.dendritic_views import (
    BaselineArguments,
    CellQuery,
    CircuitQuery,
    ImagineQuery,
    Probe,
    ScopeQuery,
    SweepArguments,
)
from engine.runtime import messages as m
from engine.runtime.checkpoint import Loaded, read_checkpoint
from engine.runtime.store import Store
from tests.engine.runtime.sessions_for_tests import Run

Start = Callable[..., Run]
NOISY_DIGITS = {"sigma": 0.05, "label_noise": 0.2, "plastic_q": True, "plastic_b": True, "feedback": "learned"}


def checkpoint(run: Run) -> Loaded:
    with Store(run.home) as store:
        return read_checkpoint(store.get_run(run.record).checkpoints, "dendritic")


def assert_equal_to_the_bit(one: Loaded, other: Loaded) -> None:
    assert one.header.step == other.header.step and one.state.meta == other.state.meta
    assert one.state.tensors.keys() == other.state.tensors.keys()
    for name, tensor in one.state.tensors.items():
        found = other.state.tensors[name]
        assert tensor.dtype == found.dtype and tensor.shape == found.shape
        same = torch.equal(tensor.contiguous().view(torch.uint8), found.contiguous().view(torch.uint8))
        assert same, f"{name} differs"


def finish(run: Run, until: int) -> Run:
    run.until(m.Progress, lambda p: p.step == until and p.state == "paused")
    assert run.stop().step == until
    return run


@pytest.mark.parametrize(
    ("preset", "params", "until"),
    [
        ("digits-small", NOISY_DIGITS, 150),
        ("self-prediction-euler", {}, 300),
        ("regression", {"plastic_q": True}, 60),
    ],
)
def test_that_a_run_that_is_watched_and_asked_gives_the_numbers_of_one_that_is_not(
    start: Start, preset: str, params: dict[str, object], until: int
) -> None:
    alone = start(preset, params, keep=True, until=until)
    watched = start(preset, params, keep=True, until=until, autosave_s=0.2)
    for view in ("circuit", "cell", "scope", "tiles", "tracking", "confusion", "regression", "imagine", "dream"):
        watched.session.watch(view)
    watched.session.ask("sweep", SweepArguments((0.01, 0.1)))
    watched.session.ask("baseline", BaselineArguments("shallow", steps=50))
    for index in range(1, 9):
        watched.until(m.Progress, lambda p, goal=index * until // 12: p.step >= goal)
        watched.session.watch("circuit", CircuitQuery(Probe(index)))
        watched.session.watch("cell", CellQuery(cell=index, probe=Probe(index)))
        watched.session.watch("imagine", ImagineQuery(Probe(index), noise=0.3, d=0.5, a=1.0, seed=index))
        watched.session.watch("scope", ScopeQuery(restart=index))
        watched.session.pause()
        for _ in range(index % 4):
            watched.session.step_phase()
        watched.session.save()
        watched.session.resume()
    finish(watched, until)
    finish(alone, until)
    assert len({f.view for f in watched.heard.of(m.Frame) if f.payload is not None}) >= 4
    assert_equal_to_the_bit(checkpoint(alone), checkpoint(watched))
    assert alone.curves == watched.curves and len(alone.curves) >= until // 20


@pytest.mark.parametrize(("preset", "params", "until"), [("digits-small", NOISY_DIGITS, 150), ("association", {}, 90)])
def test_that_a_run_stopped_and_resumed_equals_an_uninterrupted_one(
    start: Start, preset: str, params: dict[str, object], until: int
) -> None:
    whole = finish(start(preset, params, keep=True, until=until), until)
    part = start(preset, params, keep=True, until=until, pace=100.0)
    part.at_step(until // 3)
    stopped = part.stop()
    assert until // 3 <= stopped.step < until
    resumed = part.resumed(pace=math.inf)
    assert resumed.until(m.Ready).step == stopped.step
    assert resumed.until(m.Settings).reason == "resumed"
    finish(resumed, until)
    assert_equal_to_the_bit(checkpoint(whole), checkpoint(resumed))
    assert {**part.curves, **resumed.curves} == whole.curves
    with Store(part.home) as store:
        kept = [store.read_scalars(r.record, max_points=None) for r in (whole, resumed)]
    assert {n: s.values.tolist() for n, s in kept[0].items()} == {n: s.values.tolist() for n, s in kept[1].items()}


def test_that_a_run_killed_and_resumed_from_its_autosave_equals_an_uninterrupted_one(start: Start) -> None:
    whole = finish(start(params=NOISY_DIGITS, keep=True, until=200), 200)
    part = start(params=NOISY_DIGITS, keep=True, until=200, autosave_s=0.1, pace=150.0)
    saved = part.until(m.Saved)
    part.at_step(saved.step + 10)
    assert part.session.pid is not None
    os.kill(part.session.pid, signal.SIGKILL)
    assert part.failed().kind == "killed"
    resumed = part.resumed(autosave_s=10.0, pace=math.inf)
    assert saved.step <= resumed.until(m.Ready).step <= 200
    finish(resumed, 200)
    assert_equal_to_the_bit(checkpoint(whole), checkpoint(resumed))
    with Store(part.home) as store:
        kept = store.read_scalars(resumed.record, ["train_error"], max_points=None)["train_error"]
    wanted = {s: v["train_error"] for s, v in whole.curves.items()}
    assert dict(zip(kept.steps.tolist(), kept.values.tolist(), strict=True)) == wanted, "no gap, nothing twice"


def test_that_a_run_killed_before_its_first_save_starts_again_with_the_same_numbers(start: Start, home: Path) -> None:
    run = start("association", keep=True, until=50, pace=100.0)
    run.at_step(10)
    assert run.session.pid is not None
    os.kill(run.session.pid, signal.SIGKILL)
    run.failed()
    again = run.resumed()
    assert again.until(m.Ready).notes == (
        "Nothing had been saved yet: the run starts again from its beginning, with the same seed.",
    )
    finish(again, 50)
    shared = set(run.curves) & set(again.curves)
    assert shared and all(run.curves[s] == again.curves[s] for s in shared)


def test_that_a_kill_after_a_rewind_does_not_bring_the_undone_future_back(start: Start) -> None:
    run = start("association", keep=True, autosave_s=1000.0)
    run.at_step(40)
    run.pause()
    run.session.save()
    run.until(m.Saved)
    since = run.said
    run.session.rewind(0)
    assert run.until(m.Saved, since=since).step == 0
    assert run.session.pid is not None
    os.kill(run.session.pid, signal.SIGKILL)
    run.failed()
    again = run.resumed(paused=True)
    assert again.until(m.Ready).step == 0
    again.stop()
