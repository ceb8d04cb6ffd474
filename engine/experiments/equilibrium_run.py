"""A network with an energy that learns by being nudged; or by its side network."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from engine.experiments import equilibrium_measures, equilibrium_moments, equilibrium_pictures, equilibrium_twins
from engine.experiments.batches import Batches
from engine.experiments.contract import Context, Diverged, LongAction, State, action, view
from engine.experiments.equilibrium_faults import FaultWatch, enough_nudged_sweeps
from engine.experiments.equilibrium_measures import Measures
from engine.experiments.equilibrium_playing import Playing
from engine.experiments.equilibrium_setup import learning_knobs, load_pictures, new_network, tested_pictures
from engine.experiments.images import CLASSES
from engine.experiments.random_streams import stream
from engine.models.equilibrium import States
from engine.models.equilibrium_learning import Learner, Phases
from engine.papers.classified import ConfusionView
from engine.papers.contract import Params, validate
from engine.papers.equilibrium import STUCK_GAIN, EquilibriumParams
from engine.papers.equilibrium_views import (
    BiasQuery,
    BiasView,
    ClassesArguments,
    DreamQuery,
    DreamView,
    GaugesView,
    GhostArguments,
    MomentsQuery,
    MomentsView,
    Nothing,
    PlayQuery,
    PlayView,
    Repaired,
    SlopeQuery,
    SlopeView,
    StatesQuery,
    StatesView,
    TilesQuery,
    TilesView,
    ValleyQuery,
    ValleyView,
)
from engine.runtime.device import captured

PHASES = ("free phase", "nudged phase", "learning")
MOST_FREE_SWEEPS = 1000
REVIVING_BETA = 0.5  # pushes a silent output through its kink sooner than 0.25 does


class EquilibriumExperiment:
    """One network learning to classify pictures; see `Experiment` for the promises it keeps."""

    def __init__(self, params: EquilibriumParams, context: Context) -> None:
        self.params: Params = params
        self.p = params
        self.context = context
        self.device = context.device
        self.pictures = load_pictures(params, context.device, context.data_folder)
        self.net = new_network(params, self.pictures.train_x.shape[1], context.device)
        self.learner = Learner(self.net, learning_knobs(params))
        self.phases = Phases(self.net, params.batch)
        self._batches = Batches(len(self.pictures.train_x), params.batch, params.seed)
        self._labels = stream(params.seed, "label noise")
        self._signs = stream(params.seed, "signs")
        self._particles: States = self._new_particles()
        self.steps_done = 0
        self.phase = 0
        self._sign = 1.0
        self._index = torch.zeros(0, dtype=torch.int64)
        self._before_staged: State | None = None
        self._recorded: Callable[[], object] | None = None
        self.measures = Measures(self.net, self.pictures)
        self.faults = FaultWatch(context)
        self._playing = Playing()
        self._memory: dict[str, tuple[object, object]] = {}
        self.notes = self.pictures.notes
        tested, there = tested_pictures(params, self.pictures), len(self.pictures.test_x)
        if tested < there:
            self.notes = (*self.notes, f"While it trains, the test error is that of the first {tested:,} pictures.")
        self.faults.look(0, params, self.net, None)

    # --- training -----------------------------------------------------------------------------------------------

    def step(self) -> Mapping[str, float]:
        """One mini-batch: free phase, nudged phase, learning."""
        if self.phase > 0:
            return self._finish_phases()
        self._begin()
        if self.device.type == "cuda" and self._can_be_recorded():
            if self._recorded is None:
                state = [*self.net.W.values(), *self.net.b.values(), *self.net.T.values()]
                self._recorded = captured(lambda: self.learner.update(self.phases), self.device, state)
            self._recorded()
        else:
            self.learner.update(self.phases, self._sign)
        return self._learnt()

    def step_phase(self) -> Mapping[str, float]:
        """The next phase of an update; weights change in the last one."""
        phase = self.phase
        if phase == 0:
            self._before_staged = self._whole_state()
            self._begin()
            self.learner.free_phase(self.phases)
        elif phase == 1:
            self.learner.nudged_phase(self.phases, self._sign)
        else:
            self.learner.learn(self.phases)
        self.phase = (phase + 1) % len(PHASES)
        if phase < 2:
            return {}
        self._before_staged = None
        return self._learnt()

    def _finish_phases(self) -> Mapping[str, float]:
        values: Mapping[str, float] = {}
        while self.phase > 0:
            values = self.step_phase()
        return values

    def _can_be_recorded(self) -> bool:
        """A recorded update knows no sign that changes and no autograd."""
        return self.p.nudging != "random_sign" and self.p.solver != "autograd"

    def _begin(self) -> None:
        """The next batch on the table; labels are replaced by random ones with probability label_noise."""
        index = self._batches.next()
        if self.device.type != "cpu":
            index = index.to(self.device)
        labels = self.pictures.train_y[index]
        if self.p.label_noise > 0.0:
            is_wrong = torch.rand(len(index), generator=self._labels) < self.p.label_noise
            random = torch.randint(CLASSES, (len(index),), generator=self._labels)
            labels = torch.where(is_wrong.to(self.device), random.to(self.device), labels)
        if self.p.nudging == "random_sign":
            self._sign = 1.0 if float(torch.rand((), generator=self._signs)) < 0.5 else -1.0
        self._index = index
        start = [index, *(v[index] for v in self._particles[1:])] if self._particles else None
        self.learner.begin(self.phases, self.pictures.train_x[index], self.pictures.y[labels], start)

    def _learnt(self) -> Mapping[str, float]:
        for kept, rest in zip(self._particles[1:], self.phases.rested[1:], strict=bool(self._particles)):
            kept[self._index] = rest
        self.steps_done += 1
        every = 10 if self.p.width > 200 or self.steps_done > 100 else 2
        if self.steps_done % every and self.steps_done > 1:
            return {}
        y = self.phases.y[: self.phases.batch]
        cost = float(0.5 * (self.phases.rested[-1] - y).square().sum(1).mean())
        if not math.isfinite(cost):
            raise Diverged("the states of the network are no longer finite. Lower the rates α or the Euler step ε.")
        values = {"cost": cost}
        if self._is_measured(self.steps_done):
            values |= self._measured()
        if self.steps_done % max(self._batches.per_epoch, 50) == 0 or self.steps_done == 1:
            values |= equilibrium_measures.error_rates(self)
        return values

    def _is_measured(self, step: int) -> bool:
        """Often at first, when everything moves; rarer later, and rarer still for large networks."""
        if self.p.width > 200:
            return step == 1 or step % (20 if step <= 200 else 200) == 0
        return step == 1 or step % (2 if step <= 20 else 10 if step <= 500 else 100) == 0

    def _measured(self) -> dict[str, float]:
        """Test figures and signs of failure on fixed pictures; no random numbers are drawn."""
        values, signs = equilibrium_measures.measure(self)
        if not all(math.isfinite(v) for v in (signs.residual, signs.energy, signs.cost)):
            raise Diverged("the energy of the network is no longer finite. Lower the rates α or the Euler step ε.")
        self.faults.look(self.steps_done, self.p, self.net, signs)
        return {name: value for name, value in values.items() if math.isfinite(value)}

    def change(self, params: Params) -> None:
        """Applies live knobs. In the middle of an update its phases so far are done again with the new knobs."""
        new = validate(EquilibriumParams, params.model_dump())
        phases_done = self._unstage()
        old, self.p, self.params = self.p, new, new
        self.learner.change(learning_knobs(new))
        self.net.set_asymmetry(new.asymmetry, stream(new.seed, "asymmetry"))
        if new.batch != old.batch:
            self._change_batch(old.batch)
        if new.persistent != old.persistent:
            self._particles = self._new_particles()
        self._recorded = None
        self.faults.look(self.steps_done, new, self.net, None)
        for _ in range(phases_done):
            self.step_phase()

    def _change_batch(self, before: int) -> None:
        """Goes on in the same order of the pictures, at the same place, with batches of the new size."""
        old = self._batches
        self._batches = Batches(len(self.pictures.train_x), self.p.batch, self.p.seed)
        place = min(int(old.meta()["cursor"]) * before // self.p.batch, self._batches.per_epoch)
        self._batches.restore(State(old.tensors()), {"cursor": place, "epoch": old.epoch})
        self.phases = Phases(self.net, self.p.batch)

    def _new_particles(self) -> States:
        """A state of its own for every training picture, at 0; nothing unless states are persistent."""
        if not self.p.persistent:
            return []
        like, count = self.net.like, len(self.pictures.train_x)
        return [like, *(like.new_zeros(count, n) for n in self.net.sizes[1:])]

    def _unstage(self) -> int:
        """Takes back an update begun phase by phase: the phases it had done. Its batch and signs come again."""
        before, phases_done = self._before_staged, self.phase
        self.phase, self._before_staged = 0, None
        if before is None:
            return 0
        self._restore_streams(before)
        return phases_done

    def _restore_streams(self, state: State) -> None:
        self._batches.restore(state, state.value("batches"))
        self._labels.set_state(state.tensor("random.labels"))
        self._signs.set_state(state.tensor("random.signs"))

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
            **self._batches.tensors(),
            **{f"particles.{k}": v.clone() for k, v in enumerate(self._particles) if k > 0},
            "random.labels": self._labels.get_state(),
            "random.signs": self._signs.get_state(),
        }
        meta = {"steps": self.steps_done, "batches": self._batches.meta(), "faults": self.faults.meta()}
        return State(tensors, meta)

    def restore(self, state: State) -> None:
        """Goes on exactly where `state` was taken. Raises `ValueError` naming what does not fit."""
        for k, kept in enumerate(self._particles[1:], 1):
            state.tensor(f"particles.{k}", tuple(kept.shape))
        self.net.load(state.tensors)
        for k, kept in enumerate(self._particles[1:], 1):
            kept.copy_(state.tensor(f"particles.{k}"))
        self._restore_streams(state)
        self.steps_done = int(state.value("steps"))
        self.faults.restore(state.value("faults"))
        self.phase, self._before_staged, self._recorded = 0, None, None

    # --- views --------------------------------------------------------------------------------------------------

    def _same_as_before(self, name: str, query: object, make: Callable[[], object]) -> object:
        """A picture that depends on its query alone is made once."""
        kept = self._memory.get(name)
        if kept is None or kept[0] != query:
            kept = self._memory[name] = (query, make())
        return kept[1]

    @view
    def valley(self, query: ValleyQuery | None) -> ValleyView:
        """Two neurons on an energy surface."""
        chosen = query or ValleyQuery()
        found = self._same_as_before("valley", chosen, lambda: equilibrium_moments.valley_view(chosen))
        assert isinstance(found, ValleyView)
        return found

    @view
    def moments(self, query: MomentsQuery | None) -> MomentsView:
        """The same at every moment."""
        return equilibrium_moments.moments_view(self, query or MomentsQuery())

    @view
    def slope(self, query: SlopeQuery | None) -> SlopeView:
        """The gap over beta and asymmetry."""
        return equilibrium_moments.slope_view(self, query or SlopeQuery())

    @view
    def bias(self, query: BiasQuery | None) -> BiasView:
        """How good the estimate is for each beta and number of nudged sweeps."""
        return equilibrium_moments.bias_view(self, query or BiasQuery())

    @view
    def gauges(self, query: None) -> GaugesView:
        """Quality of the learning signal now."""
        return equilibrium_measures.gauges_view(self)

    @view
    def states(self, query: StatesQuery | None) -> StatesView:
        """All layers at rest and nudged."""
        return equilibrium_pictures.states_view(self, query or StatesQuery())

    @view
    def tiles(self, query: TilesQuery | None) -> TilesView:
        """Weights from the input."""
        return equilibrium_pictures.tiles_view(self, query or TilesQuery())

    @view
    def confusion(self, query: None) -> ConfusionView:
        """What is mistaken for what."""
        return equilibrium_pictures.confusion_view(self)

    @view
    def dream(self, query: DreamQuery | None) -> DreamView:
        """One picture from each class."""
        return equilibrium_pictures.dream_view(self, query or DreamQuery())

    @view
    def play(self, query: PlayQuery | None) -> PlayView:
        """The network settling; moves on by itself."""
        return self._playing.picture(self, query or PlayQuery())

    # --- gestures -----------------------------------------------------------------------------------------------

    @action
    def ghost(self, arguments: GhostArguments) -> LongAction:
        """Trains a comparison network from the same start on the same batches."""
        return equilibrium_twins.ghost(self.p, self.context, arguments)

    @action
    def classes(self, arguments: ClassesArguments) -> LongAction:
        """Do exact gradients lose classes?"""
        return equilibrium_twins.classes(self.context, arguments)

    @action
    def repair(self, arguments: Nothing) -> Repaired:
        """Mends what has been recognised: stuck, unstable, unconverged, not arrived, lost."""
        told, done, changes = set(self.faults.told), [], dict[str, float | str]()
        if "unstable" in told:
            changes["epsilon"] = 0.5
            sweeps = equilibrium_measures.enough_free_sweeps(self, MOST_FREE_SWEEPS)
            changes["free_sweeps"] = max(sweeps, self.p.free_sweeps)
            done.append(f"Euler step ε = 0.5, {changes['free_sweeps']} free sweeps.")
        if "not-arrived" in told:
            changes["nudged_sweeps"] = enough_nudged_sweeps(self.p, self.net)
            done.append(f"{changes['nudged_sweeps']} nudged sweeps.")
        if "centred-beta" in told:
            changes["beta"] = 0.25
            done.append("β = 0.25.")
        if "lost-class" in told:
            changes |= {"trainer": "ep", "beta": REVIVING_BETA, "nudging": "centred"}
            done.append("Learning by centred nudges that are strong enough to push a silent output through its kink.")
        if "stuck" in told:
            changes["gain"] = STUCK_GAIN
            done.append(f"Weights drawn again with gain {STUCK_GAIN:g}.")
        if "not-at-rest" in told and "unstable" not in told:
            sweeps = equilibrium_measures.enough_free_sweeps(self, MOST_FREE_SWEEPS)
            changes["free_sweeps"] = sweeps
            done.append(f"{sweeps} free sweeps.")
        self.change(self.p.with_changes(**changes))
        if "stuck" in told:
            self.net.draw(STUCK_GAIN, stream(self.p.seed, f"weights drawn again at {self.steps_done}"))
            self._particles = self._new_particles()
        self.faults.mended(self.steps_done)
        self.faults.look(self.steps_done, self.p, self.net, None)
        return Repaired(" ".join(done) or "Nothing was wrong.", changes)

    def target_of(self, label: int) -> Tensor:
        """y [1, 10] of a class."""
        return self.pictures.y[label : label + 1]
