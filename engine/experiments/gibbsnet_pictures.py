"""Pictures of the training: samples, the update in the making, the discriminator's logits, what flows where."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

from engine.experiments.gibbsnet_data import to_images
from engine.experiments.gibbsnet_latent import on_map
from engine.experiments.gibbsnet_measures import along
from engine.experiments.gibbsnet_setup import aids_of, chain_knobs, game_knobs
from engine.experiments.gibbsnet_tapes import labels_of
from engine.experiments.random_streams import stream
from engine.models.gibbsnet import sample_y
from engine.models.gibbsnet_game import generator_loss
from engine.models.gibbsnet_learning import Learner
from engine.papers.gibbsnet import PHASES
from engine.papers.gibbsnet_views import (
    FactsView,
    FlowView,
    LogitsQuery,
    LogitsView,
    OpenImageArguments,
    OpenImageResult,
    PhaseView,
    PicturesArguments,
    PicturesResult,
    SamplesQuery,
    SamplesView,
    ToyQuery,
    ToyView,
)

if TYPE_CHECKING:
    from engine.experiments.gibbsnet_run import GibbsNetExperiment

PROBE = 256  # pairs in the histograms
FLOW_BATCH = 64
SHOWN = 16
RECONSTRUCTED = 200
LARGEST_FILE = 64 << 20  # bytes
LARGEST_PICTURE = 64_000_000  # pixels
CHANCE = 2.0 * math.log(2.0)


def facts_view(experiment: GibbsNetExperiment) -> FactsView:
    """What the tab needs once."""
    c, h, w = experiment.data.shape
    p, gibbsnet = experiment.p, experiment.learners["gibbsnet"]
    return FactsView(
        (h, w, c), experiment.data.names, p.reads, tuple(learner.kind for learner in experiment.learners.values()),
        p.z_dim, len(experiment.data.test_x), p.z_dim == 2, experiment.is_toy, experiment.measures.names,
        experiment.shipped_words, gibbsnet.K, aids_of(p), experiment.notes,
    )  # fmt: skip


@torch.no_grad()
def reconstruction_error(experiment: GibbsNetExperiment, learner: Learner) -> float:
    """Root mean square error over pixels of test pictures through q's mean and p, averaged weights, no label."""
    x = experiment.data.tests(slice(0, RECONSTRUCTED))
    return math.sqrt(float((_reconstructed(experiment, learner, x) - x).square().mean()))


def _reconstructed(experiment: GibbsNetExperiment, learner: Learner, x: Tensor, *, raw: bool = False) -> Tensor:
    nets = learner.nets if raw else learner.average
    y = torch.zeros(len(x), experiment.data.train_y.shape[1], device=x.device)
    mu, _ = nets.q(x, y, experiment.p.log_sigma_max)
    made: Tensor = nets.p(mu)[0]
    return made


@torch.no_grad()
def samples_view(experiment: GibbsNetExperiment, query: SamplesQuery) -> SamplesView:
    """Test pictures, their reconstructions, and samples from fixed noise."""
    names = tuple(n for n in experiment.learners if not query.models or n in query.models) or ("gibbsnet",)
    n = min(max(1, query.count), 64)
    data, shape, reads = experiment.data, experiment.data.shape, experiment.p.reads
    x = data.tests(slice(0, n))
    made, errors, samples, labels = [], [], [], []
    for name in names:
        learner = experiment.learners[name]
        if learner.kind == "gan":
            made.append(torch.zeros_like(x))
            errors.append(math.nan)
        else:
            made.append(_reconstructed(experiment, learner, x, raw=query.raw))
            errors.append(math.sqrt(float((made[-1] - x).square().mean())))
        nets = learner.nets if query.raw else learner.average
        steps = min(max(1, query.steps or learner.K), 200)
        generator = stream(experiment.p.seed, "samples", experiment.device)
        moment = next(along(learner, (steps,), n, chain_knobs(experiment.p), generator, nets=nets))
        samples.append(moment.x)
        labels.append(labels_of(moment.y, reads))
    both = torch.stack(samples)
    empty = np.zeros(0, np.float32)
    return SamplesView(
        tuple(experiment.learners[name].kind for name in names), to_images(x, shape),
        experiment.measures.kept_index(data.test_label[:n]), to_images(torch.stack(made), shape),
        np.array(errors, np.float32), to_images(both, shape), np.stack(labels),
        both.cpu().numpy() if experiment.is_toy else empty, x.cpu().numpy() if experiment.is_toy else empty,
    )  # fmt: skip


_DONE = (
    "The clamped chain is done: z was inferred from each picture of the batch.",
    "The unclamped chain is done: it ran K times through p and q; only its last pair will be judged.",
    "The discriminator has judged both kinds of pairs and learnt.",
    "Encoder and decoder have learnt; the update is complete.",
)


