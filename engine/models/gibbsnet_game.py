"""The adversarial game on pairs of two chains: losses, exact discrete BGAN, R1, and one pass that serves both players.

l: logit of D for a pair; "data" pairs come from the clamped chain, "model" pairs end the unclamped chain. Every loss is
a mean over the B rows of its chain.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from engine.models.gibbsnet import Discriminator, Reads

Loss = Literal["bgan", "non_saturating", "minimax"]

LEAST_SLOPE = 1e-4  # |dL_D/dl| * B below which the single pass no longer divides exactly


def discriminator_loss(l_data: Tensor, l_model: Tensor) -> Tensor:
    """mean softplus(-l_data) + mean softplus(l_model); 2 ln 2 when D cannot tell."""
    return softplus(-l_data).mean() + softplus(l_model).mean()


def generator_loss(l_data: Tensor, l_model: Tensor, loss: Loss) -> Tensor:
    """What q and p minimise; both chains are pushed to the boundary.

    bgan: 1/2 mean l_model^2 + 1/2 mean l_data^2 (continuous boundary seeking: its slope is the logit itself).
    """
    if loss == "bgan":
        return 0.5 * l_model.square().mean() + 0.5 * l_data.square().mean()
    if loss == "non_saturating":
        return softplus(-l_model).mean() + softplus(l_data).mean()
    return l_data.mean() - l_model.mean()


def generator_slopes(l_data: Tensor, l_model: Tensor, loss: Loss) -> tuple[Tensor, Tensor]:
    """B * dL_G/dl of both chains, [B] each: the derivative of `generator_loss` written out."""
    if loss == "bgan":
        return l_data, l_model
    if loss == "non_saturating":
        return torch.sigmoid(l_data), -torch.sigmoid(-l_model)
    return torch.ones_like(l_data), -torch.ones_like(l_model)


def label_weights(logits: Tensor, g: Tensor, reads: Reads) -> Tensor:
    """w(y) proportional to p(y|z) exp(l(x,z,y)), normalised over all y: exact, because l is linear in y.

    logits, g [B, C]. Classes: softmax(log p + g). Independent attributes: the sum over all 2^C vectors factorises into
    sigmoid(logit + g).
    """
    with torch.no_grad():
        if reads == "label":
            return (logits.log_softmax(1) + g).softmax(1)
        return torch.sigmoid(logits + g)


def label_loss(logits: Tensor, g: Tensor, reads: Reads) -> Tensor:
    """Discrete boundary seeking: -sum w log p, mean over rows. Its gradient on the logits is exactly (p - w)/B."""
    w = label_weights(logits, g, reads)
    if reads == "label":
        return -(w * logits.log_softmax(1)).sum(1).mean()
    return binary_cross_entropy_with_logits(logits, w, reduction="none").sum(1).mean()


class Judged:
    """D's verdict on data and model rows in one forward whose backward gives each player its own gradient.

    The inputs pass through an identity whose backward multiplies row i by (dL_G/dl_i) / (dL_D/dl_i): below it flows the
    generator's gradient, inside D the discriminator's. Right because no row of D looks at another.
    """

    def __init__(
        self, D: Discriminator, x: Tensor, z: Tensor, y: Tensor, loss: Loss, standardise: bool, *, shared: bool = True
    ) -> None:
        """x [2B, P], z [2B, d], y [2B, C], data rows first; shared False: a plain pass without the exchange."""
        self._loss = loss
        x_in, z_in = x, D.seen(z, standardise)
        if shared and x.requires_grad:
            x_in = x.view_as(x)
            x_in.register_hook(self._exchange)  # type: ignore[no-untyped-call]
        if shared and z_in.requires_grad:
            z_in = z_in.view_as(z_in)
            z_in.register_hook(self._exchange)  # type: ignore[no-untyped-call]
        f, self.g = D(x_in, z_in)
        self.l = f + (y * self.g).sum(1) if y.shape[1] else f
        self._factor: Tensor | None = None

    @property
    def logits(self) -> tuple[Tensor, Tensor]:
        """l of the data and of the model rows, [B] each."""
        l_data, l_model = self.l.chunk(2)
        return l_data, l_model

    def _exchange(self, gradient: Tensor) -> Tensor:
        if self._factor is None:
            with torch.no_grad():
                l_data, l_model = self.logits
                of_g = torch.cat(generator_slopes(l_data, l_model, self._loss))
                of_d = torch.cat([-torch.sigmoid(-l_data).clamp(min=LEAST_SLOPE),
                                  torch.sigmoid(l_model).clamp(min=LEAST_SLOPE)])  # fmt: skip
                self._factor = (of_g / of_d).unsqueeze(1)
        return gradient * self._factor


def r1_penalty(D: Discriminator, x: Tensor, z_seen: Tensor, y: Tensor, gamma: float) -> Tensor:
    """gamma/2 mean |grad_{x,z} l|^2 over pairs of both kinds; z as D sees it. A penalty on D alone."""
    x, z_seen = x.detach().requires_grad_(), z_seen.detach().requires_grad_()
    f, g = D(x, z_seen)
    total = (f + (y * g).sum(1)).sum()
    inputs = [x, z_seen] if D.sees_z else [x]
    slopes = torch.autograd.grad(total, inputs, create_graph=True)
    return 0.5 * gamma * torch.cat(slopes, 1).square().sum(1).mean()
