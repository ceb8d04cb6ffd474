"""What the window remembers: one INI file in the config folder, each value checked on its own when it is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from engine.runtime.paths import config_folder

FILE = "window.ini"


class Settings:
    """Small values by key ("window/geometry"). A value of the wrong kind reads as its default and nothing else is lost.

    `set_aside` names the copy of a file that could not be read at all ("" when it could).
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or config_folder() / FILE
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.set_aside = ""
        self._store = QSettings(str(self.path), QSettings.Format.IniFormat)
        self._store.setFallbacksEnabled(False)
        if self._store.status() == QSettings.Status.FormatError:
            self._keep_copy()

    def _keep_copy(self) -> None:
        """An unreadable file is kept beside the new one; what Qt could still read of it stays in force."""
        copy = self.path.with_suffix(".unreadable.ini")
        copy.write_bytes(self.path.read_bytes())
        self.set_aside = str(copy)
        readable = {key: self._store.value(key) for key in self._store.allKeys()}
        del self._store
        self.path.unlink()
        self._store = QSettings(str(self.path), QSettings.Format.IniFormat)
        for key, value in readable.items():
            self._store.setValue(key, value)

    def set(self, key: str, value: str | bool | int | float | bytes | list[int]) -> None:
        """Remember one value; it is written within moments, and by `flush` at once."""
        if isinstance(value, bytes):
            value = bytes(QByteArray(value).toBase64().data()).decode()
        elif isinstance(value, bool):
            value = "yes" if value else "no"
        elif isinstance(value, list):
            value = " ".join(str(v) for v in value)
        self._store.setValue(key, str(value))

    def forget(self, key: str) -> None:
        """Back to the default."""
        self._store.remove(key)

    def flush(self) -> None:
        """Write to disk now."""
        self._store.sync()

    def text(self, key: str, default: str = "") -> str:
        """A text."""
        value = self._store.value(key)
        return value if isinstance(value, str) else default

    def flag(self, key: str, default: bool) -> bool:
        """A switch."""
        return {"yes": True, "no": False}.get(self.text(key), default)

    def number(self, key: str, default: float, lo: float, hi: float) -> float:
        """A number in lo..hi (inclusive)."""
        try:
            value = float(self.text(key))
        except ValueError:
            return default
        return value if lo <= value <= hi else default

    def one_of(self, key: str, allowed: Sequence[str], default: str) -> str:
        """One of some words."""
        value = self.text(key)
        return value if value in allowed else default

    def integers(self, key: str) -> list[int]:
        """A list of whole numbers (splitter sizes); empty when there is none or one of them is not a number."""
        try:
            return [int(part) for part in self.text(key).split()]
        except ValueError:
            return []

    def blob(self, key: str) -> bytes:
        """Bytes (window geometry); empty when there are none or they are damaged."""
        decoded = QByteArray.fromBase64Encoding(
            QByteArray(self.text(key).encode()), QByteArray.Base64Option.AbortOnBase64DecodingErrors
        )
        return bytes(decoded.decoded.data()) if decoded else b""
