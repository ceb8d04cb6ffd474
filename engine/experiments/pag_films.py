"""The plan film: one source, decoded by each model step by step, with a hand in it; and the gallery of alignments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from engine.data.images import DataError
from engine.data.pag_graphs import CircuitTask
from engine.data.pag_task import Example
from engine.experiments import pag_measures
from engine.experiments.pag_graph_pictures import graph_of, walk_of
from engine.experiments.pag_racer import Racer
from engine.experiments.pag_setup import Batch
from engine.experiments.random_streams import stream
from engine.models.pag_beam import Ending, beam_search
from engine.models.pag_decoding import END, Control, Moment, Policy, Written
from engine.models.pag_switch import one_hot, relax
from engine.papers.pag_views import (
    MODELS,
    Alignment,
    Film,
    FilmQuery,
    FilmView,
    GalleryQuery,
    GalleryView,
    Graph,
    Hypothesis,
    Kind,
    PaintedRow,
    Source,
)

if TYPE_CHECKING:
    from engine.experiments.pag_run import PagExperiment

TOP = 5
MOST_SYMBOLS = 4_000  # that go into a payload by name: 2,000 question words and a paragraph to copy from
LEAST_WEIGHT = 1e-4  # what an unpainted cell of a painted row weighs
MOST_BEAM = 15
MOST_GALLERY = 8
_HANDS: Any = {"switches": (), "symbols": (), "painted": (), "follow_from": -1, "target": "pag"}
"""A query without the hand: what acts on its target alone."""


def film_view(run: PagExperiment, query: FilmQuery) -> FilmView:
    """Decodes the source by every model asked for. Input that cannot be read becomes `trouble`."""
    try:
        example, index = example_of(run, query.source)
    except DataError as error:
        return _empty(run, query, str(error))
    batch = Batch.of([example], run.device)
    graph = graph_of(run, example, query.source)
    kinds = [kind for kind in run.racers if kind in query.models]
    with run.past.as_of(query.past, run.racers) as then:
        films = tuple(_remembered(run, run.racers[kind], example, batch, query, is_now=then < 0) for kind in kinds)
    is_known = len(example.target) > 1
    reference = tuple(_shown(run, i, example) for i in example.target) if is_known else ()
    gold = example.gold if is_known and run.task.has_gold else np.full(len(reference), -1)
    flags = example.source[:, 1] if run.task.kind == "question" else np.zeros(len(example.source))
    return FilmView(
        kind=_kind(run),
        words=example.words,
        unknown=_at(example.unknown, len(example.source)),
        flagged=flags.astype(bool),
        reference=reference,
        reference_gold=np.asarray(gold, np.int16),
        boundary=_boundaries(np.asarray(gold)),
        index=index,
        examples=len(run.task.held_out),
        films=films,
        graph=graph,
        badge="" if graph is not None and graph.why_not else example.note,
        trouble="",
        target_symbols=_all_symbols(run, example),
        longest=query.longest or run.longest,
        step=run.steps_done if then < 0 else then,
        kept=np.array(sorted(run.past.kept), np.int32),
    )


def example_of(run: PagExperiment, source: Source) -> tuple[Example, int]:
    """The example a source means, and its place in the held-out list (-1: typed or drawn). Raises `DataError`."""
    task = run.task
    if source.edges or source.is_drawn:
        query = source.query
        if min(query) < 0:
            query = source.edges[0] if source.edges else (0, 0)
        return task.encode_graph(source.edges, query), -1
    if source.text.strip():
        return task.encode(source.text), -1
    if source.text:
        raise DataError("There is nothing to read: write at least one word.")
    index = source.index % len(task.held_out)
    return task.held_out[index], index


def control_of(run: PagExperiment, racer: Racer, query: FilmQuery) -> Control:
    """The query's hand on this model; on all but the target only policy, noise and length."""
    policy: Policy = run.p.policy if query.policy == "run" else query.policy
    period = max(1, run.p.period if query.policy == "run" else query.period)
    is_noisy = run.p.is_noisy if query.is_noisy is None else query.is_noisy
    control = Control(
        query.longest or run.longest,
        policy=policy,
        period=period,
        noise=stream(query.noise_seed, f"switch of the film of {racer.kind}") if is_noisy else None,
        temperature=query.temperature,
        draws=stream(query.noise_seed, f"symbols of the film of {racer.kind}"),
    )
    if racer.kind != query.target:
        return control if policy != "manual" else replace(control, policy="learned")
    return replace(
        control,
        switches=dict(query.switches),
        symbols=dict(query.symbols),
        follow_from=query.follow_from,
    )


