"""What the chains of the GibbsNet tab ask for and get: tapes, clamped and painted chains, the latent map.

Arrays are numpy, float32 unless said. M: models asked for, in the order of the query; n: chains; S: steps asked for;
K: decoder passes of the unclamped chain; d: latent size; C: classes, or binary attributes; (h, w, c): size of a
picture, c = 1 (grey) or 3 (red, green, blue). Pictures are uint8 in 0..255. Step t of a chain is the pair (z_t, x_t)
with x_t ~ p(x | z_t) and z_{t+1} ~ q(z | x_t); step 1 is the first picture. Every step shown was computed, none is
interpolated. A toy in the plane has pictures of 1x2 "pixels": use the float `points` (in 0..1) instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

ModelName = Literal["gibbsnet", "ali", "gan"]
Start = Literal["prior", "data", "pool", "point"]

MOST_CHAINS = 64
MOST_STEPS = 100_000
MOST_SHOWN = 64  # steps in one answer
MOST_TAPES = 9  # the main one and eight branches


# --- what is known about the run --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FactsView:
    """What the tab needs once: sizes, names, what is there. Sent again when one of them changes.

    shape (h, w, c); classes: names of the classes or of the attributes (C of them; () when pictures stand alone).
    reads: what goes with a picture: "label" (one of C), "attributes" (any of C) or "none". models: those that exist in
    this run, gibbsnet first. z_dim: d. tests: number of test pictures. has_2d_latent: d == 2, the map is z itself.
    is_toy: x is a point of the plane. judged: what the judge tells apart, names of the histograms and transitions
    (classes also when reads is none; attributes where there are no classes). shipped: sentence about the weights the
    run began with. K_now: decoder passes now (grows during the warm start). aids: names of the aids that are on; notes:
    sentences a person must know.
    """

    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    reads: Literal["label", "attributes", "none"]
    models: tuple[ModelName, ...]
    z_dim: int
    tests: int
    has_2d_latent: bool
    is_toy: bool
    judged: tuple[str, ...]
    shipped: str
    K_now: int
    aids: tuple[str, ...]
    notes: tuple[str, ...]


# --- what is held fixed while a chain runs ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clamps:
    """What the person holds; all else is the chain's own. The default holds nothing.

    label: class held (-1: free). strength: 0..1, share of the held label or attribute in what q sees (1: held hard).
    attributes: one entry each, 1 on, 0 off, -1 free (() : all free). image: float32 [h, w], [h, w, c] or [P] in 0..1,
    or None; index: test picture used when image is None (-1: none). mask: float32 [h, w] in 0..1, 1 known, 0 unknown,
    between: mixed (None with an image: everything known). After each decoding x <- m x_obs + (1 - m) x_generated.
    """

    label: int = -1
    strength: float = 1.0
    attributes: tuple[int, ...] = ()
    image: np.ndarray | None = None
    index: int = -1
    mask: np.ndarray | None = None


# --- the chain in the hand --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordArguments:
    """Records tape 0 anew with the weights of now, for every model of `models` that exists (a GAN has no chain: each of
    its steps is a fresh draw). Branches of the old tape are dropped.

    chains: 1..64; steps: 1..100,000; seed: of the noise, a pure function of (seed, chain, step), so that the same chain
    morphs as the weights change. start: z_1 from the prior N(0, I), from q(z | a training picture), from the pool, or
    at `point` of the latent map. clamps: held during the whole tape.
    """

    chains: int = 16
    steps: int = 5000
    seed: int = 0
    start: Start = "prior"
    point: tuple[float, float] = (0.0, 0.0)
    clamps: Clamps = field(default_factory=Clamps)
    models: tuple[ModelName, ...] = ("gibbsnet", "ali")


@dataclass(frozen=True, slots=True)
class TapeInfo:
    """tape: its number (0 main, 1.. branches). version: training step of its weights. first: step number of its first
    entry (1, or where it branched). recorded: last step computed so far; steps: last step wanted; chains; models;
    nbytes: memory it holds. parent, parent_chain: from where it branched (-1: nowhere). seconds: computing time so far.
    """

    tape: int
    version: int
    first: int
    recorded: int
    steps: int
    chains: int
    models: tuple[ModelName, ...]
    nbytes: int
    parent: int = -1
    parent_chain: int = -1
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class BranchArguments:
    """Starts `count` (1..16) new chains at step `step` of chain `chain` of tape `tape`, each with another noise.

    seed: of the new noise. model: whose chain. The new tape runs to the same last step as its parent, at most `steps`
    on.
    """

    tape: int = 0
    step: int = 1
    chain: int = 0
    count: int = 8
    seed: int = 1
    steps: int = 1000
    model: ModelName = "gibbsnet"


@dataclass(frozen=True, slots=True)
class ChainQuery:
    """Which steps of which tape. Answers within 100 ms at any recorded step. When no tape was recorded yet, one is
    begun (16 chains from the prior, 5,000 steps) and extended a little at each answer.

    steps: 1..64 step numbers in any order (scrubbing: one; a film strip: several); steps beyond what is recorded are
    answered with the last recorded one. models: () means all of the tape. chains: how many of the tape's chains (0:
    all).
    """

    tape: int = 0
    steps: tuple[int, ...] = (1,)
    models: tuple[ModelName, ...] = ()
    chains: int = 0


@dataclass(frozen=True, slots=True)
class ChainView:
    """steps int64 [S]: those answered. images uint8 [M, S, n, h, w, c]; points float32 [M, S, n, 2] (toys; else [0]).

    labels int16 [M, S, n]: sampled class (-1 where there is none); attributes uint8 [M, S, n, C] (attribute models;
    else [0]). z float32 [M, S, n, d]; plane float32 [M, S, n, 2]: z on the latent map; trail float32 [M, n, 10, 2]: the
    map positions of the ten steps up to the last of `steps`, oldest first (repeats before the beginning). distance
    float32 [M, n]: |z - z_first| / sqrt(d) at the last of `steps`. seen [M, S, n]: sigmoid of the discriminator's
    logit, its belief that the pair is data (the GAN: of the picture). info: the tape; tapes: all there are. is_current:
    weights have not changed since. words: "" or what to know.
    """

    info: TapeInfo
    tapes: tuple[TapeInfo, ...]
    models: tuple[ModelName, ...]
    steps: np.ndarray
    images: np.ndarray
    points: np.ndarray
    labels: np.ndarray
    attributes: np.ndarray
    z: np.ndarray
    plane: np.ndarray
    trail: np.ndarray
    distance: np.ndarray
    seen: np.ndarray
    is_current: bool
    words: str


@dataclass(frozen=True, slots=True)
class AlongQuery:
    """Curves along a recorded tape, at log-spaced steps. chain: whose curves beside the mean over chains."""

    tape: int = 0
    chain: int = 0


@dataclass(frozen=True, slots=True)
class AlongView:
    """steps int64 [S] (about 60, log-spaced, up to what is recorded). distance [M, S]: mean over chains of |z_t -
    z_first| / sqrt(d); moved [M, S]: of the squared change of the picture since one step before, root mean square over
    pixels; seen [M, S]: mean belief of the discriminator; spread [M, S]: mean distance of pairs of pictures over that
    of training pictures (1: as diverse as data, below 0.1: collapsed). *_chain [M, S]: of the chain asked for.
    """

    models: tuple[ModelName, ...]
    steps: np.ndarray
    distance: np.ndarray
    moved: np.ndarray
    seen: np.ndarray
    spread: np.ndarray
    distance_chain: np.ndarray
    seen_chain: np.ndarray


# --- painting and clamping --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlayQuery:
    """Chains that run before one's eyes with the averaged weights of now, from N(0, I), holding `clamps`.

    model: gibbsnet or ali (a GAN cannot infer: ValueError). chains: 1..64; steps_per_frame: 1..50; playing: off shows
    the present step; restart: a number that, when it changes, begins anew; seed: of the noise. A changed clamp goes on
    from where the chains are.
    """

    clamps: Clamps = field(default_factory=Clamps)
    model: ModelName = "gibbsnet"
    chains: int = 12
    steps_per_frame: int = 1
    playing: bool = True
    restart: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class PlayView:
    """step: Gibbs steps since the start. images uint8 [n, h, w, c]: x_t after clamping; points [n, 2] (toys; else [0]).

    labels int16 [n]: sampled or held class (-1: none). p_y float32 [C]: p(y | z) averaged over chains and over steps 10
    to now (all steps while there are fewer; starts anew when clamps change); p_now [C]: of this step alone. spread_y
    [C]: standard deviation over chains of p(y | z). variance float32 [h, w]: over chains, per pixel, mean over colours:
    where the model is undecided. observed uint8 [h, w, c], mask float32 [h, w]: what is held (zeros where nothing is).
    known: share of known pixels. seam: gradient across the border of the mask over that of real pictures (1: as smooth
    as data; NaN where nothing is to fill). diversity: mean distance of pairs of completions over the unknown pixels, in
    units of real pictures' (NaN with one chain). plane [n, 2]: z on the latent map. words: "" or what to know, one
    sentence.
    """

    step: int
    images: np.ndarray
    points: np.ndarray
    labels: np.ndarray
    p_y: np.ndarray
    p_now: np.ndarray
    spread_y: np.ndarray
    variance: np.ndarray
    observed: np.ndarray
    mask: np.ndarray
    known: float
    seam: float
    diversity: float
    plane: np.ndarray
    words: str


@dataclass(frozen=True, slots=True)
class PicturesArguments:
    """Test pictures to choose from: `count` (1..256) from `first` on, of class `label` (-1: any)."""

    first: int = 0
    count: int = 30
    label: int = -1


@dataclass(frozen=True, slots=True)
class PicturesResult:
    """index int64 [N]: test indices; images uint8 [N, h, w, c]; labels int16 [N] (or -1); attributes uint8 [N, C]."""

    index: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    attributes: np.ndarray


@dataclass(frozen=True, slots=True)
class OpenImageArguments:
    """A picture file of the person's own, any size: cropped to its centre and scaled to the model's size."""

    path: str


@dataclass(frozen=True, slots=True)
class OpenImageResult:
    """image float32 [h, w, c] in 0..1; text: what was done to it. Not a picture: the answer is an error in words."""

    image: np.ndarray
    text: str


# --- latent map -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LatentQuery:
    """model: gibbsnet or ali (a GAN: its prior only). points: 0..2000 training pictures; grid: 2..48 decoded a side (0:
    no background); steps: Gibbs steps after which the free cloud is shown (1..200).
    """

    model: ModelName = "gibbsnet"
    points: int = 500
    grid: int = 24
    steps: int = 20


@dataclass(frozen=True, slots=True)
class LatentView:
    """The map: z itself when d = 2, else a fixed projection (random orthonormal, kept for the whole run).

    extent (left, right, bottom, top). clamped [N, 2]: zhat ~ q(z | x) of training pictures; label int16 [N]: their
    class (-1: none). free [F, 2]: z of free chains after `steps` steps; free_label int16 [F]. trails [16, 10, 2]: the
    last ten steps of 16 free chains. density [64, 64]: of the free cloud, per unit area, row = y from bottom, column =
    x; gaussian [64, 64]: of N(0, I) on the map. grid uint8 [g, g, h, w, c]: decoder pictures, row 0 at the bottom
    (grid_points [g, g, 2] for toys; else [0]). gap: KL divergence of the free cloud's density from the Gaussian's,
    nats, by histogram. separation: share of the clamped points whose nearest neighbour on the map has their class (NaN
    without labels). is_direct: d == 2.
    """

    model: ModelName
    extent: tuple[float, float, float, float]
    clamped: np.ndarray
    label: np.ndarray
    free: np.ndarray
    free_label: np.ndarray
    trails: np.ndarray
    density: np.ndarray
    gaussian: np.ndarray
    grid: np.ndarray
    grid_points: np.ndarray
    gap: float
    separation: float
    is_direct: bool


@dataclass(frozen=True, slots=True)
class DecodeArguments:
    """A point of the latent map. Start a chain there with `record` and start="point"."""

    point: tuple[float, float] = (0.0, 0.0)
    model: ModelName = "gibbsnet"


@dataclass(frozen=True, slots=True)
class DecodeResult:
    """image uint8 [h, w, c]; x float32 [P] in 0..1; z float32 [d]; p_y float32 [C]."""

    image: np.ndarray
    x: np.ndarray
    z: np.ndarray
    p_y: np.ndarray
