"""One model in the race: its weights, its optimiser, its updates and what is measured on it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from engine.experiments.pag_setup import Batch, period_of, switch_knobs
from engine.experiments.random_streams import stream
from engine.models.pag import Network, Shape, new_network
from engine.models.pag_decoding import END, Control, Written, decode
from engine.models.pag_descent import Descent
from engine.models.pag_learning import RewardBaseline, loss_of, nll_of
from engine.models.pag_switch import gumbel
from engine.models.pag_teaching import Taught, teach
from engine.papers.pag import PagParams
from engine.papers.pag_views import Model
from engine.runtime.state import State

ROW_MEMORY = 0.98  # of the running share of training steps in which a plan row was in use
MS_KEPT = 50


@dataclass(slots=True)
class History:
    """Points measured on the held-out sample, one list entry each; seconds: the model's own training time."""

    steps: list[int] = field(default_factory=list)
    nll: list[float] = field(default_factory=list)
    exact: list[float] = field(default_factory=list)
    hits: list[float] = field(default_factory=list)
    replans: list[float] = field(default_factory=list)
    valid: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def meta(self) -> dict[str, list[Any]]:
        """All but the seconds, which no two runs share; None stands for NaN."""
        names = ("steps", "nll", "exact", "hits", "replans", "valid")
        return {name: [None if v != v else v for v in getattr(self, name)] for name in names}

    def restore(self, meta: Mapping[str, Any], seconds: list[float]) -> None:
        """The opposite."""
        for name, values in meta.items():
            setattr(self, name, [math.nan if v is None else v for v in values])
        self.seconds = [float(s) for s in seconds]


