"""A stage for the tab under test: a real bench, an engine played by the test, a shown tab."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scripted_bench import Stage


@pytest.fixture
def stage(tmp_path, qapp):
    """A bench whose engine the test plays; nothing is remembered beyond the test."""
    made = Stage(tmp_path)
    yield made
    made.run.stop(save=False)


@pytest.fixture
def tab(stage, qtbot):
    """The dendritic tab at the smallest size it must work at, shown."""
    from gui.tabs.dendritic import build

    made = build(stage.bench)
    qtbot.addWidget(made)
    made.resize(840, 560)
    made.show()
    qtbot.waitExposed(made)
    return made
