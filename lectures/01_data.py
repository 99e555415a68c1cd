# %% [markdown]
# # 生成式对抗网络 · Generative adversarial networks
#
# Two networks play against each other (Goodfellow et al. 2014). The **generator** G makes pictures out of random
# numbers. The **discriminator** D looks at a picture and says how likely it is to be real. D learns to tell real
# pictures from G's. G learns to make pictures that D takes for real. Each one's progress is the other one's lesson.
#
# The game has an equilibrium: G's pictures are distributed exactly as the real ones. Then nothing is left to tell
# them apart by, and D is 50 % sure of every picture.
#
# This lecture prepares what the game is played with: real pictures and random numbers. Lecture 02 builds the two
# networks and trains them.
#
# Run it from the project's folder: `python lectures/01_data.py`. It makes pictures in `result/lecture01`.
# `--data DIR` names other MNIST files, `--result DIR` another place for the pictures.

# %%
import argparse
import sys
from pathlib import Path

from ms_gan import UserError, find_mnist, load_images, one_line_errors

parser = argparse.ArgumentParser(description="Lecture 01: the data.")
parser.add_argument("--data", type=Path, help="a folder with MNIST's files: data/MNIST_Data unless given")
parser.add_argument("--result", type=Path, default=Path("result"), help="the pictures go to its folder lecture01")
options = parser.parse_args([] if "ipykernel" in sys.modules else None)
pictures = options.result / "lecture01"

# Missing or damaged files are reported here, in one line, before anything is computed.
with one_line_errors():
    train_folder = find_mnist(options.data)
    images = load_images(options.data, say=lambda line: None)
    if len(images) < 600:
        raise UserError(f"{train_folder} holds {len(images)} images: this lecture needs at least 600")
print(f"MNIST's training files: {train_folder}")

# %% [markdown]
# ## D(x), G(z) · What the two networks map
#
# - D(x) takes a picture x and gives a probability: near 1 for the training pictures, near 0 for G's.
# - G(z) takes noise z, here 100 random numbers, and gives a picture: a point of the same space that x lives in.
#
# When G stands still, the best D can be written down (Goodfellow et al. 2014, Proposition 1). At each x,
#
# $$D^*(x) = \frac{p_{data}(x)}{p_{data}(x) + p_G(x)}$$
#
# where p_data is the density of the real pictures and p_G that of the generated ones. The paper's **Figure 1** draws
# these three curves: D blue and dashed, the data black and dotted, the generated green and solid. The next cell draws
# two of its moments, with "pictures" of a single number.

# %%
import numpy as np
from PIL import Image

from ms_gan import Figure, save  # Figure is matplotlib's

x = np.linspace(-4, 4, 201)
p_data = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)

figure = Figure(figsize=(12, 4.2), layout="constrained")
for axes, centre, moment in zip(figure.subplots(1, 2), (1.5, 0.0), ("G is off", "equilibrium"), strict=True):
    p_g = np.exp(-((x - centre) ** 2) / 2) / np.sqrt(2 * np.pi)
    best_d = p_data / (p_data + p_g)
    axes.plot(x, best_d, "b--", label="D*(x), a probability")
    axes.plot(x, p_data, "k:", linewidth=4, label="data, a density")
    axes.plot(x, p_g, "g-", label="generated, a density")
    axes.set(title=moment, xlabel="x", ylim=(0, 1.02))
    axes.legend()

# At the equilibrium, which is the second panel, D is 50 % sure everywhere.
assert np.allclose(best_d, 0.5)

with one_line_errors():
    save(figure, pictures / "figure1.png")
print(f"Figure 1: {pictures / 'figure1.png'}")
Image.open(pictures / "figure1.png")

# %% [markdown]
# On the left D is near 1 where the data are and near 0 where the generated are. G improves by moving its green curve
# to where D is higher: to the left.
#
# ## 用GAN生成手写字 · Drawing digits with a GAN
#
# The real pictures are **MNIST**: handwritten digits, 60,000 to train on and 10,000 to test on. A picture has 28×28
# pixels and one channel (grey), a byte a pixel: 0 is black, 255 is white. The data are four files, two each in
# `MNIST_Data/train` and `MNIST_Data/test`. Their format is called IDX: four bytes that say what is inside, then the
# sizes, then the values. `find_mnist()` above checked the files and unpacked them.

