"""A layered network with an energy: states, energy, cost, forces and how its weights start.

Scellier, Bengio, "Equivalence of Equilibrium Propagation and Recurrent Backpropagation", arXiv 1711.08416; EP17 marks
the companion paper (Frontiers in Computational Neuroscience 11:24). The symbols of every file named equilibrium*:

    s      [x, s_1, ..., s_L]   states: a list; s[0] = x [B, n_0] is clamped, s[k] [B, n_k] moves, s[L] is the output
    W_k    [n_k, n_{k+1}]       k = 0..L-1, one matrix for both directions
    T_k    [n_{k+1}, n_k]       k = 1..L-1, what the way down really is: W_k transposed, plus noise when asymmetric
    b_k    [n_k]                k = 1..L
    rho                         the neuron; y [B, n_L] target; beta strength of the nudge

    E(s)   = 1/2 sum_k |s_k|^2 - sum_k rho(s_k) W_k rho(s_{k+1})^T - sum_k b_k . rho(s_k)
    C(s,y) = 1/2 |s_L - y|^2,   F_beta = E + beta C,   ds/dt = -dF_beta/ds

The half in C is the paper's; public code of the companion leaves it out, which doubles every beta.
Hard sigmoid: rho(s) = clip(s, 0, 1) is realised as a flow in the box [0, 1], inside which rho(s) = s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

States = list[Tensor]
RhoName = Literal["clipped", "smooth", "tanh"]


@dataclass(frozen=True, slots=True)
class Rho:
    """The neuron: clipped (states live in 0..1 and rho(s) = s), smooth (sigmoid(4 s - 2)) or tanh."""

    name: RhoName = "clipped"

    @property
    def is_clipped(self) -> bool:
        """Whether states are held in 0..1."""
        return self.name == "clipped"

    def __call__(self, s: Tensor) -> Tensor:
        """rho(s)."""
        if self.name == "clipped":
            return s
        return torch.sigmoid(4.0 * s - 2.0) if self.name == "smooth" else torch.tanh(s)

    def slope(self, s: Tensor) -> Tensor:
        """rho'(s)."""
        if self.name == "clipped":
            return torch.ones_like(s)
        r = self(s)
        return 4.0 * r * (1.0 - r) if self.name == "smooth" else 1.0 - r * r

    def curvature(self, s: Tensor) -> Tensor:
        """rho''(s)."""
        if self.name == "clipped":
            return torch.zeros_like(s)
        r = self(s)
        if self.name == "smooth":
            return 16.0 * r * (1.0 - r) * (1.0 - 2.0 * r)
        return -2.0 * r * (1.0 - r * r)


