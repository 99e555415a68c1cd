"""Names a run that has gone wrong, from its losses and its pictures, with the likely causes and cures (slide 跑一跑，
改一改: every line of it reads loss_d:13.815511, loss_g:-0.000000; why?)."""

import math
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ms_gan.errors import UserError
from ms_gan.games.gan import Gan
from ms_gan.games.objectives import CRITIC, PROBABILITIES, TARGETS, Objective, find_objective
from ms_gan.games.players import Players
from ms_gan.recipes import Recipe
from ms_gan.records.history import Row

SATURATED = 2 / (1 + math.exp(16))
"""How near D's mean answer must be to 1, or to 0. A score of 16 is 1/(1 + e^16) = 1.1e-7 away from 1, two of the steps
that a float32 has below 1; above 16.6 its sigmoid is exactly 1, and flat. Twice that, because a mean is rounded too."""
SATURATED_STEPS = 20
"""In a row. One odd batch is no alarm: at 50 times the slides' learning rate D is thrown to 1 and to 0 in turn, for a
step or two, and losses taken from scores bring it back."""

WON = 0.02
"""How near D's loss must be to the least there is (0, but for smoothed labels) if D tells all pictures apart:
−2·ln 0.99, as with D(x) = 0.99 and D(G(z)) = 0.01; with least squares, answers within 0.2 of their targets. The recipes
of this package have single steps at 0.025 (lsgan), and means over 50 steps above 0.1."""
WON_STEPS = 200
"""In a row. D may win for a while at first; the minimax game, lost from step 125 on, is named within its first epoch
of 391."""
STANDSTILL = 0.01
"""How much G's mean loss may fall from the first half of those steps to the second for G still to be losing. With
least squares it stands at ½, the loss of pictures that D answers with 0, and cannot climb."""

SAME_ANSWER = 1e-3
"""How near D(x) is to D(G(z)), and D's loss to that of one answer to everything, if D sees no difference. At the second
step of every recipe they are 0.09 apart at least."""
BLIND_STEPS = 50
"""From the very first on."""

RUNAWAY = 2.0
"""The gap of a critic without clipped weights, in multiples of what a slope of 1 permits: no two pictures of C×H×W
values from −1 to 1 are further apart than 2·√(C·H·W), so no such critic's scores are. wgan-gp comes to 0.8 of that
in its first epoch."""
RUNAWAY_STEPS = 20
"""In a row, as for saturation."""

ALIKE = 0.15
"""Pictures are nearly the same if at least half of all pairs differ (root mean square over the pixels) by this little
beside the spread of their pixels (standard deviation). Collapsed runs have 0.00 to 0.09; sound ones 0.4 or more after
their first epoch and 1.2 in the end. An untrained G's faint noise has 0.5 to 1.2, too: it is no collapse."""
ALIKE_UPDATES = 300
"""Updates of G from the first such picture to the one that makes it a finding. Every G draws one blurred digit for all
codes at first; with wgan-gp a fully connected pair still does after 150."""


@dataclass(frozen=True)
class Finding:
    """What is wrong with a run: four lines as text."""

    name: str
    when: str
    seen: str
    causes: str
    cures: str
    stops: bool = False
    """Whether there is no use in going on."""

    def __str__(self) -> str:
        return (
            f"diagnosis: {self.name} ({self.when})\n"
            f"  seen: {self.seen}\n"
            f"  likely causes: {self.causes}\n"
            f"  what helps: {self.cures}"
        )


class Hopeless(UserError):
    """A run that there is no use in going on with; `finding` says why."""

    def __init__(self, finding: Finding):
        super().__init__(f"stopped at {finding.when}, where {finding.seen}: {finding.causes}; {finding.cures}")
        self.finding = finding


@dataclass
class _Sign:
    """What is wrong if it holds for `steps` steps in a row."""

    holds: Callable[[Row], bool]
    steps: int
    describe: Callable[[], tuple[str, str, str] | None]
    """What is seen, the likely causes and what helps; None if it is no fault after all."""
    streak: int = 0


