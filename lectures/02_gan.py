# %% [markdown]
# # 用GAN生成手写字 · A GAN that draws digits
#
# Lecture 01 prepared the data. This one builds the two networks, trains them, and looks at what they have learnt.
#
# Run it from the project's folder: `python lectures/02_gan.py --epochs 5`. Its options are those of
# `ms-gan train gan`; `--help` lists them. Without `--epochs` it trains the slides' 200 epochs. The run goes to
# `result/`, the pictures of this lecture to `result/lecture02/`; `--result DIR` names another folder for both.
#
# A notebook has no command line. There, set an option in a cell of your own after the next one:
#
#     import dataclasses
#     options.settings = dataclasses.replace(options.settings, epochs=5)

# %%
import sys

from ms_gan import lecture_options

# What cannot work, such as --epochs 0 or a folder that holds a run already, is said here, in one line.
options = lecture_options("gan")
pictures = options.folder / "lecture02"

# %%
from itertools import islice

from ms_gan import Batches, UserError, load_images, one_line_errors

with one_line_errors():
    images = load_images(options.data)
    if len(images) < 640:
        raise UserError(f"the data set has {len(images)} images: this lecture needs at least 640, five batches")

# Up to 开始练 the lecture works with the slides' numbers and the first five batches.
batches = Batches(images, batch_size=128, latent_size=100, seed=0)
first_batches = list(islice(batches.epoch(0).create_tuple_iterator(num_epochs=1), 5))
image, latent_code = first_batches[0]
print(f"{len(images):,} images; a batch has images {image.shape} and latent codes {latent_code.shape}")

# %% [markdown]
# ## 模型构建 · Building the model
#
# Both networks are **fully connected**: each number of a layer depends on every number of the layer before. Between
# the layers stand ReLUs. The paper of 2014 also used Dropout and Maxout; the slides leave both out, and so do we.
#
# ## 生成器 · The generator
#
# G maps 100 numbers to 784 = 28·28, through 128, 256, 512 and 1024. Batch normalisation follows the 2nd, 3rd and 4th
# Dense. Tanh ends it, because its values lie between −1 and 1, as the images do.

# %%
import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops


def batch_norm(features):
    return nn.BatchNorm1d(features, eps=1e-5, momentum=0.9)


class Generator(nn.Cell):
    """Latent codes N×100 → images N×1×28×28 in [−1, 1]."""

    def __init__(self, latent_size=100):
        super().__init__()
        self.model = nn.SequentialCell(
            nn.Dense(latent_size, 128),
            nn.ReLU(),
            nn.Dense(128, 256),
            batch_norm(256),
            nn.ReLU(),
            nn.Dense(256, 512),
            batch_norm(512),
            nn.ReLU(),
            nn.Dense(512, 1024),
            batch_norm(1024),
            nn.ReLU(),
            nn.Dense(1024, 28 * 28),
            nn.Tanh(),
        )

    def construct(self, latent_code):
        return self.model(latent_code).reshape((-1, 1, 28, 28))


# %% [markdown]
# What each layer makes of a batch, and how many numbers it learns. A Dense of n inputs and m outputs has n·m weights
# and m biases; a batch normalisation has two numbers a feature, γ and β.

# %%
ms.set_seed(0)  # the same first weights in every run
generator = Generator()


def show_layers(network, x):
    """Sends x through the layers one by one; prints shapes and counts, and returns the output and the counts."""
    counts = []
    for layer in network.model:
        x = layer(x)
        counts.append(sum(parameter.size for parameter in layer.trainable_params()))
        print(f"  {type(layer).__name__:12} -> {x.shape!s:12} {counts[-1]:9,} parameters")
    print(f"  in all {sum(counts):29,} parameters")
    return x, [count for count in counts if count]


