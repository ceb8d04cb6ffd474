"""The head of a panel that measures on demand: its controls, and below them what there is to say."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.widgets.flow import FlowRow


def headed(words: QWidget, *controls: QWidget) -> QWidget:
    """Controls in a line, and below them what there is to say about the measurement."""
    head = QWidget()
    down = QVBoxLayout(head)
    down.setContentsMargins(0, 0, 0, 0)
    down.setSpacing(3)
    down.addWidget(FlowRow(controls))
    down.addWidget(words)
    return head
