"""The scorecard: every claim of every paper, the paper's figure beside ours, measured again at a click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from engine.papers.contract import Claim, Paper
from gui.shell.home import when_text
from gui.shell.notice_bar import NoticeBar
from gui.shell.rows import heading, label, push_button, set_role
from gui.shell.scores import Key
from gui.shell.study_run import StudyRun, seconds_words

if TYPE_CHECKING:
    from engine.runtime.records import StudyRecord
    from gui.shell.main_window import MainWindow


def value_words(value: Any) -> str:
    """A measured value or the paper's: numbers short, words as they are."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{k} {value_words(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(value_words(v) for v in value)
    return "" if value is None else str(value)


class ClaimRow(QFrame):
    """One claim: what is asserted, the paper's figure, ours, whether it holds, and the button that measures it."""

    def __init__(self, page: ScorecardPage, paper: Paper, claim: Claim) -> None:
        super().__init__()
        self.key: Key = (paper.name, claim.id)
        self.setProperty("card", True)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 10, 8)
        row.setSpacing(14)
        self.verdict = label("not measured", "muted")
        self.verdict.setFixedWidth(92)
        row.addWidget(self.verdict)
        statement = label(claim.statement, wrap=True)
        statement.setToolTip(claim.source)
        row.addWidget(statement, 5)
        row.addWidget(self._figure("paper", claim.reported), 3)
        self.measured = label("–", "muted", wrap=True)
        row.addWidget(self._figure("here", self.measured), 3)
        self.button: QPushButton = push_button(
            "Measure",
            lambda: page.measure(self.key),
            "Runs the study of this claim in a process of its own, then keeps the record.",
        )
        self.button.setEnabled(paper.built)
        self.expected = label("", "muted")
        self.expected.hide()
        action = QVBoxLayout()
        action.setSpacing(1)
        action.addStretch(1)
        action.addWidget(self.button)
        action.addWidget(self.expected, 0, Qt.AlignmentFlag.AlignHCenter)
        action.addStretch(1)
        row.addLayout(action)

    def _figure(self, heading: str, value: str | QLabel) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addWidget(label(heading, "muted"))
        column.addWidget(label(value, wrap=True) if isinstance(value, str) else value)
        return box

    def show_record(self, record: StudyRecord | None) -> None:
        """The newest record of this claim, None when there is none."""
        if record is None:
            return
        verdict = {True: ("✓ holds", "good"), False: ("✗ does not", "bad"), None: ("undecided", "warning")}[
            record.holds
        ]
        self.verdict.setText(verdict[0])
        set_role(self.verdict, verdict[1])
        seeds = f"{len(record.seeds)} seed{'' if len(record.seeds) == 1 else 's'}"
        origin = f"{seeds}, {record.device}, {record.seconds:.0f} s, {when_text(record.when)}"
        self.measured.setText(f"{value_words(record.measured)}\n{origin}")
        set_role(self.measured, "")
        self.expected.setText(f"≈ {seconds_words(record.seconds)}")
        self.expected.setToolTip(f"How long it took last time, on {record.device}.")
        self.expected.show()

    def show_running(self, words: str) -> None:
        """A study goes on ("" : it ended)."""
        self.button.setText("Stop" if words else "Measure")
        if words:
            self.measured.setText(words)


class ScorecardPage(QWidget):
    """Claims by paper. Records are read in a background thread; one study runs at a time, the others wait."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self._window = window
        self.rows: dict[Key, ClaimRow] = {}
        self._sections: dict[str, list[QWidget]] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(10)
        column.addLayout(self._build_head())
        self.notices = NoticeBar()
        column.addWidget(self.notices)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        body = QWidget()
        self._list = QVBoxLayout(body)
        self._list.setContentsMargins(0, 0, 6, 0)
        self._list.setSpacing(6)
        for paper in window.papers.values():
            self._add_paper(paper)
        self._list.addStretch(1)
        scroll.setWidget(body)
        column.addWidget(scroll, 1)
        self.study = StudyRun(self)
        self.study.progressed.connect(self.on_progressed)
        self.study.ended.connect(self.on_ended)
        window.closed.connect(self.study.stop)
        window.scores.refreshed.connect(self.on_refreshed)

    def _build_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(heading("Scorecard"))
        self.sum = label("", "muted")
        row.addWidget(self.sum, 1)
        self.paper_box = QComboBox()
        self.paper_box.setAccessibleName("papers")
        self.paper_box.addItem("All papers", "")
        for paper in self._window.papers.values():
            self.paper_box.addItem(paper.short_title, paper.name)
        self.paper_box.activated.connect(lambda _i: self.show_paper(self.paper_box.currentData()))
        row.addWidget(self.paper_box)
        return row

    def _add_paper(self, paper: Paper) -> None:
        heading = label(paper.short_title, "title")
        heading.setContentsMargins(0, 8, 0, 0)
        self._list.addWidget(heading)
        section: list[QWidget] = [heading]
        if not paper.claims:
            none = label("Not built yet: its claims are not measured here.", "muted")
            self._list.addWidget(none)
            section.append(none)
        for claim in paper.claims:
            row = ClaimRow(self, paper, claim)
            self.rows[row.key] = row
            self._list.addWidget(row)
            section.append(row)
        self._sections[paper.name] = section

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def show_paper(self, name: str) -> None:
        """Only the claims of this paper ("" : all)."""
        self.paper_box.setCurrentIndex(max(0, self.paper_box.findData(name)))
        for paper, section in self._sections.items():
            for widget in section:
                widget.setVisible(not name or paper == name)

    def refresh(self) -> None:
        """Read the newest record of each claim."""
        self._window.scores.refresh()

    def on_refreshed(self) -> None:
        """The records are here."""
        scores = self._window.scores
        for key, row in self.rows.items():
            if key != self.study.key:
                row.show_record(scores.found.get(key))
        holding, measured, total = scores.counts()
        self.sum.setText(f"{holding} of {total} claims hold here, {measured} measured")

    def measure(self, key: Key) -> None:
        """Run the study of one claim, or stop it when it is the one that runs."""
        if self.study.key == key:
            self.study.stop()
        elif self.study.key is not None:
            self.notices.show_notice("One study at a time: stop the one that runs first.", "warning", "busy")
        else:
            self.rows[key].show_running("starting")
            self.study.start(*key)

    def on_progressed(self, text: str) -> None:
        """A line from the study."""
        if self.study.key is not None:
            self.rows[self.study.key].show_running(text)

    def on_ended(self, key: Key, fault: str) -> None:
        """The record is in the store, or there is a fault to show."""
        self.rows[key].show_running("")
        if fault:
            self.rows[key].measured.setText("–")
            self._window.log.add(fault, "error", f"{key[0]} {key[1]}")
            self.notices.show_notice(fault.strip().splitlines()[-1], "error", "study")
        self.refresh()


__all__ = ["ClaimRow", "ScorecardPage", "value_words"]
