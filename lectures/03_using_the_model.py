# %% [markdown]
# # 接下来 · Using the model
#
# Lecture 02 ended with two trained networks in a folder. The slides' last page asks what comes next: use them. Give G a
# vector of your own. Give D a picture of your own. Switch between the two modes. And then turn every screw that there
# is, one at a time, and see what it does.
#
# Run it from the project's folder: `python lectures/03_using_the_model.py`. It takes the newest weights in
# `result/checkpoints`. Any others can be named:
#
#     python lectures/03_using_the_model.py result/checkpoints/Generator49.ckpt
#
# Where there are none, it first trains five epochs of the slides' GAN, in `result/lecture03/gan`. All up to the
# laboratory takes about a minute, the laboratory some minutes more. Times are printed. Options:
#
# - `--epochs N`: of that first training. `--photo FILE`: a digit that you have written and photographed.
# - `--lab NAME ...`: only these experiments of the laboratory, such as `--lab beta1 batch_size`; `--lab` alone leaves
#   it out. `--lab-epochs N`, `--lab-images N`: how long each trains, and on how many images.
# - `--data DIR`, `--result DIR`, `--device CPU`: as in lecture 02.
#
# Pictures go to `result/lecture03`. **What the laboratory has trained is read the next time, and not trained again.**
# Its runs keep their weights there, some 70 MB each, 1.8 GB in all; delete its folders when you have seen enough.
#
# A notebook has no command line. There, set an option in a cell of your own after the next one: `options.lab = []`.

# %%
import argparse
import sys
from pathlib import Path

EXPERIMENTS = ("learning_rate", "schedule", "batch_size", "latent_size", "beta1", "label_smoothing", "activation")
OWN = "networks"  # one more, with networks of your own
LAB = (*EXPERIMENTS, OWN)

parser = argparse.ArgumentParser(description="Lecture 03: using the model.")
parser.add_argument("file", nargs="?", type=Path, help="Generator….ckpt: the newest in result/checkpoints unless given")
parser.add_argument("--epochs", type=int, default=5, help="of the training, where there are no weights: 5 unless given")
parser.add_argument("--photo", type=Path, help="a photo of a digit: one is drawn unless given")
parser.add_argument("--lab", nargs="*", choices=LAB, default=LAB, help="the experiments: all unless given")
parser.add_argument("--lab-epochs", type=int, default=3, help="of each setting of the laboratory: 3 unless given")
parser.add_argument("--lab-images", type=int, default=9600, help="that it trains on: 9600 unless given; 0 for all")
parser.add_argument("--data", type=Path, help="a folder with MNIST's files: data/MNIST_Data unless given")
parser.add_argument("--result", type=Path, default=Path("result"), help="the pictures go to its folder lecture03")
parser.add_argument("--device", help="CPU, GPU or Ascend: the best there is unless given")
options = parser.parse_args([] if "ipykernel" in sys.modules else None)
pictures = options.result / "lecture03"

# %%
import time
from dataclasses import replace

from ms_gan import (
    RECIPES,
    Running,
    UserError,
    choose_device,
    lecture_run,
    load_images,
    one_line_errors,
    recipe_of,
    run_of,
    saved_epochs,
)

started = time.monotonic()

# What cannot work is said here, in one line, before anything is computed.
with one_line_errors():
    choose_device(options.device)
    short = replace(RECIPES["gan"], epochs=options.epochs)
    lab_recipe = replace(
        RECIPES["gan"], epochs=options.lab_epochs, train_images=options.lab_images, batch_size=32, log_every=1000
    )
    if 0 < options.lab_images < 256:
        raise UserError(f"lab images {options.lab_images}: the laboratory's largest batch takes 256; 0 for all")
    if options.lab_epochs < 2:
        raise UserError(f"lab epochs {options.lab_epochs}: there must be 2 at least, or no schedule changes anything")
    if options.photo and not options.photo.is_file():
        raise UserError(f"there is no photo {options.photo}")
    file = options.file
    if file is None and (epochs := saved_epochs(options.result / "checkpoints")):
        file = options.result / "checkpoints" / f"Generator{epochs[-1]}.ckpt"
    data = options.data or (run_of(file).read_data() if file else None)
    images, unseen = load_images(data), load_images(data, "test")
    if len(images) < 640 or len(unseen) < 64:
        raise UserError(f"{len(images)} training and {len(unseen)} test images: this lecture needs 640 and 64 at least")

if file is None:
    print(f"no weights in {options.result / 'checkpoints'} yet: a run of {options.epochs} epochs makes some, once")
    lecture_run(short, Running(pictures / "gan", data=data, device=options.device))
    file = pictures / "gan" / "checkpoints" / f"Generator{options.epochs - 1}.ckpt"

# %% [markdown]
# The two networks are the two files of one epoch, `Generator….ckpt` and `Discriminator….ckpt`. `load_generator` reads
# the size of the latent code off the weights; what else it must know stands in the run's `recipe.json`.

