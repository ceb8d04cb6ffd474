"""How fast the updates may come: from one a second to as fast as it goes, or the preset's own pace."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from gui.shell.icons import follow_theme
from gui.shell.rows import keep_keys

_STOPS = 61
_DECADES = 5.0  # 1/s to 100,000/s; the last stop has no limit


def rate_at(stop: int) -> float:
    """Updates a second at one stop of the slider (inf at the last)."""
    return math.inf if stop >= _STOPS else float(10 ** (_DECADES * stop / (_STOPS - 1)))


def stop_at(rate: float) -> int:
    """The stop nearest to a rate."""
    if math.isinf(rate):
        return _STOPS
    return min(_STOPS - 1, max(0, round(math.log10(max(rate, 1.0)) * (_STOPS - 1) / _DECADES)))


def rate_text(rate: float | None) -> str:
    """A rate in words."""
    if rate is None:
        return "preset"
    if math.isinf(rate):
        return "max"
    return f"{rate:.0f}/s" if rate < 10_000 else f"{rate / 1000:.0f}k/s"


class SpeedSlider(QWidget):
    """A slider in decades with a button back to the preset's pace. `chosen(rate)`: updates/s, inf, or None."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rate: float | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        caption = QLabel("speed")
        caption.setProperty("role", "muted")
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, _STOPS)
        self._slider.setFixedWidth(70)
        self._slider.setValue(_STOPS)
        self._slider.setAccessibleName("speed, updates a second")
        self._slider.valueChanged.connect(self.on_moved)
        keep_keys(self._slider, Qt.Key.Key_Left, Qt.Key.Key_Right)
        self._words = QLabel(rate_text(None))
        self._words.setProperty("role", "muted")
        self._words.setFixedWidth(self._words.fontMetrics().horizontalAdvance("preset") + 4)
        self._back = QToolButton()
        self._back.setToolTip("The preset's own pace: slow while there is most to see, then as fast as it goes")
        self._back.setAccessibleName("preset's own pace")
        follow_theme(self._back, "reset", "muted")
        keep = self._back.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self._back.setSizePolicy(keep)
        self._back.clicked.connect(lambda: self.choose(None))
        for widget in (caption, self._slider, self._words, self._back):
            layout.addWidget(widget)
        self._show()

    @property
    def rate(self) -> float | None:
        """What is chosen."""
        return self._rate

    def on_moved(self, stop: int) -> None:
        """The person moved it."""
        self._rate = rate_at(stop)
        self._show()
        self.chosen.emit(self._rate)

    def choose(self, rate: float | None) -> None:
        """Set it and tell."""
        self.show_rate(rate)
        self.chosen.emit(rate)

    def show_rate(self, rate: float | None) -> None:
        """Set it without telling."""
        self._rate = rate
        self._slider.blockSignals(True)
        self._slider.setValue(_STOPS if rate is None else stop_at(rate))
        self._slider.blockSignals(False)
        self._show()

    def _show(self) -> None:
        self._words.setText(rate_text(self._rate))
        self._back.setVisible(self._rate is not None)
        pace = "the preset's own pace" if self._rate is None else rate_text(self._rate)
        self.setToolTip(
            f"Speed: {pace}. From one update a second to as fast as it goes.\n"
            "“preset” is the preset's own pace: slow while there is most to see, then as fast as it goes.\n"
            "The rate that is really reached stands at the right, after the step."
        )
