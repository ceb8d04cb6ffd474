"""What is narrow gives way legibly: rows of choices wrap, choices shorten their words."""

from dataclasses import replace

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.papers import load_paper
from engine.papers.contract import knobs
from engine.papers.dendritic import DendriticParams
from gui.widgets.flow import FlowRow
from gui.widgets.knob_row import KnobRow
from gui.widgets.preset_box import PresetBox
from gui.widgets.segments import Segments


def test_that_segments_wrap_instead_of_being_cut(qtbot):
    around = QWidget()
    qtbot.addWidget(around)
    segments = Segments(("layer 1", "layer 2", "layer 3", "output"), "layer")
    layout = QVBoxLayout(around)
    layout.addWidget(FlowRow((segments,)))
    layout.addStretch(1)
    around.resize(150, 300)
    around.show()
    qtbot.waitExposed(around)
    buttons = [segments.button(k) for k in range(4)]
    assert all(b.width() >= b.sizeHint().width() for b in buttons)
    assert len({b.y() for b in buttons}) > 1
    assert all(segments.rect().contains(b.geometry()) for b in buttons)


def test_that_a_narrow_preset_box_still_says_how_long_it_takes(qtbot):
    paper = load_paper("equilibrium")
    box = PresetBox(paper)
    qtbot.addWidget(box)
    box.resize(170, 28)
    preset = next(p for p in paper.presets if len(p.title) > 20)
    box.show_preset(preset)
    words = box.shortened(box.room())
    assert "…" in words and words.endswith(f"({preset.cpu_time.split(' (')[0]})")
    assert box.fontMetrics().horizontalAdvance(words) <= box.room()
    assert preset.title in box.toolTip()


def test_that_a_narrow_choice_of_a_knob_ends_with_an_ellipsis(qtbot):
    knob = next(k for k in knobs(DendriticParams) if k.kind == "choice")
    row = KnobRow(replace(knob, choices=("self_predicting_state_of_the_circuit",)))
    qtbot.addWidget(row)
    row.resize(150, 30)
    choice = row._choice
    assert choice.shortened(80).endswith("…")
