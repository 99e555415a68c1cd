"""The ring of eight heaps: what is counted, and a short game of each kind."""

import numpy as np
import pytest
from PIL import Image

from ms_gan.data.latent import fixed_codes
from ms_gan.demos.ring import (
    CENTRES,
    MODES,
    NEAR,
    STD,
    Coverage,
    draw_ring,
    draw_rings,
    play_ring,
    ring_coverage,
)
from ms_gan.demos.toy import ToyGame
from ms_gan.recipes import RINGS


def test_the_data_cover_all_modes():
    points = draw_ring(np.random.default_rng(0), 50_000)
    assert points.shape == (50_000, 2)
    found = ring_coverage(points)
    assert found.near == pytest.approx(1 - np.exp(-4.5), abs=0.002)  # three standard deviations, in the plane
    assert found.modes == 8 and found.spread == pytest.approx(8, abs=0.01)
    np.testing.assert_allclose(np.linalg.norm(CENTRES, axis=1), 2)
    assert points[np.linalg.norm(points - CENTRES[0], axis=1) < 0.5].std(axis=0) == pytest.approx([STD, STD], rel=0.03)


def test_coverage_of_points_that_are_known():
    assert ring_coverage(np.repeat(CENTRES[:1], 100, axis=0)) == Coverage(near=1, modes=1, spread=1)
    half = np.concatenate([np.repeat(CENTRES[:2], 50, axis=0)])
    assert ring_coverage(half) == Coverage(near=1, modes=2, spread=pytest.approx(2))
    far = 1.5 * np.tile(CENTRES, (10, 1))  # in all eight directions, and nowhere near
    assert ring_coverage(far) == Coverage(near=0, modes=0, spread=pytest.approx(MODES))


def test_what_is_near_and_what_is_few():
    direction = np.array([1.0, 0.0])
    inside, outside = CENTRES[0] + 0.99 * NEAR * direction, CENTRES[0] + 1.01 * NEAR * direction
    assert ring_coverage(np.array([inside, outside])).near == 0.5
    rest = np.repeat(CENTRES[:1], 99, axis=0)
    assert ring_coverage(np.concatenate([rest, CENTRES[1:2]])).modes == 2  # a hundredth
    assert ring_coverage(np.concatenate([rest, rest, CENTRES[1:2]])).modes == 1  # less


@pytest.fixture(scope="module")
def short(cpu):
    return {name: play_ring(toy, (5, 15)) for name, toy in RINGS.items()}


def test_each_game_is_played(short):
    assert list(short) == [
        "non-saturating",
        "minimax",
        "least squares",
        "Wasserstein, clipped",
        "Wasserstein, penalty",
    ]
    for first, second in short.values():
        assert first.shape == second.shape == (4096, 2)
        assert np.isfinite(second).all() and not np.array_equal(first, second)
    everything = [second.tobytes() for _, second in short.values()]
    assert len(set(everything)) == len(everything)


def test_games_begin_with_the_same_networks_and_can_be_repeated(short):
    codes = fixed_codes(100, 16)
    starts = {ToyGame(toy, draw_ring).generate(codes).tobytes() for toy in RINGS.values()}
    assert len(starts) == 1
    again = play_ring(RINGS["least squares"], (15,))[0]
    assert again.tobytes() == short["least squares"][1].tobytes()


def test_the_sheet(short, tmp_path):
    draw_rings(tmp_path / "ring.png", short, (5, 15))
    with Image.open(tmp_path / "ring.png") as picture:
        assert picture.size == (570, 1525)
