"""One parameter on one line: name, slider or switch or choice, exact value, and the way back to the preset."""

from __future__ import annotations

import html
import math
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSlider,
    QToolButton,
    QWidget,
)

from engine.papers.contract import Knob
from gui.shell.icons import follow_theme
from gui.shell.rows import keep_keys, set_role
from gui.widgets.elided import ElidedLabel
from gui.widgets.elided_choice import ElidedChoice
from gui.widgets.typed import plain_number

_STOPS = 1000


def value_text(knob: Knob, value: Any) -> str:
    """A value as the row shows it: four significant digits for numbers."""
    if knob.kind == "switch":
        return "on" if value else "off"
    if knob.kind == "number" and isinstance(value, int | float):
        return f"{value:.4g}"
    return str(value)


def symbol_html(symbol: str) -> str:
    """The paper's symbol with its index set low: ``λ_I`` becomes λ with a small I."""
    base, _, index = symbol.partition("_")
    return f"{html.escape(base)}<sub>{html.escape(index)}</sub>" if index else html.escape(symbol)


def knob_tip(knob: Knob) -> str:
    """Help, symbol, range, unit and whether it is live, in lines."""
    name = f"{knob.symbol} · {knob.label}" if knob.symbol else knob.label
    unit = f" {knob.unit}" if knob.unit and knob.unit not in knob.range_text() else ""
    effect = "Takes effect at once." if knob.live else "Needs a new run."
    return f"{name}  ({knob.name})\n{knob.help}\nAllowed: {knob.range_text()}{unit}. {effect}"


