"""What things are called in this tab, what colour each of them has everywhere, and what the run says about itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.papers.gibbsnet_views import FactsView, ModelName

MODEL_WORDS: dict[ModelName, str] = {"gibbsnet": "GibbsNet", "ali": "ALI", "gan": "GAN"}
MODEL_COLOURS: dict[ModelName, str] = {"gibbsnet": "model", "ali": "baseline", "gan": "series2"}
"""As the paper's curves are coloured: the chain, the same networks with one step, a fixed prior."""
DATA, CLAMPED, UNCLAMPED = "data", "data", "model"
"""Pictures of the data and the pairs that start at them; pairs that the chain made."""
BRANCH = "apical"
"""A second chain, from the same moment with other noise."""
UNKNOWN = "series1"
"""What the model may not see."""
NO_ENGINE = "The engine has ended: press Train to start it again."
TOY_WORDS = "This preset's data are points of the plane: choose one with pictures for this."
_SERIES = 8


def waiting(state: str) -> str:
    """Why there is no picture yet; state as of a run."""
    if state in ("failed", "stopped"):
        return NO_ENGINE
    if state in ("training", "paused"):
        return "The first picture is on its way."
    return "Press Train, or wait a moment: the engine is starting."


def class_meaning(label: int) -> str:
    """The colour of a class; -1 stands for data without one."""
    return "data" if label < 0 else f"series{label % _SERIES}"


def is_hollow(label: int) -> bool:
    """Classes beyond the eighth share a hue and are drawn as rings."""
    return label >= _SERIES


def pictures(images: NDArray[Any]) -> NDArray[np.uint8]:
    """[..., h, w, 1] as [..., h, w]; colour pictures as they are."""
    return images[..., 0] if images.shape[-1] == 1 else images


class Facts(QObject):
    """What the run says about itself (`view`, None before it did). changed: it says something else now."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.view: FactsView | None = None

    def show_view(self, view: FactsView) -> None:
        """Tell those who listen when something is new."""
        if view != self.view:
            self.view = view
            self.changed.emit()

    def forget(self) -> None:
        """Another run is about to say what it is."""
        self.view = None
        self.changed.emit()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(h, w, c) of a picture; 8x8 grey until known."""
        return (8, 8, 1) if self.view is None else self.view.shape

    @property
    def models(self) -> tuple[ModelName, ...]:
        """Models of this run, gibbsnet first."""
        return ("gibbsnet",) if self.view is None else self.view.models

    @property
    def data_key(self) -> tuple[object, ...]:
        """The same for as long as test pictures keep their numbers."""
        view = self.view
        return () if view is None else (view.shape, view.tests, view.classes, view.judged)

    @property
    def has_pictures(self) -> bool:
        """Whether x is a picture (it is not for a toy in the plane)."""
        return self.view is None or not self.view.is_toy

    def judged(self, count: int) -> tuple[str, ...]:
        """Names of `count` classes as the judge of the run tells them apart; numbers where it has none."""
        names = () if self.view is None else self.view.judged
        return names if len(names) == count else tuple(str(k) for k in range(count))

    def class_name(self, label: int) -> str:
        """Of a label; "" for none."""
        names = () if self.view is None or self.view.reads != "label" else self.view.classes
        return names[label] if 0 <= label < len(names) else ""


def model_words(model: str) -> str:
    """The name on screen of a model."""
    return MODEL_WORDS.get(model, model)  # type: ignore[call-overload, no-any-return]


def model_colour(model: str) -> str:
    """The colour of a model."""
    return MODEL_COLOURS.get(model, "text")  # type: ignore[call-overload, no-any-return]
