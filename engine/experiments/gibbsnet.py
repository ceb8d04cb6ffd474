"""The GibbsNet paper as an experiment: GibbsNet with ALI and a GAN on the same batches."""

from __future__ import annotations

from typing import cast

from engine.experiments.contract import Context, Experiment
from engine.experiments.gibbsnet_run import GibbsNetExperiment
from engine.papers.contract import Params
from engine.papers.gibbsnet import GibbsNetParams


def create(params: Params, context: Context) -> Experiment:
    """The experiment of these parameters. Raises `DataError` when its data set is missing or broken."""
    return GibbsNetExperiment(cast(GibbsNetParams, params), context)
