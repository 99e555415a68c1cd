"""The rate at which MindSpore multiplies matrices here, in floating-point operations a second."""

import mindspore as ms
import numpy as np
from mindspore import Tensor, ops

from ms_gan import device

SIZE, PRODUCTS = 1024, 10

LAYERS_G = ((100, 128), (128, 256), (256, 512), (512, 1024), (1024, 784))
LAYERS_D = ((784, 512), (512, 256), (256, 1))


def step_flop(batch: int = 128) -> float:
    """Floating-point operations in the matrix products of one step of the slides' GAN, with G(z) computed once.

    A product of batch×in and in×out takes 2·batch·in·out. G: forwards, weights' gradient, inputs' gradient (not of
    the first layer). D's update: the same for twice the images. D in G's update: forwards and inputs' gradient.
    """

    def products(layers):
        return sum(2 * batch * inputs * outputs for inputs, outputs in layers)

    generator = 3 * products(LAYERS_G) - products(LAYERS_G[:1])
    d_update = 2 * (3 * products(LAYERS_D) - products(LAYERS_D[:1]))
    through_d = 2 * products(LAYERS_D)
    return generator + d_update + through_d


def make_step():
    """A function that makes ten products of two 1024×1024 matrices and waits for them."""
    device.choose_device("CPU")
    rng = np.random.default_rng(0)
    left, right = (Tensor(rng.standard_normal((SIZE, SIZE)).astype(np.float32) / 32) for _ in range(2))

    @ms.jit
    def products(x, y):
        for _ in range(PRODUCTS):
            x = ops.matmul(x, y)
        return x

    return lambda: products(left, right).asnumpy()


def rate(seconds: float) -> float:
    """Floating-point operations a second, from the time of the ten products."""
    return PRODUCTS * 2 * SIZE**3 / seconds
