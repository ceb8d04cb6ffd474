"""Plan, Attend, Generate: what window, command line and engine agree on. Symbols as in section 2 of the page.

The knobs and presets stand here, the types of the pictures and gestures in `pag_views.py`.
"""

from __future__ import annotations

from typing import Any, Literal

from engine.papers.contract import Claim, Curve, Paper, Params, Preset, knob
from engine.papers.pag_views import ACTIONS, VIEWS, Model

Task = Literal[
    "numbers-de", "numbers-fi", "numbers-cs", "dates", "euler", "euler-deadend", "euler-raw", "questions-toy",
    "multi30k-ende", "multi30k-encs", "wmt15-ende", "wmt15-encs", "wmt15-enfi", "squad", "own-text",
]  # fmt: skip
NUMBER_TASKS = ("numbers-de", "numbers-fi", "numbers-cs")
GRAPH_TASKS = ("euler", "euler-deadend", "euler-raw")
QUESTION_TASKS = ("questions-toy", "squad")
CORPUS_TASKS = ("multi30k-ende", "multi30k-encs", "wmt15-ende", "wmt15-encs", "wmt15-enfi", "own-text")

ModelSet = Literal[
    "all three", "baseline", "PAG", "rPAG", "baseline and PAG", "baseline and rPAG", "PAG and rPAG",
]  # fmt: skip
MODEL_SETS: dict[str, tuple[Model, ...]] = {
    "all three": ("baseline", "pag", "rpag"),
    "baseline": ("baseline",),
    "PAG": ("pag",),
    "rPAG": ("rpag",),
    "baseline and PAG": ("baseline", "pag"),
    "baseline and rPAG": ("baseline", "rpag"),
    "PAG and rPAG": ("pag", "rpag"),
}

_CORPUS = {"task": CORPUS_TASKS}
_TEXT_FILES = {"task": ("own-text",)}


