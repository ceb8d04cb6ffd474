"""Dendritic error backpropagation in deep cortical microcircuits: what engine and window agree on.

Sacramento, Costa, Bengio, Senn, arXiv 1801.00062; [N] marks the NeurIPS 2018 version of the same model. The knobs and
presets stand here, the types of the pictures and gestures in `dendritic_views.py`.
"""

from __future__ import annotations

from typing import Any, Literal

from engine.papers.contract import Claim, Curve, Pace, Paper, Params, Preset, knob
from engine.papers.dendritic_views import ACTIONS, VIEWS

Task = Literal["digits", "digits28", "mnist", "fashion", "self_prediction", "association", "regression"]
IMAGE_TASKS = ("digits", "digits28", "mnist", "fashion")
CONTINUOUS_TASKS = ("self_prediction", "association", "regression")

_IMAGES = {"task": IMAGE_TASKS}
_CONTINUOUS = {"task": CONTINUOUS_TASKS}


class DendriticParams(Params):
    """Every knob of the tab. Symbols as in section 2 of the paper; rates are per update unless a unit stands there."""

    # Live while training
    teacher: bool = knob(
        True, live=True, group="Teacher", label="teacher on",
        help="Nudges the output towards the target. Off: the apical dendrites should fall silent.",
    )  # fmt: skip
    lam: float = knob(
        0.42, lo=0.001, hi=0.6, log=True, live=True, group="Teacher", label="apical mixing", symbol="λ", when=_IMAGES,
        help="Share of the apical potential in the soma. Changing it rescales the rates and hidden weights.",
    )  # fmt: skip
    lam_output: float = knob(
        0.42, lo=0.001, hi=0.6, log=True, live=True, group="Teacher", label="output nudging", symbol="λ_N",
        when=_IMAGES, help="How far the teacher pulls the output soma.",
    )  # fmt: skip
    lam_inter: float = knob(
        0.1, lo=0.001, hi=0.6, log=True, live=True, group="Teacher", label="interneuron nudging", symbol="λ_I",
        when=_IMAGES, help="How far the next area pulls its interneuron twin.",
    )  # fmt: skip
    h1: float = knob(
        0.5, lo=1e-4, hi=1.0, log=True, live=True, group="Learning", label="rate of W₁", symbol="h₁", when=_IMAGES,
        help="Effective backprop rate of the first weights; η₁ = h₁ / (product of the mixing factors above).",
    )  # fmt: skip
    h2: float = knob(
        0.03, lo=1e-4, hi=1.0, log=True, live=True, group="Learning", label="rate of W₂", symbol="h₂", when=_IMAGES,
        help="Effective backprop rate of the second weights.",
    )  # fmt: skip
    h3: float = knob(
        0.06, lo=1e-4, hi=1.0, log=True, live=True, group="Learning", label="rate of W₃", symbol="h₃", when=_IMAGES,
        help="Effective backprop rate of the third weights (two hidden areas only).",
    )  # fmt: skip
    kappa: float = knob(
        0.5, lo=0.01, hi=2.0, log=True, live=True, group="Learning", label="governor", symbol="κ",
        when={"task": ("regression",)},
        help="Output rate as a share of its stability bound: η₂ = κ / (max φ' · mean ‖r₁‖²).",
    )  # fmt: skip
    governor: bool = knob(
        True, live=True, group="Learning", label="governor on", when={"task": ("regression",)},
        help="Keeps the rates below their bound while the firing rates grow. Off: watch the error run away.",
    )  # fmt: skip
    eta: float = knob(
        1.0, lo=1e-3, hi=10.0, log=True, live=True, group="Learning", label="rate scale",
        when={"task": ("self_prediction", "association")},
        help="Multiplies the published rates of all synapses of this experiment.",
    )  # fmt: skip
    tracking: float = knob(
        1.0, lo=0.0, hi=3.0, live=True, group="Learning", label="tracking ratio", symbol="ηᴾ / exact",
        help="Interneuron rate relative to the one that follows the next area exactly. The knob that breaks it.",
    )  # fmt: skip
    eta_q: float = knob(
        0.05, lo=1e-4, hi=1.0, log=True, live=True, group="Learning", label="rate of Q", symbol="η_Q",
        help="Rate of the interneuron-to-apical synapses. Too large, and Q learns to hide the error.",
    )  # fmt: skip
    eta_b: float = knob(
        0.02, lo=1e-4, hi=1.0, log=True, live=True, group="Learning", label="rate of B", symbol="η_B",
        help="Rate of the top-down synapses when they learn.",
    )  # fmt: skip
    plastic_w: bool = knob(
        True,
        live=True,
        group="Which synapses learn",
        label="W bottom-up",
        help="Pyramidal to basal dendrite.",
    )
    plastic_w1: bool = knob(
        True, live=True, group="Which synapses learn", label="W₁ too",
        help="Off: the hidden weights stay as drawn; a shallow learner.",
    )  # fmt: skip
    plastic_w2: bool = knob(
        True, live=True, group="Which synapses learn", label="W₂ too", when=_IMAGES,
        help="Off: the second weights stay fixed, as in the paper's 2.11 % control.",
    )  # fmt: skip
    plastic_p: bool = knob(
        True,
        live=True,
        group="Which synapses learn",
        label="P to interneurons",
        help="Pyramidal to interneuron.",
    )
    plastic_q: bool = knob(
        False, live=True, group="Which synapses learn", label="Q from interneurons",
        help="Interneuron to apical dendrite.",
    )  # fmt: skip
    plastic_b: bool = knob(
        False,
        live=True,
        group="Which synapses learn",
        label="B top-down",
        help="Next area to apical dendrite.",
    )
    silenced: float = knob(
        0.0, lo=0.0, hi=1.0, live=True, group="Lesion", label="interneurons silenced",
        help="Share of the interneurons' output that is removed. 1: nothing cancels the top-down input.",
    )  # fmt: skip
    sigma: float = knob(
        0.0, lo=0.0, hi=0.5, live=True, group="Noise", label="membrane noise", symbol="σ",
        help="White-noise current, σ·√dt·N(0,1) per Euler step. Public code scales with dt: its 0.1 is 0.032 here.",
    )  # fmt: skip
    label_noise: float = knob(
        0.0, lo=0.0, hi=1.0, live=True, group="Noise", label="label noise", when=_IMAGES,
        help="Probability that a training label is replaced by a random one.",
    )  # fmt: skip
    dt: float = knob(
        0.1, lo=0.01, hi=0.5, live=True, group="Time", label="Euler step", unit="ms",
        help="Step of the continuous dynamics (scope and Euler mode). Stable below 1.05 ms.",
    )  # fmt: skip
    feedback: Literal["random", "transpose", "learned"] = knob(
        "random", live=True, group="Which synapses learn", label="feedback B",
        help="Random and fixed, the transpose of W, or learned. Changing it draws B and Q anew; W stays.",
    )  # fmt: skip

    # Needs a reset
    task: Task = knob("digits", group="Circuit", help="What the circuit learns.")
    hidden_1: int = knob(100, lo=4, hi=2000, group="Circuit", label="area 1 cells", help="Pyramidal cells of area 1.")
    hidden_2: int = knob(
        100, lo=0, hi=2000, group="Circuit", label="area 2 cells", when=_IMAGES,
        help="Pyramidal cells of area 2; 0 leaves the area out.",
    )  # fmt: skip
    batch: int = knob(10, lo=1, hi=512, group="Circuit", label="batch", help="Examples (or trials) per update.")
    start: Literal["self_predicting", "random"] = knob(
        "self_predicting", group="Circuit", label="interneurons start",
        help="Self-predicting (closed form), or random: then the circuit must find that state itself.",
    )  # fmt: skip
    feedback_scale: float = knob(
        1.0,
        lo=0.01,
        hi=4.0,
        group="Circuit",
        label="size of B",
        help="Top-down weights are drawn from U(−s, s).",
    )
    dynamics: Literal["settle", "euler"] = knob(
        "settle", group="Circuit", label="dynamics", when=_CONTINUOUS,
        help="Settle: go to the steady state, then learn once. Euler: integrate every membrane step by step.",
    )  # fmt: skip
    presentation: float = knob(
        100.0, lo=1.0, hi=2000.0, group="Circuit", label="time per pattern", unit="ms", when=_CONTINUOUS,
        help="How long each pattern is shown.",
    )  # fmt: skip
    tau_w: float = knob(
        30.0, lo=0.1, hi=500.0, group="Circuit", label="τ weights", symbol="τ_w", unit="ms", when=_CONTINUOUS,
        help="Low-pass filter of the induction terms (Euler mode).",
    )  # fmt: skip
    g_lk: float = knob(
        0.1, lo=0.01, hi=1.0, group="Conductances", label="leak", symbol="g_lk", when=_CONTINUOUS,
        help="Leak conductance of every soma; membrane capacitance 1.",
    )  # fmt: skip
    g_b: float = knob(
        1.0, lo=0.01, hi=5.0, group="Conductances", label="basal", symbol="g_B", when=_CONTINUOUS,
        help="Coupling of basal dendrite and soma.",
    )  # fmt: skip
    g_a: float = knob(
        0.8, lo=0.01, hi=5.0, group="Conductances", label="apical", symbol="g_A", when=_CONTINUOUS,
        help="Coupling of apical dendrite and soma.",
    )  # fmt: skip
    g_d: float = knob(
        1.0, lo=0.01, hi=5.0, group="Conductances", label="interneuron", symbol="g_D", when=_CONTINUOUS,
        help="Coupling of interneuron dendrite and soma.",
    )  # fmt: skip
    g_som: float = knob(
        0.8, lo=0.01, hi=5.0, group="Conductances", label="nudging", symbol="g_som", when=_CONTINUOUS,
        help="Strength of the teacher at the output and of the next area at the interneurons.",
    )  # fmt: skip
    precision: Literal["float32", "float64"] = knob(
        "float32", group="Circuit", help="Below λ = 0.05 float32 cannot carry the error: use float64."
    )


