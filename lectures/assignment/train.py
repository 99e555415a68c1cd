"""Trains your own functions on MNIST: `python -m lectures.assignment.train [FILE] [--game vanilla|lsgan|dcgan]`.

Plain MindSpore, in the notebook's order: D learns from real and generated pictures, then G from fresh noise. Every 250
iterations there is a line of losses, and a picture of what G makes of the same 16 noise vectors.
"""

from ms_gan import device  # before MindSpore: it sets what MindSpore reads when it starts

# isort: split
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import mindspore as ms
import tyro
from mindspore import Tensor, nn
from mindspore.common.initializer import XavierUniform, initializer

from ms_gan import Batches, NotWritten, Student, UserError, draw, load_images, one_line_errors, save_grid

BATCH, NOISE, EVERY = 128, 96, 250

# the networks, the losses, and the notebook's iterations: 10 epochs, and 5 for DCGAN
GAMES = {
    "vanilla": ("discriminator", "generator", "discriminator_loss", "generator_loss", 3910),
    "lsgan": ("discriminator", "generator", "ls_discriminator_loss", "ls_generator_loss", 3910),
    "dcgan": ("build_dc_classifier", "build_dc_generator", "discriminator_loss", "generator_loss", 1955),
}


@dataclass
class Options:
    """Train the assignment's functions."""

    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")] = Path(__file__).with_name("starter.py")
    """The file with your functions."""
    game: Literal["vanilla", "lsgan", "dcgan"] = "vanilla"
    """Which of the notebook's three GANs."""
    iterations: int = 0
    """Updates of each player; 0 for the notebook's number: 3,910, or 1,955 for dcgan."""
    data: Path | None = None
    """A folder with MNIST's files: data/MNIST_Data unless given."""
    result: Path = Path("result", "assignment")
    """The pictures go to its folder of the game's name."""


def main(options: Options) -> None:
    device.prepare_native_convolutions()
    device.choose_device("CPU")
    ms.set_seed(0)
    student = Student(options.file)
    *names, iterations = GAMES[options.game]
    new_d, new_g, d_loss, g_loss, sample_noise, get_optimizer = map(
        student.function, (*names, "sample_noise", "get_optimizer")
    )
    discriminator, generator = new_d(), new_g(NOISE)
    if options.game == "dcgan":
        start_with_xavier(discriminator, generator)
    d_optimizer, g_optimizer = get_optimizer(discriminator), get_optimizer(generator)

    def d_forward(real, fake):
        return d_loss(discriminator(real), discriminator(fake))

    def g_forward(noise):
        return g_loss(discriminator(generator(noise)))

    d_grad = ms.value_and_grad(d_forward, None, discriminator.trainable_params())
    g_grad = ms.value_and_grad(g_forward, None, generator.trainable_params())
    discriminator.set_train()
    generator.set_train()
    codes = sample_noise(16, NOISE).asnumpy()
    folder = options.result / options.game
    for iteration, real in enumerate(batches(options.data, options.iterations or iterations)):
        d, d_gradients = d_grad(real, generator(sample_noise(len(real), NOISE)))
        d_optimizer(d_gradients)
        g, g_gradients = g_grad(sample_noise(len(real), NOISE))
        g_optimizer(g_gradients)
        if iteration % EVERY == 0:
            print(f"Iter: {iteration}, D: {float(d.asnumpy()):.4}, G:{float(g.asnumpy()):.4}", flush=True)
            save_grid(folder / f"{iteration:04}.png", draw(generator, codes), columns=4)
    save_grid(folder / "final.png", draw(generator, codes), columns=4)
    print(f"pictures: {folder}")


def batches(data: Path | None, iterations: int) -> Iterator[Tensor]:
    """Batches of MNIST's first 50,000 pictures, epoch after epoch: N×1×28×28 in [−1, 1]."""
    images = load_images(data)[:50_000]
    epochs = Batches(images, batch_size=BATCH, latent_size=1, seed=0, drop_remainder=False)
    for first in range(0, iterations, epochs.steps):
        epoch = epochs.epoch(first // epochs.steps).create_tuple_iterator(num_epochs=1)
        for _, (image, _) in zip(range(iterations - first), epoch, strict=False):
            yield image


def start_with_xavier(*networks: nn.Cell) -> None:
    """The notebook's first weights in the DCGAN part."""
    for network in networks:
        for weight in network.trainable_params():
            if weight.ndim > 1:
                weight.set_data(initializer(XavierUniform(), weight.shape))


if __name__ == "__main__":
    with one_line_errors():
        try:
            main(tyro.cli(Options))
        except (NotImplementedError, NotWritten) as error:
            raise UserError("one of the functions is not written yet: ms-gan check tells which") from error