class Network:
    """Weights of a layered network; see the legend of this file. Written in place by whoever trains it."""

    def __init__(
        self,
        sizes: Sequence[int],
        rho: Rho | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        if len(sizes) < 3 or min(sizes) < 1:
            raise ValueError(f"sizes {tuple(sizes)}: at least input, one hidden layer and output are needed")
        self.sizes = tuple(sizes)
        self.rho = rho or Rho()
        self.W = {k: torch.zeros(sizes[k], sizes[k + 1], dtype=dtype, device=device) for k in range(self.L)}
        self.b = {k: torch.zeros(sizes[k], dtype=dtype, device=device) for k in range(1, self.L + 1)}
        self.asymmetry = 0.0
        self.noise: dict[int, Tensor] = {}
        self.T: dict[int, Tensor] = {}
        self.set_asymmetry(0.0)

    @property
    def L(self) -> int:
        """Number of the output layer."""
        return len(self.sizes) - 1

    @property
    def like(self) -> Tensor:
        """A weight that carries dtype and device."""
        return self.W[0]

    def draw(self, gain: float, generator: torch.Generator) -> None:
        """W_k from U(+-gain sqrt(6 / (n_k + n_{k+1}))), b = 0. Drawn in float64, so a seed means one network."""
        for k, w in self.W.items():
            bound = gain * (6.0 / (self.sizes[k] + self.sizes[k + 1])) ** 0.5
            w.copy_((2.0 * torch.rand(w.shape, generator=generator, dtype=torch.float64) - 1.0) * bound)
        for bias in self.b.values():
            bias.zero_()
        self.refresh_top_down()

    def set_asymmetry(self, a: float, generator: torch.Generator | None = None) -> None:
        """T_k = W_k^T + a std(W_k) noise_k; the noise is drawn once, when `a` first leaves 0."""
        self.asymmetry = a
        if a == 0.0:
            self.T = {k: self.W[k].t() for k in range(1, self.L)}  # a view: follows the weights by itself
            return
        if not self.noise:
            if generator is None:
                raise ValueError("the noise of asymmetric weights needs a random generator")
            for k in range(1, self.L):
                draw = torch.randn(self.sizes[k + 1], self.sizes[k], generator=generator, dtype=torch.float64)
                self.noise[k] = draw.to(self.like)
        self.T = {k: torch.empty_like(self.noise[k]) for k in range(1, self.L)}
        self.refresh_top_down()

    def refresh_top_down(self) -> None:
        """Brings T up to date after the weights changed; free of cost while they are symmetric."""
        if self.asymmetry != 0.0:
            for k, top_down in self.T.items():
                torch.addcmul(self.W[k].t(), self.noise[k], self.asymmetry * self.W[k].std(), out=top_down)

    def copy(self, dtype: torch.dtype, rho: Rho | None = None) -> Network:
        """An independent copy on the CPU in another precision and, when given, with other neurons."""
        twin = Network(self.sizes, rho or self.rho, dtype)
        for mine, theirs in ((twin.W, self.W), (twin.b, self.b)):
            for k, tensor in theirs.items():
                mine[k].copy_(tensor)
        twin.noise = {k: n.to("cpu", dtype) for k, n in self.noise.items()}
        twin.set_asymmetry(self.asymmetry)
        return twin

    # --- the field ----------------------------------------------------------------------------------------------

    def zeros(self, x: Tensor) -> States:
        """States at 0 with x [B, n_0] clamped."""
        return [x, *(x.new_zeros(x.shape[0], n) for n in self.sizes[1:])]

    def input_drive(self, x: Tensor, out: Tensor | None = None) -> Tensor:
        """rho(x) W_0 + b_1 [B, n_1]: the input is clamped, so this need be computed only once a batch."""
        if out is None:
            return torch.addmm(self.b[1], self.rho(x), self.W[0])
        return torch.addmm(self.b[1], self.rho(x), self.W[0], out=out)

    def drive(self, s: States, k: int, base: Tensor | None = None) -> Tensor:
        """pre_k = rho(s_{k-1}) W_{k-1} + rho(s_{k+1}) T_k + b_k, [B, n_k]. base: `input_drive`, when it is known."""
        rho = self.rho
        if k == 1:
            below = self.input_drive(s[0]) if base is None else base
        else:
            below = torch.addmm(self.b[k], rho(s[k - 1]), self.W[k - 1])
        return below if k == self.L else below + rho(s[k + 1]) @ self.T[k]

    def force(
        self, s: States, beta: Tensor | float = 0.0, y: Tensor | None = None, base: Tensor | None = None
    ) -> States:
        """[x, ds_1/dt, ..., ds_L/dt] = -dF_beta/ds; inside the box for clipped neurons (no clipping here)."""
        found = [s[0]]
        for k in range(1, self.L + 1):
            pre = self.drive(s, k, base)
            f = pre - s[k] if self.rho.is_clipped else self.rho.slope(s[k]) * pre - s[k]
            if k == self.L and y is not None:
                f = f + beta * (y - s[k])
            found.append(f)
        return found

    def clip(self, s: States) -> States:
        """The states back in the box (clipped neurons); the input is never touched."""
        return [s[0], *(v.clamp(0.0, 1.0) for v in s[1:])] if self.rho.is_clipped else s

    def euler_step(
        self,
        s: States,
        epsilon: float,
        beta: Tensor | float = 0.0,
        y: Tensor | None = None,
        base: Tensor | None = None,
    ) -> States:
        """s <- clip(s - epsilon dF_beta/ds), all layers at once; new tensors."""
        f = self.force(s, beta, y, base)
        return self.clip([s[0], *(v + epsilon * g for v, g in zip(s[1:], f[1:], strict=True))])

    def energy(self, s: States) -> Tensor:
        """E [B] of each example."""
        rho = self.rho
        total = torch.zeros_like(s[0][:, 0])
        for k in range(1, self.L + 1):
            total = total + 0.5 * s[k].square().sum(1) - rho(s[k]) @ self.b[k]
        for k in range(self.L):
            total = total - ((rho(s[k]) @ self.W[k]) * rho(s[k + 1])).sum(1)
        return total

    def total_energy(self, s: States, beta: Tensor | float, y: Tensor) -> Tensor:
        """F_beta [B]; beta a number or [B]."""
        return self.energy(s) + beta * cost(s[-1], y)

    def defect(self, s: States, beta: float = 0.0, y: Tensor | None = None) -> States:
        """[x, d_1, ..., d_L]: distance of each neuron from where its inputs put it; 0 at rest.

        Clipped: |s - clip(pre)| (nudged: |s - clip((pre + beta y) / (1 + beta))| at the output); otherwise |ds/dt|.
        """
        if not self.rho.is_clipped:
            return [s[0], *(f.abs() for f in self.force(s, beta, y)[1:])]
        found = [s[0]]
        for k in range(1, self.L + 1):
            pre = self.drive(s, k)
            if k == self.L and y is not None:
                pre = (pre + beta * y) / (1.0 + beta)
            found.append((s[k] - pre.clamp(0.0, 1.0)).abs())
        return found

    def active(self, s: States) -> States:
        """[x, m_1, ..., m_L]: 1 where 0 < pre_k < 1 (clipped neurons off their walls), everywhere 1 for the others."""
        if not self.rho.is_clipped:
            return [s[0], *(torch.ones_like(v) for v in s[1:])]
        found = [s[0]]
        for k in range(1, self.L + 1):
            pre = self.drive(s, k)
            found.append(((pre > 0.0) & (pre < 1.0)).to(pre))
        return found

    # --- state --------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Tensor]:
        """Copies of everything that lasts, by name."""
        named = {f"W.{k}": w.clone() for k, w in self.W.items()} | {f"b.{k}": b.clone() for k, b in self.b.items()}
        return named | {f"noise.{k}": n.clone() for k, n in self.noise.items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Copies `state` back bit for bit. Raises `ValueError` naming what is missing or of another shape."""
        wanted = {f"W.{k}": w for k, w in self.W.items()} | {f"b.{k}": b for k, b in self.b.items()}
        for name, tensor in wanted.items():
            if name not in state:
                raise ValueError(f"{name} is missing in the saved state")
            if state[name].shape != tensor.shape:
                raise ValueError(
                    f"{name} is saved as {tuple(state[name].shape)}, this network has {tuple(tensor.shape)}"
                )
        noise = {k: state[f"noise.{k}"] for k in range(1, self.L) if f"noise.{k}" in state}
        if self.asymmetry != 0.0 and len(noise) != self.L - 1:
            raise ValueError("the weights are asymmetric, but their noise is missing in the saved state")
        for name, tensor in wanted.items():
            tensor.copy_(state[name])
        self.noise = {k: n.to(self.like).clone() for k, n in noise.items()}
        self.set_asymmetry(self.asymmetry)


def cost(output: Tensor, y: Tensor) -> Tensor:
    """C = 1/2 |s_L - y|^2 [B]."""
    return 0.5 * (output - y).square().sum(1)


def hebbian(rho: Rho, s: States, k: int) -> Tensor:
    """mean_b rho(s_k)^T rho(s_{k+1}) [n_k, n_{k+1}], which is -dF/dW_k."""
    return rho(s[k]).t() @ rho(s[k + 1]) / s[k].shape[0]


def one_hot(labels: Tensor, classes: int, like: Tensor) -> Tensor:
    """y [B, classes]: 1 at the label, 0 elsewhere, of the dtype and device of `like`."""
    y = torch.zeros(labels.shape[0], classes, dtype=like.dtype, device=like.device)
    return y.scatter_(1, labels.unsqueeze(1), 1.0)


def largest(values: States) -> float:
    """Largest absolute entry of layers 1..L."""
    return max(float(v.abs().max()) for v in values[1:])
