"""Studies of the three tasks: is planning better than attention on text, on circuits, on questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.papers.pag_views import NAMES, Model
from engine.studies import pag_races
from engine.studies.contract import Measurement, StudyContext, spread
from engine.studies.figures import new_figure, write_figure
from engine.studies.pag_drawing import COLOURS, STYLES, draw_models, draw_race, draw_reported
from engine.studies.pag_jobs import Race
from engine.studies.pag_races import BEYOND, Recipe, is_higher, listed, models_of, reached, scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_BLEU = 0.2  # points of BLEU that count as better; table 1 of the paper has 0.2 to 0.9
LEAST_POINTS = 3.0  # of exact match: the paper has 9.6, and one test circuit in 200 is half a point
LEAST_NATS = 0.01  # of a sequence; the paper's gain on questions is 0.8 of 66

PAPER_BLEU: dict[Model, float] = {
    "baseline": 21.69,
    "pag": 21.93,
    "rpag": 22.17,
}  # En-De newstest2014, quoted from memory
PAPER_CIRCUITS: dict[Model, float] = {"baseline": 90.4, "pag": 100.0}
PAPER_QUESTIONS: dict[Model, float] = {"baseline": 66.25, "pag": 65.45}
NOT_WMT = (
    "Not a WMT score: number words made here, letter by letter. The paper's figures are another task at another size "
    "and stand apart."
)

FULL_TEXT = Recipe("Multi30k English to German", "multi30k", 30_000)
FULL_CIRCUITS = Recipe("Eulerian circuits, the paper's stream", "euler-360", 100_000)
FULL_QUESTIONS = Recipe("SQuAD", "squad-qg", 100_000)


def _each(found: Sequence[Race], name: str, times: float = 100.0) -> dict[Model, list[float]]:
    return {model: scores(found, model, name, times) for model in models_of(found)}


def _values(measured: Mapping[str, Mapping[Model, list[float]]]) -> dict[str, list[float]]:
    return pag_races.finite({f"{what}, {NAMES[m]}": v for what, models in measured.items() for m, v in models.items()})


def _words(found: Sequence[Race], name: str, unit: str, digits: int, times: float = 100.0) -> str:
    return listed({m: spread(scores(found, m, name, times), unit, digits) for m in models_of(found)})


# --- text ---------------------------------------------------------------------------------------------------------


def measure_text(context: StudyContext) -> Measurement:
    """BLEU and exact match after the same updates."""
    recipe = FULL_TEXT if context.full else pag_races.text(context)
    found = pag_races.races(context, [recipe])[recipe.name]
    bleu, exact = _each(found, "bleu", 1.0), _each(found, "exact")
    figures: list[str] = []
    if context.figures is not None:
        figure, (left, middle, right) = new_figure(3)
        draw_models(left, {recipe.name: bleu}, "BLEU")
        draw_reported(middle, PAPER_BLEU, "BLEU", "WMT'15 English to German, newstest2014")
        _draw_by_size(right, found)
        figures = write_figure(figure, context.figures, "text")
    return context.measurement(
        f"{recipe.name}, {recipe.updates:,} updates: BLEU {_words(found, 'bleu', '', 2, 1.0)}; exact match "
        f"{_words(found, 'exact', '%', 1)}",
        pag_races.finite(
            {
                f"{what}, {NAMES[m]}": v
                for what, of in (("BLEU", bleu), ("exact match in %", exact))
                for m, v in of.items()
            }
        ),
        is_higher(bleu["pag"], bleu["baseline"], LEAST_BLEU),
        found[0].device,
        [
            f"Holds when PAG's mean BLEU is at least {LEAST_BLEU:g} above the baseline's, {BEYOND}.",
            f"BLEU by sacrebleu, {found[0].evaluation.bleu_signature}, on {found[0].evaluation.examples} held-out "
            "examples, greedy.",
            "Real captions." if context.full else NOT_WMT,
        ],
        figures,
    )


def _draw_by_size(axes: Axes, found: Sequence[Race]) -> None:
    """Exact match by source length."""
    for model in models_of(found):
        sizes = found[0].score(model).sizes
        share = 100.0 * np.mean([race.score(model).by_size for race in found], axis=0)
        axes.plot(sizes, share, STYLES[model], marker=".", color=COLOURS[model], label=NAMES[model])
    axes.set_xlabel(found[0].evaluation.size_name)
    axes.set_ylabel("exact match in %")
    axes.set_ylim(0.0, 103.0)
    axes.legend(fontsize=7)


# --- circuits -----------------------------------------------------------------------------------------------------


def measure_circuits(context: StudyContext) -> Measurement:
    """Exact, set match and validity of circuits of 8 nodes beside a distractor of 4."""
    recipe = FULL_CIRCUITS if context.full else pag_races.graphs(context)
    found = pag_races.races(context, [recipe])[recipe.name]
    kinds = {"exact": "exact", "same_set": "same set", "valid": "valid"}
    shares = {name: _each(found, name) for name in kinds}
    figures: list[str] = []
    if context.figures is not None:
        figure, (left, right) = new_figure(2, width=4.8)
        paper = {("same set", model): value for model, value in PAPER_CIRCUITS.items()}
        draw_models(left, {title: shares[name] for name, title in kinds.items()}, "% of test circuits", paper)
        draw_race(right, found, "exact", "exact match in %", models_of(found))
        figures = write_figure(figure, context.figures, "circuits")
    exact = shares["exact"]
    return context.measurement(
        f"after {recipe.updates:,} updates: exact {_words(found, 'exact', '%', 1)}; same set of nodes "
        f"{_words(found, 'same_set', '%', 1)}; valid {_words(found, 'valid', '%', 1)}",
        pag_races.finite(
            {f"{title} in %, {NAMES[m]}": v for name, title in kinds.items() for m, v in shares[name].items()}
        ),
        is_higher(exact["pag"], exact["baseline"], LEAST_POINTS),
        found[0].device,
        [
            f"Holds when PAG's mean exact match is at least {LEAST_POINTS:g} points above the baseline's, {BEYOND}.",
            "The released code compares sorted lists of nodes: the paper's figures stand beside “same set”.",
            "Sizes are mixed in training, which the paper's were not: every model then learns the task.",
        ],
        figures,
    )


# --- questions ----------------------------------------------------------------------------------------------------


def measure_questions(context: StudyContext) -> Measurement:
    """Held-out loss of questions after the same updates."""
    recipe = FULL_QUESTIONS if context.full else pag_races.questions(context)
    found = pag_races.races(context, [recipe])[recipe.name]
    nll, exact = _each(found, "nll", 1.0), _each(found, "exact")
    figures: list[str] = []
    if context.figures is not None:
        figure, (left, middle, right) = new_figure(3)
        draw_models(left, {recipe.name: nll}, "held-out nats per question")
        draw_reported(middle, PAPER_QUESTIONS, "nats per question", "SQuAD")
        draw_race(right, found, "exact", "exact match in %", models_of(found))
        figures = write_figure(figure, context.figures, "questions")
    needed = {m: reached(found, m).words() for m in models_of(found)}
    return context.measurement(
        f"{recipe.name}, {recipe.updates:,} updates: loss {_words(found, 'nll', 'nats', 3, 1.0)}; exact match "
        f"{_words(found, 'exact', '%', 1)}; to 95 % exact: {listed(needed)}",
        pag_races.finite(
            {
                f"{what}, {NAMES[m]}": v
                for what, of in (("nats", nll), ("exact match in %", exact))
                for m, v in of.items()
            }
        ),
        is_higher(_negative(nll["pag"]), _negative(nll["baseline"]), LEAST_NATS),
        found[0].device,
        [
            f"Holds when PAG's mean held-out loss is at least {LEAST_NATS:g} nats below the baseline's, {BEYOND}.",
            "SQuAD, pointer to 2,000 question words."
            if context.full
            else "Sentences from templates; the paper's figures are SQuAD's and stand apart.",
        ],
        figures,
    )


def _negative(values: Sequence[float]) -> list[float]:
    return [-v for v in values]
