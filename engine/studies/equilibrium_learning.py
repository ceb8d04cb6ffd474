"""Studies of learning: nudges beside the side network, one to three hidden layers, and the classes that are lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.runtime.jobs import CallJob
from engine.studies.contract import Measurement, StudyContext, spread
from engine.studies.drawing import draw_bars, draw_over_seeds
from engine.studies.equilibrium_jobs import Learnt, learn
from engine.studies.figures import COLOURS, new_figure, write_figure
from engine.studies.running import run

UPDATES = 2000
DEEP_UPDATES = 2000
RACE_UPDATES = 1000
MNIST_EPOCHS = {"mnist-one": 25, "mnist-two": 10, "mnist-three": 5}
MNIST_BATCHES = 3000
RACE_BETAS = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5)

POINTS_TO_SIDE = 1.0
MOST_ERROR = 6.0  # of the digits; a network without hidden layers makes about 6 %
BAND = (2.0, 3.0)
MNIST_MOST = 3.0
SIZE_NOTE = "scikit-learn's 8×8 digits, 1437 to learn and 360 to test: one test digit is 0.28 points; EP17: MNIST."
FINAL_NOTE = "Test error: mean over the last tenth of the updates, at constant rates."


@dataclass(frozen=True, slots=True)
class Recipe:
    """One kind of training."""

    name: str
    preset: str
    updates: int
    params: Mapping[str, Any] = field(default_factory=dict)


def learn_all(context: StudyContext, recipes: Sequence[Recipe]) -> dict[str, list[Learnt]]:
    """Trains every recipe for every seed, side by side; one `Learnt` a seed."""
    jobs = [
        CallJob(
            f"{r.name}, seed {seed}",
            learn,
            {"name": r.name, "preset": r.preset, "params": {**r.params, "seed": seed}, "updates": r.updates,
             "device": context.device},
        )
        for r in recipes
        for seed in context.seeds
    ]  # fmt: skip
    found: dict[str, list[Learnt]] = {r.name: [] for r in recipes}
    for learnt in run(context, jobs):
        found[learnt.name].append(learnt)
    return found


def _finals(runs: Sequence[Learnt]) -> list[float]:
    return [r.final for r in runs]


def _draw(context: StudyContext, found: Mapping[str, Sequence[Learnt]], name: str, is_mnist: bool) -> list[str]:
    if context.figures is None:
        return []
    figure, (left, right) = new_figure(2)
    for place, (title, runs) in enumerate(found.items()):
        colour = COLOURS[f"series{place % 4}"]
        draw_over_seeds(left, [(r.steps, r.error) for r in runs], title, colour)
        draw_over_seeds(left, [(r.steps, r.train_error) for r in runs], f"{title}, training", colour, dashed=True)
    if is_mnist:
        left.axhspan(*BAND, color=COLOURS["paper"], alpha=0.15, label="EP17, test (from memory)")
    left.set_ylim(0.0, 30.0)
    left.set_xlabel("updates")
    left.set_ylabel("error in %")
    left.legend(fontsize=7)
    draw_bars(right, {title: _finals(runs) for title, runs in found.items()}, {}, "test error in %", "at the end")
    if is_mnist:
        right.axhspan(*BAND, color=COLOURS["paper"], alpha=0.15)
    return write_figure(figure, context.figures, name)


# --- no special network ------------------------------------------------------------------------------------------


def is_as_good_as_the_side_network(nudged: Sequence[float], side: Sequence[float]) -> bool:
    """Test errors in %: on average at most one point above the side network's."""
    return float(np.mean(nudged)) <= float(np.mean(side)) + POINTS_TO_SIDE


def measure_no_side_network(context: StudyContext) -> Measurement:
    """Do nudges alone reach the accuracy of the side network?"""
    if context.full:
        updates = MNIST_EPOCHS["mnist-one"] * MNIST_BATCHES
        recipes = [Recipe("nudges, 784-500-10", "mnist-one", updates),
                   Recipe("side network, 784-500-10", "mnist-one", updates, {"trainer": "rbp"})]  # fmt: skip
    else:
        recipes = [
            Recipe(f"{learner}, {title}", preset, UPDATES, {"trainer": trainer})
            for preset, title in (("digits-one", "64-128-10"), ("digits-two", "64-128-128-10"))
            for learner, trainer in (("nudges", "ep"), ("side network", "rbp"))
        ]
    found = learn_all(context, recipes)
    titles = list(found)
    pairs = [(_finals(found[a]), _finals(found[b])) for a, b in zip(titles[::2], titles[1::2], strict=True)]
    words = "; ".join(f"{title} {spread(_finals(runs), '%', 2)}" for title, runs in found.items())
    return context.measurement(
        f"test error: {words}",
        {title: _finals(runs) for title, runs in found.items()},
        all(is_as_good_as_the_side_network(*pair) for pair in pairs),
        found[titles[0]][0].device,
        [
            f"Holds when the mean test error of nudges is at most {POINTS_TO_SIDE:g} point above the side network's, "
            "for every network.",
            FINAL_NOTE,
            "Same starts, same batches, same rates; the side network is exact and sometimes loses classes (claim "
            "'classes'), so nudges can be the better ones.",
            "MNIST." if context.full else SIZE_NOTE,
        ],
        _draw(context, found, "no_side_network", context.full),
    )


