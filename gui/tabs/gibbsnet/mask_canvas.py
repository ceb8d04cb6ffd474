"""The mask painter: the picture underneath, and over it what the model may not see."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QDropEvent, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.tabs.gibbsnet.names import UNKNOWN
from gui.widgets.paint_canvas import Grey, PaintCanvas
from gui.widgets.painted import FloatArray, colored_image, draw_text, number

SHAPES = ("left half", "right half", "top half", "bottom half", "middle", "random half", "nothing", "everything")
"""Masks made with one click, named by what becomes unknown."""
_HATCH = 9
_VEIL = 215
_BARELY = 1e-4
"""A pixel that the brush covers exactly by half changes sides, whichever side the brush paints."""


def shape_mask(shape: str, height: int, width: int, seed: int = 0) -> Grey:
    """A hard mask [h, w], 1 known and 0 unknown. Raises KeyError naming the shapes there are."""
    mask = np.ones((height, width), np.float32)
    unknown: dict[str, Any] = {
        "left half": np.s_[:, : width // 2],
        "right half": np.s_[:, width - width // 2 :],
        "top half": np.s_[: height // 2],
        "bottom half": np.s_[height - height // 2 :],
        "middle": np.s_[height // 4 : height - height // 4, width // 4 : width - width // 4],
        "nothing": np.s_[:0],
        "everything": np.s_[:],
    }
    if shape == "random half":
        order = np.random.default_rng(seed).permutation(height * width)[: height * width // 2]
        mask.reshape(-1)[order] = 0.0
    elif shape in unknown:
        mask[unknown[shape]] = 0.0
    else:
        raise KeyError(f"there is no mask {shape!r}; known are {', '.join(SHAPES)}")
    return mask


class MaskCanvas(PaintCanvas):
    """A `PaintCanvas` whose picture is the mask: 1 known, 0 unknown, between them the soft edge of the brush.

    The eraser makes unknown, the brush makes known. `file_dropped` hands a dropped file on to whoever loads pictures.
    """

    file_dropped = Signal(object)

    def __init__(self, height: int = 8, width: int = 8, parent: QWidget | None = None) -> None:
        super().__init__(height, width, "mask over the picture", parent)
        self.picture: NDArray[np.uint8] = np.zeros((height, width), np.uint8)
        self.soft = False
        self.show_image(np.ones((height, width), np.float32))
        self.set_brush_size(2.0)
        self.set_erasing(True)

    def set_picture(self, picture: FloatArray) -> None:
        """What lies under the mask: [h, w] or [h, w, 3] in 0..1; another size starts with everything known."""
        picture = np.asarray(picture)
        if picture.shape[:2] != self._image.shape:
            self.resize_image(*picture.shape[:2])
            self.show_image(np.ones(picture.shape[:2], np.float32))
        self.picture = np.round(np.clip(np.nan_to_num(picture), 0.0, 1.0) * 255).astype(np.uint8)
        self.refresh()

    def set_shape(self, shape: str, seed: int = 0) -> None:
        """One of `SHAPES`, undoably."""
        height, width = self._image.shape
        self.set_image(shape_mask(shape, height, width, seed), shape)

    def set_soft(self, on: bool) -> None:
        """Soft edges blend known and unknown; off makes every pixel one or the other, undoably."""
        self.soft = on
        if not on and not np.isin(self._image, (0.0, 1.0)).all():
            self.set_image(self._hardened(), "hard edges")

    def stroke(self, start: QPointF, end: QPointF) -> None:
        """As on any canvas; with hard edges, a pixel that is covered by half changes sides."""
        super().stroke(start, end)
        if not self.soft:
            self._image = self._hardened()

    def _hardened(self) -> Grey:
        half = 0.5 + (_BARELY if self.erasing else -_BARELY)
        return (self._image > half).astype(np.float32)

    def clear(self) -> None:
        """Everything known again."""
        self.set_shape("nothing")

    def words(self) -> str:
        """How much is unknown, and what the ends of the scale mean."""
        share = 1.0 - float(self._image.mean())
        if share <= 0.0:
            return "Everything is known: the chain reconstructs. Paint over what the model may not see."
        if share >= 1.0:
            return "Nothing is known: the chain generates freely."
        return f"{100 * share:.0f} % unknown"

    # --- drawing ------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        """The picture, the veil over the unknown part, the brush."""
        box = self._box()
        painter.drawImage(box, self._picture_image())
        painter.drawImage(box, self._veil())
        self._paint_hatch(painter, box)
        painter.setPen(QPen(theme().color("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        self._paint_brush(painter, box)
        if self._message:
            line = painter.fontMetrics().height() + 6
            strip = QRectF(0, self.height() - line, self.width(), line)
            painter.fillRect(strip, theme().color("raised"))
            draw_text(painter, strip.adjusted(4, 0, -4, 0), self._message, Qt.AlignmentFlag.AlignCenter, "warning")

    def _picture_image(self) -> QImage:
        if self.picture.ndim == 2:
            return colored_image(self.picture, "grey", 0, 255)
        h, w, _ = self.picture.shape
        rgb = np.ascontiguousarray(self.picture)
        return QImage(rgb.data, w, h, 3 * w, QImage.Format.Format_RGB888).copy()

    def _veil(self) -> QImage:
        """The unknown part, as opaque as it is unknown."""
        height, width = self._image.shape
        color = theme().color("raised")
        alpha = np.round((1.0 - self._image) * _VEIL).astype(np.uint32)
        words = (alpha << 24) | np.uint32(color.rgb() & 0xFFFFFF)
        pixels = np.ascontiguousarray(words.astype(np.uint32))
        return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32).copy()

    def _paint_hatch(self, painter: QPainter, box: QRectF) -> None:
        """Slanted lines over every pixel that is mostly unknown: seen without telling greys apart."""
        height, width = self._image.shape
        sx, sy = box.width() / width, box.height() / height
        hidden = QPainterPath()
        edges = np.diff(np.pad(self._image < 0.5, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        starts, ends = np.argwhere(edges == 1), np.argwhere(edges == -1)  # runs of hidden pixels, row by row
        for (row, start), (_, end) in zip(starts.tolist(), ends.tolist(), strict=True):
            hidden.addRect(QRectF(box.left() + start * sx, box.top() + row * sy, (end - start) * sx, sy))
        if hidden.isEmpty():
            return
        painter.save()
        painter.setClipPath(hidden)
        painter.setPen(QPen(theme().color(UNKNOWN), 1))
        tall = round(box.height())
        for left in range(-tall, round(box.width()), _HATCH):
            foot = QPointF(box.left() + left, box.bottom())
            painter.drawLine(foot, foot + QPointF(tall, -tall))
        painter.restore()

    def _paint_brush(self, painter: QPainter, box: QRectF) -> None:
        scale = box.width() / self._image.shape[1]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color(UNKNOWN if self.erasing else "accent"), 1.5))
        if self._cursor is not None and self.hasFocus() and not self.exporting:
            center = QPointF(
                box.left() + (self._cursor.x() + 0.5) * scale, box.top() + (self._cursor.y() + 0.5) * scale
            )
            painter.drawEllipse(center, self._size / 2 * scale, self._size / 2 * scale)
        elif self._pointer is not None and box.contains(QPointF(self._pointer)):
            painter.drawEllipse(QPointF(self._pointer), self._size / 2 * scale, self._size / 2 * scale)

    def hover_text(self, position: QPointF) -> str:
        """The pixel and how well it is known."""
        at, (height, width) = self.to_picture(position), self._image.shape
        row, column = math.floor(at.y()), math.floor(at.x())
        if self._before is not None or not (0 <= row < height and 0 <= column < width):
            return ""
        return f"row {row}, column {column}: known {number(float(self._image[row, column]), 3)}"

    def dropEvent(self, event: QDropEvent) -> None:
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.file_dropped.emit(Path(files[0]))
