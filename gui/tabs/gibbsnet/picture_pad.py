"""The pad for the held picture: a grey pen over a picture that keeps its colours; files go to whoever loads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPen

from gui.shell.theme import theme
from gui.widgets.paint_canvas import PaintCanvas


class PicturePad(PaintCanvas):
    """A `PaintCanvas` that shows a colour picture as it is until the pen touches it.

    file_dropped: a file that was dropped, unread: the engine crops and scales it and keeps its colours.
    """

    file_dropped = Signal(object)
    _colours: NDArray[np.uint8] | None = None

    def show_colours(self, image: NDArray[np.float32] | None) -> None:
        """A picture [h, w, 3] in 0..1 instead of its grey values; None: the grey values."""
        self._colours = None if image is None else np.ascontiguousarray(np.round(image.clip(0, 1) * 255), np.uint8)
        self.refresh()

    def paint(self, painter: QPainter) -> None:
        """As any canvas; the colours over the grey, and the brush over both."""
        super().paint(painter)
        if self._colours is None:
            return
        h, w, _ = self._colours.shape
        box = self._box()
        painter.drawImage(box, QImage(self._colours.data, w, h, 3 * w, QImage.Format.Format_RGB888).copy())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().color("border"), 1))
        painter.drawRect(box)
        if self._pointer is not None and box.contains(QPointF(self._pointer)):
            radius = self.brush_size / 2 * box.width() / w
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.drawEllipse(QPointF(self._pointer), radius, radius)

    def load_file(self, path: Path) -> None:
        """Hands the file on."""
        self.file_dropped.emit(path)
