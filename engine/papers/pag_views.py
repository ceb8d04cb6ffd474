"""The pictures and gestures of the planning tab: what each asks for and what it gets.

Arrays are numpy, float32 unless said. S: source tokens (the end or query token included); T: decoded symbols (the end
symbol included); k: rows of the plan (1 for the baseline and for rPAG); row 0 of a plan is *now*, row j is j symbols
from now; N: nodes, E: edges of a graph. Symbols are ids of the task's target vocabulary, -1: none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engine.papers.contract import ActionSpec, ViewSpec

Model = Literal["baseline", "pag", "rpag"]
MODELS: tuple[Model, ...] = ("baseline", "pag", "rpag")
NAMES: dict[str, str] = {"baseline": "baseline", "pag": "PAG", "rpag": "rPAG"}
Policy = Literal["run", "learned", "always", "every", "never", "manual"]
Kind = Literal["text", "graph", "question"]

# Why the switch stood at "re-plan": values of `Film.reason`
FOLLOWED, OWN, FIRST, EXHAUSTED, FIXED, BY_HAND = 0, 1, 2, 3, 4, 5
REASONS = (
    "follows its plan",
    "re-plans: its own decision",
    "re-plans: the first step always does",
    "re-plans: the plan is used up",
    "re-plans: the fixed policy says so",
    "set by hand",
)
# How a step of a walk went: values of `Walk.state`
NEW_EDGE, REPEATED_EDGE, NO_EDGE = 0, 1, 2


# --- what to decode ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """What to read: held-out example `index` (modulo their number), or `text`, or a graph drawn by hand.

    text: typed source ("" : none); for questions the answer stands between brackets: ``paris is the [capital] of``.
    edges: undirected edges (a, b), node labels from 0; query: the circuit starts u -> v ((-1, -1): the first edge).
    is_drawn: the graph is that of `edges` even when it is empty (then the picture says what is missing).
    """

    index: int = 0
    text: str = ""
    edges: tuple[tuple[int, int], ...] = ()
    query: tuple[int, int] = (-1, -1)
    is_drawn: bool = False


@dataclass(frozen=True, slots=True)
class PaintedRow:
    """Before step `step` (from 0) is decoded, row `row` of its plan is replaced: weights (S,), at least 0, any sum.

    The row's softmax becomes weights / sum. Row 0 acts at that very step, row j after j steps of following.
    """

    step: int
    row: int
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FilmQuery:
    """How to decode. One decode of each model takes 10-40 ms at the default size.

    models: which of those trained (unknown ones are left out). policy: `run` is the run's own knob; `every` re-plans
    every `period` steps; `manual` re-plans only where `switches` says so. switches: (step, re-plan?) by hand, over any
    policy; step 0 always plans. symbols: (step, symbol): this symbol is put out there instead of the model's choice,
    the rest continues from it. painted: rows of the plan edited by hand. follow_from: from this step on only follow
    the present plan (-1: off): "what was it going to do?". Switches, paint and follow_from act on `target` alone, so
    that the others stand beside as they are. beam: 1-15 hypotheses (with 1 it is greedy). is_noisy: Gumbel noise on the
    switch (None: the run's knob), from the stream of `noise_seed`. temperature: 0 greedy, above: symbols are drawn.
    longest: symbols at most (0: twice the longest training target). past: weights of the kept step nearest at or
    before this one (-1: the present weights; see `FilmView.kept`).
    """

    source: Source = field(default_factory=Source)
    models: tuple[Model, ...] = MODELS
    target: Model = "pag"
    policy: Policy = "run"
    period: int = 3
    switches: tuple[tuple[int, bool], ...] = ()
    symbols: tuple[tuple[int, int], ...] = ()
    painted: tuple[PaintedRow, ...] = ()
    follow_from: int = -1
    beam: int = 1
    is_noisy: bool | None = None
    noise_seed: int = 0
    temperature: float = 0.0
    longest: int = 0
    past: int = -1


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One end of a beam. text: symbols joined; log_probability: natural logarithm, of the whole; length: symbols."""

    text: str
    log_probability: float
    length: int


@dataclass(frozen=True, slots=True)
class Walk:
    """The output read as a walk on the graph.

    nodes int16 [W]: labels in order, the start first and again at the end when the tour is closed. state int8 [W-1] of
    each edge walked: NEW_EDGE, REPEATED_EDGE, NO_EDGE. exact: equals the solver's answer; same_set: visits the same
    multiset of nodes (the reference code's "accuracy"); valid: a closed tour that starts with the query and uses every
    edge of its component once. dead_end: label where no unused edge was left too early (-1: none). stranded int16
    [M, 2]: edges of the component never walked. words: one sentence on what is wrong ("" when the tour is valid).
    """

    nodes: np.ndarray
    state: np.ndarray
    exact: bool
    same_set: bool
    valid: bool
    dead_end: int
    stranded: np.ndarray
    words: str


@dataclass(frozen=True, slots=True)
class Film:
    """One model's decoding, step by step.

    symbols int32 [T]; shown: T texts ("⏎" for the end). probability [T] of the chosen symbol; top_symbols int32 [T, 5],
    top_probability [T, 5], best first; top_shown: T tuples of five texts. alpha [T, S]: the realised alignment, rows
    sum to 1. scores [T, S, k]: the plan A_t after its update; intended [T, S, k]: its softmax over S, row by row
    (column 0 equals alpha). written [T, S, k]: how much of each cell is new: gate u where it re-planned, else 0.
    old_row int16 [T]: steps since the last re-plan (row of the plan as it was made that is in use now; 0 at a re-plan).
    replanned bool [T] (always true for the baseline); reason int8 [T]: see REASONS; replan_probability [T]: of the
    switch at that step given what it saw (1 where forced). soft [T, k], hard [T, k]: commitment after relaxation and as
    one-hot; logits [T, k]; tau_inv [T]. Baseline: soft, hard, logits have zero columns.
    gold int16 [T]: source position that this output symbol translates, -1 unknown; known only up to where the output
    leaves the right answer. hits: share of symbols with known gold whose strongest source position is the gold one, NaN
    where none is known. log_probability: of the output; ended: with the end symbol (else cut off at `longest`).
    exact: equals the reference (False when there is none); has_reference. walk: graphs only, else None.
    row_use [k]: share of recent training steps in which row j was the one in use: below 0.05 call it untrained.
    hypotheses: ends of the beam, best first (one for greedy). text: the output joined. replans, exhausted: counts.
    """

    model: Model
    symbols: np.ndarray
    shown: tuple[str, ...]
    probability: np.ndarray
    top_symbols: np.ndarray
    top_probability: np.ndarray
    top_shown: tuple[tuple[str, ...], ...]
    alpha: np.ndarray
    scores: np.ndarray
    intended: np.ndarray
    written: np.ndarray
    old_row: np.ndarray
    replanned: np.ndarray
    reason: np.ndarray
    replan_probability: np.ndarray
    soft: np.ndarray
    hard: np.ndarray
    logits: np.ndarray
    tau_inv: np.ndarray
    gold: np.ndarray
    hits: float
    log_probability: float
    ended: bool
    exact: bool
    has_reference: bool
    walk: Walk | None
    row_use: np.ndarray
    hypotheses: tuple[Hypothesis, ...]
    text: str
    replans: int
    exhausted: int


@dataclass(frozen=True, slots=True)
class Graph:
    """The graph that is read.

    nodes int16 [N]: labels in use, ascending. edges int16 [E, 2]: undirected. names: N texts. token_edge int16 [S]:
    undirected edge (row of `edges`) that source token s speaks of, -1: the query token. token_nodes int16 [S, 2]: its
    ordered pair (a, b). query (u, v). answer int16 [A]: labels of the exact solver's circuit, closed (first = last),
    empty when there is none. circuits: number of Eulerian circuits with this start (-1: more than 100).
    why_not: why there is no circuit, naming the nodes ("" when there is one); offending: labels to mark red.
    can_try: the model has labels for all nodes; largest: most nodes it knows.
    """

    nodes: np.ndarray
    edges: np.ndarray
    names: tuple[str, ...]
    token_edge: np.ndarray
    token_nodes: np.ndarray
    query: tuple[int, int]
    answer: np.ndarray
    circuits: int
    why_not: str
    offending: tuple[int, ...]
    can_try: bool
    largest: int


@dataclass(frozen=True, slots=True)
class FilmView:
    """What is read and how each model writes it. The same query and weights give the same films.

    kind; words: S source tokens as shown; unknown bool [S]: mapped to the unknown symbol (underline them); flagged bool
    [S]: the answer words of a question. reference: the right output as texts (empty when none is known);
    reference_gold int16 [len(reference)]: its source positions. boundary bool [len(reference)]: where a new source word
    begins. index, examples: which held-out example of how many (-1: typed or drawn). films: in the order of
    MODELS. graph: graphs only. badge: "extrapolating: ..." when the source lies outside the training range ("" else).
    trouble: why nothing can be decoded ("" else; then films is empty). target_symbols: V texts of the vocabulary when
    V <= 400, else empty. longest: symbols after which a decode is cut. step: update of the weights that wrote this;
    kept int32 [P]: earlier steps whose weights can be looked at.
    """

    kind: Kind
    words: tuple[str, ...]
    unknown: np.ndarray
    flagged: np.ndarray
    reference: tuple[str, ...]
    reference_gold: np.ndarray
    boundary: np.ndarray
    index: int
    examples: int
    films: tuple[Film, ...]
    graph: Graph | None
    badge: str
    trouble: str
    target_symbols: tuple[str, ...]
    longest: int
    step: int
    kept: np.ndarray


@dataclass(frozen=True, slots=True)
class GalleryQuery:
    """`count` (1-8) held-out examples from `first` on, the same for all models: the paper's alignment figure."""

    first: int = 0
    count: int = 4


@dataclass(frozen=True, slots=True)
class Alignment:
    """One small map. alpha [T, S]; gold int16 [T]; replanned bool [T]; shown: T texts; hits as in Film; exact."""

    model: Model
    alpha: np.ndarray
    gold: np.ndarray
    replanned: np.ndarray
    shown: tuple[str, ...]
    hits: float
    exact: bool


@dataclass(frozen=True, slots=True)
class GalleryView:
    """words: per example its source tokens; maps: per example one Alignment per model, in the order of MODELS.

    hits: per model over the whole held-out sample (NaN where no gold is known); models: their names in that order;
    monotone [M]: share of steps at which the strongest source position does not move back, per model.
    """

    index: tuple[int, ...]
    words: tuple[tuple[str, ...], ...]
    maps: tuple[tuple[Alignment, ...], ...]
    models: tuple[Model, ...]
    hits: np.ndarray
    monotone: np.ndarray


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


VIEWS = (
    ViewSpec("film", FilmView, FilmQuery, rate=10),
    ViewSpec("gallery", GalleryView, GalleryQuery, rate=1),
    ViewSpec("race", RaceView, None, rate=2),
    ViewSpec("look_ahead", LookAheadView, None, rate=0.2),
    ViewSpec("switching", SwitchView, None, rate=0.2),
    ViewSpec("temperature", TemperatureView, TemperatureQuery, rate=5),
)

ACTIONS = (
    ActionSpec("evaluate", EvaluateArguments, Evaluation, partial=Evaluation),
    ActionSpec("sweep", SweepArguments, Sweep, partial=Sweep),
    ActionSpec("grow", GrowArguments, Growth, partial=Growth),
    ActionSpec("draw_graph", DrawArguments, Drawing),
    ActionSpec("repair", Nothing, Repaired, alters=True),
)
