"""The game f(x, y) = x·y, min over x of max over y: the smallest one that gradient steps do not solve (CS231n,
assignment 3, inline questions 1 and 2).

Its only equilibrium is (0, 0): at any other point one of the players wants to move. The slopes are ∂f/∂x = y, which x
goes down, and ∂f/∂y = x, which y goes up. One turn of both players is a *move*: a function from a point (x, y) to the
next one, here an array of two numbers. All moves below are linear, next = M·point, so the eigenvalues of M say where
every start ends: below 1 in size it spirals in, above 1 out, and on the unit circle it stays on its orbit.
"""

from collections.abc import Callable

import numpy as np

Move = Callable[..., np.ndarray]


def alternating(point: np.ndarray, size: float = 1.0, pull: float = 0.0) -> np.ndarray:
    """y ← y + size·x, then x ← x − size·y with the new y: one after the other, as a GAN's players move.

    With `pull` r both are drawn to 0, as by weight decay: f becomes xy + r/2·x² − r/2·y².

    Without it det M = 1, and size·x·y + x² + y² never changes. Below size 2 that is an ellipse around the
    equilibrium: M turns it by 2·arcsin(size / 2), for size 1 a sixth of a turn. From size 2 on the point runs away.
    With it det M = (1 − size·r)², and the orbit shrinks by |1 − size·r| a move.
    """
    x, y = point
    y = y + size * (x - pull * y)
    x = x - size * (y + pull * x)
    return np.array([x, y])


def simultaneous(point: np.ndarray, size: float = 1.0, pull: float = 0.0) -> np.ndarray:
    """x ← x − size·y and y ← y + size·x from the same point, at once.

    M's eigenvalues are 1 ± i·size, of size √(1 + size²): it spirals outward, however small the steps. With `pull` r
    (see `alternating`) they are 1 − size·r ± i·size, and it spirals inward where size < 2r/(1 + r²).
    """
    x, y = point
    return np.array([x - size * (y + pull * x), y + size * (x - pull * y)])


def extragradient(point: np.ndarray, size: float = 1.0) -> np.ndarray:
    """A step at once, from which only the slopes are kept, and with these a step from `point` (Korpelevich 1976).

    Each player answers what the other one is about to do. M's eigenvalues are 1 − size² ± i·size, of size
    √(1 − size² + size⁴): it spirals inward below size 1, fastest at √½.
    """
    x, y = point
    ahead_x, ahead_y = simultaneous(point, size)
    return np.array([x - size * ahead_y, y + size * ahead_x])


def play(move: Move, start: tuple[float, float] = (1.0, 1.0), moves: int = 6, **settings: float) -> np.ndarray:
    """The points of a game: (moves + 1)×2, columns x and y, the start first; `settings` go to `move`."""
    points = [np.array(start, np.float64)]
    for _ in range(moves):
        points.append(move(points[-1], **settings))
    return np.stack(points)


def matrix(move: Move, **settings: float) -> np.ndarray:
    """M, 2×2, of a linear move: its columns are what (1, 0) and (0, 1) move to."""
    return np.stack([move(unit, **settings) for unit in np.eye(2)], axis=1)


def growth(move: Move, **settings: float) -> float:
    """By how much a distance from the equilibrium grows a move, in the long run: M's largest eigenvalue in size."""
    return float(np.abs(np.linalg.eigvals(matrix(move, **settings))).max())


def averages(points: np.ndarray) -> np.ndarray:
    """The mean of all points so far: (moves + 1)×2 → (moves + 1)×2."""
    return np.cumsum(points, axis=0) / np.arange(1, len(points) + 1)[:, np.newaxis]
