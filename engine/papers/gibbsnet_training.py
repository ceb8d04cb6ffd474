"""What the training pictures and measures of the GibbsNet tab ask for and get (letters: `gibbsnet_chains`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.papers.gibbsnet_chains import ModelName

Level = Literal["good", "warning", "bad"]

# --- training ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SamplesQuery:
    """models: () means all. count: 1..64 pictures a row. raw: with the weights being trained instead of the averaged
    ones.

    steps: Gibbs steps of the samples (0: as many as in training now).
    """

    models: tuple[ModelName, ...] = ()
    count: int = 16
    raw: bool = False
    steps: int = 0


@dataclass(frozen=True, slots=True)
class SamplesView:
    """data uint8 [n, h, w, c]: test pictures, always the same; data_label int16 [n]. reconstructions uint8 [M, n, h, w,
    c]: data -> q -> p (the GAN: zeros, it has no q); error [M]: root mean square error over pixels (NaN: GAN); samples
    uint8 [M, n, h, w, c] with labels int16 [M, n] from fixed noise; points [M, n, 2], data_points [n, 2] (toys).
    """

    models: tuple[ModelName, ...]
    data: np.ndarray
    data_label: np.ndarray
    reconstructions: np.ndarray
    error: np.ndarray
    samples: np.ndarray
    labels: np.ndarray
    points: np.ndarray
    data_points: np.ndarray


@dataclass(frozen=True, slots=True)
class PhaseView:
    """The update being made phase by phase (and the last one made).

    phase: number of the phase just done, 0 clamped chain, 1 unclamped chain, 2 discriminator, 3 generator, -1 whole
    update. data uint8 [16, h, w, c]: x of the clamped pair; chain uint8 [16, K, h, w, c]: x_1..x_K of the unclamped
    chain (zeros when not run yet); is_done bool [4]. logit_data, logit_model float32 [16]: NaN before the discriminator
    has judged. loss_d, loss_g: NaN before they are known. text: what just happened, one sentence.
    """

    phase: int
    data: np.ndarray
    chain: np.ndarray
    is_done: np.ndarray
    logit_data: np.ndarray
    logit_model: np.ndarray
    loss_d: float
    loss_g: float
    text: str


@dataclass(frozen=True, slots=True)
class LogitsQuery:
    """model: whose discriminator. bins: 10..100."""

    model: ModelName = "gibbsnet"
    bins: int = 40


@dataclass(frozen=True, slots=True)
class LogitsView:
    """Histograms of the discriminator's logits on a fixed set of 256 pairs each, with the weights being trained.

    edges float32 [bins + 1] in logits; data, model int32 [bins]; mean_data, mean_model; loss: of the discriminator;
    chance: 2 ln 2; told_apart: share of the pairs judged right (0.5: it cannot tell).
    """

    edges: np.ndarray
    data: np.ndarray
    model: np.ndarray
    mean_data: float
    mean_model: float
    loss: float
    chance: float
    told_apart: float


@dataclass(frozen=True, slots=True)
class FlowView:
    """Figure 1 of the paper on a fixed batch: what flows forward, and how much gradient comes back along each arrow.

    x_data uint8 [h, w, c]: a picture; x_chain uint8 [K, h, w, c]: x_1..x_K of the first unclamped chain; z_plane [K,
    2]: its z_1..z_K on the map; zhat_plane [2]. arrows: names in the order of `norm`, from the list below; norm float32
    [A]: root mean square over the batch of |dL_G / d(what the arrow carries)| times the batch; is_cut bool [A]: a knob
    (or kgrad) keeps gradient from passing. Arrows: "x->zhat" (q on data), "zhat->D", "z1->x1", "x1->z2", "z2->x2", ...
    "zK->xK", "xK->D", "zK->D". logit_data, logit_model: mean. switches: arrow -> knob that cuts it. K: passes.
    """

    K: int
    x_data: np.ndarray
    x_chain: np.ndarray
    z_plane: np.ndarray
    zhat_plane: np.ndarray
    arrows: tuple[str, ...]
    norm: np.ndarray
    is_cut: np.ndarray
    switches: dict[str, str]
    logit_data: float
    logit_model: float


@dataclass(frozen=True, slots=True)
class Gauge:
    """One sign of health. value in `unit`; low, high: bounds of the healthy range (NaN: none). level: "good", "warning"
    or "bad"; words: what it means now, one sentence.
    """

    name: str
    label: str
    value: float
    unit: str
    low: float
    high: float
    level: Level
    words: str


@dataclass(frozen=True, slots=True)
class HealthView:
    """The collapse meter. level: the worst of the gauges; words: one sentence on what is wrong ("" when nothing is);
    remedy: what `repair` would do, in words ("" when nothing is to repair). K_now, version: as in FactsView."""

    gauges: tuple[Gauge, ...]
    level: Level
    words: str
    remedy: str
    K_now: int
    version: int


# --- measures ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MeasureArguments:
    """Sample quality along the chain and mixing, with the averaged weights of now. The result is kept for `quality`.

    lengths: chain lengths, ascending, 1..100,000. samples: chains a model, 100..5,000. models: () means all.
    """

    lengths: tuple[int, ...] = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
    samples: int = 1000
    models: tuple[ModelName, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class QualityCurve:
    """One model at one version. lengths int64 [L]; fd, score float64 [L]: Frechet distance and the classifier's
    inception-style score (1..C; NaN without classes); agree float64 [L]: share of samples whose sampled label the
    classifier confirms (NaN without labels); spread [L]: diversity in units of data. histogram float64 [C]: classes at
    the last length (classifier). stay float64 [L]: probability that the class at this length equals that at length 1.
    """

    model: ModelName
    version: int
    lengths: np.ndarray
    fd: np.ndarray
    score: np.ndarray
    agree: np.ndarray
    spread: np.ndarray
    histogram: np.ndarray
    stay: np.ndarray


@dataclass(frozen=True, slots=True)
class QualityView:
    """curves: all measured in this run and those shipped, oldest first, at most 12 a model. fd_floor: of test against
    training pictures; score_real: of test pictures; space: what the Frechet distance is taken in, in words; judge: the
    classifier in words with its test accuracy. K_now: trained length.
    """

    curves: tuple[QualityCurve, ...]
    fd_floor: float
    score_real: float
    space: str
    judge: str
    K_now: int


@dataclass(frozen=True, slots=True)
class MixingQuery:
    """model: gibbsnet or ali. chains: 16..512; steps: 10..1000."""

    model: ModelName = "gibbsnet"
    chains: int = 256
    steps: int = 200


@dataclass(frozen=True, slots=True)
class MixingView:
    """Does the chain forget? Classes as the project's classifier sees them. All float64.

    Followed a few milliseconds a look: until the first walk has come to its end its beginning is shown, later the last
    whole one. All arrays are empty where there is nothing to show yet, or no classes at all; words then say why.

    lags int64 [T], log-spaced to `steps`; stay [T]: probability that the class at step 1 + lag equals that at step 1;
    chance: that of independent draws, sum of squared class shares. transition [C, C]: from (row) to (column) in one
    step, rows sum to 1 (NaN rows: class never visited). histogram [C]: classes at the end; entropy: of it, bits;
    entropy_at_K: at the trained length. forgets_in: lag at which stay has fallen half way to chance (inf: never;
    NaN: collapsed, there is nothing to forget). transition is empty for attributes. words: one sentence.
    """

    model: ModelName
    lags: np.ndarray
    stay: np.ndarray
    chance: float
    transition: np.ndarray
    histogram: np.ndarray
    entropy: float
    entropy_at_K: float
    forgets_in: float
    words: str


@dataclass(frozen=True, slots=True)
class InpaintArguments:
    """Completions of `tests` (16..500) test pictures with one half known, after `steps` (1..200) steps.

    half: which half is known. models: () means gibbsnet and ali, whichever exist.
    """

    tests: int = 200
    steps: int = 20
    half: Literal["left", "right", "top", "bottom"] = "left"
    models: tuple[ModelName, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class InpaintResult:
    """float64 [M]: score (inception-style, of completions), seam (1: as data), diversity (of 4 completions each, 1: as
    data), error (mean squared, unknown pixels), accuracy (classifier finds the true class; shown with a warning: the
    known half decides). score_real: of the same test pictures. untrained_accuracy: of noise in the unknown half.
    observed, filled uint8 [8, h, w, c], [M, 8, h, w, c]: examples. words: which figures mislead, one sentence.
    """

    models: tuple[ModelName, ...]
    score: np.ndarray
    seam: np.ndarray
    diversity: np.ndarray
    error: np.ndarray
    accuracy: np.ndarray
    score_real: float
    untrained_accuracy: float
    observed: np.ndarray
    filled: np.ndarray
    words: str


@dataclass(frozen=True, slots=True)
class TasksArguments:
    """What one model can do without having been trained for it: `tests` (16..500) trials of each task, 20 steps."""

    tests: int = 200
    models: tuple[ModelName, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TasksResult:
    """float64 [M], shares (NaN where a model cannot do it): conditional: pictures drawn with a held label (attribute)
    that the classifier confirms; attribute: label (mean over attributes) read from held test pictures; joint: free
    pairs whose label the classifier confirms; chance: [3] of guessing. by_class float64 [M, 3, C].
    """

    models: tuple[ModelName, ...]
    conditional: np.ndarray
    attribute: np.ndarray
    joint: np.ndarray
    chance: np.ndarray
    by_class: np.ndarray


@dataclass(frozen=True, slots=True)
class ProbeArguments:
    """How much a classifier finds in z: trained on q's z of training pictures, tested on test pictures.

    examples: 100..5000 training pictures. models: () means gibbsnet and ali.
    """

    examples: int = 1000
    models: tuple[ModelName, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """float64 [M], shares right on test pictures: linear_mean, linear_sampled (a linear probe on the mean of q, and on
    a draw), knn_mean, knn_sampled (5 nearest neighbours). pixels: linear probe on the pictures themselves. signal,
    noise float64 [M]: standard deviation of the means over pictures, mean standard deviation of q. words: what holds.
    """

    models: tuple[ModelName, ...]
    linear_mean: np.ndarray
    linear_sampled: np.ndarray
    knn_mean: np.ndarray
    knn_sampled: np.ndarray
    pixels: float
    signal: np.ndarray
    noise: np.ndarray
    words: str


# --- toys in the plane ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToyQuery:
    """steps: Gibbs steps (1..1000) after which the clouds are shown. count: 50..1000 points a model."""

    steps: int = 20
    count: int = 400


@dataclass(frozen=True, slots=True)
class ToyView:
    """Toys only. data [N, 2] in 0..1; samples [M, n, 2] after `steps` steps; z [M, n, d] (d as in FactsView)."""

    data: np.ndarray
    models: tuple[ModelName, ...]
    samples: np.ndarray
    z: np.ndarray


# --- gestures without a picture ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Nothing:
    """No argument or no result."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What the repair did, in words, and the live knobs the tab must set to make it last (name -> value)."""

    text: str
    changes: dict[str, float | str | bool]
