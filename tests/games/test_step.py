"""The compiled step against the slides' own order, written plainly."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from ms_gan.data.batches import Batches
from ms_gan.data.latent import fixed_codes, mixing_weights
from ms_gan.data.mnist.files import load_images
from ms_gan.games import Gan
from ms_gan.games.objectives import find_objective
from ms_gan.games.players import create_players
from ms_gan.games.step import compile_step
from ms_gan.networks.evaluation import draw
from ms_gan.recipes import Recipe
from ms_gan.records import checkpoint
from ms_gan.records.checkpoint import Position

STEPS = 3
BEFORE_A_BATCH_NORM = ("model.2.bias", "model.5.bias", "model.8.bias")


@pytest.fixture(scope="module")
def batches(small_mnist):
    recipe = Recipe()
    images = load_images(small_mnist)
    epoch = Batches(images, batch_size=recipe.batch_size, latent_size=recipe.latent_size, seed=0).epoch(0)
    rows = list(epoch.create_tuple_iterator(num_epochs=1))
    assert len(rows) == 5 and rows[0][0].shape == (128, 1, 28, 28) and rows[0][1].shape == (128, 100)
    return rows[:STEPS]


def state(players) -> dict[str, np.ndarray]:
    """All that a step changes: weights, moving statistics, what the optimisers remember."""
    networks = players.networks().values()
    kept = [p for network in networks for p in network.get_parameters()] + players.optimizer_state()
    return {p.name: p.asnumpy().copy() for p in kept}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(one[name].tobytes() == other[name].tobytes() for name in one)


@pytest.fixture(scope="module")
def first_set(tmp_path_factory):
    """Where the players are saved before their first step."""
    return tmp_path_factory.mktemp("first_set")


@pytest.fixture(scope="module")
def trained(cpu, batches, first_set):
    """The players, their compiled step, the state before, what each step returned, and the state after each."""
    players = create_players(Recipe())
    checkpoint.save(first_set, Position(0, 1), players)
    step = compile_step(players, find_objective("non-saturating"))
    before, answers, after = state(players), [], []
    for image, latent_code in batches:
        answers.append([value.asnumpy() for value in step(image, latent_code)])
        after.append(state(players))
    return players, step, before, answers, after


class Slides:
    """The slides' training step (slide value_and_grad): two passes through G, Sigmoid and BCELoss, in PyNative."""

    def __init__(self, slides, weights: dict[str, np.ndarray]):
        self.generator, self.discriminator = slides.pair()
        for name, network in self.networks().items():
            for attribute, p in network.parameters_and_names():
                p.set_data(Tensor(weights[f"{name}.{attribute}"]))
            network.set_train(True)
        self.adam_g, self.adam_d = slides.adam(self.generator), slides.adam(self.discriminator)
        self.bce = nn.BCELoss(reduction="mean")
        self.grad_g = ms.value_and_grad(self.generator_forward, None, self.generator.trainable_params())
        self.grad_d = ms.value_and_grad(self.discriminator_forward, None, self.discriminator.trainable_params())

    def networks(self):
        return {"generator": self.generator, "discriminator": self.discriminator}

    def generator_forward(self, noise):
        answer = self.discriminator(self.generator(noise))
        return self.bce(answer, ops.ones_like(answer))

    def discriminator_forward(self, real, noise):
        d_real, d_fake = self.discriminator(real), self.discriminator(self.generator(noise))
        return self.bce(d_real, ops.ones_like(d_real)) + self.bce(d_fake, ops.zeros_like(d_fake))

    def statistics(self):
        return [p for name, p in self.generator.parameters_and_names() if "moving" in name]

    def step(self, real, noise):
        """D first, then G. The slides' one fault is left out: D's pass moves G's statistics a second time."""
        kept = [p.asnumpy().copy() for p in self.statistics()]
        answers = [self.discriminator(x).asnumpy().mean() for x in (real, self.generator(noise))]
        d_loss, gradients = self.grad_d(real, noise)
        self.adam_d(gradients)
        for p, value in zip(self.statistics(), kept, strict=True):
            p.set_data(Tensor(value))
        g_loss, gradients = self.grad_g(noise)
        self.adam_g(gradients)
        return [d_loss.asnumpy(), g_loss.asnumpy(), *answers]

    def state(self):
        pairs = self.networks().items()
        return {f"{name}.{a}": p.asnumpy() for name, network in pairs for a, p in network.parameters_and_names()}


