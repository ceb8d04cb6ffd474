"""Sound to lips: 28 features of 10 ms of sound, and an LSTM that shows each mouth a delay after it heard its sound.

Kumar et al. arXiv 1801.01442 after Suwajanakorn et al. (SIGGRAPH 2017); page, section 2.5. Legend:

    logmel [T, 80]  log of the mel bands at 100 Hz, floor log(1e-3)
    a      [T, 28]  13 cepstra, log energy, and the first differences of the 14; standardised by the training sounds
    m      [T, k]   whitened mouth components (and the two offsets of the centre)
    d               the delay, in steps of 10 ms:   y_t = W LSTM(a_1..a_t) + b,   loss = || y_t - m_{t-d} ||^2

Departures: trained many to many on chunks of one second in batches (page, 2.7 item 4), and never re-standardised at
run time (item 1). The differences look backwards only, so that a stream and a clip give the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[np.floating[Any]]
State = tuple[Tensor, Tensor]

BANDS = 80
CEPSTRA = 13
FEATURES = 2 * (CEPSTRA + 1)
RATE = 100  # steps a second
HIDDEN = 60
DELAY, PAPER_DELAY = 10, 20
LEAST_DEVIATION = 1e-3  # silence has bands that never move (page, section 8)
CHUNK = 100  # one second
BETAS = (0.9, 0.999)
CLIP = 10.0


def _cosines(bands: int) -> NDArray[np.float64]:
    """The first 13 rows of the orthonormal DCT-II of `bands` values."""
    n, k = np.arange(bands), np.arange(CEPSTRA)[:, None]
    rows = np.cos(np.pi * k * (2 * n + 1) / (2 * bands)) * np.sqrt(2.0 / bands)
    rows[0] *= np.sqrt(0.5)
    return np.asarray(rows)


_DCT = _cosines(BANDS)


def cepstra(logmel: Array) -> Array:
    """13 cepstra and the log energy [T, 14] of logmel [T, 80]: DCT-II, and log sum_bands exp(2 logmel)."""
    if logmel.ndim != 2 or logmel.shape[1] != BANDS:
        raise ValueError(f"log-mel frames of shape {logmel.shape}: [frames, {BANDS}] is needed")
    doubled = 2.0 * np.asarray(logmel, dtype=np.float64)
    top = doubled.max(1, keepdims=True)
    energy = top[:, 0] + np.log(np.exp(doubled - top).sum(1))
    return np.concatenate([np.asarray(logmel, dtype=np.float64) @ _DCT.T, energy[:, None]], axis=1)


def features(logmel: Array, before: Array | None = None) -> Array:
    """The 28 numbers of each frame [T, 28]; before [14]: `cepstra` of the frame before, when this goes on from one."""
    still = cepstra(logmel)
    first = still[:1] if before is None else np.asarray(before).reshape(1, -1)
    return np.concatenate([still, np.diff(still, axis=0, prepend=first)], axis=1)


@dataclass(frozen=True, slots=True)
class Standard:
    """Mean and deviation [F] of each feature over the training sounds; saved with the weights."""

    mean: Array
    deviation: Array

    @classmethod
    def of(cls, clips: Sequence[Array]) -> Standard:
        """Over all frames of the training clips."""
        if not clips or not sum(len(clip) for clip in clips):
            raise ValueError("no frame of sound to take the mean of")
        every = np.concatenate(list(clips))
        return cls(every.mean(0), np.maximum(every.std(0), LEAST_DEVIATION))

    def __call__(self, a: Array) -> NDArray[np.float32]:
        """Standardised features."""
        return np.asarray((a - self.mean) / self.deviation, dtype=np.float32)

    def state(self) -> dict[str, Array]:
        """What lasts, by name."""
        return {"mean": self.mean, "deviation": self.deviation}


class Lips(nn.Module):
    """y_t = W LSTM(a_1..a_t) + b: one layer, one direction, linear output, zero state at the start.

    a [B, T, F] -> y [B, T, out]. Raises `ValueError` for a width below 1.
    """

    def __init__(self, outputs: int, hidden: int = HIDDEN, inputs: int = FEATURES) -> None:
        super().__init__()
        if min(outputs, hidden, inputs) < 1:
            raise ValueError(f"inputs {inputs}, hidden {hidden}, outputs {outputs}: each must be at least 1")
        self.lstm = nn.LSTM(inputs, hidden, batch_first=True)
        self.head = nn.Linear(hidden, outputs)

    def forward(self, a: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """All outputs and the state after the last step."""
        h, after = self.lstm(a, state)
        return self.head(h), after

    @torch.no_grad()
    def speak(self, a: Tensor, delay: int) -> Tensor:
        """Mouths [T, out] in time with the sound a [T, F]: hear `delay` more frames (the last), drop the first ones."""
        if not len(a):
            return a.new_zeros(0, self.head.out_features)
        longer = torch.cat([a, a[-1:].expand(delay, -1)])
        y: Tensor = self(longer[None])[0]
        return y[0, delay:]


def delayed_loss(y: Tensor, m: Tensor, delay: int) -> Tensor:
    """Mean over steps t >= d, batch and outputs of (y_t - m_{t-d})^2."""
    if y.shape[1] <= delay:
        raise ValueError(f"chunks of {y.shape[1]} steps are too short for a delay of {delay}")
    return (y[:, delay:] - m[:, : m.shape[1] - delay]).square().mean()


class Stream:
    """Lips step by step: push() sound as it comes, mouths come out `delay` steps later; finish() gives the rest."""

    def __init__(self, lips: Lips, standard: Standard, delay: int) -> None:
        self.lips, self.standard, self.delay = lips, standard, delay
        self._state: State | None = None
        self._heard = 0
        self._before: Array | None = None
        self._last: Tensor | None = None

    @torch.no_grad()
    def _run(self, a: Tensor) -> Tensor:
        y: Tensor
        y, self._state = self.lips(a[None], self._state)
        begin = max(0, min(len(a), self.delay - self._heard))
        self._heard += len(a)
        return y[0, begin:]

    def push(self, logmel: Array) -> Tensor:
        """Mouths [n, out] that became known with these frames [T, 80]; n = T once the delay has passed."""
        where = self.lips.head.weight
        if not len(logmel):
            return where.new_zeros(0, self.lips.head.out_features)
        found = features(logmel, self._before)
        self._before = found[-1, : CEPSTRA + 1]
        a = torch.from_numpy(self.standard(found)).to(where)
        self._last = a[-1:]
        return self._run(a)

    def finish(self) -> Tensor:
        """The last `delay` mouths; afterwards the stream is at its end."""
        if self._last is None:
            return self.lips.head.weight.new_zeros(0, self.lips.head.out_features)
        return self._run(self._last.expand(self.delay, -1))


@dataclass(frozen=True, slots=True)
class Clip:
    """A sentence to learn from: standardised features a [T, F] and mouths m [T, out], both at 100 Hz."""

    a: NDArray[np.float32]
    m: NDArray[np.float32]


def draw_chunks(clips: Sequence[Clip], batch: int, length: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """a [B, L, F], m [B, L, out]: chunks from clips drawn in proportion to their length; short clips hold their end."""
    sizes = np.array([len(clip.a) for clip in clips], dtype=np.float64)
    which = rng.choice(len(clips), size=batch, p=sizes / sizes.sum())
    a, m = [], []
    for index in which:
        clip = clips[int(index)]
        start = int(rng.integers(0, max(1, len(clip.a) - length + 1)))
        at = np.minimum(np.arange(start, start + length), len(clip.a) - 1)
        a.append(clip.a[at])
        m.append(clip.m[at])
    return torch.from_numpy(np.stack(a)), torch.from_numpy(np.stack(m))


class LipsLearner:
    """Adam on `delayed_loss`. Rate and delay may change between steps; a step that is not finite is left out."""

    def __init__(self, lips: Lips, lr: float, delay: int = DELAY) -> None:
        self.lips, self.delay = lips, delay
        self.optimiser = torch.optim.Adam(lips.parameters(), lr=lr, betas=BETAS)
        self.skipped = 0

    def set_rate(self, lr: float) -> None:
        """From the next step on."""
        for group in self.optimiser.param_groups:
            group["lr"] = lr

    def step(self, a: Tensor, m: Tensor) -> float:
        """One update; the loss before it (mean squared error per whitened component; NaN: the update was left out)."""
        self.optimiser.zero_grad(set_to_none=True)
        y, _ = self.lips(a)
        loss = delayed_loss(y, m, self.delay)
        loss.backward()  # type: ignore[no-untyped-call]
        size = nn.utils.clip_grad_norm_(self.lips.parameters(), CLIP)
        if not bool(torch.isfinite(size)):
            self.skipped += 1
            return float("nan")
        self.optimiser.step()
        return float(loss.detach())


@torch.no_grad()
def lips_error(lips: Lips, clips: Sequence[Clip], delay: int) -> float:
    """Squared error per output of whole clips, as they would be spoken: the number of page 5.4 (the mean gives 1)."""
    total, count = 0.0, 0
    for clip in clips:
        y = lips.speak(torch.from_numpy(clip.a).to(lips.head.weight), delay)
        total += float((y - torch.from_numpy(clip.m).to(y)).square().sum())
        count += clip.m.size
    return total / max(count, 1)


def standard_of(state: Mapping[str, Array]) -> Standard:
    """From `Standard.state`."""
    return Standard(np.asarray(state["mean"], dtype=np.float64), np.asarray(state["deviation"], dtype=np.float64))
