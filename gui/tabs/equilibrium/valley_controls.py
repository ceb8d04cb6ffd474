"""The hand on the valley: weights, bias, target, strength of the nudge; roll and nudge buttons."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.papers.equilibrium_views import ValleyQuery
from gui.shell.rows import label, push_button
from gui.widgets.flow import FlowRow
from gui.widgets.segments import switch
from gui.widgets.slider_row import SliderRow

_SLIDERS = (
    ("β", "beta", "How hard the output is pulled towards the target", 1e-4, 0.9, True),
    ("target y", "y", "Where the output neuron is asked to go (or drag the dashed line)", 0.0, 1.0, False),
    ("w₁  x → h", "w_1", "Weight from the input to the hidden neuron", -3.0, 3.0, False),
    ("w₂  h ↔ o", "w_2", "One weight between hidden and output neuron, used both ways", -3.0, 3.0, False),
    ("bias b", "b", "Bias of both neurons", -1.0, 1.0, False),
    ("input x", "x", "The clamped input", 0.0, 1.0, False),
)


class ValleyControls(QWidget):
    """`query` is what the controls say; changed when a person moves one. roll and nudge: play that phase."""

    changed = Signal()
    roll_wanted = Signal()
    nudge_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.query = ValleyQuery(beta=0.05, y=0.9, steps=80)  # so weak that both arrows are seen to be one
        self.sliders: dict[str, SliderRow] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        self.roll = push_button("Roll", self.roll_wanted.emit, "Let the ball roll to rest: the free phase")
        self.nudge = push_button("Nudge", self.nudge_wanted.emit, "Tilt the valley by β: the second phase", "", True)
        self.smooth = switch("Smooth neurons", "ρ(s) = sigmoid(4s − 2) instead of the clipped neuron")
        self.smooth.toggled.connect(lambda on: self.set_query(smooth=on))
        layout.addWidget(FlowRow((self.roll, self.nudge)))
        for name, field, tip, low, high, log in _SLIDERS:
            slider = SliderRow(name, tip, low=low, high=high, value=getattr(self.query, field), log=log, width=66)
            slider.value_changed.connect(lambda value, field=field: self.set_query(**{field: value}))
            self.sliders[field] = slider
            layout.addWidget(slider)
        layout.addWidget(FlowRow((self.smooth,)))
        layout.addWidget(label("Drag the ball to another start, or the dashed line.", "muted", wrap=True))
        layout.addStretch(1)

    def set_query(self, **values: object) -> None:
        """Change parts of the query and tell."""
        self.query = replace(self.query, **values)  # type: ignore[arg-type]
        for field, slider in self.sliders.items():
            if field in values:
                slider.set_value(getattr(self.query, field))
        self.changed.emit()
