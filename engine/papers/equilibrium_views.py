"""The pictures and gestures of the equilibrium tab: what each asks for and what it gets.

Arrays are numpy, float32 unless said. L: layers after the input (hidden ones and the output); n_k: neurons of layer k;
h, w: image size; T: moments; time runs in units of the neurons' own time constant (a step lasts epsilon).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engine.papers.classified import ConfusionView
from engine.papers.contract import ActionSpec, ViewSpec

Rho = Literal["network", "clipped", "smooth", "tanh"]
Nudging = Literal["one_sided", "centred", "exact"]


@dataclass(frozen=True, slots=True)
class Probe:
    """Which input to look at: test example `index`, or `image` (float32 [h, w] in 0..1) when given.

    target: class towards which the output is nudged (-1: the example's own label; for a drawn picture what the network
    takes it for least, so that there is something to correct).
    """

    index: int = 0
    image: np.ndarray | None = None
    target: int = -1


# --- the valley -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ValleyQuery:
    """Two neurons, h (hidden) and o (output), and one clamped input x. Needs no training.

    w_1, w_2: weights x-h and h-o (-3..3); b: bias of both neurons (-1..1); y: target of o (0..1); beta: strength of the
    nudge (1e-6..0.9); epsilon: step (0.01..0.5); steps: moments of each phase (10..400); start: (h, o) from where the
    free phase rolls (drag the ball to set it). smooth: rho(s) = sigmoid(4 s - 2) instead of the clipped neuron.
    """

    x: float = 1.0
    w_1: float = 0.35
    w_2: float = 0.6
    b: float = 0.0
    y: float = 1.0
    beta: float = 0.25
    epsilon: float = 0.1
    steps: int = 120
    start: tuple[float, float] = (0.05, 0.9)
    smooth: bool = False


@dataclass(frozen=True, slots=True)
class ValleyView:
    """Both phases at once; the tab plays them back.

    energy [128, 128]: F_beta with the nudge, energy_free: without; row = o, column = h, both from `extent[0]` to
    `extent[1]`. free [T+1, 2]: (h, o) rolling to rest with beta = 0; nudged [T+1, 2]: from rest with the nudge.
    velocity [T, 2] = (ds/dt) / beta in the second phase; side [T, 2] = minus the side network's error derivative at the
    same moment: the two arrows. energy_along_free, energy_along_nudged [T+1]: E and F_beta under way. rest,
    nudged_rest [2]: the minima; time [T+1]. gap: relative distance of the arrows over all moments (grows with beta).
    residual: how far from rest the free phase ended.
    """

    energy: np.ndarray
    energy_free: np.ndarray
    extent: tuple[float, float]
    free: np.ndarray
    nudged: np.ndarray
    velocity: np.ndarray
    side: np.ndarray
    energy_along_free: np.ndarray
    energy_along_nudged: np.ndarray
    rest: np.ndarray
    nudged_rest: np.ndarray
    time: np.ndarray
    gap: float
    residual: float


# --- the same at every moment -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MomentsQuery:
    """The second phase of the present weights in float64, step by step.

    images: how many pictures from `probe.index` on (1..64; a drawn picture stands alone); beta: 1e-6..1; nudging: one
    sided, centred, or the exact derivative at beta = 0 in forward mode (beta is then ignored); asymmetry: 0..1, noise
    added to the top-down weights in units of their standard deviation; rho: the neurons (network: those of the run);
    epsilon: 0.01..0.5; steps: 10..400.
    """

    probe: Probe = field(default_factory=Probe)
    images: int = 16
    beta: float = 1e-4
    nudging: Nudging = "centred"
    asymmetry: float = 0.0
    rho: Rho = "network"
    epsilon: float = 0.3
    steps: int = 80


@dataclass(frozen=True, slots=True)
class MomentsView:
    """Two processes, moment by moment. Equilibrium propagation is given as minus its velocity, so that equal means
    on the diagonal.

    time float64 [T]. rbp, ep [T, P]: side network S and minus velocity/beta of P neurons (all, or an even sample when
    there are more than 2,400); point_layer (1..L), point_unit, point_image: int16 [P]. unit_layer, unit_index int16
    [K], unit_rbp, unit_ep [T, K]: eight neurons a layer for the first picture, those that move most. weight_layer
    (0..L-1), weight_from, weight_to int16 [M]; weight_rbp, weight_ep [T, M]: running weight gradients of six weights a
    layer; weight_final [M]: where they end, by solving with the Hessian (NaN where it was not solved).
    gap_units [T, L], gap_weights [T, L] float64: relative distance at each moment (NaN where both are zero).
    gap, gap_of_weights: over all moments together; worst: largest over moments; correlation: of the scatter, all
    moments together. residual: how far from rest the free phase ended; floor: residual / beta, below which the gap says
    nothing. moved: neurons that entered or left saturation during the nudge (the theorem is for those that do not).
    label: class of the first picture; words: one sentence on what limits the gap ("" when nothing does).
    """

    time: np.ndarray
    rbp: np.ndarray
    ep: np.ndarray
    point_layer: np.ndarray
    point_unit: np.ndarray
    point_image: np.ndarray
    unit_layer: np.ndarray
    unit_index: np.ndarray
    unit_rbp: np.ndarray
    unit_ep: np.ndarray
    weight_layer: np.ndarray
    weight_from: np.ndarray
    weight_to: np.ndarray
    weight_rbp: np.ndarray
    weight_ep: np.ndarray
    weight_final: np.ndarray
    gap_units: np.ndarray
    gap_weights: np.ndarray
    gap: float
    gap_of_weights: float
    worst: float
    correlation: float
    residual: float
    floor: float
    moved: int
    label: int
    words: str


@dataclass(frozen=True, slots=True)
class SlopeQuery:
    """The gap over beta and over asymmetry, on the present weights. Fields as in MomentsQuery."""

    probe: Probe = field(default_factory=Probe)
    images: int = 4
    rho: Rho = "network"
    epsilon: float = 0.3
    steps: int = 60


@dataclass(frozen=True, slots=True)
class SlopeView:
    """betas float64 [B]; one_sided, centred float64 [B]: relative gap; exact: gap of the exact derivative (a floor).

    slope_one_sided, slope_centred: fitted log-log slopes where the gap is above the floor (theory: 1 and 2; NaN when
    fewer than two points are). asymmetries, gap_of_asymmetry float64 [A]: gap of the exact derivative;
    correlation_of_asymmetry [A]; slope_asymmetry: gap per unit of asymmetry near zero.
    """

    betas: np.ndarray
    one_sided: np.ndarray
    centred: np.ndarray
    exact: float
    slope_one_sided: float
    slope_centred: float
    asymmetries: np.ndarray
    gap_of_asymmetry: np.ndarray
    correlation_of_asymmetry: np.ndarray
    slope_asymmetry: float


# --- training ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GaugesView:
    """How good the learning signal is now, on a fixed set of training pictures, with the present knobs.

    cosine, norm_ratio float64 [L]: the update of W_k (0..L-1) against the true gradient (converged side network; NaN
    where one of them is zero). arrival [K, L]: size of the displacement of layer k after each nudged sweep (mean
    |s - s*|), K = nudged sweeps: zero means that the error has not arrived. residual, largest_residual: root mean
    square and largest distance from rest after the free phase. energy_free, energy_nudged: F per picture after each
    sweep, the start first (nudged: plus phase). mean_rate, saturated [L]: mean rate and share of neurons at 0 or 1.
    output_on [10]: share of the pictures of each class for which its own output is above 0; dead int [10]: 1 where that
    is below 5 %: the class is lost.
    words: what is wrong, one sentence ("" when nothing is).
    """

    cosine: np.ndarray
    norm_ratio: np.ndarray
    arrival: np.ndarray
    residual: float
    largest_residual: float
    energy_free: np.ndarray
    energy_nudged: np.ndarray
    mean_rate: np.ndarray
    saturated: np.ndarray
    output_on: np.ndarray
    dead: np.ndarray
    words: str


@dataclass(frozen=True, slots=True)
class StatesQuery:
    """live: the training batch's own states (phase by phase stepping) instead of the probe."""

    probe: Probe = field(default_factory=Probe)
    live: bool = False


