"""What is measured on the held-out sample while the models race: look-ahead, switching, the race itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from engine.data.pag_task import Example, Score, Task
from engine.experiments.random_streams import stream
from engine.models.pag import PARTS
from engine.models.pag_decoding import Written
from engine.models.pag_switch import follow_lengths, gumbel, one_hot, relax
from engine.models.pag_teaching import Taught, teach
from engine.papers.pag_views import (
    LookAheadView,
    Model,
    RaceView,
    Runner,
    Switching,
    SwitchView,
    TemperatureQuery,
    TemperatureView,
)

if TYPE_CHECKING:
    from engine.experiments.pag_racer import Racer
    from engine.experiments.pag_run import PagExperiment

REACHED = 0.95
TAUS = (0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


def scores_of(task: Task, examples: Sequence[Example], written: Written) -> list[Score]:
    """Each output against its example; right ones are not looked at twice."""
    symbols, lengths = written.symbols.t().cpu().numpy(), written.lengths.tolist()
    found = []
    for row, length, example in zip(symbols, lengths, examples, strict=True):
        ids = row[:length]
        if len(ids) == len(example.target) and bool((ids == example.target).all()):
            found.append(Score(True, True, True, 0, example.reference or task.decode(ids, example)))
        else:
            found.append(task.score(ids.tolist(), example))
    return found


def replan_rate(written: Written) -> float:
    """Share of output steps that re-plan."""
    is_step = torch.arange(len(written.is_new), device=written.lengths.device).unsqueeze(1) < written.lengths
    return float((written.is_new & is_step).sum() / is_step.sum())


# --- one teacher-forced pass over the sample, shared by the views -----------------------------------------------


@dataclass(slots=True)
class Pass:
    """The sample with its true symbols before every step. is_step bool [T, B]; gold int64 [T, B] (-1: none)."""

    taught: Taught
    is_step: Tensor
    gold: Tensor

    @property
    def strongest(self) -> Tensor:
        """Source position with the largest weight, int64 [T, B]."""
        return self.taught.alpha.argmax(-1)


def pass_over(run: PagExperiment, kind: Model) -> Pass:
    """As the weights are now; asked for twice between two updates, it is computed once."""
    key = (run.steps_done, run.phase, run.p)
    kept = run.passes.get(kind)
    if kept is not None and kept[0] == key:
        return kept[1]
    racer, batch = run.racers[kind], run.sample_batch
    racer.net.eval()
    with torch.no_grad():
        read = racer.net.read(batch.source, batch.lengths)
        taught = teach(
            racer.net, read, batch.target, racer.switch, forced=racer.fixed_policy(batch), keeps_plans=kind == "pag"
        )
    T = batch.target.shape[1]
    is_step = torch.arange(T, device=batch.target.device).unsqueeze(1) < batch.target_lengths
    found = Pass(taught, is_step, batch.gold.t())
    run.passes[kind] = (key, found)
    return found


def hits_of(run: PagExperiment, kind: Model) -> float:
    """Alignment accuracy on the sample, NaN where the true alignment is not known."""
    if not run.task.has_gold:
        return math.nan
    seen = pass_over(run, kind)
    known = seen.gold >= 0
    return float((seen.strongest == seen.gold)[known].float().mean())


def monotone_of(run: PagExperiment, kind: Model) -> float:
    """Share of steps at which the strongest source position does not move back."""
    seen = pass_over(run, kind)
    forward = seen.strongest[1:] >= seen.strongest[:-1]
    return float(forward[seen.is_step[1:]].float().mean())


# --- the views --------------------------------------------------------------------------------------------------


def race_view(run: PagExperiment) -> RaceView:
    """The models side by side."""
    counts = [[r.counts[part] for part in PARTS] for r in run.racers.values()]
    return RaceView(
        runners=tuple(_runner(run, kind, racer) for kind, racer in run.racers.items()),
        clock="seconds on the GPU" if run.device.type == "cuda" else "CPU seconds of the training thread",
        sample=len(run.sample),
        parts=PARTS,
        parameters=np.array(counts, np.int64),
        matched=run.p.matching == "equal parameters",
        memory=run.memory(),
    )


def _runner(run: PagExperiment, kind: Model, racer: Racer) -> Runner:
    h = racer.history
    reached = next((i for i, exact in enumerate(h.exact) if exact >= REACHED), -1)
    return Runner(
        model=kind,
        steps=np.array(h.steps, np.int32),
        seconds=np.array(h.seconds, np.float64),
        nll=np.array(h.nll, np.float64),
        exact=np.array(h.exact, np.float64),
        hits=np.array(h.hits, np.float64),
        replan_rate=np.array(h.replans, np.float64),
        parameters=sum(racer.counts.values()),
        planner=racer.counts["planner"],
        width=racer.shape.width,
        ms_per_update=float(np.median(racer.ms)) if racer.ms else math.nan,
        state="stopped" if racer.fault else "training",
        words=run.faults.words_of(kind),
        reached_step=h.steps[reached] if reached >= 0 else -1,
        reached_second=h.seconds[reached] if reached >= 0 else -1.0,
    )


def look_ahead_view(run: PagExperiment) -> LookAheadView:
    """Row j at the moment of a re-plan against the source of symbol t + j."""
    k = run.p.k
    accuracy, count = np.full(k, math.nan), np.zeros(k, np.int32)
    followed = np.zeros(k)
    if "pag" in run.racers:
        followed = run.racers["pag"].row_use.numpy().copy()
        seen = pass_over(run, "pag")
        assert seen.taught.A is not None
        bias = torch.where(_is_padding(run), -math.inf, 0.0).unsqueeze(0).unsqueeze(-1)
        intended = (seen.taught.A + bias).argmax(2)  # [T, B, k]
        accuracy, count = _ahead(run, seen, intended)
    rpag = np.zeros(0)
    if "rpag" in run.racers:
        seen = pass_over(run, "rpag")
        rpag = _ahead(run, seen, seen.strongest.unsqueeze(-1).expand(-1, -1, k))[0]
    chance = float((1.0 / run.sample_batch.lengths.float()).mean())
    return LookAheadView(accuracy, count, followed, rpag, chance, len(run.sample), run.task.has_gold)


def _is_padding(run: PagExperiment) -> Tensor:
    batch = run.sample_batch
    S = batch.source.shape[1]
    return torch.arange(S, device=batch.lengths.device) >= batch.lengths.unsqueeze(1)


def _ahead(run: PagExperiment, seen: Pass, intended: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy and count for each row; without gold the model's own later look is the measure."""
    assert seen.taught.is_new is not None
    k, T = intended.shape[-1], len(intended)
    truth = seen.gold if run.task.has_gold else torch.where(seen.is_step, seen.strongest, -1)
    accuracy, count = np.full(k, math.nan), np.zeros(k, np.int32)
    for j in range(min(k, T)):
        later = truth[j:]
        known = seen.taught.is_new[: T - j] & (later >= 0)
        count[j] = int(known.sum())
        if count[j]:
            accuracy[j] = float((intended[: T - j, :, j] == later)[known].float().mean())
    return accuracy, count


