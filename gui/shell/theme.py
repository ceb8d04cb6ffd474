"""The look of the window: colours named by meaning, dark, light and follow-the-system, with their lookup tables.

Widgets ask `theme().color("error_positive")`, never for a hue, so that one colour means one thing in all tabs.
The hues follow Okabe and Ito's advice for colour-blind readers, shifted per theme until text reaches a contrast
of 4.5:1 and graphic marks 3:1 against the card they are drawn on (tests/gui/test_theme.py measures it).
"""

from dataclasses import dataclass, fields
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

Mode = Literal["dark", "light", "system"]
Table = Literal["signed", "error", "unsigned", "grey"]

RADIUS = 8
"""Corner radius of a card in logical pixels."""


@dataclass(frozen=True, slots=True)
class Colors:
    """One palette: every field is a colour "#rrggbb" named by what it means; `series` are eight hues in order."""

    dark: bool
    # Surfaces and text.
    background: str
    card: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    selection: str
    grid: str
    # What the pictures say.
    excitation: str
    inhibition: str
    error_positive: str
    error_negative: str
    target: str
    teacher: str
    model: str
    baseline: str
    data: str
    # The parts of a cell.
    apical: str
    basal: str
    soma: str
    interneuron: str
    # Verdicts.
    good: str
    warning: str
    bad: str
    series: tuple[str, str, str, str, str, str, str, str]


DARK = Colors(
    dark=True,
    background="#111318",
    card="#1c1f26",
    raised="#252a34",
    border="#2d333f",
    text="#e6e9ef",
    muted="#9aa3b2",
    accent="#4fc3ff",
    on_accent="#08131c",
    selection="#27435a",
    grid="#2a2f39",
    excitation="#5cc8ff",
    inhibition="#ee7f4b",
    error_positive="#f1be17",
    error_negative="#c488ea",
    target="#7fe9bd",
    teacher="#7fe9bd",
    model="#5cc8ff",
    baseline="#98a0b4",
    data="#efe68a",
    apical="#f17aa8",
    basal="#8d7bf0",
    soma="#5cc8ff",
    interneuron="#f0a94b",
    good="#7fe9bd",
    warning="#f0a94b",
    bad="#f6678a",
    series=("#6fcdff", "#f1b01f", "#32ac64", "#b8709f", "#f7f06a", "#c65a10", "#8269e3", "#98a0b4"),
)

LIGHT = Colors(
    dark=False,
    background="#f1f3f6",
    card="#ffffff",
    raised="#f4f6f9",
    border="#d5dae2",
    text="#1b2027",
    muted="#5b6472",
    accent="#0b6fb8",
    on_accent="#ffffff",
    selection="#cfe5f7",
    grid="#e6e9ee",
    excitation="#0b74c4",
    inhibition="#bb4a0c",
    error_positive="#a87400",
    error_negative="#8a35b0",
    target="#00664a",
    teacher="#00664a",
    model="#0b74c4",
    baseline="#6d7684",
    data="#7a7000",
    apical="#b02a68",
    basal="#4b37b8",
    soma="#0b7fd0",
    interneuron="#a86200",
    good="#00664a",
    warning="#9a5b00",
    bad="#b0162e",
    series=("#1389dc", "#9d5a00", "#07846f", "#cf5aae", "#978c20", "#8c1800", "#2b14a4", "#46606d"),
)

MEANINGS: tuple[str, ...] = tuple(f.name for f in fields(Colors) if f.name not in ("dark", "series"))


def _hex_to_rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _ramp(*anchors: str) -> NDArray[np.uint8]:
    """Evenly spaced anchors, interpolated to [256, 3]."""
    points = np.array([_hex_to_rgb(a) for a in anchors], dtype=np.float64)
    at = np.linspace(0.0, len(anchors) - 1.0, 256)
    channels = [np.interp(at, np.arange(len(anchors)), points[:, c]) for c in range(3)]
    return np.round(np.stack(channels, axis=1)).astype(np.uint8)


