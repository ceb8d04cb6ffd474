"""A paper that is opened is alive at once, and only one untouched engine is kept."""

from __future__ import annotations

from gui.shell.held_run import HeldRuns


def test_that_an_opened_paper_is_held_and_let_go_when_another_is_opened(qtbot, window, sessions):
    held = HeldRuns(window)
    window.show_page("dendritic")
    first = window.paper_page().run
    qtbot.waitUntil(lambda: first.run_state == "starting")
    assert sessions.made[-1].spec.paused and sessions.made[-1].spec.paper == "dendritic"
    window.show_page("equilibrium")
    second = window.paper_page().run
    qtbot.waitUntil(lambda: second.run_state == "starting")
    assert first.run_state == "idle" and first.bridge is None
    window.show_page("dendritic")
    qtbot.waitUntil(lambda: first.run_state == "starting")
    assert held.parent() is window


def test_that_a_run_that_has_learnt_something_is_never_let_go(qtbot, window, sessions):
    held = HeldRuns(window)
    window.show_page("dendritic")
    run = window.paper_page().run
    qtbot.waitUntil(lambda: run.run_state == "starting")
    run.step = 7
    window.show_page("equilibrium")
    other = window.paper_page().run
    qtbot.waitUntil(lambda: other.run_state == "starting")
    assert run.run_state == "starting" and run.bridge is not None
    assert held.parent() is window
