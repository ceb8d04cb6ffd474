"""The oscilloscope's Euler step: the whole circuit as one matrix, in numpy.

At batch 1 a step of `ContinuousCircuit.euler_step` is dozens of calls on tiny tensors. Here the state is one row
    s = [r_0 | u_1 .. u_N | uI_1 .. uI_{N-1}]
and, with z = [f(u) | s], one step of dt without plasticity is s <- z K + c. f is phi up to scale and offset, which
are folded into K and c; so are dt, the identity, the input low-pass and the teacher. Weights are copied into K:
call `refresh` after they, the knobs, the input or the target have changed.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.models.dendritic import SoftRectifier
from engine.models.dendritic_continuous import ContinuousCircuit, ContinuousState


class FusedEuler:
    """Euler(-Maruyama) steps of a continuous circuit, weights held, as one matrix product per step.

    s [B, D] with D = n_0 + sum_{k>0} n_k + sum_{0<k<N} n_{k+1}; z [B, 2 D - n_0].
    """

    def __init__(self, circuit: ContinuousCircuit, state: ContinuousState, dt: float) -> None:
        """Take over a copy of the membranes of `state`; raises ValueError for an unstable dt."""
        self.circuit = circuit
        sizes, N = circuit.sizes, circuit.N
        self._where: dict[str, slice] = {}
        end = 0
        names = ["r0", *(f"u.{k}" for k in range(1, N + 1)), *(f"uI.{k}" for k in range(1, N))]
        widths = [*sizes, *sizes[2:]]
        for name, n in zip(names, widths, strict=True):
            self._where[name] = slice(end, end + n)
            end += n
        self.D, self.n0, self.cells = end, sizes[0], end - sizes[0]
        batch = state.r0.shape[0]
        dtype = state.r0.cpu().numpy().dtype
        self._z: NDArray[np.floating] = np.zeros((batch, self.cells + self.D), dtype=dtype)
        self._f, self.s = self._z[:, : self.cells], self._z[:, self.cells :]  # views; s is the state
        self._u = self.s[:, self.n0 :]
        self._new: NDArray[np.floating] = np.zeros((batch, self.D), dtype=dtype)
        self._K: NDArray[np.floating] = np.zeros((self.cells + self.D, self.D), dtype=dtype)
        self._c: NDArray[np.floating] = np.zeros((batch, self.D), dtype=dtype)
        self.dt = dt
        self.take(state)

    def take(self, state: ContinuousState) -> None:
        """Copy the membranes of `state` into s."""
        named = state.named()
        for name, where in self._where.items():
            self.s[:, where] = named[name].cpu().numpy()

    def give(self, state: ContinuousState) -> None:
        """Copy s into the membranes of `state`; its induction traces stay."""
        named = state.named()
        for name, where in self._where.items():
            named[name].copy_(torch.from_numpy(np.ascontiguousarray(self.s[:, where])))

    def refresh(self, x: Tensor, u_star: Tensor | None, dt: float | None = None) -> None:
        """Rewrite K and c from the circuit's weights and knobs, input x [B, n_0] and target u* [B, n_N] or None."""
        self.dt = self.dt if dt is None else dt
        self.circuit.check_dt(self.dt)
        c, g, N, at = self.circuit, self.circuit.g, self.circuit.N, self._where
        dt, self._c[:] = self.dt, 0.0
        leak = np.zeros(self.D)  # minus d s / d s on the diagonal
        rate_in = 1.0 / c.knobs.tau_in if c.knobs.tau_in > 0.0 else 1.0 / dt
        leak[at["r0"]] = rate_in
        self._c[:, at["r0"]] = dt * rate_in * x.cpu().numpy()
        for k in range(1, N + 1):
            leak[at[f"u.{k}"]] = g.g_lk + g.g_B + (g.g_A if k < N else 0.0)
            self._connect("r0" if k == 1 else f"u.{k - 1}", f"u.{k}", g.g_B, c.synapses.W[k])
        for k in range(1, N):
            here, inter, above = f"u.{k}", f"uI.{k}", f"u.{k + 1}"
            self._connect(above, here, g.g_A, c.synapses.B[k])
            self._connect(inter, here, g.g_A * (1.0 - c.knobs.silenced), c.synapses.Q[k])
            self._connect(here, inter, g.g_D, c.synapses.P[k])
            leak[at[inter]] = g.g_lk + g.g_D + g.interneuron_nudge
            nudge = self._K[self.cells :][at[above], at[inter]]
            np.fill_diagonal(nudge, dt * g.interneuron_nudge)
        if u_star is not None and c.knobs.teacher:
            leak[at[f"u.{N}"]] += g.g_som
            self._c[:, at[f"u.{N}"]] += dt * g.g_som * u_star.cpu().numpy()
        np.fill_diagonal(self._K[self.cells :], 1.0 - dt * leak)

    def _connect(self, pre: str, post: str, g: float, M: Tensor) -> None:
        """Write the weights M [n_post, n_pre (+1)], read at conductance g, into K and c."""
        rows, columns = self._where[pre], self._where[post]
        n = rows.stop - rows.start
        block = (M.t() * (self.dt * g)).cpu().numpy()
        self._c[:, columns] += block[n:].sum(0)  # bias, where there is one
        if pre == "r0":  # a rate already
            self._K[self.cells :][rows, columns] = block[:n]
            return
        scale, offset = self._scale_and_offset()
        np.multiply(block[:n], scale, out=self._K[rows.start - self.n0 : rows.stop - self.n0, columns])
        self._c[:, columns] += offset * block[:n].sum(0)

    def step(self, kick: NDArray[np.floating] | None = None) -> None:
        """Do one step; `kick` [B, D - n_0] is added to the somata (already scaled noise)."""
        self._rates()
        np.dot(self._z, self._K, out=self._new)
        np.add(self._new, self._c, out=self.s)
        if kick is not None:
            self._u += kick

    def run(self, steps: int, every: int = 1, generator: torch.Generator | None = None) -> ContinuousState:
        """Do `steps` steps and return the states after every `every`-th as one batch [steps // every, ...].

        Only for a batch of one circuit (ValueError otherwise). `generator` is needed when sigma > 0. The
        result has no traces; `circuit.compartments` of it gives every compartment at every sample.
        """
        if self.s.shape[0] != 1:
            raise ValueError(f"the scope records one circuit, not {self.s.shape[0]}")
        kicks = self._kicks(steps, generator)
        record = np.empty((steps // every, self.D), dtype=self.s.dtype)
        for i in range(steps):
            self.step(None if kicks is None else kicks[i])
            if (i + 1) % every == 0:
                record[i // every] = self.s[0]
        samples = torch.from_numpy(record).to(self.circuit.synapses.like.device)
        part = {name: samples[:, where] for name, where in self._where.items()}
        N = self.circuit.N
        return ContinuousState(
            r0=part["r0"],
            u={k: part[f"u.{k}"] for k in range(1, N + 1)},
            uI={k: part[f"uI.{k}"] for k in range(1, N)},
        )

    def _kicks(self, steps: int, generator: torch.Generator | None) -> NDArray[np.floating] | None:
        sigma = self.circuit.knobs.sigma
        if sigma == 0.0:
            return None
        if generator is None:
            raise ValueError(f"sigma = {sigma} needs a random generator")
        shape = (steps, self.s.shape[0], self.cells)
        draw = torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float64)
        kicks: NDArray[np.floating] = (draw * (sigma * self.dt**0.5)).cpu().numpy().astype(self.s.dtype)
        return kicks

    def _scale_and_offset(self) -> tuple[float, float]:
        """Return a, b of phi(u) = a f(u) + b, with f as computed by _rates."""
        phi = self.circuit.phi
        return (phi.gamma, 0.0) if isinstance(phi, SoftRectifier) else (0.5, 0.5)

    def _rates(self) -> None:
        """Write f(u) = log(1 + exp(beta (u - theta))) or tanh(u / 2) into the front of z."""
        phi, f = self.circuit.phi, self._f
        if isinstance(phi, SoftRectifier):
            np.subtract(self._u, phi.theta, out=f)
            np.multiply(f, phi.beta, out=f)
            np.logaddexp(0.0, f, out=f)
        else:
            np.multiply(self._u, 0.5, out=f)
            np.tanh(f, out=f)
