"""Work beside the event loop: answered in the window's thread, and waited for before what it uses is closed."""

import threading

from PySide6.QtCore import QObject

from gui.shell.run_records import Records
from gui.widgets.background import Background


def test_that_waiting_ends_with_the_work_and_not_before(qtbot):
    owner, gate = QObject(), threading.Event()
    background, answers = Background(owner), []
    background.run(lambda: gate.wait(10), lambda result, _error: answers.append(result))
    assert not background.wait(0.01)
    gate.set()
    assert background.wait(10)
    qtbot.waitUntil(lambda: answers == [True])


def test_that_a_fault_is_answered_and_ends_the_waiting(qtbot):
    owner, faults = QObject(), []
    background = Background(owner)
    background.run(lambda: 1 / 0, lambda _result, error: faults.append(type(error)))
    assert background.wait(10)
    qtbot.waitUntil(lambda: faults == [ZeroDivisionError])


def test_that_records_are_closed_only_when_nothing_reads_them_any_more(qtbot, atelier_home):
    records, entered, ended = Records(), threading.Event(), []

    def read(store):
        entered.set()
        for _ in range(200):
            store.list_runs()
        ended.append(True)

    records.run(read)
    assert entered.wait(10)
    records.close()
    assert ended == [True]
