"""The dendritic tab: four scenes over one run. `build(bench)` is all the shell knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gui.tabs.dendritic.circuit_scene import CircuitScene
from gui.tabs.dendritic.figures_scene import FiguresScene
from gui.tabs.dendritic.imagine_scene import ImagineScene
from gui.tabs.dendritic.learning_scene import LearningScene
from gui.tabs.dendritic.looking import Looking
from gui.widgets.panel_grid import PanelGrid
from gui.widgets.segments import Segments

if TYPE_CHECKING:
    from gui.shell.bench import Bench

SCENES = ("Circuit", "Learning", "Figures 1, S1, 2", "Imagine")
SYMBOLS = {
    "circuit": 0,
    "strips": 0,
    "scope": 0,
    "angle": 0,
    "learning": 0,
    "tracking": 1,
    "alignment": 1,
    "imagine": 3,
}
"""Pictures that the explanation points at, and their scene; while it is not in front its button stands for them."""


Scene = CircuitScene | LearningScene | FiguresScene | ImagineScene


class DendriticTab(QWidget):
    """A slim selector above the scenes; a scene is built when it is first looked at and keeps its splitters."""

    def __init__(self, bench: Bench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        self.looking = Looking(self)
        self.selector = Segments(SCENES, "scenes of the dendritic tab")
        self.selector.chosen.connect(self.show_scene)
        self.stack = QStackedWidget()
        self.scenes: dict[int, Scene] = {}
        self._kept: dict[PanelGrid, str] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.selector, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.stack, 1)
        self.looking.cell_chosen.connect(self.on_cell_chosen)
        self.show_scene(min(max(0, bench.recall("scene", 0)), len(SCENES) - 1))

    def show_scene(self, index: int) -> None:
        """Bring one scene to the front; the others stop asking for pictures."""
        if index not in self.scenes:
            scene = self._build(index)
            self.scenes[index] = scene
            self.stack.addWidget(scene)
        self.selector.choose(index)
        self.stack.setCurrentWidget(self.scenes[index])
        self._bench.remember("scene", index)
        for symbol, home in SYMBOLS.items():
            widget = self.scenes[index].symbols[symbol] if home == index else self.selector.button(home)
            self._bench.register_symbol(symbol, widget)

    def _build(self, index: int) -> Scene:
        bench, looking = self._bench, self.looking
        makers: tuple[Callable[[], Scene], ...] = (
            lambda: CircuitScene(bench, looking),
            lambda: LearningScene(bench, looking),
            lambda: FiguresScene(bench),
            lambda: ImagineScene(bench, looking),
        )
        scene = makers[index]()
        if isinstance(scene, FiguresScene):
            for name, grid in scene.grids.items():
                self._keep(grid, f"grid-{name}")
            scene.grid_made.connect(self.on_grid_made)
        else:
            self._keep(scene.grid, f"grid-{SCENES[index]}")
        return scene

    def on_grid_made(self, grid: PanelGrid) -> None:
        """A grid that came later gets back its sizes."""
        self._restore(grid, self._kept[grid])

    def _keep(self, grid: PanelGrid, key: str) -> None:
        self._kept[grid] = key
        self._restore(grid, key)
        grid.layout_changed.connect(lambda: self._bench.remember(key, grid.save_state()))

    def _restore(self, grid: PanelGrid, key: str) -> None:
        if state := self._bench.recall(key, b""):
            grid.restore_state(state)

    def on_cell_chosen(self, area: int, cell: int) -> None:
        """A cell chosen in another scene opens in the circuit."""
        if self.selector.index != 0:
            self.show_scene(0)
            circuit = self.scenes[0]
            assert isinstance(circuit, CircuitScene)
            circuit.on_cell_chosen(area, cell)


def build(bench: Bench) -> QWidget:
    """The tab of this paper, driven by `bench`."""
    return DendriticTab(bench)
