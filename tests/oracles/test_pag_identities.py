"""Identities of the planner: what it must equal when parts of it are switched off (page, section 7)."""

from __future__ import annotations

import math

import pytest
import torch

from engine.models.pag import Shape, new_network, size_of
from engine.models.pag_beam import beam_search
from engine.models.pag_decoding import Control, decode
from engine.models.pag_learning import loss_of, nll_of
from engine.models.pag_recurrence import Recurrence, SwitchKnobs
from engine.models.pag_reference import teach_naively
from engine.models.pag_switch import shift
from engine.models.pag_teaching import teach
from tests.oracles.pag_cases import TARGETS, K, always, batch, network, noise, share_weights

KINDS = ["baseline", "pag", "rpag"]
KNOBS = SwitchKnobs()
SHAPES = [
    {},
    {"layers": 1},
    {"query": "s1"},
    {"has_gate": False},
    {"has_summary": False, "has_layer_norm": True},
    {"pointer": True},
    {"sees_context": False},
]


def planner_that_only_attends(kind):
    """O1: u = 1, no summary of the old plan, row 0 with the baseline's weights."""
    baseline = network("baseline")
    planner = network(kind, 1, has_summary=False)
    share_weights(planner, baseline)
    if kind == "pag":
        with torch.no_grad():
            planner.planner.Gs.weight.zero_()
            planner.planner.Gh.weight.zero_()
            planner.planner.Gs.bias.fill_(40.0)  # sigmoid(40) is 1 in single precision
    return baseline, planner


@pytest.mark.parametrize("kind", ["pag", "rpag"])
def test_that_a_planner_that_always_re_plans_and_forgets_is_the_baseline(kind):
    baseline, planner = planner_that_only_attends(kind)
    source, lengths, target = batch()
    T, B = target.shape[1], len(target)
    one = teach(baseline, baseline.read(source, lengths), target, KNOBS)
    other = teach(planner, planner.read(source, lengths), target, KNOBS, forced=always(T, B))
    assert torch.allclose(one.log_p, other.log_p, atol=1e-5)
    assert torch.allclose(one.alpha, other.alpha, atol=1e-5)
    gradients = []
    for net, taught in ((baseline, one), (planner, other)):
        nll_of(taught.log_p, target, always(T, B)).mean().backward()
        gradients.append((net.encoder.weight_hh_l0.grad, net.attention.Wq.weight.grad))
    for mine, theirs in zip(*gradients, strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5) and float(mine.abs().max()) > 1e-4


def test_that_a_plan_that_is_only_followed_is_read_row_by_row():
    net = network("pag")
    source, lengths, target = batch(T=K)
    follow = always(K, len(target)) & (torch.arange(K) == 0).unsqueeze(1)
    taught = teach(net, net.read(source, lengths), target, KNOBS, forced=follow, keeps_plans=True)
    first = taught.A[0]
    first = first.detach()
    assert float((first[:, :, 0] - first[:, :, 1]).abs().max()) > 1e-3, "rows differ, or the test says nothing"
    for t in range(K):
        assert torch.allclose(taught.alpha[t], torch.softmax(first[:, :, t], 1), atol=1e-6)


def test_that_a_plan_shifted_k_times_is_exactly_zero():
    A = torch.randn(3, 6, K)
    for _ in range(K - 1):
        A = shift(A, 0.0)
    assert bool(A.abs().sum() > 0)
    assert torch.equal(shift(A, 0.0), torch.zeros_like(A))


def test_that_rpag_looks_at_the_very_same_place_until_it_re_plans():
    net = network("rpag")
    source, lengths, target = batch(T=12)
    taught = teach(net, net.read(source, lengths), target, KNOBS, noise=noise(12, 4))
    followed = ~taught.is_new[1:]
    same = (taught.alpha[1:] == taught.alpha[:-1]).all(-1)
    assert bool(followed.any()) and bool((~followed).any())
    assert torch.equal(same[followed], torch.ones_like(same[followed]))
    assert not bool(same[~followed].any())


