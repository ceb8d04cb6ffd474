"""A card with a title, a legend and one picture in it, that can be maximised, exported, and be honest when empty."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QIODevice, QRect, QSize, QStandardPaths, Qt, Signal
from PySide6.QtGui import QAction, QColor, QGuiApplication, QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.shell.icons import follow_theme
from gui.shell.theme import theme
from gui.widgets import provenance as files
from gui.widgets.background import Background
from gui.widgets.elided import ElidedLabel
from gui.widgets.legend import Legend, LegendEntry

Data = dict[str, NDArray[Any]]
EXPORT_SCALE = 2
"""Exported pictures have this many pixels per logical pixel."""


@runtime_checkable
class HasData(Protocol):
    """A body whose numbers can be exported."""

    def data(self) -> Data:
        """What is drawn, as named arrays."""


@runtime_checkable
class HasLegend(Protocol):
    """A body that knows its own legend and says when it changed."""

    legend_changed: Any

    def legend(self) -> list[LegendEntry]:
        """The entries, from left to right."""


@runtime_checkable
class HasMenu(Protocol):
    """A body with switches of its own in the panel's menu."""

    def menu_actions(self) -> list[QAction]:
        """The actions, in order."""


@runtime_checkable
class HasExportMode(Protocol):
    """A body that draws differently for an exported picture."""

    def set_export_mode(self, on: bool) -> None:
        """Thick antialiased lines, no pointer, no focus ring; or back."""


class _Header(QWidget):
    """The title line; a double-click anywhere on it counts."""

    double_clicked = Signal()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.double_clicked.emit()
        event.accept()


class _MenuButton(QToolButton):
    """The panel's menu; not painted while a picture of the panel is taken."""

    painted = True

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.painted:
            super().paintEvent(event)


