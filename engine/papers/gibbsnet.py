"""GibbsNet: what engine and window agree on; knobs, presets, curves, claims. Pictures: `gibbsnet_views.py`.

Lamb, Hjelm, Ganin, Cohen, Courville, Bengio, arXiv 1712.04120. K is the number of decoder passes of the unclamped chain
in training (K = 1 is ALI; the paper's Figure 1 calls the last pair (z_N, x_N) with N = K - 1).
"""

from __future__ import annotations

from typing import Any, Literal

from engine.papers.contract import Claim, Curve, Paper, Params, Preset, knob
from engine.papers.gibbsnet_views import ACTIONS, VIEWS

Task = Literal["digits", "digits28", "ring", "pinwheel", "shapes", "mnist", "fashion", "cifar10", "svhn", "celeba"]
Reads = Literal["label", "attributes", "none"]

PHASES = ("clamped chain", "unclamped chain", "discriminator", "generator")
TOYS = ("ring", "pinwheel")
COLOUR = ("shapes", "cifar10", "svhn", "celeba")
AIDS = (
    "two rates",
    "R1",
    "standardised z",
    "averaged weights",
    "warm start",
    "chain pool",
    "short chains",
    "hidden labels",
)

_AIDED = {"paper_mode": (False,)}


class GibbsNetParams(Params):
    """Every knob of the tab. Symbols as on the paper's Figure 1; rates are per update."""

    # Live while training
    paper_mode: bool = knob(
        False, live=True, group="Paper mode", label="paper mode",
        help="On: none of the aids that the paper does not have. At this size training then usually collapses.",
    )  # fmt: skip
    chain_steps: int = knob(
        3, lo=1, hi=20, live=True, group="Chain", label="decoder passes", symbol="K",
        help="Length of the unclamped chain in training. 1 is ALI: x and z only ever meet once.",
    )  # fmt: skip
    grad_steps: int = knob(
        1, lo=0, hi=19, live=True, group="Chain", label="gradient steps back",
        help="Gibbs steps before the last pair that gradient runs (at most K − 1). 0: the first learn nothing.",
    )  # fmt: skip
    pool_share: float = knob(
        0.75, lo=0.0, hi=0.95, live=True, group="Chain", label="share from the pool", when=_AIDED,
        help="Share of unclamped chains that go on from earlier ones; the rest start at N(0, I). Aid: stable for ever.",
    )  # fmt: skip
    short_share: float = knob(
        0.25, lo=0.0, hi=1.0, live=True, group="Chain", label="share of one-pass updates", when=_AIDED,
        help="Aid: so many updates judge the first pair of the chain. Tied to N(0, I), z cannot shrink out of sight.",
    )  # fmt: skip
    warm_start: int = knob(
        1000, lo=0, hi=100_000, live=True, group="Chain", label="warm start", unit="updates", when=_AIDED,
        help="Aid: K is 1 for so many updates, then grows by one every half of that. 0: K from the start.",
    )  # fmt: skip
    loss: Literal["bgan", "non_saturating", "minimax"] = knob(
        "bgan", live=True, group="Game", label="generator's loss",
        help="bgan: pull every logit to the boundary (0). non_saturating: swap the labels. minimax: minus D's own.",
    )  # fmt: skip
    lr: float = knob(
        4e-4, lo=1e-5, hi=3e-3, log=True, live=True, group="Game", label="rate of q and p", symbol="α",
        help="Step size (Adam, 0.5, 0.999) of encoder and decoder.",
    )  # fmt: skip
    lr_ratio: float = knob(
        3.0, lo=0.3, hi=10.0, log=True, live=True, group="Game", label="discriminator's rate over it", when=_AIDED,
        help="Aid, the most important: with equal rates pictures and latents lose each other.",
    )  # fmt: skip
    r1: float = knob(
        2.5, lo=0.0, hi=5.0, live=True, group="Game", label="R1 penalty", symbol="γ", when=_AIDED,
        help="Aid: keeps D's slope small on pairs of both kinds. Without it D wins within some hundred updates.",
    )  # fmt: skip
    r1_every: int = knob(
        4, lo=1, hi=16, live=True, group="Game", label="R1 every", unit="updates", when=_AIDED,
        help="The penalty is the dearest part of an update: it is applied every so often, so many times as strong.",
    )  # fmt: skip
    single_pass: bool = knob(
        True, live=True, group="Game", label="one pass for both players",
        help="One forward and one backward of D serve both players; off: two passes, D first.",
    )  # fmt: skip
    standardise_z: bool = knob(
        True, live=True, group="Game", label="D sees standardised z", when=_AIDED,
        help="Aid: D sees z over its running spread. The scale of z is free and would otherwise shrink out of sight.",
    )  # fmt: skip
    ema: float = knob(
        0.997, lo=0.0, hi=0.9999, live=True, group="Game", label="averaging of what is shown", when=_AIDED,
        help="Aid: pictures come from weights averaged over 1/(1 − this) updates. 0: from the weights themselves.",
    )  # fmt: skip
    label_visible: float = knob(
        0.5, lo=0.0, hi=1.0, live=True, group="Conditionals", label="share of visible labels", when=_AIDED,
        help="How often q sees the label or attributes. Below 1 the same q also serves pictures without a label.",
    )  # fmt: skip
    label_scale: float = knob(
        4.0, lo=1.0, hi=8.0, live=True, group="Conditionals", label="size of a label", symbol="yₛ", when=_AIDED,
        help="q sees y times this. Large: held labels are obeyed, attributes are read less well; small: vice versa.",
    )  # fmt: skip
    log_sigma_max: float = knob(
        0.0, lo=-4.0, hi=1.0, live=True, group="Conditionals", label="largest log σ of q",
        help="Upper bound of the log standard deviation of q(z | x).",
    )  # fmt: skip
    decoder_noise: float = knob(
        0.0, lo=0.0, hi=0.3, live=True, group="Conditionals", label="noise of p",
        help="Standard deviation of Gaussian noise on the decoded picture. 0: deterministic decoder.",
    )  # fmt: skip
    flow_data: bool = knob(
        True, live=True, group="Gradient flow", label="to q from the data",
        help="Off: q learns nothing from the clamped chain.",
    )  # fmt: skip
    flow_encoder: bool = knob(
        True, live=True, group="Gradient flow", label="to q from the chain",
        help="Off: q learns nothing from the unclamped chain (gradient still passes through it to earlier decoders).",
    )  # fmt: skip
    flow_decoder: bool = knob(
        True, live=True, group="Gradient flow", label="to p from the chain",
        help="Off: the decoder stands still.",
    )  # fmt: skip

    # Needs a reset
    task: Task = knob("digits", group="Data", label="data", help="What the model learns.")
    reads: Reads = knob(
        "label", group="Data", label="joint with",
        help="What is modelled together with the picture: its label, binary attributes, or nothing.",
    )  # fmt: skip
    classes: str = knob(
        "all", group="Data", label="classes",
        help="all, or the classes to keep, for example: 0 1 9.",
    )  # fmt: skip
    start: Literal["trained", "fresh"] = knob(
        "fresh", group="Data", label="start from",
        help="trained: the weights that come with Atelier, where the preset has some. fresh: random weights.",
    )  # fmt: skip
    baselines: Literal["both", "ali", "gan", "none"] = knob(
        "both", group="Data", label="baselines on the same batches",
        help="ali: the same networks with K = 1. gan: the same decoder, a fixed N(0, I), no encoder.",
    )  # fmt: skip
    net: Literal["mlp", "conv"] = knob(
        "mlp", group="Network", label="networks",
        help="mlp: dense layers. conv: the convolutional networks of the ALI paper (32×32).",
    )  # fmt: skip
    z_dim: int = knob(16, lo=2, hi=128, group="Network", label="latent size", symbol="d", help="Entries of z.")
    hidden: int = knob(
        128, lo=32, hi=1024, group="Network", label="width", symbol="h",
        help="Units of a hidden layer; conv: channels of the widest layer.",
    )  # fmt: skip
    batch: int = knob(64, lo=16, hi=512, group="Network", label="batch", symbol="B", help="Pictures per update.")


