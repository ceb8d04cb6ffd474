"""The simulation behind the play scene: it settles a little between two frames and remembers its energy."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.experiments.equilibrium_pictures import picture_of
from engine.models.equilibrium import States, cost
from engine.models.equilibrium_play import Held, hold, play_step
from engine.papers.equilibrium_views import PlayQuery, PlayView

if TYPE_CHECKING:
    from engine.experiments.equilibrium_run import EquilibriumExperiment

SAMPLES = 256
AT_REST = 1e-3  # mean speed below which nothing is seen to move
JUMP_STEPS = 500


class Playing:
    """States of its own, moved on by the present weights of the run; never touches the training."""

    def __init__(self) -> None:
        self._s: States | None = None
        self._restart = self._jump = 0
        self._step = 0
        self._time = 0.0
        self._speed = 0.0
        self._energies: deque[tuple[float, float]] = deque(maxlen=SAMPLES)

    def picture(self, experiment: EquilibriumExperiment, query: PlayQuery) -> PlayView:
        """Moves on by one frame and shows where the network is."""
        net = experiment.net
        x, _ = picture_of(experiment, query.probe)
        if self._s is None or query.restart != self._restart or self._s[1].shape[1] != net.sizes[1]:
            self._begin(net.zeros(x), query)
        s = self._s
        assert s is not None
        if query.input_on:
            s[0] = x
        held = held_by(query, x, net.sizes[1:])
        epsilon = min(max(query.epsilon, 0.01), 1.0)
        is_jump = query.jump != self._jump
        self._jump = query.jump
        steps = JUMP_STEPS if is_jump else min(max(1, query.steps_per_frame), 50) if query.playing else 0
        hold(net, s, held)
        for _ in range(steps):
            s, self._speed = play_step(net, s, epsilon, held, experiment.pictures.mean)
            self._step += 1
            self._time += epsilon
            if not is_jump or self._speed < AT_REST / 10:
                self._remember(experiment, s, held)
            if is_jump and self._speed < AT_REST / 10:
                break
        if is_jump or not self._energies:
            self._remember(experiment, s, held)
        self._s = s
        return self._view(experiment, s)

    def _begin(self, s: States, query: PlayQuery) -> None:
        self._s, self._restart = s, query.restart
        self._step, self._time, self._speed = 0, 0.0, 0.0
        self._energies.clear()

    def _remember(self, experiment: EquilibriumExperiment, s: States, held: Held) -> None:
        with torch.no_grad():
            energy = experiment.net.energy(s)
            if held.pull is not None:
                energy = energy + held.beta * cost(s[-1], held.pull)
        self._energies.append((self._time, float(energy[0])))

    def _view(self, experiment: EquilibriumExperiment, s: States) -> PlayView:
        out = s[-1][0]
        return PlayView(
            input=_f32(s[0][0]).reshape(experiment.pictures.shape),
            layers=tuple(_f32(v[0]).clip(0.0, 1.0) for v in s[1:]),
            energy=np.array([e for _, e in self._energies], np.float32),
            time=np.array([t for t, _ in self._energies]),
            velocity=self._speed,
            predicted=int(out.argmax()) if float(out.max()) > 0.0 else -1,
            step=self._step,
            at_rest=self._speed < AT_REST and self._step > 0,
        )


def held_by(query: PlayQuery, like: Tensor, sizes: tuple[int, ...]) -> Held:
    """What the query holds. Raises `ValueError` when a clamp names a neuron that is not there."""
    clamps: dict[tuple[int, int], float] = {}
    for clamp in query.clamps:
        if not (1 <= clamp.layer <= len(sizes) and 0 <= clamp.unit < sizes[clamp.layer - 1]):
            raise ValueError(f"there is no neuron {clamp.unit} in layer {clamp.layer}; layers have {sizes}")
        clamps[(clamp.layer, clamp.unit)] = min(max(clamp.value, 0.0), 1.0)
    pull = None if query.pull is None else torch.tensor([query.pull], dtype=like.dtype, device=like.device)
    if pull is not None and pull.shape[1] != sizes[-1]:
        raise ValueError(f"the pull has {pull.shape[1]} numbers, the output {sizes[-1]} neurons")
    return Held(
        query.input_on, clamps, query.cue if query.cue < sizes[-1] else -1, pull, min(max(query.beta, 0.0), 1.0)
    )


def _f32(values: Tensor) -> np.ndarray:
    return np.array(values.detach().cpu().numpy(), dtype=np.float32)
