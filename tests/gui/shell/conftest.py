"""The window with a scripted session and a home folder of its own."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scripted import NoRecords, Sessions


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "home"))


@pytest.fixture
def sessions():
    return Sessions()


@pytest.fixture
def records():
    return NoRecords()


@pytest.fixture
def run(qtbot, sessions, records):
    from engine.papers import load_paper
    from gui.shell.paper_run import PaperRun

    made = PaperRun(load_paper("dendritic"), sessions, records)
    yield made
    made.deleteLater()


@pytest.fixture
def window(qtbot, sessions):
    """The whole window; tabs are one empty widget."""
    from PySide6.QtWidgets import QWidget

    from gui.shell.main_window import MainWindow
    from gui.shell.settings import Settings

    made = MainWindow(Settings(), sessions, tab=lambda bench: QWidget())
    qtbot.addWidget(made)
    made.show()
    yield made
    for session in sessions.made:
        session.is_alive = False
    made.close()


@pytest.fixture
def page(window, qtbot):
    shown = window.open_paper("dendritic")
    qtbot.waitUntil(lambda: shown.views is not None)
    return shown
