"""A row of small controls that goes on in the next line where the panel is narrow or the text is large."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget


class FlowLayout(QLayout):
    """Items at their preferred widths, from left to right, wrapped; the height follows the width."""

    def __init__(self, parent: QWidget, gap: int = 4) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), place=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, place=True)

    def sizeHint(self) -> QSize:
        hints = [i.sizeHint() for i in self._items if not i.isEmpty()]
        width = sum(h.width() for h in hints) + self._gap * max(0, len(hints) - 1)
        return QSize(width, max((h.height() for h in hints), default=0))

    def minimumSize(self) -> QSize:
        kept = [i for i in self._items if not i.isEmpty()]
        hints = [i.minimumSize() if i.hasHeightForWidth() else i.sizeHint() for i in kept]
        return QSize(max((h.width() for h in hints), default=0), max((h.height() for h in hints), default=0))

    def _arrange(self, rect: QRect, place: bool) -> int:
        """Place the items in `rect`, each in the middle of its line, or only find out how high they are."""
        lines: list[list[tuple[QLayoutItem, QSize]]] = [[]]
        used = 0
        for item in self._items:
            if item.isEmpty():
                continue
            hint = _size(item, rect.width())
            if lines[-1] and used + hint.width() > rect.width():
                lines.append([])
                used = 0
            lines[-1].append((item, hint))
            used += hint.width() + self._gap
        y = rect.y()
        for line in lines:
            height, x = max((h.height() for _, h in line), default=0), rect.x()
            for item, hint in line:
                if place:
                    top = y + (height - hint.height()) // 2
                    item.setGeometry(QRect(x, top, hint.width(), hint.height()))
                x += hint.width() + self._gap
            y += height + self._gap
        return y - self._gap - rect.y()


def _size(item: QLayoutItem, room: int) -> QSize:
    """What the item wants; a row within the row that is wider than `room` wraps in its turn."""
    hint = item.sizeHint()
    if hint.width() <= room:
        return hint
    return QSize(room, item.heightForWidth(room) if item.hasHeightForWidth() else hint.height())


class FlowRow(QWidget):
    """A widget with such a layout; takes no more height than it needs."""

    def __init__(self, widgets: Sequence[QWidget] = (), parent: QWidget | None = None, gap: int = 4) -> None:
        super().__init__(parent)
        self._flow = FlowLayout(self, gap)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        for widget in widgets:
            self.add(widget)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._claim_height()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:  # something in it was shown, hidden or renamed
            self._claim_height()
        return done

    def _claim_height(self) -> None:
        """Insist on all lines: a layout around it may have asked for the height at another width."""
        height = self._flow.heightForWidth(self.width())
        if height != self.minimumHeight():
            self.setMinimumHeight(height)

    def add(self, widget: QWidget) -> None:
        """One more at the end."""
        self.layout().addWidget(widget)  # type: ignore[union-attr]
