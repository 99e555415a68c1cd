"""What can be trained: every hyper-parameter has its only home here, with the slide or paper it comes from."""

import math
from dataclasses import dataclass, fields, replace
from typing import Annotated, get_type_hints

from tyro.conf import FlagConversionOff

from ms_gan.errors import UserError


@dataclass(frozen=True)
class Recipe:
    """The settings of one training run. Each field is an option of `ms-gan train`.

    Raises:
        UserError: a value with which no network can be built or trained.
    """

    networks: str = "mlp"  # slides 生成器, 判别器
    """The pair: mlp (the slides' fully connected), mlp-cs231n and dcgan28 (the notebook's), dcgan64 (Radford's)."""

    activation: str = "own"  # slide 接下来
    """Of the hidden layers of mlp and mlp-cs231n: relu, leaky-relu, tanh or sigmoid; own for each network's own."""

    objective: str = "non-saturating"  # slide 损失函数和优化器
    """What the players minimise: non-saturating (cross-entropy), minimax, least-squares or wasserstein."""

    label_smoothing: float = 0.0  # Salimans et al. 2016, section 3.4, who take 0.1; slide 接下来
    """How much less than 1 D's answer to real pictures is to be; those to generated ones are to be 0 as ever."""

    width: int = 64  # Radford et al. 2015
    """Feature maps of dcgan64 where its pictures are largest; half the size has twice as many."""

    source: str = "mnist"  # slide 用GAN生成手写字
    """What it trains on: mnist, or folder, pictures of your own, which --data names."""

    pattern: str = "*"
    """Of a folder: which files are taken, such as *.jpg, in it and in the folders inside it."""

    crop: int = 0
    """Of a folder: pixels of the side of the square cut out of each picture's centre; 0 for the largest there is."""

    size: int = 28  # slide 用GAN生成手写字
    """Pixels of the side of the pictures that the networks see and make; those of a folder are brought to it."""

    channels: int = 1  # slide 用GAN生成手写字
    """1 for grey pictures, 3 for colours."""

    epochs: int = 200  # slide 模型训练
    """Epochs to train in all, those before a resume included."""

    batch_size: int = 128  # slide 为什么分batch
    """Images in a batch."""

    drop_remainder: Annotated[bool, FlagConversionOff] = True  # slide 为什么分batch
    """Whether the last images of an epoch, which fill no batch, are left out."""

    train_images: int = 0
    """How many of the data set's images to train on, the first ones; 0 for all."""

    latent_size: int = 100  # slide 什么是 latent code
    """Numbers in a latent code."""

    noise: str = "normal"  # slide 数据加载
    """What latent codes are drawn from: normal, N(0, 1), or uniform, from -1 to 1."""

    optimizer: str = "adam"  # slide 损失函数和优化器
    """The optimiser of both players: adam or rmsprop."""

    learning_rate: float = 2e-4  # slide 损失函数和优化器; Radford et al. 2015
    """The optimisers' step size; with a schedule, that of the first epoch."""

    schedule: str = "constant"  # slide 接下来; cosine: Loshchilov and Hutter 2017
    """The learning rate over the epochs: constant; step, less every so often; or cosine, down to 0 along a cosine."""

    decay_every: int = 50
    """With the schedule step: epochs from one step to the next."""

    decay_factor: float = 0.5
    """With the schedule step: what each step multiplies the learning rate by."""

    beta1: float = 0.5  # slide 损失函数和优化器; Radford et al. 2015: the usual 0.9 made training oscillate
    """Decay rate of the first moment; RMSProp keeps none, so it is 0 there."""

    beta2: float = 0.999  # slide 损失函数和优化器
    """Decay rate of the second moment."""

    critic_steps: int = 1  # Goodfellow et al. 2014, algorithm 1: k
    """Updates of the discriminator for one of the generator, each on a batch of its own."""

    weight_clip: float = 0.0  # Arjovsky et al. 2017, algorithm 1: c
    """Bound on every weight of the discriminator, kept after each update; 0 for none."""

    gradient_penalty: float = 0.0  # Gulrajani et al. 2017: lambda
    """Weight of the penalty on the discriminator's slope; 0 for none."""

    seed: int = 0
    """Fixes the first weights, the order of the images and the latent codes of every epoch."""

    style: str = "slides"  # slide 开始练
    """How steps are counted and shown: slides, from 1 in each epoch; notebook, as iterations from 0 on."""

    log_every: int = 100
    """Steps between two lines of losses."""

    images_every: int = 0
    """Steps between two pictures inside an epoch; 0 for none."""

    def __post_init__(self):
        for name in ("epochs", "batch_size", "latent_size", "critic_steps", "log_every", "width", "size"):
            _at_least(1, name, getattr(self, name))
        for name in ("train_images", "images_every", "crop"):
            _at_least(0, name, getattr(self, name))
        self._check_pictures()
        self._check_laboratory()
        _one_of(NOISES, "noise", self.noise)
        _one_of(OPTIMIZERS, "optimizer", self.optimizer)
        _one_of(STYLES, "style", self.style)
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise UserError(f"learning rate {self.learning_rate}: it must be a number above 0, such as 0.0002")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise UserError(
                    f"{name} {getattr(self, name)}: it must be at least 0 and below 1, such as 0.5 or 0.999"
                )
        if self.optimizer == "rmsprop" and self.beta1 != 0:
            raise UserError(f"beta1 {self.beta1}: rmsprop keeps no first moment, so it must be 0")
        for name in ("weight_clip", "gradient_penalty"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise UserError(f"{_words(name)} {getattr(self, name)}: it must be a number of at least 0; 0 for none")
        if not 0 <= self.seed < 2**32:
            raise UserError(f"seed {self.seed}: it must be a whole number from 0 to {2**32 - 1}")

    def _check_pictures(self) -> None:
        _one_of(SOURCES, "source", self.source)
        if self.channels not in (1, 3):
            raise UserError(f"channels {self.channels}: it must be 1, for grey pictures, or 3, for colours")
        if self.source == "mnist" and (self.pattern, self.crop, self.size, self.channels) != ("*", 0, 28, 1):
            raise UserError(
                "MNIST's pictures are 28×28 and grey; --pattern, --crop, --size and --channels are for a folder of "
                "pictures: --source folder, as in the recipe dcgan-faces"
            )

    def _check_laboratory(self) -> None:
        _one_of(SCHEDULES, "schedule", self.schedule)
        _at_least(1, "decay_every", self.decay_every)
        _one_of(ACTIVATIONS, "activation", self.activation)
        if not 0 < self.decay_factor <= 1:
            raise UserError(f"decay factor {self.decay_factor}: it must be above 0 and at most 1, such as 0.5")
        if self.activation != "own" and self.networks not in FULLY_CONNECTED:
            others = ", ".join(FULLY_CONNECTED)
            raise UserError(f"activation {self.activation}: {self.networks} keeps its own; others are for {others}")
        if not 0 <= self.label_smoothing < 1:
            raise UserError(
                f"label smoothing {self.label_smoothing}: it must be at least 0 and below 1, such as 0.1; 0 for none"
            )
        if self.label_smoothing and self.objective == "wasserstein":
            raise UserError(f"label smoothing {self.label_smoothing}: wasserstein has no labels, so it must be 0")

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of a picture."""
        return self.channels, self.size, self.size


MOST = 10**9  # of whole numbers but the seed
SOURCES = ("mnist", "folder")
NOISES = ("normal", "uniform")
OPTIMIZERS = ("adam", "rmsprop")
STYLES = ("slides", "notebook")
SCHEDULES = ("constant", "step", "cosine")
ACTIVATIONS = ("own", "relu", "leaky-relu", "tanh", "sigmoid")
FULLY_CONNECTED = ("mlp", "mlp-cs231n")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _at_least(least: int, name: str, value: int) -> None:
    if value < least:
        raise UserError(f"{_words(name)} {value}: it must be a whole number of at least {least}")
    if value > MOST:
        raise UserError(f"{_words(name)} {value}: it must be a whole number of at most {MOST}")


def _one_of(choices: tuple[str, ...], name: str, value: str) -> None:
    if value not in choices:
        raise UserError(f"unknown {name} {value!r}: there is {', '.join(choices)}")


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


@dataclass(frozen=True)
class Toy:
    """The settings of a small game."""

    recipe: Recipe
    """Objective, optimiser, batch size, latent codes, critic's steps and seed; the rest of it is not used."""
    networks: str
    """The pair: "line" or "plane" (`networks.toy`)."""
    width: int
    """Units in each hidden layer."""
    steps: int
    """Batches to play; each moves D, and every `critic_steps`-th moves G too."""
    lesson: int = 0
    """Batches before these, from which D learns while G stands still."""


FIGURE1 = Toy(
    Recipe(batch_size=512, latent_size=1, noise="uniform", learning_rate=1e-3, critic_steps=5, seed=6),
    networks="line",
    width=32,
    steps=6000,
    lesson=400,
)
"""Five updates of D for one of G, so that D stays near D*, as the theory assumes. With this seed p_G begins on the left
of the data, where the paper draws it."""

RING = Toy(
    Recipe(batch_size=256, latent_size=16, learning_rate=1e-3),
    networks="plane",
    width=128,
    steps=3000,
)

_RING_CRITIC = replace(RING.recipe, objective="wasserstein", critic_steps=5, learning_rate=3e-3)
RINGS: dict[str, Toy] = {
    "non-saturating": RING,
    "minimax": replace(RING, recipe=replace(RING.recipe, objective="minimax")),
    "least squares": replace(RING, recipe=replace(RING.recipe, objective="least-squares")),
    "Wasserstein, clipped": replace(
        RING, recipe=replace(_RING_CRITIC, optimizer="rmsprop", beta1=0.0, beta2=0.99, weight_clip=0.1)
    ),
    "Wasserstein, penalty": replace(RING, recipe=replace(_RING_CRITIC, gradient_penalty=1.0)),
}
"""The same networks, first weights, data and number of batches. A critic's game moves G in one of five of them, so it
gets a larger learning rate."""

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


SHOWN = ("style", "log_every", "images_every")
"""Settings that change nothing but what a run says and shows."""


def type_to_compare(name: str) -> type:
    """The type of a setting by which runs can be compared: int, float, bool or str.

    Raises:
        UserError: there is no such setting, or it changes only what is shown, or which --data fits.
    """
    known = [field.name for field in fields(Recipe) if field.name not in (*SHOWN, "source", "pattern")]
    if name not in known:
        raise UserError(f"{name!r} is nothing to compare by: there is {', '.join(known)}")
    return get_type_hints(Recipe)[name]


def from_settings(settings: dict) -> Recipe:
    """A recipe from the settings kept in a run's recipe.json; fields it does not know are left out.

    Raises:
        UserError: a value has the wrong type or cannot be trained with.
    """
    fields = get_type_hints(Recipe)
    known = {name: value for name, value in settings.items() if name in fields}
    for name, value in known.items():
        kind = fields[name]
        if kind is float and type(value) is int:
            known[name] = value = float(value)
        if type(value) is not kind:
            raise UserError(f"{name} is {value!r}: it must be of the kind {kind.__name__}")
    return Recipe(**known)