@pytest.mark.parametrize("kind", KINDS)
def test_that_padding_changes_nothing_that_is_written(kind):
    net = network(kind)
    source, lengths, _ = batch()
    padded = torch.cat((source, torch.zeros(4, 5, dtype=torch.int64)), 1)
    alone = decode(net, net.read(source, lengths), KNOBS, Control(10))
    beside = decode(net, net.read(padded, lengths), KNOBS, Control(10))
    assert torch.equal(alone.symbols, beside.symbols)
    assert torch.allclose(alone.log_p, beside.log_p, atol=1e-5)
    assert bool((beside.alpha[..., 6:] == 0).all())


@pytest.mark.parametrize("kind", KINDS)
def test_that_examples_of_different_length_do_not_disturb_each_other(kind):
    net = network(kind)
    source, _, target = batch()
    lengths = torch.tensor([6, 3, 1, 5])
    together = teach(net, net.read(source, lengths), target, KNOBS).log_p
    for n, length in enumerate(lengths.tolist()):
        read = net.read(source[n : n + 1, :length], lengths[n : n + 1])
        alone = teach(net, read, target[n : n + 1], KNOBS).log_p
        assert torch.allclose(together[:, n], alone[:, 0], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_that_an_untrained_model_is_as_unsure_as_its_vocabulary_is_large(kind):
    net = network(kind, embedding=32, width=64)
    source, lengths, target = batch(B=16, T=20)
    nll = nll_of(teach(net, net.read(source, lengths), target, KNOBS).log_p, target, always(20, 16)).mean()
    assert float(nll.detach()) == pytest.approx(20 * math.log(TARGETS), rel=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_that_alignments_are_distributions_and_the_first_step_plans(kind):
    net = network(kind)
    source, _, target = batch(T=12)
    lengths = torch.tensor([6, 4, 2, 1])
    taught = teach(net, net.read(source, lengths), target, KNOBS, noise=noise(12, 4))
    assert torch.allclose(taught.alpha.sum(-1), torch.ones(12, 4), atol=1e-6)
    outside = torch.arange(6) >= lengths.unsqueeze(1)
    assert bool((taught.alpha[:, outside] == 0).all())
    if kind != "baseline":
        assert bool(taught.is_new[0].all())
        assert set(taught.g.detach().unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("changes", SHAPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_that_the_fast_recurrence_gives_the_numbers_of_the_formulas(kind, changes):
    net = network(kind, **changes)
    source, _, target = batch()
    lengths = torch.tensor([6, 4, 2, 5])
    knobs = SwitchKnobs("ST-Gumbel", "countdown" if changes.get("layers") else "hazard")
    kicks = noise(8, 4)
    fast = teach(net, net.read(source, lengths), target, knobs, noise=kicks)
    slow = teach_naively(net, net.read(source, lengths), target, knobs, noise=kicks)
    assert torch.allclose(fast.log_p, slow.log_p, atol=1e-5)
    assert torch.allclose(fast.alpha, slow.alpha, atol=1e-6)
    names = [name for name, _ in net.named_parameters()]
    gradients = [
        torch.autograd.grad(t.log_p[..., 1].sum(), list(net.parameters()), allow_unused=True) for t in (fast, slow)
    ]
    for name, mine, theirs in zip(names, *gradients, strict=True):
        assert (mine is None) == (theirs is None), name
        assert mine is None or torch.allclose(mine, theirs, atol=2e-5), name


@pytest.mark.parametrize("changes", [*SHAPES, {"reading": "pairs"}, {"reading": "flagged"}], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_that_a_size_is_counted_as_it_is_drawn(kind, changes):
    shape = Shape(kind, **{"reading": "tokens", "sources": 7, "targets": 5, "width": 6, "embedding": 4, **changes})
    net = new_network(shape, 0)
    assert size_of(shape) == net.size == sum(net.counts().values())


@pytest.mark.parametrize(("kind", "changes"), [*((kind, {}) for kind in KINDS), ("pag", {"has_layer_norm": True})])
def test_that_recomputing_the_energies_changes_no_gradient(kind, changes):
    net = network(kind, **changes)
    source, lengths, target = batch()
    found = []
    for recompute in (False, True):
        taught = teach(net, net.read(source, lengths), target, KNOBS, noise=noise(8, 4), recompute=recompute)
        found.append(torch.autograd.grad(taught.log_p[..., 1].sum(), list(net.parameters()), allow_unused=True))
    assert all(a is None or torch.allclose(a, b, atol=1e-5) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("is_forced", [False, True])
@pytest.mark.parametrize("kind", ["pag", "rpag"])
def test_that_the_gradients_written_out_are_those_of_autograd_through_the_whole_loss(kind, is_forced):
    """Price, pull, temperature and policy included; `keeps_plans` makes `teach` step under autograd."""
    net = network(kind, commit_bias=0.0)
    source, _, target = batch(T=10)
    lengths, there = torch.tensor([6, 4, 2, 5]), torch.tensor([10, 7, 9, 3])
    forced = (torch.arange(10) % 3 == 0).unsqueeze(1).expand(10, 4) if is_forced else None
    for knobs in (KNOBS, SwitchKnobs("ST"), SwitchKnobs(tau_inv=2.0)):
        found = []
        for by_autograd in (False, True):
            taught = teach(
                net, net.read(source, lengths), target, knobs, noise=noise(10, 4), forced=forced,
                keeps_plans=by_autograd,
            )  # fmt: skip
            loss = loss_of(taught, target, there, lam=0.3, eta=0.2, is_learned=not is_forced, rewards=None)
            found.append(torch.autograd.grad(loss.total, list(net.parameters()), allow_unused=True))
        for (name, p), mine, theirs in zip(net.named_parameters(), *found, strict=True):
            zero = torch.zeros_like(p)
            assert torch.allclose(zero if mine is None else mine, zero if theirs is None else theirs, atol=1e-5), name


@pytest.mark.parametrize("kind", KINDS)
def test_that_teaching_a_greedy_output_gives_it_back(kind):
    net = network(kind)
    source, lengths, _ = batch()
    written = decode(net, net.read(source, lengths), KNOBS, Control(12), keeps_moments=True)
    target = written.symbols.t().clone()
    taught = teach(net, net.read(source, lengths), target, KNOBS)
    for n, length in enumerate(written.lengths.tolist()):
        assert torch.equal(taught.log_p[:length, n].argmax(-1), target[n, :length])
        assert torch.allclose(taught.alpha[:length, n], written.alpha[:length, n], atol=1e-6)
        if kind != "baseline":
            assert torch.equal(taught.is_new[:length, n], written.is_new[:length, n])


@pytest.mark.parametrize("kind", ["pag", "rpag"])
def test_that_one_source_alone_is_decoded_as_among_others_though_follow_steps_leave_the_candidate_out(kind):
    net = network(kind, 4, commit_bias=0.0)
    with torch.no_grad():
        net.planner.Wcm.weight.mul_(8.0)  # so that it follows
    source, lengths, _ = batch()
    among = decode(net, net.read(source, lengths), KNOBS, Control(9), keeps_moments=True)
    alone = decode(net, net.read(source[:1], lengths[:1]), KNOBS, Control(9), keeps_moments=True)
    T = int(alone.lengths[0])
    assert 0 < int(alone.is_new[:T].sum()) < T
    assert torch.equal(alone.symbols[:T, 0], among.symbols[:T, 0])
    for mine, theirs in zip(alone.moments, among.moments, strict=False):
        assert torch.allclose(mine.carry.A[0], theirs.carry.A[0], atol=1e-6)
        assert torch.equal(mine.is_new[0], theirs.is_new[0])


@pytest.mark.parametrize("kind", KINDS)
def test_that_a_beam_of_one_is_greedy_and_a_wider_one_finds_no_less(kind):
    net = network(kind, 3)
    with torch.no_grad():
        net.output.Wo.weight.mul_(6.0)  # confident enough that outputs end
    source, lengths, _ = batch(B=5, seed=2)
    read = net.read(source, lengths)
    control = Control(10)
    greedy = decode(net, read, KNOBS, control)
    narrow, wide = (beam_search(net, read, KNOBS, control, width) for width in (1, 6))
    for n, length in enumerate(greedy.lengths.tolist()):
        assert list(narrow[n][0].symbols) == greedy.symbols[:length, n].tolist()
        assert narrow[n][0].log_p == pytest.approx(float(greedy.log_p[n]), abs=1e-4)
        assert len(wide[n]) == 6 and len({e.symbols for e in wide[n]}) == 6
        best = max(e.log_p for e in wide[n])
        assert best >= narrow[n][0].log_p - 1e-5


@pytest.mark.parametrize("kind", ["pag", "rpag"])
def test_that_a_hypothesis_of_a_beam_has_its_own_plan_and_commitment(kind):
    """Every ending scored by the beam has the log probability that teaching it alone gives."""
    net = network(kind, 4, commit_bias=0.0)
    with torch.no_grad():
        net.planner.Wcm.weight.mul_(8.0)  # so that different outputs switch at different steps
    source, lengths, _ = batch(B=2, seed=5)
    read = net.read(source, lengths)
    switches = set()
    for n, endings in enumerate(beam_search(net, read, KNOBS, Control(9), 5)):
        for ending in endings:
            target = torch.tensor([ending.symbols])
            alone = net.read(source[n : n + 1], lengths[n : n + 1])
            taught = teach(net, alone, target, KNOBS)
            assert float(nll_of(taught.log_p.detach(), target, always(len(ending.symbols), 1))) == pytest.approx(
                -ending.log_p, abs=1e-4
            )
            switches.add(tuple(taught.is_new[:, 0].tolist()))
    assert len(switches) > 1, "all hypotheses switch alike: the test says nothing"


def test_that_members_of_a_batch_can_change_places_between_steps():
    net = network("pag")
    source, lengths, target = batch()
    read = net.read(source, lengths)
    steps = Recurrence(net, read, KNOBS)
    y = net.embed(target[:, 0])
    carry, _ = steps.step(steps.begin(), steps.hear(y))
    index = torch.tensor([2, 0, 3, 1])
    moved = carry.rows(index)
    assert torch.equal(moved.A, carry.A[index]) and torch.equal(moved.psi, carry.psi[index])
    assert all(torch.equal(a, b[index]) for a, b in zip(moved.commitment, carry.commitment, strict=True))
    assert all(torch.equal(a, b[index]) for a, b in zip(moved.asked, carry.asked, strict=True))


def test_that_a_query_without_direction_leaves_one_bit_unknown():
    """O11: with one table for both ends the two circuits of a query share all inputs, so their mean loss is >= ln 2."""
    net = new_network(Shape("pag", "pairs", 6, 7, embedding=8, width=16, k=3), 0)
    forth = torch.tensor([[[0, 1], [1, 0], [1, 2], [2, 1], [2, 0], [0, 2], [0, 1]]])
    back = forth.clone()
    back[0, -1] = torch.tensor([1, 0])
    sources, lengths = torch.cat((forth, back)), torch.tensor([7, 7])
    targets = torch.tensor([[1, 2, 3, 0], [2, 1, 3, 0]])

    def losses():
        with torch.no_grad():
            log_p = teach(net, net.read(sources, lengths), targets, KNOBS).log_p
        return log_p, nll_of(log_p, targets, always(4, 2))

    ordered, _ = losses()
    assert not torch.equal(ordered[0, 0], ordered[0, 1]), "tables of their own tell the ends apart"
    with torch.no_grad():
        net.reader.query_to.weight.copy_(net.reader.query_from.weight)
        net.output.Wo.bias[1:3] = 30.0  # nearly sure of one of the two ends, as after training
    symmetric, nll = losses()
    assert torch.equal(symmetric[0, 0], symmetric[0, 1])
    assert float(nll.mean()) >= math.log(2.0) - 1e-6
