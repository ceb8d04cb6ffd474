"""Facts about the public sets that Atelier reads: file names, sizes, published checksums, where they are served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.data.images import DataError

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
PARTS = {"train": (TRAIN_IMAGES, TRAIN_LABELS), "test": (TEST_IMAGES, TEST_LABELS)}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One published file: md5 as published, of its content (unpacked, if it is a .gz), its size as published."""

    md5: str
    content_md5: str
    nbytes: int


@dataclass(frozen=True, slots=True)
class Source:
    """One public set. files: by name, without `suffix`. mirrors: addresses, tried in order. hints: folder names."""

    name: str
    title: str
    files: Mapping[str, SourceFile]
    mirrors: tuple[str, ...]
    hints: tuple[str, ...]
    classes: tuple[str, ...]
    counts: Mapping[str, int] = field(default_factory=lambda: {"train": 60_000, "test": 10_000})
    kind: Literal["images", "texts", "colour"] = "images"
    suffix: str = ".gz"


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

_MULTI30K_FACTS = {
    "train.en": ("0065d13af80720a55ca8153d126e6627", "053a34ece7c904dbc8c7361799afbe4c", 568_929),
    "train.de": ("81ff90b99829c0cd4b1b587d394afd39", "d3b4bc1671cfb805267f97f16884beba", 637_044),
    "train.cs": ("d9a5fc268917725a2b0efce3a0cc8607", "ea345fc3015296d49f06bc26912cc982", 593_827),
    "train.fr": ("6cb767741dcad3931f966fefbc05203f", "849ec62eac03bcc3335f8bac00a4045a", 604_242),
    "val.en": ("2b69aa9253948ac9f67e94917272dd40", "2234730e7925354b766681b029b347ec", 21_650),
    "val.de": ("6e0e229eb049e3fc99a1ef02fb2d5f91", "9f139b15d9d11936dea7af2904e57d8c", 24_681),
    "val.cs": ("83cdc082f646b769095615384cf5c0ca", "dcb79728c6b05448519f888f2e49bef6", 22_096),
    "val.fr": ("93fc564584b7e5ba410c761ea5a1c682", "5c6267b6b147feb0fd6a826d01b7a53a", 23_001),
    "test_2016_flickr.en": ("ff2c0fcb4893a13bd73414306bc250ae", "2022a6c31e2418047a0511333d55ed42", 21_077),
    "test_2016_flickr.de": ("efd67d314d98489b716b145475101932", "cde61d7401b116652ee84099c7858ca3", 22_890),
    "test_2016_flickr.cs": ("3104872229daa1bef3b401d44dd2220b", "91d70d413b7711e46d57fbdd15e656d3", 22_572),
    "test_2016_flickr.fr": ("08dc7cd4a662f31718412de95ca9bfe3", "091159ae517b43efa0faaa650c49923b", 22_310),
}

# No checksums are published: these are of the repository multi30k/dataset at commit a3d2e0d.
MULTI30K = Source(
    "multi30k",
    "Multi30k (captions en, de, cs, fr)",
    {name: SourceFile(*facts) for name, facts in _MULTI30K_FACTS.items()},
    ("https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw/",),
    ("data/task1/raw", "raw", "multi30k", "multi30k/data/task1/raw"),
    (),
    {"train": 29_000, "test": 1_000},
    "texts",
)

_SQUAD_TRAIN, _SQUAD_DEV = "981b29407e0affa3b1b156f72073b945", "3e85deb501d4e538b6bc56f786231552"
SQUAD = Source(
    "squad",
    "SQuAD v1.1",
    {
        "train-v1.1.json": SourceFile(_SQUAD_TRAIN, _SQUAD_TRAIN, 30_288_272),
        "dev-v1.1.json": SourceFile(_SQUAD_DEV, _SQUAD_DEV, 4_854_279),
    },
    ("https://rajpurkar.github.io/SQuAD-explorer/dataset/",),
    ("squad", "SQuAD", "squad/v1.1"),
    (),
    {"train": 87_599, "test": 10_570},
    "texts",
    "",
)

CIFAR10 = Source(
    "cifar-10",
    "CIFAR-10",
    {"cifar-10-python.tar.gz": SourceFile("c58f30108f718f92721af3b95e74349a", "", 170_498_071)},
    ("https://www.cs.toronto.edu/~kriz/",),
    ("cifar-10-batches-py", "cifar-10-batches-bin"),
    ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    {"train": 50_000, "test": 10_000},
    "colour",
    "",
)

_SVHN_TRAIN, _SVHN_TEST = "e26dedcc434d2e4c54c9b2d4a06d8373", "eb5a983be6a315427106f1b164d9cef3"
SVHN = Source(
    "svhn",
    "SVHN (cropped digits)",
    {
        "train_32x32.mat": SourceFile(_SVHN_TRAIN, _SVHN_TRAIN, 182_040_794),
        "test_32x32.mat": SourceFile(_SVHN_TEST, _SVHN_TEST, 64_275_384),
    },
    ("http://ufldl.stanford.edu/housenumbers/",),
    ("svhn", "SVHN", "svhn-sample"),
    tuple("0123456789"),
    {"train": 73_257, "test": 26_032},
    "colour",
    "",
)

SOURCES = {source.name: source for source in (MNIST, FASHION, CIFAR10, SVHN, MULTI30K, SQUAD)}

# What presets need and nobody but the user can bring: several GB without published checksums, or a text of one's own.
OWN_COPIES = {
    "wmt15": "https://www.statmt.org/wmt15/",
    "own-text": "",
    "celeba": "http://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
}


def source(name: str) -> Source:
    """The facts of a set. Raises `DataError` naming those that are known."""
    if name not in SOURCES:
        raise DataError(f"There is no data set '{name}': known are {', '.join(SOURCES)}.")
    return SOURCES[name]
