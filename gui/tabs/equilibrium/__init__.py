"""The equilibrium tab: five scenes over one run. `build(bench)` is all the shell knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from engine.papers.equilibrium_views import Probe
from gui.tabs.equilibrium.bias_scene import BiasScene
from gui.tabs.equilibrium.moments_scene import MomentsScene
from gui.tabs.equilibrium.play_scene import PlayScene
from gui.tabs.equilibrium.training_scene import TrainingScene
from gui.tabs.equilibrium.valley_scene import ValleyScene
from gui.widgets.probing import Probing
from gui.widgets.scenes import Scenes

if TYPE_CHECKING:
    from gui.shell.bench import Bench

SCENES = ("Valley", "The same at every moment", "Training", "Bias map", "Play")
SYMBOLS = {
    "valley": 0, "arrows": 0, "energy": 0, "moments": 1, "neurons": 1, "weights": 1, "gap": 1, "slope": 1,
    "asymmetry": 1, "direction": 2, "classes": 2, "arrival": 2, "outputs": 2, "bias": 3, "play": 4, "dream": 4,
}  # fmt: skip
"""Pictures that the explanation points at, and their scene."""


class EquilibriumTab(Scenes):
    """The probe is shared by the scenes; each asks for its own pictures."""

    def __init__(self, bench: Bench, parent: QWidget | None = None) -> None:
        self.probing = probing = Probing(Probe)
        makers = (
            lambda: ValleyScene(bench),
            lambda: MomentsScene(bench, probing),
            lambda: TrainingScene(bench, probing),
            lambda: BiasScene(bench),
            lambda: PlayScene(bench, probing),
        )
        super().__init__(bench, list(zip(SCENES, makers, strict=True)), SYMBOLS, parent)
        probing.setParent(self)
        self.show_remembered()


def build(bench: Bench) -> QWidget:
    """The tab of this paper, driven by `bench`."""
    return EquilibriumTab(bench)
