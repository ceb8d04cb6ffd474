"""The Explain drawer: the paper in plain words, equations typeset, symbols that lead to their knob or picture."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from engine.papers.contract import Params, knobs
from gui.shell.icons import follow_theme
from gui.shell.rows import label
from gui.shell.theme import theme
from gui.widgets.equation import Equation
from gui.widgets.explain_text import Block, parse, to_html
from gui.widgets.knob_row import value_text

ASSETS = Path(__file__).resolve().parents[2] / "assets"


class ExplainDrawer(QFrame):
    """`knob_wanted(name)` and `view_wanted(symbol)` when a link is clicked; `closed` when the drawer is put away."""

    knob_wanted = Signal(str)
    view_wanted = Signal(str)
    closed = Signal()

    def __init__(self, paper: str, folder: Path = ASSETS, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.setMinimumWidth(280)
        self._values: dict[str, str] = {}
        self._told: dict[str, str] = {}
        self._labels: list[tuple[Block, QLabel]] = []
        self.equations: list[Equation] = []
        path = folder / paper / "explain.md"
        try:
            blocks = parse(path.read_text(encoding="utf-8"))
        except OSError as error:
            blocks = [Block("text", f"The explanation could not be read ({error}).")]
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 6, 1, 6)
        column.addLayout(self._build_head())
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        self._body = QVBoxLayout(body)
        self._body.setContentsMargins(14, 0, 12, 10)
        self._body.setSpacing(8)
        for block in blocks:
            self._add(block)
        self._body.addStretch(1)
        scroll.setWidget(body)
        scroll.viewport().setAutoFillBackground(False)
        body.setAutoFillBackground(False)
        column.addWidget(scroll, 1)
        theme().changed.connect(self.refresh)
        self.refresh()

    def _build_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(14, 0, 8, 2)
        row.addWidget(label("Explain", "muted"), 1)
        close = QToolButton()
        close.setToolTip("Put the explanation away (Ctrl+I)")
        close.setAccessibleName("close the explanation")
        follow_theme(close, "close", "muted")
        close.clicked.connect(self.closed)
        row.addWidget(close)
        return row

    def _add(self, block: Block) -> None:
        if block.kind == "equation":
            equation = Equation(block.text)
            self.equations.append(equation)
            self._body.addWidget(equation)
            return
        words = QLabel()
        words.setTextFormat(Qt.TextFormat.RichText)
        words.setWordWrap(True)
        words.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
            | Qt.TextInteractionFlag.TextSelectableByMouse
        )
        words.linkActivated.connect(self.on_link)
        if block.kind == "heading":
            font = words.font()
            font.setPointSizeF(font.pointSizeF() * {1: 1.45, 2: 1.2, 3: 1.05}[block.level])
            font.setBold(True)
            words.setFont(font)
            words.setContentsMargins(0, 8 if self._labels else 0, 0, 0)
        elif block.kind == "item":
            words.setContentsMargins(8, 0, 0, 0)
        self._body.addWidget(words)
        self._labels.append((block, words))

    def on_link(self, address: str) -> None:
        """knob:NAME, view:SYMBOL, or a web address."""
        kind, _, target = address.partition(":")
        if kind == "knob":
            self.knob_wanted.emit(target)
        elif kind == "view":
            self.view_wanted.emit(target)
        else:
            QDesktopServices.openUrl(QUrl(address))

    def show_params(self, params: Params) -> None:
        """Present values for ``{knob:x}``."""
        values = params.model_dump()
        fresh = {k.name: _with_unit(value_text(k, values[k.name]), k.unit) for k in knobs(type(params))}
        changed = {n for n, text in fresh.items() if self._values.get(n) != text}
        self._values = fresh
        for block, words in self._labels:
            if changed.intersection(block.knobs):
                self._show(block, words)

    def show_told(self, symbol: str, value: str) -> None:
        """A value the tab tells, for ``{value:symbol}``."""
        if self._told.get(symbol) != value:
            self._told[symbol] = value
            for block, words in self._labels:
                if symbol in block.told:
                    self._show(block, words)

    def refresh(self) -> None:
        """All words again, in today's colours."""
        for block, words in self._labels:
            self._show(block, words)

    def _show(self, block: Block, words: QLabel) -> None:
        words.setText(to_html(block.text, self._values, theme().colors.accent, self._told))

    def text(self) -> str:
        """All rich text, for tests and the clipboard."""
        return "\n".join(words.text() for _, words in self._labels)


def _with_unit(text: str, unit: str) -> str:
    return f"{text} {unit}" if unit else text
