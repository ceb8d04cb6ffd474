"""Earlier weights of a run, kept in memory so that one source can be decoded by the models as they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from engine.experiments.pag_racer import Racer
from engine.papers.pag_views import Model

PLACES = 12
MOST_NUMBERS = 2_000_000  # of all models together; larger ones keep no past


@dataclass(slots=True)
class Past:
    """Up to 12 steps with their weights; when full every second one goes, so that they stay evenly spread."""

    every: int = 10
    kept: dict[int, dict[Model, dict[str, Tensor]]] = field(default_factory=dict)

    def consider(self, step: int, racers: Mapping[Model, Racer]) -> None:
        """Keeps this step when its turn has come."""
        if step % self.every == 0:
            self.keep(step, racers)

    def keep(self, step: int, racers: Mapping[Model, Racer]) -> None:
        """Keeps this step; thins out when full."""
        if sum(r.net.size for r in racers.values()) > MOST_NUMBERS:
            return
        self.kept[step] = {
            kind: {n: p.detach().clone() for n, p in r.net.named_parameters()} for kind, r in racers.items()
        }
        if len(self.kept) > PLACES:
            self.every *= 2
            self.kept = {s: w for s, w in self.kept.items() if s % self.every == 0}

    def forget_after(self, step: int) -> None:
        """A run went back: what came later has not happened."""
        self.kept = {s: w for s, w in self.kept.items() if s <= step}

    @contextmanager
    def as_of(self, step: int, racers: Mapping[Model, Racer]) -> Iterator[int]:
        """The weights of the kept step at or before `step` (the earliest when all are later) inside the block.

        Gives the step whose weights they are; -1 as `step`, or nothing kept: the present weights.
        """
        if step < 0 or not self.kept:
            yield -1
            return
        there = max((s for s in self.kept if s <= step), default=min(self.kept))
        present = {kind: {n: p.detach().clone() for n, p in r.net.named_parameters()} for kind, r in racers.items()}
        try:
            _put(self.kept[there], racers)
            yield there
        finally:
            _put(present, racers)


def _put(weights: Mapping[Model, Mapping[str, Tensor]], racers: Mapping[Model, Racer]) -> None:
    with torch.no_grad():
        for kind, racer in racers.items():
            for name, p in racer.net.named_parameters():
                p.copy_(weights[kind][name])
