"""Figure 1 of Goodfellow et al. (2014), played: a GAN whose data are single numbers, with all that the figure draws.

z is uniform, as in the paper. G and D are real networks in a real training; p_data is known, p_G
is counted from many codes, so D* = p_data/(p_data + p_G) can be put beside what D has learnt.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ms_gan.demos import figure1_plot
from ms_gan.demos.toy import ToyGame
from ms_gan.pictures.show import Picture
from ms_gan.recipes import FIGURE1, Toy
from ms_gan.theory.divergences import js, normalise
from ms_gan.theory.game import EQUILIBRIUM_VALUE, best_value, optimal_discriminator, value
from ms_gan.theory.push_forward import even_codes, share_density
from ms_gan.theory.wasserstein import wasserstein_distance

LOW, HIGH = -1.0, 5.0
EDGES = np.linspace(LOW - 1, HIGH + 1, 161)
"""Of the cells that densities are averages over."""
CELL = EDGES[1] - EDGES[0]
X = (EDGES[:-1] + EDGES[1:]) / 2
P_DATA = normalise(np.clip((X - LOW) * (HIGH - X), 0, None), CELL)
"""The data's density at X: a dome with ends, Beta(2, 2) stretched from [0, 1] to [−1, 5].

The paper draws a bell. A normal one has tails without end, to which no smooth G stretches the interval of z: D* would
be 1 there, for numbers that hardly ever come.
"""
CODES = even_codes(20_000)
ARROWS = 21


def draw_data(rng: np.random.Generator, count: int) -> np.ndarray:
    """`count` numbers of the density P_DATA: count×1."""
    return LOW + (HIGH - LOW) * rng.beta(2, 2, (count, 1))


@dataclass(frozen=True)
class Snapshot:
    """Both players at one moment."""

    d_updates: int
    g_updates: int
    d: np.ndarray
    """D's probability at X."""
    points: np.ndarray
    """G's numbers at CODES."""

    @cached_property
    def p_g(self) -> np.ndarray:
        """The density of G's numbers, averaged over each cell: whether or not G turns back somewhere."""
        return share_density(self.points, EDGES)

    @property
    def best_d(self) -> np.ndarray:
        """D*, at X."""
        return optimal_discriminator(P_DATA, self.p_g)

    @property
    def value(self) -> float:
        """V(G, D)."""
        return value(P_DATA, self.p_g, self.d, CELL)

    @property
    def best_value(self) -> float:
        """V(G, D*)."""
        return best_value(P_DATA, self.p_g, CELL)

    @property
    def js(self) -> float:
        """JSD(p_data‖p_G)."""
        return js(P_DATA, self.p_g, CELL)

    @property
    def distance(self) -> float:
        """The Wasserstein distance of p_G from p_data, in the unit of x."""
        return wasserstein_distance(P_DATA * CELL, self.p_g * CELL, X)

    @property
    def found(self) -> float:
        """How much of what there is to find D has found: 0 for V = −log 4, that of guessing, 1 for V(G, D*)."""
        return (self.value - EQUILIBRIUM_VALUE) / (self.best_value - EQUILIBRIUM_VALUE)

    def mean_difference(self, d: np.ndarray | float) -> float:
        """How far D is from `d`, on average over real and generated numbers, half of each."""
        return float((np.abs(self.d - d) * (P_DATA + self.p_g) / 2).sum() * CELL)


def play_figure1(toy: Toy = FIGURE1) -> tuple[list[Snapshot], ToyGame]:
    """The whole training: first D's lesson, then the game. Returns snapshots from beginning to end, and the game.

    A snapshot every 10 batches of the lesson, every 20 of the game's first 400, and then every 100.
    """
    game = ToyGame(toy, draw_data)
    shots = [take_snapshot(game)]
    for batches in _parts(toy.lesson, [10]):
        game.teach(batches)
        shots.append(take_snapshot(game))
    for batches in _parts(toy.steps, [20] * 20 + [100]):
        game.play(batches)
        shots.append(take_snapshot(game))
    return shots, game


def take_snapshot(game: ToyGame) -> Snapshot:
    """Both players of a game as they are."""
    d = 1 / (1 + np.exp(-game.scores(X[:, np.newaxis])))
    return Snapshot(len(game.answers), game.g_updates, d, game.generate(CODES)[:, 0])


def figure1_moments(shots: list[Snapshot]) -> list[Snapshot]:
    """The moments (a) to (d) of the figure, chosen by rule.

    (a) D is partially accurate: it has found half of what there is to find. If it never does, the lesson's end.
    (b) The end of D's lesson, the last moment before G first moves: D is near D*.
    (c) p_G has flowed half of its way: its Wasserstein distance is half of what it was. If it never is, the end.
    (d) The equilibrium, around which the game sways: in its last tenth, the moment when V(G, D*) is least above −log 4.
    """
    lesson = [shot for shot in shots if shot.g_updates == 0]
    game = shots[len(lesson) :] or shots[-1:]
    partial = next((shot for shot in lesson if shot.found >= 1 / 2), lesson[-1])
    flowing = next((shot for shot in game if shot.distance <= shots[0].distance / 2), game[-1])
    settled = min(game[-max(1, len(game) // 10) :], key=lambda shot: shot.best_value)
    return [partial, lesson[-1], flowing, settled]


def _parts(total: int, sizes: list[int]) -> list[int]:
    """`total` in parts of these sizes, the last of which repeats."""
    parts = []
    while (rest := total - sum(parts)) > 0:
        parts.append(min(rest, sizes[min(len(parts), len(sizes) - 1)]))
    return parts


def draw_figure1(path: Path, shots: list[Snapshot]) -> Picture:
    """Draws the four moments as a PNG, and returns the figure. Raises UserError if `path` is not writable."""
    a, b, c, d = figure1_moments(shots)
    panels = [
        _panel("(a) D is partially accurate", f"It has found {a.found:.0%} of what tells both apart.", a),
        _panel("(b) D is trained to D*, G stands still", f"D has found {b.found:.0%} of what tells both apart.", b),
        _panel("(c) p_G flows to where D is higher", f"It is {_away(c)} away from the data, and was {_away(b)}.", c),
        _panel("(d) Near the equilibrium: D is ½", f"p_G is {_away(d)} away from the data.", d),
    ]
    return figure1_plot.plot_figure1(path, X, P_DATA, panels)


def film_figure1(path: Path, shots: list[Snapshot]) -> None:
    """Draws the whole training as a GIF. Raises UserError if `path` is not writable."""
    panels = [
        _panel(
            "Both learn" if shot.g_updates else "D learns, G stands still",
            f"p_G is {_away(shot)} away from the data.",
            shot,
        )
        for number, shot in enumerate(shots)
        if shot.g_updates or number % 2 == 0  # of the lesson every second one: less happens in it
    ]
    figure1_plot.film_figure1(path, X, P_DATA, panels)


def _panel(title: str, explanation: str, shot: Snapshot) -> figure1_plot.Panel:
    updates = f"{shot.d_updates:,} updates of D, {shot.g_updates:,} of G"
    values = f"V(G, D) {shot.value:.2f}, V(G, D*) {shot.best_value:.2f}".replace("-", "−")
    some = np.linspace(0, len(CODES) - 1, ARROWS).round().astype(int)
    arrows = np.stack([CODES[some, 0], shot.points[some]], axis=1)
    return figure1_plot.Panel(title, f"{explanation}\n{updates}; {values}", shot.p_g, shot.d, shot.best_d, arrows)


def _away(shot: Snapshot) -> str:
    return f"{shot.distance:.2f}"
