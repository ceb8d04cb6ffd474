"""Free decoding: greedy, by drawing, or with a hand in it: switches set, symbols put out, plans painted.

T steps taken, B batch, S source length, V target symbols (plus S with a pointer), k slots. Beams are in
`pag_beam.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from engine.models.pag import Annotations, Network
from engine.models.pag_recurrence import Carry, Heard, Recurrence, Stepped, SwitchKnobs
from engine.models.pag_switch import gumbel
from engine.papers.pag_views import BY_HAND, EXHAUSTED, FIRST, FIXED, FOLLOWED, OWN

Policy = Literal["learned", "always", "every", "never", "manual"]
END = 0
MOST_HEARD = 1_000  # symbols up to which all that they say is computed before the first step
LOOK_EVERY = 8  # on a GPU, steps between two looks at whether every output has ended


@dataclass(frozen=True, slots=True)
class Control:
    """How to decode. longest: steps at most.

    policy: learned; always, every `period` steps, never (until the plan is used up); manual: only where `switches`
    says. switches: step -> re-plan?; the first step always plans. symbols: step -> symbol put out there, int64 [B] for
    one each. painted: step -> scores [S, rows], NaN where untouched. follow_from: from this step on only follow (-1:
    off). noise: Gumbel noise on the switch from this stream (None: argmax). temperature: 0 greedy, else symbols are
    drawn from `draws`.
    """

    longest: int
    policy: Policy = "learned"
    period: int = 1
    switches: Mapping[int, bool] = field(default_factory=dict)
    symbols: Mapping[int, int | Tensor] = field(default_factory=dict)
    painted: Mapping[int, Tensor] = field(default_factory=dict)
    follow_from: int = -1
    noise: torch.Generator | None = None
    temperature: float = 0.0
    draws: torch.Generator | None = None


class Moment(NamedTuple):
    """One step as it was decoded. symbol int64 [B]; log_p [B, V]; carry after the step; stepped; logits [B, k]: what
    the switch decided by; p [B]: its probability of a re-plan; is_new bool [B]; reason int8 [B].
    """

    symbol: Tensor
    log_p: Tensor
    carry: Carry
    stepped: Stepped
    logits: Tensor
    p: Tensor
    is_new: Tensor
    reason: Tensor


@dataclass(slots=True)
class Written:
    """symbols int64 [T, B], END after the end; lengths int64 [B] with the end symbol; ended bool [B]; log_p [B] of the
    whole; alpha [T, B, S]; is_new bool [T, B]; moments: every step, when they were asked for.
    """

    symbols: Tensor
    lengths: Tensor
    ended: Tensor
    log_p: Tensor
    alpha: Tensor
    is_new: Tensor
    moments: list[Moment]


class _Said:
    """What a symbol that was put out says to the next step: computed once for the whole vocabulary where it is small.

    Beside `Heard`, its part Ly y of the output layer's sum; `hidden` is the rest of it, Ls and Lc in one product.
    """

    def __init__(self, net: Network, steps: Recurrence) -> None:
        self.net, self.steps, output = net, steps, net.output
        self._weight, self._bias = torch.cat((output.Ls.weight, output.Lc.weight), 1), output.Ls.bias
        self._table: tuple[Heard, Tensor] | None = None
        if net.writer.num_embeddings <= MOST_HEARD:
            self._table = self._of(net.writer.weight)

    def _of(self, y: Tensor) -> tuple[Heard, Tensor]:
        return self.steps.hear(y), torch.as_tensor(self.net.output.Ly(y))

    def nothing(self, batch: int) -> tuple[Heard, Tensor]:
        """Before the first step: y_0 = 0."""
        return self._of(self._weight.new_zeros(batch, self.net.shape.embedding))

    def by(self, symbol: Tensor) -> tuple[Heard, Tensor]:
        """By these symbols, int64 [B]."""
        if self._table is None:
            return self._of(self.net.embed(symbol))
        heard, output = self._table
        place = symbol.clamp(max=len(output) - 1)
        return Heard(heard.gates[place], heard.energy[place]), output[place]

    def hidden(self, states: Tensor) -> Tensor:
        """Ls [s1; s2] + Lc psi [B, H] from the states with psi behind them."""
        return torch.nn.functional.linear(states, self._weight, self._bias)


class Pen:
    """Decodes step by step; holds what passes between the steps, beside the carry."""

    def __init__(self, net: Network, read: Annotations, knobs: SwitchKnobs, control: Control) -> None:
        self.net, self.control = net, control
        self.steps = Recurrence(net, read, knobs)
        self.carry = self.steps.begin()
        batch, device = self.steps.batch, read.h.device
        self.said = _Said(net, self.steps)
        self.heard, self.from_y = self.said.nothing(batch)
        self.followed = torch.zeros(batch, dtype=torch.int64, device=device)
        self.t = 0

    def advance(self) -> Moment:
        """The next step up to its log probabilities and its symbol; `accept` goes on with that or another symbol."""
        control, net = self.control, self.net
        noise = None
        if control.noise is not None and net.shape.plans:
            noise = gumbel((self.steps.batch, net.shape.k), control.noise).to(self.followed.device)
        forced, reason = self._forced() if net.shape.plans else (None, None)
        before = self.carry
        painted = control.painted.get(self.t)
        self.carry, stepped = self.steps.step(
            before,
            self.heard,
            noise,
            forced,
            None if painted is None else painted.unsqueeze(0),
        )
        now = self.carry
        states = (now.s1, now.psi) if net.gru2 is None else (now.s1, now.s2, now.psi)
        log_p = net.output.read(self.said.hidden(torch.cat(states, -1)) + self.from_y, stepped.alpha)
        logits = before.commitment.logits
        if stepped.decision is None:
            is_new = torch.ones_like(self.followed, dtype=torch.bool)
            p, reason = torch.ones_like(log_p[:, 0]), torch.full_like(self.followed, OWN, dtype=torch.int8)
        else:
            is_new = stepped.decision.is_new
            p = torch.softmax(logits, -1)[:, 0]
            reason = self._reason(is_new) if reason is None else reason
        self.followed = torch.where(is_new, 0, self.followed + 1)
        moment = Moment(self._choose(log_p), log_p, self.carry, stepped, logits, p, is_new, reason)
        return moment

    def accept(self, symbol: Tensor) -> None:
        """Goes on to the next step after this symbol [B]."""
        self.heard, self.from_y = self.said.by(symbol)
        self.t += 1

    def reorder(self, index: Tensor) -> None:
        """Other members of the batch, in the order of `index`: A, commitment, logits and states go along."""
        self.carry = self.carry.rows(index)
        self.followed = self.followed.index_select(0, index)

    def _choose(self, log_p: Tensor) -> Tensor:
        control = self.control
        if self.t in control.symbols:
            return torch.zeros_like(self.followed) + control.symbols[self.t]
        if control.temperature <= 0.0:
            return log_p.argmax(-1)
        p = torch.softmax(log_p / control.temperature, -1)
        return torch.multinomial(p.cpu(), 1, generator=control.draws).squeeze(1).to(log_p.device)

    def _forced(self) -> tuple[Tensor | None, Tensor | None]:
        """Whether hand or policy set the switch, bool [B], and why, int8 [B]; None: the model decides."""
        control, t = self.control, self.t
        every = torch.ones_like(self.followed, dtype=torch.bool)
        if t == 0:
            return every, torch.full_like(self.followed, FIRST, dtype=torch.int8)
        if t in control.switches:
            return every & control.switches[t], torch.full_like(self.followed, BY_HAND, dtype=torch.int8)
        if 0 <= control.follow_from <= t or control.policy == "manual":
            return ~every, torch.full_like(self.followed, BY_HAND, dtype=torch.int8)
        if control.policy == "learned":
            return None, None
        is_due = every & (control.policy == "always" or (control.policy == "every" and t % control.period == 0))
        is_used_up = self._is_used_up()
        reason = torch.where(is_due, FIXED, torch.where(is_used_up, EXHAUSTED, FOLLOWED)).to(torch.int8)
        return is_due | is_used_up, reason

    def _is_used_up(self) -> Tensor:
        return self.followed >= self.net.shape.k - 1

    def _reason(self, is_new: Tensor) -> Tensor:
        why = torch.where(self._is_used_up() & (self.net.shape.k > 1), EXHAUSTED, OWN)
        return torch.where(is_new, why, FOLLOWED).to(torch.int8)


def decode(
    net: Network, read: Annotations, knobs: SwitchKnobs, control: Control, *, keeps_moments: bool = False
) -> Written:
    """Decodes until every output has ended or `control.longest` steps were taken."""
    with torch.inference_mode():
        pen = Pen(net, read, knobs, control)
        batch, device = pen.steps.batch, read.h.device
        is_open = torch.ones(batch, dtype=torch.bool, device=device)
        lengths = torch.zeros(batch, dtype=torch.int64, device=device)
        total = read.h.new_zeros(batch)
        symbols, alphas, news, moments = [], [], [], []
        for t in range(control.longest):
            moment = pen.advance()
            symbol = torch.where(is_open, moment.symbol, END)
            chosen = moment.log_p.gather(-1, symbol.unsqueeze(-1)).squeeze(-1)
            total = total + chosen * is_open
            lengths = lengths + is_open
            is_open = is_open & (symbol != END)
            symbols.append(symbol)
            alphas.append(moment.stepped.alpha)
            news.append(moment.is_new)
            if keeps_moments:
                moments.append(moment)
            if (device.type == "cpu" or t % LOOK_EVERY == LOOK_EVERY - 1) and not bool(is_open.any()):
                break
            pen.accept(symbol)
        return Written(torch.stack(symbols), lengths, ~is_open, total, torch.stack(alphas), torch.stack(news), moments)
