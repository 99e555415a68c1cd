# %% [markdown]
# # 别的损失函数 · Other objectives
#
# Lectures 02 and 03 played one game: cross-entropy. Here four games stand side by side. They differ in nothing but the
# two numbers that the players minimise, and yet one of them leaves G without a gradient, one pulls good pictures back,
# and one measures a distance. The networks and the training are those of Stanford's CS231n, assignment 3, and our
# losses are compared with its published ones. After that comes the smallest game there is, x·y, which shows why two
# players may never come to rest.
#
# Run it from the project's folder: `python lectures/05_objectives.py`. It trains five fully connected pairs, some
# minutes in all on two cores; the times are printed. Options:
#
# - `--epochs N`: of the first two runs, 10 as in the notebook unless given. `--critic-epochs N`: of the last two.
# - `--data DIR`, `--result DIR`, `--device CPU`: as in lecture 02.
#
# The runs go to `result/cs231n-gan`, `result/lsgan` and three folders in `result/lecture05`, where the pictures go,
# too. **A finished run that lies there is read and not trained again.** One that was stopped by Ctrl-C goes on.
#
# A notebook has no command line. There, set an option in a cell of your own after the next one: `options.epochs = 2`.

# %%
import argparse
import sys
from pathlib import Path

parser = argparse.ArgumentParser(description="Lecture 05: other objectives.")
parser.add_argument("--epochs", type=int, default=10, help="of the GAN and the LSGAN: 10 unless given")
parser.add_argument("--critic-epochs", type=int, default=5, help="of the WGAN and the WGAN-GP: 5 unless given")
parser.add_argument("--data", type=Path, help="a folder with MNIST's files: data/MNIST_Data unless given")
parser.add_argument("--result", type=Path, default=Path("result"), help="the runs and pictures go there")
parser.add_argument("--device", help="CPU, GPU or Ascend: the best there is unless given")
options = parser.parse_args([] if "ipykernel" in sys.modules else None)
pictures = options.result / "lecture05"

# %%
from dataclasses import replace

from ms_gan import RECIPES, UserError, choose_device, load_images, one_line_errors

# What cannot work is said here, in one line, before anything is computed.
with one_line_errors():
    choose_device(options.device)
    images = load_images(options.data)
    if len(images) < 640:
        raise UserError(f"the data set has {len(images)} images: this lecture needs at least 640, five batches")
    recipes = {
        "cs231n-gan": replace(RECIPES["cs231n-gan"], epochs=options.epochs),
        "lsgan": replace(RECIPES["lsgan"], epochs=options.epochs),
        "minimax": replace(RECIPES["cs231n-gan"], objective="minimax", epochs=1),
        "wgan": replace(RECIPES["wgan"], networks="mlp-cs231n", epochs=options.critic_epochs),
        "wgan-gp": replace(RECIPES["wgan-gp"], networks="mlp-cs231n", epochs=options.critic_epochs),
    }

# %% [markdown]
# ## 四种损失 · Four games
#
# D gives every picture a **score**, any real number. In the first two games sigmoid(score) is D's probability that the
# picture is real. In the others there is no sigmoid: D(x) *is* the score.
#
# | game | D minimises | G minimises | paper |
# |---|---|---|---|
# | minimax | −E log D(x) − E log(1 − D(G(z))) | E log(1 − D(G(z))) | Goodfellow et al. 2014 |
# | non-saturating | the same | −E log D(G(z)) | the same, section 3 |
# | least squares | ½ E (D(x) − 1)² + ½ E D(G(z))² | ½ E (D(G(z)) − 1)² | Mao et al. 2017, eq. 9 |
# | Wasserstein | E D(G(z)) − E D(x) | −E D(G(z)) | Arjovsky et al. 2017 |
#
# E is the mean over the batch. In this package a game is an `Objective`: two functions of scores. The next cell writes
# the four once more, with NumPy, and compares. (The notebook asks for an error below 0.0000001. It computes in float64;
# float32 has about seven digits, and on some processors the last of them differs.)

# %%
import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from ms_gan import find_objective


def minus_log(p):
    return -np.log(p).mean()


def sigmoid(s):
    return 1 / (1 + np.exp(-s))