class _Veil(QWidget):
    """A translucent layer of card colour: what is below is muted, and still answers the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, event: object) -> None:
        color = QColor(theme().color("card"))
        color.setAlpha(140)
        painter = QPainter(self)
        painter.fillRect(self.rect(), color)
        painter.end()


class Panel(QFrame):
    """One card. `body` draws; the panel adds title, legend, menu, export with provenance, and the states
    empty, error and stale.

    `provenance` is called at each export and returns what is needed to restore the run (paper, preset, params,
    seed, version, step). `data_source`, if given, replaces the body's own `data()`.
    """

    maximise_requested = Signal()
    restore_requested = Signal()
    exported = Signal(Path)
    export_failed = Signal(str)

    def __init__(
        self,
        title: str,
        body: QWidget | None = None,
        *,
        subtitle: str = "",
        legend: Sequence[LegendEntry] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.setAccessibleName(title)
        self.setMinimumSize(150, 96)
        self.provenance: Callable[[], dict[str, Any]] | None = None
        self.data_source: Callable[[], Data] | None = None
        self._body: QWidget | None = None
        self._maximised = False
        self._empty = self._error = ""
        self._background = Background(self)
        self._build_header(title)
        self._build_stack()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 5, 8, 8)
        layout.setSpacing(4)
        layout.addWidget(self._header)
        layout.addWidget(self._stack_holder, 1)
        if body is not None:
            self.set_body(body)
        if legend:
            self.set_legend(legend)
        elif subtitle:
            self.set_subtitle(subtitle)
        theme().changed.connect(self.on_theme_changed)

    def _build_header(self, title: str) -> None:
        self._header = _Header(self)
        self._header.setToolTip("Double-click to maximise or restore")
        self._header.double_clicked.connect(self.on_title_double_clicked)
        self._title = ElidedLabel(title)
        self._title.setProperty("role", "title")
        self._title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._stale = ElidedLabel()
        self._stale.setProperty("role", "warning")
        # What it says gives way before the title does.
        self._stale.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._stale.hide()
        self._legend = Legend()
        self._menu_button = _MenuButton()
        self._menu_button.setIconSize(QSize(16, 16))
        self._menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu_button.setAccessibleName(f"menu of {title}")
        self._menu_button.setToolTip("Export, copy, maximise")
        follow_theme(self._menu_button, "more", "muted")
        self._menu = QMenu(self._menu_button)
        self._menu.aboutToShow.connect(self.on_menu_about_to_show)
        self._menu_button.setMenu(self._menu)
        self._build_actions()
        row = QHBoxLayout(self._header)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._title)
        row.addWidget(self._stale)
        row.addWidget(self._legend, 1)
        row.addWidget(self._menu_button)

    def _build_actions(self) -> None:
        def action(text: str, icon: str, slot: Callable[[], None]) -> QAction:
            made = QAction(text, self)
            follow_theme(made, icon)
            made.triggered.connect(slot)
            return made

        self._export_picture = action("Export picture (PNG/SVG)…", "export", self.on_export_picture)
        self._export_data = action("Export data (CSV/NPZ/JSON)…", "export", self.on_export_data)
        self._copy = action("Copy picture", "copy", self.copy_picture)
        self._toggle = action("Maximise", "maximise", self.on_title_double_clicked)

    def _build_stack(self) -> None:
        self._stack_holder = QWidget()
        self._stack = QStackedLayout(self._stack_holder)
        self._blank = QWidget()
        self._stack.addWidget(self._blank)
        self._message = QLabel()
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._message.setMargin(12)
        self._stack.addWidget(self._message)
        self._veil = _Veil(self._stack_holder)

    # What is in it

    @property
    def title(self) -> str:
        """The words at the top left."""
        return self._title.full_text

    def set_title(self, title: str) -> None:
        """Change the words at the top left."""
        self._title.set_full_text(title)
        self.setAccessibleName(title)

    @property
    def body(self) -> QWidget | None:
        """The widget that draws."""
        return self._body

    def set_body(self, body: QWidget) -> None:
        """Put `body` into the card (once); its legend and its menu actions are taken over if it has any."""
        if self._body is not None:
            raise ValueError(f"panel {self.title!r} already has a body")
        self._body = body
        self._stack.addWidget(body)
        if not body.accessibleName():
            body.setAccessibleName(self.title)
        if isinstance(body, HasLegend):
            body.legend_changed.connect(self.on_legend_changed)
            self.on_legend_changed()
        self._show_state()

    def set_legend(self, entries: Sequence[LegendEntry]) -> None:
        """Coloured marks and words at the top right."""
        self._legend.set_entries(entries)

    def set_subtitle(self, text: str) -> None:
        """Plain words at the top right, instead of a legend."""
        self._legend.set_entries([LegendEntry(text, mark="none")] if text else [])

    def on_legend_changed(self) -> None:
        """The body has other series now."""
        if isinstance(self._body, HasLegend):
            self._legend.set_entries(self._body.legend())

    # How true it is

    def set_stale(self, reason: str) -> None:
        """Mute the picture and say why it no longer belongs to the settings on screen; "" makes it fresh."""
        self._stale.set_full_text(reason)
        self._stale.setVisible(bool(reason))
        self._show_state()

    def set_empty(self, message: str) -> None:
        """Show an honest sentence instead of an empty picture; "" shows the picture."""
        self._empty = message
        self._show_state()

    def set_error(self, message: str) -> None:
        """Show what went wrong instead of the picture (before any `set_empty`); "" shows the picture."""
        self._error = message
        self._show_state()

    def _show_state(self) -> None:
        text = self._error or self._empty
        role = "bad" if self._error else "muted"
        if text:
            self._message.setText(text)
            if self._message.property("role") != role:
                self._message.setProperty("role", role)
                self._message.style().unpolish(self._message)
                self._message.style().polish(self._message)
            self._stack.setCurrentWidget(self._message)
        else:
            self._stack.setCurrentWidget(self._body or self._blank)
        stale = not self._stale.isHidden() and not text
        self._veil.setVisible(stale)
        if stale:
            self._veil.setGeometry(self._stack_holder.rect())
            self._veil.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._veil.setGeometry(QRect(0, 0, self._stack_holder.width(), self._stack_holder.height()))

    def on_theme_changed(self) -> None:
        """The palette changed."""
        self.update()

    # Maximising is done by the grid around it

    @property
    def maximised(self) -> bool:
        """Whether the grid shows this panel alone."""
        return self._maximised

    def set_maximised(self, on: bool) -> None:
        """The grid tells the panel what it did."""
        self._maximised = on
        self._toggle.setText("Restore" if on else "Maximise")
        follow_theme(self._toggle, "restore" if on else "maximise")

    def on_title_double_clicked(self) -> None:
        """Ask the grid to maximise or to restore."""
        (self.restore_requested if self._maximised else self.maximise_requested).emit()

    # Export

    def on_menu_about_to_show(self) -> None:
        """Offer what is possible now."""
        self._menu.clear()
        if isinstance(self._body, HasMenu) and (own := self._body.menu_actions()):
            self._menu.addActions(own)
            self._menu.addSeparator()
        self._export_data.setEnabled(self.has_data())
        self._menu.addActions([self._export_picture, self._export_data, self._copy])
        self._menu.addSeparator()
        self._menu.addAction(self._toggle)

    def has_data(self) -> bool:
        """Whether there are numbers behind the picture."""
        return self.data_source is not None or isinstance(self._body, HasData)

    def export_record(self) -> dict[str, Any]:
        """What is written into an exported file: the provenance and the name of this panel."""
        return {**(self.provenance() if self.provenance is not None else {}), "panel": self.title}

    def export_data(self) -> Data:
        """The numbers behind the picture; raises ValueError if there are none."""
        if self.data_source is not None:
            return self.data_source()
        if isinstance(self._body, HasData):
            return self._body.data()
        raise ValueError(f"panel {self.title!r} has no data to export")

    def _drawn_for_export(self, draw: Callable[[], None]) -> None:
        body = self._body
        if isinstance(body, HasExportMode):
            body.set_export_mode(True)
        self._menu_button.painted = False
        try:
            draw()
        finally:
            self._menu_button.painted = True
            if isinstance(body, HasExportMode):
                body.set_export_mode(False)

    def picture(self, scale: float = EXPORT_SCALE) -> QImage:
        """The whole card as an image of `scale` pixels per logical pixel, without its menu button."""
        image = QImage(self.size() * scale, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(scale)
        image.fill(theme().color("card"))
        self._drawn_for_export(lambda: self.render(image))
        return image

    def svg(self) -> str:
        """The whole card as SVG text."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(self.size())
        generator.setViewBox(self.rect())
        generator.setTitle(self.title)
        self._drawn_for_export(lambda: self.render(generator))
        return bytes(buffer.data().data()).decode()

    def copy_picture(self) -> None:
        """Put the picture on the clipboard."""
        QGuiApplication.clipboard().setImage(self.picture())

    def export_to(self, path: Path) -> None:
        """Write picture (.png, .svg) or data (.csv, .npz, .json), by suffix; `exported` or `export_failed` follows.

        The picture is drawn here; encoding and writing happen in another thread. Raises ValueError for another
        suffix or if there are no data.
        """
        record, suffix = self.export_record(), path.suffix.lower()
        work: Callable[[], None]
        if suffix == ".png":
            image = self.picture()
            work = lambda: files.write_png(path, _encode(image), record)  # noqa: E731
        elif suffix == ".svg":
            text = self.svg()
            work = lambda: files.write_svg(path, text, record)  # noqa: E731
        elif suffix in files.WRITERS:
            data = {name: np.array(values) for name, values in self.export_data().items()}
            work = lambda: files.WRITERS[suffix](path, data, record)  # noqa: E731
        else:
            raise ValueError(f"cannot export to {path.suffix!r}: known are .png, .svg, {', '.join(files.WRITERS)}")
        self._background.run(work, lambda _result, error: self._on_written(path, error))

    def _on_written(self, path: Path, error: Exception | None) -> None:
        if error is None:
            self.exported.emit(path)
        else:
            self.export_failed.emit(f"{path.name} was not written: {error}")

    def on_export_picture(self) -> None:
        """Ask for a file name, then write the picture."""
        self._ask_for_file("png", ["PNG picture (*.png)", "SVG drawing (*.svg)"])

    def on_export_data(self) -> None:
        """Ask for a file name, then write the numbers."""
        self._ask_for_file("csv", ["Table (*.csv)", "numpy archive (*.npz)", "JSON (*.json)"])

    def _ask_for_file(self, suffix: str, filters: list[str]) -> None:
        record = self.export_record()
        words = [str(record[k]) for k in ("paper", "step") if k in record]
        name = "-".join([*words[:1], self.title, *words[1:]]).lower()
        safe = "".join(c if c.isalnum() else "-" for c in name).strip("-")
        home = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        dialog = QFileDialog(self, f"Export {self.title}", str(Path(home) / f"{safe}.{suffix}"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(filters)
        dialog.setDefaultSuffix(suffix)
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(chosen.split("*.")[1].rstrip(")")))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.on_file_chosen)
        dialog.open()

    def on_file_chosen(self, name: str) -> None:
        """A file name came back from the dialog."""
        try:
            self.export_to(Path(name))
        except ValueError as error:
            self.export_failed.emit(str(error))


def _encode(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise OSError("the picture could not be encoded as PNG")
    return bytes(cast(bytes, buffer.data().data()))