print("generator")
output, counts = show_layers(generator, latent_code)
assert output.shape == (128, 784)
assert counts == [
    100 * 128 + 128,  # 12,928
    128 * 256 + 256,  # 33,024
    2 * 256,
    256 * 512 + 512,  # 131,584
    2 * 512,
    512 * 1024 + 1024,  # 525,312
    2 * 1024,
    1024 * 784 + 784,  # 803,600
]
assert sum(counts) == 1_510_032
assert generator(latent_code).shape == image.shape == (128, 1, 28, 28)
assert abs(generator(latent_code).asnumpy()).max() <= 1

# %% [markdown]
# ## 模型中的层 · The layers of the model
#
# Three formulas stand behind that table. Here each is computed by hand, with NumPy, and compared with the layer.
#
# **Dense**: $y = W x + b$. In a batch every row is an x of its own, so the whole batch is $X W^T + b$.

# %%
x = latent_code.asnumpy()
dense = nn.Dense(100, 128)
by_hand = x @ dense.weight.asnumpy().T + dense.bias.asnumpy()
assert np.allclose(dense(latent_code).asnumpy(), by_hand, atol=1e-5)

# %% [markdown]
# **BatchNorm1d**: each feature gets the mean 0 and the variance 1 over the batch, then a scale γ and a shift β that
# are learnt:
#
# $$y = \gamma \, \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta$$
#
# ε = 0.00001 keeps the root away from 0. γ starts at 1 and β at 0. The layer has two modes:
#
# - **training**: μ and σ² are those of the batch at hand. Besides, the layer keeps moving averages of them: nine
#   tenths of the old value and one tenth of the new.
# - **evaluation**: μ and σ² are the moving averages, so a picture does not depend on its neighbours in the batch.

# %%
norm = batch_norm(100)
mean, variance = x.mean(axis=0), x.var(axis=0)

norm.set_train(True)
in_training = norm(latent_code).asnumpy()
assert np.allclose(in_training, (x - mean) / np.sqrt(variance + 1e-5), atol=1e-4)

moving_mean, moving_variance = norm.moving_mean.asnumpy(), norm.moving_variance.asnumpy()
assert np.allclose(moving_mean, 0.9 * 0 + 0.1 * mean, atol=1e-6)
assert np.allclose(moving_variance, 0.9 * 1 + 0.1 * variance * 128 / 127, atol=1e-5)  # n/(n − 1): the unbiased one

norm.set_train(False)
in_evaluation = norm(latent_code).asnumpy()
assert np.allclose(in_evaluation, (x - moving_mean) / np.sqrt(moving_variance + 1e-5), atol=1e-4)

# %% [markdown]
# **Tanh**: $\tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}}$, a smooth step from −1 to 1.

# %%
by_hand = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
assert np.allclose(nn.Tanh()(latent_code).asnumpy(), by_hand, atol=1e-5)
print("Dense, BatchNorm1d (training and evaluation) and Tanh do what their formulas say")

# %% [markdown]
# ## 判别器 · The discriminator
#
# D maps the 784 pixels to one number, through 512 and 256. Sigmoid, $1/(1+e^{-s})$, turns the last number s, the
# **score**, into a probability. Between the layers stand LeakyReLUs: x where x is positive, 0.2·x where it is not.

# %%


class Discriminator(nn.Cell):
    """Images N×1×28×28 in [−1, 1] → probabilities N×1 that they are real."""

    def __init__(self):
        super().__init__()
        self.model = nn.SequentialCell(
            nn.Dense(28 * 28, 512),
            nn.LeakyReLU(alpha=0.2),
            nn.Dense(512, 256),
            nn.LeakyReLU(alpha=0.2),
            nn.Dense(256, 1),
            nn.Sigmoid(),
        )

    def construct(self, image):
        return self.model(image.reshape((-1, 28 * 28)))


discriminator = Discriminator()
print("discriminator")
output, counts = show_layers(discriminator, image.reshape((-1, 784)))
assert output.shape == (128, 1)
assert counts == [784 * 512 + 512, 512 * 256 + 256, 256 + 1]  # 401,920, 131,328 and 257
assert sum(counts) == 533_505

