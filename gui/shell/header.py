"""The head of a paper's page: title, authors, link, the claim in one sentence, Explain and Claims."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.papers.contract import Paper
from gui.shell.actions import Actions
from gui.shell.rows import action_button, heading
from gui.shell.theme import theme
from gui.widgets.elided import ElidedLabel


class Header(QWidget):
    """Three lines of words and two buttons; without `actions` (a paper that is not built) only the words."""

    def __init__(self, paper: Paper, actions: Actions | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paper = paper
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        row = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(3)
        title = heading(paper.title, selectable=True)
        title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        words.addWidget(title)
        self._line = QLabel()
        self._line.setTextFormat(Qt.TextFormat.RichText)
        self._line.setProperty("role", "muted")
        self._line.setOpenExternalLinks(True)
        self._line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        words.addWidget(self._line)
        row.addLayout(words, 1)
        if actions is not None:
            self.explain = action_button(actions, "explain", "Explain")
            self.claims = action_button(actions, "claims", "Claims")
            row.addWidget(self.explain)
            row.addWidget(self.claims)
        column.addLayout(row)
        claim = ElidedLabel(paper.claim)
        claim.setToolTip(paper.claim)
        column.addWidget(claim)
        theme().changed.connect(self.on_theme_changed)
        self.on_theme_changed()

    def on_theme_changed(self) -> None:
        """Links take the accent colour of the theme."""
        paper, accent = self._paper, theme().colors.accent
        self._line.setText(
            f"{paper.authors} · {paper.year} · "
            f'<a href="{paper.link}" style="color:{accent};text-decoration:none">arXiv {paper.arxiv}</a>'
        )

    def show_claims(self, holding: int, measured: int) -> None:
        """How many claims were found to hold, of how many."""
        total = len(self._paper.claims)
        self.claims.setText(f"Claims {holding}/{total}")
        self.claims.setToolTip(f"{holding} hold, {measured - holding} do not, {total - measured} not measured (Ctrl+M)")
