"""Lips to face: networks that complete a frame whose mouth is blanked, from the lips' outline drawn into the blank.

Kumar et al. arXiv 1801.01442 with the U-Net of Pix2Pix (Isola et al., CVPR 2017); page, sections 2.6 and 5.4. Legend:

    x [B, 3, H, W]  frame (or a crop round the mouth) with the black rectangle and the outline in it, -1..1
    t [B, 3, H, W]  the true picture, -1..1;   y = G(x)
    loss = lambda_L1 mean |y - t| w  [+ lambda_GAN BCE(D(x, y), 1)],   w = mask_weight inside the rectangle, 1 outside

`PaperUNet` is the paper's 256-pixel network (54,414,531 numbers), `PatchGan` its optional judge (2,768,705; each output
sees 70 x 70). Departure: the default is `RoiUNet` on a crop, with InstanceNorm: a whole frame spends its capacity on
relearning the identity and loses eyes and hair (page, 5.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

PAPER_WIDTHS = (64, 128, 256, 512, 512, 512, 512, 512)
PAPER_UNET_NUMBERS = 54_414_531
PATCH_GAN_NUMBERS = 2_768_705
PATCH_GAN_SEES = 70
LEAK = 0.2
DROPOUT = 0.5


def count(module: nn.Module) -> int:
    """Trainable numbers."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _draw(module: nn.Module) -> None:
    """Pix2Pix's start: convolutions N(0, 0.02^2), norms N(1, 0.02^2), biases 0."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(part.weight, 0.0, 0.02)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
        elif isinstance(part, nn.BatchNorm2d | nn.InstanceNorm2d) and part.weight is not None:
            nn.init.normal_(part.weight, 1.0, 0.02)
            nn.init.zeros_(part.bias)


class UNet(nn.Module):
    """Halves the picture at every level, then doubles it back, each level joined to its equal on the way down.

    x [B, 3, S, S] -> [B, 3, S, S] in -1..1; S must be a multiple of 2^levels. widths: channels of each level.
    norm: "batch" (the paper) or "instance". dropout: on the `dropout_levels` innermost joined levels of the way up.
    """

    def __init__(self, widths: tuple[int, ...], norm: str, dropout_levels: int = 0) -> None:
        super().__init__()
        if norm not in ("batch", "instance"):
            raise ValueError(f"norm {norm!r}: batch or instance")
        if len(widths) < 2 or min(widths) < 1:
            raise ValueError(f"widths {widths}: at least two levels of at least one channel")
        self.widths, self.levels = widths, len(widths)
        self.dropout_levels = dropout_levels
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 4, 2, 1, bias=norm == "instance" or k in (0, self.levels - 1))
            for k, (a, b) in enumerate(zip([3, *widths[:-1]], widths, strict=True))
        )
        # the first level has no norm (it sees the picture), nor the last (one pixel has no spread)
        self.down_norm = nn.ModuleList(
            _norm(norm, w) if 0 < k < self.levels - 1 else nn.Identity() for k, w in enumerate(widths)
        )
        out = [3, *widths[:-1]]
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(
                widths[k] if k == self.levels - 1 else 2 * widths[k], out[k], 4, 2, 1, bias=norm == "instance" or k == 0
            )
            for k in range(self.levels)
        )
        self.up_norm = nn.ModuleList(_norm(norm, out[k]) if k else nn.Identity() for k in range(self.levels))
        _draw(self)

    def forward(self, x: Tensor) -> Tensor:
        """The completed picture."""
        side = 2**self.levels
        if x.shape[-1] % side or x.shape[-2] % side:
            raise ValueError(f"{self.levels} levels need sides that are multiples of {side}, not {tuple(x.shape[-2:])}")
        kept: list[Tensor] = []
        h = x
        for k in range(self.levels):
            h = self.down[k](h if k == 0 else functional.leaky_relu(h, LEAK))
            h = self.down_norm[k](h)
            kept.append(h)
        for k in reversed(range(self.levels)):
            joined = h if k == self.levels - 1 else torch.cat([h, kept[k]], dim=1)
            h = self.up_norm[k](self.up[k](torch.relu(joined)))
            if self.levels - 1 > k >= self.levels - 1 - self.dropout_levels:
                h = functional.dropout(h, DROPOUT, self.training)
        return torch.tanh(h)


def _norm(kind: str, width: int) -> nn.Module:
    return nn.BatchNorm2d(width) if kind == "batch" else nn.InstanceNorm2d(width)


class PaperUNet(UNet):
    """The paper's network for 256-pixel frames: 8 levels, BatchNorm, dropout in the three inner levels up."""

    def __init__(self) -> None:
        super().__init__(PAPER_WIDTHS, "batch", dropout_levels=3)


class RoiUNet(UNet):
    """The default: a crop of 64 (or 128) pixels round the mouth; width doubles each level (0.87 M numbers at 24, 4)."""

    def __init__(self, width: int = 24, depth: int = 4) -> None:
        if not 2 <= depth <= 8:
            raise ValueError(f"depth {depth}: between 2 and 8")
        super().__init__(tuple(width * 2 ** min(k, 3) for k in range(depth)), "instance")


