"""Small races for the tests, one of every kind."""

from __future__ import annotations

from typing import Any

from engine.experiments.pag import create
from engine.papers.pag import PAPER
from tests.engine.experiments.runs import Maker

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

_MAKER = Maker(PAPER, create, KINDS)
begin, kind = _MAKER.begin, _MAKER.kind