_DEEP: dict[str, Any] = {"task": "digits"}
_ONE: dict[str, Any] = {"task": "digits", "hidden_2": 0, "h1": 0.3, "h2": 0.1, "feedback_scale": 0.5}
_LEARNED_FEEDBACK: dict[str, Any] = {
    "start": "random",
    "plastic_q": True,
    "plastic_b": True,
    "feedback": "learned",
}
_SLOW_START = Pace(slow=50.0, until=1000)
# 784-500-500-10: rates near the bound of the interneurons' loop gain (2), batch 10 as in the paper
_PAPER_SIZE: dict[str, Any] = {
    "hidden_1": 500,
    "hidden_2": 500,
    "h1": 0.4,
    "h2": 0.009,
    "h3": 0.015,
    "batch": 10,
}

PRESETS = (
    Preset(
        "digits-deep", "Deep digits · 64-100-100-10",
        "Accuracy climbs past 95 % while the apical dendrites fade; no phases, no switches.",
        _DEEP, steps=20_000, cpu_time="30 s", gpu_time="not measured", memory="0.4 GB", pace=_SLOW_START,
    ),
    Preset(
        "digits-one", "One hidden area · 64-100-10",
        "The angle to backprop and the alignment of B with W₂ᵀ fall to about 45°.",
        _ONE, steps=20_000, cpu_time="30 s", gpu_time="not measured", memory="0.4 GB", pace=_SLOW_START,
    ),
    Preset(
        "digits-small", "Small circuit for lesions · 64-20-10",
        "Silence the interneurons while it learns, watch the apical dendrites flood, then rewind.",
        {**_ONE, "hidden_1": 20}, steps=20_000, cpu_time="30 s", gpu_time="not measured", memory="0.4 GB",
        pace=_SLOW_START,
    ),
    Preset(
        "self-prediction", "Self-prediction emerges · 30-20-10",
        "Figure S1: from random weights the interneurons learn the next area and the apical dendrites fall silent.",
        {"task": "self_prediction", "hidden_1": 20, "hidden_2": 0, "batch": 16, "presentation": 1000.0,
         "teacher": False, "plastic_w": False, "plastic_q": True, "start": "random", "precision": "float64"},
        steps=3_000, cpu_time="20 s", gpu_time="not measured", memory="0.4 GB", pace=Pace(slow=100.0, until=1000),
    ),
    Preset(
        "association", "One association · 30-20-10",
        "Figure 1: a teacher appears, the apical error shows it, learning explains it away.",
        {"task": "association", "hidden_1": 20, "hidden_2": 0, "batch": 1, "presentation": 100.0,
         "precision": "float64"},
        steps=300, cpu_time="6 s", gpu_time="not measured", memory="0.4 GB", pace=Pace(slow=50.0, until=300),
    ),
    Preset(
        "regression", "Nonlinear regression · 30-50-10",
        "Figure 2: the circuit learns another network's function; the shallow learner stays above.",
        {"task": "regression", "hidden_1": 50, "hidden_2": 0, "batch": 32, "presentation": 100.0},
        steps=34_000, cpu_time="50 s", gpu_time="not measured", memory="0.4 GB", pace=Pace(slow=100.0, until=500),
    ),
    Preset(
        "random-start", "Interneurons start at random · 64-100-10",
        "Nothing is prepared: the self-predicting state emerges while the digits are learnt.",
        {**_ONE, "start": "random", "plastic_q": True, "eta_q": 0.05},
        steps=20_000, cpu_time="30 s", gpu_time="not measured", memory="0.4 GB", pace=_SLOW_START,
    ),
    Preset(
        "learned-feedback", "Learned top-down weights · 64-100-10",
        "All synapses learn, B too: feedback finds its own alignment.",
        {**_ONE, **_LEARNED_FEEDBACK, "eta_q": 0.2, "eta_b": 0.001},
        steps=20_000, cpu_time="30 s", gpu_time="not measured", memory="0.4 GB", pace=_SLOW_START,
    ),
    Preset(
        "frozen-second", "Second weights frozen · 64-100-100-10",
        "The control behind the paper's 2.11 %: W₂ and P₁ stay as drawn, W₁ still learns from two areas away.",
        {**_DEEP, "plastic_w2": False, "h1": 0.2}, steps=20_000, cpu_time="30 s", gpu_time="not measured",
        memory="0.4 GB", pace=_SLOW_START,
    ),
    Preset(
        "weak-feedback", "The theorem: weak feedback · 64-100-100-10",
        "B = Wᵀ and small λ in float64: the update is nearly backprop's; the sweep shows the angle shrink with λ.",
        {**_DEEP, "feedback": "transpose", "lam": 0.05, "lam_output": 0.05, "lam_inter": 0.05,
         "h1": 0.5, "h2": 0.0002, "h3": 0.005, "precision": "float64"},
        steps=5_000, cpu_time="5 s", gpu_time="not measured", memory="0.4 GB",
    ),
    Preset(
        "self-prediction-euler", "Self-prediction, every membrane step",
        "The same circuit integrated step by step: input changes, somata follow, plasticity is low-pass filtered.",
        {"task": "self_prediction", "hidden_1": 20, "hidden_2": 0, "batch": 1, "presentation": 100.0,
         "dynamics": "euler", "sigma": 0.032, "teacher": False, "plastic_w": False, "plastic_q": True,
         "start": "random", "precision": "float64"},
        steps=300_000, cpu_time="1 min", gpu_time="CPU is faster", memory="0.4 GB",
        pace=Pace(slow=1000.0, until=5_000),
    ),
    Preset(
        "digits-28", "Paper-sized circuit, digits at 28×28 · 784-500-500-10",
        "The paper's MNIST circuit on the bundled digits.",
        {"task": "digits28", **_PAPER_SIZE}, steps=5_000, cpu_time="20 s", gpu_time="not measured", memory="0.6 GB",
    ),
    Preset(
        "mnist", "MNIST · 784-500-500-10",
        "Figure 3: the paper reports 1.96 % test error (backprop 1.53 %, one layer 8.4 %).",
        {"task": "mnist", **_PAPER_SIZE}, steps=60_000, cpu_time="3 min (10 epochs)", gpu_time="not measured",
        memory="0.9 GB", needs="mnist",
    ),
    Preset(
        "mnist-frozen-second", "MNIST, second weights frozen",
        "The paper reports 2.11 % with W₂ frozen.",
        {"task": "mnist", **_PAPER_SIZE, "plastic_w2": False, "h1": 0.3}, steps=60_000, cpu_time="3 min (10 epochs)",
        gpu_time="not measured", memory="0.9 GB", needs="mnist",
    ),
    Preset(
        "mnist-learned-feedback", "MNIST, learned feedback · 784-1000-10",
        "The paper reports 2.48 % with all synapses plastic from a random start.",
        {**_ONE, **_LEARNED_FEEDBACK, "task": "mnist", "hidden_1": 1000, "h1": 0.4, "h2": 0.006, "batch": 10,
         "eta_q": 0.2, "eta_b": 0.0002},
        steps=60_000, cpu_time="3 min (10 epochs)", gpu_time="not measured", memory="0.9 GB", needs="mnist",
    ),
    Preset(
        "fashion", "Fashion-MNIST · 784-500-500-10",
        "The same circuit on clothes; not in the paper.",
        {"task": "fashion", **_PAPER_SIZE, "h1": 0.2, "h2": 0.008, "h3": 0.01}, steps=60_000,
        cpu_time="3 min (10 epochs)", gpu_time="not measured", memory="0.9 GB", needs="fashion-mnist",
    ),
)  # fmt: skip

