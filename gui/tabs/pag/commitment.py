"""Commitment: how long the model means to follow its plan, and how long it really did."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine.papers.pag_views import Film
from gui.shell.theme import theme
from gui.tabs.pag.names import FOLLOW, REPLAN
from gui.widgets.painted import PaintedView, draw_text, number


class Commitment(PaintedView):
    """A dial that counts down to the next re-plan of the film, and bars of the relaxed commitment [k]."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("commitment to the plan", parent)
        self.film: Film | None = None
        self.step = 0
        self.setMinimumSize(96, 100)

    def sizeHint(self) -> QSize:
        return QSize(128, 200)

    def show_film(self, film: Film | None) -> None:
        """Another decoding."""
        self.film = film
        self.refresh()

    def set_step(self, step: int) -> None:
        """The moment shown."""
        if step != self.step:
            self.step = step
            self.refresh()

    def countdown(self) -> tuple[int, int]:
        """(steps to the next re-plan, length of the present stretch) of this film; (-1, n): none until the end."""
        film = self.film
        if film is None or self.step >= len(film.replanned):
            return -1, 0
        later = np.flatnonzero(film.replanned[self.step + 1 :])
        since = int(film.old_row[self.step])
        if len(later):
            return int(later[0]) + 1, since + int(later[0]) + 1
        return -1, since + len(film.replanned) - self.step

    def data(self) -> dict[str, NDArray[Any]]:
        """{"soft", "hard", "logits", "tau_inv"} of every step."""
        film = self.film
        if film is None:
            return {}
        return {"soft": film.soft, "hard": film.hard, "logits": film.logits, "tau_inv": film.tau_inv}

    def paint(self, painter: QPainter) -> None:
        """Dial above, bars below."""
        film = self.film
        if film is None or self.step >= len(film.replanned):
            return
        painter.setFont(self.small_font())
        if not film.soft.shape[1]:
            words = "no plan: it looks anew at every step"
            painter.setPen(theme().color("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()), int(flags), words)
            return
        line = float(painter.fontMetrics().height())
        radius = max(14.0, min(self.width() * 0.32, self.height() * 0.17))
        center = QPointF(self.width() / 2, line + radius + 4)
        self._paint_dial(painter, film, center, radius, line)
        top = center.y() + radius + line + 6
        self._paint_bars(painter, film, QRectF(0, top, self.width(), self.height() - top), line)

    def _paint_dial(self, painter: QPainter, film: Film, center: QPointF, radius: float, line: float) -> None:
        left, whole = self.countdown()
        middle = Qt.AlignmentFlag.AlignCenter
        draw_text(painter, QRectF(0, 0, self.width(), line), "next re-plan in", middle, "muted")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(center.x() - radius, center.y() - radius, 2 * radius, 2 * radius)
        painter.setPen(QPen(theme().color("border"), 1))
        painter.setBrush(theme().color("raised"))
        painter.drawEllipse(box)
        share = left / whole if left > 0 else 1.0
        fill = QColor(theme().color(REPLAN if left > 0 else FOLLOW))
        fill.setAlphaF(0.55)
        painter.setBrush(fill)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPie(box, 90 * 16, -round(share * 360 * 16))
        painter.setPen(QPen(theme().color("card"), 1.5))
        for i in range(whole if whole <= 24 else 0):
            turn = 2 * math.pi * i / whole
            painter.drawLine(center, center + QPointF(radius * math.sin(turn), -radius * math.cos(turn)))
        painter.setBrush(theme().color("card"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(center, radius * 0.5, radius * 0.5)
        draw_text(painter, box, str(left) if left > 0 else "–", middle, "text")
        now = "re-planned now" if film.replanned[self.step] else f"followed for {int(film.old_row[self.step])}"
        below = QRectF(0, center.y() + radius + 2, self.width(), line)
        draw_text(painter, below, now, middle, REPLAN if film.replanned[self.step] else "muted")

    def _paint_bars(self, painter: QPainter, film: Film, box: QRectF, line: float) -> None:
        soft = np.nan_to_num(film.soft[self.step])
        if box.height() < 3 * line:
            return
        middle = Qt.AlignmentFlag.AlignCenter
        draw_text(painter, QRectF(box.left(), box.top(), box.width(), line), "commitment c", middle, "muted")
        floor, room = box.bottom() - line, box.height() - 2 * line - 4
        width = (box.width() - 8) / len(soft)
        drawn = int(film.hard[self.step].argmax()) if np.any(film.hard[self.step]) else -1
        for i, value in enumerate(np.clip(soft, 0.0, 1.0).tolist()):
            bar = QRectF(4 + i * width + 1, floor - room, max(1.0, width - 2), room)
            painter.fillRect(bar, theme().color("raised"))
            high = room * value
            meaning = REPLAN if i == 0 else "model"
            painter.fillRect(QRectF(bar.left(), floor - high, bar.width(), high), theme().color(meaning))
            if i == drawn:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(theme().color("text"), 1))
                painter.drawRect(bar)
            if width >= 9 or i % 3 == 0:
                draw_text(painter, QRectF(bar.center().x() - 10, floor, 20, line), str(i), middle, "muted")

    def hover_text(self, position: QPointF) -> str:
        """The numbers of the switch at this step."""
        film = self.film
        if film is None or self.step >= len(film.replanned) or not film.soft.shape[1]:
            return ""
        soft = ", ".join(number(float(v), 2) for v in film.soft[self.step])
        return "\n".join(
            (
                f"probability of a re-plan at this step {number(float(film.replan_probability[self.step]), 3)}",
                f"c, relaxed, slots 0 (re-plan) to {film.soft.shape[1] - 1}: {soft}",
                f"inverse temperature {number(float(film.tau_inv[self.step]), 3)}: shapes the gradient only",
                "framed: the slot that was drawn",
            )
        )
