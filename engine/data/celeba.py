"""CelebA in its published layout: aligned faces as JPEG, 40 binary attributes, the official partition."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.images import DataError
from engine.data.search import not_found, places, read_bytes

IMAGES, ATTRIBUTES, PARTITION = "img_align_celeba", "list_attr_celeba.txt", "list_eval_partition.txt"
SIDE = 32
CROP = 148  # the centre of a 178x218 face
WHOLE = 202_599
_TRAIN, _TEST = 0, 2
_HINTS = ("celeba", "CelebA")


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """train, test uint8 [N, 3, 32, 32]; attributes float32 [N, 40] of 0 or 1; names of the attributes; notes."""

    train: NDArray[np.uint8]
    train_attributes: NDArray[np.float32]
    test: NDArray[np.uint8]
    test_attributes: NDArray[np.float32]
    names: tuple[str, ...]
    provenance: str
    notes: tuple[str, ...]


def load(folder: str | Path = "") -> Faces:
    """Faces cropped to their centre and scaled to 32x32, by the official partition (its validation part is left out).

    Only pictures that are there are read; a partial copy is said to be one. Without the partition file every sixth
    picture is held out. Raises `DataError`: not found, a broken list, or a picture that is none.
    """
    place = next((p for p in places(folder, _HINTS) if (p / IMAGES).is_dir() and (p / ATTRIBUTES).is_file()), None)
    if place is None:
        raise not_found("CelebA", f"{IMAGES} and {ATTRIBUTES}", folder)
    names, table = parse_attributes(read_bytes(place / ATTRIBUTES), str(place / ATTRIBUTES))
    notes = []
    if (place / PARTITION).is_file():
        partition = parse_partition(read_bytes(place / PARTITION), str(place / PARTITION))
    else:
        partition = {file: _TEST if i % 6 == 5 else _TRAIN for i, file in enumerate(sorted(table))}
        notes.append(f"{place} has no {PARTITION}: every sixth picture is held out instead.")
    there = sorted(file for file in table if (place / IMAGES / file).is_file())
    if len(there) < WHOLE:
        notes.append(f"{len(there):,} of {WHOLE:,} pictures of CelebA ({place}).")
    parts = []
    for wanted in (_TRAIN, _TEST):
        files = [file for file in there if partition.get(file) == wanted]
        if not files:
            kind = "training" if wanted == _TRAIN else "test"
            raise DataError(f"{place / IMAGES} holds no {kind} picture of CelebA: choose a fuller copy.")
        pictures = np.stack([face(place / IMAGES / file) for file in files])
        parts.append((pictures, np.array([table[file] for file in files], np.float32)))
    status = "partial copy" if notes else "complete"
    return Faces(*parts[0], *parts[1], names, f"CelebA from {place} ({status})", tuple(notes))


def face(path: Path) -> NDArray[np.uint8]:
    """One picture, its centre square of 148 pixels (or less), scaled: uint8 [3, 32, 32]. Raises `DataError`."""
    from PIL import Image, UnidentifiedImageError  # with matplotlib

    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError, SyntaxError) as error:
        raise DataError(f"{path} is not a picture or is damaged ({error}); copy it again.") from error
    side = min(CROP, *picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    small = picture.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.ascontiguousarray(np.asarray(small, np.uint8).transpose(2, 0, 1))


def parse_attributes(content: bytes, where: str) -> tuple[tuple[str, ...], dict[str, NDArray[np.float32]]]:
    """The names, and 0/1 values by file name. Format: a count, a line of names, then `file -1 1 ...` a line."""
    lines = content.decode("utf-8", errors="replace").splitlines()
    names = tuple(lines[1].split()) if len(lines) > 2 else ()
    if not names or not lines[0].strip().isdigit():
        raise DataError(f"{where} is not CelebA's list of attributes: its first line must be the number of pictures.")
    table = {}
    for number, line in enumerate(lines[2:], 3):
        words = line.split()
        if not words:
            continue
        if len(words) != len(names) + 1 or not set(words[1:]) <= {"1", "-1"}:
            raise DataError(f"{where}, line {number}: a file name and {len(names)} values of 1 or -1 are expected.")
        table[words[0]] = np.array([word == "1" for word in words[1:]], np.float32)
    promised = int(lines[0])
    if len(table) < promised:
        raise DataError(f"{where} is cut short: it promises {promised:,} pictures and lists {len(table):,}.")
    return tuple(name.replace("_", " ").lower() for name in names), table


def parse_partition(content: bytes, where: str) -> dict[str, int]:
    """0 train, 1 validation, 2 test by file name. Raises `DataError` naming the line."""
    found = {}
    for number, line in enumerate(content.decode("utf-8", errors="replace").splitlines(), 1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2 or words[1] not in ("0", "1", "2"):
            raise DataError(f"{where}, line {number}: a file name and 0, 1 or 2 are expected.")
        found[words[0]] = int(words[1])
    return found
