"""Runs that have gone wrong are named once, in time; sound ones never. Losses and answers are those of real runs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ms_gan.data.mnist.files import load_images
from ms_gan.games import Gan
from ms_gan.recipes import PICTURE_CODES, find_recipe
from ms_gan.records import history
from ms_gan.records.history import Row
from ms_gan.runs.listeners.diagnosis import (
    ALIKE_UPDATES,
    BLIND_STEPS,
    RUNAWAY_STEPS,
    SATURATED_STEPS,
    WON_STEPS,
    RunDoctor,
)

HISTORIES = Path(__file__).with_name("histories")
SOUND = (1.2, 1.1, 0.6, 0.43)
SLIDE = (13.8155107, -0.0, 1.0, 1.0)  # 跑一跑，改一改
NAN = float("nan")


def rows(*measured, steps=100, first=0):
    """Rows with these (d_loss, g_loss, D(x), D(G(z))), `steps` to an epoch, after the first ones of a run."""
    named = (dict(zip(Gan.figures, values, strict=True)) for values in measured)
    return [Row(n // steps, n % steps + 1, **values, seconds=0.1) for n, values in enumerate(named, first)]


def findings(recipe, given):
    """(the number of the step, from 1, what is found there), of all steps at which something is."""
    doctor = RunDoctor(find_recipe(recipe))
    return [(n, found) for n, row in enumerate(given, 1) if (found := doctor.step(row))]


def names(recipe, given):
    return [(n, found.name) for n, found in findings(recipe, given)]


def test_a_finding_is_four_lines_that_tell_when():
    [(_, found)] = findings("gan", rows(SOUND, *[SLIDE] * SATURATED_STEPS, steps=15))
    first, *others = str(found).splitlines()
    assert first == "diagnosis: D is saturated (epoch 2, step 6)"
    assert [line.partition(":")[0] for line in others] == ["  seen", "  likely causes", "  what helps"]
    assert "loss_d 13.815511, loss_g -0.000000" in others[0]
    assert not found.stops


def test_the_slides_broken_run_is_saturated_and_said_once():
    given = rows(SOUND, *[SLIDE] * 500)
    assert names("gan", given) == [(1 + SATURATED_STEPS, "D is saturated")]
    assert names("gan", given[:SATURATED_STEPS]) == []


@pytest.mark.parametrize(("score", "named"), [(17, True), (16, True), (15, False), (-15, False), (-16, True)])
def test_saturated_from_a_score_of_16_on(score, named):
    answer = float(1 / (1 + np.exp(np.float32(-score))))
    for answers in ((answer, answer), (answer, float(1 / (1 + np.exp(np.float32(-score * 1.1)))))):
        given = rows(*[(27.6, 0.0, *answers)] * SATURATED_STEPS)
        assert bool(names("gan", given)) == named


def test_one_odd_batch_is_not_saturation():
    """What D answers at 50 times the slides' learning rate, where losses from scores bring it back."""
    thrown = [(40.7, 13.0, 1.0, 1.0), (74.0, 0.2, 0.0, 0.0), (10.7, 99.8, 0.0001, 0.2245)]
    assert names("gan", rows(*thrown * 100)) == []
    row = (0.4, 16.0, 1.0, 0.0)  # sure, and right
    assert names("gan", rows(*[row] * (2 * SATURATED_STEPS))) == []


def test_minimax_at_the_notebooks_learning_rate_is_lost_within_its_first_epoch():
    given, _ = history.read(HISTORIES / "minimax.csv")
    assert len(given) == 391
    [(step, found)] = findings("cs231n-gan", given)
    assert (step, found.name, found.when) == (324, "D wins", "epoch 1, step 324")
    assert found.seen.startswith("D(x) 0.9991, D(G(z)) 0.0006 for 200 steps")
    assert "--objective non-saturating" in found.cures


@pytest.mark.parametrize("recipe", ["gan", "cs231n-gan", "dcgan-mnist"])
def test_a_sound_first_epoch_in_which_d_is_ahead_for_a_while(recipe):
    given, _ = history.read(HISTORIES / "dcgan-mnist.csv")
    assert max(row.d_real for row in given) > 0.999 and min(row.d_fake for row in given) < 0.005
    assert names(recipe, given) == []


