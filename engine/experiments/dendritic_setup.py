"""From the knobs of the tab to the models of the dendritic paper, and the data of the image tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from engine.experiments.images import CLASSES, Images, ImageSet, load_images
from engine.models.dendritic import Conductances, target_rates, voltages_of_rates
from engine.models.dendritic_continuous import ContinuousCircuit, ContinuousKnobs
from engine.models.dendritic_two_step import TwoStepCircuit, TwoStepKnobs
from engine.papers.dendritic import DendriticParams

GAIN_EXAMPLES = 10  # a batch of the default preset; the exact gain solves n_{k+1} eigenproblems of this size


@dataclass(frozen=True, slots=True)
class ImageTask(Images):
    """Pictures, and the teacher's r_star, u_star [10, 10]: target rates and voltages of each class."""

    r_star: Tensor
    u_star: Tensor


def precision_of(params: DendriticParams) -> torch.dtype:
    """The floating-point type of the run."""
    return torch.float64 if params.precision == "float64" else torch.float32


def load_task(params: DendriticParams, device: torch.device, folder: str) -> ImageTask:
    """The pictures of an image task. Raises `DataError` naming the file and the remedy."""
    dtype = precision_of(params)
    images = load_images(cast(ImageSet, params.task), dtype, device, folder)
    r_star = target_rates(torch.arange(CLASSES, device=device), CLASSES, dtype=dtype)
    return ImageTask(**images.parts(), r_star=r_star, u_star=voltages_of_rates(r_star))


def two_step_sizes(params: DendriticParams, inputs: int) -> tuple[int, ...]:
    """Cells of all areas, the input first."""
    hidden = (params.hidden_1,) if params.hidden_2 == 0 else (params.hidden_1, params.hidden_2)
    return (inputs, *hidden, CLASSES)


def two_step_knobs(params: DendriticParams) -> TwoStepKnobs:
    """The live knobs of the image tasks, as the model names them."""
    plastic = {"W": params.plastic_w, "P": params.plastic_p, "Q": params.plastic_q, "B": params.plastic_b}
    frozen = {1: not params.plastic_w1, 2: not params.plastic_w2}
    return TwoStepKnobs(
        h=(params.h1, params.h2) if params.hidden_2 == 0 else (params.h1, params.h2, params.h3),
        lam=params.lam,
        lam_N=params.lam_output,
        lam_I=params.lam_inter,
        tracking_ratio=params.tracking,
        eta_Q=params.eta_q,
        eta_B=params.eta_b,
        plastic=frozenset(kind for kind, is_on in plastic.items() if is_on),
        frozen_areas=frozenset(area for area, is_frozen in frozen.items() if is_frozen),
        silenced=params.silenced,
        noise=params.sigma,
        teacher=params.teacher,
    )


def circuit_in_time(net: TwoStepCircuit) -> ContinuousCircuit:
    """The same synapses with membranes: leak-free conductances of the present mixing factors, plasticity off."""
    knobs, m = net.knobs, net.mixing
    rests = (0.0,) * (net.N - 1)
    return ContinuousCircuit(
        net.sizes,
        ContinuousKnobs((0.0, *rests), rests, rests, rests, frozenset(), knobs.silenced, knobs.noise),
        Conductances.without_leak(m.lam, m.lam_N, m.lam_I),
        synapses=net.synapses,
    )
