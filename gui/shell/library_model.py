"""Recorded runs as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from engine.papers.contract import Paper
from gui.shell.home import when_text
from gui.shell.theme import theme

if TYPE_CHECKING:
    from engine.runtime.records import RunRecord

COLUMNS = ("Run", "Paper", "Preset", "When", "Steps", "Headline", "State")
SORT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_STATE_MEANING = {"running": "good", "failed": "bad", "interrupted": "warning"}
Index = QModelIndex | QPersistentModelIndex


class RunTable(QAbstractTableModel):
    """Rows are `RunRecord`s. Editing the first column renames: `renamed(id, title)`."""

    renamed = Signal(str, str)

    def __init__(self, papers: dict[str, Paper]) -> None:
        super().__init__()
        self._papers = papers
        self.records: list[RunRecord] = []

    def show_records(self, records: Sequence[RunRecord]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self.records = list(records)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.records)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == 0 else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        record, column = self.records[index.row()], COLUMNS[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._text(record, column)
        if role == SORT_ROLE:
            return {"When": record.created, "Steps": record.last_step, "Headline": record.best or 0.0}.get(
                column, self._text(record, column)
            )
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                record.failure
                or f"{record.device}, {record.wall:.0f} s of training, seed {record.seed}\n{record.folder}"
            )
        if role == Qt.ItemDataRole.ForegroundRole and column == "State":
            return theme().color(_STATE_MEANING.get(record.state, "muted"))
        if role == Qt.ItemDataRole.TextAlignmentRole and column in ("Steps", "Headline"):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _text(self, record: RunRecord, column: str) -> str:
        paper = self._papers.get(record.paper)
        if column == "Run":
            return record.title or record.preset
        if column == "Paper":
            return paper.short_title if paper is not None else record.paper
        if column == "Preset":
            return record.preset
        if column == "When":
            return when_text(record.created)
        if column == "Steps":
            return f"{record.last_step:,}"
        if column == "Headline":
            return self._headline(record, paper)
        return record.state

    def _headline(self, record: RunRecord, paper: Paper | None) -> str:
        if record.last is None:
            return ""
        curve = next((c for c in paper.curves if c.name == record.headline), None) if paper is not None else None
        unit = f" {curve.unit}" if curve is not None else ""
        best = f" (best {record.best:.4g})" if record.best is not None and record.best != record.last else ""
        return f"{record.last:.4g}{unit}{best}"

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        title = str(value).strip()
        record = self.records[index.row()]
        if role != Qt.ItemDataRole.EditRole or not title or title == self._text(record, "Run"):
            return False
        self.renamed.emit(record.id, title)
        return True
