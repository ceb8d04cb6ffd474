"""The dendritic circuit: the fast formulations beside the naive ones, measured in turns within one process."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch

from benchmarks.harness import Row, Timing, time_call
from engine.experiments.contract import Context
from engine.experiments.dendritic import create
from engine.models.dendritic_continuous import ContinuousCircuit
from engine.models.dendritic_fused import FusedEuler
from engine.papers import load_paper

SIZES = (30, 20, 10)
DT_MS = 0.1
SHOWN_MS = 100.0
BATCH = 16


def measure(quick: bool) -> Iterable[Row]:
    """Rows of the table."""
    torch.set_num_threads(1)
    seconds = 0.6 if quick else 3.0
    yield _presentation(seconds)
    yield _membranes(seconds)
    yield _trials(seconds)
    for preset in ("digits-deep", "digits-28"):
        yield _examples(preset, seconds)


def _turns(naive: Callable[[], object], ours: Callable[[], object], seconds: float) -> tuple[Timing, Timing]:
    """Both timed twice in turns, the lower of each kept: what else runs on the machine meets both alike."""
    first, second, third, fourth = (time_call(call, seconds / 2) for call in (naive, ours, naive, ours))
    return min(first, third, key=lambda t: t.lowest), min(second, fourth, key=lambda t: t.lowest)


def _ratio(what: str, times: tuple[Timing, Timing], per: int = 1, at_least: float | None = None) -> Row:
    """How many times faster ours is; one call of ours does what `per` calls of the naive way do."""
    naive, ours = times
    detail = (
        f"{1e3 * per * naive.lowest:.3g} ms against {1e3 * ours.lowest:.3g} ms;"
        f" medians {1e3 * per * naive.median:.3g} and {1e3 * ours.median:.3g}; torch threads {torch.get_num_threads()}"
    )
    value = per * naive.lowest / ours.lowest
    goal = "" if at_least is None else f"at least {at_least:g} ×"
    return Row(what, value, "×", goal, None if at_least is None else value >= at_least, detail)


def _circuit(dtype: torch.dtype = torch.float32) -> ContinuousCircuit:
    made = ContinuousCircuit(SIZES, dtype=dtype)
    made.initialise(torch.Generator().manual_seed(0))
    return made


def _patterns(batch: int, dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(1)
    return tuple(torch.rand(batch, n, generator=draw, dtype=dtype) * 2 - 1 for n in (SIZES[0], SIZES[-1]))  # type: ignore[return-value]


def _presentation(seconds: float) -> Row:
    """One pattern of 100 ms: a thousand Euler steps with plasticity, or settle and learn once."""
    naive, ours = _circuit(), _circuit()
    (x, u), a, b = _patterns(1), naive.rest(1), ours.rest(1)

    def settle_and_learn() -> None:
        ours.settle(b, x, u)
        ours.learn(b, SHOWN_MS)

    times = _turns(lambda: naive.present(a, x, u, SHOWN_MS / 20, DT_MS), settle_and_learn, seconds)
    return _ratio(
        f"one pattern of {SHOWN_MS:g} ms: {SHOWN_MS / DT_MS:.0f} Euler steps over settle + learn", times, 20, 400.0
    )


def _membranes(seconds: float) -> Row:
    """One Euler step of all membranes, weights held: tensor by tensor in torch, or one matrix product in numpy."""
    circuit = _circuit(torch.float64)
    (x, u), state = _patterns(1, torch.float64), circuit.rest(1)
    fused = FusedEuler(circuit, circuit.rest(1), DT_MS)
    fused.refresh(x, u)

    def by_compartment() -> None:
        circuit.euler_step(state, x, u, DT_MS, plastic=False)

    times = _turns(by_compartment, fused.step, seconds)
    return _ratio("one Euler step of the oscilloscope: torch by compartment over fused numpy", times, at_least=15.0)


def _trials(seconds: float) -> Row:
    """Sixteen trials: one after another, or as one batch."""
    one, many = _circuit(), _circuit()
    (x, u), a, b = _patterns(BATCH), one.rest(1), many.rest(BATCH)

    def singly() -> None:
        one.settle(a, x[:1], u[:1])
        one.learn(a, SHOWN_MS)

    def together() -> None:
        many.settle(b, x, u)
        many.learn(b, SHOWN_MS)

    return _ratio(
        f"{BATCH} trials settled and learnt: one by one over one batch", _turns(singly, together, seconds), BATCH
    )


def _examples(preset: str, seconds: float) -> Row:
    """One update of the digits circuit: example by example, or the whole mini-batch at once."""
    paper = load_paper("dendritic")
    batch = int(paper.make_params(preset).model_dump()["batch"])
    context = Context(torch.device("cpu"), lambda *_args: None, lambda _code: None)
    one, many = (create(paper.make_params(preset, {"batch": size}), context) for size in (1, batch))
    return _ratio(
        f"{preset}: {batch} examples one by one over one mini-batch", _turns(one.step, many.step, seconds), batch
    )
