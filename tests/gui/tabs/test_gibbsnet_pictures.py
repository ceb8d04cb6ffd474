"""The pictures of the GibbsNet tab: what they show for given arrays, and what a click on them means."""

from dataclasses import replace

import gibbsnet_payloads as payloads
import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage

from engine.papers.gibbsnet_views import Gauge
from gui.shell.theme import theme
from gui.tabs.gibbsnet.attribute_switches import FREE, OFF, ON, AttributeSwitches
from gui.tabs.gibbsnet.chain_wall import Band, ChainWall
from gui.tabs.gibbsnet.flow_figure import FlowFigure
from gui.tabs.gibbsnet.health_meter import HealthMeter, place
from gui.tabs.gibbsnet.latent_map import LatentMap
from gui.tabs.gibbsnet.mask_canvas import SHAPES, MaskCanvas, shape_mask
from gui.tabs.gibbsnet.picture_pad import PicturePad
from gui.tabs.gibbsnet.result_table import ResultTable, Row

NAN = float("nan")


def shown(qtbot, widget, size=(420, 300)):
    qtbot.addWidget(widget)
    widget.resize(*size)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def drawn(widget) -> QImage:
    image = QImage(widget.size(), QImage.Format.Format_RGB32)
    widget.render(image)
    return image


def click(qtbot, widget, position: QPointF):
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=position.toPoint())


# --- the wall ---------------------------------------------------------------------------------------------------


def bands(count=2, n=16):
    return [Band(f"model {b}", "model", np.full((n, 8, 8), 40 * b, np.uint8), ("7",) * n) for b in range(count)]


@pytest.fixture
def wall(qtbot):
    return shown(qtbot, ChainWall(), (700, 200))


def test_that_every_chain_has_its_own_place_and_none_overlap(wall):
    for size in ((700, 200), (300, 300), (1400, 500)):
        wall.resize(*size)
        for count in (1, 2, 3, 4):
            wall.set_bands(bands(count))
            boxes = [box for cells in wall.cells() for box in cells]
            assert len(boxes) == 16 * count
            assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])
            assert all(wall.rect().toRectF().contains(box) for box in boxes)


def test_that_pictures_are_where_their_chain_is(wall):
    images = np.zeros((16, 8, 8), np.uint8)
    images[5] = 255
    wall.set_bands([Band("GibbsNet", "model", images)])
    image, cells = drawn(wall), wall.cells()[0]
    assert [image.pixelColor(c.center().toPoint()).value() for c in cells] == [0] * 5 + [255] + [0] * 10


def test_that_a_click_chooses_a_chain_but_not_one_of_a_branch(wall, qtbot):
    chosen = []
    wall.chain_chosen.connect(chosen.append)
    main, branch = bands(2)
    wall.set_bands([main, replace(branch, is_branch=True)])
    click(qtbot, wall, wall.cells()[0][3].center())
    click(qtbot, wall, wall.cells()[1][6].center())
    assert chosen == [3] and wall.chain == 3
    qtbot.keyClick(wall, Qt.Key.Key_Right)
    assert chosen == [3, 4]


def test_that_hovering_a_picture_names_chain_label_and_belief(wall):
    band = replace(bands(1)[0], beliefs=np.linspace(0, 1, 16))
    wall.set_bands([band])
    words = wall.hover_text(wall.cells()[0][15].center())
    assert "chain 15" in words and "sampled label 7" in words and "1.00" in words


def test_that_pictures_of_another_kind_are_refused_by_name(wall):
    with pytest.raises(ValueError, match=r"GibbsNet.*float32"):
        wall.set_bands([Band("GibbsNet", "model", np.zeros((3, 8, 8), np.float32))])


# --- masks ------------------------------------------------------------------------------------------------------


def test_that_shapes_hide_what_they_are_named_after():
    shares = {shape: float(shape_mask(shape, 8, 8).mean()) for shape in SHAPES}
    assert shares == {
        "left half": 0.5,
        "right half": 0.5,
        "top half": 0.5,
        "bottom half": 0.5,
        "middle": 0.75,
        "random half": 0.5,
        "nothing": 1.0,
        "everything": 0.0,
    }
    assert not shape_mask("left half", 8, 8)[:, :4].any() and not shape_mask("top half", 8, 8)[:4].any()
    assert not np.array_equal(shape_mask("random half", 8, 8, 1), shape_mask("random half", 8, 8, 2))
    with pytest.raises(KeyError, match="left half"):
        shape_mask("corner", 8, 8)


@pytest.fixture
def mask(qtbot):
    made = shown(qtbot, MaskCanvas(), (200, 200))
    made.set_picture(np.ones((8, 8), np.float32))
    return made


