"""What figures of studies are made of: bars with the paper's figure hollow beside them, curves over seeds, pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.studies.figures import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BAR = 0.38


def draw_bars(
    axes: Axes,
    measured: Mapping[str, Sequence[float]],
    paper: Mapping[str, float],
    unit: str,
    title: str,
    paper_label: str = "paper",
) -> None:
    """Filled: mean over seeds, a dot for each seed; hollow: the paper's figure where it gives one."""
    for place, (name, values) in enumerate(measured.items()):
        has_paper = name in paper
        at = place - (_BAR / 2 if has_paper else 0.0)
        mean = float(np.mean(values))
        axes.bar(at, mean, _BAR, color=COLOURS["model"], alpha=0.75, label="measured here" if place == 0 else None)
        axes.plot([at] * len(values), values, ".", color="black", markersize=4)
        axes.annotate(f"{mean:.3g}", (at, max(values)), (0, 3), textcoords="offset points", ha="center", fontsize=8)
        if has_paper:
            beside, theirs = place + _BAR / 2, paper[name]
            is_first = name == next(iter(paper))
            axes.bar(beside, theirs, _BAR, fill=False, edgecolor=COLOURS["paper"], linewidth=1.4,
                     label=paper_label if is_first else None)  # fmt: skip
            axes.annotate(f"{theirs:g}", (beside, theirs), (0, 3), textcoords="offset points", ha="center",
                          fontsize=8, color=COLOURS["paper"])  # fmt: skip
    is_crowded = len(measured) > 3
    axes.set_xticks(range(len(measured)), list(measured), rotation=20 if is_crowded else 0)
    axes.tick_params(axis="x", labelsize=8 if is_crowded else 9)
    axes.set_ylabel(unit)
    axes.set_title(title)
    axes.margins(y=0.15)
    if paper:
        axes.legend()


def draw_over_seeds(
    axes: Axes, runs: Sequence[tuple[np.ndarray, np.ndarray]], label: str, colour: str, dashed: bool = False
) -> None:
    """One curve: (x [T], y [T]) of each seed thin, their mean thick. All seeds were measured at the same x."""
    style = "--" if dashed else "-"
    for x, y in runs if len(runs) > 1 else ():
        axes.plot(x, y, style, color=colour, alpha=0.25, linewidth=0.8)
    axes.plot(runs[0][0], np.mean([y for _, y in runs], axis=0), style, color=colour, label=label)


def draw_pictures(axes: Axes, pictures: np.ndarray, row_names: Sequence[str], title: str = "") -> None:
    """Grey pictures [rows, columns, h, w] in 0..1, black on white, a name before each row."""
    rows, columns, h, w = pictures.shape
    gap = max(1, h // 8)
    sheet = np.zeros((rows * (h + gap), columns * (w + gap)))
    for r in range(rows):
        for c in range(columns):
            sheet[r * (h + gap) : r * (h + gap) + h, c * (w + gap) : c * (w + gap) + w] = pictures[r, c]
    axes.imshow(1.0 - sheet, cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest")
    axes.set_yticks([r * (h + gap) + h / 2 for r in range(rows)], list(row_names), fontsize=8)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title)
