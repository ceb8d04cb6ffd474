"""Studies of classification: digits (Figure 3), W₂ frozen, all synapses learning from a random start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.runtime.jobs import CallJob
from engine.studies.contract import Measurement, StudyContext, spread
from engine.studies.dendritic_jobs import LearnerKind, Learnt, learn
from engine.studies.drawing import draw_bars, draw_over_seeds
from engine.studies.figures import COLOURS, new_figure, write_figure
from engine.studies.running import run

UPDATES = 6000  # 42 epochs of the bundled digits
MNIST_EPOCHS = 30
MNIST_BATCHES = 6000  # of 10 examples in an epoch
POINTS_TO_BACKPROP = 2.0
SHARE_OF_ONE_LAYER = 0.5
NAMES: dict[LearnerKind, str] = {
    "circuit": "circuit",
    "backprop": "backprop",
    "one_layer": "one layer",
    "shallow": "hidden frozen",
    "transpose": "fixed transpose",
    "untracked": "P frozen",
    "silenced": "silenced",
}
SIZE_NOTE = "scikit-learn's 8×8 digits, 1437 to learn and 360 to test: one test digit is 0.28 points; the paper: MNIST."
MNIST_NOTE = "All 60,000 training images, the paper 55,000 with 5,000 held out; nothing is chosen by the test set here."
PAPER_LABEL = "paper, MNIST"
FINAL_NOTE = "Test error: mean over the last tenth of the updates, at constant rates."


@dataclass(frozen=True, slots=True)
class Recipe:
    """Learners that start from the same preset with the same changes."""

    preset: str
    kinds: tuple[LearnerKind, ...]
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Learners that start from the same preset. runs: one `Learnt` a seed."""

    title: str
    runs: dict[LearnerKind, list[Learnt]]

    def final(self, kind: LearnerKind) -> list[float]:
        """Test error in %, one a seed."""
        return [learnt.final for learnt in self.runs[kind]]


def learn_groups(context: StudyContext, recipes: Mapping[str, Recipe], updates: int) -> list[Group]:
    """Trains the learners of every recipe (by title) for every seed, side by side."""
    asked = [
        (title, recipe, kind, seed)
        for title, recipe in recipes.items()
        for kind in recipe.kinds
        for seed in context.seeds
    ]
    jobs = [
        CallJob(
            f"{NAMES[kind]}, {title}, seed {seed}",
            learn,
            {
                "kind": kind,
                "preset": recipe.preset,
                "params": {**recipe.params, "seed": seed},
                "updates": updates,
                "device": context.device,
            },
        )
        for title, recipe, kind, seed in asked
    ]
    groups: dict[str, Group] = {title: Group(title, {}) for title in recipes}
    for (title, _, kind, _), learnt in zip(asked, run(context, jobs), strict=True):
        groups[title].runs.setdefault(kind, []).append(learnt)
    return list(groups.values())


def _updates(context: StudyContext) -> int:
    return MNIST_EPOCHS * MNIST_BATCHES if context.full else UPDATES


# --- digits -----------------------------------------------------------------------------------------------------


def is_near_backprop_and_above_one_layer(
    circuit: Sequence[float], backprop: Sequence[float], one_layer: Sequence[float]
) -> bool:
    """Test errors in %, one a seed: at most 2 points above backprop, and at most half of one layer's, on average."""
    mean = {name: sum(v) / len(v) for name, v in (("c", circuit), ("b", backprop), ("o", one_layer))}
    return mean["c"] <= mean["b"] + POINTS_TO_BACKPROP and mean["c"] <= SHARE_OF_ONE_LAYER * mean["o"]


