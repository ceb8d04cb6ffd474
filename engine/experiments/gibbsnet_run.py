"""GibbsNet in training, with its baselines on the same batches; everything the tab looks at and asks."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from engine.experiments import (
    gibbsnet_latent,
    gibbsnet_measures,
    gibbsnet_pictures,
    gibbsnet_tasks,
)
from engine.experiments.batches import Batches
from engine.experiments.contract import Context, Diverged, LongAction, State, action, view
from engine.experiments.gibbsnet_data import load_pictures, sizes_of
from engine.experiments.gibbsnet_health import HealthWatch, Pulse
from engine.experiments.gibbsnet_measures import JUDGE_UPDATES_A_STEP, Measures, Quality
from engine.experiments.gibbsnet_mending import Mending
from engine.experiments.gibbsnet_mixing import Mixing
from engine.experiments.gibbsnet_playing import Playing
from engine.experiments.gibbsnet_recorded import Recorded
from engine.experiments.gibbsnet_setup import game_knobs, models_of, new_learner, passes_now
from engine.experiments.gibbsnet_shipped import load_shipped
from engine.experiments.gibbsnet_tapes import Tapes
from engine.models.gibbsnet_judge import spread
from engine.models.gibbsnet_learning import Learner, Pairs
from engine.papers.contract import Params, validate
from engine.papers.gibbsnet import PHASES, TOYS, GibbsNetParams
from engine.papers.gibbsnet_views import (
    AlongQuery,
    AlongView,
    BranchArguments,
    ChainQuery,
    ChainView,
    DecodeArguments,
    DecodeResult,
    FactsView,
    FlowView,
    HealthView,
    InpaintArguments,
    LatentQuery,
    LatentView,
    LogitsQuery,
    LogitsView,
    MeasureArguments,
    MixingQuery,
    MixingView,
    Nothing,
    OpenImageArguments,
    OpenImageResult,
    PhaseView,
    PicturesArguments,
    PicturesResult,
    PlayQuery,
    PlayView,
    ProbeArguments,
    QualityView,
    RecordArguments,
    Repaired,
    SamplesQuery,
    SamplesView,
    TasksArguments,
    ToyQuery,
    ToyView,
)

CURVES_EVERY = 10
SIGNS_EVERY = 200  # updates between two measures of a model; each model has its turn
SIGNS_EVERY_CONV = 1000
FIRST_SIGNS = 200  # update from which on every judge has learnt, 20 updates at a time
PULSE = 0.9  # running means, per tenth update


class GibbsNetExperiment:
    """One GibbsNet and its baselines; see `Experiment` for the promises it keeps."""

    def __init__(self, params: GibbsNetParams, context: Context) -> None:
        self.params: Params = params
        self.p = params
        self.context = context
        self.device = context.device
        self.data = load_pictures(params, context.device, context.data_folder)
        sizes = sizes_of(params, self.data)
        self.learners: dict[str, Learner] = {k: new_learner(k, params, sizes, self.device) for k in models_of(params)}
        self.measures = Measures(params, self.data, self.device)
        self.measured = Quality()
        self.faults = HealthWatch(context, float(self.measures.space.covariance.trace()))
        self._batches = Batches(len(self.data.train_x), params.batch, params.seed)
        self.steps_done = 0
        self.phase = 0
        self.pairs: dict[str, Pairs] = {}
        self.last_pairs: Pairs | None = None
        self._before_staged: State | None = None
        self._pulse: Pulse | None = None
        self._recorded = Recorded()
        self._mending = Mending()
        self.tapes = Tapes()
        self._paint, self._clamp = Playing(), Playing()
        self._mixing = Mixing()
        self._memory: dict[str, tuple[object, object]] = {}
        self.map_axes: Tensor | None = None
        self.is_toy = params.task in TOYS
        self.shipped_words = load_shipped(self)
        self.notes = self.data.notes

    # --- training -----------------------------------------------------------------------------------------------

    def step(self) -> Mapping[str, float]:
        """One mini-batch for every model: clamped chain, unclamped chain, discriminator, generator."""
        if self.phase == 0 and self.device.type == "cuda":
            x, y = self._next_batch()
            self.pairs = {name: self._recorded.update(learner, x, y) for name, learner in self.learners.items()}
            return self._learnt()
        values: Mapping[str, float] = {}
        while True:
            values = self._advance()
            if self.phase == 0:
                return values

    def _next_batch(self) -> tuple[Tensor, Tensor]:
        self._set_passes()
        index = self._batches.next().to(self.device)
        return self.data.batch(index), self.data.train_y[index]

    def step_phase(self) -> Mapping[str, float]:
        """The next of the four phases; D learns in the third, q and p in the fourth."""
        if self.phase == 0:
            self._before_staged = self._whole_state()
        return self._advance()

    def _advance(self) -> Mapping[str, float]:
        phase = self.phase
        if phase == 0:
            x, y = self._next_batch()
            self.pairs = {name: learner.clamped_chain(x, y) for name, learner in self.learners.items()}
        for name, learner in self.learners.items():
            pairs = self.pairs[name]
            if phase == 1:
                learner.unclamped_chain(pairs)
            elif phase == 2:
                learner.discriminate(pairs)
            elif phase == 3:
                learner.generate(pairs)
        self.phase = (phase + 1) % len(PHASES)
        return self._learnt() if phase == 3 else {}

    def _set_passes(self) -> None:
        """The warm start counts updates, never seconds: a run can be repeated."""
        learner = self.learners["gibbsnet"]
        K = passes_now(self.p, learner.updates)
        if K != learner.knobs.K:
            learner.change(dataclasses.replace(learner.knobs, K=K))

    def _learnt(self) -> Mapping[str, float]:
        self._before_staged = None
        self.last_pairs = self.pairs["gibbsnet"]
        self.steps_done += 1
        # Reading a number back makes a GPU wait: there it is done as often as curves are drawn.
        may_look = self.device.type == "cpu" or self.steps_done % CURVES_EVERY == 0
        for name, pairs in self.pairs.items():
            if may_look and not all(math.isfinite(loss) for loss in pairs.losses):
                raise Diverged(self._unsound(name))
        self._mending.keep(self)
        self.measures.prepare(JUDGE_UPDATES_A_STEP)
        values: dict[str, float] = {}
        if self.steps_done % CURVES_EVERY == 0 or self.steps_done == 1:
            values |= self._game_values()
        every = SIGNS_EVERY if self.p.net == "mlp" else SIGNS_EVERY_CONV
        # After a resume the judges learn anew: curves wait for them, training does not.
        can_judge = self.steps_done >= FIRST_SIGNS and self.measures.is_ready
        for place, name in enumerate(self.learners):
            if can_judge and self.steps_done % every == place * every // 4:
                values |= self._signs(name)
        return {name: value for name, value in values.items() if math.isfinite(value)}

    def _game_values(self) -> dict[str, float]:
        values: dict[str, float] = {}
        for name, pairs in self.pairs.items():
            end = "" if name == "gibbsnet" else f"_{name}"
            values[f"loss_d{end}"] = pairs.losses[0]
            if name != "gan" and pairs.l_data is not None and pairs.l_model is not None:
                values[f"logit_square{end}"] = float(torch.cat([pairs.l_data, pairs.l_model]).square().mean())
        pairs = self.pairs["gibbsnet"]
        with torch.no_grad():
            found = Pulse(
                values["loss_d"], values["logit_square"], float(pairs.mu.std(0).square().mean().sqrt()),
                float(pairs.sigma.mean()), float(torch.cat([pairs.zhat, pairs.chain_z[-1]]).square().mean().sqrt()),
                spread(pairs.chain_x[-1]) / self.data.pair_distance,
            )  # fmt: skip
        self._pulse = found if self._pulse is None else Pulse(*(
            PULSE * old + (1.0 - PULSE) * new
            for old, new in zip(dataclasses.astuple(self._pulse), dataclasses.astuple(found), strict=True)
        ))  # fmt: skip
        self.faults.felt(self.steps_done, self._pulse)
        self.faults.look(self.steps_done, self.learners["gibbsnet"].knobs)
        return {
            **values, "signal": found.signal, "noise": found.noise, "diversity": found.pair_spread,
            "passes": float(self.learners["gibbsnet"].K),
        }  # fmt: skip

    def _signs(self, name: str) -> dict[str, float]:
        signs = self.measures.signs(self.learners[name])
        if not math.isfinite(signs.fd):
            raise Diverged(self._unsound(name))
        if name != "gibbsnet":
            return {f"fd_{name}": signs.fd}
        self.faults.look(self.steps_done, self.learners[name].knobs, signs)
        error = gibbsnet_pictures.reconstruction_error(self, self.learners[name])
        return {"fd": signs.fd, "entropy": signs.entropy, "agree": 100.0 * signs.agree, "reconstruction": error}

    def _unsound(self, name: str) -> str:
        """Names the first tensor that is no longer finite."""
        learner = self.learners[name]
        bad = next((k for k, v in learner.nets.tensors().items() if not bool(torch.isfinite(v).all())), "the loss")
        return f"{bad} of {name} is no longer finite. Lower the rates or raise R1; the last good weights are kept."

    def change(self, params: Params) -> None:
        """Applies live knobs. In the middle of an update its phases so far are done again with the new knobs."""
        new = validate(GibbsNetParams, params.model_dump())
        phases_done, before = self.phase, self._before_staged
        if before is not None:
            self.restore(before)
        self.p, self.params = new, new
        for learner in self.learners.values():
            learner.change(game_knobs(new, learner.updates))
        self.measures.params = new
        self._memory.clear()
        self._mixing.forget()
        for _ in range(phases_done if before is not None else 0):
            self.step_phase()

    def progress(self) -> str:
        """Where training is."""
        phase = f" · {PHASES[self.phase - 1]} done" if self.phase else ""
        return f"epoch {self._batches.epochs:.1f} · K = {self.learners['gibbsnet'].K}{phase}"

    # --- state --------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """Everything; in the middle of an update, the state from before it."""
        return self._whole_state() if self._before_staged is None else self._before_staged

    def _whole_state(self) -> State:
        tensors: dict[str, Tensor] = dict(self._batches.tensors())
        for name, learner in self.learners.items():
            tensors |= {f"{name}.{key}": value for key, value in learner.tensors().items()}
        meta: dict[str, Any] = {
            "steps": self.steps_done,
            "updates": {name: learner.updates for name, learner in self.learners.items()},
            "batches": self._batches.meta(),
            "health": self.faults.meta(),
            "pulse": None if self._pulse is None else list(dataclasses.astuple(self._pulse)),
        }
        return State(tensors, meta)

    def restore(self, state: State) -> None:
        """Goes on exactly where `state` was taken. Raises `ValueError` naming what does not fit."""
        for name, learner in self.learners.items():
            start = f"{name}."
            own = {k.removeprefix(start): v for k, v in state.tensors.items() if k.startswith(start)}
            learner.load(own, int(state.value("updates")[name]))
            learner.change(game_knobs(self.p, learner.updates))
        self._batches.restore(state, state.value("batches"))
        self.steps_done = int(state.value("steps"))
        self.faults.restore(state.value("health"))
        pulse = state.value("pulse")
        self._pulse = None if pulse is None else Pulse(*(float(v) for v in pulse))
        self.phase, self._before_staged = 0, None
        self.pairs = {}

    # --- help for what looks ------------------------------------------------------------------------------------

    def learner(self, name: str, *, needs_chain: bool = False) -> Learner:
        """A model of this run. Raises `ValueError` when it is not there, or has no chain where one is needed."""
        if name not in self.learners:
            raise ValueError(f"this run has no {name}: choose baselines that include it and reset")
        if needs_chain and name == "gan":
            raise ValueError("a GAN has no q(z|x): it cannot infer, and it has no chain")
        return self.learners[name]

    def same_as_before(self, name: str, query: object, make: Any) -> Any:
        """A picture of the weights of now is made once for the same query."""
        key = (self.steps_done, query)
        kept = self._memory.get(name)
        if kept is None or kept[0] != key:
            kept = self._memory[name] = (key, make())
        return kept[1]

    # --- views --------------------------------------------------------------------------------------------------

    @view
    def facts(self, query: None) -> FactsView:
        """Sizes and names."""
        return gibbsnet_pictures.facts_view(self)

    @view
    def chain(self, query: ChainQuery | None) -> ChainView:
        """Any steps of a tape."""
        return self.tapes.chain(self, query or ChainQuery())

    @view
    def along(self, query: AlongQuery | None) -> AlongView:
        """Curves along a tape."""
        return self.tapes.along(self, query or AlongQuery())

    @view
    def paint(self, query: PlayQuery | None) -> PlayView:
        """Chains filling a painted hole; move on by themselves."""
        return self._paint.picture(self, query or PlayQuery())

    @view
    def clamp(self, query: PlayQuery | None) -> PlayView:
        """Chains holding a label or attributes; move on by themselves."""
        return self._clamp.picture(self, query or PlayQuery())

    @view
    def latent(self, query: LatentQuery | None) -> LatentView:
        """The latent map."""
        chosen = query or LatentQuery()
        found: LatentView = self.same_as_before("latent", chosen, lambda: gibbsnet_latent.latent_view(self, chosen))
        return found

    @view
    def samples(self, query: SamplesQuery | None) -> SamplesView:
        """Data, reconstructions, samples."""
        return gibbsnet_pictures.samples_view(self, query or SamplesQuery())

    @view
    def phases(self, query: None) -> PhaseView:
        """The update in the making."""
        return gibbsnet_pictures.phase_view(self)

    @view
    def logits(self, query: LogitsQuery | None) -> LogitsView:
        """Histograms of the discriminator."""
        return gibbsnet_pictures.logits_view(self, query or LogitsQuery())

    @view
    def flow(self, query: None) -> FlowView:
        """What flows where."""
        return gibbsnet_pictures.flow_view(self)

    @view
    def mixing(self, query: MixingQuery | None) -> MixingView:
        """Does the chain forget?"""
        return self._mixing.picture(self, query or MixingQuery())

    @view
    def toy(self, query: ToyQuery | None) -> ToyView:
        """Points of a toy in the plane."""
        return gibbsnet_pictures.toy_view(self, query or ToyQuery())

    @view
    def health(self, query: None) -> HealthView:
        """The collapse meter."""
        return self.faults.view(self.learners["gibbsnet"].K, self.steps_done)

    @view
    def quality(self, query: None) -> QualityView:
        """Curves against chain length, measured so far."""
        return self.measured.view(self)

    # --- gestures -----------------------------------------------------------------------------------------------

    @action
    def record(self, arguments: RecordArguments) -> LongAction:
        """Records the main tape anew."""
        return self.tapes.record(self, arguments)

    @action
    def branch(self, arguments: BranchArguments) -> LongAction:
        """Other noise from a step on."""
        return self.tapes.branch(self, arguments)

    @action
    def decode(self, arguments: DecodeArguments) -> DecodeResult:
        """The picture of a point of the latent map."""
        return gibbsnet_latent.decode_point(self, arguments)

    @action
    def pictures(self, arguments: PicturesArguments) -> PicturesResult:
        """Test pictures to choose from."""
        return gibbsnet_pictures.pictures_result(self, arguments)

    @action
    def open_image(self, arguments: OpenImageArguments) -> OpenImageResult:
        """A picture file of the person's own."""
        return gibbsnet_pictures.open_image(self, arguments)

    @action
    def measure(self, arguments: MeasureArguments) -> LongAction:
        """Quality along the chain."""
        return gibbsnet_measures.measure(self, arguments)

    @action
    def inpaint(self, arguments: InpaintArguments) -> LongAction:
        """Half-image completions, judged."""
        return gibbsnet_tasks.inpaint(self, arguments)

    @action
    def tasks(self, arguments: TasksArguments) -> LongAction:
        """Three tasks nobody trained for."""
        return gibbsnet_tasks.tasks(self, arguments)

    @action
    def probe(self, arguments: ProbeArguments) -> LongAction:
        """What a classifier finds in z."""
        return gibbsnet_tasks.probe(self, arguments)

    @action
    def repair(self, arguments: Nothing) -> Repaired:
        """Mends what has been recognised; after a collapse the last good weights come back."""
        return self._mending.repair(self)
