"""A wall of chains: one band of pictures per model (and per branch), all at the same Gibbs step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from gui.shell.theme import theme
from gui.widgets.painted import PaintedView, colored_image, draw_text

_GAP, _BAND_GAP, _BELIEF = 6.0, 12.0, 3.0


@dataclass(frozen=True, slots=True)
class Band:
    """The chains of one model. images uint8 [n, h, w] or [n, h, w, 3]; captions: sampled label of each ("" for none).

    beliefs [n] in 0..1: how much the discriminator takes the pair for data. note: small words below the title.
    is_branch: these chains are not those of the same column above. message: shown instead of pictures.
    """

    title: str
    meaning: str
    images: NDArray[np.uint8]
    captions: tuple[str, ...] = ()
    beliefs: NDArray[Any] | None = None
    note: str = ""
    is_branch: bool = False
    message: str = ""


class ChainWall(PaintedView):
    """A click (or the arrow keys) chooses a chain; it is framed in every band that has it."""

    chain_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("wall of chains", parent)
        self.bands: tuple[Band, ...] = ()
        self.chain = 0
        self._sheets: list[QImage | None] = []
        self.setMinimumSize(220, 90)

    def set_bands(self, bands: Sequence[Band]) -> None:
        """Show these, from top to bottom. Raises ValueError unless their pictures are [n, h, w] or [n, h, w, 3]."""
        for band in bands:
            if band.images.dtype != np.uint8 or band.images.ndim not in (3, 4):
                raise ValueError(
                    f"{band.title}: pictures are uint8 [n, h, w(, 3)], got {band.images.shape} {band.images.dtype}"
                )
        self.bands = tuple(bands)
        self._sheets = [None] * len(self.bands)
        self.refresh()

    def set_chain(self, chain: int) -> None:
        """Frame this chain without telling."""
        if chain != self.chain:
            self.chain = chain
            self.refresh()

    def data(self) -> dict[str, NDArray[Any]]:
        """{"TITLE": pictures of the band}."""
        return {band.title: band.images for band in self.bands}

    def on_theme_changed(self) -> None:
        """Grey pictures stay grey; everything around them is painted anew."""
        self._sheets = [None] * len(self.bands)
        super().on_theme_changed()

    def sizeHint(self) -> QSize:
        return QSize(640, 260)

    # --- geometry -----------------------------------------------------------------------------------------------

    def _title_room(self) -> float:
        metrics = self.fontMetrics()
        texts = [band.title for band in self.bands] + [band.note for band in self.bands]
        return min(0.22 * self.width(), max((metrics.horizontalAdvance(t) for t in texts), default=0) + 14.0)

    def _caption_room(self) -> float:
        has_any = any(any(band.captions) for band in self.bands)
        return self.fontMetrics().height() * 0.92 if has_any else 0.0

    def _cell(self, lines: int) -> tuple[float, float]:
        """(width of a picture, height of it) when every band is broken into so many lines."""
        most = max(len(band.images) for band in self.bands)
        columns = -(-most // lines)
        height, width = self.bands[0].images.shape[1:3]
        below = self._caption_room() + _BELIEF + 1
        room_x = (self.width() - self._title_room() - _GAP * (columns + 1)) / columns
        rows = lines * len(self.bands)
        room_y = (self.height() - _BAND_GAP * len(self.bands)) / rows - _GAP - below
        scale = max(0.05, min(room_x / width, room_y / height)) * self.devicePixelRatioF()
        scale = (np.floor(scale) if scale >= 1 else scale) / self.devicePixelRatioF()
        return width * scale, height * scale

    def _lines(self) -> int:
        """How often a band is broken: what gives the largest pictures, the fewest lines among equals."""
        most = max(len(band.images) for band in self.bands)
        return max(range(1, min(4, most) + 1), key=lambda n: (self._cell(n)[0], -n))

    def cells(self) -> list[list[QRectF]]:
        """Where each picture of each band is."""
        if not self.bands:
            return []
        lines = self._lines()
        width, height = self._cell(lines)
        most = max(len(band.images) for band in self.bands)
        columns = -(-most // lines)
        step = height + _BELIEF + 1 + self._caption_room() + _GAP
        left = self._title_room() + _GAP
        used = (lines * step + _BAND_GAP) * len(self.bands) - _BAND_GAP
        top = max(0.0, (self.height() - used) / 2)
        result = []
        for b, band in enumerate(self.bands):
            start = top + b * (lines * step + _BAND_GAP)
            result.append(
                [
                    QRectF(
                        round(left + (i % columns) * (width + _GAP)), round(start + i // columns * step), width, height
                    )
                    for i in range(len(band.images))
                ]
            )
        return result

    # --- drawing ------------------------------------------------------------------------------------------------

    def _sheet(self, index: int) -> QImage:
        made = self._sheets[index]
        if made is None:
            images = np.ascontiguousarray(self.bands[index].images)
            n, h, w = images.shape[:3]
            if images.ndim == 4:
                made = QImage(images.data, w, n * h, 3 * w, QImage.Format.Format_RGB888).copy()
            else:
                made = colored_image(images.reshape(n * h, w), "grey", 0, 255)
            self._sheets[index] = made
        return made

    def paint(self, painter: QPainter) -> None:
        """Every band: its name with a stripe of its colour, pictures, labels, beliefs, the chosen chain."""
        for index, (band, cells) in enumerate(zip(self.bands, self.cells(), strict=True)):
            if not cells:
                continue
            self._paint_title(painter, band, cells[0].top(), cells[-1].bottom())
            if band.message:
                box = QRectF(cells[0].left(), cells[0].top(), self.width() - cells[0].left(), cells[0].height())
                flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
                draw_text(painter, box, band.message, flags, "muted")
                continue
            self._paint_band(painter, index, cells)

    def _paint_title(self, painter: QPainter, band: Band, top: float, bottom: float) -> None:
        room, line = self._title_room(), painter.fontMetrics().height()
        painter.fillRect(QRectF(0, top, 3, bottom - top), theme().color(band.meaning))
        middle = (top + bottom) / 2
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        up = line / 2 if band.note else 0
        draw_text(painter, QRectF(8, middle - line / 2 - up, room - 8, line), band.title, left, "text")
        if band.note:
            painter.setFont(self.small_font())
            draw_text(painter, QRectF(8, middle - line / 2 + up, room - 8, line), band.note, left, "muted")
            painter.setFont(self.font())

    def _paint_band(self, painter: QPainter, index: int, cells: list[QRectF]) -> None:
        band, sheet = self.bands[index], self._sheet(index)
        height, width = band.images.shape[1:3]
        painter.setFont(self.small_font())
        for i, cell in enumerate(cells):
            painter.drawImage(cell, sheet, QRectF(0, i * height, width, height))
            if band.beliefs is not None:
                strip = QRectF(cell.left(), cell.bottom() + 1, cell.width(), _BELIEF)
                painter.fillRect(strip, theme().color("raised"))
                strip.setWidth(cell.width() * float(np.clip(np.nan_to_num(band.beliefs[i]), 0, 1)))
                painter.fillRect(strip, theme().color("data"))
            if i < len(band.captions) and band.captions[i]:
                box = QRectF(cell.left() - 2, cell.bottom() + _BELIEF + 1, cell.width() + 4, self._caption_room())
                draw_text(painter, box, band.captions[i], Qt.AlignmentFlag.AlignCenter, "muted")
        if self.chain < len(cells) and not band.is_branch:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.drawRect(cells[self.chain].adjusted(-2, -2, 2, 2))
        painter.setFont(self.font())

    # --- the hand -----------------------------------------------------------------------------------------------

    def _at(self, position: QPointF) -> tuple[Band, int] | None:
        for band, cells in zip(self.bands, self.cells(), strict=True):
            for i, cell in enumerate(cells):
                if cell.contains(position) and not band.message:
                    return band, i
        return None

    def hover_text(self, position: QPointF) -> str:
        """Which chain, its sampled label, what the discriminator takes it for."""
        found = self._at(position)
        if found is None:
            return ""
        band, i = found
        lines = [f"{band.title}, chain {i}"]
        if i < len(band.captions) and band.captions[i]:
            lines.append(f"sampled label {band.captions[i]}")
        if band.beliefs is not None:
            lines.append(f"taken for data by the discriminator: {float(band.beliefs[i]):.2f} (bar below)")
        return "\n".join(lines)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the chain under the pointer."""
        found = self._at(event.position())
        if found is not None and event.button() == Qt.MouseButton.LeftButton and not found[0].is_branch:
            self._choose(found[1])

    def _choose(self, chain: int) -> None:
        self.set_chain(chain)
        self.chain_chosen.emit(chain)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right choose the neighbour."""
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        own = [len(b.images) for b in self.bands if not b.is_branch]
        if by is None or not own:
            super().keyPressEvent(event)
        elif 0 <= self.chain + by < max(own):
            self._choose(self.chain + by)
