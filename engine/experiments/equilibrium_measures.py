"""What is measured of a network while it trains, on fixed pictures and without drawing a random number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.experiments.equilibrium_faults import ENERGY_RISE, REST_SHARE, Signs, rises, solver_of
from engine.experiments.equilibrium_setup import learning_knobs, live_pictures, tested_pictures
from engine.experiments.images import CLASSES
from engine.models.equilibrium import Network, States, cost
from engine.models.equilibrium_learning import Learner, Phases
from engine.models.equilibrium_side import exact_gradient
from engine.models.equilibrium_solvers import Nudge, Relaxation, Solver, settle
from engine.papers.equilibrium import EquilibriumParams
from engine.papers.equilibrium_views import GaugesView

if TYPE_CHECKING:
    from engine.experiments.equilibrium_run import EquilibriumExperiment
    from engine.experiments.equilibrium_setup import Pictures

LIVE_TEST = 1000
PROBE = 256
GRADIENT_PICTURES = 32
WATCHED_SWEEPS = 4  # of the end of the free phase, for the energy
MORE_SWEEPS, SIDE_SWEEPS = 40, 30  # to a rest good enough for the true gradient
LOST = 0.05  # share of its own pictures for which a class's output must be on


class Measures:
    """Fixed pictures and the buffers to look at them."""

    def __init__(self, net: Network, pictures: Pictures) -> None:
        self.net = net
        self.x, self.labels = pictures.train_x[:PROBE], pictures.train_y[:PROBE]
        self.y = pictures.y[self.labels]
        self.few = min(GRADIENT_PICTURES, len(self.x))
        self.phases = Phases(net, self.few)

    def cosines(self, params: EquilibriumParams) -> tuple[Learner, list[float], list[float]]:
        """Cosine and norm ratio of each layer's update with the true gradient, and the learner that made it."""
        learner = Learner(self.net, learning_knobs(params))
        p, few = self.phases, self.few
        learner.begin(p, self.x[:few], self.y[:few])
        learner.free_phase(p)
        learner.nudged_phase(p)
        direction, _ = learner.direction(p)
        rest = settle(self.net, self.x[:few], MORE_SWEEPS, solver_of(params), min(params.epsilon, 0.5), p.rested)
        gradient = exact_gradient(self.net, rest, self.y[:few], SIDE_SWEEPS)
        pairs = [(direction[k].flatten(), -gradient.W[k].flatten()) for k in range(self.net.L)]
        return learner, [_cosine(a, b) for a, b in pairs], [_ratio(a, b) for a, b in pairs]


def free_solver(params: EquilibriumParams) -> Solver:
    """The solver for looking: the autograd loop gives the numbers of Euler, slowly."""
    solver = solver_of(params)
    return "euler" if solver == "autograd" else solver


def at_rest(experiment: EquilibriumExperiment, x: Tensor) -> States:
    """The free phase of the run on x [B, n_0], from 0."""
    p = experiment.p
    return settle(experiment.net, x, p.free_sweeps, free_solver(p), p.epsilon)


def measure(experiment: EquilibriumExperiment) -> tuple[dict[str, float], Signs]:
    """Curve values and the signs of failure."""
    pictures, measures, p = experiment.pictures, experiment.measures, experiment.p
    count = live_pictures(p, pictures, LIVE_TEST)
    out = at_rest(experiment, pictures.test_x[:count])[-1]
    labels = pictures.test_y[:count]
    signs = signs_of(experiment)
    values = {
        "test_accuracy": 100.0 * float((out.argmax(1) == labels).double().mean()),
        "test_cost": float(cost(out, pictures.y[labels]).mean()),
        "dead_outputs": float(len(signs.lost)),
        "energy": signs.energy,
        "residual": signs.residual,
    }
    _, cosines, _ = measures.cosines(p)
    return values | {f"cosine_{k}": c for k, c in enumerate(cosines, 1)}, signs


def signs_of(experiment: EquilibriumExperiment) -> Signs:
    """The signs of failure on the probe pictures, with the knobs of the run."""
    net, measures, p = experiment.net, experiment.measures, experiment.p
    solver, count = free_solver(p), live_pictures(p, experiment.pictures, PROBE)
    x, y, labels = measures.x[:count], measures.y[:count], measures.labels[:count]
    s = settle(net, x, max(0, p.free_sweeps - WATCHED_SWEEPS), solver, p.epsilon)
    relaxation, base, energies = Relaxation(net), net.input_drive(x), [net.energy(s)]
    for _ in range(min(WATCHED_SWEEPS, p.free_sweeps)):
        relaxation.sweep(s, base, solver, p.epsilon)
        energies.append(net.energy(s))
    off = torch.cat(net.defect(s)[1:], 1)
    out = s[-1]
    own_on, is_silent = outputs_on(out, labels)
    return Signs(
        residual=float(off.square().mean().sqrt()),
        largest=float(off.max()),
        energy=float(energies[-1].mean()),
        rise=rises(energies) if net.asymmetry == 0.0 else 0.0,  # asymmetric weights have no energy to go down
        saturated=float(((out <= 0.0) | (out >= 1.0)).double().mean()) if net.rho.is_clipped else 0.0,
        cost=float(cost(out, y).mean()),
        silent=int(is_silent.sum()) if net.rho.is_clipped else 0,
        lost=tuple(int(c) for c in np.flatnonzero(own_on < LOST)) if net.rho.is_clipped else (),
    )