def _remembered(
    run: PagExperiment, racer: Racer, example: Example, batch: Batch, query: FilmQuery, is_now: bool
) -> Film:
    """The film of one model; a gesture on another model does not decode this one again.

    One film a model is kept, with all that it depends on: the weights (round and turn), the knobs, and of the query
    what acts on this model.
    """
    seen = query if racer.kind == query.target else replace(query, **_HANDS)
    key = (run.steps_done, run.phase, run.p, replace(seen, models=(racer.kind,)))
    kept = run.films.get(racer.kind)
    if is_now and kept is not None and kept[0] == key:
        return kept[1]
    film = _film(run, racer, example, batch, query)
    if is_now:
        run.films[racer.kind] = (key, film)
    return film


def _film(run: PagExperiment, racer: Racer, example: Example, batch: Batch, query: FilmQuery) -> Film:
    control = control_of(run, racer, query)
    if racer.kind == query.target and query.painted:
        control = replace(control, painted=_painted(query.painted, len(example.source), racer))
    endings: list[Ending] = []
    if query.beam > 1:
        racer.net.eval()
        with torch.inference_mode():
            read = racer.net.read(batch.source, batch.lengths)
        width = min(query.beam, MOST_BEAM)
        endings = beam_search(racer.net, read, racer.switch, replace(control, noise=None), width)[0]
        best = dict(enumerate(endings[0].symbols))
        control = replace(control, noise=None, temperature=0.0, symbols=best, longest=len(best))
    written = racer.write(batch.source, batch.lengths, control, keeps_moments=True)
    ids = written.symbols[: int(written.lengths[0]), 0].tolist()
    if not endings:
        endings = [Ending(tuple(ids), float(written.log_p[0]), bool(written.ended[0]))]
    hypotheses = tuple(Hypothesis(run.task.decode(e.symbols, example), e.log_p, len(e.symbols)) for e in endings)
    return _developed(run, racer, example, written, ids, hypotheses)


def _developed(
    run: PagExperiment,
    racer: Racer,
    example: Example,
    written: Written,
    ids: list[int],
    hypotheses: tuple[Hypothesis, ...],
) -> Film:
    """Moments of a decode as arrays."""
    T, k = len(ids), racer.shape.k if racer.shape.plans else 0
    moments = written.moments[:T]
    log_p = torch.stack([m.log_p[0] for m in moments])
    best = log_p.exp().topk(min(TOP, log_p.shape[1]), 1)
    alpha = written.alpha[:T, 0]
    scores = torch.stack([m.carry.A[0] for m in moments]) if racer.shape.plans else _log(alpha).unsqueeze(-1)
    is_new = written.is_new[:T, 0].cpu().numpy()
    reason = torch.stack([m.reason[0] for m in moments]).cpu().numpy()
    gold = _gold_of(run, example, ids)
    known = gold >= 0
    strongest = alpha.argmax(-1).cpu().numpy()
    is_known = len(example.target) > 1
    soft, hard, logits, tau = _commitments(moments, k)
    return Film(
        model=racer.kind,
        symbols=np.array(ids, np.int32),
        shown=tuple(_shown(run, i, example) for i in ids),
        probability=_array(log_p.exp()[range(T), ids]),
        top_symbols=best.indices.cpu().numpy().astype(np.int32),
        top_probability=_array(best.values),
        top_shown=tuple(tuple(_shown(run, i, example) for i in row) for row in best.indices.tolist()),
        alpha=_array(alpha),
        scores=_array(scores),
        intended=_array(torch.softmax(scores, 1)),
        written=_written(moments, scores, is_new),
        old_row=_old_rows(is_new),
        replanned=is_new,
        reason=reason,
        replan_probability=_array(torch.stack([m.p[0] for m in moments])),
        soft=soft,
        hard=hard,
        logits=logits,
        tau_inv=tau,
        gold=gold,
        hits=float((strongest == gold)[known].mean()) if known.any() else math.nan,
        log_probability=float(written.log_p[0]),
        ended=bool(ids and ids[-1] == END),
        exact=is_known and ids == example.target.tolist(),
        has_reference=is_known,
        walk=walk_of(run, example, ids),
        row_use=racer.row_use.numpy().astype(np.float32) if racer.kind == "pag" else np.ones(1, np.float32),
        hypotheses=hypotheses,
        text=run.task.decode(ids, example),
        replans=int(is_new.sum()) if racer.shape.plans else T,
        exhausted=int((reason == 3).sum()) if racer.shape.plans else 0,
    )


