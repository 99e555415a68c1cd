"""The four networks: their layers, and the mistakes that are recognised."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ms_gan.assignment.layers import (
    BatchNorm,
    Conv,
    Dense,
    Flatten,
    Layer,
    Leaky,
    MaxPool,
    Sigmoid,
    Tanh,
    TransposedConv,
    Unflatten,
    change,
    exchange,
)
from ms_gan.assignment.verdict import Mistake

NOISE = 4
"""The size of the noise that a generator is checked with; the notebook's parameter counts are for it."""

Layers = tuple[Layer, ...]


@dataclass(frozen=True)
class Network:
    """A network that the assignment asks for, and how students miss it."""

    layers: Layers
    missed: tuple[Mistake, ...]
    noise: bool = False
    """Whether it takes noise, N×4, rather than pictures, N×1×28×28."""

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """Those in the table, and that a single layer has no bias."""
        with_bias = [layer for layer in self.layers if getattr(layer, "bias", False)]
        return *self.missed, *(Mistake(ONE_BIAS.format(x), instead_of(x, replace(x, bias=False))) for x in with_bias)


def other(kind: type[Layer], **settings) -> Callable:
    """All layers of a kind with other settings."""
    return lambda layers: change(layers, kind, **settings)


def without(kind: type[Layer]) -> Callable:
    """No layer of this kind."""
    return lambda layers: tuple(layer for layer in layers if not isinstance(layer, kind))


def with_end(end: Layer) -> Callable:
    """One layer more, at the end."""
    return lambda layers: (*layers, end)


def instead_of(old: Layer, *new: Layer) -> Callable:
    """Others, or none, in the place of a layer."""
    return lambda layers: exchange(layers, old, *new)


def norm_first(layers: Layers) -> Layers:
    """Each batch norm before the activation that it follows."""
    turned = list(layers)
    for index in range(len(turned) - 1):
        if isinstance(turned[index + 1], BatchNorm):
            turned[index : index + 2] = turned[index + 1], turned[index]
    return tuple(turned)


def conv_then_dense(side: int, **settings) -> Callable:
    """Settings of convolution or pooling that leave pictures of another side than 4, and a Dense made to fit."""
    kind = Conv if "padding" in settings else MaxPool
    narrow, wide = Dense(4 * 4 * 64, 4 * 4 * 64), Dense(side * side * 64, 4 * 4 * 64)
    return lambda layers: exchange(change(layers, kind, **settings), narrow, wide)


PADS = 'wrong padding: nn.Conv2d pads unless it is given pad_mode="valid", as the notebook has it'
POOLS = "wrong stride: nn.MaxPool2d moves by 1 unless it is given stride=2 beside kernel_size=2"
NO_BIAS = "missing bias: {} needs has_bias=True"
ONE_BIAS = "missing bias: the layer of {0.inputs} → {0.outputs} needs has_bias=True"
WRONG_SLOPE = "wrong α of LeakyReLU: {} instead of 0.01"

OF_ALL = (
    Mistake("no activation between the layers", other(Leaky, slope=1.0)),
    Mistake(NO_BIAS.format("nn.Dense"), other(Dense, bias=False)),
)

OF_DISCRIMINATORS = (
    Mistake(WRONG_SLOPE.format("0.2, MindSpore's own,"), other(Leaky, slope=0.2)),
    Mistake(WRONG_SLOPE.format("0.1"), other(Leaky, slope=0.1)),
    Mistake("ReLU instead of LeakyReLU(0.01)", other(Leaky, slope=0.0)),
    Mistake("a Sigmoid too many, at the end: D gives scores; the losses do the rest", with_end(Sigmoid())),
    Mistake("a Tanh too many, at the end: a score may be any number", with_end(Tanh())),
    Mistake("a LeakyReLU too many, at the end: the scores are what the last Dense gives", with_end(Leaky(0.01))),
    Mistake("missing nn.Flatten: nn.Dense takes N×features, not N×C×H×W", without(Flatten)),
    *OF_ALL,
)

