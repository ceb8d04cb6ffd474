"""SampleRNN, the paper's vocoder: sample after sample from 256 levels, in three tiers (page, 2.4).

B batch, S samples, Q = 256 levels. Tier 3 reads 80 samples and the acoustic frame of their time and goes on once every
80 samples; tier 2 reads 10 samples and what tier 3 says and goes on every 10; tier 1, a perceptron, reads 10 samples
one by one with what tier 2 says and gives the next sample's distribution. Sampling is sequential by nature: what the
paper calls its last stage is here an exhibit, tiny on a CPU (0.78 M parameters, twice slower than real time on the
page), of the paper's size (GRU 1024, weight norm) as a GPU preset. Departure: the acoustic frame is log-mel, one every
160 samples, repeated for both halves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from engine.models.obamanet_sound import HOP, MELS, Standard, from_mu_law, mu_law

LEVELS = 256
BIG, SMALL = 80, 10
SILENCE = LEVELS // 2
_TINY = 1e-20


@dataclass(frozen=True, slots=True)
class Sizes:
    """units of both GRUs, embedding of a level, width of the perceptron; is_normed: weight norm as in the paper."""

    units: int = 128
    embedding: int = 64
    width: int = 128
    is_normed: bool = False


TINY = Sizes()
PAPER = Sizes(1024, 256, 1024, True)


class SampleRnn(nn.Module):
    """Codes and log-mel -> logits of the next code."""

    def __init__(self, sizes: Sizes = TINY) -> None:
        super().__init__()
        self.sizes, self.standard = sizes, Standard()
        H, E, W = sizes.units, sizes.embedding, sizes.width

        def linear(a: int, b: int) -> nn.Linear:
            layer = nn.Linear(a, b)
            if sizes.is_normed:
                weight_norm(layer)  # in place
            return layer

        self.big_in, self.frame_in = linear(BIG, H), linear(MELS, H)
        self.big = nn.GRU(H, H, batch_first=True)
        self.big_out = linear(H, H * (BIG // SMALL))
        self.small_in = linear(SMALL, H)
        self.small = nn.GRU(H, H, batch_first=True)
        self.small_out = linear(H, W * SMALL)
        self.embedding = nn.Embedding(LEVELS, E)
        self.sample_in = nn.Conv1d(E, W, SMALL)
        self.hidden, self.last = linear(W, W), linear(W, LEVELS)
        self.h_big, self.h_small = nn.Parameter(torch.zeros(1, 1, H)), nn.Parameter(torch.zeros(1, 1, H))

    @property
    def size(self) -> int:
        """Parameters."""
        return sum(p.numel() for p in self.parameters())

    def start(self, batch: int) -> tuple[Tensor, Tensor]:
        """The learned first states of both tiers."""
        return self.h_big.expand(1, batch, -1).contiguous(), self.h_small.expand(1, batch, -1).contiguous()

    def tier_3(self, codes: Tensor, mel: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """codes [B, T3 80] before each frame, mel [B, T3, M] -> conditions of tier 2 [B, T3 8, H] and the state."""
        x = self.big_in(_signal(codes).reshape(len(codes), -1, BIG)) + self.frame_in(self.standard(mel))
        out, h = self.big(x, h)
        return self.big_out(out).reshape(len(codes), -1, self.sizes.units), h

    def tier_2(self, codes: Tensor, condition: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """codes [B, T2 10] before each frame, condition [B, T2, H] -> conditions of the samples [B, T2 10, W]."""
        out, h = self.small(self.small_in(_signal(codes).reshape(len(codes), -1, SMALL)) + condition, h)
        return self.small_out(out).reshape(len(codes), -1, self.sizes.width), h

    def tier_1(self, codes: Tensor, condition: Tensor) -> Tensor:
        """codes [B, S + 9], each sample's ten before it; condition [B, S, W] -> logits [B, S, Q]."""
        x = self.sample_in(self.embedding(codes).transpose(1, 2)).transpose(1, 2)
        return torch.as_tensor(self.last(torch.relu(self.hidden(torch.relu(x + condition)))))

    def forward(
        self, codes: Tensor, mel: Tensor, states: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """codes int64 [B, 80 + S], the first 80 are the past; mel [B, S / 80, M] -> logits [B, S, Q] of codes[80:], and
        the states for the next segment of truncated back-propagation."""
        h_big, h_small = states or self.start(len(codes))
        condition, h_big = self.tier_3(codes[:, :-BIG], mel, h_big)
        fine, h_small = self.tier_2(codes[:, BIG - SMALL : -SMALL], condition, h_small)
        return self.tier_1(codes[:, BIG - SMALL : -1], fine), (h_big.detach(), h_small.detach())


def _signal(codes: Tensor) -> Tensor:
    """Codes as numbers in [-2, 2]."""
    return (codes.float() / (LEVELS / 2) - 1) * 2


def conditions(mel: Tensor) -> Tensor:
    """log-mel [B, T, M] at 100 Hz -> one frame every 80 samples [B, 2 (T - 1), M]."""
    return mel[:, :-1].repeat_interleave(HOP // BIG, 1)


def bits(net: SampleRnn, audio: Tensor, mel: Tensor) -> Tensor:
    """Cross entropy in bits a sample; audio [B, (T - 1) 160], mel [B, T, M]. 8 bits is knowing nothing."""
    codes = functional.pad(mu_law(audio), (BIG, 0), value=SILENCE)
    logits, _ = net(codes, conditions(mel))
    return functional.cross_entropy(logits.flatten(0, 1), codes[:, BIG:].flatten()) / math.log(2)


def _one_by_one(net: SampleRnn) -> Callable[[Tensor, Tensor], Tensor]:
    """Tier 1 for a single sample: codes [B, 10], condition [B, W] -> logits [B, Q].

    Embedding and convolution of ten codes are ten look-ups in a table made once; weights are read once, so that weight
    norm is not computed for every sample.
    """
    table = torch.einsum("wek,qe->kqw", net.sample_in.weight, net.embedding.weight)  # [10, Q, W]
    bias = dict(net.sample_in.named_parameters())["bias"]
    places = torch.arange(SMALL, device=table.device)
    layers = [(layer.weight, layer.bias) for layer in (net.hidden, net.last)]

    def logits(codes: Tensor, condition: Tensor) -> Tensor:
        x = torch.relu(table[places, codes].sum(1) + bias + condition)
        x = torch.relu(functional.linear(x, *layers[0]))
        return functional.linear(x, *layers[1])

    return logits


@torch.no_grad()
def sampled(net: SampleRnn, mel: Tensor, generator: torch.Generator, temperature: float = 1.0) -> Tensor:
    """Draws the sound of log-mel [B, T, M] -> [B, (T - 1) 160], sample by sample, all of the batch at once.

    A level is drawn by the Gumbel trick, argmax(logits / temperature + g), g from the generator.
    """
    conditioned = conditions(mel)
    B, frames, _ = conditioned.shape
    codes = torch.full((B, BIG + frames * BIG), SILENCE, device=mel.device)
    h_big, h_small = net.start(B)
    tier_1 = _one_by_one(net)
    for frame in range(frames):
        at = BIG + frame * BIG
        condition, h_big = net.tier_3(codes[:, at - BIG : at], conditioned[:, frame : frame + 1], h_big)
        chances = -torch.rand(BIG, B, LEVELS, generator=generator).clamp_min(_TINY).log()
        noise = -chances.log().to(mel.device)
        for piece in range(BIG // SMALL):
            fine, h_small = net.tier_2(codes[:, at - SMALL : at], condition[:, piece : piece + 1], h_small)
            for place in range(SMALL):
                logits = tier_1(codes[:, at - SMALL : at], fine[:, place]) / temperature
                codes[:, at] = (logits + noise[piece * SMALL + place]).argmax(1)
                at += 1
    return from_mu_law(codes[:, BIG:])
