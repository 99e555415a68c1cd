# %% [markdown]
# # 卷积GAN · A convolutional GAN
#
# The networks so far do not know that two pixels are neighbours. The pair of this lecture does. It is the convolutional
# pair of CS231n's notebook, in the line of DCGAN (Radford et al. 2015): D looks at the picture through small windows,
# G paints it with small stamps. Here both are taken apart layer by layer, trained on MNIST, and held against the fully
# connected pair **after the same time**, because a convolutional step takes much longer.
#
# Run it from the project's folder: `python lectures/06_dcgan_mnist.py`. It trains both pairs, some ten minutes each on
# two cores. Options:
#
# - `--epochs N`: of the convolutional pair, 5 as in the notebook unless given; 1 is enough for a first look. The fully
#   connected pair gets as many epochs as fit in the same time.
# - `--data DIR`, `--result DIR`, `--device CPU`: as in lecture 02.
#
# The convolutional run goes to `result/dcgan-mnist`, the other one and the pictures to `result/lecture06`. Both take up
# to 1 GB of disk together. **A run that has as many epochs already is read and not trained again.** A shorter one goes
# on, and so does one that was stopped by Ctrl-C.

# %%
import argparse
import sys
from pathlib import Path

from ms_gan import UserError, choose_device, load_images, one_line_errors

parser = argparse.ArgumentParser(description="Lecture 06: a convolutional GAN.")
parser.add_argument("--epochs", type=int, default=5, help="of the convolutional pair: 5 unless given")
parser.add_argument("--data", type=Path, help="a folder with MNIST's files: data/MNIST_Data unless given")
parser.add_argument("--result", type=Path, default=Path("result"), help="the runs and pictures go there")
parser.add_argument("--device", help="CPU, GPU or Ascend: the best there is unless given")
options = parser.parse_args([] if "ipykernel" in sys.modules else None)
pictures = options.result / "lecture06"

# %%
from dataclasses import replace

from ms_gan import RECIPES, RunFolder, check_lecture_run

