"""Labelled pictures in memory, as read and as a model takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


class DataError(ValueError):
    """A data file is missing, damaged or of another kind: one sentence with the file, the finding and the remedy."""


@dataclass(frozen=True, slots=True, eq=False)
class FloatSet:
    """Pictures flat in 0..1: train_x float32 [N, h*w], train_y int64 [N], test_x, test_y alike; shape (h, w)."""

    train_x: NDArray[np.float32]
    train_y: NDArray[np.int64]
    test_x: NDArray[np.float32]
    test_y: NDArray[np.int64]
    shape: tuple[int, int]
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ImageSet:
    """Pictures as they are in the files: images uint8 [N, h, w], labels uint8 [N].

    classes: names by label. provenance: where it came from and whether it is the published one, in words.
    notes: sentences a person must know (partial or modified copies, missing parts).
    """

    name: str
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]
    classes: tuple[str, ...]
    provenance: str
    notes: tuple[str, ...] = ()

    def as_float(self) -> FloatSet:
        """The same pictures flat, divided by 255."""
        height, width = self.train_images.shape[1:]
        return FloatSet(
            as_flat_float(self.train_images),
            self.train_labels.astype(np.int64),
            as_flat_float(self.test_images),
            self.test_labels.astype(np.int64),
            (int(height), int(width)),
            self.classes,
        )


def as_flat_float(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 [N, h, w] to float32 [N, h*w] in 0..1."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