@torch.no_grad()
def phase_view(experiment: GibbsNetExperiment) -> PhaseView:
    """The update in the making, or the last one."""
    shape = experiment.data.shape
    c, h, w = shape
    phase = experiment.phase
    pairs = experiment.pairs.get("gibbsnet") if phase else experiment.last_pairs
    K = experiment.learners["gibbsnet"].K
    nothing = np.full(SHOWN, math.nan, np.float32)
    if pairs is None:
        return PhaseView(
            -1, np.zeros((SHOWN, h, w, c), np.uint8), np.zeros((SHOWN, K, h, w, c), np.uint8), np.zeros(4, bool),
            nothing, nothing, math.nan, math.nan, "No update has been made yet.",
        )  # fmt: skip
    done = phase if phase else len(PHASES)
    chain = np.zeros((SHOWN, K, h, w, c), np.uint8)
    if pairs.chain_x:
        chain = to_images(torch.stack([x[:SHOWN] for x in pairs.chain_x], 1), shape)
    judged = pairs.l_data is not None and pairs.l_model is not None
    return PhaseView(
        phase - 1, to_images(pairs.x[:SHOWN], shape), chain, np.arange(4) < done,
        _f32(pairs.l_data[:SHOWN]) if judged and pairs.l_data is not None else nothing,
        _f32(pairs.l_model[:SHOWN]) if judged and pairs.l_model is not None else nothing,
        *pairs.losses, _DONE[done - 1],
    )  # fmt: skip


@torch.no_grad()
def logits_view(experiment: GibbsNetExperiment, query: LogitsQuery) -> LogitsView:
    """Histograms of D on fixed pairs with the weights being trained."""
    learner = experiment.learner(query.model)
    l_data, l_model = _judged(experiment, learner, PROBE)
    bins = min(max(10, query.bins), 100)
    both = torch.cat([l_data, l_model]).cpu().numpy()
    low, high = np.quantile(both, 0.005), np.quantile(both, 0.995)
    edges = np.linspace(min(low, -1.0), max(high, 1.0), bins + 1)
    counts = [np.histogram(ls.cpu().numpy().clip(edges[0], edges[-1]), edges)[0] for ls in (l_data, l_model)]
    loss = float(softplus(-l_data).mean() + softplus(l_model).mean())
    right = float(torch.cat([l_data > 0, l_model < 0]).float().mean())
    return LogitsView(
        edges.astype(np.float32), counts[0].astype(np.int32), counts[1].astype(np.int32), float(l_data.mean()),
        float(l_model.mean()), loss, CHANCE, right,
    )  # fmt: skip


def _judged(experiment: GibbsNetExperiment, learner: Learner, count: int) -> tuple[Tensor, Tensor]:
    """Logits of `count` clamped and unclamped pairs from fixed noise [count] each."""
    data, knobs = experiment.data, chain_knobs(experiment.p)
    generator = stream(experiment.p.seed, "logits", experiment.device)
    count = min(count, len(data.train_x))
    x, y = data.batch(torch.arange(count)), data.train_y[:count]
    moment = next(along(learner, (learner.K,), count, knobs, generator, nets=learner.nets))
    z = torch.zeros(count, learner.nets.sizes.d, device=experiment.device)
    if learner.kind != "gan":
        mu, log_sigma = learner.nets.q(x, y * knobs.label_scale, knobs.log_sigma_max)
        z = mu + log_sigma.exp() * torch.randn(mu.shape, generator=generator, device=mu.device)
    D, standardise = learner.nets.D, game_knobs(experiment.p, 0).standardise
    both_y = torch.cat([y, moment.y])
    f, g = D(torch.cat([x, moment.x]), D.seen(torch.cat([z, moment.z]), standardise))
    l_data, l_model = (f + (both_y * g).sum(1)).chunk(2)
    return l_data, l_model


