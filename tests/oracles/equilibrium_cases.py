"""Networks and data that the equilibrium oracles share."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from engine.data.digits import load_digits
from engine.models.equilibrium import Network, Rho, States, one_hot
from engine.models.equilibrium_learning import Learner, LearningKnobs, Phases
from engine.models.equilibrium_solvers import settle

F64 = torch.float64
E1 = (64, 128, 10)
E2 = (64, 128, 128, 10)
E3 = (64, 128, 128, 128, 10)
RATES = {E1: (0.4, 0.2), E2: (0.4, 0.2, 0.1), E3: (0.8, 0.4, 0.2, 0.1)}
SWEEPS = {E1: (10, 4), E2: (15, 6), E3: (20, 8)}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def network(sizes=E1, rho: str = "clipped", gain: float = 0.5, seed: int = 0, dtype=F64) -> Network:
    net = Network(sizes, Rho(rho), dtype)
    net.draw(gain, seeded(seed))
    return net


@cache
def digits(part: str = "train", dtype=F64) -> tuple[Tensor, Tensor]:
    """Pictures [N, 64] in 0..1 and labels."""
    data = load_digits(8)
    x, y = (data.train_x, data.train_y) if part == "train" else (data.test_x, data.test_y)
    return torch.from_numpy(x).to(dtype), torch.from_numpy(y)


def pictures(count: int = 16) -> tuple[Tensor, Tensor]:
    """Test pictures and their targets y, float64."""
    x, labels = digits("test")
    return x[:count], one_hot(labels[:count], 10, x)


def random_batch(sizes, count: int = 8, seed: int = 5) -> tuple[Tensor, Tensor]:
    """x from U(0, 1) and one-hot targets."""
    g = seeded(seed)
    x = torch.rand(count, sizes[0], generator=g, dtype=F64)
    return x, one_hot(torch.randint(sizes[-1], (count,), generator=g), sizes[-1], x)


def learner(net: Network, **knobs) -> Learner:
    """The preset of these sizes, with changes."""
    free, nudged = SWEEPS.get(net.sizes, (10, 4))
    defaults = {"alpha": RATES.get(net.sizes, (0.1,) * net.L), "free_sweeps": free, "nudged_sweeps": nudged}
    return Learner(net, LearningKnobs(**{**defaults, **knobs}))


def train(teacher: Learner, updates: int, batch: int = 32, seed: int = 1) -> None:
    """Teaches the digits in random batches."""
    x, labels = digits("train", teacher.net.like.dtype)
    y, g, p = one_hot(labels, 10, x), seeded(seed), Phases(teacher.net, batch)
    for _ in range(updates):
        rows = torch.randint(len(x), (batch,), generator=g)
        teacher.begin(p, x[rows], y[rows])
        teacher.update(p)


@cache
def trained(sizes=E1, updates: int = 60, seed: int = 0) -> Network:
    """A network after so many updates, float64; do not write into it."""
    net = network(sizes, seed=seed)
    train(learner(net), updates)
    return net


def accuracy(net: Network, sweeps: int = 20) -> float:
    """Test pictures recognised, in %."""
    x, labels = digits("test", net.like.dtype)
    return 100.0 * float((settle(net, x, sweeps)[-1].argmax(1) == labels).double().mean())


def converged(net: Network, x: Tensor, y: Tensor, beta: float, nudging: str = "centred", sweeps: int = 500):
    """The update direction (minus the gradient estimate) with both phases at rest."""
    teacher = learner(net, beta=beta, nudging=nudging, free_sweeps=sweeps, nudged_sweeps=sweeps)
    p = Phases(net, len(x))
    teacher.begin(p, x, y)
    teacher.free_phase(p)
    teacher.nudged_phase(p)
    return teacher.direction(p)


def relative(found: Tensor, wanted: Tensor) -> float:
    return float((found - wanted).norm() / wanted.norm())


def all_of(s: States) -> Tensor:
    """Layers 1..L side by side."""
    return torch.cat([v.flatten(1) for v in s[1:]], 1)
