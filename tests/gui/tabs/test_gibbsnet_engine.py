"""The GibbsNet tab in the real window with the real engine: a person trains, scrubs, branches, paints and clamps."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.runtime.session import EnginePool, Session
from gui.shell.main_window import MainWindow
from gui.shell.settings import Settings
from gui.tabs.gibbsnet import GibbsNetTab
from gui.widgets.provenance import read_provenance

PRESET = "digits-scratch"
CHAIN, PAINT, CLAMP = range(3)
LIVE_IN_MS, LEARNT_IN_MS = 30_000, 80_000
SMALL = {"baselines": "none", "warm_start": 0, "chain_steps": 2, "hidden": 64}
"""The smallest network, alone: this test is about the window."""


@pytest.fixture
def window(qtbot, atelier_home) -> Iterator[MainWindow]:
    """The window as `main.py` opens it; its engines end with the test."""
    pool = EnginePool(warm=False)
    made = MainWindow(Settings(), lambda on_report: Session(pool, on_report))
    made.resize(1400, 900)
    made.show()
    made.show_page("gibbsnet")
    yield made
    with qtbot.waitSignal(made.closed, timeout=10_000):
        made.close()
    made.deleteLater()
    pool.close()


def test_that_a_person_can_train_scrub_branch_paint_clamp_and_export(qtbot, window, tmp_path):
    page = window.paper_page()
    qtbot.waitUntil(lambda: window.findChild(GibbsNetTab) is not None, timeout=LIVE_IN_MS)
    run, tab = page.run, window.findChild(GibbsNetTab)
    run.choose_preset(PRESET, SMALL)
    run.set_pace(float("inf"))
    chain = tab.scenes[CHAIN]
    chain.controls.length.setCurrentIndex(0)
    chain.controls.follow.setChecked(False)  # all time to the training
    qtbot.keyClick(window, Qt.Key.Key_Space)

    def distance() -> np.ndarray:
        return run.history.curve("fd")[1]

    qtbot.waitUntil(lambda: len(distance()) > 1 and distance()[-1] < 0.9 * distance()[0], timeout=LEARNT_IN_MS)
    page.bench.change(r1=0.7)
    qtbot.waitUntil(lambda: any("→ 0.7" in text for _, text in run.history.marks), timeout=LIVE_IN_MS)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: run.run_state == "paused", timeout=LIVE_IN_MS)
    _scrub_and_branch(qtbot, chain)
    _paint(qtbot, tab)
    _clamp(qtbot, tab)
    tab.show_scene(CHAIN)
    path = tmp_path / "wall.png"
    with qtbot.waitSignal(chain.wall_panel.exported, timeout=LIVE_IN_MS):
        chain.wall_panel.export_to(path)
    origin = read_provenance(path)
    assert origin["paper"] == "gibbsnet" and origin["params"]["r1"] == 0.7 and origin["step"] == run.step


def _scrub_and_branch(qtbot, chain) -> None:
    """To and fro along a recorded tape: the same step is the same picture; a branch leaves it."""
    controls, wall = chain.controls, chain.wall
    controls.record()
    qtbot.waitUntil(lambda: controls._info is not None and not controls.is_recording, timeout=LIVE_IN_MS)

    def wall_at(step: int) -> np.ndarray:
        controls.timeline.set_position(step - 1)
        qtbot.waitUntil(lambda: f"step {step:,}," in chain.wall_panel._legend.entries[0].text, timeout=LIVE_IN_MS)
        return wall.data()["GibbsNet"]

    early, late = wall_at(3), wall_at(150)
    assert early.shape == (16, 8, 8) and not np.array_equal(early, late)
    assert np.array_equal(wall_at(3), early), "every step is stored or computed again, never drawn anew"
    wall_at(101)
    wall._choose(5)
    controls.branch.click()
    qtbot.waitUntil(lambda: "branch" in wall.data(), timeout=LIVE_IN_MS)
    assert np.array_equal(wall.data()["branch"][0], wall.data()["GibbsNet"][5]), "it begins where the chain was"
    controls.timeline.set_position(119)
    qtbot.waitUntil(lambda: not np.array_equal(wall.data()["branch"][0], wall.data()["branch"][1]), timeout=LIVE_IN_MS)


def _paint(qtbot, tab) -> None:
    """Half a test picture stays to the bit, the other half is filled differently by different chains."""
    tab.show_scene(PAINT)
    scene = tab.scenes[PAINT]
    qtbot.waitUntil(lambda: tab.observed.index >= 0, timeout=LIVE_IN_MS)
    scene.tools.shapes["right half"].click()

    def filled() -> np.ndarray:
        return scene.completions.data()["images"]

    qtbot.waitUntil(lambda: scene.variance.data()["matrix"].any() and len(filled()) == 12, timeout=LIVE_IN_MS)
    known = np.round(tab.observed.image * 255)[:, :4]
    assert np.abs(filled()[:, :, :4].astype(int) - known).max() <= 1
    assert not scene.variance.data()["matrix"][:, :4].any() and filled()[:, :, 4:].std(axis=0).any()
    assert np.isfinite(scene.seam.value) and scene.diversity.value > 0


def _clamp(qtbot, tab) -> None:
    """A held label is every chain's label."""
    tab.show_scene(CLAMP)
    scene = tab.scenes[CLAMP]
    qtbot.waitUntil(lambda: len(scene.wall.data()["images"]) == 36, timeout=LIVE_IN_MS)
    scene.controls.group.button(8).click()
    qtbot.waitUntil(lambda: set(scene.wall._captions) == {"7"}, timeout=LIVE_IN_MS)
    assert scene.words.text() == "Held: label 7."
