"""Small GibbsNets that the oracles share."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from engine.models.gibbsnet import Nets, Sizes, new_nets
from engine.models.gibbsnet_learning import GameKnobs, Kind, Learner

CPU = torch.device("cpu")
KNOBS = GameKnobs(
    K=3, grad_steps=1, loss="bgan", lr=4e-4, lr_ratio=3.0, r1=0.0, r1_every=4, single_pass=True, standardise=True,
    ema=0.99, label_visible=0.5, label_scale=4.0, log_sigma_max=0.0, decoder_noise=0.0, pool_share=0.0,
)  # fmt: skip


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sizes(reads: str = "label", C: int = 5, hidden: int = 32) -> Sizes:
    return Sizes((1, 4, 4), 6, C if reads != "none" else 0, reads, hidden, "mlp")  # type: ignore[arg-type]


def nets(reads: str = "label", seed: int = 0, sees_z: bool = True) -> Nets:
    return new_nets(sizes(reads), seeded(seed), CPU, sees_z)


def learner(reads: str = "label", kind: Kind = "gibbsnet", seed: int = 0, **changes: object) -> Learner:
    return Learner(nets(reads, seed, kind != "gan"), kind, replace(KNOBS, **changes), seeded(seed + 1))  # type: ignore[arg-type]


def batch(reads: str = "label", count: int = 16, seed: int = 7) -> tuple[Tensor, Tensor]:
    """Pictures [B, 16] in 0..1 and y [B, 5]."""
    generator = seeded(seed)
    x = torch.rand(count, 16, generator=generator)
    if reads == "label":
        return x, torch.eye(5)[torch.randint(5, (count,), generator=generator)]
    if reads == "attributes":
        return x, torch.randint(2, (count, 5), generator=generator).float()
    return x, torch.zeros(count, 0)


def gradients(one: Learner) -> dict[str, Tensor]:
    """Present gradients of q, p and D by name."""
    parts = {"q": one.nets.q, "p": one.nets.p, "D": one.nets.D}
    found = {f"{n}.{k}": v.grad for n, part in parts.items() for k, v in part.named_parameters()}
    return {name: grad.clone() for name, grad in found.items() if grad is not None}
