"""The real window with the real engine: what a person does in the first ten minutes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.runtime.session import EnginePool, Session
from gui.shell.main_window import MainWindow
from gui.shell.paper_page import PaperPage
from gui.shell.settings import Settings
from gui.widgets.provenance import read_provenance

LEARNT_IN_MS = 60_000
ANSWER_IN_MS = 20_000
NAMED_IN_MS = 2_000


@pytest.fixture
def window(qtbot, atelier_home) -> Iterator[MainWindow]:
    """The window as `main.py` opens it, on the dendritic page; its engines end with the test."""
    pool = EnginePool(warm=False)
    window = MainWindow(Settings(), lambda on_report: Session(pool, on_report))
    window.resize(1600, 1000)
    window.show()
    window.show_page("dendritic")
    yield window
    with qtbot.waitSignal(window.closed, timeout=10_000):
        window.close()
    window.deleteLater()
    pool.close()


@pytest.fixture
def page(qtbot, window) -> PaperPage:
    """The dendritic page with its views built."""
    shown = window.paper_page()
    assert shown is not None
    qtbot.waitUntil(lambda: shown.bench.panels != [], timeout=ANSWER_IN_MS)
    shown.run.set_pace(float("inf"))
    return shown


def accuracy(page: PaperPage) -> np.ndarray:
    return page.run.history.curve("test_accuracy")[1]


def train_to(qtbot, page: PaperPage, percent: float) -> None:
    qtbot.waitUntil(lambda: len(accuracy(page)) > 0 and accuracy(page)[-1] > percent, timeout=LEARNT_IN_MS)


def test_that_a_person_can_train_pull_hold_step_and_look_back(qtbot, window, page):
    drawn = []
    page.run.frame_arrived.connect(lambda frame: drawn.append((frame.view, frame.payload)))
    qtbot.keyClick(window, Qt.Key.Key_Space)
    train_to(qtbot, page, 80.0)
    assert accuracy(page)[0] < 40.0, "accuracy rose in front of the person's eyes"
    assert {view for view, _ in drawn} >= {"circuit", "scope", "dream"}

    def dreams() -> list[np.ndarray]:
        return [payload.images for view, payload in drawn if view == "dream"]

    # Dreams are drawn seldom; on a fast machine only one may have come before the circuit had learnt.
    qtbot.waitUntil(lambda: not np.array_equal(dreams()[0], dreams()[-1]), timeout=ANSWER_IN_MS)
    assert np.isfinite(dreams()[-1]).all()

    with qtbot.waitSignal(page.run.marked, timeout=ANSWER_IN_MS):
        page.bench.change(h1=0.25)
    assert page.run.params.h1 == 0.25
    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.run.run_state == "paused", timeout=ANSWER_IN_MS)
    held = page.run.step
    qtbot.keyClick(window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: page.run.step == held + 1, timeout=ANSWER_IN_MS)

    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(page.run.kept) > 1 and page.run.step > page.run.kept[1], timeout=ANSWER_IN_MS)
    kept = page.run.kept[1]
    qtbot.keyClick(window, Qt.Key.Key_Space)
    with qtbot.waitSignal(page.run.run_rewound, timeout=ANSWER_IN_MS) as back:
        page.run.rewind(kept)
    assert back.args == [kept] and page.run.history.curve("test_accuracy")[0][-1] <= kept

    with qtbot.waitSignal(page.run.run_rewound, timeout=ANSWER_IN_MS):
        qtbot.keyClick(window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: page.run.step == 0, timeout=ANSWER_IN_MS)
    # the knobs, too, are those of the moment that was gone back to
    qtbot.waitUntil(lambda: page.run.params.h1 == 0.5, timeout=ANSWER_IN_MS)


def test_that_a_killed_engine_is_named_and_resumed_from_its_last_save(qtbot, window, page):
    qtbot.keyClick(window, Qt.Key.Key_Space)
    train_to(qtbot, page, 50.0)
    with qtbot.waitSignal(page.run.saved, timeout=ANSWER_IN_MS):
        page.run.save()
    saved, points = page.run.saved_step, len(accuracy(page))
    with qtbot.waitSignal(page.run.failed, timeout=NAMED_IN_MS) as named:
        os.kill(page.run.bridge.pid, signal.SIGKILL)
    assert "SIGKILL" in named.args[0].advice
    assert page.run.run_state == "failed" and len(accuracy(page)) >= points, "what was drawn stays"
    qtbot.keyClick(window, Qt.Key.Key_Space)
    with qtbot.waitSignal(page.run.ready, timeout=ANSWER_IN_MS) as ready:
        pass
    assert ready.args[0].step == saved
    train_to(qtbot, page, 85.0)


def test_that_exported_pictures_and_data_carry_the_run_they_came_from(qtbot, window, page, atelier_home):
    qtbot.keyClick(window, Qt.Key.Key_Space)
    train_to(qtbot, page, 30.0)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.run.run_state == "paused", timeout=ANSWER_IN_MS)
    panels = [panel for panel in page.bench.panels if panel.isVisible()]
    written = []
    for panel in panels:
        panel.exported.connect(written.append)
    page.export_all()
    qtbot.waitUntil(lambda: len(written) >= len(panels), timeout=ANSWER_IN_MS)
    qtbot.wait(0)
    for path in written:
        origin = read_provenance(path)
        assert origin is not None and origin["paper"] == "dendritic" and origin["preset"] == "digits-deep"
        assert origin["params"]["h1"] == 0.5 and origin["step"] == page.run.step
