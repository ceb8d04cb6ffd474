"""How many claims hold: read from the store, told to the rail, to the header of each page and to the scorecard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gui.shell.paper_page import PaperPage

if TYPE_CHECKING:
    from engine.runtime.records import StudyRecord
    from gui.shell.main_window import MainWindow

Key = tuple[str, str]


class Scores(QObject):
    """`found`: the newest record of each claim by (paper, claim). `refreshed` after each reading."""

    refreshed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.keys: list[Key] = [(p.name, c.id) for p in window.papers.values() for c in p.claims]
        self.found: dict[Key, StudyRecord] = {}
        window.page_shown.connect(self.show_on_page)

    def refresh(self) -> None:
        """Read again, in a background thread."""
        self._window.records.run(lambda store: store.list_studies(latest_only=True), self._show)

    def counts(self, paper: str = "") -> tuple[int, int, int]:
        """(holding, measured, all) claims of one paper, or of all."""
        keys = [k for k in self.keys if not paper or k[0] == paper]
        measured = [self.found[k] for k in keys if k in self.found]
        return sum(r.holds is True for r in measured), len(measured), len(keys)

    def _show(self, records: list[StudyRecord]) -> None:
        self.found = {(r.paper, r.claim): r for r in records}
        self._window.rail.show_score(*self.counts())
        self.show_on_page(self._window.current)
        self.refreshed.emit()

    def show_on_page(self, name: str) -> None:
        """The header of a paper's page says how many of its claims hold."""
        page = self._window.page(name)
        if isinstance(page, PaperPage):
            holding, measured, _ = self.counts(name)
            page.header.show_claims(holding, measured)