# %%
from ms_gan import draw, fixed_codes, judge, load_discriminator, load_generator, save_grid

with one_line_errors():
    recipe = recipe_of(file)
    if recipe.networks != "mlp" or recipe.objective not in ("non-saturating", "minimax"):
        raise UserError(f"{file} is of {recipe.networks}, {recipe.objective}: name weights of a run of the slides' gan")
    generator, latent_size = load_generator(file)
    discriminator = load_discriminator(file.with_name(file.name.replace("Generator", "Discriminator")))


def codes_of(count, seed):
    """Latent codes as in the training: float32, count×latent_size."""
    return fixed_codes(count, latent_size, seed, recipe.noise)


codes = codes_of(1000, seed=1)
samples = draw(generator, codes)
print(f"{file}: codes of {latent_size} numbers, noise {recipe.noise}")
print(f"D's mean answer to {len(samples):,} samples: {judge(discriminator, samples).mean():.3f}")
with one_line_errors():
    save_grid(pictures / "samples.png", samples[:25])
print(f"25 samples: {pictures / 'samples.png'}")

from PIL import Image

Image.open(pictures / "samples.png")

# %% [markdown]
# ## 给G一个自己的向量 · A vector of your own
#
# G is a function of 100 numbers. In the training all of them came from N(0, 1). Nothing keeps you from putting in what
# you like. First, **all zeros**: the middle of all codes, and yet one that never occurred, for codes have a length of
# about 10 (lecture 01, 什么是 latent code). What will it be, a mean of all digits?
#
# Then **one number at 5**, all others 0. There are 100 such codes. If every number of the code had a meaning of its own
# ("slant", "stroke width"), each would change one thing in the picture.

# %%
import numpy as np

from ms_gan import Strip, plot_sheet


def difference(one, other):
    """Mean difference of two stacks of pictures, picture by picture: grey levels of 255."""
    return np.abs(one.astype(float) - other).mean(axis=(1, 2, 3))


zeros = draw(generator, np.zeros((1, latent_size), np.float32))
fives = draw(generator, 5 * np.eye(latent_size, dtype=np.float32))
changes = difference(fives, zeros)
order = np.argsort(changes)[::-1]
apart = difference(samples[:500], samples[500:]).mean()
least, middle_one, most = np.percentile(changes, [0, 50, 100])
print(
    f"one number at 5 changes a pixel by {least:.1f} to {most:.1f} grey levels, in the median by {middle_one:.1f};",
    end=" ",
)
print(f"two samples differ by {apart:.1f}")

strongest = order[:8]
minus_fives = draw(generator, -5 * np.eye(latent_size, dtype=np.float32))
with one_line_errors():
    plot_sheet(
        pictures / "numbers.png",
        "One number of the code alone: those that change the picture most",
        [
            Strip("all zeros", zeros),
            Strip("one at 5", fives[strongest], [f"number {n}" for n in strongest]),
            Strip("the same at −5", minus_fives[strongest]),
        ],
    )
print(f"zeros, and one number at a time: {pictures / 'numbers.png'}")
Image.open(pictures / "numbers.png")

# %% [markdown]
# The zeros give no mean of all digits, but some one picture: the one that lies between the others. After fifty epochs
# it may be a clean digit, after five it is a piece of one. And no number means slant or width: each changes the whole
# picture, often into another digit. Nothing in the loss asks for a tidy code. If you turn all codes of N(0, 1) by the
# same rotation they are N(0, 1) still, so one axis is as good as another. (To give numbers a meaning, something in the
# game must reward it: InfoGAN, Chen et al. 2016, does.)
#
# **Far outside N(0, 1).** Take eight codes and multiply each by 0, ¼, ½, 1, 2, 5, 20 and 100. Below 1 the code is too
# short, from 2 on it is longer than any code of the training. Does G draw nonsense there?

# %%
print("factor   length of the code   pixels between black and white   two pictures differ by   D's mean answer")
rows, between = [], {}
for factor in (0, 0.25, 0.5, 1, 2, 5, 20, 100):
    drawn = draw(generator, np.float32(factor) * codes)
    between[factor] = ((drawn > 25) & (drawn < 230)).mean()
    spread, answer = difference(drawn[:500], drawn[500:]).mean(), judge(discriminator, drawn).mean()
    length = factor * np.linalg.norm(codes, axis=1).mean()
    print(f"{factor:6}   {length:18.1f}   {between[factor]:30.1%}   {spread:22.1f}   {answer:.3f}")
    rows.append(Strip(f"code × {factor}", drawn[:8]))
    assert factor or spread < 1
assert between[100] < between[1]
with one_line_errors():
    plot_sheet(pictures / "scale.png", "Eight codes, too short and too long", rows)
