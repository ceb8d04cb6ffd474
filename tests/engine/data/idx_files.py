"""Tiny IDX files for the data tests."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np


def idx_bytes(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def write_idx(path: Path, array: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = idx_bytes(array)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_set(folder: Path, train: int = 60, test: int = 20, gz: bool = True, dot: bool = False, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    for part, count in (("train", train), ("t10k", test)):
        for kind, shape in (("images-idx3", (count, 28, 28)), ("labels-idx1", (count,))):
            name = f"{part}-{kind}-ubyte" + (".gz" if gz else "")
            high = 256 if kind.startswith("images") else 10
            write_idx(folder / (name.replace("-idx", ".idx") if dot else name), rng.integers(0, high, shape))
