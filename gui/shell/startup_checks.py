"""What can be wrong with a machine before the window opens, each named in one sentence with its remedy."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Mapping

# Shared libraries that Qt's xcb platform plugin needs and minimal Debian/Ubuntu installations lack, with the package.
XCB_LIBRARIES: dict[str, str] = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
}
_SELF_TEST_CALLS = 500
_HEADLESS = ("offscreen", "minimal", "vnc", "eglfs", "linuxfb", "vkkhrdisplay")


def platform_fault(
    environ: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
    load: Callable[[str], object] = ctypes.CDLL,
) -> str:
    """Why Qt could not open a window here, with the remedy; "" when it can.

    Qt aborts the process when its platform plugin cannot be loaded, so this is asked before QApplication is made.
    """
    if not platform.startswith("linux"):
        return ""
    wanted = environ.get("QT_QPA_PLATFORM", "")
    if wanted.split(":")[0] in _HEADLESS:
        return ""
    wayland = wanted.startswith("wayland") or (not wanted and bool(environ.get("WAYLAND_DISPLAY")))
    if not wayland and not environ.get("DISPLAY"):
        return (
            "There is no screen to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set): log in to a desktop, "
            "use ssh -X, or train without a window: python main.py train dendritic"
        )
    if wayland and not environ.get("DISPLAY"):
        return ""
    missing = [package for library, package in XCB_LIBRARIES.items() if not _loads(library, load)]
    if not missing:
        return ""
    return f"Qt cannot open a window because system libraries are missing: sudo apt install {' '.join(missing)}"


def _loads(library: str, load: Callable[[str], object]) -> bool:
    try:
        load(library)
    except OSError:
        return False
    return True


def binding_fault(call: Callable[[], object] | None = None) -> str:
    """Whether this PySide6 loses references under this Python (6.12.0 below 3.12 does), as a sentence; "" if sound.

    The bad pair drops one reference to None on every call that returns nothing and aborts a live plot in a minute.
    """
    if sys.version_info >= (3, 12) and call is None:
        return ""  # None is immortal from Python 3.12 on: there is no reference to lose
    if call is None:
        from PySide6.QtCore import QObject

        probe = QObject()

        def name_it() -> object:
            probe.setObjectName("probe")
            return None

        call = name_it
    before = sys.getrefcount(None)
    for _ in range(_SELF_TEST_CALLS):
        call()
    if sys.getrefcount(None) > before - _SELF_TEST_CALLS // 2:
        return ""
    import PySide6

    return (
        f"PySide6 {PySide6.__version__} loses references under Python {sys.version.split()[0]} and would abort within "
        'minutes: pip install "PySide6_Essentials<6.12" "PySide6_Addons<6.12", or use Python 3.12 or newer'
    )


def sound_fault() -> str:
    """Why nothing can be played here ("" when it can). Imports QtMultimedia, so ask when the window is up."""
    try:
        from PySide6.QtMultimedia import QMediaDevices
    except ImportError as error:
        return f"Sound is off: QtMultimedia cannot be loaded ({error}). On Debian/Ubuntu: sudo apt install libpulse0"
    if QMediaDevices.defaultAudioOutput().isNull():
        return "Sound is off: this machine has no audio output. Saving sound files still works."
    return ""
