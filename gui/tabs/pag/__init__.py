"""The planning tab: scenes over one run. `build(bench)` is all the shell knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from gui.tabs.pag.figure_scene import FigureScene
from gui.tabs.pag.findings_scene import FindingsScene
from gui.tabs.pag.graph_scene import GraphScene
from gui.tabs.pag.learning_scene import LearningScene
from gui.tabs.pag.plan_scene import PlanScene
from gui.tabs.pag.planning import Planning
from gui.widgets.scenes import Scenes

if TYPE_CHECKING:
    from gui.shell.bench import Bench

SCENES = ("Plan", "Graphs", "Learning", "Findings", "Alignments")
SYMBOLS = {
    "plan": 0, "ribbon": 0, "commitment": 0, "next": 0, "hands": 0, "alignment": 0, "baseline": 0,
    "graph": 1, "walks": 1, "growth": 1, "race": 2, "parameters": 2, "sizes": 2,
    "look_ahead": 3, "policy": 3, "switching": 3, "temperature": 3, "figure": 4,
}  # fmt: skip
"""Pictures that the explanation points at, and their scene."""


class PagTab(Scenes):
    """What is decoded is shared by the scenes; each asks for its own pictures."""

    def __init__(self, bench: Bench, parent: QWidget | None = None) -> None:
        self.planning = planning = Planning()
        makers = (
            lambda: PlanScene(bench, planning),
            lambda: GraphScene(bench, planning),
            lambda: LearningScene(bench),
            lambda: FindingsScene(bench),
            lambda: FigureScene(bench, planning),
        )
        super().__init__(bench, list(zip(SCENES, makers, strict=True)), SYMBOLS, parent)
        planning.setParent(self)
        bench.preset_changed.connect(lambda _preset: planning.reset())
        self.show_remembered()


def build(bench: Bench) -> QWidget:
    """The tab of this paper, driven by `bench`."""
    return PagTab(bench)
