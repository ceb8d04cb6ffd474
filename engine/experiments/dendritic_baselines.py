"""Comparison learners and the λ sweep: long answers that share time with training and never touch it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.experiments.batches import Batches
from engine.experiments.contract import Context, LongAction, Partial
from engine.experiments.random_streams import stream
from engine.models.dendritic_reference import ReferenceLearner, angles_to_backprop
from engine.models.dendritic_two_step import TwoStepCircuit, TwoStepKnobs
from engine.papers.dendritic import DendriticParams
from engine.papers.dendritic_views import BaselineArguments, BaselineCurve, BaselineKind, SweepArguments, SweepResult

if TYPE_CHECKING:
    from engine.experiments.dendritic_images import ImageExperiment

SLICE_S = 0.012
LONGEST = 200_000
# Backprop's own good rates by number of inputs and layers, measured on the digits and on two epochs of MNIST
BACKPROP_RATES = {(64, 2): (1.0, 0.1), (64, 3): (1.0, 0.5, 0.1), (784, 3): (6.0, 3.0, 0.1)}


class _Curve:
    """Grows while a learner trains."""

    def __init__(self, kind: BaselineKind) -> None:
        self.kind: BaselineKind = kind
        self.steps: list[int] = []
        self.accuracy: list[float] = []
        self.error: list[float] = []
        self.seconds = 0.0

    def result(self) -> BaselineCurve:
        """What there is so far."""
        return BaselineCurve(
            self.kind, np.array(self.steps, np.int64), np.array(self.accuracy), np.array(self.error), self.seconds
        )


def train(params: DendriticParams, context: Context, arguments: BaselineArguments) -> LongAction:
    """Trains a comparison learner for `steps` updates, in slices of a few milliseconds."""
    if not 1 <= arguments.steps <= LONGEST:
        raise ValueError(f"steps = {arguments.steps} must lie between 1 and {LONGEST:,}")
    from engine.experiments.dendritic_images import ImageExperiment

    quiet = Context(context.device, _nobody, _nobody, context.data_folder)
    circuit = ImageExperiment(circuit_params(params, arguments.kind), quiet)
    advance, predict = learner_of(circuit, arguments.kind)
    curve = _Curve(arguments.kind)
    test_x, test_y = circuit.task.test_x[:1000], circuit.task.test_y[:1000]
    every = max(10, arguments.steps // 150)
    begun = time.perf_counter()
    for step in range(arguments.steps + 1):
        if step % every == 0 or step == arguments.steps:
            rates = predict(test_x)
            curve.steps.append(step)
            curve.accuracy.append(100.0 * float((rates.argmax(1) == test_y).double().mean()))
            curve.error.append(float((rates - circuit.task.r_star[test_y]).square().sum(1).mean()))
        if step < arguments.steps:
            advance()
        now = time.perf_counter()
        if now - begun > SLICE_S:
            curve.seconds += now - begun
            yield Partial(curve.result(), step / arguments.steps)
            begun = time.perf_counter()
    curve.seconds += time.perf_counter() - begun
    return curve.result()


def circuit_params(params: DendriticParams, kind: BaselineKind) -> DendriticParams:
    """The run's own start with the one thing changed that the comparison is about."""
    changes: dict[BaselineKind, dict[str, object]] = {
        "transpose": {"feedback": "transpose"},
        "untracked": {"plastic_p": False},
        "silenced": {"silenced": 1.0},
        "shallow": {},
        "backprop": {},
    }
    return params.with_changes(silenced=0.0, label_noise=0.0).with_changes(**changes[kind])


def learner_of(
    experiment: ImageExperiment, kind: BaselineKind
) -> tuple[Callable[[], object], Callable[[Tensor], Tensor]]:
    """One update, and the prediction x [B, n_0] -> rates [B, 10], of the learner of this kind.

    `experiment` is a new one with the parameters of `circuit_params`; nobody else trains it.
    """
    if kind not in ("backprop", "shallow"):
        return experiment.step, experiment.net.predict
    net, params, task = experiment.net, experiment.params, experiment.task
    own = net.knobs.h
    rates = BACKPROP_RATES.get((net.sizes[0], net.N), own) if kind == "backprop" else own
    learner = ReferenceLearner(
        "backprop" if kind == "backprop" else "shallow", net.synapses.W, rates, net.mixing, stream(params.seed, kind)
    )
    batches = Batches(len(task.train_x), experiment.batch_size, params.seed)

    def advance() -> None:
        index = batches.next().to(task.train_x.device)
        learner.step(task.train_x[index], task.u_star[task.train_y[index]])

    return advance, learner.predict


def sweep(experiment: ImageExperiment, arguments: SweepArguments) -> LongAction:
    """Angles between the circuit's update and backprop over λ, in float64, B = Wᵀ, on the present weights."""
    lambdas = sorted({float(value) for value in arguments.lambdas})
    if len(lambdas) < 2 or not all(0.0 < value < 0.6 for value in lambdas):
        raise ValueError(f"λ values {arguments.lambdas}: at least two between 0 and 0.6 are needed")
    forward = forward_weights(experiment.net)
    x, u_star = experiment.probe_x.double().cpu(), experiment.probe_u.double().cpu()
    angles: list[tuple[float, ...]] = []
    for number, value in enumerate(lambdas):
        angles.append(angles_at(experiment.net.sizes, forward, value, x, u_star))
        yield Partial(_sweep_result(lambdas[: number + 1], angles), (number + 1) / len(lambdas))
    return _sweep_result(lambdas, angles)


def forward_weights(net: TwoStepCircuit) -> dict[int, Tensor]:
    """Effective weights in float64 by area: v̂_k = forward_k · [r_{k-1}; 1], whatever λ is."""
    return {k: w.double().cpu() * net.mixing.attenuation(k, net.N) for k, w in net.synapses.W.items()}


def angles_at(
    sizes: tuple[int, ...], forward: dict[int, Tensor], value: float, x: Tensor, u_star: Tensor
) -> tuple[float, ...]:
    """Angles in degrees, one per layer, at λ = λ_N = λ_I = `value`; `forward`: effective weights v̂ = forward · r."""
    net = circuit_at(sizes, forward, value)
    return tuple(angles_to_backprop(net, net.probe(x, u_star), "voltage").values())


def circuit_at(sizes: tuple[int, ...], forward: dict[int, Tensor], value: float) -> TwoStepCircuit:
    """The circuit with λ = λ_N = λ_I = `value`, B = Wᵀ, self-predicting, in float64, that answers as `forward` does."""
    knobs = TwoStepKnobs(h=(0.0,) * (len(sizes) - 1), lam=value, lam_N=value, lam_I=value)
    net = TwoStepCircuit(sizes, knobs, torch.float64)
    for k, weights in forward.items():
        net.synapses.W[k].copy_(weights / net.mixing.attenuation(k, net.N))
    net.synapses.draw_feedback("transpose", 1.0, stream(0, "unused"))
    net.synapses.predict_next_area(net.mixing)
    return net


def _sweep_result(lambdas: list[float], angles: list[tuple[float, ...]]) -> SweepResult:
    values = np.array(angles)
    slope = np.full(values.shape[1], np.nan)
    if len(angles) > 1:
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.polyfit(np.log(lambdas), np.log(values), 1)[0]
    return SweepResult(np.array(lambdas), values, slope)


def _nobody(*_: object) -> None:
    """Comparison learners speak to nobody: their curve is the message."""