def test_that_a_hard_brush_hides_whole_pixels_and_a_soft_one_blends(mask):
    mask.stroke(QPointF(2, 2), QPointF(6, 2))
    assert set(np.unique(mask.image())) == {0.0, 1.0}
    mask.set_soft(True)
    mask.set_brush_size(3)
    mask.stroke(QPointF(4.2, 5.3), QPointF(4.2, 5.3))
    assert ((mask.image() > 0) & (mask.image() < 1)).any()
    mask.set_soft(False)
    assert set(np.unique(mask.image())) == {0.0, 1.0}


def test_that_the_other_side_of_the_brush_shows_again(mask):
    mask.set_shape("everything")
    mask.set_erasing(False)
    mask.stroke(QPointF(4, 4), QPointF(4, 4))
    assert mask.image()[4, 4] == 1.0 and 0 < mask.image().mean() < 0.2


def test_that_the_ends_of_the_scale_are_explained(mask):
    assert "reconstructs" in mask.words()
    mask.set_shape("everything")
    assert "generates freely" in mask.words()
    mask.set_shape("left half")
    assert mask.words() == "50 % unknown"
    mask.undo_stack.undo()
    assert "generates freely" in mask.words()


def test_that_hidden_pixels_are_veiled_and_known_ones_are_not(mask):
    mask.set_shape("left half")
    box = mask._box()
    image = drawn(mask)
    at = [box.left() + share * box.width() for share in (0.27, 0.77)]
    left, right = (image.pixelColor(round(x), round(box.center().y() + 2)) for x in at)
    assert right.value() == 255 and left.value() < 255


def test_that_a_picture_of_another_size_starts_fully_known(mask):
    mask.set_shape("everything")
    mask.set_picture(np.zeros((16, 16, 3), np.float32))
    assert mask.image().shape == (16, 16) and mask.image().all()
    assert not drawn(mask).isNull()


# --- attributes -------------------------------------------------------------------------------------------------


def test_that_a_switch_has_three_states_for_mouse_and_keys(qtbot):
    switches = shown(qtbot, AttributeSwitches(), (320, 200))
    switches.set_names(("round", "red", "large"))
    box = switches.switch_box(1)
    for share, state in ((0.9, ON), (0.1, OFF), (0.5, FREE)):
        click(qtbot, switches, QPointF(box.left() + share * box.width(), box.center().y()))
        assert switches.states == (FREE, state, FREE)
    qtbot.keyClick(switches, Qt.Key.Key_Right)
    assert switches.states[1] == ON
    switches.set_probabilities([0.2, 0.9, NAN])
    assert "0.900" in switches.hover_text(box.center())
    switches.set_names(("round", "red", "large"))
    assert switches.states[1] == ON, "the same names leave the switches alone"
    with pytest.raises(ValueError, match="3 attributes, got 1"):
        switches.set_states((ON,))


# --- health -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "value", "inside"),
    [(0.2, NAN, 1.3, True), (0.2, NAN, 0.05, False), (NAN, 3.0, 1.0, True), (NAN, 3.0, 4.0, False),
     (0.05, 20.0, 1.0, True), (0.05, 20.0, 144.0, False), (0.05, 20.0, 0.01, False), (1.0, 2.0, 1.5, True)],
)  # fmt: skip
def test_that_a_value_lies_in_the_healthy_band_exactly_when_it_is_healthy(low, high, value, inside):
    at, left, right = place(Gauge("g", "g", value, "", low, high, "good", ""))
    assert (left <= at <= right) == inside
    assert 0 <= left <= right <= 1


def test_that_an_unknown_value_has_no_pointer_and_its_words_can_be_read(qtbot):
    meter = shown(qtbot, HealthMeter())
    meter.set_gauges([Gauge("fd", "distance", NAN, "", NAN, 3.0, "warning", "Not measured yet.")])
    assert np.isnan(place(meter.gauges[0])[0]) and not drawn(meter).isNull()
    assert "Not measured yet." in meter.hover_text(QPointF(5, 5)) and "below 3" in meter.hover_text(QPointF(5, 5))


# --- latent map -------------------------------------------------------------------------------------------------


@pytest.fixture
def chart(qtbot):
    made = shown(qtbot, LatentMap(), (400, 400))
    view = payloads.latent()
    made.set_plane((-2.0, 4.0, -3.0, 3.0), ("z₁", "z₂"))
    made.set_background(view.grid[..., 0])
    made.set_clamped(view.clamped, view.label)
    made.set_trails(view.trails)
    return made


def test_that_a_click_tells_the_latent_under_it(chart, qtbot):
    assert chart.to_pixel(0, 1).y() < chart.to_pixel(0, 0).y()
    assert chart.to_latent(chart.to_pixel(1.5, -2.0)) == pytest.approx((1.5, -2.0))
    with qtbot.waitSignal(chart.place_chosen) as told:
        click(qtbot, chart, chart.to_pixel(1.0, 2.0))
    assert told.args == pytest.approx([1.0, 2.0], abs=0.03)