def measure_digits(context: StudyContext) -> Measurement:
    """How many digits does the circuit mistake beside backprop, one layer, and circuits with a part missing?"""
    if context.full:
        recipes = {"784-500-500-10": Recipe("mnist", ("circuit", "backprop", "one_layer"))}
    else:
        recipes = {
            "64-100-100-10": Recipe("digits-deep", ("circuit", "backprop", "one_layer")),
            "64-100-10": Recipe("digits-one", ("circuit", "backprop", "transpose", "shallow", "untracked", "silenced")),
        }
    groups = learn_groups(context, recipes, _updates(context))
    deep = groups[0]
    circuit, backprop, one_layer = (deep.final(kind) for kind in ("circuit", "backprop", "one_layer"))
    figures: list[str] = []
    if context.figures is not None:
        figures = _draw(context, groups, {"circuit": 1.96, "backprop": 1.53, "one layer": 8.4}, "digits")
    return context.measurement(
        f"test error {spread(circuit, '%', 2)}; backprop {spread(backprop, '%', 2)}; "
        f"one layer {spread(one_layer, '%', 2)}",
        {f"{g.title} {NAMES[kind]}": g.final(kind) for g in groups for kind in g.runs},
        is_near_backprop_and_above_one_layer(circuit, backprop, one_layer),
        deep.runs["circuit"][0].device,
        [
            f"Holds when the test error of the circuit ({deep.title}) is on average at most 2 points above backprop's "
            "and at most half of one layer's.",
            FINAL_NOTE,
            MNIST_NOTE if context.full else SIZE_NOTE,
            *(f"{g.title}: " + ", ".join(f"{NAMES[k]} {spread(g.final(k), '%')}" for k in g.runs) for g in groups[1:]),
        ],
        figures,
    )


# --- W2 frozen --------------------------------------------------------------------------------------------------


def does_error_reach_first_area(frozen: Sequence[float], readout: Sequence[float]) -> bool:
    """Test errors in %, one a seed: W₂ frozen mistakes at most half of what the readout alone does, each time."""
    return all(f <= 0.5 * r for f, r in zip(frozen, readout, strict=True))


def measure_frozen_second(context: StudyContext) -> Measurement:
    """With W₂ frozen, does W₁ learn from errors that come from two areas away?"""
    preset, title = ("mnist-frozen-second", "784-500-500-10") if context.full else ("frozen-second", "64-100-100-10")
    (group,) = learn_groups(context, {title: Recipe(preset, ("circuit", "shallow"))}, _updates(context))
    frozen, readout = group.final("circuit"), group.final("shallow")
    figures: list[str] = []
    if context.figures is not None:
        renamed = {"W₂ frozen": frozen, "W₁, W₂ frozen": readout}
        figure, (left, right) = new_figure(2)
        draw_bars(left, renamed, {"W₂ frozen": 2.11}, "test error in %", title, PAPER_LABEL)
        for runs, label, colour in (
            (group.runs["circuit"], "W₂ frozen", COLOURS["model"]),
            (group.runs["shallow"], "W₁, W₂ frozen", COLOURS["baseline"]),
        ):
            draw_over_seeds(right, [(x.steps, x.error) for x in runs], label, colour)
        right.set(yscale="log", xlabel="updates", ylabel="test error in %", title="Test error")
        right.legend()
        figures = write_figure(figure, context.figures, "frozen-second")
    return context.measurement(
        f"test error {spread(frozen, '%', 2)}; with W₁ frozen, too: {spread(readout, '%', 2)}",
        {"frozen_second": frozen, "readout_only": readout},
        does_error_reach_first_area(frozen, readout),
        group.runs["circuit"][0].device,
        [
            "Holds when, with W₂ (and P₁) frozen, the circuit mistakes at most half of what it does with W₁ frozen, "
            "too, for every seed.",
            FINAL_NOTE,
            MNIST_NOTE if context.full else SIZE_NOTE,
        ],
        figures,
    )


# --- all synapses from a random start ---------------------------------------------------------------------------


