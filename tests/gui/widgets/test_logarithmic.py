"""A timeline and a plot whose horizontal axis is logarithmic: the first ten of thousands have room of their own."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.timeline import Timeline


@pytest.fixture
def timeline(qtbot):
    made = Timeline("steps", logarithmic=True, first=1)
    qtbot.addWidget(made)
    made.resize(700, 50)
    made.show()
    qtbot.waitExposed(made)
    made.set_length(5000)
    return made


def test_that_each_decade_takes_the_same_room(timeline):
    track = timeline._track
    x = [track._x(step - 1) for step in (1, 10, 100, 1000)]
    assert np.ptp(np.diff(x)) == pytest.approx(0, abs=1e-6)
    assert track._x(0) == 8 and track._x(4999) == track.width() - 8


def test_that_every_one_of_the_first_steps_and_the_last_can_be_grasped(timeline, qtbot):
    for moment in (0, 1, 2, 4, 9, 4999):
        at = QPoint(round(timeline._track._x(moment)), 11)
        qtbot.mousePress(timeline._track, Qt.MouseButton.LeftButton, pos=at)
        assert timeline.position == moment


def test_that_any_step_is_reached_with_the_keys(timeline, qtbot):
    timeline.set_position(3332)
    qtbot.keyClick(timeline, Qt.Key.Key_Right)
    assert timeline.position == 3333


def test_that_it_is_drawn_at_any_length(timeline):
    for length in (0, 1, 2, 7, 100_000):
        timeline.set_length(length)
        assert not timeline.grab().isNull()


def test_that_a_plot_can_be_logarithmic_along_x_alone(qtbot):
    plot = LinesPlot("quality", "chain length", "distance", log_x=True)
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    plot.show()
    qtbot.waitExposed(plot)
    plot.set_lines([Line("FD", "model", np.array([1, 10, 100, 1000]), np.array([0.5, 0.0, -0.5, 0.5]))])
    plot.flush()
    x0, x1, y0, y1 = plot.view_range()
    assert x0 == pytest.approx(0, abs=0.1) and x1 >= 3
    assert y0 < -0.5 and y1 > 0.5, "values of any sign are drawn"
    plot.set_cursor(100.0)
    assert plot._cursor_x() == pytest.approx(plot.to_pixel(2.0, 0).x())
