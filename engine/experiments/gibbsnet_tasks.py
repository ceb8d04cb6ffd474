"""What one model can do that nobody trained it for: complete, generate on demand, read; and what its z is good for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from engine.experiments.contract import LongAction, Partial
from engine.experiments.gibbsnet_data import to_images
from engine.experiments.gibbsnet_latent import clamped_means
from engine.experiments.gibbsnet_measures import each_step
from engine.experiments.gibbsnet_playing import spread_where
from engine.experiments.gibbsnet_setup import chain_knobs
from engine.experiments.random_streams import stream
from engine.models.gibbsnet_chain import Held, Moment
from engine.models.gibbsnet_judge import seam
from engine.models.gibbsnet_learning import Learner
from engine.papers.gibbsnet_views import (
    InpaintArguments,
    InpaintResult,
    ModelName,
    Nothing,
    ProbeArguments,
    ProbeResult,
    TasksArguments,
    TasksResult,
)

if TYPE_CHECKING:
    from engine.experiments.gibbsnet_run import GibbsNetExperiment

TASK_STEPS = 20
READ_STEPS, READ_FROM = 30, 10
COMPLETIONS = 4
EXAMPLES = 8
PROBE_STEPS, PROBE_DECAY = 100, 1e-3
NEIGHBOURS = 5
_NOTHING = Partial(Nothing())


def _learners(experiment: GibbsNetExperiment, models: tuple[ModelName, ...], *, chain: bool = True) -> list[Learner]:
    found = [x for x in experiment.learners.values() if not models or x.kind in models]
    found = [x for x in found if not (chain and x.kind == "gan")]
    if not found:
        raise ValueError("none of the models asked for is in this run and can infer")
    return found


def _prepared(experiment: GibbsNetExperiment) -> Iterator[Partial]:
    while not experiment.measures.prepare(20):
        yield _NOTHING


def _end(
    experiment: GibbsNetExperiment, learner: Learner, held: Held, count: int, steps: int, seed: int, purpose: str
) -> LongAction:
    """Runs chains that hold something; returns the last step, and p(y|z) averaged from step 10 on."""
    generator = stream(seed, purpose, experiment.device)
    total: Tensor | None = None
    averaged = 0
    last: Moment | None = None
    walk = each_step(learner, steps, count, chain_knobs(experiment.p), generator, held, learner.average)
    for step, moment in enumerate(walk, 1):
        assert moment is not None
        last = moment
        if step >= min(READ_FROM, steps):
            total = moment.p_y if total is None else total + moment.p_y
            averaged += 1
        if step % 5 == 0:
            yield _NOTHING
    assert last is not None and total is not None
    return last, total / averaged


def half_mask(shape: tuple[int, int, int], half: str) -> Tensor:
    """1 on the known half, [h, w]."""
    _, h, w = shape
    mask = torch.zeros(h, w)
    if half == "left":
        mask[:, : w // 2] = 1
    elif half == "right":
        mask[:, w // 2 :] = 1
    elif half == "top":
        mask[: h // 2] = 1
    else:
        mask[h // 2 :] = 1
    return mask


def inpaint(experiment: GibbsNetExperiment, arguments: InpaintArguments) -> LongAction:
    """Completes half-known test pictures; judged by score, seam and diversity, with the misleading figures beside."""
    learners, data, measures = _learners(experiment, arguments.models), experiment.data, experiment.measures
    if experiment.is_toy:
        raise ValueError("points of the plane have no half to complete")
    yield from _prepared(experiment)
    n = min(max(16, arguments.tests), 500, len(data.test_x))
    steps = min(max(1, arguments.steps), 200)
    x, label = data.tests(slice(0, n)), data.test_label[:n]
    mask2d = half_mask(data.shape, arguments.half).to(experiment.device)
    mask = mask2d.repeat(data.shape[0], 1, 1).reshape(-1)
    hidden = mask < 0.5
    real_seam = seam(x, mask2d, data.shape)
    table = []
    filled = []
    for learner in learners:
        held = Held(x.repeat(COMPLETIONS, 1), mask)
        moment, _ = yield from _end(experiment, learner, held, n * COMPLETIONS, steps, arguments.seed, "inpaint")
        made = moment.x.view(COMPLETIONS, n, -1)
        table.append((
            measures.score(made[0]), seam(made[0], mask2d, data.shape) / real_seam, _diversity(made, held, experiment),
            float((made[0] - x)[:, hidden].square().mean()), _right(experiment, made[0], label),
        ))  # fmt: skip
        filled.append(to_images(made[0, :EXAMPLES], data.shape))
    noise = torch.rand(x.shape, generator=stream(arguments.seed, "untrained", experiment.device), device=x.device)
    untrained = _right(experiment, torch.where(hidden, noise * x.mean() * 2.0, x), label)
    score, seams, diverse, error, right = np.array(table, np.float64).T
    shown = torch.where(hidden, torch.full_like(x, 0.5), x)[:EXAMPLES]
    return InpaintResult(
        tuple(x.kind for x in learners), score, seams, diverse, error, right, measures.score(x), untrained,
        to_images(shown, data.shape),
        np.stack(filled),
        "Pixel error is smallest for blurry or collapsed completions, and the known half alone "
        f"decides the class in {100 * untrained:.0f} % of the pictures: judge by score, seam and diversity.",
    )  # fmt: skip


def _diversity(made: Tensor, held: Held, experiment: GibbsNetExperiment) -> float:
    """Spread of the completions of one picture, mean over pictures, in units of the data's. made [4, n, P]."""
    assert held.mask is not None
    one = Held(mask=held.mask)
    each = [spread_where(made[:, i], one) for i in range(made.shape[1])]
    return float(np.mean(each)) / experiment.data.pair_distance