def switch_view(run: PagExperiment) -> SwitchView:
    """How the planners switch on the sample."""
    kinds = [kind for kind, racer in run.racers.items() if racer.shape.plans]
    return SwitchView(tuple(_switching(run, kind) for kind in kinds), len(run.sample))


def _switching(run: PagExperiment, kind: Model) -> Switching:
    seen, k = pass_over(run, kind), run.p.k
    taught, is_step = seen.taught, seen.is_step
    assert taught.is_new is not None and taught.logits is not None and taught.fresh is not None
    is_new = taught.is_new & is_step
    there = is_step.sum(1).float()
    p = torch.softmax(taught.logits, -1)[..., 0]
    by_step = (is_new.sum(1) / there).cpu().numpy()
    probability = ((p * is_step).sum(1) / there).cpu().numpy()
    is_boundary, is_judged = _boundaries(seen)
    follow = _follow_counts(is_new, is_step, k)
    soft = torch.softmax(taught.fresh * taught.tau_inv, -1)[is_new].mean(0)
    tau = taught.tau_inv if isinstance(taught.tau_inv, Tensor) else torch.tensor(taught.tau_inv)
    plans = max(int(follow.sum()), 1)
    return Switching(
        model=kind,
        by_step=by_step.astype(np.float64),
        probability=probability.astype(np.float64),
        at_boundary=_share(is_new, is_judged & is_boundary) if run.task.has_gold else math.nan,
        elsewhere=_share(is_new, is_judged & ~is_boundary) if run.task.has_gold else math.nan,
        boundaries=_share(is_boundary, is_judged & is_new) if run.task.has_gold else math.nan,
        chance=_share(is_boundary, is_judged) if run.task.has_gold else math.nan,
        follow=follow.astype(np.int32),
        rate=float(is_new.sum() / is_step.sum()),
        mean_follow=float((follow * np.arange(k + 1)).sum() / plans),
        exhausted=float(follow[k - 1 :].sum()) / len(run.sample) if k > 1 else 0.0,
        commitment=soft.cpu().numpy(),
        tau_inv=float(tau.mean()),
    )


