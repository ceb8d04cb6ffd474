"""Long gestures: scores with beams, the sweep over re-plan periods, growing graphs; and a graph drawn by chance."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.data.images import DataError
from engine.data.pag_graphs import CircuitTask, EulerTask
from engine.data.pag_scores import LETTERS, WORDS, aligned, bleu
from engine.data.pag_task import Example
from engine.data.pag_task import Score as Answered
from engine.experiments.contract import LongAction, Partial
from engine.experiments.pag_measures import replan_rate, scores_of
from engine.experiments.pag_racer import Racer
from engine.experiments.pag_setup import Batch, numpy_stream
from engine.experiments.random_streams import stream
from engine.models.pag_beam import beam_search
from engine.models.pag_decoding import Control, Policy, Written
from engine.papers.pag import CORPUS_TASKS
from engine.papers.pag_views import (
    DrawArguments,
    Drawing,
    EvaluateArguments,
    Evaluation,
    GrowArguments,
    Growth,
    Model,
    Score,
    Sweep,
    SweepArguments,
    SweepCurve,
)

if TYPE_CHECKING:
    from engine.experiments.pag_run import PagExperiment

AT_ONCE = 32  # examples decoded between two looks at what else is due
MOST_BEAM = 15
MOST_MISTAKES = 12
SIZE_GROUPS = 8


class _Tally:
    """What one model has written so far."""

    def __init__(self) -> None:
        self.examples: list[Example] = []
        self.answers: list[Answered] = []
        self.ended = 0
        self.hit = self.known = 0
        self.replans = self.steps = 0.0
        self.nll = 0.0
        self.symbols_right = self.symbols = 0

    def add(self, run: PagExperiment, examples: Sequence[Example], written: Written, nll: float) -> None:
        answers = scores_of(run.task, examples, written)
        self.examples += examples
        self.answers += answers
        self.ended += int(written.ended.sum())
        self.nll += nll * len(examples)
        steps = float(written.lengths.sum())
        self.replans += replan_rate(written) * steps
        self.steps += steps
        ids = written.symbols.t().cpu().numpy()
        strongest = written.alpha.argmax(-1).t().cpu().numpy()
        for n, example in enumerate(examples):
            T = int(written.lengths[n])
            same = min(T, len(example.target))
            right = ids[n, :same] == example.target[:same]
            self.symbols_right += int(right.sum())
            self.symbols += len(example.target)
            good = same if right.all() else int(right.argmin())  # gold is known up to the first mistake
            hit, known = aligned(strongest[n, :good], example.gold[:good])
            self.hit, self.known = self.hit + hit, self.known + known

    def score(self, run: PagExperiment, kind: Model, *, with_bleu: bool) -> tuple[Score, str]:
        """Shares so far, and the signature of BLEU."""
        n = len(self.answers)
        is_graph = isinstance(run.task, CircuitTask)
        exact = np.array([a.exact for a in self.answers])
        valid = np.array([a.valid for a in self.answers])
        size = np.array([e.size for e in self.examples])
        sizes = np.unique(size)
        points, signature = math.nan, ""
        if with_bleu and not is_graph:
            cut = WORDS if run.p.task in CORPUS_TASKS or run.task.kind == "question" else LETTERS
            found = bleu([a.text for a in self.answers], [e.reference for e in self.examples], cut)
            points, signature = found.score, found.signature
        wrong = [(a, e) for a, e in zip(self.answers, self.examples, strict=True) if not a.exact][:MOST_MISTAKES]
        return Score(
            model=kind,
            exact=float(exact.mean()),
            same_set=sum(a.set_match for a in self.answers) / n if is_graph else math.nan,
            valid=float(valid.mean()) if is_graph else math.nan,
            symbols=self.symbols_right / self.symbols,
            nll=self.nll / n,
            bleu=points,
            hits=self.hit / self.known if run.task.has_gold and self.known else math.nan,
            replan_rate=self.replans / self.steps,
            ended=self.ended / n,
            sizes=sizes.astype(np.int16),
            by_size=np.array([exact[size == s].mean() for s in sizes]),
            valid_by_size=np.array([valid[size == s].mean() for s in sizes]),
            counts=np.array([(size == s).sum() for s in sizes], np.int32),
            mistakes=tuple((" ".join(e.words), e.reference, a.text) for a, e in wrong),
        ), signature


def evaluate(run: PagExperiment, arguments: EvaluateArguments) -> LongAction:
    """Decodes the held-out examples, a few at a time."""
    count = min(arguments.examples or len(run.task.held_out), len(run.task.held_out))
    if count < 1:
        raise DataError("There is no held-out example to decode.")
    tallies = {kind: _Tally() for kind in run.racers}
    spent = 0.0
    size_name = "nodes on the circuit" if isinstance(run.task, CircuitTask) else "source tokens"
    for start in range(0, count, AT_ONCE):
        examples = run.task.held_out[start : min(start + AT_ONCE, count)]
        batch = Batch.of(examples, run.device)
        for kind, racer in run.racers.items():
            begun = time.perf_counter()
            written = _decoded(run, racer, batch, arguments)
            tallies[kind].add(run, examples, written, racer.held_out_nll(batch)[0])
            spent += time.perf_counter() - begun
            yield Partial(_evaluation(run, tallies, size_name, spent, with_bleu=False), start / count)
    return _evaluation(run, tallies, size_name, spent, with_bleu=True)


def _evaluation(
    run: PagExperiment, tallies: dict[Model, _Tally], size_name: str, seconds: float, *, with_bleu: bool
) -> Evaluation:
    scored = [t.score(run, kind, with_bleu=with_bleu) for kind, t in tallies.items() if t.answers]
    decoded = min(len(t.answers) for t in tallies.values())
    return Evaluation(tuple(s for s, _ in scored), decoded, size_name, scored[0][1] if scored else "", seconds)


def _decoded(run: PagExperiment, racer: Racer, batch: Batch, arguments: EvaluateArguments) -> Written:
    policy: Policy = run.p.policy if arguments.policy == "run" else arguments.policy
    period = max(1, run.p.period if arguments.policy == "run" else arguments.period)
    noise = stream(run.p.seed, f"switch of the evaluation of {racer.kind}") if arguments.is_noisy else None
    control = Control(run.longest, policy=policy, period=period, noise=noise)
    width = max(1, min(arguments.beam, MOST_BEAM))
    if width == 1:
        return racer.write(batch.source, batch.lengths, control)
    racer.net.eval()
    with torch.inference_mode():
        read = racer.net.read(batch.source, batch.lengths)
    endings = [found[0] for found in beam_search(racer.net, read, racer.switch, control, width)]
    # The best hypotheses are written once more, all at once, to see their alignments.
    symbols = [e.symbols for e in endings]
    return _rewritten(racer, batch, control, symbols)


def _rewritten(racer: Racer, batch: Batch, control: Control, symbols: list[tuple[int, ...]]) -> Written:
    """The walk through the models that puts out just these symbols."""
    longest = max(len(s) for s in symbols)
    table = torch.zeros(longest, len(symbols), dtype=torch.int64, device=batch.source.device)
    for n, row in enumerate(symbols):
        table[: len(row), n] = torch.tensor(row)
    forced = {t: table[t] for t in range(longest)}
    return racer.write(batch.source, batch.lengths, replace(control, symbols=forced, longest=longest))


def sweep(run: PagExperiment, arguments: SweepArguments) -> LongAction:
    """Exact match under fixed policies; the learned one is the star."""
    kinds = [kind for kind, racer in run.racers.items() if racer.shape.plans]
    if not kinds:
        raise DataError("Only PAG and rPAG have a switch: start a run with one of them.")
    examples = run.task.held_out[: max(20, min(arguments.examples, 1000))]
    batches = [(part, Batch.of(part, run.device)) for part in _parts(examples)]
    wanted = sorted({p for p in arguments.periods if p >= 1})
    found: dict[Model, list[tuple[float, float, float]]] = {kind: [] for kind in kinds}
    total, done = (len(wanted) + 1) * len(kinds), 0
    for period in [0, *wanted]:
        for kind in kinds:
            tally = _Tally()
            for part, batch in batches:
                policy: Policy = "every" if period else "learned"
                control = Control(run.task.longest + 2, policy=policy, period=max(1, period))
                tally.add(run, part, run.racers[kind].write(batch.source, batch.lengths, control), 0.0)
                yield Partial(_sweep(found, wanted, len(examples)), done / total)
            score, _ = tally.score(run, kind, with_bleu=False)
            found[kind].append((score.exact, score.hits, score.replan_rate))
            done += 1
    return _sweep(found, wanted, len(examples))


def _sweep(found: dict[Model, list[tuple[float, float, float]]], periods: list[int], examples: int) -> Sweep:
    curves = []
    for kind, points in found.items():
        learned = points[0] if points else (math.nan, math.nan, math.nan)
        fixed = points[1:]
        curves.append(
            SweepCurve(
                model=kind,
                periods=np.array(periods[: len(fixed)], np.int16),
                exact=np.array([p[0] for p in fixed]),
                hits=np.array([p[1] for p in fixed]),
                learned_exact=learned[0],
                learned_hits=learned[1],
                learned_period=1.0 / learned[2] if learned[2] else math.nan,
            )
        )
    return Sweep(tuple(curves), examples)


def grow(run: PagExperiment, arguments: GrowArguments) -> LongAction:
    """New graphs, size by size."""
    task = run.task
    if not isinstance(task, EulerTask):
        raise DataError("Graphs grow on the tasks euler and euler-raw only.")
    m = arguments.distractor
    sizes = [n for n in arguments.circuits if n >= 3 and n + m <= task.labels]
    if not sizes:
        raise DataError(f"No size fits: a circuit has at least 3 nodes, all together at most {task.labels}.")
    kinds = tuple(run.racers)
    rows: dict[Model, list[tuple[float, float, float]]] = {kind: [] for kind in kinds}
    rng = numpy_stream(run.p.seed, f"graphs of growing size, {m}")
    for place, n in enumerate(sizes):
        examples = [task.fresh(rng, (n, m)) for _ in range(max(1, arguments.examples))]
        for kind in kinds:
            tally = _Tally()
            for part in _parts(examples):
                batch = Batch.of(part, run.device)
                control = Control(2 * (n + m) + 2, policy=run.p.policy, period=run.p.period)
                tally.add(run, part, run.racers[kind].write(batch.source, batch.lengths, control), 0.0)
                yield Partial(_growth(run, rows, sizes), place / len(sizes))
            score, _ = tally.score(run, kind, with_bleu=False)
            rows[kind].append((score.exact, score.same_set, score.valid))
    return _growth(run, rows, sizes)


def _growth(run: PagExperiment, rows: dict[Model, list[tuple[float, float, float]]], sizes: list[int]) -> Growth:
    done = min(len(points) for points in rows.values())
    table = np.array([points[:done] for points in rows.values()]).reshape(len(rows), done, 3)
    low, high = run.p.circuit_from, run.p.circuit_to
    return Growth(
        circuits=np.array(sizes[:done], np.int16),
        models=tuple(rows),
        exact=table[..., 0],
        same_set=table[..., 1],
        valid=table[..., 2],
        trained=np.array([low <= n <= high for n in sizes[:done]], bool),
    )


def draw_graph(run: PagExperiment, arguments: DrawArguments) -> Drawing:
    """A random graph of the running task."""
    task = run.task
    if not isinstance(task, CircuitTask):
        raise DataError("Graphs belong to the tasks about circuits.")
    rng = numpy_stream(arguments.seed, "a graph for the canvas")
    n, m = max(3, arguments.circuit), arguments.distractor
    m = 0 if m < 3 else m
    if isinstance(task, EulerTask):
        n = min(n, task.labels)
        size: tuple[int, ...] = (n, m if n + m <= task.labels else 0)
    else:
        size = ()
    edges, query = task.graph_of(task.fresh(rng, size))
    return Drawing(tuple((int(a), int(b)) for a, b in edges), (int(query[0]), int(query[1])))


def _parts(examples: Sequence[Example]) -> list[list[Example]]:
    return [list(examples[i : i + AT_ONCE]) for i in range(0, len(examples), AT_ONCE)]
