"""GibbsNet's networks: the conditionals q(z|x,y), p(x|z), p(y|z) and the joint discriminator D(x, z, y).

Lamb et al., arXiv 1712.04120. Letters: B batch; P pixels, planar (c*h*w) in 0..1; d latent size; C entries of y
(one-hot classes or binary attributes; 0: none); h hidden width. Departures from the ALI networks for 32x32: no batch
normalisation (it would mix the statistics of chain and data, and couple the rows of D), no dropout or maxout in D.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import one_hot

Reads = Literal["label", "attributes", "none"]

SLOPE = 0.2  # of leaky ReLU
LOG_SIGMA_MIN = -4.0
BILINEAR = 64  # features of the bilinear term
ALI_CHANNELS = (32, 64, 128, 256, 512)
ALI_KERNELS, ALI_STRIDES = (5, 4, 4, 4, 4), (1, 2, 1, 2, 1)
ALI_SIDE = 32
MOMENTUM = 0.98  # of D's running mean and spread of z


@dataclass(frozen=True, slots=True)
class Sizes:
    """shape (c, h, w); d; C; reads: what y is; hidden: width (conv: of the widest layer); net: its kind."""

    shape: tuple[int, int, int]
    d: int
    C: int
    reads: Reads
    hidden: int
    net: Literal["mlp", "conv"]

    @property
    def P(self) -> int:
        """Pixels times colours."""
        return math.prod(self.shape)


class Encoder(nn.Module):
    """q(z|x,y) = N(mu(x,y), diag sigma(x,y)^2). x [B, P], y [B, C] scaled (0: not visible) -> mu, log sigma [B, d]."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        h, d = sizes.hidden, sizes.d
        if sizes.net == "mlp":
            self.trunk: nn.Module = nn.Identity()
            self.top = _dense(sizes.P + sizes.C, h, h, 2 * d)
        else:
            self.trunk, width = _ali_trunk(sizes)
            self.top = _dense(width + sizes.C, width, 2 * d)

    def forward(self, x: Tensor, y: Tensor, log_sigma_max: float = 0.0) -> tuple[Tensor, Tensor]:
        """The mean and the log of the standard deviation, the latter clamped to [-4, log_sigma_max]."""
        features = x if self.sizes.net == "mlp" else self.trunk(x.view(-1, *self.sizes.shape)).flatten(1)
        out = self.top(torch.cat([features, y], 1) if self.sizes.C else features)
        mu, log_sigma = out.chunk(2, 1)  # [B, d] each
        return mu, log_sigma.clamp(LOG_SIGMA_MIN, log_sigma_max)


