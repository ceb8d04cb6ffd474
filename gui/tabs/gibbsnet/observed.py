"""The picture that is held: a test picture, a drawn one or a file; shared by painter and clamps."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from engine.papers.gibbsnet_views import OpenImageArguments, OpenImageResult, PicturesArguments, PicturesResult
from gui.shell.rows import label, push_button, set_role
from gui.tabs.gibbsnet.names import Facts, pictures
from gui.tabs.gibbsnet.picture_pad import PicturePad
from gui.widgets.flow import FlowRow
from gui.widgets.image_grid import ImageGrid
from gui.widgets.segments import icon_button

if TYPE_CHECKING:
    from gui.shell.bench import Bench

GALLERY = 30
FILTER = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff);;All files (*)"


class Observed(QObject):
    """`image` float32 [h, w] or [h, w, 3] in 0..1; `index` the test picture it is, -1 for a drawn one or a file.

    changed: another picture, or another stroke of the pen. said(words, role): what was done to a file, or why it is
    none; role as of a label.
    """

    changed = Signal()
    said = Signal(str, str)

    def __init__(self, bench: Bench, facts: Facts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bench, self.facts = bench, facts
        self.image: NDArray[np.float32] = np.zeros(self._plain_shape(), np.float32)
        self.index, self.label = -1, -1
        self._key: tuple[object, ...] = facts.data_key
        facts.changed.connect(self.on_facts_changed)

    @property
    def has_colours(self) -> bool:
        """Whether it is a colour picture, not a drawing of the grey pen."""
        return self.image.ndim == 3 and not np.array_equal(self.image.min(-1), self.image.max(-1))

    def _plain_shape(self) -> tuple[int, ...]:
        h, w, c = self.facts.shape
        return (h, w) if c == 1 else (h, w, c)

    def on_facts_changed(self) -> None:
        """Other data: the old picture is none of theirs."""
        if self.facts.view is not None and self.facts.data_key != self._key:
            self._key = self.facts.data_key
            self.image = np.zeros(self._plain_shape(), np.float32)
            self.index = self.label = -1
            self.changed.emit()

    def show_test(self, index: int, image: NDArray[np.uint8], class_label: int) -> None:
        """A test picture uint8 [h, w, c]."""
        self.image = pictures(image).astype(np.float32) / np.float32(255)
        self.index, self.label = index, class_label
        self.said.emit(f"test picture {index}", "muted")
        self.changed.emit()

    def show_drawn(self, image: NDArray[np.float32]) -> None:
        """A stroke; a colour picture takes the grey of the pen."""
        own = image if self.image.ndim == 2 else np.repeat(image[..., None], 3, axis=2)
        if not np.array_equal(own, self.image):
            self.image, self.index, self.label = own.astype(np.float32), -1, -1
            self.said.emit("drawn by hand", "muted")
            self.changed.emit()

    def open_file(self, path: str | Path) -> None:
        """A file of the person's own, cropped and scaled by the engine; what is no picture is refused in words."""
        self._bench.ask("open_image", OpenImageArguments(str(path)), self.on_opened, on_error=self.on_refused)

    def on_opened(self, result: OpenImageResult) -> None:
        """The file as the model sees it."""
        image = np.asarray(result.image, dtype=np.float32)
        self.image = image[..., 0] if image.shape[-1] == 1 else image
        self.index = self.label = -1
        self.said.emit(result.text, "muted")
        self.changed.emit()

    def on_refused(self, reason: str) -> None:
        """Not a picture; the one there was stays."""
        self.said.emit(reason, "warning")


