"""Updates of GibbsNet as CUDA graphs: one for each number of passes, with and without R1; elsewhere the update itself.

The kernels of these networks are so short that a GPU waits for their launches: a recorded update is launched once.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from engine.models.gibbsnet_learning import Learner, Pairs
from engine.runtime.device import captured

MOST_RECORDS = 12  # each keeps the memory of an update: three models, one pass or K, with R1 or without


class Recorded:
    """The records of one run, newest last. Inputs are copied into two tensors that stay where they are."""

    def __init__(self) -> None:
        self._x = self._y = torch.zeros(0)
        self._records: dict[tuple[object, ...], Callable[[], Pairs]] = {}

    def update(self, learner: Learner, x: Tensor, y: Tensor) -> Pairs:
        """One update for data x [B, P], y [B, C], as `Learner.update`; the pairs are overwritten by the next one."""
        if self._x.shape != x.shape or self._y.shape != y.shape:
            self._x, self._y = x.clone(), y.clone()
            self._records.clear()
        self._x.copy_(x)
        self._y.copy_(y)
        key = (learner.kind, *learner.shape_of_update)
        record = self._records.pop(key, None)
        if record is None:
            record = captured(
                lambda: learner.play(self._x, self._y), learner.device, learner.standing(), (learner.generator,)
            )
        self._records[key] = record
        while len(self._records) > MOST_RECORDS:
            self._records.pop(next(iter(self._records)))
        pairs = record()
        learner.count()
        return pairs
