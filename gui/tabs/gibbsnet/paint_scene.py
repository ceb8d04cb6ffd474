"""Paint a hole and watch it filled, again and again, by chains that hold what is left."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.papers.gibbsnet_views import Clamps, PlayQuery, PlayView
from gui.shell.rows import label
from gui.tabs.gibbsnet.inpaint_card import InpaintCard
from gui.tabs.gibbsnet.mask_canvas import MaskCanvas
from gui.tabs.gibbsnet.mask_tools import MaskTools
from gui.tabs.gibbsnet.names import TOY_WORDS, Facts, pictures, waiting
from gui.tabs.gibbsnet.observed import Observed, ObservedPad
from gui.tabs.gibbsnet.playing import Playing, PlayingControls
from gui.widgets.big_number import BigNumber
from gui.widgets.heat_map import HeatMap
from gui.widgets.image_grid import ImageGrid
from gui.widgets.panel import Panel
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.probing import when_there_is_one
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

COMPLETIONS = 12
SMOOTH, ROUGH = 1.3, 2.0
"""Seam: gradient across the border over that of real pictures; as smooth as data, and visibly torn."""
ALIVE, COLLAPSED = 0.4, 0.1
"""Diversity of completions over that of real pictures."""


class PaintScene(QWidget):
    """Picture and mask at the left, twelve completions at the right, what they agree on below."""

    least_height = 620

    def __init__(self, bench: Bench, facts: Facts, observed: Observed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._facts, self._observed = bench, facts, observed
        self.playing = Playing(PlayQuery(chains=COMPLETIONS), self)
        self._last: PlayView | None = None
        picture, mask, filled = self._picture(), self._mask(), self._filled()
        variance, numbers, compare = self._variance(), self._numbers(), self._compare()
        self.panels = (picture, mask, filled, variance, numbers, compare)
        self.symbols = {"paint": filled, "mask": mask, "variance": variance, "seam": numbers, "inpaint": compare}
        self.grid = PanelGrid()
        upper = row(picture, mask, filled, stretch=(3, 3, 6))
        self.grid.arrange(column(upper, row(variance, numbers, compare, stretch=(3, 3, 6)), stretch=(5, 3)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        self._watch = bench.watch("paint", filled, when_there_is_one(self.draw), self.playing.query)
        self.playing.changed.connect(lambda: self._watch.set_query(self.playing.query))
        observed.changed.connect(self.on_observed_changed)
        facts.changed.connect(self._say_waiting)
        bench.run_state_changed.connect(self._say_waiting)
        self.on_observed_changed()
        self._say_waiting()

    # --- panels -------------------------------------------------------------------------------------------------

    def _picture(self) -> Panel:
        self.pad = ObservedPad(self._bench, self._observed)
        return self._bench.panel("1 · The picture", Stacked(self.pad.canvas, body=self.pad))

    def _mask(self) -> Panel:
        self.canvas = MaskCanvas()
        self.tools = MaskTools(self.canvas)
        self.canvas.image_changed.connect(self.on_mask_painted)
        self.canvas.file_dropped.connect(self._observed.open_file)
        return self._bench.panel(
            "2 · Hide a part of it", Stacked(self.canvas, below=self.tools), [("hidden", "series1")]
        )

    def _filled(self) -> Panel:
        self.completions = ImageGrid(table="grey", low=0.0, high=255.0, name="completions")
        self.controls = PlayingControls(self._bench, self._facts, self.playing)
        self.words = label("", "muted", wrap=True)
        below = QWidget()
        down = QVBoxLayout(below)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(3)
        down.addWidget(self.controls)
        down.addWidget(self.words)
        self.filled_panel = self._bench.panel("3 · Twelve chains fill it", Stacked(self.completions, below=below))
        return self.filled_panel

    def _variance(self) -> Panel:
        self.variance = HeatMap(
            table="unsigned", low=0.0, square=True, unit="variance", name="variance over the completions"
        )
        self.variance_panel = self._bench.panel("Undecided pixels", self.variance)
        return self.variance_panel

    def _numbers(self) -> Panel:
        self.seam, self.diversity = BigNumber("seam"), BigNumber("diversity")
        self.seam.setToolTip("Gradient across the border of the mask over that of real pictures")
        self.diversity.setToolTip("Mean distance of two completions in the hidden part, in units of real pictures'")
        body = QWidget()
        across = QHBoxLayout(body)
        across.setContentsMargins(0, 0, 0, 0)
        for big in (self.seam, self.diversity):
            across.addWidget(big)
        warning = label(
            "Seam and diversity: 1 is as in real pictures. Pixel error would reward blur.", "muted", wrap=True
        )
        self.numbers_panel = self._bench.panel(
            "Does it fit, does it vary?", Stacked(self.seam, body=body, below=warning)
        )
        self.numbers_panel.data_source = self.data
        return self.numbers_panel

    def _compare(self) -> Panel:
        self.inpaint = InpaintCard(self._bench)
        self.compare_panel = self._bench.panel("Half pictures, measured", self.inpaint.body)
        return self.compare_panel

    # --- the hand -----------------------------------------------------------------------------------------------

    def clamps(self) -> Clamps:
        """The picture and the mask in the hand."""
        observed = self._observed
        image = None if observed.index >= 0 else observed.image
        return Clamps(image=image, index=observed.index, mask=self.canvas.image())

    def on_observed_changed(self) -> None:
        """Another picture under the same mask."""
        self.canvas.set_picture(self._observed.image)
        self.playing.set_query(clamps=self.clamps())

    def on_mask_painted(self, mask: Any) -> None:
        """A stroke: the chains go on with another hole."""
        held = self.playing.query.clamps.mask
        if held is None or held.shape != mask.shape or not np.array_equal(held, mask):
            self.playing.set_query(clamps=self.clamps())

    # --- drawing ------------------------------------------------------------------------------------------------

    def draw(self, view: PlayView) -> None:
        """One Gibbs step of all chains."""
        if not view.images.size or not self._facts.has_pictures:
            return
        self._last = view
        for panel in (self.filled_panel, self.variance_panel, self.numbers_panel):
            panel.set_empty("")
        captions = [self._facts.class_name(int(k)) for k in view.labels]
        wide = self.completions.width() > 1.5 * self.completions.height()
        self.completions.set_columns(6 if wide else 4)
        self.completions.set_images(pictures(view.images), captions if any(captions) else [])
        self.filled_panel.set_subtitle(f"step {view.step:,}")
        self.words.setText(view.words or self.canvas.words())
        self.variance.set_matrix(view.variance)
        self.seam.set_value(view.seam, _verdict(view.seam, SMOOTH, ROUGH))
        self.diversity.set_value(view.diversity, _verdict(-view.diversity, -ALIVE, -COLLAPSED))

    def data(self) -> dict[str, NDArray[Any]]:
        """Both numbers."""
        return {"seam": self.seam.data()["value"], "diversity": self.diversity.data()["value"]}

    def _say_waiting(self, _what: object = None) -> None:
        why = "" if self._facts.has_pictures else TOY_WORDS
        for panel in self.panels:
            panel.set_empty(why)
        if not why and self._last is None:
            for panel in (self.filled_panel, self.variance_panel, self.numbers_panel):
                panel.set_empty(waiting(self._bench.run_state))


def _verdict(value: float, fine: float, bad: float) -> str:
    """Colour of a number of which less is better."""
    if math.isnan(value):
        return "muted"
    return "good" if value <= fine else ("warning" if value <= bad else "bad")
