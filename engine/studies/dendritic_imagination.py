"""Studies of disinhibition (arXiv version): denoising what is attended, generating digits from a class.

A cue supplies the class, so nothing here is an accuracy of classification.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.runtime.jobs import CallJob
from engine.studies.contract import Measurement, StudyContext, spread
from engine.studies.dendritic_jobs import Perception, perceive
from engine.studies.drawing import draw_bars, draw_pictures
from engine.studies.figures import new_figure, write_figure
from engine.studies.running import run

UPDATES = 12_000
FORM_NOTE = (
    "The paper shows pictures only; gates d (input area) and a (hidden area) and the learning of their top-down "
    "weights are our concrete form of it. 64-100-10, 8×8 digits, noise: clipped Gaussian with sd 0.4."
)


def _perceptions(context: StudyContext) -> list[Perception]:
    jobs = [
        CallJob(f"seed {seed}", perceive, {"seed": seed, "updates": UPDATES, "device": context.device})
        for seed in context.seeds
    ]
    return run(context, jobs)


def does_it_denoise(
    noisy: Sequence[float], uncued: Sequence[float], right: Sequence[float], wrong: Sequence[float]
) -> bool:
    """Squared distances to the clean picture, one a seed: halved without a cue, and less with the right cue than with
    a wrong one.
    """
    halved = all(u < 0.5 * n for n, u in zip(noisy, uncued, strict=True))
    return halved and all(r < w for r, w in zip(right, wrong, strict=True))


def measure_denoising(context: StudyContext) -> Measurement:
    """How much closer does the percept come to the clean picture, and what does a cue change?"""
    found = _perceptions(context)
    mse = {name: [p.mse[name] for p in found] for name in found[0].mse}
    attended = {name: [p.attended[name] for p in found] for name in found[0].attended}
    noisy, uncued = mse["noisy"], mse["noisy, d 0.7"]
    right, wrong = mse["noisy, d 0.7, a 0.5, right cue"], mse["noisy, d 0.7, a 0.5, wrong cue"]
    hidden, restored = mse["occluded"], mse["occluded, d 0.7, a 1, right cue"]
    figures: list[str] = []
    if context.figures is not None:
        figure, (left, middle) = new_figure(2, width=5.5, height=4.0)
        draw_pictures(left, found[0].pictures, found[0].row_names, "What the input area sees, and perceives")
        short = {name.replace("noisy, ", "").replace("occluded, ", ""): v for name, v in mse.items() if "noisy" in name}
        draw_bars(middle, short, {}, "squared distance to the clean picture", "Noisy digits")
        middle.tick_params(axis="x", labelsize=7)
        figures = write_figure(figure, context.figures, "denoise")
    return context.measurement(
        f"squared distance to the clean picture {spread(noisy, digits=2)}: {spread(uncued, digits=2)} perceived, "
        f"{spread(right, digits=2)} with the right cue, {spread(wrong, digits=2)} with a wrong one; lower half hidden: "
        f"{spread(hidden, digits=2)} to {spread(restored, digits=2)}; of two superposed digits the percept is named as "
        f"the attended one {spread(attended['cue, a 0.6'], '%', 0)} with a cue, "
        f"{spread(attended['no cue'], '%', 0)} without",
        {**mse, **{f"superposed, {name}": v for name, v in attended.items()}},
        does_it_denoise(noisy, uncued, right, wrong),
        found[0].device,
        [
            "Holds when, for every seed, the percept without a cue is less than half as far from the clean picture as "
            "the noisy one, and the right cue brings it closer than a wrong one.",
            "A cue supplies the class: what it does is attention, not classification.",
            FORM_NOTE,
        ],
        figures,
    )


def are_digits_generated(recognised: Sequence[np.ndarray], distances: Sequence[np.ndarray]) -> bool:
    """Whether all ten dreams, for every seed, are named by the net as their class and lie nearest to its mean."""
    classes = np.arange(len(recognised[0]))
    named = all(np.array_equal(said, classes) for said in recognised)
    return named and all(np.array_equal(d.argmin(axis=1), classes) for d in distances)


def measure_generation(context: StudyContext) -> Measurement:
    """Are the pictures that come down from a clamped class digits of that class?"""
    found = _perceptions(context)
    named = [float((p.recognised == np.arange(10)).sum()) for p in found]
    nearest = [float((p.distances.argmin(axis=1) == np.arange(10)).sum()) for p in found]
    own = [float(np.diagonal(p.distances).max()) for p in found]
    natural = [float(p.natural.mean()) for p in found]
    figures: list[str] = []
    if context.figures is not None:
        figure, (axes,) = new_figure(1, width=7.5, height=2.6)
        rows = np.stack([*(p.dream for p in found), found[0].means])
        names = [*(f"dreamt, seed {seed}" for seed in context.seeds), "class means"]
        draw_pictures(axes, rows, names, "Generated from the class alone (d = a = 1)")
        figures = write_figure(figure, context.figures, "generate")
    return context.measurement(
        f"{spread(named, 'of 10', 0)} recognised by the net itself, {spread(nearest, 'of 10', 0)} nearest to the mean "
        f"of their class; farthest dream {spread(own, digits=2)} from it (squared; test digits: "
        f"{spread(natural, digits=1)} on average)",
        {"recognised": named, "nearest_to_own_mean": nearest, "farthest_from_own_mean": own, "test_digits": natural},
        are_digits_generated([p.recognised for p in found], [p.distances for p in found]),
        found[0].device,
        [
            "Holds when, for every seed, the net names all ten generated pictures as their class and each is nearest "
            "to the mean training picture of its class.",
            "The dreams are close to the class means: a class alone carries no individual handwriting.",
            FORM_NOTE,
        ],
        figures,
    )
