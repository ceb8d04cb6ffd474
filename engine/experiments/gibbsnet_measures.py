"""What is measured on chains: distance from the data, scores of the judge, mixing; while training and on request."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.experiments import shipped
from engine.experiments.contract import LongAction, Partial
from engine.experiments.gibbsnet_data import Pictures, as_float
from engine.experiments.gibbsnet_setup import chain_knobs, passes_now
from engine.experiments.random_streams import stream
from engine.models.gibbsnet import Nets
from engine.models.gibbsnet_chain import ChainKnobs, Held, Moment, StreamNoise, decode, infer
from engine.models.gibbsnet_judge import Judge, entropy_bits, inception_score, new_space, spread
from engine.models.gibbsnet_learning import Learner
from engine.papers.gibbsnet import TOYS, GibbsNetParams
from engine.papers.gibbsnet_views import (
    MeasureArguments,
    QualityCurve,
    QualityView,
)

if TYPE_CHECKING:
    from engine.experiments.gibbsnet_run import GibbsNetExperiment

SPACE_PICTURES = 5000
JUDGE_UPDATES_A_STEP = 20
AT_STEPS = 20  # chain length of the curves while training
KEPT_CURVES = 12
MOST_LENGTH = 100_000
LONG = 1000  # steps at which an absorbing class shows


@dataclass(frozen=True, slots=True)
class Signs:
    """Of one model after 20 steps from N(0, I). fd; entropy of the classes in bits, agree in 0..1, score (NaN where
    there is no judge); diversity: spread of the pictures over that of the data; z_rms: root mean square of z."""

    fd: float
    entropy: float
    agree: float
    score: float
    diversity: float
    z_rms: float


class Measures:
    """The judge, the space of the Frechet distance and what of the data is compared with."""

    def __init__(self, params: GibbsNetParams, pictures: Pictures, device: torch.device) -> None:
        self.params, self.pictures, self.device = params, pictures, device
        self.space = new_space(as_float(pictures.train_x[:SPACE_PICTURES]))
        self.kept = torch.unique(pictures.train_label[pictures.train_label >= 0])  # class ids, in the order of y
        self.judge = self._new_judge(classes=True) if len(self.kept) else None
        self.reader = self._new_judge(classes=False) if params.reads == "attributes" else None
        self._floor: tuple[float, float] | None = None
        self._words = ""
        if params.task == "digits" and self.judge is not None:
            tensors, _ = shipped.read(shipped.path_of("gibbsnet", "judge-digits"))
            self.judge.load(tensors)

    def _new_judge(self, *, classes: bool) -> Judge:
        outputs = len(self.pictures.class_names) if classes else self.pictures.train_y.shape[1]
        return Judge(self.pictures.shape, outputs, stream(0, "judge"), self.device, classes=classes)

    @property
    def names(self) -> tuple[str, ...]:
        """What the judge tells: classes, or attributes when the pictures have no class."""
        if self.judge is not None:
            return tuple(self.pictures.class_names[int(k)] for k in self.kept)
        return self.pictures.names

    def kept_index(self, labels: Tensor) -> np.ndarray:
        """Class ids [N] to their place among the kept classes, int16 [N]; -1 where there is no class."""
        index = np.searchsorted(self.kept.cpu().numpy(), labels.cpu().numpy())
        return np.where(labels.cpu().numpy() < 0, -1, index).astype(np.int16)

    def prepare(self, updates: int) -> bool:
        """Trains the judges by so many updates if they need it; True when they are ready."""
        for judge, target in ((self.judge, self.pictures.train_label), (self.reader, self.pictures.train_y)):
            if judge is not None and not judge.is_ready:
                judge.train(self.pictures.train_x, target, updates)
                return False
        return True

    @property
    def is_ready(self) -> bool:
        """Whether the judges can be asked."""
        return all(judge is None or judge.is_ready for judge in (self.judge, self.reader))

    @property
    def learnt(self) -> float:
        """How much of the judges' training is done, 0..1."""
        judges = [judge for judge in (self.judge, self.reader) if judge is not None]
        return sum(j.updates for j in judges) / max(1, sum(j.updates_wanted for j in judges))

    def finish(self) -> None:
        """Trains the judges to the end."""
        while not self.prepare(200):
            pass

    # --- of pictures --------------------------------------------------------------------------------------------

    def shares(self, x: Tensor) -> Tensor | None:
        """The judge's probabilities over the kept classes [N, C]; None without classes."""
        if self.judge is None:
            return None
        p = self.judge.probabilities(x.clamp(0.0, 1.0))[:, self.kept]
        return p / p.sum(1, keepdim=True).clamp(min=1e-12)

    def score(self, x: Tensor) -> float:
        """Inception-style score, 1 to the number of classes; NaN without classes."""
        p = self.shares(x)
        return math.nan if p is None else inception_score(p)

    def said(self, x: Tensor) -> Tensor:
        """Index of the kept class [N] int64, or attributes [N, C] int64 of 0 and 1."""
        p = self.shares(x)
        if p is not None:
            return p.argmax(1)
        if self.reader is None:
            return torch.zeros(len(x), dtype=torch.int64, device=x.device)
        return self.reader.said(x.clamp(0.0, 1.0))

    def confirmed(self, x: Tensor, y: Tensor) -> Tensor:
        """Whether the judge sees in x what y says: float [N] (attributes: share of them); NaN without y."""
        if self.params.reads == "none":
            return torch.full((len(x),), math.nan)
        if self.reader is not None:
            return (self.reader.said(x.clamp(0.0, 1.0)) == y.round().long()).float().mean(1)
        return (self.said(x) == y.argmax(1)).float()

    def histogram(self, x: Tensor) -> Tensor:
        """Share of each kept class (attributes: share of pictures that have it), float64 [C]."""
        said = self.said(x)
        if said.ndim == 2:
            return said.double().mean(0)
        return torch.bincount(said, minlength=max(1, len(self.kept))).double() / max(1, len(x))

    def entropy(self, x: Tensor) -> float:
        """Of the classes, in bits (attributes: sum of theirs)."""
        return entropy_of(self.histogram(x), is_shares=self.judge is None)

    def diversity(self, x: Tensor) -> float:
        """Spread of a set of pictures in units of the data's."""
        return spread(x) / self.pictures.pair_distance

    @property
    def floors(self) -> tuple[float, float]:
        """Frechet distance and score of the test pictures themselves."""
        if self._floor is None:
            x = as_float(self.pictures.test_x[:2000])
            self._floor = (self.space.distance(x), self.score(x))
        return self._floor

    def words(self) -> str:
        """The judge in words, with its accuracy on test pictures."""
        if not self.is_ready:
            return "the judge is being trained"
        self._words = self._words or self._described()
        return self._words

    def _described(self) -> str:
        x = as_float(self.pictures.test_x[:2000])
        if self.judge is not None and self.params.task not in TOYS:
            right = float((self.judge.said(x) == self.pictures.test_label[:2000]).float().mean())
            return f"a small classifier of Atelier's own, {100 * right:.1f} % of test pictures right (not Inception)"
        if self.reader is not None:
            right = float((self.reader.said(x) == self.pictures.test_y[:2000].long()).float().mean())
            return f"a small reader of attributes of Atelier's own, {100 * right:.1f} % right on test pictures"
        return "the nearest cloud, by a small classifier of Atelier's own" if self.judge is not None else "none"

    # --- while training -----------------------------------------------------------------------------------------

    def signs(self, learner: Learner) -> Signs:
        """On fixed noise; no number of the training's streams is used. Trains the judge to its end if it is not."""
        self.finish()
        count = 500 if self.params.net == "mlp" else 128
        generator = stream(self.params.seed, "signs", self.device)
        moment = next(iter(along(learner, (AT_STEPS,), count, chain_knobs(self.params), generator)))
        x = moment.x
        agree = float(self.confirmed(x, moment.y).mean())
        rms = float(moment.z.square().mean().sqrt())
        entropy = self.entropy(x) if self.judge is not None else math.nan
        return Signs(self.space.distance(x), entropy, agree, self.score(x), self.diversity(x), rms)


