"""The 1,797 handwritten digits that scikit-learn bundles: real data on every machine, nothing to download."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from engine.data.images import FloatSet

TRAIN = 1437
SIDE = 8
_DRAWN = 20  # MNIST's digits are 20 pixels high in a field of 28


def load_digits(side: int = SIDE) -> FloatSet:
    """Digits in 0..1, split by a fixed permutation (seed 0) into 1,437 to train and 360 to test.

    side 8: as they are (0..16, divided by 16). side 28: enlarged bilinearly to 20x20 and centred in 28x28, as MNIST
    is. Raises `ValueError` for another side.
    """
    if side not in (SIDE, 28):
        raise ValueError(f"digits come as 8x8 or 28x28, not {side}x{side}")
    table = _bundled()
    images = table[:, :-1].reshape(-1, SIDE, SIDE).astype(np.float64) / 16
    labels = table[:, -1].astype(np.int64)
    if side != SIDE:
        spread = _bilinear(_DRAWN, SIDE)  # [20, 8]
        margin = (side - _DRAWN) // 2
        drawn = spread @ images @ spread.T  # [N, 20, 20]
        images = np.pad(drawn, ((0, 0), (margin, margin), (margin, margin)))
    flat = images.reshape(len(images), -1).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(flat))
    train, test = order[:TRAIN], order[TRAIN:]
    names = tuple(str(n) for n in range(10))
    return FloatSet(flat[train], labels[train], flat[test], labels[test], (side, side), names)


def _bundled() -> np.ndarray:
    """uint8 [1797, 65]: 64 pixels of 0..16 and the label.

    The table is read from the installed scikit-learn without importing it, which would take a second or more: the
    largest part of what lies between the Train button and the first picture.
    """
    package = importlib.util.find_spec("sklearn")
    for folder in (package.submodule_search_locations or []) if package is not None else []:
        path = Path(folder) / "datasets" / "data" / "digits.csv.gz"
        if path.exists():
            return np.loadtxt(path, np.uint8, delimiter=",")
    from sklearn.datasets import load_digits as bundled  # it has moved: the slow way

    found = bundled()
    return np.column_stack([found.data, found.target]).astype(np.uint8)


def _bilinear(to: int, of: int) -> np.ndarray:
    """Weights [to, of] of linear interpolation between pixel centres, clamped at the border; rows sum to 1."""
    centre = np.clip((np.arange(to) + 0.5) * of / to - 0.5, 0, of - 1)
    low = np.minimum(np.floor(centre).astype(int), of - 2)
    weights = np.zeros((to, of))
    weights[np.arange(to), low] = 1 - (centre - low)
    weights[np.arange(to), low + 1] = centre - low
    return weights