by_hand = {
    "minimax": lambda x, g: (minus_log(sigmoid(x)) + minus_log(1 - sigmoid(g)), -minus_log(1 - sigmoid(g))),
    "non-saturating": lambda x, g: (minus_log(sigmoid(x)) + minus_log(1 - sigmoid(g)), minus_log(sigmoid(g))),
    "least-squares": lambda x, g: (((x - 1) ** 2).mean() / 2 + (g**2).mean() / 2, ((g - 1) ** 2).mean() / 2),
    "wasserstein": lambda x, g: (g.mean() - x.mean(), -g.mean()),
}
games = {name: find_objective(name) for name in by_hand}

rng = np.random.default_rng(0)
real_scores, fake_scores = (rng.normal(mean, 2, (128, 1)).astype(np.float32) for mean in (1, -1))
print("game              d_loss    g_loss   largest error")
for name, game in games.items():
    losses = [float(game.d_loss(Tensor(real_scores), Tensor(fake_scores))), float(game.g_loss(Tensor(fake_scores)))]
    exact = by_hand[name](real_scores.astype(np.float64), fake_scores.astype(np.float64))
    # the notebook's rel_error, a difference in parts of the sum
    error = max(abs(loss - true) / (abs(loss) + abs(true)) for loss, true in zip(losses, exact, strict=True))
    print(f"{name:15} {losses[0]:8.4f}  {losses[1]:8.4f}   {error:.1e}")
    assert error < 1e-6

# %% [markdown]
# ## 哪里会饱和 · Where each one saturates
#
# What a player learns from is not the loss but its **slope**, the gradient for the score. The next cell draws both
# against the score of one generated picture: above the loss, below its slope, left for G, right for D. (For a real
# picture D's curves are mirrored.)

# %%
from PIL import Image

from ms_gan import plot_objectives

scores = np.linspace(-6, 6, 61, dtype=np.float32)[:, np.newaxis]
right = {"minimax": 1e4, "non-saturating": 1e4, "least-squares": 1, "wasserstein": 0}  # D pays nothing for real ones


def curve(loss):
    """(loss, slope) of one picture, at each of the scores; a batch of them all has the 61st part of each slope."""
    losses = [float(loss(Tensor(score[np.newaxis]))) for score in scores]
    return np.array(losses), len(scores) * ms.grad(loss)(Tensor(scores)).asnumpy()[:, 0]


def fake_part(name):
    """D's loss for a generated picture alone."""

    def loss(fake_score):
        return games[name].d_loss(Tensor([[right[name]]], ms.float32), fake_score)

    return loss


g_curves = {name: curve(game.g_loss) for name, game in games.items()}
d_curves = {name: curve(fake_part(name)) for name in games}
columns = {"What G pays for a generated picture": g_curves, "What D pays for it": d_curves}
with one_line_errors():
    plot_objectives(pictures / "objectives.png", scores[:, 0], columns)
print(f"losses and slopes: {pictures / 'objectives.png'}")
Image.open(pictures / "objectives.png")

# %% [markdown]
# Read the lower left panel from its left edge, where D is sure that the picture is generated. Every training comes
# there soon: D tells G's first clouds from digits at once.
#
# - **minimax:** the slope is −sigmoid(s), next to nothing. G learns least where it has most to learn. It *saturates*.
# - **non-saturating:** the slope is −(1 − sigmoid(s)), nearly −1. Here it is the good pictures, on the right, that
#   nothing more is learnt from. Both games have the same equilibrium, and D's loss is the same.
# - **least squares:** the slope is s − 1: the further off, the stronger. It does not saturate on either side. Beyond 1
#   it even turns round: a picture that D finds *more* than real is pulled back. And D goes on learning from pictures
#   that it judges right, but too far from its target: it is not content with being on the right side.
# - **Wasserstein:** −1 everywhere. All that could go wrong is in D, which must be kept from growing without bounds.

# %%
slopes = {name: slope for name, (_, slope) in g_curves.items()}
s = scores[:, 0]
assert np.allclose(slopes["minimax"], -sigmoid(s), atol=1e-5) and abs(slopes["minimax"][0]) < 0.0025
assert np.allclose(slopes["non-saturating"], sigmoid(s) - 1, atol=1e-5) and slopes["non-saturating"][0] < -0.997
assert np.allclose(slopes["least-squares"], s - 1, atol=1e-5)
assert np.allclose(slopes["wasserstein"], -1, atol=1e-5)
print("slope of G's loss at the score -6:", *[f"{name} {slope[0]:.4f}" for name, slope in slopes.items()], sep="\n  ")

