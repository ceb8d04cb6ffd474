"""The data of the GibbsNet paper as its models take them: planar pictures, y, and what measures need to know."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data import celeba, cifar, coloured_shapes, digits, mnist, plane_toys, svhn
from engine.data.images import DataError
from engine.experiments.random_streams import stream
from engine.models.gibbsnet import Sizes
from engine.papers.gibbsnet import TOYS, GibbsNetParams

TOY_POINTS, TOY_TESTS = 4000, 1000
SHAPES, SHAPE_TESTS = 4000, 500
TOY_SEED = 0  # generated data are the same in every run
DIGIT_ATTRIBUTES = ("has a hole", "heavy", "wide", "leaning", "odd", "above four")
HOLES = (0, 6, 8, 9)
DIVERSITY_PAIRS = 512


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """train_x, test_x [N, P]: float32 in 0..1, or uint8 of 0..255 (large sets), planar, on the run's device.

    train_y, test_y float32 [N, C]: y of the model; train_label, test_label int64 [N]: the class, -1 where there is none
    (known to measures also when y is not the class). shape (c, h, w). names: of the entries of y; class_names: of the
    classes. pair_distance: root mean square distance of two training pictures, per pixel. notes: sentences.
    """

    train_x: Tensor
    train_y: Tensor
    train_label: Tensor
    test_x: Tensor
    test_y: Tensor
    test_label: Tensor
    shape: tuple[int, int, int]
    names: tuple[str, ...]
    class_names: tuple[str, ...]
    pair_distance: float
    notes: tuple[str, ...]

    def batch(self, index: Tensor) -> Tensor:
        """Training pictures [B, P] in 0..1."""
        return as_float(self.train_x[index])

    def tests(self, index: Tensor | slice) -> Tensor:
        """Test pictures [B, P] in 0..1."""
        return as_float(self.test_x[index])


@dataclass(frozen=True, slots=True, eq=False)
class _Raw:
    """As a loader gives it: pictures [N, c, h, w], float in 0..1 or uint8; labels int64; attributes [N, A] or None."""

    train: NDArray[np.float32] | NDArray[np.uint8]
    train_label: NDArray[np.int64]
    test: NDArray[np.float32] | NDArray[np.uint8]
    test_label: NDArray[np.int64]
    class_names: tuple[str, ...]
    train_attributes: NDArray[np.float32] | None = None
    test_attributes: NDArray[np.float32] | None = None
    attribute_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def as_float(x: Tensor) -> Tensor:
    """Pictures in 0..1, whatever they are kept in."""
    return x.float() / 255.0 if x.dtype == torch.uint8 else x


def sizes_of(params: GibbsNetParams, pictures: Pictures) -> Sizes:
    """Sizes of the networks of a run."""
    return Sizes(pictures.shape, params.z_dim, pictures.train_y.shape[1], params.reads, params.hidden, params.net)


def load_pictures(params: GibbsNetParams, device: torch.device, folder: str) -> Pictures:
    """The data of a run. Raises `DataError`: missing or broken files, no class left, too few or non-finite pictures."""
    raw = _load(params, folder)
    kept = _kept_classes(params.classes, raw)
    train_at, test_at = np.isin(raw.train_label, kept), np.isin(raw.test_label, kept)
    x, label = raw.train[train_at], raw.train_label[train_at]
    if len(x) < 2 * params.batch:
        raise DataError(
            f"{len(x):,} training pictures are too few for batches of {params.batch}: at least {2 * params.batch} are "
            "needed. Choose a smaller batch or more classes."
        )
    for name, part in (("training", x), ("test", raw.test)):
        if part.dtype != np.uint8 and not np.isfinite(part).all():
            raise DataError(f"{int((~np.isfinite(part)).sum()):,} pixels of the {name} pictures are not numbers.")
    names, train_y = _read_with(params, raw, label, train_at, kept, is_train=True)
    _, test_y = _read_with(params, raw, raw.test_label[test_at], test_at, kept, is_train=False)
    flat = torch.from_numpy(np.ascontiguousarray(x.reshape(len(x), -1)))
    test = raw.test[test_at]
    flat_test = torch.from_numpy(np.ascontiguousarray(test.reshape(len(test), -1)))
    channels, height, width = x.shape[1:]
    return Pictures(
        flat.to(device), torch.from_numpy(train_y).to(device), torch.from_numpy(label).to(device),
        flat_test.to(device), torch.from_numpy(test_y).to(device), torch.from_numpy(raw.test_label[test_at]).to(device),
        (int(channels), int(height), int(width)), names, raw.class_names, _pair_distance(flat), raw.notes,
    )  # fmt: skip


def _load(params: GibbsNetParams, folder: str) -> _Raw:
    if params.task in TOYS:
        make = plane_toys.ring if params.task == "ring" else plane_toys.pinwheel
        train, train_label = make(TOY_POINTS, TOY_SEED)
        test, test_label = make(TOY_TESTS, TOY_SEED + 1)
        arms = tuple(str(i) for i in range(int(train_label.max()) + 1))
        return _Raw(train.reshape(-1, 1, 1, 2), train_label, test.reshape(-1, 1, 1, 2), test_label, arms)
    if params.task == "shapes":
        train, has = coloured_shapes.coloured_shapes(SHAPES, TOY_SEED)
        test, test_has = coloured_shapes.coloured_shapes(SHAPE_TESTS, TOY_SEED + 1)
        none, test_none = np.full(len(train), -1), np.full(len(test), -1)
        return _Raw(train, none, test, test_none, (), has, test_has, coloured_shapes.ATTRIBUTES)
    if params.task in ("digits", "digits28"):
        found = digits.load_digits(28 if params.task == "digits28" else 8)
        shape = (-1, 1, *found.shape)
        train, test = found.train_x.reshape(shape), found.test_x.reshape(shape)
        heavy = float(np.median(train.mean((1, 2, 3))))
        return _Raw(
            train, found.train_y, test, found.test_y, found.classes, digit_attributes(train, found.train_y, heavy),
            digit_attributes(test, found.test_y, heavy), DIGIT_ATTRIBUTES,
        )  # fmt: skip
    if params.task in ("mnist", "fashion"):
        images = mnist.load("mnist" if params.task == "mnist" else "fashion-mnist", folder)
        return _Raw(
            images.train_images[:, None], images.train_labels.astype(np.int64), images.test_images[:, None],
            images.test_labels.astype(np.int64), images.classes, notes=(images.provenance, *images.notes),
        )  # fmt: skip
    if params.task == "celeba":
        faces = celeba.load(folder)
        none, test_none = np.full(len(faces.train), -1), np.full(len(faces.test), -1)
        return _Raw(
            faces.train, none, faces.test, test_none, (), faces.train_attributes, faces.test_attributes, faces.names,
            (faces.provenance, *faces.notes),
        )  # fmt: skip
    colour = cifar.load(folder) if params.task == "cifar10" else svhn.load(folder)
    return _Raw(
        colour.train_images, colour.train_labels.astype(np.int64), colour.test_images,
        colour.test_labels.astype(np.int64), colour.classes, notes=(colour.provenance, *colour.notes),
    )  # fmt: skip


def digit_attributes(pictures: NDArray[np.float32], labels: NDArray[np.int64], heavy: float) -> NDArray[np.float32]:
    """Six attributes [N, 6] computed from pictures [N, 1, h, w] and labels; `heavy`: the median mean pixel.

    wide: more ink across than along (second moments); leaning: ink moves to the right going up by more than 0.15 pixels
    a row.
    """
    ink = pictures[:, 0].astype(np.float64) + 1e-9
    total = ink.sum((1, 2))
    rows, columns = np.mgrid[0 : ink.shape[1], 0 : ink.shape[2]].astype(np.float64)
    row = (ink * rows).sum((1, 2)) / total
    column = (ink * columns).sum((1, 2)) / total
    up, right = rows - row[:, None, None], columns - column[:, None, None]
    along, across = (ink * up**2).sum((1, 2)) / total, (ink * right**2).sum((1, 2)) / total
    lean = -(ink * up * right).sum((1, 2)) / total / along
    columns_of = (
        np.isin(labels, HOLES), pictures.mean((1, 2, 3)) > heavy, across > 0.5 * along, lean > 0.15,
        labels % 2 == 1, labels > 4,
    )  # fmt: skip
    return np.column_stack(columns_of).astype(np.float32)


def _kept_classes(text: str, raw: _Raw) -> NDArray[np.int64]:
    """The classes a run keeps. Raises `DataError` when the text names none, or one that is not there."""
    there = np.unique(np.concatenate([raw.train_label, raw.test_label]))
    if text.strip().lower() == "all" or not raw.class_names:
        return there
    words = text.replace(",", " ").split()
    if not words:
        raise DataError("No class is chosen: write all, or the classes to keep, for example 0 1 9.")
    known = {name.lower(): i for i, name in enumerate(raw.class_names)}
    wrong = [w for w in words if w.lower() not in known and not (w.isdigit() and int(w) < len(raw.class_names))]
    if wrong:
        raise DataError(f"There is no class {', '.join(wrong)}: there are {', '.join(raw.class_names)}.")
    return np.unique([known.get(w.lower(), int(w) if w.isdigit() else -1) for w in words])


def _read_with(
    params: GibbsNetParams, raw: _Raw, label: NDArray[np.int64], at: NDArray[np.bool_], kept: NDArray[np.int64],
    *, is_train: bool,
) -> tuple[tuple[str, ...], NDArray[np.float32]]:  # fmt: skip
    """Names of the entries of y, and y [N, C]."""
    if params.reads == "none":
        return (), np.zeros((len(label), 0), np.float32)
    if params.reads == "label":
        if not raw.class_names:
            raise DataError(f"{params.task} has attributes, no classes: choose joint with attributes, or none.")
        y = (label[:, None] == kept[None, :]).astype(np.float32)
        return tuple(raw.class_names[int(k)] for k in kept), y
    attributes = raw.train_attributes if is_train else raw.test_attributes
    if attributes is None:
        raise DataError(f"{params.task} has classes, no attributes: choose joint with label, or none.")
    return raw.attribute_names, attributes[at]


def _pair_distance(flat: Tensor) -> float:
    """Root mean square distance of two different training pictures, per pixel, over fixed pairs."""
    order = torch.randperm(len(flat), generator=stream(0, "pairs"))[: 2 * DIVERSITY_PAIRS]
    half = len(order) // 2
    first, second = as_float(flat[order[:half]]), as_float(flat[order[half : 2 * half]])
    return math.sqrt(float((first - second).square().mean()))


def to_images(x: Tensor, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """x [..., P] planar in 0..1 (noise may lead out: clipped) to uint8 [..., h, w, c]."""
    c, h, w = shape
    picture = x.detach().clamp(0.0, 1.0).mul(255.0).round().to(torch.uint8).reshape(*x.shape[:-1], c, h, w)
    return np.ascontiguousarray(picture.movedim(-3, -1).cpu().numpy())
