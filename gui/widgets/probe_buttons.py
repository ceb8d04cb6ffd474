"""Previous, random and next test example, which one it is, and the pad to draw one: the same in every tab."""

from __future__ import annotations

import random
from collections.abc import Callable

from PySide6.QtWidgets import QPushButton, QWidget

from gui.shell.rows import label, push_button
from gui.widgets.draw_dialog import DrawDialog
from gui.widgets.flow import FlowRow
from gui.widgets.probing import PROBES, Probing
from gui.widgets.segments import icon_button


class ProbeButtons(FlowRow):
    """Writes to `Probing`; a tab adds its own switches at the end. side: pixels along each side of a drawn picture."""

    def __init__(
        self,
        probing: Probing,
        side: Callable[[], int],
        *,
        asks: str = "asked for",
        parent: QWidget | None = None,
    ) -> None:
        """asks: what stands before the box with the class in the pad."""
        super().__init__(parent=parent)
        self._probing, self._side, self._asks = probing, side, asks
        self._dice = random.Random()
        self._dialog: DrawDialog | None = None
        self.where = label("", "muted")
        self.where.setMinimumWidth(self.fontMetrics().horizontalAdvance("test 299"))
        self.draw = push_button("Draw…", self.on_draw, "Draw a digit of your own and look at it", "brush")
        for widget in (
            _arrow("‹", "Previous test example", lambda: self._step(-1)),
            icon_button("dice", "A random test example", self.on_random),
            _arrow("›", "Next test example", lambda: self._step(1)),
            self.where,
            self.draw,
        ):
            self.add(widget)
        probing.probe_changed.connect(self.on_probe_changed)
        self.on_probe_changed()

    def _step(self, by: int) -> None:
        self._probing.show_example(self._probing.probe.index + by)

    def on_random(self) -> None:
        """Another test example."""
        self._probing.show_example(self._dice.randrange(PROBES))

    def on_draw(self) -> None:
        """Open the pad beside the row of buttons, with the picture drawn last; a second press closes it."""
        if self._dialog is not None and self._dialog.isVisible():
            self._dialog.close()
            return
        if self._dialog is None:
            self._dialog = DrawDialog(self._probing, self._side(), self._asks, self)
        self._dialog.set_side(self._side())
        self._dialog.show_image(self._probing.probe.image)
        self._dialog.place_beside(self)
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()
        self._dialog.canvas.setFocus()

    def on_probe_changed(self) -> None:
        """Say which input is shown."""
        self.where.setText(self.words())

    def words(self) -> str:
        """Which input is shown."""
        probe = self._probing.probe
        return "drawn" if probe.image is not None else f"test {probe.index}"


def _arrow(text: str, tip: str, work: Callable[[], object]) -> QPushButton:
    button = push_button(text, work, tip)
    button.setAccessibleName(tip)
    button.setFixedWidth(30)
    return button