# %% [markdown]
# **At the equilibrium** generated and real pictures cannot be told apart, so the best D gives all of them the same
# score. Which one, and what the losses are then, follows from the formulas:
#
# | game | best score | d_loss | g_loss |
# |---|---|---|---|
# | minimax | 0, that is D = ½ | 2 ln 2 ≈ 1.386 | −ln 2 ≈ −0.693 |
# | non-saturating | 0, that is D = ½ | 2 ln 2 ≈ 1.386 | ln 2 ≈ 0.693 |
# | least squares | ½ | ¼ | ⅛ |
# | Wasserstein | any | 0 | any: minus that score |

# %%
for name, best in (("minimax", 0), ("non-saturating", 0), ("least-squares", 0.5), ("wasserstein", 0)):
    same = Tensor(np.full((128, 1), best, np.float32))
    losses = float(games[name].d_loss(same, same)), float(games[name].g_loss(same))
    assert np.allclose(losses, games[name].equilibrium)
assert np.allclose(games["non-saturating"].equilibrium, (1.386294, 0.693147))
assert games["least-squares"].equilibrium == (1 / 4, 1 / 8)

# %% [markdown]
# ## 作业里的GAN · The GAN of the assignment
#
# The notebook's fully connected pair: D 784→256→256→1 with LeakyReLU 0.01, G 96→1024→1024→784 with ReLU and Tanh, no
# batch normalisation. The first 50,000 training images, batches of 128, noise uniform on [−1, 1], Adam with learning
# rate 0.001 and β1 = 0.5, 10 epochs. The last batch of an epoch has 80 images and is kept: 391 iterations an epoch.

# %%
from ms_gan import RunFolder, Running, create_players, lecture_run


def run(name, root):
    """Trains a recipe in a folder, or finds it trained; returns the rows of its history, one an iteration."""
    return lecture_run(recipes[name], Running(root, name, options.data, options.device))


players = create_players(recipes["cs231n-gan"])
counts = [sum(p.size for p in net.trainable_params()) for net in (players.discriminator, players.generator)]
assert counts[0] == 267_009
assert counts[1] == 1_952_528 == 1_858_320 + (96 - 4) * 1024  # the notebook counts with noise of 4 numbers
print(f"D has {counts[0]:,} parameters, G {counts[1]:,}")

vanilla = run("cs231n-gan", options.result / "cs231n-gan")

# %% [markdown]
# ## 最小二乘 · Least squares: LSGAN
#
# The same networks, the same data, the same noise; only the objective is another. **What can go wrong:** a Sigmoid
# left at the end of D. Its answers could never reach the targets 0 and 1, and where they come near them the Sigmoid's
# own slope vanishes: the very thing that this loss is to avoid.

# %%
lsgan = run("lsgan", options.result / "lsgan")

# %% [markdown]
# ## 和作业对一对 · Beside the published runs
#
# The notebook's English and Chinese editions show the losses of their runs, D's and G's. Here they are beside yours,
# at the same iterations. A single iteration is one batch, so it jumps; the last column is the mean of yours over the 50
# iterations around it.

# %%
published = {  # iteration: vanilla (a), vanilla (b), LSGAN (a), LSGAN (b), each D, G
    0: ((1.328, 0.720), None, (0.569, 0.510), (0.532, 0.433)),
    250: ((1.043, 1.574), None, (0.149, 0.296), (0.163, 0.691)),
    500: ((1.220, 1.262), None, (0.105, 0.375), (0.128, 0.325)),
    1000: ((1.245, 1.097), None, (0.182, 0.245), (0.131, 0.234)),
    1750: ((1.402, 0.864), None, (0.208, 0.194), (0.230, 0.192)),
    2000: ((1.200, 0.940), (1.327, 0.977), (0.208, 0.417), (0.217, 0.174)),
    3000: ((1.301, 0.838), (1.471, 0.762), (0.213, 0.164), (0.251, 0.178)),
    3750: ((1.306, 0.811), (1.427, 0.843), (0.238, 0.146), (0.241, 0.166)),
}


def cell(losses):
    return f"{losses[0]:6.3f} {losses[1]:6.3f}" if losses else f"{'-':>6} {'-':>6}"


