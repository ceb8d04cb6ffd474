"""How numbers become colours and bar lengths in this tab: fixed scales, so that fading shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from gui.shell.theme import Table, theme


@dataclass(frozen=True, slots=True)
class Scale:
    """A colour scale for potentials: proportional below `knee`, logarithmic above, full colour at `full`."""

    full: float
    knee: float

    def words(self) -> str:
        """For tooltips."""
        return (
            f"colours are proportional up to ±{self.knee:g}, grow with the logarithm above,"
            f" and are full at ±{self.full:g}"
        )


POTENTIAL = Scale(full=6.0, knee=1.0)
"""Basal, top-down, cancelling and somatic potentials."""
ERROR = Scale(full=2.0, knee=0.01)
"""Apical potentials: an error of 1 and one of 0.01 are both seen, and seen to differ."""


def shade(values: NDArray[Any], scale: Scale = POTENTIAL, gain: float = 1.0) -> NDArray[np.uint8]:
    """Potentials (any shape) as entries 0..255 of a signed table; 0 lands in the middle, not-a-number too."""
    factor = 127.5 / math.asinh(scale.full / scale.knee)
    spread = np.arcsinh(np.asarray(values, dtype=np.float32) * np.float32(gain / scale.knee)) * np.float32(factor)
    spread = np.asarray(spread)
    spread[spread != spread] = 0.0  # not-a-number
    np.clip(spread, -127.5, 127.5, out=spread)
    entries: NDArray[np.uint8] = (spread + np.float32(128.0)).astype(np.uint8)
    return entries


def pick(values: NDArray[Any], index: NDArray[np.intp], scale: Scale = POTENTIAL) -> list[int]:
    """Table entries of the chosen cells."""
    return [int(v) for v in shade(np.asarray(values)[index], scale)]


def palette_of(table: Table) -> list[QColor]:
    """The 256 colours of a table of the theme, made once per palette (see `PaintedView.on_theme_changed`)."""
    return [QColor.fromRgb(int(word)) for word in theme().table32(table)]


def spread_out(total: int, wanted: int, keep: int = -1) -> NDArray[np.intp]:
    """`wanted` cells spread evenly over `total`, in order; cell `keep` (if any) takes the place of its neighbour."""
    if total <= 0 or wanted <= 0:
        return np.zeros(0, dtype=np.intp)
    chosen = np.unique(np.linspace(0, total - 1, min(wanted, total)).round().astype(np.intp))
    if 0 <= keep < total and keep not in chosen:
        chosen[int(np.argmin(np.abs(chosen - keep)))] = keep
    return chosen
