"""The GibbsNet tab: six scenes over one run. `build(bench)` is all the shell knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from gui.tabs.gibbsnet.chain_scene import ChainScene
from gui.tabs.gibbsnet.clamp_scene import ClampScene
from gui.tabs.gibbsnet.latent_scene import LatentScene
from gui.tabs.gibbsnet.names import Facts
from gui.tabs.gibbsnet.observed import Observed
from gui.tabs.gibbsnet.paint_scene import PaintScene
from gui.tabs.gibbsnet.rivals_scene import RivalsScene
from gui.tabs.gibbsnet.training_scene import TrainingScene
from gui.widgets.probing import when_there_is_one
from gui.widgets.scenes import Scenes

if TYPE_CHECKING:
    from gui.shell.bench import Bench

SCENES = ("Chain", "Paint", "Clamp", "Latent map", "Training", "Beside ALI and GAN")
SYMBOLS = {
    "chain": 0, "timeline": 0, "health": 0, "film": 0, "quality": 0, "distance": 0, "paint": 1, "mask": 1,
    "variance": 1, "seam": 1, "inpaint": 1, "clamp": 2, "hold": 2, "beliefs": 2, "tasks": 2, "latent": 3, "place": 3,
    "probe": 5, "flow": 4, "aids": 4, "losses": 4, "logits": 4, "phases": 4, "samples": 5, "mixing": 5,
    "transition": 5,
}  # fmt: skip
"""Pictures that the explanation points at, and their scene."""


class GibbsNetTab(Scenes):
    """What the run says about itself, and the picture that is held, are shared by the scenes."""

    def __init__(self, bench: Bench, parent: QWidget | None = None) -> None:
        self.facts = facts = Facts()
        self.observed = observed = Observed(bench, facts)
        makers = (
            lambda: ChainScene(bench, facts),
            lambda: PaintScene(bench, facts, observed),
            lambda: ClampScene(bench, facts, observed),
            lambda: LatentScene(bench, facts),
            lambda: TrainingScene(bench, facts),
            lambda: RivalsScene(bench, facts),
        )
        super().__init__(bench, list(zip(SCENES, makers, strict=True)), SYMBOLS, parent)
        facts.setParent(self)
        observed.setParent(self)
        bench.watch("facts", self, when_there_is_one(facts.show_view))
        bench.run_started.connect(facts.forget)
        self.show_remembered()


def build(bench: Bench) -> QWidget:
    """The tab of this paper, driven by `bench`."""
    return GibbsNetTab(bench)
