"""Payloads of the planning tab as an engine would send them, made from formulas."""

from __future__ import annotations

import numpy as np

from engine.papers import pag_views as v

WORDS = ("four", "hundred", "twenty", "seven", "⏎")
OUTPUT = ("v", "i", "e", "r", "h", "u", "n", "d", "s", "i", "e", "b", "e", "n", "u", "n", "d", "z", "w", "a", "n", "⏎")
GOLD = (0, 0, 0, 0, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, -1, -1, -1, 2, 2, 2, 2, 4)
EDGES = ((0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 4))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Over the source [.., S, k]."""
    odds = np.exp(scores - scores.max(axis=-2, keepdims=True))
    return (odds / odds.sum(axis=-2, keepdims=True)).astype(np.float32)


def film(
    model: v.Model = "pag",
    *,
    shown: tuple[str, ...] = OUTPUT,
    gold: tuple[int, ...] = GOLD,
    sources: int = len(WORDS),
    rows: int = 10,
    every: int = 5,
    use: float = 0.2,
    walk: v.Walk | None = None,
) -> v.Film:
    """A film that re-plans every so many steps and plans where the gold is."""
    rows = 1 if model != "pag" else rows
    length = len(shown)
    rng = np.random.default_rng(len(model))
    scores = rng.normal(size=(length, sources, rows)).astype(np.float32)
    for t in range(length):
        for j in range(rows):
            place = gold[min(t + j, length - 1)]
            scores[t, max(0, place), j] += 3.0
    intended = softmax(scores)
    replanned = np.arange(length) % (1 if model == "baseline" else every) == 0
    slots = 0 if model == "baseline" else rows if model == "pag" else 4
    soft = softmax(rng.normal(size=(length, slots, 1)))[..., 0] if slots else np.zeros((length, 0), np.float32)
    hard = np.eye(slots, dtype=np.float32)[soft.argmax(axis=1)] if slots else np.zeros((length, 0), np.float32)
    written = np.where(replanned[:, None, None], rng.uniform(size=intended.shape), 0.0).astype(np.float32)
    top = np.tile(np.array([0.7, 0.15, 0.1, 0.03, 0.02], np.float32), (length, 1))
    return v.Film(
        model=model, symbols=np.arange(length, dtype=np.int32), shown=shown, probability=top[:, 0],
        top_symbols=np.arange(length, dtype=np.int32)[:, None] + np.arange(5, dtype=np.int32) * 100,
        top_probability=top, top_shown=tuple((s, "a", "b", "c", "d") for s in shown), alpha=intended[:, :, 0],
        scores=scores, intended=intended, written=written, old_row=(np.arange(length) % every).astype(np.int16),
        replanned=replanned, reason=np.where(replanned, v.OWN, v.FOLLOWED).astype(np.int8),
        replan_probability=np.full(length, 0.3, np.float32), soft=soft, hard=hard, logits=soft,
        tau_inv=np.full(length, 1.2, np.float32), gold=np.array(gold, np.int16), hits=0.79, log_probability=-1.5,
        ended=True, exact=model != "rpag", has_reference=True, walk=walk, row_use=np.full(rows, use, np.float32),
        hypotheses=(v.Hypothesis("".join(shown), -1.5, length),), text="".join(shown), replans=int(replanned.sum()),
        exhausted=0,
    )  # fmt: skip


def text_view(step: int = 300, films: tuple[v.Film, ...] | None = None, **more: object) -> v.FilmView:
    """A number, decoded by all three models."""
    fields: dict[str, object] = {
        "kind": "text", "words": WORDS, "unknown": np.zeros(len(WORDS), bool), "flagged": np.zeros(len(WORDS), bool),
        "reference": OUTPUT, "reference_gold": np.array(GOLD, np.int16), "boundary": np.zeros(len(OUTPUT), bool),
        "index": 3, "examples": 1000, "films": films if films is not None else tuple(film(m) for m in v.MODELS),
        "graph": None, "badge": "", "trouble": "", "target_symbols": (), "longest": 86, "step": step,
        "kept": np.array([0, 100, 200], np.int32),
    }  # fmt: skip
    return v.FilmView(**{**fields, **more})  # type: ignore[arg-type]


def graph(edges: tuple[tuple[int, int], ...] = EDGES, why_not: str = "", offending: tuple[int, ...] = ()) -> v.Graph:
    """A circuit of four nodes with a distractor of three."""
    pairs = [p for a, b in edges for p in ((a, b), (b, a))]
    nodes = sorted({n for e in edges for n in e})
    return v.Graph(
        nodes=np.array(nodes, np.int16), edges=np.array(edges, np.int16).reshape(-1, 2),
        names=tuple("ABCDEFGHIJKL"[n] for n in nodes),
        token_edge=np.array([i for i in range(len(edges)) for _ in range(2)] + [-1], np.int16),
        token_nodes=np.array([*pairs, (0, 1)], np.int16), query=(0, 1),
        answer=np.zeros(0, np.int16) if why_not else np.array([0, 1, 2, 3, 0], np.int16), circuits=1,
        why_not=why_not, offending=offending, can_try=True, largest=12,
    )  # fmt: skip


def walk(dead: bool = False) -> v.Walk:
    """0 1 2 3 0, or a tour that stops at 2."""
    nodes = (0, 1, 2) if dead else (0, 1, 2, 3, 0)
    stranded = ((2, 3), (3, 0)) if dead else ()
    return v.Walk(
        nodes=np.array(nodes, np.int16), state=np.zeros(len(nodes) - 1, np.int8), exact=not dead, same_set=not dead,
        valid=not dead, dead_end=2 if dead else -1, stranded=np.array(stranded, np.int16).reshape(-1, 2),
        words="stops at 2 with two edges left." if dead else "",
    )  # fmt: skip


def graph_view(**more: object) -> v.FilmView:
    """The graph, walked by all three models; rPAG ends in a dead end."""
    shown = ("0", "1", "2", "3", "⏎")
    gold, sources = (0, 2, 4, 6, 14), 2 * len(EDGES) + 1
    films = tuple(
        film(m, shown=shown, gold=gold, sources=sources, rows=4, every=1, use=0.01, walk=walk(m == "rpag"))
        for m in v.MODELS
    )
    words = tuple(f"{a}→{b}" for x, y in EDGES for a, b in ((x, y), (y, x)))
    fields: dict[str, object] = {
        "kind": "graph", "words": (*words, "0→1?"), "unknown": np.zeros(sources, bool),
        "flagged": np.zeros(sources, bool), "reference": shown, "reference_gold": np.array(gold, np.int16),
        "boundary": np.zeros(5, bool), "graph": graph(), "films": films,
    }  # fmt: skip
    return text_view(**{**fields, **more})  # type: ignore[arg-type]


def race(stopped: bool = False) -> v.RaceView:
    """Three runners after 300 updates."""
    steps = np.arange(0, 301, 50, dtype=np.int32)
    rise = np.clip(steps / 250.0, 0.0, 1.0)

    def runner(i: int, model: v.Model) -> v.Runner:
        plan = 0 if model == "baseline" else 9000
        nan = np.full(len(steps), np.nan)
        return v.Runner(
            model=model, steps=steps, seconds=steps * (0.05 + 0.03 * i), nll=100.0 * (1.01 - rise),
            exact=rise**2, hits=0.2 + 0.5 * rise, replan_rate=nan if not plan else 1.0 - 0.7 * rise,
            parameters=200_000 + plan, planner=plan, width=64, ms_per_update=50.0 + 30 * i,
            state="stopped" if stopped and model == "rpag" else "training",
            words="the loss is not finite any more." if stopped and model == "rpag" else "",
            reached_step=250 if model == "pag" else -1, reached_second=21.5 if model == "pag" else -1.0,
        )  # fmt: skip

    return v.RaceView(
        runners=tuple(runner(i, m) for i, m in enumerate(v.MODELS)), clock="CPU seconds of the training thread",
        sample=200, parts=("encoder", "decoder", "attention", "plan"),
        parameters=np.array([[50_000, 90_000, 60_000, plan] for plan in (0, 9000, 9000)]),
        matched=False, memory=12.5e6,
    )  # fmt: skip


def look_ahead() -> v.LookAheadView:
    """The page's figures; the last row was never followed."""
    accuracy = np.array([0.92, 0.76, 0.74, 0.80, 0.75, 0.83, 0.86, 0.81, 0.64, 0.73])
    followed = np.array([0.3, 0.2, 0.15, 0.1, 0.08, 0.07, 0.06, 0.06, 0.06, 0.01])
    rpag = np.linspace(0.6, 0.3, 10)
    return v.LookAheadView(accuracy, np.full(10, 500, np.int32), followed, rpag, 0.21, 200, True)


