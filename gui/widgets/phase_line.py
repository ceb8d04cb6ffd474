"""Which phase of an update was just done."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget


class PhaseLine(QLabel):
    """The phases of one update in a row, the one just done in full colour; hidden while the probe is shown."""

    def __init__(self, phases: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._phases = phases
        self.setProperty("role", "muted")
        self.hide()

    def show_phase(self, phase: int, live: bool) -> None:
        """phase: index of the phase just done; live: the picture is the training batch."""
        self.setVisible(live)
        if live:
            words = [f"<b>{p}</b>" if i == phase else p for i, p in enumerate(self._phases)]
            self.setText("training batch, just done: " + " · ".join(words))
