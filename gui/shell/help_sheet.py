"""All shortcuts on one sheet, made from the table of actions, and what the mouse can do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from gui.shell.actions import MENUS, ROWS, Actions, Row
from gui.shell.rows import label, push_button

_GESTURES = (
    ("Double-click a panel's title", "maximise it, again or Esc: restore"),
    ("Wheel or drag in a plot", "zoom, move; double-click: all of it"),
    ("Hover a picture", "exact values"),
    ("L, S in a plot", "logarithmic axis, seconds instead of updates"),
    ("Drop a picture or data file exported here", "the settings it was made with come back"),
)


def keys_text(row: Row) -> str:
    """All shortcuts of a row as this platform writes them."""
    native = QKeySequence.SequenceFormat.NativeText
    return " or ".join(QKeySequence(key).toString(native) for key in row.keys)


class HelpSheet(QDialog):
    """Two columns of menus; closes with Esc."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Shortcuts")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(20, 16, 20, 14)
        columns = QHBoxLayout()
        columns.setSpacing(36)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(5)  # else that of the row is inherited
        for menu in MENUS:
            rows = [r for r in ROWS if r.menu == menu and not r.id.startswith("paper_")]
            if menu == "Go":
                rows.append(Row("papers", "Papers 1 to 10", ("Ctrl+1",), "", "Go"))
            self._add(left if menu in ("Run", "View") else right, menu, rows)
        right.addWidget(label("Mouse", "title"))
        for gesture, effect in _GESTURES:
            right.addWidget(label(f"{gesture}: {effect}", "muted", wrap=True))
        for column in (left, right):
            column.addStretch(1)
            columns.addLayout(column, 1)
        outer.addLayout(columns)
        outer.addWidget(push_button("Close", self.close), 0, Qt.AlignmentFlag.AlignRight)
        self.resize(820, 560)

    def _add(self, column: QVBoxLayout, menu: str, rows: list[Row]) -> None:
        column.addWidget(label(menu, "title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(3)
        for i, row in enumerate(rows):
            keys = keys_text(row)
            keys_label = label(f"{keys} … Ctrl+0" if row.id == "papers" else keys)
            words = label(row.text, "muted")
            words.setToolTip(row.tip)
            grid.addWidget(words, i, 0)
            grid.addWidget(keys_label, i, 1, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(0, 1)
        column.addLayout(grid)
        column.addSpacing(10)