CURVES = (
    Curve("test_accuracy", "test accuracy", "accuracy", "%", "model", headline=True, better="up"),
    Curve("train_error", "training error", "error", "squared", "data", log=True, better="down"),
    Curve("test_error", "test error", "error", "squared", "model", log=True, better="down"),
    Curve("angle_1", "W₁", "angle to backprop", "°", "series0", better="down"),
    Curve("angle_2", "W₂", "angle to backprop", "°", "series1", better="down"),
    Curve("angle_3", "W₃", "angle to backprop", "°", "series2", better="down"),
    Curve("apical_on_1", "area 1, teacher on", "apical potential", "‖vᴬ‖", "series0", log=True),
    Curve("apical_on_2", "area 2, teacher on", "apical potential", "‖vᴬ‖", "series1", log=True),
    Curve("apical_off_1", "area 1, teacher off", "apical potential", "‖vᴬ‖", "series2", log=True, better="down"),
    Curve("apical_off_2", "area 2, teacher off", "apical potential", "‖vᴬ‖", "series3", log=True, better="down"),
    Curve("alignment_1", "B₁ with W₂ᵀ", "alignment of feedback", "°", "series0", better="down"),
    Curve("alignment_2", "B₂ with W₃ᵀ", "alignment of feedback", "°", "series1", better="down"),
    Curve("loop_gain", "loop gain", "loop gain", "of 2", "warning", log=True),
    Curve("output_error", "output error", "error", "squared", "model", log=True, better="down"),
    Curve("shallow_error", "shallow learner", "error", "squared", "baseline", log=True, better="down"),
    Curve("apical_sq", "Σ (vᴬ)²", "self-prediction", "squared", "apical", log=True, better="down"),
    Curve("mismatch_sq", "|u₂ − uᴵ|²", "self-prediction", "squared", "interneuron", log=True, better="down"),
)

