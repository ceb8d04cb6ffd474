"""The hand on the settling network: the pad, what is held, cued and pulled, and how fast it settles."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from engine.papers.equilibrium_views import Clamp, PlayQuery, PlayView
from gui.shell.rows import label, push_button
from gui.widgets.flow import FlowRow
from gui.widgets.paint_canvas import PaintCanvas
from gui.widgets.probing import PROBES, Probing
from gui.widgets.scrolling import Scrolling
from gui.widgets.segments import icon_button, switch
from gui.widgets.slider_row import SliderRow

if TYPE_CHECKING:
    from gui.shell.bench import Bench

CLASSES = 10


class Playing(QObject):
    """`query` is that of the view `play`; changed whenever it is another one."""

    changed = Signal()

    def __init__(self, probing: Probing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._probing = probing
        self.query = PlayQuery(probe=probing.probe)
        probing.probe_changed.connect(self.on_probe_changed)

    def set_query(self, **values: object) -> None:
        """Change parts of the query and tell."""
        self.query = replace(self.query, **values)  # type: ignore[arg-type]
        self.changed.emit()

    def on_probe_changed(self) -> None:
        """Another picture: the input is held again."""
        self.set_query(probe=self._probing.probe, input_on=True)

    def clamp_next(self, layer: int, unit: int) -> None:
        """Free → held at 1 → held at 0 → free."""
        others = tuple(c for c in self.query.clamps if (c.layer, c.unit) != (layer, unit))
        held = next((c for c in self.query.clamps if (c.layer, c.unit) == (layer, unit)), None)
        if held is None:
            others += (Clamp(layer, unit, 1.0),)
        elif held.value > 0.5:
            others += (Clamp(layer, unit, 0.0),)
        self.set_query(clamps=others)

    def pull(self, output: int, value: float) -> None:
        """Pull one output to a value and the others to 0, with force β (pull − s)."""
        target = [0.0] * CLASSES
        target[output] = value
        self.set_query(pull=tuple(target))

    def let_go(self) -> None:
        """Nobody pulls any more."""
        self.set_query(pull=None)

    def jump(self) -> None:
        """To rest at once."""
        self.set_query(jump=self.query.jump + 1)

    def restart(self) -> None:
        """All neurons back to zero."""
        self.set_query(restart=self.query.restart + 1)

    def dream(self, digit: int) -> None:
        """Hold the output at a class, let go of the input, start over."""
        self.set_query(cue=digit, input_on=False, clamps=(), pull=None, restart=self.query.restart + 1)

    def free(self) -> None:
        """Take every hand away."""
        self.set_query(cue=-1, input_on=True, clamps=(), pull=None)


class PlayPad(QWidget):
    """The picture: a test digit or what is painted over it."""

    def __init__(self, probing: Probing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._probing = probing
        self._dice = random.Random()
        self._shown: NDArray[np.float32] | None = None
        self.canvas = PaintCanvas(8, 8, "input picture")
        self.canvas.image_changed.connect(self.on_painted)
        tools = FlowRow(
            (
                icon_button("dice", "A random test digit", self.on_random),
                icon_button("eraser", "An empty picture", self.canvas.clear),
                label("paint here", "muted"),
            )
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(tools)

    def on_random(self) -> None:
        """Another test digit, as it is."""
        self._probing.show_example(self._dice.randrange(PROBES))

    def show_input(self, view: PlayView) -> None:
        """Put the test digit on the pad, so that it can be painted over; a painted picture stays as it is."""
        height, width = view.input.shape
        if self.canvas.image().shape != (height, width):
            self._shown = np.zeros((height, width), np.float32)
            self.canvas.resize_image(height, width)
        if self._probing.probe.image is None and (self._shown is None or not np.array_equal(self._shown, view.input)):
            self._shown = np.array(view.input, dtype=np.float32)
            self.canvas.show_image(self._shown)

    def on_painted(self, image: Any) -> None:
        """A stroke: from now on the network sees the pad."""
        if self._shown is None or not np.array_equal(image, self._shown):
            self._shown = image
            self._probing.show_image(image)


class PlayControls(QWidget):
    """Pace, input switch, cue, strength of the pull; shows what `Playing` says."""

    def __init__(self, bench: Bench, playing: Playing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._playing = bench, playing
        query = playing.query
        self.run = switch("Run", "Let it settle; up: it holds still")
        self.run.setChecked(query.playing)
        self.run.clicked.connect(lambda on: playing.set_query(playing=on))
        self.input = switch("Input", "Down: the picture holds the input; up: the input follows the network")
        self.input.clicked.connect(lambda on: playing.set_query(input_on=on))
        rewind = icon_button("rewind", "Start over from zero", playing.restart)
        self.speed = SliderRow(
            "steps a frame", "Euler steps between two pictures", low=1, high=50, value=1, log=True, width=98
        )
        self.epsilon = SliderRow("step ε", "Length of one Euler step", low=0.01, high=1.0, value=0.1, width=98)
        self.beta = SliderRow("pull β", "Force of the hand on an output bar", low=0.01, high=1.0, value=0.25, width=98)
        self.speed.value_changed.connect(lambda v: playing.set_query(steps_per_frame=max(1, round(v))))
        self.epsilon.value_changed.connect(lambda v: playing.set_query(epsilon=v))
        self.beta.value_changed.connect(lambda v: playing.set_query(beta=v))
        self.dream = push_button("Dream it", self.on_dream, "Hold the cued class, let go of the input", "", True)
        self.pause = push_button("Pause training", bench.pause, "Training has the engine; this moves smoothly without")
        hands = QWidget()
        layout = QVBoxLayout(hands)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        scrolled = QVBoxLayout(self)
        scrolled.setContentsMargins(0, 0, 0, 0)
        scrolled.addWidget(Scrolling(hands))
        jump = push_button("Jump", playing.jump, "To rest at once")
        free = push_button("Free all", playing.free, "No cue, no clamps, the picture holds the input")
        layout.addWidget(FlowRow((self.run, self.input, rewind, jump, free)))
        layout.addWidget(self._cues())
        layout.addWidget(self.dream)
        for slider in (self.speed, self.epsilon, self.beta):
            layout.addWidget(slider)
        layout.addWidget(self.pause)
        layout.addStretch(1)
        playing.changed.connect(self.on_changed)
        bench.run_state_changed.connect(self.on_run_state_changed)
        self.on_changed()
        self.on_run_state_changed(bench.run_state)

    def _cues(self) -> FlowRow:
        """One button per class, and one for none."""
        row = FlowRow()
        self.cues = QButtonGroup(self)
        for i in range(CLASSES + 1):
            words = str(i - 1) if i else "–"
            button = switch(words, f"Cue: hold the output at class {words}" if i else "No cue: the output is free")
            button.setFixedWidth(26)
            button.setStyleSheet("padding-left: 2px; padding-right: 2px")
            self.cues.addButton(button, i)
            row.add(button)
        self.cues.idClicked.connect(lambda i: self._playing.set_query(cue=i - 1))
        return row

    def on_run_state_changed(self, state: str) -> None:
        """Training and playing share one engine."""
        self.pause.setVisible(state == "training")

    def on_dream(self) -> None:
        """The cued class, or a 3."""
        cue = self._playing.query.cue
        self._playing.dream(cue if cue >= 0 else 3)

    def on_changed(self) -> None:
        """Buttons follow the query."""
        query = self._playing.query
        self.run.setChecked(query.playing)
        self.input.setChecked(query.input_on)
        self.cues.button(query.cue + 1).setChecked(True)
