"""Figures of the studies: one way to make them, one way to write them. matplotlib is imported when one is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Meanings, as in the window's theme; told apart by colour-blind readers (Okabe and Ito's order of hues).
COLOURS = {
    "model": "#0072b2",
    "baseline": "#7f7f7f",
    "paper": "#d55e00",
    "target": "#009e73",
    "error": "#cc79a7",
    "data": "#e69f00",
    "series0": "#0072b2",
    "series1": "#e69f00",
    "series2": "#009e73",
    "series3": "#cc79a7",
}
_STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "svg.hashsalt": "atelier",
    "svg.fonttype": "none",
}


def new_figure(columns: int = 1, rows: int = 1, width: float = 4.2, height: float = 3.0) -> tuple[Figure, list[Axes]]:
    """A figure of rows x columns panels, each `width` x `height` inches, and its axes row by row.

    Made without pyplot: no window system, no global state, safe in any thread that has the figure to itself.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False)
    return figure, list(panels.flat)


def write_figure(figure: Figure, folder: Path, name: str) -> list[str]:
    """Writes ``NAME.svg`` and ``NAME.png`` (144 dpi) into `folder` and returns the file names.

    Equal figures give equal files: no date is written into them. Raises `OSError`.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_STYLE):
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})
        FigureCanvasAgg(figure)
        figure.savefig(folder / f"{name}.png", dpi=144, metadata={"Software": None})
    return [f"{name}.svg", f"{name}.png"]
