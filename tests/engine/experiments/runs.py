"""What the tests of every experiment need: begin one, train it, hear what it says, compare two of them to the bit."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from typing import Any

import torch

from engine.experiments.contract import Context, Experiment
from engine.papers.contract import Paper
from engine.runtime.state import State

CPU = torch.device("cpu")

Kinds = Mapping[str, tuple[str, Mapping[str, Any]]]
"""One of every kind of run of a paper, small enough for many updates a second: name -> (preset, changes)."""


class Heard:
    """What an experiment told the person at the window."""

    def __init__(self) -> None:
        self.notices: list[tuple[Any, ...]] = []
        self.cleared: list[str] = []

    def codes(self) -> set[str]:
        """Codes of all notices."""
        return {notice[1] for notice in self.notices}

    def context(self, folder: str = "") -> Context:
        """A context that writes here."""
        return Context(CPU, lambda *words: self.notices.append(words), self.cleared.append, folder)


class Maker:
    """Makes experiments of one paper. create: that of `engine.experiments.NAME`."""

    def __init__(self, paper: Paper, create: Callable[[Any, Context], Any], kinds: Kinds) -> None:
        self._paper, self._create, self._kinds = paper, create, kinds

    def begin(self, preset: str, heard: Heard | None = None, folder: str = "", **changes: Any) -> Any:
        """A new experiment from a preset with changes."""
        return self._create(self._paper.make_params(preset, changes), (heard or Heard()).context(folder))

    def kind(self, name: str) -> Any:
        """A new experiment of one of the kinds."""
        preset, changes = self._kinds[name]
        return self.begin(preset, **changes)


def train(experiment: Experiment, updates: int) -> list[dict[str, float]]:
    """The curve values of so many whole updates from here (an update may take several calls)."""
    wanted, found = experiment.steps_done + updates, []
    while experiment.steps_done < wanted:
        done = experiment.steps_done
        values = dict(experiment.step())
        if values or experiment.steps_done > done:
            found.append(values)
    return found


def last(experiment: Experiment, updates: int) -> dict[str, float]:
    """The newest value of every curve after so many updates."""
    values: dict[str, float] = {}
    for found in train(experiment, updates):
        values |= found
    return values


def answer(asked: Any) -> Any:
    """The result of an action, run to its end."""
    if not isinstance(asked, types.GeneratorType):
        return asked
    while True:
        try:
            next(asked)
        except StopIteration as end:
            return end.value


def copied(state: State) -> State:
    """As a file would bring it back: other tensors, plain values through JSON."""
    return State({n: t.clone() for n, t in state.tensors.items()}, json.loads(json.dumps(state.meta)))


def assert_same_state(one: State, other: State) -> None:
    """Every tensor equal to the bit, every plain value equal but the seconds, which no two runs share."""
    assert one.tensors.keys() == other.tensors.keys()
    different = [name for name in one.tensors if not torch.equal(one.tensors[name], other.tensors[name])]
    assert not different, f"tensors differ: {', '.join(different)}"
    assert _without_clock(one) == _without_clock(other)


def _without_clock(state: State) -> dict[str, Any]:
    return {name: value for name, value in state.meta.items() if name != "clock"}