@pytest.mark.parametrize(("recipe", "losses"), [("gan", (0.008, 5.2, 0.999, 0.007)), ("lsgan", (0.008, 0.5, 0.95, 0))])
def test_d_wins_when_g_does_not_come_back(recipe, losses):
    assert names(recipe, rows(*[losses] * WON_STEPS * 2)) == [(WON_STEPS, "D wins")]
    assert names(recipe, rows(*[losses] * (WON_STEPS - 1), (0.03, *losses[1:]), *[losses] * (WON_STEPS - 1))) == []
    assert names("wgan", rows(*[losses] * WON_STEPS)) == []


def test_d_wins_with_smoothed_labels_too():
    """Then its loss cannot be less than 0.3251: that of the answer 0.9 to the label 0.9."""
    for least, recipe in ((0.3250830, replace(find_recipe("gan"), label_smoothing=0.1)), (0.0, find_recipe("gan"))):
        for above, named in ((0.015, True), (0.03, False)):
            doctor = RunDoctor(recipe)
            given = rows(*[(least + above, 5.2, 0.9, 0.007)] * WON_STEPS)
            assert any(map(doctor.step, given)) == named


def test_a_blind_d_with_smoothed_labels_answers_less_than_half():
    """0.45, half of the label: −0.9·ln 0.45 − 1.1·ln 0.55 = 1.3763."""
    doctor = RunDoctor(replace(find_recipe("gan"), label_smoothing=0.1))
    found = [doctor.step(row) for row in rows(*[(1.3762764, 0.7985, 0.45, 0.45)] * BLIND_STEPS)]
    assert found[-1].name == "D is blind" and "ln" not in found[-1].seen


def test_d_is_ahead_but_g_comes_down():
    falling = [(0.008, 10 - n / 100, 0.999, 0.007) for n in range(500)]
    assert names("gan", rows(*falling)) == []
    standing = [(0.008, 5.0, 0.999, 0.007)] * 300
    [(step, name)] = names("gan", rows(*falling, *standing))
    assert name == "D wins" and 500 < step < 500 + WON_STEPS


def test_d_is_blind_from_the_start():
    guess = (1.3862943649291992, 0.6931471824645996, 0.5, 0.5)  # D's weights all zero
    [(step, found)] = findings("gan", rows(*[guess] * 300))
    assert (step, found.name) == (BLIND_STEPS, "D is blind")
    assert "0.500" in found.seen and "1.3863 = 2·ln 2" in found.seen
    assert names("gan", rows(SOUND, *[guess] * 300)) == []  # an equilibrium, not blindness
    assert names("gan", rows(*[guess] * (BLIND_STEPS - 1), SOUND, *[guess] * 300)) == []
    assert names("gan", rows(*[guess] * 300, first=200)) == []  # its beginning is not known
    assert names("gan", rows(*[(1.3945, 0.69, 0.5005, 0.5)] * 300)) == []  # scores, whose mean is near 0


def test_a_blind_d_of_least_squares_learns_the_middle():
    answers = [n / 1000 for n in range(300)]
    learns = [((a - 1) ** 2 / 2 + a**2 / 2, (a - 1) ** 2 / 2, a, a) for a in answers]
    assert names("lsgan", rows(*learns)) == [(BLIND_STEPS, "D is blind")]


def test_the_earlier_part_of_a_run_counts():
    guess = (1.3862943649291992, 0.6931471824645996, 0.5, 0.5)
    doctor = RunDoctor(find_recipe("gan"))
    given = rows(*[guess] * (BLIND_STEPS - 1)), rows(guess, first=BLIND_STEPS - 1)
    assert [doctor.step(row) for row in given[0]] == [None] * (BLIND_STEPS - 1)
    assert doctor.step(given[1][0]).name == "D is blind"


@pytest.mark.parametrize(
    ("recipe", "gap", "named"), [("wgan-gp", 113, True), ("wgan-gp", 43, False), ("wgan", 9999, False)]
)
def test_a_critic_that_nothing_holds(recipe, gap, named):
    """No two pictures of 28×28 are further apart than 56, and twice that is too much; clipped weights have no bound."""
    given = rows(*[(-gap, 0.0, gap + 5.0, 5.0)] * RUNAWAY_STEPS * 2)
    assert names(recipe, given) == ([(RUNAWAY_STEPS, "the critic runs away")] if named else [])


