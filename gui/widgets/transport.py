"""The transport bar: train, step, phase, rewind, preset, speed, progress, save, open, export, compare."""

from __future__ import annotations

import math

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QPushButton, QToolButton, QWidget

from engine.papers.contract import Paper
from engine.runtime.messages import Progress
from gui.shell.actions import Actions
from gui.shell.icons import follow_theme
from gui.shell.rows import action_button, tool_button
from gui.widgets.elided import ElidedLabel
from gui.widgets.preset_box import PresetBox
from gui.widgets.speed import SpeedSlider

_TRAIN = {
    "idle": ("Train", "play"),
    "starting": ("Starting", "pause"),
    "training": ("Pause", "pause"),
    "paused": ("Train", "play"),
    "failed": ("Train", "play"),
    "stopped": ("Train", "play"),
}
_RESOLUTION = 1000


def duration_text(seconds: float) -> str:
    """Minutes and seconds: ``0:23``, ``1:02:03``."""
    if not math.isfinite(seconds) or seconds > 359_999:
        return "–"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def rate_words(rate: float) -> str:
    """Updates a second: ``312/s``, ``2.4 k/s``."""
    if rate >= 1000:
        return f"{rate / 1000:.1f} k/s"
    return f"{rate:.0f}/s" if rate >= 10 else f"{rate:.1f}/s"


def progress_words(report: Progress) -> str:
    """Phase text, step, rate and time left (or that the preset's length is reached) on one line."""
    parts = [report.text] if report.text else []
    parts.append(f"step {report.step:,}".replace(",", "\u2009"))
    if report.state == "training" and report.rate > 0:
        parts.append(rate_words(report.rate))
        if report.total > report.step:
            parts.append(f"{duration_text((report.total - report.step) / report.rate)} left")
    if 0 < report.total <= report.step:
        parts.insert(0, "done, going on" if report.state == "training" else "done")
    return " · ".join(parts)


class TransportBar(QWidget):
    """Buttons of the table of actions, and what the run reports. Fits a window of 1280 pixels."""

    preset_chosen = Signal(str)
    pace_chosen = Signal(object)
    rewind_chosen = Signal(int)

    def __init__(self, paper: Paper, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paper, self._actions = paper, actions
        self._kept: tuple[int, ...] = ()
        self._state = "idle"
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self._build_motion(row)
        self.presets = PresetBox(paper)
        self.presets.chosen.connect(self.preset_chosen)
        row.addWidget(self.presets, 5)
        self.speed = SpeedSlider()
        self.speed.chosen.connect(self.pace_chosen)
        row.addWidget(self.speed)
        self._build_progress(row)
        self._build_files(row)

    def _build_motion(self, row: QHBoxLayout) -> None:
        self.train = action_button(self._actions, "train", "Train", primary=True)
        self.train.setFixedWidth(self.train.fontMetrics().horizontalAdvance("Starting") + 48)
        row.addWidget(self.train)
        self.step = self._tool("step")
        row.addWidget(self.step)
        self.phase = self._tool("phase")
        row.addWidget(self.phase)
        self.rewind = self._tool("rewind")
        self.rewind.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.rewind_menu = QMenu(self.rewind)
        self.rewind_menu.aboutToShow.connect(self.on_rewind_menu)
        self.rewind.setMenu(self.rewind_menu)
        self.rewind.setMinimumWidth(44)
        row.addWidget(self.rewind)
        self.phase.setVisible(bool(self._paper.phases))

    def _tool(self, action_id: str) -> QToolButton:
        button = tool_button(self._actions, action_id)
        button.setMinimumSize(30, 28)
        button.setProperty("boxed", True)
        return button

    def _build_progress(self, row: QHBoxLayout) -> None:
        self.bar = QProgressBar()
        self.bar.setRange(0, _RESOLUTION)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(10)
        self.bar.setMinimumWidth(60)
        self.bar.setMaximumWidth(190)
        self.bar.setAccessibleName("progress of the preset")
        row.addWidget(self.bar, 3)
        self.words = ElidedLabel()
        self.words.setProperty("role", "muted")
        self.words.setMinimumWidth(70)
        row.addWidget(self.words, 6)

    def _build_files(self, row: QHBoxLayout) -> None:
        self.file_buttons: list[QPushButton] = []
        for action_id, text in (("save", "Save"), ("open", "Open"), ("export", "Export"), ("compare", "Compare")):
            button = action_button(self._actions, action_id, text)
            button.setAccessibleName(self._actions.rows[action_id].text)
            row.addWidget(button)
            self.file_buttons.append(button)

    def resizeEvent(self, event: object) -> None:
        """Below 1250 pixels the file buttons are icons."""
        is_narrow = self.width() < 1250
        for button, text in zip(self.file_buttons, ("Save", "Open", "Export", "Compare"), strict=True):
            button.setText("" if is_narrow else text)
            button.setFixedWidth(34 if is_narrow else button.sizeHint().width())

    # --- what it shows ------------------------------------------------------------------------------------------

    def show_state(self, state: str) -> None:
        """The state of the run."""
        self._state = state
        text, icon = _TRAIN[state]
        self.train.setText(text)
        follow_theme(self.train, icon, "on_accent")
        if state == "idle":
            self.bar.setValue(0)
            self.words.set_full_text("Space to train")
        elif state == "starting":
            self.words.set_full_text("Starting the engine…")
        elif state == "failed":
            self.words.set_full_text("failed: everything drawn is kept")
        elif state == "stopped":
            self.words.set_full_text("stopped and saved")

    def show_progress(self, report: Progress) -> None:
        """Where the run is."""
        self._kept = report.kept
        share = report.step / report.total if report.total > 0 else 0.0
        self.bar.setValue(round(_RESOLUTION * min(1.0, share)))
        self.words.set_full_text(progress_words(report))
        if self._paper.phases:
            coming = self._paper.phases[report.phase % len(self._paper.phases)]
            self.phase.setToolTip(f"Next phase: {coming} ({', '.join(self._paper.phases)}) (Shift+Right)")

    def on_rewind_menu(self) -> None:
        """The snapshots there are, newest first."""
        self.rewind_menu.clear()
        first = self._kept[0] if self._kept else 0
        for step in sorted(set(self._kept) | {first}, reverse=True):
            text = f"Back to step {step:,}" if step else "Back to the start, same seed"
            if step == first and step > 0:
                text += ", where it was resumed"
            entry = self.rewind_menu.addAction(text)
            entry.triggered.connect(lambda _checked=False, step=step: self.rewind_chosen.emit(step))
