"""The two-step dynamics of the microcircuit, used for digits (section 3.4 of the paper).

A presentation is a forward sweep, a nudge of the output by the teacher, a backward sweep in which each hidden
area hears what its interneurons could not explain, and one local update of the synapses. Symbols and shapes
are those of dendritic.py; here g_lk -> 0, the rate function is logistic, and a constant 1 is appended to the
rates that W and P read (bias).

Departure from the paper: the forward state is the attenuated v-hat_k = (1 - lam) vB_k instead of vB_k; with
the paper's form an area above another hidden one is not self-predicting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from engine.models.dendritic import (
    V_REST,
    Feedback,
    Logistic,
    Mixing,
    Synapses,
    basal_rates,
    cancellation_gain,
    hebb_,
    linearised_tracking_gain,
    mean_square,
    tracking_gain,
    tracking_rates,
    with_one,
)


class Activity:
    """The voltages and rates of one batch in every compartment; preallocated, overwritten by each phase.

    By area k (dict keys), B = batch:
        v_hat [B, n_k]          k = 1..N    attenuated basal potential v-hat_B (vB(k) gives vB itself)
        p_hat [B, n_k]          k = 1..N    phi(v_hat)
        xi    [B, n_k]          k = 1..N    somatic noise of this presentation (only used when noise > 0)
        r_up  [B, n_k + 1]      k = 0..N    rates of the forward sweep, with the constant 1
        u     [B, n_k]          k = 1..N    soma: forward value, then the nudged one
        r     [B, n_k + 1]      k = 0..N    phi(u) with the constant 1; k = 0 is the input itself
        vI, qI, uI, rI [B, n_{k+1}] 0<k<N   interneuron dendrite, phi(vI), soma, rate
        sent  [B, n_{k+1}]      0 < k < N   interneuron rate that reaches the apical dendrite (after silencing)
        top_down, vA [B, n_k]   0 < k < N   B r_{k+1}, and the apical sum B r_{k+1} + Q rI
        target [B, n_N]                     voltage the teacher asks for (the prediction when it is off)
    `cells_up` and `cells` are r_up and r without the constant 1. Entries of u, r, cells, p_hat, sent and target
    share memory with others where nothing differs (no noise, nothing silenced, not yet nudged): read only.
    """

    def __init__(self, sizes: Sequence[int], batch: int, like: Tensor) -> None:
        def empty(n: int) -> Tensor:
            return torch.zeros(batch, n, dtype=like.dtype, device=like.device)

        def with_constant(n: int) -> Tensor:
            return torch.ones(batch, n + 1, dtype=like.dtype, device=like.device)

        N = len(sizes) - 1
        self.sizes, self.batch, self.N = tuple(sizes), batch, N
        areas, hidden = range(1, N + 1), range(1, N)
        self.v_hat = {k: empty(sizes[k]) for k in areas}
        self.xi = {k: empty(sizes[k]) for k in areas}
        self.r_up = {k: with_constant(sizes[k]) for k in range(N + 1)}
        self.cells_up = {k: r[:, :-1] for k, r in self.r_up.items()}
        self.vI = {k: empty(sizes[k + 1]) for k in hidden}
        self.qI = {k: empty(sizes[k + 1]) for k in hidden}
        self.uI = {k: empty(sizes[k + 1]) for k in hidden}
        self.rI = {k: empty(sizes[k + 1]) for k in hidden}
        self.top_down = {k: empty(sizes[k]) for k in hidden}
        self.vA = {k: empty(sizes[k]) for k in hidden}
        # memory of the nudged values; u, r, cells point here once an area has been nudged
        self.u_nudged = {k: empty(sizes[k]) for k in areas}
        self.r_nudged = {k: with_constant(sizes[k]) for k in areas}
        self.cells_nudged = {k: r[:, :-1] for k, r in self.r_nudged.items()}
        self.noiseless = {k: empty(sizes[k]) for k in areas}  # phi(v_hat) under noise
        self.silenced = {k: empty(sizes[k + 1]) for k in hidden}
        self.diff = {n: empty(n) for n in set(sizes[1:])}  # scratch of the plasticity rules
        self.u, self.r, self.cells = dict(self.v_hat), dict(self.r_up), dict(self.cells_up)
        self.p_hat = {k: self.cells_up[k] for k in areas}
        self.sent = dict(self.rI)
        self.target = self.v_hat[N]
        self.noisy = False

    def nudged(self, k: int) -> None:
        """Let u, r and cells of area k point at its nudged values."""
        self.u[k], self.r[k], self.cells[k] = self.u_nudged[k], self.r_nudged[k], self.cells_nudged[k]

    def cancellation(self, k: int) -> Tensor:
        """Return Q_k rI_k [B, n_k], what the interneurons add to the apical dendrite of area k."""
        return self.vA[k] - self.top_down[k]

    def vB(self, k: int, mixing: Mixing) -> Tensor:
        """Return the basal potential vB_k [B, n_k] before attenuation."""
        return self.v_hat[k] / mixing.attenuation(k, self.N)

    def apical_size(self, k: int) -> float:
        """Return the mean over the batch of ||vA_k||."""
        return float(self.vA[k].norm(dim=1).mean())


@dataclass(frozen=True, slots=True)
class TwoStepKnobs:
    """Everything about a two-step circuit that may change while it learns; given to TwoStepCircuit.change.

    h: effective backprop rates (h_1..h_N) > 0; lam, lam_N, lam_I in (0, 1); tracking_ratio >= 0 multiplies the
    exact etaP; eta_Q, eta_B >= 0; plastic: letters out of "WPQB"; frozen_areas: areas k whose W_k and P_{k-1}
    rest; silenced in [0, 1]: share of interneuron output removed; noise >= 0: s.d. of the somatic noise.
    """

    h: tuple[float, ...]
    lam: float = 0.42
    lam_N: float = 0.42
    lam_I: float = 0.1
    tracking_ratio: float = 1.0
    eta_Q: float = 0.0
    eta_B: float = 0.0
    plastic: frozenset[str] = frozenset("WP")
    frozen_areas: frozenset[int] = frozenset()
    silenced: float = 0.0
    noise: float = 0.0
    teacher: bool = True

    def mixing(self) -> Mixing:
        """Return the mixing factors; raises ValueError for a lam outside (0, 1)."""
        return Mixing.without_leak(self.lam, self.lam_N, self.lam_I)


@dataclass(slots=True)
class Rates:
    """Learning rates by area as derived from the knobs; a kind that rests is absent."""

    W: dict[int, float] = field(default_factory=dict)
    P: dict[int, float] = field(default_factory=dict)
    Q: dict[int, float] = field(default_factory=dict)
    B: dict[int, float] = field(default_factory=dict)


class TwoStepCircuit:
    """A deep microcircuit under the two-step dynamics: x [B, n_0] -> rates [B, n_N].

    One update is `step`, or its phases one by one: forward, teacher, backward(k) for k = N-1..1, learn. The
    phases write into an Activity; `activity(batch)` makes one, and the circuit keeps one per batch size for
    `step`.
    """

    phi = Logistic()

    def __init__(
        self,
        sizes: Sequence[int],
        knobs: TwoStepKnobs,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        self.synapses = Synapses.zeros(sizes, bias=True, dtype=dtype, device=device)
        self.sizes, self.N = self.synapses.sizes, self.synapses.N
        self._kept: dict[int, Activity] = {}
        # views, valid for good because weights only ever change in place
        self._Wt, self._Bt, self._Pt, self._Qt = (
            {k: m.t() for k, m in self.synapses.of_kind(kind).items()} for kind in "WBPQ"
        )
        self._attenuation: dict[int, float] = {}
        self.knobs = knobs
        self.mixing = knobs.mixing()
        self.rates = Rates()
        self._derive()

    # --- setting up ------------------------------------------------------------------------------------

    def initialise(
        self,
        generator: torch.Generator,
        feedback: Feedback = "random",
        feedback_bound: float = 1.0,
        self_predicting: bool = True,
        random_std: float = 0.1,
    ) -> None:
        """Draw all weights (section 5): W by fan, B from U(+-feedback_bound) or W^T, P and Q self-predicting.

        With self_predicting False, P and Q are drawn from N(0, random_std^2) instead.
        """
        s = self.synapses
        s.draw_digit_W(generator)
        s.draw_feedback(feedback, feedback_bound, generator)
        if self_predicting:
            s.predict_next_area(self.mixing)
        else:
            s.draw_normal("PQ", random_std, generator)

    def restart_feedback(self, feedback: Feedback, bound: float, generator: torch.Generator) -> None:
        """Draw B anew (or set it to the present W^T) and let Q cancel it; W and P stay."""
        self.synapses.draw_feedback(feedback, bound, generator)

    def change(self, knobs: TwoStepKnobs) -> None:
        """Apply new knobs to the running circuit; raises ValueError, changing nothing, when one is impossible.

        When lam changes, the hidden W are multiplied by (1 - lam_old) / (1 - lam_new), so that the forward
        function stays. P needs no change then: a_{k+1} W_{k+1}, which it follows, is the same before and after.
        """
        old_knobs, old = self.knobs, self.mixing
        new = knobs.mixing()
        self.knobs, self.mixing = knobs, new
        try:
            self._derive()
        except ValueError:
            self.knobs, self.mixing = old_knobs, old
            raise
        if new.basal != old.basal:
            for k in range(1, self.N):
                self.synapses.W[k].mul_(old.basal / new.basal)

    def _derive(self) -> None:
        """Check the knobs and turn them into learning rates (section 2.7)."""
        k = self.knobs
        if len(k.h) != self.N:
            raise ValueError(f"{len(k.h)} rates h for {self.N} layers of weights: {k.h}")
        if not 0.0 <= k.silenced <= 1.0:
            raise ValueError(f"silenced = {k.silenced} is not between 0 and 1")
        if min(*k.h, k.tracking_ratio, k.eta_Q, k.eta_B, k.noise) < 0.0:
            raise ValueError("learning rates, tracking ratio and noise must not be negative")
        if not k.plastic <= set("WPQB"):
            raise ValueError(f"plastic synapse kinds {sorted(k.plastic)}: only W, P, Q, B exist")
        eta_W = basal_rates(k.h, self.mixing)
        eta_P = tracking_rates(eta_W, self.mixing, k.tracking_ratio)
        self._attenuation = {a: self.mixing.attenuation(a, self.N) for a in range(1, self.N + 1)}
        hidden, rests = range(1, self.N), k.frozen_areas
        self.rates = Rates(
            W={a: e for a, e in eta_W.items() if a not in rests} if "W" in k.plastic else {},
            P={a: e for a, e in eta_P.items() if a + 1 not in rests} if "P" in k.plastic else {},
            Q=dict.fromkeys(hidden, k.eta_Q) if "Q" in k.plastic else {},
            B=dict.fromkeys(hidden, k.eta_B) if "B" in k.plastic else {},
        )

    def activity(self, batch: int) -> Activity:
        """Return new buffers for a batch of the given size."""
        return Activity(self.sizes, batch, self.synapses.like)

    # --- the four phases -------------------------------------------------------------------------------

    def forward(self, a: Activity, x: Tensor, generator: torch.Generator | None = None) -> None:
        """Sweep up: u_k = v-hat_k for k = 1..N, for x [B, n_0]; with somatic noise if `generator` is given."""
        with torch.no_grad():
            a.cells_up[0].copy_(x)
            noisy = a.noisy = generator is not None and self.knobs.noise > 0.0
            for k in range(1, self.N + 1):
                v_hat, factor = a.v_hat[k], self._attenuation[k]
                torch.addmm(v_hat, a.r_up[k - 1], self._Wt[k], beta=0.0, alpha=factor, out=v_hat)
                a.r[k], a.cells[k] = a.r_up[k], a.cells_up[k]
                if noisy:
                    a.xi[k].normal_(0.0, self.knobs.noise, generator=generator)
                    a.p_hat[k] = torch.sigmoid(v_hat, out=a.noiseless[k])
                    a.u[k] = torch.add(v_hat, a.xi[k], out=a.u_nudged[k])
                    torch.sigmoid(a.u[k], out=a.cells_up[k])
                else:
                    a.u[k] = v_hat
                    a.p_hat[k] = torch.sigmoid(v_hat, out=a.cells_up[k])

    def teacher(self, a: Activity, u_star: Tensor | None) -> None:
        """Nudge the output: u_N = (1 - lam_N) v-hat_N + lam_N u*; without a target u_N = v-hat_N.

        u_star [B, n_N] is kept by reference as a.target.
        """
        with torch.no_grad():
            N = self.N
            a.nudged(N)
            if u_star is None or not self.knobs.teacher:
                a.target = a.v_hat[N]
                a.u[N].copy_(a.v_hat[N])
            else:
                a.target = u_star
                torch.lerp(a.v_hat[N], u_star, self.mixing.lam_N, out=a.u[N])
            if a.noisy:
                a.u[N].add_(a.xi[N])
            torch.sigmoid(a.u[N], out=a.cells[N])

    def backward(self, a: Activity, k: int, generator: torch.Generator | None = None) -> None:
        """Let hidden area k hear area k+1 and its own interneurons; areas are to be taken from N-1 down."""
        with torch.no_grad():
            vI, uI, rI, vA = a.vI[k], a.uI[k], a.rI[k], a.vA[k]
            torch.mm(a.r_up[k], self._Pt[k], out=vI)  # from the forward rates of area k
            torch.lerp(vI, a.u[k + 1], self.mixing.lam_I, out=uI)  # nudged by the next area, always
            if a.noisy:
                uI.add_(a.silenced[k].normal_(0.0, self.knobs.noise, generator=generator))
            torch.sigmoid(vI, out=a.qI[k])
            a.sent[k] = torch.sigmoid(uI, out=rI)
            if self.knobs.silenced > 0.0:
                # silencing acts on the axon: P keeps learning from the soma, so the cells come back prepared
                a.sent[k] = torch.mul(rI, 1.0 - self.knobs.silenced, out=a.silenced[k])
            torch.mm(a.cells[k + 1], self._Bt[k], out=a.top_down[k])
            torch.addmm(a.top_down[k], a.sent[k], self._Qt[k], out=vA)
            a.nudged(k)
            torch.add(a.v_hat[k], vA, alpha=self.mixing.lam, out=a.u[k])
            if a.noisy:
                a.u[k].add_(a.xi[k])
            torch.sigmoid(a.u[k], out=a.cells[k])

    def learn(self, a: Activity) -> None:
        """Apply eqs. (7)-(10) once, averaged over the batch, to the synapses that are plastic."""
        with torch.no_grad():
            s, rates = self.synapses, self.rates
            for k, eta in rates.W.items():
                hebb_(s.W[k], self._minus(a, a.cells[k], a.p_hat[k]), a.r[k - 1], eta)
            for k, eta in rates.P.items():
                hebb_(s.P[k], self._minus(a, a.rI[k], a.qI[k]), a.r[k], eta)
            for k, eta in rates.B.items():
                hebb_(s.B[k], a.cells[k] - torch.sigmoid(a.top_down[k]), a.cells[k + 1], eta)
            for k, eta in rates.Q.items():  # a voltage on the left, not a rate
                hebb_(s.Q[k], V_REST - a.vA[k], a.sent[k], eta)

    # --- put together ----------------------------------------------------------------------------------

    def present(
        self, a: Activity, x: Tensor, u_star: Tensor | None, generator: torch.Generator | None = None
    ) -> Activity:
        """Run forward, teacher and backward on x [B, n_0], u_star [B, n_N] or None; no synapse changes."""
        self.forward(a, x, generator)
        self.teacher(a, u_star)
        for k in range(self.N - 1, 0, -1):
            self.backward(a, k, generator)
        return a

    def step(self, x: Tensor, u_star: Tensor | None, generator: torch.Generator | None = None) -> Activity:
        """Do one whole update and return the activity it was made from (overwritten by the next step).

        Raises ValueError when noise > 0 and no generator is given.
        """
        if generator is None and self.knobs.noise > 0.0:
            raise ValueError(f"noise = {self.knobs.noise} needs a random generator")
        batch = x.shape[0]
        a = self._kept.get(batch)
        if a is None:
            a = self._kept[batch] = self.activity(batch)
        self.present(a, x, u_star, generator)
        self.learn(a)
        return a

    def probe(self, x: Tensor, u_star: Tensor | None) -> Activity:
        """Present x without noise and without learning, in buffers of its own: safe while training."""
        return self.present(self.activity(x.shape[0]), x, u_star)

    def predict(self, x: Tensor) -> Tensor:
        """Return the output rates [B, n_N] of a forward sweep without noise, bit for bit those of `forward`."""
        with torch.no_grad():
            r = x
            for k in range(1, self.N + 1):
                before = with_one(r.to(self.synapses.like.dtype))
                v_hat = before.new_empty(x.shape[0], self.sizes[k])
                factor = self._attenuation[k]
                torch.addmm(v_hat, before, self._Wt[k], beta=0.0, alpha=factor, out=v_hat)
                r_up = before.new_empty(x.shape[0], self.sizes[k] + 1)
                r = torch.sigmoid(v_hat, out=r_up[:, :-1])  # the same strides round the same way
            return r

    # --- looking inside --------------------------------------------------------------------------------

    def tracking_gains(self, a: Activity) -> dict[int, float]:
        """Return the loop gain of the interneurons of each hidden area (page's bound: unstable at 2)."""
        eta_P = tracking_rates(basal_rates(self.knobs.h, self.mixing), self.mixing, self.knobs.tracking_ratio)
        return {
            k: tracking_gain(eta_P[k], self.mixing.lam_I, self.phi.max_slope, mean_square(a.r_up[k]))
            for k in range(1, self.N)
        }

    def linearised_tracking_gains(self, a: Activity) -> dict[int, float]:
        """Return the exact linearised gain on this batch, never above tracking_gains."""
        eta_P = tracking_rates(basal_rates(self.knobs.h, self.mixing), self.mixing, self.knobs.tracking_ratio)
        return {
            k: linearised_tracking_gain(eta_P[k], self.mixing.lam_I, self.phi.slope(a.vI[k]), a.r_up[k])
            for k in range(1, self.N)
        }

    def cancellation_gains(self, a: Activity) -> dict[int, float]:
        """Return etaQ E||rI||^2 of each hidden area (unstable at 2)."""
        return {k: cancellation_gain(self.knobs.eta_Q, mean_square(a.sent[k])) for k in range(1, self.N)}

    def state(self) -> dict[str, Tensor]:
        """Return copies of the weights by name; the circuit has no other lasting state."""
        return self.synapses.state()

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Copy the weights of `state` back bit for bit; raises KeyError or ValueError when they do not fit."""
        self.synapses.load(state)

    def _minus(self, a: Activity, left: Tensor, right: Tensor) -> Tensor:
        return torch.sub(left, right, out=a.diff[left.shape[1]])
