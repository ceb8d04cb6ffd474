"""Digits, MNIST and Fashion-MNIST learnt by the microcircuit's two-step dynamics (section 3.4 of the paper)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from engine.experiments import dendritic_baselines, dendritic_pictures
from engine.experiments.batches import Batches
from engine.experiments.contract import Context, Diverged, LongAction, Remedy, State, action, view
from engine.experiments.dendritic_oscilloscope import Oscilloscope
from engine.experiments.dendritic_setup import (
    GAIN_EXAMPLES,
    circuit_in_time,
    load_task,
    precision_of,
    two_step_knobs,
    two_step_sizes,
)
from engine.experiments.images import CLASSES
from engine.experiments.random_streams import stream
from engine.models.dendritic import Feedback
from engine.models.dendritic_imagine import Imagination
from engine.models.dendritic_reference import angles_to_backprop, feedback_angles
from engine.models.dendritic_two_step import Activity, TwoStepCircuit
from engine.papers.classified import ConfusionView
from engine.papers.contract import Params, validate
from engine.papers.dendritic import DendriticParams
from engine.papers.dendritic_views import (
    BaselineArguments,
    CellQuery,
    CellView,
    CircuitQuery,
    CircuitView,
    DreamView,
    ImagineQuery,
    ImagineView,
    Nothing,
    Repaired,
    ScopeQuery,
    ScopeView,
    SweepArguments,
    TilesQuery,
    TilesView,
    TrackingView,
)

PHASES = ("forward", "teacher", "backward", "plasticity")
LIVE_TEST_EXAMPLES = 1000  # enough for a live curve; the whole test set is counted by the confusion view
PROBE_EXAMPLES = 64
TRACKING_LOST = 0.7  # ratio of apical potentials off/on above which the apical signal is no error (section 8)
TRACKING_PATIENCE = 50
RANDOM_START_STD = 0.1
DILUTION_FLOAT32 = 0.05


class ImageExperiment:
    """One circuit learning to classify pictures; see `Experiment` for the promises it keeps."""

    def __init__(self, params: DendriticParams, context: Context) -> None:
        self.params: Params = params
        self._p = params
        self._context = context
        self.device = context.device
        self.task = load_task(params, context.device, context.data_folder)
        self.notes = self.task.notes
        self.net = self._new_circuit()
        self.imagination = Imagination(self.net)
        self._batches = Batches(len(self.task.train_x), params.batch, params.seed)
        self._noise = stream(params.seed, "noise", context.device)
        self._labels = stream(params.seed, "label noise")
        self.steps_done = 0
        self.phase = 0
        self._staged: Activity | None = None
        self._staged_batch: tuple[Tensor, Tensor, Tensor] | None = None
        self._before_staged: State | None = None
        self._suspicious = 0
        self._scope = Oscilloscope()
        self.looked_at = self.net.activity(1)  # where pictures present their probe, beside training
        self.probe_x = self.task.train_x[:PROBE_EXAMPLES]
        self.probe_u = self.task.u_star[self.task.train_y[:PROBE_EXAMPLES]]
        self._warn_of_dilution()

    def _new_circuit(self) -> TwoStepCircuit:
        p = self._p
        sizes = two_step_sizes(p, self.task.train_x.shape[1])
        circuit = TwoStepCircuit(sizes, two_step_knobs(p), precision_of(p), self.device)
        feedback: Feedback = "transpose" if p.feedback == "transpose" else "random"
        circuit.initialise(
            stream(p.seed, "weights"),
            feedback,
            p.feedback_scale,
            self_predicting=p.start == "self_predicting",
            random_std=RANDOM_START_STD,
        )
        return circuit

    @property
    def batch_size(self) -> int:
        """Examples per update."""
        return self._p.batch

    # --- training -----------------------------------------------------------------------------------------------

    def step(self) -> Mapping[str, float]:
        """One mini-batch: forward, teacher, backward, plasticity."""
        if self.phase > 0:
            return self._finish_phases()
        x, u_star, r_star = self._next_batch()
        activity = self.net.step(x, u_star, self._noise)
        return self._learnt(activity, r_star)

    def step_phase(self) -> Mapping[str, float]:
        """The next phase of an update; weights change in the last one."""
        if self.phase == 0:
            self._before_staged = self._whole_state()
            self._staged_batch = self._next_batch()
            self._staged = self.net.activity(self._p.batch)
        if self._staged is None or self._staged_batch is None:
            raise RuntimeError("an update was begun without a batch")
        x, u_star, r_star = self._staged_batch
        circuit, activity, phase = self.net, self._staged, self.phase
        self.phase = (phase + 1) % len(PHASES)
        if phase == 0:
            circuit.forward(activity, x, self._noise)
        elif phase == 1:
            circuit.teacher(activity, u_star)
        elif phase == 2:
            for k in range(circuit.N - 1, 0, -1):
                circuit.backward(activity, k, self._noise)
        else:
            circuit.learn(activity)
            self._staged_batch = self._before_staged = None
            return self._learnt(activity, r_star)
        return {}

    def _finish_phases(self) -> Mapping[str, float]:
        values: Mapping[str, float] = {}
        while self.phase > 0:
            values = self.step_phase()
        return values

    def _next_batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """x [B, n_0], u* [B, 10], r* [B, 10]; labels replaced by random ones with probability label_noise."""
        index = self._batches.next()
        if self.device.type != "cpu":
            index = index.to(self.device)
        labels = self.task.train_y[index]
        if self._p.label_noise > 0.0:
            is_wrong = torch.rand(len(index), generator=self._labels) < self._p.label_noise
            random = torch.randint(CLASSES, (len(index),), generator=self._labels)
            labels = torch.where(is_wrong.to(self.device), random.to(self.device), labels)
        return self.task.train_x[index], self.task.u_star[labels], self.task.r_star[labels]

    def _learnt(self, activity: Activity, r_star: Tensor) -> Mapping[str, float]:
        self.imagination.learn(activity, r_star)
        self.steps_done += 1
        if self.steps_done % 10 and self.steps_done > 1:
            return {}
        error = float((activity.p_hat[self.net.N] - r_star).square().sum(1).mean())
        if not math.isfinite(error):
            raise Diverged("the output of the circuit is no longer finite. Lower the rates h or the tracking ratio.")
        values = {"train_error": error}
        if self._is_measured(self.steps_done):
            values |= self._measured()
        return values

    def _is_measured(self, step: int) -> bool:
        """Often at first, when everything moves; rarer later, and rarer still for large circuits."""
        sparse = 200 if self._p.hidden_1 > 200 else 50
        return step == 1 or step % (10 if step <= 500 and sparse == 50 else sparse) == 0

    def _measured(self) -> dict[str, float]:
        """Test figures, angles and apical potentials on fixed examples; no random numbers are drawn."""
        circuit = self.net
        accuracy, error = self._test(self.task.test_x[:LIVE_TEST_EXAMPLES], self.task.test_y[:LIVE_TEST_EXAMPLES])
        values = {"test_accuracy": accuracy, "test_error": error}
        with_teacher = circuit.probe(self.probe_x, self.probe_u)
        if circuit.knobs.teacher:
            for k, angle in angles_to_backprop(circuit, with_teacher).items():
                values[f"angle_{k}"] = angle
        on = {k: with_teacher.apical_size(k) for k in range(1, circuit.N)}
        without = circuit.probe(self.probe_x, None)
        off = {k: without.apical_size(k) for k in range(1, circuit.N)}
        values |= {f"apical_on_{k}": v for k, v in on.items()} | {f"apical_off_{k}": v for k, v in off.items()}
        values |= {f"alignment_{k}": v for k, v in feedback_angles(circuit.synapses).items()}
        few = circuit.probe(self.probe_x[:GAIN_EXAMPLES], None)
        values["loop_gain"] = max(circuit.linearised_tracking_gains(few).values())
        if any(not math.isfinite(v) for v in (*on.values(), *off.values())):
            raise Diverged("the apical potentials are no longer finite. Lower the rates h or the tracking ratio.")
        self._watch_tracking(on, off)
        return {name: value for name, value in values.items() if math.isfinite(value)}

    def _test(self, x: Tensor, y: Tensor) -> tuple[float, float]:
        """Accuracy in % and mean squared rate error of a plain forward sweep."""
        rates = self.net.predict(x)
        error = float((rates - self.task.r_star[y]).square().sum(1).mean())
        return 100.0 * float((rates.argmax(1) == y).double().mean()), error

    def _watch_tracking(self, on: Mapping[int, float], off: Mapping[int, float]) -> None:
        """Recognises the model's own failure: interneurons that no longer know the next area (section 8)."""
        is_lost = any(off[k] > TRACKING_LOST * on[k] for k in on)
        watched = self._p.teacher and self._p.silenced == 0.0 and self._p.start == "self_predicting"
        self._suspicious = self._suspicious + 1 if is_lost and watched else 0
        if self._suspicious >= TRACKING_PATIENCE:
            self._context.notify(
                "warning",
                "tracking",
                "The interneurons lost track of the next area: the apical signal is no longer an error. "
                "Lower h or the tracking ratio.",
                (Remedy("Halve the rates and set P = a·W again", action="repair"),),
                self.steps_done,
            )
        elif self._suspicious == 0:
            self._context.clear("tracking")

    def _warn_of_dilution(self) -> None:
        smallest = min(self._p.lam, self._p.lam_output, self._p.lam_inter)
        if smallest < DILUTION_FLOAT32 and self._p.precision == "float32":
            self._context.notify(
                "warning",
                "dilution",
                f"λ = {smallest:g} is below {DILUTION_FLOAT32:g}: float32 cannot carry so small an error. "
                "Choose precision float64 (needs a reset).",
            )
        else:
            self._context.clear("dilution")

    def change(self, params: Params) -> None:
        """Applies live knobs; a new kind of feedback draws B and Q anew while W stays.

        In the middle of an update its phases so far are done again with the new knobs, so that going on equals
        resuming from `state`.
        """
        new = validate(DendriticParams, params.model_dump())
        old = self._p
        self.net.change(two_step_knobs(new))
        phases_done = self._unstage()
        if new.feedback != old.feedback:
            kind: Feedback = "transpose" if new.feedback == "transpose" else "random"
            self.net.restart_feedback(kind, new.feedback_scale, stream(new.seed, f"feedback {self.steps_done}"))
        self._p = new
        self.params = new
        self._suspicious = 0
        self._warn_of_dilution()
        for _ in range(phases_done):
            self.step_phase()

    def _unstage(self) -> int:
        """Takes back an update begun phase by phase: the phases it had done. Its batch and noise come again."""
        before, phases_done = self._before_staged, self.phase
        self.phase = 0
        self._staged = self._staged_batch = self._before_staged = None
        if before is not None:
            self._restore_streams(before)
        return phases_done if before is not None else 0

    def _restore_streams(self, state: State) -> None:
        self._batches.restore(state, state.value("batches"))
        self._noise.set_state(state.tensor("random.noise"))
        self._labels.set_state(state.tensor("random.labels"))

    def progress(self) -> str:
        """Where training is."""
        phase = f" · {PHASES[self.phase - 1]} done" if self.phase else ""
        return f"epoch {self._batches.epochs:.1f}{phase}"

    # --- state --------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """Everything; in the middle of an update, the state from before it."""
        return self._whole_state() if self._before_staged is None else self._before_staged

    def _whole_state(self) -> State:
        tensors = {
            **self.net.state(),
            **self.imagination.state(),
            **self._batches.tensors(),
            "random.noise": self._noise.get_state(),
            "random.labels": self._labels.get_state(),
        }
        meta = {"steps": self.steps_done, "batches": self._batches.meta(), "suspicious": self._suspicious}
        return State(tensors, meta)

    def restore(self, state: State) -> None:
        """Goes on exactly where `state` was taken. Raises `ValueError` naming what does not fit."""
        try:
            self.net.load(state.tensors)
            self.imagination.load(state.tensors)
        except KeyError as error:
            raise ValueError(str(error.args[0])) from error
        self._restore_streams(state)
        self.steps_done = int(state.value("steps"))
        self._suspicious = int(state.value("suspicious"))
        self.phase = 0
        self._staged = self._staged_batch = self._before_staged = None

    # --- views --------------------------------------------------------------------------------------------------

    @view
    def circuit(self, query: CircuitQuery | None) -> CircuitView:
        """All compartments for one input."""
        query = query or CircuitQuery()
        if query.live and self.phase > 0 and self._staged is not None:
            return dendritic_pictures.staged_view(self, self._staged, self.phase - 1)
        return dendritic_pictures.circuit_view(self, query.probe, query.teacher)

    @view
    def cell(self, query: CellQuery | None) -> CellView:
        """One cell opened."""
        query = query or CellQuery()
        shown = self.circuit(CircuitQuery(probe=query.probe, teacher=query.teacher, live=query.live))
        return dendritic_pictures.cell_view(self, query, shown)

    @view
    def scope(self, query: ScopeQuery | None) -> ScopeView:
        """The circuit in continuous time; moves on by itself."""
        query = query or ScopeQuery()
        x, label = dendritic_pictures.picture_of(self, query.probe)
        target = dendritic_pictures.target_of(self, query.probe, label) if query.teacher and self._p.teacher else None
        seen = self._scope.picture(circuit_in_time(self.net), x, target, query, self._p.dt)
        image = seen.now.image.reshape(self.task.shape)
        predicted = int(seen.now.output.rate.argmax())
        return replace(seen, now=replace(seen.now, image=image, label=label, predicted=predicted))

    @view
    def tiles(self, query: TilesQuery | None) -> TilesView:
        """Incoming weights of area 1."""
        return dendritic_pictures.tiles_view(self, query or TilesQuery())

    @view
    def tracking(self, query: None) -> TrackingView:
        """Interneuron weights against what they should be."""
        return dendritic_pictures.tracking_view(self)

    @view
    def confusion(self, query: None) -> ConfusionView:
        """What is mistaken for what, on the test set."""
        return dendritic_pictures.confusion_view(self)

    @view
    def imagine(self, query: ImagineQuery | None) -> ImagineView:
        """Perception with open gates."""
        return dendritic_pictures.imagine_view(self, query or ImagineQuery())

    @view
    def dream(self, query: None) -> DreamView:
        """One generated picture a class."""
        return dendritic_pictures.dream_view(self)

    # --- gestures -----------------------------------------------------------------------------------------------

    @action
    def baseline(self, arguments: BaselineArguments) -> LongAction:
        """Trains a comparison learner from the same start on the same batches."""
        return dendritic_baselines.train(self._p, self._context, arguments)

    @action
    def sweep(self, arguments: SweepArguments) -> LongAction:
        """The angle to backprop over λ (the theorem as a straight line)."""
        return dendritic_baselines.sweep(self, arguments)

    @action
    def repair(self, arguments: Nothing) -> Repaired:
        """Halves the rates and puts the interneurons back on the next area (P = a W, Q = -B)."""
        halved = {f"h{k}": max(1e-4, getattr(self._p, f"h{k}") / 2) for k in (1, 2, 3)}
        changes = halved | {"tracking": 1.0}
        self.net.synapses.predict_next_area(self.net.mixing)  # λ stays, so this is right before the change, too
        self.net.synapses.cancel_feedback()
        self.change(self._p.with_changes(**changes))
        self._context.clear("tracking")
        return Repaired("Rates halved, P = a·W and Q = −B set again.", changes)
