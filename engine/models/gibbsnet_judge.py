"""Measures of samples: a classifier of our own, the scores made from it, the Frechet distance, diversity.

The classifier is dense (conv for 32x32) and small; its scores are comparable with each other, never with Inception's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from engine.models.gibbsnet_descent import Adam

NOISE = 0.1  # on the pixels while it trains, so that it does not judge by texture
RATE, BETAS = 2e-3, (0.9, 0.999)
BATCH = 128
UPDATES, UPDATES_CONV = 2000, 4000
JITTER = 0.02  # standard deviation added to both sets before the Frechet distance
RIDGE = 1e-6  # under the matrix root: a collapsed set has a singular covariance
COMPONENTS = 64


class Judge:
    """A classifier of real pictures: classes, or attributes when the pictures have no class.

    is_ready after `updates_wanted` updates; the same seed and number of updates give the same classifier.
    """

    def __init__(self, pixels: tuple[int, int, int], outputs: int, generator: torch.Generator, device: torch.device,
                 *, classes: bool) -> None:  # fmt: skip
        """outputs: classes or attributes; generator: on the CPU, for weights, batches and noise."""
        self.classes, self.outputs, self._shape = classes, outputs, pixels
        self._generator = generator
        flat = math.prod(pixels)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
            if pixels[1] >= 32:
                self.net = nn.Sequential(
                    nn.Unflatten(1, pixels), nn.Conv2d(pixels[0], 32, 3, 2, 1), nn.ReLU(),
                    nn.Conv2d(32, 64, 3, 2, 1), nn.ReLU(), nn.Conv2d(64, 64, 3, 2, 1), nn.ReLU(),
                    nn.Flatten(), nn.Linear(64 * 16, outputs),
                )  # fmt: skip
            else:
                self.net = nn.Sequential(
                    nn.Linear(flat, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, outputs)
                )
        self.net.to(device)
        self.device = device
        self.updates_wanted = UPDATES if pixels[1] < 32 else UPDATES_CONV
        self.updates = 0
        self._adam = Adam(self.net.parameters(), RATE, BETAS)

    @property
    def is_ready(self) -> bool:
        """Whether it has learnt enough to be asked."""
        return self.updates >= self.updates_wanted

    def train(self, x: Tensor, target: Tensor, updates: int) -> None:
        """So many updates (fewer when it becomes ready). x [N, P] float or uint8; target int64 [N] or float [N, C]."""
        for _ in range(min(updates, self.updates_wanted - self.updates)):
            index = torch.randint(len(x), (BATCH,), generator=self._generator).to(x.device)
            batch = x[index]
            batch = batch.float() / 255.0 if batch.dtype == torch.uint8 else batch
            noise = torch.randn(batch.shape, generator=self._generator).to(x.device)
            out = self.net(batch + NOISE * noise)
            wanted = target[index]
            loss = cross_entropy(out, wanted) if self.classes else binary_cross_entropy_with_logits(out, wanted)
            rate = RATE * (1.0 - 0.95 * self.updates / self.updates_wanted)
            self._adam.set_rate(rate)
            self._adam.forget_gradients()
            torch.autograd.backward(loss)
            self._adam.update()
            self.updates += 1

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Weights that were trained before; ready at once. Raises `ValueError` when they do not fit."""
        try:
            self.net.load_state_dict(tensors)
        except RuntimeError as error:
            raise ValueError(str(error)) from error
        self.updates = self.updates_wanted

    @torch.no_grad()
    def probabilities(self, x: Tensor) -> Tensor:
        """[N, outputs] for pictures [N, P] in 0..1."""
        out = torch.cat([self.net(part) for part in torch.split(x, 2048)])
        return out.softmax(1) if self.classes else torch.sigmoid(out)

    def said(self, x: Tensor) -> Tensor:
        """The class of each picture, int64 [N] (attributes: 0/1 [N, C])."""
        p = self.probabilities(x)
        return p.argmax(1) if self.classes else (p > 0.5).long()


