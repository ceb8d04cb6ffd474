"""Chains that run before one's eyes: filling a painted hole, obeying a held label. They never touch the training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.experiments.gibbsnet_data import as_float, to_images
from engine.experiments.gibbsnet_holding import held_by
from engine.experiments.gibbsnet_latent import on_map
from engine.experiments.gibbsnet_setup import chain_knobs
from engine.experiments.gibbsnet_tapes import labels_of
from engine.models.gibbsnet_chain import ChainKnobs, CountedNoise, Held, Moment, decode, infer
from engine.models.gibbsnet_judge import seam
from engine.papers.gibbsnet_views import MOST_CHAINS, Clamps, PlayQuery, PlayView

if TYPE_CHECKING:
    from engine.experiments.gibbsnet_run import GibbsNetExperiment

SETTLED = 10  # steps before p(y|z) is averaged
MOST_A_FRAME = 50
SEAM_PICTURES = 200


class Playing:
    """States of its own, moved on by the averaged weights of now."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] | None = None
        self._clamps: Clamps | None = None
        self._knobs: ChainKnobs | None = None
        self._noise: CountedNoise | None = None
        self._held = Held()
        self._complaint = ""
        self._z = torch.zeros(0)
        self._step = 0
        self._since = 0
        self._sum: Tensor | None = None
        self._count = 0
        self._real_seam: tuple[bytes, float] = (b"", math.nan)

    @torch.no_grad()
    def picture(self, experiment: GibbsNetExperiment, query: PlayQuery) -> PlayView:
        """Moves on by one frame and shows where the chains are; what cannot be held is not, and the words say why.

        Raises `ValueError` for a model without a chain.
        """
        learner = experiment.learner(query.model, needs_chain=True)
        n = min(max(1, query.chains), MOST_CHAINS)
        knobs, nets = chain_knobs(experiment.p), learner.average
        key = (query.model, n, query.seed, query.restart)
        if self._noise is None or key != self._key or knobs != self._knobs:
            self._noise, self._knobs = CountedNoise(nets, n, knobs, query.seed), knobs
        noise = self._noise
        if self._clamps is None or not same_clamps(query.clamps, self._clamps):
            self._complaint = ""
            try:
                self._held = held_by(experiment, query.clamps)
            except ValueError as error:  # what is held may still be of the run before, with other data
                self._held, self._complaint = Held(), f"Nothing is held: {error}."
            self._clamps = query.clamps
            self._sum, self._count, self._since = None, 0, self._step
        if key != self._key:
            self._key, self._step, self._since = key, 1, 1
            self._z = noise.start()
            self._sum, self._count = None, 0
        moment = decode(nets, self._z, self._held, knobs, noise.at(self._step))
        for _ in range(min(max(1, query.steps_per_frame), MOST_A_FRAME) if query.playing else 0):
            self._z = infer(nets, moment, self._held, knobs, noise.at(self._step))
            self._step += 1
            moment = decode(nets, self._z, self._held, knobs, noise.at(self._step))
            self._note(moment)
        if self._sum is None:
            self._note(moment)
        return self._view(experiment, query, moment)

    def _note(self, moment: Moment) -> None:
        """Averages p(y|z) from the tenth step under these clamps on (before that, from the first)."""
        now = moment.p_y.mean(0)
        if self._sum is None or self._step - self._since == SETTLED:
            self._sum, self._count = now.clone(), 1
            return
        self._count += 1
        self._sum = self._sum + (now - self._sum) / self._count

    def _view(self, experiment: GibbsNetExperiment, query: PlayQuery, moment: Moment) -> PlayView:
        c, h, w = experiment.data.shape
        shape, x = experiment.data.shape, moment.x
        held = self._held
        assert self._sum is not None
        observed, mask = np.zeros((h, w, c), np.uint8), np.zeros((h, w), np.float32)
        seam_now = diversity = math.nan
        known = 0.0
        if held.x is not None and held.mask is not None:
            observed = to_images(held.x, shape)
            mask_here = held.mask.view(c, h, w)[0]
            mask = mask_here.cpu().numpy().copy()
            known = float(mask_here.mean())
            real = self._seam_of_data(experiment, mask_here)
            seam_now = seam(x, mask_here, shape) / real if real > 0 else math.nan
        if len(x) > 1 and known < 1.0:
            diversity = spread_where(x, held) / experiment.data.pair_distance
        variance = x.var(0, correction=0).view(c, h, w).mean(0)
        y = moment.y
        return PlayView(
            self._step, to_images(x, shape), _f32(x) if experiment.is_toy else np.zeros(0, np.float32),
            labels_of(y, experiment.p.reads), _f32(self._sum), _f32(moment.p_y.mean(0)),
            _f32((moment.p_y - moment.p_y.mean(0)).square().mean(0).sqrt()), _f32(variance), observed, mask, known,
            seam_now, diversity,
            _f32(on_map(experiment, moment.z)), self._complaint or _words(held, known, query),
        )  # fmt: skip

    def _seam_of_data(self, experiment: GibbsNetExperiment, mask: Tensor) -> float:
        """The same border in test pictures; kept while the mask is the same."""
        key = mask.cpu().numpy().tobytes()
        if key != self._real_seam[0]:
            pictures = as_float(experiment.data.test_x[:SEAM_PICTURES])
            self._real_seam = (key, seam(pictures, mask, experiment.data.shape))
        return self._real_seam[1]


def spread_where(x: Tensor, held: Held) -> float:
    """Root mean square distance of pairs of pictures [n, P] over the pixels that are not fully known."""
    if held.mask is not None:
        x = x[:, held.mask < 1.0]
    if not x.numel():
        return math.nan
    return math.sqrt(max(0.0, 2.0 * float(x.double().var(0, correction=1).mean())))


def same_clamps(a: Clamps, b: Clamps) -> bool:
    """Whether two sets of clamps hold the same (their pictures are compared by content)."""
    if (a.label, a.strength, a.attributes, a.index) != (b.label, b.strength, b.attributes, b.index):
        return False
    pairs = ((a.image, b.image), (a.mask, b.mask))
    return all(p is q or (p is not None and q is not None and np.array_equal(p, q)) for p, q in pairs)


def _words(held: Held, known: float, query: PlayQuery) -> str:
    if held.x is not None and known == 0.0:
        return "Nothing of the picture is known: the chain generates freely."
    if held.x is not None and known == 1.0:
        return "Everything is known: the chain only reads the picture."
    if query.model == "ali" and held.shows_label:
        return "ALI never saw mismatched pairs: holding a label breaks it."
    return ""


def _f32(values: Tensor) -> np.ndarray:
    return np.ascontiguousarray(values.detach().float().cpu().numpy())
