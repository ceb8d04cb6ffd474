"""Studies of learning on the default text task: alignments, speed by updates and by seconds, equal parameter counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.papers.pag_views import NAMES, Model
from engine.studies import pag_races
from engine.studies.contract import Measurement, StudyContext, spread
from engine.studies.drawing import draw_bars
from engine.studies.figures import new_figure, write_figure
from engine.studies.pag_drawing import COLOURS, draw_models, draw_race
from engine.studies.pag_jobs import GALLERY, Race, wider_baseline
from engine.studies.pag_races import BEYOND, Recipe, is_higher, listed, models_of, reached, scores

LEAST_HITS = 5.0  # points of alignment accuracy that count as more intuitive
PAPER_TIMES = 39.84 / 34.23  # the wide baseline of the repository against PAG, computed from the shapes in the code
GOLD = "#009e73"

# --- alignments ---------------------------------------------------------------------------------------------------


def measure_alignments(context: StudyContext) -> Measurement:
    """Is the strongest source word of a letter the true one?"""
    recipe = pag_races.text(context)
    found = pag_races.races(context, [recipe])[recipe.name]
    hits = {m: [100.0 * float(race.runner(m).hits[-1]) for race in found] for m in models_of(found)}
    monotone = {
        m: [100.0 * float(race.gallery.monotone[race.gallery.models.index(m)]) for race in found]
        for m in models_of(found)
    }
    right, forward = ({m: spread(values, "%", 0) for m, values in v.items()} for v in (hits, monotone))
    return context.measurement(
        f"letters whose strongest source word is the true one: {listed(right)}; steps at which it does not move back: "
        f"{listed(forward)}",
        pag_races.finite(
            {
                **{f"alignment accuracy in %, {NAMES[m]}": v for m, v in hits.items()},
                **{f"steps without moving back in %, {NAMES[m]}": v for m, v in monotone.items()},
            }
        ),
        is_higher(hits["pag"], hits["baseline"], LEAST_HITS),
        found[0].device,
        [
            f"Holds when PAG's mean accuracy is at least {LEAST_HITS:g} points above the baseline's, {BEYOND}.",
            "The true source word of each letter is known because the number words are made here; the linking “und” "
            "has none. German says units before tens: moving back once is right there. True letters stand before each.",
            "A prototype of this model had 72 to 79 % for PAG after 300 updates: not reproduced. Clip, order of the "
            "batches, update gate, summary of the old plan, bias, price and the commitment's gradient were each "
            "changed on one to three seeds; none gave more than 68 %.",
        ],
        _draw_alignments(context, found, hits),
    )


def _draw_alignments(context: StudyContext, found: Sequence[Race], hits: dict[Model, list[float]]) -> list[str]:
    """The maps of a fixed list of held-out examples, same order for all models, and the score."""
    if context.figures is None:
        return []
    gallery = found[0].gallery
    figure, panels = new_figure(len(gallery.models) + 1, GALLERY)
    for row, (words, maps) in enumerate(zip(gallery.words, gallery.maps, strict=True)):
        across = panels[row * (len(gallery.models) + 1) : (row + 1) * (len(gallery.models) + 1)]
        for axes, drawn in zip(across, maps, strict=False):
            axes.imshow(drawn.alpha.T, cmap="Greys", vmin=0.0, vmax=1.0, aspect="auto", interpolation="nearest")
            known = np.flatnonzero(drawn.gold >= 0)
            axes.plot(known, drawn.gold[known], ".", color=GOLD, markersize=3)
            for step in np.flatnonzero(drawn.replanned) if drawn.model != "baseline" else ():
                axes.axvline(step - 0.5, color=COLOURS[drawn.model], linewidth=0.5, alpha=0.6)
            axes.set_yticks(range(len(words)), list(words), fontsize=7)
            axes.set_xticks(range(len(drawn.shown)), list(drawn.shown), fontsize=6)
            axes.set_title(f"{NAMES[drawn.model]}: {100 * drawn.hits:.0f} %", fontsize=8)
        if row:
            across[-1].set_axis_off()
    draw_models(panels[len(gallery.models)], {"held-out numbers": hits}, "letters at the true word, %")
    return write_figure(figure, context.figures, "alignments")


# --- speed --------------------------------------------------------------------------------------------------------


def is_faster(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Fewer updates (or seconds) on average, and on no seed more."""
    gaps = np.array(ours) - np.array(theirs)
    return bool(gaps.mean() < 0.0 and (gaps <= 0.0).all())


