"""The reader: symbols to acoustic frames by Char2Wav's attention decoder, its window only moves on (page, 2.1-2.3).

B batch, N symbols, T decoder steps of R frames (a step is one picture, 40 ms), M = 80 bands, C = 2 H_e memory, H units.

    memory = BiLSTM(Emb(symbols)),  GRU 1 with its window over memory (obamanet_attention),
    h2 = L2([h1, w]), h3 = L3([h1, h2, w]), ...,  x^ = V [h1, h2, ..., w]  (through a readout of its own width or not)

Only GRU 1 and the window are sequential while frames are taught; the layers above run over all steps at once (5.6).
Departures from the paper: log-mel frames instead of WORLD's; a prenet with dropout between last frame and GRU 1, which
stays on at synthesis; R frames a step; one LSTM above GRU 1 instead of two GRUs; L1 + MSE / 2 (`PAPER` undoes all but
the frames); the normalised window and the stop rule on the mean of kappa (the paper's own rule babbles, page 2.3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from engine.models.obamanet_attention import (
    Attended,
    Moment,
    Weights,
    Window,
    attend,
    attend_by_autograd,
    start,
)
from engine.models.obamanet_sound import MELS, Standard

Loss = Literal["l1", "mse", "mixture"]
_BETA_BIAS = -1.0
_ATTENTION_SPREAD = 0.01
_LEAST_LOG_SIGMA = -5.0
_GUIDE_WIDTH = 0.25  # of the text: how far from the diagonal the guide lets go


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a reader.

    symbols: of its alphabet, padding included. embedding, encoder (units a direction), encoder_cell; units of every
    decoder layer, layers above GRU 1 and their cell; components K; fold R; prenet: widths, () for none; readout: its
    width, 0 for none; full_feedback: the last frame also reaches the upper layers; loss, mixtures of the mixture loss.
    alignment A: symbols a step at the start, best the corpus average (`alignment_of`). spread: standard deviation of
    every initial weight, 0 for PyTorch's own rules.
    """

    symbols: int
    embedding: int = 96
    encoder: int = 96
    encoder_cell: Literal["lstm", "gru"] = "lstm"
    units: int = 160
    upper: int = 1
    upper_cell: Literal["lstm", "gru"] = "lstm"
    components: int = 5
    fold: int = 4
    prenet: tuple[int, ...] = (96, 96)
    dropout: float = 0.5
    readout: int = 0
    full_feedback: bool = False
    loss: Loss = "l1"
    mixtures: int = 20
    alignment: float = 0.45
    normalised: bool = True
    spread: float = 0.0

    @property
    def memory(self) -> int:
        """C."""
        return 2 * self.encoder


