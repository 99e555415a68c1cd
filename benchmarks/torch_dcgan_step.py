"""The step of the convolutional pair in PyTorch at its best: as torch_step.py, and images with their channels last."""

import torch
from torch import nn
from torch_step import make_update

BATCH, LATENT = 128, 96


def make_generator() -> nn.Module:
    """The notebook's convolutional generator."""
    return nn.Sequential(
        *(nn.Linear(LATENT, 1024), nn.ReLU(), nn.BatchNorm1d(1024)),
        *(nn.Linear(1024, 6272), nn.ReLU(), nn.BatchNorm1d(6272), nn.Unflatten(1, (128, 7, 7))),
        *(nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.ReLU(), nn.BatchNorm2d(64)),
        *(nn.ConvTranspose2d(64, 1, 4, 2, 1), nn.Tanh()),
    )


def make_discriminator() -> nn.Module:
    """The notebook's convolutional discriminator, scores out."""
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 5), nn.LeakyReLU(0.01), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 5), nn.LeakyReLU(0.01), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(1024, 1024), nn.LeakyReLU(0.01), nn.Linear(1024, 1)),
    )


def make_step():
    """A function that makes one step on a fixed batch and waits for its two losses and D's two answers."""
    torch.manual_seed(0)
    # Channels last took 0.8 of the time of channels first; real and fake in one pass were no faster.
    generator, discriminator = (
        network.to(memory_format=torch.channels_last) for network in (make_generator(), make_discriminator())
    )
    image = (torch.rand(BATCH, 1, 28, 28) * 2 - 1).contiguous(memory_format=torch.channels_last)
    noise = torch.rand(BATCH, LATENT) * 2 - 1
    return make_update(generator, discriminator, image, noise, learning_rate=1e-3)