print(f"eight codes, eight lengths: {pictures / 'scale.png'}")
Image.open(pictures / "scale.png")

# %% [markdown]
# Short codes are near the picture of the zeros, so their pictures are more alike. But look at them: a well-trained G
# draws them *cleaner* than those at 1, because it knows the middle best. To buy quality with variety in this way is
# known as the truncation trick (Brock et al. 2019).
#
# Long codes do not end in noise: the picture hardens. Dense layers, ReLUs and batch normalisation in evaluation mode
# are, far from 0, linear along each ray. A code twice as long makes the last layer's numbers about twice as large, and
# Tanh presses those to −1 and 1. So there is less and less between black and white, and in the end nothing changes any
# more. D never saw such codes' pictures, so nothing ever corrected G there.
#
# ## 给D一张自己的图 · A picture of your own
#
# D answers one question: does this picture come from the data, or from *this* G? Give it real digits, spoilt ones, and
# things that are no digits. Write down what you expect before you run the cell. An upside-down 7: is it a fake? A sheet
# of pure white?

# %%
from PIL import ImageDraw


def drawn_by_hand(paint):
    """A picture of 28×28 that `paint` has drawn on, white on black."""
    canvas = Image.new("L", (28, 28))
    paint(ImageDraw.Draw(canvas))
    return np.asarray(canvas)[..., np.newaxis]


def cross(brush):
    brush.line((7, 7, 20, 20), fill=255, width=3)
    brush.line((20, 7, 7, 20), fill=255, width=3)


def all_of(value):
    return np.full((28, 28, 1), value, np.uint8)


rng = np.random.default_rng(0)
real = unseen[:1000]
asked = {
    "real": real,
    "inverted": 255 - real,
    "moved by 6": np.roll(real, 6, axis=2),
    "upside down": real[:, ::-1],
    "mirrored": real[:, :, ::-1],
    "half as bright": real // 2,
    "shuffled": rng.permuted(real.reshape(len(real), -1), axis=1).reshape(real.shape),
    "pure chance": rng.integers(0, 256, real.shape, dtype=np.uint8),
    "black": all_of(0)[np.newaxis],
    "white": all_of(255)[np.newaxis],
    "a ring": drawn_by_hand(lambda brush: brush.ellipse((7, 5, 20, 22), outline=255, width=3))[np.newaxis],
    "a box": drawn_by_hand(lambda brush: brush.rectangle((7, 5, 20, 22), outline=255, width=3))[np.newaxis],
    "a cross": drawn_by_hand(cross)[np.newaxis],
    "one of G's": samples,
}
answers = {name: judge(discriminator, stack) for name, stack in asked.items()}
for name, answer in answers.items():
    print(f"{name:15} D's mean answer to {len(answer):5,}: {answer.mean():.3f}")

first = np.stack([stack[0] for stack in asked.values()])
captions = [f"{name}\n{answer[0]:.2f}" for name, answer in answers.items()]
with one_line_errors():
    plot_sheet(
        pictures / "asked.png",
        "How likely does D take each for a real picture?",
        [Strip("made of a\nreal digit", first[:7], captions[:7]), Strip("others", first[7:], captions[7:])],
    )
print(f"D's probability for each: {pictures / 'asked.png'}")
Image.open(pictures / "asked.png")

# %% [markdown]
# D is no digit detector. It was trained on two kinds of pictures, real ones and those that G drew on the way, and it
# learnt whatever tells *those* apart: stray specks, broken strokes, the wrong brightness. On anything else its answer
# is an accident. Look at the extremes. Inverted digits and pure white were never among its pictures, so nothing ever
# corrected what it says to them: 0 or 1, and that may change from epoch to epoch (we shall ask every D below). An
# upside-down digit has strokes as good as any, so it passes. Even to real digits D does not say 1: G has become good,
# and near the equilibrium ½ is the right answer to everything.
#
# So do not use D to find bad pictures, odd data or forgeries. It is a teacher made for one pupil.
#
# ### 用手机拍一张 · A digit off your phone
#
# Write a digit on paper, photograph it, name it with `--photo`. Without that, the next cell draws one: dark ink on grey
# paper, lit from one side. Such a picture is nothing like MNIST. Every digit there was cut out, brought to a size of 20
# pixels, and laid with its centre of mass into the middle of 28×28, white on black (LeCun et al. 1998). `as_mnist` does
# the same. D is asked twice: about the photo merely shrunk, and about the digit prepared.

# %%
from PIL import ImageOps

from ms_gan import Unreadable, read_square

SIDE = 392  # pixels: 14 times 28


def photographed():
    """A 7 in dark ink on grey paper, 392×392, lit from the left."""
    paper = 205 - 45 * np.linspace(0, 1, SIDE) + rng.normal(0, 4, (SIDE, SIDE))
    canvas = Image.fromarray(paper.clip(0, 255).astype(np.uint8))
    brush = ImageDraw.Draw(canvas)
    brush.line([(90, 110), (240, 95), (150, 300)], fill=50, width=26, joint="curve")
    brush.line([(140, 205), (235, 195)], fill=50, width=20)
    return canvas


