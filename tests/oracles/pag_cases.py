"""Small networks of the three kinds, batches for them, and how one is made to hold another's weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from engine.models.pag import Annotations, Network, Shape, new_network
from engine.models.pag_switch import gumbel

SOURCES, TARGETS, K = 12, 9, 5


def network(kind: Any, seed: int = 0, **changes: Any) -> Network:
    """A network with 16 units, drawn by PyTorch's own rules."""
    sizes: dict[str, Any] = {"embedding": 8, "width": 16, "k": K, "summary": 6}
    return new_network(Shape(kind, "tokens", SOURCES, TARGETS, **{**sizes, **changes}), seed)


def batch(B: int = 4, S: int = 6, T: int = 8, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """source [B, S], lengths [B] (all S), target [B, T]."""
    generator = torch.Generator().manual_seed(seed)
    source = torch.randint(1, SOURCES, (B, S), generator=generator)
    return source, torch.full((B,), S), torch.randint(1, TARGETS, (B, T), generator=generator)


def noise(T: int, B: int, seed: int = 0, k: int = K) -> Tensor:
    """Gumbel noise [T, B, k]."""
    return gumbel((T, B, k), torch.Generator().manual_seed(seed))


def read(net: Network, source: Tensor, lengths: Tensor) -> Annotations:
    """What the decoder reads."""
    return net.read(source, lengths)


def always(T: int, B: int) -> Tensor:
    """A re-plan at every step."""
    return torch.ones(T, B, dtype=torch.bool)


def share_weights(planner: Network, baseline: Network) -> None:
    """Gives a planner the baseline's weights; row 0 of its plan gets the baseline's energy."""
    own = dict(planner.named_parameters())
    with torch.no_grad():
        for name, p in baseline.named_parameters():
            if name.startswith("attention.Wp"):
                own[name][:1].copy_(p)
            else:
                own[name].copy_(p)
