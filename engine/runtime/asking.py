"""Gestures and their answers. A long action is a generator that shares time with training and can be cancelled."""

from __future__ import annotations

import inspect
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.runtime.messages import Answer, Ask, Log, Report

_PARTIALS_PER_S = 20.0


@dataclass(slots=True)
class _Running:
    verb: Ask
    generator: Any
    last_sent: float = 0.0


class Asking:
    """The actions of one run. `work` advances the oldest long one by one step of its generator."""

    def __init__(self, run: int, actions: Mapping[str, Callable[[Any], Any]], send: Callable[[Report], None]) -> None:
        self._run = run
        self._actions = actions
        self._send = send
        self._running: list[_Running] = []

    @property
    def is_busy(self) -> bool:
        """Whether a long action is under way."""
        return bool(self._running)

    def ask(self, verb: Ask, step: int, revision: int) -> None:
        """Answers at once, or begins a long action. Faults become the answer's `error`."""
        call = self._actions.get(verb.action)
        if call is None:
            known = ", ".join(sorted(self._actions)) or "none"
            self._answer(verb, step, revision, None, error=f"There is no action {verb.action!r}. Actions: {known}")
            return
        try:
            result = call(verb.arguments)
        except Exception as error:  # noqa: BLE001 - reported as the answer; training goes on
            self._fail(verb, step, revision, error)
            return
        if inspect.isgenerator(result):
            self._running.append(_Running(verb, result))
        else:
            self._answer(verb, step, revision, result)

    def cancel(self, ticket: int, step: int, revision: int) -> None:
        """Ends a long action; its answer says so."""
        for running in [r for r in self._running if r.verb.ticket == ticket]:
            self._running.remove(running)
            running.generator.close()
            self._answer(running.verb, step, revision, None, error="Cancelled.")

    def work(self, step: int, revision: int) -> bool:
        """One step of the oldest long action; False when there is none."""
        if not self._running:
            return False
        running = self._running.pop(0)
        try:
            partial = next(running.generator)
        except StopIteration as end:
            self._answer(running.verb, step, revision, end.value)
            return True
        except Exception as error:  # noqa: BLE001 - reported as the answer; training goes on
            self._fail(running.verb, step, revision, error)
            return True
        now = time.perf_counter()
        if partial is not None and now - running.last_sent >= 1.0 / _PARTIALS_PER_S:
            running.last_sent = now
            answer = Answer(
                self._run,
                revision,
                step,
                running.verb.ticket,
                running.verb.action,
                partial.result,
                done=False,
                fraction=partial.fraction,
            )
            self._send(answer)
        self._running.append(running)
        return True

    def close(self) -> None:
        """Ends all long actions without an answer."""
        for running in self._running:
            running.generator.close()
        self._running.clear()

    def _answer(self, verb: Ask, step: int, revision: int, result: Any, error: str = "") -> None:
        self._send(Answer(self._run, revision, step, verb.ticket, verb.action, result, error=error))

    def _fail(self, verb: Ask, step: int, revision: int, error: Exception) -> None:
        self._send(Log(self._run, "error", traceback.format_exc()))
        self._answer(verb, step, revision, None, error=f"{verb.action}: {error or type(error).__name__}")
