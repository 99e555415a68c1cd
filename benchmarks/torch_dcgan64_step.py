"""The step of Radford's pair in PyTorch at its best: as torch_step.py, and images with their channels last."""

import torch
from torch import nn
from torch_step import make_update

BATCH, LATENT, WIDTH = 64, 100, 64


def make_generator() -> nn.Module:
    """Radford's generator for 3×64×64, as in PyTorch's DCGAN tutorial."""
    maps = 8 * WIDTH
    layers = [nn.Unflatten(1, (LATENT, 1, 1)), nn.ConvTranspose2d(LATENT, maps, 4, 1, 0, bias=False)]
    for _ in range(3):
        layers += [nn.BatchNorm2d(maps), nn.ReLU(), nn.ConvTranspose2d(maps, maps // 2, 4, 2, 1, bias=False)]
        maps //= 2
    last = nn.ConvTranspose2d(maps, 3, 4, 2, 1, bias=False)
    return nn.Sequential(*layers, nn.BatchNorm2d(maps), nn.ReLU(), last, nn.Tanh())


def make_discriminator() -> nn.Module:
    """Radford's discriminator for 3×64×64, scores out."""
    maps = WIDTH
    layers = [nn.Conv2d(3, maps, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
    for _ in range(3):
        layers += [nn.Conv2d(maps, 2 * maps, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * maps), nn.LeakyReLU(0.2)]
        maps *= 2
    return nn.Sequential(*layers, nn.Conv2d(maps, 1, 4, bias=False), nn.Flatten())


def make_step():
    """A function that makes one step on a fixed batch and waits for its two losses and D's two answers."""
    torch.manual_seed(0)
    # Channels first took 1.06 of the time; activations in place were no faster.
    generator, discriminator = (
        network.to(memory_format=torch.channels_last) for network in (make_generator(), make_discriminator())
    )
    image = (torch.rand(BATCH, 3, 64, 64) * 2 - 1).contiguous(memory_format=torch.channels_last)
    return make_update(generator, discriminator, image, torch.randn(BATCH, LATENT), learning_rate=2e-4)
