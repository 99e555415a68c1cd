"""The same step in PyTorch at its best: G(z) once, D frozen in G's step, losses from scores, fused Adam."""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

BATCH, LATENT = 128, 100


def make_generator() -> nn.Module:
    """The slides' generator."""
    layers = [nn.Linear(LATENT, 128), nn.ReLU()]
    for inputs, outputs in ((128, 256), (256, 512), (512, 1024)):
        layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(1024, 784), nn.Tanh())


def make_discriminator() -> nn.Module:
    """The slides' discriminator, scores out."""
    return nn.Sequential(
        nn.Linear(784, 512), nn.LeakyReLU(0.2), nn.Linear(512, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1)
    )


def make_step():
    """A function that makes one step on a fixed batch and waits for its two losses and D's two answers."""
    torch.manual_seed(0)
    image, noise = torch.rand(BATCH, 784) * 2 - 1, torch.randn(BATCH, LATENT)
    return make_update(make_generator(), make_discriminator(), image, noise, learning_rate=2e-4)


def make_update(generator: nn.Module, discriminator: nn.Module, image, noise, learning_rate: float):
    """The step of any pair with the non-saturating loss; discriminator(generator(noise)) are scores."""
    settings = {"lr": learning_rate, "betas": (0.5, 0.999), "fused": True}
    optimizer_g = torch.optim.Adam(generator.parameters(), **settings)
    optimizer_d = torch.optim.Adam(discriminator.parameters(), **settings)
    ones, zeros = torch.ones(len(image), 1), torch.zeros(len(image), 1)
    cross_entropy = binary_cross_entropy_with_logits

    def update(optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    def step():
        fake = generator(noise)
        real_scores, fake_scores = discriminator(image), discriminator(fake.detach())
        d_loss = update(optimizer_d, cross_entropy(real_scores, ones) + cross_entropy(fake_scores, zeros))
        discriminator.requires_grad_(False)
        g_loss = update(optimizer_g, cross_entropy(discriminator(fake), ones))
        discriminator.requires_grad_(True)
        answers = (real_scores.sigmoid().mean(), fake_scores.sigmoid().mean())
        return d_loss.item(), g_loss.item(), *(answer.item() for answer in answers)

    return step
