"""Image grid, heat map, strips, bars, gauge: what is set is what is seen, hovered, clicked and exported."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from gui.shell.theme import theme
from gui.widgets.bars import Bars
from gui.widgets.gauge import AngleGauge
from gui.widgets.heat_map import HeatMap
from gui.widgets.image_grid import ImageGrid
from gui.widgets.painted import colored_image, number, symmetric_range
from gui.widgets.strips import Strip, Strips


def shown(qtbot, widget, size=(320, 240)):
    qtbot.addWidget(widget)
    widget.resize(*size)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def color_at(widget, position: QPointF) -> str:
    image = widget.grab().toImage()
    ratio = image.devicePixelRatio()
    return image.pixelColor(int(position.x() * ratio), int(position.y() * ratio)).name()


def table_color(table, index: int) -> str:
    return "#" + bytes(theme().table(table)[index]).hex()


# Arrays to pixels


def test_that_values_take_the_colour_of_their_place_in_the_table(qtbot):
    image = colored_image(np.array([[-1.0, 0.0, 1.0, np.nan, 99.0]]), "signed", -1, 1)
    seen = [image.pixelColor(x, 0).name() for x in range(5)]
    expected = [table_color("signed", i) for i in (0, 127, 255, 255)]
    assert seen == [*expected[:3], theme().colors.raised, expected[3]]


def test_that_the_image_does_not_change_with_the_array(qtbot):
    values = np.zeros((2, 2), np.uint8)
    image = colored_image(values, "grey", 0, 1)
    values[:] = 255
    assert image.pixelColor(0, 0).name() == "#000000"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-1.5, "−1.5"), (123456.0, "1.235e+05"), (math.nan, "n/a"), (-math.inf, "−∞"), (2e-7, "2.000e−07")],
)
def test_that_numbers_are_written_for_people(value, text):
    assert number(value) == text


def test_that_a_signed_scale_ignores_what_is_not_finite():
    assert symmetric_range(np.array([-3.0, 2.0])) == 3
    assert symmetric_range(np.array([np.nan, 2.0, -np.inf])) == 2
    assert symmetric_range(np.array([])) > 0 and symmetric_range(np.zeros(3)) > 0


# Image grid


@pytest.fixture
def images(qtbot):
    grid = shown(qtbot, ImageGrid(3, low=0.0, high=1.0))
    pictures = np.zeros((6, 4, 4), np.float32)
    pictures[4, 1, 2] = 1.0
    grid.set_images(pictures, [f"no. {i}" for i in range(6)])
    return grid


def test_that_each_pixel_is_where_it_belongs(images):
    cell = images._cell(4)
    pixel = cell.width() / 4
    assert pixel == int(pixel)
    bright = cell.topLeft() + QPointF(2.5 * pixel, 1.5 * pixel)
    assert color_at(images, bright) == "#ffffff"
    assert color_at(images, bright + QPointF(pixel, 0)) == "#000000"
    assert images.hover_text(bright) == "no. 4, picture 4\nrow 1, column 2: 1"
    assert images.hover_text(QPointF(1, 1)) == ""


def test_that_a_click_and_the_arrows_select(qtbot, images):
    with qtbot.waitSignal(images.selected) as done:
        qtbot.mouseClick(images, Qt.MouseButton.LeftButton, pos=images._cell(1).center().toPoint())
    assert done.args == [1] and images.current == 1
    qtbot.keyClick(images, Qt.Key.Key_Down)
    assert images.current == 4
    qtbot.keyClick(images, Qt.Key.Key_Down)
    assert images.current == 4
    images.set_images(np.zeros((2, 4, 4)))
    assert images.current == 1


def test_that_pictures_keep_within_the_widget_at_any_shape(images):
    for count, size in ((1, (90, 300)), (10, (700, 90)), (64, (300, 300))):
        images.set_columns(0)
        images.set_images(np.random.default_rng(0).random((count, 8, 8)), [])
        images.resize(*size)
        for i in range(count):
            assert images.rect().contains(images._cell(i).toAlignedRect()), (count, size, i)


def test_that_coloured_and_byte_pictures_are_shown_as_they_are(images):
    rgb = np.zeros((1, 2, 2, 3), np.uint8)
    rgb[0, 0, 0] = (10, 200, 30)
    images.set_images(rgb, [])
    assert color_at(images, images._cell(0).topLeft() + QPointF(3, 3)) == "#0ac81e"
    assert "10, 200, 30" in images.hover_text(images._cell(0).topLeft() + QPointF(3, 3))
    np.testing.assert_array_equal(images.data()["images"], rgb)
    with pytest.raises(ValueError, match="pictures"):
        images.set_images(np.zeros((2, 2)))


# Heat map


def test_that_the_heat_map_tells_names_and_values(qtbot):
    heat = shown(qtbot, HeatMap(table="signed", x_label="to", y_label="from", unit="mV"))
    matrix = np.array([[-2.0, 0.0], [1.0, np.nan]])
    heat.set_matrix(matrix)
    heat.set_ticks(["a", "b"], ["c", "d"])
    heat.grab()
    area, bar = heat._areas()
    at = QPointF(area.left() + area.width() / 4, area.top() + area.height() / 4)
    assert heat.hover_text(at) == "from c\nto a\n−2 mV"
    assert color_at(heat, at) == table_color("signed", 0)
    assert color_at(heat, bar.topLeft() + QPointF(4, 2)) in [table_color("signed", i) for i in range(250, 256)]
    empty = QPointF(area.left() + area.width() * 0.75, area.top() + area.height() * 0.75)
    assert color_at(heat, empty) == theme().colors.raised
    with qtbot.waitSignal(heat.cell_clicked) as done:
        qtbot.mouseClick(heat, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert done.args == [0, 0]
    with pytest.raises(ValueError, match="matrix"):
        heat.set_matrix(np.zeros(3))
    assert area.right() < bar.left() and bar.right() < heat.width()


# Strips


@pytest.fixture
def strips(qtbot):
    made = shown(qtbot, Strips(), (360, 300))
    made.set_strips(
        [
            Strip("va", "apical", 20, "apical", "area 1", table="error", limit=1.0),
            Strip("u", "soma", 20, "soma", "area 1", limit=2.0, unit="mV"),
            Strip("out", "output", 4, "soma", "output", style="bars", limit=1.0),
        ]
    )
    made.set_values({"va": np.linspace(-1, 1, 20), "u": np.zeros(20), "out": [0.5, -0.5, 0.0, np.nan]})
    return made


def test_that_a_strip_shows_sign_and_size(strips):
    box = strips._boxes()[0]
    assert color_at(strips, QPointF(box.center().x(), box.top() + 2)) == table_color("error", 0)
    assert color_at(strips, QPointF(box.center().x(), box.bottom() - 3)) == table_color("error", 255)
    bars = strips._boxes()[2]
    cell = bars.height() / 4
    right, left = (QPointF(bars.center().x() + d * bars.width() / 8, 0) for d in (1, -1))
    soma = theme().colors.soma
    for row, (on_left, on_right) in enumerate([(False, True), (True, False), (False, False), (False, False)]):
        y = QPointF(0, bars.top() + (row + 0.5) * cell)
        assert (color_at(strips, left + y) == soma) is on_left and (color_at(strips, right + y) == soma) is on_right


def test_that_hovering_a_cell_tells_all_its_compartments(strips):
    box = strips._boxes()[0]
    at = QPointF(box.center().x(), box.top() + box.height() * 19.5 / 20)
    assert strips.hover_text(at) == "area 1, cell 19\napical: 1\nsoma: 0 mV"
    strips.set_ticks({"out": [0.25, np.nan, 0, 0]})
    box = strips._boxes()[2]
    assert strips.hover_text(QPointF(box.center().x(), box.top() + 2)) == "output, cell 0\noutput: 0.5 (target 0.25)"
    assert strips.hover_text(QPointF(1, 1)) == ""


def test_that_a_cell_is_chosen_by_mouse_or_keys(qtbot, strips):
    box = strips._boxes()[1]
    with qtbot.waitSignal(strips.cell_clicked) as done:
        qtbot.mouseClick(strips, Qt.MouseButton.LeftButton, pos=QPoint(int(box.center().x()), int(box.top()) + 1))
    assert done.args == ["u", 0]
    for key, expected in ((Qt.Key.Key_Down, ("u", 1)), (Qt.Key.Key_Left, ("va", 1)), (Qt.Key.Key_Up, ("va", 0))):
        qtbot.keyClick(strips, key)
        assert strips._selected == expected


def test_that_values_which_do_not_fit_are_refused(strips):
    with pytest.raises(ValueError, match="20 cells"):
        strips.set_values({"u": np.zeros(3)})
    with pytest.raises(KeyError, match="va, u, out"):
        strips.set_values({"w": np.zeros(3)})
    with pytest.raises(ValueError, match="4 cells"):
        strips.set_ticks({"out": np.zeros(3)})
    with pytest.raises(ValueError, match="different keys"):
        strips.set_strips([Strip("a", "a", 1), Strip("a", "b", 1)])


def test_that_a_followed_scale_grows_at_once_and_shrinks_slowly(qtbot):
    strips = Strips()
    qtbot.addWidget(strips)
    strips.set_strips([Strip("a", "a", 2)])
    limits = []
    for top in (1.0, 10.0, 0.1, 0.1):
        strips.set_values({"a": [top, 0.0]})
        limits.append(strips._limits["a"])
    assert limits[:2] == [1.0, 10.0] and 9.0 < limits[3] < limits[2] < 10.0


# Bars and gauge


def test_that_a_bar_is_as_long_as_its_value(qtbot):
    bars = shown(qtbot, Bars(high=1.0))
    bars.set_bars(["a", "b"], [0.5, 1.0])
    bars.grab()
    lengths = [bars._bar(bars._rail(i), v, 0, 1).width() for i, v in ((0, 0.5), (1, 1.0))]
    assert lengths[1] == pytest.approx(2 * lengths[0]) and lengths[1] == pytest.approx(bars._rail(0).width())
    assert bars.hover_text(QPointF(50, 10)) == "a: 0.5"
    bars.set_values([0.25, 0.75])
    assert bars.data()["value"].tolist() == [0.25, 0.75]
    with qtbot.waitSignal(bars.bar_clicked) as done:
        qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(100, 200))
    assert done.args == [1]


@pytest.mark.parametrize("horizontal", [True, False])
def test_that_the_papers_number_is_a_hollow_bar_beside_ours(qtbot, horizontal):
    bars = shown(qtbot, Bars(horizontal=horizontal, unit=" %"), (400, 240))
    bars.set_bars(["x", "y"], [2.0, np.nan], paper=[1.96, 8.4], spread=[0.1, np.nan])
    image = bars.grab()
    assert not image.isNull()
    rail = bars._rail(0)
    ours, paper = bars._bar(rail, 2.0, 0, 2), bars._bar(rail, 1.96, 1, 2)
    assert not ours.intersects(paper.adjusted(1, 1, 0, 0))
    assert color_at(bars, ours.center() + (QPointF(0, 3) if horizontal else QPointF(3, 3))) == theme().colors.model
    assert color_at(bars, paper.center()) != theme().colors.model
    assert bars.hover_text(QPointF(5, 5)) == "x: 2 % ± 0.1\npaper: 1.96 %"
    assert set(bars.data()) == {"label", "value", "paper", "spread"}
    with pytest.raises(ValueError, match="length"):
        bars.set_bars(["x"], [1.0, 2.0])
    with pytest.raises(ValueError, match="2 bars"):
        bars.set_values([1.0])


def test_that_the_needle_points_where_the_angle_says(qtbot):
    gauge = shown(qtbot, AngleGauge(), (200, 160))
    gauge.set_angles({"area 1": 0.0}, {"area 1": "model"})
    assert gauge.hover_text(QPointF(100, 80)) == "area 1: 0°\ncosine 1"

    def model_pixels():
        image = gauge.grab().toImage()
        name = theme().colors.model
        return [
            (x, y) for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y).name() == name
        ]

    flat = model_pixels()
    assert len({y for _, y in flat}) <= 3 and max(x for x, _ in flat) > 130
    gauge.set_angles({"area 1": 180.0})
    assert min(x for x, _ in model_pixels()) < 70
    gauge.set_angles({"area 1": 90.0})
    assert min(y for _, y in model_pixels()) < min(y for _, y in flat) - 30
    gauge.set_angles({"area 1": math.nan})
    assert model_pixels() == [] and "not measured" in gauge.hover_text(QPointF(100, 80))
    with pytest.raises(ValueError, match="outside"):
        gauge.set_angles({"area 1": 200.0})


@pytest.mark.parametrize("size", [(110, 84), (1200, 90), (160, 700)])
def test_that_dials_stay_in_their_slots(qtbot, size):
    gauge = shown(qtbot, AngleGauge(), size)
    gauge.set_angles({f"area {i}": 20.0 * i for i in range(4)})
    gauge.grab()
    slots = gauge._slots()
    assert all(gauge.rect().adjusted(-1, -1, 1, 1).contains(s.toAlignedRect()) for s in slots)
    assert not any(a.intersects(b) for i, a in enumerate(slots) for b in slots[:i])


# All of them


MAKERS = {
    "images": lambda: (w := ImageGrid(2), lambda r: w.set_images(r.random((4, 8, 8)))),
    "heat": lambda: (w := HeatMap(), lambda r: w.set_matrix(r.random((9, 7)))),
    "bars": lambda: (w := Bars(), lambda r: w.set_bars(list("abc"), r.random(3))),
    "gauge": lambda: (w := AngleGauge(), lambda r: w.set_angles({"a": r.random() * 180})),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_that_every_picture_changes_with_data_and_theme_and_says_its_name(qtbot, kind):
    view, change = MAKERS[kind]()
    shown(qtbot, view)
    view.grab()  # nothing set: must not fail
    rng = np.random.default_rng(0)
    change(rng)
    first = view.grab().toImage()
    change(rng)
    second = view.grab().toImage()
    assert first != second
    theme().set_mode("light")
    third = view.grab().toImage()
    assert kind == "images" or third != second  # grey pictures stay as they are
    assert view.accessibleName() and view.focusPolicy() == Qt.FocusPolicy.StrongFocus
    view.resize(view.minimumSize())
    view.grab()


def test_that_a_hover_value_follows_the_data_under_a_resting_pointer(qtbot):
    bars = shown(qtbot, Bars(high=1.0))
    bars.set_bars(["a"], [0.5])
    bars.grab()
    qtbot.mouseMove(bars, QPoint(60, 100))
    qtbot.waitUntil(lambda: bars._hover.isVisible())
    assert bars._hover.text() == "a: 0.5"
    bars.set_values([0.75])
    assert bars._hover.text() == "a: 0.75"
