"""The training step as a student would write it: PyNative, the package's plain networks, G's forward pass twice."""

import os

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from ms_gan.recipes import find_recipe


def make_step(name: str):
    """A function that makes one step of a recipe on a fixed batch and waits for its two losses.

    That of the slides' GAN is the slides' code as it circulates: D ends in Sigmoid, and the loss is BCELoss.
    """
    generator, discriminator = plain_pair(name)
    loss = nn.BCEWithLogitsLoss()
    if name == "gan":
        discriminator, loss = nn.SequentialCell(discriminator, nn.Sigmoid()), nn.BCELoss(reduction="mean")
    recipe = find_recipe(name)
    rng, count = np.random.default_rng(0), recipe.batch_size
    image = Tensor(rng.uniform(-1, 1, (count, *recipe.image_shape)).astype(np.float32))
    latent_code = Tensor(rng.standard_normal((count, recipe.latent_size)).astype(np.float32))
    return make_update(generator, discriminator, loss, image, latent_code, recipe.learning_rate)


def plain_pair(name: str) -> tuple[nn.Cell, nn.Cell]:
    """The networks of a recipe, without the settings for speed that the package makes when it is imported."""
    before = dict(os.environ)
    from ms_gan.networks import build

    os.environ.clear()
    os.environ.update(before)  # MindSpore reads them when it computes for the first time
    ms.set_device("CPU")
    recipe = find_recipe(name)
    return build(recipe.networks, recipe.latent_size, recipe.image_shape, recipe.width, recipe.activation)


def make_update(generator: nn.Cell, discriminator: nn.Cell, loss: nn.Cell, image, latent_code, learning_rate: float):
    """The slides' step of any pair; `loss` takes what the discriminator answers, and the labels."""
    generator.set_train()
    discriminator.set_train()
    optimizer_g = nn.Adam(generator.trainable_params(), learning_rate, beta1=0.5, beta2=0.999)
    optimizer_d = nn.Adam(discriminator.trainable_params(), learning_rate, beta1=0.5, beta2=0.999)
    ones, zeros = ops.ones((len(image), 1)), ops.zeros((len(image), 1))

    def generator_forward(latent_code):
        return loss(discriminator(generator(latent_code)), ones)

    def discriminator_forward(real, latent_code):
        return loss(discriminator(real), ones) + loss(discriminator(generator(latent_code)), zeros)

    grad_g = ms.value_and_grad(generator_forward, None, generator.trainable_params())
    grad_d = ms.value_and_grad(discriminator_forward, None, discriminator.trainable_params())

    def step():
        loss_d, grads_d = grad_d(image, latent_code)
        optimizer_d(grads_d)
        loss_g, grads_g = grad_g(latent_code)
        optimizer_g(grads_g)
        return float(loss_d.asnumpy()), float(loss_g.asnumpy())

    return step
