"""The whole paper with two neurons: an energy surface, a ball at rest, a nudge, and two arrows on top of each other."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.models.equilibrium import Network, Rho, States
from engine.models.equilibrium_theorem import Run, nudged_run, side_run, total_gap

GRID = 128
BOX = (0.0, 1.0)
AROUND_THE_BOX = (-0.25, 1.25)
LONGEST_ROLL = 3000


@dataclass(frozen=True, slots=True)
class Valley:
    """x [1, 1] - h - o with weights w_1, w_2, bias b of both, target y, nudge beta. All float64."""

    net: Network
    x: Tensor
    y: Tensor
    beta: float

    @classmethod
    def of(cls, x: float, w_1: float, w_2: float, b: float, y: float, beta: float, smooth: bool) -> Valley:
        """The two-neuron network with these weights."""
        net = Network((1, 1, 1), Rho("smooth" if smooth else "clipped"), torch.float64)
        net.W[0].fill_(w_1)
        net.W[1].fill_(w_2)
        net.b[1].fill_(b)
        net.b[2].fill_(b)
        number = torch.zeros(1, 1, dtype=torch.float64)
        return cls(net, number + x, number + y, beta)

    @property
    def extent(self) -> tuple[float, float]:
        """Range of both axes: the box of clipped neurons, a margin around it for smooth ones."""
        return BOX if self.net.rho.is_clipped else AROUND_THE_BOX

    def surface(self, beta: float) -> Tensor:
        """F_beta on the grid, [128, 128]: row o, column h."""
        axis = torch.linspace(*self.extent, GRID, dtype=torch.float64)
        o, h = torch.meshgrid(axis, axis, indexing="ij")
        s = [self.x.expand(GRID * GRID, 1), h.reshape(-1, 1), o.reshape(-1, 1)]
        return self.net.total_energy(s, beta, self.y).view(GRID, GRID)

    def roll(self, start: tuple[float, float], epsilon: float, steps: int, beta: float) -> Tensor:
        """(h, o) from `start` down F_beta by Euler steps, [steps + 1, 2]."""
        return torch.tensor([start, *self._steps(start, epsilon, steps, beta)], dtype=torch.float64)

    def rest(self, start: tuple[float, float], beta: float) -> States:
        """Where the ball comes to lie: the fixed point downhill from `start`."""
        h, o = deque(self._steps(start, 0.2, LONGEST_ROLL, beta), maxlen=1)[0]
        return [self.x, self.x * 0.0 + h, self.x * 0.0 + o]

    def _steps(
        self, start: tuple[float, float], epsilon: float, steps: int, beta: float
    ) -> Iterator[tuple[float, float]]:
        """The Euler steps of `Network.euler_step` in plain numbers: a tensor of two would cost fifty times as much."""
        is_clipped = self.net.rho.is_clipped
        y, w_2 = float(self.y), float(self.net.W[1])
        b, drive = float(self.net.b[2]), float(self.net.input_drive(self.x))
        h, o = start
        for _ in range(steps):
            if is_clipped:
                dh, do = drive + w_2 * o - h, w_2 * h + b - o
            else:
                rh, ro = (1.0 / (1.0 + math.exp(2.0 - 4.0 * v)) for v in (h, o))
                dh = 4.0 * rh * (1.0 - rh) * (drive + w_2 * ro) - h
                do = 4.0 * ro * (1.0 - ro) * (w_2 * rh + b) - o
            h, o = h + epsilon * dh, o + epsilon * (do + beta * (y - o))
            if is_clipped:
                h, o = min(max(h, 0.0), 1.0), min(max(o, 0.0), 1.0)
            yield h, o

    def energies(self, path: Tensor, beta: float) -> Tensor:
        """F_beta along a path [T, 2]."""
        s = [self.x.expand(len(path), 1), path[:, :1], path[:, 1:]]
        return self.net.total_energy(s, beta, self.y)

    def arrows(self, rest: States, epsilon: float, steps: int) -> tuple[Tensor, Tensor, float]:
        """(ds/dt)/beta of the ball [T, 2], minus the side network's derivative [T, 2], and their relative distance."""
        nudged = nudged_run(self.net, rest, self.y, epsilon, steps, "one_sided", self.beta)
        side = side_run(self.net, rest, self.y, epsilon, steps)
        return -_both(nudged), -_both(side), total_gap(nudged, side)


def _both(run: Run) -> Tensor:
    return torch.cat([run.S[0][:, 0], run.S[1][:, 0]], 1)
