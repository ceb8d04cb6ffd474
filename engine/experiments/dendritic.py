"""The dendritic paper as experiments: images by the two-step dynamics, the paper's small figures in continuous time."""

from __future__ import annotations

from typing import cast

from engine.experiments.contract import Context, Experiment
from engine.experiments.dendritic_figures import FigureExperiment
from engine.experiments.dendritic_images import ImageExperiment
from engine.papers.contract import Params
from engine.papers.dendritic import IMAGE_TASKS, DendriticParams


def create(params: Params, context: Context) -> Experiment:
    """The experiment of `params.task`. Raises `DataError` when its data set is missing or broken."""
    chosen = cast(DendriticParams, params)
    kind = ImageExperiment if chosen.task in IMAGE_TASKS else FigureExperiment
    return kind(chosen, context)
