"""The theme: readable by everybody, one meaning per colour, and followed by whoever draws."""

import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton

from gui.shell import icons
from gui.shell.theme import DARK, LIGHT, MEANINGS, Colors, Theme, style_sheet, theme

PALETTES = pytest.mark.parametrize("colors", [DARK, LIGHT], ids=["dark", "light"])
SURFACES = {"dark", "background", "card", "raised", "border", "on_accent", "selection", "grid", "text", "muted"}

# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(color: str) -> np.ndarray:
    c = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    la, lb = (float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b))
    return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)


def oklab(rgb: np.ndarray) -> np.ndarray:
    lms = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return np.array(lab) @ np.cbrt(np.array(lms) @ np.clip(rgb, 0, None))


def distance(a: str, b: str) -> float:
    """The smallest OKLab distance over normal and the three kinds of colour-blind sight."""
    return min(
        float(np.linalg.norm(oklab(np.array(m) @ linear(a)) - oklab(np.array(m) @ linear(b))))
        for m in BLINDNESS.values()
    )


@PALETTES
def test_that_text_has_a_contrast_of_four_and_a_half(colors: Colors):
    for surface in (colors.background, colors.card, colors.raised, colors.selection):
        assert contrast(colors.text, surface) >= 4.5
    for surface in (colors.background, colors.card, colors.raised):
        for name in ("muted", "good", "warning", "bad", "accent"):
            assert contrast(getattr(colors, name), surface) >= 4.5, (name, surface)
    assert contrast(colors.on_accent, colors.accent) >= 4.5


@PALETTES
def test_that_every_graphic_mark_has_a_contrast_of_three_on_a_card(colors: Colors):
    marks = {name: getattr(colors, name) for name in MEANINGS if name not in SURFACES}
    marks |= {f"series{i}": c for i, c in enumerate(colors.series)}
    for name, color in marks.items():
        assert contrast(color, colors.card) >= 3, name


@PALETTES
def test_that_colour_blind_readers_can_tell_apart_what_stands_side_by_side(colors: Colors):
    together = [
        ("excitation", "inhibition"),
        ("error_positive", "error_negative"),
        ("model", "baseline"),
        ("model", "target"),
        ("model", "data"),
        ("apical", "soma"),
        ("apical", "basal"),
        ("basal", "soma"),
        ("soma", "interneuron"),
        ("basal", "interneuron"),
        ("apical", "interneuron"),
        ("good", "bad"),
        ("good", "warning"),
        ("target", "baseline"),
    ]
    for a, b in together:
        assert distance(getattr(colors, a), getattr(colors, b)) >= 0.06, (a, b)
    hues = colors.series
    for i in range(8):
        for j in range(i):
            assert distance(hues[i], hues[j]) >= 0.06, (i, j, hues[i], hues[j])


@PALETTES
def test_that_lookup_tables_are_ordered_by_lightness(colors: Colors):
    own = Theme()
    own._use(colors)

    def lightness(kind):
        rgb = own.table(kind)
        assert rgb.shape == (256, 3) and rgb.dtype == np.uint8
        linear_rgb = [linear("#" + bytes(row).hex()) for row in rgb]
        return np.array([oklab(row)[0] for row in linear_rgb])

    up = 1 if colors.dark else -1
    assert (np.diff(lightness("unsigned")) * up > -0.004).all()
    assert (np.diff(lightness("grey")) > 0).all()  # a picture stays a picture in both themes
    for kind in ("signed", "error"):
        light = lightness(kind) * up
        assert (np.diff(light[128:]) > -0.004).all() and (np.diff(light[:128]) < 0.004).all()
        assert abs(light[127] - light[128]) < 0.02


def test_that_the_packed_table_holds_the_same_colours():
    own = Theme()
    words, rgb = own.table32("signed"), own.table("signed").astype(int)
    assert words.dtype == np.uint32
    np.testing.assert_array_equal(words & 0xFFFFFF, (rgb[:, 0] << 16) + (rgb[:, 1] << 8) + rgb[:, 2])


def test_that_changing_the_mode_tells_everybody_once(qtbot):
    own = Theme()
    with qtbot.waitSignal(own.changed, timeout=500):
        own.set_mode("light")
    assert own.colors is LIGHT and own.color("model").name() == LIGHT.model
    heard = []
    own.changed.connect(lambda: heard.append(1))
    own.set_mode("light")
    assert heard == []
    with pytest.raises(ValueError, match="mauve"):
        own.set_mode("mauve")  # type: ignore[arg-type]


def test_that_an_unknown_meaning_is_named_in_the_error():
    with pytest.raises(KeyError, match="happiness"):
        Theme().color("happiness")


def test_that_there_is_one_theme_and_its_style_sheet_is_complete(qtbot):
    assert theme() is theme()
    for colors in (DARK, LIGHT):
        sheet = style_sheet(colors)
        assert "{" in sheet and "{{" not in sheet and colors.accent in sheet


def test_that_every_icon_renders_something_in_the_colour_asked_for(qtbot):
    assert len(icons.names()) >= 30
    for name in icons.names():
        image = icons.pixmap(name, "accent", 16, 2.0).toImage()
        assert image.width() == 32
        opaque = [
            image.pixelColor(x, y).name() for x in range(32) for y in range(32) if image.pixelColor(x, y).alpha() == 255
        ]
        assert opaque and set(opaque) == {theme().color("accent").name()}, name
    with pytest.raises(KeyError, match="unicorn"):
        icons.icon("unicorn")


def test_that_a_button_keeps_its_icon_in_the_colours_of_the_theme(qtbot):
    before = theme().mode
    button = QPushButton()
    qtbot.addWidget(button)
    icons.follow_theme(button, "save")
    try:
        theme().set_mode("dark")
        dark = button.icon().pixmap(16, 16).toImage()
        theme().set_mode("light")
        assert button.icon().pixmap(16, 16).toImage() != dark
    finally:
        theme().set_mode(before)


def test_that_the_theme_and_the_panels_start_without_pyqtgraph():
    modules = "gui.shell.theme, gui.shell.icons, gui.widgets.panel_grid, gui.widgets.provenance, gui.widgets.timeline"
    code = f"import sys, {modules}; assert 'pyqtgraph' not in sys.modules and 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