def paper_shape(symbols: int) -> Shape:
    """Char2Wav's sizes (page, 2.3): GRUs of 1024, K = 10, one frame a step, mixture of 20, weights N(0, 0.01^2).

    Its frames were 5 ms apart, ours 10 ms: the alignment is per step of one frame.
    """
    return Shape(
        symbols, 128, 128, "gru", 1024, 2, "gru", 10, 1, (), 0.0, 1024, False, "mixture", 20, 0.115, True, 0.01
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Memory:
    """What the decoder reads. memory [B, N, C]; is_symbol [B, N] of 0 and 1; lengths int64 [B]."""

    memory: Tensor
    is_symbol: Tensor
    lengths: Tensor


@dataclass(frozen=True, slots=True)
class Carried:
    """What one segment of truncated back-propagation hands to the next, without gradient: the state of GRU 1 and the
    window, the last frame [B, M], the states of the layers above."""

    moment: Moment
    frame: Tensor
    states: list[object]


@dataclass(frozen=True, slots=True)
class Taught:
    """output [B, T, ...] of the last layer; attended: the window's way; carried: for the next segment."""

    output: Tensor
    attended: Attended
    carried: Carried


class Reader(nn.Module):
    """Symbols to standardised log-mel frames. `standard` holds the training sound's mean and deviation."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.standard = Standard()
        H, C, K = shape.units, shape.memory, shape.components
        self.embedding = nn.Embedding(shape.symbols, shape.embedding, padding_idx=0)
        cells = {"lstm": nn.LSTM, "gru": nn.GRU}
        self.encoder = cells[shape.encoder_cell](shape.embedding, shape.encoder, batch_first=True, bidirectional=True)
        widths = (MELS, *shape.prenet)
        self.prenet = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.W_x = nn.Linear(widths[-1], 3 * H)
        bound = 1 / math.sqrt(H)
        self.W_w = nn.Parameter(torch.empty(C, 3 * H).uniform_(-bound, bound))
        self.W_h = nn.Parameter(torch.empty(H, 3 * H).uniform_(-bound, bound))
        self.b_h = nn.Parameter(torch.zeros(3 * H))
        self.W_att = nn.Parameter(_ATTENTION_SPREAD * torch.randn(H, 3 * K))
        self.b_att = nn.Parameter(torch.zeros(3 * K))
        fed_back = widths[-1] if shape.full_feedback else 0
        self.upper = nn.ModuleList(cells[shape.upper_cell](H * (1 + k) + C + fed_back, H) for k in range(shape.upper))
        joined = H * (1 + shape.upper) + C
        self.readout = nn.Linear(joined, shape.readout) if shape.readout else None
        self.output = nn.Linear(shape.readout or joined, self._outputs())
        if shape.spread:
            self._draw_as_the_paper()
        with torch.no_grad():
            self.b_att[K : 2 * K] = _BETA_BIAS

    def _outputs(self) -> int:
        frame = self.shape.fold * MELS
        return self.shape.mixtures * (2 * frame + 1) if self.shape.loss == "mixture" else frame

    def _draw_as_the_paper(self) -> None:
        with torch.no_grad():
            for name, p in self.named_parameters():
                if p.dim() == 1 or "bias" in name:
                    p.zero_()
                else:
                    p.normal_(0, self.shape.spread)

    @property
    def weights(self) -> Weights:
        """Of GRU 1 and the window."""
        return Weights(self.W_w, self.W_h, self.b_h, self.W_att, self.b_att)

    @property
    def size(self) -> int:
        """Parameters."""
        return sum(p.numel() for p in self.parameters())

    def window(self, sharpen: float = 1.0, timing: float = 1.0) -> Window:
        """How the window moves with the two dials at these values."""
        return Window(self.shape.alignment, self.shape.normalised, sharpen, timing)

    def read(self, symbols: Tensor, lengths: Tensor) -> Memory:
        """symbols int64 [B, N], lengths int64 [B]. Packed, so that the backward direction starts at the last symbol."""
        embedded = self.embedding(symbols)
        packed = pack_padded_sequence(embedded, lengths.cpu(), batch_first=True, enforce_sorted=False)
        memory, _ = pad_packed_sequence(self.encoder(packed)[0], batch_first=True, total_length=symbols.shape[1])
        is_symbol = (torch.arange(symbols.shape[1], device=symbols.device) < lengths[:, None]).to(memory.dtype)
        return Memory(memory, is_symbol, lengths)

    def before(self, frame: Tensor, generator: torch.Generator | None) -> Tensor:
        """The prenet: a frame [..., M] -> [..., P]. Dropout is drawn from the generator; without one there is none."""
        rate = self.shape.dropout
        for layer in self.prenet:
            frame = torch.relu(layer(frame))
            if generator is not None and rate > 0:
                kept = torch.rand(frame.shape, generator=generator) >= rate
                frame = frame * kept.to(frame.device, frame.dtype) / (1 - rate)
        return frame

    def above(self, h: Tensor, w: Tensor, fed: Tensor, states: list[object] | None = None) -> Tensor:
        """The layers above GRU 1 and the output: h [T, B, H], w [T, B, C], fed [T, B, P] -> [T, B, outputs].

        states: one entry a layer, read and replaced, when the steps come one by one.
        """
        known = [h]
        for k, layer in enumerate(self.upper):
            inputs = [*known, w, *([fed] if self.shape.full_feedback else [])]
            found, state = layer(torch.cat(inputs, 2), None if states is None else states[k])
            if states is not None:
                states[k] = state
            known.append(found)
        joined = torch.cat([*known, w], 2)
        return torch.as_tensor(self.output(joined if self.readout is None else self.readout(joined)))


def teach(
    net: Reader, memory: Memory, frames: Tensor, generator: torch.Generator | None = None,
    carried: Carried | None = None, by_autograd: bool = False,
) -> Taught:  # fmt: skip
    """Teacher forcing: every step reads the true last frame of the group before. frames [B, T R, M], standardised.

    carried: from the segment before (2.3: the window makes no sense in a second segment that starts at zero).
    by_autograd: the naive attention loop.
    """
    s = net.shape
    B, length, _ = frames.shape
    if length % s.fold:
        raise ValueError(f"{length} frames are no multiple of {s.fold} a step")
    last = frames[:, s.fold - 1 :: s.fold]  # [B, T, M]
    begin = carried or Carried(start(memory.memory, s.units, s.components), frames.new_zeros(B, MELS), [None] * s.upper)
    fed = net.before(torch.cat([begin.frame.unsqueeze(1), last[:, :-1]], 1).transpose(0, 1), generator)
    way = attend_by_autograd if by_autograd else attend
    attended = way(net.weights, net.W_x(fed), memory.memory, memory.is_symbol, net.window(), begin.moment)
    states = list(begin.states)
    output = net.above(attended.h, attended.w, fed, states).transpose(0, 1)
    now = attended.last
    moment = Moment(now.h.detach(), now.kappa.detach(), now.w.detach())
    return Taught(output, attended, Carried(moment, last[:, -1].detach(), [_detached(state) for state in states]))


def _detached(state: object) -> object:
    """An LSTM's pair or a GRU's tensor without its history."""
    if isinstance(state, Tensor):
        return state.detach()
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state


def frames_of(net: Reader, output: Tensor) -> Tensor:
    """Output [B, T, outputs] -> frames [B, T R, M]; of a mixture, the mean of its likeliest component."""
    s = net.shape
    if s.loss == "mixture":
        weight, mean, _ = mixture_of(output, s.mixtures)
        best = weight.argmax(-1)[..., None, None].expand(*weight.shape[:-1], 1, mean.shape[-1])
        output = mean.gather(-2, best).squeeze(-2)
    return output.reshape(len(output), -1, MELS)


def mixture_of(output: Tensor, mixtures: int) -> tuple[Tensor, Tensor, Tensor]:
    """log weights [..., K], means [..., K, D], log sigma [..., K, D] of a diagonal mixture."""
    D = (output.shape[-1] // mixtures - 1) // 2
    weight, rest = output[..., :mixtures], output[..., mixtures:]
    rest = rest.reshape(*output.shape[:-1], mixtures, 2 * D)
    return weight.log_softmax(-1), rest[..., :D], rest[..., D:].clamp_min(_LEAST_LOG_SIGMA)


def mixture_nll(output: Tensor, target: Tensor, mixtures: int) -> Tensor:
    """-log sum_k pi_k N(target; mu_k, sigma_k^2) [...]; target [..., D] (2.3, K = 20)."""
    weight, mean, log_sigma = mixture_of(output, mixtures)
    z = (target.unsqueeze(-2) - mean) * torch.exp(-log_sigma)
    log_density = -0.5 * (z * z).sum(-1) - log_sigma.sum(-1) - 0.5 * target.shape[-1] * math.log(2 * math.pi)
    return -(weight + log_density).logsumexp(-1)


def loss_of(net: Reader, taught: Taught, frames: Tensor, lengths: Tensor) -> Tensor:
    """The masked mean over valid frames; frames [B, T R, M] standardised, lengths in frames [B].

    l1: L1 + MSE / 2; mse: squared error summed over the bands (the paper's); mixture: negative log-likelihood a step.
    """
    s = net.shape
    counts = (torch.arange(frames.shape[1], device=frames.device) < lengths[:, None]).to(frames.dtype)
    if s.loss == "mixture":
        target = frames.reshape(len(frames), -1, s.fold * MELS)
        steps = counts[:, :: s.fold]
        return (mixture_nll(taught.output, target, s.mixtures) * steps).sum() / steps.sum()
    away = frames_of(net, taught.output) - frames
    if s.loss == "mse":
        return ((away * away).sum(-1) * counts).sum() / counts.sum()
    return ((away.abs() + 0.5 * away * away).mean(-1) * counts).sum() / counts.sum()


def l1_of(net: Reader, taught: Taught, frames: Tensor, lengths: Tensor) -> Tensor:
    """The masked mean absolute error, what the page calls val L1."""
    counts = (torch.arange(frames.shape[1], device=frames.device) < lengths[:, None]).to(frames.dtype)
    away = (frames_of(net, taught.output) - frames).abs().mean(-1)
    return torch.as_tensor((away * counts).sum() / counts.sum())


def guide_of(taught: Taught, memory: Memory, lengths: Tensor, fold: int) -> Tensor:
    """Penalty of attention far from the diagonal: mean of phi (1 - exp(-(u/N - t/T)^2 / 2 g^2)). The page measured that
    it slows learning; it is kept as a toggle."""
    phi = taught.attended.phi  # [T, B, N]
    T, _, N = phi.shape
    u = torch.arange(N, device=phi.device) / memory.lengths[:, None]
    steps = (lengths / fold).ceil()
    t = torch.arange(T, device=phi.device)[:, None] / steps
    far = 1 - torch.exp(-((u[None] - t[:, :, None]) ** 2) / (2 * _GUIDE_WIDTH**2))
    counts = (torch.arange(T, device=phi.device)[:, None] < steps).to(phi.dtype)
    return torch.as_tensor(((phi * far).sum(2) * counts).sum() / counts.sum())


def alignment_of(symbols: Tensor, frames: Tensor, fold: int) -> float:
    """A: symbols a step, averaged over a corpus; lengths in symbols and in frames [B]. It decides whether the alignment
    is found in seconds or never (2.3)."""
    return float(symbols.sum() / (frames / fold).sum())


def with_alignment(shape: Shape, alignment: float) -> Shape:
    """The same shape with another A."""
    return replace(shape, alignment=alignment)
