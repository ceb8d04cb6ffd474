"""From the knobs of the tab to the models of the equilibrium paper, and its data."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from engine.experiments.images import CLASSES, Images, load_images, of_tensors
from engine.experiments.random_streams import stream
from engine.models.equilibrium import Network, Rho
from engine.models.equilibrium_learning import LearningKnobs
from engine.papers.equilibrium import LARGEST_CENTRED_BETA, RATES, EquilibriumParams

RANDOM_PICTURES = 64
RANDOM_INPUTS = 5
LIVE_FLOPS = 1e10
TEST_FLOPS = 4e10  # one test may take about a second on a core; deeper networks are then tested on fewer pictures


@dataclass(frozen=True, slots=True)
class Pictures(Images):
    """Pictures, y [10, 10]: the targets of the classes, and mean [1, n_0]: the mean training picture."""

    y: Tensor
    mean: Tensor


def precision_of(params: EquilibriumParams) -> torch.dtype:
    """The floating-point type of the training."""
    return torch.float64 if params.precision == "float64" else torch.float32


def load_pictures(params: EquilibriumParams, device: torch.device, folder: str) -> Pictures:
    """The data of a task. Raises `DataError` naming the file and the remedy."""
    dtype = precision_of(params)
    if params.task == "random":
        both, note = (
            _random(params.seed),
            "Random inputs with random classes: the test pictures are the training pictures.",
        )
        images = of_tensors(both, both, (1, RANDOM_INPUTS), dtype, device, (note,))
    else:
        images = load_images(params.task, dtype, device, folder)
    y = torch.eye(CLASSES, dtype=dtype, device=device)
    return Pictures(**images.parts(), y=y, mean=images.train_x.mean(0, keepdim=True))


def _random(seed: int) -> tuple[Tensor, Tensor]:
    """Inputs from U(0, 1) [64, 5] and random classes, for the theorem's toy."""
    generator = stream(seed, "random task")
    x = torch.rand(RANDOM_PICTURES, RANDOM_INPUTS, generator=generator, dtype=torch.float64)
    return x, torch.randint(CLASSES, (RANDOM_PICTURES,), generator=generator)


def sizes_of(params: EquilibriumParams, inputs: int) -> tuple[int, ...]:
    """Neurons of all layers, the input first."""
    return (inputs, *(params.width,) * params.layers, CLASSES)


def new_network(params: EquilibriumParams, inputs: int, device: torch.device) -> Network:
    """A network as the run of this seed starts, on `device`."""
    net = Network(sizes_of(params, inputs), Rho(params.rho), precision_of(params), device)
    net.draw(params.gain, stream(params.seed, "weights"))
    net.set_asymmetry(params.asymmetry, stream(params.seed, "asymmetry"))
    return net


def used_beta(params: EquilibriumParams) -> float:
    """The nudge that is applied: where -beta occurs and the output must keep some stiffness, at most 0.9."""
    needs_stiffness = params.nudging == "centred" or (params.nudging == "random_sign" and params.solver == "exact")
    return min(params.beta, LARGEST_CENTRED_BETA) if needs_stiffness else params.beta


def learning_knobs(params: EquilibriumParams) -> LearningKnobs:
    """The live knobs as the model names them."""
    return LearningKnobs(
        alpha=tuple(getattr(params, name) for name in RATES[: params.layers + 1]),
        beta=used_beta(params),
        nudging=params.nudging,
        trainer=params.trainer,
        free_sweeps=params.free_sweeps,
        nudged_sweeps=params.nudged_sweeps,
        solver=params.solver,
        epsilon=params.epsilon,
    )


def is_exact(params: EquilibriumParams) -> bool:
    """Whether rest is found block by block (clipped neurons only)."""
    return params.solver == "exact" and params.rho == "clipped"


def tested_pictures(params: EquilibriumParams, pictures: Pictures) -> int:
    """How many test pictures an error rate is measured on during training: all, unless that takes over a second."""
    return min(len(pictures.test_x), max(200, int(TEST_FLOPS / free_phase_flops(params, pictures))))


def live_pictures(params: EquilibriumParams, pictures: Pictures, most: int) -> int:
    """How many pictures the live figures are measured on: `most`, unless that takes over half a second."""
    return max(32, min(most, int(LIVE_FLOPS / free_phase_flops(params, pictures))))


def free_phase_flops(params: EquilibriumParams, pictures: Pictures) -> float:
    """Floating-point operations of one picture's free phase."""
    n = sizes_of(params, pictures.train_x.shape[1])
    return 2.0 * n[0] * n[1] + params.free_sweeps * sum(4.0 * a * b for a, b in pairwise(n[1:]))
