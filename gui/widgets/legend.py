"""The coloured marks and words at the right of a panel's title."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.shell.theme import theme

Mark = Literal["line", "dashed", "dot", "square", "hollow", "none"]
_MARK_WIDTH, _GAP, _BETWEEN = 14, 4, 12


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One word and its mark; `meaning` is a colour of the theme."""

    text: str
    meaning: str = "muted"
    mark: Mark = "line"


class Legend(QWidget):
    """Right-aligned entries in one line; those that do not fit are replaced by "…" and named in the tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[LegendEntry, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(0)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 0.88)
        self.setFont(font)
        theme().changed.connect(self.on_theme_changed)

    def on_theme_changed(self) -> None:
        """The palette changed."""
        self.update()

    @property
    def entries(self) -> tuple[LegendEntry, ...]:
        """What is shown, from left to right."""
        return self._entries

    def set_entries(self, entries: Sequence[LegendEntry]) -> None:
        """Show these, from left to right."""
        self._entries = tuple(entries)
        words = ", ".join(e.text for e in entries)
        self.setToolTip(words)
        self.setAccessibleName(f"legend: {words}" if words else "")
        self.updateGeometry()
        self.update()

    def _width(self, entry: LegendEntry) -> int:
        mark = 0 if entry.mark == "none" else _MARK_WIDTH + _GAP
        return mark + self.fontMetrics().horizontalAdvance(entry.text)

    def sizeHint(self) -> QSize:
        width = sum(self._width(e) + _BETWEEN for e in self._entries)
        return QSize(width, self.fontMetrics().height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().height() + 2)

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = self.width()
        for entry in reversed(self._fitting()):
            x -= self._width(entry)
            self._paint_entry(painter, entry, max(x, 0))
            x -= _BETWEEN
        painter.end()

    def _fitting(self) -> list[LegendEntry]:
        """The entries that fit, then "…" if some do not; a single one is shortened instead."""
        metrics = self.fontMetrics()
        if len(self._entries) == 1:
            only = self._entries[0]
            room = self.width() - (self._width(only) - metrics.horizontalAdvance(only.text))
            words = metrics.elidedText(only.text, Qt.TextElideMode.ElideRight, max(0, room + 1))
            return [LegendEntry(words, only.meaning, only.mark)]
        shown: list[LegendEntry] = []
        dots = LegendEntry("…", mark="none")
        used = 0
        for i, entry in enumerate(self._entries):
            need = self._width(entry) + (_BETWEEN if shown else 0)
            reserve = self._width(dots) + _BETWEEN if i + 1 < len(self._entries) else 0
            if used + need + reserve > self.width():
                return [*shown, dots] if shown or self.width() >= self._width(dots) else []
            used += need
            shown.append(entry)
        return shown

    def _paint_entry(self, painter: QPainter, entry: LegendEntry, x: int) -> None:
        middle = self.height() / 2
        color = theme().color(entry.meaning)
        if entry.mark in ("line", "dashed"):
            style = Qt.PenStyle.SolidLine if entry.mark == "line" else Qt.PenStyle.DashLine
            pen = QPen(color, 2, style, Qt.PenCapStyle.FlatCap)
            if entry.mark == "dashed":
                pen.setDashPattern([2.0, 1.5])
            painter.setPen(pen)
            painter.drawLine(QPointF(x, middle), QPointF(x + _MARK_WIDTH, middle))
        elif entry.mark != "none":
            box = QRectF(x + 3, middle - 4, 8, 8)
            painter.setPen(QPen(color, 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush if entry.mark == "hollow" else color)
            if entry.mark == "dot":
                painter.drawEllipse(box)
            else:
                painter.drawRect(box)
        if entry.mark != "none":
            x += _MARK_WIDTH + _GAP
        painter.setPen(theme().color("muted"))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(x, 0, self.width(), self.height()), flags, entry.text)
