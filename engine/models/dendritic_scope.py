"""The two-step circuit in continuous time: the same weights, with membranes (for the oscilloscope).

Steady states are those of section 2.4 with g_lk -> 0 and g_B = g_D = 1, so that g_A = lam/(1-lam),
g_som = lam_N/(1-lam_N) at the output and lam_I/(1-lam_I) at the interneurons; eqs. (1)-(5) otherwise. One
difference from the two-step dynamics remains and is wanted here: an interneuron reads its area's nudged rates,
not those of the forward sweep. The whole state is one row

    s = [r_0 | u_1 .. u_N | uI_1 .. uI_{N-1}]

and one Euler step is a few small matrix products in numpy (a torch call at batch 1 costs more than the product).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.models.dendritic_two_step import TwoStepCircuit

Array = NDArray[np.float64]
TAU_INPUT_MS = 3.0
LARGEST_DT_MS = 0.5


@dataclass(frozen=True, slots=True)
class ScopeCompartments:
    """All compartments of one circuit at one moment, by area: [n_k] each, interneurons [n_{k+1}]."""

    r: dict[int, Array]
    u: dict[int, Array]
    u_inter: dict[int, Array]
    v_basal: dict[int, Array]
    top_down: dict[int, Array]
    cancellation: dict[int, Array]
    v_apical: dict[int, Array]


class CircuitScope:
    """Euler-Maruyama integration of one presentation, float64, weights read afresh by `refresh`."""

    def __init__(self, circuit: TwoStepCircuit) -> None:
        self._circuit = circuit
        sizes = circuit.sizes
        self.r0: Array = np.zeros(sizes[0])
        self.u: dict[int, Array] = {}
        self.u_inter: dict[int, Array] = {}
        self.time_ms = 0.0
        self.refresh()
        self.rest()

    def rest(self) -> None:
        """All potentials and inputs 0, time 0."""
        sizes, N = self._circuit.sizes, self._circuit.N
        self.r0 = np.zeros(sizes[0])
        self.u = {k: np.zeros(sizes[k]) for k in range(1, N + 1)}
        self.u_inter = {k: np.zeros(sizes[k + 1]) for k in range(1, N)}
        self.time_ms = 0.0

    def refresh(self) -> None:
        """Copies the present weights and mixing factors."""
        s, m = self._circuit.synapses, self._circuit.mixing
        self._W, self._B, self._P, self._Q = (
            {k: w.detach().double().cpu().numpy() for k, w in s.of_kind(kind).items()} for kind in "WBPQ"
        )
        self._g_A = m.lam / (1.0 - m.lam)
        self._g_som_N = m.lam_N / (1.0 - m.lam_N)
        self._g_som_I = m.lam_I / (1.0 - m.lam_I)
        self._sent_share = 1.0 - self._circuit.knobs.silenced

    def compartments(self) -> ScopeCompartments:
        """Eqs. (3)-(5) at the present state."""
        N = self._circuit.N
        r = {0: self.r0} | {k: _phi(u) for k, u in self.u.items()}
        v_basal = {k: self._W[k][:, :-1] @ r[k - 1] + self._W[k][:, -1] for k in range(1, N + 1)}
        top_down = {k: self._B[k] @ r[k + 1] for k in range(1, N)}
        sent = {k: self._sent_share * _phi(u) for k, u in self.u_inter.items()}
        cancellation = {k: self._Q[k] @ sent[k] for k in range(1, N)}
        v_apical = {k: top_down[k] + cancellation[k] for k in range(1, N)}
        return ScopeCompartments(r, self.u, self.u_inter, v_basal, top_down, cancellation, v_apical)

    def step(self, x: Array, target: Array | None, dt: float, noise: Array | None = None) -> ScopeCompartments:
        """One Euler step of dt ms towards input x [n_0] and target voltages [n_N] (None: no teacher).

        noise [cells]: already scaled by sigma sqrt(dt). Returns the compartments from which the step was made: the
        old state of all areas. Raises `ValueError` for a dt at which the step is unstable.
        """
        if not 0.0 < dt <= LARGEST_DT_MS:
            raise ValueError(f"dt = {dt} ms is unstable here: it must lie between 0 and {LARGEST_DT_MS} ms")
        N, c = self._circuit.N, self.compartments()
        slopes = {k: (c.v_basal[k] - u) + self._g_A * (c.v_apical[k] - u) for k, u in self.u.items() if k < N}
        slopes[N] = c.v_basal[N] - self.u[N]
        if target is not None:
            slopes[N] = slopes[N] + self._g_som_N * (target - self.u[N])
        inter = {
            k: (self._P[k][:, :-1] @ c.r[k] + self._P[k][:, -1] - u) + self._g_som_I * (self.u[k + 1] - u)
            for k, u in self.u_inter.items()
        }
        self.u = {k: u + dt * slopes[k] for k, u in self.u.items()}
        self.u_inter = {k: u + dt * inter[k] for k, u in self.u_inter.items()}
        if noise is not None:
            self._add_noise(noise)
        self.r0 = self.r0 + dt / TAU_INPUT_MS * (x - self.r0)
        self.time_ms += dt
        return c

    @property
    def cells(self) -> int:
        """Somata that receive noise."""
        return sum(len(u) for u in (*self.u.values(), *self.u_inter.values()))

    def _add_noise(self, noise: Array) -> None:
        start = 0
        for part in (self.u, self.u_inter):
            for k, u in part.items():
                part[k] = u + noise[start : start + len(u)]
                start += len(u)


def _phi(u: Array) -> Array:
    return np.asarray(0.5 * np.tanh(0.5 * u) + 0.5)