def switching(known: bool = True) -> v.SwitchView:
    """Both planners."""
    nan = float("nan")

    def one(model: v.Model) -> v.Switching:
        by_step = 0.3 + 0.2 * np.sin(np.arange(30))
        by_step[0] = 1.0
        follow = np.exp(-0.4 * np.arange(11)) * 500
        return v.Switching(
            model=model, by_step=by_step, probability=by_step * 0.9, at_boundary=0.4 if known else nan,
            elsewhere=0.2 if known else nan, boundaries=0.27 if known else nan, chance=0.21 if known else nan,
            follow=follow.astype(np.int32), rate=0.25, mean_follow=3.2, exhausted=0.1,
            commitment=np.full(10, 0.1), tau_inv=1.2,
        )  # fmt: skip

    return v.SwitchView((one("pag"), one("rpag")), 200)


def temperature() -> v.TemperatureView:
    """Four slots."""
    exact = np.array([0.47, 0.18, 0.18, 0.17])
    taus = np.geomspace(0.1, 10, 9)
    return v.TemperatureView(exact, exact + 0.01, exact, exact, taus, np.exp(-taus / 5), exact, exact)


def sweep() -> v.Sweep:
    """The page's figures for PAG."""
    periods = np.array([1, 2, 3, 5, 10], np.int16)
    exact = np.array([0.105, 0.485, 0.965, 0.995, 0.805])
    return v.Sweep(tuple(v.SweepCurve(m, periods, exact, exact * 0.8, 1.0, 0.79, 4.1) for m in ("pag", "rpag")), 200)


