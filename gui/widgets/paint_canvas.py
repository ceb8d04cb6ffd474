"""Paint a small grey picture: brush, eraser, undo, and a picture file dropped on it."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QImageReader,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QUndoCommand,
    QUndoStack,
)
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.widgets.background import Background
from gui.widgets.painted import FloatArray, PaintedView, colored_image, draw_text, number
from gui.widgets.redraw import FRAME_MS

Grey = NDArray[np.float32]


class _Change(QUndoCommand):
    """One stroke, clearing or loading: the picture before and after."""

    def __init__(self, canvas: "PaintCanvas", text: str, before: Grey, after: Grey) -> None:
        super().__init__(text)
        self._canvas, self._before, self._after = canvas, before, after

    def undo(self) -> None:
        self._canvas.show_image(self._before)

    def redo(self) -> None:
        self._canvas.show_image(self._after)


class PaintCanvas(PaintedView):
    """A grey picture [h, w] in 0-1 under a brush. Keys: B brush, E eraser, [ and ] size, Delete clears, arrows move
    a cursor and Enter dabs at it; Ctrl+Z and Ctrl+Shift+Z undo and redo.

    `image_changed` carries a copy, at most 30 times a second, the last state always.
    """

    image_changed = Signal(object)
    refused = Signal(str)
    """A dropped file could not be used; the sentence says why (it is also shown on the canvas)."""
    tool_changed = Signal()

    def __init__(
        self, height: int = 28, width: int = 28, name: str = "painting", parent: QWidget | None = None
    ) -> None:
        super().__init__(name, parent)
        if height < 1 or width < 1:
            raise ValueError(f"a canvas needs at least one pixel, got {height} x {width}")
        self._image: Grey = np.zeros((height, width), np.float32)
        self._before: Grey | None = None
        self._last = QPointF()
        self._cursor: QPoint | None = None
        self._message = ""
        self._erasing = False
        self._size = 1.0 if min(height, width) < 16 else 2.0
        self._intensity = 1.0
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(200)
        self._background = Background(self)
        self._announce = QTimer(self)
        self._announce.setSingleShot(True)
        self._announce.setInterval(FRAME_MS)
        self._announce.timeout.connect(self.on_announce)
        self.setAcceptDrops(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setMinimumSize(80, 80)

    # The picture

    def image(self) -> Grey:
        """A copy [h, w] float32 in 0-1."""
        return self._image.copy()

    def set_image(self, image: ArrayLike, text: str = "set picture") -> None:
        """Replace the picture [h, w] (uint8, or floats in 0-1, clipped), as one undoable change.

        Raises ValueError for another shape or for values that are not finite.
        """
        array = np.asarray(image)
        grey = array.astype(np.float32) / 255 if array.dtype == np.uint8 else array.astype(np.float32)
        if grey.shape != self._image.shape:
            raise ValueError(f"this canvas is {self._image.shape}, got a picture of shape {grey.shape}")
        if not np.isfinite(grey).all():
            raise ValueError("a picture must not hold infinite or missing values")
        self.undo_stack.push(_Change(self, text, self._image.copy(), np.clip(grey, 0.0, 1.0)))

    def clear(self) -> None:
        """Make it black, as one undoable change."""
        if self._image.any():
            self.set_image(np.zeros_like(self._image), "clear")

    def resize_image(self, height: int, width: int) -> None:
        """Another size for another data set: starts black with nothing to undo."""
        self.undo_stack.clear()
        self._before = None
        self.show_image(np.zeros((height, width), np.float32))

    def show_image(self, image: FloatArray) -> None:
        """Show [h, w] without an undo entry (undo itself, an animation)."""
        self._image = np.array(image, dtype=np.float32)
        self._message = ""
        self._changed()

    def _changed(self) -> None:
        self.refresh()
        if not self._announce.isActive():
            self._announce.start()

    def on_announce(self) -> None:
        """A frame has passed since the first change: tell the newest state."""
        self.image_changed.emit(self.image())

    def data(self) -> dict[str, NDArray[Any]]:
        """{"image"}."""
        return {"image": self._image}

    # The tool

    @property
    def erasing(self) -> bool:
        """Whether the eraser is in the hand."""
        return self._erasing

    @property
    def brush_size(self) -> float:
        """Diameter in picture pixels."""
        return self._size

    @property
    def intensity(self) -> float:
        """How bright the brush paints, 0-1."""
        return self._intensity

    def set_erasing(self, on: bool) -> None:
        """Eraser or brush."""
        self._erasing = on
        self.tool_changed.emit()

    def set_brush_size(self, size: float) -> None:
        """Diameter in picture pixels, 0.5 up to the canvas (clamped)."""
        self._size = min(max(0.5, float(size)), float(max(self._image.shape)))
        self.tool_changed.emit()
        self.update()

    def set_intensity(self, intensity: float) -> None:
        """How bright the brush paints, 0-1 (clamped)."""
        self._intensity = min(max(0.0, float(intensity)), 1.0)
        self.tool_changed.emit()

    def stroke(self, start: QPointF, end: QPointF) -> None:
        """A soft round brush drawn from `start` to `end` in picture coordinates, without an undo entry of its own."""
        height, width = self._image.shape
        radius = self._size / 2
        (x0, x1), (y0, y1) = sorted((start.x(), end.x())), sorted((start.y(), end.y()))
        left, right = max(0, math.floor(x0 - radius - 1)), min(width, math.ceil(x1 + radius + 1))
        top, bottom = max(0, math.floor(y0 - radius - 1)), min(height, math.ceil(y1 + radius + 1))
        if left >= right or top >= bottom:
            return
        y, x = np.mgrid[top:bottom, left:right] + 0.5
        dx, dy = end.x() - start.x(), end.y() - start.y()
        length = dx * dx + dy * dy
        along = np.clip(((x - start.x()) * dx + (y - start.y()) * dy) / length, 0, 1) if length else 0.0
        distance = np.hypot(x - start.x() - along * dx, y - start.y() - along * dy)
        cover = np.clip(radius + 0.5 - distance, 0.0, 1.0).astype(np.float32)
        part = self._image[top:bottom, left:right]
        if self._erasing:
            np.minimum(part, 1.0 - cover, out=part)
        else:
            np.maximum(part, cover * np.float32(self._intensity), out=part)
        self._message = ""
        self._changed()

    def _begin(self) -> None:
        self._before = self._image.copy()

    def _finish(self) -> None:
        before, self._before = self._before, None
        if before is not None and not np.array_equal(before, self._image):
            text = "erase" if self._erasing else "paint"
            self.undo_stack.push(_Change(self, text, before, self._image.copy()))

    # Geometry and drawing

    def sizeHint(self) -> QSize:
        return QSize(220, 220)

    def _box(self) -> QRectF:
        height, width = self._image.shape
        scale = max(1e-3, min((self.width() - 4) / width, (self.height() - 4) / height))
        ratio = self.devicePixelRatioF()
        if scale * ratio >= 1:
            scale = math.floor(scale * ratio) / ratio
        w, h = width * scale, height * scale
        return QRectF(round((self.width() - w) / 2), round((self.height() - h) / 2), w, h)

    def to_picture(self, position: QPointF) -> QPointF:
        """Widget pixels to picture coordinates."""
        box, (height, width) = self._box(), self._image.shape
        return QPointF(
            (position.x() - box.left()) / box.width() * width, (position.y() - box.top()) / box.height() * height
        )

    def paint(self, painter: QPainter) -> None:
        """The picture, its frame, the brush under the pointer, a message if there is one."""
        box = self._box()
        painter.drawImage(box, colored_image(self._image, "grey", 0.0, 1.0))
        painter.setPen(QPen(theme().color("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        scale = box.width() / self._image.shape[1]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color("accent"), 1.2))
        if self._cursor is not None and self.hasFocus() and not self.exporting:
            radius = max(0.5, self._size / 2) * scale
            center = QPointF(
                box.left() + (self._cursor.x() + 0.5) * scale, box.top() + (self._cursor.y() + 0.5) * scale
            )
            painter.drawEllipse(center, radius, radius)
        elif self._pointer is not None and box.contains(QPointF(self._pointer)):
            painter.drawEllipse(QPointF(self._pointer), self._size / 2 * scale, self._size / 2 * scale)
        if self._message:
            line = painter.fontMetrics().height() + 6
            strip = QRectF(0, self.height() - line, self.width(), line)
            painter.fillRect(strip, theme().color("raised"))
            draw_text(painter, strip.adjusted(4, 0, -4, 0), self._message, Qt.AlignmentFlag.AlignCenter, "warning")

    def hover_text(self, position: QPointF) -> str:
        """The pixel and its value; nothing while painting."""
        if self._before is not None:
            return ""
        at, (height, width) = self.to_picture(position), self._image.shape
        row, column = math.floor(at.y()), math.floor(at.x())
        if not (0 <= row < height and 0 <= column < width):
            return ""
        return f"row {row}, column {column}: {number(float(self._image[row, column]), 3)}"

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._cursor = None
            self._begin()
            self._last = self.to_picture(event.position())
            self.stroke(self._last, self._last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._before is not None:
            here = self.to_picture(event.position())
            self.stroke(self._last, here)
            self._last = here
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._finish()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, height_width = Qt.Key(event.key()), self._image.shape
        moves = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if control and key == Qt.Key.Key_Z:
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.undo_stack.redo() if shift else self.undo_stack.undo()
        elif control and key == Qt.Key.Key_Y:
            self.undo_stack.redo()
        elif control:
            super().keyPressEvent(event)
        elif key in moves:
            at = self._cursor or QPoint(height_width[1] // 2, height_width[0] // 2)
            dx, dy = moves[key]
            self._cursor = QPoint(
                max(0, min(height_width[1] - 1, at.x() + dx)), max(0, min(height_width[0] - 1, at.y() + dy))
            )
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cursor is not None:
            self._begin()
            self.stroke(QPointF(self._cursor) + QPointF(0.5, 0.5), QPointF(self._cursor) + QPointF(0.5, 0.5))
            self._finish()
        elif key in (Qt.Key.Key_B, Qt.Key.Key_E):
            self.set_erasing(key == Qt.Key.Key_E)
        elif key in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight):
            self.set_brush_size(self._size + (0.5 if key == Qt.Key.Key_BracketRight else -0.5))
        elif key == Qt.Key.Key_Delete:
            self.clear()
        else:
            super().keyPressEvent(event)

    # Files

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.load_file(Path(files[0]))

    def load_file(self, path: Path) -> None:
        """Read a picture file in another thread, make it grey, fit it in; a bad file is refused with a sentence."""
        height, width = self._image.shape
        self._background.run(
            lambda: _read_grey(path, height, width), lambda image, error: self._on_read(path, image, error)
        )

    def _on_read(self, path: Path, image: Grey | None, error: Exception | None) -> None:
        if image is None or error is not None or image.shape != self._image.shape:
            self._message = f"{path.name}: {error}" if error else f"{path.name}: the canvas changed meanwhile"
            self.refused.emit(self._message)
            self.update()
        else:
            self.set_image(image, f"load {path.name}")


def _read_grey(path: Path, height: int, width: int) -> Grey:
    """The picture in `path` as [height, width] in 0-1, whole and centred; raises ValueError with the reason."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    if not reader.canRead():
        raise ValueError("this file is not a picture that can be read")
    size = reader.size()
    if size.isValid() and size.width() * size.height() > 100_000_000:
        raise ValueError(f"the picture is too large ({size.width()} x {size.height()} pixels)")
    image = reader.read()
    if image.isNull():
        raise ValueError(reader.errorString() or "the picture is damaged")
    flat = QImage(image.size(), QImage.Format.Format_RGB32)  # transparent becomes black
    flat.fill(Qt.GlobalColor.black)
    painter = QPainter(flat)
    painter.drawImage(0, 0, image)
    painter.end()
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    small = flat.scaled(width, height, keep, smooth).convertToFormat(QImage.Format.Format_Grayscale8)
    bits = np.frombuffer(small.constBits(), np.uint8).reshape(small.height(), small.bytesPerLine())
    result = np.zeros((height, width), np.float32)
    top, left = (height - small.height()) // 2, (width - small.width()) // 2
    result[top : top + small.height(), left : left + small.width()] = bits[:, : small.width()] / np.float32(255)
    return result