# %% [markdown]
# **Why leaky?** Where its input is negative, a ReLU's gradient is 0. A unit whose input is negative for every picture
# gets no gradient at all, so its weights never change again: it is "dead". A LeakyReLU lets a fifth of the gradient
# through. It matters twice in D, because all that G learns from has to come back through D.

# %%
inputs = Tensor([-2.0, -0.5, 0.5], ms.float32)
relu_gradient = ms.grad(nn.ReLU())(inputs).asnumpy()
leaky_gradient = ms.grad(nn.LeakyReLU(alpha=0.2))(inputs).asnumpy()
print("input             ", inputs.asnumpy())
print("ReLU's gradient   ", relu_gradient)
print("LeakyReLU's       ", leaky_gradient)
assert np.allclose(relu_gradient, [0, 0, 1]) and np.allclose(leaky_gradient, [0.2, 0.2, 1])

# %% [markdown]
# ## 损失函数和优化器 · Loss and optimizer
#
# The loss is the **binary cross-entropy**, averaged over the batch: label 1 for real, 0 for generated. Each player has
# an **Adam** of its own with learning rate 0.0002, β1 = 0.5 and β2 = 0.999. β1 is how much of the last steps'
# direction is kept. With the usual 0.9 the training oscillated (Radford et al. 2015).
#
# All weights need different names once both networks are in one compiled graph. So the slides give them the prefixes
# *generator* and *discriminator*. The method for that is the **network's**, and it comes before the optimizer is made.

# %%
generator.update_parameters_name("generator.")
discriminator.update_parameters_name("discriminator.")
print("names:", *[parameter.name for parameter in generator.get_parameters()][:3], "...")
assert generator.model[0].weight.name == "generator.model.0.weight"

bce_loss = nn.BCELoss(reduction="mean")


def adam(network):
    return nn.Adam(network.trainable_params(), learning_rate=0.0002, beta1=0.5, beta2=0.999)


generator_optimizer, discriminator_optimizer = adam(generator), adam(discriminator)

# %% [markdown]
# **What can go wrong: renamed weights.** An optimizer has a method of the same name. It renames what the optimizer
# keeps, but also the weights of the network. Then the names in a checkpoint no longer tell what lies where, and only
# those of the weights that are trained have changed:

# %%
spoilt = Generator()
spoilt.update_parameters_name("generator")  # as on the slides, without the dot
adam(spoilt).update_parameters_name("optim_g")
names = [parameter.name for parameter in spoilt.get_parameters()]
print("spoilt names:", names[0], "beside", names[4])
assert names[0] == "optim_ggeneratormodel.0.weight" and names[4] == "generatormodel.3.moving_mean"

# %% [markdown]
# If you have checkpoints made by the slides' script: `load_generator`, `ms-gan sample` and `--resume` of this package
# read them all the same. They match weights by kind and order, not by name.
#
# ## 什么是交叉熵 · What cross-entropy is
#
# If D gives the truth the probability p, the loss is −log p. Sure and right costs little, sure and wrong costs much:
# −log 0.9 ≈ 0.11, −log 0.1 ≈ 2.30. For a picture with label y (1 real, 0 generated) and D's answer p,
#
# $$\ell = -\,y \log p - (1-y) \log(1-p)$$
#
# of which one half is always 0.

# %%
assert round(-np.log(0.9), 2) == 0.11 and round(-np.log(0.1), 2) == 2.30

p = np.array([[0.9], [0.1], [0.5], [0.3]], np.float32)
y = np.array([[1.0], [1.0], [0.0], [0.0]], np.float32)
each = -y * np.log(p) - (1 - y) * np.log(1 - p)
for probability, label, loss in zip(p[:, 0], y[:, 0], each[:, 0], strict=True):
    print(f"D says {probability:.1f}, label {label:.0f}: loss {loss:.3f}")
assert np.isclose(bce_loss(Tensor(p), Tensor(y)).asnumpy(), each.mean())