@dataclass(frozen=True, slots=True)
class StatesView:
    """The layers of one picture: free, plus, minus are tuples of [n_k], k = 1..L, at rest, nudged towards the target
    and away from it (one-sided: minus equals free). shift: (plus - minus) / the distance in beta.

    image [h, w]; target [10]; label, predicted: -1 where there is none. phase: index of the phase just done, -1: all.
    """

    image: np.ndarray
    free: tuple[np.ndarray, ...]
    plus: tuple[np.ndarray, ...]
    minus: tuple[np.ndarray, ...]
    shift: tuple[np.ndarray, ...]
    target: np.ndarray
    label: int
    predicted: int
    phase: int


@dataclass(frozen=True, slots=True)
class TilesQuery:
    """Which neurons of layer 1: `count` (at most 256) from `first`; the probe gives the colour of the frames."""

    first: int = 0
    count: int = 64
    probe: Probe = field(default_factory=Probe)


@dataclass(frozen=True, slots=True)
class TilesView:
    """Weights from the input, float16 [count, h, w]; rate [count]: of each neuron for the probe, in 0..1."""

    first: int
    tiles: np.ndarray
    rate: np.ndarray


@dataclass(frozen=True, slots=True)
class BiasQuery:
    """The map on the present weights. images: 1..256 training pictures; both signs are used when `centred`."""

    betas: tuple[float, ...] = (0.01, 0.05, 0.1, 0.25, 0.5, 0.9)
    sweeps: int = 32
    images: int = 32
    centred: bool = True


