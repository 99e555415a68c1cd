"""Walks between latent codes, against geometry."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ms_gan.data.latent import fixed_codes
from ms_gan.studies.walk.paths import WALKS, great_circle, round_walk, straight, usual_code_lengths

SHARES = np.linspace(0, 1, 5)
ROOT = np.sqrt(0.5)


def test_the_straight_line():
    way = straight(np.float32([1, 0]), np.float32([0, 2]), SHARES)
    assert way.dtype == np.float32
    np.testing.assert_array_equal(way, [[1, 0], [0.75, 0.5], [0.5, 1], [0.25, 1.5], [0, 2]])


def test_the_great_circle_turns_evenly_and_grows_evenly():
    way = great_circle(np.float32([1, 0]), np.float32([0, 2]), SHARES)
    assert way.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), [1, 1.25, 1.5, 1.75, 2], rtol=1e-6)
    np.testing.assert_allclose(np.degrees(np.arctan2(way[:, 1], way[:, 0])), [0, 22.5, 45, 67.5, 90], atol=1e-4)
    np.testing.assert_allclose(way[2], [1.5 * ROOT, 1.5 * ROOT], rtol=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(2, 500), st.floats(0, 1))
def test_on_the_great_circle_no_code_is_too_short(seed, size, share):
    start, goal = fixed_codes(2, size, seed)
    (code,) = great_circle(start, goal, np.array([share])).astype(np.float64)
    ends = np.linalg.norm([start, goal], axis=1)
    cosine = start @ goal / ends.prod()
    if abs(cosine) < 0.999:
        assert np.isclose(np.linalg.norm(code), (1 - share) * ends[0] + share * ends[1], rtol=1e-4)
        # it lies in the plane of both, and at the share of their angle from the start
        turned = np.arccos(np.clip(code @ start / np.linalg.norm(code) / ends[0], -1, 1))
        assert np.isclose(turned, share * np.arccos(cosine), atol=2e-3)


@pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
def test_the_ends_are_the_codes(walk):
    start, goal = fixed_codes(2, 100)
    np.testing.assert_allclose(walk(start, goal, np.array([0, 1])), [start, goal], atol=1e-6)


def test_of_two_codes_of_a_hundred_numbers_the_middle_is_short_on_the_straight_line_only():
    codes = fixed_codes(400, 100, seed=5)
    middles = {
        name: np.mean(
            [np.linalg.norm(walk(*pair, np.array([0.5]))) for pair in zip(codes[:200], codes[200:], strict=True)]
        )
        for name, walk in WALKS.items()
    }
    assert abs(middles["straight line"] - 10 * ROOT) < 0.1
    assert abs(middles["great circle"] - 9.975) < 0.1  # E of the chi distribution with 100 degrees


@pytest.mark.parametrize(
    ("start", "goal", "middle"),
    [([3, 4], [-3, -4], [0, 0]), ([0, 0], [3, 4], [1.5, 2]), ([3, 4], [3, 4], [3, 4]), ([2.0], [-1.0], [0.5])],
)
def test_where_there_is_no_circle_or_none_is_needed(start, goal, middle):
    way = great_circle(np.float32(start), np.float32(goal), SHARES)
    np.testing.assert_allclose(way[2], middle, atol=1e-6)
    np.testing.assert_array_equal(way, straight(np.float32(start), np.float32(goal), SHARES))


@pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
def test_a_tour_passes_all_codes_and_closes(walk):
    codes = fixed_codes(3, 10, seed=1)
    way = round_walk(walk, codes, 4)
    assert way.shape == (12, 10) and way.dtype == np.float32
    np.testing.assert_allclose(way[::4], codes, atol=1e-6)
    np.testing.assert_allclose(way[5], walk(codes[1], codes[2], np.array([0.25]))[0], atol=1e-6)
    np.testing.assert_allclose(way[11], walk(codes[2], codes[0], np.array([0.75]))[0], atol=1e-6)


def test_usual_lengths():
    low, high = usual_code_lengths(100, "normal")
    assert abs(low - 8.370) < 0.12 and abs(high - 11.654) < 0.12  # 1 % and 99 % of chi with 100 degrees
    low, high = usual_code_lengths(96, "uniform")
    assert low < np.sqrt(32) < high and high - low < 1.6
    assert usual_code_lengths(1, "uniform")[1] <= 1
