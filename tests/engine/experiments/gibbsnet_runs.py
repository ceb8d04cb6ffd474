"""Small GibbsNet experiments for the tests, one of every kind."""

from __future__ import annotations

from typing import Any

from engine.experiments.gibbsnet import create
from engine.papers.gibbsnet import PAPER
from tests.engine.experiments.runs import Maker

SMALL: dict[str, Any] = {"hidden": 32, "batch": 16}

# One of every kind of run: name -> (preset, changes)
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "labels": ("digits-joint", {**SMALL, "start": "fresh", "warm_start": 4}),
    "attributes, noisy decoder": ("digit-attributes", {**SMALL, "decoder_noise": 0.05, "single_pass": False}),
    "pictures alone, three models": ("digits-race", SMALL),
    "plane": ("ring", {**SMALL, "baselines": "none"}),
    "paper mode": ("paper-mode", SMALL),
}

_MAKER = Maker(PAPER, create, KINDS)
begin, kind = _MAKER.begin, _MAKER.kind
