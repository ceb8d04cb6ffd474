"""What is written: the output so far and to come, the symbols this step may put out, the ends of the beam."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from engine.papers.pag_views import Film, FilmView
from gui.shell.rows import keep_keys, label
from gui.shell.theme import theme
from gui.tabs.pag.names import BY_HAND
from gui.tabs.pag.planning import Planning
from gui.widgets.bars import Bars
from gui.widgets.painted import number

_BREAK = "\u200b"
"""Nothing to see, but a line may end there: words of many letters would not wrap."""
_NEAR = 60
"""Symbols around the present one that are written out."""
TOP = 5
"""Likeliest symbols that are drawn as bars."""
_ENDS = 4
"""Ends of the beam that are listed."""
_ROWS = 16
"""Symbols that the open list shows at once."""


class NextCard(QWidget):
    """A click on another symbol continues the decoding from it."""

    def __init__(self, planning: Planning, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._planning = planning
        self.view: FilmView | None = None
        self.film: Film | None = None
        self.step = 0
        self.output = QLabel()
        self.output.setTextFormat(Qt.TextFormat.RichText)
        self.output.setWordWrap(True)
        self.output.setMinimumWidth(80)
        self.bars = Bars(low=0.0, high=1.0, name="likeliest next symbols")
        self.bars.setMinimumHeight(TOP * (self.fontMetrics().height() + 2))
        self.bars.bar_clicked.connect(self.on_chosen)
        self.any = QComboBox()
        self.any.setPlaceholderText("any other symbol")
        self.any.setToolTip("Continue from a symbol that is not among the likeliest; type to find it")
        self.any.setAccessibleName("any other symbol at this step")
        self.any.setMaxVisibleItems(_ROWS)
        self.any.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.any.setMinimumContentsLength(8)
        keep_keys(self.any, Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_R)
        self.any.activated.connect(self.on_any)
        self._symbols: tuple[str, ...] = ()
        self.ends = label("", "muted", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.output)
        layout.addWidget(self.any)
        layout.addWidget(self.bars, 1)
        layout.addWidget(self.ends)
        self.ends.hide()
        theme().changed.connect(self._show)

    def show_film(self, view: FilmView | None, film: Film | None) -> None:
        """Another decoding."""
        self.view, self.film = view, film
        symbols = view.target_symbols if view is not None and film is not None else ()
        if symbols != self._symbols:
            self._symbols = symbols
            self.any.clear()
            self.any.addItems([_named(s) for s in symbols])
        self.any.setVisible(bool(symbols))
        self._show()

    def set_step(self, step: int) -> None:
        """The moment shown."""
        if step != self.step:
            self.step = step
            self._show()

    def on_chosen(self, place: int) -> None:
        """Another symbol at this step; the model's own choice returns to it."""
        film = self.film
        if film is None or self.step >= len(film.top_symbols):
            return
        self._put(film, int(film.top_symbols[self.step, place]))

    def on_any(self, symbol: int) -> None:
        """A symbol from the list of all, however unlikely."""
        if self.film is not None and self.step < len(self.film.symbols):
            self._put(self.film, symbol)

    def _put(self, film: Film, symbol: int) -> None:
        forced = dict(self._planning.query.symbols)
        if symbol >= 0 and (symbol != int(film.symbols[self.step]) or self.step in forced):
            self._planning.put_symbol(self.step, symbol)

    def data(self) -> dict[str, NDArray[Any]]:
        """{"output", "probability", "top", "top_probability"}."""
        film = self.film
        if film is None:
            return {}
        return {
            "output": np.array(film.shown, np.str_), "probability": film.probability,
            "top": np.array(film.top_shown, np.str_), "top_probability": film.top_probability,
        }  # fmt: skip

    def _show(self) -> None:
        film = self.film
        if film is None or self.step >= len(film.shown):
            self.output.setText("")
            self.bars.set_bars([], [])
            self.ends.setText("")
            return
        self.output.setText(self._written(film))
        shown, chances = film.top_shown[self.step], film.top_probability[self.step]
        chosen = int(film.symbols[self.step])
        forced = self.step in dict(self._planning.query.symbols)
        self.any.setCurrentIndex(chosen if forced and chosen < len(self._symbols) else -1)
        meanings = [
            (BY_HAND if forced else "model") if int(s) == chosen else "muted" for s in film.top_symbols[self.step]
        ]
        self.bars.set_bars(list(shown), chances, meanings=meanings)
        self.ends.setText(self._ends(film))
        self.ends.setVisible(bool(self.ends.text()))

    def _written(self, film: Film) -> str:
        """The output: what is written, the present symbol, what comes."""
        colors = theme().colors
        between = " " if self.view is not None and self.view.kind != "text" else _BREAK
        first = max(0, self.step - _NEAR)
        past = escape(between.join(film.shown[first : self.step]))
        now = escape(film.shown[self.step])
        later = escape(between.join(film.shown[self.step + 1 : self.step + 1 + _NEAR]))
        dots = "…" if first else ""
        text = (
            f'<span style="color:{colors.text}">{dots}{past}{between}</span>'
            f'<b style="color:{colors.accent}">{now}</b>'
            f'<span style="color:{colors.muted}">{between}{later}</span>'
        )
        view = self.view
        if view is not None and view.reference:
            right = escape(between.join(view.reference[first : self.step + 1 + _NEAR]))
            color, word = (colors.good, "right") if film.exact else (colors.bad, "should be")
            text += f'<br><span style="color:{color}">{word}</span> <span style="color:{colors.muted}">{right}</span>'
        return text

    def _ends(self, film: Film) -> str:
        """The ends of the beam, best first."""
        if len(film.hypotheses) < 2:
            return ""
        lines = [f"{number(h.log_probability, 3)}  {_BREAK.join(h.text)}" for h in film.hypotheses[:_ENDS]]
        more = len(film.hypotheses) - _ENDS
        return "\n".join(["ln p of each hypothesis", *lines, *([f"and {more} more"] if more > 0 else [])])


def _named(symbol: str) -> str:
    """A symbol that can be read in a list."""
    return f"“{symbol}”" if not symbol.strip() else symbol
