"""Payloads of the dendritic tab with the shapes of the presets and seeded random values, for tests of the pictures."""

import numpy as np

from engine.papers import dendritic_views as v
from engine.papers.classified import ConfusionView


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def floats(generator: np.random.Generator, *shape: int, scale: float = 1.0) -> np.ndarray:
    return (generator.standard_normal(shape) * scale).astype(np.float32)


def area(cells: int = 100, inter: int = 10, seed: int = 0, error: float = 0.1) -> v.AreaView:
    g = rng(seed)
    top_down = floats(g, cells)
    v_apical = floats(g, cells, scale=error)
    u_next = floats(g, inter)
    u = floats(g, cells)
    return v.AreaView(
        v_basal=floats(g, cells),
        top_down=top_down,
        cancellation=v_apical - top_down,
        v_apical=v_apical,
        u=u,
        rate=(1 / (1 + np.exp(-u))).astype(np.float32),
        u_inter=u_next + floats(g, inter, scale=0.05),
        u_next=u_next,
        delta=v_apical * 0.05 + floats(g, cells, scale=0.002),
    )


def circuit(
    sizes: tuple[int, ...] = (64, 100, 100, 10), seed: int = 0, image: bool = True, target: bool = True
) -> v.CircuitView:
    g = rng(seed)
    side = round(sizes[0] ** 0.5)
    picture = g.random((side, side) if image else (1, sizes[0])).astype(np.float32)
    hidden = sizes[1:-1]
    areas = tuple(area(n, sizes[k + 2], seed + k) for k, n in enumerate(hidden))
    u = floats(g, sizes[-1])
    wanted = np.full(sizes[-1], -2.0, dtype=np.float32)
    wanted[min(3, sizes[-1] - 1)] = 1.4
    output = v.OutputView(
        v_basal=floats(g, sizes[-1]),
        u=u,
        rate=(1 / (1 + np.exp(-u))).astype(np.float32),
        target=wanted if target else np.full(sizes[-1], np.nan, dtype=np.float32),
    )
    return v.CircuitView(
        image=picture,
        areas=areas,
        output=output,
        label=3 if image else -1,
        predicted=5 if image else -1,
        phase=1,
        time_ms=float("nan"),
        angles=tuple(40.0 - 10 * k for k in range(len(sizes) - 1)),
    )


def cell(area_number: int = 1, number: int = 7, shape: tuple[int, int] = (8, 8)) -> v.CellView:
    return v.CellView(
        area=area_number, cell=number, weights=floats(rng(1), *shape), v_basal=0.4, top_down=0.9, cancellation=-0.8,
        v_apical=0.1, u=0.3, rate=0.57, delta=0.004, says="raise",
    )  # fmt: skip


def scope(sizes: tuple[int, ...] = (64, 100, 100, 10), samples: int = 256) -> v.ScopeView:
    t = np.arange(samples, dtype=np.float64)
    traces = np.stack([np.sin(t / (9 + k)) * np.exp(-t / 90) for k in range(6)]).astype(np.float32)
    return v.ScopeView(time_ms=t, traces=traces, now=circuit(sizes))


def tiles(count: int = 64, side: int = 8) -> v.TilesView:
    g = rng(2)
    return v.TilesView(
        first=0, tiles=floats(g, count, side, side).astype(np.float16), blame=floats(g, count, scale=0.1)
    )


def tracking(areas: int = 2) -> v.TrackingView:
    g = rng(3)
    target = tuple(floats(g, 1000) for _ in range(areas))
    return v.TrackingView(
        target=target,
        actual=tuple(x + floats(g, 1000, scale=0.05) for x in target),
        gain=tuple(0.4 for _ in range(areas)),
    )


def confusion(mistakes: int = 24, side: int = 8) -> ConfusionView:
    g = rng(4)
    counts = (np.eye(10) * 34 + g.integers(0, 2, (10, 10))).astype(np.int32)
    return ConfusionView(
        counts=counts,
        mistaken=np.arange(mistakes),
        said=g.integers(0, 10, mistakes),
        true=g.integers(0, 10, mistakes),
        images=g.random((mistakes, side, side)).astype(np.float32),
    )


def regression(samples: int = 200) -> v.RegressionView:
    g = rng(5)
    target = np.sort(g.random(samples)).astype(np.float32)
    return v.RegressionView(
        target=target,
        circuit=target + floats(g, samples, scale=0.03),
        before=np.full(samples, 0.4, dtype=np.float32),
        shallow=target * 0.5 + 0.2,
    )


def imagine(side: int = 8) -> v.ImagineView:
    g = rng(6)
    clean = g.random((side, side)).astype(np.float32)
    return v.ImagineView(
        clean=clean,
        seen=np.clip(clean + floats(g, side, side, scale=0.3), 0, 1),
        percept=clean,
        rates_seen=g.random(10).astype(np.float32),
        rates_percept=g.random(10).astype(np.float32),
        mse_seen=5.24,
        mse_percept=1.9,
    )


def dream(side: int = 8) -> v.DreamView:
    g = rng(7)
    recognised = np.arange(10)
    recognised[8] = 3
    return v.DreamView(
        images=g.random((10, side, side)).astype(np.float32),
        recognised=recognised,
        distance=g.random(10).astype(np.float32),
    )
