"""Payloads of the GibbsNet tab with the shapes of the presets and seeded values, for tests of the pictures."""

from dataclasses import replace

import numpy as np

from engine.papers import gibbsnet_views as v

DIGITS = tuple(str(k) for k in range(10))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def uint8(*shape: int, seed: int = 0) -> np.ndarray:
    """Pictures with something in them: bright blobs on black."""
    g = rng(seed)
    *lead, h, w, c = shape
    y, x = np.mgrid[:h, :w]
    cy, cx = (g.uniform(0.25, 0.75, (*lead, 1, 1)) for _ in range(2))
    blob = np.exp(-(((y / h - cy) ** 2 + (x / w - cx) ** 2) / 0.05))
    colour = g.uniform(0.5, 1.0, (*lead, 1, 1, c))
    return (255 * blob[..., None] * colour).astype(np.uint8)


def facts(**changes) -> v.FactsView:
    made = v.FactsView(
        shape=(8, 8, 1),
        classes=DIGITS,
        reads="label",
        models=("gibbsnet", "ali", "gan"),
        z_dim=16,
        tests=297,
        has_2d_latent=False,
        is_toy=False,
        judged=DIGITS,
        shipped="",
        K_now=3,
        aids=("R1",),
        notes=(),
    )
    return replace(made, **changes)


def info(recorded: int = 5000, **changes) -> v.TapeInfo:
    made = v.TapeInfo(
        tape=0,
        version=120,
        first=1,
        recorded=recorded,
        steps=5000,
        chains=16,
        models=("gibbsnet", "ali", "gan"),
        nbytes=9_000_000,
    )
    return replace(made, **changes)


def chain(steps=(1,), models=("gibbsnet", "ali", "gan"), n: int = 16, shape=(8, 8, 1), **changes) -> v.ChainView:
    g, m, s = rng(sum(steps)), len(models), len(steps)
    about = changes.pop("info", info(models=models, chains=n))
    made = v.ChainView(
        info=about,
        tapes=(about,),
        models=models,
        steps=np.array(steps),
        images=uint8(m, s, n, *shape, seed=sum(steps)),
        points=np.zeros(0, np.float32),
        labels=g.integers(0, 10, (m, s, n)).astype(np.int16),
        attributes=np.zeros(0, np.uint8),
        z=g.standard_normal((m, s, n, 16)).astype(np.float32),
        plane=g.standard_normal((m, s, n, 2)).astype(np.float32),
        trail=g.standard_normal((m, n, 10, 2)).astype(np.float32),
        distance=g.uniform(0, 2, (m, n)).astype(np.float32),
        seen=g.uniform(0, 1, (m, s, n)).astype(np.float32),
        is_current=True,
        words="",
    )
    return replace(made, **changes)


def along(models=("gibbsnet", "ali", "gan")) -> v.AlongView:
    steps = np.unique(np.round(np.geomspace(1, 5000, 60)).astype(np.int64))
    values = np.tile(np.linspace(0, 1.4, len(steps)), (len(models), 1)) * np.arange(1, len(models) + 1)[:, None]
    return v.AlongView(models, steps, values, values / 4, 0.5 - values / 9, 1 - values / 6, values * 1.1, values / 5)


def play(step: int = 12, n: int = 12, shape=(8, 8, 1), classes: int = 10, **changes) -> v.PlayView:
    g = rng(step)
    p = g.dirichlet(np.ones(classes) * 0.4).astype(np.float32) if classes else np.zeros(0, np.float32)
    made = v.PlayView(
        step=step,
        images=uint8(n, *shape, seed=step),
        points=np.zeros(0, np.float32),
        labels=g.integers(0, 10, n).astype(np.int16),
        p_y=p,
        p_now=p,
        spread_y=p * 0.2,
        variance=g.uniform(0, 0.1, shape[:2]).astype(np.float32),
        observed=uint8(*shape),
        mask=np.ones(shape[:2], np.float32),
        known=0.5,
        seam=1.1,
        diversity=0.7,
        plane=g.standard_normal((n, 2)).astype(np.float32),
        words="",
    )
    return replace(made, **changes)


