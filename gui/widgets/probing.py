"""Which input all pictures of a tab look at: a test example or a drawn image, and the class asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

PROBES = 300
"""Test examples that the next/previous/random buttons go through (the smallest test set has 360)."""

T = TypeVar("T")


def when_there_is_one(draw: Callable[[T], None]) -> Callable[[T | None], None]:
    """A drawer that leaves its picture alone when the run has no such payload (None: not for this task)."""

    def draw_payload(payload: T | None) -> None:
        if payload is not None:
            draw(payload)

    return draw_payload


class Probing(QObject):
    """`probe` is made by the paper's own probe type, called with index, image and target.

    probe_changed: another input.
    """

    probe_changed = Signal()

    def __init__(self, make_probe: Callable[..., Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make_probe = make_probe
        self.probe: Any = make_probe(index=0)

    def show_example(self, index: int) -> None:
        """Look at this test example (wraps around)."""
        self.set_probe(self._make_probe(index=index % PROBES))

    def show_image(self, image: NDArray[np.float32], target: int = -1) -> None:
        """Look at a drawn image [h, w] in 0..1; target: the class asked for, -1 for none."""
        self.set_probe(self._make_probe(index=self.probe.index, image=image, target=target))

    def set_target(self, target: int) -> None:
        """Ask for this class (-1: the example's own)."""
        self.set_probe(self._make_probe(index=self.probe.index, image=self.probe.image, target=target))

    def set_probe(self, probe: Any) -> None:
        """Look at this."""
        self.probe = probe
        self.probe_changed.emit()
