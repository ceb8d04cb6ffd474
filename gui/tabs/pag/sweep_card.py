"""Re-planning on a fixed schedule: exact match over the period, with the learned policy as a star."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QSpinBox

from engine.papers.pag_views import Sweep, SweepArguments, SweepCurve
from gui.shell.rows import label
from gui.shell.theme import theme
from gui.tabs.pag.names import COLOURS, model_name, percent
from gui.tabs.pag.until_measured import UntilMeasured
from gui.widgets.ask_button import AskButton
from gui.widgets.flow import FlowRow
from gui.widgets.lines_plot import Line, LinesPlot
from gui.widgets.painted import number
from gui.widgets.segments import Segments
from gui.widgets.stacked import Stacked

if TYPE_CHECKING:
    from gui.shell.bench import Bench

START = "Sweep m"
SCORES = (("exact", "exact"), ("hits", "true word"))
_STAR = 8.0


class StarredPlot(LinesPlot):
    """Lines, and stars (x, y, meaning, name) on top of them."""

    def __init__(self, name: str, x_label: str, y_label: str) -> None:
        self.stars: tuple[tuple[float, float, str, str], ...] = ()
        super().__init__(name, x_label, y_label)

    def set_stars(self, stars: tuple[tuple[float, float, str, str], ...]) -> None:
        """Show these."""
        self.stars = stars
        self.request_draw()

    def paint_overlay(self, painter: QPainter, rect: QRectF) -> None:
        """Cursor and stars."""
        super().paint_overlay(painter, rect)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for x, y, meaning, _ in self.stars:
            at = self.to_pixel(x, y)
            painter.setPen(QPen(theme().color("card"), 1))
            painter.setBrush(theme().color(meaning))
            points = []
            for i in range(10):
                radius, turn = (_STAR if i % 2 == 0 else 0.45 * _STAR), math.pi * i / 5
                points.append(QPointF(at.x() + radius * math.sin(turn), at.y() - radius * math.cos(turn)))
            painter.drawPolygon(points)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def hover_text(self, x: float, y: float) -> str:
        """The lines, and the stars."""
        said = [f"★ {name}: {number(sy, 3)} at {number(sx, 3)}" for sx, sy, _, name in self.stars]
        return "\n".join([super().hover_text(x, y), *said]).strip()


class SweepCard:
    """A button, two scores to choose from, a line and a star per planner; `body` goes into a panel."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.result: Sweep | None = None
        self.button = AskButton(
            bench,
            "sweep",
            START,
            "Held-out examples with a re-plan forced every m steps",
            arguments=self.arguments,
            show=self.show_result,
            fault=self.on_error,
        )
        self.examples = QSpinBox()
        self.examples.setRange(20, 1000)
        self.examples.setSingleStep(20)
        self.examples.setValue(200)
        self.examples.setPrefix("n = ")
        self.examples.setToolTip("Held-out examples for each point")
        self.score = Segments([words for _, words in SCORES], "score")
        self.score.chosen.connect(lambda _i: self._draw())
        self.plot = StarredPlot("score over the re-planning period", "re-plan every m steps", "score (%)")
        self.words = label("", "muted", wrap=True)
        self.place = UntilMeasured(self.plot, "Does the learned switch beat a re-plan every m steps, whatever m?")
        above = FlowRow((self.button, self.examples, self.score))
        self.body = Stacked(self.plot, above=above, body=self.place, below=self.words)
        bench.run_started.connect(self.on_run_started)

    def arguments(self) -> SweepArguments:
        """What the box asks for."""
        return SweepArguments(examples=self.examples.value())

    def on_run_started(self) -> None:
        """Another run: what was measured no longer holds."""
        self.result = None
        self.plot.set_lines([])
        self.plot.set_stars(())
        self.place.show_picture(False)
        self.words.setText("")

    def on_error(self, reason: str) -> None:
        """It could not be measured."""
        self.words.setText(reason)

    def show_result(self, result: Sweep) -> None:
        """What is measured so far."""
        self.result = result
        self.place.show_picture()
        self._draw()

    def _draw(self) -> None:
        result = self.result
        if result is None:
            return
        field = SCORES[self.score.index][0]
        self.plot.set_lines(
            [
                Line(model_name(c.model), COLOURS[c.model], c.periods, 100.0 * getattr(c, field), dots=True)
                for c in result.curves
            ]
        )
        self.plot.set_stars(tuple(self._star(c, field) for c in result.curves if self._star(c, field)[1] >= 0))
        self.words.setText(" ".join([*(self._said(c) for c in result.curves), "★ the learned switch."]))

    @staticmethod
    def _star(curve: SweepCurve, field: str) -> tuple[float, float, str, str]:
        score = getattr(curve, f"learned_{field}")
        y = 100.0 * score if score == score else -1.0
        return curve.learned_period, y, COLOURS[curve.model], f"{model_name(curve.model)}, learned"

    @staticmethod
    def _said(curve: SweepCurve) -> str:
        exact = np.asarray(curve.exact, dtype=np.float64)
        learned = f"{model_name(curve.model)}: learned {percent(curve.learned_exact, 1)}"
        if not np.isfinite(exact).any():
            return f"{learned}."
        best = int(np.nanargmax(exact))
        return f"{learned}, best fixed m = {int(curve.periods[best])}: {percent(float(exact[best]), 1)}."
