"""What is too large for its place scrolls or is shortened, instead of being cut or lying on other things."""

from itertools import pairwise

import pytest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from gui.widgets.plot import Plot
from gui.widgets.scrolling import Scrolling


@pytest.fixture
def controls(qtbot):
    body = QWidget()
    layout = QVBoxLayout(body)
    for number in range(6):
        line = QLabel(f"line {number}")
        line.setFixedHeight(30)
        layout.addWidget(line)
    area = Scrolling(body)
    qtbot.addWidget(area)
    area.show()
    return area


def test_that_low_panels_scroll_their_controls_and_high_ones_do_not(controls, qtbot):
    lines = controls.widget().findChildren(QLabel)
    controls.resize(200, 100)
    qtbot.waitUntil(lambda: controls.verticalScrollBar().maximum() > 0)
    assert all(a.geometry().bottom() < b.geometry().top() for a, b in pairwise(lines))
    controls.resize(200, 400)
    qtbot.waitUntil(lambda: controls.verticalScrollBar().maximum() == 0)


def test_that_a_label_longer_than_its_axis_ends_in_an_ellipsis_until_there_is_room(qtbot):
    words = "relative gap of all the neurons of this layer"
    plot = Plot("gaps", "time since the nudge", words)
    qtbot.addWidget(plot)
    plot.resize(300, 120)
    plot.show()
    label = plot.item.getAxis("left").label
    qtbot.waitUntil(lambda: label.toPlainText().strip().endswith("…"))
    axis = plot.item.getAxis("left")
    assert label.boundingRect().width() <= axis.size().height() + 1
    plot.resize(300, 700)
    qtbot.waitUntil(lambda: label.toPlainText().strip() == words)
