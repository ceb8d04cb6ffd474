"""The race: baseline, PAG and rPAG on the same batches.

An update of the run is a round: every model makes one update on the same batch, in turn, and from time to time each is
measured on the held-out sample. `step` does one turn, so that it stays short; `steps_done` counts whole rounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.data.pag_task import OWN_MADE
from engine.experiments import pag_films, pag_gestures, pag_measures
from engine.experiments.contract import Context, Diverged, LongAction, State, action, view
from engine.experiments.pag_faults import FaultWatch
from engine.experiments.pag_past import Past
from engine.experiments.pag_racer import Racer
from engine.experiments.pag_setup import (
    CUT,
    Batch,
    activations,
    build_task,
    held_out_sample,
    models_of,
    numpy_stream,
    shape_of,
)
from engine.experiments.pag_trained import load_trained
from engine.models.pag_decoding import Control
from engine.papers.contract import Params, validate
from engine.papers.pag import PAPER, PagParams
from engine.papers.pag_views import (
    MODELS,
    NAMES,
    DrawArguments,
    Drawing,
    EvaluateArguments,
    Film,
    FilmQuery,
    FilmView,
    GalleryQuery,
    GalleryView,
    GrowArguments,
    LookAheadView,
    Model,
    Nothing,
    RaceView,
    Repaired,
    SweepArguments,
    SwitchView,
    TemperatureQuery,
    TemperatureView,
)
from engine.runtime.state import generator_from_json, generator_to_json

MEASURING = len(MODELS)  # the phase after the last model
SAMPLE = 64
BIG = 5_000_000  # trainable numbers from which measuring is rare
MEASURED = ("test_nll_", "exact_", "valid_", "hits_")  # curve values of a measurement
PARTS_OF_A_ROUND = PAPER.phases

Turn = Callable[[], None]


class PagExperiment:
    """Three models racing; see `Experiment` and `Phased` for the promises it keeps."""

    def __init__(self, params: PagParams, context: Context) -> None:
        self.params: Params = params
        self.p = params
        self.context = context
        self.device = context.device
        self.task = build_task(params, context.data_folder)
        # Where the data comes from is worth a notice only when it was not made here.
        origin = () if self.task.provenance == OWN_MADE else (self.task.provenance,)
        self.notes: tuple[str, ...] = (*origin, *self.task.notes)
        self.racers: dict[Model, Racer] = {
            kind: Racer(kind, shape_of(params, self.task, kind), params, self.device) for kind in models_of(params)
        }
        if params.start == "trained":
            load_trained(params, self.racers)
        self.sample = held_out_sample(self.task, SAMPLE)
        self.sample_batch = Batch.of(self.sample, self.device)
        self._rng = numpy_stream(params.seed, "batches")
        self._before_round = generator_to_json(self._rng)
        self._batches: list[Batch] = []
        self._batch_size = params.batch
        self._order = [*(MODELS.index(kind) for kind in self.racers), MEASURING]
        self._turn = self._order[0]
        self._measures: Iterator[Turn] | None = None
        self._next_measure: Turn | None = None
        self._values: dict[str, float] = {}
        self.round_length = 1.0
        self.steps_done = 0
        self.faults = FaultWatch(context)
        self.passes: dict[Model, tuple[object, pag_measures.Pass]] = {}
        self.films: dict[Model, tuple[object, Film]] = {}
        self.past = Past()
        self.past.keep(0, self.racers)

    @property
    def phase(self) -> int:
        """0 between rounds, else the turn that comes next (a place in the paper's phases)."""
        return 0 if self._turn == self._order[0] else self._turn

    @property
    def round_values(self) -> Mapping[str, float]:
        """Curve values of the round that is ending."""
        return self._values

    @property
    def longest(self) -> int:
        """Symbols after which a free decode is cut."""
        return CUT * self.task.longest

    # --- training -----------------------------------------------------------------------------------------------

    def step(self) -> Mapping[str, float]:
        """One turn: the next model's update, or one measurement. Values come with the last turn of a round."""
        if self._turn == self._order[0]:
            self._begin_round()
        if self._turn == MEASURING:
            return self._measure_next()
        self._batches = self._batches or self._draw()
        kind = MODELS[self._turn]
        racer = self.racers[kind]
        if not racer.fault:
            found = racer.update(self._batches)
            self._values |= {f"{name}_{kind}": value for name, value in found.items()}
            if racer.fault:
                self.faults.broke(kind, racer.fault, self.steps_done)
        self._turn = self._order[self._order.index(self._turn) + 1]
        if self._turn == MEASURING:
            if all(r.fault for r in self.racers.values()):
                raise Diverged("no model is left: all have stopped on numbers that are not finite. Lower the rate.")
            self._measures = self._measurements() if self._is_measured(self.steps_done + 1) else iter(())
            self._next_measure = next(self._measures, None)
            if self._next_measure is None:
                return self._end_round()
        return {}

    def step_phase(self) -> Mapping[str, float]:
        """The next turn; the last one of a round completes the update."""
        return self.step()

    def _begin_round(self) -> None:
        self._before_round = generator_to_json(self._rng)
        self._values, self._batches, self._batch_size = {}, [], self.p.batch

    def _draw(self) -> list[Batch]:
        drawn = [self.task.batch(self._rng, self._batch_size) for _ in range(self.p.accumulate)]
        self.round_length = sum(len(e.target) for e in drawn[0]) / len(drawn[0])
        return [Batch.of(examples, self.device) for examples in drawn]

    def _measure_next(self) -> Mapping[str, float]:
        if self._measures is None:  # restored in the middle
            self._measures = self._measurements()
            self._next_measure = next(self._measures, None)
        if self._next_measure is not None:
            self._next_measure()
            self._next_measure = next(self._measures, None)
        return {} if self._next_measure is not None else self._end_round()

    def _end_round(self) -> Mapping[str, float]:
        self._turn, self._measures = self._order[0], None
        self.steps_done += 1
        self.faults.look(self)
        self.past.consider(self.steps_done, self.racers)
        values, self._values = self._values, {}
        return {name: value for name, value in values.items() if math.isfinite(value)}

    def _is_measured(self, step: int) -> bool:
        """Often at first; rarer later, and rarer still for large networks and long texts."""
        if max(r.net.size for r in self.racers.values()) > BIG or self.task.longest > 100:
            return step == 1 or step % (20 if step <= 100 else 250) == 0
        return step == 1 or step % (10 if step <= 200 else 20 if step <= 1000 else 50) == 0

    def _measurements(self) -> Iterator[Turn]:
        """The short pieces of which a look at the held-out sample consists."""
        for kind, racer in self.racers.items():
            if racer.fault:
                continue
            yield lambda kind=kind: self._measure_loss(kind)  # type: ignore[misc]
            yield lambda kind=kind: self._measure_exact(kind)  # type: ignore[misc]

    def _measure_loss(self, kind: Model) -> None:
        nll, hits = self.racers[kind].held_out_nll(self.sample_batch)
        self._values |= {f"test_nll_{kind}": nll, f"hits_{kind}": 100.0 * hits}

    def _measure_exact(self, kind: Model) -> None:
        racer, batch = self.racers[kind], self.sample_batch
        written = racer.write(batch.source, batch.lengths, self.measuring_control)
        scores = pag_measures.scores_of(self.task, self.sample, written)
        exact = sum(s.exact for s in scores) / len(scores)
        self._values[f"exact_{kind}"] = 100.0 * exact
        valid = math.nan
        if self.task.kind == "graph":
            valid = sum(s.valid for s in scores) / len(scores)
            self._values[f"valid_{kind}"] = 100.0 * valid
        history = racer.history
        history.steps.append(self.steps_done + 1)
        history.seconds.append(racer.seconds)
        history.nll.append(self._values[f"test_nll_{kind}"])
        history.hits.append(self._values[f"hits_{kind}"] / 100.0 if self.task.has_gold else math.nan)
        history.exact.append(exact)
        history.replans.append(pag_measures.replan_rate(written) if racer.shape.plans else 1.0)
        history.valid.append(valid)
        if not self.task.has_gold:
            self._values.pop(f"hits_{kind}")
        racer.keep_good()

    @property
    def measuring_control(self) -> Control:
        """How the held-out sample is decoded: the run's own policy, no noise, cut at the longest training target."""
        return Control(self.task.longest + 2, policy=self.p.policy, period=self.p.period)

    def change(self, params: Params) -> None:
        """Applies live knobs from the next turn on."""
        self.p = validate(PagParams, params.model_dump())
        self.params = self.p
        for racer in self.racers.values():
            racer.change(self.p)
        self.faults.changed(self)

    def progress(self) -> str:
        """Where training is."""
        turn = "" if self._turn == self._order[0] else f" · {PARTS_OF_A_ROUND[self._turn]} next"
        stopped = [NAMES[kind] for kind, racer in self.racers.items() if racer.fault]
        return f"{self.steps_done:,} rounds{turn}" + (f" · {', '.join(stopped)} stopped" if stopped else "")

    # --- state --------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """Everything; in the middle of a round its batch is drawn again from where the stream stood."""
        tensors = {name: t for racer in self.racers.values() for name, t in racer.tensors().items()}
        is_between = self._turn == self._order[0]
        meta: dict[str, Any] = {
            "steps": self.steps_done,
            "turn": self._turn,
            "batches": generator_to_json(self._rng) if is_between else self._before_round,
            "batch": self.p.batch if is_between else self._batch_size,
            "values": {} if is_between else {n: v for n, v in self._values.items() if math.isfinite(v)},
            "models": {kind: racer.meta() for kind, racer in self.racers.items()},
            "clock": {kind: racer.clock() for kind, racer in self.racers.items()},
            "faults": self.faults.meta(),
        }
        if self._turn == MEASURING:  # half a measurement is not kept: it is done again
            meta["values"] = {n: v for n, v in self._values.items() if not n.startswith(MEASURED)}
            for kind, racer in self.racers.items():
                done = sum(step <= self.steps_done for step in racer.history.steps)
                meta["models"][kind]["history"] = {n: v[:done] for n, v in racer.history.meta().items()}
                meta["clock"][kind]["history"] = racer.history.seconds[:done]
        return State(tensors, meta)

    def restore(self, state: State) -> None:
        """Goes on exactly where `state` was taken. Raises `ValueError` naming what does not fit."""
        rng = generator_from_json(state.value("batches"))
        models, clock = state.value("models"), state.value("clock")
        for kind, racer in self.racers.items():
            racer.restore(state, models[kind], clock[kind])
        self._rng, self._before_round = rng, state.value("batches")
        self.steps_done, self._turn = int(state.value("steps")), int(state.value("turn"))
        self._values = {str(n): float(v) for n, v in state.value("values").items()}
        self._batches, self._measures, self._next_measure = [], None, None
        self._batch_size = int(state.value("batch"))
        if self._turn == MEASURING:
            self._batches = self._draw()  # moves the stream on as the round had
        self.faults.restore(state.value("faults"))
        self.past.forget_after(self.steps_done)
        self.passes.clear()
        self.films.clear()

    # --- views --------------------------------------------------------------------------------------------------

    @view
    def film(self, query: FilmQuery | None) -> FilmView:
        """One source, decoded by each model step by step."""
        return pag_films.film_view(self, query or FilmQuery())

    @view
    def gallery(self, query: GalleryQuery | None) -> GalleryView:
        """Alignments of a fixed list of held-out examples."""
        return pag_films.gallery_view(self, query or GalleryQuery())

    @view
    def race(self, query: None) -> RaceView:
        """The models by updates and by seconds."""
        return pag_measures.race_view(self)

    @view
    def look_ahead(self, query: None) -> LookAheadView:
        """How far ahead the plan is right."""
        return pag_measures.look_ahead_view(self)

    @view
    def switching(self, query: None) -> SwitchView:
        """How often and where the models re-plan."""
        return pag_measures.switch_view(self)

    @view
    def temperature(self, query: TemperatureQuery | None) -> TemperatureView:
        """The switch on its own."""
        return pag_measures.temperature_view(query or TemperatureQuery())

    # --- gestures -----------------------------------------------------------------------------------------------

    @action
    def evaluate(self, arguments: EvaluateArguments) -> LongAction:
        """Scores on the held-out examples, with beams."""
        return pag_gestures.evaluate(self, arguments)

    @action
    def sweep(self, arguments: SweepArguments) -> LongAction:
        """Exact match against a forced re-plan period."""
        return pag_gestures.sweep(self, arguments)

    @action
    def grow(self, arguments: GrowArguments) -> LongAction:
        """Graphs of growing size."""
        return pag_gestures.grow(self, arguments)

    @action
    def draw_graph(self, arguments: DrawArguments) -> Drawing:
        """A random graph for the canvas."""
        return pag_gestures.draw_graph(self, arguments)

    @action
    def repair(self, arguments: Nothing) -> Repaired:
        """Puts models that have stopped back to their last good weights and halves the rate."""
        broken = [kind for kind, racer in self.racers.items() if racer.fault]
        if not broken:
            return Repaired("Nothing was wrong.")
        for kind in broken:
            self.racers[kind].mend()
        self.passes.clear()
        self.films.clear()
        self.change(self.p.with_changes(lr=max(self.p.lr / 2.0, 1e-5)))
        self.faults.mended()
        names = " and ".join(NAMES[kind] for kind in broken)
        return Repaired(f"{names} goes on from its last good weights; learning rate {self.p.lr:g}.")

    def memory(self) -> float:
        """Bytes of activations that the dearest model's update needs (section 9)."""
        source = max(len(e.source) for e in self.sample)
        return max(
            activations(r.shape, self.p.batch, source, self.task.longest, is_recomputed=self.p.recompute)
            for r in self.racers.values()
        )
