"""Token ids of a large corpus on disk, mapped into memory: made once, read at any place without loading the rest."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.images import DataError
from engine.runtime import paths

Encoded = tuple[Sequence[int], Sequence[int]]
_FORM = 1  # of the files; another number makes them anew
_WRITE_EVERY = 1 << 20  # ids
_SIDES = ("source", "target")


class Store:
    """Pairs of id sequences. source_lengths, target_lengths: int64 [N]. facts: what was stored beside them."""

    def __init__(self, folder: Path) -> None:
        self.facts: dict[str, Any] = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        self._ends = [np.load(folder / f"{side}-ends.npy") for side in _SIDES]
        self._ids = [np.memmap(folder / f"{side}.u16", np.uint16, "r") for side in _SIDES] if len(self) else []
        self.source_lengths, self.target_lengths = (np.diff(ends, prepend=0) for ends in self._ends)

    def __len__(self) -> int:
        return len(self._ends[0])

    def pair(self, index: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Source and target ids of one pair."""
        source, target = (
            np.asarray(ids[ends[index - 1] if index else 0 : ends[index]], np.int64)
            for ids, ends in zip(self._ids, self._ends, strict=True)
        )
        return source, target


def stored(key: Sequence[object], make: Callable[[], tuple[Iterator[Encoded], Callable[[], dict[str, Any]]]]) -> Store:
    """The store for `key` from the cache, or made: `make` gives the pairs and, once they are read, the facts.

    key: everything the ids depend on (files with size and date, options). Raises `DataError` when the disk is full.
    """
    name = hashlib.sha256(json.dumps([_FORM, *map(str, key)]).encode()).hexdigest()[:24]
    folder = paths.cache_folder() / "pag" / name
    if not folder.is_dir():
        part = folder.with_name(name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        try:
            part.mkdir(parents=True)
            pairs, facts = make()
            _write(part, pairs)
            (part / "facts.json").write_text(json.dumps(facts(), ensure_ascii=False), encoding="utf-8")
            part.rename(folder)
        except OSError as error:
            raise DataError(
                f"The prepared text could not be stored in {folder} ({error.strerror or error}): free some space there."
            ) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return Store(folder)


def signature(path: Path) -> str:
    """What changes when a file does: its name, size and date."""
    facts = path.stat()
    return f"{path.resolve()}:{facts.st_size}:{facts.st_mtime_ns}"


def _write(folder: Path, pairs: Iterator[Encoded]) -> None:
    waiting: tuple[list[int], list[int]] = ([], [])
    ends: tuple[list[int], list[int]] = ([], [])
    with (folder / "source.u16").open("wb") as one, (folder / "target.u16").open("wb") as other:
        for pair in pairs:
            for ids, buffer, stream, end in zip(pair, waiting, (one, other), ends, strict=True):
                buffer.extend(ids)
                end.append((end[-1] if end else 0) + len(ids))
                if len(buffer) >= _WRITE_EVERY:
                    stream.write(np.array(buffer, np.uint16).tobytes())
                    buffer.clear()
        for buffer, stream in zip(waiting, (one, other), strict=True):
            stream.write(np.array(buffer, np.uint16).tobytes())
    for name, end in zip(_SIDES, ends, strict=True):
        np.save(folder / f"{name}-ends.npy", np.array(end, np.int64))
