"""The IDX files of MNIST and its relatives, plain or gzip'd, read with every fault named.

IDX: big-endian magic 00 00 TYPE DIMENSIONS, one 32-bit size a dimension, then the bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.data.images import DataError

IMAGES_MAGIC = 0x0803  # unsigned bytes, 3 dimensions
LABELS_MAGIC = 0x0801  # unsigned bytes, 1 dimension
_KINDS = {IMAGES_MAGIC: "images", LABELS_MAGIC: "labels"}
_PIECE = 1 << 20
_AGAIN = "copy or download it again"


@dataclass(frozen=True, slots=True, eq=False)
class Idx:
    """An array with the checksum of its decompressed file."""

    array: NDArray[np.uint8]
    md5: str


def read_images(path: Path, shape: tuple[int, int] = (28, 28)) -> Idx:
    """Images uint8 [N, h, w]. Raises `DataError`: unreadable, not an image file, cut short, too long, other shape."""
    return _read(path, IMAGES_MAGIC, shape)


def read_labels(path: Path, classes: int = 10) -> Idx:
    """Labels uint8 [N], each below `classes`. Raises `DataError` as `read_images`, and for labels out of range."""
    found = _read(path, LABELS_MAGIC, ())
    wrong = np.flatnonzero(found.array >= classes)
    if len(wrong):
        raise DataError(
            f"{path}: label {int(found.array[wrong[0]])} of example {int(wrong[0]):,} is out of range "
            f"(0 to {classes - 1} expected; {len(wrong):,} such labels): this is another set's file, {_AGAIN}."
        )
    return found


def read_pair(images: Path, labels: Path, shape: tuple[int, int] = (28, 28), classes: int = 10) -> tuple[Idx, Idx]:
    """Images and their labels. Raises `DataError` also when their numbers differ."""
    pictures, names = read_images(images, shape), read_labels(labels, classes)
    if len(pictures.array) != len(names.array):
        raise DataError(
            f"{images} holds {len(pictures.array):,} images but {labels} holds {len(names.array):,} labels: "
            "the two files do not belong together, take both from the same copy."
        )
    return pictures, names


def _read(path: Path, magic: int, inner: tuple[int, ...]) -> Idx:
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if is_gzip else path.open("rb") as stream:
            return _parse(path, stream, magic, inner)  # type: ignore[arg-type]  # GzipFile reads like a file
    except EOFError as error:
        raise DataError(f"{path} is cut short: the gzip stream ends before its end mark; {_AGAIN}.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged inside its gzip stream ({error}); {_AGAIN}.") from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}): check that it exists and is yours."
        ) from error


def _parse(path: Path, stream: BinaryIO, magic: int, inner: tuple[int, ...]) -> Idx:
    dimensions = 1 + len(inner)
    header = stream.read(4 * (1 + dimensions))
    if not header:
        raise DataError(f"{path} is empty; {_AGAIN}.")
    _check_magic(path, header, magic)
    if len(header) < 4 * (1 + dimensions):
        raise DataError(f"{path} is cut short: {len(header)} bytes are not even its header; {_AGAIN}.")
    count, *sizes = struct.unpack(f">{dimensions}I", header[4:])
    if tuple(sizes) != inner:
        raise DataError(
            f"{path} holds images of {_by(sizes)} pixels, {_by(inner)} are expected: choose a copy in that size."
        )
    promised = count * math.prod(inner)
    body = bytearray()
    while piece := stream.read(min(_PIECE, promised + 1 - len(body))):
        body += piece  # piece by piece: a false count must not reserve gigabytes
    if len(body) < promised:
        there = len(body) // max(1, math.prod(inner))
        raise DataError(
            f"{path} is cut short: its header promises {count:,} {_KINDS[magic]} ({promised:,} bytes), "
            f"{there:,} are there ({len(body):,} bytes); {_AGAIN}."
        )
    if len(body) > promised:
        raise DataError(
            f"{path} is longer than its header says: {count:,} {_KINDS[magic]} are {promised:,} bytes, more follow; "
            f"the file was changed or joined with another, {_AGAIN}."
        )
    digest = hashlib.md5(header, usedforsecurity=False)
    digest.update(body)
    return Idx(np.frombuffer(body, np.uint8).reshape(count, *inner), digest.hexdigest())


def _check_magic(path: Path, header: bytes, magic: int) -> None:
    found = int.from_bytes(header[:4], "big")
    if len(header) >= 4 and found == magic:
        return
    if found in _KINDS and len(header) >= 4:
        raise DataError(
            f"{path} is an IDX file of {_KINDS[found]} where {_KINDS[magic]} are expected: were two files exchanged?"
        )
    raise DataError(
        f"{path} is not an IDX file of {_KINDS[magic]}: it begins with {header[:4].hex(' ')} instead of "
        f"{magic.to_bytes(4, 'big').hex(' ')}; {_AGAIN}."
    )


def _by(sizes: tuple[int, ...] | list[int]) -> str:
    return "x".join(str(s) for s in sizes)
