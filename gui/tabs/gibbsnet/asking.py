"""A button that asks the engine for a measurement, shows how far it is, and gives it up when pressed again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.shell.rows import push_button
from gui.widgets.flow import FlowRow

if TYPE_CHECKING:
    from gui.shell.bench import Bench
    from gui.shell.tickets import Ticket


class AskButton:
    """`button` says `words`, or how far the measurement is. show(result) draws what was measured."""

    def __init__(
        self,
        bench: Bench,
        action: str,
        words: str,
        tip: str,
        arguments: Callable[[], object],
        show: Callable[[Any], None],
    ) -> None:
        self._bench, self._action, self._words = bench, action, words
        self._arguments, self._show = arguments, show
        self._ticket: Ticket | None = None
        self.button = push_button(words, self.on_pressed, f"{tip}; pressed again: give it up")

    @property
    def is_open(self) -> bool:
        """Whether an answer is on its way."""
        return self._ticket is not None and self._ticket.is_open

    def on_pressed(self) -> None:
        """Ask, or give it up."""
        if self._ticket is not None and self._ticket.is_open:
            self._ticket.cancel()
            self.button.setText(self._words)
            return
        self.button.setText("Measuring …")
        self._ticket = self._bench.ask(self._action, self._arguments(), self.on_result, self.on_partial, self.on_error)

    def on_partial(self, _part: object, fraction: float) -> None:
        """How far it is, 0..1."""
        if 0 <= fraction < 1:
            self.button.setText(f"{100 * fraction:.0f} %: stop")

    def on_result(self, result: Any) -> None:
        """Measured."""
        self.button.setText(self._words)
        self._show(result)

    def on_error(self, reason: str) -> None:
        """Not measured; said in the window."""
        self.button.setText(self._words)
        self._bench.note(reason, "warning")


def headed(words: QWidget, *controls: QWidget) -> QWidget:
    """Controls in a line, and below them what there is to say about the measurement."""
    head = QWidget()
    down = QVBoxLayout(head)
    down.setContentsMargins(0, 0, 0, 0)
    down.setSpacing(3)
    down.addWidget(FlowRow(controls))
    down.addWidget(words)
    return head
