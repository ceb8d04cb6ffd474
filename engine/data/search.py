"""Where copies of public sets are looked for: the folder named, ATELIER_DATA, Atelier's own data folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.data.images import DataError
from engine.runtime import paths


def roots(folder: str | Path = "") -> tuple[Path, ...]:
    """The folders to search, first come first served. Raises `DataError` when `folder` does not exist."""
    found = []
    if folder:
        chosen = Path(folder).expanduser()
        if not chosen.is_dir():
            raise DataError(f"{folder} is not a folder: choose the folder that holds the files.")
        found.append(chosen)
    if os.environ.get("ATELIER_DATA"):
        found.append(Path(os.environ["ATELIER_DATA"]).expanduser())
    return (*found, paths.datasets_folder())


def places(folder: str | Path, hints: Sequence[str]) -> Iterator[Path]:
    """Every root itself, its sub-folders named by `hints`, and the same one level deep. Raises `DataError`."""
    for root in roots(folder):
        if not root.is_dir():
            continue
        yield from (root / hint for hint in ("", *hints))
        try:
            below = sorted(p for p in root.iterdir() if p.is_dir())
        except OSError as error:
            raise DataError(f"{root} cannot be listed ({error.strerror or error}): check its permissions.") from error
        for place in below:
            yield from (place / hint for hint in ("", *hints))


def read_bytes(path: Path) -> bytes:
    """The whole file. Raises `DataError` naming it."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}): check that it exists and is yours."
        ) from error


def md5(content: bytes) -> str:
    """Checksum as the publishers of the sets state it."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def not_found(title: str, files: str, folder: str | Path) -> DataError:
    """The fault for a set that is nowhere."""
    searched = ", ".join(str(r) for r in roots(folder))
    return DataError(
        f"{title} was not found in {searched}: download it, choose the folder that holds {files}, or set ATELIER_DATA."
    )
