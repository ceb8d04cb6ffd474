"""Payloads of the equilibrium tab with the shapes of the presets and seeded values, for tests of the pictures."""

import numpy as np

from engine.papers import equilibrium_views as v
from engine.papers.classified import ConfusionView


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def floats(generator: np.random.Generator, *shape: int, scale: float = 1.0) -> np.ndarray:
    return (generator.standard_normal(shape) * scale).astype(np.float32)


def rolling(start: tuple[float, float], end: tuple[float, float], moments: int) -> np.ndarray:
    """[moments, 2] from start to end, slowing down."""
    share = 1 - np.exp(-np.linspace(0, 6, moments))[:, None]
    return (np.array(start) + share * (np.array(end) - np.array(start))).astype(np.float32)


def valley(steps: int = 120, gap: float = 2e-3) -> v.ValleyView:
    axis = np.linspace(-0.1, 1.1, 128, dtype=np.float32)
    h, o = np.meshgrid(axis, axis)
    free = 0.5 * (h**2 + o**2) - 0.6 * h - 0.7 * h * o
    nudged = free + 0.25 * 0.5 * (o - 1.0) ** 2
    fall = np.exp(-np.linspace(0, 5, steps))[:, None].astype(np.float32)
    side = fall * np.array([0.2, 0.9], dtype=np.float32)
    time = np.arange(steps + 1, dtype=np.float32) * 0.1
    return v.ValleyView(
        energy=nudged,
        energy_free=free,
        extent=(-0.1, 1.1),
        free=rolling((0.05, 0.9), (0.6, 0.4), steps + 1),
        nudged=rolling((0.6, 0.4), (0.8, 0.7), steps + 1),
        velocity=side * (1 + gap),
        side=side,
        energy_along_free=np.exp(-time) - 1,
        energy_along_nudged=np.exp(-time) * 0.3 - 1.2,
        rest=np.array([0.6, 0.4], np.float32),
        nudged_rest=np.array([0.8, 0.7], np.float32),
        time=time,
        gap=gap,
        residual=1e-6,
    )


def moments(sizes: tuple[int, ...] = (128, 10), images: int = 8, steps: int = 80, gap: float = 1e-4) -> v.MomentsView:
    g = rng(1)
    layers, n = len(sizes), sum(sizes)
    fall = np.exp(-np.linspace(0, 4, steps))[:, None]
    points = n * images
    rbp = (fall * g.standard_normal(points) * 0.5).astype(np.float32)
    layer = np.tile(np.repeat(np.arange(1, layers + 1), sizes), images).astype(np.int16)
    unit = np.tile(np.concatenate([np.arange(s) for s in sizes]), images).astype(np.int16)
    unit_rbp = (fall * g.standard_normal(8 * layers)).astype(np.float32)
    weight_rbp = ((1 - fall) * g.standard_normal(6 * layers)).astype(np.float32)
    return v.MomentsView(
        time=np.arange(steps, dtype=np.float64) * 0.3,
        rbp=rbp,
        ep=rbp * np.float32(1 + gap),
        point_layer=layer,
        point_unit=unit,
        point_image=np.repeat(np.arange(images), n).astype(np.int16),
        unit_layer=np.repeat(np.arange(1, layers + 1), 8).astype(np.int16),
        unit_index=np.tile(np.arange(8), layers).astype(np.int16),
        unit_rbp=unit_rbp,
        unit_ep=unit_rbp * np.float32(1 + gap),
        weight_layer=np.repeat(np.arange(layers), 6).astype(np.int16),
        weight_from=np.tile(np.arange(6), layers).astype(np.int16),
        weight_to=np.tile(np.arange(6), layers).astype(np.int16),
        weight_rbp=weight_rbp,
        weight_ep=weight_rbp * np.float32(1 + gap),
        weight_final=weight_rbp[-1] * np.float32(1.02),
        gap_units=np.full((steps, layers), gap) * (1 + np.linspace(0, 1, steps))[:, None],
        gap_weights=np.full((steps, layers), gap / 2),
        gap=gap,
        gap_of_weights=gap / 2,
        worst=2 * gap,
        correlation=1 - gap,
        residual=1e-13,
        floor=1e-9,
        moved=0,
        label=3,
        words="",
    )


def slope() -> v.SlopeView:
    betas = 10.0 ** np.arange(-6, 0.5, 0.5)
    a = np.array([0.0, 0.01, 0.03, 0.1, 0.3, 1.0])
    return v.SlopeView(
        betas=betas,
        one_sided=0.7 * betas,
        centred=np.maximum(1e-9, betas**2),
        exact=1e-13,
        slope_one_sided=1.002,
        slope_centred=1.998,
        asymmetries=a,
        gap_of_asymmetry=0.42 * a,
        correlation_of_asymmetry=1 - 0.1 * a,
        slope_asymmetry=0.42,
    )


