"""Whole updates equal a naive reference, number by number; the networks equal their formulas written out."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from engine.experiments.gibbsnet_recorded import Recorded
from engine.models.gibbsnet import LOG_SIGMA_MIN, new_nets, probabilities
from engine.models.gibbsnet_descent import Adam
from engine.models.gibbsnet_learning import BETAS, Learner
from tests.oracles.gibbsnet_cases import CPU, KNOBS, batch, learner, nets, seeded, sizes
from tests.oracles.gibbsnet_reference import Reference, Verdict

KINDS = {
    "labels, pool": ("label", "gibbsnet", {"pool_share": 0.5, "r1": 0.5, "r1_every": 2, "grad_steps": 1}),
    "labels, two passes": ("label", "gibbsnet", {"single_pass": False, "r1": 0.5, "r1_every": 1, "grad_steps": 2}),
    "attributes, noise": ("attributes", "gibbsnet", {"decoder_noise": 0.1, "grad_steps": 9, "loss": "non_saturating"}),
    "attributes, two passes": ("attributes", "gibbsnet", {"single_pass": False, "K": 2, "standardise": False}),
    "short chains": ("none", "gibbsnet", {"short_share": 0.5, "loss": "minimax", "pool_share": 0.75, "r1": 1.0}),
    "cut arrows": ("label", "gibbsnet", {"flow_data": False, "flow_encoder": False, "K": 2}),
    "last decoder alone": ("label", "gibbsnet", {"grad_steps": 0}),
    "ali": ("label", "ali", {"pool_share": 0.5, "r1": 0.5}),
    "gan": ("label", "gan", {"r1": 0.5, "pool_share": 0.5}),
}


@pytest.fixture
def exact():
    """Float64, so that only a different formula makes a difference."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", KINDS)
def test_that_updates_equal_two_players_written_out(name, exact):
    reads, kind, changes = KINDS[name]
    one = learner(reads, kind, **changes)
    reference = Reference(one)
    for i in range(5):
        x, y = batch(reads, seed=i)
        one.update(x, y.to(x))
        reference.update(x, y.to(x))
    for part in ("q", "p", "D"):
        ours, theirs = getattr(one.nets, part).state_dict(), getattr(reference, part).state_dict()
        for key, value in theirs.items():
            assert torch.allclose(ours[key], value, rtol=1e-6, atol=1e-9), f"{part}.{key}"
    for ours, theirs in ((one.average.q, reference.average_q), (one.average.p, reference.average_p)):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(a, b, rtol=1e-6, atol=1e-9), "averaged weights"
    assert torch.allclose(one.pool, reference.pool, rtol=1e-6, atol=1e-9)
    assert torch.equal(one.generator.get_state(), reference.generator.get_state()), "as many random numbers"


def test_that_q_and_p_are_the_formulas_of_the_page(exact):
    one = nets()
    x, y = batch()
    y = 4 * y.to(x)
    weights = [w for k, w in one.q.state_dict().items()]

    def leaky(v):
        return torch.where(v > 0, v, 0.2 * v)

    h = leaky(torch.cat([x, y], 1) @ weights[0].T + weights[1])
    out = leaky(h @ weights[2].T + weights[3]) @ weights[4].T + weights[5]
    mu, log_sigma = one.q(x, y, -0.05)
    assert torch.allclose(mu, out[:, :6]) and torch.allclose(log_sigma, out[:, 6:].clamp(-4.0, -0.05))
    assert float(log_sigma.detach().max()) == -0.05
    with torch.no_grad():
        one.q.top[-1].bias[6:] = -99.0
    assert torch.equal(one.q(x, y, 0.0)[1], torch.full((16, 6), LOG_SIGMA_MIN))
    z = torch.randn(16, 6, generator=seeded())
    weights = [w for k, w in one.p.state_dict().items()]
    h = leaky(leaky(z @ weights[0].T + weights[1]) @ weights[2].T + weights[3])
    out = h @ weights[4].T + weights[5]
    made, logits = one.p(z)
    assert torch.allclose(made, 1 / (1 + torch.exp(-out[:, :16]))) and torch.allclose(logits, out[:, 16:])
    p = probabilities(logits, "label")
    assert torch.allclose(p.sum(1), torch.ones(16)) and torch.allclose(p, out[:, 16:].softmax(1))
    assert torch.allclose(probabilities(logits, "attributes"), 1 / (1 + torch.exp(-out[:, 16:])))


@pytest.mark.parametrize("standardise", [True, False])
def test_that_the_discriminator_is_the_formula_of_the_page(standardise, exact):
    D = nets().D
    x, y = batch()
    z = 3 + 2 * torch.randn(16, 6, generator=seeded(3))
    for _ in range(400):
        D.notice(z)
    seen = D.seen(z, True)
    assert torch.allclose(seen.mean(0), torch.zeros(6), atol=2e-3) and torch.allclose(
        seen.std(0, correction=0), torch.ones(6), atol=2e-3
    )
    f, g = D(x, D.seen(z, standardise))
    verdict = Verdict(D, x, z, y.to(x), standardise)
    assert torch.allclose(f, verdict.parts(x, z)[0]) and torch.allclose(g, verdict.by_entry())


