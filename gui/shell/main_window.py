"""The window: the rail at the left, one page at a time at the right, the log below."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from engine.papers import NAMES, all_papers
from engine.papers.contract import Paper
from gui.shell.actions import Actions
from gui.shell.closing import Closing
from gui.shell.data_sets import DataSets
from gui.shell.log_panel import LogPanel
from gui.shell.look import shell_style
from gui.shell.notice_bar import NoticeBar
from gui.shell.page_factory import PageFactory
from gui.shell.paper_page import BuildTab, PaperPage, build_tab
from gui.shell.paper_run import PaperRun
from gui.shell.rail import Rail
from gui.shell.rail_feed import RailFeed
from gui.shell.run_records import Records
from gui.shell.scores import Scores
from gui.shell.session_bridge import MakeSession
from gui.shell.settings import Settings
from gui.shell.theme import theme
from gui.shell.window_actions import bind_actions

SIZE = (1440, 900)
SMALLEST = (1024, 640)


class MainWindow(QMainWindow):
    """Holds the parts together. Pages are made when they are first shown; a page that is hidden costs nothing."""

    closed = Signal()
    page_shown = Signal(str)

    def __init__(self, settings: Settings, make_session: MakeSession, tab: BuildTab = build_tab) -> None:
        super().__init__()
        self.setWindowTitle("Atelier")
        self.setMinimumSize(*SMALLEST)
        self.setAcceptDrops(True)
        self.settings = settings
        self.papers: dict[str, Paper] = {p.name: p for p in all_papers()}
        self.records = Records(self)
        self.data_sets = DataSets(self)
        self.actions_table = Actions(self)
        self.runs: dict[str, PaperRun] = {}
        self._pages: dict[str, QWidget] = {}
        self._factory = PageFactory(self, make_session, tab)
        self.current = ""
        self._build_regions()
        self.rail_feed = RailFeed(self)
        self.scores = Scores(self)
        self._closing = Closing(self)
        bind_actions(self)
        self.records.trouble.connect(lambda text: self.say(text, "warning"))
        self._restore_geometry()
        theme().changed.connect(self.on_theme_changed)
        self.on_theme_changed()

    def on_theme_changed(self) -> None:
        """Tables, entries and choices wear the palette in force."""
        self.setStyleSheet(shell_style(theme().colors))

    def _build_regions(self) -> None:
        self.rail = Rail(tuple(self.papers.values()))
        self.rail.chosen.connect(self.show_page)
        self.stack = QStackedWidget()
        self.log = LogPanel()
        self.notices = NoticeBar()
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setHandleWidth(8)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.stack)
        self.log_place = QWidget()
        place = QVBoxLayout(self.log_place)
        place.setContentsMargins(16, 0, 16, 12)
        place.addWidget(self.log)
        self.log_place.hide()
        self.splitter.addWidget(self.log_place)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([3000, 190])
        self.splitter.splitterMoved.connect(lambda *_: self.settings.set("window/log", self.splitter.sizes()))
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notices)
        self.notices.setContentsMargins(16, 10, 16, 0)
        column.addWidget(self.splitter, 1)
        central = QWidget()
        row = QHBoxLayout(central)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(right, 1)
        self.setCentralWidget(central)

    # --- geometry -----------------------------------------------------------------------------------------------

    def _restore_geometry(self) -> None:
        self.resize(*SIZE)
        geometry = self.settings.blob("window/geometry")
        if geometry:
            self.restoreGeometry(QByteArray(geometry))
        sizes = self.settings.integers("window/log")
        if len(sizes) == 2 and min(sizes) >= 0 and sum(sizes) > 0:
            self.splitter.setSizes(sizes)
        self._geometry_timer = QTimer(self)
        self._geometry_timer.setSingleShot(True)
        self._geometry_timer.setInterval(400)
        self._geometry_timer.timeout.connect(self._remember_geometry)

    def _remember_geometry(self) -> None:
        if not self.isFullScreen():
            self.settings.set("window/geometry", bytes(self.saveGeometry().data()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._geometry_timer.start()
        self._closing.cover()

    def moveEvent(self, event: QEvent) -> None:
        self._geometry_timer.start()

    def changeEvent(self, event: QEvent) -> None:
        """A minimised window draws nothing."""
        if event.type() == QEvent.Type.WindowStateChange:
            for page in self._pages.values():
                if isinstance(page, PaperPage):
                    page.bench.views.suspend(self.isMinimized())
        super().changeEvent(event)

    # --- pages --------------------------------------------------------------------------------------------------

    def show_page(self, name: str) -> QWidget:
        """Show home, library, scorecard or a paper; unknown names show home."""
        known = name in self.papers or name in ("home", "library", "scorecard")
        name = name if known else "home"
        page = self._pages.get(name)
        if page is None:
            page = self._pages[name] = self._factory.make(name)
            self.stack.addWidget(page)
        self.current = name
        self.stack.setCurrentWidget(page)
        if not self.rail.isAncestorOf(self.focusWidget() or self):
            # Else Qt gives the keys to the first list of the page, and Space opens it instead of training.
            page.setFocus(Qt.FocusReason.OtherFocusReason)
        self.rail.show_current(name)
        self.settings.set("window/page", name)
        self.setWindowTitle(f"{self.papers[name].short_title} · Atelier" if name in self.papers else "Atelier")
        self.refresh_needs()
        self.page_shown.emit(name)
        return page

    def page(self, name: str) -> QWidget | None:
        """A page that was already made."""
        return self._pages.get(name)

    def paper_page(self) -> PaperPage | None:
        """The built paper that is shown, if one is."""
        page = self._pages.get(self.current)
        return page if isinstance(page, PaperPage) else None

    def open_paper(self, name: str) -> PaperPage:
        """Show a built paper. Raises KeyError for a paper that is not built."""
        page = self.show_page(name)
        if not isinstance(page, PaperPage):
            raise KeyError(f"{name} is not built yet")
        return page

    def show_neighbour(self, distance: int) -> None:
        """The next (1) or previous (-1) page of the rail."""
        order = ["home", *NAMES, "library", "scorecard"]
        self.show_page(order[(order.index(self.current) + distance) % len(order)])

    def refresh_needs(self) -> None:
        """Enable the actions that make sense on this page."""
        page = self.paper_page()
        self.actions_table.allow(page.needs() if page is not None else set())
        is_training = page is not None and page.run.run_state == "training"
        self.actions_table.rename("train", "Pause" if is_training else "Train")

    def on_page(self, work: Callable[[PaperPage], object]) -> None:
        """Do something with the paper that is shown."""
        page = self.paper_page()
        if page is not None:
            work(page)

    # --- words --------------------------------------------------------------------------------------------------

    def say(self, text: str, level: str = "info", source: str = "") -> None:
        """One line in the log; a warning or an error also in the bar."""
        self.log.add(text, level, source)
        if level != "info":
            self.notices.show_notice(text.strip().splitlines()[-1] if text.strip() else text, level)

    def tell_error(self, sentence: str, details: str) -> None:
        """Something failed in the window itself: the details in the log, one sentence in the bar."""
        self.log.add(details, "error", "window")
        show_log = ("Show the log", lambda: self.show_log(True))
        self.notices.show_notice(sentence, "error", "window-error", [show_log])

    def show_log(self, is_shown: bool) -> None:
        """Open or close the log."""
        self.log_place.setVisible(is_shown)

    # --- files dropped ------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls()[:1]:
            self.open_file(Path(url.toLocalFile()))

    def open_file(self, path: Path) -> None:
        """Restore the settings of the run that this file came from."""
        from gui.shell.dropped import restore_from

        restore_from(self, path)

    # --- the end ------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Runs save and leave first; the window stays until they have (at most about two seconds)."""
        if self._closing.may_close():
            self._remember_geometry()
            self.settings.flush()
            self.records.close()
            self.data_sets.close()
            self.closed.emit()
            event.accept()
        else:
            event.ignore()
