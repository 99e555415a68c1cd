"""The distribution of G(z), with and without an inverse of G."""

import numpy as np
import pytest

from ms_gan.theory.push_forward import change_of_variables, even_codes, share_density

Z = even_codes(200_000)[:, 0].astype(np.float64)


def test_even_codes_are_uniform():
    codes = even_codes(1000)
    assert codes.shape == (1000, 1) and codes.dtype == np.float32
    assert codes[0, 0] == pytest.approx(-0.999, abs=1e-6) and codes.mean() == pytest.approx(0, abs=1e-7)
    assert np.ptp(np.diff(codes[:, 0])) < 1e-6
    assert codes.var() == pytest.approx(1 / 3, rel=1e-5)


def test_both_ways_agree_where_g_is_monotone():
    """x = z + z³/2: p_G = ½ / (1 + 3z²/2)."""
    x = Z + Z**3 / 2
    formula = change_of_variables(np.full_like(Z, 0.5), Z, x)
    np.testing.assert_allclose(formula[1:-1], (0.5 / (1 + 1.5 * Z**2))[1:-1], rtol=1e-4)
    edges = np.linspace(-1.5, 1.5, 61)
    shares = share_density(x, edges)
    centres = (edges[1:] + edges[:-1]) / 2
    np.testing.assert_allclose(shares, np.interp(centres, x, formula), rtol=3e-3)


def test_a_falling_g_has_a_density_too():
    formula = change_of_variables(np.full_like(Z, 0.5), Z, -3 * Z)
    np.testing.assert_allclose(formula, 1 / 6, rtol=1e-6)


@pytest.mark.parametrize("g", [np.square, np.zeros_like, np.sin(np.pi * Z).__mul__], ids=["fold", "point", "wave"])
def test_change_of_variables_refuses_a_g_that_turns_back_or_stands_still(g):
    with pytest.raises(ValueError, match="turns back"):
        change_of_variables(np.full_like(Z, 0.5), Z, g(Z))


def test_shares_need_no_inverse():
    """x = z²: p_G(x) = 1/(2√x), both signs of z added up; its share of a cell is √b − √a."""
    edges = np.linspace(0, 1, 41)
    shares = share_density(Z**2, edges)
    np.testing.assert_allclose(shares * np.diff(edges), np.diff(np.sqrt(edges)), atol=2e-5)


def test_shares_sum_to_1_whatever_lies_outside():
    edges = np.array([0.0, 0.5, 2.0])
    density = share_density(np.array([-7, 0.2, 1.0, 99.0]), edges)
    assert density.tolist() == [0.5 / 0.5, 0.5 / 1.5]
