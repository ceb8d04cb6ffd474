"""The ribbon: at which output symbols the model re-planned and at which it followed; a click decides otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.papers.pag_views import BY_HAND as SET_BY_HAND
from engine.papers.pag_views import EXHAUSTED, FIRST, REASONS, Film
from gui.shell.theme import theme
from gui.tabs.pag.names import BY_HAND, FOLLOW, REPLAN
from gui.widgets.painted import PaintedView, draw_text, number

_LEAST_CELL = 15.0


class Ribbon(PaintedView):
    """One field per output symbol: green where it re-planned, grey where it followed, framed where a hand decided.

    step_clicked(t): a person wants the other thing at step t, or gives the decision back. Where the fields would be
    too narrow, those around the present step are shown.
    """

    step_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("follow or re-plan at each output symbol", parent)
        self.film: Film | None = None
        self.step = 0
        self.by_hand: dict[int, bool] = {}
        self.forced: frozenset[int] = frozenset()
        self.wrong_from = -1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(240, 2 * self.fontMetrics().height() + 12)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def show_film(self, film: Film | None, reference: tuple[str, ...] = ()) -> None:
        """Another decoding; reference: the right output, where it is known."""
        self.film = film
        self.wrong_from = -1
        if film is not None and reference:
            pairs = enumerate(film.shown)
            wrong = (i for i, s in pairs if i >= len(reference) or s != reference[i])
            self.wrong_from = next(wrong, -1)
        self.refresh()

    def show_hands(self, switches: Mapping[int, bool], symbols: frozenset[int]) -> None:
        """Steps whose switch was set by hand, and steps whose symbol was."""
        self.by_hand, self.forced = dict(switches), symbols
        self.refresh()

    def set_step(self, step: int) -> None:
        """The linked cursor."""
        if step != self.step:
            self.step = step
            self.refresh()

    def data(self) -> dict[str, NDArray[Any]]:
        """{"output", "replanned", "reason", "probability"} of every step."""
        film = self.film
        if film is None:
            return {}
        return {
            "output": np.array(film.shown, np.str_), "replanned": film.replanned, "reason": film.reason,
            "probability": film.replan_probability,
        }  # fmt: skip

    def span(self) -> tuple[int, int]:
        """First step drawn and how many."""
        count = len(self.film.shown) if self.film is not None else 0
        fit = max(1, int((self.width() - 4) / _LEAST_CELL))
        if count <= fit:
            return 0, count
        return min(max(0, self.step - fit // 2), count - fit), fit

    def box(self, step: int) -> QRectF:
        """The field of one step."""
        first, count = self.span()
        width = min(34.0, (self.width() - 4) / max(1, count))
        line = self.fontMetrics().height()
        return QRectF(2 + (step - first) * width, 2, width, line + 4)

    def step_at(self, position: QPointF) -> int:
        """The step under a point, -1 for none."""
        first, count = self.span()
        inside = (t for t in range(first, first + count) if self.box(t).left() <= position.x() < self.box(t).right())
        return next(inside, -1)

    def paint(self, painter: QPainter) -> None:
        """Fields with their symbols, what was set by hand, the cursor; counts below."""
        film = self.film
        if film is None:
            return
        first, count = self.span()
        middle = Qt.AlignmentFlag.AlignCenter
        for t in range(first, first + count):
            box = self.box(t)
            color = QColor(theme().color(REPLAN if film.replanned[t] else FOLLOW))
            color.setAlphaF(0.85 if film.replanned[t] else 0.28)
            inner = box.adjusted(0.5, 0.5, -0.5, -0.5)
            painter.fillRect(inner, color)
            if film.reason[t] == EXHAUSTED:
                painter.fillRect(inner, Qt.BrushStyle.BDiagPattern)
            meaning = "background" if film.replanned[t] else "text"
            draw_text(painter, box, film.shown[t], middle, meaning)
            if t in self.by_hand or t in self.forced:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(theme().color(BY_HAND), 2))
                painter.drawRect(inner.adjusted(1, 1, -1, -1))
            if 0 <= self.wrong_from <= t:
                painter.fillRect(QRectF(box.left() + 1, box.bottom() + 1, box.width() - 2, 2), theme().color("bad"))
        if first <= self.step < first + count:
            box = self.box(self.step)
            painter.setBrush(theme().color("accent"))
            painter.setPen(Qt.PenStyle.NoPen)
            x, y = box.center().x(), box.bottom() + 3
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawPolygon([QPointF(x, y), QPointF(x - 5, y + 6), QPointF(x + 5, y + 6)])
        self._paint_counts(painter, film)

    def _paint_counts(self, painter: QPainter, film: Film) -> None:
        painter.setFont(self.small_font())
        line = painter.fontMetrics().height()
        below = QRectF(2, self.height() - line - 1, self.width() - 4, line)
        total = len(film.shown)
        words = f"re-plans at {film.replans} of {total}"
        if film.exhausted:
            words += f", {film.exhausted} because the plan was used up"
        if not film.ended:
            words += "; no end symbol: cut off"
        if 0 <= self.wrong_from < total:
            words += f"; wrong from symbol {self.wrong_from + 1} on"
        draw_text(painter, below, words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "muted")

    def hover_text(self, position: QPointF) -> str:
        """Why the switch stood as it did, and what a click does."""
        film, t = self.film, self.step_at(position)
        if film is None or t < 0:
            return ""
        lines = [
            f"output {t + 1} “{film.shown[t]}” ({number(float(film.probability[t]), 3)})",
            REASONS[int(film.reason[t])],
            f"probability of a re-plan {number(float(film.replan_probability[t]), 3)}",
        ]
        if film.reason[t] == FIRST or t == 0:
            lines.append("there is no plan yet: it must make one")
        elif film.reason[t] == SET_BY_HAND or t in self.by_hand:
            lines.append("click: let the model decide again")
        else:
            lines.append("click: follow the plan here" if film.replanned[t] else "click: re-plan here")
        return "\n".join(lines)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Decide otherwise."""
        t = self.step_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and t >= 0:
            self.step_clicked.emit(t)