def test_that_the_convolutional_networks_have_the_shapes_of_ali():
    big = replace(sizes("attributes"), shape=(3, 32, 32), d=64, hidden=512, net="conv")
    made = new_nets(big, seeded(), CPU)
    kernels = [tuple(m.weight.shape) for m in made.q.trunk if hasattr(m, "weight")]
    assert kernels == [(32, 3, 5, 5), (64, 32, 4, 4), (128, 64, 4, 4), (256, 128, 4, 4), (512, 256, 4, 4)]
    backwards = [tuple(m.weight.shape) for m in made.p.body if hasattr(m, "weight")]
    assert backwards[0] == (64, 256, 4, 4) and backwards[-1] == (3, 32, 1, 1)
    x = torch.rand(2, 3072, generator=seeded())
    mu, _ = made.q(x, torch.zeros(2, 5))
    assert mu.shape == (2, 64) and made.p(mu)[0].shape == (2, 3072) and made.D(x, mu)[1].shape == (2, 5)


def test_that_rates_changed_while_training_reach_both_players():
    one = learner("none")
    x, y = batch("none")
    one.change(replace(KNOBS, lr=0.0, lr_ratio=5.0))
    before = {k: v.clone() for k, v in one.nets.tensors().items()}
    one.update(x, y)
    after = one.nets.tensors()
    assert all(torch.equal(before[k], after[k]) for k in before if not k.startswith(("D.mean", "D.var")))
    one.change(replace(KNOBS, lr=1e-3, lr_ratio=5.0))
    fresh = learner("none", lr=1e-3, lr_ratio=5.0)
    assert _first_step(one, x, y, "D") == pytest.approx(_first_step(fresh, x, y, "D"), rel=0.3)


def _first_step(one: Learner, x, y, part: str) -> float:  # type: ignore[no-untyped-def]
    before = torch.cat([w.detach().clone().flatten() for w in getattr(one.nets, part).parameters()])
    one.update(x, y)
    after = torch.cat([w.detach().flatten() for w in getattr(one.nets, part).parameters()])
    return math.sqrt(float((after - before).square().mean()))


def test_that_the_fused_adam_gives_the_numbers_of_torchs_own_and_goes_on_after_a_reload():
    generator = seeded(3)
    start = [torch.randn(4, 3, generator=generator), torch.randn(5, generator=generator)]
    ours, theirs = ([w.clone().requires_grad_() for w in start] for _ in range(2))
    adam, reference = Adam(ours, 1e-3, BETAS), torch.optim.Adam(theirs, lr=1e-3, betas=BETAS, fused=True)
    for step in range(6):
        for one, other in zip(ours, theirs, strict=True):
            one.grad = torch.randn(one.shape, generator=generator)
            other.grad = one.grad.clone()
        if step == 2:
            ours[1].grad = theirs[1].grad = None  # took no part
        if step == 4:
            kept = adam.tensors()
            adam = Adam(ours, 5e-4, BETAS)
            adam.load(kept)
            reference.param_groups[0]["lr"] = 5e-4
        adam.update()
        reference.step()
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_that_short_chains_come_as_often_as_asked_and_as_often_with_r1_as_without():
    one = learner("none", short_share=0.25)
    short = []
    for one.updates in range(4000):
        short.append(one.shape_of_update[0] == 1)
    assert sum(short) == pytest.approx(1000, abs=2) and sum(short[::4]) == pytest.approx(250, abs=3)


def test_that_nothing_of_an_update_is_read_back_from_the_device(monkeypatch):
    one = learner(pool_share=0.5, short_share=0.5, r1=0.5)
    x, y = batch()

    def refuse(*_args):
        raise AssertionError("a number was read back")

    for name in ("item", "__float__", "__bool__", "__int__", "tolist", "numpy", "cpu"):
        monkeypatch.setattr(torch.Tensor, name, refuse)
    for _ in range(4):
        one.update(x, y)


def test_that_recorded_updates_equal_plain_ones_and_every_shape_has_a_record_of_its_own():
    plain, kept = (learner(pool_share=0.5, short_share=0.5, r1=0.5) for _ in range(2))
    recorded = Recorded()
    for i in range(9):
        x, y = batch(seed=i)
        one, other = plain.update(x, y), recorded.update(kept, x, y)
        assert one.losses == other.losses and kept.updates == i + 1
    first, second = plain.tensors(), kept.tensors()
    assert all(torch.equal(second[name], value) for name, value in first.items())
    assert len(recorded._records) == 4  # one pass or three, with R1 or without
    written = {t.data_ptr() for t in kept.standing()}
    assert {w.data_ptr() for part in (kept.nets.q, kept.nets.p, kept.nets.D) for w in part.parameters()} <= written
