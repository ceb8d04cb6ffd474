"""Makes the pages of the window when they are first shown, and connects each to the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from engine.papers.contract import Paper
from gui.shell.engines import CLUSTER
from gui.shell.paper_page import BuildTab, PaperPage
from gui.shell.paper_run import PaperRun, RunDefaults
from gui.shell.session_bridge import MakeSession
from gui.shell.settings import Settings
from gui.shell.unbuilt_page import UnbuiltPage

if TYPE_CHECKING:
    from gui.shell.main_window import MainWindow

DEVICES = ("auto", "cpu", "cuda", "mps")


def run_defaults(settings: Settings) -> RunDefaults:
    """What the settings say about new runs."""
    return RunDefaults(
        device=settings.one_of("run/device", DEVICES, "auto"),
        threads=int(settings.number("run/threads", 0, 0, 256)),
        autosave_s=settings.number("run/autosave_s", 10.0, 1.0, 3600.0),
        data_folder=settings.text("run/data_folder"),
        cluster=settings.text(CLUSTER),
    )


class PageFactory:
    """One per window."""

    def __init__(self, window: MainWindow, make_session: MakeSession, tab: BuildTab) -> None:
        self._window, self._make_session, self._tab = window, make_session, tab

    def make(self, name: str) -> QWidget:
        """The page of this name."""
        if name == "home":
            from gui.shell.home import HomePage

            return HomePage(self._window)
        if name == "library":
            from gui.shell.library import LibraryPage

            return LibraryPage(self._window)
        if name == "scorecard":
            from gui.shell.scorecard import ScorecardPage

            return ScorecardPage(self._window)
        paper = self._window.papers[name]
        return self._paper_page(paper) if paper.built else UnbuiltPage(paper)

    def _paper_page(self, paper: Paper) -> PaperPage:
        window, settings = self._window, self._window.settings
        run = PaperRun(paper, self._make_session, window.records, lambda: run_defaults(settings), window)
        window.runs[paper.name] = run
        window.rail_feed.follow(run)
        page = PaperPage(run, window.actions_table, settings, window.data_sets, self._tab)
        page.logged.connect(lambda text, level: window.log.add(text, level, paper.name))
        run.logged.connect(lambda report: window.log.add(report.text, report.level, f"{paper.name} engine"))
        page.needs_changed.connect(window.refresh_needs)
        run.stopped.connect(lambda _report: window.records.changed.emit())
        run.failed.connect(lambda report: window.records.note_lost(run.record, report.advice))
        run.run_state_changed.connect(lambda _state: window.records.changed.emit())
        preset = settings.one_of(f"page-{paper.name}/preset", [p.id for p in paper.presets], run.preset.id)
        if preset != run.preset.id:
            run.choose_preset(preset)
        run.preset_changed.connect(lambda chosen: settings.set(f"page-{paper.name}/preset", chosen.id))
        return page