# %% [markdown]
# **Scores instead of probabilities.** Put p = sigmoid(s) into the formula:
#
# $$-\log p = \log(1 + e^{-s}) = \mathrm{softplus}(-s) \qquad -\log(1-p) = \mathrm{softplus}(s)$$
#
# The same loss, computed from the score s, without the detour. This package's discriminators have no Sigmoid, and its
# losses are these two. As long as the scores are moderate, both ways agree:


# %%
def fake_loss_of_probability(score):
    return bce_loss(ops.sigmoid(score), ops.zeros_like(score))


def fake_loss_of_score(score):
    return ops.softplus(score).mean()


scores = Tensor(np.linspace(-5, 5, 101)[:, np.newaxis], ms.float32)
difference = fake_loss_of_probability(scores) - fake_loss_of_score(scores)
assert abs(difference.asnumpy()) < 1e-5

# %% [markdown]
# At large scores they part. In float32, sigmoid(s) is *exactly* 1 from about s = 16.6 on, and its derivative exactly
# 0. Suppose that D gives a generated picture the score 40, which is as wrong as can be. Through the Sigmoid the
# gradient is 0: D never learns its mistake. From the score the loss is 40 and the gradient 1.

# %%
assert list(ops.sigmoid(Tensor([15.0, 20.0], ms.float32)).asnumpy() == 1) == [False, True]

wrong = Tensor([[40.0], [40.0]], ms.float32)
for name, loss in (("Sigmoid + BCELoss", fake_loss_of_probability), ("from the score", fake_loss_of_score)):
    value, gradient = ms.value_and_grad(loss)(wrong)
    print(f"{name:18} loss {value.asnumpy():7.4f}, gradient for each of the two scores {gradient.asnumpy()[0, 0]:.1f}")

assert (ms.grad(fake_loss_of_probability)(wrong).asnumpy() == 0).all()
assert np.allclose(ms.grad(fake_loss_of_score)(wrong).asnumpy(), 0.5)  # 1, shared by the mean over two scores
assert np.isclose(fake_loss_of_score(wrong).asnumpy(), 40)

# %% [markdown]
# (On a CPU, BCELoss adds 0.000000000001 inside the logarithm, so that it never takes the logarithm of 0. The largest
# loss it can show is therefore −ln 0.000000000001 = 27.631021.)
#
# ## 模型训练 · Training the model
#
# The slides train for 200 epochs with batches of 128. The weights go to `result/checkpoints`, the pictures to
# `result/images`. Their code also declares a switch `pred_trained` and two files, `Generator99.ckpt` and
# `Discriminator99.ckpt`, to go on from. **What can go wrong:** nothing in that code ever reads the switch, so it trains
# from the beginning whatever it says. Here the option `--resume` does what was meant; see 接着练 below.
#
# ## 预定义函数 · Two functions to begin with
#
# What each player minimises, as a function of the batch:
#
# - G: −log D(G(z)). It wants D to take its pictures for real.
# - D: −log D(x) − log(1 − D(G(z))). It wants to be right about both. The loss is the **sum** of the two parts.

# %%
ones, zeros = ops.ones((128, 1)), ops.zeros((128, 1))


def generator_forward(noise):
    return bce_loss(discriminator(generator(noise)), ones)


def discriminator_forward(real, noise):
    real_loss = bce_loss(discriminator(real), ones)
    fake_loss = bce_loss(discriminator(generator(noise)), zeros)
    return real_loss + fake_loss


# %% [markdown]
# ## value_and_grad · Losses and their gradients
#
# `ms.value_and_grad(function, None, weights)` makes a function that returns the loss **and** its gradient for the
# weights. `None` says: no gradient for the inputs. Each player moves only its own weights. D goes first, then G, with
# the same latent codes.

# %%
grad_g = ms.value_and_grad(generator_forward, None, generator.trainable_params())
grad_d = ms.value_and_grad(discriminator_forward, None, discriminator.trainable_params())


def train_step(real, noise):
    d_loss, d_gradients = grad_d(real, noise)
    discriminator_optimizer(d_gradients)
    g_loss, g_gradients = grad_g(noise)
    generator_optimizer(g_gradients)
    return float(d_loss), float(g_loss)