class Decoder(nn.Module):
    """p(x|z): sigmoid mean x [B, P]; p(y|z): logits [B, C], softmax or sigmoid. One trunk serves both (dense nets)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        h, d = sizes.hidden, sizes.d
        if sizes.net == "mlp":
            self.body: nn.Module = _dense(d, h, h, sizes.P + sizes.C)
            self.labels: nn.Module = nn.Identity()
        else:
            self.body = _ali_mirror(sizes)
            self.labels = _dense(d, h, sizes.C) if sizes.C else nn.Identity()

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """z [B, d] -> mean picture [B, P] in 0..1 and label logits [B, C]."""
        if self.sizes.net == "mlp":
            out = self.body(z)
            return torch.sigmoid(out[:, : self.sizes.P]), out[:, self.sizes.P :]
        x = torch.sigmoid(self.body(z[:, :, None, None])).flatten(1)
        return x, self.labels(z) if self.sizes.C else z[:, :0]


class Discriminator(nn.Module):
    """l = f(x,z) + y . g(x,z) + (W_x h_x).(W_z h_z)/8: linear in y, so that all C logits come from one pass.

    z is seen over running statistics when `standardise` is on. No part couples the rows of a batch (the statistics are
    read, not written, here). sees_z False: D(x, y) of the GAN.
    """

    mean: Tensor
    var: Tensor

    def __init__(self, sizes: Sizes, sees_z: bool = True) -> None:
        super().__init__()
        self.sizes, self.sees_z = sizes, sees_z
        h = sizes.hidden
        if sizes.net == "mlp":
            self.of_x: nn.Module = nn.Sequential(_dense(sizes.P, h, h), nn.LeakyReLU(SLOPE))
            width = h
        else:
            trunk, width = _ali_trunk(sizes)
            self.of_x = nn.Sequential(trunk, nn.Flatten(1))
        both = 2 * width if sees_z else width
        if sees_z:
            self.of_z = nn.Sequential(_dense(sizes.d, width, width), nn.LeakyReLU(SLOPE))
            self.w_x = nn.Linear(width, BILINEAR, bias=False)
            self.w_z = nn.Linear(width, BILINEAR, bias=False)
        joint = h if sizes.net == "mlp" else 2 * width
        self.joint = nn.Sequential(_dense(both, joint, joint), nn.LeakyReLU(SLOPE))
        self.head = nn.Linear(joint, 1 + sizes.C)
        self.register_buffer("mean", torch.zeros(sizes.d))
        self.register_buffer("var", torch.ones(sizes.d))

    def forward(self, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """x [B, P], z [B, d] as `seen` gives it -> f + bilinear term [B], g [B, C]; the logit is f + (y * g).sum(1)."""
        h_x = self.of_x(x if self.sizes.net == "mlp" else x.view(-1, *self.sizes.shape))
        if self.sees_z:
            h_z = self.of_z(z)
            out = self.head(self.joint(torch.cat([h_x, h_z], 1)))
            f = out[:, 0] + (self.w_x(h_x) * self.w_z(h_z)).sum(1) / math.sqrt(BILINEAR)
        else:
            out = self.head(self.joint(h_x))
            f = out[:, 0]
        return f, out[:, 1:]

    def seen(self, z: Tensor, standardise: bool) -> Tensor:
        """z as D sees it: over the running mean and standard deviation of each entry."""
        return (z - self.mean) * (self.var + 1e-6).rsqrt() if standardise else z

    def notice(self, z: Tensor) -> None:
        """Moves the running statistics towards those of z [2B, d], both chains together."""
        with torch.no_grad():
            var, mean = torch.var_mean(z, 0, correction=0)
            self.mean.lerp_(mean, 1.0 - MOMENTUM)
            self.var.lerp_(var, 1.0 - MOMENTUM)


@dataclass(slots=True)
class Nets:
    """q, p and D of one model."""

    q: Encoder
    p: Decoder
    D: Discriminator

    @property
    def sizes(self) -> Sizes:
        """Sizes shared by the three."""
        return self.p.sizes

    def tensors(self) -> dict[str, Tensor]:
        """All parameters and buffers by name (not copies)."""
        parts: tuple[tuple[str, nn.Module], ...] = (("q", self.q), ("p", self.p), ("D", self.D))
        return {f"{name}.{key}": value for name, part in parts for key, value in part.state_dict().items()}

    def load(self, tensors: Mapping[str, Tensor], prefix: str = "") -> None:
        """Copies tensors of these names in. Raises `ValueError` naming what is missing or of another shape."""
        own = self.tensors()
        for name, target in own.items():
            found = tensors.get(prefix + name)
            if found is None:
                raise ValueError(f"there is no tensor '{prefix + name}'")
            if found.shape != target.shape:
                raise ValueError(f"tensor '{prefix + name}' is {tuple(found.shape)}, not {tuple(target.shape)}")
        with torch.no_grad():
            for name, target in own.items():
                target.copy_(tensors[prefix + name])

    def frozen(self) -> Nets:
        """An independent copy that takes no gradient."""
        twin = Nets(copy.deepcopy(self.q), copy.deepcopy(self.p), copy.deepcopy(self.D))
        for part in (twin.q, twin.p, twin.D):
            part.requires_grad_(False)
        return twin


def new_nets(sizes: Sizes, generator: torch.Generator, device: torch.device, sees_z: bool = True) -> Nets:
    """Networks as a run of this stream starts, PyTorch's default initialisation drawn from `generator` alone.

    Raises `ValueError` when convolutional networks are asked for pictures of another size than 32x32.
    """
    if sizes.net == "conv" and sizes.shape[1:] != (ALI_SIDE, ALI_SIDE):
        raise ValueError(f"the convolutional networks need 32x32 pictures, these are {sizes.shape[1]}x{sizes.shape[2]}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
        nets = Nets(Encoder(sizes), Decoder(sizes), Discriminator(sizes, sees_z))
    for part in (nets.q, nets.p, nets.D):
        part.to(device)
    return nets


def sample_y(logits: Tensor, uniform: Tensor, reads: Reads) -> Tensor:
    """y ~ p(y|z) as 0/1 floats [B, C] from uniform numbers [B, C]; no gradient passes (Gumbel-argmax for classes)."""
    with torch.no_grad():
        if reads == "label":
            chosen = (logits - (-uniform.clamp(1e-12, 1.0 - 1e-7).log()).log()).argmax(1)
            return one_hot(chosen, logits.shape[1]).to(logits.dtype)
        return (uniform < torch.sigmoid(logits)).to(logits.dtype)


def probabilities(logits: Tensor, reads: Reads) -> Tensor:
    """p(y|z) [B, C]."""
    return logits.softmax(1) if reads == "label" else torch.sigmoid(logits)


def without_own_gradient(module: nn.Module, *args: Any) -> Any:
    """Applies a network so that gradient passes through it to its inputs but not to its weights."""
    return functional_call(module, {k: v.detach() for k, v in module.named_parameters()}, args)


def _dense(*sizes: int) -> nn.Sequential:
    """Linear layers with leaky ReLU between them, none after the last."""
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers[:-1])


def _ali_channels(sizes: Sizes) -> tuple[int, ...]:
    return tuple(max(4, n * sizes.hidden // ALI_CHANNELS[-1]) for n in ALI_CHANNELS)


def _ali_trunk(sizes: Sizes) -> tuple[nn.Sequential, int]:
    """[B, c, 32, 32] -> [B, 512, 1, 1]: 32 -> 28 -> 13 -> 10 -> 4 -> 1; returns its width."""
    layers: list[nn.Module] = []
    before = sizes.shape[0]
    for channels, kernel, stride in zip(_ali_channels(sizes), ALI_KERNELS, ALI_STRIDES, strict=True):
        layers += [nn.Conv2d(before, channels, kernel, stride), nn.LeakyReLU(SLOPE)]
        before = channels
    return nn.Sequential(*layers), before


def _ali_mirror(sizes: Sizes) -> nn.Sequential:
    """[B, d, 1, 1] -> [B, c, 32, 32]: the trunk backwards, then one 1x1."""
    channels = (*reversed(_ali_channels(sizes)[:-1]), _ali_channels(sizes)[0])
    layers: list[nn.Module] = []
    before = sizes.d
    for wide, kernel, stride in zip(channels, reversed(ALI_KERNELS), reversed(ALI_STRIDES), strict=True):
        layers += [nn.ConvTranspose2d(before, wide, kernel, stride), nn.LeakyReLU(SLOPE)]
        before = wide
    return nn.Sequential(*layers, nn.Conv2d(before, sizes.shape[0], 1))
