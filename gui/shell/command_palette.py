"""The command palette: any action, page, preset or parameter, found by a few letters of its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout

from engine.papers.contract import knobs
from gui.shell.actions import shortcut_text
from gui.shell.theme import theme

if TYPE_CHECKING:
    from gui.shell.main_window import MainWindow

_MOST = 60


@dataclass(frozen=True, slots=True)
class Command:
    """One entry. hint: what stands at its right. about: one line of help, searched too.

    is_action: of the table of actions; else a preset or a parameter of the paper that is shown.
    """

    text: str
    hint: str
    work: Callable[[], object]
    about: str = ""
    is_action: bool = True


def score(query: str, text: str) -> float:
    """How well the letters of `query` occur in order in `text`: -1 not at all, higher is better."""
    query, text = query.lower().replace(" ", ""), text.lower()
    if not query:
        return 0.0
    at, total, before = -1, 0.0, -2
    for letter in query:
        at = text.find(letter, at + 1)
        if at < 0:
            return -1.0
        starts_word = at == 0 or not text[at - 1].isalnum()
        total += 3.0 if at == before + 1 else (2.0 if starts_word else 0.5)
        before = at
    return total + (4.0 if query in text.replace(" ", "") else 0.0) - 0.01 * len(text)


def rank(query: str, command: Command) -> tuple[float, float] | None:
    """How well a command fits, the higher the better; None: not at all.

    An action that has the words in its name goes before one that has them in its help, then come presets and
    parameters that have them, and last actions that merely have the letters: a preset changes the run, so it is
    never offered for letters alone.
    """
    words = query.lower().split()
    fit = score(query, command.text)
    if not words:
        return (0.0, 0.0)
    if command.is_action and _has_words(words, command.text):
        return (4.0, fit)
    if command.is_action and _has_words(words, command.about):
        return (3.0, max(fit, 0.0))
    if not command.is_action:
        return (2.0, fit) if all(w in command.text.lower() for w in words) else None
    return (1.0, fit) if fit >= 0 else None


def _has_words(words: list[str], text: str) -> bool:
    """Whether each word begins a word of the text."""
    begun = re.findall(r"\w+", text.lower())
    return all(any(b.startswith(w) for b in begun) for w in words)


def commands_of(window: MainWindow) -> list[Command]:
    """What can be done now: enabled actions, then presets and knobs of the paper that is shown."""
    table = window.actions_table
    found: list[Command] = []
    for row in table.enabled():
        paper = window.papers.get(row.id.removeprefix("paper_"))
        text = f"Paper: {paper.short_title}" if paper is not None else table[row.id].text()
        if row.id != "palette":
            found.append(Command(text, shortcut_text(row), partial(table.trigger, row.id), row.tip))
    page = window.paper_page()
    if page is not None:
        for preset in page.run.paper.presets:
            work = partial(page.choose_preset, preset.id)
            found.append(Command(f"Preset: {preset.title}", preset.cpu_time, work, is_action=False))
        for knob in knobs(type(page.run.params)):
            found.append(
                Command(
                    f"Parameter: {knob.label} {knob.symbol}".rstrip(),
                    knob.group,
                    partial(page.on_knob_wanted, knob.name),
                    is_action=False,
                )
            )
    return found


class CommandPalette(QDialog):
    """A line to type in and the best matches below; Return does the chosen one."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("command palette")
        self._commands = commands_of(window)
        self._shown: list[Command] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 10)
        self.line = QLineEdit()
        self.line.setPlaceholderText("Action, paper, preset or parameter")
        self.line.setAccessibleName("search")
        self.line.setMinimumHeight(32)
        self.line.textChanged.connect(self.on_text_changed)
        self.line.installEventFilter(self)
        self.list = QTreeWidget()
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setStretchLastSection(False)
        self.list.itemClicked.connect(lambda _item, _column: self.run_chosen())
        column.addWidget(self.line)
        column.addWidget(self.list, 1)
        self.resize(min(620, window.width() - 80), min(460, window.height() - 120))
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - self.width()) // 2, corner.y() + 80)
        self.on_text_changed("")
        self.line.setFocus()

    def on_text_changed(self, query: str) -> None:
        """Sort by how well each fits."""
        rated = [(fit, -i, c) for i, c in enumerate(self._commands) if (fit := rank(query, c)) is not None]
        best = sorted(rated, key=lambda r: (r[0], r[1]), reverse=True)
        self._shown = [r[2] for r in best[:_MOST]]
        self.list.clear()
        for command in self._shown:
            item = QTreeWidgetItem([command.text, command.hint])
            item.setSizeHint(0, QSize(0, self.fontMetrics().height() + 10))
            item.setForeground(1, theme().color("muted"))
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.list.addTopLevelItem(item)
        self._choose(0)

    def _row(self) -> int:
        item = self.list.currentItem()
        return self.list.indexOfTopLevelItem(item) if item is not None else -1

    def _choose(self, row: int) -> None:
        item = self.list.topLevelItem(min(max(0, row), self.list.topLevelItemCount() - 1))
        if item is not None:
            self.list.setCurrentItem(item)

    def run_chosen(self) -> None:
        """Close, then do it."""
        row = self._row()
        if 0 <= row < len(self._shown):
            command = self._shown[row]
            self.close()
            command.work()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list while the line has the keyboard."""
        if watched is self.line and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}.get(
                Qt.Key(event.key())
            )
            if step is not None:
                self._choose(self._row() + step)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.run_chosen()
                return True
        return False
