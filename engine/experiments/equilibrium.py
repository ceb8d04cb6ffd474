"""The equilibrium paper as an experiment: digits, MNIST and a random toy, all by the same network with an energy."""

from __future__ import annotations

from typing import cast

from engine.experiments.contract import Context, Experiment
from engine.experiments.equilibrium_run import EquilibriumExperiment
from engine.papers.contract import Params
from engine.papers.equilibrium import EquilibriumParams


def create(params: Params, context: Context) -> Experiment:
    """The experiment of these parameters. Raises `DataError` when its data set is missing or broken."""
    return EquilibriumExperiment(cast(EquilibriumParams, params), context)
