"""The hand on the input area and on the gates: pad, noise, occlusion, disinhibition, apical gain, cue."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from engine.papers.dendritic_views import ImagineQuery, ImagineView
from gui.shell.rows import label, push_button
from gui.tabs.dendritic.looking import Looking
from gui.widgets.flow import FlowRow
from gui.widgets.paint_canvas import PaintCanvas
from gui.widgets.probing import PROBES
from gui.widgets.segments import icon_button, switch
from gui.widgets.slider_row import SliderRow


class InputPad(QWidget):
    """The picture the input area gets: a test digit or what is painted over it; noise, occlusion, a second digit.

    changed: the query is another one. The pad shows the clean picture, the noise is added in the engine.
    """

    changed = Signal()

    def __init__(self, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looking = looking
        self._dice = random.Random()
        self._shown: np.ndarray[Any, np.dtype[np.float32]] | None = None
        self.mix = -1
        self.seed = 0
        self.canvas = PaintCanvas(8, 8, "input picture")
        self.canvas.image_changed.connect(self.on_painted)
        self.noise = SliderRow("noise", "Standard deviation of Gaussian noise, clipped to 0..1", width=70)
        self.hidden = SliderRow("occlusion", "Share of rows hidden, from below", width=70)
        self.noise.value_changed.connect(lambda _v: self.changed.emit())
        self.hidden.value_changed.connect(lambda _v: self.changed.emit())
        self.second = switch("Two digits", "Lay another test digit over this one")
        self.second.clicked.connect(self.on_second)
        tools = FlowRow(
            (
                icon_button("dice", "A random test digit", self.on_random),
                icon_button("eraser", "An empty picture", self.canvas.clear),
                self.second,
                push_button("New noise", self.on_new_noise, "The same strength, another pattern"),
            )
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(tools)
        layout.addWidget(self.noise)
        layout.addWidget(self.hidden)

    def on_random(self) -> None:
        """Another test digit, as it is."""
        self._looking.show_example(self._dice.randrange(PROBES))

    def on_second(self, on: bool) -> None:
        """A second digit over the first, or not."""
        self.mix = self._dice.randrange(PROBES) if on else -1
        self.changed.emit()

    def on_new_noise(self) -> None:
        """Another pattern of noise."""
        self.seed += 1
        self.changed.emit()

    def show_clean(self, view: ImagineView) -> None:
        """Put the test digit on the pad, so that it can be painted over; a painted picture stays as it is."""
        height, width = view.clean.shape
        if self.canvas.image().shape != (height, width):
            self._shown = np.zeros((height, width), np.float32)
            self.canvas.resize_image(height, width)
        if self._looking.probe.image is None and (self._shown is None or not np.array_equal(self._shown, view.clean)):
            self._shown = np.array(view.clean, dtype=np.float32)
            self.canvas.show_image(self._shown)

    def on_painted(self, image: Any) -> None:
        """A stroke: from now on the circuit sees the pad."""
        if self._shown is None or not np.array_equal(image, self._shown):
            self._shown = image
            self._looking.show_image(image)


class Gates(QWidget):
    """Disinhibition d, apical gain a, and the cue. changed: the query is another one."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.d = SliderRow("disinhibition d", "0: the input area sees the picture; 1: only what comes from above")
        self.a = SliderRow("apical gain a", "0: area 1 listens to the input; 1: only to what comes from above")
        self.d.value_changed.connect(lambda _v: self.changed.emit())
        self.a.value_changed.connect(lambda _v: self.changed.emit())
        self.cues = QButtonGroup(self)
        self.cues.setExclusive(True)
        cues = FlowRow()
        for i, words in enumerate(("none", *(str(d) for d in range(10)))):
            tip = "No cue: the output is free" if i == 0 else f"Hold the output at class {words}"
            button = switch(words, tip)
            button.setFixedWidth(54 if i == 0 else 32)
            self.cues.addButton(button, i - 1 + 100)
            cues.add(button)
        self.cues.button(99).setChecked(True)
        self.cues.idClicked.connect(lambda _i: self.changed.emit())
        buttons = FlowRow(
            (
                push_button("Generate", self.on_generate, "d = a = 1: nothing but the cue; picks one if none"),
                push_button("Denoise", self.on_denoise, "d = 0.7, a = 0.5: picture and expectation meet"),
                push_button("Plain", self.on_plain, "d = a = 0, no cue: the circuit as it classifies"),
            )
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.d)
        layout.addWidget(self.a)
        layout.addWidget(label("cue: hold the output at a class (attention, not accuracy)", "muted", wrap=True))
        layout.addWidget(cues)
        layout.addWidget(buttons)
        layout.addStretch(1)

    @property
    def cue(self) -> int:
        """The class the output is held at, -1 for none."""
        return self.cues.checkedId() - 100

    def set_gates(self, d: float, a: float, cue: int) -> None:
        """Move all three and tell once."""
        self.d.set_value(d)
        self.a.set_value(a)
        self.cues.button(cue + 100).setChecked(True)
        self.changed.emit()

    def on_generate(self) -> None:
        """Nothing but the expectation."""
        self.set_gates(1.0, 1.0, self.cue if self.cue >= 0 else 3)

    def on_denoise(self) -> None:
        """Picture and expectation meet; the cue stays as it is."""
        self.set_gates(0.7, 0.5, self.cue)

    def on_plain(self) -> None:
        """Nothing from above."""
        self.set_gates(0.0, 0.0, -1)

    def fill(self, query: ImagineQuery) -> ImagineQuery:
        """The query with these gates."""
        return replace(query, d=self.d.value, a=self.a.value, cue=self.cue)
