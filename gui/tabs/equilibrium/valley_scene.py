"""The dashboard: two neurons on their energy surface, both arrows over time, and the digit network beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.papers.equilibrium_views import DreamView, MomentsQuery, MomentsView, ValleyView
from gui.shell.rows import label
from gui.tabs.equilibrium.moment_cloud import MomentCloud, verdict
from gui.tabs.equilibrium.names import EP, FREE, NUDGED, SIDE, has_pictures
from gui.tabs.equilibrium.valley_controls import ValleyControls
from gui.tabs.equilibrium.valley_map import ValleyMap
from gui.widgets.big_number import BigNumber
from gui.widgets.curves import Curves
from gui.widgets.image_grid import ImageGrid
from gui.widgets.legend import LegendEntry
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.painted import number
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.probing import when_there_is_one
from gui.widgets.stacked import Stacked
from gui.widgets.timeline import Timeline

if TYPE_CHECKING:
    from gui.shell.bench import Bench

RATE = 20.0
"""Moments a second while the ball rolls by itself."""
PHASES = (
    "Free phase: both neurons slide down the energy E, which knows nothing of the target.",
    "Second phase: the nudge tilts the valley. Solid: velocity/β of the ball; dashed: what the side network computed.",
)


class ValleyScene(QWidget):
    """Six panels; the ball needs an engine but no training."""

    def __init__(self, bench: Bench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        valley, arrows, energy = self._valley_panel(), self._arrows_panel(), self._energy_panel()
        lower = (self._learning_panel(), self._cloud_panel(), self._dream_panel())
        self.symbols = {"valley": valley, "arrows": arrows, "energy": energy}
        self.grid = PanelGrid()
        upper = row(valley, column(arrows, energy), stretch=(5, 3))
        self.grid.arrange(column(upper, row(*lower, stretch=(4, 3, 4)), stretch=(5, 3)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        bench.run_state_changed.connect(self.on_run_state_changed)
        bench.params_changed.connect(self.on_run_state_changed)
        self.on_run_state_changed()

    # --- the valley ---------------------------------------------------------------------------------------------

    def _valley_panel(self) -> Panel:
        self.map, self.controls = ValleyMap(), ValleyControls()
        self.timeline = Timeline("moments of both phases", surface="card")
        self.timeline.set_rate(RATE)
        self.timeline.set_loop(True)
        self.timeline.set_text(self.moment_text)
        self.words = label(PHASES[0], "muted", wrap=True)
        self.words.setMinimumHeight(2 * self.fontMetrics().height() + 2)
        body = QWidget()
        across = QHBoxLayout(body)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(self.map, 5)
        across.addWidget(self.controls, 3)
        below = QWidget()
        down = QVBoxLayout(below)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(2)
        down.addWidget(self.timeline)
        down.addWidget(self.words)
        legend = [LegendEntry("EP velocity/β", EP), LegendEntry("side network", SIDE, "dashed")]
        self.valley_panel = self._bench.panel(
            "Valley: two neurons, one energy", Stacked(self.map, body=body, below=below)
        )
        self.valley_panel.set_legend([*legend, LegendEntry("free", FREE), LegendEntry("nudged", NUDGED)])
        self._watch = self._bench.watch(
            "valley", self.valley_panel, when_there_is_one(self.draw_valley), self.controls.query
        )
        self.timeline.position_changed.connect(self.on_moment)
        self.controls.changed.connect(lambda: self._watch.set_query(self.controls.query))
        self.controls.roll_wanted.connect(self.on_roll)
        self.controls.nudge_wanted.connect(self.on_nudge)
        self.map.start_moved.connect(self.on_start_moved)
        self.map.target_moved.connect(lambda y: self.controls.set_query(y=y))
        self.map.released.connect(self.timeline.play)
        return self.valley_panel

    def draw_valley(self, view: ValleyView) -> None:
        """Both phases of another valley; playing goes on where it was."""
        is_first = self.map.view is None
        self.map.show_view(view, self.controls.query.y)
        self.timeline.set_length(len(view.free) + len(view.nudged))
        self.timeline.clear_marks()
        self.timeline.add_mark(len(view.free), "the nudge begins", NUDGED)
        if is_first:
            self.timeline.set_position(0)
            self.timeline.play()
        self._draw_arrows(view)
        self._draw_energy(view)
        self.on_moment(self.timeline.position)

    def moment_text(self, moment: int) -> str:
        """Phase and time, as the timeline names them."""
        view = self.map.view
        if view is None:
            return ""
        nudged = moment - len(view.free)
        if nudged < 0:
            return f"free, t = {float(view.time[moment]):.1f}"
        return f"nudged, t = {float(view.time[min(nudged, len(view.time) - 1)]):.1f}"

    def on_moment(self, moment: int) -> None:
        """Show this moment everywhere."""
        view = self.map.view
        if view is None:
            return
        self.map.show_moment(moment)
        nudged = self.map.nudged_moment
        time = view.time[min(max(nudged, 0), len(view.time) - 1)]
        self.arrows.set_cursor(float(time) if nudged >= 0 else None)
        free = view.time[min(moment, len(view.time) - 1)]
        self.energy.set_cursor(float(view.time[-1] + time) if nudged >= 0 else float(free))
        self.words.setText(PHASES[nudged >= 0])
        self.cloud.show_share(max(0, nudged) / max(1, len(view.nudged) - 1))

    def on_start_moved(self, h: float, o: float) -> None:
        """The ball is in the hand: the free phase starts here."""
        self.timeline.pause()
        self.timeline.set_position(0)
        self.controls.set_query(start=(h, o))

    def on_roll(self) -> None:
        """The free phase, from its start."""
        self.timeline.set_position(0)
        self.timeline.play()

    def on_nudge(self) -> None:
        """The second phase, from rest."""
        if self.map.view is not None:
            self.timeline.set_position(len(self.map.view.free))
            self.timeline.play()

    # --- both arrows, and the energy ----------------------------------------------------------------------------

    def _arrows_panel(self) -> Panel:
        self.arrows = LinesPlot(
            "velocity/β and side network over time", "time since the nudge", "change per time and β"
        )
        self.gap = BigNumber("gap of the arrows")
        self.gap.setFixedWidth(100)
        body = QWidget()
        across = QHBoxLayout(body)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(self.arrows, 1)
        across.addWidget(self.gap)
        return self._bench.panel("Both processes", Stacked(self.arrows, body=body))

    def _draw_arrows(self, view: ValleyView) -> None:
        time = view.time[: len(view.velocity)]
        lines = []
        for i, name in enumerate(("hidden h", "output o")):
            ep, side = ("", "") if i else ("velocity/β", "side network")
            lines.append(Line(ep, EP, time, view.velocity[:, i], hover=f"{name}, velocity/β"))
            lines.append(Line(side, SIDE, time, view.side[:, i], dashed=True, hover=f"{name}, side network"))
        self.arrows.set_lines(lines)
        self.gap.set_value(view.gap, verdict(view.gap, fine=5e-2))

    def _energy_panel(self) -> Panel:
        self.energy = LinesPlot("energy on the way", "time", "energy")
        return self._bench.panel("Energy on the way down", self.energy)

    def _draw_energy(self, view: ValleyView) -> None:
        later = view.time[-1] + view.time
        self.energy.set_lines(
            [
                Line("E, free", FREE, view.time, view.energy_along_free),
                Line("E + βC, nudged", NUDGED, later, view.energy_along_nudged),
            ]
        )

    # --- the digit network --------------------------------------------------------------------------------------

    def _learning_panel(self) -> Panel:
        self.accuracy = Curves("accuracy (%)", name="test accuracy over updates")
        self._bench.curves(self.accuracy, "test_accuracy")
        self.learning_panel = self._bench.panel("Learning by nudges", self.accuracy)
        return self.learning_panel

    def _cloud_panel(self) -> Panel:
        self.cloud = MomentCloud()
        self.cloud_panel = self._bench.panel("Digit neurons", self.cloud)
        query = MomentsQuery(images=8, steps=60, epsilon=0.1, rho="smooth")
        self._bench.watch("moments", self.cloud_panel, when_there_is_one(self.draw_cloud), query)
        return self.cloud_panel

    def draw_cloud(self, view: MomentsView) -> None:
        """One dot per neuron and picture."""
        self.cloud_panel.set_empty("")
        self.cloud.show_view(view)
        self._bench.explain("gap", number(view.gap, 2))

    def _dream_panel(self) -> Panel:
        self.dreams = ImageGrid(5, table="grey", low=0.0, high=1.0, name="a digit dreamt from each class")
        self.dream_panel = self._bench.panel("Dreams of each class", self.dreams)
        self._bench.watch("dream", self.dream_panel, when_there_is_one(self.draw_dream))
        return self.dream_panel

    def draw_dream(self, view: DreamView) -> None:
        """One picture per class, with what the network sees in it."""
        if self._bench.step:
            self.dream_panel.set_empty("")
        seen = [str(k) if k == r else f"{k} → {r}" for k, r in enumerate(view.recognised.tolist())]
        self.dreams.set_images(np.nan_to_num(view.images), seen)

    # --- state --------------------------------------------------------------------------------------------------

    def on_run_state_changed(self, _what: object = None) -> None:
        """Panels that have nothing to show say what brings them to life."""
        pictures, state = has_pictures(self._bench.params), self._bench.run_state
        no_digits = "" if pictures else "This task has no pictures: choose a digits preset."
        untrained = no_digits or ("" if self._bench.step else "Press Train: the dreams need trained weights.")
        self.learning_panel.set_empty(no_digits)
        if not pictures or not self._bench.step:
            self.dream_panel.set_empty(untrained)
        if state in ("failed", "stopped") and self.map.view is None:
            self.map.message = "The engine has ended: press Train to start it again."
            self.map.refresh()