def as_mnist(photo):
    """A photo of one digit, grey, as MNIST would have it: uint8, 28×28×1."""
    ink = 255.0 - np.asarray(photo)
    if np.median(ink) > 127:  # light ink on dark paper
        ink = 255 - ink
    paper = max(line.max() for line in (ink[0], ink[-1], ink[:, 0], ink[:, -1]))
    ink = np.clip(ink - paper - 10, 0, None)
    ink *= 255 / max(ink.max(), 1)
    digit = Image.fromarray(ink.astype(np.uint8))
    digit = digit.crop(digit.point(lambda value: value > 60).getbbox())
    digit = np.asarray(ImageOps.contain(digit, (20, 20), Image.Resampling.LANCZOS))
    canvas = np.zeros((28, 28, 1), np.uint8)
    top, left = (middle(digit, axis) for axis in (0, 1))
    canvas[top : top + len(digit), left : left + len(digit[0]), 0] = digit
    return canvas


def middle(digit, axis):
    """Where a digit has to begin along an axis, so that its centre of mass comes to lie in the middle of 28."""
    mass = digit.sum(axis=1 - axis) + 1e-9
    start = round(13.5 - np.average(np.arange(len(mass)), weights=mass))
    return min(max(start, 0), 28 - len(mass))


photo = photographed()
if options.photo:
    with one_line_errors():
        try:
            photo = Image.fromarray(read_square(options.photo, crop=0, size=SIDE, channels=1)[0][..., 0])
        except Unreadable as error:
            raise UserError(f"{options.photo} cannot be read: {error}") from error
both = np.stack([np.asarray(photo.resize((28, 28), Image.Resampling.LANCZOS))[..., np.newaxis], as_mnist(photo)])
answers = judge(discriminator, both)
print(f"D says {answers[0]:.3f} to the photo merely shrunk, {answers[1]:.3f} to the digit as MNIST would have it")

shown = np.concatenate([np.asarray(photo)[np.newaxis, ..., np.newaxis], both.repeat(14, axis=1).repeat(14, axis=2)])
captions = ["the photo", f"shrunk\n{answers[0]:.2f}", f"prepared\n{answers[1]:.2f}"]
with one_line_errors():
    plot_sheet(
        pictures / "photo.png",
        "A photo, what D would see of it, and what D should see",
        [Strip("D's answer,\nbelow", shown, captions)],
    )
Image.fromarray(both[1, ..., 0]).save(pictures / "mine.png")
print(f"photo and digit: {pictures / 'photo.png'}; the digit alone: {pictures / 'mine.png'}")
Image.open(pictures / "photo.png")

# %% [markdown]
# `ms-gan judge FILE result/lecture03/mine.png` asks any other D about it. None of this is special to a GAN. A network
# knows pictures only in the form in which its training set had them, and to bring new ones into that form is half of
# the work with any model.
#
# ## 评估模式和训练模式 · Evaluation mode against training mode
#
# A batch normalisation has two modes (lecture 02, 模型中的层). In evaluation mode it uses the averages that it kept
# during the training. In training mode it uses mean and variance of **the batch at hand**, so that a picture depends on
# its neighbours. The next cell draws one code five times, each time first among 24 other neighbours, in both modes. The
# third row is the extreme: the batch holds the same code 25 times over, and each of the five is *another* code.

# %%
from mindspore import Tensor

from ms_gan import has_batch_statistics, to_pixels


def draw_in_training_mode(batch):
    """As `draw`, but in training mode, with a copy of G: its moving averages would move, too."""
    copy, _ = load_generator(file)
    copy.set_train(True)
    return to_pixels(copy(Tensor(batch)).asnumpy())


assert has_batch_statistics(generator)
code = codes_of(1, seed=3)
batches = [np.concatenate([code, codes_of(24, seed=100 + crowd)]) for crowd in range(5)]
modes = {
    "evaluation,\none code": np.stack([draw(generator, batch)[0] for batch in batches]),
    "training,\none code": np.stack([draw_in_training_mode(batch)[0] for batch in batches]),
    "training, batch\nof equal codes": np.stack(
        [draw_in_training_mode(np.repeat(batch[1:2], 25, axis=0))[0] for batch in batches]
    ),
}
spread = {name: int(np.ptp(drawn.astype(int), axis=0).max()) for name, drawn in modes.items()}
for name, most in spread.items():
    print(f"{' '.join(name.split()):32} a pixel varies by up to {most} of 255 over the five pictures")
evaluation, training, equal = spread.values()
assert evaluation <= 1 and max(1, 4 * equal) < training

