"""Small equilibrium experiments for the tests, one of every kind."""

from __future__ import annotations

from typing import Any

from engine.experiments.equilibrium import create
from engine.papers.equilibrium import PAPER
from tests.engine.experiments.runs import Maker

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

_MAKER = Maker(PAPER, create, KINDS)
begin, kind = _MAKER.begin, _MAKER.kind
