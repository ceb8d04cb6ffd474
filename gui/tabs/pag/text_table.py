"""A small table of words and numbers that wraps and scrolls where the panel is small."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QWidget

from gui.shell.theme import theme

_SMALLER = 0.92
"""Of the font of the window: three models stand side by side in a narrow panel."""


class TextTable(QScrollArea):
    """`show_rows(header, rows)`; a cell may be (text, colour meaning). `note` stands below in muted words."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }")
        self._label = QLabel()
        self._label.setTextFormat(Qt.TextFormat.RichText)
        self._label.setWordWrap(True)
        font = self._label.font()
        font.setPointSizeF(font.pointSizeF() * _SMALLER)
        self._label.setFont(font)
        self._label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setWidget(self._label)
        self._header: tuple[tuple[str, str], ...] = ()
        self._rows: tuple[tuple[tuple[str, str], ...], ...] = ()
        self._note = ""
        theme().changed.connect(self._show)

    def show_rows(
        self,
        header: Sequence[str | tuple[str, str]],
        rows: Sequence[Sequence[str | tuple[str, str]]],
        note: str = "",
    ) -> None:
        """Replace everything; the first column stands left, the others right."""
        self._header = tuple(h if isinstance(h, tuple) else (h, "muted") for h in header)
        self._rows = tuple(tuple(c if isinstance(c, tuple) else (c, "text") for c in r) for r in rows)
        self._note = note
        self._show()

    def text(self) -> str:
        """All words, for readers and tests."""
        lines = ["\t".join(h for h, _ in self._header)] + ["\t".join(c for c, _ in r) for r in self._rows]
        return "\n".join([*lines, self._note]).rstrip()

    def data(self) -> dict[str, NDArray[Any]]:
        """{column: its words}."""
        columns = zip(*(tuple(c for c, _ in r) for r in self._rows), strict=True) if self._rows else ()
        return {h[0]: np.array(c, np.str_) for h, c in zip(self._header, columns, strict=False)}

    def _show(self) -> None:
        muted = theme().color("muted").name()

        def cell(text: str, meaning: str, place: int, tag: str = "td") -> str:
            side = "left" if place == 0 or " " in text.strip() else "right"
            color = theme().color(meaning).name()
            weight = ' style="font-weight:normal"' if tag == "th" else ""
            inside = f'<span style="color:{color}">{escape(text)}</span>'
            return f'<{tag} align="{side}"{weight}>{inside}</{tag}>'

        head = "".join(cell(t, m, i, "th") for i, (t, m) in enumerate(self._header))
        body = "".join("<tr>" + "".join(cell(t, m, i) for i, (t, m) in enumerate(row)) + "</tr>" for row in self._rows)
        table = f'<table cellpadding="2" cellspacing="0"><tr>{head}</tr>{body}</table>' if self._rows else ""
        note = f'<p style="color:{muted}; margin-top:4px">{escape(self._note)}</p>' if self._note else ""
        self._label.setText(table + note)
