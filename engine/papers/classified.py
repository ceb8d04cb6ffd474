"""A picture that several papers share: what a classifier mistakes for what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class ConfusionView:
    """Counts int32 [10, 10]: rows true class, columns predicted; up to 24 mistaken test pictures.

    mistaken int [M]: test indices; said, true int [M]: class answered and right class; images float32 [M, h, w].
    """

    counts: np.ndarray
    mistaken: np.ndarray
    said: np.ndarray
    true: np.ndarray
    images: np.ndarray
