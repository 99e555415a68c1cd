# %% [markdown]
# # DCGAN: faces, and a run that went wrong
#
# DCGAN (Radford, Metz and Chintala 2015) is the convolutional GAN that the others are built on. This lecture takes its
# two networks apart, and then reads a riddle: the slides show a run whose every line says the same,
#
#     loss_d:13.815511 , loss_g:-0.000000
#
# and ask why. Here that run is made again, on purpose, with real networks and real pictures. Then it is taken apart
# number by number, put right fault by fault, and set beside a sound run.
#
# Run it from the project's folder: `python lectures/07_dcgan_faces.py`. It needs a folder of faces. Without `--data` it
# takes `data/cartoon`, and where that is missing it draws 10,000 cartoon faces there first, once, in a few minutes; no
# download is needed. Everything up to the sound run takes a minute or two, an epoch of that run about a minute on two
# cores. Options:
#
# - `--epochs N`: of the sound run, 3 unless given. 25, its recipe's own, take some twenty minutes.
# - `--data DIR`: a folder of pictures of yours. `--width N`: feature maps of the sound run, 64 unless given; fewer are
#   quicker and draw worse.
# - `--cure-steps N`: how long each cure of the broken run is tried, 25 unless given; more show whether it lasts.
# - `--result DIR`, `--device CPU`: as in lecture 02.
#
# The run goes to `result/dcgan-small`, the pictures to `result/lecture07`. **A run that has as many epochs already is
# read and not trained again.** A shorter one goes on, and so does one that was stopped by Ctrl-C.

# %%
import argparse
import sys
from pathlib import Path

parser = argparse.ArgumentParser(description="Lecture 07: DCGAN, and a run that went wrong.")
parser.add_argument("--epochs", type=int, default=3, help="of the sound run: 3 unless given")
parser.add_argument("--width", type=int, default=64, help="feature maps of the sound run: 64 unless given")
parser.add_argument("--cure-steps", type=int, default=25, help="of each cure of the broken run: 25 unless given")
parser.add_argument("--data", type=Path, help="a folder of pictures: data/cartoon unless given, drawn if missing")
parser.add_argument("--result", type=Path, default=Path("result"), help="the run and the pictures go there")
parser.add_argument("--device", help="CPU, GPU or Ascend: the best there is unless given")
options = parser.parse_args([] if "ipykernel" in sys.modules else None)
pictures = options.result / "lecture07"

# %%
from dataclasses import replace

from ms_gan import (
    RECIPES,
    RunFolder,
    UserError,
    check_lecture_run,
    choose_device,
    draw_cartoons,
    load_data_set,
    one_line_errors,
)

# What cannot work is said here, in one line, before anything is computed.
with one_line_errors():
    on_cpu = choose_device(options.device) == "CPU"
    if options.cure_steps < 10:
        raise UserError(f"cure steps {options.cure_steps}: it must be a whole number of at least 10")
    recipe = replace(RECIPES["dcgan-small"], epochs=options.epochs, width=options.width)
    folder = RunFolder(options.result / "dcgan-small")
    check_lecture_run(recipe, folder)
    data = options.data or Path("data", "cartoon")
    if options.data is None and not data.exists():
        print(f"no faces in {data} yet: 10,000 are drawn now, once; Ctrl-C stops, `ms-gan data cartoon` goes on")
        draw_cartoons(data)
    faces = load_data_set(recipe, data)
    if len(faces) < 320:
        raise UserError(f"the data set has {len(faces)} pictures: this lecture needs at least 320, five batches")

# %% [markdown]
# ## The faces
#
# The slides' faces are 70,171 anime faces of 96×96 pixels (`ms-gan data faces` gets them, 275 MB). The drawn ones have
# the same size. The networks of this lecture's run see them at 32×32, in three channels, as numbers from −1 to 1: the
# recipe `dcgan-small` names all that, and 64 faces a batch. Latent codes are 100 numbers from N(0, 1).

# %%
from itertools import islice

from PIL import Image

from ms_gan import Batches, save_grid, to_pixels


def batches_of(size):
    return Batches(faces, batch_size=size, latent_size=recipe.latent_size, seed=recipe.seed, noise=recipe.noise)


image, latent_code = next(batches_of(recipe.batch_size).epoch(0).create_tuple_iterator(num_epochs=1))
print(f"{len(faces):,} faces; a batch has images {image.shape} and latent codes {latent_code.shape}")
print(f"their numbers go from {image.min().asnumpy():.2f} to {image.max().asnumpy():.2f}")
assert image.shape == (64, 3, 32, 32) and latent_code.shape == (64, 100) and abs(image.asnumpy()).max() <= 1

with one_line_errors():
    save_grid(pictures / "faces.png", to_pixels(image[:25].asnumpy()))
print(f"25 of them, as the networks see them: {pictures / 'faces.png'}")
Image.open(pictures / "faces.png")

# %% [markdown]
# ## DCGAN's rules
#
# Before 2015 many had tried to put convolutions into a GAN, and most of those runs fell apart. The paper found rules
# under which they train:
#
# 1. **No pooling.** D halves its pictures by convolutions with stride 2, G doubles them by transposed ones.
# 2. **Batch normalisation** in both networks, but not behind G's last layer and not behind D's first one. With it
#    everywhere, the paper reports, the training oscillates.
# 3. **No Dense layers inside.** The noise goes straight into feature maps, the last maps straight into the score.
# 4. **ReLU in G, Tanh at its end. LeakyReLU 0.2 in D.**
# 5. All weights start from N(0, 0.02), the scales of the batch normalisation from N(1, 0.02).
# 6. Adam with learning rate 0.0002 and β1 = 0.5: the usual 0.001 was too large, and with the usual 0.9 it oscillated.
#
# The pictures are 3×64×64, the noise is 100 numbers.
#
# ## Strides instead of pools
#
# Lecture 06 halved its maps by max-pools. A convolution with stride 2 does both at once: it looks *and* halves, and it
# learns how to. Does it lose something? No: a convolution of 3×3 followed by a **mean**-pool of 2×2 *is* a convolution
# of 4×4 with stride 2. Its kernel is the mean of the small one in four places. So the network can learn that pool, or
# any better one, and it needs fewer multiplications: for n×n numbers 16·(n/2)² = 4n² instead of 9n².

