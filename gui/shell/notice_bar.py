"""The bar under the transport: notices that still hold, newest first, each with its remedies as buttons.

Work that takes a while (a download) is a notice too: with a bar of its own, and without a cross to dismiss it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.shell.icons import follow_theme
from gui.shell.rows import label, set_role

Remedies = Sequence[tuple[str, Callable[[], object]]]
_INFO_MS = 6000
_MOST = 3
_RESOLUTION = 1000


class _Line(QFrame):
    """One notice. `progress` is its bar when it tells of work that goes on."""

    def __init__(
        self, bar: NoticeBar, code: str, level: str, text: str, remedies: Remedies, works: bool = False
    ) -> None:
        super().__init__()
        self.code, self.level, self.text = code, level, text
        self.progress: QProgressBar | None = None
        self.setProperty("card", True)
        self.setAccessibleName(f"{level}: {text}")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 4, 6, 4)
        self.words: QLabel = label(text, wrap=True, selectable=True)
        set_role(self.words, {"warning": "warning", "error": "bad"}.get(level, "muted"))
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        layout.addWidget(self.words, 1)
        if works:
            self.progress = QProgressBar()
            self.progress.setRange(0, _RESOLUTION)
            self.progress.setTextVisible(False)
            self.progress.setFixedSize(190, 10)
            layout.addWidget(self.progress)
        self.buttons: list[QPushButton] = []
        for name, work in remedies:
            button = QPushButton(name)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, work=work: bar.on_remedy(self, work))
            layout.addWidget(button)
            self.buttons.append(button)
        if works:
            return
        close = QToolButton()
        close.setToolTip("Dismiss")
        close.setAccessibleName("dismiss this notice")
        follow_theme(close, "close", "muted")
        close.clicked.connect(lambda: bar.remove(self))
        layout.addWidget(close)

    def show_progress(self, text: str, fraction: float) -> None:
        """How far the work is, 0..1."""
        assert self.progress is not None
        self.text = text
        self.words.setText(text)
        self.setAccessibleName(text)
        self.progress.setValue(round(_RESOLUTION * fraction))


class NoticeBar(QWidget):
    """At most three lines. A notice with the code of a present one replaces it; info leaves by itself."""

    emptied = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._lines: list[_Line] = []
        self.hide()

    def show_notice(self, text: str, level: str = "info", code: str = "", remedies: Remedies = ()) -> None:
        """level: info, warning, error. code: stable name ("" : the text itself)."""
        code = code or text
        self.clear(code)
        line = self._insert(_Line(self, code, level, text, remedies))
        if level == "info" and not remedies:
            timer = QTimer(line)
            timer.setSingleShot(True)
            timer.timeout.connect(lambda: self.remove(line))
            timer.start(_INFO_MS)

    def show_progress(self, text: str, fraction: float, code: str, remedies: Remedies = ()) -> None:
        """Work that goes on, `fraction` (0..1) of it done; it stays until `clear`. The buttons are those of the first
        call."""
        line = next((x for x in self._lines if x.code == code and x.progress is not None), None)
        if line is None:
            self.clear(code)
            line = self._insert(_Line(self, code, "info", text, remedies, works=True))
        line.show_progress(text, fraction)

    def _insert(self, line: _Line) -> _Line:
        """As the newest; the oldest notices leave, work in progress does not."""
        self._lines.insert(0, line)
        self._layout.insertWidget(0, line)
        self.show()
        while len(self._lines) > _MOST:
            old = [x for x in self._lines[1:] if x.progress is None]
            self.remove(old[-1] if old else self._lines[-1])
        return line

    def clear(self, code: str) -> None:
        """What this code stood for no longer holds."""
        for line in [x for x in self._lines if x.code == code]:
            self.remove(line)

    def on_remedy(self, line: _Line, work: Callable[[], object]) -> None:
        """A button was pressed: its notice has done its duty."""
        self.remove(line)
        work()

    def remove(self, line: _Line) -> None:
        """Take one line away."""
        if line in self._lines:
            self._lines.remove(line)
            self._layout.removeWidget(line)
            line.hide()
            line.deleteLater()
        if not self._lines:
            self.hide()
            self.emptied.emit()

    def texts(self) -> list[str]:
        """What is shown, newest first."""
        return [line.text for line in self._lines]

    def buttons(self) -> list[QPushButton]:
        """All remedies that can be pressed."""
        return [button for line in self._lines for button in line.buttons]