with one_line_errors():
    plot_sheet(
        pictures / "modes.png",
        "One code among five crowds of neighbours; and five codes, each alone in its batch",
        [Strip(name, drawn) for name, drawn in modes.items()],
    )
print(f"both modes: {pictures / 'modes.png'}")
Image.open(pictures / "modes.png")

# %% [markdown]
# - **Evaluation:** five times the same picture. (A pixel may differ by 1, because sums in another order round
#   otherwise.)
# - **Training:** five pictures. The code is the same, the neighbours are not. Such pictures depend on the other codes
#   in the batch.
# - **Equal codes, training:** five *different* codes, always the same picture, and that a fog. In a batch of equal
#   codes no feature has any variance. So the normalisation makes 0 of each, β is added, and nothing of the code is
#   left.
#
# Then why train in training mode at all? Because there the statistics belong to the weights as they are at that step.
# The averages limp a few steps behind. And a last trap: a pass in training mode moves the averages, even when nothing
# is trained. So the cell above takes a fresh copy of G each time. `draw` and `judge` switch to evaluation mode, and
# back.
#
# ## 走一走 · Walks between codes
#
# Two codes give two digits. What lies between? On the **straight line** the codes are (1 − t)·a + t·b. But the middle
# of two such codes is short: about 10/√2 ≈ 7.07 of 10, and G has hardly ever seen one as short. White (2016) goes
# along the **great circle** instead: the direction turns evenly from a to b, the length stays. His formula is called
# *slerp*,
#
# $$z(t) = \frac{\sin((1-t)\,\Omega)}{\sin \Omega}\, a + \frac{\sin(t\,\Omega)}{\sin \Omega}\, b$$
#
# with Ω the angle between a and b. Two random directions in 100 dimensions are nearly at right angles: Ω ≈ 90°.

# %%
from ms_gan import WALKS, Walked, film_walks, plot_walks, round_walk, usual_code_lengths

low, high = usual_code_lengths(latent_size, recipe.noise)
walkers = codes_of(5, seed=12)
cosine = walkers[0] @ walkers[1] / np.linalg.norm(walkers[0]) / np.linalg.norm(walkers[1])
print(f"angle of the first two codes: {np.degrees(np.arccos(cosine)):.0f} degrees")


def walked(way):
    return Walked(draw(generator, way), way)


strip = {name: walked(walk(*walkers[:2], np.linspace(0, 1, 11))) for name, walk in WALKS.items()}
film = {name: walked(round_walk(walk, walkers, frames=12)) for name, walk in WALKS.items()}
with one_line_errors():
    plot_walks(pictures / "walk.png", strip, (low, high), "Two walks from one latent code to another")
    film_walks(pictures / "walk.gif", film, frames=12)
print(f"98 of 100 codes have a length from {low:.2f} to {high:.2f}; half way:", end=" ")
print(", ".join(f"{walk.lengths[5]:.2f} on the {name}" for name, walk in strip.items()))
print(f"the strip: {pictures / 'walk.png'}; through five codes and back, in a browser: {pictures / 'walk.gif'}")
Image.open(pictures / "walk.png")

# %% [markdown]
# Whichever way you go, the digit changes gradually, and where two kinds meet there is something between both. That is
# the test that G has *not* learnt single pictures: those would jump. The lengths differ as foretold. And the pictures?
# One pair proves little, so the next cell takes 500 pairs, and looks at the pictures half way: their contrast (the
# standard deviation of all pixels), and what D says to them.

# %%
print("                contrast, grey levels   D's mean answer")
pairs = list(zip(codes[:500], codes[500:], strict=True))
half_way = {
    name: draw(generator, np.concatenate([walk(*pair, [0.5]) for pair in pairs])) for name, walk in WALKS.items()
}
for name, drawn in {"the ends": samples, **half_way}.items():
    print(f"{name:15} {drawn.std():21.1f}   {judge(discriminator, drawn).mean():15.3f}")

# %% [markdown]
# With these networks the difference is small. Half way on the straight line there is a little less contrast; on the
# great circle as much as anywhere. For single digits that may even be welcome: short codes draw cleaner ones, as you
# saw above. But then you do not see what G draws *from N(0, 1)*, and a walk is meant to show just that. With colours it
# catches the eye: half way on the straight line faces turn pale. Try `ms-gan walk FILE` with a run on faces. It leaves
# `walk.png` and `walk.gif`; `--codes`, `--frames` and `--seed` choose the way.
#
# ## 它在抄吗 · Does G copy?
#
# G has never seen a training picture. But D has, and a strong D could teach G to draw them. So look for the nearest
# one: compare 100 samples with *every* training picture, pixel by pixel. The distance is the root of the mean squared
# difference, in grey levels. But is 30 near? A number alone means nothing. So 100 real digits that were not in the
# training are measured in the same way. If G copied, its samples would be much nearer to the training set than real
# new digits are; a copy has the distance 0.