class PagParams(Params):
    """Every knob of the tab. The three models share all of them and train on the same batches."""

    # Live while training
    policy: Literal["learned", "always", "every", "never"] = knob(
        "learned", live=True, group="Switch", label="who decides", symbol="g",
        help="learned: the commitment decides when to re-plan. The others fix it, in training and in the pictures.",
    )  # fmt: skip
    period: int = knob(
        3, lo=1, hi=16, live=True, group="Switch", label="re-plan every", symbol="m", unit="steps",
        when={"policy": ("every",)}, help="Steps from one forced re-plan to the next.",
    )  # fmt: skip
    price: float = knob(
        0.0, lo=0.0, hi=1.0, live=True, group="Switch", label="price of a re-plan", symbol="η",
        help="Added to the loss for every re-plan. Not in the paper; 0.1 halves them on numbers.",
    )  # fmt: skip
    penalty: float = knob(
        3e-5, lo=0.0, hi=0.1, live=True, group="Switch", label="pull to uniform", symbol="λ",
        help="Pulls the commitment towards uniform: a mean follow length of (k − 1)/2.",
    )  # fmt: skip
    estimator: Literal["ST-Gumbel", "ST", "soft", "REINFORCE"] = knob(
        "ST-Gumbel", live=True, group="Switch", label="gradient of the switch",
        help="How the hard switch gets a gradient: straight through with or without noise, soft, or by reward.",
    )  # fmt: skip
    semantics: Literal["hazard", "countdown"] = knob(
        "hazard", live=True, group="Switch", label="commitment",
        help="hazard: drawn again at every step from shifted logits. countdown: drawn once, counted down. Same law.",
    )  # fmt: skip
    learns_temperature: bool = knob(
        True, live=True, group="Switch", label="learn the temperature",
        help="τ⁻¹ = softplus(w·q + b) + 1, learned. It shapes the gradient only, never the decision.",
    )  # fmt: skip
    tau_inv: float = knob(
        1.0, lo=0.1, hi=10.0, log=True, live=True, group="Switch", label="inverse temperature", symbol="τ⁻¹",
        when={"learns_temperature": (False,)}, help="Fixed sharpness of the relaxed commitment.",
    )  # fmt: skip
    is_noisy: bool = knob(
        False, live=True, group="Switch", label="noise when decoding",
        help="Gumbel noise on the switch at test time, as in the released code. Off: the same picture every time.",
    )  # fmt: skip
    lr: float = knob(
        2e-3, lo=1e-5, hi=1.0, log=True, live=True, group="Learning", label="learning rate",
        help="Step size of Adam (Adadelta wants 1).",
    )  # fmt: skip
    clip: float = knob(
        1.0, lo=0.1, hi=10.0, log=True, live=True, group="Learning", label="gradient clip",
        help="Largest norm of the whole gradient. The paper has 5; 1 avoids spikes at this size.",
    )  # fmt: skip
    batch: int = knob(32, lo=8, hi=256, live=True, group="Learning", symbol="B", help="Examples per update.")

    # Needs a reset
    models: ModelSet = knob("all three", group="Models", help="Which models race; all see the same batches.")
    matching: Literal["same width", "equal parameters"] = knob(
        "same width", group="Models", label="fair comparison by",
        help="same width: the planner is extra. equal parameters: baseline and rPAG get wider until the counts agree.",
    )  # fmt: skip
    task: Task = knob("numbers-de", group="Task", help="What is read and what is written.")
    start: Literal["fresh", "trained"] = knob(
        "fresh", group="Task", when={"task": ("numbers-de", "euler")},
        help="trained: begin with the weights that come with the program (default sizes only).",
    )  # fmt: skip
    largest_number: int = knob(
        9999, lo=99, hi=999_999, log=True, group="Task", label="numbers up to", when={"task": NUMBER_TASKS},
        help="Training and held-out numbers lie between 0 and this.",
    )  # fmt: skip
    circuit_from: int = knob(
        3, lo=3, hi=12, group="Task", label="smallest circuit", symbol="n", unit="nodes", when={"task": GRAPH_TASKS},
        help="Nodes on the circuit, at least. Mixed sizes are essential: one size alone stalls.",
    )  # fmt: skip
    circuit_to: int = knob(
        8, lo=3, hi=12, group="Task", label="largest circuit", symbol="n", unit="nodes", when={"task": GRAPH_TASKS},
        help="Nodes on the circuit, at most; held-out graphs have this size.",
    )  # fmt: skip
    distractor: int = knob(
        4, lo=0, hi=8, group="Task", label="largest distractor", symbol="m", unit="nodes",
        when={"task": ("euler", "euler-raw")},
        help="Nodes of a second circuit that does not matter (0: none; else 3 up to this).",
    )  # fmt: skip
    source_file: str = knob(
        "", group="Task", label="source file or TSV", when=_TEXT_FILES,
        help="UTF-8 text, one sentence a line; or one file with a tab between source and target.",
    )  # fmt: skip
    target_file: str = knob(
        "", group="Task", label="target file", when=_TEXT_FILES, help="The translations, line by line; empty for a TSV."
    )
    source_words: int = knob(
        8000, lo=100, hi=64_000, log=True, group="Task", label="source vocabulary",
        when={"task": (*CORPUS_TASKS, "squad")}, help="Most frequent source words or word pieces that are known.",
    )  # fmt: skip
    source_length: int = knob(
        30, lo=5, hi=700, log=True, group="Task", label="longest source", unit="tokens",
        when={"task": (*CORPUS_TASKS, "squad")}, help="Longer pairs are left out of training.",
    )  # fmt: skip
    target_length: int = knob(
        120, lo=10, hi=600, log=True, group="Task", label="longest target", unit="symbols",
        when={"task": (*CORPUS_TASKS, "squad")}, help="Longer pairs are left out of training.",
    )  # fmt: skip
    k: int = knob(
        10, lo=1, hi=16, group="Planner", label="plan length", symbol="k", unit="steps", help="Rows of the plan."
    )
    commit_bias: float = knob(
        1.0, lo=0.0, hi=4.0, group="Planner", label="bias to re-plan", symbol="c₀",
        help="Start of the commitment's first logit. 2 for graphs, 1 for text, 0 in the paper (may lock).",
    )  # fmt: skip
    has_gate: bool = knob(True, group="Planner", label="update gate", symbol="u", help="Off: a re-plan writes all.")
    has_summary: bool = knob(
        True, group="Planner", label="reads its old plan", symbol="β", help="Off: the candidate ignores the old plan."
    )
    summary: int = knob(
        64, lo=4, hi=256, group="Planner", label="summary width", symbol="β", help="Width of the old plan's summary."
    )
    sees_context: bool = knob(
        True, group="Planner", label="rPAG's switch sees ψ",
        help="rPAG's commitment reads the last context too (the text), not the state alone (the code).",
    )  # fmt: skip
    query: Literal["s2", "s1"] = knob(
        "s2", group="Network", label="query layer", symbol="q",
        help="Decoder layer that asks: the second (released code) or the first (figure 1 of the paper).",
    )  # fmt: skip
    width: int = knob(64, lo=16, hi=1024, log=True, group="Network", symbol="H", help="GRU units, each direction.")
    embedding: int = knob(32, lo=8, hi=1024, log=True, group="Network", symbol="E", help="Width of the embeddings.")
    decoder_layers: Literal["2", "1"] = knob("2", group="Network", label="decoder layers", help="GRUs of the decoder.")
    has_layer_norm: bool = knob(False, group="Network", label="layer norm", help="Normalises the attention's energies.")
    init: Literal["PyTorch", "paper"] = knob(
        "PyTorch", group="Network", label="start of the weights",
        help="paper: normal(0, 0.01) and orthogonal. A trap at this size: hundreds of updates without progress.",
    )  # fmt: skip
    optimiser: Literal["Adam", "Adadelta"] = knob("Adam", group="Learning", help="Adadelta: the paper's questions.")
    accumulate: int = knob(1, lo=1, hi=8, group="Learning", help="Batches summed before one update.")
    dropout: float = knob(0.0, lo=0.0, hi=0.7, group="Learning", help="On embeddings and output layer.")
    decay: float = knob(0.0, lo=0.0, hi=1e-2, group="Learning", label="weight decay", help="L2 decay of the weights.")
    recompute: bool = knob(
        False, group="Learning", label="recompute energies",
        help="Trades a third more time for far less memory: long texts, large batches.",
    )  # fmt: skip


