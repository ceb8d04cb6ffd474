"""What the studies of the planner let an executor do: train the models side by side and look at them afterwards.

Called in a process of its own with plain arguments; returns plain arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.experiments.contract import Context, LongAction
from engine.experiments.pag_run import PagExperiment
from engine.experiments.pag_setup import shape_of
from engine.models.pag import matched_width, size_of
from engine.papers.contract import validate
from engine.papers.pag import PRESETS, PagParams
from engine.papers.pag_views import (
    EvaluateArguments,
    Evaluation,
    GalleryQuery,
    GalleryView,
    LookAheadView,
    Model,
    RaceView,
    Runner,
    Score,
    Sweep,
    SweepArguments,
    Switching,
    SwitchView,
)
from engine.runtime.device import choose
from engine.runtime.jobs import tell

GALLERY = 2
SWEPT = 100  # held-out examples for each forced period


@dataclass(frozen=True, slots=True)
class Race:
    """Models trained on the same batches, and what was seen of them at the end.

    race: curves by updates and seconds; evaluation: on held-out examples, decoded greedily; sweep: forced re-plan
    periods (None without a planner). device: in words.
    """

    name: str
    updates: int
    race: RaceView
    evaluation: Evaluation
    look_ahead: LookAheadView
    switching: SwitchView
    gallery: GalleryView
    sweep: Sweep | None
    device: str

    def runner(self, model: Model) -> Runner:
        """The training curves of one model."""
        return next(r for r in self.race.runners if r.model == model)

    def score(self, model: Model) -> Score:
        """The evaluation of one model."""
        return next(s for s in self.evaluation.scores if s.model == model)

    def switch(self, model: Model) -> Switching:
        """How one planner switches."""
        return next(s for s in self.switching.switching if s.model == model)


def train_race(
    name: str, preset: str, params: Mapping[str, Any], updates: int, examples: int, periods: tuple[int, ...],
    device: str = "cpu",
) -> Race:  # fmt: skip
    """Trains a preset with changes for so many updates of every model. examples: decoded at the end (0: all)."""
    experiment, words = begin(preset, params, device)
    while experiment.steps_done < updates:
        experiment.step()
        tell(0.95 * experiment.steps_done / updates)
    evaluation: Evaluation = _finish(experiment.evaluate(EvaluateArguments(examples)))
    has_planner = any(racer.shape.plans for racer in experiment.racers.values())
    sweep = _finish(experiment.sweep(SweepArguments(periods, SWEPT))) if has_planner and periods else None
    tell(1.0)
    return Race(
        name, updates, experiment.race(None), evaluation, experiment.look_ahead(None), experiment.switching(None),
        experiment.gallery(GalleryQuery(0, GALLERY)), sweep, words,
    )  # fmt: skip


def begin(preset: str, params: Mapping[str, Any], device: str = "cpu") -> tuple[PagExperiment, str]:
    """A new experiment of a preset with changes, and its device in words."""
    values = next(p.values for p in PRESETS if p.id == preset)
    choice = choose(device)
    made = validate(PagParams, {**values, **params})
    return PagExperiment(made, Context(choice.device, _nobody, _nobody)), choice.words


def wider_baseline(preset: str, times: float) -> tuple[int, int, int]:
    """Width, size of the baseline that comes nearest to `times` the parameters of PAG, and PAG's size."""
    experiment, _ = begin(preset, {"models": "baseline"})
    p, task = experiment.p, experiment.task
    wanted = size_of(shape_of(p, task, "pag"))
    shape = shape_of(p, task, "baseline")
    width = matched_width(shape, round(times * wanted))
    return width, size_of(replace(shape, width=width)), wanted


def _finish(action: LongAction) -> Any:
    try:
        while True:
            next(action)
    except StopIteration as end:
        return end.value


def _nobody(*_words: object, **_more: object) -> None:
    """A study reads curves, not notices."""
