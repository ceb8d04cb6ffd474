"""The bundled digits."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.digits import load_digits


def test_that_the_split_is_fixed_disjoint_and_of_the_stated_size() -> None:
    first, again = load_digits(), load_digits()
    assert first.train_x.shape == (1437, 64) and first.test_x.shape == (360, 64) and first.shape == (8, 8)
    assert first.train_x.dtype == np.float32 and first.train_y.dtype == np.int64
    assert np.array_equal(first.train_x, again.train_x) and np.array_equal(first.test_y, again.test_y)
    counts = np.bincount(np.concatenate([first.train_y, first.test_y]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert first.test_y[:8].tolist() == np.random.default_rng(0).permutation(_labels())[1437:1445].tolist()
    assert first.classes == tuple("0123456789")


def _labels() -> np.ndarray:
    from sklearn.datasets import load_digits as bundled

    return bundled().target


def test_that_pixels_are_sixteenths_between_0_and_1() -> None:
    pixels = load_digits().train_x
    assert pixels.min() == 0 and pixels.max() == 1 and np.array_equal(pixels * 16, np.round(pixels * 16))


def test_that_enlarged_digits_are_the_same_digits_drawn_20_high_in_28() -> None:
    small, large = load_digits(), load_digits(28)
    assert large.train_x.shape == (1437, 784) and large.shape == (28, 28)
    assert np.array_equal(small.train_y, large.train_y) and np.array_equal(small.test_y, large.test_y)
    pictures = large.test_x.reshape(-1, 28, 28)
    assert pictures[:, :4].max() == pictures[:, 24:].max() == pictures[:, :, :4].max() == pictures[:, :, 24:].max() == 0
    assert pictures.min() >= 0 and pictures.max() <= 1
    assert np.mean(np.sum(np.square(large.train_x), 1)) == pytest.approx(79.4, abs=1.0)
    # Interpolation keeps the mean ink of the inner pixels: area grows by (20/8)^2, the clamped border adds a little.
    ratio = large.train_x.sum(1) / small.train_x.sum(1)
    assert np.all(np.abs(ratio / 6.25 - 1) < 0.05)


def test_that_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="8x8 or 28x28, not 16x16"):
        load_digits(16)
