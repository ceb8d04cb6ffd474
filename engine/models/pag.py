"""Plan, Attend, Generate: encoder, attention, planner and decoder of the three models, one family (page, section 2).

B batch, S source length, T target length, E embedding, H GRU units, C = 2H annotation, V target symbols, k plan rows,
D width of the summary of the old plan. Source positions i, output steps t, plan rows j (row 0 is now).

    baseline  e_t[i] = v . tanh(Wc h_i + Wq q_t + Wy y_{t-1} + b), alpha_t = softmax(e_t)
    PAG       Abar[i] = Wp tanh(... + Wb beta_i) + bp, beta_i = tanh(Wi A_{t-1}[i] + bi), u = sigmoid(Gs q + Gh h_i)
              A_t = g ((1-u) A_{t-1} + u Abar) + (1-g) shift(A_{t-1}), alpha_t = softmax(A_t[:, 0])
    rPAG      A has one column, no gate, no summary: A_t = g Abar + (1-g) A_{t-1}
The recurrence itself is in `pag_recurrence.py`, the naive one beside it in `pag_reference.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

Kind = Literal["baseline", "pag", "rpag"]
Reading = Literal["tokens", "pairs", "flagged"]

TAU_BIAS = -1.8  # softplus(-1.8) + 1 is about 1.15 [repo]
TAU_FLOOR = 1.001
PAPER_SPREAD = 0.01
PARTS = ("embeddings", "encoder", "decoder", "attention", "planner", "output")


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes and switches of one model.

    reading: tokens (ids [B, S]), pairs (ordered label pairs [B, S, 2], the last of each example is the query) or
    flagged (word and flag [B, S, 2]). sources, targets: vocabulary sizes; pointer: targets from `targets` on point at
    source positions. commit_bias: start of the commitment's first logit. sees_context: rPAG's commitment reads
    [q; psi_{t-1}].
    """

    kind: Kind
    reading: Reading
    sources: int
    targets: int
    embedding: int = 32
    width: int = 64
    k: int = 10
    summary: int = 64
    layers: int = 2
    query: Literal["s1", "s2"] = "s2"
    has_gate: bool = True
    has_summary: bool = True
    has_layer_norm: bool = False
    sees_context: bool = True
    pointer: bool = False
    commit_bias: float = 1.0
    paper_init: bool = False

    @property
    def rows(self) -> int:
        """Columns of A: k for PAG, 1 for the others."""
        return self.k if self.kind == "pag" else 1

    @property
    def plans(self) -> bool:
        """Whether there is a commitment."""
        return self.kind != "baseline"


class Reader(nn.Module):
    """Source ids to embeddings [B, S, E]."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.reading = shape.reading
        E = shape.embedding
        if shape.reading == "pairs":
            # Ordered tables for the query: with one table for both ends its direction is lost (section 2.9, 6).
            self.tail, self.head = nn.Embedding(shape.sources, E), nn.Embedding(shape.sources, E)
            self.query_from, self.query_to = nn.Embedding(shape.sources, E), nn.Embedding(shape.sources, E)
        else:
            self.word = nn.Embedding(shape.sources, E)
            if shape.reading == "flagged":
                self.flag = nn.Embedding(2, E)

    def forward(self, source: Tensor, lengths: Tensor) -> Tensor:
        """source int64 [B, S] or [B, S, 2], lengths int64 [B]."""
        if self.reading == "tokens":
            return torch.as_tensor(self.word(source))
        a, b = source[..., 0], source[..., 1]
        if self.reading == "flagged":
            return torch.as_tensor(self.word(a) + self.flag(b))
        is_query = (torch.arange(source.shape[1], device=source.device) == (lengths - 1).unsqueeze(1)).unsqueeze(-1)
        return torch.where(is_query, self.query_from(a) + self.query_to(b), self.tail(a) + self.head(b))


class Attention(nn.Module):
    """Wc h_i + Wq q + Wy y + b, a tanh, and `rows` energies for each source position."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        H, C, E = shape.width, 2 * shape.width, shape.embedding
        self.Wc = nn.Linear(C, C)  # its bias is b
        self.Wq = nn.Linear(H, C, bias=False)
        self.Wy = nn.Linear(E, C, bias=False)
        self.Wp = nn.Linear(C, shape.rows)  # v and c of the baseline
        self.norm = nn.LayerNorm(C) if shape.has_layer_norm else None


