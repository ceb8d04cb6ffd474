"""The bar under the transport: notices that still hold, newest first, each with its remedies as buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gui.shell.icons import follow_theme
from gui.shell.rows import label, set_role

Remedies = Sequence[tuple[str, Callable[[], object]]]
_INFO_MS = 6000
_MOST = 3


class _Line(QFrame):
    """One notice."""

    def __init__(self, bar: NoticeBar, code: str, level: str, text: str, remedies: Remedies) -> None:
        super().__init__()
        self.code, self.level, self.text = code, level, text
        self.setProperty("card", True)
        self.setAccessibleName(f"{level}: {text}")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 4, 6, 4)
        words = label(text, wrap=True, selectable=True)
        set_role(words, {"warning": "warning", "error": "bad"}.get(level, "muted"))
        words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        layout.addWidget(words, 1)
        self.buttons: list[QPushButton] = []
        for name, work in remedies:
            button = QPushButton(name)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, work=work: bar.on_remedy(self, work))
            layout.addWidget(button)
            self.buttons.append(button)
        close = QToolButton()
        close.setToolTip("Dismiss")
        close.setAccessibleName("dismiss this notice")
        follow_theme(close, "close", "muted")
        close.clicked.connect(lambda: bar.remove(self))
        layout.addWidget(close)


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
        line = _Line(self, code, level, text, remedies)
        self._lines.insert(0, line)
        self._layout.insertWidget(0, line)
        self.show()
        if level == "info" and not remedies:
            timer = QTimer(line)
            timer.setSingleShot(True)
            timer.timeout.connect(lambda: self.remove(line))
            timer.start(_INFO_MS)
        while len(self._lines) > _MOST:
            self.remove(self._lines[-1])

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
