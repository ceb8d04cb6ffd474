"""What the studies of the dendritic paper let an executor do: train one learner, measure a theorem, look at percepts.

Each function is called in a process of its own with plain arguments and returns plain arrays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor

from engine.experiments.batches import Batches
from engine.experiments.contract import Context
from engine.experiments.dendritic_baselines import angles_at, circuit_at, circuit_params, forward_weights, learner_of
from engine.experiments.dendritic_images import ImageExperiment
from engine.experiments.random_streams import stream
from engine.models.dendritic_reference import ReferenceLearner, backprop_updates, circuit_updates
from engine.papers import load_paper
from engine.papers.dendritic import DendriticParams
from engine.papers.dendritic_views import BaselineKind
from engine.runtime.device import choose
from engine.runtime.jobs import tell

LearnerKind = Literal["circuit", "backprop", "shallow", "transpose", "untracked", "silenced", "one_layer"]
EVALUATIONS = 60
LAST_SHARE = 0.1  # of the updates: their test errors are averaged, because constant rates keep jittering
ONE_LAYER_RATE = {64: 0.1, 784: 0.02}  # good rates of a network without a hidden layer, by number of inputs


@dataclass(frozen=True, slots=True)
class Learnt:
    """How one learner went. steps int64 [T]; error float64 [T]: wrong answers on the whole test set, in %."""

    kind: LearnerKind
    steps: np.ndarray
    error: np.ndarray
    seconds: float
    device: str

    @property
    def final(self) -> float:
        """Test error in %, mean over the last tenth of the updates (not the best: the test set chooses nothing)."""
        return float(self.error[self.steps >= (1.0 - LAST_SHARE) * self.steps[-1]].mean())


def learn(kind: LearnerKind, preset: str, params: Mapping[str, Any], updates: int, device: str = "cpu") -> Learnt:
    """Trains a learner of this kind from the start of a preset, testing about sixty times on the whole test set."""
    experiment, words = _begin(preset, params, device, kind)
    advance, predict = _learner(experiment, kind)
    x, y = experiment.task.test_x, experiment.task.test_y
    every = max(1, updates // EVALUATIONS)
    steps, errors = [], []
    begun = time.perf_counter()
    for step in range(updates + 1):
        if step % every == 0 or step == updates:
            said = torch.cat([predict(part).argmax(1) for part in torch.split(x, 2000)])
            steps.append(step)
            errors.append(100.0 * float((said != y).double().mean()))
        if step < updates:
            advance()
            tell((step + 1) / updates)
    return Learnt(kind, np.array(steps), np.array(errors), time.perf_counter() - begun, words)


def _begin(
    preset: str, params: Mapping[str, Any], device: str, kind: LearnerKind = "circuit"
) -> tuple[ImageExperiment, str]:
    """A new circuit, with the one thing changed that the comparison is about; and its device in words."""
    made = cast(DendriticParams, load_paper("dendritic").make_params(preset, params))
    if kind not in ("circuit", "one_layer"):
        made = circuit_params(made, cast(BaselineKind, kind))
    choice = choose(device)
    return ImageExperiment(made, Context(choice.device, _nobody, _nobody)), choice.words


def _learner(experiment: ImageExperiment, kind: LearnerKind) -> tuple[Callable[[], object], Callable[[Tensor], Tensor]]:
    if kind == "circuit":
        return experiment.step, experiment.net.predict
    if kind == "one_layer":
        return _one_layer(experiment)
    return learner_of(experiment, kind)


def _one_layer(experiment: ImageExperiment) -> tuple[Callable[[], object], Callable[[Tensor], Tensor]]:
    """Pixels straight to the output cells, taught by the delta rule: the paper's single layer."""
    task = experiment.task
    inputs, outputs = task.train_x.shape[1], len(task.r_star)
    start = task.train_x.new_zeros(outputs, inputs + 1)
    rate = ONE_LAYER_RATE.get(inputs, 0.1)
    seed = experiment.params.seed
    layer = ReferenceLearner("backprop", {1: start}, (rate,), experiment.net.mixing, stream(seed, "one layer"))
    batches = Batches(len(task.train_x), experiment.batch_size, seed)

    def advance() -> None:
        index = batches.next().to(task.train_x.device)
        layer.step(task.train_x[index], task.u_star[task.train_y[index]])

    return advance, layer.predict


# --- the theorem ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Theorem:
    """The circuit's update against backprop's over λ, layer by layer.

    lambdas [L]; angles [L, layers] in degrees; ratios [L, layers]: ⟨ΔW, bp⟩ / ‖bp‖² / λ^(N−k+1), 1 in theory.
    """

    lambdas: np.ndarray
    angles: np.ndarray
    ratios: np.ndarray

    @property
    def slopes(self) -> np.ndarray:
        """Log-log slope of the angle over λ for each layer; 1 when the angle is proportional to λ."""
        return np.asarray(np.polyfit(np.log(self.lambdas), np.log(self.angles), 1)[0])