class RunDoctor:
    """Watches one run, step by step and picture by picture, and names each fault once.

    A run that goes on is watched from its beginning: give the rows of its history to `step` first, and tell nobody what
    it says to them.
    """

    def __init__(self, recipe: Recipe, figures: Collection[str] = Gan.figures):
        """
        Args:
            recipe: that of the run.
            figures: what its steps measure. Of another game than that of generator and discriminator only what is not
                a number is found, and pictures that are all alike.
        """
        self._recipe = recipe
        self._game = find_objective(recipe.objective, recipe.label_smoothing)
        self._answers = self._game.answers
        self._signs = self._signs_of_the_game() if {*Gan.figures} <= {*figures} else {}
        self._window: deque[Row] = deque(maxlen=WON_STEPS)
        self._steps = 0
        self._alike_since: tuple[int, int] | None = None
        self._told: set[str] = set()

    def _signs_of_the_game(self) -> dict[str, _Sign]:
        if self._answers == CRITIC:
            runaway = {"the critic runs away": _Sign(self._runs_away, RUNAWAY_STEPS, self._runaway)}
            return {} if self._recipe.weight_clip else runaway
        signs = {
            "D is blind": _Sign(self._sees_no_difference, BLIND_STEPS, self._blindness),
            "D wins": _Sign(self._won, WON_STEPS, self._victory),
        }
        if self._answers == PROBABILITIES:
            signs["D is saturated"] = _Sign(_saturated, SATURATED_STEPS, self._saturation)
        return signs

    def step(self, row: Row) -> Finding | None:
        """Takes in one training step. Returns what is wrong, if that shows now for the first time."""
        self._steps += 1
        self._window.append(row)
        if not math.isfinite(sum(row.figures.values())):
            return self._not_a_number(_values_that_are_none(row))
        found = None
        for name, sign in self._signs.items():
            sign.streak = sign.streak + 1 if sign.holds(row) else 0
            if sign.streak >= sign.steps and name not in self._told and found is None:
                found = self._tell(name, _when(row), sign.describe())
        return found

    def pictures(self, pixels: np.ndarray) -> Finding | None:
        """Takes in the pictures of the fixed codes after the epoch of the last step.

        Args:
            pixels: uint8, N×H×W×C, N at least 2.

        Returns:
            What is wrong, if that shows now for the first time.
        """
        epoch, updates = self._window[-1].epoch + 1, self._steps // self._recipe.critic_steps
        difference, spread = _difference(pixels)
        if difference > ALIKE * spread:
            self._alike_since = None
            return None
        since, first = self._alike_since = self._alike_since or (epoch, updates)
        if updates - first < ALIKE_UPDATES or "collapse" in self._told:
            return None
        described = (
            f"nearly one picture for all {len(pixels)} fixed codes since epoch {since}: half of all pairs differ by "
            f"{difference:.1f} of 255 greys at most; the spread of all pixels is {spread:.0f}",
            "too large a learning rate; or G has found one picture that passes, and no longer heeds its codes",
            "a smaller --learning-rate; networks with batch normalisation (gan, dcgan-mnist); the recipe wgan-gp",
        )
        return self._tell("collapse", f"after epoch {epoch}", described)

    def weights(self, players: Players) -> Finding | None:
        """What is wrong if a weight, or what an optimiser remembers, is no number. Look before these are saved."""
        parameters = [p for network in players.networks().values() for p in network.get_parameters()]
        for parameter in (*parameters, *players.optimizer_state()):
            if not np.isfinite(parameter.asnumpy()).all():
                return self._not_a_number(f"{parameter.name} holds values that are no numbers")
        return None

    def _tell(self, name: str, when: str, described: tuple[str, str, str] | None, stops=False) -> Finding | None:
        if described is None:
            return None
        self._told.add(name)
        return Finding(name, when, *described, stops)

    def _not_a_number(self, seen: str) -> Finding | None:
        if "not a number" in self._told:
            return None
        row = self._window[-1]
        way_on = f"go on from the newest saved epoch, {row.epoch}, by --resume with a smaller --learning-rate"
        afresh = "start afresh in a new folder, for no epoch is saved yet, with a smaller --learning-rate"
        cause = "a learning rate so large that the weights outgrow what a float32 holds"
        return self._tell("not a number", _when(row), (seen, cause, way_on if row.epoch else afresh), stops=True)

    def _sees_no_difference(self, row: Row) -> bool:
        cost = _cost_of_one_answer((row.d_real + row.d_fake) / 2, self._game)
        return abs(row.d_real - row.d_fake) < SAME_ANSWER and abs(row.d_loss - cost) < SAME_ANSWER

    def _blindness(self) -> tuple[str, str, str] | None:
        first, last = self._window[0], self._window[-1]
        if self._steps > BLIND_STEPS or (first.epoch, first.step) != (0, 1):
            return None
        guess = " = 2·ln 2" if self._answers == PROBABILITIES and self._game.real_label == 1 else ""
        return (
            f"D has answered all pictures alike from the start, D(x) = D(G(z)) = {last.d_fake:.3f}; its loss is that "
            f"of a guess, {last.d_loss:.4f}{guess}",
            "D's weights are all zero, or never updated; or it is shown the same pictures as real and as generated",
            "first weights at random; D's own trainable_params() for D's optimiser; a look at what D is shown",
        )

    def _won(self, row: Row) -> bool:
        return row.d_loss - _least_loss(self._game) < WON

    def _victory(self) -> tuple[str, str, str] | None:
        earlier, later = np.array([row.g_loss for row in self._window]).reshape(2, -1).mean(1)
        if later < earlier - STANDSTILL:
            return None
        d_real, d_fake = np.mean([(row.d_real, row.d_fake) for row in self._window], axis=0)
        return (
            f"D(x) {d_real:.4f}, D(G(z)) {d_fake:.4f} for {WON_STEPS} steps; G's loss does not come down: "
            f"{earlier:.3g}, then {later:.3g}",
            "the minimax game, whose slope vanishes; a learning rate that broke G; an optimiser without G's weights",
            "--objective non-saturating, a smaller --learning-rate, or the recipe wgan-gp, whose critic may win",
        )

    def _saturation(self) -> tuple[str, str, str]:
        row = self._window[-1]
        return (
            f"D answers {row.d_fake:.0f} to real and generated pictures alike: scores beyond ±16, where the sigmoid is "
            f"flat; loss_d {row.d_loss:f}, loss_g {row.g_loss:f}",
            "pictures in 0…255 and not in −1…1; a learning rate, or first weights, too large; wrong labels",
            "fix this and start a new run. With BCELoss the gradient is exactly 0, so this run cannot recover; with "
            "losses computed from scores it may",
        )

    def _runs_away(self, row: Row) -> bool:
        return row.d_real - row.d_fake > RUNAWAY * self._widest_gap

    @property
    def _widest_gap(self) -> float:
        return 2 * math.sqrt(math.prod(self._recipe.image_shape))

    def _runaway(self) -> tuple[str, str, str]:
        row = self._window[-1]
        return (
            f"D(x) − D(G(z)) is {row.d_real - row.d_fake:.4g}; with a slope of 1 it is {self._widest_gap:.3g} at most",
            "nothing keeps the critic's slope near 1, or too little",
            "--gradient-penalty 10, as in the recipe wgan-gp, or --weight-clip 0.01, as in wgan",
        )


