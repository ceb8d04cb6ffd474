"""Chains: what is judged, what is clamped, tapes to the bit, and the exact facts of Markov chains behind the paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.models import gibbsnet_learning
from engine.models.gibbsnet_chain import ChainKnobs, CountedNoise, Held, StreamNoise, Tape, decode, infer, run
from engine.models.gibbsnet_learning import Learner
from tests.oracles.gibbsnet_cases import KNOBS, batch, gradients, learner, nets, seeded

CHAIN = ChainKnobs(label_visible=0.5, label_scale=4.0, log_sigma_max=0.0, decoder_noise=0.0)


def test_that_one_pass_is_ali_with_the_same_loss_and_gradients():
    x, y = batch()
    gibbsnet, ali = learner(K=1), learner(kind="ali", K=5)
    for one in (gibbsnet, ali):
        pairs = one.update(x, y)
    first, second = gradients(gibbsnet), gradients(ali)
    assert first.keys() == second.keys() and all(torch.equal(first[n], second[n]) for n in first)
    assert pairs.loss_d == gibbsnet_learning.Learner.update(learner(kind="ali"), x, y).loss_d


def test_that_the_pair_that_is_judged_is_a_picture_with_the_z_that_made_it():
    one = learner("none", K=3)
    pairs = one.clamped_chain(*batch("none"))
    one.unclamped_chain(pairs)
    assert len(pairs.chain_z) == len(pairs.chain_x) == 3
    for z, x in zip(pairs.chain_z, pairs.chain_x, strict=True):
        assert torch.equal(one.nets.p(z)[0], x)
    assert not torch.allclose(pairs.chain_z[-1], one.nets.q(pairs.chain_x[-1], x[:, :0])[0], atol=1e-3)


@pytest.mark.parametrize("back", range(4))
def test_that_gradient_runs_back_through_so_many_gibbs_steps_and_no_further(back):
    one = learner("none", K=4, grad_steps=back)
    pairs = one.clamped_chain(*batch("none"))
    one.unclamped_chain(pairs)
    assert [x.requires_grad for x in pairs.chain_x] == [i >= 3 - back for i in range(4)]
    assert [z.requires_grad for z in pairs.chain_z] == [i > 3 - back for i in range(4)]


def test_that_a_chain_goes_on_from_the_pool_and_puts_back_where_it_got_to():
    one = learner("none", K=2, pool_share=0.75)
    before = one.pool.clone()
    pairs = one.clamped_chain(*batch("none"))
    one.unclamped_chain(pairs)
    moved = (one.pool != before).any(1)
    assert int(moved.sum()) == 12 + gibbsnet_learning.FRESH
    starts = pairs.chain_z[0]
    assert all(bool((before == z).all(1).any()) for z in starts[:12])
    assert not any(bool((before == z).all(1).any()) for z in starts[12:])


@pytest.mark.parametrize("switch, silent", [("flow_data", "none"), ("flow_decoder", "p"), ("flow_encoder", "none")])
def test_that_a_cut_arrow_carries_no_gradient(switch, silent):
    cut = learner(K=2, **{switch: False})
    whole = learner(K=2)
    for one in (cut, whole):
        pairs = one.clamped_chain(*batch())
        one.unclamped_chain(pairs)
        one.discriminate(pairs)
    with_cut, without = gradients(cut), gradients(whole)
    if switch == "flow_decoder":
        assert not any(name.startswith("p.body") for name in with_cut)
        return
    q = [name for name in without if name.startswith("q.")]
    assert any(not torch.allclose(with_cut.get(n, torch.zeros(1)), without[n]) for n in q)
    p = [name for name in without if name.startswith("p.")]
    assert all(torch.allclose(with_cut[n], without[n], atol=1e-6) for n in p), "the decoder learns as before"
    both = learner(K=2, flow_data=False, flow_encoder=False)
    pairs = both.clamped_chain(*batch())
    both.unclamped_chain(pairs)
    both.discriminate(pairs)
    assert not any(name.startswith("q.") for name in gradients(both))


def test_that_known_pixels_do_not_change_by_one_bit_in_fifty_steps_and_soft_ones_mix():
    x = torch.rand(16, generator=seeded(5))
    mask = torch.zeros(16)
    mask[:7], mask[7] = 1.0, 0.5
    held = Held(x, mask)
    one = nets("none")
    noise = StreamNoise(one, 9, CHAIN, seeded())
    z = torch.randn(9, 6, generator=seeded(1))
    with torch.no_grad():
        for step in range(1, 51):
            draw = noise.at(step)
            moment = decode(one, z, held, CHAIN, draw)
            assert torch.equal(moment.x[:, :7], x[:7].expand(9, 7))
            made = one.p(z)[0]
            assert torch.equal(moment.x[:, 8:], made[:, 8:])
            assert torch.allclose(moment.x[:, 7], 0.5 * x[7] + 0.5 * made[:, 7])
            z = infer(one, moment, held, CHAIN, draw)


def test_that_a_held_label_is_what_q_sees_and_free_entries_stay_free():
    one = nets()
    held = Held(y=torch.eye(5)[2], y_mask=torch.ones(5))
    moment = run(one, torch.randn(50, 6, generator=seeded()), 3, CHAIN, StreamNoise(one, 50, CHAIN, seeded(1)), held)
    assert torch.equal(moment.y, torch.eye(5)[2].expand(50, 5))
    some = Held(y=torch.tensor([1.0, 0, 0, 0, 0]), y_mask=torch.tensor([1.0, 1.0, 0, 0, 0]))
    other = nets("attributes")
    free = run(other, torch.randn(99, 6, generator=seeded()), 3, CHAIN, StreamNoise(other, 99, CHAIN, seeded(1)), some)
    assert bool((free.y[:, 0] == 1).all()) and bool((free.y[:, 1] == 0).all())
    assert 0 < float(free.y[:, 2:].mean()) < 1


def tape(steps: int, *, seed: int = 3, noise: float = 0.0, first: int = 1, z=None, chains: int = 4) -> Tape:
    one, knobs = nets(), replace(CHAIN, decoder_noise=noise)
    counted = CountedNoise(one, chains, knobs, seed)
    return Tape(one, knobs, Held(), counted, counted.start() if z is None else z, steps, first=first)


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_that_any_step_of_a_tape_equals_a_straight_run_to_the_bit(noise, monkeypatch):
    monkeypatch.setattr("engine.models.gibbsnet_chain.TAPE_BYTES", 2000)  # keeps every eighth state only
    thin = tape(150, noise=noise)
    thin.extend(60.0)
    assert thin.interval == 8 and thin.nbytes <= 2000 and thin.recorded == 150
    straight = tape(150, noise=noise)
    z = straight.z_first
    with torch.no_grad():
        all_z = [z]
        for step in range(1, 150):
            draw = straight.noise.at(step)
            z = infer(
                straight.nets, decode(straight.nets, z, Held(), straight.knobs, draw), Held(), straight.knobs, draw
            )
            all_z.append(z)
    for step in (1, 2, 7, 8, 9, 63, 64, 65, 128, 149, 150, 70, 3):
        assert torch.equal(thin.z_at(step), all_z[step - 1])
        again = decode(straight.nets, all_z[step - 1], Held(), straight.knobs, straight.noise.at(step))
        assert torch.equal(thin.at(step).x, again.x) and torch.equal(thin.at(step).y, again.y)
    with pytest.raises(ValueError, match="step 151 is not recorded: the tape holds 1 to 150"):
        thin.z_at(151)


def test_that_noise_belongs_to_chain_and_step_whatever_was_asked_before():
    first, second = (CountedNoise(nets(), 3, CHAIN, 5) for _ in range(2))
    late = first.at(1000)
    first.at(2)
    second.at(999)
    assert torch.equal(late.eps, first.at(1000).eps) and torch.equal(late.eps, second.at(1000).eps)
    assert not torch.equal(late.eps[0], late.eps[1]) and not torch.equal(late.eps, first.at(1001).eps)
    wider = CountedNoise(nets(), 5, CHAIN, 5)
    assert torch.equal(wider.at(1000).eps[:3], late.eps), "a chain has the same noise in a larger crowd"
    assert not torch.equal(CountedNoise(nets(), 3, CHAIN, 6).at(1000).eps, late.eps)


def test_that_a_branch_begins_where_its_parent_was_and_goes_its_own_way():
    parent = tape(60)
    parent.extend(60.0)
    z = parent.z_at(40)[1:2].repeat(3, 1)
    branch = tape(60, seed=9, first=40, z=z, chains=3)
    branch.extend(60.0)
    assert torch.equal(branch.z_at(40), z)
    assert not torch.allclose(branch.z_at(41)[0], branch.z_at(41)[1])
    assert not torch.allclose(branch.z_at(50)[0], parent.z_at(50)[1])


def test_that_the_memory_of_a_tape_of_a_hundred_thousand_steps_is_bounded():
    long = tape(100_000, chains=64)
    assert long.nbytes <= 32 << 20 and long.interval == 8


def test_that_the_chain_of_exact_conditionals_keeps_the_joint_and_forgets_as_fast_as_its_second_eigenvalue():
    joint = torch.rand(6, 5, generator=seeded(8), dtype=torch.float64)  # p(x, z)
    joint /= joint.sum()
    q = joint / joint.sum(1, keepdim=True)  # q(z|x) [6, 5]
    p = (joint / joint.sum(0, keepdim=True)).T  # p(x|z) [5, 6]
    transition = p @ q  # z to z [5, 5]
    stationary = joint.sum(0)
    assert float((stationary @ transition - stationary).abs().max()) < 1e-15
    second = float(torch.linalg.eigvals(transition).abs().sort().values[-2])
    start = torch.eye(5, dtype=torch.float64)[0]
    for k in (1, 3, 10):
        far = start @ torch.linalg.matrix_power(transition, k)
        assert 0.5 * float((far - stationary).abs().sum()) <= 5 * second**k + 1e-15


def test_that_a_linear_gaussian_chain_has_the_variance_of_theory():
    a, b = 0.8, 0.5
    generator = seeded(11)
    z = torch.zeros(20_000)
    for _ in range(60):
        z = a * z + b * torch.randn(20_000, generator=generator)
    assert float(z.var()) == pytest.approx(b * b / (1 - a * a), rel=0.03)


@pytest.mark.parametrize("single_pass", [True, False])
@pytest.mark.parametrize("reads", ["label", "attributes", "none"])
def test_that_two_runs_of_one_seed_agree_to_the_bit(reads, single_pass):
    knobs = replace(KNOBS, r1=0.5, pool_share=0.5, single_pass=single_pass, decoder_noise=0.05)
    runs = []
    for _ in range(2):
        one = Learner(nets(reads), "gibbsnet", knobs, seeded(4))
        for i in range(9):
            one.update(*batch(reads, seed=i))
        runs.append(one.tensors())
    assert all(torch.equal(runs[0][name], runs[1][name]) for name in runs[0])
    assert np.isfinite(float(runs[0]["nets.q.top.0.weight"].sum()))