def does_it_learn_from_random(learned: Sequence[float], fixed: Sequence[float], readout: Sequence[float]) -> bool:
    """Test errors in %: on average at most 2 points above the prepared circuit, each below a frozen hidden area."""
    gap = sum(learned) / len(learned) - sum(fixed) / len(fixed)
    return gap <= POINTS_TO_BACKPROP and all(a < b for a, b in zip(learned, readout, strict=True))


def measure_learned_feedback(context: StudyContext) -> Measurement:
    """With all synapses plastic from a random start, top-down ones included, is the task learnt as well?"""
    both: tuple[LearnerKind, ...] = ("circuit", "shallow")
    if context.full:
        title, everything = "784-1000-10", Recipe("mnist-learned-feedback", ("circuit",))
        prepared = {"start": "self_predicting", "plastic_q": False, "plastic_b": False, "feedback": "random"}
        other = Recipe("mnist-learned-feedback", both, prepared)
    else:
        title, everything = "64-100-10", Recipe("learned-feedback", ("circuit",))
        other = Recipe("digits-one", both)
    recipes = {title: everything, "prepared": other}
    learned_group, fixed_group = learn_groups(context, recipes, _updates(context))
    learned, fixed, readout = (
        learned_group.final("circuit"),
        fixed_group.final("circuit"),
        fixed_group.final("shallow"),
    )
    names = {"all learn": learned, "prepared": fixed, "hidden frozen": readout}
    figures: list[str] = []
    if context.figures is not None:
        figure, (left, right) = new_figure(2)
        draw_bars(left, names, {"all learn": 2.48}, "test error in %", title, PAPER_LABEL)
        for runs, label, colour in (
            (learned_group.runs["circuit"], "all learn, random start", COLOURS["model"]),
            (fixed_group.runs["circuit"], "prepared, B fixed", COLOURS["series1"]),
            (fixed_group.runs["shallow"], "hidden frozen", COLOURS["baseline"]),
        ):
            draw_over_seeds(right, [(x.steps, x.error) for x in runs], label, colour)
        right.set(yscale="log", xlabel="updates", ylabel="test error in %", title="Test error")
        right.legend()
        figures = write_figure(figure, context.figures, "learned-feedback")
    return context.measurement(
        f"test error {spread(learned, '%', 2)}; prepared with fixed B {spread(fixed, '%', 2)}; "
        f"hidden frozen {spread(readout, '%', 2)}",
        {"all_learn": learned, "prepared": fixed, "hidden_frozen": readout},
        does_it_learn_from_random(learned, fixed, readout),
        learned_group.runs["circuit"][0].device,
        [
            "Holds when the test error is on average at most 2 points above the self-predicting circuit with fixed "
            "feedback and, for every seed, below a learner whose hidden weights are frozen.",
            FINAL_NOTE,
            MNIST_NOTE if context.full else SIZE_NOTE,
        ],
        figures,
    )


def _draw(context: StudyContext, groups: Sequence[Group], paper: Mapping[str, float], name: str) -> list[str]:
    """A row of bars and curves for each group of learners."""
    assert context.figures is not None
    figure, axes = new_figure(2, len(groups), width=5.0)
    palette = [COLOURS[c] for c in ("model", "target", "paper", "baseline", "series1", "error")]
    for row, group in enumerate(groups):
        bars, curves = axes[2 * row], axes[2 * row + 1]
        measured = {NAMES[kind]: group.final(kind) for kind in group.runs}
        draw_bars(bars, measured, paper if row == 0 else {}, "test error in %", group.title, PAPER_LABEL)
        for kind, colour in zip(group.runs, palette, strict=False):
            runs = [(x.steps, x.error) for x in group.runs[kind]]
            draw_over_seeds(curves, runs, NAMES[kind], colour, dashed=kind != "circuit")
        curves.set(yscale="log", xlabel="updates", ylabel="test error in %", title=group.title)
        curves.legend(fontsize=7)
    return write_figure(figure, context.figures, name)