# %% [markdown]
# Five steps on real batches. Before them, the first weights are kept: they are needed again.

# %%
import time


def first_steps(step):
    """Runs a step that returns two numbers on the first batches. Returns (d_loss, g_loss) and the seconds of each."""
    losses, seconds = [], []
    for image, latent_code in first_batches:
        start = time.perf_counter()
        losses.append(step(image, latent_code))
        seconds.append(time.perf_counter() - start)
    return np.array(losses), seconds


first_weights = {
    parameter.name: parameter.asnumpy().copy()
    for network in (generator, discriminator)
    for parameter in network.get_parameters()
}
generator.set_train(True)
discriminator.set_train(True)
slides_losses, slides_seconds = first_steps(train_step)

# %% [markdown]
# Now the same with this package. `create_players` makes the same two networks and their optimizers. They are given the
# same first weights; the names are the same, too. `compile_step` puts one update of D and one of G into one compiled
# graph. It returns four numbers in one tensor: d_loss, g_loss, D(x) and D(G(z)).

# %%
from ms_gan import RECIPES, compile_step, create_players, find_objective

players = create_players(RECIPES["gan"])
for network in players.networks().values():
    for parameter in network.get_parameters():
        parameter.set_data(Tensor(first_weights.pop(parameter.name)))
assert not first_weights  # every weight has found its place

step = compile_step(players, find_objective("non-saturating"))
losses, seconds = first_steps(lambda image, latent_code: step(image, latent_code).asnumpy()[:2])

print("step   slides' d_loss, g_loss   the package's")
for number, (slides, ours) in enumerate(zip(slides_losses, losses, strict=True), 1):
    print(f"{number:4}   {slides[0]:.4f}  {slides[1]:.4f}           {ours[0]:.4f}  {ours[1]:.4f}")
print(f"largest difference: {abs(slides_losses - losses).max():.1e}")
assert abs(slides_losses - losses).max() < 1e-4

print(f"slides' code: first step {slides_seconds[0]:.2f} s, later ones {np.median(slides_seconds[1:]):.3f} s")
print(f"compiled:     first step {seconds[0]:.2f} s, later ones {np.median(seconds[1:]):.3f} s")

# %% [markdown]
# **The same losses, only faster.** What the package does otherwise changes no formula:
#
# - The step is compiled (`ms.jit`): the first call takes longer, and later ones need no Python between the layers.
# - G(z) is computed once and serves both players. G has not changed between D's step and its own.
# - D scores the real and the generated pictures in one pass.
# - The losses are computed from scores.
# - `fast(network)` computes the same layers from the same weights in ways that suit a processor. Tests hold both equal
#   in what they answer and in what they learn.
#
# The last digits differ: float32 keeps about seven digits, and another order of the same sums rounds differently. Hence
# the tolerance of 0.0001, and not 0.
#
# **What can go wrong: statistics that move twice.** In the slides' step G makes its pictures twice, both times in
# training mode. So the moving averages of its batch normalisation take two steps where the weights take one:

# %%
norm = batch_norm(1)
norm.set_train(True)
batch = Tensor([[2.0], [4.0]], ms.float32)  # mean 3
for calls, expected in ((1, 0.1 * 3), (2, 0.19 * 3)):
    norm(batch)
    print(f"after {calls} call(s): moving mean {norm.moving_mean.asnumpy()[0]:.2f}")
    assert np.isclose(norm.moving_mean.asnumpy()[0], expected)

twice, once = [np.abs(network.model[3].moving_mean.asnumpy()).mean() for network in (generator, players.generator)]
print(f"G's first moving means after 5 steps, mean size: {twice:.4f} on the slides, {once:.4f} here")
assert twice > 1.2 * once