class _Slider(QSlider):
    """A slider that leaves the wheel to the panel unless it has the keyboard, and keeps its arrow keys."""

    def __init__(self, name: str) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(0, _STOPS)
        self.setSingleStep(5)
        self.setPageStep(50)
        self.setMinimumWidth(56)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        keep_keys(self, Qt.Key.Key_Left, Qt.Key.Key_Right)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class _Choice(ElidedChoice):
    """A choice that leaves the wheel to the panel."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class KnobRow(QWidget):
    """Shows one knob and says what a person wants of it: `wanted(name, value)`; value may be text from the entry."""

    wanted = Signal(str, object)
    reset_wanted = Signal(str)

    def __init__(self, knob: Knob, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.knob = knob
        self._value: Any = knob.default
        self._slider: QSlider | None = None
        self._entry: QLineEdit | None = None
        self._choice: QComboBox | None = None
        self._switch: QCheckBox | None = None
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 1, 0, 1)
        self._layout.setHorizontalSpacing(6)
        self._layout.setVerticalSpacing(0)
        self._build_name()
        self._build_editor()
        self._build_reset()
        self._fault = QLabel()
        self._fault.setProperty("role", "bad")
        self._fault.setWordWrap(True)
        self._fault.hide()
        self._layout.addWidget(self._fault, 1, 0, 1, 4)
        is_wide = knob.kind in ("choice", "text", "path")
        self._layout.setColumnStretch(0, 9 if is_wide else 13)
        self._layout.setColumnStretch(1, 9 if is_wide else 7)
        self.setToolTip(knob_tip(knob))

    def _build_name(self) -> None:
        self._name = ElidedLabel(self.knob.label)
        self._name.setProperty("role", "muted")
        self._name.setMinimumWidth(40)
        if not self.knob.symbol:
            self._layout.addWidget(self._name, 0, 0)
            return
        self._symbol = QLabel(symbol_html(self.knob.symbol))
        self._symbol.setProperty("role", "muted")
        box = QHBoxLayout()
        box.setSpacing(4)
        box.addWidget(self._name, 1)
        box.addWidget(self._symbol)
        self._layout.addLayout(box, 0, 0)

    def _build_editor(self) -> None:
        knob = self.knob
        if knob.kind == "switch":
            self._switch = QCheckBox()
            self._switch.setAccessibleName(knob.label)
            self._switch.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            keep_keys(self._switch, Qt.Key.Key_Space)
            self._switch.toggled.connect(lambda on: self.wanted.emit(knob.name, on))
            self._layout.addWidget(self._switch, 0, 2, Qt.AlignmentFlag.AlignRight)
        elif knob.kind == "choice":
            self._choice = _Choice()
            self._choice.setAccessibleName(knob.label)
            self._choice.addItems([c.replace("_", " ") for c in knob.choices])
            self._choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            self._choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # after a choice by mouse, Space trains
            keep_keys(self._choice, Qt.Key.Key_Space)
            self._choice.activated.connect(lambda i: self.wanted.emit(knob.name, knob.choices[i]))
            self._layout.addWidget(self._choice, 0, 1, 1, 2)
        else:
            if knob.kind in ("number", "integer") and knob.lo is not None and knob.hi is not None and knob.hi < 1e6:
                self._slider = _Slider(knob.label)
                self._slider.valueChanged.connect(self.on_slider_moved)
                self._layout.addWidget(self._slider, 0, 1)
            self._build_entry()

    def _build_entry(self) -> None:
        self._entry = QLineEdit()
        self._entry.setAccessibleName(f"{self.knob.label}, exact value")
        self._entry.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._entry.setProperty("quiet", True)
        self._entry.installEventFilter(self)
        self._entry.editingFinished.connect(self.on_entry_finished)
        if self._slider is not None or self.knob.kind in ("number", "integer"):
            self._entry.setFixedWidth(self._entry.fontMetrics().horizontalAdvance("0.00000"))
            self._layout.addWidget(self._entry, 0, 2)
        else:
            self._layout.addWidget(self._entry, 0, 1, 1, 2)

    def _build_reset(self) -> None:
        self._reset = QToolButton()
        self._reset.setIconSize(QSize(12, 12))
        self._reset.setFixedSize(18, 18)
        self._reset.setAccessibleName(f"reset {self.knob.label}")
        keep = self._reset.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(keep)
        follow_theme(self._reset, "reset", "muted")
        self._reset.clicked.connect(lambda: self.reset_wanted.emit(self.knob.name))
        self._reset.hide()
        self._layout.addWidget(self._reset, 0, 3)

    # --- what a person does -------------------------------------------------------------------------------------

    def on_slider_moved(self, stop: int) -> None:
        """Dragged, or moved with keys."""
        value = self._value_at(stop)
        if value != self._value:
            self.wanted.emit(self.knob.name, value)

    def on_entry_finished(self) -> None:
        """Return, or the keyboard went elsewhere; an entry equal to what is shown is no change."""
        if self._entry is not None and (self._entry.isModified() or not self._fault.isHidden()):
            text = self._entry.text().strip()
            if text == value_text(self.knob, self._value):
                self.show_value(self._value)
            else:
                self.wanted.emit(self.knob.name, plain_number(self.knob, text))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape takes an unfinished entry back."""
        if (
            watched is self._entry
            and event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            self.show_value(self._value)
            return True
        return False

    # --- what it shows ------------------------------------------------------------------------------------------

    @property
    def value(self) -> Any:
        """The value that is shown as valid."""
        return self._value

    @property
    def fault(self) -> str:
        """Why the present entry was refused ("" when it was not)."""
        return "" if self._fault.isHidden() else self._fault.text()

    def show_value(self, value: Any) -> None:
        """This is the value now; a refused entry is forgotten."""
        self._value = value
        for widget in (self._slider, self._choice, self._switch):
            if widget is not None:
                with QSignalBlocker(widget):
                    self._show_in(widget, value)
        if self._entry is not None:
            self._entry.setText(value_text(self.knob, value))
            self._entry.setModified(False)
            self._entry.setCursorPosition(0)
        self._show_fault("")

    def _show_in(self, widget: QWidget, value: Any) -> None:
        if isinstance(widget, QSlider):
            widget.setValue(self._stop_of(value))
        elif isinstance(widget, QComboBox):
            widget.setCurrentIndex(self.knob.choices.index(value) if value in self.knob.choices else -1)
        elif isinstance(widget, QCheckBox):
            widget.setChecked(bool(value))

    def refuse(self, reason: str) -> None:
        """The entry stays as typed, red, with what is allowed below; the value in force is unchanged."""
        self._show_fault(reason)

    def _show_fault(self, reason: str) -> None:
        if reason == self._fault.text() and self._fault.isHidden() != bool(reason):
            return
        self._fault.setText(reason)
        self._fault.setVisible(bool(reason))
        if self._entry is not None:
            self._entry.setProperty("wrong", bool(reason))
            self._entry.style().unpolish(self._entry)
            self._entry.style().polish(self._entry)

    def show_state(self, *, differs: bool, is_pending: bool) -> None:
        """differs: from the preset, so it can be reset. is_pending: waits for a new run."""
        self._reset.setVisible(differs)
        self._reset.setToolTip("Back to the preset's value")
        set_role(self._name, "warning" if is_pending else ("" if differs else "muted"))

    # --- slider -------------------------------------------------------------------------------------------------

    def _value_at(self, stop: int) -> Any:
        knob = self.knob
        assert knob.lo is not None and knob.hi is not None
        share = stop / _STOPS
        if knob.log or self._is_wide:
            low = max(knob.lo, 1.0) if not knob.log else knob.lo
            value = low * (knob.hi / low) ** share
            if stop == 0:
                value = knob.lo
        else:
            value = knob.lo + (knob.hi - knob.lo) * share
        if knob.kind == "integer":
            return round(value)
        return min(max(float(f"{value:.3g}"), knob.lo), knob.hi)

    def _stop_of(self, value: Any) -> int:
        knob = self.knob
        assert knob.lo is not None and knob.hi is not None
        number = min(max(float(value), knob.lo), knob.hi)
        if knob.log or self._is_wide:
            low = max(knob.lo, 1.0) if not knob.log else knob.lo
            return 0 if number <= low else round(_STOPS * math.log(number / low) / math.log(knob.hi / low))
        return round(_STOPS * (number - knob.lo) / (knob.hi - knob.lo))

    @property
    def _is_wide(self) -> bool:
        """Whole numbers over more than two decades are easier in decades too."""
        knob = self.knob
        return (
            knob.kind == "integer" and knob.lo is not None and knob.hi is not None and knob.hi > 100 * max(knob.lo, 1)
        )
