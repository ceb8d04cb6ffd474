"""What the microcircuit is measured against: backprop, feedback alignment and a shallow learner.

The yardstick is the network the forward sweep computes, with voltages v-hat_k and rates phi(v-hat_k), and
    delta_N = phi'(v-hat_N) (u* - v-hat_N)            (or one of the other output errors below)
    delta_k = phi'(v-hat_k) W_{k+1}^T delta_{k+1}     bp_k = mean_b delta_k r_{k-1}^T
The attenuations 1 - lam are left out of delta, as in the paper: in the weak-feedback limit the circuit's own
update is then lam^{N-k+1} bp_k. They change the length of bp_k by a constant, not its direction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor

from engine.models.dendritic import Mixing, Synapses, copies, hebb_, load_named, uniform, with_one
from engine.models.dendritic_two_step import Activity, TwoStepCircuit

OutputError = Literal["nudge", "voltage", "rate"]
Kind = Literal["backprop", "feedback_alignment", "shallow"]


def output_error(a: Activity, lam_N: float, form: OutputError) -> Tensor:
    """Return delta_N [B, n_N] of a presented batch.

    "nudge": [phi(u_N) - phi(v-hat_N)] / lam_N, what the output cells really signal (the live gauges);
    "voltage": phi'(v-hat_N) (u* - v-hat_N), its limit for lam_N -> 0 (the theorem);
    "rate": phi'(v-hat_N) (r* - r_N), the gradient of the squared error.
    """
    N = a.N
    p = a.p_hat[N]
    if form == "nudge":
        return (a.cells[N] - p) / lam_N
    if form == "voltage":
        return p * (1.0 - p) * (a.target - a.v_hat[N])
    return p * (1.0 - p) * (torch.sigmoid(a.target) - p)


def backprop_deltas(synapses: Synapses, a: Activity, delta_N: Tensor) -> dict[int, Tensor]:
    """Return delta_k [B, n_k] for k = 1..N by backpropagation through the forward sweep in `a`."""
    deltas = {a.N: delta_N}
    for k in range(a.N - 1, 0, -1):
        p = a.p_hat[k]
        deltas[k] = (deltas[k + 1] @ synapses.W[k + 1][:, :-1]) * p * (1.0 - p)
    return deltas


def backprop_updates(circuit: TwoStepCircuit, a: Activity, form: OutputError = "nudge") -> dict[int, Tensor]:
    """Return bp_k [n_k, n_{k-1} + 1], what backprop would do to W_k on the batch presented in `a`."""
    with torch.no_grad():
        deltas = backprop_deltas(circuit.synapses, a, output_error(a, circuit.mixing.lam_N, form))
        return {k: deltas[k].t() @ a.r_up[k - 1] / a.batch for k in sorted(deltas)}


def circuit_updates(a: Activity) -> dict[int, Tensor]:
    """Return the circuit's own update of W_k [n_k, n_{k-1} + 1] at rate 1 on the batch presented in `a`."""
    with torch.no_grad():
        return {k: (a.cells[k] - a.p_hat[k]).t() @ a.r[k - 1] / a.batch for k in range(1, a.N + 1)}


def angle(x: Tensor, y: Tensor) -> float:
    """Return the angle between two tensors of equal shape in degrees; NaN when either is 0 or not finite.

    By atan2 of chord and sum of the unit vectors, which stays exact for small angles where arccos does not.
    """
    x, y = x.double().flatten(), y.double().flatten()
    a, b = float(x.norm()), float(y.norm())
    if not (math.isfinite(a) and math.isfinite(b)) or a == 0.0 or b == 0.0:
        return math.nan
    x, y = x / a, y / b
    return math.degrees(2.0 * math.atan2(float((x - y).norm()), float((x + y).norm())))


