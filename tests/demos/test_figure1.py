"""Figure 1, played: the measures on densities that are known, the moments by their rules, and a short training."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ms_gan.demos.figure1 import (
    CELL,
    CODES,
    P_DATA,
    Snapshot,
    X,
    draw_data,
    draw_figure1,
    figure1_moments,
    film_figure1,
    play_figure1,
)
from ms_gan.recipes import FIGURE1
from ms_gan.theory.game import EQUILIBRIUM_VALUE

DATA = np.interp((CODES[:, 0].astype(np.float64) + 1) / 2, np.cumsum(P_DATA) * CELL, X + CELL / 2)
"""What the perfect G makes of CODES."""


def shot(points=DATA, d=0.5, d_updates=0, g_updates=0):
    return Snapshot(d_updates, g_updates, np.broadcast_to(np.asarray(d, np.float64), X.shape), points)


def test_the_data_have_their_density():
    numbers = draw_data(np.random.default_rng(0), 1_000_000)
    assert numbers.shape == (1_000_000, 1)
    counts, _ = np.histogram(numbers, np.append(X - CELL / 2, X[-1] + CELL / 2))
    np.testing.assert_allclose(counts / 1_000_000 / CELL, P_DATA, atol=0.012)
    assert P_DATA.sum() * CELL == pytest.approx(1, abs=1e-12) and P_DATA.max() == pytest.approx(0.25, abs=1e-3)


def test_the_equilibrium_is_recognised():
    perfect = shot()
    assert perfect.distance < 0.001 and perfect.js < 1e-4
    assert perfect.value == pytest.approx(EQUILIBRIUM_VALUE, abs=1e-12)
    assert perfect.best_value == pytest.approx(EQUILIBRIUM_VALUE, abs=2e-4)
    assert perfect.mean_difference(0.5) == 0
    assert perfect.mean_difference(perfect.best_d) < 0.01


def test_a_shifted_g():
    away = shot(DATA + 0.75)
    assert away.distance == pytest.approx(0.75, abs=0.002)
    assert away.best_value == pytest.approx(EQUILIBRIUM_VALUE + 2 * away.js, abs=1e-10)
    assert away.found == pytest.approx(0, abs=1e-12)  # D guesses
    best = replace(away, d=np.clip(away.best_d, 1e-12, 1 - 1e-12))
    assert best.found == pytest.approx(1, abs=1e-6) and best.mean_difference(best.best_d) < 1e-9


def test_a_g_that_folds_has_a_density_too():
    folded = shot(np.abs(CODES[:, 0]))  # two codes for each x in [0, 1]
    inside = (X > 0.05) & (X < 0.95)
    np.testing.assert_allclose(folded.p_g[inside], 1, rtol=0.01)
    assert folded.p_g.sum() * CELL == pytest.approx(1, abs=1e-12)


def test_the_moments_follow_their_rules():
    start = DATA - 2
    best = shot(start).best_d
    lesson = [shot(start, 0.5 + share * (best - 0.5), updates) for updates, share in enumerate((0, 0.2, 0.6, 0.9))]
    game = [shot(DATA - away, 0.5, 9, updates) for updates, away in enumerate((1.6, 0.9, 0.3, 0.01, 0.2), 1)]
    a, b, c, d = figure1_moments(lesson + game)
    assert a.found >= 0.5 and lesson[1].found < 0.5 and a.d_updates == 2
    assert b.d_updates == 3
    assert c.g_updates == 2  # the first that is at most half as far
    assert d.g_updates == 5  # of the last tenth, which is one
    longer = lesson + game + [shot(DATA - away, 0.5, 9, 9 + n) for n, away in enumerate([0.1] * 19 + [0.03, 0.05])]
    assert figure1_moments(longer)[3].g_updates == 9 + 19


def test_moments_of_a_training_that_comes_to_nothing():
    shots = [shot(DATA - 2, 0.5, 0), shot(DATA - 2, 0.5, 10), shot(DATA - 2, 0.5, 20, 1)]
    assert [moment.d_updates for moment in figure1_moments(shots)] == [10, 10, 20, 20]
    assert [moment.d_updates for moment in figure1_moments(shots[:2])] == [10, 10, 10, 10]


@pytest.fixture(scope="module")
def played(cpu):
    """A lesson as it is, and a game of 45 batches."""
    return play_figure1(replace(FIGURE1, steps=45))


def test_the_lesson_brings_d_near_the_best_d(played):
    shots, game = played
    lesson = [shot for shot in shots if shot.g_updates == 0]
    assert [shot.d_updates for shot in lesson[:41]] == list(range(0, 401, 10))
    assert lesson[40].found > 0.85 and lesson[0].found < 0.2
    assert lesson[40].mean_difference(lesson[40].best_d) < 0.4 * lesson[0].mean_difference(lesson[0].best_d)
    assert (lesson[40].points == lesson[0].points).all()
    assert [(shot.d_updates, shot.g_updates) for shot in shots[41:]] == [(420, 4), (440, 8), (445, 9)]
    assert len(game.answers) == 445 and game.g_updates == 9


def test_then_g_flows_to_where_d_is_higher(played):
    shots, _ = played
    start, end = shots[40], shots[-1]
    assert end.distance < 0.95 * start.distance
    assert np.interp(end.points, X, start.d).mean() > 1.1 * np.interp(start.points, X, start.d).mean()


def test_the_same_numbers_again(played):
    again, _ = play_figure1(replace(FIGURE1, lesson=10, steps=0))
    assert len(again) == 2
    for one, other in zip(played[0], again, strict=False):
        assert one.d.tobytes() == other.d.tobytes() and one.points.tobytes() == other.points.tobytes()


def test_both_pictures(played, tmp_path):
    shots, _ = played
    draw_figure1(tmp_path / "figure1.png", shots)
    film_figure1(tmp_path / "figure1.gif", shots[:3] + shots[-2:])
    with Image.open(tmp_path / "figure1.png") as picture:
        assert picture.size == (1500, 1240)
    with Image.open(tmp_path / "figure1.gif") as film:
        assert film.n_frames == 4 and film.size == (720, 580)  # of the lesson every second snapshot
