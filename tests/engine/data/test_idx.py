"""IDX files: what is read, and the sentence for each way they can be wrong."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.idx import read_images, read_labels, read_pair
from engine.data.images import DataError
from tests.engine.data.idx_files import idx_bytes, write_idx

IMAGES = np.arange(3 * 28 * 28).reshape(3, 28, 28) % 256
LABELS = np.array([0, 9, 4])
WHOLE = idx_bytes(IMAGES)


@pytest.mark.parametrize("name", ["images.gz", "images", "gzip-without-its-suffix"])
def test_that_plain_and_gzip_files_are_read_whatever_they_are_called(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(WHOLE) if "gz" in name else WHOLE)
    found = read_images(path)
    assert found.array.dtype == np.uint8 and np.array_equal(found.array, IMAGES)
    assert np.array_equal(read_labels(write_idx(tmp_path / "labels.gz", LABELS)).array, LABELS)


def check(path: Path, content: bytes, *words: str) -> None:
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_images(path)
    for word in (str(path), *words):
        assert word in str(caught.value)


def test_that_a_wrong_magic_is_named(tmp_path: Path) -> None:
    check(tmp_path / "a", b"\x89PNG" + WHOLE[4:], "is not an IDX file of images", "89 50 4e 47 instead of 00 00 08 03")
    check(tmp_path / "a", b"<html>not found</html>", "3c 68 74 6d", "download it again")
    check(tmp_path / "a", b"\0", "it begins with 00 instead of")


def test_that_exchanged_files_are_recognised(tmp_path: Path) -> None:
    check(tmp_path / "a", idx_bytes(LABELS), "is an IDX file of labels where images are expected")
    write_idx(tmp_path / "b", IMAGES)
    with pytest.raises(DataError, match="is an IDX file of images where labels are expected"):
        read_labels(tmp_path / "b")


def test_that_a_short_file_says_how_much_is_there(tmp_path: Path) -> None:
    check(
        tmp_path / "a",
        WHOLE[: 16 + 784 + 10],
        "is cut short",
        "promises 3 images (2,352 bytes), 1 are there (794 bytes)",
    )
    check(tmp_path / "a", WHOLE[:10], "is cut short: 10 bytes are not even its header")
    check(tmp_path / "a", b"", "is empty")


def test_that_a_short_gzip_stream_is_recognised(tmp_path: Path) -> None:
    packed = gzip.compress(np.random.default_rng(0).bytes(0) + WHOLE)
    check(tmp_path / "a.gz", packed[:-20], "is cut short: the gzip stream ends before its end mark")
    check(tmp_path / "a.gz", gzip.compress(WHOLE[:-1]), "3 images (2,352 bytes), 2 are there (2,351 bytes)")


def test_that_damage_inside_a_gzip_stream_is_recognised(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(WHOLE))
    packed[-6] ^= 1  # in the checksum of the stream
    check(tmp_path / "a.gz", bytes(packed), "is damaged inside its gzip stream")


def test_that_trailing_bytes_are_refused(tmp_path: Path) -> None:
    check(tmp_path / "a", WHOLE + b"\0", "is longer than its header says: 3 images are 2,352 bytes, more follow")


def test_that_another_size_is_refused_with_the_expected_one(tmp_path: Path) -> None:
    check(tmp_path / "a", idx_bytes(np.zeros((2, 32, 28))), "holds images of 32x28 pixels, 28x28 are expected")


def test_that_a_header_that_promises_gigabytes_reserves_none(tmp_path: Path) -> None:
    check(tmp_path / "a", WHOLE[:4] + b"\xff" * 4 + WHOLE[8:], "promises 4,294,967,295 images", "3 are there")


def test_that_labels_out_of_range_are_located(tmp_path: Path) -> None:
    path = write_idx(tmp_path / "a", np.array([1, 10, 255]))
    with pytest.raises(DataError, match=r"label 10 of example 1 is out of range \(0 to 9 expected; 2 such labels\)"):
        read_labels(path)


def test_that_unequal_counts_name_both_files(tmp_path: Path) -> None:
    images, labels = write_idx(tmp_path / "i", IMAGES), write_idx(tmp_path / "l", LABELS[:2])
    with pytest.raises(DataError, match=f"{images} holds 3 images but {labels} holds 2 labels"):
        read_pair(images, labels)


def test_that_a_missing_file_or_a_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(DataError, match=f"{path} cannot be read"):
            read_images(path)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_that_a_file_cut_or_changed_anywhere_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = gzip.compress(WHOLE, mtime=0) if data.draw(st.booleans()) else WHOLE
    at = data.draw(st.integers(0, len(whole) - 1) | st.integers(0, 30))
    is_cut = data.draw(st.booleans())
    flipped = bytes([whole[at] ^ data.draw(st.integers(1, 255))])
    path = tmp_path_factory.mktemp("idx") / "images"
    path.write_bytes(whole[:at] if is_cut else whole[:at] + flipped + whole[at + 1 :])
    try:
        found = read_images(path)
    except DataError as error:
        assert str(path) in str(error)
    else:
        assert not is_cut and found.array.shape == (3, 28, 28)
