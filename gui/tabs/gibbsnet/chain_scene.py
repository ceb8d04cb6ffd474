"""The centrepiece: a wall of chains under a timeline of thousands of Gibbs steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.papers.gibbsnet_views import (
    AlongQuery,
    AlongView,
    ChainView,
    HealthView,
    QualityView,
    ToyQuery,
    ToyView,
)
from gui.tabs.gibbsnet.along_card import AlongCard
from gui.tabs.gibbsnet.chain_controls import ChainControls
from gui.tabs.gibbsnet.chain_wall import Band, ChainWall
from gui.tabs.gibbsnet.either import Either
from gui.tabs.gibbsnet.health_card import HealthCard
from gui.tabs.gibbsnet.names import BRANCH, Facts, class_meaning, model_colour, model_words, pictures, waiting
from gui.tabs.gibbsnet.quality_card import QualityCard
from gui.tabs.gibbsnet.tape_reader import TapeReader
from gui.widgets.bars import Bars
from gui.widgets.image_grid import ImageGrid
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.probing import when_there_is_one
from gui.widgets.scatter import Scatter
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

NO_CLASSES = "These data have no classes to count."
RECORDING = "The first chains are being recorded."
UNCOUNTED = "Press Measure: the judge then counts the classes at the end of 1,000 chains."
TOY_POINTS = 400

LEAST_FILM, FILM_CELL = 6, 44 * 52
"""Pictures of the film at least, and the pixels one needs with its step below it: a small film leaves some out."""


class ChainScene(QWidget):
    """Wall, timeline and health above; film of one chain, quality, curves and classes below."""

    least_height = 620

    def __init__(self, bench: Bench, facts: Facts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._facts = bench, facts
        self._main: ChainView | None = None
        self._branch: ChainView | None = None
        self._began = False
        wall, health = self._wall(), self._health()
        lower = (self._film(), self._quality(), self._along(), self._classes())
        self.symbols = {
            "chain": wall, "health": health, "film": lower[0], "quality": lower[1], "distance": lower[2],
            "timeline": wall,
        }  # fmt: skip
        self.grid = PanelGrid()
        upper = row(wall, health, stretch=(7, 2))
        self.grid.arrange(column(upper, row(*lower, stretch=(4, 5, 5, 3)), stretch=(4, 3)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        bench.run_started.connect(self.on_run_started)
        bench.run_rewound.connect(lambda _step: self.on_rewound())
        bench.run_state_changed.connect(self.on_state_changed)
        facts.changed.connect(self.on_facts_changed)
        self.on_state_changed()
        self.on_facts_changed()

    # --- panels -------------------------------------------------------------------------------------------------

    def _wall(self) -> Panel:
        self.wall = ChainWall()
        self.plane = Scatter("x₁", "x₂", diagonal=False, name="chains in the plane of the data")
        self.plane.set_extent(-0.02, 1.02)
        for name, meaning in (("data", "data"), ("GibbsNet", "model"), ("ALI", "baseline"), ("GAN", "series2"),
                              ("branch", BRANCH)):  # fmt: skip
            self.plane.add_cloud(name, meaning)
        self.either = Either(self.wall, self.plane)
        below = QWidget()
        self.wall_panel = self._bench.panel("Chains", Stacked(self.either, below=below))
        self.reader = TapeReader(self._bench, self.wall_panel)
        self.controls = ChainControls(self._bench, self.reader)
        inside = QVBoxLayout(below)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.controls)
        self.wall.chain_chosen.connect(self.on_chain_chosen)
        self.reader.main_arrived.connect(self.draw_main)
        self.reader.branch_arrived.connect(self.draw_branch)
        self.reader.film_arrived.connect(self.draw_film)
        self.controls.tape_told.connect(self.on_tape_told)
        self.controls.timeline.position_changed.connect(self.on_step)
        self._bench.watch("toy", self.plane, when_there_is_one(self.draw_toy), ToyQuery(count=TOY_POINTS))
        return self.wall_panel

    def _health(self) -> Panel:
        self.health = HealthCard(self._bench)
        self.health_panel = self._bench.panel("Healthy?", self.health.body)
        self._bench.watch("health", self.health_panel, when_there_is_one(self.draw_health))
        return self.health_panel

    def _film(self) -> Panel:
        self.film = ImageGrid(table="grey", low=0.0, high=255.0, name="one chain at round steps")
        self.film.selected.connect(self.on_film_selected)
        self._film_steps: list[int] = []
        self.film_panel = self._bench.panel("Film of chain 0", self.film)
        self.film_panel.set_empty(RECORDING)
        return self.film_panel

    def _quality(self) -> Panel:
        self.quality = QualityCard(self._bench, self._facts, self)
        self.quality_panel = self._bench.panel("Quality over length", self.quality.body)
        self.quality_panel.data_source = self.quality.data
        self._bench.watch("quality", self.quality_panel, when_there_is_one(self.draw_quality))
        return self.quality_panel

    def _along(self) -> Panel:
        self.along = AlongCard()
        self.along_panel = self._bench.panel("Along these chains", self.along.body)
        self.along_panel.set_empty(RECORDING)
        self._along_watch = self._bench.watch(
            "along", self.along_panel, when_there_is_one(self.draw_along), AlongQuery()
        )
        return self.along_panel

    def _classes(self) -> Panel:
        self.classes = Bars(horizontal=True, low=0.0, name="classes at the chain's end")
        self.classes_panel = self._bench.panel("Classes", self.classes)
        self.classes_panel.set_empty(RECORDING)
        return self.classes_panel

    # --- the run ------------------------------------------------------------------------------------------------

    def on_run_started(self) -> None:
        """Nothing is left of the old run's chains."""
        self._main = self._branch = None
        self._began = False
        self.controls.on_run_started()
        self.quality.forget()
        self.quality_panel.set_empty("")
        self.film_panel.set_empty(RECORDING)
        self.along_panel.set_empty(RECORDING)
        self.classes_panel.set_empty(RECORDING)

    def on_rewound(self) -> None:
        """Other weights: record when the next facts come."""
        if self.controls.follow.isChecked():
            self.controls.record()

    def on_state_changed(self, _state: str = "") -> None:
        """Say what brings the wall to life."""
        state = self._bench.run_state
        if self._main is None:
            for panel in (self.wall_panel, self.health_panel):
                panel.set_empty(waiting(state))

    def on_facts_changed(self) -> None:
        """Which models there are, and whether they make pictures; the first tape is recorded."""
        facts = self._facts
        self.controls.set_models(facts.models)
        self.either.show_choice(self.wall if facts.has_pictures else self.plane)
        if not facts.has_pictures:
            self.film_panel.set_empty("Points of the plane have no film: see the chains above.")
        if facts.view is None:
            return
        self._draw_classes()
        self.health.show_notes((facts.view.shipped, *facts.view.notes))
        if not self._began and self._bench.run.is_live:
            self._began = True
            self.controls.record()

    # --- drawing ------------------------------------------------------------------------------------------------

    def draw_main(self, view: ChainView) -> None:
        """One step of every model's chains."""
        self._main = view
        self.controls.adopt(view.info)
        self.wall_panel.set_empty("")
        self._draw_bands()
        self._draw_classes()

    def draw_branch(self, view: ChainView) -> None:
        """The same step of the branch."""
        self._branch = view
        self._draw_bands()

    def _draw_bands(self) -> None:
        view = self._main
        if view is None:
            return
        if not self._facts.has_pictures or not view.images.size:
            self._draw_plane(view)
            return
        bands = [self._band(view, m) for m in range(len(view.models))]
        if self.reader.branch >= 0 and self._branch is not None:
            bands.insert(1, self._branch_band(self._branch))
        self.wall.set_bands(bands)
        if not self.controls.is_recording:
            self.wall_panel.set_subtitle(self._words(view))

    def _band(self, view: ChainView, m: int) -> Band:
        model = view.models[m]
        notes = {
            "gibbsnet": f"K = {self._facts.view.K_now if self._facts.view else '?'}",
            "ali": "K = 1",
            "gan": "no chain",
        }
        return Band(
            model_words(model), model_colour(model), pictures(view.images[m, 0]), self._captions(view, m),
            view.seen[m, 0], notes.get(model, ""),
        )  # fmt: skip

    def _branch_band(self, view: ChainView) -> Band:
        first, chain = view.info.first, view.info.parent_chain
        message = f"begins at step {first:,}: move the timeline there" if self.reader.step < first else ""
        return Band(
            "branch", BRANCH, pictures(view.images[0, 0]), self._captions(view, 0), view.seen[0, 0],
            f"chain {chain}, {first:,}", is_branch=True, message=message,
        )  # fmt: skip

    def _captions(self, view: ChainView, m: int) -> tuple[str, ...]:
        return tuple(self._facts.class_name(int(k)) for k in view.labels[m, 0])

    def _words(self, view: ChainView) -> str:
        state = "" if view.is_current else ", older weights"
        self.wall.setToolTip(view.words)
        origin = ", begun on the latent map" if self.controls.is_foreign else ""
        return f"step {int(view.steps[0]):,}, weights of update {view.info.version:,}{state}{origin}"

    def _draw_plane(self, view: ChainView) -> None:
        """Chains of a toy: points among the data."""
        for m, model in enumerate(view.models):
            points = view.points[m, 0]
            self.plane.set_points(model_words(model), points[:, 0], points[:, 1])
        branch = self._branch.points[0, 0] if self.reader.branch >= 0 and self._branch is not None else np.zeros((0, 2))
        self.plane.set_points("branch", branch[:, 0], branch[:, 1])

    def draw_health(self, view: HealthView) -> None:
        """The collapse meter."""
        self.health_panel.set_empty("")
        self.health.show_view(view)

    def draw_toy(self, view: ToyView) -> None:
        """The data below the chains."""
        self.plane.set_points("data", view.data[:, 0], view.data[:, 1])

    def draw_film(self, view: ChainView) -> None:
        """The framed chain at round steps."""
        if not view.images.size:
            return
        room = max(LEAST_FILM, self.film.width() * self.film.height() // FILM_CELL)
        count = len(view.steps)
        shown = np.unique(np.linspace(0, count - 1, min(count, room)).round().astype(int))  # both ends stay
        self._film_steps = [int(view.steps[at]) for at in shown]
        chain = min(self.reader.chain, view.images.shape[2] - 1)
        self.film_panel.set_empty("")
        self.film.set_images(pictures(view.images[0, shown, chain]), [_short(s) for s in self._film_steps])
        self.film_panel.set_title(f"Film of chain {chain}")

    def draw_along(self, view: AlongView) -> None:
        """Curves along the tape."""
        self.along_panel.set_empty("")
        self.along.show_view(view)
        self.along.plot.set_cursor(float(self.reader.step))

    def draw_quality(self, view: QualityView) -> None:
        """Curves of what was measured, and the classes at their end."""
        self.quality.show_view(view)
        self._draw_classes()

    def _draw_classes(self) -> None:
        """As the judge counted them at the end of the last measurement, else the labels that the wall sampled."""
        curves = [] if self.quality.view is None else self.quality.view.curves
        measured = next((c for c in reversed(curves) if c.model == "gibbsnet" and np.isfinite(c.histogram).any()), None)
        if measured is not None:
            counts = np.nan_to_num(np.asarray(measured.histogram, dtype=np.float64))
            source = f"judged, step {int(measured.lengths[-1]):,}"
        elif self._main is not None and (self._main.labels >= 0).any() and self._facts.view is not None:
            labels = self._main.labels[0, 0].astype(np.int64)
            counts = np.bincount(labels[labels >= 0], minlength=len(self._facts.view.classes)).astype(np.float64)
            source = "sampled, this step"
        else:
            if self._facts.view is not None:
                self.classes_panel.set_empty(UNCOUNTED if self._facts.view.judged else NO_CLASSES)
            return
        self.classes_panel.set_empty("")
        meanings = [class_meaning(k) for k in range(len(counts))]
        self.classes.set_bars(self._facts.judged(len(counts)), counts / max(counts.sum(), 1e-9), meanings=meanings)
        self.classes_panel.set_subtitle(source)

    # --- gestures -----------------------------------------------------------------------------------------------

    def on_step(self, moment: int) -> None:
        """The timeline moved."""
        self.along.plot.set_cursor(float(moment + 1))

    def on_chain_chosen(self, chain: int) -> None:
        """Film and curves of another chain."""
        self.reader.choose_chain(chain)
        self._along_watch.set_query(AlongQuery(0, chain))

    def on_film_selected(self, picture: int) -> None:
        """To the step of this picture."""
        if picture < len(self._film_steps):
            self.controls.timeline.pause()
            self.controls.timeline.set_position(self._film_steps[picture] - 1)

    def on_tape_told(self, words: str) -> None:
        """What is being recorded; a dropped branch leaves the wall."""
        if self.reader.branch < 0:
            self._branch = None
        if words:
            self.wall_panel.set_subtitle(words)
        else:
            self._draw_bands()


def _short(step: int) -> str:
    """A step number in little room: 5k for 5,000."""
    return f"{step // 1000}k" if step >= 1000 and step % 1000 == 0 else str(step)
