"""The oscilloscope: a simulation of its own, with the present weights, that moves on whenever a frame is made.

It belongs to the picture alone: it has its own membranes and its own random stream, and training never reads it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from engine.experiments.dendritic_pictures import picture_of, target_of
from engine.models.dendritic_scope import CircuitScope, ScopeCompartments
from engine.papers.dendritic_views import AreaView, CircuitView, OutputView, ScopeQuery, ScopeView

if TYPE_CHECKING:
    from engine.experiments.dendritic_images import ImageExperiment

SAMPLES = 256
LONGEST_FRAME_MS = 50.0


class Oscilloscope:
    """Keeps the last samples of one cell while the circuit runs in continuous time."""

    def __init__(self) -> None:
        self._scope: CircuitScope | None = None
        self._cell: tuple[int, int, int] = (0, 0, 0)
        self._samples: deque[tuple[float, np.ndarray]] = deque(maxlen=SAMPLES)
        self._random = np.random.default_rng(0)

    def picture(self, experiment: ImageExperiment, query: ScopeQuery) -> ScopeView:
        """Runs on by `ms_per_frame` (when playing) and returns the traces and the circuit at the last sample."""
        net = experiment.net
        if self._scope is None:
            self._scope = CircuitScope(net)
        scope = self._scope
        area = min(max(1, query.area), net.N - 1)
        cell = min(max(0, query.cell), net.sizes[area] - 1)
        if (area, cell, query.restart) != self._cell:
            if query.restart != self._cell[2]:
                scope.rest()
            self._samples.clear()
            self._cell = (area, cell, query.restart)
        x, label = picture_of(experiment, query.probe)
        target = target_of(experiment, query.probe, label) if query.teacher and net.knobs.teacher else None
        scope.refresh()
        now = self._run(experiment, scope, query, x[0].double().cpu().numpy(), target)
        times = np.array([t for t, _ in self._samples])
        traces = np.array([values for _, values in self._samples], np.float32).T.reshape(6, -1)
        return ScopeView(times, traces, _circuit_at(experiment, scope, now, label, target is not None))

    def _run(
        self, experiment: ImageExperiment, scope: CircuitScope, query: ScopeQuery, x: np.ndarray, target: object
    ) -> ScopeCompartments:
        params = experiment.net.knobs
        dt = experiment.scope_dt
        steps = max(1, round(min(query.ms_per_frame, LONGEST_FRAME_MS) / dt)) if query.playing else 0
        shown = x if query.input_on else np.zeros_like(x)
        wanted = None if target is None else target[0].double().cpu().numpy()  # type: ignore[index]
        every = max(1, steps // 8)
        compartments = scope.compartments()
        if not self._samples:
            self._sample(scope, compartments)
        for number in range(steps):
            noise = None
            if params.noise > 0.0:
                noise = self._random.normal(0.0, params.noise * dt**0.5, scope.cells)
            scope.step(shown, wanted, dt, noise)
            if (number + 1) % every == 0 or number + 1 == steps:
                compartments = scope.compartments()
                self._sample(scope, compartments)
        return compartments

    def _sample(self, scope: CircuitScope, c: ScopeCompartments) -> None:
        area, cell, _ = self._cell
        twin = cell % len(c.u_inter[area])
        values = (
            c.v_basal[area][cell],
            c.top_down[area][cell],
            c.cancellation[area][cell],
            c.v_apical[area][cell],
            c.u[area][cell],
            c.u_inter[area][twin],
        )
        self._samples.append((scope.time_ms, np.array(values)))


def _circuit_at(
    experiment: ImageExperiment, scope: CircuitScope, c: ScopeCompartments, label: int, is_taught: bool
) -> CircuitView:
    net = experiment.net
    areas = tuple(
        AreaView(
            v_basal=_f32(c.v_basal[k]),
            top_down=_f32(c.top_down[k]),
            cancellation=_f32(c.cancellation[k]),
            v_apical=_f32(c.v_apical[k]),
            u=_f32(c.u[k]),
            rate=_f32(c.r[k]),
            u_inter=_f32(c.u_inter[k]),
            u_next=_f32(c.u[k + 1]),
            delta=np.zeros(net.sizes[k], np.float32),
        )
        for k in range(1, net.N)
    )
    wanted = experiment.task.u_star[label].float().cpu().numpy() if is_taught and label >= 0 else None
    output = OutputView(
        v_basal=_f32(c.v_basal[net.N]),
        u=_f32(c.u[net.N]),
        rate=_f32(c.r[net.N]),
        target=np.full(net.sizes[net.N], np.nan, np.float32) if wanted is None else wanted,
    )
    return CircuitView(
        image=_f32(scope.r0).reshape(experiment.task.shape),
        areas=areas,
        output=output,
        label=label,
        predicted=int(np.argmax(c.r[net.N])),
        phase=-1,
        time_ms=scope.time_ms,
        angles=(),
    )


def _f32(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float32).copy()
