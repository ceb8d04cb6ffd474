"""Labelled pictures on the device of a run: scikit-learn's digits, MNIST and Fashion-MNIST, or any arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

import torch
from torch import Tensor

from engine.data import digits, mnist

CLASSES = 10
ImageSet = Literal["digits", "digits28", "mnist", "fashion"]


@dataclass(frozen=True, slots=True)
class Images:
    """train_x [N, n_0], test_x [M, n_0] in 0..1 in the run's precision and on its device; labels int64 [N], [M].

    shape (h, w); means [10, n_0]: mean training picture of each class (0 where there is none); notes: sentences a
    person must know.
    """

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor
    shape: tuple[int, int]
    means: Tensor
    notes: tuple[str, ...]

    def parts(self) -> dict[str, Any]:
        """Every field by name, for a class that adds some."""
        return {f.name: getattr(self, f.name) for f in fields(Images)}


def load_images(which: ImageSet, dtype: torch.dtype, device: torch.device, folder: str) -> Images:
    """The whole set. folder: the user's own copies. Raises `DataError` naming the file and the remedy."""
    notes: tuple[str, ...] = ()
    if which in ("digits", "digits28"):
        data = digits.load_digits(28 if which == "digits28" else 8)
    else:
        found = mnist.load("mnist" if which == "mnist" else "fashion-mnist", folder)
        data = found.as_float()
        notes = (found.provenance, *found.notes)
    train = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    test = torch.from_numpy(data.test_x), torch.from_numpy(data.test_y)
    return of_tensors(train, test, data.shape, dtype, device, notes)


def of_tensors(
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    shape: tuple[int, int],
    dtype: torch.dtype,
    device: torch.device,
    notes: tuple[str, ...] = (),
) -> Images:
    """(pictures [N, n_0], labels [N]) twice, moved to where the run is, with the means of the classes."""
    train_x, train_y = train[0].to(device, dtype), train[1].to(device)
    counts = torch.bincount(train_y, minlength=CLASSES)
    if int((counts > 0).sum()) < 2:
        notes = (*notes, "Fewer than two classes: there is nothing to discriminate.")
    sums = torch.zeros(CLASSES, train_x.shape[1], dtype=dtype, device=device).index_add_(0, train_y, train_x)
    means = sums / counts.clamp(min=1).to(dtype).unsqueeze(1)
    return Images(train_x, train_y, test[0].to(device, dtype), test[1].to(device), shape, means, notes)
