"""The paper's figure: the alignments of all models on the same held-out examples, with the truth where it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from PySide6.QtWidgets import QGridLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from engine.papers.pag_views import Alignment, GalleryQuery, GalleryView, Source
from gui.shell.rows import label, push_button
from gui.tabs.pag.alignment_map import AlignmentMap
from gui.tabs.pag.names import GOLD, REPLAN, WAITING, model_name, percent
from gui.tabs.pag.planning import Planning
from gui.widgets.flow import FlowRow
from gui.widgets.legend import LegendEntry
from gui.widgets.panel_grid import PanelGrid, row

if TYPE_CHECKING:
    from gui.shell.bench import Bench
    from gui.shell.watchers import Watcher

MODELS_SHOWN, MOST = 3, 4
FIRST_COUNT = 3


class _Sheet(QWidget):
    """Examples from top to bottom, models from left to right; one title per field."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = self._grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        self.maps = [[AlignmentMap(f"alignment {i}, {j}") for j in range(MODELS_SHOWN)] for i in range(MOST)]
        self.titles: list[list[QLabel]] = [[label("", "muted") for _ in range(MODELS_SHOWN)] for _ in range(MOST)]
        for i in range(MOST):
            for j in range(MODELS_SHOWN):
                grid.addWidget(self.titles[i][j], 2 * i, j)
                grid.addWidget(self.maps[i][j], 2 * i + 1, j)
        for j in range(MODELS_SHOWN):
            grid.setColumnStretch(j, 1)

    def show_view(self, view: GalleryView) -> None:
        """Draw what there is, hide the other fields."""
        for i in range(MOST):
            self._grid.setRowStretch(2 * i + 1, int(i < len(view.maps)))
            for j in range(MODELS_SHOWN):
                there = i < len(view.maps) and j < len(view.maps[i])
                for widget in (self.maps[i][j], self.titles[i][j]):
                    widget.setVisible(there)
                if there:
                    self._show(i, j, view.maps[i][j], view.words[i])

    def _show(self, i: int, j: int, alignment: Alignment, words: tuple[str, ...]) -> None:
        replanned = None if alignment.model == "baseline" else alignment.replanned
        self.maps[i][j].show_alignment(alignment.alpha, words, alignment.shown, alignment.gold, replanned)
        found = f", true word for {percent(alignment.hits)}" if alignment.hits == alignment.hits else ""
        self.titles[i][j].setText(f"{model_name(alignment.model)}: {'right' if alignment.exact else 'wrong'}{found}")


class FigureScene(QWidget):
    """One panel; a click on an alignment opens its example in the scene Plan."""

    def __init__(self, bench: Bench, planning: Planning, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._planning = bench, planning
        self.view: GalleryView | None = None
        self._watch: Watcher
        self.sheet = _Sheet()
        for i, line in enumerate(self.sheet.maps):
            for chart in line:
                chart.step_chosen.connect(lambda _step, which=i: self.on_chosen(which))
        self.first, self.count = QSpinBox(), QSpinBox()
        self.first.setRange(0, 100_000)
        self.first.setPrefix("from example ")
        self.count.setRange(1, MOST)
        self.count.setValue(FIRST_COUNT)
        self.count.setSuffix(" examples")
        for box in (self.first, self.count):
            box.valueChanged.connect(lambda _n: self.on_query_changed())
        others = push_button("Others", lambda: self.first.setValue(self.first.value() + self.count.value()), "Go on")
        self.words = label("", "muted", wrap=True)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(FlowRow((self.first, self.count, others)))
        layout.addWidget(self.words)
        layout.addWidget(self.sheet, 1)
        self.panel = bench.panel("Where each model looked, the same examples for all", body)
        self.panel.set_legend([LegendEntry("re-plan", REPLAN), LegendEntry("true word", GOLD, "dot")])
        self.panel.data_source = self.data
        self.symbols = {"figure": self.panel}
        self.grid = PanelGrid()
        self.grid.arrange(row(self.panel))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.grid)
        self._watch = bench.watch("gallery", self.panel, self.draw_gallery, self.query())
        bench.run_state_changed.connect(self.on_run_state_changed)
        self.on_run_state_changed()

    def query(self) -> GalleryQuery:
        """What the boxes ask for."""
        return GalleryQuery(first=self.first.value(), count=self.count.value())

    def on_query_changed(self) -> None:
        """Other examples: ask at once."""
        self._watch.set_query(self.query())

    def data(self) -> dict[str, NDArray[Any]]:
        """{"EXAMPLE MODEL": alpha [T, S]} of what is shown."""
        if self.view is None:
            return {}
        return {
            f"{index} {model_name(a.model)}": a.alpha
            for index, maps in zip(self.view.index, self.view.maps, strict=True)
            for a in maps
        }

    def draw_gallery(self, view: GalleryView | None) -> None:
        """Other examples, or other weights."""
        self.view = view
        self.panel.set_empty("" if view is not None else "This preset has no alignments to compare.")
        if view is None:
            return
        self.sheet.show_view(view)
        said = []
        for model, hits, onward in zip(view.models, view.hits.tolist(), view.monotone.tolist(), strict=True):
            found = f"true word {percent(hits)}, " if hits == hits else ""
            said.append(f"{model_name(model)}: {found}moves on or stays {percent(onward)}")
        self.words.setText(f"Over the held-out sample. {'; '.join(said)}. Click a field to open it in Plan.")

    def on_chosen(self, which: int) -> None:
        """Look at this example."""
        if self.view is not None and which < len(self.view.index):
            self._planning.read(Source(index=self.view.index[which]))
            self._bench.note(f"Example {self.view.index[which] + 1} is open in the scene Plan.")

    def on_run_state_changed(self, _state: str = "") -> None:
        """Before the first run there is nothing to compare."""
        if self.view is None:
            live = self._bench.run_state in ("training", "paused", "starting")
            self.panel.set_empty("Decoding …" if live else WAITING.format("the alignments appear"))
