"""The dendritic microcircuit: conductances, mixing factors, synapses, learning-rate law and plasticity.

Sacramento, Costa, Bengio, Senn, "Dendritic error backpropagation in deep cortical microcircuits",
arXiv 1801.00062; equation numbers are those of the NeurIPS 2018 version.

Areas k = 0..N hold n_k pyramidal cells; area 0 is the input. A hidden area (0 < k < N) also holds n_{k+1}
interneurons, one for each pyramidal cell of the next area. The symbols of every file named dendritic*:

    u_k    [B, n_k]            pyramidal soma (B batch; rest 0, capacitance 1, time in ms)
    uI_k   [B, n_{k+1}]        interneuron soma
    r      phi(u)              rate
    W_k    [n_k, n_{k-1} (+1)] bottom-up, onto the basal dendrite; the last column is the bias where there is one
    B_k    [n_k, n_{k+1}]      top-down, onto the apical dendrite
    P_k    [n_{k+1}, n_k (+1)] pyramidal cell -> interneuron of the same area
    Q_k    [n_k, n_{k+1}]      interneuron -> apical dendrite of the same area (of either sign)

Nothing here uses autograd; the circuit has no gradient, only local rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

Feedback = Literal["random", "transpose"]
V_REST = 0.0  # voltage towards which the Q rule drives the apical dendrite, eq. (9)
FLOAT32_LAM = 0.05  # below this mixing factor the error in float32 drowns in rounding (section 2.10): use float64
TARGET_MARGIN = 1e-3  # target rates are clamped to [1e-3, 1 - 1e-3] before the logit


@dataclass(frozen=True, slots=True)
class Conductances:
    """Conductances of eqs. (1)-(2) relative to the capacitance, in 1/ms; defaults are the paper's.

    g_som couples the teacher to the output; g_inter the next area to the interneurons (None: the same as g_som,
    as in the paper).
    """

    g_lk: float = 0.1
    g_B: float = 1.0
    g_A: float = 0.8
    g_D: float = 1.0
    g_som: float = 0.8
    g_inter: float | None = None

    @classmethod
    def without_leak(cls, lam: float, lam_N: float, lam_I: float) -> Conductances:
        """Return leak-free conductances (g_B = g_D = 1) with these mixing factors: a digit circuit in time."""
        return cls(0.0, 1.0, lam / (1.0 - lam), 1.0, lam_N / (1.0 - lam_N), lam_I / (1.0 - lam_I))

    @property
    def interneuron_nudge(self) -> float:
        """Conductance by which the next area nudges the interneurons."""
        return self.g_som if self.g_inter is None else self.g_inter

    def mixing(self) -> Mixing:
        """Return the steady-state mixing factors of these conductances (section 2.4)."""
        hidden = self.g_lk + self.g_B + self.g_A
        return Mixing(
            lam=self.g_A / hidden,
            lam_N=self.g_som / (self.g_lk + self.g_B + self.g_som),
            lam_I=self.interneuron_nudge / (self.g_lk + self.g_D + self.interneuron_nudge),
            basal=self.g_B / hidden,
            basal_N=self.g_B / (self.g_lk + self.g_B),  # the output has no apical compartment: no g_A
            dendrite=self.g_D / (self.g_lk + self.g_D),
        )

    @property
    def largest_dt(self) -> float:
        """Euler step in ms above which the membrane itself is unstable: 2 / the largest total conductance."""
        extra = max(self.g_B + self.g_A, self.g_B + self.g_som, self.g_D + self.interneuron_nudge)
        return 2.0 / (self.g_lk + extra)


@dataclass(frozen=True, slots=True)
class Mixing:
    """How much of a soma is nudged, and how much a dendrite is attenuated on its way to the soma.

    lam, lam_N, lam_I in (0, 1): share of the apical, teaching and interneuron nudge in the soma.
    basal, basal_N, dendrite in (0, 1]: factors of vB (hidden), vB (output) and vI in the prediction v-hat.
    """

    lam: float
    lam_N: float
    lam_I: float
    basal: float
    basal_N: float
    dendrite: float

    def __post_init__(self) -> None:
        for name in ("lam", "lam_N", "lam_I"):
            value = getattr(self, name)
            if not 0.0 < value < 1.0:
                raise ValueError(f"{name} = {value} must lie strictly between 0 and 1")

    @classmethod
    def without_leak(cls, lam: float, lam_N: float, lam_I: float) -> Mixing:
        """Return the factors in the limit g_lk -> 0, used by the two-step dynamics (section 2.8)."""
        return cls(lam, lam_N, lam_I, basal=1.0 - lam, basal_N=1.0, dendrite=1.0)

    def attenuation(self, k: int, N: int) -> float:
        """Return the factor of vB_k in v-hat_k: basal for a hidden area, basal_N for the output."""
        return self.basal_N if k == N else self.basal

    def tracking_factor(self, k: int, N: int) -> float:
        """Return a_{k+1}: the interneurons of area k predict area k+1 exactly when P_k = a_{k+1} W_{k+1}."""
        return self.attenuation(k + 1, N) / self.dendrite


@dataclass(frozen=True, slots=True)
class Logistic:
    """Logistic rate function phi(u) = 1 / (1 + exp(-u))."""

    @property
    def max_slope(self) -> float:
        """Largest slope of phi."""
        return 0.25

    def __call__(self, u: Tensor, out: Tensor | None = None) -> Tensor:
        """Return phi(u), written into `out` when given."""
        return torch.sigmoid(u, out=out) if out is not None else torch.sigmoid(u)

    def slope(self, u: Tensor) -> Tensor:
        """Return phi'(u)."""
        r = torch.sigmoid(u)
        return r * (1.0 - r)