def _right(experiment: GibbsNetExperiment, x: Tensor, label: Tensor) -> float:
    if experiment.measures.judge is None:
        return math.nan
    said = experiment.measures.kept[experiment.measures.said(x)]
    return float((said == label).float().mean())


def tasks(experiment: GibbsNetExperiment, arguments: TasksArguments) -> LongAction:
    """Conditional generation, attribute (label) prediction, joint modelling. Raises `ValueError` without y."""
    if experiment.p.reads == "none":
        raise ValueError("this model knows pictures alone: choose joint with label or attributes, and reset")
    yield from _prepared(experiment)
    rows, by_class = [], []
    for learner in _learners(experiment, arguments.models, chain=False):
        if learner.kind == "gan":
            joint, per_joint = yield from _joint(experiment, learner, arguments)
            nan = np.full_like(per_joint, math.nan)
            rows.append((math.nan, math.nan, joint))
            by_class.append(np.stack([nan, nan, per_joint]))
            continue
        conditional, per_conditional = yield from _conditional(experiment, learner, arguments)
        attribute, per_attribute = yield from _attribute(experiment, learner, arguments)
        joint, per_joint = yield from _joint(experiment, learner, arguments)
        rows.append((conditional, attribute, joint))
        by_class.append(np.stack([per_conditional, per_attribute, per_joint]))
    columns = np.array(rows, np.float64).T
    y = experiment.data.test_y
    guess = (
        float(y.mean(0).max())
        if experiment.p.reads == "label"
        else float(torch.maximum(y.mean(0), 1 - y.mean(0)).mean())
    )
    even = 1.0 / y.shape[1] if experiment.p.reads == "label" else 0.5
    names = tuple(x.kind for x in _learners(experiment, arguments.models, chain=False))
    return TasksResult(names, columns[0], columns[1], columns[2], np.array([even, guess, even]), np.stack(by_class))


