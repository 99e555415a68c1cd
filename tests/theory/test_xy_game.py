"""The game f(x, y) = xy: exact tables, and what the eigenvalues say about every start."""

import subprocess
import sys

import numpy as np
import pytest

from ms_gan.theory.xy_game import alternating, averages, extragradient, growth, matrix, play, simultaneous

STARTS = [(1, 1), (0.3, -2), (-1, 0), (1e-3, 5)]


def distances(points):
    return np.hypot(*points.T)


def turn(size):
    """The angle by which alternating steps turn their ellipse."""
    return 2 * np.arcsin(size / 2)


def test_the_table_of_the_notebook():
    points = play(alternating)
    assert points.shape == (7, 2) and points.dtype == np.float64
    assert points[:, 1].tolist() == [1, 2, 1, -1, -2, -1, 1]  # y
    assert points[:, 0].tolist() == [1, -1, -2, -1, 1, 2, 1]  # x


@pytest.mark.parametrize("start", STARTS)
def test_steps_of_size_1_have_period_6_and_no_shorter_one(start):
    points = play(alternating, start, moves=24)
    np.testing.assert_allclose(points[6:], points[:-6], atol=1e-12)
    assert min(distances(points[1:6] - points[0])) > 0.5
    assert np.array_equal(np.linalg.matrix_power(matrix(alternating), 6), np.eye(2))


def test_matrix_is_the_move():
    assert matrix(alternating).tolist() == [[0, -1], [1, 1]]
    assert matrix(alternating, size=0.5).tolist() == [[0.75, -0.5], [0.5, 1]]
    assert matrix(simultaneous, size=0.5).tolist() == [[1, -0.5], [0.5, 1]]
    assert matrix(extragradient, size=0.5).tolist() == [[0.75, -0.5], [0.5, 0.75]]
    for move in (alternating, simultaneous, extragradient):
        point = np.array([0.3, -2.0])
        np.testing.assert_allclose(matrix(move, size=0.7) @ point, move(point, size=0.7), rtol=1e-12)
        assert point.tolist() == [0.3, -2.0]  # it was not changed in place


@pytest.mark.parametrize("size", [1e-3, 0.1, 0.5, 1, 1.5, 1.99])
@pytest.mark.parametrize("start", STARTS)
def test_alternating_steps_below_2_stay_on_an_ellipse(size, start):
    points = play(alternating, start, moves=5000, size=size)
    x, y = points.T
    kept = x**2 + y**2 + size * x * y
    np.testing.assert_allclose(kept, kept[0], rtol=1e-9)
    # The quadratic form's eigenvalues are 1 ± size/2: they bound the distance from both sides.
    assert distances(points).max() <= np.sqrt(kept[0] / (1 - size / 2)) * (1 + 1e-9)
    assert distances(points).min() >= np.sqrt(kept[0] / (1 + size / 2)) * (1 - 1e-9)
    eigenvalues = np.linalg.eigvals(matrix(alternating, size=size))
    np.testing.assert_allclose(np.abs(eigenvalues), 1, rtol=1e-12)
    np.testing.assert_allclose(np.sort(np.angle(eigenvalues)), [-turn(size), turn(size)], rtol=1e-9)


def test_alternating_steps_of_2_and_more_run_away():
    """At 2 by the same amount every move, above it by the same factor."""
    exact = np.sqrt(2 + 32 * np.arange(1001.0) ** 2)
    np.testing.assert_allclose(distances(play(alternating, moves=1000, size=2)), exact, rtol=1e-12)
    assert growth(alternating, size=2.5) == pytest.approx(4, rel=1e-12)
    points = distances(play(alternating, moves=40, size=2.5))
    assert points[-1] / points[-2] == pytest.approx(4, rel=1e-9)


@pytest.mark.parametrize("size", [1e-3, 0.1, 0.5, 1, 2])
@pytest.mark.parametrize("start", STARTS)
def test_simultaneous_steps_spiral_outward_however_small(size, start):
    far = distances(play(simultaneous, start, moves=200, size=size))
    np.testing.assert_allclose(far[1:] / far[:-1], np.sqrt(1 + size**2), rtol=1e-12)
    assert growth(simultaneous, size=size) == pytest.approx(np.sqrt(1 + size**2), rel=1e-12)


@pytest.mark.parametrize("size", [0.01, 0.25, 0.7, 0.99, 1, 1.2])
def test_extragradient_spirals_inward_below_1(size):
    exact = np.sqrt(1 - size**2 + size**4)
    assert growth(extragradient, size=size) == pytest.approx(exact, rel=1e-12)
    far = distances(play(extragradient, (0.3, -2), moves=50, size=size))
    np.testing.assert_allclose(far[1:] / far[:-1], exact, rtol=1e-12)
    assert (exact < 1) == (size < 1)


def test_extragradient_is_fastest_at_the_root_of_a_half():
    sizes = np.linspace(0.01, 0.99, 981)
    best = sizes[np.argmin([growth(extragradient, size=size) for size in sizes])]
    assert best == pytest.approx(np.sqrt(0.5), abs=1e-3)
    assert growth(extragradient, size=np.sqrt(0.5)) == pytest.approx(np.sqrt(0.75), rel=1e-12)


@pytest.mark.parametrize("size, pull", [(1, 0.1), (0.25, 0.2), (0.5, 0.5)])
def test_a_pull_makes_alternating_steps_spiral_inward(size, pull):
    assert growth(alternating, size=size, pull=pull) == pytest.approx(1 - size * pull, rel=1e-12)
    far = distances(play(alternating, moves=200, size=size, pull=pull))
    assert far[-1] < 10 * (1 - size * pull) ** 200


@pytest.mark.parametrize("pull", [0.1, 0.5, 1])
def test_a_pull_helps_simultaneous_steps_only_below_a_size(pull):
    edge = 2 * pull / (1 + pull**2)
    assert growth(simultaneous, size=0.99 * edge, pull=pull) < 1
    assert growth(simultaneous, size=edge, pull=pull) == pytest.approx(1, rel=1e-12)
    assert growth(simultaneous, size=1.01 * edge, pull=pull) > 1


def test_averages():
    """Over a whole cycle the mean is the equilibrium itself; of a spiral outward it runs away, too."""
    means = averages(play(alternating, moves=6 * 50 - 1))
    assert means[1].tolist() == [0, 1.5]
    assert np.abs(means[5::6]).max() == 0
    assert distances(averages(play(alternating, moves=9999, size=0.25)))[-1] < 1e-3
    assert distances(averages(play(simultaneous, moves=999, size=0.25)))[-1] > 1e9


def test_it_stands_alone():
    """Importing it loads neither MindSpore nor matplotlib."""
    code = "import sys, ms_gan.theory.xy_game; print([n for n in ('mindspore', 'matplotlib') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
