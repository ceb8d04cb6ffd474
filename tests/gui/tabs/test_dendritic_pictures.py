"""The pictures of the dendritic tab: what they show for given payloads, and that odd payloads do no harm."""

from dataclasses import replace

import dendritic_payloads as payloads
import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFontMetricsF, QImage

from gui.shell.theme import theme
from gui.tabs.dendritic.area_strips import DELTA, ROWS, AreaStrips
from gui.tabs.dendritic.cell_card import CellCard
from gui.tabs.dendritic.scaling import ERROR, POTENTIAL, shade, spread_out
from gui.tabs.dendritic.schematic import Schematic
from gui.tabs.dendritic.tile_view import BlameTiles
from gui.widgets.lines_plot import Line, LinesPlot


def drawn(widget, width=420, height=400) -> QImage:
    """The widget as an image, painted once."""
    widget.resize(width, height)
    image = QImage(widget.size(), QImage.Format.Format_RGB32)
    image.fill(theme().color("card"))
    widget.render(image)
    return image


def colours(image: QImage) -> set[int]:
    return {image.pixel(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}


def test_that_the_colour_scale_is_odd_monotone_and_fixed():
    v = np.array([-9.0, -1.0, -0.01, 0.0, 0.01, 1.0, 9.0], dtype=np.float32)
    for scale in (POTENTIAL, ERROR):
        entries = shade(v, scale).astype(int)
        assert list(entries) == sorted(entries)
        assert entries[0] == 0 and entries[-1] == 255 and entries[3] in (127, 128)
        assert np.abs(entries + entries[::-1] - 256).max() <= 1
    assert abs(int(shade(np.array([0.01]), ERROR)[0]) - 128) > 15  # a small error is still seen
    assert shade(np.array([np.nan, np.inf, -np.inf]), ERROR).tolist()[1:] == [255, 0]
    assert shade(np.array([np.nan]), ERROR)[0] == 128


def test_that_a_chosen_cell_is_among_those_drawn():
    assert 37 in spread_out(100, 10, keep=37)
    assert len(spread_out(100, 10, keep=37)) == 10
    assert spread_out(4, 10).tolist() == [0, 1, 2, 3]
    assert spread_out(0, 10).size == 0


def test_that_a_silent_apical_dendrite_is_drawn_dark_and_an_error_is_not(qtbot):
    quiet = payloads.circuit()
    quiet = replace(
        quiet, areas=tuple(replace(a, v_apical=np.zeros_like(a.v_apical), delta=a.delta * 0) for a in quiet.areas)
    )
    strips = AreaStrips()
    qtbot.addWidget(strips)
    strips.show_view(quiet)
    image = drawn(strips)
    strip = next(s for s in strips._strips if s.name == "apical = sum")
    middle = strip.box.center().toPoint()
    dark = image.pixelColor(middle).lightness()
    strips.show_view(payloads.circuit(seed=3))
    image = drawn(strips)
    row = [image.pixelColor(x, middle.y()).lightness() for x in range(int(strip.box.left()), int(strip.box.right()))]
    assert dark < 25
    assert max(row) > 80


def test_that_delta_is_drawn_in_the_range_of_the_apical_strip_and_keeps_it_when_the_teacher_leaves():
    strips = AreaStrips()
    area = payloads.circuit().areas[0]
    gain = strips.delta_gain(area, 1)
    assert np.abs(area.delta).max() * gain == pytest.approx(np.abs(area.v_apical).max(), rel=1e-5)
    assert strips.delta_gain(replace(area, v_apical=area.v_apical * 0), 1) == gain
    assert ROWS[DELTA][1] == "delta"


@pytest.mark.parametrize(
    "view",
    [
        payloads.circuit((64, 100, 10)),
        payloads.circuit((64, 20, 10)),
        payloads.circuit((30, 20, 10), image=False, target=False),
        payloads.circuit((784, 500, 500, 10)),
        payloads.circuit((4, 1, 2)),
    ],
    ids=["one-area", "small", "no-image-no-target", "paper-size", "tiny"],
)
def test_that_circuits_of_any_shape_are_drawn(qtbot, view):
    for widget in (Schematic(), AreaStrips()):
        qtbot.addWidget(widget)
        widget.show_view(view)
        widget.set_chosen(1, 3)
        assert len(colours(drawn(widget))) > 10
        assert len(colours(drawn(widget, 220, 180))) > 5


def test_that_not_a_number_and_nothing_are_drawn_without_harm(qtbot):
    view = payloads.circuit()
    bad = replace(view, areas=tuple(replace(a, v_apical=a.v_apical * np.nan, u=a.u * np.inf) for a in view.areas))
    for widget in (Schematic(), AreaStrips()):
        qtbot.addWidget(widget)
        widget.show_view(None)
        drawn(widget)
        widget.show_view(bad)
        drawn(widget)


def test_that_hovering_a_cell_says_all_its_potentials(qtbot):
    schematic = Schematic()
    qtbot.addWidget(schematic)
    view = payloads.circuit()
    schematic.show_view(view)
    drawn(schematic)
    row = schematic._rows[1]
    cell = int(row.cells[4])
    text = schematic.hover_text(row.points[4])
    assert f"area 1, cell {cell}" in text
    assert f"{view.areas[0].v_apical[cell]:.4g}".replace("-", "−") in text
    assert "backprop δ" in text
    assert "target u*" in schematic.hover_text(schematic._rows[-1].points[3])
    assert schematic.hover_text(QPointF(1, 1)) == ""


def test_that_clicking_a_cell_or_its_place_in_a_strip_opens_it(qtbot):
    schematic, strips = Schematic(), AreaStrips()
    for widget in (schematic, strips):
        qtbot.addWidget(widget)
        widget.show_view(payloads.circuit())
        drawn(widget)
        widget.show()
    drawn(schematic)
    with qtbot.waitSignal(schematic.cell_clicked) as clicked:
        qtbot.mouseClick(schematic, Qt.MouseButton.LeftButton, pos=schematic._rows[2].points[0].toPoint())
    assert clicked.args == [2, int(schematic._rows[2].cells[0])]
    strip = next(s for s in strips._strips if s.area == 1 and s.name == "soma u")
    with qtbot.waitSignal(strips.cell_clicked) as clicked:
        qtbot.mouseClick(strips, Qt.MouseButton.LeftButton, pos=strip.box.center().toPoint())
    assert clicked.args[0] == 1 and abs(clicked.args[1] - 50) <= 1


def test_that_the_cell_card_says_what_the_apical_dendrite_asks_for(qtbot):
    card = CellCard()
    qtbot.addWidget(card)
    for says, word in (("raise", "fire more"), ("lower", "fire less"), ("silent", "nothing")):
        card.show_view(replace(payloads.cell(), says=says))
        assert word in card._says.text()
    card.show_view(payloads.cell(shape=(1, 100)))
    assert len(colours(drawn(card, 260, 360))) > 10


def test_that_the_tiles_are_framed_by_blame_and_name_their_cell(qtbot):
    tiles = BlameTiles()
    qtbot.addWidget(tiles)
    view = payloads.tiles(12)
    tiles.show_view(view)
    drawn(tiles, 300, 200)
    box = tiles._box(5, tiles._grid())
    assert "cell 5" in tiles.hover_text(box.center())
    with qtbot.waitSignal(tiles.chosen) as chosen:
        tiles.show()
        qtbot.mouseClick(tiles, Qt.MouseButton.LeftButton, pos=tiles._box(5, tiles._grid()).center().toPoint())
    assert chosen.args == [5]
    tiles.show_view(replace(view, tiles=view.tiles[:0], blame=view.blame[:0]))
    drawn(tiles, 300, 200)


def test_that_a_lines_plot_skips_what_has_no_logarithm(qtbot):
    plot = LinesPlot("angles", "λ", "angle", log=True)
    qtbot.addWidget(plot)
    plot.show()
    x = np.array([0.01, 0.1, 1.0])
    plot.set_lines([Line("W", "series0", x, np.array([0.0, 1.0, 10.0]))])
    plot.flush()
    low, high = plot.view_range()[2:]
    assert low <= 0 and high >= 1 and np.isfinite([low, high]).all()
    assert plot.data()["W"].tolist() == [0.0, 1.0, 10.0]
    assert [entry.text for entry in plot.legend()] == ["W"]
    plot.set_lines([])
    plot.flush()


def test_that_all_pictures_follow_the_theme(qtbot):
    for widget in (Schematic(), AreaStrips()):
        qtbot.addWidget(widget)
        widget.show_view(payloads.circuit())
        dark = drawn(widget)
        theme().set_mode("light")
        assert drawn(widget) != dark
        theme().set_mode("dark")


def test_that_the_names_of_the_strips_have_room_at_every_size_of_text(qtbot):
    strips = AreaStrips()
    qtbot.addWidget(strips)
    font = strips.font()
    font.setPointSizeF(font.pointSizeF() * 1.6)
    strips.setFont(font)
    strips.resize(420, 500)
    strips.show_view(payloads.circuit())
    assert not strips.grab().isNull()
    metrics = QFontMetricsF(strips.small_font(0.8))
    assert strips._strips[0].box.x() >= 8 + max(metrics.horizontalAdvance(title) for title, _, _ in ROWS)