def test_that_decoded_pictures_lie_where_they_were_decoded(chart):
    tiles = np.zeros((4, 4, 8, 8), np.uint8)
    tiles[0, 3] = 255  # row 0 is the smallest z2, column 3 the largest z1
    chart.set_background(tiles)
    for layer in ("clamped", "chains", "contour"):
        chart.set_shown(layer, False)
    image, area = drawn(chart), chart.area()
    corners = [(0.9, 0.9), (0.9, 0.1), (0.1, 0.9)]  # from the left, from the top
    values = [
        image.pixelColor(round(area.left() + x * area.width()), round(area.top() + y * area.height()))
        for x, y in corners
    ]
    assert values[0] != values[1] and values[1] == values[2]


def test_that_hovering_a_point_names_its_class(chart):
    chart.set_clamped(np.array([[1.0, 1.0], [-1.0, 2.0]]), np.array([4, 9]))
    assert "data of class 9" in chart.hover_text(chart.to_pixel(-1.0, 2.0))
    assert "data" not in chart.hover_text(chart.to_pixel(0.0, -2.0))


def test_that_a_map_without_data_says_why(chart):
    chart.message = "Press Train."
    assert not drawn(chart).isNull() and chart.hover_text(QPointF(100, 100)) == ""


# --- what flows where -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("K", [1, 2, 3, 5, 20])
def test_that_every_chain_length_is_drawn_with_its_first_and_last_pair(qtbot, K):
    figure = shown(qtbot, FlowFigure(), (700, 260))
    figure.show_view(payloads.flow(K))
    lines = figure.arrow_lines()
    assert {"x->zhat", "zhat->D", f"x{K}->D", f"z{K}->D", f"z{K}->x{K}", "z1->x1"} <= set(lines)
    assert not drawn(figure).isNull()


def test_that_only_arrows_with_a_switch_can_be_cut(qtbot):
    figure = shown(qtbot, FlowFigure(), (700, 260))
    figure.show_view(payloads.flow(3))
    told = []
    figure.switch_clicked.connect(told.append)
    for name in ("x1->z2", "x2->z3", "x->zhat"):
        start, end = figure.arrow_lines()[name]
        click(qtbot, figure, (start + end) / 2)
    assert told == ["flow_encoder", "flow_data"]
    start, end = figure.arrow_lines()["x1->z2"]
    assert "let it pass" in figure.hover_text((start + end) / 2)


# --- tables -----------------------------------------------------------------------------------------------------


def test_that_the_better_model_is_told_from_the_worse_and_references_do_not_compete(qtbot):
    table = shown(qtbot, ResultTable("measures"))
    rows = (Row("score", (7.0, 8.0, 9.4), "up"), Row("seam", (1.1, 1.3, 1.0), "down"), Row("error", (1.0, 2.0, NAN)))
    table.set_rows(("GibbsNet", "ALI", "real"), ("model", "baseline", "data"), 2, rows)
    assert [table.best(row) for row in table.rows] == [1, 0, -1]
    assert table.data()["ALI"].tolist() == [8.0, 1.3, 2.0] and not drawn(table).isNull()
    with pytest.raises(ValueError, match="3 columns"):
        table.set_rows(("a", "b", "c"), ("model",) * 3, 2, (Row("score", (1.0,)),))


def test_that_every_picture_is_drawn_in_light_colours_too(wall, mask, chart):
    wall.set_bands(bands(3))
    theme().set_mode("light")
    for widget in (wall, mask, chart):
        assert not drawn(widget).isNull()


# --- the pad ----------------------------------------------------------------------------------------------------


def test_that_a_dropped_file_is_handed_on_unread_and_a_colour_picture_keeps_its_colours(qtbot, tmp_path):
    pad = shown(qtbot, PicturePad(8, 8, "held"), (200, 200))
    files = []
    pad.file_dropped.connect(files.append)
    pad.load_file(tmp_path / "cat.png")
    assert files == [tmp_path / "cat.png"] and not pad.image().any()
    red = np.zeros((8, 8, 3), np.float32)
    red[..., 0] = 1.0
    pad.show_image(red.mean(-1))
    grey = drawn(pad).pixelColor(100, 100)
    assert grey.red() == grey.green() == grey.blue()
    pad.show_colours(red)
    colour = drawn(pad).pixelColor(100, 100)
    assert (colour.red(), colour.green(), colour.blue()) == (255, 0, 0)
    pad.show_colours(None)
    assert drawn(pad).pixelColor(100, 100) == grey
