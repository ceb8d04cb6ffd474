"""Comparison networks: the ghost of the other learner, and the race that exact gradients lose classes in."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
import torch

from engine.experiments.batches import Batches
from engine.experiments.contract import Context, LongAction, Partial
from engine.experiments.equilibrium_measures import LOST, outputs_on
from engine.experiments.equilibrium_setup import Pictures, learning_knobs, load_pictures, new_network
from engine.experiments.images import CLASSES
from engine.models.equilibrium import cost
from engine.models.equilibrium_learning import Learner, Phases
from engine.models.equilibrium_solvers import settle
from engine.papers.equilibrium import EquilibriumParams
from engine.papers.equilibrium_views import ClassesArguments, ClassesResult, GhostArguments, GhostCurve
from engine.papers.equilibrium_views import Learner as Kind

SLICE_S = 0.012
LONGEST = 20_000
LIVE_TEST = 1000
POINTS = 100
RACE_POINTS = 24


class Twin:
    """A network in training beside the run, from the same start on the same batches, with its own learner."""

    def __init__(self, params: EquilibriumParams, pictures: Pictures, device: torch.device) -> None:
        self.params, self.pictures = params, pictures
        self.net = new_network(params, pictures.train_x.shape[1], device)
        self.learner = Learner(self.net, learning_knobs(params))
        self.phases = Phases(self.net, params.batch)
        self._batches = Batches(len(pictures.train_x), params.batch, params.seed)
        self._signs = torch.Generator().manual_seed(params.seed)

    def update(self) -> None:
        """One mini-batch."""
        index = self._batches.next().to(self.pictures.train_x.device)
        self.learner.begin(self.phases, self.pictures.train_x[index], self.pictures.y[self.pictures.train_y[index]])
        sign = 1.0
        if self.params.nudging == "random_sign":
            sign = 1.0 if float(torch.rand((), generator=self._signs)) < 0.5 else -1.0
        self.learner.update(self.phases, sign)

    def accuracy_and_cost(self) -> tuple[float, float]:
        """Test pictures recognised in % (at most the first 1,000), and their mean cost."""
        x, labels = self.pictures.test_x[:LIVE_TEST], self.pictures.test_y[:LIVE_TEST]
        out = self._rest(x)
        accuracy = 100.0 * float((out.argmax(1) == labels).double().mean())
        return accuracy, float(cost(out, self.pictures.y[labels]).mean())

    def outputs(self, most: int = 2000) -> tuple[np.ndarray, np.ndarray]:
        """`outputs_on` over the training pictures (at most the first `most`)."""
        return outputs_on(self._rest(self.pictures.train_x[:most]), self.pictures.train_y[:most])

    def _rest(self, x: torch.Tensor) -> torch.Tensor:
        p = self.params
        solver = "euler" if p.solver == "autograd" else p.solver
        return settle(self.net, x, p.free_sweeps, solver, p.epsilon)[-1]


@dataclass(slots=True)
class _Curve:
    """Grows while a twin trains."""

    kind: Kind
    steps: list[int] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    dead: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def result(self) -> GhostCurve:
        """What there is so far."""
        return GhostCurve(
            self.kind, np.array(self.steps, np.int64), np.array(self.accuracy), np.array(self.cost),
            np.array(self.dead), self.seconds,
        )  # fmt: skip


def ghost(params: EquilibriumParams, context: Context, arguments: GhostArguments) -> LongAction:
    """Trains a twin for `steps` updates, in slices of a few milliseconds."""
    if not 1 <= arguments.steps <= LONGEST:
        raise ValueError(f"steps = {arguments.steps} must lie between 1 and {LONGEST:,}")
    changes: dict[str, object] = {"trainer": arguments.learner, "label_noise": 0.0, "persistent": False}
    if arguments.beta > 0.0:
        changes["beta"] = arguments.beta
    chosen = params.with_changes(**changes)
    twin = Twin(chosen, load_pictures(chosen, context.device, context.data_folder), context.device)
    curve = _Curve(arguments.learner)
    every = max(5, arguments.steps // POINTS)
    begun = time.perf_counter()
    for step in range(arguments.steps + 1):
        if step % every == 0 or step == arguments.steps:
            accuracy, mean_cost = twin.accuracy_and_cost()
            curve.steps.append(step)
            curve.accuracy.append(accuracy)
            curve.cost.append(mean_cost)
            curve.dead.append(float((twin.outputs()[0] < LOST).sum()))
        if step < arguments.steps:
            twin.update()
        now = time.perf_counter()
        if now - begun > SLICE_S:
            curve.seconds += now - begun
            yield Partial(curve.result(), step / arguments.steps)
            begun = time.perf_counter()
    curve.seconds += time.perf_counter() - begun
    return curve.result()


@dataclass(slots=True)
class _Race:
    """What all twins have reached; one row a beta, one column a seed."""

    betas: tuple[float, ...]
    seeds: int
    seconds: float = 0.0
    steps: int = 0
    curve_steps: list[int] = field(default_factory=list)
    curve_dead: list[np.ndarray] = field(default_factory=list)
    curve_accuracy: list[np.ndarray] = field(default_factory=list)
    accuracy: np.ndarray = field(init=False)
    dead: np.ndarray = field(init=False)
    silent: np.ndarray = field(init=False)
    alive: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        shape = (len(self.betas), self.seeds)
        self.accuracy, self.dead = np.full(shape, np.nan), np.zeros(shape, np.int64)
        self.silent, self.alive = np.zeros(shape, np.int64), np.ones((*shape, CLASSES), np.float32)

    def look(self, twins: dict[tuple[int, int], Twin], step: int) -> None:
        """Measures every twin and adds a point to the curves."""
        for place, twin in twins.items():
            self.accuracy[place], _ = twin.accuracy_and_cost()
            own_on, is_silent = twin.outputs()
            self.alive[place] = own_on
            self.dead[place], self.silent[place] = int((own_on < LOST).sum()), int(is_silent.sum())
        self.steps = step
        self.curve_steps.append(step)
        self.curve_dead.append(self.dead.mean(1))
        self.curve_accuracy.append(self.accuracy.mean(1))

    def result(self) -> ClassesResult:
        """What there is so far."""
        return ClassesResult(
            betas=np.array(self.betas),
            accuracy=self.accuracy.copy(),
            dead=self.dead.copy(),
            silent=self.silent.copy(),
            alive=self.alive.copy(),
            steps=self.steps,
            curve_steps=np.array(self.curve_steps, np.int64),
            curve_dead=np.stack(self.curve_dead, 1),
            curve_accuracy=np.stack(self.curve_accuracy, 1),
            seconds=self.seconds,
        )


def classes(context: Context, arguments: ClassesArguments) -> LongAction:
    """Trains 64-128-10 for each beta (0: the exact gradient) and seed, a few updates each in turn."""
    if not 50 <= arguments.steps <= 10_000:
        raise ValueError(f"steps = {arguments.steps} must lie between 50 and 10,000")
    if not 1 <= arguments.seeds <= 10:
        raise ValueError(f"seeds = {arguments.seeds} must lie between 1 and 10")
    if not arguments.betas or not all(0.0 <= b <= 0.9 for b in arguments.betas):
        raise ValueError(f"β values {arguments.betas}: at least one, between 0 (exact gradient) and 0.9")
    start = EquilibriumParams()
    pictures = load_pictures(start, context.device, context.data_folder)
    twins = {
        (row, seed): Twin(params_of(start, beta, seed), pictures, context.device)
        for row, beta in enumerate(arguments.betas)
        for seed in range(arguments.seeds)
    }
    race = _Race(arguments.betas, arguments.seeds)
    begun = time.perf_counter()
    race.look(twins, 0)
    every = max(1, arguments.steps // RACE_POINTS)
    for step in range(1, arguments.steps + 1):
        for twin in twins.values():
            twin.update()
        if step % every == 0 or step == arguments.steps:
            race.look(twins, step)
        now = time.perf_counter()
        if now - begun > SLICE_S:
            race.seconds += now - begun
            yield Partial(race.result(), step / arguments.steps)
            begun = time.perf_counter()
    race.seconds += time.perf_counter() - begun
    return race.result()


def params_of(start: EquilibriumParams, beta: float, seed: int) -> EquilibriumParams:
    """The default preset with this nudge and seed; 0 stands for the exact gradient."""
    changes: dict[str, object] = {"trainer": "rbp"} if beta == 0.0 else {"beta": beta}
    return start.with_changes(seed=seed, **changes)
