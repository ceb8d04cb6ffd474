"""What an experiment is: a model, its data and its update, as the worker sees them.

The worker needs no base class: `Experiment` is a protocol. Methods that draw are marked with `@view`, methods that
answer a gesture with `@action`; their names and types are declared in the paper (`engine/papers/NAME.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch

from engine.papers.contract import Params
from engine.runtime.messages import Remedy
from engine.runtime.state import State

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Context:
    """What the runtime gives an experiment: where to compute and whom to tell.

    device: torch device. notify(level, code, text, remedies): one sentence to the person at the window; the same
    code is shown once until `clear(code)`. data_folder: the user's own copies of public data ("" : search).
    """

    device: torch.device
    notify: Callable[..., None]
    clear: Callable[[str], None]
    data_folder: str = ""


@runtime_checkable
class Experiment(Protocol):
    """One paper's model in training. Lives in the engine process, on one thread.

    Promises, each tested for every paper:
    - `step` does one short unit of training (<= 50 ms on CPU in the default preset) and returns curve values.
    - views never touch the training random stream: a watched and an unwatched run give the same numbers to the bit.
    - actions use a random stream of their own and leave the training state as it was.
    - `restore(state())` then training equals never having stopped, to the bit, on the CPU.
    - `step` raises `Diverged` when a value is no longer finite; the worker pauses and offers the last good state.
    """

    params: Params
    steps_done: int

    def step(self) -> Mapping[str, float]:
        """One update. Values by curve name; a curve that is not measured at this step is left out."""
        ...

    def change(self, params: Params) -> None:
        """Applies new live knobs. All others are equal to the present ones (the worker checks)."""
        ...

    def state(self) -> State:
        """Weights, optimiser, step, data cursor, every random state. Tensors are copies, not references."""
        ...

    def restore(self, state: State) -> None:
        """The opposite of `state`. Raises `ValueError` naming what does not fit."""
        ...

    def progress(self) -> str:
        """Where training is, in words: ``epoch 6.1``."""
        ...


@runtime_checkable
class Phased(Protocol):
    """An experiment whose update has phases that can be stepped one alone."""

    phase: int

    def step_phase(self) -> Mapping[str, float]:
        """Does phase number `phase`, advances it; the last phase completes the update (steps_done grows)."""
        ...


class Diverged(ArithmeticError):
    """A value is no longer finite or the run is beyond repair; the text says what happened and what to do."""


@dataclass(frozen=True, slots=True)
class Partial:
    """An intermediate result of a long action. fraction in 0..1, or -1 when unknown."""

    result: Any
    fraction: float = -1.0


LongAction = Generator[Partial, None, Any]


def view(method: F) -> F:
    """Marks a method that returns what a picture needs: ``def name(self, query) -> payload`` (query may be None)."""
    method.__dict__["is_view"] = True
    return method


def action(method: F) -> F:
    """Marks a method that answers a gesture: ``def name(self, arguments) -> result`` or a generator of `Partial`."""
    method.__dict__["is_action"] = True
    return method


def views_of(experiment: object) -> dict[str, Callable[[Any], Any]]:
    """The view methods of an experiment by name."""
    return _marked(experiment, "is_view")


def actions_of(experiment: object) -> dict[str, Callable[[Any], Any]]:
    """The action methods of an experiment by name."""
    return _marked(experiment, "is_action")


def _marked(experiment: object, mark: str) -> dict[str, Callable[[Any], Any]]:
    kind = type(experiment)
    return {n: getattr(experiment, n) for n in dir(kind) if getattr(getattr(kind, n, None), mark, False)}


__all__ = [
    "Context",
    "Diverged",
    "Experiment",
    "LongAction",
    "Partial",
    "Phased",
    "Remedy",
    "State",
    "action",
    "actions_of",
    "view",
    "views_of",
]
