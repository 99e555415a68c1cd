"""The named recipes: every hyper-parameter of the course, with the slide or paper it comes from."""

from dataclasses import replace

from ms_gan.errors import UserError
from ms_gan.recipes.recipe import Recipe

_NOTEBOOK = Recipe(
    networks="mlp-cs231n",
    epochs=10,
    drop_remainder=False,
    train_images=50_000,
    latent_size=96,
    noise="uniform",
    learning_rate=1e-3,
    style="notebook",
    log_every=250,
    images_every=250,
)
"""The numbers of CS231n's notebook on GANs.

It keeps the last, partial batch: 50,000 images are 390 batches of 128 and one of 80, 391 iterations an epoch, 3,910 in
10 epochs. The slides' drop_remainder would make 390 of them, and 3,900. A batch of another size is another graph to
MindSpore, so the step is compiled once more at the end of the first epoch.
"""

_CRITIC = replace(
    _NOTEBOOK, networks="dcgan28", objective="wasserstein", batch_size=64, drop_remainder=True, critic_steps=5
)
"""What both papers on the Wasserstein distance share: batches of 64, five updates of the critic for one of G."""

_FACES = Recipe(networks="dcgan64", source="folder", size=64, channels=3, epochs=25, batch_size=64)
"""The slides' DCGAN on faces: 64×64, z of 100 numbers, width 64, Adam 2e-4 (Radford et al. 2015)."""

RECIPES: dict[str, Recipe] = {
    "gan": Recipe(),
    "cs231n-gan": _NOTEBOOK,
    "lsgan": replace(_NOTEBOOK, objective="least-squares"),
    "dcgan-mnist": replace(_NOTEBOOK, networks="dcgan28", epochs=5),
    "wgan": replace(_CRITIC, optimizer="rmsprop", learning_rate=5e-5, beta1=0.0, beta2=0.99, weight_clip=0.01),
    "wgan-gp": replace(_CRITIC, learning_rate=1e-4, beta1=0.0, beta2=0.9, gradient_penalty=10.0),
    "dcgan-faces": _FACES,
    "dcgan-small": replace(_FACES, size=32),
}
"""By name; `gan` is the slides' own (用GAN生成手写字)."""

SUMMARIES: dict[str, str] = {
    "gan": "the slides' fully connected GAN on MNIST",
    "cs231n-gan": "the fully connected GAN of CS231n's notebook",
    "lsgan": "the same with least squares (Mao et al. 2017)",
    "dcgan-mnist": "the notebook's convolutional GAN (after Radford et al. 2015)",
    "wgan": "the convolutional pair with the Wasserstein distance and clipped weights (Arjovsky et al. 2017)",
    "wgan-gp": "the same with a gradient penalty in place of clipping (Gulrajani et al. 2017)",
    "dcgan-faces": "the slides' DCGAN on a folder of pictures, 64×64 and in colours (Radford et al. 2015)",
    "dcgan-small": "the same at 32×32: faces within minutes on two cores",
}


VALIDATION_IMAGES = 5_000
"""The images after the notebook's 50,000 that no recipe trains on: they tell whether D has learnt pictures by heart."""

PICTURE_CODES = 25
"""Latent codes drawn after every epoch (slide 结果)."""

PICTURE_SEED = 2323
"""The NumPy seed of those codes (slide 结果)."""


def find_recipe(name: str) -> Recipe:
    """The recipe of that name. Raises UserError, naming those there are, if there is none."""
    if name not in RECIPES:
        raise UserError(f"unknown recipe {name!r}: there is {', '.join(RECIPES)} (see ms-gan recipes)")
    return RECIPES[name]
