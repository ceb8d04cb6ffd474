"""Our own SVG icons, tinted with a colour of the theme and sharp at any scale.

The drawings in assets/icons use `currentColor`; it is replaced before rendering. `icon("save")` gives a QIcon in
today's colours; `follow_theme(button, "save")` keeps the icon of a button or an action right when the theme changes.
"""

from functools import cache, lru_cache
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from gui.shell.theme import theme

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "icons"
_SIZES = (16, 20, 24, 32)
_RATIOS = (1.0, 2.0)


class HasIcon(Protocol):
    """A QAction or any button."""

    def setIcon(self, icon: QIcon, /) -> None:
        """Qt's own."""


@cache
def names() -> tuple[str, ...]:
    """The icons there are, in alphabetical order."""
    return tuple(sorted(p.stem for p in FOLDER.glob("*.svg")))


@cache
def _source(name: str) -> bytes:
    path = FOLDER / f"{name}.svg"
    if not path.is_file():
        raise KeyError(f"there is no icon {name!r}; known are {', '.join(names())}")
    return path.read_bytes()


@lru_cache(maxsize=1024)
def _render(name: str, color: str, size: int, ratio: float) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(_source(name).replace(b"currentColor", color.encode())))
    pixels = round(size * ratio)
    result = QPixmap(pixels, pixels)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result


def pixmap(name: str, meaning: str = "text", size: int = 16, ratio: float = 1.0) -> QPixmap:
    """One icon as a pixmap of `size` logical pixels at device pixel ratio `ratio`; raises KeyError if unknown."""
    return _render(name, theme().color(meaning).name(), size, ratio)


def icon(name: str, meaning: str = "text") -> QIcon:
    """One icon in the colour `meaning` of the theme (muted where disabled); raises KeyError if unknown."""
    result = QIcon()
    faded = theme().color("border").name()
    for ratio in _RATIOS:
        for size in _SIZES:
            result.addPixmap(pixmap(name, meaning, size, ratio))
            result.addPixmap(_render(name, faded, size, ratio), QIcon.Mode.Disabled)
    return result


class _Follower(QObject):
    """Sets the icon again whenever the theme changes; a child of what it serves, so it ends with it."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("icon-follower")
        self.name, self.meaning = "", "text"
        theme().changed.connect(self.on_theme_changed)

    def on_theme_changed(self) -> None:
        served: HasIcon = self.parent()  # type: ignore[assignment]
        served.setIcon(icon(self.name, self.meaning))


def follow_theme(target: QObject, name: str, meaning: str = "text") -> None:
    """Give `target` (a button or an action) an icon that follows the theme; call again to change the icon."""
    follower = target.findChild(_Follower, "icon-follower", Qt.FindChildOption.FindDirectChildrenOnly)
    if follower is None:
        follower = _Follower(target)
    follower.name, follower.meaning = name, meaning
    follower.on_theme_changed()
