"""The solved game: D*, the value, its maximum, and what the generator feels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ms_gan.theory.divergences import js, kl, normalise
from ms_gan.theory.game import (
    EQUILIBRIUM_VALUE,
    best_value,
    curvature,
    non_saturating_slope,
    optimal_discriminator,
    saturating_slope,
    slope,
    value,
)

SIZES = st.shared(st.integers(2, 12), key="points")
WEIGHTS = SIZES.flatmap(lambda size: arrays(np.float64, size, elements=st.one_of(st.just(0.0), st.floats(1e-6, 1e6))))
DISTRIBUTIONS = WEIGHTS.filter(lambda weights: weights.sum() > 0).map(normalise)
POSITIVE = SIZES.flatmap(lambda size: arrays(np.float64, size, elements=st.floats(1e-3, 1e3))).map(normalise)
ANSWERS = SIZES.flatmap(lambda size: arrays(np.float64, size, elements=st.floats(0, 1)))
X = np.linspace(-12, 12, 4801)
CELL = X[1] - X[0]


def normal(mean, std=1.0):
    return normalise(np.exp(-(((X - mean) / std) ** 2) / 2), CELL)


@given(DISTRIBUTIONS, DISTRIBUTIONS)
def test_the_maximum_is_the_divergence(p_data, p_g):
    found = best_value(p_data, p_g)
    assert found == pytest.approx(-np.log(4) + 2 * js(p_data, p_g), abs=1e-10)
    assert -np.log(4) - 1e-12 <= found <= 1e-12


@pytest.mark.parametrize(("mean", "std"), [(0, 1), (0.1, 1), (1, 0.5), (-3, 2)])
def test_the_maximum_is_the_divergence_for_densities(mean, std):
    p_data, p_g = normal(0), normal(mean, std)
    assert best_value(p_data, p_g, CELL) == pytest.approx(EQUILIBRIUM_VALUE + 2 * js(p_data, p_g, CELL), abs=1e-10)


@given(DISTRIBUTIONS, DISTRIBUTIONS, ANSWERS)
def test_the_best_d_beats_any_other(p_data, p_g, d):
    assert value(p_data, p_g, d) <= best_value(p_data, p_g) + 1e-12


@given(POSITIVE, POSITIVE, SIZES.flatmap(lambda size: arrays(np.float64, size, elements=st.floats(-0.3, 0.3))))
def test_any_other_d_is_worse(p_data, p_g, shift):
    best = optimal_discriminator(p_data, p_g)
    other = best + shift * np.minimum(best, 1 - best)
    lost = best_value(p_data, p_g) - value(p_data, p_g, other)
    # −∂²/∂D² is at least p_data + p_G, so the loss is at least half of that times the squared distance
    assert lost >= 0.5 * ((p_data + p_g) * (other - best) ** 2).sum() - 1e-12


@given(POSITIVE)
def test_the_equilibrium(p):
    assert (optimal_discriminator(p, p) == 0.5).all()
    assert best_value(p, p) == pytest.approx(EQUILIBRIUM_VALUE, abs=1e-12)
    assert value(p, p, np.full_like(p, 0.5)) == pytest.approx(-np.log(4), abs=1e-12)


def test_conventions_for_zeros():
    p_data, p_g = [0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0]
    assert optimal_discriminator(p_data, p_g).tolist() == [1, 0.5, 0, 0.5]
    assert best_value(p_data, p_g) == pytest.approx(-np.log(2), abs=1e-12)  # only the shared point costs anything
    assert value(p_data, p_g, [1, 1, 0, 0.3]) == -np.inf  # certain, and wrong
    assert best_value([1, 0], [0, 1]) == 0  # they can be told apart: D never errs


def test_a_common_factor_cancels():
    p_data, p_g = normal(0), normal(1)
    np.testing.assert_allclose(optimal_discriminator(7 * p_data, 7 * p_g), optimal_discriminator(p_data, p_g))
    # for two normal densities of one width log(D*/(1 − D*)) is a straight line: here ½ − x
    best = optimal_discriminator(p_data, p_g)
    middle = np.abs(X) < 5
    np.testing.assert_allclose(np.log(best / (1 - best))[middle], (0.5 - X)[middle], atol=1e-10)


@given(POSITIVE, POSITIVE, st.floats(0.05, 0.95))
def test_slope_and_curvature_are_the_derivatives(p_data, p_g, d):
    h = 1e-4

    def at(answer):
        return p_data * np.log(answer) + p_g * np.log(1 - answer)

    np.testing.assert_allclose(slope(p_data, p_g, d), (at(d + h) - at(d - h)) / (2 * h), rtol=1e-4, atol=1e-4)
    second = (at(d + h) - 2 * at(d) + at(d - h)) / h**2
    np.testing.assert_allclose(curvature(p_data, p_g, d), second, rtol=1e-3, atol=1e-4)
    assert (curvature(p_data, p_g, d) < 0).all()
    best = optimal_discriminator(p_data, p_g)
    np.testing.assert_allclose(slope(p_data, p_g, best), 0, atol=1e-9)


def test_no_probabilities_are_refused():
    for d in ([1.1, 0.5], [-0.1, 0.5], [np.nan, 0.5]):
        with pytest.raises(ValueError, match="probabilities"):
            value([0.5, 0.5], [0.5, 0.5], d)


def test_generator_slopes():
    scores = np.array([-1000, -6, 0, 6, 1000.0])
    sigmoid = [0, 1 / (1 + np.exp(6)), 0.5, 1 / (1 + np.exp(-6)), 1]
    np.testing.assert_allclose(saturating_slope(scores), [-d for d in sigmoid], rtol=1e-12)
    np.testing.assert_allclose(non_saturating_slope(scores), [d - 1 for d in sigmoid], rtol=1e-12)
    h = 1e-5
    for score in (-6, -1, 0, 2.0):
        saturating = [np.log(1 - 1 / (1 + np.exp(-s))) for s in (score - h, score + h)]
        other = [-np.log(1 / (1 + np.exp(-s))) for s in (score - h, score + h)]
        assert saturating_slope(score) == pytest.approx(np.diff(saturating)[0] / (2 * h), rel=1e-6)
        assert non_saturating_slope(score) == pytest.approx(np.diff(other)[0] / (2 * h), rel=1e-6)


def test_lost_ground_only_the_non_saturating_slope_remains():
    """Where D is sure of a fake, one slope is as good as gone, and the other as large as it gets."""
    assert abs(saturating_slope(-30)) < 1e-12 and non_saturating_slope(-30) == pytest.approx(-1, abs=1e-12)


@pytest.mark.parametrize("mean", [0.3, 1.0, 3.0])
def test_what_the_two_gradients_go_down(mean):
    """With D* held still, for a G that shifts a normal density: log(1 − D*) goes down 2·JSD, and −log D* goes down
    KL(p_G‖p_data) − 2·JSD (Arjovsky and Bottou 2017, theorem 2.5)."""
    p_data, h = normal(0), 1e-4

    def shifted(p, by):
        return normalise(np.exp(-((X - mean - by) ** 2) / 2), CELL)

    p_g = shifted(p_data, 0)
    best = optimal_discriminator(p_data, p_g)
    # log p_data − log p_G exactly, because 1 − D* is 0 in float64 far to the left
    score = mean**2 / 2 - mean * X
    score_slope = -mean
    assert np.allclose(best, 1 / (1 + np.exp(-score)), atol=1e-12)
    saturating = (p_g * saturating_slope(score) * score_slope).sum() * CELL
    non_saturating = (p_g * non_saturating_slope(score) * score_slope).sum() * CELL

    def gradient(of):
        return (of(shifted(p_data, h)) - of(shifted(p_data, -h))) / (2 * h)

    assert saturating == pytest.approx(gradient(lambda p: 2 * js(p_data, p, CELL)), rel=1e-5)
    expected = gradient(lambda p: kl(p, p_data, CELL) - 2 * js(p_data, p, CELL))
    assert non_saturating == pytest.approx(expected, rel=1e-5)
