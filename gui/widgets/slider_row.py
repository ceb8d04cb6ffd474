"""A named slider with its value: 0..1 in hundredths, or decades."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from gui.shell.rows import keep_keys, label

_STOPS = 100


class SliderRow(QWidget):
    """value_changed(value) while a person moves it. log: equal steps are equal ratios (low > 0)."""

    value_changed = Signal(float)

    def __init__(
        self,
        name: str,
        tip: str,
        *,
        low: float = 0.0,
        high: float = 1.0,
        value: float = 0.0,
        log: bool = False,
        unit: str = "",
        width: int = 110,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._low, self._high, self._log, self._unit = low, high, log, unit
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, _STOPS)
        self._slider.setAccessibleName(name)
        self._slider.setMinimumWidth(50)
        keep_keys(self._slider, Qt.Key.Key_Left, Qt.Key.Key_Right)
        self._words = label("", "muted")
        self._words.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.00 ") + (40 if unit else 0))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        title = label(name)
        if width:
            title.setMinimumWidth(width)
        layout.addWidget(title)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._words)
        self.setToolTip(tip)
        self._value = value
        self.set_value(value)
        self._slider.valueChanged.connect(self.on_moved)

    @property
    def value(self) -> float:
        """What is chosen."""
        return self._value

    def set_value(self, value: float) -> None:
        """Choose without telling."""
        self._value = min(max(value, self._low), self._high)
        self._slider.blockSignals(True)
        self._slider.setValue(round(self._share(self._value) * _STOPS))
        self._slider.blockSignals(False)
        self._show()

    def on_moved(self, stop: int) -> None:
        """The person moved it."""
        share = stop / _STOPS
        if self._log:
            self._value = self._low * (self._high / self._low) ** share
        else:
            self._value = self._low + (self._high - self._low) * share
        self._show()
        self.value_changed.emit(self._value)

    def _share(self, value: float) -> float:
        if self._log:
            return math.log(value / self._low) / math.log(self._high / self._low)
        return (value - self._low) / (self._high - self._low)

    def _show(self) -> None:
        text = f"{self._value:.2g}" if self._log else f"{self._value:.2f}"
        self._words.setText(f"{text} {self._unit}".rstrip())