def outputs_on(out: Tensor, labels: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Share [10] of each class's pictures for which its own output is above 0 (NaN: no such picture), and which
    outputs are 0 for every picture, bool [10]. out [B, 10], labels [B].
    """
    is_on = (out > 0.0).double()
    own = is_on.gather(1, labels.unsqueeze(1)).squeeze(1)
    counts = torch.bincount(labels, minlength=CLASSES).double()
    share = torch.bincount(labels, weights=own, minlength=CLASSES).double() / counts
    return share.cpu().numpy(), (is_on.sum(0) == 0).cpu().numpy()


def error_rates(experiment: EquilibriumExperiment) -> dict[str, float]:
    """Test error on the test set (or as much of it as takes a second), training error on as many pictures."""
    pictures = experiment.pictures
    count = tested_pictures(experiment.p, pictures)
    return {
        "test_error": error_rate(experiment, pictures.test_x[:count], pictures.test_y[:count]),
        "train_error": error_rate(experiment, pictures.train_x[:count], pictures.train_y[:count]),
    }


def error_rate(experiment: EquilibriumExperiment, x: Tensor, labels: Tensor) -> float:
    """Share of pictures that are not recognised, in %, by the free phase of the run."""
    said = torch.cat([at_rest(experiment, part)[-1].argmax(1) for part in torch.split(x, 2000)])
    return 100.0 * float((said != labels).double().mean())


def enough_free_sweeps(experiment: EquilibriumExperiment, most: int) -> int:
    """The smallest of 2, 4, 8... times the present free sweeps that brings the network to rest (at most `most`)."""
    net, measures, p = experiment.net, experiment.measures, experiment.p
    epsilon = min(p.epsilon, 0.5)
    x = measures.x[: live_pictures(p, experiment.pictures, PROBE)]
    relaxation, base, s = Relaxation(net), net.input_drive(x), net.zeros(x)
    done, goal = 0, 2 * p.free_sweeps
    while True:
        goal = min(goal, most)
        for _ in range(goal - done):
            relaxation.sweep(s, base, free_solver(p), epsilon)
        done = goal
        off = torch.cat(net.defect(s)[1:], 1)
        if done >= most or float(off.square().mean().sqrt()) < 0.25 * REST_SHARE * p.beta:
            return done
        goal = 2 * done


def gauges_view(experiment: EquilibriumExperiment) -> GaugesView:
    """All gauges on the fixed pictures."""
    net, measures, p = experiment.net, experiment.measures, experiment.p
    learner, cosines, ratios = measures.cosines(p)
    few, knobs = measures.few, learner.knobs
    x, y = measures.x[:few], measures.y[:few]
    solver = free_solver(p)
    s, relaxation, base = net.zeros(x), Relaxation(net), net.input_drive(x)
    free = [net.energy(s)]
    for _ in range(p.free_sweeps):
        relaxation.sweep(s, base, solver, p.epsilon)
        free.append(net.energy(s))
    nudged = [v.clone() for v in s]
    nudge = Nudge.of(y, y.new_full((few, 1), knobs.beta))
    under_way, arrival = [net.total_energy(nudged, knobs.beta, y)], []
    for _ in range(p.nudged_sweeps):
        relaxation.sweep(nudged, base, solver, p.epsilon, nudge)
        under_way.append(net.total_energy(nudged, knobs.beta, y))
        arrival.append([float((a - b).abs().mean()) for a, b in zip(nudged[1:], s[1:], strict=True)])
    off = torch.cat(net.defect(s)[1:], 1)
    count = live_pictures(p, experiment.pictures, PROBE)
    own_on, _ = outputs_on(at_rest(experiment, measures.x[:count])[-1], measures.labels[:count])
    walls = [float(((v <= 0.0) | (v >= 1.0)).double().mean()) if net.rho.is_clipped else 0.0 for v in s[1:]]
    return GaugesView(
        cosine=np.array(cosines),
        norm_ratio=np.array(ratios),
        arrival=np.array(arrival, np.float32),
        residual=float(off.square().mean().sqrt()),
        largest_residual=float(off.max()),
        energy_free=np.array([float(e.mean()) for e in free], np.float32),
        energy_nudged=np.array([float(e.mean()) for e in under_way], np.float32),
        mean_rate=np.array([float(net.rho(v).mean()) for v in s[1:]], np.float32),
        saturated=np.array(walls, np.float32),
        output_on=np.nan_to_num(own_on, nan=1.0).astype(np.float32),
        dead=(own_on < LOST).astype(np.int64) if net.rho.is_clipped else np.zeros(CLASSES, np.int64),
        words=experiment.faults.words,
    )


def _cosine(a: Tensor, b: Tensor) -> float:
    size = float(a.norm() * b.norm())
    return float(a @ b) / size if size > 0.0 else float("nan")


def _ratio(a: Tensor, b: Tensor) -> float:
    size = float(b.norm())
    return float(a.norm()) / size if size > 0.0 else float("nan")


__all__ = ["ENERGY_RISE", "Measures", "at_rest", "gauges_view", "measure", "signs_of"]
