"""What the figures of the planner's studies are made of: a colour a model, bands over seeds, hatched reported bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.papers.pag_views import NAMES, Model
from engine.studies.figures import COLOURS as MEANINGS
from engine.studies.pag_jobs import Race

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS: dict[str, str] = {"baseline": "#7f7f7f", "pag": "#0072b2", "rpag": "#e69f00"}
STYLES: dict[str, str] = {"baseline": ":", "pag": "-", "rpag": "--"}  # curves that coincide stay visible
REPORTED = "paper (unverified)"
_BAR = 0.26


def draw_race(
    axes: Axes, found: Sequence[Race], name: str, label: str, models: Sequence[Model], by_seconds: bool = False
) -> None:
    """A share (0..1) in % over updates or seconds: mean over seeds, their range as a band."""
    for model in models:
        runners = [race.runner(model) for race in found]
        x = np.mean([r.seconds if by_seconds else r.steps for r in runners], axis=0)
        y = 100.0 * np.array([getattr(r, name) for r in runners])
        axes.fill_between(x, y.min(0), y.max(0), color=COLOURS[model], alpha=0.15, linewidth=0)
        axes.plot(x, y.mean(0), STYLES[model], color=COLOURS[model], label=NAMES[model])
    axes.set_xlabel(found[0].race.clock if by_seconds else "updates")
    axes.set_ylabel(label)
    axes.set_ylim(0.0, 103.0)
    axes.legend(fontsize=7)


def draw_models(
    axes: Axes, groups: Mapping[str, Mapping[Model, Sequence[float]]], unit: str,
    paper: Mapping[tuple[str, Model], float] | None = None,
) -> None:  # fmt: skip
    """Groups of bars, one a model: mean over seeds, a dot a seed; hollow over it the paper's figure if it has one."""
    shown: set[str] = set()
    for place, (group, bars) in enumerate(groups.items()):
        for number, (model, values) in enumerate(bars.items()):
            at = place + (number - (len(bars) - 1) / 2) * _BAR
            mean = float(np.mean(values))
            label = NAMES[model] if model not in shown else None
            axes.bar(at, mean, 0.9 * _BAR, color=COLOURS[model], alpha=0.75, label=label)
            axes.plot([at] * len(values), values, ".", color="black", markersize=3)
            axes.annotate(f"{mean:.3g}", (at, max(values)), (0, 3), textcoords="offset points", ha="center", fontsize=7)
            shown.add(model)
            if paper is not None and (group, model) in paper:
                name = REPORTED if REPORTED not in shown else None
                axes.bar(
                    at, paper[group, model], _BAR, fill=False, edgecolor=MEANINGS["paper"], linewidth=1.4, label=name
                )
                shown.add(REPORTED)
    axes.set_xticks(range(len(groups)), list(groups))
    axes.set_ylabel(unit)
    axes.margins(y=0.15)
    axes.legend(fontsize=7, loc="lower right")


def draw_reported(axes: Axes, values: Mapping[Model, float], unit: str, title: str) -> None:
    """The paper's figures alone, hatched: another task at another size, which nobody here has verified."""
    for place, (model, value) in enumerate(values.items()):
        axes.bar(place, value, 0.6, fill=False, hatch="//", edgecolor=COLOURS[model], linewidth=1.2,
                 label=REPORTED if place == 0 else None)  # fmt: skip
        axes.annotate(f"{value:g}", (place, value), (0, 3), textcoords="offset points", ha="center", fontsize=8)
    axes.set_xticks(range(len(values)), [NAMES[model] for model in values])
    axes.set_ylabel(unit)
    axes.set_title(title)
    axes.margins(y=0.15)
    axes.legend(fontsize=7, loc="lower right")