def around(rows, iteration):
    """Mean (d_loss, g_loss) of the 50 iterations around one, fewer at the ends."""
    near = rows[max(0, iteration - 25) : iteration + 25]
    return np.mean([row.d_loss for row in near]), np.mean([row.g_loss for row in near])


for title, rows, first in (("vanilla", vanilla, 0), ("LSGAN", lsgan, 2)):
    print(f"\n{title}: D, G   published (a)   published (b)   yours           yours, mean")
    for iteration, losses in published.items():
        if iteration < len(rows):
            yours = rows[iteration].d_loss, rows[iteration].g_loss
            found = [losses[first], losses[first + 1], yours, around(rows, iteration)]
            print(f"{iteration:13}   " + "   ".join(map(cell, found)))

# Before anything is learnt D's scores are near 0: D = 1/2 in the one game; 1 and 0 from the targets in the other.
assert np.allclose((vanilla[0].d_loss, vanilla[0].g_loss), (2 * np.log(2), np.log(2)), atol=0.2)
assert np.allclose((lsgan[0].d_loss, lsgan[0].g_loss), (1 / 2, 1 / 2), atol=0.2)

# %% [markdown]
# - Both games begin at the values of an undecided D, which the assertions of the cell check: 1.386 and 0.693 here, ½
#   and ½ there.
# - Then D is ahead for some hundred iterations: its loss falls, G's rises.
# - Then G catches up, and both move towards the equilibrium, 1.386 and 0.693 or ¼ and ⅛, and do not quite get there.
# - **The numbers of two games cannot be compared.** A d_loss of 0.2 is a good sign in LSGAN and a bad one in the other
#   game. Compare the pictures:

# %%
last_pictures = {name: RunFolder(options.result / name).pictures()[-1] for name in ("cs231n-gan", "lsgan")}
for name, path in last_pictures.items():
    print(f"{name}'s last picture: {path}")
Image.fromarray(np.hstack([np.asarray(Image.open(path)) for path in last_pictures.values()]))

# %% [markdown]
# ## 饱和的一局 · A game that saturates
#
# All of that was the non-saturating game. Now one epoch of the first one, minimax, with the same networks, the same
# data and the same first weights; only G's loss is another.

# %%
minimax = run("minimax", pictures / "minimax")
for number in (0, 50, 100, 250, 390):
    if number < len(minimax):
        row = minimax[number]
        print(f"iteration {number:3}   g_loss {row.g_loss:9.6f}   D(x) {row.d_real:.4f}   D(G(z)) {row.d_fake:.6f}")
print(f"its last picture: {RunFolder(pictures / 'minimax').pictures()[-1]}")

# %% [markdown]
# D is sure after some dozens of iterations, D(G(z)) is next to 0, and there it stays: the slope of G's loss is
# −D(G(z)). G's loss is as *high* as it can be, 0, and does not move. **What can go wrong:** to see a loss that stands
# still near 0 and take it for a training that is done.
#
# ## 推土机距离 · The earth mover's distance: WGAN
#
# The games so far compare two distributions by the ratio of their densities. Where they do not overlap, that ratio is
# 0 or infinite however far apart they are. Take a single point each, the data at 0 and G at θ. The Jensen-Shannon
# divergence (lecture 04) is log 2 for every θ but 0: no slope tells G where to go. The **Wasserstein distance** is how
# far the probability has to be carried, as earth by a shovel: |θ|. It has a slope everywhere.


# %%
def jensen_shannon(p, q):
    middle = (p + q) / 2
    return sum((part[part > 0] * np.log(part[part > 0] / middle[part > 0])).sum() / 2 for part in (p, q))


def earth_mover(p, q):
    """In one dimension: what has to cross each gap of size 1 between two neighbours, added up."""
    return abs(np.cumsum(p - q)).sum()


data = np.eye(11)[0]  # all at 0, of the points 0, 1, … 10
print("theta   Jensen-Shannon   Wasserstein")
for theta in (0, 1, 2, 5, 10):
    generated = np.eye(11)[theta]
    print(f"{theta:5}   {jensen_shannon(data, generated):14.4f}   {earth_mover(data, generated):11.1f}")
    assert np.isclose(jensen_shannon(data, generated), np.log(2) if theta else 0)
    assert earth_mover(data, generated) == theta