@dataclass(frozen=True, slots=True)
class BiasView:
    """betas float64 [B]; sweeps int [S]: 1..S; cosine, norm_ratio [B, S, L]: of each weight matrix W_0..W_{L-1} against
    the exact gradient (NaN where the estimate is zero: the error has not arrived). Row by row beta, column by column
    nudged sweeps. solver: exact or euler, that of the run. empty: why a whole matrix has no direction, for each weight
    matrix ("": it has one): the exact gradient itself is zero.
    """

    betas: np.ndarray
    sweeps: np.ndarray
    cosine: np.ndarray
    norm_ratio: np.ndarray
    solver: str
    empty: tuple[str, ...] = ()


# --- play -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clamp:
    """Neuron `unit` of layer `layer` (1..L) held at `value` (0..1)."""

    layer: int
    unit: int
    value: float


@dataclass(frozen=True, slots=True)
class PlayQuery:
    """The network settling before one's eyes: a simulation that belongs to this picture alone.

    probe: what is painted or shown. input_on: the picture holds the input; off: the input floats and follows the
    network. steps_per_frame: 1..50 Euler steps of epsilon (0.01..1). jump: a number that, when it changes, goes to rest
    at once; restart: a number that, when it changes, starts over from zero. clamps: neurons held. cue: class held at
    the output with gain 3 (-1: none). pull [10] with beta: nudge by hand, force beta (pull - s) on the outputs.
    """

    probe: Probe = field(default_factory=Probe)
    input_on: bool = True
    epsilon: float = 0.1
    steps_per_frame: int = 1
    playing: bool = True
    jump: int = 0
    restart: int = 0
    clamps: tuple[Clamp, ...] = ()
    cue: int = -1
    pull: tuple[float, ...] | None = None
    beta: float = 0.25


@dataclass(frozen=True, slots=True)
class PlayView:
    """input [h, w]: what the input layer holds now; layers: tuple of [n_k] in 0..1; energy: last 256 values of F, its
    times in `time` float64; velocity: mean |ds/dt| of the free neurons; predicted: class of the largest output (-1: all
    outputs are 0); step: Euler steps since the start; at_rest: velocity below 1e-3.
    """

    input: np.ndarray
    layers: tuple[np.ndarray, ...]
    energy: np.ndarray
    time: np.ndarray
    velocity: float
    predicted: int
    step: int
    at_rest: bool


