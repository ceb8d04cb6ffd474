"""What layers and weights are called in this tab, and the colours of the two processes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.papers.equilibrium import EquilibriumParams

EP, SIDE = "model", "error_positive"
"""Equilibrium propagation (a solid line) and the side network that carries the error derivative (dashed)."""
FREE, NUDGED = "muted", "target"
"""The two phases: rolling to rest, and pulled towards the target."""
CLASSES = tuple(str(k) for k in range(10))
_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def layer_name(layer: int, layers: int) -> str:
    """Of layer 1..layers; the last is the output."""
    return "output" if layer == layers else f"layer {layer}"


def weight_name(k: int) -> str:
    """W₀ leads from the input into layer 1."""
    return f"W{k}".translate(_LOW)


def has_pictures(params: object) -> bool:
    """Whether the task of these parameters has pictures and classes."""
    return isinstance(params, EquilibriumParams) and params.task != "random"


def layers_of(params: object) -> int:
    """Layers after the input: hidden ones and the output."""
    return params.layers + 1 if isinstance(params, EquilibriumParams) else 2


def side_of(params: object) -> int:
    """Pixels along each side of a picture of this task."""
    return 8 if isinstance(params, EquilibriumParams) and params.task in ("digits", "random") else 28


def degrees(cosine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angles 0..180; rounding beyond ±1 is none of them."""
    angles: NDArray[np.float64] = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    return angles