_TEXT: dict[str, Any] = {"k": 10, "commit_bias": 1.0, "embedding": 32}
_GRAPH: dict[str, Any] = {"k": 4, "commit_bias": 2.0, "embedding": 64}
_WMT: dict[str, Any] = {
    "k": 10, "commit_bias": 0.0, "embedding": 600, "width": 600, "batch": 64, "accumulate": 2, "lr": 3e-4, "clip": 5.0,
    "has_layer_norm": True, "init": "paper", "source_words": 24_440, "source_length": 50, "target_length": 500,
    "recompute": True,
}  # fmt: skip
_MULTI30K: dict[str, Any] = {
    **_TEXT, "width": 256, "embedding": 128, "lr": 1e-3,
    "source_words": 8000, "source_length": 30, "target_length": 120,
}  # fmt: skip
_UNTRIED = "not measured"

PRESETS = (
    Preset(
        "numbers-de", "Numbers into German · characters out",
        "One-and-twenty must look back: the plan names the right word some characters ahead, and the models follow it.",
        {**_TEXT, "task": "numbers-de"}, steps=600, cpu_time="2 min", gpu_time=_UNTRIED, memory="0.5 GB",
    ),
    Preset(
        "euler", "Eulerian circuits · 8 + 4 nodes",
        "Plans do not pay: the models look again at nearly every edge. Draw a graph of your own.",
        {**_GRAPH, "task": "euler"}, steps=600, cpu_time="2 min", gpu_time=_UNTRIED, memory="0.5 GB",
    ),
    Preset(
        "numbers-trained", "Numbers into German · already trained",
        "Three models that have learnt it: take the switch in hand, paint the plan, ask for numbers never seen.",
        {**_TEXT, "task": "numbers-de", "start": "trained"}, steps=200, cpu_time="at once", gpu_time=_UNTRIED,
        memory="0.5 GB",
    ),
    Preset(
        "euler-trained", "Eulerian circuits · already trained",
        "Draw a graph and watch three trained models walk it, right or wrong.",
        {**_GRAPH, "task": "euler", "start": "trained"}, steps=200, cpu_time="at once", gpu_time=_UNTRIED,
        memory="0.5 GB",
    ),
    Preset(
        "dates", "Dates · 3 march 2017 → 2017-03-03",
        "The quickest: each block of the answer comes from another place.",
        {**_TEXT, "task": "dates", "k": 5}, steps=500, cpu_time="1 min", gpu_time=_UNTRIED, memory="0.5 GB",
    ),
    Preset(
        "euler-deadend", "Circuits with dead ends",
        "Two circuits share a node: a wrong turn ends the tour early. Unsolved within 30 s, on purpose.",
        {**_GRAPH, "task": "euler-deadend"}, steps=3000, cpu_time="7 min", gpu_time=_UNTRIED, memory="0.5 GB",
    ),
    Preset(
        "numbers-fi", "Numbers into Finnish · characters out",
        "An agglutinating language in the order of English: less to re-order, less to gain.",
        {**_TEXT, "task": "numbers-fi"}, steps=1000, cpu_time="5 min", gpu_time=_UNTRIED, memory="0.5 GB",
    ),
    Preset(
        "numbers-million", "Numbers to 999,999 into German",
        "Longer words, longer plans; watch how long the tails take.",
        {**_TEXT, "task": "numbers-de", "largest_number": 999_999}, steps=2000, cpu_time="13 min", gpu_time=_UNTRIED,
        memory="0.5 GB",
    ),
    Preset(
        "questions-toy", "Questions from templates",
        "A sentence with a marked answer becomes a question; which of the three is ahead depends on the seed.",
        {**_TEXT, "task": "questions-toy", "k": 5, "commit_bias": 2.0}, steps=1500, cpu_time="4 min", gpu_time=_UNTRIED,
        memory="0.5 GB",
    ),
    Preset(
        "numbers-equal", "Numbers into German · equal parameter counts",
        "Baseline and rPAG are widened until all three have as many parameters as PAG.",
        {**_TEXT, "task": "numbers-de", "matching": "equal parameters"}, steps=600, cpu_time="2 min",
        gpu_time=_UNTRIED, memory="0.5 GB",
    ),
    Preset(
        "multi30k", "Multi30k English → German · characters out",
        "Real sentences at a size one machine can learn.",
        {**_MULTI30K, "task": "multi30k-ende"}, steps=30_000, cpu_time="15 h", gpu_time=_UNTRIED, memory="3 GB",
        threads=2, needs="multi30k",
    ),
    Preset(
        "multi30k-cs", "Multi30k English → Czech · characters out",
        "The same with a language of many endings.",
        {**_MULTI30K, "task": "multi30k-encs"}, steps=30_000, cpu_time="13 h", gpu_time=_UNTRIED, memory="3 GB",
        threads=2, needs="multi30k",
    ),
    Preset(
        "own-text", "Your own parallel text",
        "Two aligned files or one TSV; a small model starts at once.",
        {**_MULTI30K, "task": "own-text", "width": 128}, steps=10_000, cpu_time=_UNTRIED, gpu_time=_UNTRIED,
        memory="2 GB", threads=2, needs="own-text",
    ),
    Preset(
        "wmt15-ende", "WMT'15 English → German (paper)",
        "The paper's translation: word pieces in, characters out, 600 units, beam of 15.",
        {**_WMT, "task": "wmt15-ende"}, steps=300_000, cpu_time="months", gpu_time=_UNTRIED, memory="10 GB",
        threads=2, needs="wmt15",
    ),
    Preset(
        "wmt15-encs", "WMT'15 English → Czech (paper)", "As English to German.",
        {**_WMT, "task": "wmt15-encs"}, steps=300_000, cpu_time="months", gpu_time=_UNTRIED, memory="10 GB",
        threads=2, needs="wmt15",
    ),
    Preset(
        "wmt15-enfi", "WMT'15 English → Finnish (paper)", "As English to German.",
        {**_WMT, "task": "wmt15-enfi"}, steps=300_000, cpu_time="months", gpu_time=_UNTRIED, memory="10 GB",
        threads=2, needs="wmt15",
    ),
    Preset(
        "squad-qg", "Questions from SQuAD (paper)",
        "A paragraph with a marked answer becomes a question; pointer to 2,000 question words.",
        {
            "task": "squad", "k": 10, "commit_bias": 0.0, "embedding": 600, "width": 800, "batch": 16, "clip": 1.2,
            "lr": 1.0, "optimiser": "Adadelta", "decay": 5e-5, "dropout": 0.3, "init": "paper",
            "source_words": 64_000, "source_length": 660, "target_length": 40,
        },
        steps=100_000, cpu_time="weeks", gpu_time=_UNTRIED, memory="16 GB", threads=2, needs="squad",
    ),
    Preset(
        "euler-360", "Eulerian circuits as a stream of symbols (paper)",
        "The paper's size and its own encoding: four symbols an edge, about a hundred in all.",
        {
            "task": "euler-raw", "k": 12, "commit_bias": 0.0, "embedding": 256, "width": 360, "batch": 32,
            "lr": 2e-4, "clip": 5.0, "init": "paper", "circuit_from": 8, "circuit_to": 8,
        },
        steps=100_000, cpu_time=_UNTRIED, gpu_time=_UNTRIED, memory="3 GB", threads=2,
    ),
)  # fmt: skip