_FULL: dict[str, Any] = {"grad_steps": 19, "warm_start": 0}
_FLAT: dict[str, Any] = {
    **_FULL, "reads": "none", "classes": "0 1 9", "z_dim": 2, "chain_steps": 4, "log_sigma_max": -1.0,
    "baselines": "ali", "r1": 0.5, "pool_share": 0.5, "short_share": 0.0,
}  # fmt: skip
# Points of the plane lie a tenth as far apart as digits do: D needs slopes ten times as steep, R1 a hundredth of it.
_TOY: dict[str, Any] = {
    **_FULL, "task": "ring", "reads": "none", "z_dim": 2, "chain_steps": 4, "log_sigma_max": -1.0,
    "decoder_noise": 0.02, "r1": 0.02, "loss": "non_saturating",
}  # fmt: skip
_CONV: dict[str, Any] = {
    "net": "conv", "z_dim": 64, "hidden": 128, "batch": 64, "lr": 2e-4, "baselines": "none", "reads": "none",
}  # fmt: skip
_PAPER: dict[str, Any] = {
    "net": "conv", "z_dim": 64, "hidden": 512, "batch": 100, "lr": 1e-4, "lr_ratio": 1.0, "baselines": "ali",
    "reads": "none",
}  # fmt: skip
_WEAK: dict[str, Any] = {"r1": 0.5, "short_share": 0.5}  # learns from nothing; 2.5 and a quarter keep what is learnt
_PLAIN: dict[str, Any] = {"paper_mode": True, "grad_steps": 19}