def angles_to_backprop(circuit: TwoStepCircuit, a: Activity, form: OutputError = "nudge") -> dict[int, float]:
    """Return the angle in degrees between the circuit's update of W_k and backprop's, k = 1..N."""
    own, bp = circuit_updates(a), backprop_updates(circuit, a, form)
    return {k: angle(own[k], bp[k]) for k in own}


def feedback_angles(synapses: Synapses) -> dict[int, float]:
    """Return the angle in degrees between B_k and W_{k+1}^T (bias left out), 0 < k < N: 90 is unrelated."""
    return {k: angle(synapses.B[k], synapses.W[k + 1][:, : synapses.sizes[k]].t()) for k in synapses.B}


class ReferenceLearner:
    """An ordinary network with the circuit's forward sweep, taught by delta rules: x [B, n_0] -> [B, n_N].

    kind "backprop" carries errors by W^T, "feedback_alignment" by fixed random B, "shallow" teaches only the
    output layer. Rates h = (h_1..h_N) mean the same as in the circuit: W_k += h_k mean_b delta_k r_{k-1}^T.
    """

    def __init__(
        self,
        kind: Kind,
        start: Mapping[int, Tensor],
        h: Sequence[float],
        mixing: Mixing,
        generator: torch.Generator,
        feedback_bound: float = 1.0,
        form: OutputError = "voltage",
    ) -> None:
        """Copy W_k [n_k, n_{k-1} + 1] from `start`; `generator` draws B ~ U(+-feedback_bound) where needed."""
        self.kind, self.h, self.mixing, self.form = kind, tuple(h), mixing, form
        self.N = len(start)
        if len(self.h) != self.N:
            raise ValueError(f"{len(self.h)} rates h for {self.N} layers of weights")
        self.W = {k: start[k].clone() for k in sorted(start)}
        self.B: dict[int, Tensor] = {}
        if kind == "feedback_alignment":
            for k in range(1, self.N):
                shape = (self.W[k].shape[0], self.W[k + 1].shape[0])
                self.B[k] = uniform(shape, feedback_bound, self.W[k], generator)

    def step(self, x: Tensor, u_star: Tensor) -> None:
        """Do one update on x [B, n_0], u_star [B, n_N] (target voltages)."""
        with torch.no_grad():
            v, r = self._forward(x)
            p = r[self.N][:, :-1]
            if self.form == "nudge":
                lam = self.mixing.lam_N
                delta = (torch.sigmoid(torch.lerp(v, u_star, lam)) - p) / lam
            else:
                error = u_star - v if self.form == "voltage" else torch.sigmoid(u_star) - p
                delta = p * (1.0 - p) * error
            for k in range(self.N, 0, -1):
                post, pre = delta, r[k - 1]
                if k > 1 and self.kind != "shallow":
                    p = pre[:, :-1]
                    back = self.B[k - 1].t() if self.B else self.W[k][:, :-1]
                    delta = (delta @ back) * p * (1.0 - p)
                hebb_(self.W[k], post, pre, self.h[k - 1])
                if self.kind == "shallow":
                    return

    def predict(self, x: Tensor) -> Tensor:
        """Return output rates [B, n_N] for x [B, n_0]."""
        with torch.no_grad():
            return self._forward(x)[1][self.N][:, :-1]

    def state(self) -> dict[str, Tensor]:
        """Return copies of the weights by name ("W.1", ..., "B.1", ...)."""
        return copies(self._named())

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Copy weights back bit for bit; raises KeyError or ValueError when they do not fit."""
        load_named(self._named(), state)

    def _named(self) -> dict[str, Tensor]:
        return {f"{name}.{k}": m for name in "WB" for k, m in getattr(self, name).items()}

    def _forward(self, x: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
        r = {0: with_one(x.to(self.W[1].dtype))}
        v = r[0]
        for k in range(1, self.N + 1):
            v = (r[k - 1] @ self.W[k].t()) * self.mixing.attenuation(k, self.N)
            r[k] = with_one(torch.sigmoid(v))
        return v, r
