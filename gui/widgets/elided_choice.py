"""A choice that shortens its words where it is narrow instead of cutting them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter


class ElidedChoice(QComboBox):
    """Shows `shortened` words of the current entry; the list shows whole ones."""

    def shortened(self, room: int) -> str:
        """The current words in `room` pixels."""
        return self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)

    def room(self) -> int:
        """Pixels for the words."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        control, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        return max(0, self.style().subControlRect(control, option, part, self).width() - 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        option.currentText = self.shortened(self.room())
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
