"""The microcircuit in continuous time: membranes and synapses evolve together, eqs. (1)-(5) and (7)-(10).

Symbols and shapes are those of dendritic.py; with a bias when the synapses have one. Two formulations of the same
circuit:
- `euler_step`, compartment by compartment, every quantity read from the old state of all areas;
- `settle` to the steady state by Gauss-Seidel sweeps, then `learn` once for a time T.
dendritic_fused.py holds a third, for the oscilloscope.

Noise is a white-noise current of strength sigma: a step of dt adds sigma sqrt(dt) N(0, 1). Public code multiplies
N(0, 1) by dt instead; with dt = 0.1 its sigma = 0.1 is 0.032 here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from engine.models.dendritic import (
    V_REST,
    Conductances,
    Governor,
    Logistic,
    RateFunction,
    Synapses,
    cancellation_gain,
    copies,
    hebb_,
    linearised_tracking_gain,
    load_named,
    mean_square,
    teaching_current,
    tracking_gain,
    tracking_rates,
    uniform,
    with_one,
)


@dataclass(frozen=True, slots=True)
class ContinuousKnobs:
    """Everything about a continuous circuit that may change while it runs; defaults are the paper's for 30-20-10.

    eta_W (k = 1..N), eta_P, eta_Q, eta_B (k = 1..N-1): learning rates in 1/ms; plastic: letters out of "WPQB";
    silenced in [0, 1]: share of interneuron output removed; sigma >= 0: noise (convention above);
    tau_w, tau_in in ms: low-pass of the plasticity induction and of the input, 0 for none.
    """

    eta_W: tuple[float, ...] = (0.0011875, 0.0005)
    eta_P: tuple[float, ...] = (0.0011875,)
    eta_Q: tuple[float, ...] = (0.0005,)
    eta_B: tuple[float, ...] = (0.0,)
    plastic: frozenset[str] = frozenset("WPQ")
    silenced: float = 0.0
    sigma: float = 0.0
    tau_w: float = 30.0
    tau_in: float = 3.0
    teacher: bool = True


@dataclass(slots=True)
class ContinuousState:
    """What a batch of circuits has in its membranes and synaptic traces.

    r0 [B, n_0] input rates after the input low-pass; u_k [B, n_k]; uI_k [B, n_{k+1}];
    trace: low-passed induction of each synapse by name ("W.1", ...), averaged over the batch.
    """

    r0: Tensor
    u: dict[int, Tensor]
    uI: dict[int, Tensor]
    trace: dict[str, Tensor] = field(default_factory=dict)

    def named(self) -> dict[str, Tensor]:
        """Return the tensors themselves by name: "r0", "u.1", "uI.1", "trace.W.1", ..."""
        return (
            {"r0": self.r0}
            | {f"u.{k}": v for k, v in self.u.items()}
            | {f"uI.{k}": v for k, v in self.uI.items()}
            | {f"trace.{name}": v for name, v in self.trace.items()}
        )

    def state(self) -> dict[str, Tensor]:
        """Return contiguous copies by name, ready for a checkpoint."""
        return copies(self.named())

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Copy everything back bit for bit; raises KeyError or ValueError when it does not fit."""
        load_named(self.named(), state)


@dataclass(frozen=True, slots=True)
class Compartments:
    """Every compartment of a state, by area: what the picture of the circuit shows.

    r [B, n_k] (k = 0..N), vB, v_hat [B, n_k] (k = 1..N); top_down = B r_{k+1}, cancellation = Q rI, vA = their sum
    [B, n_k], vI, v_hat_I, rI [B, n_{k+1}] (0 < k < N); sent = rI after silencing.
    """

    r: dict[int, Tensor]
    vB: dict[int, Tensor]
    v_hat: dict[int, Tensor]
    top_down: dict[int, Tensor]
    cancellation: dict[int, Tensor]
    vA: dict[int, Tensor]
    vI: dict[int, Tensor]
    v_hat_I: dict[int, Tensor]
    rI: dict[int, Tensor]
    sent: dict[int, Tensor]


