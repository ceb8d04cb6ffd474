"""Panels side by side in nested splitters: sizes are remembered, and any one of them can fill the whole grid."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QSplitter, QVBoxLayout, QWidget

from gui.widgets.panel import Panel

_GAP = 8


@dataclass(frozen=True, slots=True)
class Split:
    """A row or a column of panels and further splits; `stretch` are their relative sizes."""

    orientation: Qt.Orientation
    children: tuple["Split | QWidget", ...]
    stretch: tuple[int, ...]


def _split(orientation: Qt.Orientation, children: tuple[Split | QWidget, ...], stretch: Sequence[int] | None) -> Split:
    sizes = tuple(stretch) if stretch is not None else (1,) * len(children)
    if len(sizes) != len(children) or not children:
        raise ValueError(f"{len(children)} children and {len(sizes)} stretches: give one for each, at least one")
    return Split(orientation, children, sizes)


def row(*children: Split | QWidget, stretch: Sequence[int] | None = None) -> Split:
    """Children from left to right."""
    return _split(Qt.Orientation.Horizontal, children, stretch)


def column(*children: Split | QWidget, stretch: Sequence[int] | None = None) -> Split:
    """Children from top to bottom."""
    return _split(Qt.Orientation.Vertical, children, stretch)


class PanelGrid(QWidget):
    """Lays out panels as told by `arrange(row(a, column(b, c)))`; a double-click on a title maximises that panel."""

    layout_changed = Signal()
    """A splitter was moved, or a panel maximised or restored: time to remember `save_state()`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._root: QSplitter | None = None
        self._maximised: Panel | None = None
        self._sizes_before: list[list[int]] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        self._escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._escape.setEnabled(False)
        self._escape.activated.connect(self.restore)

    def arrange(self, split: Split) -> None:
        """Build the splitters (once); raises ValueError if called again."""
        if self._root is not None:
            raise ValueError("this grid is already arranged")
        self._root = self._build(split)
        self._root.setParent(self)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(self._root)
        for panel in self.panels():
            panel.maximise_requested.connect(self.on_maximise_requested)
            panel.restore_requested.connect(self.restore)

    def _build(self, split: Split) -> QSplitter:
        splitter = QSplitter(split.orientation)
        splitter.setHandleWidth(_GAP)
        splitter.setChildrenCollapsible(False)
        for child, stretch in zip(split.children, split.stretch, strict=True):
            widget = self._build(child) if isinstance(child, Split) else child
            splitter.addWidget(widget)
            splitter.setStretchFactor(splitter.count() - 1, stretch)
        total = sum(split.stretch)
        splitter.setSizes([round(10_000 * s / total) for s in split.stretch])
        splitter.splitterMoved.connect(lambda *_: self.layout_changed.emit())
        return splitter

    def _splitters(self) -> list[QSplitter]:
        return [] if self._root is None else [self._root, *self._root.findChildren(QSplitter)]

    def panels(self) -> list[Panel]:
        """The panels, in order of construction."""

        def walk(splitter: QSplitter) -> Iterator[Panel]:
            for widget in _children(splitter):
                if isinstance(widget, QSplitter):
                    yield from walk(widget)
                elif isinstance(widget, Panel):
                    yield widget

        return [] if self._root is None else list(walk(self._root))

    @property
    def maximised(self) -> Panel | None:
        """The panel that fills the grid, if one does."""
        return self._maximised

    def on_maximise_requested(self) -> None:
        """A panel asked for the whole grid."""
        panel = self.sender()
        if isinstance(panel, Panel):
            self.maximise(panel)

    def maximise(self, panel: Panel) -> None:
        """Show `panel` alone; hidden panels stop drawing. Raises ValueError for a panel that is not in this grid."""
        if panel not in self.panels():
            raise ValueError(f"panel {panel.title!r} is not in this grid")
        if self._maximised is panel:
            return
        if self._maximised is None:  # else the sizes before that one still count
            self._sizes_before = [s.sizes() for s in self._splitters()]
        else:
            self._maximised.set_maximised(False)
        for splitter in self._splitters():
            for child in _children(splitter):
                child.setVisible(child is panel or child.isAncestorOf(panel))
        self._maximised = panel
        panel.set_maximised(True)
        self._escape.setEnabled(True)
        self.layout_changed.emit()

    def restore(self) -> None:
        """Show all panels again, at the sizes they had."""
        if self._maximised is None:
            return
        for splitter in self._splitters():
            for child in _children(splitter):
                child.show()
        for splitter, sizes in zip(self._splitters(), self._sizes_before, strict=True):
            splitter.setSizes(sizes)
        self._maximised.set_maximised(False)
        self._maximised = None
        self._escape.setEnabled(False)
        self.layout_changed.emit()

    def toggle_focused(self) -> None:
        """Maximise the panel that has the keyboard, or restore."""
        if self._maximised is not None:
            self.restore()
            return
        focused = QApplication.focusWidget()
        for panel in self.panels():
            if focused is not None and panel.isAncestorOf(focused):
                self.maximise(panel)

    def save_state(self) -> bytes:
        """Splitter sizes and the maximised panel, independent of the window's size."""
        sizes = self._sizes_before if self._maximised is not None else [s.sizes() for s in self._splitters()]
        which = self.panels().index(self._maximised) if self._maximised is not None else None
        return json.dumps({"sizes": sizes, "maximised": which}).encode()

    def restore_state(self, state: bytes) -> bool:
        """Apply what `save_state` returned; False, and nothing done, if it does not fit this grid."""
        try:
            read = json.loads(state)
            sizes, which = read["sizes"], read["maximised"]
        except (ValueError, TypeError, KeyError):
            return False
        splitters, panels = self._splitters(), self.panels()
        fits = isinstance(sizes, list) and len(sizes) == len(splitters)
        if not fits or not all(_sizes_fit(own, s) for own, s in zip(splitters, sizes, strict=True)):
            return False
        if which is not None and not (type(which) is int and 0 <= which < len(panels)):
            return False
        self.restore()
        for splitter, own in zip(splitters, sizes, strict=True):
            splitter.setSizes(own)
        if which is not None:
            self.maximise(panels[which])
        return True


def _children(splitter: QSplitter) -> list[QWidget]:
    return [w for i in range(splitter.count()) if (w := splitter.widget(i)) is not None]


def _sizes_fit(splitter: QSplitter, sizes: object) -> bool:
    return (
        isinstance(sizes, list)
        and len(sizes) == splitter.count()
        and all(type(s) is int and 0 <= s <= 100_000 for s in sizes)
        and sum(sizes) > 0
    )