class ObservedPad(QWidget):
    """Where the held picture is drawn, chosen or opened; below it a gallery of test pictures to click."""

    def __init__(self, bench: Bench, observed: Observed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench, self._observed = bench, observed
        self._dice = random.Random()
        self._first = 0
        self._fetched: tuple[object, ...] = ()
        self._result: PicturesResult | None = None
        self.canvas = PicturePad(8, 8, "the picture that is held")
        self.canvas.image_changed.connect(self.on_painted)
        self.canvas.file_dropped.connect(observed.open_file)
        self.gallery = ImageGrid(table="grey", low=0.0, high=255.0, name="test pictures")
        self.gallery.selected.connect(self.on_selected)
        self.words = label("Draw here, click a test picture, or open a file.", "muted", wrap=True)
        tools = FlowRow(
            (
                icon_button("dice", "Other test pictures", self.on_random),
                icon_button("eraser", "An empty picture to draw on", self.on_clear),
                push_button("Open…", self.on_open, "A picture file of your own; it is cropped and scaled", "open"),
            )
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.canvas, 4)
        layout.addWidget(tools)
        layout.addWidget(self.words)
        layout.addWidget(self.gallery, 3)
        observed.changed.connect(self.on_observed_changed)
        observed.said.connect(self.on_said)
        observed.facts.changed.connect(self.on_facts_changed)
        self.on_facts_changed()
        self.on_observed_changed()

    # --- test pictures ------------------------------------------------------------------------------------------

    def on_facts_changed(self) -> None:
        """Another data set: its test pictures."""
        h, w, c = self._observed.facts.shape
        if self.canvas.image().shape != (h, w):
            self.canvas.resize_image(h, w)
        self.canvas.setToolTip("" if c == 1 else "The pen draws grey; files and test pictures keep their colours")
        facts = self._observed.facts
        if (
            facts.view is not None
            and facts.has_pictures
            and facts.data_key != self._fetched
            and self._bench.run.is_live
        ):
            self._fetched, self._result = facts.data_key, None
            self.fetch()

    def fetch(self) -> None:
        """Ask for the pictures of the gallery."""
        arguments = PicturesArguments(self._first, GALLERY)
        self._bench.ask("pictures", arguments, self.on_pictures, on_error=lambda r: self.on_said(r, "warning"))

    def on_pictures(self, result: PicturesResult) -> None:
        """Show them; the first one is held when nothing is yet."""
        self._result = result
        self.gallery.set_images(pictures(result.images))
        if len(result.index) and self._observed.index < 0 and not self._observed.image.any():
            self.on_selected(0)

    def on_random(self) -> None:
        """Thirty others."""
        facts = self._observed.facts.view
        tests = facts.tests if facts is not None else GALLERY
        self._first = self._dice.randrange(max(1, tests - GALLERY))
        self.fetch()

    def on_selected(self, picture: int) -> None:
        """Hold this one."""
        result = self._result
        if result is not None and picture < len(result.index):
            self._observed.show_test(int(result.index[picture]), result.images[picture], int(result.labels[picture]))

    # --- the pen and files --------------------------------------------------------------------------------------

    def on_clear(self) -> None:
        """Black, to draw on."""
        self._observed.show_drawn(np.zeros(self._observed.image.shape[:2], np.float32))
        self.canvas.clear()

    def on_open(self) -> None:
        """Choose a file."""
        dialog = QFileDialog(self, "Open a picture", "", FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._observed.open_file)
        dialog.open()

    def on_painted(self, image: Any) -> None:
        """A stroke on the pad: from now on the drawing is held."""
        if image.shape == self._observed.image.shape[:2] and not np.allclose(image, self._grey(), atol=1e-3):
            self._observed.show_drawn(image)

    def _grey(self) -> NDArray[np.float32]:
        image = self._observed.image
        return image if image.ndim == 2 else image.mean(axis=2, dtype=np.float32)

    def on_observed_changed(self) -> None:
        """Show what is held, unless it is what was just drawn."""
        grey = self._grey()
        if self.canvas.image().shape != grey.shape:
            self.canvas.resize_image(*grey.shape)
        if not np.allclose(self.canvas.image(), grey, atol=1e-3):
            self.canvas.show_image(grey)
        held = self._observed.image
        self.canvas.show_colours(held if self._observed.has_colours else None)

    def on_said(self, words: str, role: str) -> None:
        """What was done to a file, or why it is not used."""
        self.words.setText(words)
        set_role(self.words, role)
