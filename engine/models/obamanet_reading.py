"""Reading aloud: the reader runs on its own frames until the window has passed the last symbol (page, 2.3 and 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.models.obamanet_attention import Moment, aim, bells, heights, start, step
from engine.models.obamanet_reader import Reader, frames_of
from engine.models.obamanet_sound import MELS

CAP_BASE, CAP_A_SYMBOL = 12, 3  # steps at most: 12 + 3 N
PASSED_STEPS = 2  # the mean of kappa must lie beyond the last symbol this long
JUMP = 4.0  # symbols in one step: something was skipped
STALL, STALL_STEPS = 0.05, 10  # symbols; steps in which it moves less: it is stuck


@dataclass(frozen=True, slots=True)
class Dials:
    """sharpen: factor on beta, 0.5 to 3. timing: above 1 speaks slower, 0.6 to 1.6. dropout: of the prenet, kept on
    when a seed is given; None reads without it. path: where the window's mean must be at each step [T], drawn by hand;
    beyond its end the reader goes on by itself."""

    sharpen: float = 1.0
    timing: float = 1.0
    seed: int | None = 0
    path: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """One step of a batch. frames [B, R, M] standardised; phi [B, N]; centre [B], the mean of kappa; is_over: bool [B],
    whether the text was passed before or in this step."""

    frames: Tensor
    phi: Tensor
    centre: Tensor
    is_over: Tensor


@dataclass(frozen=True, slots=True)
class Read:
    """mel [B, T R, M] log-mel (not standardised); phi [B, T, N]; centre [B, T]; steps int64 [B]: how many count;
    is_lost: bool [B], stopped by the cap and not by the text's end ("lost its place")."""

    mel: Tensor
    phi: Tensor
    centre: Tensor
    steps: Tensor
    is_lost: Tensor

    def frames(self, row: int, fold: int) -> Tensor:
        """The log-mel of one text [T R, M], cut where it ended."""
        return self.mel[row, : int(self.steps[row]) * fold]


@torch.no_grad()
def reading(net: Reader, symbols: Tensor, lengths: Tensor, dials: Dials = Dials()) -> Iterator[Moved]:
    """Steps one by one, so that sound can be played before the text is read. Ends when every text was passed, or at the
    cap of 12 + 3 N steps (divided by what the timing dial takes away)."""
    s, memory = net.shape, net.read(symbols, lengths)
    device = symbols.device
    places = torch.arange(symbols.shape[1], dtype=memory.memory.dtype, device=device)
    moment = start(memory.memory, s.units, s.components)
    how, weights = net.window(dials.sharpen, dials.timing), net.weights
    states: list[object] = [None] * s.upper
    generator = None if dials.seed is None else torch.Generator().manual_seed(dials.seed)
    frame = memory.memory.new_zeros(len(symbols), MELS)
    passed = torch.zeros(len(symbols), dtype=torch.int64, device=device)
    for at in range(cap(int(lengths.max()), dials.timing, s.fold)):
        fed = net.before(frame, generator)
        moment, phi, centre = step(weights, net.W_x(fed), moment, memory.memory, places, memory.is_symbol, how)
        if dials.path is not None and at < len(dials.path):
            moment, phi, centre = _moved_by_hand(
                net, moment, memory.memory, dials.path[at] - centre, places, memory.is_symbol
            )
        out = net.above(moment.h[None], moment.w[None], fed[None], states)
        frames = frames_of(net, out.transpose(0, 1))
        frame = frames[:, -1]
        passed = torch.where((centre > lengths - 1) | (passed >= PASSED_STEPS), passed + 1, torch.zeros_like(passed))
        yield Moved(frames, phi, centre, passed >= PASSED_STEPS)
        if bool((passed >= PASSED_STEPS).all()):
            return


def _moved_by_hand(
    net: Reader, moment: Moment, memory: Tensor, by: Tensor, places: Tensor, is_symbol: Tensor
) -> tuple[Moment, Tensor, Tensor]:
    """The window shifted so that its mean lies where the hand drew it; its shape stays."""
    how = net.window()
    logits = torch.addmm(net.b_att, moment.h, net.W_att)
    alpha, beta, _ = aim(logits, moment.kappa, how)
    kappa = moment.kappa + by.unsqueeze(1)
    bell, _ = bells(beta, kappa, places)
    phi = torch.bmm(heights(alpha, beta, how).unsqueeze(1), bell).squeeze(1) * is_symbol
    w = torch.bmm(phi.unsqueeze(1), memory).squeeze(1)
    return Moment(moment.h, kappa, w), phi, (alpha * kappa).sum(1) / alpha.sum(1)


def cap(symbols: int, timing: float, fold: int) -> int:
    """The most steps for a text of so many symbols."""
    return round((CAP_BASE + CAP_A_SYMBOL * symbols) * max(timing, 1.0) * 4 / fold)


def read_aloud(
    net: Reader, symbols: Tensor, lengths: Tensor, dials: Dials = Dials(),
    keep_going: Callable[[int], bool] = lambda _: True,
) -> Read:  # fmt: skip
    """The whole reading of a batch. symbols int64 [B, N], lengths int64 [B]. keep_going is asked before every step."""
    moved = []
    for at, now in enumerate(reading(net, symbols, lengths, dials)):
        moved.append(now)
        if not keep_going(at + 1):
            break
    over = torch.stack([now.is_over for now in moved], 1)
    steps = torch.where(over.any(1), over.int().argmax(1) + 1, len(moved))
    mel = net.standard.undo(torch.cat([now.frames for now in moved], 1))
    phi, centre = torch.stack([now.phi for now in moved], 1), torch.stack([now.centre for now in moved], 1)
    return Read(mel, phi, centre, steps, ~over.any(1))


def faults_of(centre: Tensor) -> list[tuple[int, str]]:
    """Where a reading went wrong: centre [T] -> (step, "jumped" or "stalled"), for orange marks on the timeline."""
    path = torch.cat([torch.zeros(1, device=centre.device), centre])
    faults = [(t, "jumped") for t in torch.nonzero(path.diff() > JUMP).flatten().tolist()]
    moved = path[STALL_STEPS:] - path[:-STALL_STEPS]
    was_stuck = False
    for t, far in enumerate(moved.tolist()):
        if far < STALL and not was_stuck:
            faults.append((t + STALL_STEPS - 1, "stalled"))
        was_stuck = far < STALL
    return sorted(faults)
