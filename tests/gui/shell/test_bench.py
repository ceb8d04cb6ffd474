"""What a tab gets: pictures only while they can be seen, gestures with answers, memory."""

import numpy as np
import pytest
from PySide6.QtWidgets import QWidget

from engine.runtime import messages as m
from gui.shell.bench import Bench
from gui.shell.settings import Settings


class Owner(QWidget):
    stale = ""

    def set_stale(self, reason):
        self.stale = reason


@pytest.fixture
def bench(run):
    return Bench(run, Settings())


def live(bench, sessions, qtbot):
    bench.start()
    sessions.last.ready()
    qtbot.waitUntil(lambda: bench.run_state == "training")
    return sessions.last


def test_that_a_view_is_watched_only_while_its_owner_can_be_seen(bench, sessions, qtbot):
    owner, drawn = Owner(), []
    qtbot.addWidget(owner)
    watcher = bench.watch("circuit", owner, drawn.append)
    session = live(bench, sessions, qtbot)
    assert "watch" not in session.verbs()
    owner.show()
    assert session.last("watch")[0] == "circuit"
    session.frame("circuit", "picture")
    qtbot.waitUntil(lambda: drawn == ["picture"])
    assert watcher.last == "picture" and session.verbs()[-1] == "seen"
    owner.hide()
    assert session.last("unwatch") == ("circuit",)
    session.frame("circuit", "late")
    qtbot.waitUntil(lambda: session.verbs().count("seen") == 2)
    assert drawn == ["picture"]


def test_that_a_new_run_is_told_what_is_looked_at_and_a_new_query_replaces_the_old(bench, sessions, qtbot):
    owner = Owner()
    qtbot.addWidget(owner)
    owner.show()
    watcher = bench.watch("circuit", owner, lambda _p: None, query="first")
    session = live(bench, sessions, qtbot)
    assert session.last("watch")[1] == "first"
    watcher.set_query("second")
    assert session.last("watch")[1] == "second"
    bench.views.suspend(True)
    assert session.verbs()[-1] == "unwatch"


def test_that_only_the_newest_frame_of_a_view_is_drawn_and_every_frame_is_acknowledged(bench, sessions, qtbot):
    owner, drawn = Owner(), []
    qtbot.addWidget(owner)
    owner.show()
    bench.watch("circuit", owner, drawn.append)
    session = live(bench, sessions, qtbot)
    for i in range(5):
        session.frame("circuit", i)
    qtbot.waitUntil(lambda: session.verbs().count("seen") == 5)
    assert drawn == [4]


def test_that_a_picture_older_than_a_change_is_marked_until_it_catches_up(bench, sessions, qtbot):
    owner = Owner()
    qtbot.addWidget(owner)
    owner.show()
    bench.watch("circuit", owner, lambda _p: None)
    session = live(bench, sessions, qtbot)
    session.frame("circuit", "old", revision=0)
    bench.change(h1=0.2)
    qtbot.waitUntil(lambda: owner.stale != "")
    session.frame("circuit", "new", revision=1)
    qtbot.waitUntil(lambda: owner.stale == "")


def test_that_an_unknown_view_or_action_is_named_with_those_there_are(bench, qtbot):
    owner = Owner()
    qtbot.addWidget(owner)
    with pytest.raises(KeyError, match="circuit"):
        bench.watch("nothing", owner, print)
    with pytest.raises(KeyError, match="actions"):
        bench.ask("nothing", None, print)


def test_that_a_gesture_without_a_run_starts_a_held_one_and_gets_its_answer(bench, sessions, qtbot):
    results, parts = [], []
    action = bench.paper.actions[0].name
    ticket = bench.ask(action, "arguments", results.append, lambda part, share: parts.append((part, share)))
    session = sessions.last
    assert session.spec.paused and session.last("ask") == action
    session.report(m.Answer, revision=0, step=0, ticket=1, action=action, result="half", done=False, fraction=0.5)
    session.report(m.Answer, revision=0, step=0, ticket=1, action=action, result="whole")
    qtbot.waitUntil(lambda: results == ["whole"])
    assert parts == [("half", 0.5)] and not ticket.is_open


def test_that_open_gestures_hear_of_the_end_of_their_run(bench, sessions, qtbot):
    faults = []
    bench.ask(bench.paper.actions[0].name, None, print, on_error=faults.append)
    sessions.last.is_alive = False
    sessions.last.report(m.Failed, step=0, kind="oom", advice="Memory ran out.")
    qtbot.waitUntil(lambda: faults == ["Memory ran out."])


def test_that_small_values_are_remembered_with_their_type(bench):
    for key, value in (("a", True), ("b", 3), ("c", 0.5), ("d", "text"), ("e", b"\x00\xff")):
        bench.remember(key, value)
        assert bench.recall(key, type(value)()) == value
    assert bench.recall("missing", 7) == 7


def test_that_curves_replay_the_past_follow_the_run_and_show_changes_and_ghosts(bench, sessions, run, qtbot):
    from gui.widgets.curves import Curves

    session = live(bench, sessions, qtbot)
    session.scalars([1, 2], test_accuracy=[10.0, np.nan], train_error=[1.0, 2.0])
    qtbot.waitUntil(lambda: run.history.last_step == 2)
    plot = Curves("accuracy")
    qtbot.addWidget(plot)
    bench.curves(plot, "test_accuracy")
    assert plot.data()["test_accuracy step"].tolist() == [1]
    session.scalars([3], test_accuracy=[20.0])
    qtbot.waitUntil(lambda: plot.data()["test_accuracy"].tolist() == [10.0, 20.0])
    session.report(m.Rewound, revision=1, step=2)
    qtbot.waitUntil(lambda: plot.data()["test_accuracy"].tolist() == [10.0])
    run.show_ghosts({"past": {"test_accuracy": ([1, 2], [3.0, 4.0]), "train_error": ([1], [1.0])}})
    assert plot.data()["test_accuracy of past"].tolist() == [3.0, 4.0]
    assert "train_error of past" not in plot.data()
    bench.start()
    assert len(plot.data()["test_accuracy"]) == 0
