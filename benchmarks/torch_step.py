"""The same step in PyTorch at its best: G(z) once, D frozen in G's step, losses from scores, fused Adam."""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

BATCH, LATENT = 128, 100


def make_step():
    """A function that makes one step on a fixed batch and waits for its two losses and D's two answers."""
    torch.manual_seed(0)
    generator = nn.Sequential(
        nn.Linear(LATENT, 128),
        nn.ReLU(),
        nn.Linear(128, 256),
        nn.BatchNorm1d(256),
        nn.ReLU(),
        nn.Linear(256, 512),
        nn.BatchNorm1d(512),
        nn.ReLU(),
        nn.Linear(512, 1024),
        nn.BatchNorm1d(1024),
        nn.ReLU(),
        nn.Linear(1024, 784),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Linear(784, 512), nn.LeakyReLU(0.2), nn.Linear(512, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1)
    )
    settings = {"lr": 2e-4, "betas": (0.5, 0.999), "fused": True}
    optimizer_g = torch.optim.Adam(generator.parameters(), **settings)
    optimizer_d = torch.optim.Adam(discriminator.parameters(), **settings)
    image, noise = torch.rand(BATCH, 784) * 2 - 1, torch.randn(BATCH, LATENT)
    ones, zeros = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)

    def update_discriminator(fake):
        real_scores, fake_scores = discriminator(image), discriminator(fake.detach())
        loss = binary_cross_entropy_with_logits(real_scores, ones) + binary_cross_entropy_with_logits(
            fake_scores, zeros
        )
        optimizer_d.zero_grad()
        loss.backward()
        optimizer_d.step()
        return loss, real_scores, fake_scores

    def update_generator(fake):
        discriminator.requires_grad_(False)
        loss = binary_cross_entropy_with_logits(discriminator(fake), ones)
        optimizer_g.zero_grad()
        loss.backward()
        optimizer_g.step()
        discriminator.requires_grad_(True)
        return loss

    def step():
        fake = generator(noise)
        d_loss, real_scores, fake_scores = update_discriminator(fake)
        g_loss = update_generator(fake)
        answers = (real_scores.sigmoid().mean(), fake_scores.sigmoid().mean())
        return d_loss.item(), g_loss.item(), *(answer.item() for answer in answers)

    return step