# %%
from ms_gan import describe_copies, find_neighbours, find_real_neighbours, plot_neighbours

trained_on = images[: recipe.train_images or None]
with one_line_errors():
    begin = time.monotonic()
    found = find_neighbours(samples[:100], trained_on)
    name, held_out = find_real_neighbours(recipe, data, trained_on, 100, seed=0)
    print(f"{100 * 2 * len(trained_on):,} pairs of pictures compared in {time.monotonic() - begin:.1f} s")
    plot_neighbours(pictures / "neighbours.png", found, held_out, name)
print(describe_copies(found, held_out, name))
moved = find_neighbours(np.roll(trained_on[:100], 1, axis=2), trained_on)
print(f"training pictures moved by a single pixel: {np.median(moved.nearest):.1f} grey levels in the median")
print(f"samples and real digits beside their nearest training pictures: {pictures / 'neighbours.png'}")
Image.open(pictures / "neighbours.png")

# %% [markdown]
# A well-trained G's samples keep the same distance from the training set as unseen digits do: it does not copy. The
# nearest pictures are of the same kind, but strokes and slants are others. An early G's samples lie farther away, for
# they are no digits yet. Two limits of the proof: it looks at 100 samples, and it counts pixels. A copy moved by one
# pixel is no copy to it, as the last line of numbers shows: it lies about as far from the original as another digit
# does. `ms-gan neighbours FILE` does the same for every recipe, faces too.
#
# ## D的回答，一轮一轮看 · D's answers, epoch by epoch
#
# `losses.png` shows the *mean* of D(x) and of D(G(z)). A mean of 0.5 may be an honest "I do not know" to each picture,
# or a sure yes to half of them and a sure no to the rest. So take the saved networks of each epoch (ten at most), show
# every D the same 1,000 real pictures and 1,000 pictures of its own G, in evaluation mode, and draw how the answers
# are spread.

# %%
from ms_gan import answers_by_epoch, find_objective, plot_histograms

with one_line_errors():
    history = answers_by_epoch(file.parent, saved_epochs(file.parent, most=10), trained_on[:1000], seed=1)
    balance = find_objective(recipe.objective, recipe.label_smoothing).balance  # ½ unless labels are smoothed
    plot_histograms(pictures / "histograms.png", history, balance=balance)
print("epoch   mean D(x)   mean D(G(z))   both hills have in common   D's answer to a white sheet")
for row in history:
    counts = [np.histogram(part, 40, (0, 1))[0] for part in (row.real, row.fake)]
    common = np.minimum(*counts).sum() / len(row.real)
    white = judge(load_discriminator(file.with_name(f"Discriminator{row.epoch}.ckpt")), all_of(255)[np.newaxis])[0]
    print(f"{row.epoch + 1:5}   {row.real.mean():9.3f}   {row.fake.mean():12.3f}   {common:25.0%}   {white:27.3f}")
print(f"D's answers, epoch by epoch: {pictures / 'histograms.png'}")
Image.open(pictures / "histograms.png")

# %% [markdown]
# Where the two hills lie apart, D knows whom it has before it. Where they cover one another, it guesses. Early D sees
# through most pictures. As G gets better the hills move together, towards ½, and they stay a little apart: D keeps a
# small lead, and G learns from that. If they were apart all the time, with D(G(z)) at 0, D would have won, and G would
# learn nothing any more. The last column is the white sheet again. Whatever D says there, nobody taught it.
#
# ## 参数实验室 · The hyper-parameter laboratory
#
# The slide lists what to change. In principle that is one line for each: `compare_settings` trains a recipe once for
# each value, from the same seed, so that first weights, order of images and latent codes are the same in all. What it
# returns has a table, and `draw_comparison` makes a sheet of it. On the command line:
#
#     ms-gan compare gan --vary learning_rate=0.00001,0.0002,0.01 --epochs 3 --train-images 9600 --batch-size 32
#
# Here each setting gets a short run: three epochs of 9,600 images in batches of 32, which is 900 steps. (Small batches:
# the same time buys more steps.) That is enough for a first idea of digits, and to see what breaks. What is best after
# 900 steps need not be best in the end. All else is as on the slides: learning rate 0.0002, 100 numbers, β1 0.5.

# %%
from ms_gan import compare_settings, draw_comparison


def experiment(field, values, **changes):
    """Trains the laboratory's recipe, with changes, once for each value of a field; draws and prints what came out."""
    if field not in options.lab:
        print(f"{field}: left out (--lab {field})")
        return None
    begin = time.monotonic()
    with one_line_errors():
        base = replace(lab_recipe, **changes)
        running = Running(pictures / field, data=data, device=options.device)
        comparison = compare_settings(base, "gan", field, values, running)
        if comparison.stopped_by:
            sys.exit(128 + comparison.stopped_by)
        sheet = draw_comparison(comparison, pictures / f"{field}.png")
    print(comparison.table())
    print(f"{time.monotonic() - begin:.0f} s; pictures and losses: {pictures / field}.png")
    return sheet


