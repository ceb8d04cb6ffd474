"""The network left to itself: settling at a visible pace with neurons held, and dreaming a class.

When the input floats it follows what layer 1 asks of it: x <- x + r (clip(W_0 s_1) - x). Half of the mean training
picture added (`helped`) gives readable digits; the weights alone give harsh strokes (section 5.7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.models.equilibrium import Network, States, one_hot
from engine.models.equilibrium_solvers import settle

CUE_GAIN = 3.0  # a class held at the output speaks as loud as three
DREAM_STEPS = 60


@dataclass(frozen=True, slots=True)
class Held:
    """What a person holds. input: the picture stays; clamps: (layer, unit) -> value; cue: class or -1; pull, beta:
    nudge by hand, force beta (pull - s_L), pull [1, n_L] or None.
    """

    input: bool = True
    clamps: Mapping[tuple[int, int], float] | None = None
    cue: int = -1
    pull: Tensor | None = None
    beta: float = 0.0


def hold(net: Network, s: States, held: Held) -> None:
    """Sets the held neurons, in place."""
    if held.cue >= 0:
        s[-1].zero_()
        s[-1][:, held.cue] = CUE_GAIN
    for (layer, unit), value in (held.clamps or {}).items():
        s[layer][:, unit] = value


def play_step(net: Network, s: States, epsilon: float, held: Held, mean: Tensor) -> tuple[States, float]:
    """One Euler step with what is held, and the mean speed |ds/dt| of the neurons that are free. mean [1, n_0]."""
    with torch.no_grad():
        new = net.euler_step(s, epsilon, held.beta if held.pull is not None else 0.0, held.pull)
        hold(net, new, held)
        if not held.input:
            new[0] = s[0] + epsilon * (asked_of_input(net, s, mean, helped=True) - s[0])
        moved = sum(float((a - b).abs().sum()) for a, b in zip(new, s, strict=True))
        return new, moved / (epsilon * sum(net.sizes[1:]))


def asked_of_input(net: Network, s: States, mean: Tensor, helped: bool) -> Tensor:
    """What layer 1 asks of a floating input, [B, n_0] in 0..1."""
    asked = net.rho(s[1]) @ net.W[0].t()
    return (0.5 * asked + 0.5 * mean if helped else asked).clamp(0.0, 1.0)


def dream(net: Network, mean: Tensor, helped: bool = True) -> Tensor:
    """One picture from each class, [classes, n_0]: the output held with gain 3, the input let go. mean [1, n_0]."""
    with torch.no_grad():
        classes = net.sizes[-1]
        x = mean.new_zeros(classes, net.sizes[0])
        held = CUE_GAIN * one_hot(torch.arange(classes, device=mean.device), classes, mean)
        s = [x, *net.zeros(x)[1:-1], held]
        rate = 0.3 if helped else 0.5
        for _ in range(DREAM_STEPS):
            for k in (*range(1, net.L, 2), *range(2, net.L, 2)):
                s[k] = net.drive(s, k).clamp(0.0, 1.0) if net.rho.is_clipped else s[k] + 0.5 * net.force(s)[k]
            s[0] = torch.lerp(s[0], asked_of_input(net, s, mean, helped), rate)
        return s[0]


def recognise(net: Network, x: Tensor, sweeps: int, epsilon: float = 0.5) -> Tensor:
    """Class [B] (int64) that the network settles on for each picture; -1 where every output is silent."""
    out = settle(net, x, sweeps, "exact", epsilon)[-1]
    return torch.where(out.max(1).values > 0.0, out.argmax(1), -1)