def measure_faster(context: StudyContext) -> Measurement:
    """Updates and seconds to 95 % exact match."""
    recipe = pag_races.text(context)
    found = pag_races.races(context, [recipe])[recipe.name]
    needed = {m: reached(found, m) for m in models_of(found)}
    each = {m: spread([race.runner(m).ms_per_update for race in found], "ms", 0) for m in needed}
    figures: list[str] = []
    if context.figures is not None:
        figure, (left, right) = new_figure(2)
        draw_race(left, found, "exact", "exact match in %", models_of(found))
        draw_race(right, found, "exact", "exact match in %", models_of(found), by_seconds=True)
        figures = write_figure(figure, context.figures, "faster")
    by_clock = is_faster(needed["pag"].seconds, needed["baseline"].seconds)
    return context.measurement(
        f"to 95 % exact match: {listed({m: r.words() for m, r in needed.items()})}. By the clock PAG is "
        f"{'first' if by_clock else 'not faster'}: one update takes {listed(each)}",
        pag_races.finite(
            {
                **{f"updates to 95 %, {NAMES[m]}": r.updates for m, r in needed.items()},
                **{f"seconds to 95 %, {NAMES[m]}": r.seconds for m, r in needed.items()},
            }
        ),
        is_faster(needed["pag"].updates, needed["baseline"].updates),
        found[0].device,
        [
            "Holds, by updates as in the paper's figure, when PAG needs fewer on average and on no seed more than the "
            "baseline. By seconds is said beside it.",
            "Held-out exact match is looked at every 10 updates up to 200, then every 20. Where a model did not get to "
            "95 %, the length of the race counts.",
        ],
        figures,
    )


# --- parameters ---------------------------------------------------------------------------------------------------


def measure_parameters(context: StudyContext) -> Measurement:
    """PAG against a baseline with as many parameters, and against one as much wider as the paper's."""
    recipe = pag_races.text(context)
    equal_width, equal_size, pag_size = wider_baseline(recipe.preset, 1.0)
    wide_width, wide_size, _ = wider_baseline(recipe.preset, PAPER_TIMES)
    titles = {
        "baseline, same width": None,
        "baseline, equal count": _baseline("equal count", recipe, equal_width),
        "baseline, wide": _baseline("wide", recipe, wide_width),
    }
    trained = pag_races.races(context, [recipe, *(r for r in titles.values() if r is not None)])
    shared = trained[recipe.name]
    baselines = {title: trained[r.name] if r is not None else shared for title, r in titles.items()}
    nll = {"PAG": scores(shared, "pag", "nll", 1.0)} | {
        t: scores(f, "baseline", "nll", 1.0) for t, f in baselines.items()
    }
    exact = {"PAG": scores(shared, "pag", "exact")} | {t: scores(f, "baseline", "exact") for t, f in baselines.items()}
    needed = {"PAG": reached(shared, "pag")} | {t: reached(f, "baseline") for t, f in baselines.items()}
    sizes = {"PAG": pag_size, "baseline, same width": shared[0].runner("baseline").parameters,
             "baseline, equal count": equal_size, "baseline, wide": wide_size}  # fmt: skip
    planner = shared[0].runner("pag").planner
    figures: list[str] = []
    if context.figures is not None:
        figure, (left, right) = new_figure(2, width=5.0)
        bars = {f"{t}\n{sizes[t]:,}": r.updates for t, r in needed.items()}
        draw_bars(left, bars, {}, "updates to 95 % exact match", "by number of parameters")
        draw_bars(right, {f"{t}\n{sizes[t]:,}": v for t, v in nll.items()}, {}, "held-out nats per word", "at the end")
        figures = write_figure(figure, context.figures, "parameters")
    worse = [t for t in ("baseline, equal count", "baseline, wide") if not _is_better(nll["PAG"], nll[t])]
    return context.measurement(
        "; ".join(
            f"{t} ({sizes[t]:,} parameters): loss {spread(nll[t], 'nats', 3)}, exact {spread(exact[t], '%', 1)}, "
            f"95 % after {spread(needed[t].updates, 'updates', 0)}"
            for t in nll
        )
        + f". The planner is {planner:,} of PAG's parameters",
        pag_races.finite(
            {
                **{f"nats, {t}": v for t, v in nll.items()},
                **{f"exact match in %, {t}": v for t, v in exact.items()},
                **{f"updates to 95 %, {t}": r.updates for t, r in needed.items()},
                **{f"parameters, {t}": [float(n)] for t, n in sizes.items()},
            }
        ),
        not worse,
        shared[0].device,
        [
            "Holds when PAG's mean held-out loss is below that of the baseline with as many parameters and of the one "
            f"{PAPER_TIMES:.2f} times as large (the paper's proportion), {BEYOND}.",
            "At equal width planning adds parameters; the paper's “fewer” is against a wider baseline.",
        ],
        figures,
    )


def _baseline(name: str, like: Recipe, width: int) -> Recipe:
    return Recipe(f"baseline, {name}", like.preset, like.updates, {"models": "baseline", "width": width})


def _is_better(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    return is_higher([-v for v in ours], [-v for v in theirs], 0.0)
