"""Disinhibition: the same top-down path, no longer cancelled, cleans up, completes and dreams images.

The arXiv version (1801.00062) describes the mechanism; the concrete form here is ours. A gate d in [0, 1] hands the
input area over to its apical dendrites, a gate a in [0, 1] (apical gain) does so for the hidden areas:
    hidden area k:   u_k = (1 - a) v-hat_k + a G_k [r_{k+1}; 1]
    input area:      x   = (1 - d) sensory + d phi(G_0 [r_1; 1])
G_k [n_k, n_{k+1} + 1] is learned all along by the feedback rule, eq. (10):
    dG_k = eta_k [phi_post - phi(G_k r)] r^T,    post = rates of area k, r = rates of area k+1,
with the teacher's r* in place of r_N. A cue clamps r_N to a class. It supplies the label: call what it does
attention, never accuracy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.models.dendritic import copies, hebb_, load_named, with_one
from engine.models.dendritic_two_step import Activity, TwoStepCircuit


@dataclass(frozen=True, slots=True)
class Percept:
    """What the disinhibited circuit sees: image [B, n_0], rates of areas 1..N, and its own verdict on the image.

    `rates[N]` is the cue where one was given; `verdict` [B, n_N] is a plain forward sweep from the image.
    """

    image: Tensor
    rates: dict[int, Tensor]
    verdict: Tensor


class Imagination:
    """The top-down weights G_0..G_{N-1} of a two-step circuit, their learning, and disinhibited perception."""

    def __init__(self, circuit: TwoStepCircuit, eta_input: float = 0.05, eta_hidden: float = 0.5) -> None:
        sizes, like = circuit.sizes, circuit.synapses.like
        self.circuit, self.N = circuit, circuit.N
        self.eta = {k: eta_hidden if k else eta_input for k in range(self.N)}
        self.G = {
            k: torch.zeros(sizes[k + 1] + 1, sizes[k], dtype=like.dtype, device=like.device).t() for k in range(self.N)
        }

    def learn(self, a: Activity, r_star: Tensor) -> None:
        """Apply eq. (10) once to every G_k, from the forward rates in `a` and target rates r_star [B, n_N]."""
        with torch.no_grad():
            for k, G in self.G.items():
                pre = a.r_up[k + 1] if k + 1 < self.N else with_one(r_star)
                post = a.cells_up[k]
                hebb_(G, post - torch.sigmoid(pre @ G.t()), pre, self.eta[k])

    def perceive(
        self, sensory: Tensor, d: float, a: float = 0.0, cue: Tensor | None = None, sweeps: int = 1
    ) -> Percept:
        """Return the percept of sensory [B, n_0] at disinhibition d and apical gain a, both in [0, 1].

        cue [B, n_N]: rates to clamp the output to, or None. One sweep goes up once and down once; each further one
        starts from the percept of the last. Raises ValueError for a gate outside [0, 1].
        """
        if not (0.0 <= d <= 1.0 and 0.0 <= a <= 1.0):
            raise ValueError(f"gates d = {d} and a = {a} must lie in [0, 1]")
        c, N = self.circuit, self.N
        with torch.no_grad():
            act = c.activity(sensory.shape[0])
            image = sensory
            rates: dict[int, Tensor] = {}
            for _ in range(sweeps):
                c.forward(act, image)
                rates = {k: act.cells_up[k].clone() for k in range(1, N + 1)}
                if cue is not None:
                    rates[N] = cue.to(image.dtype)
                for k in range(N - 1, 0, -1):
                    apical = with_one(rates[k + 1]) @ self.G[k].t()
                    u = (1.0 - a) * act.v_hat[k] + a * apical
                    rates[k] = torch.sigmoid(u, out=act.cells_nudged[k]).clone()
                drawn = torch.sigmoid(with_one(rates[1]) @ self.G[0].t())
                image = (1.0 - d) * sensory + d * drawn
            return Percept(image, rates, c.predict(image))

    def generate(self, cue: Tensor) -> Percept:
        """Return the images [B, n_0] the circuit dreams for output rates cue [B, n_N]: a = d = 1."""
        blank = torch.zeros(cue.shape[0], self.circuit.sizes[0], dtype=self.G[0].dtype, device=cue.device)
        return self.perceive(blank, d=1.0, a=1.0, cue=cue)

    def state(self) -> dict[str, Tensor]:
        """Return copies of the weights by name ("G.0", "G.1", ...)."""
        return copies({f"G.{k}": m for k, m in self.G.items()})

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Copy weights back bit for bit; raises KeyError or ValueError when they do not fit."""
        load_named({f"G.{k}": m for k, m in self.G.items()}, state)
