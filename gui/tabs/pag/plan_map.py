"""The plan film: what the decoder intends to attend to in its next steps, sliding up as time passes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEasingCurve, QPointF, QRectF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine.papers.pag_views import Film
from gui.shell.theme import theme
from gui.tabs.pag.names import GOLD, REPLAN, UNTRAINED, USED
from gui.tabs.pag.token_map import TokenMap, dot
from gui.widgets.painted import draw_text, number

SLIDE_MS, FLASH_MS = 170, 420
_GATE_PEN = 3.0
_LEAST_GATE = 0.02


def row_name(row: int) -> str:
    """Row 0 is what is attended now."""
    return "now" if row == 0 else f"+{row}"


class PlanMap(TokenMap):
    """`show_film`, then `show_step(t)`. A click on a row pins the output step it is meant for and follows it up.

    In painting mode a drag over fields of a row asks for another row: row_painted(row, weights [S], sum 1).
    """

    row_painted = Signal(int, object)
    pinned_changed = Signal(int)
    """The output step that is followed, -1 for none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("the alignment plan", x_label="source", y_label="plan rows", parent=parent)
        self.film: Film | None = None
        self.words: tuple[str, ...] = ()
        self.unknown: frozenset[int] = frozenset()
        self.flagged: frozenset[int] = frozenset()
        self.step = 0
        self.pinned = -1
        self.painting = False
        self._stroke: tuple[int, set[int]] | None = None
        self._slide = self._animation(SLIDE_MS)
        self._flash = self._animation(FLASH_MS)
        self.setMinimumSize(220, 110)

    def _animation(self, duration: int) -> QVariantAnimation:
        made = QVariantAnimation(self)
        made.setStartValue(1.0)
        made.setEndValue(0.0)
        made.setDuration(duration)
        made.setEasingCurve(QEasingCurve.Type.OutCubic)
        made.valueChanged.connect(self.on_animated)
        return made

    def on_animated(self, _value: object) -> None:
        """One picture of a slide or of a flash."""
        self.update()

    # --- what is shown ------------------------------------------------------------------------------------------

    def show_film(
        self,
        film: Film | None,
        words: tuple[str, ...] = (),
        unknown: frozenset[int] = frozenset(),
        flagged: frozenset[int] = frozenset(),
    ) -> None:
        """Another decoding of the source `words` [S]; the step stays where it was as far as there is one.

        unknown: places of source words that the model does not know, underlined; flagged: those a question asks for.
        """
        if film is None or not len(film.intended):
            self.film, self.matrix = None, np.zeros((0, 0), dtype=np.float32)
            self.refresh()
            return
        self.film, self.words, self.unknown, self.flagged = film, words, unknown, flagged
        self.right_words = (f"→ 000 {max(film.shown, key=len)} ", "→ end ")
        if self.pinned >= self.length:
            self.pin(-1)
        self._show(min(self.step, self.length - 1))

    @property
    def length(self) -> int:
        """Steps of the decoding."""
        return len(self.film.intended) if self.film is not None else 0

    def show_step(self, step: int, moving: bool = True) -> None:
        """This moment; one step forward slides or flashes if `moving`."""
        film = self.film
        if film is None or not 0 <= step < self.length:
            return
        forward = step == self.step + 1
        if step != self.step:
            self._slide.stop()
            self._flash.stop()
        self._show(step)
        if moving and forward and self.isVisible():
            (self._flash if film.replanned[step] else self._slide).start()

    def _show(self, step: int) -> None:
        assert self.film is not None
        self.step = step
        rows = self.film.intended[step].T  # [k, S]
        self.set_matrix(rows, [row_name(j) for j in range(len(rows))], self.words)

    def pin(self, target: int) -> None:
        """Follow the row meant for this output step; -1 follows none."""
        if target != self.pinned:
            self.pinned = target
            self.pinned_changed.emit(target)
        self.refresh()

    def is_untrained(self, row: int) -> bool:
        """Whether a row got next to no training signal."""
        film = self.film
        return film is not None and row < len(film.row_use) and bool(film.row_use[row] < UNTRAINED)

    def data(self) -> dict[str, NDArray[Any]]:
        """The whole film: intended [T, S, k], written, replanned, alpha, gold, and the words of both sides."""
        film = self.film
        if film is None:
            return {}
        return {
            "intended": film.intended, "written": film.written, "replanned": film.replanned, "alpha": film.alpha,
            "gold": film.gold, "source": np.array(self.words, np.str_), "output": np.array(film.shown, np.str_),
            "step": np.array([self.step]),
        }  # fmt: skip

    # --- drawing ------------------------------------------------------------------------------------------------

    def offset(self) -> float:
        """Followed: the rows come up from one row lower."""
        running = self._slide.state() == QVariantAnimation.State.Running
        return float(self._slide.currentValue()) if running else 0.0

    def row_meaning(self, row: int) -> str:
        """The present row stands out, rows without training are marked."""
        return "warning" if self.is_untrained(row) else "text" if row == 0 else "muted"

    def column_meaning(self, column: int) -> str:
        """The word looked at now stands out; the answer words of a question have the colour of a target."""
        film = self.film
        if film is not None and column == int(film.alpha[self.step].argmax()):
            return "text"
        return "target" if column in self.flagged else "muted"

    def is_underlined(self, column: int) -> bool:
        """Words the model does not know."""
        return column in self.unknown

    def paint_marks(self, painter: QPainter, area: QRectF) -> None:
        """Gate borders, true and used alignments ahead, targets, the pinned row, the flash."""
        film = self.film
        if film is None:
            return
        painter.save()
        painter.setClipRect(area.adjusted(-1, -1, 2, 2))
        self._paint_untrained(painter, area)
        self._paint_gate(painter, film)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ahead(painter, film)
        painter.restore()
        self._paint_targets(painter, film, area)
        self._paint_frames(painter, area)
        if self._flash.state() == QVariantAnimation.State.Running:
            glow = QColor(theme().color(REPLAN))
            glow.setAlphaF(0.55 * float(self._flash.currentValue()))
            painter.fillRect(area, glow)

    def _paint_untrained(self, painter: QPainter, area: QRectF) -> None:
        veil = QColor(theme().color("card"))
        veil.setAlpha(170)
        for row in range(len(self.matrix)):
            if self.is_untrained(row):
                box = self.cell(row, 0)
                across = QRectF(area.left(), box.top(), area.width(), box.height())
                painter.fillRect(across, veil)
                draw_text(painter, across, "untrained row", Qt.AlignmentFlag.AlignCenter, "warning")

    def _paint_gate(self, painter: QPainter, film: Film) -> None:
        """Where a re-plan wrote: the stronger the border, the more of the field is new."""
        if not film.replanned[self.step]:
            return
        color = QColor(theme().color(REPLAN))
        inset = _GATE_PEN / 2
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for row, gates in enumerate(film.written[self.step].T.tolist()):
            for column, gate in enumerate(gates):
                if gate > _LEAST_GATE and not self.is_untrained(row):
                    color.setAlphaF(min(1.0, gate))
                    painter.setPen(QPen(color, _GATE_PEN * max(0.35, gate)))
                    painter.drawRect(self.cell(row, column).adjusted(inset, inset, -inset, -inset))

    def _paint_ahead(self, painter: QPainter, film: Film) -> None:
        """For every row: where the decoder will look when its step comes (ring), where it should (dot)."""
        for row in range(min(len(self.matrix), self.length - self.step)):
            then = self.step + row
            if self.is_untrained(row):
                continue
            dot(painter, self.cell(row, int(film.alpha[then].argmax())), USED, filled=False, share=0.42)
            if film.gold[then] >= 0:
                dot(painter, self.cell(row, int(film.gold[then])), GOLD, share=0.2)

    def _paint_targets(self, painter: QPainter, film: Film, area: QRectF) -> None:
        """Which symbol of the output each row is meant for."""
        line = painter.fontMetrics().height()
        height = area.height() / len(self.matrix)
        every = max(1, -(-line // max(1, int(height)))) if height < line else 1
        left, margin = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.width() - area.right()
        for row in range(0, len(self.matrix), every):
            then = self.step + row
            words = f"→ {then + 1} {film.shown[then]}" if then < self.length else "→ end"
            box = QRectF(area.right() + 4, area.top() + (row + 0.5) * height - line / 2, margin - 4, line)
            meaning = "accent" if then == self.pinned else "text" if row == 0 else "muted"
            draw_text(painter, box, words, left, meaning)

    def _paint_frames(self, painter: QPainter, area: QRectF) -> None:
        """Row 0 is what happens now; the pinned row; the stroke of a painting hand."""
        first = self.cell(0, 0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().color("text"), 1))
        painter.drawRect(QRectF(area.left(), first.top(), area.width(), first.height()))
        row = self.pinned - self.step
        if 0 <= row < len(self.matrix):
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.drawRect(QRectF(area.left(), self.cell(row, 0).top(), area.width(), first.height()))
        if self._stroke is not None:
            for column in self._stroke[1]:
                painter.fillRect(self.cell(self._stroke[0], column), theme().color("accent"))

    # --- hand and pointer ---------------------------------------------------------------------------------------

    def hover_text(self, position: QPointF) -> str:
        """Row, word, probability, gate, and whom the row is meant for."""
        film, found = self.film, self.cell_at(position)
        if film is None or found is None:
            return ""
        row, column = found
        then = self.step + row
        whom = f"for output {then + 1}" + (f" “{film.shown[then]}”" if then < self.length else ", past the end")
        lines = [
            f"row {row_name(row)}, {whom}",
            f"plans to look at “{self.words[column]}” with {number(float(self.matrix[row, column]), 3)}",
            f"score before the softmax {number(float(film.scores[self.step, column, row]), 3)}",
        ]
        if film.replanned[self.step]:
            lines.append(f"update gate {number(float(film.written[self.step, column, row]), 3)}: share that is new")
        if then < self.length:
            lines.append(f"will look at it then with {number(float(film.alpha[then, column]), 3)} (ring: most)")
            if film.gold[then] >= 0:
                lines.append(f"should look at “{self.words[int(film.gold[then])]}” (dot)")
        if self.is_untrained(row):
            lines.append(f"untrained row: in use in {100 * float(film.row_use[row]):.1f} % of recent training steps")
        lines.append("drag: paint this row" if self.painting else "click: follow this row up the diagonal")
        return "\n".join(lines)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke, or pin."""
        found = self.cell_at(event.position())
        if found is None or self.film is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if self.painting:
            self._stroke = (found[0], {found[1]})
            self.refresh()
        else:
            target = self.step + found[0]
            self.pin(-1 if target == self.pinned or target >= self.length else target)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """More fields of the row."""
        super().mouseMoveEvent(event)
        found = self.cell_at(event.position())
        if self._stroke is not None and found is not None:
            self._stroke[1].add(found[1])
            self.refresh()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The row is painted: its fields share the weight."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None and self.film is not None:
            weights = np.zeros(len(self.words), dtype=np.float32)
            weights[sorted(stroke[1])] = 1.0 / len(stroke[1])
            self.row_painted.emit(stroke[0], weights)
            self.refresh()