@dataclass(frozen=True, slots=True)
class DreamQuery:
    """helped: the input leans on the mean training picture (readable) instead of the weights alone (harsh strokes)."""

    helped: bool = True


@dataclass(frozen=True, slots=True)
class DreamView:
    """One picture from each class. images [10, h, w]; recognised int [10]: what the network sees in them; nearest int
    [10]: class whose mean is nearest; distance [10]: to the mean of its own class.
    """

    images: np.ndarray
    recognised: np.ndarray
    nearest: np.ndarray
    distance: np.ndarray


# --- gestures ---------------------------------------------------------------------------------------------------

Learner = Literal["ep", "rbp"]


@dataclass(frozen=True, slots=True)
class GhostArguments:
    """Train a comparison network from the same start on the same batches for `steps` updates (1..20,000).

    learner: rbp (side network) or ep. beta: of ep (0: that of the run).
    """

    learner: Learner = "rbp"
    beta: float = 0.0
    steps: int = 2000


@dataclass(frozen=True, slots=True)
class GhostCurve:
    """steps int64 [T]; accuracy in % of the test pictures, cost, classes lost: float64 [T]; seconds: CPU time used."""

    learner: Learner
    steps: np.ndarray
    accuracy: np.ndarray
    cost: np.ndarray
    dead: np.ndarray
    seconds: float


@dataclass(frozen=True, slots=True)
class ClassesArguments:
    """Do exact gradients lose classes? Trains 64-128-10 on the digits for each learner and seed side by side.

    betas: strengths of the finite nudge (0 stands for the exact gradient of the side network); seeds: 1..10 starts;
    steps: updates of each (50..10,000).
    """

    betas: tuple[float, ...] = (0.0, 0.01, 0.25)
    seeds: int = 3
    steps: int = 600


@dataclass(frozen=True, slots=True)
class ClassesResult:
    """One row a beta, one column a seed: accuracy in % float64 [B, S] on the test pictures; alive [B, S, 10]: share of
    the training pictures of each class for which its own output is above 0; dead int [B, S]: classes lost, those with
    less than 5 %; silent int [B, S]: outputs that are 0 for every training picture (always lost, too). steps: updates
    so far; curve_steps int64 [T], curve_dead, curve_accuracy float64 [B, T]: mean over seeds. seconds: CPU time.
    """

    betas: np.ndarray
    accuracy: np.ndarray
    dead: np.ndarray
    silent: np.ndarray
    alive: np.ndarray
    steps: int
    curve_steps: np.ndarray
    curve_dead: np.ndarray
    curve_accuracy: np.ndarray
    seconds: float


@dataclass(frozen=True, slots=True)
class Nothing:
    """No argument or no result."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What the repair did, in words, and the knobs it changed."""

    text: str
    changes: dict[str, float | str]


VIEWS = (
    ViewSpec("valley", ValleyView, ValleyQuery, rate=30),
    ViewSpec("moments", MomentsView, MomentsQuery, rate=10),
    ViewSpec("slope", SlopeView, SlopeQuery, rate=0.2),  # takes a second: the sliders of `moments` must not wait for it
    ViewSpec("gauges", GaugesView, None, rate=5),
    ViewSpec("states", StatesView, StatesQuery, rate=15),
    ViewSpec("tiles", TilesView, TilesQuery, rate=2),
    ViewSpec("confusion", ConfusionView, None, rate=1),
    ViewSpec("bias", BiasView, BiasQuery, rate=0.5),
    ViewSpec("play", PlayView, PlayQuery, rate=25, animated=True),
    ViewSpec("dream", DreamView, DreamQuery, rate=2),
)

ACTIONS = (
    ActionSpec("ghost", GhostArguments, GhostCurve, partial=GhostCurve),
    ActionSpec("classes", ClassesArguments, ClassesResult, partial=ClassesResult),
    ActionSpec("repair", Nothing, Repaired, alters=True),
)
