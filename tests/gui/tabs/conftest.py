"""A stage for the tab under test: a real bench, an engine played by the test, a shown tab."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scripted_bench import Stage

SMALLEST = (840, 560)
"""The size at which a tab must work, where its file of tests does not name another as `SMALLEST`."""


@pytest.fixture
def stage(request, tmp_path, qapp):
    """A bench whose engine the test plays, of the file's `PAPER_NAME`; nothing is remembered beyond the test."""
    made = Stage(tmp_path, request.module.PAPER_NAME)
    yield made
    made.run.stop(save=False)


@pytest.fixture
def tab(request, stage, qtbot):
    """The tab at the smallest size it must work at, shown."""
    made = import_module(f"gui.tabs.{request.module.PAPER_NAME}").build(stage.bench)
    qtbot.addWidget(made)
    made.resize(*getattr(request.module, "SMALLEST", SMALLEST))
    made.show()
    qtbot.waitExposed(made)
    return made
