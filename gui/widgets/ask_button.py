"""A button that asks the engine something long, shows the parts as they come, and gives it up when pressed again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from gui.shell.rows import keep_keys

if TYPE_CHECKING:
    from gui.shell.bench import Bench
    from gui.shell.tickets import Ticket

STOP = "Stop"


class AskButton(QPushButton):
    """`arguments` is called at the click; `show(result)` gets every part and the whole; `fault(reason)` a refusal."""

    def __init__(
        self,
        bench: Bench,
        action: str,
        text: str,
        tip: str,
        *,
        arguments: Callable[[], object],
        show: Callable[[Any], None],
        fault: Callable[[str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._bench, self._action, self._words = bench, action, text
        self._arguments, self._show, self._fault = arguments, show, fault
        self._ticket: Ticket | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(tip)
        keep_keys(self, Qt.Key.Key_Space)
        self.clicked.connect(self.on_clicked)
        bench.run_started.connect(self.on_run_started)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._ticket is not None and self._ticket.is_open

    def on_clicked(self) -> None:
        """Ask, or give up what is under way."""
        if self._ticket is not None and self._ticket.is_open:
            self._ticket.cancel()
            self._rest()
            return
        ticket = self._bench.ask(self._action, self._arguments(), self.on_result, self.on_partial, self.on_error)
        if ticket.is_open:  # asking may have started an engine, or been refused
            self._ticket = ticket
            self.setText(STOP)

    def on_partial(self, result: Any, fraction: float) -> None:
        """A part of it, or only word of how far it is (fraction 0..1, -1: not known)."""
        if 0 <= fraction < 1:
            self.setText(f"{STOP} ({100 * fraction:.0f} %)")
        if result is not None:
            self._show(result)

    def on_result(self, result: Any) -> None:
        """All of it has come."""
        self._rest()
        self._show(result)

    def on_error(self, reason: str) -> None:
        """It could not be done."""
        self._rest()
        self._fault(reason)

    def on_run_started(self) -> None:
        """Another engine: nothing is under way there."""
        self._rest()

    def _rest(self) -> None:
        self._ticket = None
        self.setText(self._words)