# %% [markdown]
# ### 学习率 · Learning rate
#
# Expect: with 0.00001 nothing much happens. With 0.01, fifty times the slides', each step jumps over what the last one
# had found.

# %%
experiment("learning_rate", [1e-5, 2e-4, 1e-2])

# %% [markdown]
# The small rate learns the same, only later: where digits lie, and not yet which. Its losses are smooth. The large one
# throws the losses up and down, and its pictures are nearly all alike: what G has found, D's next leap makes worthless.
#
# ### 动态学习率 · A learning rate that changes
#
# Why not start fast and end slowly? Two schedules: *step* halves the rate after each epoch, *cosine* lets it slide
# towards 0 along a cosine. All start from 0.001, five times the slides' rate. So the first epoch is the same. And then?

# %%
experiment("schedule", ["constant", "step", "cosine"], learning_rate=1e-3, decay_every=1)

# %% [markdown]
# Where the rate gets smaller the swings of the losses get smaller, too. In a classifier that means: the bottom of a
# valley. Here two players chase one another, and a small rate only slows the chase. It is good for the last pictures,
# but a rate that falls too early stops a run that was still learning. The slides keep theirs.
#
# ### 为什么是 32, 64, 128, 256 · Batch size
#
# The number of images is the same, so batches of 32 make eight times as many steps as batches of 256. Look at both: the
# pictures, and images/s.

# %%
experiment("batch_size", [32, 64, 128, 256])

# %% [markdown]
# Small batches take more steps in an epoch, and after few epochs that counts most: their pictures are ahead. But they
# waste the processor: every step has a fixed cost, and reads all weights anew for each batch. Large ones give gradients
# with less noise, and better statistics for the batch normalisation. Powers of 2 are a custom: memory and processors
# come in such sizes, so a batch of 128 fills their lanes evenly. 100 works as well.
#
# ### latent code 的维度 · Latent size
#
# With 2 numbers all pictures lie on a sheet: you could draw a map of them. Is that too few for ten digits? And what do
# 500 help?

# %%
experiment("latent_size", [2, 10, 100, 500])

# %% [markdown]
# After so few steps short codes are not behind, rather ahead: there is less to be arranged. Their price shows later.
# MNIST's digits vary in some ten to fifteen ways (that is what estimates of its dimension say). With fewer numbers G
# must fold its sheet, and leaves out what does not fit. More are of no use, and do no harm: G's first layer learns to
# ignore them. 100 is generous.
#
# ### Adam的beta · Adam's betas
#
# β1 says how much of the last steps' direction is kept. 0: nothing. 0.9 is what everybody takes for classifiers.

# %%
experiment("beta1", [0.0, 0.5, 0.9])

# %% [markdown]
# Momentum remembers where downhill *was*. But the ground moves, because the other player moves it. That is the game xy
# of lecture 05: with momentum the swings grow. With 0.9 one player runs away here, and D wins. Without any momentum
# there are digits soonest. The slides' 0.5 lies between; papers after DCGAN (WGAN-GP, BigGAN) do take 0.
#
# ### BCELoss的参数 · Label smoothing
#
# BCELoss can weigh its examples, sum instead of averaging (lecture 02, exercise 6), and its labels need not be 0 and 1.
# *One-sided label smoothing* (Salimans et al. 2016) asks D for 0.9 on real pictures instead of 1. Generated ones keep
# their 0. D then loses when it is too sure.

# %%
experiment("label_smoothing", [0.0, 0.1, 0.3])

# %% [markdown]
# With label 1 − s the best D is no longer p/(p + q) but (1 − s)·p/(p + q): D(x) comes out lower, and at the equilibrium
# it is (1 − s)/2 instead of ½. The losses have another equilibrium, too (the dashed lines), so compare pictures, and
# not losses.
#
# ### 激活函数 · Activations
#
# "own" is ReLU in G and LeakyReLU in D, as on the slides. The others are put into both players' hidden layers. Tanh at
# the end of G stays.

# %%
experiment("activation", ["own", "relu", "tanh", "sigmoid"])

# %% [markdown]
# ReLU in D as well makes little difference in 900 steps: few units have died yet. Tanh starts with noise: its D is sure
# of itself at once, and G, whose tanh units sit at their flat ends, needs long to answer. The sigmoid is the worst.
# Its slope is ¼ at most, so little of the gradient comes through three layers, and little of the code on the way
# forward: all codes give nearly the same picture. The diagnosis has a word for that, collapse.
#
# ### 自己的网络 · Networks of your own
#
# Layers have no option. But any two networks can play: G maps codes to pictures, D maps pictures to scores, without a
# Sigmoid at its end. `make_players` gives each an optimizer, `Gan` is the game, and the run draws, saves and goes on as
# always. If you want to see a number that nobody measures, write a **listener**. The one below measures after each
# epoch how much lies between black and white: a column of `history.csv` and a curve in `losses.png`.

