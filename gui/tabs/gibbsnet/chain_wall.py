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

_GAP, _BAND_GAP, _BELIEF = 5.0, 8.0, 3.0


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

    def _side_by_side(self, across: int) -> int:
        """How many bands are below one another when `across` of them share a row."""
        return -(-len(self.bands) // across)

    def _cell(self, across: int, lines: int) -> tuple[float, float]:
        """(width, height) of a picture when `across` bands share a row and each is broken into `lines` lines."""
        columns = -(-self._most() // lines)
        height, width = self.bands[0].images.shape[1:3]
        below = self._caption_room() + _BELIEF + 1
        room_x = (self.width() / across - self._title_room() - _GAP * (columns + 1)) / columns
        down = self._side_by_side(across)
        room_y = (self.height() - _BAND_GAP * (down - 1)) / (lines * down) - _GAP - below
        scale = max(0.05, min(room_x / width, room_y / height)) * self.devicePixelRatioF()
        scale = (np.floor(2 * scale) / 2 if scale >= 1 else scale) / self.devicePixelRatioF()
        return width * scale, height * scale

    def _most(self) -> int:
        return max(1, *(len(band.images) for band in self.bands))

    def _arrangement(self) -> tuple[int, int]:
        """(bands in a row, lines of a band): what gives the largest pictures, the plainest among equals."""
        ways = [(across, lines) for across in (1, 2) for lines in range(1, 5) if lines <= self._most()]
        ways = [way for way in ways if way[0] <= len(self.bands)]
        return max(ways, key=lambda way: (self._cell(*way)[0], -way[0], -way[1]))

    def cells(self) -> list[list[QRectF]]:
        """Where each picture of each band is."""
        if not self.bands:
            return []
        across, lines = self._arrangement()
        width, height = self._cell(across, lines)
        columns = -(-self._most() // lines)
        step = height + _BELIEF + 1 + self._caption_room() + _GAP
        down = self._side_by_side(across)
        used = (lines * step + _BAND_GAP) * down - _BAND_GAP
        top = max(0.0, (self.height() - used) / 2)
        result = []
        for b, band in enumerate(self.bands):
            start = top + b % down * (lines * step + _BAND_GAP)
            left = b // down * self.width() / across + self._title_room() + _GAP
            spots = [
                (left + (i % columns) * (width + _GAP), start + i // columns * step) for i in range(len(band.images))
            ]
            result.append([QRectF(round(x), round(y), width, height) for x, y in spots])
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
            whole = QRectF(cells[0].left() - self._title_room() - _GAP, cells[0].top(), self._title_room(), 0)
            whole.setBottom(cells[-1].bottom())
            self._paint_title(painter, band, whole)
            if band.message:
                box = QRectF(cells[0].left(), cells[0].top(), self.width() / 2, cells[0].height())
                flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
                draw_text(painter, box, band.message, flags, "muted")
                continue
            self._paint_band(painter, index, cells)

    def _paint_title(self, painter: QPainter, band: Band, whole: QRectF) -> None:
        line = painter.fontMetrics().height()
        painter.fillRect(QRectF(whole.left(), whole.top(), 3, whole.height()), theme().color(band.meaning))
        words = QRectF(whole.left() + 8, whole.center().y() - line / 2, whole.width() - 8, line)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        up = line / 2 if band.note else 0
        draw_text(painter, words.translated(0, -up), band.title, left, "text")
        if band.note:
            painter.setFont(self.small_font())
            draw_text(painter, words.translated(0, up), band.note, left, "muted")
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