# %% [markdown]
# Nobody can compute this distance for pictures by shovelling. But it is also the largest E D(x) − E D(G(z)) that any D
# reaches whose slope is at most 1 (the Kantorovich-Rubinstein duality). So D is trained for that, and minus its loss
# is an estimate of the distance. Such a D answers no question of real or false; it is called a **critic**. In the
# example D(x) = −x is the best one: D(0) − D(θ) = θ.
#
# What keeps the slope at 1?
#
# - **WGAN** (Arjovsky et al. 2017) clips each of the critic's weights to [−0.01, 0.01] after every update. That bounds
#   the slope by *some* number, and so gives the distance times an unknown factor. RMSProp takes Adam's place: with
#   momentum the training was unstable. The learning rate is 0.00005.
# - **WGAN-GP** (Gulrajani et al. 2017) leaves the weights alone and adds a **gradient penalty** to the critic's loss:
#   10 · E (‖∇D(x̂)‖ − 1)², at points x̂ between a real and a generated picture. The mixing ratio is drawn anew for
#   every pair. Adam with learning rate 0.0001, β1 = 0, β2 = 0.9.
#
# Both train the critic five times for each step of G: the estimate must be good before it is followed.
#
# A linear critic D(x) = w·x + b has the slope ‖w‖ everywhere, so its penalty can be written down: (‖w‖ − 1)².

# %%
from ms_gan import gradient_penalty


class Linear(nn.Cell):
    """Images N×1×28×28 → scores N×1, w·x."""

    def __init__(self, w):
        super().__init__()
        self.w = ms.Parameter(Tensor(w, ms.float32), name="w")

    def construct(self, image):
        return ops.matmul(image.reshape((-1, 784)), self.w)


w = rng.standard_normal((784, 1)).astype(np.float32)
w *= 3 / np.linalg.norm(w)
critic = Linear(w)
real, fake = (Tensor(rng.uniform(-1, 1, (8, 1, 28, 28)), ms.float32) for _ in range(2))
mixing = Tensor(rng.uniform(0, 1, (8, 1, 1, 1)), ms.float32)


def penalty(real, fake, mixing):
    return gradient_penalty(critic, real, fake, mixing)


value = float(penalty(real, fake, mixing))
print(f"slope 3 everywhere: the penalty is {value:.4f}")
assert np.isclose(value, (3 - 1) ** 2, rtol=1e-4)

# %% [markdown]
# The penalty holds a gradient already, for the images. To train with it, *its* gradient is needed, for the weights: a
# derivative of a derivative. For the linear critic that is 2 (‖w‖ − 1) · w/‖w‖.
#
# **What can go wrong: a second derivative that is silently 0.** MindSpore 2.10 forms it right inside `ms.jit`, where
# the package's steps are. Outside it returns zeros for some operations, `ops.matmul` and convolutions among them. No
# error, no warning: the critic trains as if there were no penalty. Compare with a formula before you trust a new
# operation.

# %%
gradient = ms.value_and_grad(penalty, None, critic.trainable_params())
compiled = ms.jit(gradient, jit_level="O0")
expected = 2 * (3 - 1) * w / 3
for name, function in (("plain", gradient), ("ms.jit", compiled)):
    _, (found,) = function(real, fake, mixing)
    print(f"{name:6} largest error of the penalty's gradient: {abs(found.asnumpy() - expected).max():.5f}")
assert np.allclose(found.asnumpy(), expected, atol=1e-5)

# %% [markdown]
# Now two short runs. The recipes `wgan` and `wgan-gp` train the convolutional pair of lecture 06, which is many times
# slower: `ms-gan train wgan-gp` is for a night, or for a GPU. Here they get the fully connected pair. All other numbers
# are the recipes' own.

# %%
wgan = run("wgan", pictures / "wgan")
wgan_gp = run("wgan-gp", pictures / "wgan-gp")

# %% [markdown]
# The critic's estimate, E D(x) − E D(G(z)), is a lower bound of the distance (for WGAN in a unit that nobody knows). At
# first it grows: the critic is still learning to measure, and a clipped one, with its tiny weights, takes more than an
# epoch for that. From then on it *should* go down, and pictures become better as it does. No other loss of this lecture
# has that.