OF_GENERATORS = (
    Mistake("missing Tanh at the end: pixels lie in [−1, 1]", without(Tanh)),
    Mistake("Sigmoid instead of Tanh: pixels lie in [−1, 1], not in [0, 1]", instead_of(Tanh(), Sigmoid())),
    Mistake("a ReLU too many, before Tanh: half of the pixels' range is lost", instead_of(Tanh(), Leaky(0.0), Tanh())),
    Mistake("LeakyReLU(0.2) instead of ReLU", other(Leaky, slope=0.2)),
    Mistake("LeakyReLU(0.01) instead of ReLU", other(Leaky, slope=0.01)),
    Mistake("noise_dim is ignored: the first Dense takes 96 numbers", instead_of(Dense(NOISE, 1024), Dense(96, 1024))),
    *OF_ALL,
)

NETWORKS = {
    "discriminator": Network(
        (Flatten(), Dense(784, 256), Leaky(0.01), Dense(256, 256), Leaky(0.01), Dense(256, 1)),
        OF_DISCRIMINATORS,
    ),
    "generator": Network(
        (
            *(Dense(NOISE, 1024), Leaky(0.0)),
            *(Dense(1024, 1024), Leaky(0.0)),
            *(Dense(1024, 784), Tanh(), Unflatten(1, 28)),
        ),
        (
            Mistake("missing reshape at the end: pictures are N×1×28×28, not N×784", without(Unflatten)),
            *OF_GENERATORS,
        ),
        noise=True,
    ),
    "build_dc_classifier": Network(
        (
            *(Conv(1, 32, 5), Leaky(0.01), MaxPool()),  # N×32×12×12
            *(Conv(32, 64, 5), Leaky(0.01), MaxPool()),  # N×64×4×4
            *(Flatten(), Dense(4 * 4 * 64, 4 * 4 * 64), Leaky(0.01), Dense(4 * 4 * 64, 1)),
        ),
        (
            Mistake(PADS, other(Conv, padding=2)),
            Mistake(PADS, conv_then_dense(7, padding=2)),  # 28 → 28 → 14 → 14 → 7
            Mistake(POOLS, other(MaxPool, stride=1)),
            Mistake(POOLS, conv_then_dense(18, stride=1)),  # 28 → 24 → 23 → 19 → 18
            Mistake(NO_BIAS.format("nn.Conv2d"), other(Conv, bias=False)),
            *OF_DISCRIMINATORS,
        ),
    ),
    "build_dc_generator": Network(
        (
            *(Dense(NOISE, 1024), Leaky(0.0), BatchNorm(1024)),
            *(Dense(1024, 7 * 7 * 128), Leaky(0.0), BatchNorm(7 * 7 * 128), Unflatten(128, 7)),
            *(TransposedConv(128, 64, 4, padding=1), Leaky(0.0), BatchNorm(64)),  # N×64×14×14
            *(TransposedConv(64, 1, 4, padding=1), Tanh()),  # N×1×28×28
        ),
        (
            Mistake("batch norm before ReLU: here it comes after", norm_first),
            Mistake("missing batch norm: one follows each ReLU", without(BatchNorm)),
            Mistake(
                "batch norm after the reshape (128 channels): here it comes before (6,272 features)",
                instead_of(BatchNorm(7 * 7 * 128), Unflatten(128, 7), BatchNorm(128)),
            ),
            Mistake(
                'wrong padding: nn.Conv2dTranspose needs pad_mode="pad", padding=1', other(TransposedConv, padding=0)
            ),
            Mistake(NO_BIAS.format("nn.Conv2dTranspose"), other(TransposedConv, bias=False)),
            Mistake("missing reshape before the convolutions: nn.Unflatten(1, (128, 7, 7))", without(Unflatten)),
            Mistake("flattened at the end: pictures are N×1×28×28, not N×784", with_end(Flatten())),
            *OF_GENERATORS,
        ),
        noise=True,
    ),
}
