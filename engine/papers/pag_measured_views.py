"""What is measured while the planner's models race, and what its long gestures give; see `pag_views.py` for the films.

Arrays are numpy, float32 unless said. S: source tokens; T: decoded symbols; k: rows of the plan (row 0 is now); M:
models. Import these names from `engine.papers.pag_views`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Model = Literal["baseline", "pag", "rpag"]
Policy = Literal["run", "learned", "always", "every", "never", "manual"]


# --- measured while it trains -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Runner:
    """One model in the race. steps int32 [P], seconds float64 [P] (its own training time; see RaceView.clock); nll,
    exact, hits, replan_rate float64 [P] on the held-out sample (the last three in 0..1; NaN: not known).

    parameters: trainable numbers; planner: how many of them belong to plan and commitment; width: H. ms_per_update:
    median of the last 50. state: training, stopped (words says which tensor is no longer finite), and words: one
    sentence ("still searching", "locked", ...; "" when all is well). reached: update and second at which exact first
    passed 0.95 (-1: not yet).
    """

    model: Model
    steps: np.ndarray
    seconds: np.ndarray
    nll: np.ndarray
    exact: np.ndarray
    hits: np.ndarray
    replan_rate: np.ndarray
    parameters: int
    planner: int
    width: int
    ms_per_update: float
    state: Literal["training", "stopped"]
    words: str
    reached_step: int
    reached_second: float


@dataclass(frozen=True, slots=True)
class RaceView:
    """The models side by side, by updates and by seconds.

    clock: what seconds are ("CPU seconds of the training thread" or "seconds on the GPU"). sample: held-out examples
    measured each time. parts: names of parameter groups; parameters int64 [M, len(parts)]: their counts per model;
    matched: whether widths were chosen so that the counts agree. memory: bytes of activations an update needs
    (estimate of the page's section 9).
    """

    runners: tuple[Runner, ...]
    clock: str
    sample: int
    parts: tuple[str, ...]
    parameters: np.ndarray
    matched: bool
    memory: float


@dataclass(frozen=True, slots=True)
class LookAheadView:
    """How far ahead is the plan right? Row j at the moment of a re-plan against the gold source of symbol t+j.

    accuracy float64 [k] of PAG (NaN: no such row was met), count int32 [k]: re-plans it was judged on; followed
    float64 [k]: share of recent training steps in which row j was in use (below 0.05: an untrained row). rpag float64
    [k]: the alignment rPAG repeats, judged the same way (empty when it is not trained). chance: a source word drawn at
    random; examples: held-out examples decoded. has_gold: False on tasks without a known alignment: then the answer is
    compared with where PAG really looked j steps later (its own realised alignment).
    """

    accuracy: np.ndarray
    count: np.ndarray
    followed: np.ndarray
    rpag: np.ndarray
    chance: float
    examples: int
    has_gold: bool


@dataclass(frozen=True, slots=True)
class Switching:
    """How one model switches on the held-out sample.

    by_step float64 [T]: share of examples that re-plan at step t (NaN: none is that long); probability [T]: mean
    probability of it. at_boundary, elsewhere: share of steps that re-plan where a new source word begins and where it
    does not (NaN where no gold is known); boundaries: share of the re-plans that fall on a boundary; chance: share of
    all steps that are boundaries. follow int32 [k+1]: how often a plan was followed for exactly i steps. rate, mean
    follow length; exhausted: re-plans forced because the plan was used up, per example. commitment [k]: mean relaxed
    commitment at re-plans. tau_inv: mean.
    """

    model: Model
    by_step: np.ndarray
    probability: np.ndarray
    at_boundary: float
    elsewhere: float
    boundaries: float
    chance: float
    follow: np.ndarray
    rate: float
    mean_follow: float
    exhausted: float
    commitment: np.ndarray
    tau_inv: float


@dataclass(frozen=True, slots=True)
class SwitchView:
    """PAG and rPAG (those that are trained). examples: held-out examples decoded."""

    switching: tuple[Switching, ...]
    examples: int


@dataclass(frozen=True, slots=True)
class TemperatureQuery:
    """The switch on its own: logits (k of them), inverse temperature, draws (100..100,000)."""

    logits: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0)
    tau_inv: float = 1.0
    draws: int = 4000


@dataclass(frozen=True, slots=True)
class TemperatureView:
    """Argmax does not depend on the temperature, the gradient does.

    exact [k] = softmax(logits); drawn [k]: how often the noisy argmax fell on each slot, at tau_inv; relaxed [k]: mean
    soft commitment, at tau_inv; gradient [k]: mean d g / d logits through the relaxed commitment; taus [9] and
    gradient_norm [9]: its size over inverse temperatures. follow_hazard, follow_countdown [k]: distribution of the
    number of steps followed when slot 0 is drawn again each step, and when the count is drawn once.
    """

    exact: np.ndarray
    drawn: np.ndarray
    relaxed: np.ndarray
    gradient: np.ndarray
    taus: np.ndarray
    gradient_norm: np.ndarray
    follow_hazard: np.ndarray
    follow_countdown: np.ndarray


# --- gestures ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EvaluateArguments:
    """Decode `examples` held-out examples (0: all) with a beam of 1-15 hypotheses and the given policy."""

    examples: int = 200
    beam: int = 1
    policy: Policy = "run"
    period: int = 3
    is_noisy: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """One model. exact, same_set, valid: shares (the last two NaN except on graphs: the reference code's accuracy is
    same_set); symbols: share of right symbols; nll: per sequence; bleu: sacrebleu of text tasks in 0..100 on symbols
    as the task's score says, NaN else; hits: alignment; replan_rate; ended: share of outputs with an end symbol.

    sizes int16 [Z]; by_size float64 [Z]: exact at each size (source length; nodes on the circuit); counts int32 [Z];
    valid_by_size float64 [Z]. mistakes: up to 12 of (source, reference, output).
    """

    model: Model
    exact: float
    same_set: float
    valid: float
    symbols: float
    nll: float
    bleu: float
    hits: float
    replan_rate: float
    ended: float
    sizes: np.ndarray
    by_size: np.ndarray
    valid_by_size: np.ndarray
    counts: np.ndarray
    mistakes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """scores: in the order of MODELS; examples: decoded so far; size_name: "source words", "nodes on the circuit".

    bleu_signature: sacrebleu's ("" where there is no BLEU). seconds: of computing.
    """

    scores: tuple[Score, ...]
    examples: int
    size_name: str
    bleu_signature: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SweepArguments:
    """Exact match when a re-plan is forced every m steps, on `examples` held-out examples (20..1000)."""

    periods: tuple[int, ...] = (1, 2, 3, 4, 5, 7, 10)
    examples: int = 200


@dataclass(frozen=True, slots=True)
class SweepCurve:
    """One model. periods int16 [M] done so far; exact, hits float64 [M]; learned_exact, learned_hits, learned_period
    (mean steps from one re-plan to the next): the star.
    """

    model: Model
    periods: np.ndarray
    exact: np.ndarray
    hits: np.ndarray
    learned_exact: float
    learned_hits: float
    learned_period: float


@dataclass(frozen=True, slots=True)
class Sweep:
    """PAG and rPAG, those that are trained; examples: decoded for each point."""

    curves: tuple[SweepCurve, ...]
    examples: int


@dataclass(frozen=True, slots=True)
class GrowArguments:
    """Graphs of growing size, new ones: `examples` for each of `circuits` nodes with a distractor of `distractor`."""

    circuits: tuple[int, ...] = (3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    distractor: int = 0
    examples: int = 64


@dataclass(frozen=True, slots=True)
class Growth:
    """circuits int16 [Z] done so far; models; exact, same_set, valid float64 [M, Z]; trained bool [Z]: whether training
    shows circuits of this size.
    """

    circuits: np.ndarray
    models: tuple[Model, ...]
    exact: np.ndarray
    same_set: np.ndarray
    valid: np.ndarray
    trained: np.ndarray


@dataclass(frozen=True, slots=True)
class DrawArguments:
    """A random graph of the running task: a circuit of `circuit` nodes and a distractor (0 or at least 3 nodes)."""

    circuit: int = 6
    distractor: int = 4
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Drawing:
    """edges (a, b) and query (u, v), ready for `Source`."""

    edges: tuple[tuple[int, int], ...]
    query: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Nothing:
    """No argument or no result."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was mended, in words (a model that had stopped is put back to its last good weights)."""

    text: str
