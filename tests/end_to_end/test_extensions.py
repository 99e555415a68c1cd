"""What a user adds in ten lines, and no change to the package: an objective, a listener, a source, a game, a pair."""

from dataclasses import replace

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops
from PIL import Image

from ms_gan import (
    GAMES,
    NOISES,
    OBJECTIVES,
    PAIRS,
    SOURCES,
    Game,
    Gan,
    Listener,
    Objective,
    Recipe,
    Running,
    Source,
    make_players,
    train,
)
from ms_gan.games.game import compiled, in_training
from ms_gan.games.players import Players, make_player, seeded
from ms_gan.records import history
from ms_gan.records.run_folder import RunFolder
from ms_gan.records.trained import load_generator

pytestmark = pytest.mark.usefixtures("cpu", "registries")

SMALL = Recipe(epochs=2, batch_size=32, train_images=96, networks="mlp-cs231n", latent_size=4, log_every=1)


@pytest.fixture
def registries():
    """As they were before, afterwards."""
    before = [(choices, dict(choices)) for choices in (GAMES, NOISES, OBJECTIVES, PAIRS, SOURCES)]
    yield
    for choices, entries in before:
        choices.clear()
        choices.update(entries)


@pytest.fixture
def result(tmp_path):
    return RunFolder(tmp_path / "run")


def test_an_objective(small_mnist, result):
    """Hinge (Lim and Ye 2017)."""

    def d_loss(real_scores, fake_scores):
        return ops.relu(1 - real_scores).mean() + ops.relu(1 + fake_scores).mean()

    def g_loss(fake_scores):
        return -fake_scores.mean()

    OBJECTIVES["hinge"] = Objective(d_loss, g_loss, equilibrium=(2.0, 0.0), answers="critic")
    recipe = replace(SMALL, objective="hinge")
    assert train(recipe, Running(result.root, data=small_mnist)) is None
    rows, fault = history.read(result.history)
    assert fault is None and len(rows) == 6
    assert rows[0].d_loss == pytest.approx(2, abs=0.5)  # fresh scores are near 0
    assert rows[0].d_loss == pytest.approx(2 - rows[0].d_real + rows[0].d_fake, abs=1e-4)  # none is beyond ±1


class Brightness(Listener):
    figures = ("brightness",)

    def epoch(self, run):
        return {"brightness": float(run.game.samples().mean())}


def test_a_listener(small_mnist, result):
    """A column of the history, filled in each epoch's last row, a curve, and a number on the epoch's line."""
    for epochs in (1, 2):
        running = Running(result.root, data=small_mnist, resume="newest" if epochs == 2 else None)
        assert train(replace(SMALL, epochs=epochs), running, listeners=[Brightness()]) is None
    assert result.history.read_text().splitlines()[0] == "epoch,step,d_loss,g_loss,d_real,d_fake,seconds,brightness"
    rows, fault = history.read(result.history)
    assert fault is None
    assert [(row.epoch, row.step) for row in rows if "brightness" in row.figures] == [(0, 3), (1, 3)]
    assert all(0 < row.brightness < 255 for row in rows if row.step == 3)
    with Image.open(result.losses) as picture:
        assert picture.size == (1200, 1200)  # a third panel
    without = Running(result.root, data=small_mnist, resume="newest")
    assert train(replace(SMALL, epochs=3), without) is None  # what was measured stays
    assert sum("brightness" in row.figures for row in history.read(result.history)[0]) == 2


def test_a_source(result):
    pictures = np.random.default_rng(0).integers(0, 256, (40, 28, 28, 1), np.uint8)
    SOURCES["mine"] = Source(lambda recipe, folder, say: pictures)
    assert train(replace(SMALL, source="mine", batch_size=20), Running(result.root)) is None
    assert result.read_recipe().source == "mine" and len(history.read(result.history)[0]) == 4


