"""Studies of what the apical dendrites carry: the weak-feedback theorem, alignment, no interneurons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.runtime.jobs import CallJob, RunResult
from engine.studies.contract import Measurement, StudyContext, spread
from engine.studies.dendritic_digits import SIZE_NOTE, UPDATES, Group, Recipe, learn_groups
from engine.studies.dendritic_in_time import REGRESSION_FULL, run_job
from engine.studies.dendritic_jobs import Theorem, weak_feedback
from engine.studies.drawing import draw_bars, draw_over_seeds
from engine.studies.figures import COLOURS, new_figure, write_figure
from engine.studies.running import run

# --- the theorem ------------------------------------------------------------------------------------------------

LAMBDAS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
WEAK = 0.01  # λ at which the length of the update is compared
TRAINED = 2000


def is_backprop_in_the_limit(slopes: Sequence[float], ratios: Sequence[float]) -> bool:
    """Whether the angle is proportional to λ (log-log slope 0.9 to 1.1) and the length right to 5 %, everywhere."""
    return all(0.9 < s < 1.1 for s in slopes) and all(0.95 < r < 1.05 for r in ratios)


def measure_weak_feedback(context: StudyContext) -> Measurement:
    """Does the circuit's update become backprop's as λ goes to 0, in direction and in length?"""
    asked = [(seed, updates) for updates in (0, TRAINED) for seed in context.seeds]
    jobs = [
        CallJob(
            f"seed {s}, weights {f'after {u:,} updates' if u else 'as drawn'}",
            weak_feedback,
            {"seed": s, "updates": u, "lambdas": LAMBDAS},
        )
        for s, u in asked
    ]
    theorems: list[Theorem] = run(context, jobs)
    at = LAMBDAS.index(WEAK)
    slopes = [float(v) for t in theorems for v in t.slopes]
    ratios = [float(v) for t in theorems for v in t.ratios[at]]
    smallest = [float(t.angles[0].max()) for t in theorems]
    figures: list[str] = []
    if context.figures is not None:
        figures = _draw_theorem(context, theorems[: len(context.seeds)])
    return context.measurement(
        f"angle ∝ λ^s with s = {min(slopes):.3f} to {max(slopes):.3f}; largest angle at λ = {LAMBDAS[0]:g}: "
        f"{max(smallest):.3f}°; length over λ^(N−k+1)·backprop's at λ = {WEAK:g}: "
        f"{min(ratios):.3f} to {max(ratios):.3f}",
        {"slopes": slopes, "ratios": ratios, "largest_angle": smallest},
        is_backprop_in_the_limit(slopes, ratios),
        "CPU, float64",
        [
            "Holds when, for every layer and seed, the angle to backprop falls in proportion to λ (log-log slope "
            f"between 0.9 and 1.1) and the length is λ^(N−k+1) times backprop's to 5 % at λ = {WEAK:g}.",
            f"64-100-100-10, B = Wᵀ, 64 digits; weights at the start and after {TRAINED:,} updates.",
        ],
        figures,
    )


def _draw_theorem(context: StudyContext, theorems: Sequence[Theorem]) -> list[str]:
    assert context.figures is not None
    figure, (left, right) = new_figure(2)
    lambdas = np.array(LAMBDAS)
    for layer in range(theorems[0].angles.shape[1]):
        colour = COLOURS[f"series{layer}"]
        draw_over_seeds(left, [(lambdas, t.angles[:, layer]) for t in theorems], f"W{'₁₂₃'[layer]}", colour)
        draw_over_seeds(right, [(lambdas, t.ratios[:, layer]) for t in theorems], f"W{'₁₂₃'[layer]}", colour)
    left.plot(lambdas, lambdas * theorems[0].angles[0].mean() / lambdas[0], ":", color="black", label="∝ λ")
    left.set(xscale="log", yscale="log", xlabel="λ", ylabel="degrees", title="Angle to backprop")
    left.legend()
    right.axhline(1.0, linestyle=":", color="black", label="theory, λ → 0")
    right.set(xscale="log", xlabel="λ", title="Length over λ^(N−k+1) · backprop's")
    right.legend()
    return write_figure(figure, context.figures, "weak-feedback")


# --- alignment --------------------------------------------------------------------------------------------------

ALIGNMENT_STEPS = 10_000
ABOUT_45 = (35.0, 55.0)


def is_about_45(start: Sequence[float], end: Sequence[float]) -> bool:
    """Whether angles that began unrelated (80° to 100°) ended on average between 35° and 55°."""
    return all(80.0 < a < 100.0 for a in start) and ABOUT_45[0] <= sum(end) / len(end) <= ABOUT_45[1]


def measure_alignment(context: StudyContext) -> Measurement:
    """To what angle do W₂ᵀ and the fixed random B come while W learns?"""
    steps = REGRESSION_FULL if context.full else ALIGNMENT_STEPS
    digits = [
        run_job(context, "digits", "digits-one", seed, UPDATES, curves=("alignment_1", "angle_1"))
        for seed in context.seeds
    ]
    regression = [
        run_job(context, "regression", "regression", seed, steps, curves=("alignment_1",)) for seed in context.seeds
    ]
    results: list[RunResult] = run(context, [*regression, *digits])
    count = len(context.seeds)
    by_task = {"regression": results[:count], "digits": results[count:]}
    curves = {task: [r.curves["alignment_1"] for r in runs] for task, runs in by_task.items()}
    start = {task: [float(v[0]) for _, v in runs] for task, runs in curves.items()}
    end = {task: [float(v[-1]) for _, v in runs] for task, runs in curves.items()}
    figures: list[str] = []
    if context.figures is not None:
        figure, (left, right) = new_figure(2)
        draw_bars(left, end, {"regression": 45.0}, "degrees", "B with W₂ᵀ at the end")
        for task, colour in (("regression", COLOURS["series1"]), ("digits", COLOURS["model"])):
            shares = [(100.0 * x / x[-1], y) for x, y in curves[task]]
            draw_over_seeds(right, shares, task, colour)
        right.axhline(45.0, color=COLOURS["paper"], linestyle=":", label="paper, about 45°")
        right.set(xlabel="share of training in %", ylabel="degrees", title="Alignment of B with W₂ᵀ", ylim=(0, 100))
        right.legend()
        figures = write_figure(figure, context.figures, "alignment")
    return context.measurement(
        f"digits {spread(start['digits'], '°', 0)} to {spread(end['digits'], '°', 0)}; "
        f"regression {spread(start['regression'], '°', 0)} to {spread(end['regression'], '°', 0)} "
        f"after {32 * steps:,} trials",
        {f"{task}_{when}": v[task] for when, v in (("start", start), ("end", end)) for task in by_task},
        is_about_45(start["digits"], end["digits"]) and is_about_45(start["regression"], end["regression"]),
        results[0].device,
        [
            "Holds when both tasks begin between 80° and 100° for every seed and end on average between 35° and 55°.",
            f"The paper shows it for the regression, over 10⁷ trials; here it had {32 * steps:,}.",
        ],
        figures,
    )


# --- without interneurons ---------------------------------------------------------------------------------------

LESION_AT, LESION_FOR, AFTERWARDS = 4000, 1000, 1000


def do_interneurons_matter(
    intact: Sequence[float], silenced: Sequence[float], flood: Sequence[float], lesioned: Sequence[float]
) -> bool:
    """Errors in % and the growth of ‖v_A‖, one a seed: silenced from the start mistakes twice as much on average;
    a lesion in training floods the apical dendrites tenfold and leaves more than half the answers wrong, each time.
    """
    doubled = sum(silenced) >= 2.0 * sum(intact)
    return doubled and all(f > 10.0 for f in flood) and all(error > 50.0 for error in lesioned)


def measure_interneurons(context: StudyContext) -> Measurement:
    """What does learning lose without the interneurons, from the start and from the middle of training?"""
    small = Recipe("digits-small", ("circuit", "silenced", "shallow"))
    (group,) = learn_groups(context, {"64-20-10": small}, UPDATES)
    lesion = {LESION_AT: {"silenced": 1.0}, LESION_AT + LESION_FOR: {"silenced": 0.0}}
    steps = LESION_AT + LESION_FOR + AFTERWARDS
    jobs = [run_job(context, "lesion", "digits-deep", seed, steps, changes=lesion) for seed in context.seeds]
    lesions: list[RunResult] = run(context, jobs)
    before = [_at(r, "test_accuracy", LESION_AT) for r in lesions]
    during = [_at(r, "test_accuracy", LESION_AT + LESION_FOR) for r in lesions]
    after = [_at(r, "test_accuracy", steps) for r in lesions]
    flood = [_at(r, "apical_on_1", LESION_AT + 50) / _at(r, "apical_on_1", LESION_AT) for r in lesions]
    angle = [_mean_between(r, "angle_1", LESION_AT, LESION_AT + LESION_FOR) for r in lesions]
    lost = [100.0 - a for a in during]
    figures: list[str] = []
    if context.figures is not None:
        figures = _draw_lesion(context, group, lesions)
    return context.measurement(
        f"64-20-10: test error {spread(group.final('circuit'), '%')}, silenced from the start "
        f"{spread(group.final('silenced'), '%')}; 64-100-100-10 lesioned in training: {spread(before, '%')} right, "
        f"{spread(during, '%')} after {LESION_FOR} updates, ‖v_A‖ × {spread(flood, digits=0)}, "
        f"angle of W₁ {spread(angle, '°', 0)}",
        {
            "intact_error": group.final("circuit"),
            "silenced_error": group.final("silenced"),
            "hidden_frozen_error": group.final("shallow"),
            "accuracy_before_lesion": before,
            "accuracy_after_lesion": during,
            "accuracy_interneurons_back": after,
            "apical_growth": flood,
            "angle_in_lesion": angle,
        },
        do_interneurons_matter(group.final("circuit"), group.final("silenced"), flood, lost),
        lesions[0].device,
        [
            "Holds when a circuit silenced from the start mistakes at least twice as much on average, and a lesion in "
            "training makes ‖v_A‖ grow tenfold and leaves fewer than half the answers right, for every seed.",
            f"{AFTERWARDS} updates after the interneurons came back: {spread(after, '%')} right (hidden cells stay "
            "saturated).",
            SIZE_NOTE,
        ],
        figures,
    )


def _at(result: RunResult, curve: str, step: int) -> float:
    """The last value of a curve measured up to update number `step`."""
    steps, values = result.curves[curve]
    return float(values[steps <= step][-1])


def _mean_between(result: RunResult, curve: str, first: int, last: int) -> float:
    """Mean of a curve after update `first` up to `last`."""
    steps, values = result.curves[curve]
    return float(values[(steps > first) & (steps <= last)].mean())


def _draw_lesion(context: StudyContext, group: Group, lesions: Sequence[RunResult]) -> list[str]:
    assert context.figures is not None
    figure, (left, middle, right) = new_figure(3)
    bars: Mapping[str, list[float]] = {
        "intact": group.final("circuit"),
        "silenced": group.final("silenced"),
        "hidden frozen": group.final("shallow"),
    }
    draw_bars(left, bars, {}, "test error in %", "64-20-10")
    draw_over_seeds(middle, [r.curves["test_accuracy"] for r in lesions], "test accuracy", COLOURS["model"])
    middle.set(xlabel="updates", ylabel="%", title="64-100-100-10, interneurons silenced for a while")
    for area, colour in (("1", COLOURS["series0"]), ("2", COLOURS["series1"])):
        draw_over_seeds(right, [r.curves[f"apical_on_{area}"] for r in lesions], f"area {area}", colour)
    right.set(yscale="log", xlabel="updates", ylabel="‖v_A‖", title="Apical potentials, teacher on")
    right.legend()
    for axes in (middle, right):
        axes.axvspan(LESION_AT, LESION_AT + LESION_FOR, color=COLOURS["error"], alpha=0.15, linewidth=0)
    return write_figure(figure, context.figures, "interneurons")
