# %% [markdown]
# # 理论 · The theory
#
# Two networks play against each other, and in the end G's pictures are distributed like the real ones. Why should
# they? Goodfellow et al. (2014) prove it. This lecture takes the proof step by step, and after each step a cell checks
# it with numbers. Then a real GAN plays the proof, small enough to be watched: data, p_G, D and the best D in one
# picture. The last part shows what the proof does not promise.
#
# Run it from the project's folder: `python lectures/04_theory.py`. The steps of the proof take seconds. The small games
# take about two minutes on two cores; their times are printed. Options:
#
# - `--batches N`: of the game of one number, 6000 unless given. `--ring-batches N`: of each game in the plane, 3000.
# - `--result DIR`, `--device CPU`: as in lecture 02. Pictures go to `result/lecture04`. If the run of lecture 02 lies
#   in `result`, its history is read, too.
#
# A notebook has no command line. There, set an option in a cell of your own after the next one:
# `options.batches = 500`.

# %%
import argparse
import sys
from pathlib import Path

from ms_gan import UserError, choose_device, one_line_errors

parser = argparse.ArgumentParser(description="Lecture 04: the theory.")
parser.add_argument("--batches", type=int, default=6000, help="of the game of one number: 6000 unless given")
parser.add_argument("--ring-batches", type=int, default=3000, help="of each game in the plane: 3000 unless given")
parser.add_argument("--result", type=Path, default=Path("result"), help="the pictures go to its folder lecture04")
parser.add_argument("--device", help="CPU, GPU or Ascend: the best there is unless given")
options = parser.parse_args([] if "ipykernel" in sys.modules else None)

# %%
# What cannot work is said here, in one line, before anything is computed.
with one_line_errors():
    for name in ("batches", "ring_batches"):
        if getattr(options, name) < 16:
            raise UserError(
                f"{name.replace('_', ' ')} {getattr(options, name)}: it must be a whole number of at least 16"
            )
    choose_device(options.device)
pictures = options.result / "lecture04"

# %% [markdown]
# ## 熵 · Entropy
#
# An outcome of probability p carries −log p of information: nothing if it was certain, much if it was rare. On average
# that is the **entropy**
#
# $$H(p) = -\sum_x p(x) \log p(x)$$
#
# Logarithms are natural here. log 2 is one bit, the answer to a question that may be answered either way with equal
# chance. 0·log 0 counts as 0, because p·log p → 0. Of all distributions over n points the even one has the largest
# entropy, log n.
#
# For a density the sum becomes an integral; on a grid, a sum times the width of a cell. The functions of `theory` take
# that width as their last argument; without it they take 1, for a discrete distribution.

# %%
import numpy as np

from ms_gan import theory

for name, p in (("coin", [1 / 2, 1 / 2]), ("bent coin", [0.9, 0.1]), ("certain", [1, 0]), ("die", np.full(6, 1 / 6))):
    print(f"entropy of a {name:9}: {theory.entropy(p):.4f} = {theory.entropy(p) / np.log(2):.4f} bits")
assert np.isclose(theory.entropy([1 / 2, 1 / 2]), np.log(2)) and theory.entropy([1, 0]) == 0

rng = np.random.default_rng(0)
for p in rng.dirichlet(np.ones(6), 1000):  # a thousand bent dice
    assert 0 <= theory.entropy(p) < np.log(6)

x = np.linspace(-20, 20, 8001)
cell = x[1] - x[0]


def normal(mean, std=1.0):
    """The density N(mean, std²) at x."""
    return theory.normalise(np.exp(-(((x - mean) / std) ** 2) / 2), cell)


assert np.isclose(theory.entropy(normal(0), cell), np.log(np.sqrt(2 * np.pi * np.e)))
assert theory.entropy(normal(0, 0.1), cell) < 0  # of a density it depends on the unit of x, and may be negative

# %% [markdown]
# ## 什么是交叉熵 · Cross-entropy and the KL divergence
#
# If we model p by q, a draw x of p costs −log q(x): on average the **cross-entropy**. The two numbers of the slides are
# such costs: −log 0.1 ≈ 2.30 and −log 0.9 ≈ 0.11. What q costs more than p itself would is the **Kullback-Leibler
# divergence**:
#
# $$H(p, q) = -\sum p \log q = H(p) + KL(p \| q) \qquad KL(p \| q) = \sum p \log \frac{p}{q}$$
#
# **Step 1: KL ≥ 0, and 0 only for p = q.** For every t > 0: log t ≤ t − 1, with equality only at t = 1. With t = q/p:
#
# $$KL(p \| q) = -\sum p \log \frac{q}{p} \ge -\sum p \left(\frac{q}{p} - 1\right) = \sum p - \sum q = 0$$
#
# Zeros: where p is 0, nothing is added. Where q is 0 and p is not, KL is infinite: something happens that was held
# to be impossible.

