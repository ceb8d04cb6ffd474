"""CIFAR-10 in its published layouts: the python edition (folder or tar.gz) and the binary edition.

The python edition's batches are pickles. A pickle can run anything, so these go through an unpickler that admits the
three names a batch of numbers needs and refuses every other. Rows are planar: 1,024 red, green, blue values each.
"""

from __future__ import annotations

import io
import pickle
import tarfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.images import DataError, ImageSet
from engine.data.search import md5, not_found, places, read_bytes

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TRAIN = tuple(f"data_batch_{i}" for i in range(1, 6))
TEST = "test_batch"
FOLDER, BINARY_FOLDER, ARCHIVE = "cifar-10-batches-py", "cifar-10-batches-bin", "cifar-10-python.tar.gz"
PUBLISHED = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
PIXELS = 3 * 32 * 32
WHOLE = 50_000
_LARGEST = 64 << 20  # bytes of one batch; the published ones have 31 million


@dataclass(frozen=True, slots=True)
class Batch:
    """images uint8 [N, 3, 32, 32]; labels uint8 [N]; is_published: its checksum is the published one."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    is_published: bool


def load(folder: str | Path = "") -> ImageSet:
    """CIFAR-10 from `folder`, ATELIER_DATA or Atelier's data folder; images uint8 [N, 3, 32, 32].

    A partial copy (some of the five batches) is loaded and said to be one. Raises `DataError`: not found, no training
    batch, or a fault of a file, which it names.
    """
    found = _found(folder)
    if found is None:
        raise not_found("CIFAR-10", f"{FOLDER} or {ARCHIVE}", folder)
    place, readers = found
    train = [readers[name]() for name in TRAIN if name in readers]
    if not train:
        raise DataError(f"{place} has no training batch of CIFAR-10: add {TRAIN[0]} to {TRAIN[-1]}.")
    notes = []
    images = np.concatenate([batch.images for batch in train])
    labels = np.concatenate([batch.labels for batch in train])
    if len(images) != WHOLE:
        notes.append(f"{len(images):,} of {WHOLE:,} training images of CIFAR-10 ({place}).")
    if TEST in readers:
        test = readers[TEST]()
        test_images, test_labels = test.images, test.labels
    else:
        cut = len(images) - len(images) // 6
        test, test_images, test_labels = None, images[cut:], labels[cut:]
        images, labels = images[:cut], labels[:cut]
        notes.append(f"{place} has no {TEST}: the last {len(test_images):,} training images are held out instead.")
    if not all(batch.is_published for batch in (*train, *([test] if test else []))):
        notes.append(f"A batch of CIFAR-10 in {place} is a modified copy: its checksum is not the published one.")
    status = "verified" if not notes else "modified or partial copy"
    return ImageSet(
        "cifar-10", images, labels, test_images, test_labels, CLASSES, f"CIFAR-10 from {place} ({status})", tuple(notes)
    )


Readers = Mapping[str, Callable[[], Batch]]


def place_of(folder: str | Path = "") -> Path | None:
    """Where a copy lies (a folder or the archive), None when there is none. Raises `DataError` as `load` does."""
    found = _found(folder)
    return None if found is None else found[0]


def _found(folder: str | Path) -> tuple[Path, Readers] | None:
    return next((f for place in places(folder, (FOLDER, BINARY_FOLDER)) if (f := _files(place))), None)


def _files(place: Path) -> tuple[Path, Readers] | None:
    """What can be read at a place: batch name -> reader. The folder goes before the archive."""
    for end, read in (("", parse_python), (".bin", parse_binary)):
        there = {n: place / f"{n}{end}" for n in (*TRAIN, TEST) if (place / f"{n}{end}").is_file()}
        if there:
            return place, {n: (lambda p=p, r=read: r(read_bytes(p), str(p))) for n, p in there.items()}
    archive = place / ARCHIVE
    if archive.is_file():
        contents = _unpacked(archive)
        return archive, {n: (lambda n=n, c=c: parse_python(c, f"{archive}: {n}")) for n, c in contents.items()}
    return None


def _unpacked(archive: Path) -> dict[str, bytes]:
    """The batches inside the tar.gz, in memory; nothing is written to disk."""
    found = {}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                path = Path(member.name)
                if path.is_absolute() or ".." in path.parts:
                    raise DataError(f"{archive} holds a member named {member.name!r} that leads outside: not CIFAR-10.")
                if member.isfile() and path.name in PUBLISHED and member.size <= _LARGEST:
                    stream = tar.extractfile(member)
                    found[path.name] = stream.read() if stream is not None else b""
    except (EOFError, tarfile.ReadError, zlib.error) as error:
        raise DataError(f"{archive} is cut short or damaged ({error}); download it again.") from error
    except OSError as error:
        raise DataError(f"{archive} cannot be read ({error.strerror or error}).") from error
    return found


class _Restricted(pickle.Unpickler):
    """Admits arrays of numbers and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if name == "_reconstruct" and module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            return np.zeros(0).__reduce__()[0]  # the same function under whatever name this numpy has
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def parse_python(content: bytes, where: str) -> Batch:
    """One batch of the python edition. Raises `DataError` naming `where`: cut short, not a batch, wrong shape."""
    try:
        found = _Restricted(io.BytesIO(content), encoding="latin1").load()
    except EOFError as error:
        raise DataError(
            f"{where} is cut short: its pickle has no end ({len(content):,} bytes); copy it again."
        ) from error
    except pickle.UnpicklingError as error:
        kind = "is cut short" if "truncated" in str(error) else "is not a batch of CIFAR-10"
        raise DataError(f"{where} {kind} ({error}); copy or download it again.") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, UnicodeError, MemoryError) as error:
        raise DataError(f"{where} is damaged inside its pickle ({error}); copy or download it again.") from error
    data = found.get("data") if isinstance(found, dict) else None
    labels = found.get("labels") if isinstance(found, dict) else None
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != PIXELS:
        raise DataError(f"{where} is not a batch of CIFAR-10: it has no table of {PIXELS:,} bytes an image.")
    if not isinstance(labels, list) or len(labels) != len(data):
        raise DataError(f"{where} has {len(data):,} images without as many labels (CIFAR-100 has none of these names).")
    return _checked(data, np.asarray(labels), where, md5(content))


def parse_binary(content: bytes, where: str) -> Batch:
    """One batch of the binary edition: records of a label byte and 3,072 pixel bytes. Raises `DataError`."""
    count, rest = divmod(len(content), PIXELS + 1)
    if rest or not count:
        raise DataError(
            f"{where} is cut short or of another kind: {len(content):,} bytes are not a number of records of "
            f"{PIXELS + 1:,} bytes."
        )
    table = np.frombuffer(content, np.uint8).reshape(count, PIXELS + 1)
    return _checked(table[:, 1:], table[:, 0], where, "")


def _checked(data: NDArray[np.uint8], labels: NDArray[Any], where: str, checksum: str) -> Batch:
    if labels.dtype.kind not in "iu" or labels.min(initial=0) < 0 or labels.max(initial=0) >= len(CLASSES):
        raise DataError(f"{where} has labels outside 0 to 9: this is not a batch of CIFAR-10.")
    is_published = checksum in PUBLISHED.values() or not checksum  # no checksums are published for the binary files
    return Batch(data.reshape(-1, 3, 32, 32), labels.astype(np.uint8), is_published)
