"""The page of one paper: header, transport bar, notices, the tab's views, parameters at the right, Explain drawer."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from engine.papers.contract import ParameterError
from engine.runtime.messages import Failed, Notice, Progress, Ready, Remedy, Saved
from gui.shell.actions import Actions, Need
from gui.shell.bench import Bench
from gui.shell.data_offer import DataOffer, needed_set
from gui.shell.data_sets import DataSets
from gui.shell.header import Header
from gui.shell.notice_bar import NoticeBar
from gui.shell.paper_run import PaperRun
from gui.shell.rows import flash, label
from gui.shell.settings import Settings
from gui.shell.waiting import Waiting
from gui.widgets.background import Background
from gui.widgets.parameters import WIDTH, ParameterPanel
from gui.widgets.transport import TransportBar

if TYPE_CHECKING:
    from gui.widgets.explain import ExplainDrawer

BuildTab = Callable[[Bench], QWidget]


def build_tab(bench: Bench) -> QWidget:
    """The views of a paper: ``gui.tabs.NAME.build(bench)``."""
    built = import_module(f"gui.tabs.{bench.paper.name}").build(bench)
    assert isinstance(built, QWidget)
    return built


class PaperPage(QWidget):
    """One built paper on screen. `logged(text, level)`: a line for the log of the window."""

    logged = Signal(str, str)
    needs_changed = Signal()

    def __init__(
        self,
        run: PaperRun,
        actions: Actions,
        settings: Settings,
        data_sets: DataSets,
        tab: BuildTab = build_tab,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.run, self._settings, self._build_tab = run, settings, tab
        self.bench = Bench(run, settings, self)
        self.views: QWidget | None = None
        self.explain: ExplainDrawer | None = None
        self._of_run: set[str] = set()
        self._save_asked_at: int | None = None
        self._is_before_end = False
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(9)
        self.header = Header(run.paper, actions)
        self.transport = TransportBar(run.paper, actions)
        self.notices = NoticeBar()
        for widget in (self.header, self.transport, self.notices):
            column.addWidget(widget)
        column.addWidget(self._build_body(), 1)
        self.data_offer = DataOffer(run, self.notices, settings, data_sets, self)
        self._connect_run()
        self._connect_parts()
        self.on_params_changed()
        # The first tab takes half a second of imports, while the frame of the page is already on screen: what is not Qt
        # beside the event loop, the rest in this thread, for new Qt classes in another one crash a painting window.
        self._background = Background(self)
        QTimer.singleShot(0, self, lambda: self._background.run(_import_numbers, self._on_numbers))

    def _build_body(self) -> QWidget:
        assert self.run.paper.params is not None
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(8)
        self.splitter.setChildrenCollapsible(False)
        self._place = QWidget()
        self._place_layout = QVBoxLayout(self._place)
        self._place_layout.setContentsMargins(0, 0, 0, 0)
        self.waiting = Waiting(self.run, self._place)
        self.parameters = ParameterPanel(self.run.paper.params, self.try_edit)
        self.splitter.addWidget(self._place)
        self.splitter.addWidget(self.parameters)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        self.splitter.setSizes([4000, WIDTH])
        return self.splitter

    def _on_numbers(self, _result: None, _error: Exception | None) -> None:
        """Plots in a round of the event loop of their own; what cannot be imported comes up again in `_fill`."""
        with suppress(ImportError):
            import_module("pyqtgraph")
        QTimer.singleShot(0, self, self._fill)

    def _fill(self) -> None:
        """The views come when the frame of the page is already on screen."""
        try:
            self.views = self._build_tab(self.bench)
        except Exception:  # noqa: BLE001 - a tab that cannot be built must not take the window with it
            self.logged.emit(traceback.format_exc(), "error")
            self.views = label("The views of this paper could not be built; the log (Ctrl+L) has the reason.", "bad")
        self._place_layout.addWidget(self.views)
        sizes = self._settings.integers(self._key("splitter"))
        if len(sizes) >= 2 and min(sizes[:2]) >= 0 and sum(sizes[:2]) > 0:
            self.splitter.setSizes(sizes[:2])
        self.splitter.splitterMoved.connect(
            lambda *_: self._settings.set(self._key("splitter"), self.splitter.sizes()[:2])
        )
        self.parameters.setVisible(self._settings.flag(self._key("parameters"), True))
        if self._settings.flag(self._key("explain"), False):
            self.toggle_explain()

    def _key(self, name: str) -> str:
        return f"page-{self.run.paper.name}/{name}"

    def _connect_run(self) -> None:
        run = self.run
        run.params_changed.connect(self.on_params_changed)
        run.pending_changed.connect(self.on_params_changed)
        run.preset_changed.connect(self.on_preset_changed)
        run.run_state_changed.connect(self.on_run_state_changed)
        run.progress_changed.connect(self.transport.show_progress)
        run.progress_changed.connect(self.on_progress)
        run.ready.connect(self.on_ready)
        run.noticed.connect(self.on_noticed)
        run.failed.connect(self.on_failed)
        run.saved.connect(self.on_saved)
        run.run_started.connect(self.on_run_started)
        run.refused.connect(lambda text: self.say(text, "warning"))
        run.told.connect(lambda text: self.say(text))
        run.undo_stack.canUndoChanged.connect(self.on_undo_changed)
        run.undo_stack.canRedoChanged.connect(self.on_undo_changed)

    def _connect_parts(self) -> None:
        self.bench.noted.connect(self.say)
        self.transport.preset_chosen.connect(self.choose_preset)
        self.transport.pace_chosen.connect(self.run.set_pace)
        self.transport.rewind_chosen.connect(self.run.rewind)
        self.parameters.apply_wanted.connect(lambda: self.run.start())
        self.parameters.discard_wanted.connect(self.run.discard_pending)

    # --- what a person does -------------------------------------------------------------------------------------

    def try_edit(self, values: Any, text: str = "") -> str:
        """Change parameters; "" or the fault in words."""
        try:
            self.run.edit(values, text)
        except ParameterError as error:
            return str(error)
        return ""

    def choose_preset(self, preset_id: str) -> None:
        """Another preset; what runs is saved."""
        self.run.choose_preset(preset_id)

    def save(self) -> None:
        """A checkpoint now; a word follows when it is on disk (those written by themselves say nothing)."""
        self._save_asked_at = self.run.step
        self.run.save()

    def toggle_explain(self) -> None:
        """Show or hide the drawer; it is made when it is first wanted."""
        if self.explain is None:
            from gui.widgets.explain import ExplainDrawer

            self.explain = ExplainDrawer(self.run.paper.name)
            self.explain.knob_wanted.connect(self.on_knob_wanted)
            self.explain.view_wanted.connect(self.on_view_wanted)
            self.explain.closed.connect(self.toggle_explain)
            self.bench.value_told.connect(self.explain.show_told)
            for symbol, value in self.bench.told.items():
                self.explain.show_told(symbol, value)
            self.explain.show_params(self.run.edited)
            self.splitter.addWidget(self.explain)
            shown = True
        else:
            shown = self.explain.isHidden()
        self.explain.setVisible(shown)
        if shown:
            self.explain.show_params(self.run.edited)
            views, panel, _ = [*self.splitter.sizes(), 0, 0][:3]
            drawer = 400
            self.splitter.setSizes([max(200, views - drawer), panel, drawer])
        self._settings.set(self._key("explain"), shown)

    def toggle_parameters(self) -> None:
        """Show or hide the knobs."""
        self.parameters.setVisible(self.parameters.isHidden())
        self._settings.set(self._key("parameters"), not self.parameters.isHidden())

    def on_knob_wanted(self, name: str) -> None:
        """A symbol of the explanation was clicked: where is its knob?"""
        self.parameters.show()
        if not self.parameters.reveal(name):
            self.say(f"{name} has no part in the preset that is shown.")

    def on_view_wanted(self, symbol: str) -> None:
        """A symbol of the explanation was clicked: where is its picture?"""
        widget = self.bench.symbols.get(symbol)
        if widget is None or not widget.isVisible():
            self.say(f"The picture of {symbol} is not on screen now.")
        else:
            flash(widget)

    def export_all(self) -> None:
        """Every panel that can be seen, as picture and data, into one folder."""
        from gui.shell.export_all import export_panels

        panels = [p for p in self.bench.panels if p.isVisible()]
        if not panels:
            self.say("There is no picture to export yet.")
            return
        try:
            folder, count = export_panels(panels, self.run)
        except OSError as error:
            self.say(f"Nothing was exported: {error}", "error")
            return
        self.bench.expect_exports(count)
        words = f"{count} files with pictures and data: {folder}"
        self.notices.show_notice(words, "info", "export", [("Open folder", lambda: _open(folder))])

    # --- what the run reports -----------------------------------------------------------------------------------

    def on_params_changed(self, _value: object = None) -> None:
        """Show what is in force and what waits."""
        run = self.run
        shown = run.edited
        preset = run.paper.make_params(run.preset.id)
        self.parameters.show_params(shown, run.pending, preset)
        if self.explain is not None and self.explain.isVisible():
            self.explain.show_params(shown)

    def on_preset_changed(self, preset: Any) -> None:
        """Chosen here, or by a file that was dropped."""
        self.transport.presets.show_preset(preset)

    def on_run_state_changed(self, state: str) -> None:
        """Buttons say what they would do now."""
        self.transport.show_state(state)
        self.needs_changed.emit()

    def on_undo_changed(self, _can: bool) -> None:
        """There is something to take back, or nothing any more."""
        self.needs_changed.emit()

    def on_ready(self, report: Ready) -> None:
        """The engine says where it computes."""
        self.logged.emit(f"run {report.run}: {report.device}, {report.threads} threads, step {report.step}", "info")
        for note in report.notes:
            self.say(note)

    def on_run_started(self) -> None:
        """What the last run said, and the buttons that would act on it, must not stand over another one."""
        for code in ("failed", *self._of_run):
            self.notices.clear(code)
        self._of_run.clear()
        self._save_asked_at = None
        self._is_before_end = False

    def on_noticed(self, notice: Notice) -> None:
        """A sentence from the experiment, or the end of one."""
        self._of_run.add(notice.code or notice.text)
        if notice.cleared:
            self.notices.clear(notice.code)
            return
        self.logged.emit(f"step {notice.step:,}: {notice.text}", notice.level)
        remedies = [(r.label, self._carry_out(r)) for r in notice.remedies]
        self.notices.show_notice(notice.text, notice.level, notice.code, remedies)

    def _carry_out(self, remedy: Remedy) -> Callable[[], None]:
        def work() -> None:
            if remedy.changes:
                self.bench.change(**remedy.changes)
            if remedy.rewind_to >= 0:
                self.run.rewind(remedy.rewind_to)
            if remedy.action:
                spec = next((a for a in self.run.paper.actions if a.name == remedy.action), None)
                if spec is None:
                    self.say(f"There is no action {remedy.action} to carry this out.", "error")
                else:
                    self.bench.ask(remedy.action, spec.arguments(), lambda _result: None)

        return work

    def on_failed(self, report: Failed) -> None:
        """Name the cause, keep everything drawn, offer the ways on."""
        self.logged.emit(f"run {report.run} failed at step {report.step:,} ({report.kind}): {report.advice}", "error")
        if report.traceback:
            self.logged.emit(report.traceback, "error")
        remedies: list[tuple[str, Callable[[], object]]] = []
        record = self.run.record
        if record and self.run.saved_step > 0:
            text = f"Resume from step {self.run.saved_step:,}"
            remedies.append((text, lambda: self.run.start(resume=record)))
        remedies.append(("Start again", lambda: self.run.start()))
        self.notices.show_notice(report.advice, "error", "failed", remedies)
        if report.kind == "bad_data" and (name := needed_set(self.run)):
            self.data_offer.offer(name, report.advice, remedies)

    def on_progress(self, report: Progress) -> None:
        """The length of the preset is reached: a line in the log, once each time it is crossed."""
        is_before = report.step < report.total
        if self._is_before_end and not is_before:
            going_on = "training goes on until it is paused" if report.state == "training" else "it is held there"
            self.logged.emit(f"The preset's {report.total:,} updates are done; {going_on}.", "info")
        self._is_before_end = is_before

    def on_saved(self, report: Saved) -> None:
        """A checkpoint is on disk."""
        self.logged.emit(f"checkpoint at step {report.step:,} in {report.seconds:.2f} s: {report.path}", "info")
        if self._save_asked_at is not None and report.step >= self._save_asked_at:
            self._save_asked_at = None
            self.notices.show_notice(f"Saved at step {report.step:,}.", "info", "saved")

    def say(self, text: str, level: str = "info") -> None:
        """One line in the window and in the log."""
        self.logged.emit(text, level)
        self.notices.show_notice(text, level)

    def needs(self) -> set[Need]:
        """Which actions make sense now."""
        run = self.run
        met: set[Need] = {"paper", "explain"}
        if run.is_live:
            met.add("run")
        if run.paper.phases:
            met.add("phases")
        if run.undo_stack.canUndo():
            met.add("undo")
        if run.undo_stack.canRedo():
            met.add("redo")
        return met


def _import_numbers() -> None:
    import_module("numpy")


def _open(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
