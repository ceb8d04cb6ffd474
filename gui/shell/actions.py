"""The one table of actions, from which menus, shortcuts, tooltips, the help sheet and the palette are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from engine.papers import NAMES

Need = Literal["always", "paper", "run", "phases", "explain", "undo", "redo"]
Menu = Literal["Run", "Go", "Edit", "View", "Help"]


@dataclass(frozen=True, slots=True)
class Row:
    """One action. keys: shortcuts, the first is shown. need: when it is enabled ("paper": a built paper is shown,
    "run": that paper has a live run, "phases": its update has phases, "undo"/"redo": there is something to undo)."""

    id: str
    text: str
    keys: tuple[str, ...]
    tip: str
    menu: Menu
    icon: str = ""
    need: Need = "always"


MENUS: tuple[Menu, ...] = ("Run", "Go", "Edit", "View", "Help")

# id, text, shortcuts (" | " between them), tip, icon, need
_TABLE: dict[Menu, tuple[tuple[str, str, str, str, str, Need], ...]] = {
    "Run": (
        ("train", "Train or pause", "Space", "Start training, hold it, go on.", "play", "paper"),
        ("step", "One step", "Right", "One update, then hold.", "step", "paper"),
        ("phase", "One phase", "Shift+Right", "One phase of the update, then hold.", "phase_step", "phases"),
        ("rewind", "Rewind", "R", "Back to the start of this run with the same seed.", "rewind", "run"),
        ("restart", "Start a new run", "Ctrl+Return", "A new run from step 0; this one is kept.", "reset", "paper"),
        ("stop", "Stop the run", "Ctrl+.", "Save, then end the engine process of this run.", "close", "run"),
        ("save", "Save checkpoint", "Ctrl+S", "Write a checkpoint of this run now.", "save", "run"),
        ("open", "Open a run", "Ctrl+O", "Past runs: open, resume, compare.", "open", "always"),
        ("export", "Export pictures and data", "Ctrl+E", "Every panel, settings inside.", "export", "paper"),
        ("compare", "Compare with past runs", "Ctrl+D", "Past runs of this paper as ghosts.", "compare", "paper"),
    ),
    "Go": (
        ("home", "Home", "Ctrl+H", "The ten papers at a glance.", "home", "always"),
        ("library", "Run library", "Ctrl+R", "Past runs of all papers.", "library", "always"),
        ("scorecard", "Scorecard", "Ctrl+J", "Every claim: the paper's figure beside ours.", "scorecard", "always"),
        ("next_paper", "Next page", "Ctrl+PgDown", "The next page of the rail.", "", "always"),
        ("previous_paper", "Previous page", "Ctrl+PgUp", "The previous page of the rail.", "", "always"),
    ),
    "Edit": (
        ("undo", "Undo parameter change", "Ctrl+Z", "Take back the last change of a knob.", "undo", "undo"),
        ("redo", "Redo parameter change", "Ctrl+Shift+Z | Ctrl+Y", "Make it again.", "redo", "redo"),
        ("reset_knobs", "All parameters to the preset", "Ctrl+Backspace", "Every knob back.", "reset", "paper"),
    ),
    "View": (
        ("explain", "Explain this paper", "Ctrl+I", "Plain words and equations.", "explain", "explain"),
        ("claims", "Claims of this paper", "Ctrl+M", "What it asserts and what was measured.", "claims", "paper"),
        ("parameters", "Parameter panel", "Ctrl+P", "Show or hide the knobs.", "settings", "paper"),
        ("log", "Log", "Ctrl+L", "Notices, errors and the engine's own output.", "log", "always"),
        ("full_screen", "Full screen", "F11", "Show the lab on the whole screen.", "maximise", "always"),
        ("theme", "Theme: dark or light", "Ctrl+T", "Change between the dark and the light theme.", "moon", "always"),
    ),
    "Help": (
        ("palette", "Command palette", "Ctrl+K", "Find anything by name.", "command", "always"),
        ("help", "Shortcuts and help", "F1 | ?", "All shortcuts on one sheet.", "explain", "always"),
        ("settings", "Settings", "Ctrl+,", "Theme (dark, light), device, autosave, data.", "gear", "always"),
        ("quit", "Close the lab", "Ctrl+Q", "Save what runs, then close.", "close", "always"),
    ),
}

_TABS = tuple(
    Row(f"paper_{name}", f"Paper {i}: {name.replace('_', ' ')}", (f"Ctrl+{i % 10}",), f"Page {i} of the rail.", "Go")
    for i, name in enumerate(NAMES, start=1)
)

_FIXED = tuple(
    Row(action_id, text, tuple(keys.split(" | ")), tip, menu, icon, need)
    for menu in MENUS
    for action_id, text, keys, tip, icon, need in _TABLE[menu]
)
ROWS: tuple[Row, ...] = _FIXED + _TABS


class Actions(QObject):
    """The table as QActions of one window. `bind` gives an action its work; `allow` says which needs are met."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.rows = {row.id: row for row in ROWS}
        self._actions: dict[str, QAction] = {}
        self._allowed: set[Need] = {"always"}
        for row in ROWS:
            action = QAction(row.text, self)
            action.setShortcuts([QKeySequence(key) for key in row.keys])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setToolTip(tooltip(row))
            action.setEnabled(row.need == "always")
            action.setAutoRepeat(row.id in ("step", "phase", "undo", "redo"))
            window.addAction(action)
            self._actions[row.id] = action

    def __getitem__(self, action_id: str) -> QAction:
        """The QAction of this id. Raises KeyError."""
        return self._actions[action_id]

    def bind(self, action_id: str, work: Callable[[], object]) -> None:
        """What happens when the action is triggered."""
        self._actions[action_id].triggered.connect(lambda _checked=False: work())

    def rename(self, action_id: str, text: str) -> None:
        """Another wording for the situation on screen ("Pause")."""
        self._actions[action_id].setText(text)

    def allow(self, needs: set[Need]) -> None:
        """Enable exactly the actions whose need is in `needs` ("always" is always met)."""
        needs = needs | {"always"}
        if needs == self._allowed:
            return
        self._allowed = needs
        for action_id, action in self._actions.items():
            action.setEnabled(self.rows[action_id].need in needs)

    def enabled(self) -> list[Row]:
        """The rows that can be triggered now, in the order of the table."""
        return [row for row in ROWS if self._actions[row.id].isEnabled()]

    def trigger(self, action_id: str) -> None:
        """Do it, if it is enabled."""
        self._actions[action_id].trigger()


def shortcut_text(row: Row) -> str:
    """The first shortcut as this platform writes it."""
    return QKeySequence(row.keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if row.keys else ""


def tooltip(row: Row) -> str:
    """One line of help with the shortcut."""
    keys = shortcut_text(row)
    return f"{row.tip} ({keys})" if keys else row.tip
