"""MNIST and Fashion-MNIST: where they are found, what is said about a copy, and the real files."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.data.images import DataError
from engine.data.mnist import find, load
from engine.data.sources import SOURCES
from tests.engine.data.idx_files import write_idx, write_set


@pytest.mark.parametrize(
    ("name", "below"),
    [
        ("mnist", ""),
        ("mnist", "mnist"),
        ("mnist", "MNIST/raw"),
        ("mnist", "my numbers"),
        ("mnist", "torch/MNIST/raw"),
        ("fashion-mnist", "fashion-mnist"),
        ("fashion-mnist", "FashionMNIST/raw"),
        ("fashion-mnist", "data/fashion"),
        ("fashion-mnist", "upstream/data/fashion"),
    ],
)
@pytest.mark.parametrize("gz", [True, False])
@pytest.mark.parametrize("dot", [True, False])
def test_that_every_layout_and_spelling_is_found(tmp_path: Path, name: str, below: str, gz: bool, dot: bool) -> None:
    write_set(tmp_path / "data sets" / below, gz=gz, dot=dot)
    found = find(name, tmp_path / "data sets")
    assert found is not None and found.folder == tmp_path / "data sets" / below and len(found.files) == 4
    images = load(name, tmp_path / "data sets")
    assert (images.name, images.train_images.shape, images.test_labels.shape) == (name, (60, 28, 28), (20,))


def test_that_the_two_sets_are_not_mistaken_for_each_other_though_their_files_have_the_same_names(
    tmp_path: Path,
) -> None:
    write_set(tmp_path / "a" / "fashion", seed=1)
    write_set(tmp_path / "a" / "numbers", seed=2)
    mnist, fashion = load("mnist", tmp_path / "a"), load("fashion-mnist", tmp_path / "a")
    assert "numbers" in mnist.provenance and "fashion" in fashion.provenance
    assert not np.array_equal(mnist.train_images, fashion.train_images)
    write_set(tmp_path / "b" / "fashion")
    assert find("mnist", tmp_path / "b") is None


@pytest.mark.parametrize("gz", [True, False])
def test_that_a_checksum_says_more_than_the_name_of_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gz: bool
) -> None:
    write_set(tmp_path / "a" / "numbers", gz=gz)
    labels = next((tmp_path / "a" / "numbers").glob("t10k-labels*"))
    fashion = SOURCES["fashion-mnist"]
    known = replace(fashion.files["t10k-labels-idx1-ubyte"], md5=hashlib.md5(labels.read_bytes()).hexdigest())
    monkeypatch.setitem(
        SOURCES, "fashion-mnist", replace(fashion, files={**fashion.files, "t10k-labels-idx1-ubyte": known})
    )
    assert find("mnist", tmp_path / "a") is None
    assert load("fashion-mnist", tmp_path / "a").name == "fashion-mnist"


def test_that_the_users_folder_comes_before_the_environment_and_that_before_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_set(tmp_path / "home" / "datasets" / "mnist")
    assert "home" in load("mnist").provenance
    write_set(tmp_path / "env")
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path / "env"))
    assert str(tmp_path / "env") in load("mnist").provenance
    write_set(tmp_path / "chosen")
    assert str(tmp_path / "chosen") in load("mnist", tmp_path / "chosen").provenance


def test_that_a_partial_copy_is_loaded_and_said_to_be_one(tmp_path: Path) -> None:
    write_set(tmp_path / "x", train=100, test=20)
    images = load("mnist", tmp_path / "x")
    assert images.provenance == f"MNIST from {tmp_path / 'x'} (modified or partial copy)"
    assert [n.split(" (")[0] for n in images.notes] == [
        "100 of 60,000 training images of MNIST",
        "20 of 10,000 test images of MNIST",
    ]


def test_that_missing_test_files_are_replaced_by_held_out_images_and_said_so(tmp_path: Path) -> None:
    write_set(tmp_path / "x", train=60)
    for path in (tmp_path / "x").glob("t10k-labels*"):
        path.unlink()
    images = load("mnist", tmp_path / "x")
    assert len(images.train_labels) == len(images.train_images) == 50 and len(images.test_labels) == 10
    assert any("has no test files: the last 10 training images are held out" in n for n in images.notes)


def test_that_a_copy_without_training_part_names_the_missing_files(tmp_path: Path) -> None:
    write_set(tmp_path / "x")
    (tmp_path / "x" / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(
        DataError, match="has only the test part of MNIST: add train-images-idx3-ubyte and train-labels"
    ):
        load("mnist", tmp_path / "x")
    write_set(tmp_path / "y", train=0)
    with pytest.raises(DataError, match="holds no training images"):
        load("mnist", tmp_path / "y")


def test_that_a_truncated_file_is_an_error_and_no_other_copy_is_taken_quietly(tmp_path: Path) -> None:
    write_set(tmp_path / "home" / "datasets" / "mnist")
    write_set(tmp_path / "x")
    path = tmp_path / "x" / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(DataError, match=rf"{path} is cut short"):
        load("mnist", tmp_path / "x")


def test_that_nothing_found_says_where_was_looked_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError) as caught:
        load("fashion-mnist", tmp_path / "empty")
    assert f"Fashion-MNIST was not found in {tmp_path / 'empty'}, {tmp_path / 'home' / 'datasets'}" in str(caught.value)
    assert "download it, choose the folder" in str(caught.value)
    with pytest.raises(DataError, match="nowhere is not a folder"):
        find("mnist", tmp_path / "nowhere")
    with pytest.raises(DataError, match="There is no data set 'cifar': known are mnist, fashion-mnist"):
        load("cifar")


def test_that_pictures_become_flat_numbers_between_0_and_1(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    write_set(folder)
    write_idx(folder / "train-images-idx3-ubyte.gz", np.full((60, 28, 28), 255))
    data = load("mnist", folder).as_float()
    assert data.train_x.shape == (60, 784) and data.train_x.dtype == np.float32 and data.shape == (28, 28)
    assert data.train_x.min() == data.train_x.max() == 1.0 and data.train_y.dtype == np.int64


@pytest.fixture
def real_data() -> Path:
    if not os.environ.get("ATELIER_DATA"):
        pytest.skip("ATELIER_DATA is not set: MNIST files not found")
    return Path(os.environ["ATELIER_DATA"])


def _real(name: str, folder: Path) -> None:
    found = find(name, folder)
    if found is None:
        pytest.skip(f"ATELIER_DATA does not hold {name}")
    for idx, path in found.files.items():
        if path.suffix == ".gz":
            assert hashlib.md5(path.read_bytes()).hexdigest() == SOURCES[name].files[idx].md5
            assert path.stat().st_size == SOURCES[name].files[idx].nbytes


def test_that_the_real_mnist_is_verified_and_has_its_known_counts_and_statistics(real_data: Path) -> None:
    _real("mnist", real_data)
    images = load("mnist", real_data)
    assert images.provenance.endswith("(verified)") and images.notes == ()
    train, test = np.bincount(images.train_labels), np.bincount(images.test_labels)
    assert train.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert test.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    pixels = images.as_float().train_x
    assert float(pixels.mean(dtype=np.float64)) == pytest.approx(0.1307, abs=5e-5)
    assert float(pixels.std(dtype=np.float64)) == pytest.approx(0.3081, abs=5e-5)


def test_that_the_real_fashion_mnist_is_verified_and_told_from_mnist(real_data: Path) -> None:
    _real("fashion-mnist", real_data)
    images = load("fashion-mnist", real_data)
    assert images.provenance.endswith("(verified)") and images.notes == ()
    assert np.bincount(images.train_labels).tolist() == [6000] * 10
    assert images.classes[int(images.train_labels[0])] == "Ankle boot"
    assert float(images.as_float().train_x.mean(dtype=np.float64)) == pytest.approx(0.2860, abs=5e-5)
    mnist = find("mnist", real_data)
    assert mnist is None or "fashion" not in str(mnist.folder)


def test_that_a_real_copy_with_one_changed_pixel_is_said_to_be_modified(real_data: Path, tmp_path: Path) -> None:
    _real("mnist", real_data)
    whole = load("mnist", real_data)
    changed = whole.test_images.copy()
    changed[0, 14, 14] ^= 1
    folder = tmp_path / "changed"
    write_idx(folder / "train-images-idx3-ubyte", whole.train_images)
    write_idx(folder / "train-labels-idx1-ubyte", whole.train_labels)
    write_idx(folder / "t10k-images-idx3-ubyte", changed)
    write_idx(folder / "t10k-labels-idx1-ubyte", whole.test_labels)
    images = load("mnist", folder)
    assert images.notes == (f"The test part of MNIST in {folder} is a modified or partial copy.",)
