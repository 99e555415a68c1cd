"""The settings of a training by concern: the pair, the game, the data, the optimisers, the run.

Each field is an option of `ms-gan train`. Numbers are checked here; what a name stands for, and whether it goes with
the rest, is checked where it is implemented (`runs.checks.check_recipe` asks all of them before a run begins).
"""

import math
from dataclasses import dataclass

from ms_gan.errors import UserError

MOST = 10**9  # of whole numbers but the seed


class _Concern:
    """Each concern checks its own fields when it is made, and then hands on to the next one."""

    def __post_init__(self):
        pass


@dataclass(frozen=True)
class PairSettings(_Concern):
    """Which networks play. Raises UserError for numbers with which none can be built."""

    networks: str = "mlp"  # slides 生成器, 判别器
    """The pair: mlp (the slides' fully connected), mlp-cs231n and dcgan28 (the notebook's), dcgan64 (Radford's)."""

    activation: str = "own"  # slide 接下来
    """Of the hidden layers of mlp and mlp-cs231n: relu, leaky-relu, tanh or sigmoid; own for each network's own."""

    width: int = 64  # Radford et al. 2015
    """Feature maps of dcgan64 where its pictures are largest; half the size has twice as many."""

    def __post_init__(self):
        _at_least(1, self, "width")
        super().__post_init__()


@dataclass(frozen=True)
class GameSettings(_Concern):
    """What one batch does. Raises UserError for numbers that no game can be played with."""

    game: str = "gan"
    """Who plays, and how: gan, a generator against a discriminator."""

    objective: str = "non-saturating"  # slide 损失函数和优化器
    """What the players minimise: non-saturating (cross-entropy), minimax, least-squares or wasserstein."""

    label_smoothing: float = 0.0  # Salimans et al. 2016, section 3.4, who take 0.1; slide 接下来
    """Label smoothing: real pictures get the label 1 minus this, generated ones keep the label 0."""

    critic_steps: int = 1  # Goodfellow et al. 2014, algorithm 1: k
    """Updates of the discriminator for one of the generator, each on a batch of its own."""

    weight_clip: float = 0.0  # Arjovsky et al. 2017, algorithm 1: c
    """Bound on every weight of the discriminator, kept after each update; 0 for none."""

    gradient_penalty: float = 0.0  # Gulrajani et al. 2017: lambda
    """Weight of the penalty on the discriminator's slope; 0 for none."""

    def __post_init__(self):
        _at_least(1, self, "critic_steps")
        if not 0 <= self.label_smoothing < 1:
            raise UserError(
                f"label smoothing {self.label_smoothing}: it must be at least 0 and below 1, such as 0.1; 0 for none"
            )
        for name in ("weight_clip", "gradient_penalty"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise UserError(f"{_words(name)} {getattr(self, name)}: it must be a number of at least 0; 0 for none")
        super().__post_init__()


@dataclass(frozen=True)
class DataSettings(_Concern):
    """What each batch holds. Raises UserError for numbers that make no batch."""

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

    train_images: int = 0
    """How many of the data set's images to train on, the first ones; 0 for all."""

    batch_size: int = 128  # slide 为什么分batch
    """Images in a batch."""

    drop_remainder: bool = True  # slide 为什么分batch
    """Whether the last images of an epoch, which fill no batch, are left out."""

    latent_size: int = 100  # slide 什么是 latent code
    """Numbers in a latent code."""

    noise: str = "normal"  # slide 数据加载
    """What latent codes are drawn from: normal, N(0, 1), or uniform, from -1 to 1."""

    def __post_init__(self):
        for name in ("batch_size", "latent_size", "size"):
            _at_least(1, self, name)
        for name in ("train_images", "crop"):
            _at_least(0, self, name)
        if self.channels not in (1, 3):
            raise UserError(f"channels {self.channels}: it must be 1, for grey pictures, or 3, for colours")
        super().__post_init__()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of a picture."""
        return self.channels, self.size, self.size


@dataclass(frozen=True)
class OptimiserSettings(_Concern):
    """How the players learn, both alike. Raises UserError for numbers with which none would."""

    optimizer: str = "adam"  # slide 损失函数和优化器
    """The optimiser of all players: adam or rmsprop."""

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

    def __post_init__(self):
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise UserError(f"learning rate {self.learning_rate}: it must be a number above 0, such as 0.0002")
        _at_least(1, self, "decay_every")
        if not 0 < self.decay_factor <= 1:
            raise UserError(f"decay factor {self.decay_factor}: it must be above 0 and at most 1, such as 0.5")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise UserError(
                    f"{name} {getattr(self, name)}: it must be at least 0 and below 1, such as 0.5 or 0.999"
                )
        super().__post_init__()


@dataclass(frozen=True)
class RunSettings(_Concern):
    """How long it trains, and what it says meanwhile. Raises UserError for numbers that are none of these."""

    epochs: int = 200  # slide 模型训练
    """Epochs to train in all, those before a resume included."""

    seed: int = 0
    """Fixes the first weights, the order of the images and the latent codes of every epoch."""

    style: str = "slides"  # slide 开始练
    """How steps are counted and shown: slides, from 1 in each epoch; notebook, as iterations from 0 on."""

    log_every: int = 100
    """Steps between two lines of losses."""

    images_every: int = 0
    """Steps between two pictures inside an epoch; 0 for none."""

    def __post_init__(self):
        for name in ("epochs", "log_every"):
            _at_least(1, self, name)
        _at_least(0, self, "images_every")
        if not 0 <= self.seed < 2**32:
            raise UserError(f"seed {self.seed}: it must be a whole number from 0 to {2**32 - 1}")
        super().__post_init__()


def _words(name: str) -> str:
    return name.replace("_", " ")


def _at_least(least: int, concern: _Concern, name: str) -> None:
    value = getattr(concern, name)
    if value < least:
        raise UserError(f"{_words(name)} {value}: it must be a whole number of at least {least}")
    if value > MOST:
        raise UserError(f"{_words(name)} {value}: it must be a whole number of at most {MOST}")