def gauges(layers: int = 2, dead: tuple[int, ...] = (), words: str = "", sweeps: int = 4) -> v.GaugesView:
    arrival = 10.0 ** -np.add.outer(np.arange(sweeps)[::-1], np.arange(layers)[::-1]).astype(float)
    arrival[0, 0] = 0.0
    lost = np.array([int(k in dead) for k in range(10)])
    return v.GaugesView(
        cosine=np.linspace(0.7, 0.99, layers),
        norm_ratio=np.linspace(0.5, 0.9, layers),
        arrival=arrival,
        residual=2e-4,
        largest_residual=1e-2,
        energy_free=-(np.linspace(0, 1, 11) ** 0.5),
        energy_nudged=-1 - 0.1 * np.linspace(0, 1, sweeps + 1),
        mean_rate=np.full(layers, 0.3),
        saturated=np.full(layers, 0.4),
        output_on=np.where(lost, 0.0, 0.4),
        dead=lost,
        words=words,
    )


def states(sizes: tuple[int, ...] = (128, 10), side: int = 8, phase: int = -1) -> v.StatesView:
    g = rng(2)
    free = tuple(g.random(n).astype(np.float32) for n in sizes)
    shift = tuple(floats(g, n, scale=0.1) for n in sizes)
    return v.StatesView(
        image=g.random((side, side)).astype(np.float32),
        free=free,
        plus=tuple(np.clip(f + 0.25 * s, 0, 1) for f, s in zip(free, shift, strict=True)),
        minus=tuple(np.clip(f - 0.25 * s, 0, 1) for f, s in zip(free, shift, strict=True)),
        shift=shift,
        target=np.eye(10, dtype=np.float32)[3],
        label=3,
        predicted=5,
        phase=phase,
    )


def tiles(count: int = 64, side: int = 8) -> v.TilesView:
    g = rng(3)
    return v.TilesView(0, floats(g, count, side, side).astype(np.float16), g.random(count).astype(np.float32))


def confusion(mistakes: int = 24, side: int = 8) -> ConfusionView:
    g = rng(4)
    return ConfusionView(
        counts=(np.eye(10) * 34 + g.integers(0, 2, (10, 10))).astype(np.int32),
        mistaken=np.arange(mistakes) + 100,
        said=g.integers(0, 10, mistakes),
        true=g.integers(0, 10, mistakes),
        images=g.random((mistakes, side, side)).astype(np.float32),
    )


def bias(layers: int = 2, sweeps: int = 32) -> v.BiasView:
    betas = np.array([0.01, 0.05, 0.1, 0.25, 0.5, 0.9])
    at = np.arange(1, sweeps + 1)
    grow = 1 - np.exp(-at / 4.0)
    cosine = np.stack([np.outer(1 - 0.4 * betas, grow**k) for k in range(1, layers + 1)], axis=2)
    cosine[:, 0, 0] = np.nan
    return v.BiasView(betas=betas, sweeps=at, cosine=cosine, norm_ratio=np.abs(cosine) * 1.2, solver="exact")


def play(sizes: tuple[int, ...] = (128, 10), side: int = 8, seed: int = 5, at_rest: bool = False) -> v.PlayView:
    g = rng(seed)
    return v.PlayView(
        input=g.random((side, side)).astype(np.float32),
        layers=tuple(g.random(n).astype(np.float32) for n in sizes),
        energy=-(1 - np.exp(-np.linspace(0, 5, 256))).astype(np.float32),
        time=np.arange(256, dtype=np.float64) * 0.1,
        velocity=1e-4 if at_rest else 0.2,
        predicted=3,
        step=256,
        at_rest=at_rest,
    )


def dream(side: int = 8) -> v.DreamView:
    g = rng(7)
    recognised = np.arange(10)
    recognised[8] = 3
    return v.DreamView(
        images=g.random((10, side, side)).astype(np.float32),
        recognised=recognised,
        nearest=np.arange(10),
        distance=g.random(10).astype(np.float32),
    )


def ghost(learner: v.Learner = "rbp", n: int = 9) -> v.GhostCurve:
    return v.GhostCurve(
        learner, np.arange(n, dtype=np.int64) * 10, np.linspace(10, 90, n), np.linspace(0.5, 0.02, n), np.zeros(n), 0.5
    )


def classes(seeds: int = 3, steps: int = 1500) -> v.ClassesResult:
    betas = np.array([0.0, 0.01, 0.25])
    dead = np.array([[2, 0, 2], [1, 1, 0], [0, 0, 0]])[:, :seeds]
    alive = np.full((3, seeds, 10), 0.95)
    alive[0, 0, :2] = 0.0
    at = np.linspace(0, steps, 16).astype(np.int64)
    return v.ClassesResult(
        betas=betas,
        accuracy=np.array([[87.8, 97.5, 78.1], [87.2, 90.0, 96.0], [98.1, 97.8, 97.5]])[:, :seeds],
        dead=dead,
        silent=np.maximum(dead - 1, 0),
        alive=alive,
        steps=steps,
        curve_steps=at,
        curve_dead=np.outer(dead.mean(axis=1), np.linspace(0, 1, 16)),
        curve_accuracy=np.outer([88.0, 91.0, 98.0], np.linspace(0.1, 1, 16)),
        seconds=4.0,
    )
