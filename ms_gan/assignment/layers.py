"""The layers of the four networks in NumPy's float64, training mode: what a student's network is compared with.

A layer takes and gives arrays N×features or N×C×H×W. `shapes` are those of its weights in MindSpore; `apply` takes
the weights in that order.
"""

from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

EPSILON = 1e-5
"""Batch normalisation's, in MindSpore and in the notebook."""


@dataclass(frozen=True)
class Layer:
    """A layer without weights."""

    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return ()

    def apply(self, x: np.ndarray) -> np.ndarray:
        raise NotImplementedError


@dataclass(frozen=True)
class Flatten(Layer):
    """N×C×H×W → N×C·H·W."""

    def apply(self, x):
        return x.reshape(len(x), -1)


@dataclass(frozen=True)
class Unflatten(Layer):
    """N×features → N×C×H×W."""

    channels: int
    side: int

    def apply(self, x):
        return x.reshape(len(x), self.channels, self.side, self.side)


@dataclass(frozen=True)
class Leaky(Layer):
    """x where x > 0, else slope·x; a slope of 0 is ReLU, one of 1 is no activation at all."""

    slope: float

    def apply(self, x):
        return np.where(x > 0, x, self.slope * x)


@dataclass(frozen=True)
class Tanh(Layer):
    def apply(self, x):
        return np.tanh(x)


@dataclass(frozen=True)
class Sigmoid(Layer):
    def apply(self, x):
        return 1 / (1 + np.exp(-x))


@dataclass(frozen=True)
class MaxPool(Layer):
    """The largest of each 2×2."""

    stride: int = 2

    def apply(self, x):
        return _windows(x, 2, self.stride).max(axis=(-2, -1))


@dataclass(frozen=True)
class Dense(Layer):
    """y = x·Wᵀ + b."""

    inputs: int
    outputs: int
    bias: bool = True

    def shapes(self):
        return ((self.outputs, self.inputs), (self.outputs,))[: 1 + self.bias]

    def apply(self, x, weight, *bias):
        return x @ weight.T + sum(bias)


@dataclass(frozen=True)
class Conv(Layer):
    """A convolution with stride 1; padding 0 is MindSpore's pad_mode "valid"."""

    inputs: int
    outputs: int
    size: int
    padding: int = 0
    bias: bool = True

    def shapes(self):
        return ((self.outputs, self.inputs, self.size, self.size), (self.outputs,))[: 1 + self.bias]

    def apply(self, x, weight, *bias):
        windows = _windows(_pad(x, self.padding), self.size)  # N×C×H×W×size×size
        y = np.tensordot(windows, weight, axes=((1, 4, 5), (1, 2, 3)))  # N×H×W×outputs
        return np.moveaxis(y + sum(bias), -1, 1)


@dataclass(frozen=True)
class TransposedConv(Layer):
    """A transposed convolution with stride 2: each pixel paints its kernel; what sticks out by `padding` is cut off."""

    inputs: int
    outputs: int
    size: int
    padding: int
    bias: bool = True

    def shapes(self):
        return ((self.inputs, self.outputs, self.size, self.size), (self.outputs,))[: 1 + self.bias]

    def apply(self, x, weight, *bias):
        count, channels, height, width = x.shape
        spread = np.zeros((count, channels, 2 * height - 1, 2 * width - 1))
        spread[:, :, ::2, ::2] = x
        turned = np.moveaxis(weight, 0, 1)[:, :, ::-1, ::-1]
        conv = Conv(self.inputs, self.outputs, self.size, padding=self.size - 1 - self.padding, bias=self.bias)
        return conv.apply(spread, turned, *bias)


@dataclass(frozen=True)
class BatchNorm(Layer):
    """γ·(x − μ)/√(σ² + ε) + β with the batch's own μ and σ², for each feature or channel."""

    features: int

    def shapes(self):
        return ((self.features,), (self.features,))

    def apply(self, x, gamma, beta):
        others = (0, *range(2, x.ndim))
        along = (1, -1, *(1,) * (x.ndim - 2))
        mean, variance = x.mean(others, keepdims=True), x.var(others, keepdims=True)
        return gamma.reshape(along) * (x - mean) / np.sqrt(variance + EPSILON) + beta.reshape(along)


def parameters(layers: tuple[Layer, ...]) -> int:
    """How many numbers the layers learn."""
    return sum(prod(shape) for layer in layers for shape in layer.shapes())


def change(layers: tuple[Layer, ...], kind: type[Layer], **settings) -> tuple[Layer, ...]:
    """The layers, those of a kind with other settings."""
    return tuple(replace(layer, **settings) if isinstance(layer, kind) else layer for layer in layers)


def exchange(layers: tuple[Layer, ...], old: Layer, *new: Layer) -> tuple[Layer, ...]:
    """The layers with others, or none, in the place of each that equals `old`."""
    return tuple(found for layer in layers for found in (new if layer == old else (layer,)))


def _pad(x: np.ndarray, by: int) -> np.ndarray:
    return np.pad(x, ((0, 0), (0, 0), (by, by), (by, by)))


def _windows(x: np.ndarray, size: int, stride: int = 1) -> np.ndarray:
    """N×C×H×W → N×C×H'×W'×size×size."""
    return sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
