"""The comparison learners of this paper: each trains on the same batches and is drawn as a dashed curve."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, get_args

from engine.papers.dendritic_views import BaselineArguments, BaselineKind
from gui.widgets.curves import Curves
from gui.widgets.rivals import Plotted, Rival, Rivals

if TYPE_CHECKING:
    from gui.shell.bench import Bench

KINDS: tuple[BaselineKind, ...] = get_args(BaselineKind)
TIPS = {
    "backprop": "The exact gradient at its own good rates",
    "shallow": "Hidden weights stay as drawn: only the output learns",
    "transpose": "Feedback is the initial transpose of the forward weights",
    "untracked": "P frozen: the interneurons cannot follow the next area",
    "silenced": "Interneurons off from the start",
}
COLOURS = {
    "backprop": "baseline",
    "shallow": "series5",
    "transpose": "series2",
    "untracked": "series3",
    "silenced": "series6",
}
STEPS = 4000


def baselines(bench: Bench, accuracy: Curves, error: Curves) -> Rivals:
    """The row of buttons; draws into two plots (accuracy in %, squared error)."""
    rivals = [
        Rival(
            kind,
            f"{TIPS[kind]}; {STEPS:,} updates on the same batches, dashed",
            COLOURS[kind],
            partial(BaselineArguments, kind=kind, steps=STEPS),
        )
        for kind in KINDS
    ]
    return Rivals(bench, "baseline", rivals, (Plotted(accuracy, "accuracy", " %"), Plotted(error, "error")))