class ContinuousCircuit:
    """A microcircuit with membranes: inputs x [B, n_0] (rates), targets u* [B, n_N] (voltages) or None."""

    def __init__(
        self,
        sizes: Sequence[int],
        knobs: ContinuousKnobs | None = None,
        conductances: Conductances | None = None,
        phi: RateFunction | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        synapses: Synapses | None = None,
    ) -> None:
        """Make a circuit with weights 0 and no bias, or one that shares `synapses` with its owner.

        A digit circuit is looked at in continuous time by sharing its synapses and taking
        Conductances.without_leak of its mixing factors; `sizes`, dtype and device must then be those of `synapses`.
        """
        if synapses is not None and tuple(sizes) != synapses.sizes:
            raise ValueError(f"sizes {tuple(sizes)} are not those of the shared synapses, {synapses.sizes}")
        self.synapses = synapses or Synapses.zeros(sizes, bias=False, dtype=dtype, device=device)
        self.sizes, self.N = self.synapses.sizes, self.synapses.N
        self.g = conductances if conductances is not None else Conductances()
        self.mixing = self.g.mixing()
        self.phi: RateFunction = phi if phi is not None else Logistic()
        # views, valid for good because weights only ever change in place; the bias, if any, is the last row
        self._transposed = tuple({k: m.t() for k, m in self.synapses.of_kind(kind).items()} for kind in "WBPQ")
        self.knobs = knobs if knobs is not None else ContinuousKnobs()
        self.change(self.knobs)

    def initialise(self, generator: torch.Generator, bound: float = 1.0, self_predicting: bool = True) -> None:
        """Draw W and B from U(-bound, bound); P and Q self-predicting (section 2.6) or from U(-bound, bound)."""
        self.synapses.draw_uniform("WB", bound, generator)
        if self_predicting:
            self.synapses.cancel_feedback()
            self.synapses.predict_next_area(self.mixing)
        else:
            self.synapses.draw_uniform("PQ", bound, generator)

    def change(self, knobs: ContinuousKnobs) -> None:
        """Apply new knobs; raises ValueError, changing nothing, when one is impossible."""
        for name, count in (
            ("eta_W", self.N),
            ("eta_P", self.N - 1),
            ("eta_Q", self.N - 1),
            ("eta_B", self.N - 1),
        ):
            rates = getattr(knobs, name)
            if len(rates) != count or min(rates) < 0.0:
                raise ValueError(f"{name} = {rates}: {count} rates >= 0 are needed for sizes {self.sizes}")
        if not 0.0 <= knobs.silenced <= 1.0:
            raise ValueError(f"silenced = {knobs.silenced} is not between 0 and 1")
        if min(knobs.sigma, knobs.tau_w, knobs.tau_in) < 0.0:
            raise ValueError("sigma, tau_w and tau_in must not be negative")
        if not knobs.plastic <= set("WPQB"):
            raise ValueError(f"plastic synapse kinds {sorted(knobs.plastic)}: only W, P, Q, B exist")
        self.knobs = knobs

    def rest(self, batch: int) -> ContinuousState:
        """Return a batch of circuits at rest: all potentials, inputs and traces 0."""
        like, sizes = self.synapses.like, self.sizes

        def zeros(n: int) -> Tensor:
            return torch.zeros(batch, n, dtype=like.dtype, device=like.device)

        return ContinuousState(
            r0=zeros(sizes[0]),
            u={k: zeros(sizes[k]) for k in range(1, self.N + 1)},
            uI={k: zeros(sizes[k + 1]) for k in range(1, self.N)},
            trace={name: torch.zeros_like(m) for name, m in self.synapses.named().items()},
        )

    # --- compartments and plasticity of one state -------------------------------------------------------

    def compartments(self, state: ContinuousState) -> Compartments:
        """Return all compartments of `state`, eqs. (3)-(5); nothing is changed."""
        with torch.no_grad():
            m, N, hidden = self.mixing, self.N, range(1, self.N)
            Wt, Bt, Pt, Qt = self._transposed
            r = {0: state.r0} | {k: self.phi(u) for k, u in state.u.items()}
            rI = {k: self.phi(u) for k, u in state.uI.items()}
            sent = {k: (1.0 - self.knobs.silenced) * q for k, q in rI.items()}
            vB = {k: _through(r[k - 1], Wt[k]) for k in range(1, N + 1)}
            vI = {k: _through(r[k], Pt[k]) for k in hidden}
            top_down = {k: r[k + 1] @ Bt[k] for k in hidden}
            cancellation = {k: sent[k] @ Qt[k] for k in hidden}
            return Compartments(
                r=r,
                vB=vB,
                v_hat={k: m.attenuation(k, N) * v for k, v in vB.items()},
                top_down=top_down,
                cancellation=cancellation,
                vA={k: top_down[k] + cancellation[k] for k in hidden},
                vI=vI,
                v_hat_I={k: m.dendrite * v for k, v in vI.items()},
                rI=rI,
                sent=sent,
            )

    def induction(self, c: Compartments) -> dict[str, tuple[Tensor, Tensor, float]]:
        """Return (post, pre, eta) of each plastic synapse by name, eqs. (7)-(10): d/dt = eta mean(post pre^T)."""
        knobs, phi = self.knobs, self.phi
        read = with_one if self.synapses.bias else _as_it_is  # what W and P read
        rules: dict[str, tuple[Tensor, Tensor, float]] = {}
        if "W" in knobs.plastic:
            for k, eta in enumerate(knobs.eta_W, start=1):
                rules[f"W.{k}"] = (c.r[k] - phi(c.v_hat[k]), read(c.r[k - 1]), eta)
        for k in range(1, self.N):
            if "P" in knobs.plastic:
                rules[f"P.{k}"] = (c.rI[k] - phi(c.v_hat_I[k]), read(c.r[k]), knobs.eta_P[k - 1])
            if "Q" in knobs.plastic:  # a voltage on the left, not a rate
                rules[f"Q.{k}"] = (V_REST - c.vA[k], c.sent[k], knobs.eta_Q[k - 1])
            if "B" in knobs.plastic:
                rules[f"B.{k}"] = (c.r[k] - phi(c.top_down[k]), c.r[k + 1], knobs.eta_B[k - 1])
        return rules

    # --- formulation 1: Euler ---------------------------------------------------------------------------

    def euler_step(
        self,
        state: ContinuousState,
        x: Tensor,
        u_star: Tensor | None,
        dt: float,
        generator: torch.Generator | None = None,
        plastic: bool = True,
    ) -> None:
        """Advance membranes, input low-pass, induction traces and weights by dt ms, in place.

        Everything is computed from the old state of all areas, then everything is written. Raises ValueError for
        a dt at which a membrane or a filter is unstable, and when sigma > 0 without a generator.
        """
        self.check_dt(dt)
        with torch.no_grad():
            c, g, knobs = self.compartments(state), self.g, self.knobs
            slope_u: dict[int, Tensor] = {}
            for k in range(1, self.N):
                u = state.u[k]
                slope_u[k] = -g.g_lk * u + g.g_B * (c.vB[k] - u) + g.g_A * (c.vA[k] - u)  # eq. (1)
            u = state.u[self.N]
            slope_u[self.N] = -g.g_lk * u + g.g_B * (c.vB[self.N] - u)
            if u_star is not None and knobs.teacher:
                slope_u[self.N] = slope_u[self.N] + teaching_current(u, u_star, g.g_som)
            slope_uI = {
                k: -g.g_lk * uI + g.g_D * (c.vI[k] - uI) + teaching_current(uI, state.u[k + 1], g.interneuron_nudge)
                for k, uI in state.uI.items()
            }  # eq. (2)
            rules = self.induction(c) if plastic else {}

            for k, slope in slope_u.items():
                state.u[k].add_(slope, alpha=dt)
            for k, slope in slope_uI.items():
                state.uI[k].add_(slope, alpha=dt)
            if knobs.sigma > 0.0:
                self._add_noise(state, knobs.sigma * dt**0.5, generator)
            weights = self.synapses.named()
            for name, (post, pre, eta) in rules.items():
                if knobs.tau_w > 0.0:
                    trace = state.trace[name]
                    weights[name].add_(trace, alpha=eta * dt)  # the old trace drives the weight
                    trace.mul_(1.0 - dt / knobs.tau_w)
                    hebb_(trace, post, pre, dt / knobs.tau_w)
                else:
                    hebb_(weights[name], post, pre, eta * dt)
            # the input last: the rule of W_1 reads the old one
            if knobs.tau_in > 0.0:
                state.r0.add_(x - state.r0, alpha=dt / knobs.tau_in)
            else:
                state.r0.copy_(x)

    def present(
        self,
        state: ContinuousState,
        x: Tensor,
        u_star: Tensor | None,
        duration: float,
        dt: float = 0.1,
        generator: torch.Generator | None = None,
        plastic: bool = True,
    ) -> None:
        """Show x for `duration` ms by Euler steps with plasticity: the naive formulation."""
        for _ in range(round(duration / dt)):
            self.euler_step(state, x, u_star, dt, generator, plastic)

    def check_dt(self, dt: float) -> None:
        """Raise ValueError unless 0 < dt is small enough for the membranes and the filters."""
        filters = [2.0 * tau for tau in (self.knobs.tau_in, self.knobs.tau_w) if tau > 0.0]
        largest = min([self.g.largest_dt, *filters])
        if not 0.0 < dt < largest:
            raise ValueError(f"dt = {dt} ms is unstable here: it must lie between 0 and {largest:.3g} ms")

    def _add_noise(self, state: ContinuousState, scale: float, generator: torch.Generator | None) -> None:
        if generator is None:
            raise ValueError(f"sigma = {self.knobs.sigma} needs a random generator")
        for u in (*state.u.values(), *state.uI.values()):
            u.add_(torch.empty_like(u).normal_(0.0, 1.0, generator=generator), alpha=scale)

    # --- formulation 2: settle, then learn --------------------------------------------------------------

    def settle(self, state: ContinuousState, x: Tensor, u_star: Tensor | None, sweeps: int = 4) -> None:
        """Bring `state` to its noiseless steady state (section 2.4) by Gauss-Seidel sweeps, in place.

        A sweep takes the areas upwards, then the interneurons. It converges geometrically because the circuit is
        self-predicting: about two decades a sweep.
        """
        with torch.no_grad():
            m, N, phi = self.mixing, self.N, self.phi
            Wt, Bt, Pt, Qt = self._transposed
            share = 1.0 - self.knobs.silenced
            state.r0.copy_(x)
            r = {0: state.r0} | {k: phi(u) for k, u in state.u.items()}
            from_input = _through(state.r0, Wt[1]).mul_(m.basal)  # the same in every sweep
            taught = u_star if self.knobs.teacher else None
            for _ in range(sweeps):
                for k in range(1, N):
                    sent = phi(state.uI[k])
                    if share < 1.0:
                        sent.mul_(share)
                    vA = torch.addmm(sent @ Qt[k], r[k + 1], Bt[k])
                    v_hat = from_input if k == 1 else _through(r[k - 1], Wt[k]).mul_(m.basal)
                    phi(torch.add(v_hat, vA, alpha=m.lam, out=state.u[k]), out=r[k])
                v_hat = _through(r[N - 1], Wt[N]).mul_(m.basal_N)
                if taught is not None:
                    torch.lerp(v_hat, taught, m.lam_N, out=state.u[N])
                else:
                    state.u[N].copy_(v_hat)
                phi(state.u[N], out=r[N])
                for k in range(1, N):
                    v_hat_I = _through(r[k], Pt[k]).mul_(m.dendrite)
                    torch.lerp(v_hat_I, state.u[k + 1], m.lam_I, out=state.uI[k])

    def learn(self, state: ContinuousState, duration: float) -> None:
        """Apply eqs. (7)-(10) for `duration` ms at the held state: the adiabatic limit of `present`."""
        with torch.no_grad():
            weights = self.synapses.named()
            for name, (post, pre, eta) in self.induction(self.compartments(state)).items():
                hebb_(weights[name], post, pre, eta * duration)

    def predict(self, x: Tensor, sweeps: int = 4) -> Tensor:
        """Return the output rates [B, n_N] the circuit settles to without a teacher and without learning."""
        state = self.rest(x.shape[0])
        self.settle(state, x, None, sweeps)
        return self.phi(state.u[self.N])

    # --- stability --------------------------------------------------------------------------------------

    def govern(self, governor: Governor, state: ContinuousState) -> None:
        """Let the governor see the rates of `state` and set eta_W and eta_P from it (section 5.5)."""
        governor.observe(self.phi(state.u[self.N - 1]))
        eta = governor.rates(self.N, self.phi.max_slope)
        eta_P = tracking_rates(eta, self.mixing)
        self.knobs = replace(self.knobs, eta_W=tuple(eta.values()), eta_P=tuple(eta_P.values()))

    def tracking_gains(self, state: ContinuousState, duration: float = 1.0) -> dict[int, float]:
        """Return etaP T lam_I max(phi') E||r_k||^2 of each hidden area for updates of T = duration; bound 2."""
        return {
            k: tracking_gain(
                self.knobs.eta_P[k - 1] * duration,
                self.mixing.lam_I,
                self.phi.max_slope,
                mean_square(self.phi(state.u[k])) + float(self.synapses.bias),
            )
            for k in range(1, self.N)
        }

    def linearised_tracking_gains(self, state: ContinuousState, duration: float = 1.0) -> dict[int, float]:
        """Return the exact linearised gain on this batch, never above tracking_gains."""
        c = self.compartments(state)
        read = with_one if self.synapses.bias else _as_it_is
        return {
            k: linearised_tracking_gain(
                self.knobs.eta_P[k - 1] * duration,
                self.mixing.lam_I,
                self.phi.slope(c.v_hat_I[k]),
                read(c.r[k]),
            )
            for k in range(1, self.N)
        }

    def cancellation_gains(self, state: ContinuousState, duration: float = 1.0) -> dict[int, float]:
        """Return etaQ T E||rI_k||^2 of each hidden area (unstable at 2)."""
        share = 1.0 - self.knobs.silenced
        return {
            k: cancellation_gain(self.knobs.eta_Q[k - 1] * duration, mean_square(share * self.phi(uI)))
            for k, uI in state.uI.items()
        }

    def state(self) -> dict[str, Tensor]:
        """Return copies of the weights by name; membranes and traces are in ContinuousState.state."""
        return self.synapses.state()

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Copy the weights back bit for bit; raises KeyError or ValueError when they do not fit."""
        self.synapses.load(state)


def _through(r: Tensor, Mt: Tensor) -> Tensor:
    """Return r [B, n] through transposed weights Mt [n, m], or [n + 1, m] with the bias in the last row."""
    n = r.shape[1]
    return torch.mm(r, Mt) if Mt.shape[0] == n else torch.addmm(Mt[n], r, Mt[:n])


def _as_it_is(r: Tensor) -> Tensor:
    return r


class RegressionTeacher:
    """The random network the regression student learns: u* = k_2 W_2 phi(k_1 W_1 r_0), r* = phi(u*).

    Sizes default to the paper's 30-20-10, k_1 = 2, k_2 = 10, W ~ U(-1, 1) (section 3.3).
    """

    def __init__(
        self,
        phi: RateFunction,
        generator: torch.Generator,
        sizes: tuple[int, int, int] = (30, 20, 10),
        gains: tuple[float, float] = (2.0, 10.0),
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        like = torch.zeros((), dtype=dtype, device=device)
        self.phi, self.gains = phi, gains
        self.W1 = uniform((sizes[1], sizes[0]), 1.0, like, generator)
        self.W2 = uniform((sizes[2], sizes[1]), 1.0, like, generator)

    def draw(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return inputs x [B, n_0] ~ U(-1, 1) and target voltages u* [B, n_N]."""
        x = uniform((batch, self.W1.shape[1]), 1.0, self.W1, generator)
        return x, self.target(x)

    def target(self, x: Tensor) -> Tensor:
        """Return u* [B, n_N] for x [B, n_0]; the target rate is phi(u*)."""
        with torch.no_grad():
            hidden = self.phi(self.gains[0] * (x @ self.W1.t()))
            return self.gains[1] * (hidden @ self.W2.t())

    def state(self) -> dict[str, Tensor]:
        """Return copies of the teacher's weights by name."""
        return copies({"teacher.W1": self.W1, "teacher.W2": self.W2})

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Copy the weights back bit for bit; raises KeyError or ValueError when they do not fit."""
        load_named({"teacher.W1": self.W1, "teacher.W2": self.W2}, state)
