"""The page of a paper that is not built yet: what it claims, what will be here, where to read it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from engine.papers.contract import Paper
from gui.shell.header import Header
from gui.shell.rows import label


class UnbuiltPage(QWidget):
    """Honest words; nothing to press but the link."""

    def __init__(self, paper: Paper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(12)
        column.addWidget(Header(paper, None))
        card = QFrame()
        card.setProperty("card", True)
        card.setMaximumWidth(760)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(22, 18, 22, 20)
        inside.setSpacing(8)
        for heading, text in (
            ("What the paper claims", paper.claim),
            ("What will be here", paper.centrepiece),
            (
                "Not built yet",
                "Nothing of this paper runs in this version: there is no model, no curve and no picture.",
            ),
        ):
            inside.addWidget(label(heading, "title"))
            words = label(text, "muted", wrap=True, selectable=True)
            inside.addWidget(words)
            inside.addSpacing(8)
        column.addWidget(card, 0, Qt.AlignmentFlag.AlignTop)
        column.addStretch(1)