def growth() -> v.Growth:
    """Sizes 3 to 10; 3 to 8 are trained."""
    sizes = np.arange(3, 11, dtype=np.int16)
    share = np.tile(np.linspace(1.0, 0.6, len(sizes)), (3, 1))
    return v.Growth(sizes, v.MODELS, share, np.minimum(1.0, share + 0.1), share, sizes <= 8)


def evaluation() -> v.Evaluation:
    """Text, with BLEU."""
    nan = float("nan")
    sizes = np.array([2, 3, 4, 5], np.int16)

    def score(model: v.Model) -> v.Score:
        return v.Score(
            model=model, exact=0.97, same_set=nan, valid=nan, symbols=0.99, nll=0.05, bleu=98.5, hits=0.7,
            replan_rate=0.25, ended=1.0, sizes=sizes, by_size=np.array([1.0, 1.0, 0.98, 0.9]),
            valid_by_size=np.full(4, nan), counts=np.array([10, 30, 100, 60], np.int32),
            mistakes=(("nine", "neun", "nein"),) if model == "rpag" else (),
        )  # fmt: skip

    return v.Evaluation(tuple(score(m) for m in v.MODELS), 200, "source words", "nrefs:1|tok:none", 2.1)


def gallery(count: int = 3) -> v.GalleryView:
    """The same examples for all models."""

    def one(model: v.Model) -> v.Alignment:
        made = film(model)
        return v.Alignment(model, made.alpha, made.gold, made.replanned, made.shown, made.hits, made.exact)

    maps = tuple(tuple(one(m) for m in v.MODELS) for _ in range(count))
    hits, monotone = np.array([0.56, 0.79, 0.58]), np.array([0.7, 0.9, 0.6])
    return v.GalleryView(tuple(range(count)), (WORDS,) * count, maps, v.MODELS, hits, monotone)
