"""The choice of presets, each with its goal, expected time and memory as tooltip."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from engine.papers.contract import Paper, Preset
from gui.shell.rows import keep_keys
from gui.widgets.elided_choice import ElidedChoice


def preset_tip(preset: Preset) -> str:
    """The whole title, what to look at, how long it takes and what it needs, in lines."""
    lines = [
        preset.title,
        preset.goal,
        f"On 2 CPU cores: {preset.cpu_time}. On a GPU: {preset.gpu_time}. Memory: {preset.memory}.",
    ]
    if preset.needs:
        lines.append(f"Needs the data set {preset.needs} (your own copy, or a download).")
    return "\n".join(lines)


class PresetBox(ElidedChoice):
    """Presets in the order a newcomer should try them. `chosen(id)` when the person picks one.

    Where it is narrow the title gives way; how long the preset takes stays.
    """

    chosen = Signal(str)

    def __init__(self, paper: Paper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paper = paper
        for preset in paper.presets:
            self.addItem(f"{preset.title} ({preset.cpu_time})", preset.id)
            self.setItemData(self.count() - 1, preset_tip(preset), Qt.ItemDataRole.ToolTipRole)
        self.setAccessibleName("preset")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(14)
        self.setMaxVisibleItems(20)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(380)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # after a choice by mouse, Space trains
        keep_keys(self, Qt.Key.Key_Space)
        self.activated.connect(self.on_activated)
        if paper.presets:
            self.show_preset(paper.presets[0])

    def shortened(self, room: int) -> str:
        """The title as far as it fits, and the time."""
        metrics = self.fontMetrics()
        if not 0 <= self.currentIndex() < len(self._paper.presets):
            return super().shortened(room)
        preset = self._paper.presets[self.currentIndex()]
        if metrics.horizontalAdvance(self.currentText()) <= room:
            return self.currentText()
        time = f" ({preset.cpu_time.split(' (')[0]})"
        left = max(0, room - metrics.horizontalAdvance(time))
        return metrics.elidedText(preset.title, Qt.TextElideMode.ElideRight, left) + time

    def on_activated(self, index: int) -> None:
        """The person picked one."""
        self.chosen.emit(str(self.itemData(index)))

    def show_preset(self, preset: Preset) -> None:
        """Show another one without telling."""
        self.setCurrentIndex(max(0, self.findData(preset.id)))
        self.setToolTip(preset_tip(preset))
        view = self.view()
        view.setMinimumWidth(view.sizeHintForColumn(0) + 28)
