"""Small equilibrium experiments for the tests, and the comparison of two of them to the bit."""

from __future__ import annotations

from typing import Any

import torch

from engine.experiments.contract import Context, Experiment
from engine.experiments.equilibrium import create
from engine.papers.contract import validate
from engine.papers.equilibrium import PRESETS, EquilibriumParams
from engine.runtime.state import State

CPU = torch.device("cpu")

# One of every kind of run, small enough for a hundred updates a second: name -> (preset, changes)
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "one layer": ("digits-one", {"width": 24}),
    "two layers, one-sided": ("digits-two", {"width": 20, "nudging": "positive"}),
    "side network": ("side-network", {"width": 24}),
    "persistent, random sign, Euler": ("ep17-digits", {"width": 20, "label_noise": 0.3}),
    "asymmetric": ("digits-one", {"width": 24, "asymmetry": 0.2}),
    "tanh toy": ("theorem-toy", {"width": 12, "free_sweeps": 15, "nudged_sweeps": 6}),
    "autograd": ("digits-one", {"width": 12, "solver": "autograd", "free_sweeps": 3, "nudged_sweeps": 2}),
}


class Heard:
    """What an experiment told the person at the window."""

    def __init__(self) -> None:
        self.notices: list[tuple[Any, ...]] = []
        self.cleared: list[str] = []

    def codes(self) -> set[str]:
        """Codes of all notices."""
        return {notice[1] for notice in self.notices}

    def context(self) -> Context:
        """A context that writes here."""
        return Context(CPU, lambda *words: self.notices.append(words), self.cleared.append)


def begin(preset: str, heard: Heard | None = None, **changes: Any) -> Any:
    """A new experiment from a preset with changes."""
    values = next(p.values for p in PRESETS if p.id == preset)
    params = validate(EquilibriumParams, {**values, **changes})
    return create(params, (heard or Heard()).context())


def kind(name: str) -> Any:
    """A new experiment of one of KINDS."""
    preset, changes = KINDS[name]
    return begin(preset, **changes)


def train(experiment: Experiment, steps: int) -> list[dict[str, float]]:
    """The curve values of so many updates."""
    return [dict(experiment.step()) for _ in range(steps)]


def last(experiment: Experiment, steps: int) -> dict[str, float]:
    """The newest value of every curve after so many updates."""
    values: dict[str, float] = {}
    for found in train(experiment, steps):
        values |= found
    return values


def assert_same_state(one: State, other: State) -> None:
    """Every tensor equal to the bit, every plain value equal."""
    assert one.tensors.keys() == other.tensors.keys()
    different = [name for name in one.tensors if not torch.equal(one.tensors[name], other.tensors[name])]
    assert not different, f"tensors differ: {', '.join(different)}"
    assert one.meta == other.meta
