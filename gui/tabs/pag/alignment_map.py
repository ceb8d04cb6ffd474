"""One realised alignment: source words over output characters, with the true alignment and the re-plans."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.tabs.pag.names import GOLD, REPLAN
from gui.tabs.pag.token_map import TokenMap, dot
from gui.widgets.painted import number


class AlignmentMap(TokenMap):
    """Attention [T, S] drawn as S rows over T columns; step_chosen(t) while a person clicks or drags in it."""

    step_chosen = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, x_label="output", y_label="source", parent=parent)
        self.gold: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.replanned: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)
        self.step = -1

    def show_alignment(
        self,
        attended: NDArray[np.float32],
        tokens: tuple[str, ...],
        symbols: tuple[str, ...],
        gold: NDArray[np.int64],
        replanned: NDArray[np.bool_] | None = None,
    ) -> None:
        """attended [T, S]; gold [T], -1 where there is none; replanned [T] or None for a model without plans."""
        self.gold = np.asarray(gold)
        self.replanned = np.zeros(len(attended), np.bool_) if replanned is None else np.asarray(replanned, np.bool_)
        self.set_matrix(np.asarray(attended).T, tokens, symbols)

    def clear(self, message: str) -> None:
        """Nothing to draw, and why."""
        self.message, self.matrix = message, np.zeros((0, 0), np.float32)
        self.refresh()

    def set_step(self, step: int) -> None:
        """The linked cursor."""
        if step != self.step:
            self.step = step
            self.refresh()

    def data(self) -> dict[str, NDArray[Any]]:
        """{"matrix", "rows", "columns", "gold", "replanned"}."""
        return {**super().data(), "gold": self.gold, "replanned": self.replanned}

    def column_meaning(self, column: int) -> str:
        """The character of the cursor stands out."""
        return "text" if column == self.step else "muted"

    def paint_marks(self, painter: QPainter, area: QRectF) -> None:
        """Re-plans as ticks along the top, gold dots, the cursor."""
        columns = self.matrix.shape[1]
        painter.setPen(QPen(theme().color(REPLAN), 2))
        for column in np.flatnonzero(self.replanned[:columns]).tolist():
            x = self.cell(0, column).left() + 1
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.top() + 6))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for column, row in enumerate(self.gold[:columns].tolist()):
            if 0 <= row < len(self.matrix):
                dot(painter, self.cell(row, column), GOLD, share=0.2)
        painter.restore()
        if 0 <= self.step < columns:
            box = self.cell(0, self.step)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.drawRect(QRectF(box.left(), area.top(), box.width(), area.height()))

    def hover_text(self, position: QPointF) -> str:
        """Character, word and weight; the truth; whether it planned."""
        found = self.cell_at(position)
        if found is None:
            return ""
        row, column = found
        lines = [
            f"character {column + 1} “{self.column_words[column]}”",
            f"looks at “{self.row_words[row]}” with {number(float(self.matrix[row, column]), 3)}",
        ]
        if column < len(self.gold) and 0 <= self.gold[column] < len(self.row_words):
            lines.append(f"true: “{self.row_words[int(self.gold[column])]}”")
        if column < len(self.replanned) and self.replanned[column]:
            lines.append("re-planned here")
        return "\n".join(lines)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to this character."""
        self._choose(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag through the characters."""
        super().mouseMoveEvent(event)
        self._choose(event)

    def _choose(self, event: QMouseEvent) -> None:
        found = self.cell_at(event.position())
        if found is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self.step_chosen.emit(found[1])