def _curves(name: str, label: str, axis: str, unit: str = "", *, models: tuple[str, ...], **more: Any) -> list[Curve]:
    """One curve for each model: `name_baseline`, `name_pag`, `name_rpag`."""
    looks = {"baseline": ("baseline", "baseline"), "pag": ("PAG", "series0"), "rpag": ("rPAG", "series1")}
    return [
        Curve(f"{name}_{m}", f"{looks[m][0]}{', ' + label if label else ''}", axis, unit, looks[m][1], **more)
        for m in models
    ]


_ALL = ("baseline", "pag", "rpag")
_PLANNERS = ("pag", "rpag")

CURVES = (
    Curve("exact_pag", "PAG", "held-out exact match", "%", "series0", headline=True, better="up"),
    *_curves("exact", "", "held-out exact match", "%", models=("baseline", "rpag"), better="up"),
    *_curves("test_nll", "", "held-out loss", "nats per sequence", models=_ALL, log=True, better="down"),
    *_curves("nll", "", "training loss", "nats per sequence", models=_ALL, log=True, better="down"),
    *_curves("hits", "", "alignment accuracy", "% of symbols", models=_ALL, better="up"),
    *_curves("valid", "", "valid circuits", "%", models=_ALL, better="up"),
    *_curves("replans", "", "re-plan rate", "% of steps", models=_PLANNERS),
    *_curves("tau_inv", "", "inverse temperature", "τ⁻¹", models=_PLANNERS),
    *_curves("gradient", "", "gradient norm", "before clipping", models=_ALL, log=True),
)