# %%
image_file = train_folder / "train-images-idx3-ubyte"
with image_file.open("rb") as file:
    magic, count, height, width = np.frombuffer(file.read(16), ">u4")  # four whole numbers, the largest byte first

print(f"{image_file.name}: magic number {magic}, {count:,} images of {height}×{width}")
assert magic == 2051  # 0x00000803: unsigned bytes (08) in 3 dimensions (03)
assert (height, width) == (28, 28)
assert image_file.stat().st_size == 16 + count * height * width  # 47,040,016 bytes for 60,000 images

# %% [markdown]
# To look at a picture, matplotlib's `imshow` takes an array of one of these shapes:
#
# | shape | what it is |
# |---|---|
# | (H, W) | one number a pixel, drawn with a colour map |
# | (H, W, 3) | red, green, blue |
# | (H, W, 4) | red, green, blue and opacity |
#
# The channels come **last**. Networks want them **first**: (1, 28, 28). `imshow` refuses that.

# %%
for shape in [(28, 28), (28, 28, 3), (28, 28, 4), (1, 28, 28)]:
    try:
        Figure().subplots().imshow(np.zeros(shape, np.uint8))
        answer = "drawn"
    except TypeError as error:
        answer = f"refused: {error}"
    assert (answer == "drawn") == (shape != (1, 28, 28))
    print(f"imshow of {str(shape):12}  {answer}")

# %% [markdown]
# ## 数据加载 · Loading the data
#
# MindSpore reads the files with `MnistDataset`. It has two columns: `image` (bytes, height × width × channels) and
# `label` (the digit, a whole number).

# %%
import mindspore.dataset as ds

mnist = ds.MnistDataset(str(train_folder), usage="train", num_samples=600, shuffle=False)

rows = list(mnist.create_dict_iterator(num_epochs=1, output_numpy=True))
first = rows[0]
for column, value in first.items():
    print(f"{column}: {value.dtype}, shape {value.shape}")
assert first["image"].dtype == np.uint8 and first["image"].shape == (28, 28, 1)  # HWC
assert first["label"].dtype == np.uint32 and first["label"].shape == ()

# %% [markdown]
# The slides say: plot it with `plot_image()`. It takes one picture or a stack of them.

# %%
from ms_gan import plot_image

labels = [int(row["label"]) for row in rows[:20]]
digits = np.stack([row["image"] for row in rows[:20]])  # (20, 28, 28, 1)
print("labels of the first 20:", *labels)

with one_line_errors():
    save(plot_image(digits, title="The first 20 training pictures"), pictures / "digits.png")
    save(plot_image(digits[0], title=f"label {labels[0]}"), pictures / "digit.png")
print(f"pictures: {pictures / 'digits.png'} and {pictures / 'digit.png'}")
Image.open(pictures / "digits.png")

# %% [markdown]
# A GAN does not need the labels. It needs a random vector with each image instead, the **latent code** z, 100 numbers
# from the normal distribution N(0, 1). So the slides turn (image, label) into (image, latent_code) with `map`, a Python
# function that runs once an image. The same function brings the bytes 0…255 to the range [−1, 1] that G's last layer
# has, by (x − 127.5) / 127.5, and moves the channel to the front. `mnist_dataset()` does all this. Here is its code:

# %%
import inspect

from ms_gan import mnist_dataset

print(inspect.getsource(mnist_dataset))

# %%
# The slides' way; its first four batches.
slides_data = mnist_dataset(options.data, batch_size=128, latent_size=100, seed=0, say=lambda line: None)
assert slides_data.get_dataset_size() == len(images) // 128  # of 60,000: 468, and 96 images are left out

slides_batches = list(slides_data.take(4).create_tuple_iterator(num_epochs=1, output_numpy=True))
for image, latent_code in slides_batches:
    assert image.shape == (128, 1, 28, 28) and image.dtype == np.float32
    assert latent_code.shape == (128, 100) and latent_code.dtype == np.float32
    assert image.min() == -1 and image.max() == 1
print(f"{len(slides_batches)} batches of images {image.shape} and latent codes {latent_code.shape}")