def inception_score(p: Tensor) -> float:
    """exp of the mean KL divergence of p(y|x) from its mean over x; p [N, C]; between 1 and C."""
    p = p.double().clamp(min=1e-12)
    return float((p * (p.log() - p.mean(0, keepdim=True).log())).sum(1).mean().exp())


@dataclass(frozen=True, slots=True)
class Space:
    """Where the Frechet distance is taken: the pixels themselves (up to 64), or 64 principal components of the data.

    centre [P]; axes [P, F] or None; mean [F], covariance [F, F]: of the training pictures there, float64.
    """

    centre: Tensor
    axes: Tensor | None
    mean: Tensor
    covariance: Tensor
    words: str

    def place(self, x: Tensor) -> Tensor:
        """x [N, P] in the space, float64 [N, F]."""
        x = x.double() - self.centre
        return x if self.axes is None else x @ self.axes

    def distance(self, x: Tensor) -> float:
        """Frechet distance of pictures [N, P] from the training pictures."""
        mean, covariance = _moments(self.place(x))
        return frechet(mean, covariance, self.mean, self.covariance)


def new_space(x: Tensor) -> Space:
    """The space of training pictures x [N, P] in 0..1 (a sample of them is enough)."""
    x64 = x.double()
    centre = x64.mean(0)
    axes = None
    words = f"{x.shape[1]} pixels"
    if x.shape[1] > COMPONENTS:
        covariance = (x64 - centre).T @ (x64 - centre) / len(x64)
        axes = torch.linalg.eigh(covariance)[1][:, -COMPONENTS:]
        words = f"{COMPONENTS} principal components of the data"
    placed = (x64 - centre) if axes is None else (x64 - centre) @ axes
    return Space(centre, axes, *_moments(placed), words)


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    mean = x.mean(0)
    return mean, (x - mean).T @ (x - mean) / max(1, len(x) - 1)


def frechet(mean_a: Tensor, covariance_a: Tensor, mean_b: Tensor, covariance_b: Tensor) -> float:
    """|m_a - m_b|^2 + tr(A + B - 2 (A B)^(1/2)), with noise of 0.02 on both and a ridge of 1e-6 under the root."""
    eye = torch.eye(len(mean_a), dtype=covariance_a.dtype, device=covariance_a.device)
    a, b = covariance_a + JITTER**2 * eye, covariance_b + JITTER**2 * eye
    root = _root(a + RIDGE * eye)
    between = torch.linalg.eigvalsh(root @ (b + RIDGE * eye) @ root).clamp(min=0.0).sqrt().sum()
    return max(0.0, float((mean_a - mean_b).square().sum() + a.trace() + b.trace() - 2.0 * between))


def _root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp(min=0.0).sqrt()) @ vectors.T
    return root


def spread(x: Tensor) -> float:
    """Root mean square distance of the pictures of a set [N, P], per pixel, over all pairs (from the variance)."""
    if len(x) < 2:
        return 0.0
    return math.sqrt(max(0.0, 2.0 * float(x.double().var(0, correction=1).mean())))


def entropy_bits(histogram: Tensor) -> float:
    """Entropy of counts or shares [C] in bits."""
    p = histogram.double() / histogram.double().sum().clamp(min=1e-12)
    return float(-(p * p.clamp(min=1e-12).log2()).sum())


def seam(x: Tensor, mask: Tensor, shape: tuple[int, int, int]) -> float:
    """Mean absolute step between neighbours one of which is known and one is not; NaN without such neighbours.

    x [N, P] planar, mask [h, w] in 0..1.
    """
    c, h, w = shape
    x = x.view(-1, c, h, w)
    known = mask >= 0.5
    across = known[:, 1:] != known[:, :-1]  # [h, w - 1]
    along = known[1:] != known[:-1]  # [h - 1, w]
    steps = torch.cat([
        (x[..., :, 1:] - x[..., :, :-1]).abs()[..., across].flatten(),
        (x[..., 1:, :] - x[..., :-1, :]).abs()[..., along].flatten(),
    ])  # fmt: skip
    return float(steps.mean()) if steps.numel() else math.nan
