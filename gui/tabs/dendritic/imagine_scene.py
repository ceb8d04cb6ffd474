"""Top-down wires at work: with the interneurons gated off, the circuit denoises, attends and draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.papers.dendritic import IMAGE_TASKS, DendriticParams
from engine.papers.dendritic_views import DreamView, ImagineQuery, ImagineView
from gui.tabs.dendritic.imagine_controls import Gates, InputPad
from gui.tabs.dendritic.looking import Looking
from gui.widgets.bars import Bars
from gui.widgets.image_grid import ImageGrid
from gui.widgets.painted import number
from gui.widgets.panel_grid import PanelGrid, column, row
from gui.widgets.probing import when_there_is_one
from gui.widgets.scrolling import Scrolling

if TYPE_CHECKING:
    from gui.shell.bench import Bench

CLASSES = tuple(str(k) for k in range(10))


class ImagineScene(QWidget):
    """Pad and gates at the left, input and percept with their class rates in the middle, dreams below."""

    def __init__(self, bench: Bench, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._looking = bench, looking
        self.pad, self.gates = InputPad(looking), Gates()
        self.pictures = ImageGrid(3, table="grey", low=0.0, high=1.0, name="clean picture, input, percept")
        self.seen, self.percept = (
            Bars(high=1.0, name="classes of the input"),
            Bars(high=1.0, name="classes of the percept"),
        )
        self.seen.set_bars(CLASSES, np.zeros(10))
        self.percept.set_bars(CLASSES, np.zeros(10))
        self.dreams = ImageGrid(10, table="grey", low=0.0, high=1.0, name="a digit generated from each class")
        self.dreams.selected.connect(self.on_dream_selected)
        self.pictures_panel = bench.panel("Clean → what arrives → percept", self.pictures)
        self.bars_panel = bench.panel("Classes: input | percept", self._bars())
        self.bars_panel.data_source = self._bar_data
        self.dream_panel = bench.panel(
            "Dreams of each class (d = a = 1)", self.dreams, [("→ seen as, if wrong · distance to class mean", "muted")]
        )
        self.panels = (self.pictures_panel, self.bars_panel, self.dream_panel)
        self.grid = PanelGrid()
        gates = self.gates_panel = bench.panel("Gates", Scrolling(self.gates))
        gates.setMinimumWidth(236)
        self.bars_panel.setMinimumWidth(250)
        self.pad_panel = bench.panel("Input: paint on it", self.pad)
        left = column(self.pad_panel, gates, stretch=(3, 2))
        middle = column(row(self.pictures_panel, self.bars_panel, stretch=(4, 3)), self.dream_panel, stretch=(5, 2))
        self.grid.arrange(row(left, middle, stretch=(2, 5)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)
        self._watch = bench.watch("imagine", self.pictures_panel, when_there_is_one(self.draw_imagine), self.query())
        bench.watch("dream", self.dream_panel, when_there_is_one(self.draw_dream))
        self.pad.changed.connect(self.on_changed)
        self.gates.changed.connect(self.on_changed)
        looking.probe_changed.connect(self.on_changed)
        bench.params_changed.connect(self._say_waiting)
        bench.run_state_changed.connect(self._say_waiting)
        self.symbols = {"imagine": self.gates}
        self._say_waiting()

    def _bars(self) -> QWidget:
        body = QWidget()
        side = QHBoxLayout(body)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(14)
        side.addWidget(self.seen)
        side.addWidget(self.percept)
        return body

    def _bar_data(self) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
        return {"input": self.seen.data()["value"], "percept": self.percept.data()["value"]}

    def query(self) -> ImagineQuery:
        """What the pad and the gates ask for."""
        plain = ImagineQuery(
            probe=self._looking.probe,
            mix=self.pad.mix,
            noise=self.pad.noise.value,
            occlusion=self.pad.hidden.value,
            seed=self.pad.seed,
        )
        return self.gates.fill(plain)

    def on_changed(self) -> None:
        """A gesture: ask at once."""
        self._watch.set_query(self.query())

    def draw_imagine(self, view: ImagineView) -> None:
        """Three pictures, two sets of class rates."""
        self.pad.show_clean(view)
        images = np.nan_to_num(np.stack([view.clean, view.seen, view.percept]))
        distances = [f"{name}  {number(m, 3)}" if np.isfinite(m) else name
                     for name, m in (("arrives", view.mse_seen), ("percept", view.mse_percept))]  # fmt: skip
        self.pictures.set_images(images, ["clean", *distances])
        for bars, rates in ((self.seen, view.rates_seen), (self.percept, view.rates_percept)):
            bars.set_bars(CLASSES[: len(rates)], rates)
            bars.set_highlight(int(np.argmax(rates)) if len(rates) else -1)

    def draw_dream(self, view: DreamView) -> None:
        """Ten generated digits: what the net sees in each, and how far it is from the class mean."""
        captions = [
            f"{'' if k == r else f'→{r} '}{number(float(d), 2)}"
            for k, (r, d) in enumerate(zip(view.recognised.tolist(), view.distance, strict=True))
        ]
        self.dreams.set_images(np.nan_to_num(view.images), captions)

    def on_dream_selected(self, digit: int) -> None:
        """Dream this digit in the large picture too."""
        self.gates.set_gates(1.0, 1.0, digit)

    def _say_waiting(self, _what: object = None) -> None:
        params = self._bench.params
        why = ""
        if isinstance(params, DendriticParams) and params.task not in IMAGE_TASKS:
            why = "This task has no pictures: choose a digits preset to denoise and generate."
        elif self._bench.run_state == "idle":
            why = "Press Train: after a few seconds the top-down weights know what digits look like."
        for panel in self.panels:
            panel.set_empty(why)
        is_without = isinstance(params, DendriticParams) and params.task not in IMAGE_TASKS
        for panel in (self.pad_panel, self.gates_panel):  # nothing can be painted or held where there are no pictures
            panel.set_empty(why if is_without else "")