# %% [markdown]
# This package's `Batches` serves the same two columns, made another way:
#
# - The files are read **once**, by `load_images()`, and the bytes are kept (47 MB). Reading the files anew in each of
#   200 epochs is work that the training needs the processor for.
# - Its Python code runs **once a batch**, not once an image: 468 calls an epoch where the slides' `map` needs 60,000.
# - The order of the images and the codes come from (seed, epoch) alone. The same seed and epoch give the same bytes,
#   whatever ran before. So a training that was stopped goes on exactly as if it had not been.

# %%
from ms_gan import Batches

batches = Batches(images, batch_size=128, latent_size=100, seed=0)


def first_batch(epoch, start=0):
    """The first (image, latent_code) of an epoch, or of what is left of it after `start` steps."""
    return next(batches.epoch(epoch, start).create_tuple_iterator(num_epochs=1, output_numpy=True))


image, latent_code = first_batch(epoch=0)
assert np.array_equal(image, slides_batches[0][0])  # epoch 0 has the batches of the slides' way with the same seed
assert np.array_equal(latent_code, slides_batches[0][1])
assert image.shape == (128, 1, 28, 28) and image.dtype == np.float32 and abs(image).max() == 1
assert latent_code.shape == (128, 100) and latent_code.dtype == np.float32

again, again_code = first_batch(epoch=0)
assert np.array_equal(image, again) and np.array_equal(latent_code, again_code)  # same (seed, epoch), same bytes
other, other_code = first_batch(epoch=1)
assert not np.array_equal(image, other) and not np.array_equal(latent_code, other_code)
print("the first epoch read twice: the same bytes; the second: another order, other codes")

# %% [markdown]
# `to_pixels` is the way back from [−1, 1] to bytes. The first ten images of the first epoch, as D will see them:

# %%
from ms_gan import to_network, to_pixels

assert np.array_equal(to_network(to_pixels(image)), image)  # nothing is lost there and back
with one_line_errors():
    save(plot_image(to_pixels(image[:10]), title="The first 10 images of the first epoch"), pictures / "batch.png")
print(f"picture: {pictures / 'batch.png'}")
Image.open(pictures / "batch.png")

# %% [markdown]
# ## 什么是 latent code · What a latent code is
#
# A latent code z is the only thing G gets. Everything about a picture must come from it: which digit, how slanted,
# how bold. "Latent" means hidden: no one says which number stands for what; G finds a use for them while it learns.
#
# How many numbers should z have?
#
# - **Too few:** there are not enough directions to vary in. With one number, all digits must lie on one line, and
#   between a 3 and a 7 there is room for little else.
# - **Too many:** G's first layer grows, and more of z goes to waste. It is cheap, though: a number more in z is 128
#   weights more, and with 100 numbers the first layer has 12,928 of G's 1,510,032 weights.
#
# The slides take 100.
#
# A vector of n normal numbers has a length of about √n, here 10. The sum of n squares is n on average, since each has
# the mean 1, and it strays from n only little. So all codes lie near a sphere:

# %%
rng = np.random.default_rng(0)
print("numbers in z   mean length   sqrt(n)   standard deviation of the length")
for size in (1, 2, 10, 100, 1000):
    lengths = np.linalg.norm(rng.standard_normal((10_000, size)), axis=1)
    print(f"{size:12}   {lengths.mean():11.3f}   {size**0.5:7.2f}   {lengths.std():.3f}")
    if size == 100:
        assert abs(lengths.mean() - 10) < 0.1
        assert 0.6 < lengths.std() < 0.8

# %% [markdown]
# The middle of two codes is therefore an unusual code: its length is about 10/√2 ≈ 7.07. G has hardly ever seen one so
# short. Remember that when you walk from one code to another.

# %%
one, two = rng.standard_normal((2, 10_000, 100))
middle = np.linalg.norm((one + two) / 2, axis=1).mean()
print(f"length of the middle of two codes: {middle:.2f}")
assert abs(middle - 10 / np.sqrt(2)) < 0.1
assert 100 * 128 + 128 == 12_928  # weights and biases of G's first layer

