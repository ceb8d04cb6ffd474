"""The start page: ten cards with the claim of each paper, how its run stands and its best result so far."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from engine.papers.contract import Paper
from gui.shell.rail import draw_spark, thinned
from gui.shell.rail_feed import state_words
from gui.shell.rows import heading, label, push_button, scaled, set_role
from gui.shell.theme import theme

if TYPE_CHECKING:
    from engine.runtime.records import RunRecord
    from gui.shell.main_window import MainWindow


def when_text(seconds: float) -> str:
    """A moment for people: today with the hour, else the date."""
    then, now = time.localtime(seconds), time.localtime()
    if then[:3] == now[:3]:
        return time.strftime("today %H:%M", then)
    return time.strftime("%d %b %Y %H:%M", then)


class _Spark(QWidget):
    """The headline curve of the last run."""

    def __init__(self) -> None:
        super().__init__()
        self.values = np.empty(0)
        self.setFixedHeight(26)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_spark(painter, QRectF(self.rect()).adjusted(0, 3, -1, -3), self.values, theme().color("model"))
        painter.end()


class PaperCard(QFrame):
    """One paper; a click or Return opens it."""

    chosen = Signal(str)
    resume_wanted = Signal(str)

    def __init__(self, paper: Paper, number: int) -> None:
        super().__init__()
        self.paper = paper
        self.setProperty("card", True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(paper.short_title)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 13, 16, 12)
        column.setSpacing(5)
        top = QHBoxLayout()
        title = label(paper.short_title, "title" if paper.built else "muted")
        scaled(title, 1.12, bold=True)
        top.addWidget(title, 1)
        top.addWidget(label(f"Ctrl+{number % 10}", "muted"))
        column.addLayout(top)
        column.addWidget(label(f"{paper.authors} · {paper.year}", "muted", wrap=True))
        claim = label(paper.claim, "" if paper.built else "muted", wrap=True)
        claim.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(claim, 1)
        self.spark = _Spark()
        self.spark.hide()
        column.addWidget(self.spark)
        foot = QHBoxLayout()
        self.state = label("not built yet" if not paper.built else "", "muted")
        foot.addWidget(self.state, 1)
        self.resume = push_button("Continue last run", lambda: self.resume_wanted.emit(self._last), icon="play")
        self.resume.hide()
        foot.addWidget(self.resume)
        column.addLayout(foot)
        self._last = ""
        self.setMinimumHeight(150)

    def show_last(self, record: RunRecord | None, best: RunRecord | None, curve: Any) -> None:
        """The last run of this paper, the run with the best headline, and the headline curve of the last one."""
        if record is None:
            self.state.setText("ready to train" if self.paper.built else "not built yet")
            self.resume.hide()
            return
        self._last = record.id
        headline = self.paper.headline
        parts = []
        if best is not None and best.best is not None and headline is not None:
            parts.append(f"best {headline.label} {best.best:.4g} {headline.unit}".strip())
        parts.append(f"last run {when_text(record.updated)}, step {record.last_step:,}")
        self.state.setText(" · ".join(parts))
        self.state.setToolTip(f"{record.title} ({record.state})")
        self.resume.setVisible(record.state != "running" and record.last_step > 0)
        self.spark.values = thinned(curve, 160)
        self.spark.setVisible(len(curve) > 1)
        self.spark.update()

    def show_live(self, words: str) -> None:
        """A run of this paper goes on now."""
        self.state.setText(words)
        set_role(self.state, "muted")
        self.resume.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self.paper.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self.paper.name)
        else:
            super().keyPressEvent(event)


class HomePage(QScrollArea):
    """Two columns of cards. What the store says arrives from a background thread each time the page is shown."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self._window = window
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(4)
        column.addWidget(heading("Ten papers, running", 1.6))
        column.addWidget(
            label("Open one, press Space, and watch its claim come true or fail. Ctrl+K finds everything.", "muted")
        )
        column.addSpacing(10)
        grid = QGridLayout()
        grid.setSpacing(12)
        self.cards: dict[str, PaperCard] = {}
        for i, paper in enumerate(window.papers.values()):
            card = PaperCard(paper, i + 1)
            card.chosen.connect(window.show_page)
            card.resume_wanted.connect(self.on_resume_wanted)
            grid.addWidget(card, i // 2, i % 2)
            self.cards[paper.name] = card
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        column.addStretch(1)
        self.setWidget(body)
        window.records.changed.connect(self.on_changed)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.on_changed()

    def on_changed(self) -> None:
        """Ask the store what there is."""
        if self.isVisible():
            self._window.records.run(_overview, self._show)

    def _show(self, found: dict[str, tuple[Any, Any, Any]]) -> None:
        for name, card in self.cards.items():
            last, best, curve = found.get(name, (None, None, np.empty(0)))
            card.show_last(last, best, curve)
            run = self._window.runs.get(name)
            if run is not None and run.is_live:
                card.show_live(state_words(run))

    def on_resume_wanted(self, record: str) -> None:
        """Continue last run."""
        from gui.shell.reopen import resume_run

        resume_run(self._window, record)


def _overview(store: Any) -> dict[str, tuple[Any, Any, Any]]:
    """For each paper the last run, the best one and the headline curve of the last (in a background thread)."""
    result: dict[str, tuple[Any, Any, Any]] = {}
    for record in store.list_runs():
        if record.last_step == 0:  # only held so far
            continue
        last, best, curve = result.get(record.paper, (None, None, np.empty(0)))
        if last is None:
            series = store.read_scalars(record.id, [record.headline], 160) if record.headline else {}
            curve = series[record.headline].values if record.headline in series else np.empty(0)
            last = record
        if record.best is not None and (best is None or _is_better(record, best)):
            best = record
        result[record.paper] = (last, best, curve)
    return result


def _is_better(one: Any, other: Any) -> bool:
    return bool(one.best < other.best) if one.better == "down" else bool(one.best > other.best)
