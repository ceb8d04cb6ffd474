"""Gestures on their way: who asked what, and whom to tell when the answer comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from engine.runtime.messages import Answer, Failed
from gui.shell.paper_run import PaperRun

OnResult = Callable[[Any], None]
OnPartial = Callable[[Any, float], None]
OnError = Callable[[str], None]


class Ticket:
    """One gesture that was asked. `is_open` until its last answer came."""

    def __init__(
        self, tickets: Tickets, number: int, action: str, result: OnResult, partial: OnPartial | None, error: OnError
    ) -> None:
        self.number, self.action = number, action
        self.on_result, self.on_partial, self.on_error = result, partial, error
        self.is_open = True
        self._tickets = tickets

    def cancel(self) -> None:
        """Give it up; nothing is delivered any more."""
        if self.is_open:
            self._tickets.cancel(self)


class Tickets(QObject):
    """The open gestures of one paper."""

    def __init__(self, run: PaperRun, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self._open: dict[int, Ticket] = {}
        run.answered.connect(self.on_answered)
        run.failed.connect(self.on_failed)
        run.stopped.connect(self.on_gone)
        run.run_started.connect(self.on_gone)

    def ask(self, action: str, arguments: Any, result: OnResult, partial: OnPartial | None, error: OnError) -> Ticket:
        """Send a gesture that the paper declares. Raises KeyError naming those that exist."""
        if all(a.name != action for a in self._run.paper.actions):
            known = ", ".join(a.name for a in self._run.paper.actions)
            raise KeyError(f"{self._run.paper.name} has no action {action!r}; actions: {known}")
        number = self._run.ask(action, arguments)
        ticket = Ticket(self, number, action, result, partial, error)
        if number < 0:
            ticket.is_open = False
            error("There is no run to ask, and none could be started.")
        else:
            self._open[number] = ticket
        return ticket

    def cancel(self, ticket: Ticket) -> None:
        """Tell the engine, forget it here."""
        ticket.is_open = False
        self._open.pop(ticket.number, None)
        if self._run.is_live and self._run.bridge is not None:
            self._run.bridge.cancel(ticket.number)

    def on_answered(self, answer: Answer) -> None:
        """A result, a part of one, or a refusal."""
        ticket = self._open.get(answer.ticket)
        if ticket is None:
            return
        if answer.done or answer.error:
            ticket.is_open = False
            del self._open[answer.ticket]
        if answer.error:
            ticket.on_error(answer.error)
        elif answer.done:
            ticket.on_result(answer.result)
        elif ticket.on_partial is not None:
            ticket.on_partial(answer.result, answer.fraction)

    def on_failed(self, report: Failed) -> None:
        """Nobody will answer."""
        self._give_up(report.advice)

    def on_gone(self, _report: object = None) -> None:
        """The run that was asked has ended."""
        self._give_up("The run ended before it answered.")

    def _give_up(self, reason: str) -> None:
        tickets, self._open = list(self._open.values()), {}
        for ticket in tickets:
            ticket.is_open = False
            ticket.on_error(reason)
