"""From the knobs of the tab to tasks, shapes and batches of Plan, Attend, Generate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from engine.data.pag import TaskOptions, make_task
from engine.data.pag_task import Example, Task, pad
from engine.models.pag import Reading, Shape, matched_width, size_of
from engine.models.pag_recurrence import SwitchKnobs
from engine.papers.contract import ParameterError
from engine.papers.pag import GRAPH_TASKS, MODEL_SETS, NUMBER_TASKS, PagParams
from engine.papers.pag_views import Model

LABELS = 12  # nodes a graph may have
LEAST_CIRCUIT = 3
DEAD_END = "euler-deadend"
CUT = 2  # a free decode is cut at this many times the longest training target


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples as tensors on the device. source int64 [B, S(, 2)], lengths [B], target [B, T], target_lengths [B],
    gold [B, T] (-1: none).
    """

    source: Tensor
    lengths: Tensor
    target: Tensor
    target_lengths: Tensor
    gold: Tensor

    @classmethod
    def of(cls, examples: Sequence[Example], device: torch.device) -> Batch:
        """Side by side, padded."""
        padded = pad(examples)
        arrays = (padded.source, padded.lengths, padded.target, padded.target_lengths, padded.gold)
        return cls(*(torch.from_numpy(a).to(device) for a in arrays))


def build_task(params: PagParams, folder: str) -> Task:
    """The task of these knobs. Raises `DataError` (data) or `ParameterError` (sizes that do not fit)."""
    options = TaskOptions(folder=folder, high=params.largest_number)
    if params.task in GRAPH_TASKS and params.task != DEAD_END:
        options = _with_graph_sizes(options, params)
    if params.task not in (*GRAPH_TASKS, *NUMBER_TASKS):
        options = replace(
            options,
            source_file=params.source_file,
            target_file=params.target_file,
            pieces=params.source_words,
            longest_source=params.source_length,
            longest_target=params.target_length,
        )
    name, _, languages = params.task.partition("-en")
    if languages:
        options = replace(options, pair=("en", languages))
    return make_task(name if languages else params.task, options)


def _with_graph_sizes(options: TaskOptions, params: PagParams) -> TaskOptions:
    low, high, m = params.circuit_from, params.circuit_to, params.distractor
    if low > high:
        raise ParameterError(f"circuit_from = {low} is larger than circuit_to = {high}: swap them.")
    if m in (1, 2):
        raise ParameterError(f"distractor = {m}: a circuit has 0 or at least {LEAST_CIRCUIT} nodes.")
    if low + m > LABELS:
        raise ParameterError(f"circuit_from + distractor = {low + m}: graphs have at most {LABELS} nodes.")
    distractors = (0, *range(LEAST_CIRCUIT, m + 1))
    test_m = max(d for d in distractors if d + high <= LABELS)
    return replace(options, cycle=(low, high), distractors=distractors, test_cycle=high, test_distractor=test_m)


def models_of(params: PagParams) -> tuple[Model, ...]:
    """Which models race, in the order of `MODELS`."""
    return MODEL_SETS[params.models]


def shape_of(params: PagParams, task: Task, kind: Model) -> Shape:
    """The network of one model; wider than asked where parameter counts are to agree with PAG's."""
    reading: Reading = "pairs" if task.kind == "graph" else "flagged" if task.kind == "question" else "tokens"
    if task.held_out[0].source.ndim == 1:
        reading = "tokens"
    shape = Shape(
        kind,
        reading,
        len(task.source_symbols),
        len(task.target_symbols),
        embedding=params.embedding,
        width=params.width,
        k=params.k,
        summary=params.summary,
        layers=int(params.decoder_layers),
        query=params.query,
        has_gate=params.has_gate,
        has_summary=params.has_summary,
        has_layer_norm=params.has_layer_norm,
        sees_context=params.sees_context,
        pointer=task.pointer,
        commit_bias=params.commit_bias,
        paper_init=params.init == "paper",
    )
    if params.matching == "same width" or kind == "pag":
        return shape
    return replace(shape, width=matched_width(shape, size_of(replace(shape, kind="pag"))))


def switch_knobs(params: PagParams) -> SwitchKnobs:
    """How the switch is computed, from the live knobs."""
    return SwitchKnobs(params.estimator, params.semantics, 0.0 if params.learns_temperature else params.tau_inv)


def period_of(params: PagParams) -> int:
    """Steps between forced re-plans in training: 0 when the switch is learned. A plan of k rows never lasts longer."""
    if params.policy == "learned":
        return 0
    wanted = {"always": 1, "every": params.period, "never": params.k}[params.policy]
    return min(wanted, params.k)


def held_out_sample(task: Task, count: int, longest_work: int = 12_000) -> list[Example]:
    """The first held-out examples, fewer when they are long, so that a look at them stays short."""
    few = max(4, min(count, longest_work // max(1, task.longest)))
    return list(islice(task.held_out, few))


def activations(shape: Shape, batch: int, source: int, target: int, *, is_recomputed: bool) -> float:
    """Bytes that an update keeps for its backward pass (section 9)."""
    C = 2.0 * shape.width
    if is_recomputed:
        return 4.0 * batch * target * (source * shape.rows + C + 2.0 * shape.width)
    copies = 3.0  # of the energies: before and after the tanh, and the sum with the summary
    inside = shape.summary if shape.kind == "pag" and shape.has_summary else 0
    return 4.0 * batch * source * target * (copies * C + inside + 4.0 * shape.rows)


def numpy_stream(seed: int, purpose: str) -> np.random.Generator:
    """A numpy stream that depends on seed and purpose only."""
    return np.random.default_rng(np.random.SeedSequence([seed, *purpose.encode()]))