def _conditional(experiment: GibbsNetExperiment, learner: Learner, arguments: TasksArguments) -> LongAction:
    """Share of pictures drawn with a held label (attribute on, or off) that the judge confirms; by class."""
    measures, C = experiment.measures, experiment.data.train_y.shape[1]
    n = min(max(16, arguments.tests), 500)
    right = []
    for c in range(C):
        held = Held(y=torch.zeros(C, device=experiment.device), y_mask=torch.zeros(C, device=experiment.device))
        assert held.y is not None and held.y_mask is not None
        each = max(8, n // C)
        if experiment.p.reads == "label":
            held.y[c], held.y_mask = 1.0, torch.ones(C, device=experiment.device)
            moment, _ = yield from _end(experiment, learner, held, each, TASK_STEPS, arguments.seed, f"hold {c}")
            right.append(float((measures.said(moment.x) == c).float().mean()))
            continue
        found = []
        assert measures.reader is not None
        for value in (0.0, 1.0):
            held.y[c], held.y_mask[c] = value, 1.0
            moment, _ = yield from _end(experiment, learner, held, each, TASK_STEPS, arguments.seed, f"hold {c}")
            found.append(float((measures.reader.said(moment.x.clamp(0, 1))[:, c] == int(value)).float().mean()))
        right.append(0.5 * sum(found))
    return float(np.mean(right)), np.array(right)


def _attribute(experiment: GibbsNetExperiment, learner: Learner, arguments: TasksArguments) -> LongAction:
    """Share of labels (attributes) of test pictures that p(y|z), averaged along the chain, gets right; by class."""
    data = experiment.data
    n = min(max(16, arguments.tests), 500, len(data.test_x))
    x, y = data.tests(slice(0, n)), data.test_y[:n]
    held = Held(x, torch.ones(x.shape[1], device=experiment.device))
    _, p_y = yield from _end(experiment, learner, held, n, READ_STEPS, arguments.seed, "read")
    if experiment.p.reads == "label":
        is_right = p_y.argmax(1) == y.argmax(1)
        per = [float(is_right[y[:, c] > 0.5].float().mean()) for c in range(y.shape[1])]
        return float(is_right.float().mean()), np.array(per)
    right = ((p_y > 0.5) == (y > 0.5)).float().mean(0)
    return float(right.mean()), right.double().cpu().numpy()


def _joint(experiment: GibbsNetExperiment, learner: Learner, arguments: TasksArguments) -> LongAction:
    """Share of free pairs whose sampled label (attributes) the judge confirms; by class of the label."""
    n = min(max(16, arguments.tests), 500)
    moment, _ = yield from _end(experiment, learner, Held(), n, TASK_STEPS, arguments.seed, "joint")
    right = experiment.measures.confirmed(moment.x, moment.y)
    if experiment.p.reads == "label":
        per = [float(right[moment.y[:, c] > 0.5].mean()) for c in range(moment.y.shape[1])]
        return float(right.mean()), np.array(per)
    reader = experiment.measures.reader
    assert reader is not None
    each = (reader.said(moment.x.clamp(0, 1)) == moment.y.round().long()).double().mean(0)
    return float(right.mean()), each.cpu().numpy()


def probe(experiment: GibbsNetExperiment, arguments: ProbeArguments) -> LongAction:
    """Linear and nearest-neighbour probes on q's z. Raises `ValueError` for data without classes."""
    measures = experiment.measures
    if measures.judge is None:
        raise ValueError("these data have no classes to probe for")
    count = min(max(100, arguments.examples), 5000, len(experiment.data.train_x))
    rows = []
    learners = _learners(experiment, arguments.models)
    for learner in learners:
        mu, sigma, label = clamped_means(experiment, learner, count)
        mu_t, sigma_t, label_t = clamped_means(experiment, learner, 2000, test=True)
        generator = stream(arguments.seed, "probe", experiment.device)
        z = mu + sigma * torch.randn(mu.shape, generator=generator, device=mu.device)
        z_t = mu_t + sigma_t * torch.randn(mu_t.shape, generator=generator, device=mu.device)
        yield _NOTHING
        rows.append((
            linear_probe(mu, label, mu_t, label_t), linear_probe(z, label, z_t, label_t),
            nearest(mu, label, mu_t, label_t), nearest(z, label, z_t, label_t),
            float(mu.std(0).square().mean().sqrt()), float(sigma.mean()),
        ))  # fmt: skip
        yield _NOTHING
    at = torch.randperm(len(experiment.data.train_x), generator=stream(0, "map pictures"))[:count]
    x, x_t = experiment.data.batch(at), experiment.data.tests(slice(0, 2000))
    pixels = linear_probe(x, experiment.data.train_label[at], x_t, experiment.data.test_label[:2000])
    table = np.array(rows, np.float64).T
    words = "Only GibbsNet was probed."
    kinds = [x.kind for x in learners]
    if "ali" in kinds and "gibbsnet" in kinds:
        ours, ali = table[:4, kinds.index("gibbsnet")], table[:4, kinds.index("ali")]
        wins = int((ours > ali).sum())
        words = (
            f"GibbsNet's z is better than ALI's in {wins} of 4 probes. The paper's advantage is not reproduced here."
            if wins < 4 else "GibbsNet's z is better than ALI's in all 4 probes."
        )  # fmt: skip
    return ProbeResult(tuple(kinds), table[0], table[1], table[2], table[3], pixels, table[4], table[5], words)


def linear_probe(x: Tensor, label: Tensor, x_test: Tensor, label_test: Tensor) -> float:
    """Accuracy on the test part of multinomial logistic regression (L-BFGS, standardised inputs, weight decay 1e-3)."""
    from scipy.optimize import minimize  # type: ignore[import-untyped] # torch's own imports the whole compiler

    mean, std = x.mean(0), x.std(0).clamp(min=1e-6)
    x, x_test = ((x - mean) / std).double(), ((x_test - mean) / std).double()
    C = int(torch.cat([label, label_test]).max()) + 1
    inputs = torch.cat([x, x.new_ones(len(x), 1)], 1)

    def loss_and_slope(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w = torch.from_numpy(flat).to(x).view(-1, C).requires_grad_()
        loss = cross_entropy(inputs @ w, label) + PROBE_DECAY * w[:-1].square().sum()
        (slope,) = torch.autograd.grad(loss, w)
        return float(loss.detach()), slope.flatten().cpu().numpy()

    start = np.zeros(inputs.shape[1] * C)
    found = minimize(loss_and_slope, start, jac=True, method="L-BFGS-B", options={"maxiter": PROBE_STEPS})
    w = torch.from_numpy(found.x).to(x).view(-1, C)
    said = (torch.cat([x_test, x_test.new_ones(len(x_test), 1)], 1) @ w).argmax(1)
    return float((said == label_test).double().mean())


def nearest(x: Tensor, label: Tensor, x_test: Tensor, label_test: Tensor) -> float:
    """Accuracy on the test part of a vote of the 5 nearest neighbours."""
    near = torch.cdist(x_test.double(), x.double()).topk(min(NEIGHBOURS, len(x)), largest=False).indices
    votes = label[near].mode(1).values
    return float((votes == label_test).double().mean())