# %% [markdown]
# The losses do not show it: in training mode the moving averages are not used. Pictures drawn in evaluation mode do
# use them.
#
# ## 开始练 · Training begins
#
# `options.run()` trains. It takes the settings of the command line; `python lectures/02_gan.py --epochs 5` trains 5
# epochs instead of the slides' 200. Its first line says how many images and batches an epoch has. Then come lines like
# those of the slides, every 100 steps (`--log-every 10`: every 10, as on the slides):
#
#     Epoch:[  1/200], step:[ 100/ 468], loss_d:1.127259 , loss_g:0.669279 , time:0.050s, lr:0.000200
#
# - `Epoch` and `step` count from 1. (The slides print 0 for the first epoch. Only the names of the files still count
#   from 0: `Generator0.ckpt` is the first epoch's.)
# - `loss_d`, `loss_g`: the two losses of this step.
# - `time`: the seconds that this step took, its batch included.
# - `lr`: the learning rate.
#
# and one line an epoch, its means over all steps:
#
#     epoch   1/200   d_loss …   g_loss …   D(x) …   D(G(z)) …   … images/s   … s
#
# - `D(x)`: the probability that D gave the real pictures, `D(G(z))`: the one it gave to G's, both before its update.
#   If D is much better, they are near 1 and 0. At the equilibrium both are 0.5.
# - images a second, and the seconds of the epoch.
#
# On a terminal a bar shows epochs, losses, images a second and the time that is left. After every epoch a picture is
# drawn and both networks are saved. **Ctrl-C** stops after the step at hand and saves; the script ends there, and
# `--resume` goes on.

# %%
with one_line_errors():
    status = options.run()
if status:  # stopped by Ctrl-C: everything is saved, and the line above says how to go on
    sys.exit(status)

# %% [markdown]
# ## 结果 · The result
#
# After each epoch G draws the same 25 latent codes, from NumPy's seed 2323. So the pictures of two epochs can be
# compared place by place. The last one:

# %%
from PIL import Image

from ms_gan import fixed_codes

last_epoch = options.settings.epochs - 1  # counted from 0, as in the names of the files
numpys_own = np.random.RandomState(2323).normal(size=(25, 100)).astype(np.float32)
assert np.array_equal(fixed_codes(25, 100, seed=2323), numpys_own)

last_picture = options.folder / "images" / f"epoch{last_epoch:03d}.png"
print(f"the picture of the last epoch: {last_picture}")
Image.open(last_picture)

# %% [markdown]
# ## 损失函数 · The losses
#
# `losses.png` shows both losses over the training, and below them D's answers. The dashed lines are the equilibrium,
# where D says ½ to everything:
#
# - D: −log ½ for the real and −log ½ for the generated pictures, together 2·ln 2 ≈ 1.386.
# - G: −log ½ = ln 2 ≈ 0.693.
#
# These are not losses that "should go down to 0". Each player's loss depends on how good the other one is. A d_loss
# that falls to 0 means that D has won and G learns little.

# %%
assert round(2 * np.log(2), 3) == 1.386 and round(np.log(2), 3) == 0.693

history = np.atleast_1d(np.genfromtxt(options.folder / "history.csv", delimiter=",", names=True))
last = history[history["epoch"] == last_epoch]
print(f"means of the last epoch: d_loss {last['d_loss'].mean():.3f} (equilibrium 1.386), ", end="")
print(f"g_loss {last['g_loss'].mean():.3f} (equilibrium 0.693)")
print(f"both losses over all steps: {options.folder / 'losses.png'}")
Image.open(options.folder / "losses.png")

# %% [markdown]
# ## 动态看一下 · Watching it move
#
# `evolution.gif` shows the pictures of all epochs, one after the other. Open it in a browser. In a notebook:
# `from IPython.display import Image; Image(str(options.folder / "evolution.gif"))`.

# %%
with Image.open(options.folder / "evolution.gif") as film:
    print(f"{film.n_frames} pictures: {options.folder / 'evolution.gif'}")

