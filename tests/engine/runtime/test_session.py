"""One run from start to stop: every verb of the session against a real engine process."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from engine.papers.dendritic_views import Nothing, SweepArguments
from engine.runtime import messages as m
from engine.runtime.process import EnginePool, TooManyRuns
from engine.runtime.session import Session
from engine.runtime.store import Store
from tests.engine.runtime.sessions_for_tests import Run, begin, spec_of

Start = Callable[..., Run]


def test_that_a_run_says_ready_then_trains_and_ends_with_exactly_one_word(start: Start) -> None:
    run = start()
    ready = run.until(m.Ready)
    assert (ready.step, ready.threads) == (0, 1) and ready.device.startswith("CPU")
    progress = run.at_step(50)
    assert progress.total == 20_000 and progress.state == "training" and progress.rate > 0 and progress.kept == (0,)
    assert progress.text.startswith("epoch") and progress.memory > 50e6
    stopped = run.stop()
    assert stopped.step >= 50 and run.ends == [stopped]
    assert not run.session.is_alive and run.session.pid is None
    assert all(r.run == run.session.run for r in run.heard.reports)


def test_that_a_paused_run_holds_still_and_its_last_points_have_arrived(start: Start) -> None:
    run = start("association")
    run.at_step(20)
    step = run.pause()
    run.until(m.Scalars, lambda s: s.steps[-1] == step, seconds=5.0)  # association measures every update
    for _ in range(8):  # each right after a batch was sent, too early for the next
        step += 1
        run.session.step_once()
        run.until(m.Scalars, lambda s, step=step: s.steps[-1] == step, seconds=5.0)
    since = run.said
    run.session.change({"eta": 0.5})
    assert run.until(m.Settings, since=since).step == step
    run.stop()


def test_that_one_step_and_one_phase_advance_as_named_and_an_open_update_is_completed(start: Start) -> None:
    run = start(paused=True)
    run.until(m.Progress, lambda p: p.state == "paused")
    phases = []
    for _ in range(4):
        since = run.said
        run.session.step_phase()
        progress = run.until(m.Progress, since=since)
        phases.append((progress.step, progress.phase))
    assert phases == [(0, 1), (0, 2), (0, 3), (1, 0)]
    since = run.said
    run.session.step_once()
    assert run.until(m.Progress, since=since).step == 2
    for verb in (run.session.step_phase, run.session.step_once):
        since = run.said
        verb()
        last = run.until(m.Progress, since=since)
    assert (last.step, last.phase) == (3, 0)
    run.stop()


def test_that_points_are_neither_lost_nor_repeated_across_pauses_and_rewinds(start: Start) -> None:
    run = start("association")
    for goal in (30, 60, 90):
        run.at_step(goal)
        step = run.pause()
        run.until(m.Scalars, lambda s, step=step: s.steps[-1] == step)
        assert sorted(run.curves) == list(range(1, step + 1))
        run.session.resume()
    run.at_step(120)
    before = dict(run.curves)
    since = run.said
    run.session.rewind(0)
    rewound = run.until(m.Rewound, since=since)
    assert rewound.step == 0 and rewound.revision == 1
    since = run.heard.place(m.Rewound, since=since)
    run.until(m.Progress, lambda p: p.step >= 40, since=since)
    step = run.pause()
    run.until(m.Scalars, lambda s: s.steps[-1] == step, since=since)
    again = run.curves  # asserts that steps increase after the rewind
    assert sorted(again) == list(range(1, step + 1))
    shared = sorted(set(before) & set(again))
    assert len(shared) >= 30 and all(before[s] == again[s] for s in shared), "the same seed repeats to the bit"
    run.stop()


def test_that_a_live_change_answers_with_the_values_in_force_and_counts_revisions(start: Start) -> None:
    run = start()
    run.at_step(5)
    assert run.session.change({"h1": 0.2}) == 1
    changed = run.until(m.Settings)
    assert (changed.reason, changed.revision, changed.values["h1"]) == ("changed", 1, 0.2)
    assert run.until(m.Progress, lambda p: p.revision == 1).step >= changed.step
    run.stop()


def test_that_a_change_is_refused_in_a_sentence_and_nothing_changes(start: Start) -> None:
    run = start(paused=True)
    run.until(m.Ready)
    refusals: list[tuple[dict[str, object], str]] = [
        ({"h1": 99.0}, "h1 = 99.0: allowed is 0.0001 to 1"),
        ({"batch": 3}, "batch: changing this needs a reset."),
        ({"h1": 0.3, "no_such": 1}, "no_such: there is no such parameter"),
        ({"h1": "fast"}, "h1 = 'fast': allowed is 0.0001 to 1"),
        ({"h1": math.nan}, "h1 = nan: allowed is 0.0001 to 1"),
    ]
    for values, sentence in refusals:
        since = run.said
        run.session.change(values)
        refused = run.until(m.Settings, since=since)
        assert refused.reason == "refused" and sentence in refused.text
        assert refused.values == {**run.spec.params}
    run.session.resume()
    assert run.at_step(3).state == "training"
    run.stop()


def test_that_rewinding_restores_the_knobs_of_that_moment(start: Start) -> None:
    run = start(keep=True)
    run.at_step(20)
    run.session.change({"h1": 0.1})
    run.until(m.Settings, lambda s: s.values["h1"] == 0.1)
    since = run.said
    run.session.rewind(0)
    settings = run.until(m.Settings, since=since)
    assert settings.reason == "rewound" and settings.values["h1"] == 0.3
    assert settings.revision == 2 == run.session.revision
    run.stop()
    with Store(run.home) as store:
        assert store.get_run(run.record).params["h1"] == 0.3 and store.read_marks(run.record) == []


def test_that_a_recorded_run_keeps_curves_marks_and_a_checkpoint(start: Start) -> None:
    run = start("association", keep=True, until=60)
    run.at_step(10)
    run.session.change({"eta": 0.9})
    run.until(m.Progress, lambda p: p.step == 60 and p.state == "paused")
    run.session.save()
    saved = run.until(m.Saved)
    assert saved.step == 60 and saved.path.endswith(".json")
    assert run.stop().step == 60
    with Store(run.home) as store:
        kept = store.get_run(run.record)
        assert (kept.state, kept.last_step, kept.params["eta"]) == ("finished", 60, 0.9)
        (mark,) = store.read_marks(run.record)
        assert (mark.knob, mark.old, mark.new) == ("eta", 1.0, 0.9)
        series = store.read_scalars(run.record, ["apical_sq"])["apical_sq"]
    assert series.steps.tolist() == list(range(1, 61))
    curves = run.curves
    assert series.values.tolist() == [curves[s]["apical_sq"] for s in range(1, 61)]


def test_that_the_library_knows_whether_a_run_is_held_goes_on_or_was_stopped_before_its_end(start: Start) -> None:
    run = start(keep=True)
    with Store(run.home) as store:
        run.at_step(3)
        assert store.get_run(run.record).state == "running"
        run.pause()
        assert store.get_run(run.record).state == "paused"
        since = run.said
        run.session.resume()
        run.until(m.Progress, lambda p: p.state == "training", since=since)
        assert store.get_run(run.record).state == "running"
        run.stop()
        assert store.get_run(run.record).state == "stopped"


def test_that_a_run_stops_by_itself_after_exactly_so_many_updates(start: Start) -> None:
    run = start(until=37)
    done = run.until(m.Progress, lambda p: p.state == "paused")
    assert (done.step, done.total) == (37, 37)
    since = run.said
    run.session.resume()
    run.until(m.Progress, lambda p: p.state == "paused", since=since)
    assert run.stop().step == 37


def test_that_gestures_are_answered_with_their_ticket_and_faults_are_sentences(start: Start) -> None:
    run = start(paused=True)
    run.until(m.Ready)
    sweep = run.session.ask("sweep", SweepArguments((0.01, 0.1)))
    unknown = run.session.ask("paint", None)
    wrong = run.session.ask("sweep", SweepArguments((-1.0,)))
    repair = run.session.ask("repair", Nothing())
    answers = {t: run.until(m.Answer, lambda a, t=t: a.ticket == t and a.done) for t in (sweep, unknown, wrong, repair)}
    assert len(answers[sweep].result.lambdas) == 2 and answers[sweep].error == ""
    assert answers[unknown].error.startswith("There is no action 'paint'. Actions: baseline, repair, sweep")
    assert answers[wrong].error.startswith("sweep: ")
    assert answers[repair].result.text and run.until(m.Settings, lambda s: s.reason == "repaired").values["h1"] == 0.15
    run.stop()


def test_that_a_long_gesture_sends_partial_results_and_can_be_given_up(start: Start) -> None:
    from engine.papers.dendritic_views import BaselineArguments

    run = start(paused=True)
    run.until(m.Ready)
    ticket = run.session.ask("baseline", BaselineArguments("backprop", steps=200_000))
    partial = run.until(m.Answer, lambda a: not a.done)
    assert partial.ticket == ticket and partial.fraction < 0.5
    run.session.cancel(ticket)
    assert run.until(m.Answer, lambda a: a.done).error == "Cancelled."
    run.stop()


def test_that_more_runs_than_allowed_are_refused_in_a_sentence(start: Start, pool: EnginePool) -> None:
    pool.limit = 1
    run = start()
    run.until(m.Ready)
    with pytest.raises(TooManyRuns, match=r"1 run goes on already\. Stop one"):
        begin(pool, spec_of(), run.home)
    with pytest.raises(RuntimeError, match="still under way"):
        run.session.start(spec_of())
    run.stop()
    assert pool.running == 0
    again = Session(pool, run.heard)
    again.start(spec_of())
    run.until(m.Ready, lambda r: r.run == again.run)
    again.stop()
    assert again.wait(10)


def test_that_a_session_can_be_started_again_and_gets_a_new_number(start: Start) -> None:
    run = start()
    run.at_step(2)
    run.stop()
    first = run.session.run
    assert run.session.start(run.spec) > first
    assert run.until(m.Ready, lambda r: r.run == run.session.run).step == 0
    run.session.stop()
    run.until(m.Stopped, lambda s: s.run == run.session.run)
    assert run.session.wait(10)


def test_that_the_pace_is_followed_and_can_be_released(start: Start) -> None:
    run = start(pace=20.0)
    run.at_step(2)
    early = run.heard.times[run.heard.place(m.Progress, lambda p: p.step >= 2)]
    place = run.heard.place(m.Progress, lambda p: p.step >= 22)
    assert 0.8 < run.heard.times[place] - early < 3.0
    since = run.said
    run.session.set_pace(math.inf)
    run.until(m.Progress, lambda p: p.step >= 200, since=since)
    run.stop()
