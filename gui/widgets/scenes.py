"""A tab of several scenes over one run: a slim selector above them; each is built when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gui.widgets.panel_grid import PanelGrid
from gui.widgets.scrolling import Scrolling
from gui.widgets.segments import Segments

if TYPE_CHECKING:
    from gui.shell.bench import Bench

MakeScene = Callable[[], Any]
"""Builds a scene: a QWidget with `symbols`, {symbol: widget that shows it}."""


class Scenes(QWidget):
    """Remembers which scene was in front and where its splitters were; `scenes` are those built so far.

    symbols: pictures that the explanation points at, and the scene they live in; while it is not in front, its button
    stands for them. A scene may say its `least_height` in pixels: in a lower window it scrolls.
    """

    def __init__(
        self,
        bench: Bench,
        makers: Sequence[tuple[str, MakeScene]],
        symbols: Mapping[str, int],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._bench, self._makers, self._symbols = bench, tuple(makers), dict(symbols)
        self.selector = Segments([words for words, _ in makers], f"scenes of the {bench.paper.name} tab")
        self.selector.chosen.connect(self.show_scene)
        self.stack = QStackedWidget()
        self.scenes: dict[int, Any] = {}
        self._places: dict[int, QWidget] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.selector, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.stack, 1)

    def show_remembered(self) -> None:
        """Bring the scene to the front that was there last time."""
        self.show_scene(min(max(0, self._bench.recall("scene", 0)), len(self._makers) - 1))

    def show_scene(self, index: int) -> None:
        """Bring one scene to the front; the others stop asking for pictures."""
        if index not in self.scenes:
            scene = self._makers[index][1]()
            for i, grid in enumerate(scene.findChildren(PanelGrid)):
                self._keep(grid, f"grid-{index}-{i}")
            self.scenes[index] = scene
            least = getattr(scene, "least_height", 0)
            scene.setMinimumHeight(least)
            self._places[index] = Scrolling(scene) if least else scene
            self.stack.addWidget(self._places[index])
        self.selector.choose(index)
        self.stack.setCurrentWidget(self._places[index])
        self._bench.remember("scene", index)
        for symbol, home in self._symbols.items():
            widget = self.scenes[index].symbols[symbol] if home == index else self.selector.button(home)
            self._bench.register_symbol(symbol, widget)

    def _keep(self, grid: PanelGrid, key: str) -> None:
        if state := self._bench.recall(key, b""):
            grid.restore_state(state)
        grid.layout_changed.connect(lambda: self._bench.remember(key, grid.save_state()))
