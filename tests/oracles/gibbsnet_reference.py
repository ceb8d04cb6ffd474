"""One update of GibbsNet written out naively: two players, two backward passes, Adam by hand. Float64.

It draws its random numbers in the order of `engine.models.gibbsnet_learning`, and shares nothing else with it.
"""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor

from engine.models.gibbsnet_learning import FRESH, POOL, Learner

BETA_1, BETA_2, EPS = 0.5, 0.999, 1e-8
MOMENTUM = 0.98


class Reference:
    """Copies everything from a learner that has made no update yet."""

    def __init__(self, one: Learner) -> None:
        self.kind, self.knobs, self.reads = one.kind, one.knobs, one.nets.sizes.reads
        self.q, self.p, self.D = (copy.deepcopy(part) for part in (one.nets.q, one.nets.p, one.nets.D))
        self.average_q, self.average_p = copy.deepcopy(one.average.q), copy.deepcopy(one.average.p)
        self.pool = one.pool.clone()
        self.generator = torch.Generator()
        self.generator.set_state(one.generator.get_state())
        self.moments: dict[int, tuple[Tensor, Tensor]] = {}
        self.updates = 0

    def update(self, x: Tensor, y: Tensor) -> None:
        k, B = self.knobs, len(x)
        if k.decoder_noise > 0:
            x = x + k.decoder_noise * self.normal(*x.shape)
        zhat = self.infer(x, y, learns=k.flow_data) if self.kind != "gan" else torch.zeros(B, self.pool.shape[1])
        z, x_model, y_model, logits = self.chain(B)
        self.standardise_by(torch.cat([zhat, z]))
        before = copy.deepcopy(self.D)

        loss_d = -(torch.sigmoid(self.judge(self.D, x, zhat, y).detach_inputs()).log().mean())
        loss_d = loss_d - torch.sigmoid(-self.judge(self.D, x_model, z, y_model).detach_inputs()).log().mean()
        grads_d = self.gradients(loss_d, self.D)
        if k.r1 > 0 and self.updates % k.r1_every == 0:
            extra = self.gradients(k.r1_every * self.penalty(x, zhat, y, x_model, z, y_model), self.D)
            grads_d = {n: g + extra.get(n, 0.0) for n, g in grads_d.items()}
        if k.single_pass:  # both players move at once
            grads_g = self.generators_gradients(before, x, zhat, y, x_model, z, y_model, logits)
            self.adam(self.D, grads_d, k.lr * k.lr_ratio)
        else:
            self.adam(self.D, grads_d, k.lr * k.lr_ratio)
            grads_g = self.generators_gradients(self.D, x, zhat, y, x_model, z, y_model, logits)
        for part, grads in zip((self.q, self.p), grads_g, strict=True):
            self.adam(part, grads, k.lr)
        for mean, part in ((self.average_q, self.q), (self.average_p, self.p)):
            if self.kind == "gan" and part is self.q:
                continue
            with torch.no_grad():
                for a, b in zip(mean.parameters(), part.parameters(), strict=True):
                    a.copy_(k.ema * a + (1 - k.ema) * b)
        self.updates += 1

    # --- chains -------------------------------------------------------------------------------------------------

    def chain(self, B: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        k = self.knobs
        K = k.K if self.kind == "gibbsnet" else 1
        if ((self.updates + 1) * (math.sqrt(5) - 1) / 2) % 1 < k.short_share:
            K = 1
        z = self.normal(B, self.pool.shape[1])
        pooled = round(B * k.pool_share) if self.kind == "gibbsnet" else 0
        place = torch.randperm(POOL, generator=self.generator)
        for row in range(pooled):
            z[row] = self.pool[place[row]]
        for i in range(K):
            if i <= K - 1 - k.grad_steps:
                z = z.detach()
            x, logits = self.p(z)
            if not k.flow_decoder:
                x, logits = self.frozen(self.p, z)
            if k.decoder_noise > 0:
                x = x + k.decoder_noise * self.normal(*x.shape)
            y = self.drawn(logits)
            if i < K - 1:
                if i < K - 1 - k.grad_steps:
                    x, logits = x.detach(), logits.detach()
                z = self.infer(x, y, learns=k.flow_encoder)
        if pooled:
            goes_on = self.infer(x, y, learns=False).detach()
            for row in range(pooled):
                self.pool[place[row]] = goes_on[row]
            for row in range(FRESH):  # chains that began at N(0, I)
                self.pool[place[pooled + row]] = goes_on[B - FRESH + row]
        return z, x, y, logits

    def infer(self, x: Tensor, y: Tensor, *, learns: bool) -> Tensor:
        if y.shape[1]:
            shown = torch.rand(len(y), 1, generator=self.generator) < self.knobs.label_visible
            y = torch.where(shown, self.knobs.label_scale * y, torch.zeros_like(y))
        mu, log_sigma = self.q(x, y, self.knobs.log_sigma_max) if learns else self.frozen(
            self.q, x, y, self.knobs.log_sigma_max)  # fmt: skip
        return mu + torch.exp(log_sigma) * self.normal(*mu.shape)

    def drawn(self, logits: Tensor) -> Tensor:
        """Gumbel's way for classes, a threshold for attributes."""
        if self.reads == "none":
            return logits.detach()
        uniform = torch.rand(logits.shape, generator=self.generator)
        logits = logits.detach()
        if self.reads == "label":
            return torch.nn.functional.one_hot((logits - torch.log(-torch.log(uniform))).argmax(1), 5).to(logits)
        return (torch.sigmoid(logits) > uniform).to(logits)

    @staticmethod
    def frozen(part: torch.nn.Module, *args: object) -> tuple[Tensor, Tensor]:
        twin = copy.deepcopy(part).requires_grad_(False)
        first, second = twin(*args)
        return first, second

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator)

    # --- the game -----------------------------------------------------------------------------------------------

    def standardise_by(self, z: Tensor) -> None:
        if self.kind == "gan":
            return
        z = z.detach()
        mean = z.mean(0)
        self.D.mean.copy_(MOMENTUM * self.D.mean + (1 - MOMENTUM) * mean)
        self.D.var.copy_(MOMENTUM * self.D.var + (1 - MOMENTUM) * (z - mean).square().mean(0))

    def judge(self, D: torch.nn.Module, x: Tensor, z: Tensor, y: Tensor) -> Verdict:
        return Verdict(D, x, z, y, self.knobs.standardise)

    def generators_gradients(self, D, x, zhat, y, x_model, z, y_model, logits):  # type: ignore[no-untyped-def]
        l_data = self.judge(D, x, zhat, y).logit()
        l_model = self.judge(D, x_model, z, y_model).logit()
        if self.knobs.loss == "bgan":
            loss = 0.5 * (l_data**2).mean() + 0.5 * (l_model**2).mean()
        elif self.knobs.loss == "non_saturating":
            loss = -torch.log(torch.sigmoid(l_model)).mean() - torch.log(torch.sigmoid(-l_data)).mean()
        else:
            loss = l_data.mean() - l_model.mean()
        if self.reads != "none":
            with torch.no_grad():
                g = self.judge(D, x_model, z, y_model).by_entry()
                p = logits.softmax(1) if self.reads == "label" else torch.sigmoid(logits)
                if self.reads == "label":
                    w = p * g.exp() / (p * g.exp()).sum(1, keepdim=True)
                else:
                    w = p * g.exp() / (p * g.exp() + 1 - p)
            # dL/dlogits is exactly (p - w)/B
            loss = loss + ((p - w) * logits).sum(1).mean()
        return self.gradients(loss, self.q, grads_only=True), self.gradients(loss, self.p, grads_only=True)

    def penalty(self, x, zhat, y, x_model, z, y_model):  # type: ignore[no-untyped-def]
        total = torch.zeros(())
        for a, b, c in ((x, zhat, y), (x_model, z, y_model)):
            a = a.detach().requires_grad_()
            seen = (
                ((b.detach() - self.D.mean) / torch.sqrt(self.D.var + 1e-6)) if self.knobs.standardise else b.detach()
            )
            seen = seen.requires_grad_()
            f, g = self.D(a, seen)
            total_logit = (f + (c * g).sum(1)).sum()
            slopes = torch.autograd.grad(total_logit, [a, seen] if self.D.sees_z else [a], create_graph=True)
            total = total + sum((s**2).sum() for s in slopes) / (2 * len(a))
        return 0.5 * self.knobs.r1 * total

    @staticmethod
    def gradients(loss: Tensor, part: torch.nn.Module, *, grads_only: bool = False) -> dict[str, Tensor]:
        names = [n for n, _ in part.named_parameters()]
        if not loss.requires_grad:
            return {}
        found = torch.autograd.grad(loss, list(part.parameters()), allow_unused=True, retain_graph=True)
        return {n: g for n, g in zip(names, found, strict=True) if g is not None}

    def adam(self, part: torch.nn.Module, grads: dict[str, Tensor], lr: float) -> None:
        t = self.updates + 1
        with torch.no_grad():
            for name, w in part.named_parameters():
                if name not in grads:
                    continue
                g = grads[name]
                m, v = self.moments.get(id(w), (torch.zeros_like(w), torch.zeros_like(w)))
                m, v = BETA_1 * m + (1 - BETA_1) * g, BETA_2 * v + (1 - BETA_2) * g * g
                self.moments[id(w)] = (m, v)
                w -= lr * (m / (1 - BETA_1**t)) / (torch.sqrt(v / (1 - BETA_2**t)) + EPS)


class Verdict:
    """D's logit of pairs, with its weights or without; the formula of the paper's page, layer by layer."""

    def __init__(self, D, x, z, y, standardise):  # type: ignore[no-untyped-def]
        self.D, self.x, self.z, self.y, self.standardise = D, x, z, y, standardise

    def parts(self, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        D = self.D
        seen = (z - D.mean) / torch.sqrt(D.var + 1e-6) if self.standardise else z
        h_x = D.of_x(x)
        if not D.sees_z:
            out = D.head(D.joint(h_x))
            return out[:, 0], out[:, 1:]
        h_z = D.of_z(seen)
        out = D.head(D.joint(torch.cat([h_x, h_z], 1)))
        bilinear = ((h_x @ D.w_x.weight.T) * (h_z @ D.w_z.weight.T)).sum(1) / math.sqrt(64)
        return out[:, 0] + bilinear, out[:, 1:]

    def logit(self) -> Tensor:
        f, g = self.parts(self.x, self.z)
        return f + (self.y * g).sum(1)

    def by_entry(self) -> Tensor:
        return self.parts(self.x, self.z)[1]

    def detach_inputs(self) -> Tensor:
        f, g = self.parts(self.x.detach(), self.z.detach())
        return f + (self.y * g).sum(1)
