"""Adam as one fused operation on all parameters, the rate in a tensor so that a recorded step follows the knob.

Not `torch.optim`: its constructor imports the whole compiler (2.6 s before the first update). The operation underneath
is the same, so are its numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

EPS = 1e-8
_KEYS = ("exp_avg", "exp_avg_sq", "step")


class Adam:
    """One player's optimiser. Parameters without gradient are left out of an update, as `torch.optim.Adam` does."""

    def __init__(self, parameters: Iterable[Tensor], lr: float, betas: tuple[float, float]) -> None:
        self.parameters = list(parameters)
        self.betas = betas
        self._rate = lr
        self._rate_there = torch.tensor(lr, device=self.parameters[0].device)
        self._state: dict[int, tuple[Tensor, Tensor, Tensor]] = {}  # by place: mean, mean square, updates

    def set_rate(self, lr: float) -> None:
        """From the next update on."""
        self._rate = lr
        self._rate_there.fill_(lr)

    def forget_gradients(self) -> None:
        """Before the backward passes of an update."""
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def update(self) -> None:
        """w <- w - lr m/(1 - b1^t) / (sqrt(v/(1 - b2^t)) + 1e-8), in place."""
        moved, grads, kept = [], [], []
        for place, p in enumerate(self.parameters):
            if p.grad is not None:
                moved.append(p)
                grads.append(p.grad)
                kept.append(self._kept(place))
        if not moved:
            return
        steps = [state[2] for state in kept]
        torch._foreach_add_(steps, 1)
        torch._fused_adam_(
            moved, grads, [state[0] for state in kept], [state[1] for state in kept], [], steps,
            lr=self._rate_there if self._rate_there.is_cuda else self._rate, beta1=self.betas[0], beta2=self.betas[1],
            weight_decay=0.0, eps=EPS, amsgrad=False, maximize=False,
        )  # fmt: skip

    def _kept(self, place: int) -> tuple[Tensor, Tensor, Tensor]:
        if place not in self._state:
            p = self.parameters[place]
            self._state[place] = (torch.zeros_like(p), torch.zeros_like(p), torch.zeros((), device=p.device))
        return self._state[place]

    def standing(self) -> list[Tensor]:
        """The moments themselves (not copies), made where there are none yet: what a recorded step writes into."""
        return [tensor for place in range(len(self.parameters)) for tensor in self._kept(place)]

    def tensors(self) -> dict[str, Tensor]:
        """Copies of the moments: ``PLACE.exp_avg``, ``PLACE.exp_avg_sq``, ``PLACE.step``."""
        return {f"{i}.{k}": v.clone() for i, state in self._state.items() for k, v in zip(_KEYS, state, strict=True)}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """The opposite of `tensors`; places that are not named have made no update."""
        for place in range(len(self.parameters)):
            found = [tensors.get(f"{place}.{key}") for key in _KEYS]
            if any(value is None for value in found):
                self._state.pop(place, None)
                continue
            for own, value in zip(self._kept(place), found, strict=True):
                assert value is not None
                own.copy_(value)