# %% [markdown]
# ## 接下来 · What comes next
#
# Use what you have trained, and turn its screws: that is lecture 03, `lectures/03_using_the_model.py`.
#
# ### 接着练 · Training on
#
# `--epochs` is the number of epochs in all. To go on from the newest epoch, or from a file:
#
#     python lectures/02_gan.py --resume --epochs 10
#     ms-gan train gan --resume --epochs 10
#     ms-gan train gan --resume result/checkpoints/Generator99.ckpt --result result/from99 --epochs 110
#
# The third is what the slides' `pred_trained` was meant for. It loads both networks of that epoch and goes on with
# the next. It writes into a folder of its own, so that later epochs of the old run stay as they are. The optimizers
# are restored too, if they are still there: `TrainState….ckpt` is kept for the newest three epochs. Where it is,
# 2 epochs and then 3 give the same weights as 5 at once.
#
# ### Using the model · G on a vector of yours, D on a picture of yours
#
# `load_generator` reads a generator, `draw` lets it draw, in evaluation mode. On the command line:
# `ms-gan sample result/checkpoints/Generator99.ckpt`.

# %%
from ms_gan import draw, load_generator, save_grid

with one_line_errors():
    trained, latent_size = load_generator(options.folder / "checkpoints" / f"Generator{last_epoch}.ckpt")
    codes = fixed_codes(25, latent_size, seed=1)  # any float32 array of N×latent_size will do
    save_grid(pictures / "samples.png", draw(trained, codes))
print(f"25 new pictures: {pictures / 'samples.png'}")
Image.open(pictures / "samples.png")

# %% [markdown]
# `load_discriminator` and `judge` ask D about any pictures of 28×28 bytes. (`ms-gan judge FILE PICTURE…` does it for
# files.)

# %%
from ms_gan import judge, load_discriminator

trained_d = load_discriminator(options.folder / "checkpoints" / f"Discriminator{last_epoch}.ckpt")
asked = {
    "real training pictures": images[:1000],
    "pictures G has just drawn": draw(trained, fixed_codes(1000, latent_size, seed=1)),
    "pixels of pure chance": np.random.default_rng(0).integers(0, 256, (1000, 28, 28, 1), dtype=np.uint8),
}
for what, pixels in asked.items():
    answers = judge(trained_d, pixels)
    assert ((answers >= 0) & (answers <= 1)).all()
    print(f"D's mean answer to {what}: {answers.mean():.3f}")

# %% [markdown]
# D has met only digits and what G drew. Its answer to anything else means nothing much.
#
# **What can go wrong: pictures drawn in training mode.** The slides draw their samples in it. Then batch normalisation
# takes μ and σ² from the batch, and each picture depends on its neighbours. The next cell draws **one** latent code
# five times, each time among 24 other neighbours. Top row: training mode. Bottom row: evaluation mode.

# %%
from ms_gan import to_pixels

code = fixed_codes(1, latent_size, seed=3)
crowds = [np.concatenate([code, fixed_codes(24, latent_size, seed=100 + number)]) for number in range(5)]

evaluated = np.stack([draw(trained, crowd)[0] for crowd in crowds])
trained.set_train(True)
in_training = np.stack([to_pixels(trained(Tensor(crowd)).asnumpy())[0] for crowd in crowds])
trained.set_train(False)

for mode, drawn in (("training", in_training), ("evaluation", evaluated)):
    spread = int(np.ptp(drawn.astype(int), axis=0).max())
    print(f"one code, five times, in {mode} mode: a pixel varies by up to {spread} of 255")
    assert (spread > 5) == (mode == "training")

with one_line_errors():
    save_grid(pictures / "modes.png", np.concatenate([in_training, evaluated]), columns=5)
print(f"top training mode, bottom evaluation mode: {pictures / 'modes.png'}")
Image.open(pictures / "modes.png")

