"""Equivalence of Equilibrium Propagation and Recurrent Backpropagation: what engine and window agree on.

Scellier, Bengio, arXiv 1711.08416; EP17 marks the companion paper "Equilibrium Propagation: Bridging the Gap between
Energy-Based Models and Backpropagation" (Frontiers in Computational Neuroscience 11:24, 2017), from which the training
results come. The knobs and presets stand here, the types of the pictures and gestures in `equilibrium_views.py`.
"""

from __future__ import annotations

from typing import Any, Literal

from engine.papers.contract import Claim, Curve, Pace, Paper, Params, Preset, knob
from engine.papers.equilibrium_views import ACTIONS, VIEWS

Task = Literal["digits", "digits28", "mnist", "fashion", "random"]

LARGEST_CENTRED_BETA = 0.9  # at -1 the output has no stiffness left: nothing holds it but the clipping
STUCK_GAIN = 0.5  # the gain that works everywhere tried
RATES = ("alpha_1", "alpha_2", "alpha_3", "alpha_4")

_CLIPPED = {"rho": ("clipped",)}
_EP = {"trainer": ("ep",)}


class EquilibriumParams(Params):
    """Every knob of the tab. Symbols as in section 2 of the paper; rates are per update."""

    # Live while training
    trainer: Literal["ep", "rbp"] = knob(
        "ep", live=True, group="Learning", label="learner",
        help="ep: nudge the output and compare two rests. rbp: the exact gradient from a linear side network.",
    )  # fmt: skip
    beta: float = knob(
        0.25, lo=1e-6, hi=1.0, log=True, live=True, group="Nudge", label="strength", symbol="β", when=_EP,
        help="How hard the output is pulled towards the target. Small: exact but timid; large: biased.",
    )  # fmt: skip
    nudging: Literal["centred", "positive", "random_sign"] = knob(
        "centred", live=True, group="Nudge", label="signs", symbol="±β", when=_EP,
        help="Centred compares +β with −β (at most 0.9); positive compares +β with rest; random_sign draws the sign.",
    )  # fmt: skip
    nudged_sweeps: int = knob(
        4, lo=1, hi=200, log=True, live=True, group="Nudge", label="nudged sweeps", symbol="T₂",
        help="Sweeps of the second phase (of the side network, for rbp). Too few: the error never reaches layer 1.",
    )  # fmt: skip
    free_sweeps: int = knob(
        10, lo=1, hi=1000, log=True, live=True, group="Free phase", label="free sweeps", symbol="T₁",
        help="Sweeps of the free phase. Too few: the network is not at rest, and that error is divided by β.",
    )  # fmt: skip
    solver: Literal["exact", "euler", "autograd"] = knob(
        "exact", live=True, group="Free phase", label="solver", when=_CLIPPED,
        help="exact: odd and even layers go to their minima in turn. euler: small steps. autograd: the same, slowly.",
    )  # fmt: skip
    epsilon: float = knob(
        0.5, lo=0.01, hi=2.0, live=True, group="Free phase", label="Euler step", symbol="ε",
        help="Step of the Euler solver. Above about 1.2 the network oscillates and its energy rises.",
    )  # fmt: skip
    persistent: bool = knob(
        False, live=True, group="Free phase", label="persistent states",
        help="Each training picture starts from where it last came to rest (EP17). Memory: pictures × neurons.",
    )  # fmt: skip
    alpha_1: float = knob(
        0.4, lo=1e-4, hi=2.0, log=True, live=True, group="Learning", label="rate of W₀", symbol="α₁",
        help="Step size of the weights from the input (and of the biases of layer 1).",
    )  # fmt: skip
    alpha_2: float = knob(
        0.2, lo=1e-4, hi=2.0, log=True, live=True, group="Learning", label="rate of W₁", symbol="α₂",
        help="Step size of the second weights.",
    )  # fmt: skip
    alpha_3: float = knob(
        0.1, lo=1e-4, hi=2.0, log=True, live=True, group="Learning", label="rate of W₂", symbol="α₃",
        when={"layers": (2, 3)}, help="Step size of the third weights.",
    )  # fmt: skip
    alpha_4: float = knob(
        0.1, lo=1e-4, hi=2.0, log=True, live=True, group="Learning", label="rate of W₃", symbol="α₄",
        when={"layers": (3,)}, help="Step size of the fourth weights.",
    )  # fmt: skip
    asymmetry: float = knob(
        0.0, lo=0.0, hi=1.0, live=True, group="Biology", label="weight asymmetry",
        help="Noise on the top-down weights, in units of their spread. 0: one matrix serves both ways.",
    )  # fmt: skip
    label_noise: float = knob(
        0.0, lo=0.0, hi=1.0, live=True, group="Biology", label="label noise",
        help="Probability that a training label is replaced by a random one.",
    )  # fmt: skip
    batch: int = knob(32, lo=1, hi=256, live=True, group="Learning", label="batch", help="Pictures per update.")

    # Needs a reset
    task: Task = knob("digits", group="Network", help="What the network learns.")
    layers: int = knob(1, lo=1, hi=3, group="Network", label="hidden layers", help="Layers between input and output.")
    width: int = knob(128, lo=4, hi=2000, group="Network", label="neurons a layer", help="In every hidden layer.")
    gain: float = knob(
        0.5, lo=0.1, hi=1.5, group="Network", label="size of the weights", symbol="g",
        help="Weights start in ±g·√(6/(n+m)). Above about 0.55 deep networks get stuck with all outputs at 0.",
    )  # fmt: skip
    rho: Literal["clipped", "smooth", "tanh"] = knob(
        "clipped", group="Network", label="neuron", symbol="ρ",
        help="clipped: 0..1, as in EP17. smooth: sigmoid(4s − 2). tanh: as in the follow-up. The last two use Euler.",
    )  # fmt: skip
    precision: Literal["float32", "float64"] = knob(
        "float32", group="Network", help="Of the training. The theorem is always shown in float64."
    )