def entropy_of(histogram: Tensor, *, is_shares: bool) -> float:
    """Bits of class shares [C]; of independent attributes' shares when is_shares."""
    if not is_shares:
        return entropy_bits(histogram)
    return sum(entropy_bits(torch.stack([p, 1.0 - p])) for p in histogram)


@torch.no_grad()
def along(
    learner: Learner, lengths: Sequence[int], count: int, knobs: ChainKnobs, generator: torch.Generator,
    held: Held | None = None, nets: Nets | None = None,
) -> Iterator[Moment]:  # fmt: skip
    """The pairs of `count` chains from N(0, I) at each length (ascending), averaged weights; a GAN draws afresh."""
    nets = nets or learner.average
    for moment in each_step(learner, max(lengths), count, knobs, generator, held, nets, wanted=set(lengths)):
        if moment is not None:
            yield moment


@torch.no_grad()
def each_step(
    learner: Learner, steps: int, count: int, knobs: ChainKnobs, generator: torch.Generator, held: Held | None,
    nets: Nets, wanted: set[int] | None = None,
) -> Iterator[Moment | None]:  # fmt: skip
    """Every step of such chains; None instead of a step that is not in `wanted`."""
    held = held or Held()
    noise = StreamNoise(nets, count, knobs, generator)
    z = torch.randn(count, nets.sizes.d, generator=generator, device=generator.device)
    for step in range(1, steps + 1):
        is_wanted = wanted is None or step in wanted
        if learner.kind == "gan":
            if is_wanted:
                z = torch.randn(count, nets.sizes.d, generator=generator, device=generator.device)
                yield decode(nets, z, held, knobs, noise.at(step))
            continue
        draw = noise.at(step)
        with torch.no_grad():
            moment = decode(nets, z, held, knobs, draw)
            if step < steps:
                z = infer(nets, moment, held, knobs, draw)
        yield moment if is_wanted else None