# What cannot work is said here, in one line, before anything is computed.
with one_line_errors():
    choose_device(options.device)
    images = load_images(options.data, say=lambda line: None)
    if len(images) < 640:
        raise UserError(f"the data set has {len(images)} images: this lecture needs at least 640")
    # MNIST's first 50,000 are to train on; a smaller data set is divided in the same proportion.
    train_images = min(50_000, len(images) * 10 // 11)
    recipe = replace(RECIPES["dcgan-mnist"], epochs=options.epochs, train_images=train_images)
    dense_recipe = replace(RECIPES["cs231n-gan"], epochs=1, train_images=train_images)
    folder, dense_folder = RunFolder(options.result / "dcgan-mnist"), RunFolder(pictures / "cs231n-gan")
    for place, wanted in ((folder, recipe), (dense_folder, dense_recipe)):
        check_lecture_run(wanted, place)

# %% [markdown]
# The first batch, as the notebook makes it: 128 images, and 96 numbers of noise for each, uniform from −1 to 1.

# %%
from ms_gan import Batches

batches = Batches(
    images[:train_images],
    batch_size=recipe.batch_size,
    latent_size=recipe.latent_size,
    seed=recipe.seed,
    noise=recipe.noise,
    drop_remainder=recipe.drop_remainder,
)
image, latent_code = next(batches.epoch(0).create_tuple_iterator(num_epochs=1))
print(f"{train_images:,} images to train on; a batch has images {image.shape} and latent codes {latent_code.shape}")
assert latent_code.shape == (128, 96) and abs(latent_code.asnumpy()).max() <= 1

# %% [markdown]
# ## 为什么用卷积 · Why convolutions
#
# Shuffle the pixels of all MNIST pictures, always in the same way. To us they become snow. To a fully connected D
# nothing has changed: its first layer has a weight for each pixel, and the weights do not know where their pixels are.
# A **convolution** puts two facts about pictures into the network.
#
# - **What belongs together is close together.** A number of the output depends on a small window only, here 5×5 pixels.
# - **A stroke is a stroke wherever it is.** The same 5×5 weights, the **kernel**, serve every window.
#
# D's first layer makes 32 maps of 24×24 numbers from a picture, with 832 parameters. A Dense from 784 to as many
# numbers would need 14 million:

# %%
import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

outputs = 32 * 24 * 24
print(f"{outputs:,} outputs: convolution {32 * (5 * 5) + 32:,} parameters, Dense {784 * outputs + outputs:,}")
assert 32 * (5 * 5) + 32 == 832
assert 784 * outputs + outputs == 14_469_120

# %% [markdown]
# In fact a convolution **is** a Dense, one whose matrix is nearly all zeros and has the same 25 numbers in every row.
# The next cell shows that matrix for one kernel. (A layer without bias maps the k-th unit picture, a single 1 among
# zeros, to the k-th column.)

# %%
ms.set_seed(0)  # the same weights in every run
one_kernel = nn.Conv2d(1, 1, 5, stride=1, pad_mode="valid", padding=0, has_bias=False, weight_init="xavier_uniform")
unit_pictures = Tensor(np.eye(784).reshape(784, 1, 28, 28), ms.float32)
matrix = one_kernel(unit_pictures).asnumpy().reshape(784, 24 * 24).T
share = (abs(matrix) > 1e-6).mean()
numbers = np.unique(matrix.round(4))
print(f"the matrix of a 5×5 convolution: {matrix.shape}, {share:.1%} of it not 0, {len(numbers)} numbers")
assert matrix.shape == (576, 784) and np.isclose(share, 25 / 784)
assert len(numbers) == 26  # the 25 weights, and 0
as_dense = image.asnumpy().reshape(128, 784) @ matrix.T
assert np.allclose(one_kernel(image).asnumpy().reshape(128, 576), as_dense, atol=1e-5)

# %% [markdown]
# So it can do nothing that a Dense could not, but it need not learn it again for every place. Its maps **move with the
# picture**: push a digit two pixels to the right, and what the layer makes of it moves by two.

# %%
moved = np.full(image.shape, -1, np.float32)  # -1 is black
moved[..., 2:] = image.asnumpy()[..., :-2]
there, here = one_kernel(Tensor(moved)).asnumpy(), one_kernel(image).asnumpy()
assert np.allclose(there[..., 2:], here[..., :-2], atol=1e-5)

# %% [markdown]
# ## 卷积 · Convolution
#
# The kernel slides over the picture by s pixels at a time (the **stride**). At each place, what lies under it is
# multiplied by it, number by number, and added up. Before that the picture may get a border of p zeros (the
# **padding**). From n numbers a kernel of k makes
#
# $$\frac{n - k + 2p}{s} + 1$$
#
# rounded down if it does not divide. Several input channels have a kernel each, and the results are added up; so a
# layer from c to m channels has m·c·k·k weights, and m biases.
#
# (Mathematics calls this a cross-correlation; its convolution turns the kernel round first. As the weights are learnt,
# it makes no difference.)


# %%
def conv_size(n, k, s=1, p=0):
    return (n - k + 2 * p) // s + 1


def convolve(x, kernel, s, p):
    """C×H×W and M×C×k×k → M×H'×W', by the definition."""
    x = np.pad(x, ((0, 0), (p, p), (p, p)))
    k = kernel.shape[-1]
    rows, columns = [range(0, n - k + 1, s) for n in x.shape[1:]]
    return np.array([[[(x[:, i : i + k, j : j + k] * m).sum() for j in columns] for i in rows] for m in kernel])


print("n   k   s   p   (n - k + 2p)/s + 1")
rng = np.random.default_rng(0)
for n, k, s, p in [(6, 3, 1, 0), (6, 3, 1, 1), (6, 5, 1, 2), (7, 3, 2, 1), (8, 4, 2, 1)]:
    x = rng.standard_normal((2, n, n), dtype=np.float32)
    pad_mode = "pad" if p else "valid"
    layer = nn.Conv2d(2, 3, k, stride=s, pad_mode=pad_mode, padding=p, has_bias=True, bias_init="ones")
    by_hand = convolve(x, layer.weight.asnumpy(), s, p) + layer.bias.asnumpy()[:, np.newaxis, np.newaxis]
    found = layer(Tensor(x[np.newaxis])).asnumpy()[0]
    print(f"{n}   {k}   {s}   {p}   {conv_size(n, k, s, p)}")
    assert found.shape == (3, conv_size(n, k, s, p), conv_size(n, k, s, p))
    assert np.allclose(found, by_hand, atol=1e-5)

# %% [markdown]
# ## 最大池化 · Max-pooling
#
# D needs to know *that* there is an arc, not to the pixel where. A max-pool of 2 with stride 2 keeps the largest of
# each 2×2 numbers and throws the other three away. The maps get half as high and half as wide: the formula above with
# k = s = 2 and p = 0. It has no weights.

# %%
x = rng.permutation(16).reshape(4, 4).astype(np.float32)
by_hand = x.reshape(2, 2, 2, 2).max(axis=(1, 3))
pool = nn.MaxPool2d(kernel_size=2, stride=2, pad_mode="valid")
print(x, "becomes", by_hand, sep="\n")
assert np.array_equal(pool(Tensor(x[np.newaxis, np.newaxis])).asnumpy()[0, 0], by_hand)
assert conv_size(4, k=2, s=2) == 2

# %% [markdown]
# ## 转置卷积 · Transposed convolution
#
# G has to go the other way, from few numbers to many pixels. A transposed convolution takes its kernel as a **stamp**:
# each input number paints the kernel, multiplied by that number, at a place s pixels further than the one before. Where
# stamps overlap, they add up. At the end p pixels are cut off all round. From n numbers it makes
#
# $$(n - 1)\,s - 2p + k$$
#
# With k = 4, s = 2, p = 1 that is 2n: 7 → 14 → 28.


# %%
def transposed_size(n, k, s=1, p=0):
    return (n - 1) * s - 2 * p + k


def stamp(x, kernel, s, p):
    """C×H×W and C×M×k×k → M×H'×W', by the definition."""
    k = kernel.shape[-1]
    canvas = np.zeros((kernel.shape[1], *[transposed_size(n, k, s) for n in x.shape[1:]]))
    for channel, i, j in np.ndindex(x.shape):
        canvas[:, i * s : i * s + k, j * s : j * s + k] += x[channel, i, j] * kernel[channel]
    return canvas[:, p : canvas.shape[1] - p, p : canvas.shape[2] - p]


print("n   k   s   p   (n - 1)s - 2p + k")
for n, k, s, p in [(3, 3, 1, 0), (3, 3, 2, 0), (3, 4, 2, 1), (7, 4, 2, 1), (14, 4, 2, 1)]:
    x = rng.standard_normal((2, n, n), dtype=np.float32)
    pad_mode = "pad" if p else "valid"
    layer = nn.Conv2dTranspose(2, 3, k, stride=s, pad_mode=pad_mode, padding=p, has_bias=True, bias_init="ones")
    by_hand = stamp(x, layer.weight.asnumpy(), s, p) + layer.bias.asnumpy()[:, np.newaxis, np.newaxis]
    found = layer(Tensor(x[np.newaxis])).asnumpy()[0]
    print(f"{n:2}  {k}   {s}   {p}   {transposed_size(n, k, s, p)}")
    assert found.shape == (3, transposed_size(n, k, s, p), transposed_size(n, k, s, p))
    assert np.allclose(found, by_hand, atol=1e-5)

# %% [markdown]
# **Why "transposed"?** As above, write the convolution that makes 7×7 from 14×14 as a matrix A. The transposed
# convolution with the same kernel is the matrix Aᵀ. So it is also how the gradient travels back through a convolution.
# It does not undo one: Aᵀ is no inverse.

# %%
settings = {"stride": 2, "pad_mode": "pad", "padding": 1, "has_bias": False}
down, up = nn.Conv2d(1, 1, 4, **settings), nn.Conv2dTranspose(1, 1, 4, **settings)
up.weight.set_data(down.weight)
A = down(Tensor(np.eye(196).reshape(196, 1, 14, 14), ms.float32)).asnumpy().reshape(196, 49).T
B = up(Tensor(np.eye(49).reshape(49, 1, 7, 7), ms.float32)).asnumpy().reshape(49, 196).T
print(f"the convolution's matrix: {A.shape}, the transposed one's: {B.shape}")
assert np.allclose(B, A.T, atol=1e-6)
assert not np.allclose(A @ B, np.eye(49), atol=0.1)

# %% [markdown]
# ## 第一批权重 · The first weights
#
# A number of a layer's output is a sum of many products. If the weights are too large, the outputs grow from layer to
# layer; if too small, they fade; and so do the gradients on their way back. How many terms are there?
#
# - **fan-in:** the inputs that one output depends on. Dense n→m: n. A convolution from c channels to m: c·k·k.
# - **fan-out:** the outputs that one input has a part in. Dense: m. Convolution: m·k·k (at stride 1).
#
# Outputs keep the inputs' variance if the weights' variance is 1/fan-in, gradients if it is 1/fan-out. The notebook
# takes the mean of the two fans, **Xavier** initialisation (Glorot and Bengio 2010): the variance 2/(fan-in + fan-out).
# A uniform distribution on [−a, a] has the variance a²/3, so
#
# $$a = \sqrt{\frac{6}{\text{fan-in} + \text{fan-out}}}$$
#
# The biases keep the range that the notebook's framework gives them, ±1/√fan-in. (For a transposed convolution it
# reads the two fans off the weight's shape, and so takes the one for the other. Their sum does not mind.)
#
# `build("dcgan28", 96)` makes the pair of this lecture, for 96 numbers of noise. Its file begins with the layers that
# both networks are made of. Every argument is written out, because MindSpore's own defaults are others (see What can go
# wrong). Then the first weights of three of its layers are measured.

# %%
import inspect

from ms_gan import build

ms.set_seed(0)
generator, discriminator = build("dcgan28", 96)
source = inspect.getsource(inspect.getmodule(generator))
print(source[: source.index("class Generator")])

examples = [
    ("Dense 1024 to 1024", discriminator.model[7], 1024, 1024),
    ("Dense 1024 to 6272", generator.model[3], 1024, 6272),
    ("convolution 32 to 64, 5×5", discriminator.model[3], 32 * 5 * 5, 64 * 5 * 5),
]
print("layer                       fan-in  fan-out   bound   largest weight   standard deviation")
for name, layer, fan_in, fan_out in examples:
    weights, bound = layer.weight.asnumpy(), np.sqrt(6 / (fan_in + fan_out))
    print(f"{name:27} {fan_in:6} {fan_out:8}   {bound:.4f}   {abs(weights).max():14.4f}   {weights.std():.4f}")
    assert 0.99 * bound < abs(weights).max() <= 1.0001 * bound
    assert np.isclose(weights.std(), bound / np.sqrt(3), rtol=0.02)
    assert abs(layer.bias.asnumpy()).max() <= 1.0001 / np.sqrt(fan_in)

x = rng.standard_normal((128, 1024), dtype=np.float32)
layer = examples[0][1]
variance = (layer(Tensor(x)) - layer.bias).asnumpy().var()
print(f"numbers of variance {x.var():.3f} come out of the first, before the bias, with {variance:.3f}")
assert abs(variance - 1) < 0.05

# %% [markdown]
# ## 判别器 · The discriminator
#
# D is that of TensorFlow's MNIST tutorial: two convolutions, each with a LeakyReLU of slope 0.01 and a max-pool, then
# two Dense. The last number is the score; sigmoid(score) is the probability that the picture is real.

# %%
print(inspect.getsource(type(discriminator)))

# %% [markdown]
# What each layer makes of the first 16 pictures. Beside each shape stand the number of parameters and the arithmetic
# that gives both; the code asserts that the layers agree.

# %%


def show_layers(network, x, expected):
    """Sends x through the layers one by one, beside [(shape, parameters, arithmetic)]; returns all parameters."""
    for layer, (shape, parameters, arithmetic) in zip(network.model, expected, strict=True):
        x = layer(x)
        count = sum(parameter.size for parameter in layer.trainable_params())
        print(f"  {type(layer).__name__:15} {'×'.join(map(str, x.shape)):13} {count:9,}   {arithmetic}")
        assert x.shape == (16, *shape) and count == parameters
    total = sum(parameters for _, parameters, _ in expected)
    print(f"  {'in all':29} {total:9,}")
    assert total == sum(parameter.size for parameter in network.trainable_params())
    return total


size_1 = conv_size(28, k=5)
size_2 = conv_size(size_1, k=2, s=2)
size_3 = conv_size(size_2, k=5)
size_4 = conv_size(size_3, k=2, s=2)
assert [size_1, size_2, size_3, size_4] == [24, 12, 8, 4]

print("discriminator   output        parameters")
d_parameters = show_layers(
    discriminator,
    image[:16],
    [
        ((32, size_1, size_1), 32 * 1 * 5 * 5 + 32, "28 - 5 + 1 = 24;  32·(1·25) + 32"),
        ((32, size_1, size_1), 0, ""),
        ((32, size_2, size_2), 0, "(24 - 2)/2 + 1 = 12"),
        ((64, size_3, size_3), 64 * 32 * 5 * 5 + 64, "12 - 5 + 1 = 8;  64·(32·25) + 64"),
        ((64, size_3, size_3), 0, ""),
        ((64, size_4, size_4), 0, "(8 - 2)/2 + 1 = 4"),
        ((1024,), 0, "64·4·4 = 1024"),
        ((1024,), 1024 * 1024 + 1024, "1024·1024 + 1024"),
        ((1024,), 0, ""),
        ((1,), 1024 + 1, "1024 + 1"),
    ],
)
assert d_parameters == 832 + 51_264 + 1_049_600 + 1_025 == 1_102_721

# %% [markdown]
# **Receptive field:** which pixels one number depends on. After the first convolution it sees 5×5 of them, after the
# pool 6×6, after the second convolution 6 + 4·2 = 14 (its kernel's places are 2 pixels apart by now), after the last
# pool 16×16. So each of the 4×4 places looks at a window of 16×16 pixels, 4 pixels from the next one. It is the two
# Dense that see the whole picture. The gradient of one place shows its window:

# %%
convolutions = nn.SequentialCell(list(discriminator.model)[:6])


def one_place(picture):
    return convolutions(picture)[:, :, 1, 2].sum()


noise = Tensor(rng.standard_normal((8, 1, 28, 28)), ms.float32)
slopes = abs(ms.grad(one_place)(noise).asnumpy()).sum(axis=(0, 1))
seen = slopes > 1e-6 * slopes.max()
rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
print(f"place (1, 2) sees rows {rows.min()} to {rows.max()} and columns {columns.min()} to {columns.max()}")
assert (rows.min(), rows.max()) == (4 * 1, 4 * 1 + 15)
assert (columns.min(), columns.max()) == (4 * 2, 4 * 2 + 15)

# %% [markdown]
# ## 生成器 · The generator
#
# G is that of the InfoGAN paper's appendix C.1. Two Dense make 128 maps of 7×7 from the noise, two transposed
# convolutions make 14×14 and 28×28 of them. Batch normalisation comes **after** the ReLU here. The parameter count is
# given in the notebook for 4 numbers of noise; the training uses 96.
#
# Behind a convolution, batch normalisation treats a map as *one* feature: μ and σ² are taken over the batch and over
# all places, 128·14·14 numbers in training. The formula is in lecture 02, 模型中的层.

# %%
print(inspect.getsource(type(generator)))

size_1 = transposed_size(7, k=4, s=2, p=1)
size_2 = transposed_size(size_1, k=4, s=2, p=1)
assert [size_1, size_2] == [14, 28]


expected_layers = [
    ((1024,), 96 * 1024 + 1024, "96·1024 + 1024"),
    ((1024,), 0, ""),
    ((1024,), 2 * 1024, "2·1024: γ and β"),
    ((6272,), 1024 * 6272 + 6272, "7·7·128 = 6272;  1024·6272 + 6272"),
    ((6272,), 0, ""),
    ((6272,), 2 * 6272, "2·6272"),
    ((128, 7, 7), 0, ""),
    ((64, size_1, size_1), 128 * 64 * 4 * 4 + 64, "6·2 - 2 + 4 = 14;  128·64·16 + 64"),
    ((64, size_1, size_1), 0, ""),
    ((64, size_1, size_1), 2 * 64, "2·64"),
    ((1, size_2, size_2), 64 * 1 * 4 * 4 + 1, "13·2 - 2 + 4 = 28;  64·16 + 1"),
    ((1, size_2, size_2), 0, ""),
]

print("generator, 96 numbers of noise")
assert show_layers(generator, latent_code[:16], expected_layers) == 6_675_009
of_four = sum(parameter.size for parameter in build("dcgan28", 4)[0].trainable_params())
print(f"generator, 4 numbers of noise: {of_four:,}")
assert of_four == 6_580_801 == 6_675_009 - (96 - 4) * 1024

share = (1024 * 6272 + 6272) / 6_675_009
print(f"of all these, {share:.0%} are in the second Dense, {(131_136 + 1_025) / 6_675_009:.0%} in the convolutions")
assert round(share, 2) == 0.96

# %% [markdown]
# G's counterpart of a receptive field: what one of the 7×7 places paints on. Its stamp has 4×4 places of 14×14; the
# second stamp makes (4 − 1)·2 + 4 = 10 of that. So strokes are joined from windows of 10×10 pixels, 4 pixels apart,
# and it is the two Dense before that decide what is where.

# %%
maps, one_more = np.zeros((2, 128, 7, 7), np.float32)
one_more[:, 3, 4] = 1
upper_layers = nn.SequentialCell(list(generator.model)[7:]).set_train(False)
one, other = (upper_layers(Tensor(m[np.newaxis])).asnumpy()[0, 0] for m in (maps, one_more))
painted = abs(one - other) > 1e-6
rows, columns = (np.flatnonzero(painted.any(axis=axis)) for axis in (1, 0))
print(f"place (3, 4) paints on rows {rows.min()} to {rows.max()} and columns {columns.min()} to {columns.max()}")
assert (rows.min(), rows.max()) == (4 * 3 - 3, 4 * 3 + 6)
assert (columns.min(), columns.max()) == (4 * 4 - 3, 4 * 4 + 6)

# %% [markdown]
# ## 更快的同一对网络 · The same pair, faster
#
# MindSpore's convolutions are slow on a processor, and in 2.10 very slow on one with AVX-512. `fast(network)` computes
# the same layers, from the same weights, faster: a convolution becomes one product of two matrices, because the windows
# of all pictures are copied side by side and the kernels are multiplied by that. Tests hold both equal, in what they
# answer and in what they learn; training, drawing and judging take the fast one by themselves.

# %%
from ms_gan import fast

fast_generator, fast_discriminator = fast(generator), fast(discriminator)
for name, plain, quick, x in (
    ("discriminator", discriminator, fast_discriminator, image[:16]),
    ("generator", generator, fast_generator, latent_code[:16]),
):
    for training in (True, False):
        answers = [network.set_train(training)(x).asnumpy() for network in (plain, quick)]
        difference = abs(answers[0] - answers[1]).max()
        mode = "training" if training else "evaluation"
        print(f"{name} in {mode}: largest difference {difference:.0e} among {answers[0].size:,} numbers")
        assert answers[0].shape == answers[1].shape and difference < 1e-4

# %% [markdown]
# The gradients agree, too: of D's loss for D's weights, of G's loss for G's, each compared with the largest number of
# its kind. The two networks of a pair are compiled into one graph, so their weights need different names.

# %%
import time

from ms_gan import find_objective

game = find_objective("non-saturating")
real, codes = image[:4], latent_code[:4]  # few, for MindSpore's own layers are slow
generator.update_parameters_name("generator.")
discriminator.update_parameters_name("discriminator.")


def gradients_of(generator, discriminator):
    """A compiled function: (images, codes) → D's gradients and G's, in the order of the weights."""
    generator.set_train(True)
    discriminator.set_train(True)

    def d_forward(image, fake):
        return game.d_loss(discriminator(image), discriminator(fake))

    def g_forward(latent_code):
        return game.g_loss(discriminator(generator(latent_code)))

    grad_d = ms.grad(d_forward, None, discriminator.trainable_params())
    grad_g = ms.grad(g_forward, None, generator.trainable_params())

    @ms.jit(jit_level="O0")
    def both(image, latent_code):
        return grad_d(image, generator(latent_code)) + grad_g(latent_code)

    return both


def timed(function):
    """The result of the second call, and its seconds; the first call compiles."""
    function(real, codes)
    start = time.perf_counter()
    found = [gradient.asnumpy() for gradient in function(real, codes)]
    return found, time.perf_counter() - start


plain, seconds = timed(gradients_of(generator, discriminator))
quick, fast_seconds = timed(gradients_of(fast_generator, fast_discriminator))
error = max(abs(one - other).max() / abs(one).max() for one, other in zip(plain, quick, strict=True))
print(f"{len(plain)} gradients, {sum(one.size for one in plain):,} numbers: largest error {error:.0e}")
print(f"computing them for 4 pictures: plain {seconds:.2f} s, fast {fast_seconds:.2f} s")
assert sum(one.size for one in plain) == 1_102_721 + 6_675_009
assert error < 1e-3

# %% [markdown]
# ## 模型训练 · Training
#
# The recipe `dcgan-mnist` has the notebook's numbers: 50,000 images, batches of 128, Adam with learning rate 0.001 and
# β1 = 0.5, 5 epochs of 391 iterations. Every 250 iterations it prints a line and draws a picture.

# %%
from ms_gan import Running, lecture_run

if train_images == 50_000:
    assert batches.steps == 391 and 5 * batches.steps == 1_955


def run(name, recipe, folder):
    """Trains by a recipe in a folder, or finds it trained; returns the rows of its history, one an iteration."""
    return lecture_run(recipe, Running(folder.root, name, options.data, options.device))


rows = run("dcgan-mnist", recipe, folder)
print(f"{len(rows):,} iterations in {sum(row.seconds for row in rows):.0f} s")

# %% [markdown]
# ## 结果 · The result
#
# The same 25 codes after the last epoch. Look at the strokes: they are smooth, and between them it is black. The specks
# of the fully connected pair have gone, because no pixel is painted alone.

# %%
from PIL import Image

last_picture = folder.pictures()[-1]
print(f"the last picture: {last_picture}")
print(f"all of them, one after the other: {folder.evolution}; losses and D's answers: {folder.losses}")
Image.open(last_picture)

# %% [markdown]
# ## 和作业对一对 · Beside the published runs
#
# The losses that the notebook's English (a) and Chinese (b) editions show, D's and G's, beside yours at the same
# iterations. A single iteration is one batch, so it jumps; the last column is the mean of yours over the 50 iterations
# around it.

# %%
published = {  # iteration: (a), (b), each D, G
    0: ((1.403, 1.433), (1.343, 0.188)),
    250: ((1.165, 0.772), (1.270, 0.678)),
    500: ((1.210, 1.024), (1.156, 1.016)),
    1000: ((1.216, 1.003), (1.316, 0.932)),
    1750: ((1.002, 0.992), (1.105, 0.923)),
}


def cell(losses):
    return f"{losses[0]:6.3f} {losses[1]:6.3f}"


def around(iteration):
    """Mean (d_loss, g_loss) of the 50 iterations around one, fewer at the ends."""
    near = rows[max(0, iteration - 25) : iteration + 25]
    return np.mean([row.d_loss for row in near]), np.mean([row.g_loss for row in near])


print("iteration   published (a)   published (b)   yours           yours, mean")
for iteration, losses in published.items():
    if iteration < len(rows):
        yours = rows[iteration].d_loss, rows[iteration].g_loss
        print(f"{iteration:9}   " + "   ".join(map(cell, [*losses, yours, around(iteration)])))

# D knows nothing yet: it says about 1/2 to everything, and pays about 2 ln 2.
for d_loss in (rows[0].d_loss, published[0][0][0], published[0][1][0]):
    assert abs(d_loss - 2 * np.log(2)) < 0.2

# %% [markdown]
# - At iteration 0 D's loss is near 1.386 in all three runs; G's is anything. D has made its first update by then. One
#   step of 0.001 in each of a million weights moves all scores by a lot, and by chance up or down.
# - In the first iterations D runs ahead: look at the mean of yours there. G needs some dozens to catch up.
# - Then D's loss stays a little below 1.386: D keeps a small lead, and both go on learning.
#
# ## 同样的时间 · After the same time
#
# Is it the convolutions that make the pictures better, or is it only more computing? A step of this pair takes many
# times as long as one of lecture 05's fully connected pair. So it is not fair to compare after the same number of
# *iterations*. Here the fully connected pair gets epochs until it has had the same **time**. (The time is the median of
# a step times the steps, so that compiling does not count.)

# %%
import math


def time_spent(rows):
    return len(rows) * np.median([row.seconds for row in rows])


dense_rows = run("cs231n-gan", dense_recipe, dense_folder)
while time_spent(dense_rows) < 0.95 * time_spent(rows):
    more = (time_spent(rows) / time_spent(dense_rows) - 1) * dense_recipe.epochs
    dense_recipe = replace(dense_recipe, epochs=dense_recipe.epochs + math.ceil(more))
    dense_rows = run("cs231n-gan", dense_recipe, dense_folder)

for name, found in (("fully connected", dense_rows), ("convolutional", rows)):
    spent = time_spent(found)
    print(f"{name}: {len(found):,} iterations of {spent / len(found):.3f} s, {spent:.0f} s in all")

# %% [markdown]
# Now pictures of both at the same moments. `history.csv` has the seconds of every step, so each picture's moment is
# known. (Drawing and saving are not counted.) Above, the fully connected pair; below, the convolutional one.

# %%
from ms_gan import Figure, save  # Figure is matplotlib's


def dated(folder, rows):
    """[(seconds of training, iterations, picture)] of a run's pictures, in their order."""
    clock = np.cumsum([row.seconds for row in rows])
    found = []
    for path in folder.pictures():
        epoch, step = folder.drawn_at(path)
        done = epoch * batches.steps + (step or batches.steps)
        if done <= len(rows):
            found.append((clock[done - 1], done, path))
    return found


learnt = dated(folder, rows)[1:]  # the first one was drawn after a single step
chosen = [learnt[number] for number in np.unique(np.linspace(0, len(learnt) - 1, 4).astype(int))]
figure = Figure(figsize=(4 * len(chosen), 8.6), dpi=100, layout="constrained")
panels = figure.subplots(2, len(chosen), squeeze=False)
for (moment, iterations, sheet), column in zip(chosen, panels.T, strict=True):
    beside = min(dated(dense_folder, dense_rows), key=lambda found: abs(found[0] - moment))
    for axes, (when, done, path) in zip(column, (beside, (moment, iterations, sheet)), strict=True):
        axes.imshow(Image.open(path), cmap="gray", vmin=0, vmax=255)
        axes.set(title=f"{when:.0f} s, {done:,} iterations", xticks=[], yticks=[])
for axes, name in zip(panels[:, 0], ("fully connected", "convolutional"), strict=True):
    axes.set_ylabel(name, fontsize=16)
with one_line_errors():
    save(figure, pictures / "equal-time.png")
print(f"both pairs at the same moments: {pictures / 'equal-time.png'}")
Image.open(pictures / "equal-time.png")

# %% [markdown]
# ## 背下来了吗 · Learnt by heart?
#
# D could tell real from generated in a way that is of no use to anyone: by knowing the 50,000 training pictures by
# heart. Then G would learn nothing about digits in general. There is a test. The 5,000 pictures after the first 50,000
# are real too, but D has never met them. If D knows pictures by heart, its answers to those it has met are higher.
#
# How much higher? Take one picture it has met and one that it has not: in which share of all such pairs does the first
# have the higher answer? If D cannot tell them apart, 50 %. (Statistics calls it the area under the ROC curve. With
# 5,000 of each kind, chance alone moves it by about 0.6 % either way.)

# %%
from ms_gan import VALIDATION_IMAGES, draw, fixed_codes, judge, load_discriminator, load_generator

validation = images[train_images:][:VALIDATION_IMAGES]
met = images[rng.choice(train_images, len(validation), replace=False)]


def answers_to(network, pixels):
    """D's probabilities, 500 pictures at a time: a convolution's maps take much memory."""
    return np.concatenate([judge(network, pixels[start : start + 500]) for start in range(0, len(pixels), 500)])


def higher(one, other):
    """In which share of all pairs the number of `one` is higher; a tie counts half."""
    below, not_above = (np.searchsorted(np.sort(other), one, side) for side in ("left", "right"))
    return (below + not_above).mean() / (2 * len(other))


assert higher(np.array([2.0, 4.0]), np.array([1.0, 2.0, 3.0])) == (1 + 1 / 2 + 3) / 6
chance = np.sqrt((2 * 5_000 + 1) / (12 * 5_000 * 5_000))  # of Mann and Whitney's test
assert round(chance, 3) == 0.006


def by_heart(name, folder, epochs):
    for epoch in epochs:  # from 0, as in the names of the files
        trained_g, latent_size = load_generator(folder.checkpoints / f"Generator{epoch}.ckpt")
        trained_d = load_discriminator(folder.checkpoints / f"Discriminator{epoch}.ckpt")
        codes = fixed_codes(len(validation), latent_size, seed=1, noise=recipe.noise)
        drawn = np.concatenate([draw(trained_g, codes[start : start + 500]) for start in range(0, len(codes), 500)])
        found = [answers_to(trained_d, pixels) for pixels in (met, validation, drawn)]
        assert all(((answers >= 0) & (answers <= 1)).all() for answers in found)
        means = "   ".join(f"{answers.mean():10.3f}" for answers in found)
        print(f"{name:15} {epoch + 1:5}   {means}   {higher(found[0], found[1]):9.1%}")


print(f"mean of D's answers to {len(validation):,} pictures of each kind, and the share of pairs")
print("                epoch     training   validation    generated   of pairs")
with one_line_errors():
    by_heart("convolutional", folder, range(options.epochs))
    by_heart("fully connected", dense_folder, [dense_recipe.epochs - 1])

# %% [markdown]
# Read the last column from the top down. If it stays where it was after the first epoch, near 50 %, D has learnt what
# digits look like. If it rises, D has begun to recognise pictures. (After the first epoch it has met each picture once.
# A share that is off by a little more than chance already then, in either direction, tells of the pictures: the 5,000
# are not quite like the others, somewhat neater for example.)
#
# Every picture is met only once an epoch, and D must keep up with a G whose pictures change all the time. That works
# against learning by heart. What works for it is many epochs, few pictures, and a D with many weights: see the last
# exercise.
#
# A D that knows pictures by heart is no proof that G copies them: G has never seen one. It only learns through D.
#
# ## What to expect
#
# - After the first epoch there are clean strokes, and digits among them; after five, most can be read.
# - A step takes ten to fifteen times as long as one of the fully connected pair. After the same *time* that one has
#   digits too, but they are full of specks.
# - The convolutional D answers nearly the same to pictures that it has met and to those that it has not. The fully
#   connected one gets some hundred epochs in the same time, and begins to learn them by heart (60 % of the pairs).
#
# ## What can go wrong
#
# **An argument left out.** MindSpore's defaults are not those of the notebook's framework. A `Conv2d` has
# `pad_mode="same"`, which adds zeros so that 28 stays 28, and no bias; a `MaxPool2d` has the stride 1:

# %%
by_default = nn.SequentialCell(nn.Conv2d(1, 32, 5), nn.MaxPool2d(2))
shape = by_default(image[:16]).shape
print(f"convolution and pool by default: {shape} instead of (16, 32, 12, 12)")
assert shape == (16, 32, 27, 27)
assert sum(parameter.size for parameter in by_default.trainable_params()) == 832 - 32

# %% [markdown]
# A wrong padding is found at once, because the next Dense does not fit. A missing bias is not: everything runs. Only
# the count tells, and it is the reason why the notebook checks it. Without the biases of the convolutions D has

# %%
without = 1_102_721 - 32 - 64
print(f"{without:,} parameters")
assert without == 1_102_625

same = nn.Conv2d(32, 64, 5, stride=1, pad_mode="same", padding=0, has_bias=True)
maps = pool(same(pool(nn.Conv2d(1, 32, 5, stride=1, pad_mode="same", padding=0, has_bias=True)(image[:16]))))
assert maps.shape == (16, 64, 7, 7)
try:
    nn.Dense(4 * 4 * 64, 1024)(maps.reshape((16, -1)))
    refusal = ""
except ValueError as error:
    refusal = str(error).splitlines()[0]
print(f"with padding: {refusal}")
assert "3136" in refusal and "1024" in refusal

# %% [markdown]
# **Batch normalisation before the ReLU.** DCGAN's paper has it there, this pair has it after. No count and no shape
# tells the two apart. What comes out does: after a ReLU nothing is negative; after a batch normalisation every feature
# has the mean 0 and the variance 1. Weights that were trained in one order are useless in the other.

# %%
first = nn.Dense(96, 1024)
normalise = nn.BatchNorm1d(1024, eps=1e-5, momentum=0.9)
orders = {
    "ReLU, then batch norm": nn.SequentialCell(first, nn.ReLU(), normalise),
    "batch norm, then ReLU": nn.SequentialCell(first, normalise, nn.ReLU()),
}
for name, layers in orders.items():
    found = layers.set_train(True)(latent_code).asnumpy()
    count = sum(parameter.size for parameter in layers.trainable_params())
    smallest, mean = found.min(), abs(found.mean(axis=0)).max()
    print(f"{name}: {count:,} parameters, smallest output {smallest:.2f}, largest mean {mean:.2f}")
    assert count == 96 * 1024 + 1024 + 2 * 1024
    assert (smallest < -0.5 and mean < 1e-3) if name.startswith("ReLU") else (smallest == 0 and mean > 0.3)

# %% [markdown]
# **Sigmoid twice.** The losses are computed from scores and take the sigmoid themselves. A D that ends in Sigmoid gives
# them probabilities, and those go through a second one. sigmoid of 0…1 lies between 0.5 and 0.731. So the best D there
# can be still pays 1.006, and G's loss cannot leave the range from 0.313 to 0.693. Nothing fails; it only hardly
# learns. A d_loss that never falls below 1.006 is the mark of it.

# %%
sure, unsure = ops.sigmoid(Tensor([[50.0]], ms.float32)), ops.sigmoid(Tensor([[-50.0]], ms.float32))
best_d, best_g, worst_g = float(game.d_loss(sure, unsure)), float(game.g_loss(sure)), float(game.g_loss(unsure))
print(f"a perfect D through two sigmoids pays {best_d:.3f}; G pays from {best_g:.3f} to {worst_g:.3f}")
assert np.allclose([best_d, best_g, worst_g], [1.006, 0.313, 0.693], atol=0.0005)

# %% [markdown]
# **A convolution that takes a second.** On a processor with AVX-512, MindSpore 2.10 computes its own convolutions
# without any optimisation: one from 32 to 64 channels took 0.8 s for 128 pictures, on two cores. With the environment
# variable `ONEDNN_MAX_CPU_ISA=AVX2`, set before Python starts, it took 0.03 s. `fast` does without both.
#
# **Checkerboards.** Where stamps overlap, they add up. With a kernel of 3 and stride 2 some pixels are painted once,
# others twice or four times, and an even surface becomes a checkerboard (Odena et al. 2016). Where the stride divides
# the kernel, as 2 divides 4, all pixels but the outermost get the same number of strokes. Trained weights can still
# make a pattern, but they are not forced to. Left a kernel of 3, right one of 4, all inputs and weights 1:

# %%
from ms_gan import save_grid

even = ops.ones((1, 1, 13, 13), ms.float32)
boards = []
for k in (3, 4):
    layer = nn.Conv2dTranspose(1, 1, k, stride=2, pad_mode="valid", padding=0, has_bias=False, weight_init="ones")
    strokes = layer(even).asnumpy()[0, 0, k - 2 : k - 2 + 24, k - 2 : k - 2 + 24]
    boards.append(np.rint(strokes * 255 / 4).astype(np.uint8)[..., np.newaxis])
    print(f"kernel {k}: a pixel inside is painted {', '.join(f'{number:.0f}' for number in np.unique(strokes))} times")
    assert set(np.unique(strokes)) == ({1, 2, 4} if k == 3 else {4})
with one_line_errors():
    save_grid(pictures / "checkerboards.png", np.stack(boards))
print(f"checkerboards: {pictures / 'checkerboards.png'}")
Image.open(pictures / "checkerboards.png")

# %% [markdown]
# ## Exercises
#
# 1. **The kernels.** `load_discriminator(folder.checkpoints / "Discriminator4.ckpt")` has 32 kernels of 5×5 in its
#    first layer. Scale them to 0…255 and draw them with `save_grid(…, columns=8)`. Which are edges, which are spots?
#    Do the same with `Discriminator0.ckpt`.
# 2. **Strides for pools.** DCGAN's D has no max-pool; its convolutions have stride 2. Replace each convolution and its
#    pool by a convolution of 4×4 with stride 2 and padding 1. Which shapes does the formula give? How many parameters?
# 3. **G without Dense.** Let z be 96 maps of 1×1 and begin with a transposed convolution: which k, s and p make 7×7 of
#    it? How many parameters has it if it makes 128 maps, and how many have the two Dense?
# 4. **Least squares.** `ms-gan train dcgan-mnist --objective least-squares --epochs 1 --result result/dcgan-ls`. Which
#    pictures are better? (The losses cannot tell; see lecture 05.)
# 5. **Noise.** `ms-gan train dcgan-mnist --latent-size 4 --epochs 1 --result result/dcgan-z4`, with the four numbers of
#    the notebook's count. Then `--noise normal`. What is lost?
# 6. **The order.** Copy the printed `Generator` and its layers, and swap ReLU and batch normalisation. Load the trained
#    generator, give its weights to yours, one by one: `for mine, theirs in zip(…get_parameters(), …get_parameters())`
#    and `mine.set_data(theirs)`. Nothing complains; what do the pictures say?
# 7. **Shuffled pixels.** Apply one fixed permutation to the pixels of all images, write them as an IDX file (lecture 01
#    shows its header), and run this lecture with `--data`. Put the pixels back in order before you look. Which of the
#    two pairs does not mind?
# 8. **By heart.** `ms-gan train cs231n-gan --train-images 1000 --epochs 100 --result result/few`, then ask D about
#    1,000 pictures it has met and 1,000 others. What is the share of pairs?