# --- depth -------------------------------------------------------------------------------------------------------


def do_all_learn(errors: Mapping[str, Sequence[float]], most: float) -> bool:
    """Mean test error in % of every depth is at most `most`."""
    return all(float(np.mean(e)) <= most for e in errors.values())


def measure_depth(context: StudyContext) -> Measurement:
    """Do one, two and three hidden layers learn by nudges?"""
    if context.full:
        sizes = ("784-500-10", "784-500²-10", "784-500³-10")
        recipes = [Recipe(t, p, n * MNIST_BATCHES) for t, (p, n) in zip(sizes, MNIST_EPOCHS.items(), strict=True)]
    else:
        recipes = [Recipe("64-128-10", "digits-one", DEEP_UPDATES), Recipe("64-128²-10", "digits-two", DEEP_UPDATES),
                   Recipe("64-128³-10", "digits-three", DEEP_UPDATES)]  # fmt: skip
    found = learn_all(context, recipes)
    errors = {title: _finals(runs) for title, runs in found.items()}
    most = MNIST_MOST if context.full else MOST_ERROR
    epochs = ", ".join(str(n) for n in MNIST_EPOCHS.values())
    return context.measurement(
        "test error: " + "; ".join(f"{title} {spread(e, '%', 2)}" for title, e in errors.items()),
        errors,
        do_all_learn(errors, most),
        next(iter(found.values()))[0].device,
        [
            f"Holds when the mean test error of every depth is at most {most:g} %.",
            FINAL_NOTE,
            f"MNIST, {epochs} epochs (EP17: 25, 60 and 500)." if context.full else SIZE_NOTE,
        ],
        _draw(context, found, "depth", context.full),
    )


# --- lost classes ------------------------------------------------------------------------------------------------


def do_only_exact_gradients_lose_classes(exact: Sequence[int], nudged: Sequence[int]) -> bool:
    """Classes lost, one a seed: some by the exact gradient on most starts, none by a nudge of 0.25."""
    return sum(n > 0 for n in exact) > len(exact) / 2 and not any(nudged)


def measure_classes(context: StudyContext) -> Measurement:
    """Which strength of the nudge keeps all classes alive?"""
    names = {b: "exact gradient" if b == 0.0 else f"β = {b:g}" for b in RACE_BETAS}
    updates = RACE_UPDATES * (4 if context.full else 1)
    recipes = [
        Recipe(names[b], "digits-one", updates, {"trainer": "rbp"} if b == 0.0 else {"beta": b}) for b in RACE_BETAS
    ]
    found = learn_all(context, recipes)
    lost = {name: [r.lost for r in runs] for name, runs in found.items()}
    figures: list[str] = []
    if context.figures is not None:
        figure, (left, right) = new_figure(2)
        draw_bars(left, {n: [float(v) for v in c] for n, c in lost.items()}, {}, "classes lost, of 10", "64-128-10")
        draw_bars(right, {n: _finals(r) for n, r in found.items()}, {}, "test error in %", "64-128-10")
        figures = write_figure(figure, context.figures, "classes")
    exact, nudged = lost[names[0.0]], lost[names[0.25]]
    return context.measurement(
        f"classes lost: {spread([float(n) for n in exact])} by the exact gradient (test error "
        f"{spread(_finals(found[names[0.0]]), '%')}), {spread([float(n) for n in nudged])} with β = 0.25 "
        f"({spread(_finals(found[names[0.25]]), '%')})",
        {
            **{f"lost, {n}": [float(v) for v in c] for n, c in lost.items()},
            **{f"test error, {n}": _finals(r) for n, r in found.items()},
        },
        do_only_exact_gradients_lose_classes(exact, nudged),
        found[names[0.0]][0].device,
        [
            "Holds when the exact gradient loses classes on more than half of the seeds and β = 0.25 on none.",
            "A class is lost when its own output is above 0 for less than 5 % of its training pictures.",
            f"Same start, batches and rates for all; {updates} updates. Not a claim of the paper.",
        ],
        figures,
    )
