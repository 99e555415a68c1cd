"""What can be trained: every hyper-parameter has its only home here, with the slide or paper it comes from."""

import dataclasses
import math
from dataclasses import dataclass

from ms_gan.errors import UserError


@dataclass(frozen=True)
class Recipe:
    """The settings of one training run. Each field is an option of `ms-gan train`.

    Raises:
        UserError: a value with which no network can be built or trained.
    """

    networks: str = "mlp"  # slides 生成器, 判别器
    """The pair of networks: mlp (fully connected, for 28×28 pictures of one channel)."""

    objective: str = "non-saturating"  # slide 损失函数和优化器
    """What the two players minimise: non-saturating (binary cross-entropy)."""

    epochs: int = 200  # slide 模型训练
    """Epochs to train in all, those before a resume included."""

    batch_size: int = 128  # slide 为什么分batch
    """Images in a batch."""

    latent_size: int = 100  # slide 什么是 latent code
    """Numbers in a latent code."""

    learning_rate: float = 2e-4  # slide 损失函数和优化器; Radford et al. 2015
    """Adam's step size, for both players."""

    beta1: float = 0.5  # slide 损失函数和优化器; Radford et al. 2015: the usual 0.9 made training oscillate
    """Adam's decay rate of the first moment."""

    beta2: float = 0.999  # slide 损失函数和优化器
    """Adam's decay rate of the second moment."""

    seed: int = 0
    """Fixes the first weights, the order of the images and the latent codes of every epoch."""

    def __post_init__(self):
        _at_least_one("epochs", self.epochs)
        _at_least_one("batch size", self.batch_size)
        _at_least_one("latent size", self.latent_size)
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise UserError(f"learning rate {self.learning_rate}: it must be a number above 0, such as 0.0002")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise UserError(
                    f"{name} {getattr(self, name)}: it must be at least 0 and below 1, such as 0.5 or 0.999"
                )
        if not 0 <= self.seed < 2**32:
            raise UserError(f"seed {self.seed}: it must be a whole number from 0 to {2**32 - 1}")


def _at_least_one(name: str, value: int) -> None:
    if value < 1:
        raise UserError(f"{name} {value}: it must be a whole number of at least 1")


RECIPES: dict[str, Recipe] = {
    "gan": Recipe(),
}
"""By name; `gan` is the slides' own (用GAN生成手写字)."""

SUMMARIES: dict[str, str] = {
    "gan": "the slides' fully connected GAN on MNIST",
}

PICTURE_CODES = 25
"""Latent codes drawn after every epoch (slide 结果)."""

PICTURE_SEED = 2323
"""The NumPy seed of those codes (slide 结果)."""


def find_recipe(name: str) -> Recipe:
    """The recipe of that name. Raises UserError, naming those there are, if there is none."""
    if name not in RECIPES:
        raise UserError(f"unknown recipe {name!r}: there is {', '.join(RECIPES)} (see ms-gan recipes)")
    return RECIPES[name]


def from_settings(settings: dict) -> Recipe:
    """A recipe from the settings kept in a run's recipe.json; fields it does not know are left out.

    Raises:
        UserError: a value has the wrong type or cannot be trained with.
    """
    fields = {field.name: field.type for field in dataclasses.fields(Recipe)}
    known = {name: value for name, value in settings.items() if name in fields}
    for name, value in known.items():
        kind = fields[name]
        if kind is float and type(value) is int:
            known[name] = value = float(value)
        if type(value) is not kind:
            raise UserError(f"{name} is {value!r}: it must be of the kind {kind.__name__}")
    return Recipe(**known)
