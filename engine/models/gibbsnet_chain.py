"""Gibbs chains for showing and measuring: what is held fixed, where the noise comes from, a tape one can scrub.

Step t of a chain is the pair (z_t, x_t): x_t ~ p(x|z_t) and y_t ~ p(y|z_t), what is held is written over them, and
z_{t+1} ~ q(z|x_t, y_t).
Noise of a tape is a pure function of (seed, chain, step), so that any step can be recomputed to the bit.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from engine.models.gibbsnet import Nets, probabilities, sample_y

BLOCK = 64  # steps whose noise one generator draws
TAPE_BYTES = 32 << 20  # most that the kept z of one tape may take


@dataclass(frozen=True, slots=True)
class ChainKnobs:
    """How a chain is run: as in training, but with noise and held parts of its own choosing."""

    label_visible: float
    label_scale: float
    log_sigma_max: float
    decoder_noise: float


@dataclass(slots=True)
class Held:
    """What is known. x [P] or [n, P] with mask [P] in 0..1 (1: known), or None; y [C] with y_mask [C] in 0..1 (share of
    the held value in what q sees), or None. Where nothing is held, nothing is touched."""

    x: Tensor | None = None
    mask: Tensor | None = None
    y: Tensor | None = None
    y_mask: Tensor | None = None

    def on_picture(self, x: Tensor) -> Tensor:
        """m x_obs + (1 - m) x: exact where m is 0 or 1."""
        if self.x is None or self.mask is None:
            return x
        return torch.where(self.mask >= 1.0, self.x, torch.where(self.mask <= 0.0, x, torch.lerp(x, self.x, self.mask)))

    def on_label(self, y: Tensor) -> Tensor:
        """The held share of y_held and the rest of y."""
        if self.y is None or self.y_mask is None:
            return y
        return torch.where(self.y_mask >= 1.0, self.y, torch.lerp(y, self.y.expand_as(y), self.y_mask.expand_as(y)))

    @property
    def shows_label(self) -> bool:
        """Whether q must see the label because a part of it is held."""
        return self.y is not None and self.y_mask is not None and bool((self.y_mask > 0).any())


@dataclass(frozen=True, slots=True)
class Draw:
    """Random numbers of one step for n chains: eps [n, d] and pixel [n, P] (None: deterministic decoder) are normal,
    uniform [n, C] and shown [n, 1] uniform."""

    eps: Tensor
    uniform: Tensor
    shown: Tensor
    pixel: Tensor | None


class Noise(Protocol):
    """Where the random numbers of a chain come from."""

    def at(self, step: int) -> Draw:
        """Those of step number `step` (1, 2, ...)."""
        ...


class StreamNoise:
    """Noise from one torch stream, in the order of the steps: for measures over many chains that run once."""

    def __init__(self, nets: Nets, chains: int, knobs: ChainKnobs, generator: torch.Generator) -> None:
        self._sizes, self._chains, self._knobs, self._generator = nets.sizes, chains, knobs, generator

    def at(self, step: int) -> Draw:
        """The next numbers of the stream; `step` is not looked at."""
        n, sizes, generator = self._chains, self._sizes, self._generator
        device = generator.device
        eps = torch.randn(n, sizes.d, generator=generator, device=device)
        uniform = torch.rand(n, sizes.C + 1, generator=generator, device=device)
        pixel = None
        if self._knobs.decoder_noise > 0.0:
            pixel = torch.randn(n, sizes.P, generator=generator, device=device)
        return Draw(eps, uniform[:, :-1], uniform[:, -1:], pixel)


class CountedNoise:
    """Noise that is a pure function of (seed, chain, step): counter-based (Philox), drawn in blocks of 64 steps."""

    def __init__(self, nets: Nets, chains: int, knobs: ChainKnobs, seed: int) -> None:
        self._sizes, self._chains, self._knobs, self._seed = nets.sizes, chains, knobs, seed
        self._device = nets.D.mean.device
        self._block = -1
        self._eps = self._uniform = torch.zeros(0)

    def start(self) -> Tensor:
        """N(0, I) for the first z [n, d]."""
        d = self._sizes.d
        drawn = [self._numbers(chain, 0, 1).standard_normal(d) for chain in range(self._chains)]
        return torch.from_numpy(np.stack(drawn).astype(np.float32)).to(self._device)

    def at(self, step: int) -> Draw:
        """Those of step number `step` >= 1."""
        block, place = divmod(step, BLOCK)
        if block != self._block:
            self._fill(block)
        uniform = self._uniform[place]
        pixel = self._pixels(step) if self._knobs.decoder_noise > 0.0 else None
        return Draw(self._eps[place], uniform[:, :-1], uniform[:, -1:], pixel)

    def _fill(self, block: int) -> None:
        sizes = self._sizes
        eps, uniform = [], []
        for chain in range(self._chains):
            numbers = self._numbers(chain, block, 0)
            eps.append(numbers.standard_normal((BLOCK, sizes.d), dtype=np.float32))
            uniform.append(numbers.random((BLOCK, sizes.C + 1), dtype=np.float32))
        self._eps = torch.from_numpy(np.stack(eps, 1)).to(self._device)  # [64, n, d]
        self._uniform = torch.from_numpy(np.stack(uniform, 1)).to(self._device)  # [64, n, C + 1]
        self._block = block

    def _pixels(self, step: int) -> Tensor:
        drawn = [
            self._numbers(chain, step, 2).standard_normal(self._sizes.P, dtype=np.float32)
            for chain in range(self._chains)
        ]
        return torch.from_numpy(np.stack(drawn)).to(self._device)

    def _numbers(self, chain: int, place: int, purpose: int) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(key=[self._seed, chain], counter=[0, 0, place, purpose]))


@dataclass(slots=True)
class Moment:
    """One step of n chains. z [n, d] made x [n, P] and y [n, C] (held parts put in), p_y [n, C] is p(y|z)."""

    z: Tensor
    x: Tensor
    y: Tensor
    p_y: Tensor


def decode(nets: Nets, z: Tensor, held: Held, knobs: ChainKnobs, draw: Draw) -> Moment:
    """x ~ p(x|z), y ~ p(y|z), then what is held is put over it."""
    mean, logits = nets.p(z)
    x = mean if draw.pixel is None else mean + knobs.decoder_noise * draw.pixel
    reads = nets.sizes.reads
    if not nets.sizes.C:
        return Moment(z, held.on_picture(x), logits, logits)
    y = held.on_label(sample_y(logits, draw.uniform, reads))
    return Moment(z, held.on_picture(x), y, probabilities(logits, reads))


def infer(nets: Nets, moment: Moment, held: Held, knobs: ChainKnobs, draw: Draw) -> Tensor:
    """z ~ q(z|x,y); y is seen as often as in training, always when a part of it is held."""
    y = moment.y
    if y.shape[1]:
        y = y * knobs.label_scale if held.shows_label else y * ((draw.shown < knobs.label_visible) * knobs.label_scale)
    mu, log_sigma = nets.q(moment.x, y, knobs.log_sigma_max)
    z: Tensor = mu + log_sigma.exp() * draw.eps
    return z


@torch.no_grad()
def run(
    nets: Nets, z: Tensor, steps: int, knobs: ChainKnobs, noise: Noise, held: Held | None = None, first: int = 1
) -> Moment:
    """The pair of step first + steps - 1, from z_first = z [n, d]; steps >= 1."""
    held = held or Held()
    for step in range(first, first + steps):
        draw = noise.at(step)
        moment = decode(nets, z, held, knobs, draw)
        if step < first + steps - 1:
            z = infer(nets, moment, held, knobs, draw)
    return moment


@dataclass(slots=True)
class Tape:
    """A chain of n members that can be scrubbed: z is kept every `interval` steps, what lies between is recomputed.

    nets: frozen copies; z_first [n, d]: z of step number `first`; last: the last step wanted; recorded: the last step
    computed so far (the tape is extended bit by bit). fresh: every step is an independent draw (a GAN has no chain).
    """

    nets: Nets
    knobs: ChainKnobs
    held: Held
    noise: CountedNoise
    z_first: Tensor
    last: int
    first: int = 1
    fresh: bool = False
    seconds: float = 0.0
    recorded: int = field(init=False)
    interval: int = field(init=False)
    _kept: Tensor = field(init=False)
    _z: Tensor = field(init=False)

    def __post_init__(self) -> None:
        n, d = self.z_first.shape
        steps = self.last - self.first + 1
        self.interval = 1
        while -(-steps // self.interval) * n * d * 4 > TAPE_BYTES:
            self.interval *= 2
        rows = 1 if self.fresh else -(-steps // self.interval)
        self._kept = torch.zeros(rows, n, d, device=self.z_first.device)
        self._kept[0] = self.z_first
        self._z = self.z_first
        self.recorded = self.last if self.fresh else self.first

    @property
    def nbytes(self) -> int:
        """Memory of the kept states."""
        return self._kept.numel() * 4

    @torch.no_grad()
    def extend(self, seconds: float, until: int | None = None) -> bool:
        """Goes on for so long, or to step `until`; True when the last step wanted is recorded."""
        begun = time.perf_counter()
        goal = self.last if until is None else min(until, self.last)
        while self.recorded < goal and time.perf_counter() - begun < seconds:
            self._z = self._next(self._z, self.recorded)
            self.recorded += 1
            row, rest = divmod(self.recorded - self.first, self.interval)
            if rest == 0:
                self._kept[row] = self._z
        self.seconds += time.perf_counter() - begun
        return self.recorded >= self.last

    def _next(self, z: Tensor, step: int) -> Tensor:
        draw = self.noise.at(step)
        return infer(self.nets, decode(self.nets, z, self.held, self.knobs, draw), self.held, self.knobs, draw)

    @torch.no_grad()
    def z_at(self, step: int) -> Tensor:
        """z [n, d] of a recorded step, equal to the bit to having run straight there. Raises `ValueError`."""
        if not self.first <= step <= self.recorded:
            raise ValueError(f"step {step:,} is not recorded: the tape holds {self.first:,} to {self.recorded:,}")
        if self.fresh:
            return self.noise.at(step).eps
        row, rest = divmod(step - self.first, self.interval)
        z = self._kept[row]
        for passed in range(step - rest, step):
            z = self._next(z, passed)
        return z

    @torch.no_grad()
    def at(self, step: int) -> Moment:
        """The pair of a recorded step."""
        return decode(self.nets, self.z_at(step), self.held, self.knobs, self.noise.at(step))

    @torch.no_grad()
    def belief(self, moment: Moment, standardise: bool) -> Tensor:
        """D's belief that the pairs are data, sigmoid of the logit [n]."""
        f, g = self.nets.D(moment.x, self.nets.D.seen(moment.z, standardise))
        return torch.sigmoid(f + (moment.y * g).sum(1))