def flow_view(experiment: GibbsNetExperiment) -> FlowView:
    """Figure 1 with real pictures and the gradient that comes back along each arrow; weights are not touched."""
    learner = experiment.learners["gibbsnet"]
    nets, knobs, data = learner.nets, learner.knobs, experiment.data
    K, generator = learner.K, stream(experiment.p.seed, "flow", experiment.device)
    reads, B = experiment.p.reads, min(FLOW_BATCH, len(data.train_x))
    x, y = data.batch(torch.arange(B)), data.train_y[:B]

    def inferred(x: Tensor, y: Tensor) -> Tensor:
        mu, log_sigma = nets.q(x, y * knobs.label_scale, knobs.log_sigma_max)
        z: Tensor = mu + log_sigma.exp() * torch.randn(mu.shape, generator=generator, device=mu.device)
        return z

    zhat = inferred(x, y)
    z = torch.randn(B, nets.sizes.d, generator=generator, device=experiment.device).requires_grad_()
    zs, xs = [z], []
    for i in range(K):
        made, logits = nets.p(z)
        y_now = (
            sample_y(logits, torch.rand(logits.shape, generator=generator, device=z.device), reads)
            if data.names
            else logits
        )
        xs.append(made)
        if i < K - 1:
            z = inferred(made, y_now)
            zs.append(z)
    to_d = zs[-1] * 1.0
    D, both = nets.D, torch.cat([zhat, to_d])
    f, g = D(torch.cat([x, xs[-1]]), D.seen(both, knobs.standardise))
    l_data, l_model = (f + (torch.cat([y, y_now]) * g).sum(1)).chunk(2)
    loss = generator_loss(l_data, l_model, knobs.loss)
    slopes = torch.autograd.grad(loss, [zhat, *xs, *zs[1:], to_d])
    norms = [math.sqrt(float((B * s).square().sum(1).mean())) for s in slopes]
    of_zhat, of_x, of_z, of_zK = norms[0], norms[1 : K + 1], norms[K + 1 : 2 * K], norms[-1]
    reach = K - 1 - min(knobs.grad_steps, K - 1)  # Gibbs steps before this one learn nothing
    arrows: list[tuple[str, float, bool, str]] = [
        ("x->zhat", of_zhat, not knobs.flow_data, "flow_data"), ("zhat->D", of_zhat, False, ""),
    ]  # fmt: skip
    for i in range(K):
        arrows.append((f"z{i + 1}->x{i + 1}", of_x[i], i < reach or not knobs.flow_decoder, "flow_decoder"))
        if i < K - 1:
            arrows.append((f"x{i + 1}->z{i + 2}", of_z[i], i < reach or not knobs.flow_encoder, "flow_encoder"))
    arrows += [(f"x{K}->D", of_x[-1], False, ""), (f"z{K}->D", of_zK, False, "")]
    shape = data.shape
    return FlowView(
        K, to_images(x[0], shape), to_images(torch.stack([made[0] for made in xs]), shape),
        _f32(on_map(experiment, torch.stack([one[0] for one in zs]))), _f32(on_map(experiment, zhat[0])),
        tuple(a[0] for a in arrows), np.array([a[1] for a in arrows], np.float32), np.array([a[2] for a in arrows]),
        {a[0]: a[3] for a in arrows if a[3]}, float(l_data.detach().mean()), float(l_model.detach().mean()),
    )  # fmt: skip


@torch.no_grad()
def toy_view(experiment: GibbsNetExperiment, query: ToyQuery) -> ToyView:
    """Clouds of the plane. Raises `ValueError` when the data are pictures."""
    if not experiment.is_toy:
        raise ValueError("these data are pictures, not points of the plane")
    n, steps = min(max(50, query.count), 1000), min(max(1, query.steps), 1000)
    samples, zs = [], []
    for learner in experiment.learners.values():
        generator = stream(experiment.p.seed, "toy", experiment.device)
        moment = next(along(learner, (steps,), n, chain_knobs(experiment.p), generator))
        samples.append(_f32(moment.x))
        zs.append(_f32(moment.z))
    names = tuple(learner.kind for learner in experiment.learners.values())
    return ToyView(_f32(experiment.data.batch(torch.arange(n))), names, np.stack(samples), np.stack(zs))


def pictures_result(experiment: GibbsNetExperiment, arguments: PicturesArguments) -> PicturesResult:
    """Test pictures to choose from."""
    data = experiment.data
    label = experiment.measures.kept_index(data.test_label)
    at = np.flatnonzero((label == arguments.label) | (arguments.label < 0))
    index = at[max(0, arguments.first) :][: min(max(1, arguments.count), 256)]
    chosen = torch.from_numpy(index).to(experiment.device)
    reads = experiment.p.reads
    attributes = data.test_y[chosen].round().to(torch.uint8).cpu().numpy() if reads == "attributes" else None
    return PicturesResult(
        index.astype(np.int64), to_images(data.tests(chosen), data.shape), label[index],
        attributes if attributes is not None else np.zeros((len(index), 0), np.uint8),
    )  # fmt: skip


def open_image(experiment: GibbsNetExperiment, arguments: OpenImageArguments) -> OpenImageResult:
    """A picture file, its centre square, scaled to the model's size. Raises `ValueError` for what is no picture."""
    from PIL import Image, UnidentifiedImageError  # with matplotlib

    path = Path(arguments.path).expanduser()
    c, h, w = experiment.data.shape
    if experiment.is_toy:
        raise ValueError("these data are points of the plane, not pictures")
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"{path.name} has {path.stat().st_size / 1e6:,.0f} MB: at most 64 MB are read")
        with Image.open(path) as opened:
            width, height = opened.size
            if width * height > LARGEST_PICTURE:
                raise ValueError(f"{path.name} has {width:,}x{height:,} pixels: at most 64 million are read")
            opened.draft("RGB", (8 * w, 8 * h))  # a JPEG is then decoded small
            picture = opened.convert("L" if c == 1 else "RGB")
    except FileNotFoundError as error:
        raise ValueError(f"{path} is not there") from error
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path.name} is not a picture that can be read ({error})") from error
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    small = picture.crop((left, top, left + side, top + side)).resize((w, h), Image.Resampling.BOX)
    image = np.asarray(small, np.float32).reshape(h, w, c) / np.float32(255)
    is_cut = f"the centre of {width:,}x{height:,} pixels" if width != height else f"{width:,}x{height:,} pixels"
    return OpenImageResult(np.ascontiguousarray(image), f"{path.name}: {is_cut}, scaled to {w}x{h}.")


def _f32(values: Tensor) -> np.ndarray:
    return np.ascontiguousarray(values.detach().float().cpu().numpy())