# %%
import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

rng = np.random.default_rng(0)
small = rng.standard_normal((8, 3, 3, 3)).astype(np.float32)
large = sum(np.pad(small, ((0, 0), (0, 0), (i, 1 - i), (j, 1 - j))) for i, j in np.ndindex(2, 2)) / 4
by_one = {"pad_mode": "pad", "padding": 1, "has_bias": False}
look = nn.Conv2d(3, 8, 3, stride=1, weight_init=Tensor(small), **by_one)
look_and_halve = nn.Conv2d(3, 8, 4, stride=2, weight_init=Tensor(large), **by_one)
halve = nn.AvgPool2d(kernel_size=2, stride=2, pad_mode="valid")
one, other = halve(look(image[:4])).asnumpy(), look_and_halve(image[:4]).asnumpy()
print(f"3×3, then a mean-pool: {one.shape}; 4×4 with stride 2: {other.shape}; ", end="")
print(f"largest difference {abs(one - other).max():.0e}")
assert one.shape == other.shape == (4, 8, 16, 16) and np.allclose(one, other, atol=1e-4)

# %% [markdown]
# ## From a point to a picture
#
# Lecture 06 has both formulas. A convolution makes (n − k + 2p)/s + 1 numbers of n, a transposed one (n − 1)·s − 2p +
# k. With k = 4, s = 2, p = 1 that is exactly half and exactly twice as many. At the two ends of the networks stands
# another kind: a latent code is a picture of **one** pixel with 100 channels, and with k = 4, s = 1, p = 0 one pixel
# becomes 4×4. D ends with the same in reverse, 4×4 to one pixel: the score.


# %%
def conv_size(n, k=4, s=2, p=1):
    return (n - k + 2 * p) // s + 1


def transposed_size(n, k=4, s=2, p=1):
    return (n - 1) * s - 2 * p + k


up = [1, transposed_size(1, s=1, p=0)]
while up[-1] < 64:
    up.append(transposed_size(up[-1]))
down = [64]
while down[-1] > 4:
    down.append(conv_size(down[-1]))
down.append(conv_size(4, s=1, p=0))
print("G:", " -> ".join(map(str, up)))
print("D:", " -> ".join(map(str, down)))
assert up == [1, 4, 8, 16, 32, 64] and down == up[::-1]

# %% [markdown]
# **Which sizes?** From 4×4, doubling makes 32, 64 and 128. The package's pair makes 48 and 96 too: it begins with 6×6.
# Another size would leave a remainder somewhere on the way.
#
# ## 判别器 · The discriminator
#
# The widths: 64 maps where the picture is largest, and twice as many at half the side. So every inner layer costs the
# same number of multiplications. No convolution has a bias. Behind the inner ones batch normalisation would subtract it
# again, and the usual code for this paper has none at the two ends either.
#
# `build("dcgan64", 100, (3, 64, 64), 64)` makes the pair: for codes of 100 numbers, pictures of 3×64×64 and 64 maps.
# Its file begins with the layers that both networks are made of; behind them is D, which halves until 4×4 is left.

# %%
import inspect

from ms_gan import build

ms.set_seed(0)  # the same weights in every run
generator, discriminator = build("dcgan64", 100, (3, 64, 64), 64)
source = inspect.getsource(inspect.getmodule(generator))
print(source[: source.index("class Generator")])
print(inspect.getsource(type(discriminator)))


def show_layers(network, x, expected):
    """Sends x through the layers one by one, beside [(shape, parameters, arithmetic)]; returns all parameters."""
    for layer, (shape, parameters, arithmetic) in zip(network.model, expected, strict=True):
        x = layer(x)
        count = sum(parameter.size for parameter in layer.trainable_params())
        print(f"  {type(layer).__name__:15} {'×'.join(map(str, x.shape)):11} {count:9,}   {arithmetic}")
        assert x.shape == (len(x), *shape) and count == parameters
    total = sum(parameters for _, parameters, _ in expected)
    print(f"  {'in all':27} {total:9,}")
    assert total == sum(parameter.size for parameter in network.trainable_params())
    return total


large_image = Tensor(image[:2].asnumpy().repeat(2, axis=2).repeat(2, axis=3))  # 2×3×64×64
print("discriminator   output      parameters")
d_parameters = show_layers(
    discriminator,
    large_image,
    [
        ((64, 32, 32), 64 * 3 * 16, "(64 - 4 + 2)/2 + 1 = 32;  64·3·16"),
        ((64, 32, 32), 0, "no batch norm here: the colours' mean tells D something"),
        ((128, 16, 16), 128 * 64 * 16, "16;  128·64·16"),
        ((128, 16, 16), 2 * 128, "2·128: γ and β"),
        ((128, 16, 16), 0, ""),
        ((256, 8, 8), 256 * 128 * 16, "8;  256·128·16"),
        ((256, 8, 8), 2 * 256, "2·256"),
        ((256, 8, 8), 0, ""),
        ((512, 4, 4), 512 * 256 * 16, "4;  512·256·16"),
        ((512, 4, 4), 2 * 512, "2·512"),
        ((512, 4, 4), 0, ""),
        ((1, 1, 1), 512 * 16, "(4 - 4)/1 + 1 = 1;  512·16"),
        ((1,), 0, "the score"),
    ],
)
assert d_parameters == 2_765_568

# %% [markdown]
# The multiplications for one picture are the weights of a convolution times the places it looks at. The three inner
# layers cost the same:

# %%
costs = [64 * 3 * 16 * 32**2, 128 * 64 * 16 * 16**2, 256 * 128 * 16 * 8**2, 512 * 256 * 16 * 4**2, 512 * 16]
print("multiplications of D's convolutions for a picture:", ", ".join(f"{cost:,}" for cost in costs))
assert costs[1] == costs[2] == costs[3] == 2**25

# %% [markdown]
# ## 生成器 · The generator
#
# The same stairs upwards. G's last layer has no batch normalisation: the pictures' colours must be free to have any
# mean and any spread.

