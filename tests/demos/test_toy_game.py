"""Small games go through the package's own players and step."""

from dataclasses import replace

import numpy as np
from mindspore import Tensor

from ms_gan.data.latent import generator_for, normal
from ms_gan.demos.toy import ToyGame
from ms_gan.games import Gan
from ms_gan.recipes import Recipe, Toy

TOY = Toy(Recipe(batch_size=32, latent_size=3, learning_rate=1e-2, critic_steps=2), "plane", 8, steps=4)
CENTRE = np.array([3.0, -1.0])


def draw(rng, count):
    return CENTRE + rng.normal(0, 0.1, (count, 2))


def weights(game, name):
    return [p.asnumpy().copy() for p in game.players.networks()[name].get_parameters()]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_only_every_second_batch_moves_g_and_a_lesson_never_does(cpu):
    game = ToyGame(TOY, draw)
    for method, g_updates, moves_g in (
        (game.teach, 0, False),
        (game.play, 0, False),
        (game.play, 1, True),
        (game.teach, 1, False),
        (game.play, 1, False),
        (game.play, 2, True),
    ):
        before = weights(game, "generator"), weights(game, "discriminator")
        method(1)
        assert same(before[0], weights(game, "generator")) != moves_g
        assert not same(before[1], weights(game, "discriminator"))
        assert game.g_updates == g_updates
    assert len(game.answers) == 6 and all(len(answer) == 4 for answer in game.answers)


def test_it_is_the_packages_step_on_the_recipes_numbers(cpu):
    """The same game, batch by batch by hand."""
    game, by_hand = ToyGame(TOY, draw), ToyGame(TOY, draw)
    gan = Gan(TOY.recipe, by_hand.players)
    data, codes = generator_for(0, 0, "data"), generator_for(0, 0, "latent code")
    answers = []
    for number in range(1, 5):
        points = draw(data, 32).astype(np.float32).reshape(32, 1, 1, 2)
        found = gan.step((Tensor(points), Tensor(normal(codes, 32, 3))), 0, number)
        answers.append(tuple(found.asnumpy().tolist()))
    game.play(4)
    assert game.answers == answers
    for name in ("generator", "discriminator"):
        assert same(weights(game, name), weights(by_hand, name))


def test_the_same_settings_give_the_same_game(cpu):
    toy = replace(TOY, recipe=replace(TOY.recipe, objective="wasserstein", gradient_penalty=1.0))
    games = [ToyGame(toy, draw), ToyGame(toy, draw), ToyGame(replace(toy, recipe=replace(toy.recipe, seed=1)), draw)]
    for game in games:
        game.play(4)
    assert games[0].answers == games[1].answers != games[2].answers
    assert np.isfinite(games[0].answers).all()


def test_a_lesson_teaches_d_to_tell_both_apart(cpu):
    game = ToyGame(TOY, draw)
    codes = normal(np.random.default_rng(0), 500, 3)
    game.teach(60)
    real, fake = game.scores(draw(np.random.default_rng(1), 500)), game.scores(game.generate(codes))
    assert real.shape == (500,) and real.dtype == np.float64 and game.generate(codes).shape == (500, 2)
    assert real.min() > 0 > fake.mean()


def test_g_moves_towards_the_data(cpu):
    game = ToyGame(replace(TOY, recipe=replace(TOY.recipe, critic_steps=1)), draw)
    codes = normal(np.random.default_rng(0), 500, 3)
    before = np.linalg.norm(game.generate(codes).mean(axis=0) - CENTRE)
    game.play(80)
    assert np.linalg.norm(game.generate(codes).mean(axis=0) - CENTRE) < 0.7 * before