class Planner(nn.Module):
    """What PAG and rPAG have beyond attention: commitment, temperature; PAG: gate and summary of the old plan."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        H, C, k = shape.width, 2 * shape.width, shape.k
        self.Wcm = nn.Linear(H, k)
        self.Wcx = nn.Linear(C, k, bias=False) if shape.kind == "rpag" and shape.sees_context else None
        self.wtau = nn.Linear(H, 1)
        is_pag = shape.kind == "pag"
        self.Gs = nn.Linear(H, k) if is_pag and shape.has_gate else None
        self.Gh = nn.Linear(C, k, bias=False) if is_pag and shape.has_gate else None
        self.Wi = nn.Linear(k, shape.summary) if is_pag and shape.has_summary else None
        self.Wb = nn.Linear(shape.summary, C, bias=False) if is_pag and shape.has_summary else None


class Output(nn.Module):
    """p(y_t) = softmax(Wo tanh(Ls [s1; s2] + Ly y_{t-1} + Lc psi)); with a pointer, a mixture with alpha_t."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        H, C, E = shape.width, 2 * shape.width, shape.embedding
        self.Ls = nn.Linear(shape.layers * H, H)
        self.Ly = nn.Linear(E, H, bias=False)
        self.Lc = nn.Linear(C, H, bias=False)
        self.norm = nn.LayerNorm(H) if shape.has_layer_norm else None
        self.Wo = nn.Linear(H, shape.targets)
        self.wz = nn.Linear(H, 1) if shape.pointer else None

    def forward(self, states: Tensor, y: Tensor, psi: Tensor, alpha: Tensor, keep: Tensor | None = None) -> Tensor:
        """Log probabilities [.., V] (or [.., V + S] with a pointer) from states [.., layers*H] and the rest.

        keep: dropout mask of the hidden layer, already scaled.
        """
        return self.read(self.Ls(states) + self.Ly(y) + self.Lc(psi), alpha, keep)

    def read(self, hidden: Tensor, alpha: Tensor, keep: Tensor | None = None) -> Tensor:
        """The same from the sum that goes into the tanh, [.., H]."""
        hidden = torch.tanh(hidden if self.norm is None else self.norm(hidden))
        hidden = hidden if keep is None else hidden * keep
        chosen = torch.log_softmax(self.Wo(hidden), -1)
        if self.wz is None:
            return chosen
        z = self.wz(hidden)
        pointed = torch.log(alpha.clamp(min=1e-12)) + nn.functional.logsigmoid(-z)
        return torch.cat((chosen + nn.functional.logsigmoid(z), pointed), -1)


@dataclass(slots=True)
class Annotations:
    """What the decoder reads. h [B, S, C]: annotations; bias [B, S]: 0 on tokens, -inf on padding; start: the first
    state [B, H] of each decoder layer.
    """

    h: Tensor
    bias: Tensor
    start: tuple[Tensor, ...]