# %%
print(inspect.getsource(type(generator)))
print("generator       output      parameters")
g_parameters = show_layers(
    generator,
    latent_code[:2].reshape((2, 100, 1, 1)),  # pictures of one pixel, with 100 channels
    [
        ((512, 4, 4), 100 * 512 * 16, "(1 - 1)·1 + 4 = 4;  100·512·16"),
        ((512, 4, 4), 2 * 512, "2·512: γ and β"),
        ((512, 4, 4), 0, ""),
        ((256, 8, 8), 512 * 256 * 16, "(4 - 1)·2 - 2 + 4 = 8;  512·256·16"),
        ((256, 8, 8), 2 * 256, "2·256"),
        ((256, 8, 8), 0, ""),
        ((128, 16, 16), 256 * 128 * 16, "16;  256·128·16"),
        ((128, 16, 16), 2 * 128, "2·128"),
        ((128, 16, 16), 0, ""),
        ((64, 32, 32), 128 * 64 * 16, "32;  128·64·16"),
        ((64, 32, 32), 2 * 64, "2·64"),
        ((64, 32, 32), 0, ""),
        ((3, 64, 64), 64 * 3 * 16, "64;  64·3·16"),
        ((3, 64, 64), 0, "values from −1 to 1"),
    ],
)
assert g_parameters == 3_576_704

# %% [markdown]
# ## The same pair, faster
#
# `fast(network)` computes the same layers, from the same weights, as products of matrices, which a processor is good at
# (lecture 06 says why). Tests hold both equal; here they are held beside each other once more, and the first weights
# beside the paper's rule 5.

# %%
from ms_gan import fast


def weights_of(network, kind):
    return [parameter for parameter in network.get_parameters() if parameter.name.split(".")[-1] == kind]


first_scales = np.concatenate([gamma.asnumpy() for gamma in weights_of(generator, "gamma")])
for name, plain, x in (("discriminator", discriminator, large_image), ("generator", generator, latent_code[:2])):
    first_weights = np.concatenate([weight.asnumpy().ravel() for weight in weights_of(plain, "weight")])
    assert np.allclose((first_weights.mean(), first_weights.std()), (0, 0.02), atol=1e-4)
    for training in (True, False):
        answers = [network.set_train(training)(x).asnumpy() for network in (plain, fast(plain))]
        difference = abs(answers[0] - answers[1]).max()
        mode = "training" if training else "evaluation"
        print(f"{name} in {mode}: largest difference {difference:.0e} among {answers[0].size:,} numbers")
        assert answers[0].shape == answers[1].shape and difference < 1e-4
print(f"first scales of the batch normalisation: mean {first_scales.mean():.3f}, deviation {first_scales.std():.3f}")
assert np.allclose((first_scales.mean(), first_scales.std()), (1, 0.02), atol=0.005)

# %% [markdown]
# ## 跑一跑，改一改 · The run that went wrong
#
# The slide of this title shows what came of such a pair on the 70,171 anime faces. Two epochs of 275 steps, 1110.89 and
# 938.62 seconds; and in both of them every line reads
#
#     loss_d:13.815511 , loss_g:-0.000000
#
# Why? Try to answer before you read on. What do you know? The batch size, for one thing:

