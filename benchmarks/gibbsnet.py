"""GibbsNet: one pass for both players against two, a chain step against the naive one, tapes and any step of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from benchmarks.equilibrium import in_turns
from benchmarks.harness import Row
from engine.data.digits import load_digits
from engine.models.gibbsnet import Nets, Sizes, new_nets
from engine.models.gibbsnet_chain import ChainKnobs, CountedNoise, Held, StreamNoise, Tape, decode, infer
from engine.models.gibbsnet_learning import GameKnobs, Learner

SIZES = Sizes((1, 8, 8), 16, 10, "label", 128, "mlp")
BATCH = 64
CHAINS = 16
SHORT, LONG = 5_000, 100_000
ANSWER_MS = 100.0
CHAIN = ChainKnobs(0.5, 4.0, 0.0, 0.0)
KNOBS = GameKnobs(
    K=4, grad_steps=3, loss="bgan", lr=4e-4, lr_ratio=3.0, r1=0.5, r1_every=4, single_pass=True, standardise=True,
    ema=0.997, label_visible=0.5, label_scale=4.0, log_sigma_max=0.0, decoder_noise=0.0, pool_share=0.0,
)  # fmt: skip
PAGE_SINGLE = {1: 1.23, 4: 1.2}  # by the page: 174 against 141 and 46.5 against 38.8 updates a second


def measure(quick: bool) -> Iterable[Row]:
    """Rows of the table."""
    torch.set_num_threads(1)
    seconds = 0.3 if quick else 2.0
    for K in (1, 4):
        yield from _update(K, seconds)
    yield _chain_step(seconds)
    yield from _tape(SHORT if not quick else 1_000, 20_000 if quick else LONG)


def _nets(seed: int = 0) -> Nets:
    return new_nets(SIZES, torch.Generator().manual_seed(seed), torch.device("cpu"))


def _update(K: int, seconds: float) -> Iterable[Row]:
    """Whole updates of digits with labels, both ways in turns."""
    digits = load_digits(8)
    x = torch.from_numpy(digits.train_x[:BATCH])
    y = torch.eye(10)[torch.from_numpy(digits.train_y[:BATCH])]

    def trainer(single: bool) -> Callable[[], object]:
        knobs = replace(KNOBS, K=K, single_pass=single)
        learner = Learner(_nets(), "gibbsnet", knobs, torch.Generator().manual_seed(1))
        return lambda: [learner.update(x, y) for _ in range(4)]  # four updates: one of them with R1

    single, double = (t / 4 for t in in_turns([trainer(True), trainer(False)], seconds))
    detail = f"{1e3 * double:.3g} ms against {1e3 * single:.3g} ms; the page: {PAGE_SINGLE[K]:g} ×"
    yield Row(f"one update, K = {K}: two passes over one", double / single, "×", "at least 1.05 ×",
              double / single >= 1.05, detail)  # fmt: skip
    yield Row(f"updates, K = {K}, batch {BATCH}", 1.0 / single, "1/s")


def _chain_step(seconds: float) -> Row:
    """64 chains at once with one block of noise against chain by chain with a distribution object a draw."""
    nets = _nets()
    noise = CountedNoise(nets, BATCH, CHAIN, 0)
    z = noise.start()
    held = Held()

    def ours() -> Tensor:
        with torch.no_grad():
            draw = noise.at(7)
            return infer(nets, decode(nets, z, held, CHAIN, draw), held, CHAIN, draw)

    def naive() -> list[Tensor]:
        after = []
        for row in torch.split(z, 1):
            x, logits = nets.p(row)
            label = torch.distributions.Categorical(logits=logits).sample()  # type: ignore[no-untyped-call]
            seen = torch.nn.functional.one_hot(label, 10).float() * CHAIN.label_scale
            mu, log_sigma = nets.q(x, seen)
            after.append(torch.distributions.Normal(mu, log_sigma.exp()).rsample())
        return after

    slow, fast = in_turns([naive, ours], seconds)
    detail = f"{1e3 * slow:.3g} ms against {1e3 * fast:.3g} ms for {BATCH} chains"
    return Row("one chain step: naive over ours", slow / fast, "×", "at least 10 ×", slow / fast >= 10.0, detail)


def _tape(short: int, long: int) -> Iterable[Row]:
    """Recording, and the slowest of many answers at random steps."""
    nets = _nets()
    for steps in (short, long):
        noise = CountedNoise(nets, CHAINS, CHAIN, 0)
        tape = Tape(nets, CHAIN, Held(), noise, noise.start(), steps)
        begun = time.perf_counter()
        tape.extend(float("inf"))
        spent = time.perf_counter() - begun
        detail = f"{1e3 * spent / steps:.3g} ms a step; {tape.nbytes / 2**20:.1f} MB kept, every {tape.interval}"
        yield Row(f"recording {steps:,} steps of {CHAINS} chains", spent, "s", detail=detail)
        wanted = np.random.default_rng(0).integers(1, steps + 1, 200)
        answers = []
        for step in wanted:
            begun = time.perf_counter()
            tape.at(int(step))
            answers.append(1e3 * (time.perf_counter() - begun))
        yield Row(f"any step of {steps:,}: slowest of 200 answers", max(answers), "ms", f"below {ANSWER_MS:g} ms",
                  max(answers) < ANSWER_MS, f"median {np.median(answers):.2g} ms")  # fmt: skip
    straight = StreamNoise(nets, CHAINS, CHAIN, torch.Generator().manual_seed(0))
    z = torch.randn(CHAINS, SIZES.d)
    begun = time.perf_counter()
    with torch.no_grad():
        for step in range(1, 501):
            draw = straight.at(step)
            z = infer(nets, decode(nets, z, Held(), CHAIN, draw), Held(), CHAIN, draw)
    yield Row("the same step without a tape", 2.0 * (time.perf_counter() - begun), "ms")
