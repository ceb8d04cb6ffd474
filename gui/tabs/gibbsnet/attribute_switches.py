"""Switches with three states, off, free and on, one per attribute; free ones show what the model believes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.widgets.painted import PaintedView, draw_text

OFF, FREE, ON = 0, -1, 1
_ORDER = (OFF, FREE, ON)
_WORDS = ("off", "free", "on")
_ROW, _SWITCH = 24, 108


class AttributeSwitches(PaintedView):
    """Rows of name, switch and probability. Arrows choose and change a row; `changed` when a person moved one."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("attributes: off, free or on", parent)
        self.names: tuple[str, ...] = ()
        self.states: tuple[int, ...] = ()
        self.probabilities: NDArray[np.float64] = np.zeros(0)
        self._current = -1
        self.setMinimumWidth(200)

    def set_names(self, names: Sequence[str]) -> None:
        """These attributes, all free; nothing happens when they are those there are."""
        if tuple(names) == self.names:
            return
        self.names, self.states = tuple(names), (FREE,) * len(names)
        self.probabilities = np.full(len(names), np.nan)
        self._current = -1
        self.setMinimumHeight(_ROW * len(self.names))
        self.updateGeometry()
        self.refresh()

    def set_states(self, states: Sequence[int]) -> None:
        """Off 0, free -1 or on 1 for each, without telling. Raises ValueError for another number of them."""
        if len(states) != len(self.names):
            raise ValueError(f"there are {len(self.names)} attributes, got {len(states)} states")
        self.states = tuple(states)
        self.refresh()

    def set_probabilities(self, probabilities: ArrayLike) -> None:
        """p(attribute is on | z) [n], averaged along the chain; not-a-number: not known."""
        self.probabilities = np.asarray(probabilities, dtype=np.float64)
        self.refresh()

    def free_all(self) -> None:
        """Let go of all of them, and tell."""
        self.states = (FREE,) * len(self.names)
        self.changed.emit()
        self.refresh()

    def data(self) -> dict[str, NDArray[Any]]:
        """{"attribute", "state", "probability"}."""
        return {
            "attribute": np.array(self.names, dtype=np.str_),
            "state": np.array(self.states),
            "probability": self.probabilities,
        }

    def sizeHint(self) -> QSize:
        return QSize(260, _ROW * max(1, len(self.names)))

    def switch_box(self, row: int) -> QRectF:
        """Where the switch of a row is."""
        left = min(self.width() * 0.45, self.width() - _SWITCH - 50.0)
        return QRectF(left, row * _ROW + 2, _SWITCH, _ROW - 4)

    def paint(self, painter: QPainter) -> None:
        """All rows."""
        painter.setFont(self.small_font(0.92))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row, name in enumerate(self.names):
            box = self.switch_box(row)
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            words = QRectF(4, row * _ROW, box.left() - 8, _ROW)
            draw_text(painter, words, name, left, "accent" if row == self._current else "text")
            self._paint_switch(painter, box, self.states[row])
            self._paint_bar(
                painter, QRectF(box.right() + 8, box.top(), self.width() - box.right() - 12, box.height()), row
            )

    def _paint_switch(self, painter: QPainter, box: QRectF, state: int) -> None:
        painter.setPen(QPen(theme().color("border"), 1))
        painter.setBrush(theme().color("raised"))
        painter.drawRoundedRect(box, 5, 5)
        third = box.width() / 3
        for i, (value, word) in enumerate(zip(_ORDER, _WORDS, strict=True)):
            part = QRectF(box.left() + i * third, box.top(), third, box.height())
            chosen = value == state
            if chosen:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme().color("selection" if value == FREE else "accent"))
                painter.drawRoundedRect(part.adjusted(1, 1, -1, -1), 4, 4)
            meaning = "on_accent" if chosen and value != FREE else ("text" if chosen else "muted")
            draw_text(painter, part, word, Qt.AlignmentFlag.AlignCenter, meaning)

    def _paint_bar(self, painter: QPainter, box: QRectF, row: int) -> None:
        share = float(self.probabilities[row]) if row < len(self.probabilities) else float("nan")
        if box.width() < 16 or not np.isfinite(share):
            return
        bar = QRectF(box.left(), box.center().y() - 3, box.width() - 34, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("raised"))
        painter.drawRoundedRect(bar, 3, 3)
        painter.setBrush(theme().color("model"))
        painter.drawRoundedRect(QRectF(bar.left(), bar.top(), bar.width() * share, bar.height()), 3, 3)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        draw_text(painter, QRectF(box.right() - 32, box.top(), 32, box.height()), f"{share:.2f}", right, "muted")

    def hover_text(self, position: QPointF) -> str:
        """The attribute, and what the model believes."""
        row = int(position.y() // _ROW)
        if not 0 <= row < len(self.names):
            return ""
        state = _WORDS[_ORDER.index(self.states[row])]
        share = float(self.probabilities[row]) if row < len(self.probabilities) else float("nan")
        belief = f"\nprobability of on, averaged along the chain: {share:.3f}" if np.isfinite(share) else ""
        return f"{self.names[row]}: {state}{belief}"

    def _set(self, row: int, state: int) -> None:
        self.states = (*self.states[:row], state, *self.states[row + 1 :])
        self.changed.emit()
        self.refresh()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the state under the pointer."""
        row = int(event.position().y() // _ROW)
        if event.button() == Qt.MouseButton.LeftButton and 0 <= row < len(self.names):
            self._current = row
            box = self.switch_box(row)
            if box.contains(event.position()):
                third = int((event.position().x() - box.left()) / box.width() * 3)
                self._set(row, _ORDER[min(2, max(0, third))])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down choose a row, left and right its state."""
        key = Qt.Key(event.key())
        last = len(self.names) - 1
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.names:
            self._current = max(0, min(last, self._current + (1 if key == Qt.Key.Key_Down else -1)))
            self.update()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and 0 <= self._current <= last:
            at = _ORDER.index(self.states[self._current]) + (1 if key == Qt.Key.Key_Right else -1)
            self._set(self._current, _ORDER[max(0, min(2, at))])
        else:
            super().keyPressEvent(event)
