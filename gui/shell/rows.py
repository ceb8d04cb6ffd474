"""Small parts that several regions of the window are made of: buttons of actions, muted labels, flashes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget

from gui.shell.actions import Actions, tooltip
from gui.shell.icons import follow_theme
from gui.shell.theme import theme


def label(text: str = "", role: str = "", wrap: bool = False, selectable: bool = False) -> QLabel:
    """A label in one of the theme's roles ("", "muted", "title", "warning", "bad")."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    made.setWordWrap(wrap)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def scaled(widget: QWidget, size: float, *, bold: bool = False) -> None:
    """Another size of the widget's own font, as a ratio."""
    font = widget.font()
    font.setPointSizeF(font.pointSizeF() * size)
    font.setBold(bold or font.bold())
    widget.setFont(font)


def heading(text: str, size: float = 1.5, *, selectable: bool = False) -> QLabel:
    """A bold title. size: ratio to the text around it."""
    made = label(text, "title", selectable=selectable)
    scaled(made, size, bold=True)
    return made


def set_role(widget: QWidget, role: str) -> None:
    """Change the role a label is styled by."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def action_button(actions: Actions, action_id: str, text: str = "", primary: bool = False) -> QPushButton:
    """A push button that does what the action does, enabled when it is, with its tooltip and icon."""
    action, row = actions[action_id], actions.rows[action_id]
    button = QPushButton(text if text else action.text())
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolTip(tooltip(row))
    button.setEnabled(action.isEnabled())
    button.clicked.connect(lambda: action.trigger())
    action.enabledChanged.connect(button.setEnabled)
    if primary:
        button.setProperty("primary", True)
    if row.icon:
        follow_theme(button, row.icon, "on_accent" if primary else "text")
    keep_keys(button, Qt.Key.Key_Space)
    return button


def tool_button(actions: Actions, action_id: str, color: str = "text") -> QToolButton:
    """A small button with the action's icon, named and enabled as the action is. color: of the icon."""
    action, row = actions[action_id], actions.rows[action_id]
    button = QToolButton()
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setIconSize(QSize(16, 16))
    button.setToolTip(tooltip(row))
    button.setAccessibleName(row.text)
    button.setEnabled(action.isEnabled())
    button.clicked.connect(lambda: action.trigger())
    action.enabledChanged.connect(button.setEnabled)
    follow_theme(button, row.icon, color)
    keep_keys(button, Qt.Key.Key_Space)
    return button


def push_button(
    text: str, work: Callable[[], object], tip: str = "", icon: str = "", primary: bool = False
) -> QPushButton:
    """A push button with work of its own."""
    button = QPushButton(text)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolTip(tip)
    button.clicked.connect(lambda: work())
    if primary:
        button.setProperty("primary", True)
    if icon:
        follow_theme(button, icon, "on_accent" if primary else "text")
    keep_keys(button, Qt.Key.Key_Space)
    return button


class _KeepKeys(QObject):
    """Lets a focused widget have keys that are also shortcuts of the window."""

    def __init__(self, widget: QWidget, keys: frozenset[Qt.Key]) -> None:
        super().__init__(widget)
        self._keys = keys
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accepting the override means: not a shortcut, an ordinary key press."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = not (event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            if plain and event.key() in self._keys:
                event.accept()
                return True
        return False


def keep_keys(widget: QWidget, *keys: Qt.Key) -> None:
    """While `widget` has the keyboard, these keys belong to it and not to the shortcuts of the window."""
    _KeepKeys(widget, frozenset(keys))


class _Flash(QWidget):
    """A frame in the accent colour that fades by itself and takes no mouse."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setGeometry(over.rect())
        self._left = 6
        self._timer = QTimer(self)
        self._timer.setInterval(160)
        self._timer.timeout.connect(self.on_tick)
        self._timer.start()
        self.show()
        self.raise_()

    def on_tick(self) -> None:
        """Fainter, then gone."""
        self._left -= 1
        self.update()
        if self._left <= 0:
            self.deleteLater()

    def paintEvent(self, event: QPaintEvent) -> None:
        """An outline and a breath of fill."""
        color = QColor(theme().color("accent"))
        painter = QPainter(self)
        if self._left % 2 == 0:
            color.setAlpha(40)
            painter.fillRect(self.rect(), color)
        color.setAlpha(255)
        painter.setPen(color)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()


def flash(widget: QWidget) -> None:
    """Draw a person's eye to a widget for a second."""
    if widget.isVisible():
        _Flash(widget)
