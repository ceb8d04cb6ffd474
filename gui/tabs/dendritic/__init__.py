"""The dendritic tab: four scenes over one run. `build(bench)` is all the shell knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from gui.tabs.dendritic.circuit_scene import CircuitScene
from gui.tabs.dendritic.figures_scene import FiguresScene
from gui.tabs.dendritic.imagine_scene import ImagineScene
from gui.tabs.dendritic.learning_scene import LearningScene
from gui.tabs.dendritic.looking import Looking
from gui.widgets.scenes import Scenes

if TYPE_CHECKING:
    from gui.shell.bench import Bench

SCENES = ("Circuit", "Learning", "Figures 1, S1, 2", "Imagine")
SYMBOLS = {"circuit": 0, "strips": 0, "scope": 0, "angle": 0, "tracking": 1, "alignment": 1, "imagine": 3}
"""Pictures that the explanation points at, and their scene."""


class DendriticTab(Scenes):
    """Circuit, learning, figures, imagination; what is looked at is shared between them."""

    def __init__(self, bench: Bench, parent: QWidget | None = None) -> None:
        self.looking = looking = Looking()
        makers = (
            lambda: CircuitScene(bench, looking),
            lambda: LearningScene(bench, looking),
            lambda: FiguresScene(bench),
            lambda: ImagineScene(bench, looking),
        )
        super().__init__(bench, list(zip(SCENES, makers, strict=True)), SYMBOLS, parent)
        looking.setParent(self)
        looking.cell_chosen.connect(self.on_cell_chosen)
        self.show_remembered()

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