class Racer:
    """A network in training. `fault` is empty while its numbers are finite; else it names the first bad tensor."""

    def __init__(self, kind: Model, shape: Shape, params: PagParams, device: torch.device) -> None:
        self.kind, self.shape, self.device = kind, shape, device
        weights = stream(params.seed, "weights").initial_seed()
        self.net: Network = new_network(shape, weights, device)
        self.counts = self.net.counts()
        self._noise = stream(params.seed, f"switch of {kind}")
        self._masks = stream(params.seed, "dropout", device)
        self.rewards = RewardBaseline()
        self.p, self.switch = params, switch_knobs(params)
        self.descent = self._new_descent()
        self.fault = ""
        self.seconds = 0.0
        self.ms: list[float] = []
        self.history = History()
        self.row_use = torch.zeros(shape.k, dtype=torch.float64)
        self._good: dict[str, Tensor] = self._weights()

    def change(self, params: PagParams) -> None:
        """Applies live knobs."""
        self.p = params
        self.switch = switch_knobs(params)
        self.descent.lr, self.descent.clip = params.lr, params.clip

    def _new_descent(self) -> Descent:
        return Descent(self.net.parameters(), self.p.optimiser, self.p.lr, self.p.clip, self.p.decay)

    # --- learning -----------------------------------------------------------------------------------------------

    def update(self, batches: list[Batch]) -> dict[str, float]:
        """One update on these batches; curve values without the model's name. Nothing when it has stopped."""
        if self.fault:
            return {}
        begun = self._clock()
        self.net.train()
        self.descent.forget_gradients()
        nll = replans = tau = 0.0
        for batch in batches:
            taught = self._teach(batch)
            loss = loss_of(
                taught, batch.target, batch.target_lengths, lam=self.p.penalty, eta=self.p.price,
                is_learned=self.p.policy == "learned",
                rewards=self.rewards if self.p.estimator == "REINFORCE" else None,
            )  # fmt: skip
            torch.autograd.backward(loss.total / len(batches))
            nll += float(loss.nll) / len(batches)
            if loss.replans is not None and loss.tau_inv is not None:
                replans += 100.0 * float(loss.replans) / len(batches)
                tau += float(loss.tau_inv) / len(batches)
                self._use_rows(taught, batch)
        norm = self.descent.update() if math.isfinite(nll) else math.nan
        if not math.isfinite(norm):
            self.fault = self._first_bad() or "its loss"
            return {}
        spent = self._clock() - begun
        self.seconds += spent
        self.ms = [*self.ms[-MS_KEPT + 1 :], 1e3 * spent]
        values = {"nll": nll, "gradient": norm}
        return values | {"replans": replans, "tau_inv": tau} if self.shape.plans else values

    def _teach(self, batch: Batch) -> Taught:
        T, B = batch.target.shape[1], len(batch.target)
        noise = gumbel((T, B, self.shape.k), self._noise).to(self.device) if self.shape.plans else None
        H, E = self.shape.width, self.shape.embedding
        read = self.net.read(batch.source, batch.lengths, self._mask(B, batch.source.shape[1], E))
        return teach(
            self.net, read, batch.target, self.switch, noise=noise, forced=self.fixed_policy(batch),
            keep_y=self._mask(T, B, E), keep_hidden=self._mask(T, B, H), recompute=self.p.recompute,
        )  # fmt: skip

    def _mask(self, *shape: int) -> Tensor | None:
        """Dropout: which numbers stay, scaled so that the mean stays."""
        if self.p.dropout <= 0.0:
            return None
        keep = 1.0 - self.p.dropout
        return (torch.rand(shape, generator=self._masks, device=self.device) < keep).float() / keep

    def _use_rows(self, taught: Taught, batch: Batch) -> None:
        """How often each row of a plan was the one in use, as a running share."""
        assert taught.is_new is not None
        steps = torch.arange(len(taught.is_new), device=self.device).unsqueeze(1)
        since = steps - torch.where(taught.is_new, steps, 0).cummax(0).values
        row = since.clamp(max=self.shape.k - 1)[steps < batch.target_lengths]
        share = torch.bincount(row, minlength=self.shape.k).cpu().to(torch.float64) / len(row)
        self.row_use = share if not bool(self.row_use.any()) else ROW_MEMORY * self.row_use + (1 - ROW_MEMORY) * share

    def _clock(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
            return time.perf_counter()
        return time.thread_time()

    def _first_bad(self) -> str:
        """The first tensor (weights, then gradients) that is not finite."""
        for name, p in self.net.named_parameters():
            if not bool(torch.isfinite(p).all()):
                return name
        for name, p in self.net.named_parameters():
            if p.grad is not None and not bool(torch.isfinite(p.grad).all()):
                return f"the gradient of {name}"
        return ""

    def mend(self) -> None:
        """Back to the last weights that were measured as finite, with a new optimiser, after a fault."""
        if self.fault:
            self.net.load_state_dict(self._good)
            self.descent = self._new_descent()
            self.fault = ""

    # --- measuring ----------------------------------------------------------------------------------------------

    def held_out_nll(self, batch: Batch) -> tuple[float, float]:
        """Mean loss per sequence (argmax switch, true symbols before) and alignment accuracy (NaN without gold)."""
        self.net.eval()
        with torch.no_grad():
            read = self.net.read(batch.source, batch.lengths)
            taught = teach(self.net, read, batch.target, self.switch, forced=self.fixed_policy(batch))
            T = batch.target.shape[1]
            is_symbol = torch.arange(T, device=self.device).unsqueeze(1) < batch.target_lengths
            nll = float(nll_of(taught.log_p, batch.target, is_symbol).mean())
            known = batch.gold.t() >= 0
            hits = float((taught.alpha.argmax(-1) == batch.gold.t())[known].float().mean())
        return nll, hits

    def fixed_policy(self, batch: Batch) -> Tensor | None:
        """Where a fixed policy re-plans, bool [T, B]; None: the switch decides."""
        period = period_of(self.p)
        if not self.shape.plans or not period:
            return None
        T, B = batch.target.shape[1], len(batch.target)
        return (torch.arange(T, device=self.device) % period == 0).unsqueeze(1).expand(T, B)

    def write(self, source: Tensor, lengths: Tensor, control: Control, *, keeps_moments: bool = False) -> Written:
        """Decodes freely with the present weights; the training streams are not touched."""
        self.net.eval()
        with torch.inference_mode():
            read = self.net.read(source, lengths)
        return decode(self.net, read, self.switch, control, keeps_moments=keeps_moments)

    def keep_good(self) -> None:
        """These weights were measured and are finite."""
        self._good = self._weights()

    def _weights(self) -> dict[str, Tensor]:
        return {name: p.detach().clone() for name, p in self.net.state_dict().items()}

    # --- state --------------------------------------------------------------------------------------------------

    def tensors(self) -> dict[str, Tensor]:
        """Weights, moments of the optimiser, random states, by name with the model's name before."""
        found = {f"weights.{name}": t for name, t in self._weights().items()}
        found |= self.descent.tensors()
        found["random.switch"] = self._noise.get_state()
        found["random.masks"] = self._masks.get_state()
        found["row_use"] = self.row_use.clone()
        return {f"{self.kind}.{name}": t for name, t in found.items()}

    def meta(self) -> dict[str, Any]:
        """History, fault and running reward, for a checkpoint."""
        reward = [self.rewards.mean, self.rewards.square, self.rewards.count]
        return {
            "history": self.history.meta(), "fault": self.fault, "reward": reward, "updates": self.descent.updates,
        }  # fmt: skip

    def clock(self) -> dict[str, Any]:
        """Seconds, which no two runs share."""
        return {"seconds": self.seconds, "history": list(self.history.seconds)}

    def restore(self, state: State, meta: Mapping[str, Any], clock: Mapping[str, Any]) -> None:
        """The opposite of `tensors`, `meta` and `clock`. Raises `StateError` naming what does not fit."""
        own = dict(self.net.named_parameters())
        weights = {n: state.tensor(f"{self.kind}.weights.{n}", tuple(p.shape)) for n, p in own.items()}
        with torch.no_grad():
            for name, p in own.items():
                p.copy_(weights[name])
        names = ("moments.first", "moments.second")
        moments = {n: state.tensor(f"{self.kind}.{n}", (self.net.size,)) for n in names}
        self.descent = self._new_descent()
        self.descent.load(moments, int(meta["updates"]))
        self._noise.set_state(state.tensor(f"{self.kind}.random.switch"))
        self._masks.set_state(state.tensor(f"{self.kind}.random.masks"))
        self.row_use = state.tensor(f"{self.kind}.row_use", (self.shape.k,)).clone()
        self.history.restore(meta["history"], clock["history"])
        self.fault = str(meta["fault"])
        self.rewards = RewardBaseline(float(meta["reward"][0]), float(meta["reward"][1]), int(meta["reward"][2]))
        self.seconds = float(clock["seconds"])
        self._good = self._weights()


__all__ = ["END", "History", "Racer"]
