"""What is held: a class, attributes, a whole picture, and how hard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from gui.shell.rows import label, push_button
from gui.tabs.gibbsnet.attribute_switches import AttributeSwitches
from gui.tabs.gibbsnet.names import Facts
from gui.tabs.gibbsnet.playing import Playing
from gui.widgets.flow import FlowRow
from gui.widgets.scrolling import Scrolling
from gui.widgets.segments import switch
from gui.widgets.slider_row import SliderRow

if TYPE_CHECKING:
    from gui.shell.bench import Bench

FREE = -1
HINTS = {
    "label": "Hold a class: after each decoding the label is overwritten, and the chain settles where it is right.",
    "attributes": "Hold attributes on or off; free ones are the model's own, with what it believes beside them.",
    "none": "This preset models pictures alone: there is nothing but the picture to hold. Choose one with labels.",
}


class HoldControls(QWidget):
    """Class buttons or attribute switches, whichever the data have, and the strength; writes to `playing`."""

    def __init__(self, facts: Facts, playing: Playing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facts, self._playing = facts, playing
        self._names: tuple[str, ...] = ()
        self.hint = label("", "muted", wrap=True)
        self.labels = FlowRow()
        self.group = QButtonGroup(self)
        self.group.idClicked.connect(lambda i: playing.set_clamps(label=i - 1))
        self.attributes = AttributeSwitches()
        self.attributes.changed.connect(self.on_attributes_changed)
        self.scrolled = Scrolling(self.attributes)
        self.strength = SliderRow(
            "strength", "Share of what is held in what q sees: 1 holds hard, 0 not at all", value=1.0, width=0
        )
        self.strength.value_changed.connect(lambda v: playing.set_clamps(strength=v))
        self.free = push_button("Free everything", self.on_free, "Let go of classes and attributes")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.hint)
        layout.addWidget(self.labels)
        layout.addWidget(self.scrolled, 1)
        layout.addWidget(self.strength)
        layout.addWidget(self.free, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(0)
        facts.changed.connect(self.on_facts_changed)
        self.on_facts_changed()

    def on_facts_changed(self) -> None:
        """Classes or attributes of this run."""
        view = self._facts.view
        reads = "none" if view is None else view.reads
        names = () if view is None else view.classes
        self.hint.setText("" if view is None else HINTS[reads])
        self.labels.setVisible(reads == "label")
        self.scrolled.setVisible(reads == "attributes")
        self.strength.setVisible(reads != "none")
        self.free.setVisible(reads != "none")
        if reads == "label" and names != self._names:
            self._make_buttons(names)
        self.attributes.set_names(names if reads == "attributes" else ())
        if names != self._names:
            self._names = names
            self._playing.set_clamps(label=FREE, attributes=())

    def _make_buttons(self, names: tuple[str, ...]) -> None:
        """Free, and one button per class. Buttons are named anew and hidden, never deleted: their row owns them."""
        for i, words in enumerate(("free", *names)):
            button = self.group.button(i)
            if button is None:
                button = switch(words, "")
                button.setMinimumWidth(34)
                self.group.addButton(button, i)
                self.labels.add(button)
            button.setText(words)
            button.setToolTip(f"Hold the label at {words}" if i else "No label is held")
        for button in self.group.buttons():
            button.setVisible(self.group.id(button) <= len(names))
        self.group.button(0).setChecked(True)
        self.labels.updateGeometry()

    def on_attributes_changed(self) -> None:
        """A person moved a switch."""
        self._playing.set_clamps(attributes=self.attributes.states)

    def on_free(self) -> None:
        """Nothing is held."""
        if self.group.button(0) is not None:
            self.group.button(0).setChecked(True)
        self.attributes.set_states((FREE,) * len(self.attributes.names))
        self._playing.set_clamps(label=FREE, attributes=())


class HoldPicture(QWidget):
    """The switch that holds a picture, above the pad it comes from."""

    def __init__(self, bench: Bench, pad: QWidget, playing: Playing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hold = switch("Hold this picture", "Down: every pixel is overwritten after each decoding; read it from z")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(FlowRow((self.hold,)))
        layout.addWidget(pad, 1)