PRESETS = (
    Preset(
        "digits-joint", "Digits and their labels, trained · z 16",
        "Scrub the chain to step 5,000, paint a hole, hold a 7: one network does all three, and trains on from here.",
        {"start": "trained", "lr": 3e-4}, steps=10_000, cpu_time="at once (trained); 3 min to train on",
        gpu_time="not measured", memory="0.5 GB",
    ),
    Preset(
        "digits-scratch", "Digits and their labels, from nothing · z 16",
        "Noise becomes digits: the distance from the data falls within a minute and is the same at every chain length.",
        {**_WEAK, "start": "fresh", "baselines": "none"}, steps=6_000, cpu_time="1.5 min",
        gpu_time="not measured", memory="0.5 GB",
    ),
    Preset(
        "digits-race", "Pictures alone: GibbsNet, ALI, GAN · z 16",
        "ALI is better after one step and drifts; GibbsNet stays where it is. Measure both along the chain.",
        {**_FULL, "reads": "none", "chain_steps": 4}, steps=4_000, cpu_time="3 min", gpu_time="not measured",
        memory="0.5 GB",
    ),
    Preset(
        "latent-2d", "Latent plane of 0, 1 and 9 · z 2",
        "The cloud of z leaves the Gaussian it started from; click the map to start a chain there.",
        _FLAT, steps=4_000, cpu_time="1.5 min", gpu_time="not measured", memory="0.4 GB",
    ),
    Preset(
        "latent-2d-noisy", "Latent plane, stochastic decoder · z 2",
        "The same with noise on every decoded picture, the second row of the paper's figure.",
        {**_FLAT, "decoder_noise": 0.1}, steps=4_000, cpu_time="1.5 min", gpu_time="not measured", memory="0.4 GB",
    ),
    Preset(
        "ring", "Eight clouds in the plane · z 2",
        "Data one can draw: a chain that jumps between eight clouds, and a latent plane that is no Gaussian.",
        _TOY, steps=1_500, cpu_time="40 s", gpu_time="not measured", memory="0.4 GB",
    ),
    Preset(
        "pinwheel", "Pinwheel in the plane · z 2",
        "Five curved arms: curved, thin and connected by nothing.",
        {**_TOY, "task": "pinwheel"}, steps=1_500, cpu_time="40 s", gpu_time="not measured", memory="0.4 GB",
    ),
    Preset(
        "shapes", "Coloured shapes and their attributes · 16×16",
        "Hold round on and red off: pictures and seven attributes are one joint model.",
        {**_WEAK, "task": "shapes", "reads": "attributes", "baselines": "ali", "hidden": 256}, steps=6_000,
        cpu_time="6 min", gpu_time="not measured", memory="0.6 GB",
    ),
    Preset(
        "digit-attributes", "Digits and six attributes · z 16",
        "Attributes computed from the picture or its label: has a hole, heavy, wide, leaning, odd, above four.",
        {**_WEAK, "reads": "attributes", "baselines": "ali"}, steps=6_000, cpu_time="1.5 min", gpu_time="not measured",
        memory="0.5 GB",
    ),
    Preset(
        "paper-mode", "Without the aids · z 16",
        "The paper's plain recipe at this size: watch the health meter and see which aid would have helped.",
        {**_PLAIN, "baselines": "none"}, steps=3_000, cpu_time="1 min", gpu_time="not measured", memory="0.5 GB",
    ),
    Preset(
        "digits-28", "Digits at 28×28 · z 32",
        "The bundled digits at MNIST's size.",
        {**_WEAK, "task": "digits28", "hidden": 256, "z_dim": 32, "baselines": "ali"}, steps=6_000, cpu_time="5 min",
        gpu_time="not measured", memory="0.6 GB",
    ),
    Preset(
        "mnist", "MNIST and its labels · z 64",
        "The permutation-invariant MNIST of the paper's classification experiment; the probe reads z.",
        {**_WEAK, "task": "mnist", "hidden": 512, "z_dim": 64, "batch": 128, "baselines": "ali"}, steps=50_000,
        cpu_time="2 h", gpu_time="not measured", memory="1.5 GB", needs="mnist",
    ),
    Preset(
        "cifar-small", "CIFAR-10, small networks · conv",
        "The convolutional networks at a quarter of their width: a first look without a GPU.",
        {**_CONV, "task": "cifar10"}, steps=10_000, cpu_time="1 h", gpu_time="not measured", memory="1.5 GB",
        needs="cifar-10",
    ),
    Preset(
        "cifar-paper", "CIFAR-10 at paper size · conv, z 64",
        "Inception-style score of samples and of half-image completions, as in the paper's table 1.",
        {**_PAPER, "task": "cifar10"}, steps=200_000, cpu_time="12 days", gpu_time="not measured", memory="4 GB",
        needs="cifar-10",
    ),
    Preset(
        "svhn-paper", "SVHN at paper size · conv, z 64",
        "House numbers with one half held and the other filled in.",
        {**_PAPER, "task": "svhn"}, steps=200_000, cpu_time="12 days", gpu_time="not measured", memory="4 GB",
        needs="svhn",
    ),
    Preset(
        "celeba-paper", "Faces and 40 attributes, CelebA's layout · conv, z 64",
        "Faces and attributes as one joint model: hold smiling on and glasses off.",
        {**_PAPER, "task": "celeba", "reads": "attributes"}, steps=200_000, cpu_time="12 days", gpu_time="not measured",
        memory="6 GB", needs="celeba",
    ),
)  # fmt: skip

