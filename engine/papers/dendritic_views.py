"""The pictures and gestures of the dendritic tab: what each asks for and what it gets.

Arrays are numpy, float32 unless said. n_k: cells of area k; m_k = n_{k+1}: interneurons of area k; h, w: image size.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engine.papers.classified import ConfusionView
from engine.papers.contract import ActionSpec, ViewSpec

# --- the circuit ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Probe:
    """Which input to look at: test example `index`, or `image` (float32 [h, w] in 0..1) when given.

    target: class the teacher asks for (-1: the example's own label; nothing for a drawn image without one).
    """

    index: int = 0
    image: np.ndarray | None = None
    target: int = -1


@dataclass(frozen=True, slots=True)
class CircuitQuery:
    """probe; teacher: nudge the output in this picture; live: show the training batch's own state (phase stepping)."""

    probe: Probe = field(default_factory=Probe)
    teacher: bool = True
    live: bool = False


@dataclass(frozen=True, slots=True)
class AreaView:
    """One hidden area. All [n_k] but the interneurons' [m_k]; potentials, rest 0.

    v_basal = W r_{k-1}; top_down = B r_{k+1}; cancellation = Q r_I; v_apical = their sum; u, rate: soma;
    u_inter: interneuron soma; u_next: soma of its twin in the next area (bars coincide when self-predicting);
    delta = W_{k+1}ᵀ δ_{k+1}: what backprop would deliver to this cell (not multiplied by its own slope, like v_apical;
    same sign, other scale; zeros without a teacher).
    """

    v_basal: np.ndarray
    top_down: np.ndarray
    cancellation: np.ndarray
    v_apical: np.ndarray
    u: np.ndarray
    rate: np.ndarray
    u_inter: np.ndarray
    u_next: np.ndarray
    delta: np.ndarray


@dataclass(frozen=True, slots=True)
class OutputView:
    """The output area, all [n_N]. target: u* (NaN where there is none)."""

    v_basal: np.ndarray
    u: np.ndarray
    rate: np.ndarray
    target: np.ndarray


@dataclass(frozen=True, slots=True)
class CircuitView:
    """The whole circuit at one moment.

    image: [h, w] in 0..1, or [1, n_0] in -1..1 for the other tasks. label, predicted: -1 where there is none.
    phase: index into the paper's phases of the phase just done (-1: whole presentation). time_ms: continuous time
    (NaN for the two-step dynamics).
    angles: degrees between this probe's weight changes and backprop's, one per weight matrix.
    """

    image: np.ndarray
    areas: tuple[AreaView, ...]
    output: OutputView
    label: int
    predicted: int
    phase: int
    time_ms: float
    angles: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CellQuery:
    """One pyramidal cell of hidden area `area` (1-based); live: in the stepped training batch, as in `CircuitQuery`."""

    area: int = 1
    cell: int = 0
    probe: Probe = field(default_factory=Probe)
    teacher: bool = True
    live: bool = False


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell opened. weights: incoming W as [h, w] (area 1 of image tasks) or [1, n_{k-1}].

    says: raise, lower or silent. The rest are scalars of this cell for the probe.
    """

    area: int
    cell: int
    weights: np.ndarray
    v_basal: float
    top_down: float
    cancellation: float
    v_apical: float
    u: float
    rate: float
    delta: float
    says: Literal["raise", "lower", "silent"]


@dataclass(frozen=True, slots=True)
class ScopeQuery:
    """The circuit in continuous time with the present weights: a simulation that belongs to this picture alone.

    ms_per_frame: how far it runs between two frames (dt .. 50); restart: a number that, when it changes, starts
    over from rest. input_on/teacher: what the cell sees now (inputs change as low-pass steps, τ = 3 ms).
    """

    area: int = 1
    cell: int = 0
    probe: Probe = field(default_factory=Probe)
    teacher: bool = True
    input_on: bool = True
    ms_per_frame: float = 1.0
    playing: bool = True
    restart: int = 0


SCOPE_TRACES = ("basal", "top-down", "cancellation", "apical", "soma", "interneuron")


@dataclass(frozen=True, slots=True)
class ScopeView:
    """Last 256 samples. time_ms float64 [T]; traces [6, T] in the order of SCOPE_TRACES (the interneuron is the
    twin number cell mod m_k). now: the circuit at the last sample.
    """

    time_ms: np.ndarray
    traces: np.ndarray
    now: CircuitView


@dataclass(frozen=True, slots=True)
class TilesQuery:
    """Which cells of area 1: `count` from `first`; probe colours the frames by apical potential (blame)."""

    first: int = 0
    count: int = 64
    probe: Probe = field(default_factory=Probe)


@dataclass(frozen=True, slots=True)
class TilesView:
    """Incoming weights. tiles float16 [count, h, w]; blame [count]: apical potential of each cell for the probe."""

    first: int
    tiles: np.ndarray
    blame: np.ndarray


@dataclass(frozen=True, slots=True)
class TrackingView:
    """Do the interneurons follow? Per hidden area a sample of at most 1000 entries: target a·W_{k+1} against P_k.

    target, actual: tuples of [S]. On the diagonal: self-predicting. gain: loop gain per area, bound is 2.
    """

    target: tuple[np.ndarray, ...]
    actual: tuple[np.ndarray, ...]
    gain: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RegressionView:
    """Outputs for `T` test inputs of one output cell, sorted by target. target, circuit, before, shallow: [T]."""

    target: np.ndarray
    circuit: np.ndarray
    before: np.ndarray
    shallow: np.ndarray


@dataclass(frozen=True, slots=True)
class RegressionQuery:
    """Which output cell to show."""

    cell: int = 0


# --- disinhibition ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImagineQuery:
    """What the input area sees and how the gates stand.

    probe: the picture; mix: second test index laid over it (-1: none); noise: sd of clipped Gaussian noise;
    occlusion: share of rows hidden from below; d: disinhibition 0..1; a: apical gain 0..1; cue: class or -1;
    seed: of the noise.
    """

    probe: Probe = field(default_factory=Probe)
    mix: int = -1
    noise: float = 0.0
    occlusion: float = 0.0
    d: float = 0.0
    a: float = 0.0
    cue: int = -1
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ImagineView:
    """clean, seen, percept: [h, w] in 0..1. rates_seen, rates_percept: class rates [10] of the net for both.

    mse_seen, mse_percept: squared distance to the clean picture, summed over pixels (NaN for a drawn picture).
    """

    clean: np.ndarray
    seen: np.ndarray
    percept: np.ndarray
    rates_seen: np.ndarray
    rates_percept: np.ndarray
    mse_seen: float
    mse_percept: float


@dataclass(frozen=True, slots=True)
class DreamView:
    """Generated from each class with d = a = 1. images [10, h, w]; recognised int [10]: what the net sees in them;
    distance [10]: squared distance to the class mean of the training set, per image.
    """

    images: np.ndarray
    recognised: np.ndarray
    distance: np.ndarray


# --- gestures ---------------------------------------------------------------------------------------------------

BaselineKind = Literal["backprop", "shallow", "transpose", "untracked", "silenced"]


@dataclass(frozen=True, slots=True)
class BaselineArguments:
    """Train a comparison learner on the same batches from the same start for `steps` updates.

    backprop: exact gradient at its own good rates; shallow: hidden weights frozen; transpose: feedback is the
    initial transpose; untracked: P frozen; silenced: interneurons off from the start.
    """

    kind: BaselineKind
    steps: int = 4000


@dataclass(frozen=True, slots=True)
class BaselineCurve:
    """steps int64 [T]; accuracy in %, error squared, both float64 [T]; seconds: CPU time used."""

    kind: BaselineKind
    steps: np.ndarray
    accuracy: np.ndarray
    error: np.ndarray
    seconds: float


@dataclass(frozen=True, slots=True)
class SweepArguments:
    """Measure the angle to backprop over λ with B = Wᵀ, in float64, on the present weights."""

    lambdas: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


@dataclass(frozen=True, slots=True)
class SweepResult:
    """lambdas [L]; angles float64 [L, layers] in degrees; slope [layers]: fitted log-log slope (theory: 1)."""

    lambdas: np.ndarray
    angles: np.ndarray
    slope: np.ndarray


@dataclass(frozen=True, slots=True)
class Nothing:
    """No argument or no result."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What the repair did, in words, and the new rates."""

    text: str
    changes: dict[str, float]


VIEWS = (
    ViewSpec("circuit", CircuitView, CircuitQuery, rate=20),
    ViewSpec("cell", CellView, CellQuery, rate=10),
    ViewSpec("scope", ScopeView, ScopeQuery, rate=25, animated=True),
    ViewSpec("tiles", TilesView, TilesQuery, rate=2),
    ViewSpec("tracking", TrackingView, None, rate=4),
    ViewSpec("confusion", ConfusionView, None, rate=1),
    ViewSpec("regression", RegressionView, RegressionQuery, rate=10),
    ViewSpec("imagine", ImagineView, ImagineQuery, rate=20),
    ViewSpec("dream", DreamView, None, rate=5),
)

ACTIONS = (
    ActionSpec("baseline", BaselineArguments, BaselineCurve, partial=BaselineCurve),
    ActionSpec("sweep", SweepArguments, SweepResult, partial=SweepResult),
    ActionSpec("repair", Nothing, Repaired, alters=True),
)