@dataclass(frozen=True, slots=True)
class SoftRectifier:
    """Rate function of the regression task, phi(u) = gamma log(1 + exp(beta (u - theta)))."""

    gamma: float = 0.1
    beta: float = 1.0
    theta: float = 3.0

    @property
    def max_slope(self) -> float:
        """Largest slope of phi."""
        return self.gamma * self.beta

    def __call__(self, u: Tensor, out: Tensor | None = None) -> Tensor:
        """Return phi(u), written into `out` when given."""
        # threshold: where softplus turns linear; at 50 the difference is below float64 resolution
        r = torch.nn.functional.softplus(u - self.theta, beta=self.beta, threshold=50.0)
        return torch.mul(r, self.gamma * self.beta, out=out)

    def slope(self, u: Tensor) -> Tensor:
        """Return phi'(u)."""
        return self.gamma * self.beta * torch.sigmoid(self.beta * (u - self.theta))


RateFunction = Logistic | SoftRectifier


def teaching_current(u: Tensor, target: Tensor, g_som: float) -> Tensor:
    """Return i = g_som (u* - u), which is what the paper's conductance pair amounts to (section 2.3)."""
    return g_som * (target - u)


def teaching_current_by_conductances(
    u: Tensor, target: Tensor, g_som: float, E_exc: float = 1.0, E_inh: float = -1.0
) -> Tensor:
    """Return the teaching current as the paper writes it, by an excitatory and an inhibitory conductance."""
    g_exc = g_som * (target - E_inh) / (E_exc - E_inh)
    g_inh = -g_som * (target - E_exc) / (E_exc - E_inh)
    return g_exc * (E_exc - u) + g_inh * (E_inh - u)


def voltages_of_rates(rates: Tensor) -> Tensor:
    """Return u* = logit(r*) [same shape]; r* is clamped away from 0 and 1 so that u* stays finite."""
    return torch.logit(rates.clamp(TARGET_MARGIN, 1.0 - TARGET_MARGIN))