def test_equal_to_the_slides_order(trained, batches, slides):
    _, _, before, answers, after = trained
    reference = Slides(slides, before)
    for ours, (image, latent_code) in zip(answers, batches, strict=True):
        assert [value.shape for value in ours] == [()] * 4
        np.testing.assert_allclose(ours, reference.step(image, latent_code), rtol=1e-4)
    moved = 0
    for name, theirs in reference.state().items():
        ours = after[-1][name]
        moved = max(moved, abs(ours - before[name]).max())
        if name.endswith(BEFORE_A_BATCH_NORM):
            # Batch norm takes the bias away again: its gradient is 0 but for rounding, which Adam makes steps of.
            assert abs(ours - theirs).max() <= 2 * STEPS * 2e-4
        else:
            assert np.quantile(abs(ours - theirs), 0.999) < 2e-6, name
            assert abs(ours - theirs).max() < 3e-4, name
    assert moved > 5e-4


def test_answers_are_those_before_the_update(trained, batches):
    """D's answers and loss come from before D's update; G's loss from after it."""
    players, _, before, answers, after = trained
    image, latent_code = batches[0]
    generator, discriminator = copy_of(players)
    load(generator, before), load(discriminator, before)
    fake = generator.set_train(True)(latent_code)
    real_scores, fake_scores = (discriminator(x).asnumpy().astype(np.float64) for x in (image, fake))
    d_loss, g_loss, d_real, d_fake = answers[0]
    assert d_real == pytest.approx((1 / (1 + np.exp(-real_scores))).mean(), rel=1e-5)
    assert d_fake == pytest.approx((1 / (1 + np.exp(-fake_scores))).mean(), rel=1e-5)
    assert d_loss == pytest.approx(np.logaddexp(0, -real_scores).mean() + np.logaddexp(0, fake_scores).mean(), rel=1e-5)
    load(discriminator, after[0])
    updated = discriminator(fake).asnumpy().astype(np.float64)
    assert g_loss == pytest.approx(np.logaddexp(0, -updated).mean(), rel=1e-5)
    assert abs(g_loss - np.logaddexp(0, -fake_scores).mean()) > 0.005  # the update did change the answer


def copy_of(players):
    fresh = create_players(Recipe(seed=1))
    return fresh.generator, fresh.discriminator


def load(network, kept: dict[str, np.ndarray]) -> None:
    for p in network.get_parameters():
        p.set_data(Tensor(kept[p.name]))


def test_moving_statistics_move_once_a_step(trained, batches):
    """Those of the first batch norm, by hand: 0.9 of what they were and 0.1 of the batch's."""
    _, _, before, _, after = trained
    code = batches[0][1].asnumpy().astype(np.float64)
    weights = [before[f"generator.model.{i}.{kind}"] for i in (0, 2) for kind in ("weight", "bias")]
    hidden = np.maximum(code @ weights[0].T + weights[1], 0) @ weights[2].T + weights[3]
    name = "generator.model.3.moving_"
    np.testing.assert_allclose(after[0][name + "mean"], 0.1 * hidden.mean(0), atol=1e-6)
    np.testing.assert_allclose(after[0][name + "variance"], 0.9 + 0.1 * hidden.var(0, ddof=1), rtol=1e-5)
    assert abs(0.1 * hidden.mean(0)).max() > 0.01


def test_same_start_same_bytes_and_drawing_in_between_changes_nothing(trained, batches, first_set):
    players, step, before, answers, after = trained
    assert checkpoint.restore(first_set, Position(0, 1), players)
    assert same(state(players), before)
    codes = fixed_codes(25, 100)
    for number, (image, latent_code) in enumerate(batches):
        again = [value.asnumpy() for value in step(image, latent_code)]
        assert again == answers[number]
        draw(players.generator, codes)
        assert players.generator.training and all(cell.training for cell in players.generator.cells())
        assert same(state(players), after[number])
    assert not same(after[0], after[1])


