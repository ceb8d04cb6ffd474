"""Plan, Attend, Generate as an experiment: baseline, PAG and rPAG on the same batches, one update each in turn."""

from __future__ import annotations

from typing import cast

from engine.experiments.contract import Context, Experiment
from engine.experiments.pag_run import PagExperiment
from engine.papers.contract import Params
from engine.papers.pag import PagParams


def create(params: Params, context: Context) -> Experiment:
    """The experiment of these parameters. Raises `DataError` (data missing or broken) or `ParameterError`."""
    return PagExperiment(cast(PagParams, params), context)
