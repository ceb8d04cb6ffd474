"""What the dendritic tab shows of a circuit with membranes. Read-only."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.experiments.dendritic_pictures import what_it_says
from engine.models.dendritic_continuous import Compartments, ContinuousCircuit, ContinuousState
from engine.models.dendritic_reference import angle
from engine.papers.dendritic_views import (
    AreaView,
    CellQuery,
    CellView,
    CircuitQuery,
    CircuitView,
    OutputView,
    RegressionView,
    ScopeQuery,
    ScopeView,
    TrackingView,
)

if TYPE_CHECKING:
    from engine.experiments.dendritic_figures import FigureExperiment

SAMPLES = 256
SWEEPS = 6
LONGEST_FRAME_MS = 50.0
REGRESSION_POINTS = 60


def alignment(net: ContinuousCircuit) -> float:
    """Angle in degrees between B_1 and W_2ᵀ."""
    return angle(net.synapses.B[1], net.synapses.W[2].t())


def circuit_view(experiment: FigureExperiment, query: CircuitQuery) -> CircuitView:
    """The training membranes as they are, or the same pattern settled without a teacher."""
    net = experiment.net
    x, u_star = experiment.shown
    is_trained_with = experiment.knobs_on_screen.teacher and u_star is not None
    wanted = u_star if query.teacher and is_trained_with else None
    state = experiment.membranes
    if is_trained_with and wanted is None:
        state = net.rest(x.shape[0])
        net.settle(state, x, None, SWEEPS)
    time_ms = float("nan")
    if experiment.knobs_on_screen.dynamics == "euler":
        time_ms = experiment.steps_done * experiment.knobs_on_screen.dt
    return _view(net, state, wanted, time_ms)


def _view(net: ContinuousCircuit, state: ContinuousState, wanted: Tensor | None, time_ms: float) -> CircuitView:
    c = net.compartments(state)
    N = net.N
    areas = tuple(_area(net, state, c, k) for k in range(1, N))
    output = OutputView(
        v_basal=_first(c.vB[N]),
        u=_first(state.u[N]),
        rate=_first(c.r[N]),
        target=np.full(net.sizes[N], np.nan, np.float32) if wanted is None else _first(wanted),
    )
    return CircuitView(
        image=_first(state.r0).reshape(1, -1),
        areas=areas,
        output=output,
        label=-1,
        predicted=-1,
        phase=-1,
        time_ms=time_ms,
        angles=(),
    )


def _area(net: ContinuousCircuit, state: ContinuousState, c: Compartments, k: int) -> AreaView:
    above = c.r[k + 1] - net.phi(c.v_hat[k + 1])
    return AreaView(
        v_basal=_first(c.vB[k]),
        top_down=_first(c.top_down[k]),
        cancellation=_first(c.cancellation[k]),
        v_apical=_first(c.vA[k]),
        u=_first(state.u[k]),
        rate=_first(c.r[k]),
        u_inter=_first(state.uI[k]),
        u_next=_first(state.u[k + 1]),
        delta=_first(above @ net.synapses.W[k + 1]),
    )


def cell_view(experiment: FigureExperiment, query: CellQuery) -> CellView:
    """One cell of the hidden area."""
    area = circuit_view(experiment, CircuitQuery(query.probe, query.teacher)).areas[0]
    cell = min(max(0, query.cell), len(area.u) - 1)
    weights = experiment.net.synapses.W[1][cell].detach().float().cpu().numpy()
    return CellView(
        area=1,
        cell=cell,
        weights=weights.reshape(1, -1).copy(),
        v_basal=float(area.v_basal[cell]),
        top_down=float(area.top_down[cell]),
        cancellation=float(area.cancellation[cell]),
        v_apical=float(area.v_apical[cell]),
        u=float(area.u[cell]),
        rate=float(area.rate[cell]),
        delta=float(area.delta[cell]),
        says=what_it_says(area.v_apical, cell),
    )


def tracking_view(experiment: FigureExperiment) -> TrackingView:
    """P against a W, and the loop gain."""
    net = experiment.net
    goal = net.synapses.W[2] * net.mixing.tracking_factor(1, net.N)
    duration = 1.0 if experiment.teacher_net is not None else experiment.knobs_on_screen.presentation
    gains = net.tracking_gains(experiment.membranes, duration)
    return TrackingView((_flat(goal),), (_flat(net.synapses.P[1]),), tuple(gains.values()))


def regression_view(experiment: FigureExperiment, cell: int) -> RegressionView | None:
    """Output rates of one cell on test inputs, sorted by target."""
    if experiment.teacher_net is None or experiment.shallow is None:
        return None
    cell = min(max(0, cell), experiment.sizes[-1] - 1)
    inputs = experiment.test_x[:REGRESSION_POINTS]
    target = experiment.phi(experiment.test_u[:REGRESSION_POINTS])[:, cell]
    order = torch.argsort(target)
    return RegressionView(
        target=_flat(target[order]),
        circuit=_flat(experiment.net.predict(inputs)[order, cell]),
        before=_flat(experiment.before[:REGRESSION_POINTS][order, cell]),
        shallow=_flat(experiment.shallow.predict(inputs)[order, cell]),
    )


class FigureScope:
    """A simulation with its own membranes and random stream, moved on whenever a frame is made."""

    def __init__(self) -> None:
        self._state: ContinuousState | None = None
        self._random = torch.Generator().manual_seed(0)
        self._time_ms = 0.0
        self._cell = (0, 0)
        self._samples: deque[tuple[float, np.ndarray]] = deque(maxlen=SAMPLES)

    def picture(self, experiment: FigureExperiment, query: ScopeQuery) -> ScopeView:
        """Runs on by `ms_per_frame` with the present weights, plasticity off."""
        net = experiment.net
        cell = min(max(0, query.cell), experiment.sizes[1] - 1)
        if self._state is None or self._cell[1] != query.restart:
            self._state, self._time_ms = net.rest(1), 0.0
            self._samples.clear()
        if self._cell != (cell, query.restart):
            self._samples.clear()
            self._cell = (cell, query.restart)
        x, u_star = experiment.held
        shown = x[:1] if query.input_on else torch.zeros_like(x[:1])
        wanted = u_star[:1] if u_star is not None and query.teacher else None
        dt = experiment.knobs_on_screen.dt
        steps = max(1, round(min(query.ms_per_frame, LONGEST_FRAME_MS) / dt)) if query.playing else 0
        every = max(1, steps // 8)
        if not self._samples:
            self._sample(net, self._state, cell)
        for number in range(steps):
            net.euler_step(self._state, shown, wanted, dt, self._random, plastic=False)
            self._time_ms += dt
            if (number + 1) % every == 0 or number + 1 == steps:
                self._sample(net, self._state, cell)
        times = np.array([t for t, _ in self._samples])
        traces = np.array([values for _, values in self._samples], np.float32).T.reshape(6, -1)
        return ScopeView(times, traces, _view(net, self._state, wanted, self._time_ms))

    def _sample(self, net: ContinuousCircuit, state: ContinuousState, cell: int) -> None:
        c = net.compartments(state)
        twin = cell % net.sizes[2]
        values = (
            c.vB[1][0, cell],
            c.top_down[1][0, cell],
            c.cancellation[1][0, cell],
            c.vA[1][0, cell],
            state.u[1][0, cell],
            state.uI[1][0, twin],
        )
        self._samples.append((self._time_ms, np.array([float(v) for v in values])))


def _first(batch: Tensor) -> np.ndarray:
    return np.array(batch[0].detach().cpu().numpy(), dtype=np.float32)


def _flat(values: Tensor) -> np.ndarray:
    return np.array(values.detach().reshape(-1).cpu().numpy(), dtype=np.float32)
