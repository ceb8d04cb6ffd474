"""Does the chain forget where it began? Followed a few milliseconds at a time, so that training and gestures go on."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.experiments.gibbsnet_health import ABSORBED_BITS, COLLAPSED_SPREAD, FAR
from engine.experiments.gibbsnet_measures import each_step, entropy_of
from engine.experiments.gibbsnet_setup import chain_knobs, game_knobs
from engine.experiments.random_streams import stream
from engine.models.gibbsnet_chain import Moment
from engine.models.gibbsnet_learning import Learner
from engine.papers.gibbsnet_views import MixingQuery, MixingView

if TYPE_CHECKING:
    from engine.experiments.gibbsnet_run import GibbsNetExperiment

SLICE_S = 0.02  # computing time of one look, beyond the chain step or update under way
LEAST_STEPS = 8  # of dense chains in one look, however busy the machine: some milliseconds
LAGS = 24  # points of the curve
MOST_CHAINS_CONV = 32  # one step of convolutional chains takes as long as a thousand of dense ones
NO_CLASSES = "This model has no classes to follow along the chain."
CHECKED = 200  # pictures at the end whose distance from the data is taken, at least


@dataclass(slots=True)
class _Walk:
    """Chains under way with the weights of one moment. said: classes [n] (attributes [n, C]) of steps 1, 2, ..."""

    query: MixingQuery
    version: int
    learner: Learner
    steps: int
    moments: Iterator[Moment | None]
    said: list[Tensor] = field(default_factory=list)
    end: Tensor = field(default_factory=lambda: torch.zeros(0))


class Mixing:
    """The walk under way and the last one that came to its end."""

    def __init__(self) -> None:
        self._walk: _Walk | None = None
        self._finished: MixingView | None = None
        self._of: tuple[int, MixingQuery] | None = None

    def picture(self, experiment: GibbsNetExperiment, query: MixingQuery, seconds: float = SLICE_S) -> MixingView:
        """Goes on for so long; the last whole walk of this query, or as far as the first has come.

        Raises `ValueError` for a model without a chain.
        """
        learner = experiment.learner(query.model, needs_chain=True)
        measures = experiment.measures
        until = time.perf_counter() + seconds
        if not measures.names:
            return _nothing(query, NO_CLASSES)
        while not measures.is_ready:
            if time.perf_counter() >= until:
                return _nothing(query, f"The classifier that names the classes learns first: {measures.learnt:.0%}.")
            measures.prepare(1)
        now = (experiment.steps_done, query)
        if self._of is not None and self._of[1] != query:
            self._finished = self._of = None
        if self._of == now and self._finished is not None:
            return self._finished
        if self._walk is None or self._walk.query != query:
            self._walk = _begin(experiment, learner, query)
        walk = self._walk
        least = len(walk.said) + (1 if experiment.p.net == "conv" else LEAST_STEPS)
        while len(walk.said) <= walk.steps:
            moment = next(walk.moments)
            assert moment is not None
            walk.said.append(measures.said(moment.x))
            walk.end = moment.x
            if len(walk.said) >= least and time.perf_counter() >= until:
                break
        if len(walk.said) > walk.steps:
            self._finished, self._of, self._walk = _view(experiment, walk), (walk.version, query), None
        if self._finished is not None:
            return self._finished
        if len(walk.said) < 3:
            return _nothing(query, f"Followed so far: {len(walk.said)} of {walk.steps} steps.")
        return _view(experiment, walk)

    def forget(self) -> None:
        """Knobs have changed: what was measured with the old ones no longer counts."""
        self._walk = self._finished = self._of = None


def whole(experiment: GibbsNetExperiment, query: MixingQuery) -> MixingView:
    """The walk to its end at once, for whoever can wait."""
    return Mixing().picture(experiment, query, math.inf)


def _begin(experiment: GibbsNetExperiment, learner: Learner, query: MixingQuery) -> _Walk:
    steps, count = min(max(10, query.steps), 1000), min(max(16, query.chains), 512)
    if experiment.p.net == "conv":
        count = min(count, MOST_CHAINS_CONV)
    generator = stream(experiment.p.seed, "mixing", experiment.device)
    nets = learner.average.frozen()  # training goes on while the chains walk
    moments = each_step(learner, steps + 1, count, chain_knobs(experiment.p), generator, None, nets)
    return _Walk(query, experiment.steps_done, learner, steps, moments)


def _nothing(query: MixingQuery, words: str) -> MixingView:
    none, nan = np.zeros(0), math.nan
    return MixingView(query.model, none, none, nan, np.zeros((0, 0)), none, nan, nan, nan, words)


def _view(experiment: GibbsNetExperiment, walk: _Walk) -> MixingView:
    said = torch.stack(walk.said)  # [T + 1, n], attributes [T + 1, n, C]
    walked, K = len(said) - 1, walk.learner.K
    lags = np.unique(np.geomspace(1, walked, LAGS).round().astype(np.int64))
    stay = np.array([float((said[lag] == said[0]).float().mean()) for lag in lags])
    has_classes = said.ndim == 2
    C = max(1, len(experiment.measures.names))
    if has_classes:
        shares = torch.stack([torch.bincount(said[at], minlength=C).double() for at in (walked, min(walked, K - 1))])
        histogram, at_K = shares / said.shape[1]
        pairs = (said[:-1] * C + said[1:]).flatten()
        counts = torch.bincount(pairs, minlength=C * C).double().view(C, C)
        overall = torch.bincount(said.flatten(), minlength=C).double()
        overall /= overall.sum()
        chance = float(overall.square().sum())
        transition = (counts / counts.sum(1, keepdim=True)).cpu().numpy()  # 0/0: NaN, class never visited
    else:
        histogram, at_K = said[walked].double().mean(0), said[min(walked, K - 1)].double().mean(0)
        overall = said.double().mean((0, 1))
        chance = float((overall.square() + (1 - overall).square()).mean())
        transition = np.zeros((0, 0))
    bits = entropy_of(histogram, is_shares=not has_classes)
    below = lags[stay <= chance + 0.5 * (1.0 - chance)]
    diversity = experiment.measures.diversity(walk.end)
    is_dead = diversity < COLLAPSED_SPREAD or bits < min(ABSORBED_BITS, 0.5 * math.log2(C))
    forgets = math.nan if is_dead else float(below[0]) if len(below) else math.inf
    if walked < walk.steps:
        words = f"Followed so far: {walked} of {walk.steps} steps."
    elif is_dead:
        words = _dead_words(diversity, bits)
    else:
        words = _words(experiment, walk, forgets)
    return MixingView(
        walk.query.model, lags, stay, chance, transition, histogram.cpu().numpy(), bits,
        entropy_of(at_K, is_shares=not has_classes), forgets, words,
    )  # fmt: skip


def _dead_words(diversity: float, bits: float) -> str:
    if diversity < COLLAPSED_SPREAD:
        return (
            f"The chains have collapsed: their pictures differ by {100 * diversity:.0f} % of what data differ by. "
            "There is nothing left to forget, and that is not stability."
        )
    return f"Nearly one class is left ({bits:.1f} bits): there is nothing to forget, and that is not stability."


def _words(experiment: GibbsNetExperiment, walk: _Walk, forgets: float) -> str:
    """What the lag at which half is forgotten means for a chain that is longer than trained."""
    K = walk.learner.K
    passes = f"the {K} trained passes" if K > 1 else "the one trained pass"
    is_gibbsnet = walk.learner.kind == "gibbsnet"
    has_pool = is_gibbsnet and game_knobs(experiment.p, 0).pool_share > 0.0
    guard = "only the pool keeps it stable" if has_pool else "without a pool nothing keeps it from drifting"
    if math.isinf(forgets):
        return f"It remembers its first class for more than {walk.steps} steps: {guard}, or a longer K."
    if forgets > K:
        return f"It remembers its first class for about {forgets:.0f} steps, longer than {passes}: {guard}."
    measures = experiment.measures
    distance = measures.space.distance(walk.end) if len(walk.end) >= CHECKED else math.nan
    if distance > FAR * float(measures.space.covariance.trace()):
        return (
            f"It forgets its first class within {passes}, so it stays where it is; but that is far from the data "
            f"(Fréchet distance {distance:.2g})."
        )
    return f"It forgets its first class within {passes}: such a chain stays where it is, however long it runs."