# %%
import mindspore as ms
from mindspore import nn

from ms_gan import Gan, Listener, make_players


class Greys(Listener):
    """The share of pixels between black and white in the pictures of the 25 fixed codes."""

    figures = ("greys",)

    def epoch(self, run):
        drawn = run.game.samples()
        return {"greys": float(((drawn > 25) & (drawn < 230)).mean())}


if OWN in options.lab:
    ms.set_seed(lab_recipe.seed)
    my_g = nn.SequentialCell(
        nn.Dense(100, 256), nn.ReLU(), nn.Dense(256, 28 * 28), nn.Tanh(), nn.Unflatten(1, (1, 28, 28))
    )
    my_d = nn.SequentialCell(nn.Flatten(), nn.Dense(28 * 28, 256), nn.LeakyReLU(alpha=0.2), nn.Dense(256, 1))
    running = Running(pictures / OWN, data=data, device=options.device)
    with one_line_errors():
        game = Gan(lab_recipe, make_players(my_g, my_d, lab_recipe))
    rows = lecture_run(lab_recipe, running, game=game, listeners=[Greys()])
    measured = [row.greys for row in rows if "greys" in row.figures]
    print("between black and white, epoch by epoch:", *[f"{share:.1%}" for share in measured])
    assert len(measured) == lab_recipe.epochs
else:
    print(f"{OWN}: left out (--lab {OWN})")

# %% [markdown]
# One hidden layer in each player, and no batch normalisation: that, too, begins to draw. Put in a layer, take the
# `Generator` of lecture 02, or measure something else, in a folder of its own. (The run's `recipe.json` does not know
# your layers: to draw with them later, build `my_g` again and load its weights by `ms.load_param_into_net`.)
#
# ## What to expect
#
# - Numbers differ from run to run, and much between a run of five epochs and one of fifty. What D says to pictures that
#   it never met (white, inverted) may turn round altogether from one epoch to the next.
# - Evaluation mode: five equal pictures. Training mode: five different ones. That holds for every G with batch
#   normalisation.
# - Samples lie as far from the training set as unseen digits do, or farther.
# - The laboratory's winners after 900 steps are not those of 200 epochs. Twice with other seeds is the least before you
#   believe a difference.
#
# ## What can go wrong
#
# - **A code of float64, or of the wrong length.** G takes float32, N×latent_size, two axes even for one code.
# - **A picture of the wrong kind.** Black on white, 0 to 1 instead of 0 to 255, three channels: D does not complain, it
#   answers. `judge` takes bytes, N×28×28×1, white on black.
# - **Pictures drawn in training mode,** and moving averages moved by looking. Use `draw`.
# - **"It does not copy" from one look.** Without the yardstick of real unseen pictures a distance says nothing.
# - **Losses of two settings compared.** With another D they are other numbers (and with label smoothing another game).
#   Compare pictures.
# - **Two screws turned at once.** Then you do not know which one it was.
#
# ## Exercises
#
# 1. **A code's opposite.** Draw −z beside z for eight codes. Is it the opposite of anything?
# 2. **Sums.** Find codes of three 7s and three 1s by eye. Draw mean(7s) − mean(1s) + another 1's code (Radford et al.
#    2015, figure 7). What comes out, and why does a mean work better than one code?
# 3. **Truncation.** For factors from 0.1 to 1 let `judge`, and your own eye, rank the samples. Where would you stop,
#    and what do you lose?
# 4. **Fool D.** Take a picture of pure chance and go uphill: add a little of D's gradient for the *pixels*, 50 times
#    (`ms.grad` of the score). When D says 0.99, what do you see? Is it a digit?
# 5. **Another D.** `judge` asks the D of any run about your `mine.png`. Train two runs with `--seed 1` and
#    `--seed 2`. Do they agree about your digit? About an inverted one?
# 6. **Invert G.** Choose a test digit, and look by gradient steps for the code whose picture is nearest to it. Which
#    digits does G not reach?
# 7. **An overfitted GAN.** `ms-gan train gan --train-images 256 --epochs 200 --result result/few` (one line), then
#    `ms-gan neighbours result/few/checkpoints/Generator199.ckpt`. Does G copy now?
# 8. **A longer laboratory.** `python lectures/03_using_the_model.py --lab latent_size --lab-epochs 20 --lab-images 0
#    --result result/long` (one line). Are 2 numbers still too few?

# %%
kept = sum(path.stat().st_size for path in pictures.rglob("*") if path.is_file())
print(f"lecture 03 took {time.monotonic() - started:.0f} s; {pictures} holds {kept / 1e6:,.0f} MB")
