"""Where a picture or a table came from, written into the file itself and read back from it.

The record is a JSON object (paper, preset, params, seed, version, step, ...). It lives in the PNG text chunk
`atelier`, in the SVG metadata, in the first line of a CSV, in the NPZ member `atelier.json` and under the JSON key
`atelier`. Nothing here needs Qt, and nothing read from a file is ever executed.
"""

import csv
import html
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEY = "atelier"
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SVG_OPEN, _SVG_CLOSE = f'<metadata id="{KEY}">', "</metadata>"
_CSV_PREFIX = f"# {KEY}: "
_NPZ_MEMBER = f"{KEY}.json"
_LARGEST_RECORD = 4 << 20
_LARGEST_JSON = 256 << 20

Record = dict[str, Any]
Arrays = Mapping[str, NDArray[Any]]


def _plain(value: object) -> object:
    """What json does not know: numpy numbers and arrays, paths, pydantic models."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    dump = getattr(value, "model_dump", None)
    return dump(mode="json") if callable(dump) else str(value)


def to_json(record: Mapping[str, Any]) -> str:
    """One line of ASCII JSON, so that it fits a PNG text chunk and a comment line."""
    return json.dumps(dict(record), default=_plain, ensure_ascii=True, separators=(",", ":"))


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: write beside the target, then rename."""
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


# Pictures


def png_with(content: bytes, record: Mapping[str, Any]) -> bytes:
    """The PNG `content` with the record as a tEXt chunk right after its header."""
    if not content.startswith(_PNG_SIGNATURE):
        raise ValueError("not a PNG file: its first eight bytes are not the PNG signature")
    body = b"tEXt" + KEY.encode() + b"\x00" + to_json(record).encode("ascii")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    at = 8 + 12 + struct.unpack(">I", content[8:12])[0]
    return content[:at] + chunk + content[at:]


def svg_with(content: str, record: Mapping[str, Any]) -> str:
    """The SVG `content` with the record as the first metadata element."""
    start = content.index("<svg")
    at = content.index(">", start) + 1
    return content[:at] + f"\n{_SVG_OPEN}{html.escape(to_json(record))}{_SVG_CLOSE}" + content[at:]


def write_png(path: Path, content: bytes, record: Mapping[str, Any]) -> None:
    """Write the encoded PNG with its record; raises OSError if the disk refuses."""
    _write(path, png_with(content, record))


def write_svg(path: Path, content: str, record: Mapping[str, Any]) -> None:
    """Write the SVG text with its record; raises OSError if the disk refuses."""
    _write(path, svg_with(content, record).encode())


# Data


def _columns(data: Arrays) -> dict[str, NDArray[Any]]:
    """Every array as one-dimensional columns: [n] is one, [n, ...] one per trailing index, named name[i,j]."""
    result: dict[str, NDArray[Any]] = {}
    for name, values in data.items():
        array = np.asarray(values)
        if array.ndim <= 1:
            result[name] = array.reshape(-1)
            continue
        for index in np.ndindex(array.shape[1:]):
            result[f"{name}[{','.join(map(str, index))}]"] = array[(slice(None), *index)]
    return result


def write_csv(path: Path, data: Arrays, record: Mapping[str, Any]) -> None:
    """One column per one-dimensional array, shorter ones padded with blanks; the record is the first line."""
    columns = _columns(data)
    text = io.StringIO()
    text.write(f"{_CSV_PREFIX}{to_json(record)}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    lists = [column.tolist() for column in columns.values()]
    for row in range(max((len(c) for c in lists), default=0)):
        writer.writerow([c[row] if row < len(c) else "" for c in lists])
    _write(path, text.getvalue().encode())


def write_npz(path: Path, data: Arrays, record: Mapping[str, Any]) -> None:
    """A numpy archive (no pickles: raises ValueError for object arrays) with the member `atelier.json`."""
    arrays = {name: np.asarray(values) for name, values in data.items()}
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ValueError(f"{name!r} holds Python objects, which are not written to files")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_NPZ_MEMBER, to_json(record))
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
            archive.writestr(f"{name}.npy".replace("/", "_"), member.getvalue())
    _write(path, buffer.getvalue())


def write_json(path: Path, data: Arrays, record: Mapping[str, Any]) -> None:
    """{"atelier": record, "data": {name: nested lists}}; not-a-number becomes null, as JSON has no such number."""

    def finite(value: object) -> object:
        if isinstance(value, list):
            return [finite(v) for v in value]
        return None if isinstance(value, float) and not np.isfinite(value) else value

    lists = {name: finite(np.asarray(values).tolist()) for name, values in data.items()}
    _write(path, json.dumps({KEY: json.loads(to_json(record)), "data": lists}, allow_nan=False).encode())


WRITERS = {".csv": write_csv, ".npz": write_npz, ".json": write_json}
"""The data formats by file suffix."""


# Reading back


def _read_png(path: Path) -> str | None:
    with path.open("rb") as file:
        if file.read(8) != _PNG_SIGNATURE:
            return None
        while len(header := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", header)
            if kind in (b"IDAT", b"IEND"):
                return None
            if kind == b"tEXt" and length <= _LARGEST_RECORD:
                name, _, text = file.read(length).partition(b"\x00")
                if name == KEY.encode():
                    return text.decode("ascii")
                file.seek(4, os.SEEK_CUR)
            else:
                file.seek(length + 4, os.SEEK_CUR)
    return None


def _read_svg(path: Path) -> str | None:
    with path.open(encoding="utf-8") as file:
        head = file.read(_LARGEST_RECORD)
    start, end = head.find(_SVG_OPEN), head.find(_SVG_CLOSE)
    return html.unescape(head[start + len(_SVG_OPEN) : end]) if 0 <= start < end else None


def _read_csv(path: Path) -> str | None:
    with path.open(encoding="utf-8") as file:
        line = file.readline(_LARGEST_RECORD)
    return line[len(_CSV_PREFIX) :] if line.startswith(_CSV_PREFIX) else None


def _read_npz(path: Path) -> str | None:
    with zipfile.ZipFile(path) as archive:
        if _NPZ_MEMBER not in archive.namelist() or archive.getinfo(_NPZ_MEMBER).file_size > _LARGEST_RECORD:
            return None
        return archive.read(_NPZ_MEMBER).decode("utf-8")


def _read_json(path: Path) -> str | None:
    if path.stat().st_size > _LARGEST_JSON:
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    return json.dumps(content[KEY]) if isinstance(content, dict) and KEY in content else None


_READERS = {".png": _read_png, ".svg": _read_svg, ".csv": _read_csv, ".npz": _read_npz, ".json": _read_json}


def read_provenance(path: str | Path) -> Record | None:
    """The record inside a file that Atelier exported; None if there is none or the file is not one of ours."""
    path = Path(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        return None
    try:
        text = reader(path)
        record = None if text is None else json.loads(text)
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, RecursionError, NotImplementedError):
        return None  # unreadable, truncated or foreign: simply not ours
    return record if isinstance(record, dict) else None
