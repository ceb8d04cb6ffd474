"""The run library: past runs of all papers, to open, resume, compare, rename, delete and bring back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gui.shell.library_model import SORT_ROLE, RunTable
from gui.shell.notice_bar import NoticeBar
from gui.shell.reopen import compare_runs, resume_run
from gui.shell.rows import heading, keep_keys, label, push_button

if TYPE_CHECKING:
    from engine.runtime.records import RunRecord
    from gui.shell.main_window import MainWindow


class LibraryPage(QWidget):
    """A table that is read in a background thread whenever it is shown or something changed."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self._window = window
        self.model = RunTable(window.papers)
        self.model.renamed.connect(self.on_renamed)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self.model)
        self._proxy.setSortRole(SORT_ROLE)
        self._proxy.setFilterKeyColumn(-1)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(10)
        column.addLayout(self._build_head())
        self.notices = NoticeBar()
        column.addWidget(self.notices)
        column.addWidget(self._build_table(), 1)
        self._empty = label("", "muted")
        column.addWidget(self._empty)
        column.addLayout(self._build_buttons())
        window.records.changed.connect(self.refresh)
        self._deleted: list[list[str]] = []
        # "Undo parameter change" has this key too, but is never enabled while this page is shown.
        self._undo = QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), self)
        self._undo.setEnabled(False)
        self._undo.activated.connect(self.undo_delete)
        self.on_selection_changed()

    # --- parts --------------------------------------------------------------------------------------------------

    def _build_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(heading("Run library"))
        row.addStretch(1)
        self.paper_box = QComboBox()
        self.paper_box.setAccessibleName("papers")
        self.paper_box.addItem("All papers", "")
        for paper in self._window.papers.values():
            if paper.built:
                self.paper_box.addItem(paper.short_title, paper.name)
        self.paper_box.activated.connect(lambda _i: self.refresh())
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("search the runs")
        self.search.setMaximumWidth(220)
        self.search.textChanged.connect(self._proxy.setFilterFixedString)
        self.bin_box = QCheckBox("Show the bin")
        self.bin_box.toggled.connect(lambda _on: self.refresh())
        for widget in (self.bin_box, self.paper_box, self.search):
            row.addWidget(widget)
        return row

    def _build_table(self) -> QTableView:
        self.table = QTableView()
        self.table.setModel(self._proxy)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.table.setAlternatingRowColors(True)
        self.table.setShowGrid(False)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(3, Qt.SortOrder.DescendingOrder)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(28)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        self.table.setAccessibleName("runs")
        keep_keys(self.table, Qt.Key.Key_Space, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_R)
        self.table.doubleClicked.connect(lambda index: self.open_selected() if index.column() else None)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self.on_selection_changed())
        delete = QShortcut(QKeySequence(Qt.Key.Key_Delete), self.table)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self.delete_selected)
        return self.table

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.buttons: dict[str, QPushButton] = {}

        def add(name: str, work: Callable[[], object], tip: str, icon: str = "") -> None:
            self.buttons[name] = push_button(name, work, tip, icon)
            row.addWidget(self.buttons[name])

        add("Open", self.open_selected, "Its settings and curves on screen, held at its last checkpoint.", "open")
        add("Resume", self.resume_selected, "Go on training from its last checkpoint.", "play")
        add(
            "Compare",
            self.compare_selected,
            "Draw the chosen runs as ghosts behind the curves of their paper.",
            "compare",
        )
        add("Rename", self.rename_selected, "Another name (F2).")
        row.addStretch(1)
        add("Delete", self.delete_selected, "Into the bin (Del); Ctrl+Z takes it back.", "trash")
        add("Restore", self.restore_selected, "Out of the bin.", "undo")
        add("Empty the bin", self.purge, "Removes what is in the bin for good, checkpoints included.", "trash")
        return row

    # --- what is shown ------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def show_paper(self, name: str) -> None:
        """Only the runs of this paper ("" : all)."""
        self.paper_box.setCurrentIndex(max(0, self.paper_box.findData(name)))
        self.refresh()

    def refresh(self) -> None:
        """Read the store again, if anybody looks."""
        if not self.isVisible():
            return
        paper, is_bin = self.paper_box.currentData() or None, self.bin_box.isChecked()

        def read(store: Any) -> list[RunRecord]:
            store.adopt_interrupted()  # no run whose engine is dead is called running
            records: list[RunRecord] = store.list_runs(paper, include_deleted=is_bin)
            return [r for r in records if r.last_step > 0 and (r.deleted_at is not None) == is_bin]

        self._window.records.run(read, self._show)

    def _show(self, records: Sequence[RunRecord]) -> None:
        chosen = {r.id for r in self.selected()}
        self.model.show_records(records)
        for i, record in enumerate(self.model.records):
            if record.id in chosen:
                index = self._proxy.mapFromSource(self.model.index(i, 0))
                flags = self.table.selectionModel().SelectionFlag
                self.table.selectionModel().select(index, flags.Select | flags.Rows)
        is_bin = self.bin_box.isChecked()
        self._empty.setText("" if records else ("The bin is empty." if is_bin else "No runs yet: train something."))
        self.on_selection_changed()

    def selected(self) -> list[RunRecord]:
        """The chosen runs."""
        rows = {self._proxy.mapToSource(i).row() for i in self.table.selectionModel().selectedRows()}
        return [self.model.records[row] for row in sorted(rows) if row < len(self.model.records)]

    def on_selection_changed(self) -> None:
        """Buttons follow what is chosen."""
        count, is_bin = len(self.selected()), self.bin_box.isChecked()
        for name in ("Open", "Resume", "Rename"):
            self.buttons[name].setEnabled(count == 1 and not is_bin)
        for name in ("Compare", "Delete"):
            self.buttons[name].setEnabled(count > 0 and not is_bin)
        self.buttons["Restore"].setVisible(is_bin)
        self.buttons["Restore"].setEnabled(count > 0)
        self.buttons["Empty the bin"].setVisible(is_bin)
        self.buttons["Empty the bin"].setEnabled(bool(self.model.records))
        self.buttons["Delete"].setVisible(not is_bin)

    # --- what a person does -------------------------------------------------------------------------------------

    def open_selected(self) -> None:
        """Held at its last checkpoint."""
        for record in self.selected()[:1]:
            resume_run(self._window, record.id, paused=True)

    def resume_selected(self) -> None:
        """Training at once."""
        for record in self.selected()[:1]:
            resume_run(self._window, record.id, paused=False)

    def compare_selected(self) -> None:
        """As ghosts behind the curves."""
        compare_runs(self._window, self.selected())

    def rename_selected(self) -> None:
        """Edit the name in place."""
        rows = self.table.selectionModel().selectedRows()
        if rows:
            self.table.edit(rows[0])

    def on_renamed(self, record: str, title: str) -> None:
        """A new name was typed."""
        self._do(lambda store: store.set_title(record, title))

    def delete_selected(self) -> None:
        """Into the bin, with a way back."""
        ids = [r.id for r in self.selected()]
        if not ids or self.bin_box.isChecked():
            return
        words = "1 run" if len(ids) == 1 else f"{len(ids)} runs"

        def done(_result: object) -> None:
            self._deleted.append(ids)
            self._undo.setEnabled(True)
            self.notices.show_notice(f"{words} moved to the bin.", "info", "deleted", [("Undo", self.undo_delete)])
            self._window.records.changed.emit()

        self._window.records.run(lambda store: _each(store.delete_run, ids), done)

    def undo_delete(self) -> None:
        """Take back the last deletion (Ctrl+Z), then the one before."""
        if self._deleted:
            self._restore(self._deleted.pop())
            self.notices.clear("deleted")
        self._undo.setEnabled(bool(self._deleted))

    def restore_selected(self) -> None:
        """Out of the bin."""
        self._restore([r.id for r in self.selected()])

    def _restore(self, ids: Sequence[str]) -> None:
        """Those that are there no more (the bin was emptied) are passed over."""

        def restore(store: Any) -> None:
            kept = {record.id for record in store.list_runs(include_deleted=True)}
            _each(store.restore_run, [run for run in ids if run in kept])

        self._do(restore)

    def purge(self) -> None:
        """For good; the bar asks once more."""
        count = len(self.model.records)
        words = "The run" if count == 1 else f"All {count} runs"
        self.notices.show_notice(
            f"{words} in the bin and their checkpoints will be gone for good.",
            "warning",
            "purge",
            [("Remove for good", lambda: self._do(lambda store: store.purge_deleted()))],
        )

    def _do(self, work: Callable[[Any], Any]) -> None:
        self._window.records.run(work, lambda _result: self._window.records.changed.emit())


def _each(work: Callable[[str], None], ids: Sequence[str]) -> None:
    for run in ids:
        work(run)
