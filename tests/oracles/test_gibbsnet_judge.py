"""Measures of samples against closed forms and against cases whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.models import gibbsnet_judge as judge
from tests.oracles.gibbsnet_cases import seeded


def test_that_the_frechet_distance_of_two_diagonal_gaussians_is_the_closed_form():
    a, b = torch.tensor([4.0, 1.0, 0.25]).double(), torch.tensor([1.0, 9.0, 0.25]).double()
    mean = torch.tensor([0.5, -1.0, 2.0]).double()
    j = judge.JITTER**2
    wanted = float(mean.square().sum() + ((a + j).sqrt() - (b + j).sqrt()).square().sum())
    found = judge.frechet(mean, torch.diag(a), torch.zeros(3).double(), torch.diag(b))
    assert found == pytest.approx(wanted, abs=1e-4)
    turn = torch.linalg.qr(torch.randn(3, 3, generator=seeded(), dtype=torch.float64))[0]
    turned = judge.frechet(turn @ mean, turn @ torch.diag(a) @ turn.T, torch.zeros(3).double(),
                           turn @ torch.diag(b) @ turn.T)  # fmt: skip
    assert turned == pytest.approx(found, abs=1e-6), "a rotation of both changes nothing"


def test_that_covariances_that_do_not_commute_give_the_root_of_scipys_definition():
    from scipy.linalg import sqrtm

    g = seeded(2)
    m = [torch.randn(5, 5, generator=g, dtype=torch.float64) for _ in range(2)]
    a, b = (v @ v.T for v in m)
    eye = np.eye(5)
    A, B = a.numpy() + judge.JITTER**2 * eye, b.numpy() + judge.JITTER**2 * eye
    wanted = np.trace(A + B - 2 * sqrtm(A @ B).real)
    zero = torch.zeros(5).double()
    assert judge.frechet(zero, a, zero, b) == pytest.approx(wanted, rel=1e-4)


def test_that_a_collapsed_set_has_a_finite_distance():
    x = torch.rand(300, 64, generator=seeded())
    space = judge.new_space(x)
    assert space.axes is None and space.words == "64 pixels"
    far = space.distance(x[:1].repeat(50, 1))
    assert math.isfinite(far) and far > float(space.covariance.trace()) * 0.8
    assert space.distance(x) == pytest.approx(0.0, abs=1e-5)


def test_that_large_pictures_are_compared_along_the_components_that_vary_most():
    g = seeded(1)
    x = 0.5 + 0.001 * torch.randn(500, 100, generator=g)
    x[:, :3] += torch.randn(500, 3, generator=g)
    space = judge.new_space(x)
    assert space.axes is not None and space.axes.shape == (100, 64)
    assert float(space.covariance.trace()) == pytest.approx(float(x.double().var(0).sum()), rel=0.01)


def test_that_the_score_is_one_for_no_idea_and_the_number_of_classes_for_every_class_surely():
    assert judge.inception_score(torch.full((8, 4), 0.25)) == pytest.approx(1.0)
    assert judge.inception_score(torch.eye(4).repeat(3, 1)) == pytest.approx(4.0, rel=1e-6)
    assert judge.inception_score(torch.eye(4)[:1].repeat(9, 1)) == pytest.approx(1.0, abs=1e-6)


def test_that_spread_is_the_distance_of_pairs_and_entropy_is_in_bits():
    x = torch.rand(40, 9, generator=seeded())
    pairs = [(x[i] - x[j]).square().mean() for i in range(40) for j in range(40) if i != j]
    assert judge.spread(x) == pytest.approx(math.sqrt(float(torch.stack(pairs).mean())), rel=1e-5)
    assert judge.spread(x[:1]) == 0.0
    assert judge.entropy_bits(torch.tensor([2.0, 2.0, 0.0, 0.0])) == pytest.approx(1.0)
    assert judge.entropy_bits(torch.ones(8)) == pytest.approx(3.0)


def test_that_the_seam_is_looked_at_where_known_meets_unknown_only():
    x = torch.zeros(1, 1, 4, 4)
    x[..., :2] = 0.7  # a step of 0.7 between the second and the third column
    mask = torch.zeros(4, 4)
    mask[:, :2] = 1
    assert judge.seam(x.flatten(1), mask, (1, 4, 4)) == pytest.approx(0.7)
    assert judge.seam(x.flatten(1), mask.T, (1, 4, 4)) == pytest.approx(0.0)
    assert math.isnan(judge.seam(x.flatten(1), torch.ones(4, 4), (1, 4, 4)))