@pytest.mark.parametrize(
    ("values", "seen"),
    [
        ((0.6474, float("inf"), -0.136, -0.054), "G's loss is inf"),  # lsgan at a learning rate of a million
        ((NAN, NAN, 1.84e24, NAN), "D's loss is nan, G's loss is nan, D(G(z)) is nan"),
        ((1.0, 1.0, float("-inf"), 0.5), "D(x) is -inf"),
    ],
)
def test_what_is_no_number_stops_the_run(values, seen):
    for recipe in ("gan", "lsgan", "wgan-gp", "wgan"):
        [(step, found)] = findings(recipe, rows(SOUND, values, values))
        assert (step, found.name, found.seen, found.stops) == (2, "not a number", seen, True)
        assert found.cures.startswith("start afresh in a new folder, for no epoch is saved yet")
        [(_, later)] = findings(recipe, rows(SOUND, values, first=399))
        assert (later.when, later.stops) == ("epoch 5, step 1", True)
        assert later.cures == "go on from the newest saved epoch, 4, by --resume with a smaller --learning-rate"


@pytest.mark.parametrize("holder", ["generator", "discriminator_optimizer"])
def test_weights_that_are_no_numbers(tiny, holder):
    doctor, players = RunDoctor(find_recipe("gan")), tiny(1)
    doctor.step(rows(SOUND, first=250)[0])
    assert doctor.weights(players) is None
    parameter = (
        getattr(players, holder).trainable_params()[0] if holder == "generator" else players.optimizer_state()[-1]
    )
    parameter.set_data(parameter * 0 + NAN)
    found = doctor.weights(players)
    assert (found.name, found.when, found.stops) == ("not a number", "epoch 3, step 51", True)
    assert found.seen == f"{parameter.name} holds values that are no numbers"
    assert "the newest saved epoch, 2," in found.cures


@pytest.fixture(scope="module")
def digits(small_mnist):
    """As many real digits as a run draws pictures, uint8."""
    return load_images(small_mnist)[:PICTURE_CODES]


@pytest.fixture(scope="module")
def alike(digits):
    """One digit for all codes, with a faint noise of its own for each; three differ, as they may in a collapsed run."""
    noise = np.random.default_rng(0).integers(-4, 5, digits.shape)
    pictures = np.clip(digits[:1].astype(int) + noise, 0, 255).astype(np.uint8)
    pictures[[3, 11, 24]] = digits[[3, 11, 24]]
    return pictures


def after_epochs(recipe, epochs, steps):
    """(epoch, what is found after it), of epochs of `steps` sound steps and these pictures."""
    doctor, found = RunDoctor(find_recipe(recipe)), []
    for epoch, pictures in enumerate(epochs):
        for row in rows(*[SOUND] * steps, steps=steps, first=epoch * steps):
            assert doctor.step(row) is None
        if finding := doctor.pictures(pictures):
            found.append((epoch + 1, finding))
    return found


def test_collapse(alike):
    [(epoch, found)] = after_epochs("gan", [alike] * 5, steps=150)
    assert (epoch, found.name, found.when) == (3, "collapse", "after epoch 3")
    assert found.seen.startswith("nearly one picture for all 25 fixed codes since epoch 1")
    assert [epoch for epoch, _ in after_epochs("gan", [alike] * 5, steps=ALIKE_UPDATES)] == [2]
    assert after_epochs("gan", [alike], steps=1000) == []  # one picture is no proof
    black = np.zeros_like(alike)
    assert [epoch for epoch, _ in after_epochs("gan", [black] * 2, steps=400)] == [2]


def test_a_critic_moves_g_more_seldom(alike):
    assert [epoch for epoch, _ in after_epochs("wgan-gp", [alike] * 8, steps=ALIKE_UPDATES)] == [6]


def test_pictures_that_are_no_collapse(digits, alike):
    faint = np.random.default_rng(1).integers(120, 136, digits.shape).astype(np.uint8)  # an untrained G's
    half = np.concatenate([alike[:1].repeat(13, 0), digits[:12]])
    for pictures in (digits, faint, half):
        assert after_epochs("gan", [pictures] * 4, steps=400) == []
    assert after_epochs("gan", [alike, digits] * 4, steps=400) == []  # it finds back each time
    assert [epoch for epoch, _ in after_epochs("gan", [digits, alike, alike], steps=400)] == [3]


def test_colours_are_looked_at_too(digits):
    grey = digits[:1].repeat(PICTURE_CODES, 0).repeat(3, 3)
    painted = grey.copy()
    painted[::2, ..., 0] = 255 - painted[::2, ..., 0]
    assert [epoch for epoch, _ in after_epochs("gan", [grey] * 2, steps=400)] == [2]
    assert after_epochs("gan", [painted] * 2, steps=400) == []