# %%
assert round(theory.cross_entropy([1, 0], [0.1, 0.9]), 2) == 2.30
assert round(theory.cross_entropy([1, 0], [0.9, 0.1]), 2) == 0.11

t = np.linspace(0.001, 5, 5000)
assert (np.log(t) <= t - 1 + 1e-12).all()

closest = np.inf
for p, q in zip(rng.dirichlet(np.ones(6), 1000), rng.dirichlet(np.ones(6), 1000), strict=True):
    closest = min(closest, theory.kl(p, q))
    assert theory.kl(p, p) == 0 and np.isclose(theory.cross_entropy(p, q), theory.entropy(p) + theory.kl(p, q))
print(f"a thousand pairs of dice: the smallest KL is {closest:.4f}")
assert closest > 0
assert theory.kl([0.5, 0.5, 0], [0.5, 0.25, 0.25]) < np.inf == theory.kl([0.5, 0.25, 0.25], [0.5, 0.5, 0])

# %% [markdown]
# **Step 2: KL is not symmetric.** KL(p‖q) is large where p has mass and q has almost none. KL(q‖p) is large where q has
# mass and p has almost none. That is no detail. Let p have two bumps, and q be one bump whose place and width may be
# chosen. Which q is best?

# %%
two_bumps = (normal(-3, 0.5) + normal(3, 0.5)) / 2
choices = [(mean, std) for mean in np.arange(-4, 4.5, 0.5) for std in (0.5, 1, 2, 3, 4)]
covering = min(choices, key=lambda choice: theory.kl(two_bumps, normal(*choice), cell))
seeking = min(choices, key=lambda choice: theory.kl(normal(*choice), two_bumps, cell))
print("one bump for two, mean and standard deviation:")
print(f"  least KL(p || q): {covering[0]:4.1f} {covering[1]:4.1f}   it covers both")
print(f"  least KL(q || p): {seeking[0]:4.1f} {seeking[1]:4.1f}   it takes one, and forgets the other")
assert covering == (0, 3) and abs(seeking[0]) == 3 and seeking[1] == 0.5

# %% [markdown]
# ## 最大似然 · Maximum likelihood
#
# **Step 3: maximum likelihood is minimum KL.** A model q_θ is fitted by making the data as probable as it can be. The
# mean of log q_θ over many draws of p goes to −H(p, q_θ), and that is −H(p) − KL(p‖q_θ), where H(p) does not depend on
# θ. So the θ that makes the data most probable is the one with the least KL. The cell throws a bent die 100,000 times
# and fits q_θ(face) ∝ e^(θ·face).

# %%
faces = np.arange(1, 7)
bent = np.array([1, 1, 1, 1, 1, 5]) / 10
throws = rng.choice(faces, 100_000, p=bent)
thetas = np.linspace(-1, 1, 201)
models = [theory.normalise(np.exp(theta * faces)) for theta in thetas]

log_likelihoods = np.array([np.log(q)[throws - 1].mean() for q in models])
divergences = np.array([theory.kl(bent, q) for q in models])
best = log_likelihoods.argmax(), divergences.argmin()
print(f"theta of the largest likelihood {thetas[best[0]]:.2f}, of the least KL {thetas[best[1]]:.2f}")
assert abs(thetas[best[0]] - thetas[best[1]]) < 0.025
assert np.allclose(log_likelihoods, -theory.entropy(bent) - divergences, atol=0.03)  # but for the chance of the throws

# %% [markdown]
# ## 为什么写不出 p_G · Why p_G cannot be written down
#
# So why not fit G by maximum likelihood? Because nobody knows p_G(x). G makes pictures, it does not say how probable
# they are. To know it, one would have to find every code that leads to x. It is worse: 100 numbers of z cannot fill the
# 784 dimensions of a picture. G's pictures lie on a thin sheet in the space of all pictures, which has no volume, and
# something that lies on no volume has no density there. The cell has one number of z, and the plane in place of
# pictures: G(z) = (cos πz, sin πz), a circle. If it had a density, that of the cells which are hit would settle down as
# the cells get smaller.

