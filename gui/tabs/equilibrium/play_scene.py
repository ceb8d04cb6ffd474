"""A hand on the network: paint, watch it settle, hold neurons, pull outputs, dream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.papers.equilibrium_views import DreamQuery, DreamView, PlayView
from gui.tabs.equilibrium.layers_view import LayersView
from gui.tabs.equilibrium.names import EP, has_pictures
from gui.tabs.equilibrium.playing import PlayControls, Playing, PlayPad
from gui.widgets.flow import FlowRow
from gui.widgets.image_grid import ImageGrid
from gui.widgets.legend import LegendEntry
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.painted import number
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.probing import Probing, when_there_is_one
from gui.widgets.segments import switch
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench


class PlayScene(QWidget):
    """Pad and hand at the left, the layers in the middle, energy and dreams below; training is not touched."""

    def __init__(self, bench: Bench, probing: Probing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        self.playing = Playing(probing, self)
        self.pad, self.controls, self.layers = PlayPad(probing), PlayControls(bench, self.playing), LayersView()
        self.layers.unit_clicked.connect(self.playing.clamp_next)
        self.layers.pulled.connect(self.playing.pull)
        self.layers.released.connect(self.playing.let_go)
        self.energy = LinesPlot("energy while it settles", "time", "energy")
        self.dreams = ImageGrid(5, table="grey", low=0.0, high=1.0, name="a digit dreamt from each class")
        self.dreams.selected.connect(self.playing.dream)
        self.helped = switch("Lean on the mean picture", "Down: readable digits; up: the weights alone, harsh strokes")
        self.helped.setChecked(True)
        self.helped.toggled.connect(self.on_helped)
        self.layers_panel = bench.panel("The network settles", self.layers)
        hands = ("click: hold a neuron", "drag: pull an output")
        self.layers_panel.set_legend([LegendEntry(text, "muted", "none") for text in hands])
        self.energy_panel = bench.panel("Its energy", self.energy)
        above = FlowRow((self.helped,))
        self.dream_panel = bench.panel("Dreams: click one", Stacked(self.dreams, above=above))
        self.panels = (self.layers_panel, self.energy_panel, self.dream_panel)
        self.symbols = {"play": self.layers_panel, "dream": self.dream_panel}
        self.grid = PanelGrid()
        hand = bench.panel("The hand", self.controls)
        hand.setMinimumWidth(236)
        left = column(bench.panel("Input: paint on it", self.pad), hand, stretch=(1, 1))
        right = column(self.layers_panel, row(self.energy_panel, self.dream_panel, stretch=(2, 3)), stretch=(3, 2))
        self.grid.arrange(row(left, right, stretch=(2, 5)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        self._play = bench.watch("play", self.layers_panel, when_there_is_one(self.draw_play), self.playing.query)
        self._dream = bench.watch("dream", self.dream_panel, when_there_is_one(self.draw_dream), DreamQuery())
        self.playing.changed.connect(self.on_changed)
        bench.params_changed.connect(self._say_waiting)
        bench.run_state_changed.connect(self._say_waiting)
        bench.run_started.connect(self.on_run_started)
        self.on_changed()
        self._say_waiting()

    def on_changed(self) -> None:
        """A gesture: ask at once, and show what is held."""
        query = self.playing.query
        self._play.set_query(query)
        self.layers.show_hands(query.clamps, query.pull, query.cue, query.input_on)

    def on_helped(self, on: bool) -> None:
        """Readable dreams, or those of the weights alone."""
        self._dream.set_query(DreamQuery(helped=on))

    def on_run_started(self) -> None:
        """Another network: neurons that were held may not exist in it."""
        if self.playing.query.clamps:
            self.playing.set_query(clamps=())

    def draw_play(self, view: PlayView) -> None:
        """One state of the settling network."""
        self.layers.show_view(view)
        if self.playing.query.input_on:
            self.pad.show_input(view)
        self.energy.set_lines([Line("energy F", EP, view.time, view.energy)])

    def draw_dream(self, view: DreamView) -> None:
        """Ten dreams: what the network sees in each, and how far it is from the mean of its class."""
        captions = [
            f"{'✓' if k == r else f'seen {r}'}  {number(float(d), 2)}"
            for k, (r, d) in enumerate(zip(view.recognised.tolist(), view.distance, strict=True))
        ]
        self.dreams.set_images(np.nan_to_num(view.images), captions)

    def _say_waiting(self, _what: object = None) -> None:
        why = ""
        if not has_pictures(self._bench.params):
            why = "This task has no pictures: choose a digits preset to paint and dream."
        elif self._bench.run_state in ("idle", "failed", "stopped") and self.layers.view is None:
            why = "Press Train: the network must exist before it can settle."
        for panel in self.panels:
            panel.set_empty(why)
