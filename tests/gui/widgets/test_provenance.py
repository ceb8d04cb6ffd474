"""Exported files say where they came from, in every format, and foreign files say nothing."""

import json
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gui.widgets import provenance as files
from gui.widgets.provenance import read_provenance

RECORD = {"paper": "dendritic", "preset": "Digits", "params": {"η": 0.1, "sizes": [64, 100]}, "seed": 3, "step": 42}
DATA = {"step": np.arange(5), "loss": np.array([1.0, 0.5, np.nan]), "W": np.arange(6.0).reshape(2, 3)}
TINY_PNG = (
    b"\x89PNG\r\n\x1a\n"
    + struct.pack(">I", 13)
    + (ihdr := b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + struct.pack(">I", zlib.crc32(ihdr))
    + struct.pack(">I", len(z := zlib.compress(b"\x00\x00")))
    + b"IDAT"
    + z
    + struct.pack(">I", zlib.crc32(b"IDAT" + z))
    + struct.pack(">I", 0)
    + b"IEND"
    + struct.pack(">I", zlib.crc32(b"IEND"))
)


def write_as(path: Path, record: dict = RECORD) -> Path:
    if path.suffix == ".png":
        files.write_png(path, TINY_PNG, record)
    elif path.suffix == ".svg":
        files.write_svg(path, '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"></svg>', record)
    else:
        files.WRITERS[path.suffix](path, DATA, record)
    return path


SUFFIXES = pytest.mark.parametrize("suffix", [".png", ".svg", ".csv", ".npz", ".json"])


@SUFFIXES
def test_that_a_record_survives_being_written_and_read(tmp_path, suffix):
    path = write_as(tmp_path / f"a{suffix}")
    assert read_provenance(path) == RECORD
    assert read_provenance(str(path)) == RECORD
    assert [p.name for p in tmp_path.iterdir()] == [path.name]  # no partial file stays


@SUFFIXES
@settings(max_examples=25, deadline=None)
@given(text=st.text(), number=st.floats(allow_nan=False, allow_infinity=False))
def test_that_any_text_and_number_survives(tmp_path_factory, suffix, text, number):
    record = {text: [text, number], "nested": {"</metadata>": "--><&'\""}}
    assert read_provenance(write_as(tmp_path_factory.mktemp("x") / f"a{suffix}", record)) == record


@SUFFIXES
def test_that_a_truncated_or_foreign_file_is_simply_not_ours(tmp_path, suffix):
    whole = write_as(tmp_path / f"a{suffix}").read_bytes()
    cut = tmp_path / f"cut{suffix}"
    for length in range(0, len(whole), max(1, len(whole) // 40)):
        cut.write_bytes(whole[:length])
        assert read_provenance(cut) in (None, RECORD)
    for content in (b"", b"hello", b"\x80\x04K\x01.", bytes(range(256)) * 9, b'{"atelier": 3}', b"[" * 100_000):
        cut.write_bytes(content)
        assert read_provenance(cut) is None
    assert read_provenance(tmp_path / f"missing{suffix}") is None
    assert read_provenance(tmp_path / "other.docx") is None


def test_that_the_png_chunk_is_a_valid_text_chunk_before_the_pixels(tmp_path):
    content = write_as(tmp_path / "a.png").read_bytes()
    at = 8 + 25
    length, kind = struct.unpack(">I4s", content[at : at + 8])
    body = content[at + 4 : at + 8 + length]
    assert kind == b"tEXt" and body[4:].startswith(b"atelier\x00")
    assert struct.unpack(">I", content[at + 8 + length : at + 12 + length])[0] == zlib.crc32(body)
    with pytest.raises(ValueError, match="PNG"):
        files.png_with(b"GIF89a", RECORD)


def test_that_a_table_holds_every_number_exactly(tmp_path):
    lines = write_as(tmp_path / "a.csv").read_text().splitlines()
    assert json.loads(lines[0].removeprefix("# atelier: ")) == RECORD
    assert lines[1] == "step,loss,W[0],W[1],W[2]"
    assert lines[2:] == ["0,1.0,0.0,1.0,2.0", "1,0.5,3.0,4.0,5.0", "2,nan,,,", "3,,,,", "4,,,,"]


def test_that_an_archive_opens_without_pickles_and_gives_the_same_arrays(tmp_path):
    path = write_as(tmp_path / "a.npz")
    with np.load(path, allow_pickle=False) as archive:
        for name, array in DATA.items():
            np.testing.assert_array_equal(archive[name], array)
        assert json.loads(archive["atelier.json"]) == RECORD
    assert "atelier.json" in zipfile.ZipFile(path).namelist()
    with pytest.raises(ValueError, match="objects"):
        files.write_npz(path, {"bad": np.array([object()])}, RECORD)


def test_that_json_is_strict_and_missing_numbers_are_null(tmp_path):
    content = json.loads(write_as(tmp_path / "a.json").read_text(), parse_constant=pytest.fail)
    assert content["data"]["loss"] == [1.0, 0.5, None]


def test_that_numpy_numbers_and_paths_fit_into_a_record(tmp_path):
    path = tmp_path / "a.json"
    files.write_json(path, {}, {"n": np.int64(3), "x": np.float32(0.5), "v": np.arange(2), "p": Path("a")})
    assert read_provenance(path) == {"n": 3, "x": 0.5, "v": [0, 1], "p": "a"}


def test_that_a_refused_write_leaves_the_old_file_alone(tmp_path):
    path = write_as(tmp_path / "a.npz")
    before = path.read_bytes()
    with pytest.raises(ValueError):
        files.write_npz(path, {"bad": np.array([None])}, RECORD)
    assert path.read_bytes() == before
