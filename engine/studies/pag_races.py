"""Races that several claims share: trained once in one go, read by every study that needs them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.papers.pag_views import NAMES, Model
from engine.runtime.jobs import CallJob
from engine.studies.contract import StudyContext, spread
from engine.studies.pag_jobs import Race, train_race
from engine.studies.running import run

BEYOND = "by more than the latter's spread over seeds and on most seeds"

TEXT_UPDATES = 240
GRAPH_UPDATES = 320
QUESTION_UPDATES = 300
EXAMPLES = 200
FULL_TIMES = 4  # --full trains so many times as long where no real data set takes the place of the generated task
TEXT_PERIODS = (1, 2, 3, 5, 10)
GRAPH_PERIODS = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Recipe:
    """One kind of race. periods: forced re-plan periods to try at the end."""

    name: str
    preset: str
    updates: int
    params: Mapping[str, Any] = field(default_factory=dict)
    periods: tuple[int, ...] = ()


def text(context: StudyContext) -> Recipe:
    """The default text task."""
    return Recipe("numbers into German", "numbers-de", _updates(context, TEXT_UPDATES), {}, TEXT_PERIODS)


def graphs(context: StudyContext) -> Recipe:
    """Mixed graphs, tested on a circuit of 8 and a distractor of 4."""
    return Recipe("Eulerian circuits", "euler", _updates(context, GRAPH_UPDATES), {}, GRAPH_PERIODS)


def questions(context: StudyContext) -> Recipe:
    """Templated questions."""
    return Recipe("templated questions", "questions-toy", _updates(context, QUESTION_UPDATES))


def _updates(context: StudyContext, updates: int) -> int:
    return updates * (FULL_TIMES if context.full else 1)


def races(context: StudyContext, recipes: Sequence[Recipe]) -> dict[str, list[Race]]:
    """One `Race` a seed for every recipe, by its name. What another claim has trained in this go is taken over."""
    kept: dict[tuple[object, ...], Race] = context.shared
    wanted = {(r.name, seed): _key(context, r, seed) for r in recipes for seed in context.seeds}
    new = {key: (r, seed) for r in recipes for seed in context.seeds if (key := wanted[r.name, seed]) not in kept}
    jobs = [
        CallJob(
            f"{r.name}, seed {seed}",
            train_race,
            {"name": r.name, "preset": r.preset, "params": {**r.params, "seed": seed}, "updates": r.updates,
             "examples": EXAMPLES, "periods": r.periods, "device": context.device},
        )
        for r, seed in new.values()
    ]  # fmt: skip
    if jobs:
        kept.update(zip(new, run(context, jobs), strict=True))
    else:
        context.tell(1.0, "measured on races that are trained")
    return {r.name: [kept[wanted[r.name, seed]] for seed in context.seeds] for r in recipes}


def _key(context: StudyContext, r: Recipe, seed: int) -> tuple[object, ...]:
    return (r.preset, tuple(sorted(r.params.items())), r.updates, r.periods, seed, EXAMPLES, context.device)


# --- reading races ------------------------------------------------------------------------------------------------


def scores(found: Sequence[Race], model: Model, name: str, times: float = 100.0) -> list[float]:
    """One number of the evaluation for each seed."""
    return [times * float(getattr(race.score(model), name)) for race in found]


@dataclass(frozen=True, slots=True)
class Reached:
    """When held-out exact match first was 95 %, one entry a seed; where it never was, the length of the race."""

    updates: list[float]
    seconds: list[float]
    missed: int

    def words(self) -> str:
        """Both clocks."""
        tail = f", {self.missed} of {len(self.updates)} seeds did not get there" if self.missed else ""
        return f"{spread(self.updates, 'updates', 0)}, {spread(self.seconds, 's', 1)}{tail}"


def reached(found: Sequence[Race], model: Model) -> Reached:
    """Updates and own training seconds to 95 % exact match on the held-out sample."""
    updates, seconds, missed = [], [], 0
    for race in found:
        runner = race.runner(model)
        is_there = runner.reached_step >= 0
        updates.append(float(runner.reached_step if is_there else race.updates))
        seconds.append(float(runner.reached_second if is_there else runner.seconds[-1]))
        missed += not is_there
    return Reached(updates, seconds, missed)


def is_higher(ours: Sequence[float], theirs: Sequence[float], least: float) -> bool:
    """On average by at least `least` and by more than their own spread over seeds, and on more than half of the seeds.

    The spread matters where everybody is nearly perfect: one wrong letter in 300 words moves a seed by a whole point.
    """
    gaps = np.array(ours) - np.array(theirs)
    spread_of_theirs = max(theirs) - min(theirs)
    is_beyond = gaps.mean() >= least and (gaps.mean() > spread_of_theirs or spread_of_theirs == 0.0)
    return bool(is_beyond and (gaps > 0.0).mean() > 0.5)


def models_of(found: Sequence[Race]) -> list[Model]:
    """The models that raced."""
    return [runner.model for runner in found[0].race.runners]


def listed(values: Mapping[Model, str]) -> str:
    """``baseline ...; PAG ...``."""
    return "; ".join(f"{NAMES[model]} {words}" for model, words in values.items())


def finite(values: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """Without what could not be measured."""
    return {name: found for name, found in values.items() if all(map(math.isfinite, found))}


def together(found: Sequence[Race], read: Callable[[Race], np.ndarray]) -> np.ndarray:
    """The same array of every seed, [seeds, ...]."""
    return np.array([read(race) for race in found])
