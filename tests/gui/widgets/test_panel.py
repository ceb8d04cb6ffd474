"""A panel exports what it shows with where it came from, and is honest about what it shows."""

import csv

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QLabel, QToolButton

from gui.shell.theme import theme
from gui.widgets.curves import Curves
from gui.widgets.legend import Legend, LegendEntry
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.provenance import read_provenance
from gui.widgets.strips import Strip, Strips

RECORD = {"paper": "dendritic", "preset": "Digits", "seed": 3, "version": "0.1.0", "step": 42, "params": {"η": 0.1}}


@pytest.fixture
def panel(qtbot):
    curves = Curves("loss")
    curves.add_series("train")
    curves.append("train", np.arange(50), np.linspace(2, 1, 50))
    made = Panel("Learning", curves)
    made.provenance = lambda: dict(RECORD)
    qtbot.addWidget(made)
    made.resize(420, 260)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.mark.parametrize("suffix", ["png", "svg", "csv", "npz", "json"])
def test_that_every_export_carries_its_provenance(qtbot, panel, tmp_path, suffix):
    path = tmp_path / f"out.{suffix}"
    with qtbot.waitSignal(panel.exported, timeout=5000) as done:
        panel.export_to(path)
    assert done.args == [path]
    assert read_provenance(path) == {**RECORD, "panel": "Learning"}


def test_that_an_exported_picture_is_sharp_and_an_exported_table_exact(qtbot, panel, tmp_path):
    with qtbot.waitSignals([panel.exported] * 3, timeout=5000):
        for suffix in ("png", "svg", "csv"):
            panel.export_to(tmp_path / f"out.{suffix}")
    image = QImage(str(tmp_path / "out.png"))
    assert (image.width(), image.height()) == (840, 520)
    assert image.text("atelier").startswith('{"paper"')  # Qt itself reads the chunk too
    assert QSvgRenderer(str(tmp_path / "out.svg")).isValid()
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()[1:]))
    assert [float(r["train"]) for r in rows] == np.linspace(2, 1, 50).tolist()


def test_that_a_picture_is_drawn_without_pointer_menu_and_focus(qtbot, panel):
    clean = panel.picture()
    panel.body.setFocus()
    panel.body.on_mouse_moved(QPointF(200, 100))
    assert panel.grab().toImage() != clean
    assert panel.picture() == clean
    button = panel._menu_button
    box = (button.mapTo(panel, button.rect().topLeft()), button.mapTo(panel, button.rect().bottomRight()))
    seen = {
        clean.pixelColor(2 * x, 2 * y).name()
        for x in range(box[0].x(), box[1].x())
        for y in range(box[0].y(), box[1].y())
    }
    assert len(seen) == 1  # nothing but background where the menu button is


def test_that_a_failing_export_says_so(qtbot, panel, tmp_path):
    with qtbot.waitSignal(panel.export_failed, timeout=5000) as failed:
        panel.export_to(tmp_path / "missing" / "out.png")
    assert "out.png" in failed.args[0]
    with pytest.raises(ValueError, match=r"\.bmp"):
        panel.export_to(tmp_path / "out.bmp")


def test_that_a_panel_without_numbers_offers_no_data(qtbot):
    bare = Panel("Words", QLabel("hello"))
    qtbot.addWidget(bare)
    bare.on_menu_about_to_show()
    assert not bare._export_data.isEnabled()
    with pytest.raises(ValueError, match="no data"):
        bare.export_data()
    bare.data_source = lambda: {"x": np.arange(3)}
    bare.on_menu_about_to_show()
    assert bare._export_data.isEnabled()


def test_that_the_menu_holds_the_switches_of_the_body(qtbot, panel):
    panel.on_menu_about_to_show()
    words = [a.text() for a in panel._menu.actions()]
    assert words[0].startswith("Logarithmic") and "Copy picture" in words and words[-1] == "Maximise"
    button = panel.findChild(QToolButton)
    assert button.accessibleName() == "menu of Learning"


def test_that_copying_puts_the_picture_on_the_clipboard(qtbot, panel):
    panel.copy_picture()
    assert QGuiApplication.clipboard().image().size() == panel.picture().size()


def test_that_empty_error_and_stale_are_told_apart(qtbot, panel):
    body = panel.body
    panel.set_empty("Nothing yet: press Train.")
    assert not body.isVisible() and panel._message.text().startswith("Nothing")
    panel.set_error("The engine was killed.")
    assert panel._message.text() == "The engine was killed." and panel._message.property("role") == "bad"
    panel.set_error("")
    assert panel._message.text().startswith("Nothing")
    panel.set_empty("")
    assert body.isVisible() and not panel._veil.isVisible()
    before = panel.grab().toImage()
    panel.set_stale("settings changed")
    assert body.isVisible() and panel._veil.isVisible() and panel._stale.text() == "settings changed"
    panel.set_stale("")
    assert panel.grab().toImage() == before


