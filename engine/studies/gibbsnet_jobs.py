"""What the studies of the GibbsNet paper let an executor do: train once a seed, then measure everything.

Each function is called in a process of its own with plain arguments and returns plain arrays.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from engine.experiments.contract import Context
from engine.experiments.gibbsnet_latent import gap_from_gaussian
from engine.experiments.gibbsnet_measures import along
from engine.experiments.gibbsnet_mixing import whole
from engine.experiments.gibbsnet_run import GibbsNetExperiment
from engine.experiments.gibbsnet_setup import chain_knobs
from engine.experiments.random_streams import stream
from engine.papers.contract import validate
from engine.papers.gibbsnet import PRESETS, GibbsNetParams
from engine.papers.gibbsnet_views import (
    InpaintArguments,
    InpaintResult,
    MeasureArguments,
    MixingQuery,
    ProbeArguments,
    ProbeResult,
    QualityCurve,
    TasksArguments,
    TasksResult,
)
from engine.runtime.device import choose
from engine.runtime.jobs import tell

FIRST_SHARE = 0.7  # of the updates, before the last knobs come
TRAINING_SHARE = 0.8  # of a job's time


@dataclass(frozen=True, slots=True)
class Trained:
    """One seed of the joint digits: curves by model, what the tasks, completions and probes gave, whether it forgets.

    fd_floor, score_real: of the test pictures. forgets: lag at which GibbsNet's class is half forgotten. K: its passes.
    """

    seed: int
    curves: dict[str, QualityCurve]
    fd_floor: float
    score_real: float
    tasks: TasksResult
    inpaint: InpaintResult
    probe: ProbeResult
    forgets: float
    K: int
    device: str


def begin(preset: str, params: Mapping[str, Any], device: str, folder: str = "") -> tuple[GibbsNetExperiment, str]:
    """A new run of a preset with changes, and its device in words."""
    values = next(p.values for p in PRESETS if p.id == preset)
    choice = choose(device)
    made = validate(GibbsNetParams, {**values, **params})
    return GibbsNetExperiment(made, Context(choice.device, _nobody, _nobody, folder)), choice.words


def train_and_measure(
    preset: str,
    params: Mapping[str, Any],
    last: Mapping[str, Any],
    updates: int,
    lengths: tuple[int, ...],
    samples: int,
    tests: int,
    device: str,
) -> Trained:
    """Trains all models of a preset on the same batches and measures everything the claims need.

    last: live knobs of the last part of the training.
    """
    experiment, words = begin(preset, params, device)
    for step in range(updates):
        if step == int(FIRST_SHARE * updates):
            experiment.change(experiment.p.with_changes(**last))
        experiment.step()
        tell(TRAINING_SHARE * (step + 1) / updates)
    view = _answer(experiment.measure(MeasureArguments(lengths=lengths, samples=samples)))
    tell(0.9)
    seed = experiment.p.seed
    return Trained(
        seed=seed,
        curves={curve.model: curve for curve in view.curves},
        fd_floor=view.fd_floor,
        score_real=view.score_real,
        tasks=_answer(experiment.tasks(TasksArguments(tests=tests, seed=seed))),
        inpaint=_answer(experiment.inpaint(InpaintArguments(tests=tests, seed=seed))),
        probe=_answer(experiment.probe(ProbeArguments(seed=seed))),
        forgets=whole(experiment, MixingQuery(steps=min(200, max(lengths)))).forgets_in,
        K=experiment.learners["gibbsnet"].K,
        device=words,
    )


@dataclass(frozen=True, slots=True)
class Plane:
    """One seed of the latent plane.

    gap: of GibbsNet's free z from N(0, I), nats; control: of as many Gaussian draws, by the same estimate. fd, fd_ali:
    Frechet distance after `steps` steps. z [n, 2]: the free cloud.
    """

    seed: int
    gap: float
    control: float
    fd: float
    fd_ali: float
    z: np.ndarray
    device: str


def plane(preset: str, params: Mapping[str, Any], updates: int, steps: int, device: str, count: int = 1000) -> Plane:
    """Trains a preset with two latent entries and compares where its chain's z ends with where it began."""
    experiment, words = begin(preset, params, device)
    for step in range(updates):
        experiment.step()
        tell((step + 1) / updates)
    found = {}
    for name in ("gibbsnet", "ali"):
        generator = stream(experiment.p.seed, "plane study", experiment.device)
        found[name] = next(along(experiment.learner(name), (steps,), count, chain_knobs(experiment.p), generator))
    z = found["gibbsnet"].z.cpu().numpy()
    gaussian = torch.randn(count, 2, generator=stream(experiment.p.seed, "control")).numpy()
    distance = experiment.measures.space.distance
    return Plane(
        experiment.p.seed, gap_from_gaussian(z), gap_from_gaussian(gaussian), distance(found["gibbsnet"].x),
        distance(found["ali"].x), z, words,
    )  # fmt: skip


def _answer(asked: Generator[Any, None, Any]) -> Any:
    while True:
        try:
            next(asked)
        except StopIteration as end:
            return end.value


def _nobody(*_words: object) -> None:
    """Nobody is at the window of a study."""
