"""A scrubber over recorded moments: drag, step, play, loop, with marks where something happened."""

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from gui.shell.icons import follow_theme
from gui.shell.theme import theme
from gui.widgets.painted import PaintedView, draw_text

_PAGE = 10
_NAMED = (1, 2, 5)
"""Digits whose decades are named below a logarithmic track, where there is room."""


class _Track(PaintedView):
    """The line, its marks and its handle. logarithmic: equal lengths are equal ratios of moments, 0 at the left end."""

    moved = Signal(int)

    def __init__(self, parent: QWidget, surface: str, logarithmic: bool = False, first: int = 0) -> None:
        super().__init__("timeline", parent)
        self.surface, self.logarithmic, self.first = surface, logarithmic, first
        self.length, self.position = 0, 0
        self.marks: list[tuple[int, str, str]] = []
        self.text_of: Callable[[int], str] = str
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:
        return QSize(200, self._high())

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self._high())

    def _high(self) -> int:
        return 22 + QFontMetrics(self.small_font(0.8)).height() if self.logarithmic else 26

    def _x(self, position: int) -> float:
        last = max(1, self.length - 1)
        share = math.log1p(position) / math.log1p(last) if self.logarithmic else position / last
        return 8 + (self.width() - 16) * share

    def at(self, x: float) -> int:
        """The moment under pixel `x`."""
        share, last = (x - 8) / max(1, self.width() - 16), max(0, self.length - 1)
        moment = math.expm1(min(1.0, max(0.0, share)) * math.log1p(last)) if self.logarithmic else share * last
        return max(0, min(last, round(moment)))

    def _paint_scale(self, painter: QPainter) -> None:
        """Ticks at the first moment and at 1, 2, 5 of each decade, named where the words do not touch."""
        painter.setFont(self.small_font(0.8))
        line, taken = painter.fontMetrics().height(), list[QRectF]()
        last = self.first + self.length - 1
        decades = range(len(str(max(1, last))))
        named = [digit * 10**d for d in decades for digit in _NAMED if self.first < digit * 10**d <= last]
        for name in (self.first, *named[-1:], *named[:-1]):  # the ends are named before what lies between them
            x, text = self._x(name - self.first), f"{name:,}"
            painter.setPen(QPen(theme().color("muted"), 1))
            painter.drawLine(QPointF(x, 16), QPointF(x, 19))
            width = painter.fontMetrics().horizontalAdvance(text) + 2
            left = min(max(0.0, x - width / 2), self.width() - width)
            box = QRectF(left, self.height() - line, width, line)
            if not any(box.adjusted(-5, 0, 5, 0).intersects(other) for other in taken):
                draw_text(painter, box, text, Qt.AlignmentFlag.AlignCenter, "muted")
                taken.append(box)

    def paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = 11.0 if self.logarithmic else self.height() / 2
        if self.logarithmic and self.length:
            self._paint_scale(painter)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("border"))
        painter.drawRoundedRect(QRectF(8, middle - 2, self.width() - 16, 4), 2, 2)
        if self.length == 0:
            return
        x = self._x(self.position)
        painter.setBrush(theme().color("accent"))
        painter.drawRoundedRect(QRectF(8, middle - 2, x - 8, 4), 2, 2)
        for position, _, meaning in self.marks:
            if position < self.length:
                painter.setPen(QPen(theme().color(meaning), 2))
                at = self._x(position)
                painter.drawLine(QPointF(at, middle - 8), QPointF(at, middle - 3))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("accent"))
        painter.drawEllipse(QPointF(x, middle), 6, 6)

    def hover_text(self, position: QPointF) -> str:
        if self.length == 0:
            return ""
        moment = self.at(position.x())
        near = [t for p, t, _ in self.marks if abs(self._x(p) - position.x()) <= 5]
        return "\n".join([self.text_of(moment), *near])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.length:
            self.moved.emit(self.at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if event.buttons() & Qt.MouseButton.LeftButton and self.length:
            self.moved.emit(self.at(event.position().x()))


class Timeline(QWidget):
    """Moments 0 .. length - 1. Keys: Left and Right step, Page Up and Down by ten, Home, End, Enter plays.

    While it stands at the newest moment, it stays at the newest as the length grows.
    """

    position_changed = Signal(int)
    playing_changed = Signal(bool)

    def __init__(
        self,
        name: str = "timeline",
        *,
        surface: str = "background",
        logarithmic: bool = False,
        first: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        """`surface` is what it lies on: "background", or "card" inside a panel. logarithmic: thousands of moments of
        which the first matter most (the first ten take as much room as the tenth to the hundredth); its scale calls
        moment 0 `first`.
        """
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._track = _Track(self, surface, logarithmic, first)
        self._track.moved.connect(self.on_track_moved)
        self._timer = QTimer(self)
        self._timer.setInterval(50)
        self._timer.timeout.connect(self.on_tick)
        self._play = self._button("play", "Play (Enter)")
        self._play.clicked.connect(self.toggle)
        self._loop = self._button("loop", "Start again at the end")
        self._loop.setCheckable(True)
        self._label = QLabel()
        self._label.setProperty("role", "muted")
        self._label.setMinimumWidth(self.fontMetrics().horizontalAdvance("00000 of 00000"))
        self._label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 0, 2, 0)
        layout.setSpacing(4)
        for widget in (self._play, self._loop):
            layout.addWidget(widget)
        layout.addWidget(self._track, 1)
        layout.addWidget(self._label)
        self._show()

    def _button(self, icon: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setIconSize(QSize(16, 16))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        follow_theme(button, icon)
        return button

    @property
    def position(self) -> int:
        """The moment shown, 0 if there is none."""
        return self._track.position

    @property
    def length(self) -> int:
        """How many moments there are."""
        return self._track.length

    @property
    def playing(self) -> bool:
        """Whether it moves by itself."""
        return self._timer.isActive()

    def set_length(self, length: int) -> None:
        """There are `length` moments now; raises ValueError below 0."""
        if length < 0:
            raise ValueError(f"a timeline cannot have {length} moments")
        at_end = self._track.position >= self._track.length - 1
        self._track.length = length
        self._track.marks = [m for m in self._track.marks if m[0] < max(length, 1)]
        if (at_end and not self.playing) or self._track.position >= length:
            self._move(max(0, length - 1))
        self._show()

    def set_position(self, position: int) -> None:
        """Go to one moment (clamped to those there are)."""
        self._move(max(0, min(position, self._track.length - 1)))

    def set_text(self, text_of: Callable[[int], str]) -> None:
        """How a moment is named, e.g. `lambda i: f"step {steps[i]}"`."""
        self._track.text_of = text_of
        self._show()

    def add_mark(self, position: int, text: str, meaning: str = "warning") -> None:
        """A tick with words at one moment."""
        self._track.marks.append((position, text, meaning))
        self._track.update()

    def clear_marks(self) -> None:
        """Remove all ticks."""
        self._track.marks = []
        self._track.update()

    def set_rate(self, per_second: float) -> None:
        """Moments per second while playing; raises ValueError unless positive. At most 60 drawings a second."""
        if per_second <= 0:
            raise ValueError(f"the rate must be positive, got {per_second}")
        self._timer.setInterval(max(16, round(1000 / per_second)))
        self._stride = max(1, round(per_second * self._timer.interval() / 1000))

    _stride = 1

    def set_loop(self, on: bool) -> None:
        """Start again at the end while playing."""
        self._loop.setChecked(on)

    def play(self) -> None:
        """Move by itself, from the start if it stands at the end."""
        if self._track.length < 2 or self.playing:
            return
        if self._track.position >= self._track.length - 1:
            self._move(0)
        self._timer.start()
        self._on_playing(True)

    def pause(self) -> None:
        """Stop moving."""
        if self.playing:
            self._timer.stop()
            self._on_playing(False)

    def toggle(self) -> None:
        """Play or pause."""
        self.pause() if self.playing else self.play()

    def _on_playing(self, on: bool) -> None:
        follow_theme(self._play, "pause" if on else "play")
        self.playing_changed.emit(on)

    def on_tick(self) -> None:
        """One frame of playing has passed; nothing moves while hidden."""
        if not self.isVisible():
            return
        last = self._track.length - 1
        if self._track.position < last:
            self._move(min(last, self._track.position + self._stride))
        elif self._loop.isChecked():
            self._move(0)
        else:
            self.pause()

    def on_track_moved(self, position: int) -> None:
        """Somebody drags the handle."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.pause()
        self._move(position)

    def _move(self, position: int) -> None:
        if position != self._track.position:
            self._track.position = position
            self._show()
            self.position_changed.emit(position)

    def _show(self) -> None:
        track = self._track
        self._play.setEnabled(track.length > 1)
        self._label.setText(track.text_of(track.position) if track.length else "nothing recorded")
        self.setAccessibleDescription(f"moment {track.position + 1} of {track.length}")
        track.refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at, last = self._track.position, self._track.length - 1
        moves = {
            Qt.Key.Key_Left: at - 1,
            Qt.Key.Key_Right: at + 1,
            Qt.Key.Key_PageUp: at - _PAGE,
            Qt.Key.Key_PageDown: at + _PAGE,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.toggle()
        elif key in moves and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.pause()
            self.set_position(moves[key])
        else:
            super().keyPressEvent(event)