# %%
sizes = [size for size in range(1, 1000) if -(-70_171 // size) == 275]
print(f"275 steps for 70,171 faces, the last batch partly filled: a batch has {sizes} of them")
print(f"time for a step: {1110.89 / 275:.2f} and {938.62 / 275:.2f} s")
assert sizes == [256]

# %% [markdown]
# ### What the two numbers say
#
# The slides' D ends in a Sigmoid, and the loss is the binary cross-entropy of its answer, −log p for a real picture and
# −log(1 − p) for a generated one (lecture 02, 什么是交叉熵). A loss_g of 0 means that D answers *exactly* 1 to every
# generated picture. That it is minus 0 fits: the logarithm of 1 is 0, and a minus stands before it.
#
# Then log(1 − p) is log 0, which is minus infinity; but nothing infinite is on the slide. MindSpore's `BCELoss` adds
# 0.000000000001 inside the logarithm. So the worst loss of a single picture, and their mean, is

# %%
bce_loss = nn.BCELoss(reduction="mean")
ones, zeros = ops.ones((64, 1)), ops.zeros((64, 1))
worst, best = float(bce_loss(ones, zeros)), float(bce_loss(ones, ones))
print(f"D answers 1, wrongly: loss {worst:.6f}; -ln 0.000000000001 = {-np.log(1e-12):.6f}")
print(f"D answers 1, rightly: loss {best:.6f}")
print(f"loss_d:{worst + best:.6f} if the two parts are added, loss_d:{(worst + best) / 2:.6f} if they are halved, too")
if on_cpu:
    assert np.allclose([worst, (worst + best) / 2], [27.631021, 13.815511], atol=1e-4)
assert abs(best) < 1e-6

# %% [markdown]
# So the loss of D is halved in that code, as in many: (27.631021 + 0)/2 = 13.815511. And both numbers together say: **D
# answers exactly 1 to real and generated pictures alike.** (The code of lecture 02's slides adds the two parts and
# would print 27.631021. On an Ascend processor BCELoss does not add anything, but cuts the logarithm off at −100; there
# the line would read 50.000000.)
#
# How does a D come to that, and why does it stay there for 550 steps?
#
# ### The same run, made again
#
# First the slides' losses. The package's networks give scores; sigmoid and BCELoss make the slides' losses of them. The
# pair of functions is an `Objective` like those of lecture 05, and the package's own step trains by it.

# %%
from ms_gan import PROBABILITIES, Objective


def slides_d_loss(real_scores, fake_scores):
    real, fake = ops.sigmoid(real_scores), ops.sigmoid(fake_scores)
    return (bce_loss(real, ops.ones_like(real)) + bce_loss(fake, ops.zeros_like(fake))) / 2


def slides_g_loss(fake_scores):
    fake = ops.sigmoid(fake_scores)
    return bce_loss(fake, ops.ones_like(fake))


# D at ½ for all: each part is ln 2, and so is half of both.
from_probabilities = Objective(slides_d_loss, slides_g_loss, equilibrium=(np.log(2), np.log(2)), answers=PROBABILITIES)

# %% [markdown]
# The slide does not show the code's fault. What could be wrong in it? Four things that are easily forgotten, and none
# of which raises an error:
#
# - **The pictures are left at 0…255.** Without the line (x − 127.5)/127.5 the numbers are a hundred times as large.
# - **Nobody calls `set_train`.** A MindSpore network begins in *evaluation* mode. There batch normalisation takes its
#   moving averages, which are still 0 and 1: it does nothing.
# - **The learning rate lost two zeros:** 0.02 instead of 0.0002.
# - **The first weights** are MindSpore's own, and not N(0, 0.02).
#
# Does batch normalisation matter so much? The scores of the same faces, at −1…1 and at 0…255, in both modes, before any
# training:

# %%
from ms_gan import compile_step, create_players, find_objective, make_players


def scaled(image):
    """As it should be: from −1 to 1."""
    return image


def raw(image):
    """The same pictures from 0 to 255, for a code that forgets to divide."""
    return 127.5 * image + 127.5


assert nn.Cell().training is False
lowest, highest = float(raw(image).min()), float(raw(image).max())
assert 0 <= lowest < highest <= 255.001

# 32 feature maps and 16 pictures a batch: enough for this, and quick.
small_recipe = replace(RECIPES["dcgan-small"], width=32, batch_size=16)
untrained = fast(create_players(small_recipe).discriminator)
print("largest first score   pictures -1...1   pictures 0...255")
spread = {}
for mode in ("training", "evaluation"):
    untrained.set_train(mode == "training")
    spread[mode] = [float(abs(untrained(show(image))).max()) for show in (scaled, raw)]
    print(f"  {mode:18} {spread[mode][0]:16.3f} {spread[mode][1]:18.3f}")
assert spread["evaluation"][1] > 20 * spread["evaluation"][0]

# %% [markdown]
# In training mode batch normalisation takes the factor away again. In evaluation mode it goes through to the score. Now
# the run with the first three faults together. A `Trial` trains one pair of networks as often as we like, each time
# from first weights that a seed gives, and always with the same batches. `compile_step` puts networks into training
# mode, so for a code that never does, they get a `set_train` that does nothing.

# %%
STEPS = 25
trial_batches = list(islice(batches_of(16).epoch(0).create_tuple_iterator(num_epochs=1), STEPS))
trial_codes = trial_batches[0][1]


def parameters_of(players):
    networks = players.networks().values()
    return [p for network in networks for p in network.get_parameters()] + players.optimizer_state()


class NeverSet(nn.Cell):
    """A network that stays in evaluation mode, in which it begins."""

    def __init__(self, network):
        super().__init__(auto_prefix=False)  # the weights keep their names
        self.network = network

    def construct(self, x):
        return self.network(x)

    def set_train(self, mode=True):
        return self


class Trial:
    """A pair of networks and their compiled step, which can begin again and again."""

    def __init__(self, objective, training, recipe=small_recipe):
        self.objective, self.recipe, self.players = objective, recipe, create_players(recipe)
        if not training:
            self.players = make_players(*map(NeverSet, self.players.networks().values()), recipe)
        self.step = compile_step(self.players, objective)
        self.generator, self.discriminator = map(fast, self.players.networks().values())

    def begin(self, learning_rate, seed=0):
        """New first weights and new Adams."""
        fresh = create_players(replace(self.recipe, seed=seed))
        for parameter, value in zip(parameters_of(self.players), parameters_of(fresh), strict=True):
            ops.assign(parameter, Tensor(value.asnumpy()))
        for optimizer in (self.players.generator_optimizer, self.players.discriminator_optimizer):
            ops.assign(optimizer.learning_rate, Tensor(learning_rate, ms.float32))

    def train(self, show, steps=STEPS):
        """(d_loss, g_loss, D(x), D(G(z))) of each step; `show` makes of the pictures what the networks are shown."""
        chosen = [trial_batches[number % len(trial_batches)] for number in range(steps)]
        return [tuple(self.step(show(image), code).asnumpy().tolist()) for image, code in chosen]


def slides_line(row):
    return f"loss_d:{row[0]:f} , loss_g:{row[1]:f}"


def is_the_slides(row):
    """D answers exactly 1 to all: it pays half of the worst loss, 13.815511 on a CPU, and G pays nothing."""
    return bool(np.allclose(row[:2], (worst / 2, 0), rtol=0, atol=1e-4))


broken = Trial(from_probabilities, training=False)
dead_after = {}
for seed in range(4):
    broken.begin(0.02, seed)
    trial_rows = broken.train(raw, steps=8)
    locked, row = [is_the_slides(row) for row in trial_rows], trial_rows[-1]
    print(f"seed {seed}, step 8: {slides_line(row):42} D(x) {row[2]:.4f}  D(G(z)) {row[3]:.4f}")
    if locked[-1]:
        dead_after[seed] = locked.index(True)
assert dead_after

# %% [markdown]
# There it is, from most of the seeds. It is one of four dead ends: D answers exactly 1 or exactly 0 to each of the two
# kinds, and other seeds may end in another one. Now the seed that comes to the slide's ending first, step by step:

# %%
chosen_seed = min(dead_after, key=dead_after.get)
broken.begin(0.02, chosen_seed)
broken_rows = broken.train(raw)
for number, row in enumerate(broken_rows, 1):
    if number <= 6 or number == STEPS:
        print(f"step:[{number:4}/{STEPS:4}], {slides_line(row)} , D(x) {row[2]:.4f}  D(G(z)) {row[3]:.4f}")
locked = [is_the_slides(row) for row in broken_rows]
print(f"the slide's line: {sum(locked)} of {STEPS} times, from step {locked.index(True) + 1} on")
assert all(locked[locked.index(True) :])

# %% [markdown]
# No number was put in by hand: it is what two networks and two Adams make of these pictures.
#
# ### The detective work
#
# **Score, sigmoid, 1 − p, logarithm, half.** The broken D once more, one operation at a time:

# %%
generator_b, discriminator_b = broken.generator, broken.discriminator
shown = raw(trial_batches[-1][0])
real_scores, fake_scores = discriminator_b(shown), discriminator_b(generator_b(trial_codes))
for name, scores in (("real", real_scores), ("generated", fake_scores)):
    p = ops.sigmoid(scores).asnumpy()
    print(f"{name:9} scores from {float(scores.min()):,.0f} to {float(scores.max()):,.0f}; ", end="")
    print(f"sigmoid from {p.min():.9f} to {p.max():.9f}; 1 - p is {np.unique(1 - p)}")
    assert (p == 1).all()

inside = 1 - ops.sigmoid(fake_scores).asnumpy().astype(np.float64) + 1e-12
of_fake, of_real = -np.log(inside).mean(), -np.log(1 + 1e-12)
print(f"-log(0 + 0.000000000001) = {of_fake:.6f}; -log(1 + 0.000000000001) = {of_real:.6f}; ", end="")
print(f"half of both: {(of_fake + of_real) / 2:.6f}")
assert np.allclose([(of_fake + of_real) / 2, of_real], [13.815511, 0], atol=1e-6)

# %% [markdown]
# **From which score on?** 1/(1 + e⁻ˢ) is below 1 for every s. But near 1 a float32 can only go in steps of about
# 0.0000001, and so, from some score on, it *is* 1. Find that score by halving an interval until its two ends are
# neighbours:


# %%
def sigmoid(score):
    return ops.sigmoid(Tensor([score], ms.float32)).asnumpy()[0]


below, wall = np.float32(0), np.float32(100)
while (middle := (below + wall) / np.float32(2)) not in (below, wall):
    below, wall = (below, middle) if sigmoid(middle) == 1 else (middle, wall)
print(f"sigmoid({below:.4f}) = {sigmoid(below):.9f}, sigmoid({wall:.4f}) = {sigmoid(wall):.9f}; 24 ln 2 = ", end="")
print(f"{24 * np.log(2):.4f}")
assert sigmoid(below) < 1 == sigmoid(wall) and abs(wall - 24 * np.log(2)) < 2

# %% [markdown]
# A wall at about **16.6**: where e⁻ˢ is less than 2⁻²⁴, 1 + e⁻ˢ is rounded to 1. The broken D's scores are far beyond.
#
# **And the gradient?** The slope of the sigmoid is p(1 − p). Beyond the wall that is 1·0 = 0, exactly. Whatever the
# loss says, it comes back through the Sigmoid multiplied by 0. Here is what D pays for a *generated* picture of that
# score, and the gradient it gets, through the Sigmoid and from the score itself:


# %%
each_loss = nn.BCELoss(reduction="none")


def fake_through_sigmoid(score):
    p = ops.sigmoid(score)
    return each_loss(p, ops.zeros_like(p))


def fake_from_score(score):
    return ops.softplus(score)


def curve(loss, scores):
    """(losses, gradients): of one picture at each of the scores."""
    scores = Tensor(np.reshape(scores, (-1, 1)), ms.float32)

    def total(scores):
        return loss(scores).sum()

    return loss(scores).asnumpy()[:, 0], ms.grad(total)(scores).asnumpy()[:, 0]


examples = [-17, 0, 10, 16, 17, 40, 1000]
through_sigmoid, from_score = curve(fake_through_sigmoid, examples), curve(fake_from_score, examples)
print("           Sigmoid + BCELoss           from the score")
print("score          loss   gradient            loss   gradient")
for number, score in enumerate(examples):
    losses = through_sigmoid[0][number], from_score[0][number]
    slopes = through_sigmoid[1][number], from_score[1][number]
    print(f"{score:5} {losses[0]:13.4f} {slopes[0]:10.4f} {losses[1]:15.4f} {slopes[1]:10.4f}")
assert np.isclose(through_sigmoid[0][5], worst) and through_sigmoid[1][5] == 0
assert np.allclose([from_score[0][5], from_score[1][5]], [40, 1])

# %% [markdown]
# At the score 40 the loss computed from the score is 40, and its gradient 1: D learns. Through the Sigmoid the loss is
# 27.631021, as for any score beyond the wall, and the gradient 0: D learns nothing. The picture shows it:

# %%
from ms_gan import RunLosses, plot_runs, plot_saturation

axis = np.linspace(-5, 30, 141)
sigmoids = np.array([sigmoid(score) for score in axis])
drawn = curve(fake_through_sigmoid, axis), curve(fake_from_score, axis)
with one_line_errors():
    plot_saturation(
        pictures / "saturation.png",
        axis,
        {
            "sigmoid(score), what D answers": {"p": sigmoids},
            "Its slope p(1 − p), logarithmic": {"slope": sigmoids * (1 - sigmoids)},
            "What D pays for a generated picture": {"Sigmoid + BCELoss": drawn[0][0], "from the score": drawn[1][0]},
            "The gradient D gets for it": {"Sigmoid + BCELoss": drawn[0][1], "from the score": drawn[1][1]},
        },
        wall=float(wall),
        logarithmic={"Its slope p(1 − p), logarithmic"},
    )
print(f"the wall at {wall:.1f}: {pictures / 'saturation.png'}")
Image.open(pictures / "saturation.png")

# %% [markdown]
# Both players hang on that slope, D with its loss and G with its own, which has to come back through D. The gradients
# of the broken run, all of them: D's loss for D's weights, G's loss for G's weights.


# %%
def length(gradients):
    return np.sqrt(sum(np.square(gradient.asnumpy().astype(np.float64)).sum() for gradient in gradients))


def examine(trial, show):
    """(largest score of a real and of a generated picture, lengths of D's and G's gradients)."""
    generator, discriminator, objective = trial.generator, trial.discriminator, trial.objective
    real, fake = show(trial_batches[-1][0]), generator(trial_codes)

    def d_forward(real, fake):
        return objective.d_loss(discriminator(real), discriminator(fake))

    def g_forward(latent_code):
        return objective.g_loss(discriminator(generator(latent_code)))

    d_gradients = ms.grad(d_forward, None, discriminator.trainable_params())(real, fake)
    g_gradients = ms.grad(g_forward, None, generator.trainable_params())(trial_codes)
    largest = [float(abs(discriminator(picture)).max()) for picture in (real, fake)]
    return *largest, length(d_gradients), length(g_gradients)


*_, d_length, g_length = examine(broken, raw)
weights = sum(p.size for network in broken.players.networks().values() for p in network.trainable_params())
print(f"lengths of the gradients: D {d_length}, G {g_length}; weights in both networks: {weights:,}")
assert d_length == g_length == 0

# %% [markdown]
# Not small: **0**, for each of the weights. No step, no epoch and no later learning rate will change anything.
#
# **Why 1, and not 0?** Both errors look alike, but numbers are not: around 1 a float32 goes in steps of 0.00000006,
# around 0 it goes down to about 10⁻⁴⁵. A real picture with the score −20 gets a p that is tiny, but not 0. Then the
# slope comes through, and Adam, which divides every gradient by its own size, makes a full step even of a very small
# one. The trap on this side is only where p is next to nothing, too:


# %%
def real_through_sigmoid(score):
    p = ops.sigmoid(score)
    return each_loss(p, ops.ones_like(p))


distances = [16, 17, 20, 40, 100]
too_high = curve(fake_through_sigmoid, distances)[1]
too_low = curve(real_through_sigmoid, [-distance for distance in distances])[1]
print("wrong by a score of      generated, too high      real, too low")
for number, distance in enumerate(distances):
    print(f"{distance:19} {too_high[number]:24.6g} {too_low[number]:18.6g}")
assert too_high[2] == 0 and too_low[2] < -0.99 and abs(too_low[4]) < 1e-9
if on_cpu:  # the 0.000000000001 inside the logarithm
    assert -1e-4 < too_low[3] < -1e-7

# %% [markdown]
# ### How it got there
#
# It takes a single step. Adam's first step moves **every** weight by about the learning rate, whatever the gradient's
# size: 0.02, as much as the weights' own deviation. All of them move in the direction that raises the scores of these
# pictures, and in evaluation mode nothing holds the sum back. Then G's first step moves each of its weights by 0.02 so
# that its pictures please that same D. So both kinds stand beyond the wall before the second step begins, in which D
# would have learnt that it goes too far.

# %%
broken.begin(0.02, chosen_seed)
first_image, first_codes = trial_batches[0]
first_image, old_fake = raw(first_image), generator_b(first_codes)
before = [p.asnumpy().copy() for p in discriminator_b.trainable_params()]
scores_before = [float(discriminator_b(picture).mean()) for picture in (first_image, old_fake)]
broken.step(first_image, first_codes)
moved = np.mean([abs(p.asnumpy() - b).mean() for p, b in zip(discriminator_b.trainable_params(), before, strict=True)])
kinds = {"real": first_image, "generated before G's step": old_fake, "generated after it": generator_b(first_codes)}
print(f"mean scores before: real {scores_before[0]:.3f}, generated {scores_before[1]:.3f}; then one step")
print(f"D's weights have moved by {moved:.4f} on average; mean scores are now")
for name, picture in kinds.items():
    print(f"  {name:26} {float(discriminator_b(picture).mean()):12,.1f}")
assert 0.01 < moved < 0.0201
assert max(map(abs, scores_before)) < wall < float(discriminator_b(first_image).mean())

# %% [markdown]
# ### What the package says
#
# If you watch the numbers you need not be a detective. In every run a `RunDoctor` looks at each step, and says what is
# wrong as soon as it shows (`ms-gan doctor` does so for a folder). The rows of the broken run:

# %%
from ms_gan import Gan, RunDoctor, history

doctor = RunDoctor(small_recipe)
findings = []
for number, row in enumerate(broken_rows, 1):
    figures = dict(zip(Gan.figures, row, strict=True))  # d_loss, g_loss, d_real, d_fake
    if finding := doctor.step(history.Row(0, number, seconds=0.0, **figures)):
        findings.append(finding)
print(*findings, sep="\n")
assert [finding.name for finding in findings] == ["D is saturated"]

# %% [markdown]
# ## The cures, one at a time
#
# What helps? Each cure alone, all else left broken. Then the three faults put right, with Sigmoid + BCELoss left in
# place; then everything. All from the same first weights, with the same batches, for the same number of steps.

# %%
sound = Trial(from_probabilities, training=True)
from_scores = Trial(find_objective("non-saturating"), training=False)
all_right = Trial(find_objective("non-saturating"), training=True)


def compare(what, trials):
    """Prints a line for each trial, and returns (the last row, what `examine` finds) by their names."""
    print(f"{f'after {options.cure_steps} steps':59}largest score     length of gradient")
    print(f"{what:24}   loss_d    loss_g   D(x)  D(G(z))      real generated         D         G")
    found = {}
    for name, (trial, show, learning_rate) in trials.items():
        trial.begin(learning_rate, chosen_seed)
        found[name] = row, numbers = trial.train(show, options.cure_steps)[-1], examine(trial, show)
        print(f"  {name:22} {row[0]:9.6g} {row[1]:9.6g} {row[2]:6.4f} {row[3]:8.4f}", end="")
        print("".join(f" {number:9.3g}" for number in numbers))
    return found


cured = compare(
    "put right",
    {
        "nothing": (broken, raw, 0.02),
        "pictures from -1 to 1": (broken, scaled, 0.02),
        "training mode": (sound, raw, 0.02),
        "learning rate 0.0002": (broken, raw, 0.0002),
        "losses from scores": (from_scores, raw, 0.02),
        "the first three": (sound, scaled, 0.0002),
        "all four": (all_right, scaled, 0.0002),
    },
)
assert cured["nothing"][1][2:] == (0, 0)
for name in ("training mode", "learning rate 0.0002", "the first three", "all four"):
    assert not is_the_slides(cured[name][0]) and min(cured[name][1][2:]) > 0
for name in ("the first three", "all four"):
    assert max(cured[name][1][:2]) < wall

# %% [markdown]
# Read the gradients first: 0 and 0 means dead.
#
# - **Pictures from −1 to 1** do not open this lock. The scores of real pictures are some hundred times smaller, and
#   still far too large: with steps of 0.02 and nothing that normalises, D runs off with any pictures.
# - **Training mode** opens it. Batch normalisation brings every layer back to the size of 1, whatever the steps before
#   it did. With 0.02 the losses swing wildly, but both players get a gradient.
# - **The learning rate of 0.0002** opens it. But look at D's answers: it is sure of the pictures of 0…255 after a few
#   steps, and says ½ to the generated ones, as if it did not look at them. Beside 200, a 1 is next to nothing.
# - **Losses from scores** leave the scores as wild as they are. But as long as D is wrong it has a gradient, however
#   far beyond the wall it stands. (If G has none, it is because D takes its pictures for real: it is D's turn to
#   learn.) This does not cure what is wrong; it keeps the way back open. That is why the networks of this package have
#   no Sigmoid.
# - **The first three together** train soundly, Sigmoid + BCELoss and all. So do all four. (Their loss_d is twice as
#   large because it is not halved.)
#
# And each fault alone, with all the rest as it should be?

# %%
alone = compare(
    "only this is wrong",
    {
        "pictures of 0...255": (sound, raw, 0.0002),
        "evaluation mode": (broken, scaled, 0.0002),
        "learning rate 0.02": (sound, scaled, 0.02),
    },
)
assert all(min(alone[name][1][2:]) > 0 for name in ("pictures of 0...255", "evaluation mode"))

# %% [markdown]
# **No single fault** locks these narrow networks. It takes the evaluation mode *and* the large learning rate; the
# pictures of 0…255 make it worse, and are a fault in any case. But what of the paper's width, 64 feature maps? A score
# is a sum of twice as many terms then, in every layer, and a step of 0.02 moves each of them. Only the learning rate is
# wrong here:

# %%
wide = Trial(from_probabilities, training=True, recipe=replace(small_recipe, width=64))
for seed in range(3):
    wide.begin(0.02, seed)
    wide_rows = wide.train(scaled, steps=10)
    lines = [slides_line(row) for row in wide_rows]
    since = f"since step {lines.index(lines[-1]) + 1}" if lines[-1] in lines[:-1] else "not at rest"
    row = wide_rows[-1]
    print(f"width 64, seed {seed}, step 10: {lines[-1]:42} D(x) {row[2]:.4f}  D(G(z)) {row[3]:.4f}  ({since})")

# %% [markdown]
# In a wide network one fault is enough: a learning rate a hundred times too large, with all the rest as in the paper.
# Each of these runs comes to one of the four dead ends within a few steps; to which, chance decides. (With 0.005 none
# of three seeds did in 25 steps.) That makes the learning rate the first suspect. But which fault it was on the slide,
# the slide does not say. The others were tried without it, at the slides' own 64×64, width 64 and 0.0002: with pictures
# of 0…255 in evaluation mode, from MindSpore's own first weights, loss_d swung up to 11.8 within 90 steps, but nothing
# locked.
#
# **The fourth suspect,** MindSpore's own first weights, uniform on ±1/√fan-in, in place of N(0, 0.02): does it make a
# difference?

# %%
from mindspore.common.initializer import HeUniform, initializer


def begin_with_own_weights(trial, learning_rate):
    trial.begin(learning_rate, chosen_seed)
    for network in trial.players.networks().values():
        for weight in weights_of(network, "weight"):
            ops.assign(weight, initializer(HeUniform(np.sqrt(5)), weight.shape).init_data())


own = abs(nn.Conv2d(64, 64, 4).weight.asnumpy()).max()
ours = abs(initializer(HeUniform(np.sqrt(5)), (64, 64, 4, 4)).init_data().asnumpy()).max()
print(f"largest first weight: nn.Conv2d's {own:.5f}, ours {ours:.5f}, 1/√fan-in {1 / np.sqrt(64 * 16):.5f}")
assert np.allclose([own, ours], 1 / np.sqrt(64 * 16), rtol=1e-3)
for name, trial, show, learning_rate in (("three faults", broken, raw, 0.02), ("no fault", sound, scaled, 0.0002)):
    begin_with_own_weights(trial, learning_rate)
    row = trial.train(show, options.cure_steps)[-1]
    print(f"{name:12} and MindSpore's own weights: {slides_line(row):38} D(x) {row[2]:.4f}  D(G(z)) {row[3]:.4f}")
assert 0 < row[3] < row[2] < 1

# %% [markdown]
# None. In these few steps they do neither harm nor good.
#
# ## The sound run beside it
#
# The recipe `dcgan-small`: Radford's pair for 32×32, everything as the paper has it, losses from scores. It is another
# pair of networks than that of the trials, with 64 feature maps and batches of 64.

# %%
from ms_gan import Running, lecture_run

rows = lecture_run(recipe, Running(folder.root, "dcgan-small", data, options.device))
print(f"{len(rows):,} steps in {sum(row.seconds for row in rows):.0f} s")

# %% [markdown]
# Its first lines beside those of the broken one:

# %%
print("step   the broken run                              the sound run")
for number in (1, 2, 3, 5, 10, STEPS):
    if number <= len(rows):
        row = rows[number - 1]
        print(f"{number:4}   {slides_line(broken_rows[number - 1]):41}   {slides_line((row.d_loss, row.g_loss))}")

with one_line_errors():
    plot_runs(
        pictures / "beside.png",
        {
            "The broken run": RunLosses(*np.transpose(broken_rows)[:2], from_probabilities.equilibrium),
            "The sound run": RunLosses(
                [row.d_loss for row in rows],
                [row.g_loss for row in rows],
                find_objective(recipe.objective, recipe.label_smoothing).equilibrium,
            ),
        },
    )
print(f"the losses of both: {pictures / 'beside.png'}")
Image.open(pictures / "beside.png")

# %% [markdown]
# The dashed lines are the equilibrium. In the broken run both are at 0.693: D's loss is halved there, and half of 2 ln
# 2 is ln 2. A run that comes to rest at 13.8 and 0 has not come to *that* rest. In the sound one nothing rests: D is
# ahead, G follows.
#
# The faces after the last epoch, 25 fixed latent codes:

# %%
last_picture = folder.pictures()[-1]
print(f"the last picture: {last_picture}")
print(f"all of them, one after the other: {folder.evolution}; losses and D's answers: {folder.losses}")
Image.open(last_picture)

# %% [markdown]
# ## New faces
#
# A trained generator draws as many as you like. Radford's paper asks for more: did it learn faces, or did it learn *the
# training faces* by heart? Walk from one latent code to another in small steps. A G that knows single faces would jump
# from one to the next; one that knows what a face is changes hair, skin and background gradually. Each row below is
# such a walk.

# %%
from ms_gan import draw, fixed_codes, load_generator

with one_line_errors():
    trained, latent_size = load_generator(folder.checkpoints / f"Generator{options.epochs - 1}.ckpt")
    start, goal = np.split(fixed_codes(8, latent_size, seed=1), 2)
    walks = np.stack([(1 - share) * start + share * goal for share in np.linspace(0, 1, 8, dtype=np.float32)], axis=1)
    drawn = draw(trained, walks.reshape(-1, latent_size))
    save_grid(pictures / "walks.png", drawn, columns=8)
print(f"four walks of eight steps: {pictures / 'walks.png'}")
Image.open(pictures / "walks.png")

# %% [markdown]
# On the command line there are two steps: train, then draw with the trained model.
#
#     ms-gan train dcgan-small --data data/cartoon
#     ms-gan sample result/dcgan-small/checkpoints/Generator24.ckpt --count 64
#
# The first takes some twenty minutes for its 25 epochs on two cores. If this lecture has begun that run, add
# `--resume`. `ms-gan train dcgan-faces` is the slides' size, 64×64, and takes several times as long.
#
# ## Pictures of your own
#
# Any folder of pictures will do: photographs, paintings, logos; the more alike and the more of them, the better, a few
# thousand at least. `ms-gan data faces` downloads the slides' 70,171 faces. Four options say what is made of the files:
#
# - `--pattern "*.jpg"`: which of them are taken, in the folder and in those inside it.
# - `--crop 96`: how much of the centre is cut out, in pixels; without it the largest square.
# - `--size 48`: what the networks see and make: 32, 48, 64, 96 or 128.
# - `--channels 1`: in grey.
#
# A run of 300 epochs on pictures of 96×96 that are cropped and brought to 48×48, and then 25 new faces, without any
# training:
#
#     ms-gan train dcgan-faces --data data/faces --pattern "*.jpg" --crop 96 --size 48 --epochs 300 --result result/own
#     ms-gan sample result/own/checkpoints/Generator299.ckpt
#
# Meanwhile look at `result/own/images`: after epoch 1, 5 and 50 they are `epoch000.png`, `epoch004.png` and
# `epoch049.png`. On two cores 300 epochs of 70,171 faces take days: train a night, stop with Ctrl-C, and go on with
# `--resume`. (For MNIST at 28×28 there is `ms-gan train dcgan-mnist`, lecture 06.)
#
# ## What to expect
#
# - After the first epoch of `dcgan-small` there are clouds with eyes. After three there are faces: skin, hair, glasses,
#   all of it covered with specks, which later epochs have to remove.
# - D stays far ahead of G, with D(x) near 0.95 and D(G(z)) near 0.05. Drawn faces have perfectly even colours, and D
#   sees every speck. G learns all the same, because its loss does not saturate.
# - A picture of 64×64 costs six times as many multiplications as one of 32×32.
#
# ## What can go wrong
#
# The faults of the broken run are the most frequent ones. Three more:
#
# - **A size that does not halve down.** 50 makes 25, and 25 no half. It is said before anything is computed:

# %%
try:
    build("dcgan64", 100, (3, 50, 50), 64)
    refusal = ""
except UserError as error:
    refusal = str(error)
print(refusal)
assert "50" in refusal and "64" in refusal

# %% [markdown]
# - **Evaluation mode, unseen.** `compile_step` of this package puts both networks into training mode. In a script of
#   yours, write `generator.set_train()` and `discriminator.set_train()` before the first step, and `set_train(False)`
#   only where you draw.
# - **loss_d goes to 0 and stays there.** D has won; the faces stop getting better. It is no lock, G has a gradient.
#   Fewer feature maps, more pictures, or a smaller `--learning-rate` in a new folder help. `ms-gan doctor` tells it.
#
# ## Exercises
#
# 1. **Added, not halved.** Take the division by 2 out of `slides_d_loss`. Which line does the broken run print now?
# 2. **Other walls.** Keras keeps every probability between 0.0000001 and 0.9999999 before it takes the logarithm. Write
#    that with `ops.clamp`. Which line is it now? Is there a gradient?
# 3. **Twice as long numbers.** Where is the wall in float64? (1 + e⁻ˢ is 1 there from 2⁻⁵³ on.) Would the broken run
#    have been saved by it? Look at its scores.
# 4. **How large is too large?** Train `broken` with the learning rates 0.0005, 0.002, 0.005 and 0.01. From which on
#    does the run die, and in which of the four dead ends? And `sound`?
# 5. **Wide and narrow.** Give `small_recipe` the widths 8, 16 and 64. Why does a wide D run away faster?
# 6. **Wrong labels.** Swap the labels in `slides_d_loss`. What do the lines say? Is that a lock? Who would notice?
# 7. **With the package's losses.** `ms-gan train dcgan-small --data data/cartoon --learning-rate 0.02 --epochs 1
#    --result result/fast` (one line). Does anything lock? What do the faces look like?
# 8. **Least squares.** `ms-gan train dcgan-small --data data/cartoon --objective least-squares --epochs 3 --result
#    result/ls-faces` (one line). There is no sigmoid in that game (lecture 05). Is there a wall?
# 9. **Adding faces.** Radford's best-known picture: the mean code of three faces with glasses, minus that of three
#    without, plus that of three others. Pick codes from sheets of yours, and draw the sum.
# 10. **Your own pictures.** Collect some thousand, and train. How many epochs until you would recognise them?
