"""The check of a network: its weights, and what it makes of a batch, beside the same in NumPy's float64."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from mindspore import Parameter, Tensor, nn

from ms_gan.assignment.layers import Layer, parameters
from ms_gan.assignment.networks import NETWORKS, NOISE, Network
from ms_gan.assignment.student import Crashed, Student
from ms_gan.assignment.verdict import Wrong, kind, recognise, tensor

BATCH = 6
"""Pictures in the batch: a number that no one writes into a network."""

LIMIT = 1e-3
"""Of the error: float32 stays below 2e-4 (MindSpore's Tanh is coarse), each known mistake gives more than 2e-2."""

Shapes = tuple[tuple[int, ...], ...]


def check(student: Student, name: str) -> str:
    """Checks the network that the function of this name makes.

    Its weights are set to random numbers, so that each one matters, and it runs in training mode.

    Raises:
        Wrong, NotWritten, Crashed: see there.
    """
    network = NETWORKS[name]
    model = student.call(name, *((NOISE,) if network.noise else ()))
    if not isinstance(model, nn.Cell):
        raise Wrong(f"expected a network (nn.Cell), found {kind(model)}")
    weights = Weights(student, model)
    inputs = _inputs(network)
    found, crash = _watch(student, model, inputs)

    def fits(layers):
        return weights.match(layers) and found.equals(_follow(layers, weights, inputs))

    if fits(network.layers):
        error = found.error(_follow(network.layers, weights, inputs))
        return f"{weights.count:,} parameters, error {error:.1e}"
    mistakes = recognise(network.layers, network.mistakes, fits)
    if not mistakes and not weights.match(network.layers):
        mistakes = recognise(network.layers, network.mistakes, weights.match)
    if crash:
        raise crash.because(mistakes, _way_in_words(found.way))
    raise Wrong(_difference(network, weights, found, inputs), mistakes)


@dataclass(frozen=True)
class Outcome:
    """What a network makes of a batch."""

    way: Shapes
    """The shapes N×C×H×W on the way, without repetitions, as far as they are seen."""
    output: np.ndarray | None
    """None if a layer met a shape that it cannot take."""

    def equals(self, right: "Outcome") -> bool:
        """Whether the outputs are equal or, where there are none, the ways up to the layer that failed."""
        if self.output is None or right.output is None:
            return self.output is right.output and self.way == right.way
        return self.output.shape == right.output.shape and bool(self.error(right) <= LIMIT)

    def error(self, right: "Outcome") -> float:
        """The maximum error, relative to the standard deviation of the outputs."""
        return abs(self.output - right.output).max() / right.output.std()


class Weights:
    """What a student's network learns, layer by layer; on making it, all of it is set to random numbers."""

    def __init__(self, student: Student, model: nn.Cell):
        rng = np.random.default_rng(0)
        self.layers: dict[Shapes, list[list[np.ndarray]]] = {}
        for _, cell in model.cells_and_names():
            own = [p for _, p in cell.parameters_and_names(expand=False) if p.requires_grad]
            if own:
                values = [_draw(student, parameter, rng) for parameter in own]
                self.layers.setdefault(tuple(p.shape for p in own), []).append(values)
        self.count = sum(value.size for layers in self.layers.values() for layer in layers for value in layer)

    def shapes(self) -> Counter:
        return Counter({shapes: len(layers) for shapes, layers in self.layers.items()})

    def match(self, layers: tuple[Layer, ...]) -> bool:
        """Whether these layers have weights of the same shapes."""
        return self.shapes() == _shapes(layers)

    def apply(self, layer: Layer, x: np.ndarray) -> np.ndarray:
        return layer.apply(x, *(self.layers[layer.shapes()][0] if layer.shapes() else ()))


def _draw(student: Student, parameter: Parameter, rng: np.random.Generator) -> np.ndarray:
    """Sets a parameter to random numbers that keep a layer's outputs of the size of its inputs."""
    spread = (parameter.size / parameter.shape[0]) ** -0.5 if parameter.ndim > 1 else 0.3
    values = rng.normal(0, spread, parameter.shape).astype(np.float32)
    student.guard(parameter.set_data, Tensor(values))
    return values.astype(np.float64)


def _shapes(layers: tuple[Layer, ...]) -> Counter:
    return Counter(layer.shapes() for layer in layers if layer.shapes())


def _inputs(network: Network) -> np.ndarray:
    shape = (BATCH, NOISE) if network.noise else (BATCH, 1, 28, 28)
    return np.random.default_rng(1).uniform(-1, 1, shape).astype(np.float32)


def _watch(student: Student, model: nn.Cell, inputs: np.ndarray) -> tuple[Outcome, Crashed | None]:
    """Runs a student's network, and notes the shapes that its layers give."""
    way: list[tuple[int, ...]] = []

    def note(cell, given, output):
        way.append(_shape(output))

    handles = [cell.register_forward_hook(note) for _, cell in model.cells_and_names() if not list(cell.cells())]
    model.set_train(True)
    try:
        output = tensor(student.guard(model, Tensor(inputs)))
        return Outcome(_pictures(way), student.guard(output.asnumpy).astype(np.float64)), None
    except Crashed as crash:
        return Outcome(_pictures(way), None), crash
    finally:
        for handle in handles:
            handle.remove()


def _shape(output) -> tuple[int, ...]:
    """Of what a layer gives; a layer of the student's may give anything."""
    return getattr(output, "shape", ())


def _follow(layers: tuple[Layer, ...], weights: Weights, inputs: np.ndarray) -> Outcome:
    """The same of layers in NumPy."""
    x, way = inputs.astype(np.float64), []
    for layer in layers:
        try:
            x = weights.apply(layer, x)
        except ValueError:
            return Outcome(_pictures(way), None)
        way.append(x.shape)
    return Outcome(_pictures(way), x)


def _pictures(way: list[tuple[int, ...]]) -> Shapes:
    """The shapes of four axes: flattening inside a `construct` is not seen, so the others say nothing."""
    pictures = [shape for shape in way if len(shape) == 4]
    return tuple(shape for shape, before in zip(pictures, [None, *pictures], strict=False) if shape != before)


def _way_in_words(way: Shapes) -> str:
    return "shapes on the way: " + " → ".join("×".join(map(str, shape)) for shape in way) if way else ""


def _difference(network: Network, weights: Weights, found: Outcome, inputs: np.ndarray) -> str:
    expected = parameters(network.layers)
    if weights.count != expected:
        return f"expected {expected:,} parameters, found {weights.count:,}"
    if not weights.match(network.layers):
        missing, extra = _shapes(network.layers) - weights.shapes(), weights.shapes() - _shapes(network.layers)
        return f"expected weights of the shapes {_listed(missing)}, found {_listed(extra)}"
    right = _follow(network.layers, weights, inputs)
    if found.output.shape != right.output.shape:
        return f"expected the output's shape {right.output.shape}, found {found.output.shape}"
    return f"{weights.count:,} parameters, as expected; outputs differ (error {found.error(right):.2g})"


def _listed(shapes: Counter) -> str:
    return ", ".join(str(shape) for layer in shapes for shape in layer) or "none"