# %%
for name, rows in (("wgan", wgan), ("wgan-gp", wgan_gp)):
    gaps = np.array([row.d_real - row.d_fake for row in rows])
    means = [part.mean() for part in np.array_split(gaps, 5)]
    print(f"{name:7} estimate in each fifth of the run:", *[f"{mean:8.4f}" for mean in means])
print(f"the whole course: {pictures / 'wgan' / 'losses.png'} and {pictures / 'wgan-gp' / 'losses.png'}")

# %% [markdown]
# What clipping does to the weights: most of them end up at one of the two bounds (Gulrajani et al. 2017, figure 1).
# Such a critic can only draw very simple boundaries.

# %%
from ms_gan import load_discriminator

for name in ("wgan", "wgan-gp"):
    folder = RunFolder(pictures / name)
    with one_line_errors():
        trained = load_discriminator(folder.checkpoints / f"Discriminator{folder.read_recipe().epochs - 1}.ckpt")
    weights = np.concatenate([p.asnumpy().ravel() for p in trained.trainable_params()])
    largest = abs(weights).max()
    at_bounds = (abs(weights) > 0.99 * largest).mean()
    print(f"{name:7} weights from {weights.min():.3f} to {weights.max():.3f}; as large as the largest: {at_bounds:.0%}")
    assert name != "wgan" or largest <= np.float32(0.01)

# %% [markdown]
# ## xy游戏 · The game xy
#
# Why does a GAN not simply converge? The notebook asks it with the smallest game: f(x, y) = x·y. One player moves x and
# wants f small, the other moves y and wants f large. The only equilibrium is (0, 0). Each takes gradient steps of size
# 1, in turn, y first:
#
# $$y \leftarrow y + x \qquad x \leftarrow x - y$$
#
# **Question 1:** what happens in six steps from (1, 1)?

# %%
from ms_gan import theory

xy = theory.xy_game
points = xy.play(xy.alternating, start=(1, 1), moves=6, size=1)
print("step", *[f"{number:3}" for number in range(7)])
for name, column in (("y   ", points[:, 1]), ("x   ", points[:, 0])):
    print(name, *[f"{value:3.0f}" for value in column])
assert points[:, 1].tolist() == [1, 2, 1, -1, -2, -1, 1]
assert points[:, 0].tolist() == [1, -1, -2, -1, 1, 2, 1]

# %% [markdown]
# **Question 2:** does this ever reach the optimum? No. After six steps it is back at (1, 1), and so for ever. It is not
# the start's fault: one turn of both players is a matrix, and its sixth power is the identity. *Every* start comes
# back.
#
# Would smaller steps help? Often one reads that they spiral outward. That is true of players who move **at once**:
#
# $$M = \begin{pmatrix} 1 & -a \\ a & 1 \end{pmatrix} \qquad \lambda = 1 \pm i a \qquad |\lambda| = \sqrt{1 + a^2} > 1$$
#
# for every step size a, however small. It is not true of players who take **turns**:
#
# $$M = \begin{pmatrix} 1 - a^2 & -a \\ a & 1 \end{pmatrix} \qquad \det M = 1 \qquad |\lambda| = 1 \text{ for } a < 2$$
#
# The point stays on the ellipse x² + y² + a·x·y = constant. The second player answers the first one's *new* move, and
# that is just enough. Smaller steps go round the same way, only more slowly, once in about 2π/a steps. From a = 2 on
# the point runs away.

# %%
assert np.array_equal(np.linalg.matrix_power(xy.matrix(xy.alternating, size=1), 6), np.eye(2))

print("step size   at once: a move grows by   in turns   ellipse kept to   steps for one round")
for size in (1, 0.5, 0.25, 0.1, 0.01):
    x, y = xy.play(xy.alternating, moves=5000, size=size).T
    kept = x**2 + y**2 + size * x * y
    assert np.isclose(xy.growth(xy.simultaneous, size=size), np.sqrt(1 + size**2))
    assert np.isclose(xy.growth(xy.alternating, size=size), 1)
    assert np.allclose(kept, kept[0])
    rounds = 2 * np.pi / (2 * np.arcsin(size / 2))
    grown = f"{xy.growth(xy.simultaneous, size=size):25.5f}   {xy.growth(xy.alternating, size=size):8.5f}"
    print(f"{size:9}   {grown}   {np.ptp(kept):15.0e}   {rounds:20.1f}")