_ONE: dict[str, Any] = {"task": "digits", "layers": 1}
_TWO: dict[str, Any] = {
    "task": "digits", "layers": 2, "free_sweeps": 15, "nudged_sweeps": 6,
    "alpha_1": 0.4, "alpha_2": 0.2, "alpha_3": 0.1,
}  # fmt: skip
_THREE: dict[str, Any] = {
    "task": "digits", "layers": 3, "free_sweeps": 20, "nudged_sweeps": 8,
    "alpha_1": 0.8, "alpha_2": 0.4, "alpha_3": 0.2, "alpha_4": 0.1,
}  # fmt: skip
_WIDE: dict[str, Any] = {"layers": 1, "width": 500, "batch": 20, "alpha_1": 0.1, "alpha_2": 0.05}
_MNIST_2: dict[str, Any] = {
    **_TWO, "task": "mnist", "width": 500, "batch": 20, "alpha_1": 0.4, "alpha_2": 0.1, "alpha_3": 0.01,
}  # fmt: skip
_MNIST_3: dict[str, Any] = {
    **_THREE, "task": "mnist", "width": 500, "batch": 20,
    "alpha_1": 0.128, "alpha_2": 0.032, "alpha_3": 0.008, "alpha_4": 0.002,
}  # fmt: skip
_EP17: dict[str, Any] = {
    "solver": "euler", "epsilon": 0.5, "beta": 1.0, "nudging": "random_sign", "gain": 1.0, "persistent": True,
    "batch": 20,
}  # fmt: skip
_FOLLOW_UP: dict[str, Any] = {
    "rho": "tanh", "solver": "euler", "epsilon": 0.3, "nudging": "centred", "beta": 0.1, "gain": 1.0,
    "precision": "float64",
}  # fmt: skip
_SLOW_START = Pace(slow=5.0, until=100)

