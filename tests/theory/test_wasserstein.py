"""The Wasserstein distance in one dimension."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from ms_gan.theory.divergences import js, normalise
from ms_gan.theory.wasserstein import wasserstein_distance, wasserstein_of_samples

WEIGHTS = arrays(np.float64, 8, elements=st.one_of(st.just(0.0), st.floats(1e-3, 1e3)))
DISTRIBUTIONS = WEIGHTS.filter(lambda weights: weights.sum() > 0).map(normalise)
POINTS = np.array([-3, -1, -0.5, 0, 0.1, 2, 5, 9.0])
SAMPLES = arrays(np.float64, 7, elements=st.floats(-100, 100))


def test_it_sees_what_js_does_not():
    """Two points: the Jensen-Shannon divergence is log 2 at every distance, this one is the distance."""
    x = np.arange(11.0)
    data = np.eye(11)[0]
    for theta in range(11):
        generated = np.eye(11)[theta]
        assert wasserstein_distance(data, generated, x) == theta
        assert js(data, generated) == pytest.approx(np.log(2) if theta else 0, abs=1e-12)


@given(DISTRIBUTIONS, DISTRIBUTIONS)
def test_as_scipy_has_it(p, q):
    expected = stats.wasserstein_distance(POINTS, POINTS, p, q)
    assert wasserstein_distance(p, q, POINTS) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(DISTRIBUTIONS, DISTRIBUTIONS, DISTRIBUTIONS)
def test_it_is_a_distance(p, q, r):
    assert wasserstein_distance(p, p, POINTS) == 0
    assert wasserstein_distance(p, q, POINTS) == pytest.approx(wasserstein_distance(q, p, POINTS))
    assert (
        wasserstein_distance(p, r, POINTS)
        <= wasserstein_distance(p, q, POINTS) + wasserstein_distance(q, r, POINTS) + 1e-12
    )


@pytest.mark.parametrize("shift", [0.25, 1, 4])
def test_a_shifted_density(shift):
    x = np.linspace(-8, 14, 4401)
    p, q = (normalise(np.exp(-((x - mean) ** 2) / 2)) for mean in (0, shift))
    assert wasserstein_distance(p, q, x) == pytest.approx(shift, rel=1e-9)


@given(SAMPLES, SAMPLES)
def test_samples_as_scipy_has_them(one, other):
    assert wasserstein_of_samples(one, other) == pytest.approx(
        stats.wasserstein_distance(one, other), rel=1e-9, abs=1e-9
    )


def test_samples_of_any_shape_and_order():
    assert wasserstein_of_samples([[3.0], [1.0], [2.0]], [2.5, 1.5, 3.5]) == 0.5


def test_bad_input():
    with pytest.raises(ValueError, match="rise"):
        wasserstein_distance([0.5, 0.5], [1, 0], [1, 1])
    for one, other in (([1.0], [1.0, 2.0]), ([], [])):
        with pytest.raises(ValueError, match="one size"):
            wasserstein_of_samples(one, other)