assert np.isclose(np.arcsin(1 / 2), np.pi / 6)  # size 1 turns by 60 degrees: six steps a round
assert xy.growth(xy.alternating, size=2.1) > 1.3

# %% [markdown]
# What does help?
#
# - **Averaging.** The mean of all points so far goes to (0, 0), although the points do not. Keeping a running mean of
#   G's weights is common practice.
# - **Looking ahead** (extra-gradient, Korpelevich 1976). Each player first tries a step, and then takes the slopes that
#   it found there: it answers what the other one is *about* to do. |λ|² = 1 − a² + a⁴, below 1 for a < 1. Optimistic
#   steps (Daskalakis et al. 2018) get the same from the last slope, without trying.
# - **A pull to the middle,** r/2·x² − r/2·y² added to f, as weight decay does. In turns, every move shrinks by 1 − a·r.
#   In GANs, penalties on D's gradient play this part.

# %%
from ms_gan import plot_orbits

assert np.isclose(xy.growth(xy.extragradient, size=0.25), np.sqrt(1 - 0.25**2 + 0.25**4))
assert np.isclose(xy.growth(xy.alternating, size=0.25, pull=0.2), 1 - 0.25 * 0.2)
assert np.allclose(xy.averages(xy.play(xy.alternating, moves=6 * 100 - 1))[-1], 0)

panels = {
    "In turns, size 1: a cycle of six": {"in turns": xy.play(xy.alternating)},
    "In turns, size ¼: an ellipse": {"in turns": xy.play(xy.alternating, moves=25, size=0.25)},
    "At once, size ¼: a spiral outward": {"at once": xy.play(xy.simultaneous, moves=50, size=0.25)},
    "What helps, size ¼": {
        "looking ahead": xy.play(xy.extragradient, moves=60, size=0.25),
        "pull": xy.play(xy.alternating, moves=60, size=0.25, pull=0.2),
        "averaging": xy.averages(xy.play(xy.alternating, moves=60, size=0.25)),
    },
}
with one_line_errors():
    plot_orbits(pictures / "xy-game.png", panels)
print(f"orbits of the game xy: {pictures / 'xy-game.png'}")
Image.open(pictures / "xy-game.png")

# %% [markdown]
# A GAN is such a game with two million numbers in place of two. Its losses go up and down like x and y, and where they
# stand says little about how far it has come.
#
# ## 损失下降是好事吗 · Is a falling loss a good sign?
#
# **Question 3:** G's loss falls, while D's stays high from the very beginning. Is that a good sign? No. It means that D
# does not learn. To fool a D that knows nothing is easy, and no picture has to become better for it. G's loss can only
# say how good G is *in the eyes of this D*. The extreme case: D is never updated at all, G is, 60 times.

# %%
from ms_gan import Batches, draw, fixed_codes, save_grid

recipe = recipes["cs231n-gan"]
batches = Batches(images, batch_size=128, latent_size=recipe.latent_size, seed=0, noise=recipe.noise)
image, code = next(batches.epoch(0).create_tuple_iterator(num_epochs=1))
game = games["non-saturating"]


def generator_forward(latent_code):
    return game.g_loss(players.discriminator(players.generator(latent_code)))


grad_g = ms.value_and_grad(generator_forward, None, players.generator.trainable_params())


@ms.jit(jit_level="O0")
def step_of_g_alone(latent_code):
    g_loss, gradients = grad_g(latent_code)
    return ops.depend(g_loss, players.generator_optimizer(gradients))


g_losses = [float(step_of_g_alone(code)) for _ in range(60)]
d_loss = float(game.d_loss(players.discriminator(image), players.discriminator(players.generator(code))))
print(f"g_loss from {g_losses[0]:.3f} to {g_losses[-1]:.3f}; d_loss is {d_loss:.3f}, worse than the 1.386 of guessing")
assert g_losses[-1] < 0.3 and d_loss > 2

with one_line_errors():
    save_grid(pictures / "fooled.png", draw(players.generator, fixed_codes(25, recipe.latent_size, noise=recipe.noise)))
print(f"what such a D takes for real: {pictures / 'fooled.png'}")
Image.open(pictures / "fooled.png")