def _make_table(colors: Colors, kind: Table) -> NDArray[np.uint8]:
    """The table of one kind; zero of the signed ones sits between entries 127 and 128."""
    if kind == "grey":
        return _ramp("#000000", "#ffffff")
    if kind == "unsigned":
        if colors.dark:
            return _ramp("#12151b", "#1b3350", "#246795", "#5cc8ff", "#eefaff")
        return _ramp("#fbfcfe", "#c3dcf1", "#6aabdd", "#0b74c4", "#062a4d")
    negative, positive = (
        (colors.inhibition, colors.excitation) if kind == "signed" else (colors.error_negative, colors.error_positive)
    )
    if colors.dark:
        ends, middle = {"signed": ("#ffd9c4", "#dcf3ff"), "error": ("#f1ddff", "#fff1b8")}[kind], "#12151b"
    else:
        ends, middle = {"signed": ("#5e2300", "#06345c"), "error": ("#431158", "#523800")}[kind], "#fbfcfe"
    return _ramp(ends[0], negative, middle, positive, ends[1])


_STYLE = """
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {border}; padding: 4px 6px; }}
QFrame[card="true"] {{ background: {card}; border: 1px solid {border}; border-radius: {radius}px; }}
QFrame[card="true"]:focus {{ border-color: {accent}; }}
QLabel[role="muted"] {{ color: {muted}; }}
QLabel[role="title"] {{ color: {text}; font-weight: 600; }}
QLabel[role="bad"] {{ color: {bad}; }}
QLabel[role="warning"] {{ color: {warning}; }}
QPushButton {{ background: {raised}; color: {text}; border: 1px solid {border}; border-radius: 5px;
  padding: 4px 11px; min-height: 18px; }}
QPushButton:hover, QToolButton:hover {{ border-color: {muted}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {accent}; }}
QPushButton:pressed, QToolButton:pressed, QPushButton:checked, QToolButton:checked {{ background: {selection}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {disabled}; border-color: {grid}; }}
QPushButton[primary="true"] {{ background: {accent}; color: {on_accent}; border-color: {accent}; font-weight: 600; }}
QPushButton[primary="true"]:hover {{ border-color: {text}; }}
QPushButton[primary="true"]:disabled {{ background: {raised}; color: {disabled}; border-color: {grid}; }}
QToolButton {{ background: transparent; color: {text}; border: 1px solid transparent; border-radius: 4px;
  padding: 2px; }}
QToolButton::menu-indicator {{ image: none; }}
QSplitter::handle {{ background: transparent; }}
QSplitter::handle:hover {{ background: {border}; }}
QProgressBar {{ background: {raised}; border: none; border-radius: 4px; color: {text}; text-align: center; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 4px; }}
QMenu {{ background: {raised}; color: {text}; border: 1px solid {border}; padding: 4px; }}
QMenu::item {{ padding: 4px 22px 4px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {selection}; }}
QMenu::item:disabled {{ color: {disabled}; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 4px 6px; }}
QSlider::groove:horizontal {{ background: {border}; height: 4px; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {accent}; height: 4px; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {accent}; width: 12px; height: 12px; margin: -4px 0; border-radius: 6px; }}
QSlider::handle:horizontal:focus {{ background: {text}; }}
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled {{ background: {disabled}; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {border}; border-radius: 4px; margin: 1px; min-height: 24px; min-width: 24px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


def style_sheet(colors: Colors) -> str:
    """The short style sheet of one palette; everything else is Fusion with `palette()`."""
    names = {name: cast(str, getattr(colors, name)) for name in MEANINGS}
    return _STYLE.format(radius=RADIUS, disabled=_mix(colors.muted, colors.card, 0.45), **names)


def _mix(a: str, b: str, share: float) -> str:
    """`a` moved by `share` (0-1) of the way to `b`."""
    parts = (round(x + (y - x) * share) for x, y in zip(_hex_to_rgb(a), _hex_to_rgb(b), strict=True))
    return "#" + "".join(f"{p:02x}" for p in parts)


def palette(colors: Colors) -> QPalette:
    """The Qt palette of one set of colours, for Fusion and for everything the style sheet leaves alone."""
    result = QPalette()
    role = QPalette.ColorRole
    for which, name in (
        (role.Window, colors.background),
        (role.WindowText, colors.text),
        (role.Base, colors.card),
        (role.AlternateBase, colors.raised),
        (role.Text, colors.text),
        (role.PlaceholderText, colors.muted),
        (role.Button, colors.raised),
        (role.ButtonText, colors.text),
        (role.BrightText, colors.bad),
        (role.ToolTipBase, colors.raised),
        (role.ToolTipText, colors.text),
        (role.Highlight, colors.selection),
        (role.HighlightedText, colors.text),
        (role.Link, colors.accent),
        (role.LinkVisited, colors.accent),
        (role.Accent, colors.accent),
        (role.Light, colors.raised),
        (role.Midlight, colors.border),
        (role.Mid, colors.border),
        (role.Dark, colors.background),
        (role.Shadow, "#000000"),
    ):
        result.setColor(which, QColor(name))
    disabled = QColor(_mix(colors.muted, colors.card, 0.45))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        result.setColor(QPalette.ColorGroup.Disabled, which, disabled)
    return result


class Theme(QObject):
    """The palette in force, who chose it, and the signal that it changed. There is one: `theme()`."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mode: Mode = "dark"
        self._installed = False
        self._use(DARK)

    def _use(self, colors: Colors) -> None:
        self._colors = colors
        self._qcolors: dict[str, QColor] = {}
        self._tables: dict[Table, NDArray[np.uint8]] = {}
        self._tables32: dict[Table, NDArray[np.uint32]] = {}

    @property
    def colors(self) -> Colors:
        """The palette in force."""
        return self._colors

    @property
    def mode(self) -> Mode:
        """What the person chose: "dark", "light" or "system"."""
        return self._mode

    def install(self, app: QApplication, mode: Mode = "system") -> None:
        """Give the application Fusion, our palette and our style sheet, and follow `mode` from now on."""
        self._installed = True
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self.on_system_scheme_changed)
        self._mode = mode
        self._follow(always=True)

    def set_mode(self, mode: Mode) -> None:
        """Choose "dark", "light" or "system"; raises ValueError for anything else."""
        if mode not in get_args(Mode):
            raise ValueError(f"a theme is one of {get_args(Mode)}, got {mode!r}")
        self._mode = mode
        self._follow()

    def on_system_scheme_changed(self) -> None:
        """The desktop turned dark or light."""
        self._follow()

    def _follow(self, always: bool = False) -> None:
        dark = self._mode == "dark"
        if self._mode == "system":
            # A desktop that does not say stays dark: the pictures were designed on it.
            dark = QGuiApplication.styleHints().colorScheme() != Qt.ColorScheme.Light
        wanted = DARK if dark else LIGHT
        if wanted is self._colors and not always:
            return
        self._use(wanted)
        app = QApplication.instance()
        if self._installed and isinstance(app, QApplication):
            # Qt styles every widget anew, the hidden ones too: about a second for each tab that is open.
            app.setOverrideCursor(Qt.CursorShape.WaitCursor)
            try:
                app.setPalette(palette(wanted))
                app.setStyleSheet(style_sheet(wanted))
            finally:
                app.restoreOverrideCursor()
        self.changed.emit()

    def color(self, meaning: str) -> QColor:
        """The colour of a meaning ("model"), of a place in the series ("series3", counted modulo 8) or "#rrggbb".

        Raises KeyError, naming the meaning, if there is no such one.
        """
        found = self._qcolors.get(meaning)
        if found is None:
            found = self._qcolors[meaning] = QColor(self._resolve(meaning))
        return found

    def _resolve(self, meaning: str) -> str:
        if meaning.startswith("#"):
            return meaning
        if meaning.startswith("series") and meaning[6:].isdigit():
            return self._colors.series[int(meaning[6:]) % 8]
        if meaning not in MEANINGS:
            raise KeyError(f"no colour means {meaning!r}; known are {', '.join(MEANINGS)} and series0-series7")
        return cast(str, getattr(self._colors, meaning))

    def table(self, kind: Table) -> NDArray[np.uint8]:
        """Lookup table [256, 3]: "signed" (inhibition to excitation), "error", "unsigned" or "grey"."""
        found = self._tables.get(kind)
        if found is None:
            found = self._tables[kind] = _make_table(self._colors, kind)
            found.setflags(write=False)
        return found

    def table32(self, kind: Table) -> NDArray[np.uint32]:
        """The same table as [256] opaque 0xffRRGGBB words, ready for QImage.Format_RGB32."""
        found = self._tables32.get(kind)
        if found is None:
            rgb = self.table(kind).astype(np.uint32)
            words = 0xFF000000 | (rgb[:, 0] << 16) | (rgb[:, 1] << 8) | rgb[:, 2]
            found = self._tables32[kind] = words.astype(np.uint32)
            found.setflags(write=False)
        return found


_theme: Theme | None = None


def theme() -> Theme:
    """The one theme of this process, owned by the application once there is one."""
    global _theme
    if _theme is None or not isValid(_theme):
        _theme = Theme(QGuiApplication.instance())
    return _theme
