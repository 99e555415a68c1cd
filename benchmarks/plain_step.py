"""The training step as a student would write it: PyNative, the package's plain networks, G's forward pass twice."""

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from ms_gan.data.mnist.dataset import mnist_dataset
from ms_gan.networks import build
from ms_gan.recipes import find_recipe


def make_step(name: str):
    """A function that makes one step of a recipe on a fixed batch and waits for its two losses.

    That of the slides' GAN is the slides' code as it circulates: D ends in Sigmoid, the loss is BCELoss, and the batch
    is the first of the slides' pipeline.
    """
    ms.set_device("CPU")
    recipe = find_recipe(name)
    shape = recipe.image_shape
    generator, discriminator = build(recipe.networks, recipe.latent_size, shape, recipe.width, recipe.activation)
    loss = nn.BCEWithLogitsLoss()
    if name == "gan":
        discriminator, loss = nn.SequentialCell(discriminator, nn.Sigmoid()), nn.BCELoss(reduction="mean")
        pipeline = mnist_dataset(None, recipe.batch_size, recipe.latent_size, seed=0)
        image, latent_code = next(pipeline.create_tuple_iterator(num_epochs=1))
    else:
        rng, count = np.random.default_rng(0), recipe.batch_size
        image = Tensor(rng.uniform(-1, 1, (count, *shape)).astype(np.float32))
        latent_code = Tensor(rng.standard_normal((count, recipe.latent_size)).astype(np.float32))
    return make_update(generator, discriminator, loss, image, latent_code, recipe.learning_rate)


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