# %%
z = (np.arange(1_000_000) + 0.5) / 500_000 - 1
circle = np.stack([np.cos(np.pi * z), np.sin(np.pi * z)], axis=1) + 0.32  # so that no cell's side touches it
densities = []
for side in (0.1, 0.05, 0.025, 0.0125):
    hit = len(np.unique(np.floor(circle / side) @ [1000, 1]))  # column and row of each cell in one number
    densities.append(1 / (hit * side**2))  # all the probability on the cells that are hit
    print(f"cells of {side:6} x {side:6}: {hit:3} are hit, mean density there {densities[-1]:6.2f}")
ratios = np.array(densities[1:]) / densities[:-1]
assert ((ratios > 1.9) & (ratios < 2.1)).all()  # half the side, twice the density, without end

# %% [markdown]
# A GAN does not need p_G. It needs draws from it, and D.
#
# ## 价值函数 · The value of the game
#
# $$V(G, D) = E_{x \sim p_{data}} \log D(x) + E_z \log(1 - D(G(z)))$$
#
# D wants it large, G small. The proof wants both terms as integrals over x, so that they can be put together:
#
# $$E_z \log(1 - D(G(z))) = \int p_G(x) \log(1 - D(x))\, dx$$
#
# ## 变量替换 · Scott Rome's objection
#
# **Step 4.** How does one get from z to x? Many proofs on the web substitute x = G(z), so z = G⁻¹(x), and
#
# $$p_G(x) = \frac{p_z(z)}{|G'(z)|}, \quad z = G^{-1}(x)$$
#
# Scott Rome objects in "An Annotated Proof of Generative Adversarial Networks": that needs a G with an inverse, and a
# differentiable one. A network has none. ReLU sends many numbers to 0, and G's codes and pictures do not even have the
# same dimension. The paper does not ask for an inverse, and the proof does not need one.
#
# **The way around it.** G carries the distribution of z to one of pictures, μ_G: the probability of a set A of pictures
# is the probability of the codes that lead into it, μ_G(A) = P(G(z) ∈ A). That needs no inverse of G, only that the
# question makes sense (G is measurable, as every network is). And for every bounded f
#
# $$E_z f(G(z)) = \int f \, d\mu_G$$
#
# (first for f that is 1 on a set and 0 elsewhere, where it says just what μ_G is; then for sums of these; then for
# their limits). If μ_G gives no probability to sets without volume, the **Radon-Nikodym theorem** says that it has a
# density p_G, and dμ_G = p_G dx. The cell takes a G that turns back, G(z) = z², with z even on [−1, 1].

# %%


def f(x):
    return np.log(1 - (0.2 + 0.6 * x))  # log(1 − D) for some D


edges = np.linspace(0, 1, 2001)
middles, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
p_z = np.full_like(z, 1 / 2)

over_codes = f(z**2).mean()
over_shares = (f(middles) * theory.share_density(z**2, edges)).sum() * width
one_inverse = (f(middles) * 0.5 / (2 * np.sqrt(middles))).sum() * width  # z = √x, and the other code forgotten
print(f"E f(G(z)) over z {over_codes:.5f}; over x, by shares {over_shares:.5f}, with one inverse {one_inverse:.5f}")
assert np.isclose(over_codes, over_shares, atol=1e-5)
assert np.isclose(one_inverse, over_codes / 2, rtol=0.02)  # half the probability is lost

try:
    theory.change_of_variables(p_z, z, z**2)
except ValueError as error:
    print(f"change_of_variables: {error}")

# Where G does have an inverse both ways agree.
x_of_z = z + z**3 / 2
shares = theory.share_density(x_of_z, np.linspace(-1.5, 1.5, 301))
formula = np.interp(np.linspace(-1.495, 1.495, 300), x_of_z, theory.change_of_variables(p_z, z, x_of_z))
assert np.allclose(shares, formula, rtol=0.005)

