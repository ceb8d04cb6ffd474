"""Settings, session and curves of one paper."""

import math

import numpy as np
import pytest

from engine.papers.contract import ParameterError
from engine.runtime import messages as m
from gui.shell.history import LIMIT, CurveHistory


def training(run, sessions, qtbot):
    run.start()
    sessions.last.ready()
    sessions.last.progress(5)
    qtbot.waitUntil(lambda: run.run_state == "training" and run.step == 5)
    return sessions.last


def test_that_a_start_is_recorded_and_carries_the_parameters_on_screen(run, sessions, records, qtbot):
    run.edit({"hidden_1": 64})
    run.start()
    assert sessions.last.spec.params["hidden_1"] == 64
    assert sessions.last.spec.record == records.begun[-1]
    assert run.run_state == "starting"


def test_that_a_live_change_is_sent_and_one_that_needs_a_reset_waits(run, sessions, qtbot):
    session = training(run, sessions, qtbot)
    run.edit({"h1": 0.2})
    assert session.last("change") == {"h1": 0.2}
    run.edit({"batch": 20})
    assert run.pending == {"batch": 20}
    assert session.verbs().count("change") == 1
    assert run.params.batch == 10 and run.edited.batch == 20
    run.start()
    assert sessions.last.spec.params["batch"] == 20 and run.pending == {}
    assert session.last("stop") is True


def test_that_quick_changes_are_sent_together_and_none_of_the_last_values_is_lost(run, sessions, qtbot):
    session = training(run, sessions, qtbot)
    for i in range(40):
        run.edit({"h1": 0.1 + 0.001 * i})
    qtbot.waitUntil(lambda: session.last("change") == {"h1": pytest.approx(0.139)})
    assert session.verbs().count("change") <= 3
    qtbot.waitUntil(lambda: len(run.history.marks) == 1)
    assert run.history.marks[0][1] == "h₁ 0.5 → 0.139"


def test_that_undo_takes_back_a_whole_drag_and_redo_makes_it_again(run, sessions, qtbot):
    for value in (0.4, 0.3, 0.2):
        run.edit({"h1": value})
    assert run.undo_stack.count() == 1
    run.undo_stack.undo()
    assert run.params.h1 == 0.5
    run.undo_stack.redo()
    assert run.params.h1 == 0.2


def test_that_a_bad_value_is_refused_and_nothing_changes(run):
    before = run.params
    with pytest.raises(ParameterError, match=r"h1 = 7.0.*0.0001 to 1"):
        run.edit({"h1": 7.0})
    assert run.params is before and run.undo_stack.count() == 0


def test_that_reports_of_an_earlier_run_are_dropped(run, sessions, qtbot):
    first = training(run, sessions, qtbot)
    run.start()
    second = sessions.last
    second.ready()
    first.scalars([900], test_accuracy=[50.0])
    first.progress(900)
    second.report(m.Progress, run=first.run, revision=0, step=901, total=1, state="paused", text="", rate=0, phase=0)
    second.scalars([1, 2], test_accuracy=[10.0, math.nan])
    qtbot.waitUntil(lambda: run.history.last_step == 2)
    assert run.step == 2 and run.history.curve("test_accuracy")[0].tolist() == [1]


def test_that_a_retired_run_is_saved_and_an_empty_one_leaves_no_record(run, sessions, records, qtbot):
    run.start()
    empty = sessions.last
    run.start()
    assert empty.last("stop") is False
    empty.end()
    qtbot.waitUntil(lambda: records.dropped == ["r0"])


def test_that_a_rewind_cuts_the_curves(run, sessions, qtbot):
    session = training(run, sessions, qtbot)
    session.scalars([6, 7, 8, 9], test_accuracy=[1.0, 2.0, 3.0, 4.0])
    session.report(m.Rewound, revision=1, step=7)
    session.report(m.Settings, revision=1, step=7, values={"h1": 0.25}, reason="rewound")
    qtbot.waitUntil(lambda: run.params.h1 == 0.25)
    assert run.history.curve("test_accuracy")[0].tolist() == [6, 7] and run.step == 7


def test_that_space_does_the_next_sensible_thing_in_every_state(run, sessions, qtbot):
    run.train_or_pause()
    session = sessions.last
    session.ready()
    session.progress(1)
    qtbot.waitUntil(lambda: run.run_state == "training")
    run.train_or_pause()
    assert session.verbs()[-1] == "pause"
    session.progress(2, state="paused")
    qtbot.waitUntil(lambda: run.run_state == "paused")
    run.train_or_pause()
    assert session.verbs()[-1] == "resume"
    session.report(m.Saved, step=2, path="x", seconds=0.1)
    session.is_alive = False
    session.report(m.Failed, step=3, kind="killed", advice="SIGKILL")
    qtbot.waitUntil(lambda: run.run_state == "failed")
    run.train_or_pause()
    assert sessions.last.spec.resume and sessions.last.spec.record == run.record


def test_that_a_preset_change_keeps_the_run_and_goes_on_with_the_new_one(run, sessions, qtbot):
    first = training(run, sessions, qtbot)
    with qtbot.waitSignal(run.told):
        run.choose_preset("digits-one")
    assert first.last("stop") is True
    assert sessions.last is not first and sessions.last.spec.preset == "digits-one" and not sessions.last.spec.paused


def test_that_a_refused_start_is_said_and_leaves_no_record(run, records, qtbot, monkeypatch):
    def refuse(_self, _spec):
        raise RuntimeError("4 runs go on already.")

    from scripted import ScriptedSession

    monkeypatch.setattr(ScriptedSession, "start", refuse)
    with qtbot.waitSignal(run.refused) as said:
        assert run.start() is False
    assert said.args == ["4 runs go on already."]
    assert run.run_state == "idle" and records.dropped == ["r0"]


def test_that_long_curves_stay_bounded_even_and_complete_at_both_ends():
    history = CurveHistory()
    for start in range(0, 200_000, 1000):
        steps = np.arange(start, start + 1000)
        history.append(steps, {"a": steps.astype(float)}, wall=start / 1000)
    steps, values, seconds = history.curve("a")
    assert LIMIT / 2 < len(steps) <= LIMIT
    assert steps[0] == 0 and 200_000 - steps[-1] <= 64
    assert len(set(np.diff(steps).tolist())) == 1 and (values == steps).all()
    assert (np.diff(seconds) >= 0).all()


def test_that_another_preset_chosen_while_a_held_run_starts_is_held_too(run, sessions):
    run.start(paused=True)
    run.choose_preset("digits-one")
    assert sessions.last.spec.preset == "digits-one" and sessions.last.spec.paused
    run.start()
    run.choose_preset("digits-deep")
    assert not sessions.last.spec.paused, "one that is asked to train goes on training"