@GAMES.register("autoencoder")
class Autoencoder(Game):
    """One player: a picture through 8 numbers and back (mean squared error)."""

    columns, figures = ("image", "latent_code"), ("error",)

    def __init__(self, recipe):
        with seeded(recipe.seed):
            layers = nn.Flatten(), nn.Dense(784, 8), nn.Tanh(), nn.Dense(8, 784), nn.Tanh()
            player = make_player("autoencoder", nn.SequentialCell(*layers), recipe)
        super().__init__(recipe, Players(autoencoder=player))
        network, optimizer = in_training(player.network), player.optimizer

        def error(image):
            return ops.square(network(image) - image.reshape((image.shape[0], -1))).mean()

        gradients_of = ms.value_and_grad(error, None, optimizer.parameters)

        def step(image):
            value, gradients = gradients_of(image)
            return ops.depend(value, optimizer(gradients)).reshape((1,))

        self._step = compiled(step)

    def step(self, batch, epoch, number):
        return self._step(batch[0])

    def samples(self):
        noise = np.random.default_rng(0).uniform(-1, 1, (25, 1, 28, 28)).astype(np.float32)
        values = self.players["autoencoder"].network(Tensor(noise)).asnumpy()
        return ((values.reshape(25, 28, 28, 1) + 1) * 127.5).astype(np.uint8)


def test_a_game_of_one_player(small_mnist, result, command, capfd):
    GAMES["autoencoder"] = Autoencoder
    recipe = Recipe(game="autoencoder", epochs=2, batch_size=32, learning_rate=0.01, log_every=10)
    assert train(recipe, Running(result.root, data=small_mnist)) is None
    out = capfd.readouterr().out
    assert "step:[  10/  20], error:0." in out and "epoch   2/2   error 0." in out
    names = {path.name for path in result.checkpoints.iterdir()}
    assert names == {
        f"{what}{epoch}.{end}"
        for epoch in (0, 1)
        for what, end in (("Autoencoder", "ckpt"), ("TrainState", "ckpt"), ("Epoch", "json"))
    }
    errors = [row.error for row in history.read(result.history)[0]]
    assert len(errors) == 40 and np.mean(errors[-5:]) < 0.8 * errors[0]
    assert result.losses.exists() and result.evolution.exists()
    whole = (result.checkpoints / "Autoencoder1.ckpt").read_bytes()
    # stopped after an epoch and gone on with, it is the same to the byte
    parts = RunFolder(result.root.with_name("parts"))
    assert train(replace(recipe, epochs=1), Running(parts.root, data=small_mnist)) is None
    assert train(recipe, Running(parts.root, data=small_mnist, resume="newest")) is None
    assert (parts.checkpoints / "Autoencoder1.ckpt").read_bytes() == whole
    assert command("doctor", result.root).out.startswith("nothing found")


class MyGenerator(nn.Cell):
    def __init__(self):
        super().__init__()
        self.layers = nn.SequentialCell(nn.Dense(4, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dense(32, 784), nn.Tanh())

    def construct(self, latent_code):
        return self.layers(latent_code).reshape((-1, 1, 28, 28))


class MyDiscriminator(nn.Cell):
    def __init__(self):
        super().__init__()
        self.layers = nn.SequentialCell(nn.Conv2d(1, 2, 4, 4, pad_mode="valid"), nn.LeakyReLU(0.2), nn.Flatten())
        self.score = nn.Dense(2 * 7 * 7, 1)

    def construct(self, image):
        return self.score(self.layers(image))


def test_a_pair_for_one_run(small_mnist, result):
    players = make_players(MyGenerator(), MyDiscriminator(), SMALL)
    assert train(SMALL, Running(result.root, data=small_mnist), game=Gan(SMALL, players)) is None
    assert len(history.read(result.history)[0]) == 6


def test_a_pair_with_a_name(small_mnist, result):
    """It is found again where weights are loaded."""
    PAIRS["mine"] = lambda *_: (MyGenerator(), MyDiscriminator())
    assert train(replace(SMALL, networks="mine"), Running(result.root, data=small_mnist)) is None
    generator, latent_size = load_generator(result.checkpoints / "Generator1.ckpt")
    assert isinstance(generator, MyGenerator) and latent_size == 4


def test_a_noise(small_mnist, result):
    NOISES["coin"] = lambda rng, count, size: rng.choice(np.float32([-1, 1]), (count, size))
    assert train(replace(SMALL, noise="coin"), Running(result.root, data=small_mnist)) is None
