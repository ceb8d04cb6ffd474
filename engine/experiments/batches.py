"""Mini-batches in an order that can be saved and gone on with exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from engine.experiments.random_streams import stream
from engine.runtime.state import State


class Batches:
    """Indices of mini-batches: every epoch is a new permutation; the incomplete last batch is left out."""

    def __init__(self, examples: int, batch: int, seed: int) -> None:
        if not 1 <= batch <= examples:
            raise ValueError(f"batch = {batch} must lie between 1 and the number of training examples, {examples}")
        self.examples, self.batch = examples, batch
        self._generator = stream(seed, "batches")
        self._order = torch.randperm(examples, generator=self._generator)
        self._cursor = 0
        self.epoch = 0

    @property
    def per_epoch(self) -> int:
        """Whole batches in an epoch."""
        return self.examples // self.batch

    @property
    def epochs(self) -> float:
        """Epochs done, with the fraction of the present one."""
        return self.epoch + self._cursor / self.per_epoch

    def next(self) -> Tensor:
        """int64 [batch], indices of training examples."""
        if self._cursor == self.per_epoch:
            self._order = torch.randperm(self.examples, generator=self._generator)
            self._cursor = 0
            self.epoch += 1
        start = self._cursor * self.batch
        self._cursor += 1
        return self._order[start : start + self.batch]

    def tensors(self) -> dict[str, Tensor]:
        """Order and random state, for a checkpoint."""
        return {"batches.order": self._order.clone(), "batches.random": self._generator.get_state()}

    def meta(self) -> dict[str, Any]:
        """Place in the data, for a checkpoint."""
        return {"cursor": self._cursor, "epoch": self.epoch}

    def restore(self, state: State, meta: Mapping[str, Any]) -> None:
        """Goes on exactly where `tensors` and `meta` were taken. Raises `StateError` when they do not fit."""
        self._order = state.tensor("batches.order", (self.examples,)).clone()
        self._generator.set_state(state.tensor("batches.random"))
        self._cursor, self.epoch = int(meta["cursor"]), int(meta["epoch"])