def weak_feedback(
    seed: int, updates: int, lambdas: tuple[float, ...], params: Mapping[str, Any] | None = None
) -> Theorem:
    """The theorem on the weights of the weak-feedback preset after so many updates, in float64, with B = Wᵀ."""
    experiment, _ = _begin("weak-feedback", {**(params or {}), "seed": seed}, "cpu")
    for step in range(updates):
        experiment.step()
        tell((step + 1) / (updates + 1))
    net, x, u_star = experiment.net, experiment.probe_x, experiment.probe_u
    forward = forward_weights(net)
    angles, ratios = [], []
    for value in lambdas:
        angles.append(angles_at(net.sizes, forward, value, x, u_star))
        circuit = circuit_at(net.sizes, forward, value)
        activity = circuit.probe(x, u_star)
        own, exact = circuit_updates(activity), backprop_updates(circuit, activity, "voltage")
        ratios.append(
            [
                float((own[k] * exact[k]).sum() / exact[k].square().sum()) / value ** (circuit.N - k + 1)
                for k in sorted(own)
            ]
        )
    return Theorem(np.array(lambdas), np.array(angles), np.array(ratios))


# --- disinhibition ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Perception:
    """What opening the gates does to pictures, over the whole test set.

    mse: mean squared distance to the clean picture (summed over pixels) by condition. attended: share in % of
    percepts of two superposed digits that the net itself names as the cued (or, without a cue, the first) one.
    pictures: [rows, examples, h, w] for the rows in `row_names`. dream [10, h, w]; means [10, h, w] of the training
    classes; recognised int [10]; distances [10, 10]: squared, dream against class mean; natural [10]: what test
    pictures have on average against the mean of their own class. error: plain test error in %, gates closed.
    """

    mse: Mapping[str, float]
    attended: Mapping[str, float]
    pictures: np.ndarray
    row_names: tuple[str, ...]
    dream: np.ndarray
    means: np.ndarray
    recognised: np.ndarray
    distances: np.ndarray
    natural: np.ndarray
    error: float
    device: str


NOISE_SD = 0.4
EXAMPLES = 8


def perceive(seed: int, updates: int, device: str = "cpu", params: Mapping[str, Any] | None = None) -> Perception:
    """Trains the circuit with one hidden area, then opens its gates d (input area) and a (hidden area)."""
    experiment, words = _begin("digits-one", {**(params or {}), "seed": seed}, device)
    for step in range(updates):
        experiment.step()
        tell((step + 1) / (updates + 1))
    task, imagine = experiment.task, experiment.imagination.perceive
    clean, y = task.test_x, task.test_y
    random = np.random.default_rng([seed, 1])
    noisy = (clean + torch.from_numpy(random.normal(0.0, NOISE_SD, tuple(clean.shape))).to(clean)).clamp(0.0, 1.0)
    wrong = (y + torch.from_numpy(random.integers(1, len(task.r_star), len(y))).to(y)) % len(task.r_star)
    hidden = clean.clone().reshape(-1, *task.shape)
    hidden[:, task.shape[0] // 2 :] = 0.0
    hidden = hidden.reshape(len(clean), -1)
    right_cue, wrong_cue = task.r_star[y], task.r_star[wrong]
    percepts = {
        "noisy": noisy,
        "noisy, d 0.7": imagine(noisy, 0.7).image,
        "noisy, d 0.7, a 0.5, right cue": imagine(noisy, 0.7, 0.5, right_cue).image,
        "noisy, d 0.7, a 0.5, wrong cue": imagine(noisy, 0.7, 0.5, wrong_cue).image,
        "occluded": hidden,
        "occluded, d 0.7, a 0.5, right cue": imagine(hidden, 0.7, 0.5, right_cue).image,
        "occluded, d 0.7, a 1, right cue": imagine(hidden, 0.7, 1.0, right_cue).image,
    }
    dream = experiment.imagination.generate(task.r_star)
    said = experiment.net.predict(clean).argmax(1)
    shown = {"clean": clean, **percepts}
    return Perception(
        mse={name: _mse(image, clean) for name, image in percepts.items()},
        attended=_attended(experiment, random),
        pictures=np.stack([_pictures(image[:EXAMPLES], task.shape) for image in shown.values()]),
        row_names=tuple(shown),
        dream=_pictures(dream.image, task.shape),
        means=_pictures(task.means, task.shape),
        recognised=dream.verdict.argmax(1).cpu().numpy(),
        distances=torch.cdist(dream.image.double(), task.means.double()).square().cpu().numpy(),
        natural=np.array([_mse(clean[y == c], task.means[c]) for c in range(len(task.means))]),
        error=100.0 * float((said != y).double().mean()),
        device=words,
    )


def _attended(experiment: ImageExperiment, random: np.random.Generator) -> dict[str, float]:
    """Two digits of different classes superposed: is the percept named as the one that is attended?"""
    task = experiment.task
    first, y = task.test_x, task.test_y
    order = torch.from_numpy(random.permutation(len(y))).to(y)
    differs = y[order] != y
    both = torch.maximum(first, first[order])[differs]
    y = y[differs]
    cue = task.r_star[y]
    shares = {}
    for name, gain, given in (("no cue", 0.0, None), ("cue, a 0.6", 0.6, cue)):
        verdict = experiment.imagination.perceive(both, 0.7, gain, given).verdict.argmax(1)
        shares[name] = 100.0 * float((verdict == y).double().mean())
    return shares


def _mse(image: Tensor, clean: Tensor) -> float:
    return float((image - clean).double().square().sum(1).mean())


def _pictures(image: Tensor, shape: tuple[int, int]) -> np.ndarray:
    return np.array(image.cpu().numpy(), np.float32).reshape(-1, *shape)


def _nobody(*_words: object, **_more: object) -> None:
    """A study reads curves, not notices."""
