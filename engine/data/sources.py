"""Facts about the public sets that Atelier reads: file names, sizes, published checksums, where they are served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.data.images import DataError

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
PARTS = {"train": (TRAIN_IMAGES, TRAIN_LABELS), "test": (TEST_IMAGES, TEST_LABELS)}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One published file: md5 of the gzip file as published, of its content, and its size in bytes as published."""

    md5: str
    content_md5: str
    nbytes: int


@dataclass(frozen=True, slots=True)
class Source:
    """One public set. files: by IDX name (without .gz). mirrors: addresses, tried in order. hints: folder names."""

    name: str
    title: str
    files: Mapping[str, SourceFile]
    mirrors: tuple[str, ...]
    hints: tuple[str, ...]
    classes: tuple[str, ...]
    counts: Mapping[str, int] = field(default_factory=lambda: {"train": 60_000, "test": 10_000})


MNIST = Source(
    "mnist",
    "MNIST",
    {
        TRAIN_IMAGES: SourceFile("f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb", 9_912_422),
        TRAIN_LABELS: SourceFile("d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624", 28_881),
        TEST_IMAGES: SourceFile("9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea", 1_648_877),
        TEST_LABELS: SourceFile("ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637", 4_542),
    },
    ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"),
    ("mnist", "MNIST/raw", "MNIST"),
    tuple("0123456789"),
)

FASHION = Source(
    "fashion-mnist",
    "Fashion-MNIST",
    {
        TRAIN_IMAGES: SourceFile("8d4fb7e6c68d591d4c3dfef9ec88bf0d", "f4a8712d7a061bf5bd6d2ca38dc4d50a", 26_421_880),
        TRAIN_LABELS: SourceFile("25c81989df183df01b3e8a0aad5dffbe", "9018921c3c673c538a1fc5bad174d6f9", 29_515),
        TEST_IMAGES: SourceFile("bef4ecab320f06d8554ea6380940ec79", "8181f5470baa50b63fa0f6fddb340f0a", 4_422_102),
        TEST_LABELS: SourceFile("bb300cfdad3c16e7a12a480ee83cd310", "15d484375f8d13e6eb1aabb0c3f46965", 5_148),
    },
    (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    ("fashion-mnist", "FashionMNIST/raw", "FashionMNIST", "data/fashion", "fashion"),
    (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
)

SOURCES = {source.name: source for source in (MNIST, FASHION)}


def source(name: str) -> Source:
    """The facts of a set. Raises `DataError` naming those that are known."""
    if name not in SOURCES:
        raise DataError(f"There is no data set '{name}': known are {', '.join(SOURCES)}.")
    return SOURCES[name]