# --- on request -------------------------------------------------------------------------------------------------


class Quality:
    """The curves against chain length that have been measured, oldest first."""

    def __init__(self) -> None:
        self.curves: list[QualityCurve] = []

    def add(self, curve: QualityCurve) -> None:
        """Keeps it, and the newest twelve of its model."""
        same = [c for c in self.curves if c.model == curve.model]
        if len(same) >= KEPT_CURVES:
            drop = same[0]
            self.curves = [c for c in self.curves if c is not drop]
        self.curves.append(curve)

    def view(self, experiment: GibbsNetExperiment) -> QualityView:
        """All of them with what they are to be compared with."""
        measures = experiment.measures
        floor, real = measures.floors if measures.is_ready else (math.nan, math.nan)
        passes = passes_now(experiment.p, experiment.learners["gibbsnet"].updates)
        return QualityView(tuple(self.curves), floor, real, measures.space.words, measures.words(), passes)


def measure(experiment: GibbsNetExperiment, arguments: MeasureArguments) -> LongAction:
    """Quality along the chain for every model asked for, a few steps at a time."""
    lengths = tuple(sorted({min(max(1, int(n)), MOST_LENGTH) for n in arguments.lengths})) or (1,)
    count = min(max(100, arguments.samples), 5000)
    names = [k for k in experiment.learners if not arguments.models or k in arguments.models]
    measures = experiment.measures
    while not measures.prepare(20):
        yield Partial(experiment.measured.view(experiment), 0.0)
    for place, name in enumerate(names):
        learner = experiment.learners[name]
        nets, version = learner.average.frozen(), experiment.steps_done
        knobs = chain_knobs(experiment.p)
        generator = stream(arguments.seed, "quality", experiment.device)
        found: list[tuple[float, float, float, float, float]] = []
        first: Tensor | None = None
        histogram = torch.zeros(0)
        bits: list[float] = []
        steps = each_step(learner, lengths[-1], count, knobs, generator, None, nets, wanted=set(lengths))
        for step, moment in enumerate(steps):
            if moment is not None:
                said = measures.said(moment.x)
                first = said if first is None else first
                stay = float((said == first).float().mean())
                agree = float(measures.confirmed(moment.x, moment.y).mean())
                x = moment.x
                found.append((measures.space.distance(x), measures.score(x), agree, measures.diversity(x), stay))
                histogram = measures.histogram(x)
                bits.append(entropy_of(histogram, is_shares=measures.judge is None))
            if step % 4 == 0 or moment is not None:
                yield Partial(experiment.measured.view(experiment), (place + step / lengths[-1]) / len(names))
        if name == "gibbsnet" and lengths[-1] >= LONG:
            at_K = min(zip(lengths, bits, strict=True), key=lambda pair: abs(pair[0] - learner.K))[1]
            experiment.faults.late = (at_K, bits[-1])
        table = np.array(found, np.float64).T
        fd, score, agree_at, spread_at, stay_at = table
        at, shares = np.array(lengths, np.int64), histogram.cpu().numpy()
        experiment.measured.add(
            QualityCurve(learner.kind, version, at, fd, score, agree_at, spread_at, shares, stay_at)
        )
    return experiment.measured.view(experiment)
