"""What each action of the table does in this window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from engine.papers import NAMES
from gui.shell.theme import theme

if TYPE_CHECKING:
    from gui.shell.main_window import MainWindow


def bind_actions(window: MainWindow) -> None:
    """Connect the whole table."""
    _bind_run(window)
    _bind_go(window)
    _bind_rest(window)
    window.rail.add_tools(window.actions_table)


def _bind_run(window: MainWindow) -> None:
    bind, on_page = window.actions_table.bind, window.on_page
    bind("train", lambda: on_page(lambda p: p.run.train_or_pause()))
    bind("step", lambda: on_page(lambda p: p.run.step_once()))
    bind("phase", lambda: on_page(lambda p: p.run.step_phase()))
    bind("rewind", lambda: on_page(lambda p: p.run.rewind()))
    bind("restart", lambda: on_page(lambda p: p.run.start()))
    bind("stop", lambda: on_page(lambda p: p.run.stop()))
    bind("save", lambda: on_page(lambda p: p.save()))
    bind("export", lambda: on_page(lambda p: p.export_all()))
    bind("undo", lambda: on_page(lambda p: p.run.undo_stack.undo()))
    bind("redo", lambda: on_page(lambda p: p.run.undo_stack.redo()))
    bind("reset_knobs", lambda: on_page(lambda p: p.parameters.reset_all()))
    bind("explain", lambda: on_page(lambda p: p.toggle_explain()))
    bind("parameters", lambda: on_page(lambda p: p.toggle_parameters()))


def _bind_go(window: MainWindow) -> None:
    bind = window.actions_table.bind
    for name in NAMES:
        bind(f"paper_{name}", partial(window.show_page, name))
    for name in ("home", "library", "scorecard"):
        bind(name, partial(window.show_page, name))
    bind("next_paper", lambda: window.show_neighbour(1))
    bind("previous_paper", lambda: window.show_neighbour(-1))
    bind("open", lambda: _show_library(window))
    bind("compare", lambda: _show_library(window))
    bind("claims", lambda: _show_claims(window))


def _bind_rest(window: MainWindow) -> None:
    bind = window.actions_table.bind
    bind("log", lambda: window.show_log(window.log_place.isHidden()))
    bind("full_screen", lambda: _toggle_full_screen(window))
    bind("theme", lambda: _toggle_theme(window))
    bind("palette", lambda: _show_palette(window))
    bind("help", lambda: _show_help(window))
    bind("settings", lambda: _show_settings(window))
    bind("quit", lambda: window.close())


def _show_library(window: MainWindow) -> None:
    from gui.shell.library import LibraryPage

    paper = window.current if window.current in window.papers else ""
    page = window.show_page("library")
    if isinstance(page, LibraryPage):
        page.show_paper(paper)


def _show_claims(window: MainWindow) -> None:
    from gui.shell.scorecard import ScorecardPage

    paper = window.current if window.current in window.papers else ""
    page = window.show_page("scorecard")
    if isinstance(page, ScorecardPage):
        page.show_paper(paper)


def _toggle_full_screen(window: MainWindow) -> None:
    window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)


def _toggle_theme(window: MainWindow) -> None:
    mode = "light" if theme().colors.dark else "dark"
    theme().set_mode(mode)  # type: ignore[arg-type]
    window.settings.set("window/theme", mode)


def _show_palette(window: MainWindow) -> None:
    from gui.shell.command_palette import CommandPalette

    CommandPalette(window).open()


def _show_help(window: MainWindow) -> None:
    from gui.shell.help_sheet import HelpSheet

    HelpSheet(window.actions_table, window).open()


def _show_settings(window: MainWindow) -> None:
    from gui.shell.settings_sheet import SettingsSheet

    SettingsSheet(window.settings, window.data_sets, window).open()
