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
from engine.papers.pag_measured_views import (
    DrawArguments,
    Drawing,
    EvaluateArguments,
    Evaluation,
    GrowArguments,
    Growth,
    LookAheadView,
    Model,
    Nothing,
    Policy,
    RaceView,
    Repaired,
    Runner,
    Score,
    Sweep,
    SweepArguments,
    SweepCurve,
    Switching,
    SwitchView,
    TemperatureQuery,
    TemperatureView,
)

MODELS: tuple[Model, ...] = ("baseline", "pag", "rpag")
NAMES: dict[str, str] = {"baseline": "baseline", "pag": "PAG", "rpag": "rPAG"}
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
    trouble: why nothing can be decoded ("" else; then films is empty). target_symbols: what can be put out, by
    id: V texts of the vocabulary, with a pointer S more for the source words; empty beyond 4,000. longest: symbols
    after which a decode is cut. step: update of the weights that wrote this; kept int32 [P]: earlier steps whose
    weights can be looked at.
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

__all__ = [
    "ACTIONS",
    "BY_HAND",
    "EXHAUSTED",
    "FIRST",
    "FIXED",
    "FOLLOWED",
    "MODELS",
    "NAMES",
    "NEW_EDGE",
    "NO_EDGE",
    "OWN",
    "REASONS",
    "REPEATED_EDGE",
    "VIEWS",
    "Alignment",
    "DrawArguments",
    "Drawing",
    "EvaluateArguments",
    "Evaluation",
    "Film",
    "FilmQuery",
    "FilmView",
    "GalleryQuery",
    "GalleryView",
    "Graph",
    "GrowArguments",
    "Growth",
    "Hypothesis",
    "Kind",
    "LookAheadView",
    "Model",
    "Nothing",
    "PaintedRow",
    "Policy",
    "RaceView",
    "Repaired",
    "Runner",
    "Score",
    "Source",
    "Sweep",
    "SweepArguments",
    "SweepCurve",
    "SwitchView",
    "Switching",
    "TemperatureQuery",
    "TemperatureView",
    "Walk",
]
