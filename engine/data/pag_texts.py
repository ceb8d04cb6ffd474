"""Text files read line by line: plain, gzip'd, WMT's .sgm or one .tsv, with every fault named by file and line.

Nothing is read whole: a corpus of millions of lines costs no memory here.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import re
import zlib
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from engine.data.images import DataError

_AGAIN = "copy or download it again"
_SEGMENT = re.compile(r"<seg\b[^>]*>(.*?)</seg>", re.IGNORECASE)
_DAMAGE = 3  # bytes of a broken character that are shown


def lines(path: Path, keeps_tabs: bool = False) -> Iterator[str]:
    """The lines of a text in UTF-8 without their ends, with single spaces; of .sgm files what stands in <seg>.

    keeps_tabs: spaces and tabs stay as they are.

    Raises `DataError`: unreadable, gzip damaged or cut short (with the last good line), not UTF-8 (with the line).
    """
    is_sgml = path.name.removesuffix(".gz").endswith(".sgm")
    for number, raw in enumerate(_raw(path), 1):
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            broken = raw[error.start : error.start + _DAMAGE].hex(" ")
            raise DataError(
                f"{path}, line {number:,}: not UTF-8 text ({broken} at byte {error.start:,} of the line): "
                "save it as UTF-8."
            ) from error
        if is_sgml:
            yield from (" ".join(html.unescape(found).split()) for found in _SEGMENT.findall(text))
        else:
            yield text.rstrip("\r\n") if keeps_tabs else " ".join(text.split())


def content_md5(path: Path) -> str:
    """Checksum of a text, unpacked. Raises `DataError` when it is unreadable, damaged or cut short."""
    digest = hashlib.md5(usedforsecurity=False)
    for raw in _raw(path):
        digest.update(raw)
    return digest.hexdigest()


def _raw(path: Path) -> Iterator[bytes]:
    number = 0
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if is_gzip else path.open("rb") as stream:
            for raw in stream:
                number += 1
                yield raw
    except EOFError as error:
        raise DataError(
            f"{path} is cut short after line {number:,}: its gzip stream does not end; {_AGAIN}."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged after line {number:,} ({error}); {_AGAIN}.") from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}): check that it exists and is yours."
        ) from error


def pairs(source: Path, target: Path | None) -> Iterator[tuple[str, str]]:
    """Aligned lines of two files, or the two columns of one .tsv (target None); pairs with an empty side are skipped.

    Raises `DataError`: as `lines`, no line or only one, different line counts (both are said), a row of the .tsv
    without a tab.
    """
    count = 0
    for pair in _columns(source) if target is None else _beside(source, target):
        count += 1
        if pair[0] and pair[1]:
            yield pair
    if count == 0:
        raise DataError(f"{source} is empty: there is no line to learn from.")
    if count == 1:
        raise DataError(f"{source} has one line only: a corpus needs at least two pairs, to learn from and to test on.")


def _beside(source: Path, target: Path) -> Iterator[tuple[str, str]]:
    for count, (one, other) in enumerate(zip_longest(lines(source), lines(target))):
        if one is None or other is None:
            short, long = (source, target) if one is None else (target, source)
            if count == 0:
                raise DataError(f"{short} is empty: there is no line to learn from.")
            total = sum(1 for _ in lines(long))
            raise DataError(
                f"{long} has {total:,} lines but {short} has {count:,}: line n of one must translate line n of the "
                "other, take both files from the same copy."
            )
        yield one, other


def _columns(path: Path) -> Iterator[tuple[str, str]]:
    for number, text in enumerate(lines(path, keeps_tabs=True), 1):
        columns = text.split("\t")
        if len(columns) < 2:
            raise DataError(f"{path}, line {number:,}: no tab between source and target.")
        yield " ".join(columns[0].split()), " ".join(columns[1].split())
