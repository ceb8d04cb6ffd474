"""What the studies of the equilibrium paper let an executor do: prove the theorem, train, correlate, race.

Each function is called in a process of its own with plain arguments and returns plain arrays.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.experiments.contract import Context
from engine.experiments.equilibrium_measures import LOST, error_rate, outputs_on
from engine.experiments.equilibrium_moments import fitted_slope
from engine.experiments.equilibrium_run import EquilibriumExperiment
from engine.experiments.random_streams import stream
from engine.models.equilibrium import Network, Rho, RhoName, States, largest
from engine.models.equilibrium_solvers import settle, to_rest
from engine.models.equilibrium_theorem import (
    Run,
    correlation,
    finite_runs,
    forward_mode_run,
    nudged_run,
    side_run,
    total_gap,
    unit_gaps,
    weight_gradient,
    worst_gap,
)
from engine.papers.contract import validate
from engine.papers.equilibrium import PRESETS, EquilibriumParams
from engine.runtime.device import choose
from engine.runtime.jobs import tell

BETAS = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4)
WEIGHT_MOMENTS = 12
LAST_SHARE = 0.1  # of the updates: their test errors are averaged, because constant rates keep jittering
EVALUATIONS = 40


def begin(preset: str, params: Mapping[str, Any], device: str = "cpu") -> tuple[EquilibriumExperiment, str]:
    """A new network of a preset with changes, and its device in words."""
    values = next(p.values for p in PRESETS if p.id == preset)
    made = validate(EquilibriumParams, {**values, **params})
    choice = choose(device)
    return EquilibriumExperiment(made, Context(choice.device, _nobody, _nobody)), choice.words


def _taught(preset: str, params: Mapping[str, Any], updates: int) -> EquilibriumExperiment:
    experiment, _ = begin(preset, params)
    for step in range(updates):
        experiment.step()
        tell((step + 1) / (2 * updates))
    return experiment


# --- the theorem ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Theorem:
    """Both processes on one network, float64.

    exact, automatic: relative gap of the derivative carried forward by hand and by automatic differentiation, over all
    moments; worst: its largest at a single moment. betas [B]; one_sided, centred [B]: gaps of finite nudges, slopes
    fitted; weights_exact, weights_centred: worst relative gap of any weight matrix at any moment looked at (exact, and
    centred at the smallest beta). moments [T, L]: gap of each layer over time (exact). residual: distance from rest.
    """

    name: str
    exact: float
    automatic: float
    worst: float
    betas: np.ndarray
    one_sided: np.ndarray
    centred: np.ndarray
    slope_one_sided: float
    slope_centred: float
    weights_exact: float
    weights_centred: float
    moments: np.ndarray
    residual: float


def theorem(
    name: str,
    preset: str,
    params: Mapping[str, Any],
    updates: int,
    rho: RhoName,
    images: int,
    epsilon: float,
    steps: int,
) -> Theorem:
    """The theorem on the weights of a preset after so many updates, with neurons rho, on the first test pictures."""
    experiment = _taught(preset, params, updates)
    net, s, y = _at_rest(experiment, rho, images, 0.0)
    side = side_run(net, s, y, epsilon, steps)
    exact = nudged_run(net, s, y, epsilon, steps, "exact", 0.0)
    automatic = forward_mode_run(net, s, y, epsilon, steps)
    tell(0.75)
    gaps = {
        centred: np.array([total_gap(r, side) for r in finite_runs(net, s, y, epsilon, steps, BETAS, centred)])
        for centred in (False, True)
    }
    nearest = nudged_run(net, s, y, epsilon, steps, "centred", BETAS[-1])
    betas, residual = np.array(BETAS), largest(net.defect(s))
    return Theorem(
        name=name,
        exact=total_gap(exact, side),
        automatic=total_gap(automatic, side),
        worst=worst_gap(automatic, side),
        betas=betas,
        one_sided=gaps[False],
        centred=gaps[True],
        slope_one_sided=fitted_slope(betas, gaps[False], max(residual, 1e-15)),
        slope_centred=fitted_slope(betas, gaps[True], max(residual, 1e-15)),
        weights_exact=_weight_gap(net, s, automatic, side, steps),
        weights_centred=_weight_gap(net, s, nearest, side, steps),
        moments=unit_gaps(automatic, side).numpy(),
        residual=residual,
    )


def _at_rest(
    experiment: EquilibriumExperiment, rho: RhoName, images: int, asymmetry: float
) -> tuple[Network, States, Tensor]:
    pictures = experiment.pictures
    net = experiment.net.copy(torch.float64, Rho(rho))
    net.set_asymmetry(asymmetry, stream(experiment.p.seed, "asymmetry"))
    x = pictures.test_x[:images].to("cpu", torch.float64)
    return net, to_rest(net, x), pictures.y[pictures.test_y[:images]].to("cpu", torch.float64)


def _weight_gap(net: Network, s: States, one: Run, other: Run, steps: int) -> float:
    """Worst relative distance of any weight matrix at some moments after the error has arrived everywhere."""
    found = 0.0
    for n in np.unique(np.linspace(net.L + 1, steps - 1, WEIGHT_MOMENTS).round().astype(int)):
        for k in range(net.L):
            wanted = weight_gradient(net, s, other, k, int(n))
            size = float(wanted.norm())
            if size > 0.0:
                found = max(found, float((weight_gradient(net, s, one, k, int(n)) - wanted).norm()) / size)
    return found


# --- velocities as errors ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Velocities:
    """Velocity/beta against the side network over asymmetry a (in units of the weights' own spread).

    asymmetries [A]; correlation, gap [A]: of all neurons at all moments (centred, beta 1e-4); scatter: (x, y) of some
    points for each a; error [A]: test error in % after training with those weights all along.
    """

    asymmetries: np.ndarray
    correlation: np.ndarray
    gap: np.ndarray
    scatter: list[tuple[np.ndarray, np.ndarray]]
    error: np.ndarray


def velocities(seed: int, updates: int, asymmetries: tuple[float, ...], images: int = 16) -> Velocities:
    """Correlation on the weights of the first preset after 100 updates; then training with asymmetric weights."""
    experiment = _taught("digits-one", {"seed": seed}, 100)
    related, gaps, scatter, errors = [], [], [], []
    for place, a in enumerate(asymmetries):
        net, s, y = _at_rest(experiment, "clipped", images, a)
        side, nudged = side_run(net, s, y, 0.3, 80), nudged_run(net, s, y, 0.3, 80, "centred", 1e-4)
        related.append(correlation(nudged, side))
        gaps.append(total_gap(nudged, side))
        pair = [torch.cat([S[::8].flatten() for S in run.S])[::37].numpy() for run in (side, nudged)]
        scatter.append((pair[0], pair[1]))
        trained, _ = begin("digits-one", {"seed": seed, "asymmetry": a})
        for _ in range(updates):
            trained.step()
        errors.append(error_rate(trained, trained.pictures.test_x, trained.pictures.test_y))
        tell(0.5 + 0.5 * (place + 1) / len(asymmetries))
    return Velocities(np.array(asymmetries), np.array(related), np.array(gaps), scatter, np.array(errors))


# --- training ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Learnt:
    """How one learner went. steps int64 [T]; error, train_error float64 [T] in % on the whole test set and on as many
    training pictures. lost: classes whose own output is silent in the end. cpu: seconds.
    """

    name: str
    steps: np.ndarray
    error: np.ndarray
    train_error: np.ndarray
    lost: int
    seconds: float
    device: str

    @property
    def final(self) -> float:
        """Test error in %, mean over the last tenth of the updates (not the best: the test set chooses nothing)."""
        return float(self.error[self.steps >= (1.0 - LAST_SHARE) * self.steps[-1]].mean())


def learn(name: str, preset: str, params: Mapping[str, Any], updates: int, device: str = "cpu") -> Learnt:
    """Trains a preset with changes, testing about forty times on the whole test set."""
    experiment, words = begin(preset, params, device)
    pictures = experiment.pictures
    few = slice(0, len(pictures.test_x))
    every = max(1, updates // EVALUATIONS)
    steps, errors, own = [], [], []
    begun = time.perf_counter()
    for step in range(updates + 1):
        if step % every == 0 or step == updates:
            steps.append(step)
            errors.append(error_rate(experiment, pictures.test_x, pictures.test_y))
            own.append(error_rate(experiment, pictures.train_x[few], pictures.train_y[few]))
        if step < updates:
            experiment.step()
            tell((step + 1) / updates)
    p = experiment.p
    probe = pictures.train_x[:2000]
    solver = "euler" if p.solver == "autograd" else p.solver
    out = settle(experiment.net, probe, p.free_sweeps, solver, p.epsilon)[-1]
    lost = int((outputs_on(out, pictures.train_y[:2000])[0] < LOST).sum())
    seconds = time.perf_counter() - begun
    return Learnt(name, np.array(steps), np.array(errors), np.array(own), lost, seconds, words)


def _nobody(*_words: object, **_more: object) -> None:
    """A study reads curves, not notices."""
