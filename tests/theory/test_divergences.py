"""Entropy, KL and JS: known values, and the properties that hold for every distribution."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ms_gan.theory.divergences import cross_entropy, entropy, js, kl, normalise

SIZES = st.shared(st.integers(2, 12), key="points")
WEIGHTS = SIZES.flatmap(lambda size: arrays(np.float64, size, elements=st.one_of(st.just(0.0), st.floats(1e-6, 1e6))))
DISTRIBUTIONS = WEIGHTS.filter(lambda weights: weights.sum() > 0).map(normalise)
POSITIVE = SIZES.flatmap(lambda size: arrays(np.float64, size, elements=st.floats(1e-3, 1e3))).map(normalise)
X = np.linspace(-15, 15, 3000, endpoint=False) + 0.005
CELL = 0.01


def normal(mean, std):
    return normalise(np.exp(-(((X - mean) / std) ** 2) / 2), CELL)


def kl_of_normals(m, s, n, t):
    """KL(N(m, s²)‖N(n, t²))."""
    return np.log(t / s) + (s**2 + (m - n) ** 2) / (2 * t**2) - 1 / 2


def test_known_values():
    assert entropy([0.5, 0.5]) == pytest.approx(np.log(2), rel=1e-12)
    assert entropy(np.full(128, 1 / 128)) == pytest.approx(np.log(128), rel=1e-12)
    assert kl([0.5, 0.5], [0.9, 0.1]) == pytest.approx(0.5 * np.log(0.5 / 0.9) + 0.5 * np.log(0.5 / 0.1), rel=1e-12)
    assert kl([0.9, 0.1], [0.5, 0.5]) == pytest.approx(0.9 * np.log(1.8) + 0.1 * np.log(0.2), rel=1e-12)
    assert js([1, 0], [0, 1]) == pytest.approx(np.log(2), rel=1e-12)
    assert js([1, 0], [0.5, 0.5]) == pytest.approx(0.215761, abs=1e-6)  # ½ log 4/3 + ¼ log 2/3 + ¼ log 2
    # slide A20: what one surprising and one expected answer cost
    assert cross_entropy([1, 0], [0.1, 0.9]) == pytest.approx(2.302585, abs=1e-6)
    assert cross_entropy([1, 0], [0.9, 0.1]) == pytest.approx(0.105361, abs=1e-6)


def test_conventions_for_zeros():
    assert entropy([1.0, 0.0, 0.0]) == 0
    assert kl([0.5, 0.5, 0], [0.25, 0.25, 0.5]) == pytest.approx(np.log(2), rel=1e-12)  # q alone has a point
    assert kl([0.25, 0.25, 0.5], [0.5, 0.5, 0]) == np.inf  # p alone has one
    assert cross_entropy([0.25, 0.25, 0.5], [0.5, 0.5, 0]) == np.inf
    assert kl([0.5, 0.5, 0], [0.5, 0.5, 0]) == 0  # neither has it
    assert js([0.25, 0.25, 0.5], [0.5, 0.5, 0]) < np.log(2)


@pytest.mark.parametrize(("m", "s", "n", "t"), [(0, 1, 1, 1), (0, 1, 0, 2), (-2, 0.5, 1, 1.5), (0, 1, 1e-3, 1)])
def test_normal_densities(m, s, n, t):
    p, q = normal(m, s), normal(n, t)
    assert kl(p, q, CELL) == pytest.approx(kl_of_normals(m, s, n, t), rel=1e-6)
    assert entropy(p, CELL) == pytest.approx(np.log(s * np.sqrt(2 * np.pi * np.e)), abs=1e-9)


def test_a_densitys_entropy_depends_on_the_unit_and_its_divergence_does_not():
    cells = np.abs(X) < 4  # further out the densities are rounded to 0
    p, q = (normalise(normal(mean, 0.2)[cells], CELL) for mean in (0, 0.3))
    assert entropy(p, CELL) < 0
    assert entropy(p / 10, 10 * CELL) == pytest.approx(entropy(p, CELL) + np.log(10), rel=1e-12)
    assert kl(p / 10, q / 10, 10 * CELL) == pytest.approx(kl(p, q, CELL), rel=1e-12)
    assert js(p / 10, q / 10, 10 * CELL) == pytest.approx(js(p, q, CELL), rel=1e-12)


def test_cells_of_different_widths():
    widths = np.random.default_rng(0).uniform(0.005, 0.015, 3000)
    x = np.cumsum(widths) - widths.sum() / 2
    p, q = (normalise(np.exp(-((x - mean) ** 2) / 2), widths) for mean in (0, 1))
    assert kl(p, q, widths) == pytest.approx(1 / 2, rel=1e-3)


@given(DISTRIBUTIONS, DISTRIBUTIONS)
def test_never_negative_and_js_is_bounded_and_symmetric(p, q):
    assert kl(p, q) >= 0
    assert 0 <= js(p, q) <= np.log(2) + 1e-12
    assert js(p, q) == pytest.approx(js(q, p), rel=1e-12, abs=1e-13)
    assert -1e-15 <= entropy(p) <= np.log(len(p)) + 1e-12


@given(DISTRIBUTIONS)
def test_zero_if_equal(p):
    assert kl(p, p) == 0 and js(p, p) == 0
    assert cross_entropy(p, p) == pytest.approx(entropy(p), abs=1e-12)


@given(POSITIVE, st.floats(1e-7, 0.4))
def test_zero_only_if_equal(p, share):
    """Even where the difference is too small for p log(p/q), summed plainly, to be more than rounding."""
    moved = share * min(p[0], p[1])
    q = p.copy()
    q[0] += moved
    q[1] -= moved
    assert kl(p, q) > 0 and js(p, q) > 0


@given(POSITIVE, POSITIVE)
def test_pinskers_inequality(p, q):
    """KL ≥ 2·(total variation)²: from below, so that no small number passes for a divergence."""
    assert kl(p, q) >= 2 * (np.abs(p - q).sum() / 2) ** 2 * (1 - 1e-9) - 1e-30


@given(POSITIVE, POSITIVE)
def test_the_sum_is_the_definition(p, q):
    assert kl(p, q) == pytest.approx((p * np.log(p / q)).sum(), rel=1e-9, abs=1e-13)
    assert cross_entropy(p, q) == pytest.approx(entropy(p) + kl(p, q), rel=1e-12)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_not_symmetric(a, b):
    """Two coins: the two directions agree only for equal coins and for one coin turned over."""
    assume(abs(a - b) > 0.01 and abs(a + b - 1) > 0.01)
    p, q = [a, 1 - a], [b, 1 - b]
    assert kl(p, q) != pytest.approx(kl(q, p), rel=1e-6)


def test_extreme_numbers():
    p, q = normalise([1e-310, 1.0]), normalise([1.0, 1e-310])
    assert np.isfinite(kl(p, q)) and kl(p, q) == pytest.approx(713, abs=2)
    assert kl(normal(0, 0.2), normal(10, 0.2), CELL) == np.inf  # the far one is exactly 0 in float64 there


@pytest.mark.parametrize(
    ("p", "q", "says"),
    [
        ([0.5, 0.6], [0.5, 0.5], "sums to 1, not 1.1"),
        ([1.5, -0.5], [0.5, 0.5], "below 0"),
        ([0.5, 0.5], [np.nan, 1], "no number"),
        ([0.5, 0.5], [1.0], "different shapes"),
    ],
)
def test_what_is_no_distribution_is_refused(p, q, says):
    for divergence in (kl, js, cross_entropy):
        with pytest.raises(ValueError, match=says):
            divergence(p, q)


@pytest.mark.parametrize("weights", [[0, 0], [1, -1e-9], [np.inf, 1], [np.nan, 1]])
def test_weights_that_cannot_be_normalised(weights):
    with pytest.raises(ValueError, match="weights"):
        normalise(weights)


def test_numpy_alone():
    code = (
        "import sys; from ms_gan.theory import divergences, game, push_forward, wasserstein; "
        "sys.exit(any(name in sys.modules for name in ('mindspore', 'scipy', 'matplotlib')))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
