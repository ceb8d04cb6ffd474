"""Beam search for all sources of a batch at once; plan, commitment and logits travel with every hypothesis.

N sources, W hypotheses of each, V symbols. As in the released code's family: hypotheses compete by their total log
probability, a finished one takes a place of the beam, and in the end they are ranked per symbol.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch

from engine.models.pag import Annotations, Network
from engine.models.pag_decoding import END, Control, Pen
from engine.models.pag_recurrence import SwitchKnobs


@dataclass(frozen=True, slots=True)
class Ending:
    """symbols with the end symbol (unless it was cut off); log_p of the whole."""

    symbols: tuple[int, ...]
    log_p: float
    ended: bool

    @property
    def rank(self) -> float:
        """Mean log probability per symbol."""
        return self.log_p / max(len(self.symbols), 1)


def beam_search(
    net: Network, read: Annotations, knobs: SwitchKnobs, control: Control, width: int
) -> list[list[Ending]]:
    """For each of the N sources its endings, best first. With width 1 the greedy decode."""
    with torch.inference_mode():
        N, device = len(read.h), read.h.device
        each = torch.arange(N, device=device).repeat_interleave(width)
        wide = Annotations(read.h[each], read.bias[each], tuple(s[each] for s in read.start))
        pen = Pen(net, wide, knobs, replace(control, temperature=0.0))
        score = read.h.new_full((N, width), -math.inf)
        score[:, 0] = 0.0
        texts: list[list[tuple[int, ...]]] = [[()] * width for _ in range(N)]
        found: list[list[Ending]] = [[] for _ in range(N)]
        for t in range(control.longest):
            moment = pen.advance()
            log_p = moment.log_p
            if t in control.symbols:
                only = torch.full_like(log_p, -math.inf)
                put = torch.as_tensor(control.symbols[t], device=device).expand(len(log_p)).unsqueeze(1)
                only.scatter_(1, put, log_p.gather(1, put))
                log_p = only
            V = log_p.shape[1]
            best, place = (score.unsqueeze(-1) + log_p.view(N, width, V)).view(N, -1).topk(width, 1)
            origin, symbol = place // V, place % V
            texts, score = _keep(texts, found, best, origin, symbol, width)
            if not bool(torch.isfinite(score).any()):
                break
            pen.reorder((origin + torch.arange(N, device=device).unsqueeze(1) * width).view(-1))
            pen.accept(symbol.view(-1))
        for n in range(N):
            cut = [Ending(text, p, False) for text, p in zip(texts[n], score[n].tolist(), strict=True)]
            found[n] += [ending for ending in cut if math.isfinite(ending.log_p)][: width - len(found[n])]
        return [sorted(endings, key=lambda e: (e.ended, e.rank), reverse=True) for endings in found]


def _keep(
    texts: list[list[tuple[int, ...]]],
    found: list[list[Ending]],
    best: torch.Tensor,
    origin: torch.Tensor,
    symbol: torch.Tensor,
    width: int,
) -> tuple[list[list[tuple[int, ...]]], torch.Tensor]:
    """Moves finished hypotheses to `found` and leaves the others open, as many as there are places left."""
    score = best.clone()
    kept: list[list[tuple[int, ...]]] = []
    for n, (ps, origins, symbols) in enumerate(zip(best.tolist(), origin.tolist(), symbol.tolist(), strict=True)):
        places = width - len(found[n])
        rows = []
        for w, (p, o, s) in enumerate(zip(ps, origins, symbols, strict=True)):
            text = (*texts[n][o], int(s))
            rows.append(text)
            if w >= places or not math.isfinite(p):
                score[n, w] = -math.inf
            elif s == END:
                found[n].append(Ending(text, float(p), True))
                score[n, w] = -math.inf
        kept.append(rows)
    return kept, score