def test_pictures(shape=(8, 8, 1), n: int = 30) -> v.PicturesResult:
    return v.PicturesResult(
        np.arange(n) + 40, uint8(n, *shape, seed=9), (np.arange(n) % 10).astype(np.int16), np.zeros((n, 0), np.uint8)
    )


test_pictures.__test__ = False  # a payload, not a test


def latent(model="gibbsnet", shape=(8, 8, 1), **changes) -> v.LatentView:
    g = rng(3)
    label = g.integers(0, 10, 400).astype(np.int16)
    angle = label / 10 * 2 * np.pi
    middle = 1.4 * np.stack([np.cos(angle), np.sin(angle)], 1)
    axis = np.linspace(-3, 3, 64)
    gaussian = np.exp(-(axis[:, None] ** 2 + axis[None] ** 2) / 2) / (2 * np.pi)
    made = v.LatentView(
        model=model,
        extent=(-3.0, 3.0, -3.0, 3.0),
        clamped=(middle + 0.25 * g.standard_normal((400, 2))).astype(np.float32),
        label=label,
        free=g.standard_normal((200, 2)).astype(np.float32),
        free_label=np.zeros(200, np.int16),
        trails=np.cumsum(0.12 * g.standard_normal((16, 10, 2)), 1).astype(np.float32)
        + g.standard_normal((16, 1, 2)).astype(np.float32),
        density=gaussian.astype(np.float32),
        gaussian=gaussian.astype(np.float32),
        grid=uint8(24, 24, *shape, seed=2),
        grid_points=np.zeros(0, np.float32),
        gap=0.41,
        separation=0.83,
        is_direct=True,
    )
    return replace(made, **changes)


def samples(models=("gibbsnet", "ali", "gan"), shape=(8, 8, 1), n: int = 10) -> v.SamplesView:
    m = len(models)
    error = np.array([np.nan if model == "gan" else 0.12 for model in models])
    return v.SamplesView(
        models,
        uint8(n, *shape, seed=1),
        np.zeros(n, np.int16),
        uint8(m, n, *shape, seed=2),
        error,
        uint8(m, n, *shape, seed=3),
        np.zeros((m, n), np.int16),
        np.zeros(0, np.float32),
        np.zeros(0, np.float32),
    )


def phases(phase: int = 1, K: int = 3, shape=(8, 8, 1)) -> v.PhaseView:
    done = np.arange(4) <= phase
    nan = np.full(16, np.nan, np.float32)
    return v.PhaseView(
        phase,
        uint8(16, *shape, seed=4),
        uint8(16, K, *shape, seed=5),
        done,
        nan,
        nan,
        float("nan"),
        float("nan"),
        "The unclamped chain has run.",
    )


def logits(**changes) -> v.LogitsView:
    edges = np.linspace(-4, 4, 41, dtype=np.float32)
    center = (edges[1:] + edges[:-1]) / 2
    data = np.round(40 * np.exp(-((center - 0.7) ** 2))).astype(np.int32)
    model = np.round(40 * np.exp(-((center + 0.6) ** 2))).astype(np.int32)
    return replace(v.LogitsView(edges, data, model, 0.7, -0.6, 1.21, 1.3863, 0.72), **changes)


def flow(K: int = 3, shape=(8, 8, 1), cut=("x1->z2",)) -> v.FlowView:
    arrows = ["x->zhat", "zhat->D"]
    for k in range(1, K + 1):
        arrows += [f"z{k}->x{k}"] + ([f"x{k}->z{k + 1}"] if k < K else [])
    arrows += [f"x{K}->D", f"z{K}->D"]
    g = rng(8)
    return v.FlowView(
        K=K,
        x_data=uint8(*shape),
        x_chain=uint8(K, *shape, seed=6),
        z_plane=g.standard_normal((K, 2)),
        zhat_plane=g.standard_normal(2),
        arrows=tuple(arrows),
        norm=10.0 ** g.uniform(-3, 0, len(arrows)),
        is_cut=np.array([a in cut for a in arrows]),
        switches={"x->zhat": "flow_data", "x1->z2": "flow_encoder", f"z{K}->x{K}": "flow_decoder"},
        logit_data=0.4,
        logit_model=-0.3,
    )


