"""The training step of the slides' code as it circulates: PyNative, Sigmoid and BCELoss, G's forward pass twice."""

import mindspore as ms
from mindspore import nn, ops

from ms_gan.data.mnist.dataset import mnist_dataset

BATCH, LATENT = 128, 100


class Generator(nn.Cell):
    def __init__(self):
        super().__init__()
        self.model = nn.SequentialCell(
            nn.Dense(LATENT, 128),
            nn.ReLU(),
            nn.Dense(128, 256),
            nn.BatchNorm1d(256),
            nn.ReLU(),
            nn.Dense(256, 512),
            nn.BatchNorm1d(512),
            nn.ReLU(),
            nn.Dense(512, 1024),
            nn.BatchNorm1d(1024),
            nn.ReLU(),
            nn.Dense(1024, 784),
            nn.Tanh(),
        )

    def construct(self, x):
        return ops.reshape(self.model(x), (-1, 1, 28, 28))


class Discriminator(nn.Cell):
    def __init__(self):
        super().__init__()
        self.model = nn.SequentialCell(
            nn.Dense(784, 512),
            nn.LeakyReLU(0.2),
            nn.Dense(512, 256),
            nn.LeakyReLU(0.2),
            nn.Dense(256, 1),
            nn.Sigmoid(),
        )

    def construct(self, x):
        return self.model(ops.reshape(x, (-1, 784)))


def make_step():
    """A function that makes one step on a fixed batch, the slides' first, and waits for its two losses."""
    ms.set_device("CPU")
    image, noise = next(mnist_dataset(None, BATCH, LATENT, seed=0).create_tuple_iterator(num_epochs=1))
    return make_update(Generator(), Discriminator(), nn.BCELoss(reduction="mean"), image, noise, learning_rate=2e-4)


def make_update(generator: nn.Cell, discriminator: nn.Cell, loss: nn.Cell, image, noise, learning_rate: float):
    """The slides' step of any pair; `loss` takes what the discriminator answers, and the labels."""
    generator.set_train()
    discriminator.set_train()
    optimizer_g = nn.Adam(generator.trainable_params(), learning_rate, beta1=0.5, beta2=0.999)
    optimizer_d = nn.Adam(discriminator.trainable_params(), learning_rate, beta1=0.5, beta2=0.999)
    ones, zeros = ops.ones((len(image), 1)), ops.zeros((len(image), 1))

    def generator_forward(noise):
        return loss(discriminator(generator(noise)), ones)

    def discriminator_forward(real, noise):
        return loss(discriminator(real), ones) + loss(discriminator(generator(noise)), zeros)

    grad_g = ms.value_and_grad(generator_forward, None, generator.trainable_params())
    grad_d = ms.value_and_grad(discriminator_forward, None, discriminator.trainable_params())

    def step():
        loss_d, grads_d = grad_d(image, noise)
        optimizer_d(grads_d)
        loss_g, grads_g = grad_g(noise)
        optimizer_g(grads_g)
        return float(loss_d.asnumpy()), float(loss_g.asnumpy())

    return step
