"""The oscilloscope: a simulation of its own, with the present weights, that moves on whenever a frame is made.

It belongs to the picture alone: it has its own membranes and its own random stream, and training never reads it.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import torch
from torch import Tensor

from engine.experiments.dendritic_membranes import membrane_view
from engine.models.dendritic_continuous import Compartments, ContinuousCircuit, ContinuousState
from engine.models.dendritic_fused import FusedEuler
from engine.papers.dendritic_views import ScopeQuery, ScopeView

SAMPLES = 256
SAMPLES_PER_FRAME = 8
LONGEST_FRAME_MS = 50.0
FUSED_UP_TO = 1000  # state cells; above, one dense matrix costs more than the circuit's own blocks


class Oscilloscope:
    """Keeps the last samples of one cell while a circuit runs in continuous time."""

    def __init__(self) -> None:
        self._state: ContinuousState | None = None
        self._random = torch.Generator().manual_seed(0)
        self._cell: tuple[int, int, int] = (0, 0, 0)
        self._time_ms = 0.0
        self._samples: deque[tuple[float, np.ndarray]] = deque(maxlen=SAMPLES)

    def picture(
        self, circuit: ContinuousCircuit, x: Tensor, u_star: Tensor | None, query: ScopeQuery, dt: float
    ) -> ScopeView:
        """Runs on by `ms_per_frame` (when playing) towards x [1, n_0] and u* [1, n_N] or None, plasticity off."""
        area = min(max(1, query.area), circuit.N - 1)
        cell = min(max(0, query.cell), circuit.sizes[area] - 1)
        if self._state is None or query.restart != self._cell[2]:
            self._state, self._time_ms = circuit.rest(1), 0.0
        if (area, cell, query.restart) != self._cell:
            self._samples.clear()
            self._cell = (area, cell, query.restart)
        state = self._state
        if not self._samples:
            self._sample(state, circuit.compartments(state), [self._time_ms])
        if query.playing:
            shown = x if query.input_on else torch.zeros_like(x)
            self._run(circuit, state, shown, u_star, dt, min(query.ms_per_frame, LONGEST_FRAME_MS))
        times = np.array([t for t, _ in self._samples])
        traces = np.array([values for _, values in self._samples], np.float32).T.reshape(6, -1)
        return ScopeView(times, traces, membrane_view(circuit, state, u_star, self._time_ms))

    def _run(
        self, circuit: ContinuousCircuit, state: ContinuousState, x: Tensor, u_star: Tensor | None, dt: float, ms: float
    ) -> None:
        every = max(1, round(ms / dt) // SAMPLES_PER_FRAME)
        count = max(1, round(ms / dt) // every)
        if sum(circuit.sizes) <= FUSED_UP_TO and state.r0.device.type == "cpu":
            fused = FusedEuler(circuit, state, dt)
            fused.refresh(x, u_star)
            samples = fused.run(count * every, every, self._random)
            fused.give(state)
        else:
            samples = self._run_in_blocks(circuit, state, x, u_star, dt, count, every)
        times = [self._time_ms + dt * every * (number + 1) for number in range(count)]
        self._time_ms = times[-1]
        self._sample(samples, circuit.compartments(samples), times)

    def _run_in_blocks(
        self,
        circuit: ContinuousCircuit,
        state: ContinuousState,
        x: Tensor,
        u_star: Tensor | None,
        dt: float,
        count: int,
        every: int,
    ) -> ContinuousState:
        """The same steps compartment by compartment; returns the samples as one batch."""
        rows: list[ContinuousState] = []
        for _ in range(count):
            for _ in range(every):
                circuit.euler_step(state, x, u_star, dt, self._random, plastic=False)
            rows.append(
                ContinuousState(
                    state.r0.clone(),
                    {k: u.clone() for k, u in state.u.items()},
                    {k: u.clone() for k, u in state.uI.items()},
                )
            )
        return ContinuousState(
            torch.cat([r.r0 for r in rows]),
            {k: torch.cat([r.u[k] for r in rows]) for k in state.u},
            {k: torch.cat([r.uI[k] for r in rows]) for k in state.uI},
        )

    def _sample(self, state: ContinuousState, c: Compartments, times: list[float]) -> None:
        area, cell, _ = self._cell
        twin = cell % state.uI[area].shape[1]
        traces = torch.stack(
            (
                c.vB[area][:, cell],
                c.top_down[area][:, cell],
                c.cancellation[area][:, cell],
                c.vA[area][:, cell],
                state.u[area][:, cell],
                state.uI[area][:, twin],
            ),
            dim=1,
        )
        self._samples.extend(zip(times, traces.cpu().numpy(), strict=True))
