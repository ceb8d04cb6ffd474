"""The latent plane: p(z) is written down nowhere, so it is drawn: where data lie, where chains go, where they began."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.papers.gibbsnet_views import (
    ChainQuery,
    ChainView,
    DecodeArguments,
    DecodeResult,
    LatentQuery,
    LatentView,
    ModelName,
    RecordArguments,
    TapeInfo,
)
from gui.shell.rows import label
from gui.tabs.gibbsnet.latent_map import LatentMap
from gui.tabs.gibbsnet.names import Facts, class_meaning, model_words, pictures, waiting
from gui.widgets.bars import Bars
from gui.widgets.big_number import BigNumber
from gui.widgets.flow import FlowRow
from gui.widgets.image_grid import ImageGrid
from gui.widgets.legend import LegendEntry
from gui.widgets.painted import number
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.probing import when_there_is_one
from gui.widgets.segments import switch
from gui.widgets.slider_row import SliderRow
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

MAPS: tuple[ModelName, ...] = ("gibbsnet", "ali")
LAYERS = (
    ("decoded", "background", "What the decoder makes of every place"),
    ("data", "clamped", "z inferred from training pictures, by class"),
    ("chains", "chains", "Free chains: grey dots with their last ten steps"),
    ("N(0, I)", "contour", "Where every chain begins: one and two standard deviations"),
)
ALTERNATE_MS = 900
"""Between two maps when there are two: they share one view."""
MOMENTS = 64
PLAY_MS = 130
OWN_CHAINS, OWN_STEPS = 16, 1000
CLICK = "Click the map: the place is decoded and sixteen chains start there, each with its own noise."


class LatentScene(QWidget):
    """The map of GibbsNet, at the right that of ALI and the clicked place."""

    least_height = 540

    def __init__(self, bench: Bench, facts: Facts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._facts = bench, facts
        self.views: dict[ModelName, LatentView] = {}
        self._drawn_at: dict[ModelName, tuple[int, LatentQuery]] = {}
        self._place: tuple[float, float] | None = None
        self._ways = np.zeros((0, 0, 2))
        self._moment = 0
        self.steps = 20
        self.maps = {model: LatentMap() for model in MAPS}
        self.gaps: dict[ModelName, BigNumber] = {}
        self.separations: dict[ModelName, BigNumber] = {}
        main, rival, place = self._map("gibbsnet"), self._map("ali"), self._place_panel()
        self.rival_panel = rival
        self.symbols = {"latent": main, "place": place}
        self.grid = PanelGrid()
        self.grid.arrange(row(main, column(rival, place, stretch=(6, 5)), stretch=(5, 4)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._controls())
        layout.addWidget(self.grid, 1)
        self._watch = bench.watch("latent", self.grid, when_there_is_one(self.draw), self._query("gibbsnet"))
        self._chains = bench.watch("chain", place, when_there_is_one(self.draw_chains), ChainQuery(0, (1,)))
        self._turn = QTimer(self)
        self._turn.setInterval(ALTERNATE_MS)
        self._turn.timeout.connect(self.on_turn)
        self._turn.start()
        self._play = QTimer(self)
        self._play.setInterval(PLAY_MS)
        self._play.timeout.connect(self.on_play)
        facts.changed.connect(self.on_facts_changed)
        bench.run_started.connect(self.on_run_started)
        bench.run_state_changed.connect(self._say_waiting)
        self.on_facts_changed()

    # --- panels -------------------------------------------------------------------------------------------------

    def _controls(self) -> FlowRow:
        line = FlowRow((label("show", "muted"),))
        for words, layer, tip in LAYERS:
            button = switch(words, tip)
            button.setChecked(True)
            button.toggled.connect(partial(self.on_layer, layer))
            line.add(button)
        slider = SliderRow(
            "free chains after", "Gibbs steps", low=1, high=200, value=20, log=True, unit="steps", width=0
        )
        slider.setFixedWidth(260)
        slider.value_changed.connect(self.on_steps)
        line.add(slider)
        self.kind = label("", "muted")
        line.add(self.kind)
        return line

    def _map(self, model: ModelName) -> Panel:
        chart = self.maps[model]
        chart.place_chosen.connect(lambda x, y: self.on_place(model, x, y))
        numbers = QWidget()
        across = QHBoxLayout(numbers)
        across.setContentsMargins(0, 0, 0, 0)
        self.gaps[model] = BigNumber("from N(0, I) (nats)")
        self.separations[model] = BigNumber("neighbour has its class (%)")
        for big in (self.gaps[model], self.separations[model]):
            big.setFixedHeight(46)
            across.addWidget(big)
        panel = self._bench.panel(f"Latents of {model_words(model)}", Stacked(chart, below=numbers))
        panel.set_legend([LegendEntry("data, by class", "series0", "dot"), LegendEntry("free chains", "muted", "dot")])
        return panel

    def _place_panel(self) -> Panel:
        self.decoded = ImageGrid(1, table="grey", low=0.0, high=255.0, name="decoded place")
        self.beliefs = Bars(horizontal=True, low=0.0, high=1.0, name="p(y | z) of the place")
        self.words = label(CLICK, "muted", wrap=True)
        body = QWidget()
        across = QHBoxLayout(body)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(self.decoded, 3)
        across.addWidget(self.beliefs, 4)
        self.place_panel = self._bench.panel("A place of the map", Stacked(self.decoded, body=body, above=self.words))
        return self.place_panel

    # --- which map ----------------------------------------------------------------------------------------------

    def _query(self, model: ModelName) -> LatentQuery:
        return LatentQuery(model=model, steps=self.steps)

    def _shown_models(self) -> tuple[ModelName, ...]:
        return tuple(m for m in MAPS if m in self._facts.models)

    def on_turn(self) -> None:
        """The other map, when it shows older weights or another question."""
        if not self.isVisible():
            return
        for model in self._shown_models():
            if self._drawn_at.get(model) != (self._bench.step, self._query(model)) and self._watch.query.model != model:
                self._watch.set_query(self._query(model))
                return

    def on_layer(self, layer: str, on: bool) -> None:
        """Show or hide one layer of both maps."""
        for chart in self.maps.values():
            chart.set_shown(layer, on)

    def on_steps(self, value: float) -> None:
        """Another number of free steps."""
        self.steps = max(1, round(value))
        self._watch.set_query(self._query("gibbsnet"))

    def on_facts_changed(self) -> None:
        """Which maps there are, and what their axes are."""
        view = self._facts.view
        self.rival_panel.set_empty(
            ""
            if "ali" in self._facts.models
            else "This preset trains no ALI beside it: choose one that does to compare."
        )
        if view is not None:
            direct = (
                "both axes are z itself"
                if view.has_2d_latent
                else f"a₁, a₂: a fixed projection of the {view.z_dim} entries of z"
            )
            self.kind.setText(direct)
            self.place_panel.set_empty("")
            no_labels = view.reads == "none" or view.is_toy
            self.beliefs.setVisible(not no_labels)
        self._say_waiting()

    def on_run_started(self) -> None:
        """Other latents."""
        self.views, self._drawn_at = {}, {}
        self._place, self._ways = None, np.zeros((0, 0, 2))
        self._play.stop()
        for chart in self.maps.values():
            chart.set_own(self._ways)

    # --- drawing ------------------------------------------------------------------------------------------------

    def draw(self, view: LatentView) -> None:
        """One model's map."""
        self.views[view.model] = view
        self._drawn_at[view.model] = (self._bench.step, self._query(view.model))
        chart = self.maps.get(view.model)
        if chart is None:
            return
        chart.message = ""
        chart.set_plane(view.extent, ("z₁", "z₂") if view.is_direct else ("a₁", "a₂"))
        has_pictures = view.grid.size > 0 and self._facts.has_pictures
        chart.set_background(pictures(view.grid) if has_pictures else np.zeros(0, np.uint8))
        chart.set_clamped(view.clamped, view.label)
        chart.set_trails(view.trails)
        self.gaps[view.model].set_value(view.gap)
        if view.model == "gibbsnet":
            self._bench.explain("gap", number(view.gap, 2))
        self.separations[view.model].set_value(100 * view.separation)
        self._say_waiting()

    def _say_waiting(self, _what: object = None) -> None:
        for model, chart in self.maps.items():
            if model not in self.views:
                chart.message = waiting(self._bench.run_state)
                chart.refresh()

    # --- a place ------------------------------------------------------------------------------------------------

    def on_place(self, model: ModelName, x: float, y: float) -> None:
        """Decode it and start chains there."""
        self._place = (x, y)
        self._play.stop()
        for name, chart in self.maps.items():
            chart.set_own(np.zeros((0, 0, 2)), self._place if name == model else None)
        self._bench.ask("decode", DecodeArguments((x, y), model), self.show_place)
        models: tuple[ModelName, ...] = (model,) if model == "gibbsnet" else ("gibbsnet", model)
        arguments = RecordArguments(chains=OWN_CHAINS, steps=OWN_STEPS, start="point", point=(x, y), models=models)
        self._bench.ask("record", arguments, lambda info: self.on_recorded(model, info), lambda _i, _f: None)

    def on_recorded(self, model: ModelName, info: TapeInfo) -> None:
        """The chains exist: watch their first steps."""
        steps = tuple(range(1, min(MOMENTS, info.recorded) + 1))
        self._chains.set_query(ChainQuery(info.tape, steps, (model,)))

    def draw_chains(self, view: ChainView) -> None:
        """The ways of the chains from the clicked place."""
        if self._place is None or len(view.steps) < 2 or len(view.models) != 1:
            return
        self._ways = np.swapaxes(view.plane[0], 0, 1)  # [chains, moments, 2]
        self._moment, self._model = 1, view.models[0]
        self._play.start()

    def on_play(self) -> None:
        """One Gibbs step further, again from the beginning at the end."""
        moments = self._ways.shape[1] if self._ways.ndim == 3 else 0
        if moments == 0:
            self._play.stop()
            return
        self._moment = self._moment % moments + 1
        self.maps[self._model].set_own(self._ways[:, max(0, self._moment - 8) : self._moment], self._place)
        self.words.setText(f"Sixteen chains from this place, step {self._moment} of {moments}: do they forget it?")

    def show_place(self, result: DecodeResult) -> None:
        """What the decoder makes of it."""
        view = self._facts.view
        if self._facts.has_pictures:
            self.decoded.set_images(pictures(result.image)[None])
        else:
            x, y = result.x[:2].tolist()
            self.words.setText(f"Decoded: the point ({x:.2f}, {y:.2f}) of the plane.")
        names = () if view is None else view.classes
        if len(names) == len(result.p_y) and len(names):
            meanings = [
                class_meaning(k) if view is not None and view.reads == "label" else "model" for k in range(len(names))
            ]
            self.beliefs.set_bars(names, result.p_y, meanings=meanings)