# %% [markdown]
# **And if there is no density?** For pictures there is none, as the circle showed. Then take another measure in place
# of the volume: μ = μ_data + μ_G. Both are absolutely continuous with respect to it, without any assumption: where μ is
# 0, both are. So the theorem gives both a density with respect to μ, and the two add up to 1. The one of the data
#
# $$\frac{d\mu_{data}}{d(\mu_{data} + \mu_G)}$$
#
# is what the next step calls D\*. If there are densities, it is p_data/(p_data + p_G). If there are none, it still is
# there. Take ReLU: G(z) = max(z, 0) makes 0 with probability ½, a point without volume. The data be even on [−1, 1].
# D\* at 0 should be 0: a number that is exactly 0 is surely G's. Shares of ever smaller cells find it.

# %%
found = []
for number in (11, 101, 1001, 10_001):  # an odd number: one cell has 0 in its middle
    cells = np.linspace(-1, 1, number + 1)
    data_share, g_share = (np.histogram(values, cells)[0][number // 2] / len(z) for values in (z, np.maximum(z, 0)))
    found.append(data_share / (data_share + g_share))
    print(f"{number:6} cells: data {data_share:.6f}, G {g_share:.6f} at 0, so D* is {found[-1]:.6f}")
assert (np.diff(found) < 0).all() and found[-1] < 0.001

# %% [markdown]
# ## 最优判别器 · The optimal discriminator
#
# **Step 5.** Now G stands still. At each x, D chooses a number d = D(x) between 0 and 1 to make
#
# $$p_{data} \log d + p_G \log(1 - d)$$
#
# large, and what it chooses at one x does not bind it at another. The slope for d is p_data/d − p_G/(1 − d). It is 0
# for
#
# $$D^*(x) = \frac{p_{data}(x)}{p_{data}(x) + p_G(x)}$$
#
# and the second derivative, −p_data/d² − p_G/(1 − d)², is below 0 everywhere. So D\* is the maximum and there is no
# other.

# %%
p_data, p_g = normal(0), normal(1.5, 0.7)
best_d = theory.optimal_discriminator(p_data, p_g)

near = np.abs(x) < 3  # further out D* is so near to 0 or 1 that float64 has few digits left for 1 − D*
here = p_data[near], p_g[near], best_d[near]
assert np.allclose(theory.slope(*here), 0, atol=1e-9) and (theory.curvature(*here) < 0).all()

most = theory.best_value(p_data, p_g, cell)
others = []
for _ in range(2000):
    shift, stretch = rng.normal(0, 1, 2)
    score = np.log(p_data[near] / p_g[near]) * np.exp(stretch) + shift
    other = best_d.copy()
    other[near] = 1 / (1 + np.exp(-score))
    others.append(theory.value(p_data, p_g, np.clip(other, 1e-300, 1 - 1e-16), cell))
print(f"V(G, D*) = {most:.6f}; the best of 2,000 other D: {max(others):.6f}")
assert max(others) < most

# %% [markdown]
# ## −log 4 与 JS 散度 · −log 4, and the Jensen-Shannon divergence
#
# **Step 6.** Put D\* into V. With m = (p_data + p_G)/2, D\* = p_data/(2m), so
#
# $$V(G, D^*) = \int p_{data} \log \frac{p_{data}}{2m} + p_G \log \frac{p_G}{2m}
# = -2 \log 2 + KL(p_{data} \| m) + KL(p_G \| m) = -\log 4 + 2\, JSD(p_{data} \| p_G)$$
#
# where JSD = ½ KL(p_data‖m) + ½ KL(p_G‖m) is the **Jensen-Shannon divergence**.
#
# **Step 7.** It is 0 if p_G = p_data and above 0 else, since both KL are. It is at most log 2: m ≥ p/2, so p/m ≤ 2;
# and it is log 2 where nothing is shared. So −log 4 ≤ V(G, D\*) ≤ 0, **and V(G, D\*) = −log 4 for p_G = p_data
# alone**. The best G is unique as a distribution; many networks can make it.

# %%
print("p_G shifted by   V(G, D*)   -log 4 + 2 JSD   JSD")
for shift in (0, 0.5, 1, 2, 4, 8):
    jsd = theory.js(p_data, normal(shift), cell)
    by_d, by_js = theory.best_value(p_data, normal(shift), cell), theory.EQUILIBRIUM_VALUE + 2 * jsd
    print(f"{shift:14}   {by_d:8.5f}   {by_js:14.5f}   {jsd:.5f}")
    assert abs(by_d - by_js) < 1e-10
    assert 0 <= jsd <= np.log(2)
assert np.isclose(theory.best_value(p_data, p_data, cell), -np.log(4))
assert (theory.optimal_discriminator(p_data, p_data) == 1 / 2).all()  # D is 50 % sure of everything

# %% [markdown]
# **Step 8: no valley on the way.** V(G, D\*) is convex in p_G: for each D, V is linear in p_G, and a maximum of linear
# functions is convex. So, if p_G could be moved as it is, going downhill would lead to p_data (the paper's proposition
# 2). In the weights of a network nothing is convex: there the proof ends and the experiment begins.

# %%
along = [theory.best_value(p_data, (1 - share) * p_data + share * p_g, cell) for share in np.linspace(0, 1, 51)]
assert (np.diff(along) > 0).all() and (np.diff(along, 2) > 0).all()
print(f"from p_data to another p_G, V(G, D*) rises from {along[0]:.4f} to {along[-1]:.4f}, ever more steeply")

# %% [markdown]
# ## 饱和 · Saturating against non-saturating
#
# **Step 9.** G's loss may be E log(1 − D(G(z))), which is its part of V, or −E log D(G(z)). With D = sigmoid(s) the
# slopes for the score s are −D and −(1 − D): the first is gone where D is sure of a fake, and G needs it most. The
# equilibrium is the same; the way there is not. With D\* held still, the gradient of the first is that of 2·JSD, and of
# the second that of **KL(p_G‖p_data) − 2·JSD** (Arjovsky and Bottou 2017, theorem 2.5). So the second pushes p_G onto
# the data in the forgetful direction of step 2, and *away* from them in JSD. The cell shifts p_G by θ from the data
# N(0, 1): log D\*/(1 − D\*) = θ²/2 − θx, so its slope for x is −θ.

# %%


def gradient(of, theta, step=1e-4):
    return (of(normal(theta + step)) - of(normal(theta - step))) / (2 * step)


print("theta   log(1 - D)   2 JSD      -log D   KL - 2 JSD      (gradients for theta)")
for theta in (0.5, 1, 2, 4, 8):
    score = theta**2 / 2 - theta * x
    first = (normal(theta) * theory.saturating_slope(score) * -theta).sum() * cell
    second = (normal(theta) * theory.non_saturating_slope(score) * -theta).sum() * cell
    of_js = gradient(lambda p: 2 * theory.js(p_data, p, cell), theta)
    of_kl = gradient(lambda p: theory.kl(p, p_data, cell) - 2 * theory.js(p_data, p, cell), theta)
    print(f"{theta:5}   {first:10.6f}   {of_js:8.6f}   {second:8.5f}   {of_kl:10.5f}")
    assert np.isclose(first, of_js, rtol=1e-3, atol=1e-7) and np.isclose(second, of_kl, rtol=1e-4)
assert first < 0.01 < 7 < second  # far off the one has nothing to say, and the other says it loudest

# %% [markdown]
# ## 推土机距离 · What the Jensen-Shannon divergence does not see
#
# **Step 10.** Where p_G and p_data share nothing, JSD is log 2, near or far: it has no slope. In the table θ = 8 was
# such a case, nearly; pictures on two thin sheets nearly always are. The **Wasserstein distance** is how far the
# probability has to be carried. In one dimension it is the area between both distribution functions. Two boxes of width
# 1, one of them shifted:

# %%
fine = np.linspace(-1, 6, 7001)
box = theory.normalise((fine >= 0) & (fine < 1))
print("shift   JSD / log 2   Wasserstein")
for shift in (0, 0.25, 0.5, 1, 2, 4):
    moved = theory.normalise((fine >= shift) & (fine < 1 + shift))
    shared, far = theory.js(box, moved) / np.log(2), theory.wasserstein_distance(box, moved, fine)
    print(f"{shift:5}   {shared:11.3f}   {far:11.3f}")
    assert np.isclose(shared, min(shift, 1), atol=0.002) and np.isclose(far, shift, atol=0.002)

# Of two samples no density is needed: the values are paired by their rank.
by_rank = theory.wasserstein_of_samples(rng.uniform(0, 1, 10_000), rng.uniform(4, 5, 10_000))
print(f"10,000 draws of each, shift 4: {by_rank:.3f}")
assert np.isclose(by_rank, 4, atol=0.03)

# %% [markdown]
# ## 图1 · Figure 1, alive
#
# The paper's Figure 1 shows the proof as a picture, on data of a single number. Here it is played. z is even on
# [−1, 1]; the data are a dome on [−1, 5]; G and D are networks of two hidden layers with 32 units. They are trained by
# the same players and the same step as the digits of lecture 02, with the non-saturating loss and Adam. Only the
# "images" are 1×1.
#
# D begins alone: 400 batches while G stands still. Then both play, five updates of D for one of G. p_G is counted from
# 20,000 codes: the shares of step 4, so G may turn back. From it and the density of the data, D\* is known at every
# moment.

# %%
import time
from dataclasses import replace

from ms_gan import FIGURE1, draw_figure1, figure1_moments, film_figure1, play_figure1

start = time.perf_counter()
shots, game = play_figure1(replace(FIGURE1, steps=options.batches))
print(f"{len(game.answers):,} batches in {time.perf_counter() - start:.0f} s")

print("moment   updates of D, of G   V(G, D)   V(G, D*)   mean |D - D*|   mean |D - 1/2|   distance")
moments = figure1_moments(shots)
for letter, shot in zip("abcd", moments, strict=True):
    print(
        f"   ({letter})   {shot.d_updates:12,}   {shot.g_updates:5,}   {shot.value:7.3f}   {shot.best_value:8.3f}",
        end="",
    )
    print(f"   {shot.mean_difference(shot.best_d):13.3f}   {shot.mean_difference(0.5):14.3f}   {shot.distance:8.3f}")

# %% [markdown]
# The four moments of the slide D(x), G(z), each chosen by a rule:
#
# - **(a)** D is *partially accurate*: the first moment at which it has found half of what there is to find, from
#   −log 4, the value of guessing, to V(G, D\*).
# - **(b)** The end of D's lesson. D is near D\*: the inner loop of the paper's algorithm 1.
# - **(c)** G has been updated. D's slope has shown it the way to where D is higher: p_G is half as far from the
#   data, in Wasserstein distance, as it was.
# - **(d)** The equilibrium: p_G ≈ p_data, D ≈ ½. The game sways around it; of its last tenth, the moment is taken at
#   which V(G, D\*) is least above −log 4.
#
# The arrows lead from z to G(z). Where they crowd, p_G is large.

# %%
from PIL import Image

a, b, c, d = moments
for shot in shots:  # step 6, at every moment of a real training
    assert abs(shot.best_value - (theory.EQUILIBRIUM_VALUE + 2 * shot.js)) < 1e-10
assert b.found > 0.85 and b.mean_difference(b.best_d) < 0.5 * shots[0].mean_difference(shots[0].best_d)
if options.batches >= FIGURE1.steps:
    assert c.distance <= shots[0].distance / 2
    assert d.distance < 0.1 * shots[0].distance and d.mean_difference(0.5) < 0.06
    assert d.best_value < theory.EQUILIBRIUM_VALUE + 0.06

with one_line_errors():
    draw_figure1(pictures / "figure1.png", shots)
    film_figure1(pictures / "figure1.gif", shots)
print(f"Figure 1: {pictures / 'figure1.png'}; the whole training: {pictures / 'figure1.gif'}")
Image.open(pictures / "figure1.png")

# %% [markdown]
# - Outside G's numbers D\* is 1: what is there can only be real. D does not follow so sharply, and where neither data
#   nor generated numbers fall its curve means nothing.
# - At the two ends of the dome p_G is cut off: G would have to stretch z ever more steeply there.
#
# ## 伪造者与警察 · Counterfeiters and police
#
# G is a gang that prints money. D is the police, who see real notes and the gang's. At first the fakes are poor, and
# the police as green as the gang. Then the police learn what gives a fake away, and little passes. The gang learns
# from being caught: D's slope says which way a note looks more real. In the end the fakes are as good as money, and
# the best police can do no better than toss a coin.
#
# The numbers of a run tell it. D(x) is how much the police trust real notes, D(G(z)) how much they trust fakes. And
# d_loss, which is −V, says more: V(G, D) ≤ V(G, D\*) = −log 4 + 2·JSD, so **(log 4 − d_loss)/2 is a lower bound of how
# different the fakes still are**. The run is that of lecture 02, if it lies in `result`, else the game above.

# %%
from ms_gan import RunFolder, history

folder = RunFolder(options.result)
saved = folder.read_recipe()
columns, run = game.answers, f"the game above, {len(game.answers):,} batches"
if saved and saved.objective in ("non-saturating", "minimax") and folder.history.exists():
    with one_line_errors():
        rows, _ = history.read(folder.history)
    if rows:
        columns = [(row.d_loss, row.g_loss, row.d_real, row.d_fake) for row in rows]
        run = f"{folder.history}, {rows[-1].epoch + 1} epochs"
d_loss, _, d_real, d_fake = np.transpose(columns)

size = max(1, len(d_loss) // 100)
parts = [slice(at, at + size) for at in range(0, len(d_loss), size)]
ahead = parts[int(np.argmax([(d_real[part] - d_fake[part]).mean() for part in parts]))]
print(f"{run}; means of {size} batches")
print("                        D(x)   D(G(z))   d_loss   JSD is at least")
for when, part in (("the first", parts[0]), ("police furthest ahead", ahead), ("the last", slice(-size, None))):
    bound = (np.log(4) - d_loss[part].mean()) / 2
    means = f"{d_real[part].mean():.3f}   {d_fake[part].mean():7.3f}   {d_loss[part].mean():6.3f}"
    print(f"{when:21}  {means}   {max(0, bound):.3f} of {np.log(2):.3f}")
    assert bound <= np.log(2)

# %% [markdown]
# (Means over batches that D has just learnt from: a D that knows its training pictures by heart makes the bound too
# high. Lecture 06 measures that.)
#
# ## 每训练一次G，训练k次D · k steps of D for one of G
#
# The proof has D\* at every step of G. Algorithm 1 has k updates of D for one of G, and hopes that D stays near D\*.
# Here is the same game with k = 1 and k = 20, beside the k = 5 above, all with the same number of batches: for k = 20
# that is a twentieth of the updates of G that k = 1 has.

# %%
batches = min(options.batches, 2000)
by_k = {5: [shot for shot in shots if shot.d_updates <= FIGURE1.lesson + batches]}
for k in (1, 20):
    recipe = replace(FIGURE1.recipe, critic_steps=k)
    by_k[k], _ = play_figure1(replace(FIGURE1, recipe=recipe, steps=batches))

print(f"{batches:,} batches; of the second half:")
print(" k   updates of G   mean |D - D*|   distance: mean, least, largest")
for k, found in sorted(by_k.items()):
    half = [shot for shot in found if shot.d_updates >= FIGURE1.lesson + batches / 2]
    lag = np.mean([shot.mean_difference(shot.best_d) for shot in half])
    distances = [shot.distance for shot in half]
    print(f"{k:2}   {found[-1].g_updates:12,}   {lag:13.3f}   ", end="")
    print(f"{np.mean(distances):14.3f}  {min(distances):.3f}  {max(distances):.3f}")

# %% [markdown]
# With k = 1 D lags behind: G runs after a D that is out of date, overshoots and comes back, so the distance sways
# most. With k = 20 D has the time it wants, but after the same work G has moved too seldom to have arrived. The slides
# take k = 1, and get by: with pictures D is the stronger player.
#
# ## 模式崩溃 · Mode collapse
#
# The proof is about p_G, the training about weights, and D is not D\*. What goes wrong most visibly is **mode
# collapse**: G makes some of what the data have and forgets the rest. Data in the plane show it: eight small heaps on a
# circle (after Metz et al. 2017). The five games of lecture 05 play for it, with the same networks, the same first
# weights and the same data. D has one hidden layer, G two. The critics of the two Wasserstein games get five updates
# for one of G, and a larger learning rate.
#
# Three numbers say how 4,096 points lie: *heaps*, how many of the eight have at least a hundredth of all points within
# three standard deviations; *near*, the share of points so near to any; *spread*, e to the entropy of the shares by the
# nearest heap. 8 is even, 1 is all at one.

# %%
from ms_gan import RING, RING_MOMENTS, RINGS, draw_rings, play_ring, ring_coverage

when = tuple(max(number, moment * options.ring_batches // RING.steps) for number, moment in enumerate(RING_MOMENTS, 1))
games = {}
print(" " * 20, *[f"{moment:>17,}" for moment in when], " batches")
for name, toy in RINGS.items():
    start = time.perf_counter()
    games[name] = play_ring(toy, when)
    measured = [ring_coverage(points) for points in games[name]]
    cells = [f"{found.modes} {found.near:4.0%} {found.spread:4.1f}" for found in measured]
    print(f"{name:20}", *[f"{cell:>17}" for cell in cells], f"  {time.perf_counter() - start:.0f} s")

with one_line_errors():
    draw_rings(pictures / "rings.png", games, when)
print(f"heaps, near, spread of five games: {pictures / 'rings.png'}")
Image.open(pictures / "rings.png")

# %% [markdown]
# (Each column has heaps, near, spread.) What this seed shows, with these networks:
#
# - **non-saturating:** all points stay together and hop from heap to heap. G goes where D is highest, D learns that
#   fakes are there, and G goes on. With two of the three seeds that were tried it ended so; with the third the points
#   lay all around the ring after 2,000 batches, and at all eight heaps after 3,000.
# - **minimax:** the slope −D is weak for points that D has seen through, so they are not all pulled to one place. The
#   cloud widens, and then finds the heaps. The game that saturates with pictures, where D is so much stronger, does
#   better here, where D is weak.
# - **least squares:** the same, and sooner. Its D goes on learning from points that are right already.
# - **Wasserstein, clipped:** no collapse, but a blur. The clipped critic is too simple for eight small heaps.
# - **Wasserstein, penalty:** the whole ring, and then slowly the heaps, with a fifth of the updates of G.
#
# No objective is a cure by itself. With a second hidden layer in D the non-saturating game covers the ring, too: such a
# D sees that all fakes are alike. And why does the non-saturating G keep to one heap? It is the forgetful direction of
# step 2. In KL(p_G‖p_data) it costs log 8 to leave out seven heaps of eight, however far away they are, and points
# between the heaps may cost more. In KL(p_data‖p_G) to leave out one heap costs everything.

# %%
eight, one = np.full(8, 1 / 8), np.eye(8)[0]
print(f"KL(p_G || p_data) of one heap for eight {theory.kl(one, eight):.3f} = log 8; ", end="")
print(f"KL(p_data || p_G) {theory.kl(eight, one)}")
assert np.isclose(theory.kl(one, eight), np.log(8)) and theory.kl(eight, one) == np.inf

# %% [markdown]
# ## What to expect
#
# - Every step of the proof holds to the digits printed. Where a sum stands for an integral, to about the square of a
#   cell's width.
# - In Figure 1 D comes near D\* where numbers fall, and p_G near the data. It does not come to rest: it sways.
# - Numbers differ in the last digits between processors, and a game that sways may then sway otherwise. The four
#   moments are found by rule, wherever they are.
#
# ## What can go wrong
#
# - **V(G, D) below −log 4.** D is then worse than a coin. That happens when G has just moved, and D has not yet.
# - **A density above 1.** It is no probability. The probability of a cell is the density times its width.
# - **KL of two samples' histograms is infinite** as soon as a cell is empty in one of them. JSD is not, and the
#   Wasserstein distance needs no cells.
# - **log of a D that is exactly 0 or 1.** In float32 a sigmoid is 1 from a score of 16.6 on. The package's losses use
#   scores; this lecture's D\* uses the logarithms of the densities.
# - **To take the theorem for a promise.** It speaks of the best D, and of p_G that may be anything. A network with a
#   weak D, or G of few units, has no such equilibrium.
#
# ## Exercises
#
# 1. **Two bumps.** In step 2, which one bump has the least JSD from the two? Does it cover, or does it seek?
# 2. **Half a D.** Let D be right about the data only: V for D = D\* on half of the line and ½ on the other half. How
#    much of 2·JSD has it found?
# 3. **Three kinds.** With twice as many real as generated pictures in a batch D minimises −(2/3) E log D(x) − (1/3) E
#    log(1 − D(G(z))). What is D\* now, and what does it say at p_G = p_data?
# 4. **Another ReLU.** G(z) = max(z, 0) and even data on [0, 1]. What is JSD? (Count the point at 0 as a point of its
#    own.)
# 5. **Lessons.** `python lectures/04_theory.py --batches 200`. Is (c) reached? Then play Figure 1 with `lesson=0`:
#    `play_figure1(replace(FIGURE1, lesson=0))`. What is (a) now?
# 6. **Saturating.** Play Figure 1 with `replace(FIGURE1.recipe, objective="minimax")`. When does G begin to move?
# 7. **A stronger D.** In `ms_gan/networks/points.py` give `PlaneDiscriminator` a second hidden layer, and run the rings
#    again. Which row changes most?
# 8. **Seeds.** `play_ring(replace(RING, recipe=replace(RING.recipe, seed=1)))`, and seeds 2 to 5. How often does the
#    non-saturating game end with all points at one heap?