class PatchGan(nn.Module):
    """Judges each patch of (condition, picture) [B, 6, H, W] -> logits [B, 1, h, w]; 256 -> 30, a patch is 70 wide."""

    def __init__(self, width: int = 64, layers: int = 3) -> None:
        super().__init__()
        parts: list[nn.Module] = [nn.Conv2d(6, width, 4, 2, 1), nn.LeakyReLU(LEAK)]
        before = width
        for k in range(1, layers + 1):
            after = width * min(2**k, 8)
            parts += [
                nn.Conv2d(before, after, 4, 2 if k < layers else 1, 1, bias=False),
                nn.BatchNorm2d(after),
                nn.LeakyReLU(LEAK),
            ]
            before = after
        self.net = nn.Sequential(*parts, nn.Conv2d(before, 1, 4, 1, 1))
        self.sees = receptive_field(layers)
        _draw(self)

    def forward(self, x: Tensor, picture: Tensor) -> Tensor:
        """Logits that the picture is a true one."""
        return torch.as_tensor(self.net(torch.cat([x, picture], dim=1)))


def receptive_field(layers: int) -> int:
    """Side of the patch that one output of a `PatchGan` sees: `layers` strides of 2, then two convolutions of 4."""
    field = 1
    for stride in reversed([*[2] * layers, 1, 1]):
        field = (field - 1) * stride + 4
    return field


@dataclass(frozen=True, slots=True)
class FaceKnobs:
    """What an update needs to know. All may change between updates."""

    lr: float = 2e-3
    lambda_l1: float = 100.0
    lambda_gan: float = 0.0
    mask_weight: float = 5.0


@dataclass(frozen=True, slots=True)
class FaceLosses:
    """Before the update. l1: mean weighted difference; mask_l1: inside the rectangle; the rest 0 without a judge."""

    l1: float
    mask_l1: float
    gan: float = 0.0
    judge: float = 0.0
    judge_right: float = 0.0  # share of patches told right


BETA1, BETA2 = 0.5, 0.999


class FaceLearner:
    """Trains a U-Net, and a judge when lambda_gan > 0, as Pix2Pix does. Updates that are not finite are left out."""

    def __init__(self, unet: UNet, knobs: FaceKnobs, judge: PatchGan | None = None) -> None:
        self.unet, self.knobs, self.judge = unet, knobs, judge
        self.optimiser = torch.optim.Adam(unet.parameters(), lr=knobs.lr, betas=(BETA1, BETA2))
        self.judge_optimiser = (
            None if judge is None else torch.optim.Adam(judge.parameters(), lr=2e-4, betas=(BETA1, BETA2))
        )
        self.skipped = 0

    def set_knobs(self, knobs: FaceKnobs) -> None:
        """From the next update on. Raises `ValueError` for a GAN term without a judge."""
        if knobs.lambda_gan > 0.0 and self.judge is None:
            raise ValueError("a GAN term needs a judge")
        self.knobs = knobs
        for group in self.optimiser.param_groups:
            group["lr"] = knobs.lr

    def step(self, x: Tensor, t: Tensor, mask: Tensor) -> FaceLosses:
        """One update on conditions x, truths t [B, 3, H, W] and rectangles mask [B, 1, H, W] (0..1)."""
        self.unet.train()
        y = self.unet(x)
        gan, judge_loss, right = y.new_zeros(()), 0.0, 0.0
        if self.judge is not None and self.knobs.lambda_gan > 0.0:
            judge_loss, right = self._judge_step(x, t, y.detach())
            verdict = self.judge(x, y)
            gan = functional.binary_cross_entropy_with_logits(verdict, torch.ones_like(verdict))
        far = (y - t).abs()
        weight = 1.0 + (self.knobs.mask_weight - 1.0) * mask
        l1 = (far * weight).sum() / (weight.sum() * 3.0)
        loss = self.knobs.lambda_l1 * l1 + self.knobs.lambda_gan * gan
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        inside = (far.detach() * mask).sum() / (mask.sum() * 3.0).clamp_min(1.0)
        if bool(torch.isfinite(loss)):
            self.optimiser.step()
        else:
            self.skipped += 1
        return FaceLosses(float(l1.detach()), float(inside), float(gan.detach()), judge_loss, right)

    def _judge_step(self, x: Tensor, t: Tensor, y: Tensor) -> tuple[float, float]:
        assert self.judge is not None and self.judge_optimiser is not None
        true, made = self.judge(x, t), self.judge(x, y)
        bce = functional.binary_cross_entropy_with_logits
        loss = 0.5 * (bce(true, torch.ones_like(true)) + bce(made, torch.zeros_like(made)))
        self.judge_optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.judge_optimiser.step()
        right = 0.5 * ((true > 0).float().mean() + (made < 0).float().mean())
        return float(loss.detach()), float(right)


def psnr(y: Tensor, t: Tensor, mask: Tensor) -> float:
    """Peak signal to noise in dB inside the rectangles, of pictures in -1..1 (peak 2)."""
    share = mask.expand_as(y)
    error = float(((y - t).square() * share).sum() / share.sum().clamp_min(1.0))
    return float(10.0 * torch.log10(torch.tensor(4.0 / max(error, 1e-12))))
