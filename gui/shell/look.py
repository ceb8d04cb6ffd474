"""The style of what only the shell uses (tables, entries, choices, boxed tool buttons), beside the theme's own."""

from __future__ import annotations

from pathlib import Path

from gui.shell.theme import Colors

_CHEVRON = Path(__file__).resolve().parents[2] / "assets" / "shell" / "chevron.svg"

_CHEVRON_UP = _CHEVRON.with_name("chevron-up.svg")

_STYLE = """
QComboBox {{ background: {raised}; color: {text}; border: 1px solid {border}; border-radius: 5px; padding: 3px 8px;
  min-height: 18px; }}
QComboBox:hover, QLineEdit:hover {{ border-color: {muted}; }}
QComboBox:focus, QLineEdit:focus {{ border-color: {accent}; }}
QSpinBox {{ background: {raised}; color: {text}; border: 1px solid {border}; border-radius: 5px; padding: 3px 4px;
  min-height: 18px; selection-background-color: {selection}; selection-color: {text}; }}
QSpinBox:hover {{ border-color: {muted}; }}
QSpinBox:focus {{ border-color: {accent}; }}
QSpinBox::up-button, QSpinBox::down-button {{ border: none; background: transparent; width: 16px; }}
QSpinBox::down-arrow {{ image: url("{chevron}"); width: 9px; height: 9px; }}
QSpinBox::up-arrow {{ image: url("{up}"); width: 9px; height: 9px; }}
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox::down-arrow {{ image: url("{chevron}"); width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{ background: {raised}; color: {text}; border: 1px solid {border}; padding: 3px;
  selection-background-color: {selection}; selection-color: {text}; outline: none; }}
QLineEdit {{ background: {raised}; color: {text}; border: 1px solid {border}; border-radius: 5px;
  padding: 3px 6px; selection-background-color: {selection}; selection-color: {text}; }}
QLineEdit[quiet="true"] {{ background: transparent; border: 1px solid transparent; padding: 0px 2px; }}
QLineEdit[quiet="true"]:hover {{ border-color: {border}; }}
QLineEdit[quiet="true"]:focus {{ border-color: {accent}; background: {raised}; }}
QLineEdit[wrong="true"] {{ color: {bad}; border-color: {bad}; }}
QToolButton[boxed="true"] {{ background: {raised}; border: 1px solid {border}; border-radius: 5px; }}
QToolButton[boxed="true"]::menu-button {{ border: none; width: 14px; }}
QToolButton[boxed="true"]::menu-arrow {{ image: url("{chevron}"); width: 10px; height: 10px; }}
QToolButton[boxed="true"]:hover {{ border-color: {muted}; }}
QTableView {{ background: {card}; alternate-background-color: {raised}; color: {text}; border: 1px solid {border};
  border-radius: 8px; selection-background-color: {selection}; selection-color: {text}; outline: none; }}
QTableView::item {{ padding: 2px 10px; border: none; }}
QHeaderView {{ background: {card}; border: none; }}
QHeaderView::section {{ background: {card}; color: {muted}; border: none; border-bottom: 1px solid {border};
  padding: 6px 10px; text-align: left; }}
QTreeWidget {{ background: {card}; color: {text}; border: none; outline: none; }}
QTreeWidget::item {{ padding: 6px 8px; border: none; }}
QTreeWidget::item:selected {{ background: {selection}; color: {text}; }}
QFrame[rail="true"] {{ background: {card}; border: none; }}
QDialog {{ background: {card}; border: 1px solid {border}; }}
QPlainTextEdit {{ background: transparent; color: {text}; border: none; }}
"""


def shell_style(colors: Colors) -> str:
    """The style sheet of the window in one palette."""
    names = ("raised", "text", "border", "muted", "accent", "selection", "bad", "card")
    return _STYLE.format(
        chevron=_CHEVRON.as_posix(), up=_CHEVRON_UP.as_posix(), **{name: getattr(colors, name) for name in names}
    )
