"""The public data sets in the settings: where each was found, with a button to download what is not there."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from gui.shell.data_sets import DataSet, DataSets, megabytes
from gui.shell.rows import label, push_button
from gui.widgets.elided import ElidedLabel

_WORDS = {
    "verified": "{folder}",
    "modified": "modified or partial copy, {folder}",
    "missing": "not found",
    "faulty": "cannot be used: {text}",
}


class DataRows(QWidget):
    """One row a set: title, state, Download or Cancel. `refresh(folder)` when another folder comes first."""

    def __init__(self, sets: DataSets, folder: str) -> None:
        super().__init__()
        self._sets, self._folder = sets, folder
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setColumnStretch(1, 1)
        self._wait = label("Looking for them…", "muted", wrap=True)
        self._grid.addWidget(self._wait, 0, 0, 1, 3)
        self.states: dict[str, ElidedLabel] = {}
        self.buttons: dict[str, QPushButton] = {}
        sets.listed.connect(self.on_listed)
        sets.look_failed.connect(self._wait.setText)
        sets.progressed.connect(self.on_progressed)
        sets.ended.connect(self.on_ended)
        sets.look(folder)

    def refresh(self, folder: str) -> None:
        """Look again, in this folder first."""
        self._folder = folder
        self._sets.look(folder)

    def on_listed(self, found: tuple[DataSet, ...]) -> None:
        """Where everything is."""
        self._wait.hide()
        for one in found:
            if one.name not in self.states:
                self._add(one)
            if not self._sets.is_fetching(one.name):
                self.states[one.name].set_full_text(_WORDS[one.state].format(folder=one.folder, text=one.text))
                self.buttons[one.name].setText(f"Download ({one.size})")
                self.buttons[one.name].setVisible(not one.is_usable)

    def _add(self, one: DataSet) -> None:
        row = self._grid.rowCount()
        state = ElidedLabel()
        state.setProperty("role", "muted")
        button = push_button("Cancel", lambda: self.on_pressed(one.name))
        for column, widget in enumerate((label(one.title), state, button)):
            self._grid.addWidget(widget, row, column)
        self.states[one.name], self.buttons[one.name] = state, button

    def on_pressed(self, name: str) -> None:
        """Download, or stop the download that runs."""
        if self._sets.is_fetching(name):
            self._sets.cancel(name)
        else:
            self._sets.fetch(name)
            self.on_progressed(name, 0, 0)

    def on_progressed(self, name: str, done: int, total: int) -> None:
        """More bytes."""
        if name in self.states:
            self.states[name].set_full_text(megabytes(done, total))
            self.buttons[name].setText("Cancel")

    def on_ended(self, name: str, outcome: str, text: str) -> None:
        """Here now, or why not; a fault is read whole in the line below the rows."""
        if outcome == "fault":
            self._wait.setText(text)
            self._wait.show()
        self._sets.look(self._folder)
