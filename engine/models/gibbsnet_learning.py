"""One update of GibbsNet, phase by phase: clamped chain, unclamped chain, discriminator, generator.

The same class trains the baselines: ALI is K = 1 without a pool, the GAN has no q and a D that does not see z. Letters
as in `engine.models.gibbsnet`; K: decoder passes of the unclamped chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

from engine.models.gibbsnet import Nets, sample_y, without_own_gradient
from engine.models.gibbsnet_descent import Adam
from engine.models.gibbsnet_game import (
    Judged,
    Loss,
    discriminator_loss,
    generator_loss,
    label_loss,
    r1_penalty,
)

Kind = Literal["gibbsnet", "ali", "gan"]

POOL = 512  # earlier z that unclamped chains go on from
FRESH = 2  # pool entries that each update replaces by chains from N(0, I)
BETAS = (0.5, 0.999)
GOLDEN = 0.6180339887498949  # its multiples, without their whole parts, fill 0..1 evenly and follow no other rhythm


@dataclass(frozen=True, slots=True)
class GameKnobs:
    """The live knobs in the paper's names; see `GibbsNetParams`. pool_share 0: every chain starts at N(0, I).

    short_share: of the updates, those whose unclamped chain has one pass: its z is then N(0, I) or from the pool, which
    ties the scale of z down. Without it q and p shrink z together as soon as K > 1 and the chains lose their diversity
    (measured: 0.8 of the data's at K = 1, 0.3 to 0.5 after the switch to K = 3; 0.7 to 0.8 with half of the updates).
    """

    K: int
    grad_steps: int
    loss: Loss
    lr: float
    lr_ratio: float
    r1: float
    r1_every: int
    single_pass: bool
    standardise: bool
    ema: float
    label_visible: float
    label_scale: float
    log_sigma_max: float
    decoder_noise: float
    pool_share: float
    short_share: float = 0.0
    flow_data: bool = True
    flow_encoder: bool = True
    flow_decoder: bool = True


@dataclass(slots=True)
class Pairs:
    """One update in the making. x, y: data [B, P], [B, C]; mu, sigma, zhat [B, d] of the clamped chain.

    chain_z, chain_x: z_1..z_K and x_1..x_K of the unclamped chain (only the last pair is judged); y_model [B, C]: the
    sampled y of the last pair, y_logits [B, C] its distribution. l_data, l_model [B] once judged; loss_d, loss_g:
    scalars on the device, once known.
    """

    x: Tensor
    y: Tensor
    mu: Tensor
    sigma: Tensor
    zhat: Tensor
    chain_z: list[Tensor] = field(default_factory=list)
    chain_x: list[Tensor] = field(default_factory=list)
    y_model: Tensor | None = None
    y_logits: Tensor | None = None
    l_data: Tensor | None = None
    l_model: Tensor | None = None
    loss_d: Tensor | None = None
    loss_g: Tensor | None = None

    @property
    def losses(self) -> tuple[float, float]:
        """D's loss and that of q and p as numbers (waits for the device); NaN before they are known."""
        pair = (self.loss_d, self.loss_g)
        d, g = (float("nan") if loss is None else float(loss) for loss in pair)
        return d, g


class Learner:
    """The networks of one model with their optimisers, averages, pool and random stream."""

    def __init__(self, nets: Nets, kind: Kind, knobs: GameKnobs, generator: torch.Generator) -> None:
        """generator: on the device of the networks; it alone decides every random number of the training."""
        self.nets, self.kind, self.knobs, self.generator = nets, kind, knobs, generator
        self.device = nets.D.mean.device
        frozen = nets.frozen()
        self.average = Nets(frozen.q, frozen.p, nets.D)
        self.updates = 0
        self.pool = torch.randn(POOL, nets.sizes.d, generator=generator, device=self.device)
        self._of_g: list[Tensor] = (
            [*nets.p.parameters()] if kind == "gan" else [*nets.q.parameters(), *nets.p.parameters()]
        )
        self._of_average: list[Tensor] = [*self.average.p.parameters()] if kind == "gan" else [
            *self.average.q.parameters(), *self.average.p.parameters()]  # fmt: skip
        self._adam_g = Adam(self._of_g, knobs.lr, BETAS)
        self._adam_d = Adam(nets.D.parameters(), knobs.lr * knobs.lr_ratio, BETAS)

    @property
    def K(self) -> int:
        """Decoder passes of the unclamped chain: 1 for both baselines."""
        return self.knobs.K if self.kind == "gibbsnet" else 1

    def change(self, knobs: GameKnobs) -> None:
        """Applies new knobs from the next update on."""
        self.knobs = knobs
        self._adam_g.set_rate(knobs.lr)
        self._adam_d.set_rate(knobs.lr * knobs.lr_ratio)

    def update(self, x: Tensor, y: Tensor) -> Pairs:
        """All four phases for data x [B, P], y [B, C]."""
        pairs = self.play(x, y)
        self.count()
        return pairs

    def play(self, x: Tensor, y: Tensor) -> Pairs:
        """An update on the device alone: nothing of it is read back, so it can be recorded (one record for each
        `shape_of_update`). `count` must follow."""
        pairs = self.clamped_chain(x, y)
        self.unclamped_chain(pairs)
        self.discriminate(pairs)
        self._generate(pairs)
        return pairs

    def count(self) -> None:
        """One more update is done."""
        self.updates += 1

    @property
    def shape_of_update(self) -> tuple[object, ...]:
        """What a recorded update depends on besides tensors: the next one's passes, R1 or not, and every knob that is
        not a rate."""
        is_penalised = self.knobs.r1 > 0.0 and self.updates % self.knobs.r1_every == 0
        return (self._passes(), is_penalised, replace(self.knobs, lr=0.0, lr_ratio=0.0))

    def standing(self) -> list[Tensor]:
        """Every tensor that an update writes into."""
        moments = [*self._adam_g.standing(), *self._adam_d.standing()]
        return [*self.nets.tensors().values(), *self._of_average, *moments, self.pool]

    # --- phases -------------------------------------------------------------------------------------------------

    def clamped_chain(self, x: Tensor, y: Tensor) -> Pairs:
        """x ~ data, zhat ~ q(z|x,y). With a noisy decoder the data get its noise, too: it must not give pairs away."""
        if self.knobs.decoder_noise > 0.0:
            x = x + self.knobs.decoder_noise * self._normal(*x.shape)
        if self.kind == "gan":
            nothing = x.new_zeros(len(x), self.nets.sizes.d)
            return Pairs(x, y, nothing, nothing, nothing)
        with torch.set_grad_enabled(self.knobs.flow_data):
            mu, log_sigma = self.nets.q(x, self._visible(y), self.knobs.log_sigma_max)
            sigma = log_sigma.exp()
            zhat = mu + sigma * self._normal(*mu.shape)
        return Pairs(x, y, mu, sigma, zhat)

    def unclamped_chain(self, pairs: Pairs) -> None:
        """z_1 ~ N(0, I) or from the pool; x_i ~ p(x|z_i), z_{i+1} ~ q(z|x_i, y_i); K pictures.

        The pair is (the z that produced x, x): re-inferring z from x would make every pair look like data. Gradient
        runs through the last `grad_steps` Gibbs steps.
        """
        knobs, K, B = self.knobs, self._passes(), len(pairs.x)
        z = self._normal(B, self.nets.sizes.d)
        pooled = min(round(B * knobs.pool_share), POOL - FRESH) if self.kind == "gibbsnet" else 0
        place = torch.randperm(POOL, generator=self.generator, device=self.device)[: pooled + FRESH]
        z[:pooled] = self.pool[place[:pooled]]
        for i in range(K):
            with torch.set_grad_enabled(i >= K - 1 - knobs.grad_steps):
                x, y, logits = self._decode(z)
                pairs.chain_z.append(z)
                pairs.chain_x.append(x)
                if i < K - 1:
                    z = self._infer(x, y)
        pairs.y_model, pairs.y_logits = y, logits
        if pooled:
            with torch.no_grad():
                goes_on = self._infer(x.detach(), y)
            self.pool[place[:pooled]] = goes_on[:pooled]
            self.pool[place[pooled:]] = goes_on[B - FRESH :]  # pooled <= B - FRESH: these began at N(0, I)

    def _passes(self) -> int:
        """K, or 1 in a share of the updates. Their choice follows from the number of the update alone: nothing has to
        be read back from the device."""
        is_short = (self.updates + 1) * GOLDEN % 1.0 < self.knobs.short_share
        return 1 if is_short else self.K

    def discriminate(self, pairs: Pairs) -> None:
        """D judges both pairs and learns. In the single pass q and p get their gradients here, but no step yet."""
        knobs, D = self.knobs, self.nets.D
        assert pairs.y_model is not None and pairs.y_logits is not None
        x = torch.cat([pairs.x, pairs.chain_x[-1]])
        z = torch.cat([pairs.zhat, pairs.chain_z[-1]])
        y = torch.cat([pairs.y, pairs.y_model])
        if self.kind != "gan":
            D.notice(z.detach())
        self._adam_d.forget_gradients()
        self._adam_g.forget_gradients()
        if knobs.single_pass:
            judged = Judged(D, x, z, y, knobs.loss, knobs.standardise)
        else:
            judged = Judged(D, x.detach(), z.detach(), y, knobs.loss, knobs.standardise)
        l_data, l_model = judged.logits
        loss = discriminator_loss(l_data, l_model)
        total = loss
        if knobs.single_pass and pairs.y.shape[1] and pairs.y_logits.requires_grad:
            total = loss + label_loss(pairs.y_logits, judged.g.chunk(2)[1], self.nets.sizes.reads)
        total.backward()  # type: ignore[no-untyped-call]
        if knobs.r1 > 0.0 and self.updates % knobs.r1_every == 0:
            seen = D.seen(z.detach(), knobs.standardise)
            r1_penalty(D, x, seen, y, knobs.r1 * knobs.r1_every).backward()  # type: ignore[no-untyped-call]
        self._adam_d.update()
        pairs.l_data, pairs.l_model = l_data.detach(), l_model.detach()
        pairs.loss_d = loss.detach()

    def generate(self, pairs: Pairs) -> None:
        """q and p learn; the averages follow. The update is complete."""
        self._generate(pairs)
        self.count()

    def _generate(self, pairs: Pairs) -> None:
        assert pairs.l_data is not None and pairs.l_model is not None
        if self.knobs.single_pass:
            l_data, l_model = pairs.l_data, pairs.l_model
        else:
            l_data, l_model = self._second_pass(pairs)
        pairs.loss_g = generator_loss(l_data, l_model, self.knobs.loss)
        self._adam_g.update()
        with torch.no_grad():
            torch._foreach_lerp_(self._of_average, self._of_g, 1.0 - self.knobs.ema)

    def _second_pass(self, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """The generator's gradients from a pass of its own through the D that has just learnt."""
        assert pairs.y_model is not None and pairs.y_logits is not None
        D = self.nets.D.requires_grad_(False)
        x = torch.cat([pairs.x, pairs.chain_x[-1]])
        z = torch.cat([pairs.zhat, pairs.chain_z[-1]])
        y = torch.cat([pairs.y, pairs.y_model])
        judged = Judged(D, x, z, y, self.knobs.loss, self.knobs.standardise, shared=False)
        l_data, l_model = judged.logits
        total = generator_loss(l_data, l_model, self.knobs.loss)
        if pairs.y.shape[1] and pairs.y_logits.requires_grad:
            total = total + label_loss(pairs.y_logits, judged.g.chunk(2)[1], self.nets.sizes.reads)
        if total.requires_grad:
            total.backward()  # type: ignore[no-untyped-call]
        D.requires_grad_(True)
        return l_data.detach(), l_model.detach()

    # --- conditionals -------------------------------------------------------------------------------------------

    def _decode(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x ~ p(x|z), y ~ p(y|z) and the logits of y."""
        if self.knobs.flow_decoder:
            x, logits = self.nets.p(z)
        else:
            x, logits = without_own_gradient(self.nets.p, z)
        if self.knobs.decoder_noise > 0.0:
            x = x + self.knobs.decoder_noise * self._normal(*x.shape)
        if not self.nets.sizes.C:
            return x, logits.detach(), logits.detach()
        uniform = torch.rand(logits.shape, generator=self.generator, device=self.device)
        return x, sample_y(logits, uniform, self.nets.sizes.reads), logits

    def _infer(self, x: Tensor, y: Tensor) -> Tensor:
        """z ~ q(z|x,y), reparameterised."""
        args = (x, self._visible(y), self.knobs.log_sigma_max)
        mu, log_sigma = self.nets.q(*args) if self.knobs.flow_encoder else without_own_gradient(self.nets.q, *args)
        z: Tensor = mu + log_sigma.exp() * self._normal(*mu.shape)
        return z

    def _visible(self, y: Tensor) -> Tensor:
        """What q sees of y: scaled, and zeros in a share of the rows."""
        if not y.shape[1]:
            return y
        shown = torch.rand(len(y), 1, generator=self.generator, device=self.device) < self.knobs.label_visible
        return y * (shown * self.knobs.label_scale)

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator, device=self.device)

    # --- state --------------------------------------------------------------------------------------------------

    def tensors(self) -> dict[str, Tensor]:
        """Copies of everything that training needs to go on, by name."""
        found = {f"nets.{k}": v.clone() for k, v in self.nets.tensors().items()}
        found |= {f"average.{k}": v.clone() for k, v in self.average.tensors().items() if not k.startswith("D.")}
        for name, adam in (("adam_g", self._adam_g), ("adam_d", self._adam_d)):
            found |= {f"{name}.{key}": value for key, value in adam.tensors().items()}
        return {**found, "pool": self.pool.clone(), "random": self.generator.get_state()}

    def load(self, tensors: Mapping[str, Tensor], updates: int) -> None:
        """Goes on exactly where `tensors` was taken. Raises `ValueError` naming what does not fit."""
        self.nets.load(tensors, "nets.")
        for part, name in ((self.average.q, "q"), (self.average.p, "p")):
            part.load_state_dict({k: tensors[f"average.{name}.{k}"] for k in part.state_dict()})
        for name, adam in (("adam_g", self._adam_g), ("adam_d", self._adam_d)):
            start = f"{name}."
            adam.load({key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)})
        if tensors["pool"].shape != self.pool.shape:
            raise ValueError(f"the pool is {tuple(tensors['pool'].shape)}, not {tuple(self.pool.shape)}")
        self.pool.copy_(tensors["pool"])
        self.generator.set_state(tensors["random"])
        self.updates = updates