def _commitments(moments: Sequence[Moment], k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """soft, hard, logits [T, k] that the switch decided by, and tau_inv [T]."""
    if not k:
        nothing = np.zeros((len(moments), 0), np.float32)
        return nothing, nothing, nothing, np.ones(len(moments), np.float32)
    logits = torch.stack([m.logits[0] for m in moments])
    tau = torch.tensor([float(m.stepped.tau_inv) for m in moments])
    soft = relax(logits.cpu(), None, tau.unsqueeze(1))
    # The one-hot shows what happened: slot 0 where it re-planned, whatever the argmax would have said.
    hard = one_hot(soft)
    news = torch.stack([m.is_new[0] for m in moments]).cpu()
    follows = one_hot(torch.cat((torch.zeros_like(soft[:, :1]) - 1.0, soft[:, 1:]), 1)) if k > 1 else hard
    first = torch.zeros_like(hard)
    first[:, 0] = 1.0
    shown = torch.where(news.unsqueeze(1), first, torch.where(hard[:, :1] > 0, follows, hard))
    return _array(soft), _array(shown), _array(logits.clamp(min=-30.0)), _array(tau)


def _written(moments: Sequence[Moment], scores: Tensor, is_new: np.ndarray) -> np.ndarray:
    """How much of each cell is new [T, S, rows]: gate (1 without one) where it re-planned, 0 where it followed."""
    gates = [m.stepped.gate for m in moments]
    u = torch.ones_like(scores) if gates[0] is None else torch.stack([g[0] for g in gates if g is not None])
    return _array(u) * is_new[:, None, None].astype(np.float32)


def _old_rows(is_new: np.ndarray) -> np.ndarray:
    steps = np.arange(len(is_new))
    return (steps - np.maximum.accumulate(np.where(is_new, steps, 0))).astype(np.int16)


def _gold_of(run: PagExperiment, example: Example, ids: Sequence[int]) -> np.ndarray:
    """Source position of each output symbol while the output is right; -1 elsewhere. int16 [T]."""
    gold = np.full(len(ids), -1, np.int16)
    if not run.task.has_gold:
        return gold
    for t, (given, wanted) in enumerate(zip(ids, example.target.tolist(), strict=False)):
        if given != wanted:
            break
        gold[t] = example.gold[t]
    return gold


def _painted(rows: Sequence[PaintedRow], length: int, racer: Racer) -> dict[int, Tensor]:
    """Scores [S, rows] whose softmax is what was painted, NaN where nothing was."""
    found: dict[int, Tensor] = {}
    for row in rows:
        if not 0 <= row.row < racer.shape.rows or len(row.weights) != length:
            continue
        weights = torch.tensor(row.weights, device=racer.device).clamp(min=0.0)
        if float(weights.sum()) <= 0.0:
            continue
        blank = torch.full((length, racer.shape.rows), math.nan, device=racer.device)
        scores = found.setdefault(row.step, blank)
        scores[:, row.row] = torch.log(weights / weights.max() + LEAST_WEIGHT)
    return found


def _boundaries(gold: np.ndarray) -> np.ndarray:
    """Where a new source word begins, bool [T]."""
    found, last = np.zeros(len(gold), bool), -1
    for t, position in enumerate(gold):
        if position >= 0:
            found[t] = position != last
            last = position
    return found


def _empty(run: PagExperiment, query: FilmQuery, trouble: str) -> FilmView:
    """Nothing could be read; a graph that was drawn is shown all the same."""
    graph: Graph | None = None
    if isinstance(run.task, CircuitTask):
        graph = graph_of(run, None, query.source)
    nothing = np.zeros(0, np.int16)
    return FilmView(
        _kind(run), (), nothing.astype(bool), nothing.astype(bool), (), nothing, nothing.astype(bool), -1,
        len(run.task.held_out), (), graph, "", trouble, (), run.longest, run.steps_done,
        np.array(sorted(run.past.kept), np.int32),
    )  # fmt: skip


def _kind(run: PagExperiment) -> Kind:
    return "graph" if isinstance(run.task, CircuitTask) else run.task.kind


def _shown(run: PagExperiment, symbol: int, example: Example) -> str:
    return "⏎" if symbol == END else run.task.symbol(int(symbol), example)


def _all_symbols(run: PagExperiment, example: Example) -> tuple[str, ...]:
    """Every symbol that can be put out, by id: the vocabulary, and with a pointer the source words."""
    task = run.task
    copied = tuple(f"{word} (copied)" for word in example.words) if task.pointer else ()
    found = ("⏎", *task.target_symbols[1:], *copied)
    return found if len(found) <= MOST_SYMBOLS else ()


def _at(places: Sequence[int], length: int) -> np.ndarray:
    found = np.zeros(length, bool)
    found[list(places)] = True
    return found


def _log(alpha: Tensor) -> Tensor:
    return torch.log(alpha.clamp(min=1e-12))


def _array(tensor: Tensor) -> np.ndarray:
    return np.ascontiguousarray(tensor.detach().float().cpu().numpy())


# --- the gallery ------------------------------------------------------------------------------------------------


def gallery_view(run: PagExperiment, query: GalleryQuery) -> GalleryView:
    """The same held-out examples for all models."""
    count = max(1, min(query.count, MOST_GALLERY))
    places = tuple((query.first + i) % len(run.task.held_out) for i in range(count))
    examples = [run.task.held_out[i] for i in places]
    batch = Batch.of(examples, run.device)
    maps: list[list[Alignment]] = [[] for _ in examples]
    kinds = tuple(kind for kind in MODELS if kind in run.racers)
    for kind in kinds:
        racer = run.racers[kind]
        written = racer.write(batch.source, batch.lengths, run.measuring_control)
        for n, example in enumerate(examples):
            maps[n].append(_alignment(run, racer, example, written, n))
    return GalleryView(
        index=places,
        words=tuple(e.words for e in examples),
        maps=tuple(tuple(row) for row in maps),
        models=kinds,
        hits=np.array([pag_measures.hits_of(run, kind) for kind in kinds]),
        monotone=np.array([pag_measures.monotone_of(run, kind) for kind in kinds]),
    )


def _alignment(run: PagExperiment, racer: Racer, example: Example, written: Written, n: int) -> Alignment:
    T = int(written.lengths[n])
    ids = written.symbols[:T, n].tolist()
    alpha = written.alpha[:T, n, : len(example.source)]
    gold = _gold_of(run, example, ids)
    known = gold >= 0
    strongest = alpha.argmax(-1).cpu().numpy()
    return Alignment(
        model=racer.kind,
        alpha=_array(alpha),
        gold=gold,
        replanned=written.is_new[:T, n].cpu().numpy(),
        shown=tuple(_shown(run, i, example) for i in ids),
        hits=float((strongest == gold)[known].mean()) if known.any() else math.nan,
        exact=ids == example.target.tolist(),
    )
