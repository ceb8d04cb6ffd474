"""The latent map: z itself in two dimensions, else a projection that is held fixed for the whole run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.experiments.gibbsnet_data import to_images
from engine.experiments.gibbsnet_measures import each_step
from engine.experiments.gibbsnet_setup import chain_knobs
from engine.experiments.random_streams import stream
from engine.models.gibbsnet import probabilities
from engine.models.gibbsnet_learning import Learner
from engine.papers.gibbsnet_views import DecodeArguments, DecodeResult, LatentQuery, LatentView

if TYPE_CHECKING:
    from engine.experiments.gibbsnet_run import GibbsNetExperiment

MAP_PICTURES = 500
FREE = 1000
TRAILS, TRAIL = 16, 10
CELLS, COARSE = 64, 12  # of the density drawn, and of the density whose gap is measured
SMOOTH = 1.5  # cells
LEAST_EXTENT = 3.0


@torch.no_grad()
def axes_of(experiment: GibbsNetExperiment) -> Tensor:
    """Directions of the map [d, 2], orthonormal: the first two principal components of q's means on training pictures
    at the first look, from then on the same."""
    if experiment.map_axes is None:
        learner = experiment.learners["gibbsnet"]
        d = learner.nets.sizes.d
        if d == 2:
            experiment.map_axes = torch.eye(2, device=experiment.device)
        else:
            mu = clamped_means(experiment, learner, MAP_PICTURES)[0].double()
            axes = torch.linalg.eigh((mu - mu.mean(0)).T @ (mu - mu.mean(0)))[1][:, -2:].flip(1)
            signs = torch.sign(axes.abs().max(0).values * axes.gather(0, axes.abs().argmax(0, keepdim=True))[0])
            experiment.map_axes = (axes * signs).float()
    return experiment.map_axes


def on_map(experiment: GibbsNetExperiment, z: Tensor) -> Tensor:
    """z [..., d] to the map [..., 2]."""
    return z @ axes_of(experiment)


def lift(experiment: GibbsNetExperiment, point: tuple[float, float]) -> Tensor:
    """The z [d] whose place on the map is `point` and that is zero across it. Raises `ValueError` when not finite."""
    if not all(math.isfinite(v) for v in point):
        raise ValueError(f"the point {point} is not a place on the map")
    return axes_of(experiment) @ torch.tensor(point, dtype=torch.float32, device=experiment.device)


@torch.no_grad()
def clamped_means(experiment: GibbsNetExperiment, learner: Learner, count: int, *, test: bool = False) -> tuple[
    Tensor, Tensor, Tensor
]:  # fmt: skip
    """mu, sigma [N, d] of q(z|x) without a label, and the pictures' classes [N]; a fixed choice of pictures."""
    data = experiment.data
    many = len(data.test_x) if test else len(data.train_x)
    at = torch.randperm(many, generator=stream(0, "map pictures"))[:count].to(experiment.device)
    x = data.tests(at) if test else data.batch(at)
    y = torch.zeros(len(x), data.train_y.shape[1], device=experiment.device)
    parts = [
        learner.average.q(a, b, experiment.p.log_sigma_max)
        for a, b in zip(torch.split(x, 1024), torch.split(y, 1024), strict=True)
    ]
    mu, log_sigma = torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts])
    return mu, log_sigma.exp(), (data.test_label if test else data.train_label)[at]


@torch.no_grad()
def latent_view(experiment: GibbsNetExperiment, query: LatentQuery) -> LatentView:
    """Clouds, trails, densities, decoded background."""
    learner = experiment.learner(query.model)
    steps, points = min(max(1, query.steps), 200), min(max(0, query.points), 2000)
    generator = stream(experiment.p.seed, "latent map", experiment.device)
    history: list[Tensor] = []
    last = None
    walk = each_step(learner, steps, FREE, chain_knobs(experiment.p), generator, None, learner.average)
    for moment in walk:
        assert moment is not None
        history = [*history[-(TRAIL - 1) :], on_map(experiment, moment.z[:TRAILS])]
        last = moment
    assert last is not None
    history = [history[0]] * (TRAIL - len(history)) + history
    free = _f32(on_map(experiment, last.z))
    clamped, label = np.zeros((0, 2), np.float32), np.zeros(0, np.int16)
    if learner.kind != "gan" and points:
        mu, sigma, labels = clamped_means(experiment, learner, points)
        clamped = _f32(on_map(experiment, mu + sigma * torch.randn(mu.shape, generator=generator, device=mu.device)))
        label = experiment.measures.kept_index(labels)
    extent = _extent(np.concatenate([clamped, free]))
    grid, grid_points = _grid(experiment, learner, query.grid, extent)
    has_judge = experiment.measures.is_ready and experiment.measures.judge is not None
    said = experiment.measures.said(last.x).to(torch.int16).cpu().numpy() if has_judge else np.full(FREE, -1, np.int16)
    return LatentView(
        query.model, extent, clamped, label, free, said, _f32(torch.stack(history, 1)), _density(free, extent),
        _gaussian(extent), grid, grid_points, gap_from_gaussian(free), _separation(clamped, label),
        learner.nets.sizes.d == 2,
    )  # fmt: skip


