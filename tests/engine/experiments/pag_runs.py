"""Small races for the tests, and the comparison of two of them to the bit."""

from __future__ import annotations

from typing import Any

import torch

from engine.experiments.contract import Context, Experiment
from engine.experiments.pag import create
from engine.papers.pag import PAPER
from engine.runtime.state import State

CPU = torch.device("cpu")
SMALL: dict[str, Any] = {"width": 16, "embedding": 8, "batch": 8, "k": 4, "summary": 8}
NUMBERS: dict[str, Any] = {**SMALL, "largest_number": 99}
GRAPHS: dict[str, Any] = {**SMALL, "circuit_from": 3, "circuit_to": 5, "distractor": 3}

# One of every kind of run: name -> (preset, changes)
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "numbers": ("numbers-de", NUMBERS),  # the only one whose sources differ in length
    "circuits, equal parameters": ("euler", {**GRAPHS, "matching": "equal parameters"}),
    "questions, dropout": ("questions-toy", {**SMALL, "dropout": 0.2, "models": "PAG and rPAG"}),
    "countdown, one layer": (
        "numbers-de", {**NUMBERS, "semantics": "countdown", "decoder_layers": "1", "models": "baseline and PAG"},
    ),
    "REINFORCE": ("dates", {**SMALL, "estimator": "REINFORCE", "models": "rPAG", "accumulate": 2}),
    "Adadelta, layer norm, recomputed": (
        "numbers-de",
        {**NUMBERS, "optimiser": "Adadelta", "lr": 1.0, "has_layer_norm": True, "recompute": True, "models": "PAG"},
    ),
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


def train(experiment: Experiment, rounds: int) -> list[dict[str, float]]:
    """The curve values of so many whole rounds from here."""
    wanted, found = experiment.steps_done + rounds, []
    while experiment.steps_done < wanted:
        values = dict(experiment.step())
        if values:
            found.append(values)
    return found


def last(experiment: Experiment, rounds: int) -> dict[str, float]:
    """The newest value of every curve after so many rounds."""
    values: dict[str, float] = {}
    for found in train(experiment, rounds):
        values |= found
    return values


def assert_same_state(one: State, other: State) -> None:
    """Every tensor equal to the bit, every plain value equal but the seconds, which no two runs share."""
    assert one.tensors.keys() == other.tensors.keys()
    different = [name for name in one.tensors if not torch.equal(one.tensors[name], other.tensors[name])]
    assert not different, f"tensors differ: {', '.join(different)}"
    assert without_clock(one) == without_clock(other)


def without_clock(state: State) -> dict[str, Any]:
    """The plain part without the seconds."""
    return {name: value for name, value in state.meta.items() if name != "clock"}
