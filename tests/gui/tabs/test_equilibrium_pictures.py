"""The pictures of the equilibrium tab and the shared ones it needs: what they show for given payloads."""

from dataclasses import replace

import equilibrium_payloads as payloads
import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage

from gui.shell.theme import theme
from gui.tabs.equilibrium.layers_view import LayersView
from gui.tabs.equilibrium.moment_plots import gap_lines, neuron_lines, weight_lines
from gui.tabs.equilibrium.state_strips import StateStrips
from gui.tabs.equilibrium.valley_map import FINE, ValleyMap, height_picture
from gui.widgets.big_number import BigNumber
from gui.widgets.heat_map import HeatMap
from gui.widgets.lines_plot import Line, LinesPlot


def drawn(widget, width=420, height=400) -> QImage:
    """The widget as an image, painted once."""
    widget.resize(width, height)
    image = QImage(widget.size(), QImage.Format.Format_RGB32)
    widget.render(image)
    return image


def count(image: QImage, meaning: str) -> int:
    """Pixels of exactly this colour."""
    colour = theme().color(meaning).rgb()
    return sum(image.pixel(x, y) == colour for x in range(image.width()) for y in range(image.height()))


def test_that_the_bottom_of_the_valley_is_darkest_and_levels_are_crossed_by_lines():
    axis = np.linspace(-1, 1, 128, dtype=np.float32)
    picture = height_picture(axis[:, None] ** 2 + axis[None, :] ** 2)
    assert picture.shape == (FINE, FINE)
    middle = picture[FINE // 2, FINE // 2]
    assert middle == picture.min() and picture[0, 0] > 90
    along = picture[FINE // 2, FINE // 2 :].astype(int)
    assert (np.diff(along) > 20).sum() >= 10  # height lines
    assert np.isfinite(height_picture(np.zeros((128, 128), np.float32))).all()


def test_that_o_grows_upwards_and_pixels_lead_back_to_states(qtbot):
    chart = ValleyMap()
    qtbot.addWidget(chart)
    chart.resize(400, 400)
    chart.show_view(payloads.valley(), 1.0)
    assert chart.to_pixel(0, 1).y() < chart.to_pixel(0, 0).y()
    assert chart.to_state(chart.to_pixel(0.3, 0.8)) == pytest.approx((0.3, 0.8))
    assert chart.to_state(QPointF(-50, 4000)) == pytest.approx((-0.1, -0.1))


def test_that_arrows_are_drawn_in_the_second_phase_only(qtbot):
    chart = ValleyMap()
    qtbot.addWidget(chart)
    chart.show_view(payloads.valley(), 1.0)
    chart.show_moment(60)
    assert count(drawn(chart), "error_positive") == 0
    chart.show_moment(125)
    assert count(drawn(chart), "error_positive") > 10


def test_that_the_map_shows_the_tilted_energy_while_nudged(qtbot):
    chart = ValleyMap()
    qtbot.addWidget(chart)
    chart.resize(400, 400)
    chart.show_view(payloads.valley(), 1.0)
    at = chart.to_pixel(0.5, 0.0)
    chart.show_moment(0)
    free = chart.hover_text(at)
    chart.show_moment(200)
    assert free.startswith("h 0.5") and chart.hover_text(at) != free


def test_that_an_empty_map_says_what_is_coming(qtbot):
    chart = ValleyMap()
    qtbot.addWidget(chart)
    assert count(drawn(chart), "muted") > 0
    assert chart.data() == {} and chart.hover_text(QPointF(10, 10)) == ""


def test_that_both_processes_are_drawn_for_each_neuron_and_named_once():
    view = payloads.moments()
    lines = neuron_lines(view, 2)
    assert len(lines) == 16 and sum(line.dashed for line in lines) == 8
    assert [line.label for line in lines if line.label] == ["EP", "side network"]
    assert all(np.array_equal(line.y, view.unit_ep[:, 8 + i]) for i, line in enumerate(lines[:8]))


def test_that_weights_without_a_final_value_have_no_dot():
    view = payloads.moments()
    final = view.weight_final.copy()
    final[1] = np.nan
    lines = weight_lines(replace(view, weight_final=final), 0)
    assert sum(line.dots for line in lines) == 5
    assert [line.label for line in lines if line.label] == ["EP", "side network", "H⁻¹"]


def test_that_the_floor_stands_among_the_gaps():
    lines = {line.label: line for line in gap_lines(payloads.moments())}
    assert set(lines) == {"layer 1", "output", "W₀", "W₁", "floor"}
    assert lines["floor"].y.tolist() == [1e-9, 1e-9]
    assert "floor" not in {line.label for line in gap_lines(replace(payloads.moments(), floor=0.0))}


def test_that_states_below_zero_are_drawn_signed_and_others_are_not(qtbot):
    strips = StateStrips()
    qtbot.addWidget(strips)
    strips.show_view(payloads.states())
    assert strips._strip("free 0").table == "unsigned" and strips._strip("shift 0").table == "error"
    view = payloads.states()
    strips.show_view(replace(view, free=tuple(f - 0.5 for f in view.free)))
    assert strips._strip("free 0").table == "signed"


@pytest.mark.parametrize("sizes", [(4, 10), (128, 10), (500, 500, 500, 10)])
def test_that_every_neuron_of_the_settling_network_can_be_found(sizes, qtbot):
    layers = LayersView()
    qtbot.addWidget(layers)
    layers.resize(700, 300)
    layers.show_view(payloads.play(sizes))
    drawn(layers, 700, 300)
    for layer, n in enumerate(sizes[:-1], start=1):
        cells, columns, _ = layers.field(layers.boxes()[layer], n)
        side = cells.width() / columns
        for unit in (0, n // 2, n - 1):
            row, column = divmod(unit, columns)
            at = QPointF(cells.left() + (column + 0.5) * side, cells.top() + (row + 0.5) * side)
            assert layers.unit_at(at) == (layer, unit)


def test_that_nothing_seen_yet_is_said(qtbot):
    layers = LayersView()
    qtbot.addWidget(layers)
    layers.show_view(replace(payloads.play(), predicted=-1))
    assert not drawn(layers).isNull()


# --- what the tab added to the shared pictures ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.7e-8, "1.7·10⁻⁸"), (9.96e-4, "1.0·10⁻³"), (0.0, "0"), (0.4, "0.4"), (float("nan"), "–"), (-3e-5, "−3.0·10⁻⁵")],
)
def test_that_a_big_number_is_written_with_powers_of_ten(value, text, qtbot):
    big = BigNumber("gap")
    qtbot.addWidget(big)
    big.set_value(value, "good")
    assert big.text() == text
    drawn(big, 120, 60)
    assert np.array_equal(big.data()["value"], [value], equal_nan=True)


def test_that_a_cursor_is_drawn_where_its_value_lies(qtbot):
    plot = LinesPlot("gap", "β", "gap", log=True)
    qtbot.addWidget(plot)
    x = np.array([1e-4, 1e-3, 1e-2])
    plot.set_lines([Line("gap", "model", x, x)])
    plot.resize(400, 300)
    plot.show()
    plot.flush()
    before = plot.grab().toImage()
    plot.set_cursor(1e-3)
    image = plot.grab().toImage()
    column = round(plot.to_pixel(-3.0, 0.0).x())
    assert count(before, "accent") == 0
    marked = [x for x in range(image.width()) if image.pixel(x, 150) == theme().color("accent").rgb()]
    assert set(marked) <= {column} and count(image, "accent") > 50
    plot.set_cursor(0.0)  # has no logarithm
    assert count(plot.grab().toImage(), "accent") == 0


def test_that_a_framed_cell_is_seen_and_one_outside_is_not(qtbot):
    chart = HeatMap()
    qtbot.addWidget(chart)
    chart.set_matrix(np.zeros((4, 4)))
    before = count(drawn(chart), "text")
    chart.set_mark((9, 9))
    assert count(drawn(chart), "text") == before
    chart.set_mark((1, 2))
    assert count(drawn(chart), "text") > before + 50
