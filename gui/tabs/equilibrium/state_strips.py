"""The layers of one picture side by side: at rest, nudged towards the target and away from it, and the shift per β."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PySide6.QtWidgets import QWidget

from engine.papers.equilibrium_views import StatesView
from gui.shell.theme import Table
from gui.tabs.equilibrium.names import layer_name
from gui.widgets.strips import Strip, Strips

Style = Literal["bars", "heat"]
COLUMNS = (("free", "rest"), ("plus", "+β"), ("minus", "−β"))
"""Field of the payload, and its words."""


class StateStrips(Strips):
    """Draws a `StatesView`; declares its columns anew when the layers have other sizes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("layers at rest, nudged, and their shift", parent)
        self._sizes: tuple[int, ...] = ()
        self._table: Table = "unsigned"

    def show_view(self, view: StatesView) -> None:
        """Draw these states."""
        sizes = tuple(len(layer) for layer in view.free)
        table: Table = "signed" if any(np.min(layer, initial=0.0) < -0.01 for layer in view.free) else "unsigned"
        if (sizes, table) != (self._sizes, self._table):
            self._sizes, self._table = sizes, table
            self.set_strips([strip for k in range(len(sizes)) for strip in self._columns(k)])
        values = {}
        for k in range(len(sizes)):
            for field in ("free", "plus", "minus", "shift"):
                values[f"{field} {k}"] = np.nan_to_num(getattr(view, field)[k])
        self.set_values(values)
        last = len(sizes) - 1
        if self._is_short(last) and len(view.target) == sizes[last]:
            self.set_ticks({f"free {last}": view.target})

    def _is_short(self, k: int) -> bool:
        return self._sizes[k] <= 16

    def _columns(self, k: int) -> list[Strip]:
        """Four columns of layer k + 1; short layers as bars."""
        group, n = layer_name(k + 1, len(self._sizes)), self._sizes[k]
        style: Style = "bars" if self._is_short(k) else "heat"
        made = [Strip(f"{field} {k}", words, n, "model", group, self._table, style, 1.0) for field, words in COLUMNS]
        return [*made, Strip(f"shift {k}", "shift/β", n, "error_positive", group, "error", style)]