def target_rates(
    labels: Tensor, classes: int, low: float = 0.1, high: float = 0.8, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return r* [B, classes]: `high` for the class of each of `labels` [B] (int64), `low` elsewhere."""
    rates = torch.full((labels.shape[0], classes), low, dtype=dtype, device=labels.device)
    return rates.scatter_(1, labels.unsqueeze(1), high)


# --- learning-rate law and stability (section 2.7) -----------------------------------------------------


def basal_rates(h: Sequence[float], mixing: Mixing) -> dict[int, float]:
    """Return eta_k = h_k / [lam_N prod_{j=k}^{N-1} lam_j (1 - lam_I)] for k = 1..N.

    h = (h_1, ..., h_N) are the effective backprop rates: what the step size would be if area k saw the
    undiluted error.
    """
    rates: dict[int, float] = {}
    dilution = mixing.lam_N
    for k in range(len(h), 0, -1):
        rates[k] = h[k - 1] / dilution
        dilution *= mixing.lam * (1.0 - mixing.lam_I)
    return rates


def tracking_rates(eta_W: Mapping[int, float], mixing: Mixing, ratio: float = 1.0) -> dict[int, float]:
    """Return etaP_k = ratio a_{k+1} eta_{k+1} / lam_I for k = 1..N-1.

    At ratio 1, P_k receives to first order the increment of a_{k+1} W_{k+1}, which it has to follow.
    """
    N = len(eta_W)
    return {k: ratio * mixing.tracking_factor(k, N) * eta_W[k + 1] / mixing.lam_I for k in range(1, N)}


def tracking_gain(eta_P: float, lam_I: float, max_slope: float, mean_square: float) -> float:
    """Return etaP lam_I max(phi') E||r||^2, the loop gain of the interneurons; at 2 they lose track."""
    return eta_P * lam_I * max_slope * mean_square


def cancellation_gain(eta_Q: float, mean_square_I: float) -> float:
    """Return etaQ E||rI||^2, the loop gain of the Q rule; unstable at 2."""
    return eta_Q * mean_square_I


def linearised_tracking_gain(eta_P: float, lam_I: float, slopes: Tensor, r: Tensor) -> float:
    """Return the exact gain of one linearised P update on one batch; tracking_gain bounds it from above.

    slopes [B, m] are phi'(v-hat_I), r [B, n (+1)] the rates P reads. Interneuron j forgets its deviation by
    the matrix etaP lam_I mean_b phi'_bj r_b r_b^T; returned is the largest eigenvalue over all j. Costs m
    eigenvalue problems of size B.
    """
    batch = r.shape[0]
    root = slopes.clamp_min(0.0).sqrt().t()  # [m, B]
    gram = (r @ r.t()) / batch  # [B, B], same non-zero eigenvalues as the n x n correlation
    eigenvalues = torch.linalg.eigvalsh(root.unsqueeze(2) * gram * root.unsqueeze(1))
    return eta_P * lam_I * float(eigenvalues.max())


def largest_tracking_ratio(gain_at_ratio_one: float) -> float:
    """Return the ratio etaP / (exact etaP) at which the loop gain reaches 2 (infinite for silent rates)."""
    return 2.0 / gain_at_ratio_one if gain_at_ratio_one > 0.0 else float("inf")


def mean_square(r: Tensor) -> float:
    """Return E||r||^2 over the batch of r [B, n]."""
    return float(r.square().sum(1).mean())


@dataclass(slots=True)
class Governor:
    """Keeps eta_N at a fixed share kappa of its stability bound while the rates grow (section 5.5).

    eta_N = kappa / (max phi' EMA[E||r_{N-1}||^2] + 1e-8); eta_k = hidden_share eta_N below. With
    kappa = 0.5 the tracking gain of the last interneurons is 0.5, a quarter of the bound.
    """

    kappa: float = 0.5
    hidden_share: float = 0.03
    memory: float = 0.98
    average: float | None = None

    def observe(self, r: Tensor) -> None:
        """Take the rates r [B, n_{N-1}] of one presentation into the moving average."""
        now = mean_square(r)
        self.average = now if self.average is None else self.memory * self.average + (1 - self.memory) * now

    def rates(self, N: int, max_slope: float) -> dict[int, float]:
        """Return eta_k for k = 1..N; raises RuntimeError before the first observation."""
        if self.average is None:
            raise RuntimeError("the governor has not seen any rates yet: call observe first")
        top = self.kappa / (max_slope * self.average + 1e-8)
        return {k: top if k == N else self.hidden_share * top for k in range(1, N + 1)}


# --- synapses and local rules --------------------------------------------------------------------------


def hebb_(weights: Tensor, post: Tensor, pre: Tensor, eta: float) -> None:
    """Add eta mean_b(post_b pre_b^T) to weights [m, n] in place; post [B, m], pre [B, n]. Eqs. (7)-(10)."""
    weights.addmm_(post.t(), pre, alpha=eta / post.shape[0])


def uniform(shape: tuple[int, int], bound: float, like: Tensor, generator: torch.Generator) -> Tensor:
    """Return a tensor of `shape` drawn from U(-bound, bound), of the dtype and device of `like`.

    Drawn in float64 on the generator's device, so that a seed means the same network in either precision.
    """
    draw = torch.rand(shape, generator=generator, dtype=torch.float64, device=generator.device)
    return ((2.0 * draw - 1.0) * bound).to(dtype=like.dtype, device=like.device)


@dataclass(slots=True)
class Synapses:
    """All weights of a circuit by area, with the paper's shapes (legend at the top of this file)."""

    sizes: tuple[int, ...]
    bias: bool
    W: dict[int, Tensor] = field(default_factory=dict)
    B: dict[int, Tensor] = field(default_factory=dict)
    P: dict[int, Tensor] = field(default_factory=dict)
    Q: dict[int, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.sizes) < 3 or min(self.sizes) < 1:
            raise ValueError(f"sizes {self.sizes}: at least input, one hidden area and output are needed")

    @classmethod
    def zeros(
        cls,
        sizes: Sequence[int],
        bias: bool,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> Synapses:
        """Return a circuit of the given areas with all weights 0."""
        s = cls(tuple(sizes), bias)
        one = int(bias)

        def zeros(m: int, n: int) -> Tensor:
            # column-major: r @ W.t() then reads contiguous memory (3x faster at these sizes)
            return torch.zeros(n, m, dtype=dtype, device=device).t()

        for k in range(1, s.N + 1):
            s.W[k] = zeros(sizes[k], sizes[k - 1] + one)
        for k in range(1, s.N):
            s.B[k] = zeros(sizes[k], sizes[k + 1])
            s.P[k] = zeros(sizes[k + 1], sizes[k] + one)
            s.Q[k] = zeros(sizes[k], sizes[k + 1])
        return s

    @property
    def N(self) -> int:
        """Number of the output area."""
        return len(self.sizes) - 1

    @property
    def like(self) -> Tensor:
        """A weight that carries the circuit's dtype and device."""
        return self.W[1]

    def draw_digit_W(self, generator: torch.Generator) -> None:
        """Draw W as the digit presets do: U(+-s sqrt(6/(n+m))), s = 2 hidden and 1 output, biases 0."""
        for k in range(1, self.N + 1):
            n, m = self.sizes[k - 1], self.sizes[k]
            bound = (1.0 if k == self.N else 2.0) * (6.0 / (n + m)) ** 0.5
            self.W[k][:, :n] = uniform((m, n), bound, self.like, generator)
            self.W[k][:, n:] = 0.0

    def draw_uniform(self, kinds: str, bound: float, generator: torch.Generator) -> None:
        """Draw every matrix of the kinds named (letters out of "WBPQ") from U(-bound, bound)."""
        for kind in kinds:
            for old in self.of_kind(kind).values():
                old.copy_(uniform((old.shape[0], old.shape[1]), bound, old, generator))

    def draw_normal(self, kinds: str, std: float, generator: torch.Generator) -> None:
        """Draw every matrix of the kinds named (letters out of "WBPQ") from N(0, std^2)."""
        for kind in kinds:
            for old in self.of_kind(kind).values():
                draw = torch.randn(old.shape, generator=generator, dtype=torch.float64, device=generator.device)
                old.copy_(draw * std)

    def draw_feedback(self, feedback: Feedback, bound: float, generator: torch.Generator) -> None:
        """Set B to U(-bound, bound) or to the present transpose of W_{k+1} (bias left out), and Q = -B."""
        if feedback == "random":
            self.draw_uniform("B", bound, generator)
        else:
            for k in range(1, self.N):
                self.B[k].copy_(self.W[k + 1][:, : self.sizes[k]].t())
        self.cancel_feedback()

    def cancel_feedback(self) -> None:
        """Set Q_k = -B_k, the first half of the self-predicting state (section 2.6)."""
        for k in range(1, self.N):
            torch.neg(self.B[k], out=self.Q[k])

    def predict_next_area(self, mixing: Mixing) -> None:
        """Set P_k = a_{k+1} W_{k+1}, the second half of the self-predicting state (section 2.6)."""
        for k in range(1, self.N):
            torch.mul(self.W[k + 1], mixing.tracking_factor(k, self.N), out=self.P[k])

    def tracking_error(self, k: int, mixing: Mixing) -> float:
        """Return ||P_k - a_{k+1} W_{k+1}|| / ||a_{k+1} W_{k+1}||, 0 in the self-predicting state."""
        goal = self.W[k + 1] * mixing.tracking_factor(k, self.N)
        scale = float(goal.norm())
        return float((self.P[k] - goal).norm()) / scale if scale > 0.0 else float("inf")

    def of_kind(self, kind: str) -> dict[int, Tensor]:
        """Return the matrices of one kind ("W", "B", "P" or "Q") by area."""
        if kind not in {"W", "B", "P", "Q"}:
            raise ValueError(f"synapse kind {kind!r} is none of W, B, P, Q")
        return dict(getattr(self, kind))

    def named(self) -> dict[str, Tensor]:
        """Return the weights themselves by name: "W.1", "B.1", ..."""
        return {f"{kind}.{k}": m for kind in "WBPQ" for k, m in self.of_kind(kind).items()}

    def state(self) -> dict[str, Tensor]:
        """Return contiguous copies of the weights by name, ready for a checkpoint."""
        return copies(self.named())

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Copy weights from `state` bit for bit; raises as load_named does."""
        load_named(self.named(), state)


def with_one(r: Tensor) -> Tensor:
    """Return [r; 1], the rates r [B, n] with the constant that a bias weight reads: [B, n + 1]."""
    return torch.cat((r, torch.ones(r.shape[0], 1, dtype=r.dtype, device=r.device)), 1)


def copies(named: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a contiguous copy of every tensor."""
    return {name: m.clone(memory_format=torch.contiguous_format) for name, m in named.items()}


def load_named(into: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> None:
    """Copy every tensor of `into` from the one of the same name in `state`; other names are ignored.

    Raises KeyError for a missing name and ValueError for another shape or dtype (a silent cast would not be
    bit-exact); nothing is copied unless everything fits.
    """
    for name, tensor in into.items():
        if name not in state:
            raise KeyError(f"{name} is missing from the saved state")
        if state[name].shape != tensor.shape or state[name].dtype != tensor.dtype:
            raise ValueError(
                f"{name} is saved as {tuple(state[name].shape)} {state[name].dtype}, "
                f"needed is {tuple(tensor.shape)} {tensor.dtype}"
            )
    for name, tensor in into.items():
        tensor.copy_(state[name])
