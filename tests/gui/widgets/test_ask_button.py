"""A button for long questions: parts are shown as they come, a second press gives the question up."""

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, Signal

from gui.widgets.ask_button import AskButton


class Asked(QObject):
    """What a bench is to the button: it keeps the question and lets the test answer."""

    run_started = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tickets = []
        self.refuses = False

    def ask(self, action, arguments, on_result, on_partial, on_error):
        ticket = SimpleNamespace(
            is_open=not self.refuses, action=action, arguments=arguments, result=on_result, partial=on_partial,
            error=on_error, cancelled=False,
        )  # fmt: skip
        ticket.cancel = lambda: setattr(ticket, "cancelled", True)
        self.tickets.append(ticket)
        if self.refuses:
            on_error("There is no run to ask.")
        return ticket


@pytest.fixture
def asked(qapp):
    return Asked()


@pytest.fixture
def shown():
    return []


@pytest.fixture
def button(asked, shown, qtbot):
    made = AskButton(
        asked, "sweep", "Sweep", "a tip", arguments=lambda: {"n": 3}, show=shown.append,
        fault=lambda reason: shown.append(f"fault: {reason}"),
    )  # fmt: skip
    qtbot.addWidget(made)
    return made


def test_that_parts_are_shown_and_mere_progress_only_counts(button, asked, shown):
    button.click()
    ticket = asked.tickets[0]
    assert (ticket.action, ticket.arguments) == ("sweep", {"n": 3}) and button.text() == "Stop"
    ticket.partial(None, 0.25)
    assert shown == [] and button.text() == "Stop (25 %)"
    ticket.partial("half", 0.5)
    ticket.result("whole")
    assert shown == ["half", "whole"] and button.text() == "Sweep" and not button.is_busy


def test_that_a_second_press_gives_the_question_up(button, asked):
    button.click()
    button.click()
    assert asked.tickets[0].cancelled and len(asked.tickets) == 1 and button.text() == "Sweep"


def test_that_a_refusal_is_said_and_the_button_is_ready_again(button, asked, shown):
    asked.refuses = True
    button.click()
    assert shown == ["fault: There is no run to ask."]
    assert button.text() == "Sweep" and not button.is_busy


def test_that_another_run_ends_the_waiting(button, asked):
    button.click()
    asked.run_started.emit()
    assert button.text() == "Sweep" and not button.is_busy