PRESETS = (
    Preset(
        "digits-one", "One hidden layer · 64-128-10",
        "Nudges alone: accuracy passes 95 % within 500 updates, and every neuron's velocity is its error derivative.",
        _ONE, steps=2_000, cpu_time="30 s (paced; 4 s at full speed)",
        gpu_time="not measured", memory="0.4 GB", pace=_SLOW_START,
    ),
    Preset(
        "digits-two", "Two hidden layers · 64-128-128-10",
        "The error has two layers to travel: lower the nudged sweeps and watch it fail to arrive.",
        _TWO, steps=5_000, cpu_time="1 min (paced; 30 s at full speed)",
        gpu_time="not measured", memory="0.4 GB", pace=_SLOW_START,
    ),
    Preset(
        "digits-three", "Three hidden layers · 64-128-128-128-10",
        "Depth costs sweeps: the network needs longer to come to rest.",
        _THREE, steps=5_000, cpu_time="1.5 min (paced; 1 min at full speed)",
        gpu_time="not measured", memory="0.4 GB", pace=_SLOW_START,
    ),
    Preset(
        "side-network", "Exact gradients · 64-128-10",
        "The same network taught by its side network: watch the class bars; saturated outputs die and never return.",
        {**_ONE, "trainer": "rbp"}, steps=5_000, cpu_time="40 s (paced; 15 s at full speed)",
        gpu_time="not measured", memory="0.4 GB",
        pace=_SLOW_START,
    ),
    Preset(
        "stuck", "Stuck in one valley · 64-128-10, gain 1",
        "Weights twice as large: every output is 0 for every picture and learning never starts. Press the remedy.",
        {**_ONE, "gain": 1.0}, steps=2_000, cpu_time="15 s (paced; 4 s at full speed)",
        gpu_time="not measured", memory="0.4 GB",
        pace=Pace(slow=10.0, until=100),
    ),
    Preset(
        "ep17-digits", "The companion's recipe · 64-128-10",
        "EP17 as published: Euler 20 + 4 steps, gain 1, persistent states, random sign of β.",
        {**_ONE, **_EP17, "free_sweeps": 20, "nudged_sweeps": 4, "alpha_1": 0.1, "alpha_2": 0.05},
        steps=10_000, cpu_time="1 min", gpu_time="not measured", memory="0.4 GB", pace=_SLOW_START,
    ),
    Preset(
        "theorem-toy", "Theorem, toy · 5-50-10, tanh",
        "The follow-up's toy: one random input, tanh neurons; the curves of both processes coincide.",
        {**_FOLLOW_UP, "task": "random", "layers": 1, "width": 50, "batch": 1, "free_sweeps": 200,
         "nudged_sweeps": 20, "alpha_1": 0.02, "alpha_2": 0.01},
        steps=500, cpu_time="100 s (paced)", gpu_time="CPU is faster", memory="0.4 GB", pace=Pace(slow=5.0, until=500),
    ),
    Preset(
        "digits-28", "Paper-sized network, digits at 28×28 · 784-500-10",
        "The network of EP17 on the bundled digits.",
        {**_WIDE, "task": "digits28"}, steps=4_000, cpu_time="15 s", gpu_time="not measured", memory="0.4 GB",
    ),
    Preset(
        "mnist-one", "MNIST · 784-500-10",
        "EP17 reports 2-3 % test error and training error going to 0 within 25 epochs.",
        {**_WIDE, "task": "mnist"}, steps=75_000, cpu_time="3.5 min (25 epochs)",
        gpu_time="not measured", memory="1.0 GB",
        needs="mnist",
    ),
    Preset(
        "mnist-two", "MNIST · 784-500-500-10", "EP17 reports 2-3 % test error within 60 epochs.",
        _MNIST_2, steps=180_000, cpu_time="45 min (60 epochs)", gpu_time="not measured", memory="1.0 GB", needs="mnist",
    ),
    Preset(
        "mnist-three", "MNIST · 784-500-500-500-10", "EP17 reports 2-3 % test error within 500 epochs.",
        _MNIST_3, steps=1_500_000, cpu_time="18 h (500 epochs); 2 min an epoch",
        gpu_time="not measured", memory="1.0 GB", needs="mnist",
    ),
    Preset(
        "mnist-one-ep17", "MNIST, the companion's recipe · 784-500-10",
        "EP17 as published: Euler 20 + 4 steps, persistent states, random sign; 2-3 % test error in 25 epochs.",
        {**_WIDE, **_EP17, "task": "mnist", "free_sweeps": 20, "nudged_sweeps": 4}, steps=75_000,
        cpu_time="5 min (25 epochs)", gpu_time="not measured", memory="1.3 GB", needs="mnist",
    ),
    Preset(
        "mnist-two-ep17", "MNIST, the companion's recipe · 784-500-500-10",
        "EP17 as published: Euler 150 + 6 steps; 2-3 % test error in 60 epochs.",
        {**_MNIST_2, **_EP17, "free_sweeps": 150, "nudged_sweeps": 6}, steps=180_000, cpu_time="3 h (60 epochs)",
        gpu_time="not measured", memory="1.4 GB", needs="mnist",
    ),
    Preset(
        "mnist-three-ep17", "MNIST, the companion's recipe · 784-500-500-500-10",
        "EP17 as published: Euler 500 + 8 steps; 2-3 % test error in 500 epochs.",
        {**_MNIST_3, **_EP17, "free_sweeps": 500, "nudged_sweeps": 8}, steps=1_500_000, cpu_time="8 days (500 epochs)",
        gpu_time="not measured", memory="1.6 GB", needs="mnist",
    ),
    Preset(
        "theorem-mnist", "Theorem at paper size · 784-512-512-10, tanh",
        "The follow-up's network: both processes coincide in every layer; choose its ε = 0.08 beside the picture.",
        {**_FOLLOW_UP, "task": "mnist", "layers": 2, "width": 512, "batch": 20, "free_sweeps": 150,
         "nudged_sweeps": 30, "alpha_1": 0.1, "alpha_2": 0.05, "alpha_3": 0.01},
        steps=100, cpu_time="1 min", gpu_time="not measured", memory="1.4 GB", needs="mnist",
    ),
)  # fmt: skip

