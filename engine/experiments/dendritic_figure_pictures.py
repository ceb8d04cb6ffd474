"""What the dendritic tab shows of a circuit with membranes. Read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.experiments.dendritic_membranes import as_array, membrane_view
from engine.experiments.dendritic_pictures import opened_cell
from engine.models.dendritic_continuous import ContinuousCircuit
from engine.models.dendritic_reference import angle
from engine.papers.dendritic_views import (
    CellQuery,
    CellView,
    CircuitQuery,
    CircuitView,
    RegressionView,
    TrackingView,
)

if TYPE_CHECKING:
    from engine.experiments.dendritic_figures import FigureExperiment

SWEEPS = 6
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
    return membrane_view(net, state, wanted, time_ms)


def cell_view(experiment: FigureExperiment, query: CellQuery) -> CellView:
    """One cell of the hidden area."""
    area = circuit_view(experiment, CircuitQuery(query.probe, query.teacher)).areas[0]
    cell = min(max(0, query.cell), len(area.u) - 1)
    weights = as_array(experiment.net.synapses.W[1][cell])
    return opened_cell(area, 1, cell, weights.reshape(1, -1))


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


def _flat(values: Tensor) -> np.ndarray:
    return as_array(values.reshape(-1))
