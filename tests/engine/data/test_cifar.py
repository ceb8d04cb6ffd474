"""CIFAR-10 in every layout it comes in; damaged, foreign and hostile files; the real copy."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest

from engine.data import cifar
from engine.data.images import DataError


def python_batch(count: int = 20, seed: int = 0, labels: list[int] | None = None) -> bytes:
    """A batch as Python 2 wrote them (protocol 2, text and array contents as byte strings), put together by hand."""
    data = np.random.default_rng(seed).integers(0, 256, (count, cifar.PIXELS), dtype=np.uint8)
    labels = [i % 10 for i in range(count)] if labels is None else labels

    def text(word: bytes) -> bytes:
        return b"U" + bytes([len(word)]) + word

    dtype = (
        b"cnumpy\ndtype\n"
        + b"("
        + text(b"u1")
        + b"K\x00K\x01tR(K\x03"
        + text(b"|")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + text(b"b") + b"tR"
    raw = b"T" + struct.pack("<I", data.nbytes) + data.tobytes()
    state = (
        b"(K\x01("
        + b"J"
        + struct.pack("<i", count)
        + b"J"
        + struct.pack("<i", cifar.PIXELS)
        + b"t"
        + dtype
        + b"\x89"
        + raw
        + b"tb"
    )
    listed = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(" + text(b"data") + array + state + text(b"labels") + listed + b"u."


def rows_of(count: int = 20, seed: int = 0) -> np.ndarray:
    """The pixels of `python_batch`."""
    return np.random.default_rng(seed).integers(0, 256, (count, cifar.PIXELS), dtype=np.uint8)


def write_folder(folder: Path, names=("data_batch_1", "data_batch_2", "test_batch")) -> Path:
    folder.mkdir(parents=True)
    for seed, name in enumerate(names):
        (folder / name).write_bytes(python_batch(seed=seed))
    return folder


def write_archive(path: Path, names=("data_batch_1", "test_batch"), inside: str = "cifar-10-batches-py/") -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for seed, name in enumerate(names):
            content = python_batch(seed=seed)
            member = tarfile.TarInfo(inside + name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("below", ["", "cifar-10-batches-py", "mine", "mine/cifar-10-batches-py"])
def test_that_the_folder_is_found_and_its_planes_are_red_green_blue(tmp_path, below):
    write_folder(tmp_path / "data" / below)
    found = cifar.load(tmp_path / "data")
    assert found.train_images.shape == (40, 3, 32, 32) and found.test_images.shape == (20, 3, 32, 32)
    assert np.array_equal(found.train_images[0, 1].ravel(), rows_of()[0, 1024:2048])
    assert list(found.train_labels[:11]) == [*range(10), 0] and found.classes[9] == "truck"
    assert "40 of 50,000 training images" in found.notes[0] and "partial" in found.provenance


def test_that_the_archive_and_the_binary_edition_give_the_same_pictures(tmp_path):
    write_archive(tmp_path / cifar.ARCHIVE)
    packed = cifar.load(tmp_path)
    folder = tmp_path / "b" / cifar.BINARY_FOLDER
    folder.mkdir(parents=True)
    for images, labels, name in (
        (packed.train_images, packed.train_labels, "data_batch_1"),
        (packed.test_images, packed.test_labels, "test_batch"),
    ):
        table = np.column_stack([labels, images.reshape(len(images), -1)]).astype(np.uint8)
        (folder / f"{name}.bin").write_bytes(table.tobytes())
    binary = cifar.load(tmp_path / "b")
    assert np.array_equal(binary.train_images, packed.train_images)
    assert np.array_equal(binary.test_labels, packed.test_labels)


def test_that_a_copy_without_test_batch_holds_some_pictures_out(tmp_path):
    write_folder(tmp_path / "c", ("data_batch_3",))
    found = cifar.load(tmp_path)
    assert (len(found.train_images), len(found.test_images)) == (17, 3)
    assert any("no test_batch" in note for note in found.notes)


@pytest.mark.parametrize("kept", [0, 1, 100, 30_000, 60_000])
def test_that_a_batch_cut_short_is_named(tmp_path, kept):
    folder = write_folder(tmp_path / "c")
    path = folder / "data_batch_2"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match=r"data_batch_2 is (cut short|damaged)"):
        cifar.load(tmp_path)


class Hostile:
    def __reduce__(self):
        return (os.system, ("echo this must never run",))


@pytest.mark.parametrize("content", [
    pickle.dumps(Hostile(), protocol=2), pickle.dumps({"data": Hostile()}, protocol=4),
    pickle.dumps({"data": np.random.default_rng}, protocol=2),
])  # fmt: skip
def test_that_a_pickle_that_asks_for_anything_but_arrays_is_refused_before_it_runs(content, capfd):
    with pytest.raises(DataError, match="it asks for"):
        cifar.parse_python(content, "a file")
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("content, words", [
    (pickle.dumps({"fine_labels": [1]}, protocol=2), "no table of 3,072 bytes"),
    (python_batch(3, labels=[1]), "3 images without"),
    (python_batch(1, labels=[44]), "labels outside 0 to 9"),
    (b"not a pickle at all", "is not a batch|is damaged"),
])  # fmt: skip
def test_that_another_kind_of_file_is_named(content, words):
    with pytest.raises(DataError, match=words):
        cifar.parse_python(content, "a file")


def test_that_a_binary_file_of_a_wrong_length_is_refused():
    with pytest.raises(DataError, match="4,000 bytes are not a number of records of 3,073 bytes"):
        cifar.parse_binary(bytes(4000), "x.bin")


@pytest.mark.parametrize("inside", ["/etc/", "../", "cifar-10-batches-py/../../"])
def test_that_an_archive_that_leads_outside_is_refused(tmp_path, inside):
    write_archive(tmp_path / cifar.ARCHIVE, inside=inside)
    with pytest.raises(DataError, match="leads outside"):
        cifar.load(tmp_path)


def test_that_an_archive_cut_short_is_named(tmp_path):
    path = write_archive(tmp_path / cifar.ARCHIVE)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(DataError, match=r"cifar-10-python.tar.gz is cut short or damaged"):
        cifar.load(tmp_path)


def test_that_a_set_that_is_nowhere_says_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.delenv("ATELIER_DATA", raising=False)
    with pytest.raises(DataError, match=r"CIFAR-10 was not found in .*choose the folder"):
        cifar.load(tmp_path)
    with pytest.raises(DataError, match="is not a folder"):
        cifar.load(tmp_path / "no")


@pytest.fixture
def real_data() -> str:
    folder = os.environ.get("ATELIER_DATA", "")
    if not folder:
        pytest.skip("ATELIER_DATA with CIFAR-10")
    return folder


def test_that_the_real_cifar_has_its_known_counts_and_first_labels(real_data):
    found = cifar.load(real_data)
    assert list(found.train_labels[:10]) == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
    assert list(found.test_labels[:10]) == [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]
    assert list(np.bincount(found.test_labels)) == [1000] * 10
    first = np.bincount(found.train_labels[:10_000])
    assert list(first) == [1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981]
    assert not any("modified" in note for note in found.notes), "the checksums are the published ones"