CURVES = (
    Curve("test_accuracy", "test accuracy", "accuracy", "%", "model", headline=True, better="up"),
    Curve("test_error", "test error", "error rate", "%", "model", log=True, better="down"),
    Curve("train_error", "training error", "error rate", "%", "data", log=True, better="down"),
    Curve("cost", "cost of the batch", "cost", "½‖s − y‖²", "data", log=True, better="down"),
    Curve("test_cost", "test cost", "cost", "½‖s − y‖²", "model", log=True, better="down"),
    Curve("cosine_1", "W₀", "cosine with the true gradient", "", "series0", better="up"),
    Curve("cosine_2", "W₁", "cosine with the true gradient", "", "series1", better="up"),
    Curve("cosine_3", "W₂", "cosine with the true gradient", "", "series2", better="up"),
    Curve("cosine_4", "W₃", "cosine with the true gradient", "", "series3", better="up"),
    Curve("dead_outputs", "classes whose own output is silent", "lost classes", "of 10", "bad", better="down"),
    Curve("energy", "energy at rest", "energy", "per picture", "series0"),
    Curve("residual", "distance from rest", "distance from rest", "rms of s − s*", "warning", log=True, better="down"),
)

CLAIMS = (
    Claim("every-moment", "At every moment of the second phase a neuron's velocity/β is minus its error derivative.",
          "equal for all t ≥ 0 (Theorem, no number)", "arXiv 1711.08416, Theorem 1"),
    Claim("weights-every-moment", "The running weight-gradient estimates of both processes agree at every moment.",
          "equal for all t ≥ 0 (Theorem, no number)", "arXiv 1711.08416, Theorem 1"),
    Claim("limit", "The equality is that of the limit β → 0: the gap shrinks as β, centred as β².",
          "limit β → 0 (no number)", "arXiv 1711.08416, section 4"),
    Claim("no-side-network", "No special network is needed: nudges alone reach the side network's accuracy.",
          "MNIST test error 2-3 % (companion paper, from memory)", "EP17, section 5"),
    Claim("velocities", "Velocities of neurons code error derivatives, if the weights are symmetric.",
          "equal with symmetric weights (no number)", "arXiv 1711.08416, section 1"),
    Claim("depth", "Two and three hidden layers learn by nudges, too.",
          "MNIST test error 2-3 % for 1, 2 and 3 hidden layers (from memory)", "EP17, table 1"),
    Claim("classes", "Exact gradients lose classes, finite nudges do not: saturated outputs have no derivative.",
          "not in the paper: found while building this", "beyond the paper"),
)  # fmt: skip

PAPER = Paper(
    name="equilibrium",
    title="Equivalence of Equilibrium Propagation and Recurrent Backpropagation",
    short_title="Equilibrium = RBP",
    authors="Scellier, Bengio",
    year=2017,
    arxiv="1711.08416",
    claim="While the output is nudged, the velocity of every neuron equals the process that "
    "recurrent backprop runs in a side network — at every moment.",
    group="Learning without backprop",
    centrepiece="Two processes drawn on top of each other at every moment of the second phase.",
    params=EquilibriumParams,
    presets=PRESETS,
    curves=CURVES,
    views=VIEWS,
    actions=ACTIONS,
    claims=CLAIMS,
    phases=("free phase", "nudged phase", "learning"),
)
