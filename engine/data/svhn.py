"""Street View House Numbers, the cropped digits: `train_32x32.mat` and `test_32x32.mat` as published."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.images import DataError, ImageSet
from engine.data.search import md5, not_found, places, read_bytes

PARTS = {"train": "train_32x32.mat", "test": "test_32x32.mat"}
PUBLISHED = {
    "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
    "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
}
COUNTS = {"train": 73_257, "test": 26_032}
CLASSES = tuple("0123456789")
_HINTS = ("svhn", "SVHN", "svhn-sample")


def load(folder: str | Path = "") -> ImageSet:
    """SVHN from `folder`, ATELIER_DATA or Atelier's data folder; images uint8 [N, 3, 32, 32], label 10 becomes 0.

    Raises `DataError`: not found, one of the two files missing, or a fault of a file, which it names.
    """
    place = place_of(folder)
    if place is None:
        raise not_found("SVHN", " and ".join(PARTS.values()), folder)
    missing = [name for name in PARTS.values() if not (place / name).is_file()]
    if missing:
        raise DataError(f"{place} lacks {missing[0]}: put both files of SVHN into one folder.")
    notes: list[str] = []
    images, labels = _part(place, "train", notes)
    test_images, test_labels = _part(place, "test", notes)
    status = "modified or partial copy" if notes else "verified"
    return ImageSet(
        "svhn", images, labels, test_images, test_labels, CLASSES, f"SVHN from {place} ({status})", tuple(notes)
    )


def place_of(folder: str | Path = "") -> Path | None:
    """The folder with at least one of the two files, None when there is none. Raises `DataError` as `load` does."""
    return next((p for p in places(folder, _HINTS) if any((p / f).is_file() for f in PARTS.values())), None)


def _part(place: Path, part: str, notes: list[str]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    path = place / PARTS[part]
    content = read_bytes(path)
    images, labels = parse(content, str(path))
    if len(images) != COUNTS[part]:
        kind = "training" if part == "train" else "test"
        notes.append(f"{len(images):,} of {COUNTS[part]:,} {kind} images of SVHN ({path}).")
    elif md5(content) != PUBLISHED[path.name]:
        notes.append(f"{path} is a modified copy: its checksum is not the published one.")
    return images, labels


def parse(content: bytes, where: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images [N, 3, 32, 32] and labels 0-9 [N] of one file. Raises `DataError` naming `where`."""
    from scipy.io import loadmat  # type: ignore[import-untyped] # with scikit-learn; a quarter of a second
    from scipy.io.matlab import MatReadError  # type: ignore[import-untyped]

    if not content.startswith(b"MATLAB 5.0"):
        raise DataError(f"{where} is not a MATLAB 5 file: it begins with {content[:8].hex(' ')}.")
    try:
        found = loadmat(io.BytesIO(content))
    except (
        MatReadError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        OSError,
        zlib.error,
        MemoryError,
        EOFError,
    ) as error:
        raise DataError(f"{where} is cut short or damaged ({error}); copy or download it again.") from error
    x, y = found.get("X"), found.get("y")
    if not isinstance(x, np.ndarray) or x.dtype != np.uint8 or x.ndim != 4 or x.shape[:3] != (32, 32, 3):
        raise DataError(f"{where} holds no pictures X of 32x32x3 bytes: this is not a file of SVHN's cropped digits.")
    if not isinstance(y, np.ndarray) or y.size != x.shape[3]:
        raise DataError(f"{where} holds {x.shape[3]:,} pictures without as many labels y.")
    labels = y.reshape(-1).astype(np.int64)
    if labels.min(initial=1) < 0 or labels.max(initial=1) > 10:
        raise DataError(f"{where} has labels outside 1 to 10: this is not a file of SVHN.")
    return np.ascontiguousarray(x.transpose(3, 2, 0, 1)), (labels % 10).astype(np.uint8)