CURVES = (
    Curve("fd", "GibbsNet", "distance from the data at 20 steps", "Fréchet", "model", log=True, headline=True,
          better="down"),
    Curve("fd_ali", "ALI", "distance from the data at 20 steps", "Fréchet", "baseline", log=True, better="down"),
    Curve("fd_gan", "GAN", "distance from the data at 20 steps", "Fréchet", "series2", log=True, better="down"),
    Curve("loss_d", "GibbsNet", "discriminator's loss", "chance 1.386", "model"),
    Curve("loss_d_ali", "ALI", "discriminator's loss", "chance 1.386", "baseline"),
    Curve("loss_d_gan", "GAN", "discriminator's loss", "chance 1.386", "series2"),
    Curve("logit_square", "GibbsNet", "mean squared logit", "", "model", log=True),
    Curve("logit_square_ali", "ALI", "mean squared logit", "", "baseline", log=True),
    Curve("signal", "spread of q's means", "how much z tells", "standard deviation", "series0"),
    Curve("noise", "noise of q", "how much z tells", "standard deviation", "series1"),
    Curve("diversity", "pictures of the last pairs", "diversity", "1 = as the data", "model", better="up"),
    Curve("entropy", "classes at the chain's end", "entropy of the classes", "bits", "series0", better="up"),
    Curve("agree", "sampled label confirmed", "joint samples", "%", "model", better="up"),
    Curve("reconstruction", "error of data → q → p", "reconstruction", "rms", "series1", better="down"),
    Curve("passes", "K now", "decoder passes", "", "data"),
)  # fmt: skip

CLAIMS = (
    Claim("few-steps", "A few steps of the learned chain suffice to land on the data.",
          "good samples after a short chain (no number)", "arXiv 1712.04120, abstract"),
    Claim("no-prior", "No p(z) is written down, and the one that is learned is richer than the Gaussian.",
          "figure 2: latents of 0, 1, 9 in the plane, not Gaussian (no number)", "arXiv 1712.04120, figure 2"),
    Claim("one-model", "Attribute prediction, class-conditional generation and joint modelling in one model that was "
          "not trained for any of them.", "shown on CelebA (no number)", "arXiv 1712.04120, abstract and figure 5"),
    Claim("inpainting", "Half-image completions score better than ALI's.",
          "higher inception score of completions than ALI (figures not checked)", "arXiv 1712.04120, table 1"),
    Claim("refinement", "Sample quality is kept or refined over dozens of steps, where ALI's drifts.",
          "higher inception score than ALI (figures not checked)", "arXiv 1712.04120, table 1, figure 3"),
    Claim("stable", "Stable for thousands of steps although trained on a few.",
          "no collapse in thousands of steps (no number)", "arXiv 1712.04120, appendix"),
    Claim("latents", "Latents are more useful to a classifier than ALI's.",
          "higher accuracy than ALI on MNIST and SVHN (figures not checked)", "arXiv 1712.04120, section 5"),
)  # fmt: skip

PAPER = Paper(
    name="gibbsnet",
    title="GibbsNet: Iterative Adversarial Inference for Deep Graphical Models",
    short_title="GibbsNet",
    authors="Lamb, Hjelm, Ganin, Cohen, Courville, Bengio",
    year=2017,
    arxiv="1712.04120",
    claim="A short adversarially trained chain learns the joint of data and latents without ever "
    "writing down p(z), and one model inpaints, classifies and generates.",
    group="Generative models",
    centrepiece="Scrubbing a chain of thousands of steps; painting a mask; clamping a label.",
    params=GibbsNetParams,
    presets=PRESETS,
    curves=CURVES,
    views=VIEWS,
    actions=ACTIONS,
    claims=CLAIMS,
    phases=PHASES,
)