def health(level="good", words: str = "", remedy: str = "") -> v.HealthView:
    nan = float("nan")
    gauges = (
        v.Gauge("loss", "discriminator's loss", 1.21, "", 0.2, nan, "good", "It can be fooled."),
        v.Gauge("diversity", "diversity", 0.86, "", 0.1, nan, level, "As diverse as data."),
        v.Gauge("entropy", "classes at the end", 2.9, "bits", 1.0, nan, "good", "Many classes."),
        v.Gauge("scale", "size of z", 1.2, "rms", 0.05, 20.0, "good", "Neither shrinks nor grows."),
        v.Gauge("noise", "noise over signal", 1.1, "", nan, 3.0, "good", "z tells much."),
    )
    return v.HealthView(gauges, level, words, remedy, 3, 120)


def quality(versions=(100, 400)) -> v.QualityView:
    lengths = np.array([1, 3, 20, 200, 1000])
    curves = []
    for i, version in enumerate(versions):
        for model, drift in (("gibbsnet", 0.0), ("ali", 0.3)):
            fd = (0.7 - 0.3 * i) + drift * np.log10(lengths)
            ones = np.ones(len(lengths))
            curves.append(
                v.QualityCurve(model, version, lengths, fd, 8 - fd, 0.8 * ones, ones, np.full(10, 100.0), 0.1 * ones)
            )
    return v.QualityView(tuple(curves), 0.11, 9.4, "pixels", "a small classifier, 98.3 % right", 3)


def mixing(**changes) -> v.MixingView:
    lags = np.unique(np.round(np.geomspace(1, 200, 20)).astype(np.int64))
    made = v.MixingView(
        model="gibbsnet",
        lags=lags,
        stay=0.1 + 0.9 * np.exp(-lags / 5.0),
        chance=0.1,
        transition=rng(4).dirichlet(np.ones(10) + 5 * np.eye(10)[0], 10),
        histogram=rng(5).integers(5, 20, 10).astype(float),
        entropy=3.1,
        entropy_at_K=3.2,
        forgets_in=4.0,
        words="Forgets its class after 4 steps.",
    )
    return replace(made, **changes)


def toy() -> v.ToyView:
    g = rng(6)
    models = ("gibbsnet", "ali", "gan")
    return v.ToyView(g.uniform(0, 1, (300, 2)), models, g.uniform(0, 1, (3, 200, 2)), g.standard_normal((3, 200, 2)))


def inpaint() -> v.InpaintResult:
    two = np.array([1.0, 1.2])
    return v.InpaintResult(
        ("gibbsnet", "ali"),
        7.0 * two,
        two,
        0.6 * two,
        0.08 * two,
        0.8 * two,
        9.1,
        0.67,
        uint8(8, 8, 8, 1),
        uint8(2, 8, 8, 8, 1),
        "Pixel error rewards blur.",
    )


def tasks() -> v.TasksResult:
    return v.TasksResult(
        ("gibbsnet", "ali"),
        np.array([0.95, 0.05]),
        np.array([0.66, 0.94]),
        np.array([0.8, 0.7]),
        np.full(3, 0.1),
        np.zeros((2, 3, 10)),
    )


def probe() -> v.ProbeResult:
    two = np.array([0.95, 0.97])
    return v.ProbeResult(
        ("gibbsnet", "ali"),
        two,
        two - 0.3,
        two,
        two - 0.2,
        0.96,
        np.array([0.2, 0.8]),
        np.array([0.25, 0.3]),
        "ALI's latents are read better here.",
    )