# %% [markdown]
# ## What to expect
#
# - The slides' first lines have d_loss 1.32, 1.13, 1.32, 1.33, 1.27, 1.36 and g_loss 0.72, 0.67, 0.64, 0.76, 0.85,
#   0.91. Yours will be other numbers of the same size: other first weights, other latent codes.
# - After the first epoch there are bright blobs where digits are to be, after a few epochs the first digits, with
#   specks around them. The specks are what a fully connected network has to unlearn pixel by pixel: it does not know
#   that two pixels are neighbours.
# - In these epochs the losses swing and do not settle. D(x) stays somewhat above 0.5 and D(G(z)) somewhat below: D
#   keeps a small lead.
# - Judge by the pictures, not by the losses.
#
# ## What can go wrong
#
# Four faults of the code that goes round with these slides have a box where they belong: renamed weights, a switch that
# nobody reads, statistics that move twice, pictures drawn in training mode. The fifth, `random.shuffle` on the test
# noise, is in lecture 01. Three more things:
#
# - **"A run lies in result already."** A new run never overwrites an old one. Go on with `--resume`, or name a new
#   folder with `--result`.
# - **d_loss falls to 0 and g_loss rises:** D has won. Start again in a new folder, with a smaller `--learning-rate` or
#   another `--seed`.
# - **A batch of one picture.** On a CPU, MindSpore's BCELoss counts a single value twice; from two values on it is
#   right. Look at one value with `reduction="none"`.

# %%
single, label = Tensor([[0.3]], ms.float32), Tensor([[0.0]], ms.float32)
print(f"-log 0.7 = {-np.log(0.7):.4f}; BCELoss of one value: mean {bce_loss(single, label).asnumpy():.4f}, ", end="")
one_by_one = nn.BCELoss(reduction="none")(single, label).asnumpy()[0, 0]
print(f"none {one_by_one:.4f}")
assert np.isclose(one_by_one, -np.log(0.7))

# %% [markdown]
# ## Exercises
#
# Each command makes a folder of its own: compare its `losses.png` and its last picture with those of
# `ms-gan train gan --epochs 3 --result result/base`.
#
# 1. **Epochs.** `ms-gan train gan --resume result/base/checkpoints/Generator2.ckpt --result result/more --epochs 6`.
#    Which digits get better, which do not?
# 2. **Learning rate.** `ms-gan train gan --learning-rate 0.02 --epochs 3 --result result/lr`. What do D(x) and D(G(z))
#    do? Then go on from `result/base` with a smaller one:
#    `ms-gan train gan --resume result/base/checkpoints/Generator2.ckpt --learning-rate 0.00002 --epochs 5 --result
#    result/slower` (one line). Why might one start fast and end slowly?
# 3. **Batch size.** `ms-gan train gan --batch-size 32 --epochs 3 --result result/b32`, and 64 and 256. How many steps
#    has an epoch? How many images a second? Which pictures are better after the same number of *epochs*, and which
#    after the same number of *steps*? Why is it always a power of 2 that people take?
# 4. **Latent size.** `ms-gan train gan --latent-size 2 --epochs 3 --result result/z2`. How many kinds of digits are in
#    the picture? And with `--latent-size 500`?
# 5. **Adam's betas.** `ms-gan train gan --beta1 0.9 --epochs 3 --result result/beta`. Does the loss swing more?
# 6. **BCELoss's parameters.** Make `bce_loss` above with `reduction="sum"`. By which factor do the losses grow? Adam
#    divides a gradient by its own size: what does that mean for the weights after a step?
# 7. **Layers and activations.** In the `Generator` above, replace the last Tanh by a Sigmoid. Which range do the images
#    have now, and how will D tell them apart? In the `Discriminator`, replace LeakyReLU by ReLU, and take a layer out.
#    What are the first five losses? (The comparison with the package will rightly fail.)
# 8. **A vector of yours.** Draw the 8 codes between `codes[0]` and `codes[1]` with `draw`. Then divide each by its
#    length and multiply it by 10. (Lecture 01, 什么是 latent code, says why.) Does it look better?
# 9. **A picture of yours.** Paint a white digit on black, 28×28 pixels, grey, save it as `mine.png`, and ask D:
#    `ms-gan judge result/checkpoints/Discriminator4.ckpt mine.png`. Then invert it. What does D say?