# %% [markdown]
# ## 为什么分batch · Why batches
#
# A batch is the group of images from which one step computes its gradient. The slides take 128.
#
# - 60,000 = 468 · 128 + 96. An epoch is 468 batches, 59,904 images.
# - The last 96 images fill no batch. `drop_remainder=True` leaves them out: every batch has the same shape, so the
#   network is compiled once, and batch normalisation never meets a small group. `Batches` shuffles anew in each epoch,
#   so that it is not always the same 96.
#
# What the size trades off:
#
# | | small batch | large batch |
# |---|---|---|
# | steps an epoch | many | few |
# | gradient of a step | noisy | smooth |
# | time of a step | short, but long for each image | long, but short for each image |
# | memory | little | much |
# | batch normalisation's mean and variance | rough | good |

# %%
assert 60_000 == 468 * 128 + 96 and 468 * 128 == 59_904

as_large_as_mnist = np.zeros((60_000, 28, 28, 1), np.uint8)
print("batch size   batches an epoch   images used   left out")
for batch_size in (32, 64, 128, 256, 60_000):
    sizes = Batches(as_large_as_mnist, batch_size=batch_size, latent_size=100, seed=0)
    print(f"{batch_size:10,}   {sizes.steps:16,}   {sizes.images_per_epoch:11,}   {sizes.dropped:8}")
    if batch_size == 128:
        assert (sizes.steps, sizes.images_per_epoch, sizes.dropped) == (468, 59_904, 96)

print(f"your files: {len(images):,} images, {batches.steps} batches of 128, {batches.dropped} left out")
assert batches.steps == len(images) // 128 and batches.dropped == len(images) % 128

# %% [markdown]
# ## What to expect
#
# - `Batches` gives images of 128×1×28×28 in [−1, 1] and codes of 128×100.
# - An epoch has 468 batches. 200 epochs, the slides' number, are 93,600 steps.
#
# ## What can go wrong
#
# **`random.shuffle` on an array loses rows.** Code that goes round with these slides shuffles the test noise this way.
# Python's shuffle swaps `x[i], x[j] = x[j], x[i]`. That is right for a list. But a row `x[i]` of an array is no copy:
# it *is* the array's memory. So the swap is two assignments of which the second reads what the first has written:
#
#     x[i] = x[j]   # the old row i is gone
#     x[j] = x[i]   # and this is row j again
#
# Some rows are then there twice, and others are gone.

# %%
import random

table = np.repeat(np.arange(8)[:, np.newaxis], 3, axis=1)  # row k is k k k
spoilt = table.copy()
random.seed(0)
random.shuffle(spoilt)
print("random.shuffle:      rows", *spoilt[:, 0])
assert len(np.unique(spoilt[:, 0])) < 8

shuffled = np.random.default_rng(0).permutation(table)
print("numpy's permutation: rows", *shuffled[:, 0])
assert sorted(shuffled[:, 0]) == list(range(8))

# %% [markdown]
# **`np.random` inside a `map` with several workers is not reproducible.** The workers draw from one random number
# generator, and which of them comes first is chance. That is why `mnist_dataset` has `num_parallel_workers=1`, and why
# `Batches` makes the codes of a whole epoch from (seed, epoch).
#
# **A `.gz` file beside the unpacked one makes `MnistDataset` fail.** It takes every file whose name contains
# `-images-idx3-ubyte`, reads the zipped one too, and stops: "Invalid mnist file, the image number of ….gz should be
# 2051". (It means the magic number.) So the project keeps the unpacked files in a folder of their own; the line
# "MNIST's training files" at the top shows which.
#
# **Images left at 0…255.** G ends in tanh and can only reach [−1, 1]. D would see at once which are which:

# %%
share = (images[:1000] > 1).mean()
print(f"bytes above 1, which G could never make: {share:.0%} of the pixels")
assert share > 0.1

# %% [markdown]
# ## Exercises
#
# 1. `python lectures/01_data.py --data FOLDER` takes any data set of the same form, such as Fashion-MNIST. How many
#    batches of 128 has it?
# 2. Ask `mnist_dataset` for a `latent_size` of 2. What is the shape of a batch's codes now? What would G's first layer
#    be?
# 3. Plot the ten pictures of the digit 7 that come first. (`rows` has the labels.)
# 4. For which batch sizes from 32 to 256 is no image of the 60,000 left out?
# 5. Write the slides' way yourself, with `MnistDataset`, `map` and `batch`, but without `drop_remainder=True`. How many
#    batches has an epoch now, and what is the shape of the last one?
# 6. Draw z uniformly from [−1, 1] instead: how long is a code of 100 numbers then, and why? (The mean of a square is
#    then 1/3.)