CLAIMS = (
    Claim("self-prediction", "Interneurons learn to predict the next area; the apical potential goes to zero.",
          "apical potential → 0 (Figure S1, no number)", "NeurIPS §3.2, Fig. S1"),
    Claim("association", "A teaching signal appears as an apical error and is explained away by learning.",
          "apical error vanishes (Figure 1, no number)", "NeurIPS Fig. 1"),
    Claim("regression", "The full circuit learns a nonlinear function clearly better than a shallow learner.",
          "plotted only: circuit below shallow", "NeurIPS §3.3, Fig. 2"),
    Claim("digits", "The circuit classifies handwritten digits close to backprop and far above one layer.",
          "MNIST test error 1.96 % (backprop 1.53 %, single layer 8.4 %)", "NeurIPS §3.4, Fig. 3"),
    Claim("frozen-second", "With W₂ frozen the circuit still learns: errors reach the first area.",
          "MNIST test error 2.11 %", "NeurIPS §3.4"),
    Claim("learned-feedback", "All synapses learn from a random start, top-down weights included.",
          "MNIST test error 2.48 %", "NeurIPS §3.4"),
    Claim("weak-feedback", "In the weak-feedback limit the plasticity equals backprop.",
          "equal as λ → 0 (supplement, analytic)", "NeurIPS §2, supplement"),
    Claim("alignment", "Forward weights align with fixed random feedback.", "to about 45°", "NeurIPS §3.3, Fig. 2"),
    Claim("interneurons", "Without the interneurons' cancellation the apical signal is no error and learning fails.",
          "no number", "NeurIPS §2"),
    Claim("denoise", "Disinhibition lets the same top-down wires denoise an attended input.",
          "pictures only", "arXiv 1801.00062"),
    Claim("generate", "Disinhibition lets the top-down wires generate digits from a class.",
          "pictures only", "arXiv 1801.00062"),
)  # fmt: skip

PAPER = Paper(
    name="dendritic",
    title="Dendritic error backpropagation in deep cortical microcircuits",
    short_title="Dendritic microcircuits",
    authors="Sacramento, Costa, Bengio, Senn",
    year=2017,
    arxiv="1801.00062",
    claim="Errors live in apical dendrites: no separate phases, no weight transport — and the circuit learns like "
    "backprop.",
    group="Learning without backprop",
    centrepiece="The circuit with living compartments; apical errors; denoise and dream by disinhibition.",
    params=DendriticParams,
    presets=PRESETS,
    curves=CURVES,
    views=VIEWS,
    actions=ACTIONS,
    claims=CLAIMS,
    phases=("forward", "teacher", "backward", "plasticity"),
)
