"""Adam and Adadelta on all parameters as one vector, with the global-norm clip of the recipe.

Not `torch.optim`: its constructor imports the whole compiler (3-8 s before the first update), and one long vector takes
forty small operations an update where thirty tensors take hundreds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Literal

import torch
from torch import Tensor, nn

BETA_1, BETA_2, ADAM_EPS = 0.9, 0.999, 1e-8
RHO, ADADELTA_EPS = 0.95, 1e-6


class Descent:
    """One optimiser. lr and clip may change at any time; decay is L2, added to the gradient after the clip.

    first, second: running moments, each one long vector [numbers]; updates: updates done.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        kind: Literal["Adam", "Adadelta"],
        lr: float,
        clip: float,
        decay: float,
    ) -> None:
        self.parameters = list(parameters)
        self.kind, self.lr, self.clip, self.decay = kind, lr, clip, decay
        self._sizes = [p.numel() for p in self.parameters]
        like = self.parameters[0]
        self.first, self.second = like.new_zeros(sum(self._sizes)), like.new_zeros(sum(self._sizes))
        self.updates = 0

    def forget_gradients(self) -> None:
        """Before the backward passes of an update."""
        for p in self.parameters:
            p.grad = None

    def gradient(self) -> Tensor:
        """All gradients as one vector; zeros for what took no part."""
        return torch.cat(
            [torch.zeros_like(p).view(-1) if p.grad is None else p.grad.reshape(-1) for p in self.parameters]
        )

    @torch.no_grad()
    def update(self) -> float:
        """Clips, moves the parameters and gives the norm before clipping; moves nothing when it is not finite."""
        g = self.gradient()
        norm = float(g.norm())
        if not math.isfinite(norm):
            return norm
        if norm > self.clip:
            g.mul_(self.clip / (norm + 1e-6))
        if self.decay > 0.0:
            g.add_(torch.cat([p.view(-1) for p in self.parameters]), alpha=self.decay)
        self.updates += 1
        change = self._adam(g) if self.kind == "Adam" else self._adadelta(g)
        for p, part in zip(self.parameters, change.split(self._sizes), strict=True):  # type: ignore[no-untyped-call]
            p.sub_(part.view_as(p))
        return norm

    def _adam(self, g: Tensor) -> Tensor:
        self.first.lerp_(g, 1.0 - BETA_1)
        self.second.mul_(BETA_2).addcmul_(g, g, value=1.0 - BETA_2)
        root = self.second.sqrt().div_(math.sqrt(1.0 - BETA_2**self.updates)).add_(ADAM_EPS)
        return (self.first / root).mul_(self.lr / (1.0 - BETA_1**self.updates))

    def _adadelta(self, g: Tensor) -> Tensor:
        """first: running square of the gradient; second: of the changes."""
        self.first.mul_(RHO).addcmul_(g, g, value=1.0 - RHO)
        change = (self.second + ADADELTA_EPS).sqrt_().div_((self.first + ADADELTA_EPS).sqrt_()).mul_(g)
        self.second.mul_(RHO).addcmul_(change, change, value=1.0 - RHO)
        return change.mul_(self.lr)

    def tensors(self) -> dict[str, Tensor]:
        """Copies of the moments, by name."""
        return {"moments.first": self.first.clone(), "moments.second": self.second.clone()}

    def load(self, tensors: Mapping[str, Tensor], updates: int) -> None:
        """The opposite of `tensors`."""
        self.first.copy_(tensors["moments.first"])
        self.second.copy_(tensors["moments.second"])
        self.updates = updates
