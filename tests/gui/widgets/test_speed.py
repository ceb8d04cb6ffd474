"""The speed of training, in words."""

import math

from PySide6.QtWidgets import QLabel

from gui.widgets.speed import SpeedSlider


def test_that_the_slider_is_called_speed_and_its_tip_says_what_preset_means(qtbot):
    speed = SpeedSlider()
    qtbot.addWidget(speed)
    assert [label.text() for label in speed.findChildren(QLabel)] == ["speed", "preset"]
    assert "“preset” is the preset's own pace" in speed.toolTip()
    assert "really reached stands at the right" in speed.toolTip()
    with qtbot.waitSignal(speed.chosen) as chosen:
        speed.choose(math.inf)
    assert chosen.args == [math.inf] and "Speed: max" in speed.toolTip()