# %% [markdown]
# ## 变分自编码器 · What a variational autoencoder does differently
#
# The rival that the notebook names is the variational autoencoder (VAE; Kingma and Welling 2014). It plays no game. An
# *encoder* turns a picture x into a distribution of codes q(z|x), a *decoder*, which is its generator, turns a code
# back into a picture, and both minimise **one** loss: how badly x is restored, plus KL(q(z|x) ‖ N(0, 1)), which keeps
# the codes where new ones will be drawn. That sum is an upper bound on −log p(x), so the VAE does raise a likelihood,
# or a bound of it, as lecture 04 wants and a GAN cannot. It trains without surprises, its loss means something, and it
# comes with the encoder that a GAN lacks. But its pictures are blurred. A code leaves open where exactly a stroke runs,
# and under a loss that compares pixel by pixel the best answer to "either here or there" is grey in both places. A
# GAN's D would know grey for a fake at once. The next cell shows it with one pixel that is black or white with equal
# chance.

# %%
answers = np.linspace(0, 255, 256)
cost = ((answers - 0) ** 2 + (answers - 255) ** 2) / 2
best = answers[np.argmin(cost)]
print(f"the best single answer to 0 or 255: {best:.0f}, which is right in neither case")
assert abs(best - 127.5) <= 0.5

# %% [markdown]
# ## What to expect
#
# - The GAN and the LSGAN draw readable digits after 10 epochs, with specks: there are no convolutions yet.
# - After its short run the WGAN draws grey with a trace of light in the middle: its steps are small, G moves in one of
#   five, and the critic has to learn first. The WGAN-GP draws digits, smooth ones, after the same number of steps. Both
#   papers trained for some 100,000 steps of G; here there are 781.
# - Losses of Wasserstein games may be negative. That is no error.
#
# ## What can go wrong
#
# Four boxes stand where they belong: a Sigmoid left at the end of D, numbers of two games compared, a loss that stands
# still, a second derivative that is 0. Five more things:
#
# - **Scores taken for probabilities.** A critic's 3.2 is no probability, and sigmoid(3.2) means nothing either. The
#   `answers` of an `Objective` says what its D's answers are.
# - **A sum where a mean should be.** The loss is then 128 times as large. Adam hides it; RMSProp too. Clipped weights
#   and penalties do not.
# - **Batch normalisation in a WGAN-GP's critic.** Then a picture's score depends on its neighbours, and there is no
#   gradient of a single picture to keep at 1.
# - **One mixing ratio for the whole batch,** or random numbers drawn inside a compiled graph, which do not follow the
#   seed. They come from outside, N×1×1×1.
# - **A root at 0.** The slope of √ is infinite there, and infinite times 0 is no number. So a little is added below the
#   root: a critic that is flat somewhere does not ruin its weights.
#
# ## Exercises
#
# 1. **Saturation.** `ms-gan train cs231n-gan --objective minimax --learning-rate 0.0002 --epochs 2 --result
#    result/minimax` (one line). Is it lost from the beginning, too? What makes the difference? Then add
#    `--critic-steps 5`.
# 2. **Targets.** Mao et al. also give a = −1, b = 1, c = 0. What are the best score, d_loss and g_loss at the
#    equilibrium? Write the `Objective`, and check it as above.
# 3. **Clip.** `ms-gan train wgan --networks mlp-cs231n --weight-clip 0.1 --epochs 3 --result result/clip`. How large is
#    the estimate now, and why? Three layers, each with weights ten times as large: which factor do you expect?
# 4. **No bound.** The same with `--weight-clip 0` and another folder. Where do the scores go?
# 5. **A penalty of 0.1, of 1000.** `ms-gan train wgan-gp --networks mlp-cs231n --gradient-penalty 1000 --epochs 3
#    --result result/strong` (one line). What does the critic care for now, and what does G draw?
# 6. **Optimistic steps.** Write a move for the point (x, y, x_before, y_before): each player adds twice the slope here
#    less the slope of one move before. Its matrix is 4×4. For which step sizes is its largest eigenvalue below 1? (From
#    0 to 1/√3 ≈ 0.577.)
# 7. **Momentum.** Give both players of the game xy heavy-ball momentum, 0.5 and −0.5. Which helps? (See Gidel et al.
#    2019.) Remember why β1 is 0.5, or 0, in this course.
# 8. **A mean of weights.** Average the last checkpoints' generator weights, `Generator7.ckpt` to `Generator9.ckpt` of
#    `result/lsgan`, and draw with the mean. Is it better than its parts?
