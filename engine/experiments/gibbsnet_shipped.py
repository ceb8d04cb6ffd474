"""The weights that come with Atelier for the default preset: what is kept of a run, and how it goes on from there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.experiments import shipped
from engine.experiments.gibbsnet_setup import game_knobs
from engine.models.gibbsnet_learning import Learner
from engine.papers.gibbsnet_views import QualityCurve

if TYPE_CHECKING:
    from engine.experiments.gibbsnet_run import GibbsNetExperiment

NAME = "digits-joint"
_CURVE = ("lengths", "fd", "score", "agree", "spread", "histogram", "stay")
_FITS = {"task": "digits", "reads": "label", "classes": "all", "net": "mlp", "z_dim": 16, "hidden": 128}


def load_shipped(experiment: GibbsNetExperiment) -> str:
    """Puts the shipped weights in when the run asks for them and they fit; a sentence about it ("": fresh).

    Raises `shipped.ShippedError` when they should fit but are damaged.
    """
    p = experiment.p
    if p.start != "trained":
        return ""
    if any(getattr(p, name) != value for name, value in _FITS.items()):
        return "There are no trained weights for these settings: the run started from random ones."
    tensors, words = shipped.read(shipped.path_of("gibbsnet", NAME))
    steps = int(words["updates"])
    for name, learner in experiment.learners.items():
        start = f"{name}."
        own = {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}
        try:
            learner.load(_whole(learner, own), steps)
        except (ValueError, KeyError, RuntimeError) as error:
            raise shipped.ShippedError(f"The shipped weights do not fit ({error}): start fresh.") from error
        learner.change(game_knobs(p, steps))
        experiment.measured.curves += _curves(tensors, name, steps)
    return f"Trained weights that come with Atelier: {steps:,} updates, {words['minutes']} min on one core."


def kept(learner: Learner) -> dict[str, Tensor]:
    """What is shipped of a learner: weights, averages, pool, and Adam's second moments at half the size."""
    whole = learner.tensors()
    wanted = {k: v for k, v in whole.items() if k.startswith(("nets.", "average.")) or k == "pool"}
    moments = {k: v.to(torch.bfloat16) for k, v in whole.items() if k.endswith("exp_avg_sq")}
    return {**wanted, **moments}


def _whole(learner: Learner, own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state to go on from: the missing first moments begin at zero, the random stream is that of this run's seed."""
    found = {k: v.float() for k, v in own.items()}
    for name in [k for k in found if k.endswith("exp_avg_sq")]:
        found[name.replace("exp_avg_sq", "exp_avg")] = torch.zeros_like(found[name])
        found[name.replace("exp_avg_sq", "step")] = torch.tensor(1e4)  # past the correction of its first updates
    return {**{k: v.to(learner.device) for k, v in found.items()}, "random": learner.generator.get_state()}


def curve_tensors(curve: QualityCurve) -> dict[str, Tensor]:
    """A measured curve as tensors, to be shipped beside the weights."""
    return {f"curve.{curve.model}.{key}": torch.from_numpy(np.asarray(getattr(curve, key))) for key in _CURVE}


def _curves(tensors: Mapping[str, Tensor], name: str, version: int) -> list[QualityCurve]:
    start = f"curve.{name}."
    if f"{start}lengths" not in tensors:
        return []
    arrays = {key: tensors[start + key].numpy() for key in _CURVE}
    return [QualityCurve(name, version, **arrays)]  # type: ignore[arg-type]  # a name of a learner is a model's name
