"""Controls that scroll where a panel is lower than they are, instead of lying on one another."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

LEAST_HEIGHT = 40
"""Pixels that must be left to see what is scrolled."""


class Scrolling(QScrollArea):
    """A frameless area that gives `body` its own height and scrolls it downwards where there is less.

    Sideways the body must fit: its rows wrap (`FlowRow`) or are short.
    """

    def __init__(self, body: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setWidget(body)
        body.setAutoFillBackground(False)
        self.setMinimumHeight(LEAST_HEIGHT)