class Network(nn.Module):
    """One of the three models."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        H, C, E = shape.width, 2 * shape.width, shape.embedding
        self.shape = shape
        self.reader = Reader(shape)
        self.writer = nn.Embedding(shape.targets + (1 if shape.pointer else 0), E)
        self.encoder = nn.GRU(E, H, batch_first=True, bidirectional=True)
        self.start = nn.Linear(C, shape.layers * H)
        self.gru1 = nn.GRUCell(E + C, H)
        self.gru2 = nn.GRUCell(H + C, H) if shape.layers == 2 else None
        self.output = Output(shape)
        self.attention = Attention(shape)
        self.planner = Planner(shape) if shape.plans else None
        if shape.paper_init:
            _draw_as_in_the_paper(self)
        if self.planner is not None:
            with torch.no_grad():
                self.planner.Wcm.bias.zero_()
                self.planner.Wcm.bias[0] = shape.commit_bias
                self.planner.wtau.bias.fill_(TAU_BIAS)

    def embed(self, symbols: Tensor) -> Tensor:
        """Target ids to embeddings [.., E]; everything that points shares one row."""
        return torch.as_tensor(self.writer(symbols.clamp(max=self.writer.num_embeddings - 1)))

    def read(self, source: Tensor, lengths: Tensor, keep: Tensor | None = None) -> Annotations:
        """Encodes; source int64 [B, S] or [B, S, 2] padded with 0, lengths int64 [B], all at least 1.

        keep: dropout mask [B, S, E] of the embeddings, already scaled. The backward GRU never reads padding.
        """
        x = self.reader(source, lengths)
        x = x if keep is None else x * keep
        S = x.shape[1]
        on_host = lengths.cpu()
        if int(on_host.min()) == S:
            h, _ = self.encoder(x)
            bias = x.new_zeros(x.shape[:2])
            mean = h.mean(1)
        else:
            packed = pack_padded_sequence(x, on_host, batch_first=True, enforce_sorted=False)
            h, _ = pad_packed_sequence(self.encoder(packed)[0], batch_first=True, total_length=S)
            is_padding = torch.arange(S, device=x.device) >= lengths.unsqueeze(1)
            bias = x.new_zeros(x.shape[:2]).masked_fill_(is_padding, -math.inf)
            mean = h.sum(1) / lengths.unsqueeze(1)
        return Annotations(h, bias, torch.tanh(self.start(mean)).chunk(self.shape.layers, -1))

    def counts(self) -> dict[str, int]:
        """Trainable numbers by part; planner: all that plain attention of the same width does not have."""
        found = dict.fromkeys(PARTS, 0)
        for name, p in self.named_parameters():
            found[_part_of(name)] += p.numel()
        extra = self.attention.Wp.weight.numel() + self.attention.Wp.bias.numel() - (2 * self.shape.width + 1)
        found["attention"] -= extra
        found["planner"] += extra
        return found

    @property
    def size(self) -> int:
        """Trainable numbers in all."""
        return sum(p.numel() for p in self.parameters())


def _part_of(name: str) -> str:
    top = name.split(".")[0]
    names = {"reader": "embeddings", "writer": "embeddings", "start": "decoder", "gru1": "decoder", "gru2": "decoder"}
    return names.get(top, top)


def _draw_as_in_the_paper(net: nn.Module) -> None:
    """Square blocks orthogonal, the rest normal(0, 0.01), biases 0 [repo]. A trap at small sizes (section 2.8)."""
    with torch.no_grad():
        for name, p in net.named_parameters():
            if "norm" in name:
                continue
            if p.dim() < 2:
                p.zero_()
                continue
            blocks = p.chunk(3) if "gru" in name or "encoder" in name else (p,)
            for block in blocks:
                if block.shape[0] == block.shape[1]:
                    nn.init.orthogonal_(block)
                else:
                    block.normal_(0.0, PAPER_SPREAD)


def new_network(shape: Shape, seed: int, device: torch.device | str = "cpu") -> Network:
    """A network as this seed draws it. What the three kinds share in size begins with the same numbers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(shape).to(device)


def size_of(shape: Shape) -> int:
    """Trainable numbers of a network of this shape, without drawing it."""
    H, E, k, V, D = shape.width, shape.embedding, shape.k, shape.targets, shape.summary
    C, layers = 2 * H, shape.layers

    def gru(inputs: int) -> int:
        return 3 * H * (inputs + H + 2)

    tables = {"tokens": shape.sources, "flagged": shape.sources + 2, "pairs": 4 * shape.sources}[shape.reading]
    count = (tables + V + shape.pointer) * E + 2 * gru(E) + (C + 1) * layers * H + gru(E + C)
    count += gru(H + C) if layers == 2 else 0
    count += (layers * H + 1) * H + E * H + C * H + (H + 1) * V + (H + 1) * shape.pointer
    count += (C + 1) * C + H * C + E * C + (C + 1) * shape.rows + shape.has_layer_norm * 2 * (C + H)
    if shape.plans:
        count += (H + 1) * k + H + 1
    if shape.kind == "rpag" and shape.sees_context:
        count += C * k
    if shape.kind == "pag":
        count += shape.has_gate * ((H + 1) * k + C * k) + shape.has_summary * ((k + 1) * D + D * C)
    return count


def matched_width(shape: Shape, wanted: int) -> int:
    """The width H at which a network of this shape comes nearest to `wanted` trainable numbers."""
    low, high = 1, 4 * shape.width
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if size_of(replace(shape, width=middle)) < wanted else (low, middle)
    near: Iterable[int] = (w for w in (low - 1, low) if w >= 1)
    return min(near, key=lambda w: abs(size_of(replace(shape, width=w)) - wanted))
