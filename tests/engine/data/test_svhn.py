"""SVHN's .mat files: digit ten is zero, colours come first, faults are named; the real sample."""

from __future__ import annotations

import io
import os

import numpy as np
import pytest
from scipy.io import savemat

from engine.data import svhn
from engine.data.images import DataError


def mat(count: int = 12, **changes) -> bytes:
    rng = np.random.default_rng(0)
    values = {"X": rng.integers(0, 256, (32, 32, 3, count), dtype=np.uint8), "y": np.arange(count)[:, None] % 10 + 1}
    stream = io.BytesIO()
    savemat(stream, {**values, **changes}, do_compression=True)
    return stream.getvalue()


@pytest.mark.parametrize("below", ["", "svhn", "x", "x/SVHN"])
def test_that_both_files_are_found_and_label_ten_is_zero(tmp_path, below):
    folder = tmp_path / "d" / below
    folder.mkdir(parents=True)
    for name in svhn.PARTS.values():
        (folder / name).write_bytes(mat())
    found = svhn.load(tmp_path / "d")
    assert found.train_images.shape == (12, 3, 32, 32)
    assert list(found.train_labels) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2]
    x = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 12), dtype=np.uint8)
    assert np.array_equal(found.train_images[5, 2], x[:, :, 2, 5])
    assert "12 of 73,257 training images" in found.notes[0]


@pytest.mark.parametrize("kept", [0, 60, 200, 5000])
def test_that_a_file_cut_short_is_named(kept):
    with pytest.raises(DataError, match=r"a\.mat (is cut short|is not a MATLAB 5 file|holds no pictures)"):
        svhn.parse(mat()[:kept], "a.mat")


@pytest.mark.parametrize("changes, words", [
    ({"X": np.zeros((8, 8, 3, 2), np.uint8)}, "no pictures X of 32x32x3"),
    ({"y": np.ones((5, 1))}, "12 pictures without as many labels"),
    ({"y": np.full((12, 1), 11)}, "labels outside 1 to 10"),
])  # fmt: skip
def test_that_a_file_of_another_kind_is_refused(changes, words):
    with pytest.raises(DataError, match=words):
        svhn.parse(mat(**changes), "a.mat")


def test_that_one_file_without_the_other_is_said(tmp_path):
    (tmp_path / "train_32x32.mat").write_bytes(mat())
    with pytest.raises(DataError, match=r"lacks test_32x32.mat"):
        svhn.load(tmp_path)


@pytest.fixture
def real_data() -> str:
    folder = os.environ.get("ATELIER_DATA", "")
    if not folder:
        pytest.skip("ATELIER_DATA with SVHN")
    return folder


def test_that_the_real_svhn_sample_has_its_known_counts(real_data):
    found = svhn.load(real_data)
    assert list(found.train_labels[:10]) == [1, 9, 2, 3, 2, 5, 9, 3, 3, 1]
    assert list(np.bincount(found.train_labels)) == [32, 112, 79, 72, 55, 53, 34, 36, 43, 38]
    assert list(np.bincount(found.test_labels)) == [26, 94, 85, 52, 48, 31, 50, 36, 27, 37]
