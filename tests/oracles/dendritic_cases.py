"""Circuits and data that the dendritic oracles share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from engine.models.dendritic import target_rates, uniform, voltages_of_rates
from engine.models.dendritic_continuous import ContinuousCircuit, ContinuousKnobs
from engine.models.dendritic_two_step import Activity, TwoStepCircuit, TwoStepKnobs

DEEP = (64, 100, 100, 10)
ONE = (64, 100, 10)
F64 = torch.float64


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def two_step(
    sizes: tuple[int, ...] = DEEP,
    h: tuple[float, ...] = (0.5, 0.03, 0.06),
    seed: int = 0,
    dtype: torch.dtype = F64,
    feedback: str = "random",
    bound: float = 1.0,
    self_predicting: bool = True,
    **knobs: object,
) -> TwoStepCircuit:
    circuit = TwoStepCircuit(sizes, TwoStepKnobs(h=h, **knobs), dtype=dtype)
    circuit.initialise(seeded(seed), feedback, bound, self_predicting)
    return circuit


def same_lam(lam: float, **more: object) -> TwoStepCircuit:
    """The weak-feedback circuit of oracles 4-6: one lam everywhere, h = 1e-3."""
    return two_step(h=(1e-3,) * 3, lam=lam, lam_N=lam, lam_I=lam, **more)


def one_area(seed: int = 0, **knobs: object) -> TwoStepCircuit:
    return two_step(ONE, (0.3, 0.1), seed, torch.float32, bound=0.5, **knobs)


def continuous(seed: int = 0, self_predicting: bool = True, **knobs: object) -> ContinuousCircuit:
    circuit = ContinuousCircuit((30, 20, 10), ContinuousKnobs(**knobs), dtype=F64)
    circuit.initialise(seeded(seed), self_predicting=self_predicting)
    return circuit


def pair(batch: int, n_in: int = 30, n_out: int = 10, seed: int = 7) -> tuple[Tensor, Tensor]:
    """Inputs and target voltages from U(-1, 1), float64."""
    g, like = seeded(seed), torch.zeros((), dtype=F64)
    return uniform((batch, n_in), 1.0, like, g), uniform((batch, n_out), 1.0, like, g)


def largest(*tensors: Tensor) -> float:
    return max(float(t.abs().max()) for t in tensors)


@dataclass(frozen=True)
class Digits:
    x: Tensor
    labels: Tensor
    u_star: Tensor
    r_star: Tensor


def digits(dtype: torch.dtype = torch.float32) -> tuple[Digits, Digits]:
    """1437 training and 360 test digits of scikit-learn, fixed permutation, pixels in 0..1."""
    raw = load_digits()
    order = np.random.RandomState(0).permutation(len(raw.data))
    x = torch.tensor(raw.data[order] / 16.0, dtype=dtype)
    labels = torch.tensor(raw.target[order])
    r_star = target_rates(labels, 10, dtype=dtype)
    u_star = voltages_of_rates(r_star)
    cut = 1437
    parts = ((t[:cut], t[cut:]) for t in (x, labels, u_star, r_star))
    train, test = zip(*parts, strict=True)
    return Digits(*train), Digits(*test)


def train(circuit: TwoStepCircuit, data: Digits, updates: int, seed: int = 0, after=None) -> None:
    """Teach in mini-batches of 10 drawn without replacement within an epoch; after(activity, rows) each time."""
    g, at, order = seeded(seed), 0, torch.empty(0, dtype=torch.int64)
    for _ in range(updates):
        if at + 10 > len(order):
            order, at = torch.randperm(len(data.labels), generator=g), 0
        rows = order[at : at + 10]
        a: Activity = circuit.step(data.x[rows], data.u_star[rows], g)
        if after is not None:
            after(a, rows)
        at += 10


def accuracy(circuit, data: Digits) -> float:
    return 100.0 * float((circuit.predict(data.x).argmax(1) == data.labels).double().mean())
