"""A curve keeps every point and draws few of them without losing an extreme."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gui.widgets.history import BLOCK, History


def filled(values: np.ndarray, limit: int = 1_000_000, batch: int = 777) -> History:
    history = History(limit)
    for i in range(0, len(values), batch):
        part = values[i : i + batch]
        steps = np.arange(i, i + len(part))
        history.append(steps, part, steps / 10)
    return history


@pytest.mark.parametrize("n", [10, 2000, 2001, 5_000, 70_000, 400_003])
def test_that_decimation_loses_no_extreme_and_stays_small(n):
    rng = np.random.default_rng(n)
    values = rng.normal(size=n)
    spike, dip = rng.choice(n, 2, replace=False)
    values[spike], values[dip] = 100.0, -100.0
    history = filled(values)
    assert len(history) == n
    np.testing.assert_array_equal(history.values, values)
    x, y = history.drawn(0, n, 2000)
    assert len(x) == len(y) <= 2006
    assert y.max() == 100.0 and y.min() == -100.0
    assert (np.diff(x) >= 0).all() and x[-1] == n - 1 and y[-1] == values[-1]


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 60_000),
    bounds=st.tuples(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2)),
    seed=st.integers(0, 99),
    points=st.sampled_from([20, 200, 2000]),
)
def test_that_every_extreme_in_sight_is_drawn_whatever_is_in_sight(n, bounds, seed, points):
    values = np.random.default_rng(seed).normal(size=n)
    low, high = sorted(b * n for b in bounds)
    history = filled(values)
    x, y = history.drawn(low, high, points)
    assert len(x) <= points + 6
    seen = values[(np.arange(n) >= low) & (np.arange(n) <= high)]
    if len(seen):
        assert y.max() >= seen.max() and y.min() <= seen.min()
        assert set(y) <= set(values)


def test_that_not_a_number_draws_a_gap_and_infinity_too_but_both_are_kept():
    values = np.sin(np.arange(100_000) / 500)
    values[30_000:50_000] = np.nan
    values[70_000] = np.inf
    history = filled(values)
    x, y = history.drawn(0, 1e6, 2000)
    inside = (x > 31_000) & (x < 49_000)
    assert np.isnan(y[inside]).all() and np.isfinite(y[~np.isnan(y)]).all()
    np.testing.assert_array_equal(history.values, values)


def test_that_a_rewind_forgets_what_came_later_and_nothing_else():
    values = np.random.default_rng(0).normal(size=20_000)
    history = filled(values)
    history.clear_after(12_345)
    assert len(history) == 12_346 and history.steps[-1] == 12_345
    history.append([12_346, 12_347], [7.0, 50.0], [0, 0])
    _, y = history.drawn(0, 1e9, 500)
    assert y.max() == 50.0 and history.values[-2] == 7.0
    history.clear_after(-1)
    assert len(history) == 0 and history.at(5) is None
    assert len(history.drawn(0, 1, 100)[0]) == 0


def test_that_beyond_the_bound_the_history_thins_but_keeps_its_extremes():
    limit = 16 * BLOCK
    values = np.random.default_rng(0).normal(size=20_000)
    values[123], values[4_567] = 77.0, -77.0
    history = filled(values, limit=limit, batch=100)
    assert len(history) <= limit
    assert history.values.max() == 77.0 and history.values.min() == -77.0
    assert history.steps[np.argmax(history.values)] == 123
    assert (np.diff(history.steps) > 0).all() and history.steps[-1] == 19_999


def test_that_the_value_at_a_step_is_the_last_one_before_it():
    history = History()
    history.append([0, 10, 20], [1.0, 2.0, 3.0], [0, 1, 2])
    assert history.at(10) == (10, 2.0) and history.at(19.5) == (10, 2.0) and history.at(-1) is None


def test_that_batches_which_cannot_be_right_are_refused():
    history = History()
    history.append([5], [1.0], [0])
    with pytest.raises(ValueError, match="backwards"):
        history.append([4], [1.0], [0])
    with pytest.raises(ValueError, match="backwards"):
        history.append([8, 7], [1.0, 1.0], [0, 0])
    with pytest.raises(ValueError, match="shape"):
        history.append([8, 9], [1.0], [0, 0])
    assert len(history) == 1
