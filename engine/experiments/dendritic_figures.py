"""The paper's small experiments in continuous time: self-prediction (S1), association (1), regression (2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from engine.experiments import dendritic_figure_pictures as pictures
from engine.experiments.contract import Context, Diverged, Remedy, State, action, view
from engine.experiments.dendritic_oscilloscope import Oscilloscope
from engine.experiments.dendritic_setup import precision_of
from engine.experiments.random_streams import stream
from engine.models.dendritic import Conductances, Feedback, Governor, Logistic, RateFunction, SoftRectifier, uniform
from engine.models.dendritic_continuous import ContinuousCircuit, ContinuousKnobs, ContinuousState, RegressionTeacher
from engine.papers.contract import Params, validate
from engine.papers.dendritic import DendriticParams
from engine.papers.dendritic_views import (
    CellQuery,
    CellView,
    CircuitQuery,
    CircuitView,
    Nothing,
    RegressionQuery,
    RegressionView,
    Repaired,
    ScopeQuery,
    ScopeView,
    TrackingView,
)

INPUTS, OUTPUTS = 30, 10
SWEEPS = 6
REGRESSION_SWEEPS = 4
TEST_INPUTS = 256
# Published rates in 1/ms (section 3 of the page): self-prediction, association
SELF_PREDICTION_RATES = {"W": (0.0, 0.0), "P": 0.0002375, "Q": 0.0005}
ASSOCIATION_RATES = {"W": (0.0011875, 0.0005), "P": 0.0011875, "Q": 0.0005}
HIDDEN_SHARE = 0.03  # of the output rate, for the hidden weights of the regression (section 5.5)


class FigureExperiment:
    """One small circuit with membranes; see `Experiment` for the promises it keeps."""

    def __init__(self, params: DendriticParams, context: Context) -> None:
        self.params: Params = params
        self._p = params
        self._context = context
        self.device = context.device
        self.notes: tuple[str, ...] = ()
        self.sizes = (INPUTS, params.hidden_1, OUTPUTS)
        self.phi: RateFunction = SoftRectifier() if params.task == "regression" else Logistic()
        self.net = self._new_circuit()
        self._inputs = stream(params.seed, "inputs")
        self._noise = stream(params.seed, "noise", context.device)
        self.membranes = self.net.rest(params.batch)
        self.governor = Governor(params.kappa, HIDDEN_SHARE)
        self.teacher_net: RegressionTeacher | None = None
        self.shallow: ContinuousCircuit | None = None
        self._shallow_governor = Governor(params.kappa, HIDDEN_SHARE)
        self._shown: tuple[Tensor, Tensor | None] = self._first_pattern()
        self._shown_ms = 0.0
        self.steps_done = 0
        self.phase = 0
        self._scope = Oscilloscope()
        self._suspicious = 0
        if params.task == "regression":
            self._prepare_regression()
        self.net.change(self._knobs())
        self.held = self._shown  # the oscilloscope keeps the first pattern while training goes through many

    # --- what is built ------------------------------------------------------------------------------------------

    def _new_circuit(self) -> ContinuousCircuit:
        p = self._p
        conductances = Conductances(p.g_lk, p.g_b, p.g_a, p.g_d, p.g_som)
        net = ContinuousCircuit(self.sizes, None, conductances, self.phi, precision_of(p), self.device)
        net.initialise(stream(p.seed, "weights"), self_predicting=p.start == "self_predicting")
        self._set_feedback(net, p, "weights of B")
        if p.dynamics == "euler":
            net.check_dt(p.dt)
        return net

    def _set_feedback(self, net: ContinuousCircuit, p: DendriticParams, purpose: str) -> None:
        kind: Feedback = "transpose" if p.feedback == "transpose" else "random"
        if p.start == "self_predicting":
            net.synapses.draw_feedback(kind, p.feedback_scale, stream(p.seed, purpose))
        elif kind == "transpose":
            net.synapses.B[1].copy_(net.synapses.W[2].t())
        else:
            net.synapses.draw_uniform("B", p.feedback_scale, stream(p.seed, purpose))

    def _prepare_regression(self) -> None:
        p = self._p
        self.teacher_net = RegressionTeacher(
            self.phi, stream(p.seed, "teacher"), dtype=precision_of(p), device=self.device
        )
        self.test_x, self.test_u = self.teacher_net.draw(TEST_INPUTS, stream(p.seed, "test"))
        self.shallow = self._new_circuit()
        self.shallow_membranes = self.shallow.rest(p.batch)
        x, _ = self._shown
        self._shown = (x, self.teacher_net.target(x))
        self.before = self.net.predict(self.test_x, REGRESSION_SWEEPS)

    def _knobs(self) -> ContinuousKnobs:
        p = self._p
        flags = {"W": p.plastic_w, "P": p.plastic_p, "Q": p.plastic_q, "B": p.plastic_b}
        published = SELF_PREDICTION_RATES if p.task == "self_prediction" else ASSOCIATION_RATES
        rates: dict[str, Any] = published
        eta_w = tuple(p.eta * rate for rate in rates["W"])
        present = self.net.knobs
        if p.task == "regression":  # the governor sets W and P at every step
            eta_w, eta_p, eta_q = present.eta_W, present.eta_P, (p.eta_q / p.presentation,)
        else:
            eta_p, eta_q = (p.eta * p.tracking * rates["P"],), (p.eta * rates["Q"],)
        if not p.plastic_w1:
            eta_w = (0.0, *eta_w[1:])
        return ContinuousKnobs(
            eta_W=eta_w,
            eta_P=eta_p,
            eta_Q=eta_q,
            eta_B=(p.eta_b / p.presentation,),
            plastic=frozenset(kind for kind, is_on in flags.items() if is_on),
            silenced=p.silenced,
            sigma=p.sigma,
            tau_w=p.tau_w,
            teacher=p.teacher,
        )

    # --- training -----------------------------------------------------------------------------------------------

    def step(self) -> Mapping[str, float]:
        """One pattern settled and learnt, or one Euler step of every membrane and synapse."""
        if self._p.dynamics == "euler" and self._p.task != "regression":
            self._euler_step()
        else:
            self._settle_and_learn()
        self.steps_done += 1
        return self._measured() if self._is_measured() else {}

    def step_phase(self) -> Mapping[str, float]:
        """Settling and learning have no further phases: one whole step."""
        return self.step()

    def _settle_and_learn(self) -> None:
        x, u_star = self._shown = self._next_pattern()
        sweeps = REGRESSION_SWEEPS if self._p.task == "regression" else SWEEPS
        self.net.settle(self.membranes, x, u_star, sweeps)
        if self.shallow is not None:
            self._learn_regression(x, u_star)
        else:
            self.net.learn(self.membranes, self._p.presentation)

    def _learn_regression(self, x: Tensor, u_star: Tensor | None) -> None:
        """Governed rates are per trial, so the duration of a trial is 1."""
        assert self.shallow is not None
        self._govern(self.net, self.governor, self.membranes, is_shallow=False)
        self.net.learn(self.membranes, 1.0)
        self.shallow.settle(self.shallow_membranes, x, u_star, REGRESSION_SWEEPS)
        self._govern(self.shallow, self._shallow_governor, self.shallow_membranes, is_shallow=True)
        self.shallow.learn(self.shallow_membranes, 1.0)

    def _govern(
        self, net: ContinuousCircuit, governor: Governor, membranes: ContinuousState, *, is_shallow: bool
    ) -> None:
        governor.kappa = self._p.kappa
        if self._p.governor or governor.average is None:
            net.govern(governor, membranes)
        eta_output = net.knobs.eta_W[1]
        eta_hidden = 0.0 if is_shallow or not self._p.plastic_w1 else eta_output * HIDDEN_SHARE
        exact = net.mixing.tracking_factor(1, net.N) * eta_output / net.mixing.lam_I
        net.knobs = replace(net.knobs, eta_W=(eta_hidden, eta_output), eta_P=(exact * self._p.tracking,))

    def _euler_step(self) -> None:
        if self._shown_ms >= self._p.presentation:
            self._shown, self._shown_ms = self._next_pattern(), 0.0
        x, u_star = self._shown
        self.net.euler_step(self.membranes, x, u_star, self._p.dt, self._noise)
        self._shown_ms += self._p.dt

    def _first_pattern(self) -> tuple[Tensor, Tensor | None]:
        """The pattern shown first; for the association the only one."""
        p, like = self._p, self.net.synapses.like
        x = uniform((p.batch, INPUTS), 1.0, like, self._inputs)
        return x, uniform((p.batch, OUTPUTS), 1.0, like, self._inputs) if p.task == "association" else None

    def _next_pattern(self) -> tuple[Tensor, Tensor | None]:
        """Inputs x [B, 30] and target voltages [B, 10] or None, both from U(-1, 1) as in public code."""
        p, like = self._p, self.net.synapses.like
        if p.task == "association":
            return self._shown
        if self.teacher_net is not None:
            return self.teacher_net.draw(p.batch, self._inputs)
        return uniform((p.batch, INPUTS), 1.0, like, self._inputs), None

    # --- measuring ----------------------------------------------------------------------------------------------

    def _is_measured(self) -> bool:
        if self._p.task == "regression":
            return self.steps_done % (20 if self.steps_done <= 2000 else 100) == 0 or self.steps_done == 1
        every = 20 if self._p.dynamics == "euler" else 1
        return self.steps_done % every == 0

    def _measured(self) -> dict[str, float]:
        c = self.net.compartments(self.membranes)
        values = {
            "apical_sq": float(c.vA[1].square().sum(1).mean()),
            "mismatch_sq": float((self.membranes.u[2] - self.membranes.uI[1]).square().sum(1).mean()),
            "apical_on_1" if self._p.teacher else "apical_off_1": float(c.vA[1].norm(dim=1).mean()),
        }
        if self._p.task == "association" and self._shown[1] is not None:
            predicted = c.v_hat[2]
            values["output_error"] = float((self._shown[1] - predicted).square().sum(1).mean())
        if self.teacher_net is not None and self.shallow is not None:
            values["output_error"] = self._test_error(self.net)
            values["shallow_error"] = self._test_error(self.shallow)
            values["alignment_1"] = pictures.alignment(self.net)
            values["loop_gain"] = self.net.tracking_gains(self.membranes)[1]
        if not all(math.isfinite(value) for value in values.values()):
            raise Diverged("a membrane potential is no longer finite. Lower the rates or the Euler step.")
        self._watch(values)
        return values

    def _test_error(self, net: ContinuousCircuit) -> float:
        """Mean over test inputs of the summed squared difference of rates, without a teacher."""
        wanted = self.phi(self.test_u)
        return float((net.predict(self.test_x, REGRESSION_SWEEPS) - wanted).square().sum(1).mean())

    def _watch(self, values: Mapping[str, float]) -> None:
        """Rates that outgrew their bound (section 8)."""
        is_high = values.get("loop_gain", 0.0) > 2.0
        self._suspicious = self._suspicious + 1 if is_high else 0
        if self._suspicious >= 5:
            self._context.notify(
                "warning",
                "tracking",
                "The firing rates grew until the interneurons can not follow. Turn the governor on or lower κ.",
                (Remedy("Turn the governor on", changes={"governor": True, "kappa": 0.5}),),
                self.steps_done,
            )
        elif self._suspicious == 0:
            self._context.clear("tracking")

    def change(self, params: Params) -> None:
        """Applies live knobs; a new kind of feedback draws B (and Q) anew. Raises `ValueError` for an unstable dt."""
        new = validate(DendriticParams, params.model_dump())
        if new.dynamics == "euler":
            self.net.check_dt(new.dt)
        old, self._p = self._p, new
        self.params = new
        self.net.change(self._knobs())
        if new.feedback != old.feedback:
            self._set_feedback(self.net, new, f"feedback {self.steps_done}")
        self._suspicious = 0

    def progress(self) -> str:
        """Where training is."""
        if self._p.dynamics == "euler" and self._p.task != "regression":
            return f"{self.steps_done * self._p.dt / 1000:.2f} s of the circuit's time"
        return f"{self.steps_done * self._p.batch:,} trials".replace(",", "\u2009")  # as steps are written

    # --- state --------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """Weights, membranes, traces, the pattern shown, every random state."""
        x, u_star = self._shown
        tensors: dict[str, Tensor] = {
            **self.net.state(),
            **{f"membranes.{name}": t for name, t in self.membranes.state().items()},
            "shown.x": x.clone(),
            "random.inputs": self._inputs.get_state(),
            "random.noise": self._noise.get_state(),
        }
        if u_star is not None:
            tensors["shown.u_star"] = u_star.clone()
        if self.shallow is not None:
            tensors |= {f"shallow.{name}": t for name, t in self.shallow.state().items()}
            tensors |= {f"shallow.membranes.{n}": t for n, t in self.shallow_membranes.state().items()}
        knobs, shallow = self.net.knobs, (self.shallow or self.net).knobs
        meta = {
            "steps": self.steps_done,
            "shown_ms": self._shown_ms,
            "suspicious": self._suspicious,
            "governors": [self.governor.average, self._shallow_governor.average],
            "eta_W": list(knobs.eta_W),
            "eta_P": list(knobs.eta_P),
            "shallow_eta_W": list(shallow.eta_W),
            "shallow_eta_P": list(shallow.eta_P),
        }
        return State(tensors, meta)

    def restore(self, state: State) -> None:
        """Goes on exactly where `state` was taken. Raises `ValueError` naming what does not fit."""
        try:
            self.net.load(state.tensors)
            self.membranes.load(_without("membranes.", state.tensors))
            if self.shallow is not None:
                self.shallow.load(_without("shallow.", state.tensors))
                self.shallow_membranes.load(_without("shallow.membranes.", state.tensors))
        except KeyError as error:
            raise ValueError(str(error.args[0])) from error
        u_star = state.tensors.get("shown.u_star")
        like = self.net.synapses.like
        self._shown = (
            state.tensor("shown.x").to(like, copy=True),
            None if u_star is None else u_star.to(like, copy=True),
        )
        self._shown_ms = float(state.value("shown_ms"))
        self._inputs.set_state(state.tensor("random.inputs"))
        self._noise.set_state(state.tensor("random.noise"))
        self.governor.average, self._shallow_governor.average = state.value("governors")
        if self._p.task == "regression":
            self._restore_rates(state)
        self.steps_done = int(state.value("steps"))
        self._suspicious = int(state.value("suspicious"))

    def _restore_rates(self, state: State) -> None:
        """The governed rates of both learners (the governor may be off)."""
        nets = [(self.net, "eta_W", "eta_P"), (self.shallow, "shallow_eta_W", "shallow_eta_P")]
        for net, eta_w, eta_p in nets:
            if net is not None:
                rates_w, rates_p = tuple(state.value(eta_w)), tuple(state.value(eta_p))
                net.knobs = replace(net.knobs, eta_W=rates_w, eta_P=rates_p)

    # --- views and gestures -------------------------------------------------------------------------------------

    @view
    def circuit(self, query: CircuitQuery | None) -> CircuitView:
        """All compartments of the first trial of the batch."""
        return pictures.circuit_view(self, query or CircuitQuery())

    @view
    def cell(self, query: CellQuery | None) -> CellView:
        """One cell opened."""
        return pictures.cell_view(self, query or CellQuery())

    @view
    def scope(self, query: ScopeQuery | None) -> ScopeView:
        """The circuit in continuous time, in a simulation of its own."""
        query = query or ScopeQuery()
        x, u_star = self.held
        wanted = u_star[:1] if u_star is not None and query.teacher else None
        return self._scope.picture(self.net, x[:1], wanted, query, self._p.dt)

    @view
    def tracking(self, query: None) -> TrackingView:
        """Interneuron weights against what they should be."""
        return pictures.tracking_view(self)

    @view
    def regression(self, query: RegressionQuery | None) -> RegressionView | None:
        """Output against target on test inputs; None for the other tasks."""
        return pictures.regression_view(self, (query or RegressionQuery()).cell)

    @action
    def repair(self, arguments: Nothing) -> Repaired:
        """Halves the rates and puts the interneurons back on the next area (P = a W, Q = -B)."""
        changes = {"eta": max(1e-3, self._p.eta / 2), "kappa": max(0.01, self._p.kappa / 2), "tracking": 1.0}
        self.change(self._p.with_changes(**changes))
        self.net.synapses.predict_next_area(self.net.mixing)
        self.net.synapses.cancel_feedback()
        self._context.clear("tracking")
        return Repaired("Rates halved, P = a·W and Q = −B set again.", changes)

    @property
    def shown(self) -> tuple[Tensor, Tensor | None]:
        """Inputs [B, 30] and target voltages [B, 10] (None: no teacher) that the training membranes see now."""
        return self._shown

    @property
    def knobs_on_screen(self) -> DendriticParams:
        """The parameters, typed."""
        return self._p


def _without(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
