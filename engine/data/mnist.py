"""MNIST and Fashion-MNIST from the copy the user has or has downloaded, in the layouts they are found in.

The two sets have the same file names, so a folder is told apart by checksum first and by its name second. A checksum
is information, never a gate: a well-formed file that differs is loaded and said to be modified or partial.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.idx import Idx, read_pair
from engine.data.images import DataError, ImageSet
from engine.data.sources import PARTS, SOURCES, TEST_LABELS, TRAIN_LABELS, Source, source
from engine.runtime import paths

_HELD_OUT = 6  # one image in six tests when the test files are missing, as 10,000 beside 60,000


@dataclass(frozen=True, slots=True)
class Found:
    """Where a set lies. files: IDX name (sources.py) -> path; a part without both its files is left out."""

    source: Source
    folder: Path
    files: dict[str, Path]


def find(name: str, folder: str | Path = "") -> Found | None:
    """The first copy that has a whole part: in `folder`, then in ATELIER_DATA, then in Atelier's own data folder.

    Each is searched itself, in the set's known sub-folders and one level deep. Names with a dash or a dot, .gz or
    plain. Nothing is downloaded. Raises `DataError` for an unknown set or a `folder` that does not exist.
    """
    wanted = source(name)
    if folder and not Path(folder).expanduser().is_dir():
        raise DataError(f"{folder} is not a folder: choose the folder that holds the files of {wanted.title}.")
    candidates = (place for root in _roots(folder) for place in _places(root, wanted))
    matches = ((place, _files(place)) for place in dict.fromkeys(candidates))
    return next((Found(wanted, p, f) for p, f in matches if f and _belongs(p, f, wanted)), None)


def load(name: str, folder: str | Path = "") -> ImageSet:
    """Reads a set from where `find` finds it.

    A partial copy is loaded and said to be one; without test files one training image in six is held out, and said
    so. Raises `DataError`: not found, no training part, or a fault of a file (idx.py).
    """
    found = find(name, folder)
    if found is None:
        raise DataError(_not_found(source(name), folder))
    wanted = found.source
    if TRAIN_LABELS not in found.files:
        missing = " and ".join(PARTS["train"])
        raise DataError(f"{found.folder} has only the test part of {wanted.title}: add {missing} (plain or .gz).")
    notes: list[str] = []
    train_images, train_labels = _part(found, "train", notes)
    if TEST_LABELS in found.files:
        test_images, test_labels = _part(found, "test", notes)
    else:
        cut = len(train_labels) - len(train_labels) // _HELD_OUT
        test_images, test_labels = train_images[cut:], train_labels[cut:]
        train_images, train_labels = train_images[:cut], train_labels[:cut]
        notes.append(
            f"{wanted.title} in {found.folder} has no test files: the last {len(test_labels):,} training images "
            "are held out for the test instead."
        )
    if not len(train_labels):
        raise DataError(f"{found.folder} holds no training images of {wanted.title}: choose another copy.")
    status = "modified or partial copy" if notes else "verified"
    provenance = f"{wanted.title} from {found.folder} ({status})"
    return ImageSet(
        wanted.name, train_images, train_labels, test_images, test_labels, wanted.classes, provenance, tuple(notes)
    )


def _part(found: Found, part: str, notes: list[str]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images and labels of one part; what differs from the published set is added to `notes`."""
    wanted = found.source
    images, labels = PARTS[part]
    pictures, names = read_pair(found.files[images], found.files[labels], classes=len(wanted.classes))
    count, whole = len(names.array), wanted.counts[part]
    kind = "training" if part == "train" else "test"
    if count != whole:
        notes.append(f"{count:,} of {whole:,} {kind} images of {wanted.title} ({found.files[images]}).")
    elif not (_is_published(pictures, wanted, images) and _is_published(names, wanted, labels)):
        notes.append(f"The {kind} part of {wanted.title} in {found.folder} is a modified or partial copy.")
    return pictures.array, names.array


def _is_published(read: Idx, wanted: Source, name: str) -> bool:
    return read.md5 == wanted.files[name].content_md5


def _roots(folder: str | Path) -> Iterator[Path]:
    if folder:
        yield Path(folder).expanduser()
    if os.environ.get("ATELIER_DATA"):
        yield Path(os.environ["ATELIER_DATA"]).expanduser()
    yield paths.datasets_folder()


def _places(root: Path, wanted: Source) -> Iterator[Path]:
    if not root.is_dir():
        return
    layouts = ("", "raw", *wanted.hints)
    yield from (root / layout for layout in layouts)
    try:
        below = sorted(p for p in root.iterdir() if p.is_dir())
    except OSError as error:
        raise DataError(f"{root} cannot be listed ({error.strerror or error}): check its permissions.") from error
    for place in below:
        yield from (place / layout for layout in layouts)


def _files(place: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for part in PARTS.values():
        both = {name: path for name in part if (path := _spelled(place, name))}
        if len(both) == len(part):
            found |= both
    return found


def _spelled(place: Path, name: str) -> Path | None:
    older = name.replace("-idx", ".idx")
    return next((p for n in (name, older) for p in (place / f"{n}.gz", place / n) if p.is_file()), None)


def _belongs(place: Path, files: dict[str, Path], wanted: Source) -> bool:
    """By the checksum of the small label files, else by 'fashion' in the path (MNIST's files are often unnamed)."""
    sums = {(n, _md5(files[n])) for n in (TRAIN_LABELS, TEST_LABELS) if n in files}
    for known in SOURCES.values():
        if any(n in known.files and s in (known.files[n].md5, known.files[n].content_md5) for n, s in sums):
            return known is wanted
    return ("fashion" in place.resolve().as_posix().lower()) == ("fashion" in wanted.name)


def _md5(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}): check its permissions.") from error


def _not_found(wanted: Source, folder: str | Path) -> str:
    searched = ", ".join(str(r) for r in _roots(folder))
    return (
        f"{wanted.title} was not found in {searched}: download it, choose the folder that holds "
        f"{TRAIN_LABELS}.gz and its companions, or set ATELIER_DATA to it."
    )