def test_same_seed_same_first_weights(cpu, trained):
    before = trained[2]
    assert same(state(create_players(Recipe())), before)
    other = state(create_players(Recipe(seed=1)))
    assert other.keys() == before.keys()
    assert not np.array_equal(other["generator.model.0.weight"], before["generator.model.0.weight"])
    assert not np.array_equal(other["discriminator.model.0.weight"], before["discriminator.model.0.weight"])


def test_a_step_made_after_drawing_trains(cpu, trained, batches):
    """Networks left in evaluation mode are put into training mode before the step is compiled."""
    _, _, _, answers, after = trained
    players = create_players(Recipe())
    players.generator.set_train(False)
    players.discriminator.set_train(False)
    draw(players.generator, fixed_codes(2, 100))
    assert not players.generator.training
    step = compile_step(players, find_objective("non-saturating"))
    assert [value.asnumpy() for value in step(*batches[0])] == answers[0]
    assert same(state(players), after[0])


SMALL = dict(networks="mlp-cs231n", latent_size=8, noise="uniform")


def critic(**more) -> Recipe:
    return Recipe(**(SMALL | dict(objective="wasserstein", critic_steps=3) | more))


def batch(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    image, code = rng.uniform(-1, 1, (count, 1, 28, 28)), rng.uniform(-1, 1, (count, 8))
    return Tensor(image.astype(np.float32)), Tensor(code.astype(np.float32))


def numbers(answers) -> list[float]:
    return answers.asnumpy().tolist()


def changed(before, after, player: str) -> bool:
    names = [name for name in before if name.startswith(player + ".")]
    return not all(np.array_equal(before[name], after[name]) for name in names)


def scores(network, images) -> np.ndarray:
    return network(Tensor(images)).asnumpy().astype(np.float64)


def test_a_critic_moves_alone_until_its_turn_is_over(cpu):
    """Three updates of D for one of G; before G's turn its loss is what it would have to pay."""
    recipe = critic(optimizer="rmsprop", beta1=0.0, weight_clip=0.01, learning_rate=5e-5)
    players = create_players(recipe)
    step = Gan(recipe, players).step
    for number in (1, 2, 3, 4):
        before = state(players)
        image, code = batch(16, number)
        real = scores(players.discriminator, image.asnumpy()).mean()
        drawn = players.generator(code).asnumpy()
        fake = scores(players.discriminator, drawn).mean()
        d_loss, g_loss, d_real, d_fake = numbers(step((image, code), 0, number))
        assert (d_real, d_fake) == pytest.approx((real, fake), rel=1e-4, abs=1e-6)
        assert d_loss == pytest.approx(fake - real, rel=1e-4, abs=1e-6)
        after = state(players)
        assert changed(before, after, "discriminator")
        assert changed(before, after, "generator") == (number == 3)
        to_pay = scores(players.discriminator, drawn).mean() if number == 3 else d_fake
        assert g_loss == pytest.approx(-to_pay, rel=1e-5)
        bounds = [abs(value).max() for name, value in after.items() if name.startswith("discriminator.")]
        assert max(bounds) == pytest.approx(0.01, rel=1e-6)


def test_the_penalty_is_part_of_the_critics_loss(cpu):
    """By central differences: the slope of the critic's score at the mixed images, one image at a time."""
    recipe = critic(gradient_penalty=10.0, critic_steps=1)
    players = create_players(recipe)
    image, code = batch(4)
    fake = players.generator(code).asnumpy()
    mixing = mixing_weights(recipe.seed, 2, 5, 4)
    mixed = mixing * image.asnumpy() + (1 - mixing) * fake
    parameters = players.discriminator.get_parameters()
    w = {p.name.removeprefix("discriminator."): p.asnumpy().astype(np.float64) for p in parameters}
    slopes = [gradient_by_hand(w, one.reshape(-1).astype(np.float64)) for one in mixed]
    penalty = np.mean([(np.linalg.norm(slope) - 1) ** 2 for slope in slopes])
    gap = scores(players.discriminator, fake).mean() - scores(players.discriminator, image.asnumpy()).mean()
    d_loss, *_ = numbers(Gan(recipe, players).step((image, code), 2, 5))
    assert d_loss == pytest.approx(gap + 10 * penalty, rel=1e-5)
    assert 10 * penalty > 1


def gradient_by_hand(w: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """The gradient of the notebook's discriminator for its input: a product of its matrices, row by row switched."""
    layers = sorted({name.rsplit(".", 1)[0] for name in w})
    slopes, y = [], x
    for layer in layers[:-1]:
        y = w[f"{layer}.weight"] @ y + w[f"{layer}.bias"]
        slopes.append(np.where(y > 0, 1, 0.01))
        y = y * slopes[-1]
    gradient = w[f"{layers[-1]}.weight"][0]
    for layer, slope in zip(reversed(layers[:-1]), reversed(slopes), strict=True):
        gradient = (gradient * slope) @ w[f"{layer}.weight"]
    return gradient


def test_a_smaller_batch_trains_the_same_players(cpu):
    """Another size is another graph: both see, and leave, the same weights."""
    recipe = Recipe(**SMALL, learning_rate=1e-3)
    players, again = create_players(recipe), create_players(recipe)
    step = Gan(recipe, players).step
    sizes = (16, 5, 16, 5)
    answers = [numbers(step(batch(size, number), 0, number)) for number, size in enumerate(sizes, 1)]
    for number, size in enumerate(sizes, 1):  # a step of its own each time: none can have kept anything
        assert numbers(Gan(recipe, again).step(batch(size, number), 0, number)) == answers[number - 1]
    assert same(state(players), state(again))
    assert len({answer[0] for answer in answers}) == 4


@pytest.mark.parametrize("objective", ["minimax", "least-squares"])
def test_other_objectives(cpu, objective):
    recipe = Recipe(**SMALL, objective=objective)
    players = create_players(recipe)
    image, code = batch(16)
    real = scores(players.discriminator, image.asnumpy())
    fake = scores(players.discriminator, players.generator(code).asnumpy())
    d_loss, g_loss, d_real, d_fake = numbers(Gan(recipe, players).step((image, code), 0, 1))
    updated = scores(players.discriminator, again_fake(recipe, code))
    if objective == "minimax":
        wanted = [np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean(), -np.logaddexp(0, updated).mean()]
        wanted += [(1 / (1 + np.exp(-real))).mean(), (1 / (1 + np.exp(-fake))).mean()]
    else:
        wanted = [((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2, ((updated - 1) ** 2).mean() / 2]
        wanted += [real.mean(), fake.mean()]
    assert [d_loss, g_loss, d_real, d_fake] == pytest.approx(wanted, rel=1e-4)


def again_fake(recipe, code) -> np.ndarray:
    """What G drew before it was updated."""
    return create_players(recipe).generator(code).asnumpy()


def test_adam_without_a_first_moment(cpu):
    """β1 = 0 (Gulrajani et al. 2017): the first step is the learning rate in the direction of the gradient's sign."""
    recipe = Recipe(**SMALL, beta1=0.0, learning_rate=1e-3)
    players = create_players(recipe)
    before = state(players)
    step = Gan(recipe, players).step
    for number in (1, 2):
        step(batch(16, number), 0, number)
    after = state(players)
    moments = after["discriminator_optimizer.moment1.discriminator.model.4.weight"]
    slopes = after["discriminator_optimizer.moment2.discriminator.model.4.weight"]
    assert not changed(before, before, "generator") and changed(before, after, "generator")
    # v = 0.999·0.001·g1² + 0.001·g2² and m = g2: nothing of g1 is in m
    assert (moments**2 * 0.001 <= slopes * (1 + 1e-5)).all()