def _boundaries(seen: Pass) -> tuple[Tensor, Tensor]:
    """Where a new source word begins, and which steps are judged (the first one always plans), bool [T, B]."""
    gold = seen.gold
    is_boundary = torch.zeros_like(seen.is_step)
    last = gold[0].clone()
    for t in range(1, len(gold)):
        is_boundary[t] = (gold[t] >= 0) & (gold[t] != last)
        last = torch.where(gold[t] >= 0, gold[t], last)
    is_judged = seen.is_step.clone()
    is_judged[0] = False
    return is_boundary & is_judged, is_judged


def _share(of: Tensor, among: Tensor) -> float:
    return float(of[among].float().mean()) if bool(among.any()) else math.nan


def _follow_counts(is_new: Tensor, is_step: Tensor, k: int) -> np.ndarray:
    """How many plans were followed for exactly i steps before the next re-plan; int64 [k + 1]."""
    counts = np.zeros(k + 1, np.int64)
    for new, there in zip(is_new.t().cpu().numpy(), is_step.t().cpu().numpy(), strict=True):
        places = np.flatnonzero(new & there)
        np.add.at(counts, np.minimum(np.diff(places) - 1, k), 1)
    return counts


def temperature_view(query: TemperatureQuery) -> TemperatureView:
    """Frequencies do not move with the temperature, gradients do."""
    logits = torch.tensor(query.logits, dtype=torch.float64)
    draws = max(100, min(query.draws, 100_000))
    generator = stream(0, "temperature")
    noise = gumbel((draws, len(logits)), generator).double()
    soft = relax(logits, noise, query.tau_inv)
    gradient = _gradient(soft, query.tau_inv)
    norms = [float(_gradient(relax(logits, noise, tau), tau).norm()) for tau in TAUS]
    k = len(logits)
    follow = [
        torch.bincount(follow_lengths(logits, draws, semantics, stream(0, semantics)), minlength=k)[:k] / draws
        for semantics in ("hazard", "countdown")
    ]
    return TemperatureView(
        exact=torch.softmax(logits, 0).numpy(),
        drawn=one_hot(soft).mean(0).numpy(),
        relaxed=soft.mean(0).numpy(),
        gradient=gradient.numpy(),
        taus=np.array(TAUS),
        gradient_norm=np.array(norms),
        follow_hazard=follow[0].double().numpy(),
        follow_countdown=follow[1].double().numpy(),
    )


def _gradient(soft: Tensor, tau_inv: float) -> Tensor:
    """Mean of d soft_0 / d l_j = tau_inv soft_0 (1[j = 0] - soft_j)."""
    first = soft[:, :1]
    return (tau_inv * first * (torch.eye(soft.shape[1], dtype=soft.dtype)[0] - soft)).mean(0)
