"""Small GibbsNet experiments for the tests, and the comparison of two of them to the bit."""

from __future__ import annotations

import types
from typing import Any

import torch

from engine.experiments.contract import Context, Experiment
from engine.experiments.gibbsnet import create
from engine.papers.contract import validate
from engine.papers.gibbsnet import PRESETS, GibbsNetParams
from engine.runtime.state import State

CPU = torch.device("cpu")
SMALL: dict[str, Any] = {"hidden": 32, "batch": 16}

# One of every kind of run: name -> (preset, changes)
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "labels": ("digits-joint", {**SMALL, "start": "fresh", "warm_start": 4}),
    "attributes, noisy decoder": ("digit-attributes", {**SMALL, "decoder_noise": 0.05, "single_pass": False}),
    "pictures alone, three models": ("digits-race", SMALL),
    "plane": ("ring", {**SMALL, "baselines": "none"}),
    "paper mode": ("paper-mode", SMALL),
}


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


def begin(preset: str, heard: Heard | None = None, folder: str = "", **changes: Any) -> Any:
    """A new experiment from a preset with changes."""
    values = next(p.values for p in PRESETS if p.id == preset)
    params = validate(GibbsNetParams, {**values, **changes})
    return create(params, (heard or Heard()).context(folder))


def kind(name: str) -> Any:
    """A new experiment of one of KINDS."""
    preset, changes = KINDS[name]
    return begin(preset, **changes)


def train(experiment: Experiment, steps: int) -> list[dict[str, float]]:
    """The curve values of so many updates."""
    return [dict(experiment.step()) for _ in range(steps)]


def answer(asked: Any) -> Any:
    """The result of an action, run to its end."""
    if not isinstance(asked, types.GeneratorType):
        return asked
    while True:
        try:
            next(asked)
        except StopIteration as end:
            return end.value


def assert_same_state(one: State, other: State) -> None:
    """Every tensor equal to the bit, every plain value equal."""
    assert one.tensors.keys() == other.tensors.keys()
    different = [name for name in one.tensors if not torch.equal(one.tensors[name], other.tensors[name])]
    assert not different, f"tensors differ: {', '.join(different)}"
    assert one.meta == other.meta
