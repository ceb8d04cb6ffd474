"""A circuit with membranes as the picture of the circuit shows it. Read-only."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from engine.models.dendritic_continuous import Compartments, ContinuousCircuit, ContinuousState
from engine.papers.dendritic_views import AreaView, CircuitView, OutputView


def membrane_view(net: ContinuousCircuit, state: ContinuousState, wanted: Tensor | None, time_ms: float) -> CircuitView:
    """The first circuit of the batch at this moment. wanted: target voltages [B, n_N] or None."""
    c, N = net.compartments(state), net.N
    errors = _backpropagated(net, c)
    areas = tuple(
        AreaView(
            v_basal=first(c.vB[k]),
            top_down=first(c.top_down[k]),
            cancellation=first(c.cancellation[k]),
            v_apical=first(c.vA[k]),
            u=first(state.u[k]),
            rate=first(c.r[k]),
            u_inter=first(state.uI[k]),
            u_next=first(state.u[k + 1]),
            delta=first(errors[k]),
        )
        for k in range(1, N)
    )
    output = OutputView(
        v_basal=first(c.vB[N]),
        u=first(state.u[N]),
        rate=first(c.r[N]),
        target=np.full(net.sizes[N], np.nan, np.float32) if wanted is None else first(wanted),
    )
    return CircuitView(first(state.r0).reshape(1, -1), areas, output, -1, -1, -1, time_ms, ())


def _backpropagated(net: ContinuousCircuit, c: Compartments) -> dict[int, Tensor]:
    """W_{k+1}ᵀ δ_{k+1} [B, n_k] of each hidden area, with δ_N = φ(u_N) − φ(v̂_N)."""
    delta = c.r[net.N] - net.phi(c.v_hat[net.N])
    errors: dict[int, Tensor] = {}
    for k in range(net.N - 1, 0, -1):
        errors[k] = delta @ net.synapses.W[k + 1][:, : net.sizes[k]]
        delta = errors[k] * net.phi.slope(c.v_hat[k])
    return errors


def first(batch: Tensor) -> np.ndarray:
    """The first row as a float32 array of its own."""
    return as_array(batch[0])


def as_array(values: Tensor) -> np.ndarray:
    """The same values as a float32 array of its own."""
    return np.array(values.detach().cpu().numpy(), dtype=np.float32)