def _saturated(row: Row) -> bool:
    return max(row.d_real, row.d_fake) <= SATURATED or min(row.d_real, row.d_fake) >= 1 - SATURATED


def _cost_of_one_answer(answer: float, game: Objective) -> float:
    """D's loss if it answers so to everything."""
    label = game.real_label
    if game.answers == TARGETS:
        return (answer - label) ** 2 / 2 + answer**2 / 2
    return -label * math.log(answer) - (2 - label) * math.log(1 - answer) if 0 < answer < 1 else math.inf


def _least_loss(game: Objective) -> float:
    """D's loss if it tells all pictures apart: 0, or what a smoothed label costs an answer that is just that."""
    label = game.real_label
    if game.answers == TARGETS or label == 1:
        return 0.0
    return -label * math.log(label) - (1 - label) * math.log(1 - label)


def _difference(pixels: np.ndarray) -> tuple[float, float]:
    """In grey levels: what half of all pairs of pictures do not exceed in difference (root mean square over the
    pixels), and the spread (standard deviation) of all pixels."""
    flat = pixels.reshape(len(pixels), -1).astype(np.float64)
    differences = [math.sqrt(np.square(one - other).mean()) for one, other in combinations(flat, 2)]
    return float(np.median(differences)), float(flat.std())


def _values_that_are_none(row: Row) -> str:
    titles = {"d_loss": "D's loss", "g_loss": "G's loss", "d_real": "D(x)", "d_fake": "D(G(z))"}
    named = ((titles.get(name, name), value) for name, value in row.figures.items())
    return ", ".join(f"{name} is {value}" for name, value in named if not math.isfinite(value))


def _when(row: Row) -> str:
    return f"epoch {row.epoch + 1}, step {row.step}"
