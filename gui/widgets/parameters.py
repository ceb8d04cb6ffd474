"""The parameter panel, made from the knobs a paper declares: live ones first, then those that need a new run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from engine.papers.contract import Knob, Params, knobs
from gui.shell.rows import flash, label, push_button
from gui.widgets.knob_row import KnobRow
from gui.widgets.typed import refusal

Edit = Callable[[Mapping[str, Any], str], str]
"""Carries out a change; returns "" or the fault in words (the change is then not made)."""

WIDTH = 312


class ParameterPanel(QFrame):
    """All knobs of one paper. `edit(values, text)` is asked for every change; `show_params` shows what came of it."""

    apply_wanted = Signal()
    discard_wanted = Signal()

    def __init__(self, params: type[Params], edit: Edit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.setMinimumWidth(240)
        self._edit = edit
        self._preset: dict[str, Any] = {}
        self._shown: dict[str, Any] = {}
        self.rows: dict[str, KnobRow] = {}
        self._groups: list[tuple[QLabel, list[KnobRow]]] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 8, 1, 8)
        layout.setSpacing(4)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.viewport().setAutoFillBackground(False)
        body = self._build_rows(knobs(params))
        self._scroll.setWidget(body)
        body.setAutoFillBackground(False)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(self._build_pending())
        layout.addWidget(self._build_foot())

    def _build_rows(self, declared: tuple[Knob, ...]) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(11, 0, 8, 4)
        column.setSpacing(1)
        for is_live, heading in ((True, "Live while training"), (False, "Needs a new run")):
            chosen = [k for k in declared if k.live == is_live]
            if not chosen:
                continue
            title = label(heading, "title")
            title.setContentsMargins(0, 4 if is_live else 14, 0, 0)
            column.addWidget(title)
            for group in dict.fromkeys(k.group for k in chosen):
                self._build_group(body, column, group, [k for k in chosen if k.group == group])
        column.addStretch(1)
        return body

    def _build_group(self, body: QWidget, column: QVBoxLayout, group: str, chosen: list[Knob]) -> None:
        heading = label(group.upper(), "muted")
        font = heading.font()
        font.setPointSizeF(font.pointSizeF() * 0.8)
        font.setLetterSpacing(font.SpacingType.PercentageSpacing, 106)
        heading.setFont(font)
        heading.setContentsMargins(0, 9, 0, 1)
        column.addWidget(heading)
        rows: list[KnobRow] = []
        for knob in chosen:
            row = KnobRow(knob, body)  # with its parent at once: each change of parent polishes all styles anew
            row.wanted.connect(self.on_wanted)
            row.reset_wanted.connect(self.on_reset_wanted)
            column.addWidget(row)
            self.rows[knob.name] = row
            rows.append(row)
        self._groups.append((heading, rows))

    def _build_pending(self) -> QWidget:
        """Says what will happen before the person does it."""
        self._pending = QFrame()
        box = QVBoxLayout(self._pending)
        box.setContentsMargins(11, 4, 9, 4)
        self._pending_words = label("", "warning", wrap=True)
        box.addWidget(self._pending_words)
        buttons = QHBoxLayout()
        tip = "Saves the present run to the library and starts at step 0."
        self.apply_button = push_button("Start a new run", self.apply_wanted.emit, tip, primary=True)
        self.discard_button = push_button("Discard", self.discard_wanted.emit, "Back to the values of the present run.")
        buttons.addWidget(self.apply_button)
        buttons.addWidget(self.discard_button)
        buttons.addStretch(1)
        box.addLayout(buttons)
        self._pending.hide()
        return self._pending

    def _build_foot(self) -> QWidget:
        self._foot = QWidget()
        row = QHBoxLayout(self._foot)
        row.setContentsMargins(11, 0, 9, 0)
        self._foot_words = label("", "muted")
        self._foot_words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._foot_words, 1)
        row.addWidget(push_button("Reset all", self.reset_all, "Every knob back to the value of the preset."))
        self._foot.hide()
        return self._foot

    # --- what a person does -------------------------------------------------------------------------------------

    def on_wanted(self, name: str, value: Any) -> None:
        """A row was moved or an entry finished."""
        row = self.rows[name]
        fault = self._edit({name: value}, row.knob.label)
        if fault:
            row.refuse(refusal(row.knob, value) if name in fault else fault)
        elif row.value != self._shown.get(name):
            row.show_value(self._shown[name])

    def on_reset_wanted(self, name: str) -> None:
        """One knob back to the preset."""
        self._edit({name: self._preset[name]}, f"reset {self.rows[name].knob.label}")

    def reset_all(self) -> None:
        """All knobs back to the preset, as one entry to undo."""
        changed = {n: v for n, v in self._preset.items() if self._shown.get(n) != v}
        if changed:
            self._edit(changed, "reset all parameters")

    # --- what it shows ------------------------------------------------------------------------------------------

    def show_params(self, shown: Params, pending: Mapping[str, Any], preset: Params) -> None:
        """shown: values on screen, the pending ones included. preset: where a reset leads."""
        values = shown.model_dump()
        self._preset = preset.model_dump()
        moved = {n: v for n, v in values.items() if self._shown.get(n) != v or self.rows[n].value != v}
        self._shown = values
        for name in moved:
            self.rows[name].show_value(values[name])
        for name, row in self.rows.items():
            row.show_state(differs=values[name] != self._preset[name], is_pending=name in pending)
        self._show_relevant(values)
        self._show_pending(pending)
        count = sum(values[n] != v for n, v in self._preset.items())
        self._foot_words.setText(f"{count} differ{'s' if count == 1 else ''} from the preset")
        self._foot.setVisible(count > 0)

    def _show_relevant(self, values: Mapping[str, Any]) -> None:
        for heading, rows in self._groups:
            any_shown = False
            for row in rows:
                is_relevant = all(values.get(other) in allowed for other, allowed in row.knob.when.items())
                row.setVisible(is_relevant)
                any_shown = any_shown or is_relevant
            heading.setVisible(any_shown)

    def _show_pending(self, pending: Mapping[str, Any]) -> None:
        self._pending.setVisible(bool(pending))
        if pending:
            names = ", ".join(self.rows[n].knob.label for n in pending)
            need = "needs" if len(pending) == 1 else "need"
            self._pending_words.setText(f"{names} {need} a new run: training starts again at step 0.")

    def reveal(self, name: str) -> bool:
        """Scroll to a knob and flash it; False when the paper has none of this name or it is not shown now."""
        row = self.rows.get(name)
        if row is None or row.isHidden():
            return False
        self._scroll.ensureWidgetVisible(row, 0, 60)
        # Laid out first, so that the flash lies where the row is.
        QTimer.singleShot(0, row, lambda: flash(row))
        return True