CLAIMS = (
    Claim("switches", "The model learns when to follow its plan and when to make a new one.",
          "plan and commitment are used (no number)", "arXiv 1711.10462, section 3"),
    Claim("text", "Planning beats a strong attention baseline on character-level translation.",
          "BLEU En-De 2014: 21.93 against 21.69 (22.59 with layer norm), from memory", "arXiv 1711.10462, table 1"),
    Claim("circuits", "Planning finds Eulerian circuits that plain attention misses.",
          "100 % against 90.4 % of test circuits (from memory; the code compares sets of nodes)",
          "arXiv 1711.10462, section 4.1"),
    Claim("questions", "Planning writes questions better than plain attention.",
          "NLL 66.25 to 65.45 (from memory)", "arXiv 1711.10462, section 4.2"),
    Claim("alignments", "The alignments are intuitive: smoother, and at the right words.",
          "shown in pictures (no number)", "arXiv 1711.10462, figure 2"),
    Claim("faster", "The planners converge faster than the baseline.",
          "curves on En-De (no number)", "arXiv 1711.10462, figure 3"),
    Claim("parameters", "The planners are better with fewer parameters.",
          "34.23 M against 39.84 M for the wide baseline (computed from the code)", "arXiv 1711.10462, abstract"),
    Claim("look-ahead", "The plan is real: rows far ahead already name the right word.",
          "not in the paper: found while building this", "beyond the paper"),
    Claim("plan-length", "How many planning steps are needed? (a reviewer's question)",
          "10, not justified", "NIPS 2017 reviews"),
)  # fmt: skip

PAPER = Paper(
    name="pag",
    title="Plan, Attend, Generate: Planning for Sequence-to-Sequence Models",
    short_title="Plan, Attend, Generate",
    authors="Dutil, Gulcehre, Trischler, Bengio",
    year=2017,
    arxiv="1711.10462",
    claim="A decoder that keeps a plan of its future alignments and decides when to follow it and "
    "when to plan anew beats plain attention.",
    group="Planning",
    centrepiece="The alignment plan moving through time; follow or re-plan; Eulerian circuits drawn on the graph.",
    params=PagParams,
    presets=PRESETS,
    curves=CURVES,
    views=VIEWS,
    actions=ACTIONS,
    claims=CLAIMS,
    phases=("baseline", "PAG", "rPAG", "measuring"),
)
