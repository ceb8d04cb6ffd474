"""A typeset equation: LaTeX to SVG by ziamath, in a background thread, drawn in the text colour of the theme."""

from __future__ import annotations

import threading
from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.shell.theme import theme
from gui.widgets.background import Background

_COLOR = "#123456"  # replaced by the theme's text colour when drawn
_SIZE = 18
_ziamath = threading.Lock()  # the library keeps its fonts and options in module variables


@lru_cache(maxsize=256)
def typeset(latex: str) -> bytes:
    """The equation as SVG. Raises ValueError, naming the equation, when the LaTeX cannot be read."""
    with _ziamath:
        import ziafont
        import ziamath

        # QtSvg draws only the fraction bars of SVG 2 <use> elements without href prefix.
        ziafont.config.svg2 = False
        ziamath.config.svg2 = False
        try:
            svg = ziamath.Latex(latex, size=_SIZE, color=_COLOR).svg()
        except Exception as error:
            raise ValueError(f"the equation {latex!r} cannot be typeset: {error}") from error
    return bytes(str(svg).encode())


class Equation(QWidget):
    """Shows the LaTeX itself until the typeset form is there, and when it cannot be typeset."""

    def __init__(self, latex: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._latex = latex
        self._svg = b""
        self._fault = ""
        self._natural = QSize(120, 30)
        self._renderer = QSvgRenderer(self)
        self.setAccessibleName(latex)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._background = Background(self)
        theme().changed.connect(self.on_theme_changed)
        self._background.run(lambda: typeset(latex), self._on_typeset)

    @property
    def is_typeset(self) -> bool:
        """Whether the drawing is there."""
        return bool(self._svg)

    @property
    def fault(self) -> str:
        """Why it could not be typeset."""
        return self._fault

    def _on_typeset(self, svg: bytes | None, error: Exception | None) -> None:
        if error is not None or svg is None:
            self._fault = str(error)
            self.setToolTip(self._fault)
        else:
            self._svg = svg
            self.on_theme_changed()
            self._natural = self._renderer.defaultSize()
        self.updateGeometry()
        self.update()

    def on_theme_changed(self) -> None:
        """Take the text colour of the theme."""
        if self._svg:
            color = theme().color("text").name()
            self._renderer.load(QByteArray(self._svg.replace(_COLOR.encode(), color.encode())))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(min(self._natural.width(), 2000), self._natural.height() + 6)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self._natural.height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._svg:
            painter.setPen(theme().color("bad" if self._fault else "muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, self._latex)
        else:
            scale = min(1.0, self.width() / max(1, self._natural.width()))
            width, height = self._natural.width() * scale, self._natural.height() * scale
            self._renderer.render(painter, QRectF(0, (self.height() - height) / 2, width, height))
        painter.end()