def test_that_a_legend_which_does_not_fit_shows_the_first_entries_and_names_all(qtbot):
    legend = Legend()
    qtbot.addWidget(legend)
    legend.set_entries([LegendEntry(f"curve {i}", f"series{i}") for i in range(8)])
    legend.resize(200, 20)
    shown = legend._fitting()
    assert 1 <= len(shown) < 8 and shown[-1].text == "…" and shown[0].text == "curve 0"
    assert sum(legend._width(e) + 12 for e in shown) - 12 <= 200
    assert "curve 7" in legend.toolTip()
    legend.resize(legend.sizeHint())
    assert len(legend._fitting()) == 8


@pytest.fixture
def grid(qtbot):
    made = PanelGrid()
    panels = []
    for i in range(4):
        strips = Strips()
        strips.set_strips([Strip("a", "a", 4)])
        panels.append(Panel(f"p{i}", strips))
    made.arrange(column(row(panels[0], column(panels[1], panels[2]), stretch=(2, 1)), panels[3], stretch=(3, 1)))
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    qtbot.waitExposed(made)
    return made


def sizes(grid):
    return [(p.width(), p.height()) for p in grid.panels()]


def test_that_a_double_click_on_a_title_maximises_and_a_second_restores(qtbot, grid):
    before, panel = sizes(grid), grid.panels()[2]
    qtbot.mouseDClick(panel._header, Qt.MouseButton.LeftButton)
    assert grid.maximised is panel and panel.maximised
    assert [p.isVisible() for p in grid.panels()] == [False, False, True, False]
    qtbot.waitUntil(lambda: panel.width() == 900 and panel.height() == 700)
    qtbot.mouseDClick(panel._header, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: sizes(grid) == before)
    assert grid.maximised is None and all(p.isVisible() for p in grid.panels())


def test_that_escape_restores_and_another_panel_can_take_over(qtbot, grid):
    first, second = grid.panels()[0], grid.panels()[3]
    before = sizes(grid)
    grid.maximise(first)
    grid.maximise(second)
    assert grid.maximised is second and not first.maximised
    second.body.setFocus()
    qtbot.keyClick(second.body, Qt.Key.Key_Escape)
    assert grid.maximised is None
    qtbot.waitUntil(lambda: sizes(grid) == before)


def test_that_the_layout_comes_back_from_its_saved_state(qtbot, grid):
    grid._root.setSizes([200, 492])
    grid._splitters()[1].setSizes([300, 592])
    qtbot.waitUntil(lambda: grid._root.sizes() == [200, 492])
    wanted = sizes(grid)
    state = grid.save_state()
    grid._root.setSizes([500, 192])
    grid.maximise(grid.panels()[1])
    assert grid.restore_state(state)
    qtbot.waitUntil(lambda: sizes(grid) == wanted)
    assert grid.maximised is None
    grid.maximise(grid.panels()[1])
    state = grid.save_state()
    grid.restore()
    assert grid.restore_state(state) and grid.maximised is grid.panels()[1]


@pytest.mark.parametrize(
    "state",
    [b"", b"junk", b"[]", b'{"sizes": [], "maximised": null}', b'{"sizes": [[1,2],[1,-2],[1,2]], "maximised": null}',
     b'{"sizes": [[1,2],[1,2],[1,2]], "maximised": 9}', b'{"sizes": [["a",2],[1,2],[1,2]], "maximised": null}'],
)  # fmt: skip
def test_that_a_state_that_does_not_fit_changes_nothing(grid, state):
    before = sizes(grid)
    assert not grid.restore_state(state)
    assert sizes(grid) == before and grid.maximised is None


def test_that_a_foreign_panel_and_a_second_arrangement_are_refused(qtbot, grid):
    other = Panel("other")
    qtbot.addWidget(other)
    with pytest.raises(ValueError, match="other"):
        grid.maximise(other)
    with pytest.raises(ValueError, match="arranged"):
        grid.arrange(row(other))
    with pytest.raises(ValueError, match="stretch"):
        row(other, stretch=(1, 2))


def test_that_a_panel_follows_the_theme(qtbot, panel):
    dark = panel.picture()
    theme().set_mode("light")
    light = panel.picture()
    assert light != dark
    theme().set_mode("dark")
    assert panel.picture() == dark