@torch.no_grad()
def decode_point(experiment: GibbsNetExperiment, arguments: DecodeArguments) -> DecodeResult:
    """What the decoder makes of a point of the map."""
    learner = experiment.learner(arguments.model)
    z = lift(experiment, arguments.point)
    x, logits = learner.average.p(z[None])
    p_y = probabilities(logits, experiment.p.reads)[0] if logits.shape[1] else logits[0]
    return DecodeResult(to_images(x[0], experiment.data.shape), _f32(x[0]), _f32(z), _f32(p_y))


def gap_from_gaussian(points: np.ndarray) -> float:
    """KL divergence, in nats, of points [N, 2] from N(0, I), by a 12x12 histogram of cells that are equally likely
    under the Gaussian (a plug-in estimate: about cells/2N too high)."""
    u = 0.5 * (1.0 + np.vectorize(math.erf)(np.asarray(points, np.float64) / math.sqrt(2.0)))
    cell = np.clip((u * COARSE).astype(int), 0, COARSE - 1)
    counts = np.bincount(cell[:, 0] * COARSE + cell[:, 1], minlength=COARSE**2)
    p = counts / counts.sum()
    return float((p[p > 0] * np.log(p[p > 0] * COARSE**2)).sum())


def _extent(points: np.ndarray) -> tuple[float, float, float, float]:
    low, high = np.quantile(points, 0.005, axis=0), np.quantile(points, 0.995, axis=0)
    left, bottom = np.minimum(1.15 * low, -LEAST_EXTENT)
    right, top = np.maximum(1.15 * high, LEAST_EXTENT)
    return float(left), float(right), float(bottom), float(top)


def _density(points: np.ndarray, extent: tuple[float, float, float, float]) -> np.ndarray:
    """Smoothed histogram per unit area [64, 64], row = y from the bottom."""
    left, right, bottom, top = extent
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], bins=CELLS, range=[[bottom, top], [left, right]])
    reach = np.arange(-4, 5)
    kernel = np.exp(-0.5 * (reach / SMOOTH) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        counts = np.apply_along_axis(lambda line: np.convolve(line, kernel, "same"), axis, counts)
    area = (right - left) * (top - bottom) / CELLS**2
    density: np.ndarray = (counts / (len(points) * area)).astype(np.float32)
    return density


def _gaussian(extent: tuple[float, float, float, float]) -> np.ndarray:
    left, right, bottom, top = extent
    x = left + (np.arange(CELLS) + 0.5) * (right - left) / CELLS
    y = bottom + (np.arange(CELLS) + 0.5) * (top - bottom) / CELLS
    density: np.ndarray = (np.exp(-0.5 * (x[None, :] ** 2 + y[:, None] ** 2)) / (2 * math.pi)).astype(np.float32)
    return density


def _grid(
    experiment: GibbsNetExperiment, learner: Learner, wanted: int, extent: tuple[float, float, float, float]
) -> tuple[np.ndarray, np.ndarray]:
    if wanted < 2:
        return np.zeros(0, np.uint8), np.zeros(0, np.float32)
    g = min(wanted, 48)
    left, right, bottom, top = extent
    xs, ys = torch.linspace(left, right, g), torch.linspace(bottom, top, g)
    places = torch.stack([xs.repeat(g), ys.repeat_interleave(g)], 1).to(experiment.device)
    x = learner.average.p(places @ axes_of(experiment).T)[0]
    points = _f32(x).reshape(g, g, 2) if experiment.is_toy else np.zeros(0, np.float32)
    return to_images(x, experiment.data.shape).reshape(g, g, *_hwc(experiment)), points


def _hwc(experiment: GibbsNetExperiment) -> tuple[int, int, int]:
    c, h, w = experiment.data.shape
    return h, w, c


def _separation(points: np.ndarray, label: np.ndarray) -> float:
    """Share of points whose nearest neighbour on the map has their class."""
    known = label >= 0
    if known.sum() < 2:
        return math.nan
    p, k = points[known].astype(np.float64), label[known]
    far = ((p[:, None] - p[None]) ** 2).sum(2)
    np.fill_diagonal(far, np.inf)
    return float((k[far.argmin(1)] == k).mean())


def _f32(values: Tensor) -> np.ndarray:
    return np.ascontiguousarray(values.detach().float().cpu().numpy())
