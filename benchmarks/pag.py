"""Planning: what is computed ahead of the loop against the naive loop, decoding latency, a round of three models."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch

from benchmarks.harness import Row
from engine.experiments.contract import Context
from engine.experiments.pag_run import PagExperiment
from engine.experiments.pag_setup import Batch
from engine.models.pag_decoding import Control, Written
from engine.models.pag_learning import nll_of
from engine.models.pag_reference import teach_naively
from engine.models.pag_switch import gumbel
from engine.models.pag_teaching import Taught, teach
from engine.papers.contract import validate
from engine.papers.pag import PRESETS, PagParams
from engine.papers.pag_views import MODELS, NAMES

PRESET_NAMES = ("numbers-de", "euler")
# What the page measured on one thread of a machine under load: 1.24-1.45 times; a trace of 40 steps 12 ms, 200 examples
# 90 ms; a round of three models 0.24 s (numbers) and 0.09 s (graphs).
LEAST = 1.1  # the page's range, less what another machine may take from it
PAGE_ROUND_MS = {"numbers-de": 240.0, "euler": 90.0}
TRACE_STEPS, PAGE_TRACE_MS = 40, 12.0
MANY, PAGE_MANY_MS = 200, 90.0


def measure(quick: bool) -> Iterable[Row]:
    """Rows of the table."""
    torch.set_num_threads(1)
    seconds = 0.5 if quick else 3.0
    for preset in PRESET_NAMES:
        experiment = _experiment(preset)
        yield from _hoisting(experiment, preset, seconds)
        yield _round(experiment, preset, seconds)
    yield from _decoding(_experiment("numbers-de"), seconds)


def _experiment(preset: str) -> PagExperiment:
    values = next(p.values for p in PRESETS if p.id == preset)
    context = Context(torch.device("cpu"), lambda *_: None, lambda *_: None)
    return PagExperiment(validate(PagParams, values), context)


def _batch(experiment: PagExperiment) -> Batch:
    return Batch.of(experiment.task.batch(np.random.default_rng(0), experiment.p.batch), experiment.device)


def _hoisting(experiment: PagExperiment, preset: str, seconds: float) -> Iterable[Row]:
    """Forward and backward of the same batch with the same noise, both formulations in turns within one process."""
    batch = _batch(experiment)
    T, S = batch.target.shape[1], batch.source.shape[1]
    for kind in MODELS:
        naive, ours = in_turns([_update(experiment, kind, batch, way) for way in (teach_naively, teach)], seconds)
        detail = f"{1e3 * naive:.3g} ms against {1e3 * ours:.3g} ms; S {S}, T {T}, {_threads()}; the page: 1.24-1.45 ×"
        what = f"{preset}, {NAMES[kind]}: naive loop over hoisted, forward and backward"
        yield Row(what, naive / ours, "×", f"at least {LEAST:g} ×", naive / ours >= LEAST, detail)


def _update(
    experiment: PagExperiment, kind: Any, batch: Batch, way: Callable[..., Taught]
) -> Callable[[], torch.Tensor]:
    racer = experiment.racers[kind]
    net, shape = racer.net, racer.shape
    T, B = batch.target.shape[1], len(batch.target)
    noise = gumbel((T, B, shape.k), torch.Generator().manual_seed(0)) if shape.plans else None
    is_symbol = torch.arange(T).unsqueeze(1) < batch.target_lengths

    def call() -> torch.Tensor:
        net.zero_grad(set_to_none=True)
        taught = way(net, net.read(batch.source, batch.lengths), batch.target, racer.switch, noise=noise)
        loss = nll_of(taught.log_p, batch.target, is_symbol).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    return call


def _round(experiment: PagExperiment, preset: str, seconds: float) -> Row:
    """Every model updates once on the same batch, drawn anew; measuring on the held-out sample left out."""

    def call() -> None:
        batches = [_batch(experiment)]
        for racer in experiment.racers.values():
            racer.update(batches)

    (once,) = in_turns([call], seconds)
    counts = ", ".join(f"{NAMES[kind]} {racer.net.size:,}" for kind, racer in experiment.racers.items())
    detail = f"parameters: {counts}; {_threads()}; the page: {PAGE_ROUND_MS[preset]:g} ms"
    return Row(f"{preset}: a round of three models", 1e3 * once, "ms", detail=detail)


def _decoding(experiment: PagExperiment, seconds: float) -> Iterable[Row]:
    """Greedy, with weights as they are drawn, so that nothing ends early."""
    one, many = (Batch.of(experiment.task.held_out[:n], experiment.device) for n in (1, MANY))
    racer = experiment.racers["pag"]
    control = Control(TRACE_STEPS)
    calls: list[Callable[[], Written]] = [
        lambda: racer.write(one.source, one.lengths, control, keeps_moments=True),
        lambda: racer.write(one.source, one.lengths, control),
        lambda: racer.write(many.source, many.lengths, control),
    ]
    film, trace, all_at_once = in_turns(calls, seconds)
    steps = max(int(call().lengths.max()) for call in calls)
    tail = f"{steps} steps, {_threads()}"
    yield Row("PAG: one greedy trace with its plans (the film)", 1e3 * film, "ms", detail=tail)
    yield Row("PAG: one greedy trace", 1e3 * trace, "ms", detail=f"{tail}; the page: {PAGE_TRACE_MS:g} ms")
    yield Row(f"PAG: {MANY} examples at once", 1e3 * all_at_once, "ms", detail=f"{tail}; the page: {PAGE_MANY_MS:g} ms")


def in_turns(calls: Sequence[Callable[[], object]], seconds: float) -> list[float]:
    """CPU seconds of this thread for one call of each, turn by turn; the lower quartile over the turns.

    CPU seconds as on the page: on a machine shared with other work the wall clock measures the others.
    """
    found: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds * len(calls) or len(found[0]) < 5:
        for call, times in zip(calls, found, strict=True):
            started = time.thread_time()
            call()
            times.append(time.thread_time() - started)
    return [statistics.quantiles(times, n=4)[0] for times in found]


def _threads() -> str:
    return f"CPU time, torch threads {torch.get_num_threads()}"
