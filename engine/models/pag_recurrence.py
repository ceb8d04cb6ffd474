"""One output step of the three models: the fast formulation, one step at a time.

All that does not depend on the decoder state is computed for all steps at once, before the loop (Wc h, Gh h, everything
that reads y_{t-1}) or after it (the output layer, in `pag_teaching.py`), and what is left is one product per state:
s1, s2 and psi each meet all matrices that read them in a single multiplication. Same numbers as `pag_reference.py`,
which is the page's formulas one by one. Shapes as in `pag.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from engine.models.pag import TAU_FLOOR, Annotations, Network
from engine.models.pag_switch import Commitment, Decision, Estimator, Semantics, carry_on, decide, must_plan, shift


@dataclass(frozen=True, slots=True)
class SwitchKnobs:
    """How the switch is computed. tau_inv: a fixed inverse temperature, 0: the learned one."""

    estimator: Estimator = "ST-Gumbel"
    semantics: Semantics = "hazard"
    tau_inv: float = 0.0


class Carry(NamedTuple):
    """All that passes from one step to the next.

    s1, s2 [B, H]; h1, h2 [B, 3H]: what they give to their own GRU's gates; asked: products of q with [Wq; Gs; Wcm;
    wtau], those there are; psi [B, C]; A [B, S, rows]; commitment.
    """

    s1: Tensor
    s2: Tensor
    h1: Tensor
    h2: Tensor
    asked: tuple[Tensor, ...]
    psi: Tensor
    A: Tensor
    commitment: Commitment

    def rows(self, index: Tensor) -> Carry:
        """The same for other members of the batch, in the order of `index` [B']: beams take everything along."""
        take = [t.index_select(0, index) for t in (self.s1, self.s2, self.h1, self.h2)]
        asked = tuple(t.index_select(0, index) for t in self.asked)
        commitment = Commitment(*(t.index_select(0, index) for t in self.commitment))
        return Carry(
            take[0], take[1], take[2], take[3], asked,
            self.psi.index_select(0, index), self.A.index_select(0, index), commitment,
        )  # fmt: skip


class Stepped(NamedTuple):
    """What one step shows. alpha [B, S]; the rest is None for the baseline: decision, fresh commitment logits [B, k],
    tau_inv [B, 1] (or a number), gate u [B, S, k] (None without a gate).
    """

    alpha: Tensor
    decision: Decision | None = None
    fresh: Tensor | None = None
    tau_inv: Tensor | float = 1.0
    gate: Tensor | None = None


class Heard(NamedTuple):
    """What the steps read of y_{t-1}: for the gates of the first GRU [.., 3H] and for the energies [.., C]."""

    gates: Tensor
    energy: Tensor


class Recurrence:
    """The step of one network on one batch of annotations, with its weights laid side by side."""

    def __init__(self, net: Network, read: Annotations, knobs: SwitchKnobs, *, recompute: bool = False) -> None:
        self.net, self.shape, self.read, self.knobs, self.recompute = net, net.shape, read, knobs, recompute
        self.batch, self.length, C = read.h.shape
        E, H, planner = self.shape.embedding, self.shape.width, net.planner
        # [B, S, C]: b + Wc h_i, the part of every energy that no step changes
        self.Hc = net.attention.Wc(read.h)
        self.Gh = None if planner is None or planner.Gh is None else planner.Gh(read.h)
        self.Wy1, Wx1 = net.gru1.weight_ih[:, :E], net.gru1.weight_ih[:, E:]
        asks: list[Tensor] = [net.attention.Wq.weight]
        ask_biases: list[Tensor] = [Wx1.new_zeros(C)]
        if planner is not None:
            for layer in (planner.Gs, planner.Wcm, planner.wtau):
                if layer is not None:
                    asks.append(layer.weight)
                    ask_biases.append(layer.bias)
        first: list[Tensor] = [net.gru1.weight_hh]
        first_bias: list[Tensor] = [net.gru1.bias_hh]
        second: list[Tensor] = []
        second_bias: list[Tensor] = []
        contexts = [Wx1]
        if net.gru2 is not None:
            Ws2, Wx2 = net.gru2.weight_ih[:, :H], net.gru2.weight_ih[:, H:]
            first, first_bias = [*first, Ws2], [*first_bias, net.gru2.bias_ih]
            second, second_bias = [net.gru2.weight_hh], [net.gru2.bias_hh]
            contexts = [Wx1, Wx2]
        self.asks_second = net.gru2 is not None and self.shape.query == "s2"
        if self.asks_second:
            second, second_bias = second + asks, second_bias + ask_biases
        else:
            first, first_bias = first + asks, first_bias + ask_biases
        if planner is not None and planner.Wcx is not None:
            contexts.append(planner.Wcx.weight)
        # A follow step needs no candidate. One source alone on a CPU can wait to see which step it is; training cannot
        # leave it out: the gradient of the switch passes through what was not chosen (section 2.7).
        self.may_skip = (
            self.batch == 1
            and read.h.device.type == "cpu"
            and knobs.estimator != "soft"
            and not torch.is_grad_enabled()
        )
        self.no_gate = None if self.Gh is None else torch.zeros_like(self.Gh)
        self.first, self.second = _Beside.of(first, first_bias), _Beside.of(second, second_bias)
        self.contexts = _Beside.of(contexts, [])

    def begin(self) -> Carry:
        """Before the first step: A_0 = 0 and a commitment that leaves only "plan"."""
        s1, s2 = self.read.start[0], self.read.start[-1]
        h1, _, asked = self._after_first(s1)
        h2, asked = (h1, asked) if self.net.gru2 is None else self._after_second(s2, asked)
        A = s1.new_zeros(self.batch, self.length, self.shape.rows)
        psi = s1.new_zeros(self.batch, 2 * self.shape.width)
        return Carry(s1, s2, h1, h2, asked, psi, A, must_plan(s1, self.batch, self.shape.k))

    def hear(self, y: Tensor) -> Heard:
        """What the steps read of y_{t-1} [.., E] (zeros at the first step)."""
        return Heard(functional.linear(y, self.Wy1, self.net.gru1.bias_ih), self.net.attention.Wy(y))

    def step(
        self,
        carry: Carry,
        heard: Heard,
        noise: Tensor | None = None,
        forced: Tensor | None = None,
        painted: Tensor | None = None,
    ) -> tuple[Carry, Stepped]:
        """One output step. noise [B, k]: Gumbel, None: argmax. forced bool [B]: re-plan or follow; None: as learned.

        painted [B, S, rows]: scores that replace the plan where they are not NaN, before alpha is taken (a hand has
        edited the plan).
        """
        asked_energy = carry.asked[0] + heard.energy
        if self.net.planner is None:
            A, commitment, shown = self._energies(asked_energy, None), carry.commitment, Stepped(asked_energy)
        else:
            A, commitment, shown = self._plan(carry, asked_energy, noise, forced)
        if painted is not None:
            A = torch.where(torch.isnan(painted), A, painted)
        alpha = torch.softmax(A[:, :, 0] + self.read.bias, 1)
        psi = torch.bmm(alpha.unsqueeze(1), self.read.h).squeeze(1)
        reads = self.contexts(psi)
        s1 = gru(heard.gates + reads[0], carry.h1, carry.s1)
        h1, to_second, asked = self._after_first(s1)
        s2, h2 = s1, h1
        if to_second is not None:
            s2 = gru(to_second + reads[1], carry.h2, carry.s2)
            h2, asked = self._after_second(s2, asked)
        return Carry(s1, s2, h1, h2, asked, psi, A, commitment), shown._replace(alpha=alpha)

    def _after_first(self, s1: Tensor) -> tuple[Tensor, Tensor | None, tuple[Tensor, ...]]:
        parts = self.first(s1)
        if self.net.gru2 is None:
            return parts[0], None, parts[1:]
        return parts[0], parts[1], parts[2:]

    def _after_second(self, s2: Tensor, asked: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        parts = self.second(s2)
        return parts[0], parts[1:] if self.asks_second else asked

    def _plan(
        self, carry: Carry, asked_energy: Tensor, noise: Tensor | None, forced: Tensor | None
    ) -> tuple[Tensor, Commitment, Stepped]:
        """Switch, candidate and update of the plan (section 2.3, steps 1-6)."""
        planner, knobs = self.net.planner, self.knobs
        assert planner is not None
        asked = carry.asked
        fresh, tau = asked[-2], asked[-1]
        if planner.Wcx is not None:
            fresh = fresh + functional.linear(carry.psi, planner.Wcx.weight)
        tau_inv: Tensor | float = knobs.tau_inv or functional.softplus(tau) + TAU_FLOOR
        decision = decide(carry.commitment, noise, tau_inv, knobs.estimator, knobs.semantics)
        if forced is not None:
            decision = decision._replace(g=forced.to(fresh.dtype), is_new=forced)
        # The countdown draws its count with the same noise that the hazard would draw its switch with.
        commitment = carry_on(
            carry.commitment, fresh, decision.is_new, noise, tau_inv, knobs.estimator, knobs.semantics
        )
        A, gate = carry.A, None
        if self.may_skip and not bool(decision.is_new):
            followed = A if self.shape.kind == "rpag" else shift(A, 0.0)
            return followed, commitment, Stepped(A, decision, fresh, tau_inv, self.no_gate)
        candidate = self._energies(asked_energy, A)
        g = decision.g.view(-1, 1, 1)
        if self.shape.kind == "rpag":
            return torch.lerp(A, candidate, g), commitment, Stepped(A, decision, fresh, tau_inv)
        if self.Gh is not None:
            gate = torch.sigmoid(self.Gh + asked[1].unsqueeze(1))
            candidate = torch.lerp(A, candidate, gate)
        # lerp is exact at both ends: a followed plan is the old one to the bit
        return torch.lerp(shift(A, 0.0), candidate, g), commitment, Stepped(A, decision, fresh, tau_inv, gate)

    def _energies(self, asked_energy: Tensor, A: Tensor | None) -> Tensor:
        """Wp tanh(Wc h + Wq q + Wy y + Wb beta + b) + bp: [B, S, rows]."""
        attention, planner = self.net.attention, self.net.planner
        summary: tuple[Tensor | None, ...] = (None, None, None, None)
        if planner is not None and planner.Wi is not None and planner.Wb is not None:
            summary = (A, planner.Wi.weight, planner.Wi.bias, planner.Wb.weight)
        norm = (None, None) if attention.norm is None else (attention.norm.weight, attention.norm.bias)
        parts = (asked_energy, self.Hc, attention.Wp.weight, attention.Wp.bias, *summary, *norm)
        if self.recompute and torch.is_grad_enabled():
            return torch.as_tensor(_Recomputed.apply(*parts))  # type: ignore[no-untyped-call]
        return _energies_of(*parts)


def _energies_of(
    asked: Tensor,
    Hc: Tensor,
    Wp: Tensor,
    bp: Tensor,
    A: Tensor | None,
    Wi: Tensor | None,
    bi: Tensor | None,
    Wb: Tensor | None,
    scale: Tensor | None,
    offset: Tensor | None,
) -> Tensor:
    before = Hc + asked.unsqueeze(1)
    if A is not None and Wi is not None and Wb is not None:
        before = before + functional.linear(torch.tanh(functional.linear(A, Wi, bi)), Wb)
    if scale is not None:
        before = functional.layer_norm(before, scale.shape, scale, offset)
    return functional.linear(torch.tanh(before), Wp, bp)


class _Recomputed(torch.autograd.Function):
    """The energies without keeping what is inside: computed once more on the way back.

    Not `torch.utils.checkpoint`, whose first call imports the whole compiler (seconds).
    """

    @staticmethod
    def forward(ctx: Any, *parts: Tensor) -> Tensor:
        ctx.save_for_backward(*parts)
        return _energies_of(*parts)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_energies: Tensor) -> tuple[Tensor | None, ...]:
        parts: list[Any] = [None if x is None else x.detach().requires_grad_() for x in ctx.saved_tensors]
        there = [x for x in parts if x is not None]
        with torch.enable_grad():
            found = iter(torch.autograd.grad(_energies_of(*parts), there, d_energies))
        return tuple(None if x is None else next(found) for x in parts)


class _Beside(NamedTuple):
    """Matrices that read the same vector, as one. weight [sum of rows, in]; bias [sum of rows] or None."""

    weight: Tensor | None
    bias: Tensor | None
    sizes: list[int]

    @classmethod
    def of(cls, weights: list[Tensor], biases: list[Tensor]) -> _Beside:
        if not weights:
            return cls(None, None, [])
        return cls(torch.cat(weights), torch.cat(biases) if biases else None, [len(w) for w in weights])

    def __call__(self, x: Tensor) -> tuple[Tensor, ...]:
        assert self.weight is not None
        return torch.split(functional.linear(x, self.weight, self.bias), self.sizes, 1)


def gru(x: Tensor, h: Tensor, state: Tensor) -> Tensor:
    """A GRU's new state [B, H] from what the input and the old state give to its gates, each [B, 3H] (r, z, n)."""
    H = state.shape[1]
    r, z = torch.sigmoid(x[:, : 2 * H] + h[:, : 2 * H]).chunk(2, 1)
    n = torch.tanh(torch.addcmul(x[:, 2 * H :], r, h[:, 2 * H :]))
    return torch.lerp(n, state, z)
