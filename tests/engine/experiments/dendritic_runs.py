"""Small dendritic experiments for the tests, one of every kind."""

from __future__ import annotations

from typing import Any

from engine.experiments.dendritic import create
from engine.papers.dendritic import PAPER
from tests.engine.experiments.runs import Maker

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

_MAKER = Maker(PAPER, create, KINDS)
begin, kind = _MAKER.begin, _MAKER.kind
