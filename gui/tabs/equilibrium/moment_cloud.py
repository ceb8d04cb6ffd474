"""All neurons at one moment: side network along x, minus velocity/β along y; equal means on the diagonal."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from engine.papers.equilibrium_views import MomentsView
from gui.tabs.equilibrium.names import layer_name
from gui.widgets.painted import number, symmetric_range
from gui.widgets.scatter import Scatter


class MomentCloud(Scatter):
    """One cloud per layer; the axes hold still over time, so the cloud is seen to breathe.

    Each layer is drawn relative to its own largest value: derivatives of hidden neurons are far smaller than those of
    outputs, and would all lie at the origin. The pointer tells the true values.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        self.view: MomentsView | None = None
        self.moment = 0
        self._members: list[tuple[str, NDArray[np.intp]]] = []
        self._tops: dict[str, float] = {}
        super().__init__(
            "side network S̄, relative",
            "EP: −velocity / β",
            name="neurons: EP against side network",
            parent=parent,
        )

    def show_view(self, view: MomentsView) -> None:
        """Another comparison; the moment stays as far as there is one."""
        self.view = view
        layers = int(view.point_layer.max()) if view.point_layer.size else 0
        old = {name for name, _ in self._members}
        self._members = [(layer_name(k, layers), np.flatnonzero(view.point_layer == k)) for k in range(1, layers + 1)]
        known = self.data()
        for i, (name, _) in enumerate(self._members):
            if f"{name} x" not in known:
                self.add_cloud(name, "series1" if name == "output" else f"series{(0, 2, 3)[i % 3]}")
        for name in old - {name for name, _ in self._members}:
            self.set_points(name, [], [])
        self._tops = {name: symmetric_range(view.rbp[:, members]) for name, members in self._members}
        self.set_extent(-1.1, 1.1)
        self.show_moment(self.moment)

    def show_moment(self, moment: int) -> None:
        """Points of this moment."""
        view = self.view
        if view is None or not len(view.time):
            return
        self.moment = max(0, min(moment, len(view.time) - 1))
        for name, members in self._members:
            top = self._tops[name]
            self.set_points(name, view.rbp[self.moment, members] / top, view.ep[self.moment, members] / top)

    def show_share(self, share: float) -> None:
        """The moment at this share (0..1) of the time."""
        if self.view is not None:
            self.show_moment(round(share * (len(self.view.time) - 1)))

    def hover_text(self, x: float, y: float) -> str:
        """Which neuron of which picture."""
        nearest = self._nearest(x, y)
        if nearest is None or self.view is None:
            return ""
        name, i, px, py = nearest
        point = dict(self._members)[name][i]
        px, py = px * self._tops[name], py * self._tops[name]
        where = f"{name}, neuron {self.view.point_unit[point]}, picture {self.view.point_image[point]}"
        return f"{where}\nside network {number(px)}\n−velocity / β {number(py)}\napart by {number(abs(px - py))}"


def moment_text(view: MomentsView | None, moment: int) -> str:
    """Name of a moment: its time in units of the neurons' own time constant."""
    if view is None or not 0 <= moment < len(view.time):
        return ""
    return f"t = {float(view.time[moment]):.1f}"


def verdict(gap: float, fine: float = 1e-2) -> str:
    """Colour of a relative distance: agrees (below `fine`), nearly, does not (ten times that)."""
    if not np.isfinite(gap):
        return "muted"
    return "good" if gap < fine else "warning" if gap < 10 * fine else "bad"


def points_drawn(view: MomentsView) -> dict[str, NDArray[Any]]:
    """All moments of all points, for an export of more than one moment."""
    names = ("time", "rbp", "ep", "point_layer", "point_unit", "point_image", "gap_units", "gap_weights")
    return {name: getattr(view, name) for name in names}
