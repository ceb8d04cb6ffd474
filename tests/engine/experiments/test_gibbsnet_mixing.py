"""Whether a chain forgets is followed in short pieces, and the verdict says what it is worth."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import torch

from engine.experiments.gibbsnet_mixing import SLICE_S, Mixing, whole
from engine.papers import gibbsnet_views as v
from tests.engine.experiments.gibbsnet_runs import begin
from tests.engine.experiments.runs import train

QUERY = v.MixingQuery(chains=64, steps=30)


@pytest.fixture(scope="module")
def taught():
    return begin("digits-joint", baselines="ali")


def test_that_no_look_takes_much_longer_than_its_slice_even_while_the_judge_still_learns():
    experiment = begin("digits-28", baselines="none", hidden=32, batch=16)
    assert not experiment.measures.is_ready
    experiment.measures.judge.updates_wanted = 100
    first = experiment.mixing(None)
    assert not len(first.stay) and "learns first" in first.words
    mixing, spent = Mixing(), []
    for _ in range(200):
        begun = time.process_time()
        view = mixing.picture(experiment, QUERY)
        spent.append(time.process_time() - begun)
        if view.words and "so far" not in view.words and "first:" not in view.words:
            break
    assert len(view.lags) and view.lags[-1] == 30
    assert float(np.quantile(spent, 0.9)) < 4 * SLICE_S


def test_that_the_pieces_give_the_same_numbers_as_the_walk_in_one_go(taught):
    mixing = Mixing()
    looks = [mixing.picture(taught, QUERY, 0.0) for _ in range(4)]
    assert "15 of 30" in looks[1].words and looks[2].lags[-1] == 23
    at_once = whole(taught, QUERY)
    assert np.array_equal(looks[-1].stay, at_once.stay) and looks[-1].words == at_once.words
    assert looks[-1].forgets_in == at_once.forgets_in and np.isfinite(at_once.forgets_in)


def test_that_the_last_whole_walk_stays_until_the_next_one_is_whole():
    experiment = begin("digits-joint", baselines="none")
    mixing = Mixing()
    before = mixing.picture(experiment, QUERY, math.inf)
    train(experiment, 2)
    assert mixing.picture(experiment, QUERY, 0.0) is before
    after = mixing.picture(experiment, QUERY, math.inf)
    assert after is not before and after.lags[-1] == 30
    mixing.forget()
    assert "so far" in mixing.picture(experiment, QUERY, 0.0).words


def test_that_a_collapsed_chain_is_not_called_stable():
    experiment = begin("digits-joint", baselines="none")
    with torch.no_grad():
        for weight in experiment.learners["gibbsnet"].average.p.parameters():
            weight.zero_()
    view = whole(experiment, QUERY)
    assert math.isnan(view.forgets_in) and "collapsed" in view.words and "not stability" in view.words
    assert "stays where it is" not in view.words


def test_that_the_words_name_what_keeps_the_chain_stable_or_that_nothing_does(taught):
    ali = whole(taught, v.MixingQuery(model="ali", chains=64, steps=30))
    assert ali.forgets_in > 1 and "one trained pass" in ali.words and "without a pool nothing" in ali.words
    ours = whole(taught, QUERY)
    assert ours.forgets_in <= 3 and "stays where it is, however long" in ours.words
    quiet = {"baselines": "none", "log_sigma_max": -4.0, "chain_steps": 2}  # hardly any noise: it remembers
    sticky = whole(begin("digits-joint", **quiet), QUERY)
    assert sticky.forgets_in > 2 and "only the pool keeps it stable" in sticky.words
    free = whole(begin("digits-joint", **quiet, pool_share=0.0), QUERY)
    assert free.forgets_in == sticky.forgets_in and "without a pool nothing" in free.words


def test_that_attributes_are_followed_without_a_matrix_and_pictures_without_classes_say_so():
    attributes = begin("shapes", baselines="none", batch=16, hidden=32)
    attributes.measures.reader.updates = attributes.measures.reader.updates_wanted
    view = whole(attributes, QUERY)
    assert view.transition.size == 0 and len(view.histogram) == 7
    none = begin("shapes", reads="none", baselines="none", batch=16, hidden=32)
    assert none.mixing(None).words.startswith("This model has no classes")
