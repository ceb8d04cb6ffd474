"""Small dendritic experiments for the tests, and the comparison of two of them to the bit."""

from __future__ import annotations

from typing import Any

import torch

from engine.experiments.contract import Context, Experiment
from engine.experiments.dendritic import create
from engine.papers import load_paper
from engine.runtime.state import State

PAPER = load_paper("dendritic")
CPU = torch.device("cpu")

# One of every kind of run, small enough for hundreds of updates a second: name -> (preset, changes)
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "digits": ("digits-deep", {"hidden_1": 24, "hidden_2": 16}),
    "noisy digits": ("digits-one", {"hidden_1": 20, "sigma": 0.1, "label_noise": 0.3, "start": "random",
                                    "plastic_q": True, "plastic_b": True}),
    "settling self-prediction": ("self-prediction", {}),
    "self-prediction by Euler": ("self-prediction-euler", {"presentation": 2.0}),
    "association": ("association", {}),
    "association by Euler": ("association", {"dynamics": "euler", "sigma": 0.05}),
    "regression": ("regression", {"batch": 4}),
}  # fmt: skip


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
    return create(PAPER.make_params(preset, changes), (heard or Heard()).context())


def kind(name: str) -> Any:
    """A new experiment of one of KINDS."""
    preset, changes = KINDS[name]
    return begin(preset, **changes)


def train(experiment: Experiment, steps: int) -> list[dict[str, float]]:
    """The curve values of so many updates."""
    return [dict(experiment.step()) for _ in range(steps)]


def assert_same_state(one: State, other: State) -> None:
    """Every tensor equal to the bit, every plain value equal."""
    assert one.tensors.keys() == other.tensors.keys()
    different = [name for name in one.tensors if not torch.equal(one.tensors[name], other.tensors[name])]
    assert not different, f"tensors differ: {', '.join(different)}"
    assert one.meta == other.meta
