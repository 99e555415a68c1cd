"""`fast`: a network of the same parameters, whose layers are exchanged for twins that a processor computes faster."""

from collections.abc import Iterable, Iterator

from mindspore import nn

from ms_gan.networks.fast import columns, convolution, rows
from ms_gan.networks.fast.rows import kind_of
from ms_gan.networks.sharing import same_parameters

INCREASING = (nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Sigmoid)
"""Activations behind which the largest number is the one that was the largest before."""
ANY_LAYOUT = (*INCREASING, nn.ReLU6, nn.ELU, nn.GELU, nn.SiLU, nn.Identity)
"""Layers that take each number for itself, wherever it lies."""


def fast(network: nn.Cell) -> nn.Cell:
    """A network that computes the same from the same parameters, faster on a processor.

    Its parameters are the given network's, the same objects: whatever one learns or loads, the other has. All else is
    its own, such as the mode (`set_train`), so the given network stays as it is, to be exported or changed.

    Layers of these kinds, and of subclasses that do not change `construct`, are exchanged for twins: nn.Dense,
    nn.BatchNorm1d, nn.LeakyReLU, and, with what stands beside them, nn.Conv2d and nn.Conv2dTranspose of one group and
    without dilation. All others stay. In an nn.SequentialCell the longest chains of layers around convolutions are
    computed with the batch as the last axis, and converted only at their two ends; elsewhere each convolution is
    converted by itself.

    At exactly 0 the gradient of LeakyReLU is the slope of the left side; that of nn.LeakyReLU is the mean of both.

    Args:
        network: any nn.Cell: a layer, an nn.SequentialCell, or a cell whose `construct` calls others. A `construct` may
            call an nn.SequentialCell as a whole, but not take it apart by index.

    Returns:
        The network in the mode of the given one. It is made for training, drawing and judging; to save weights or to
        export, take the given one.
    """
    return _exchanged(same_parameters(network))


class Chain(nn.Cell):
    """Cells, one after the other. Unlike an nn.SequentialCell it leaves the parameters' names as they are."""

    def __init__(self, cells: list[nn.Cell]):
        super().__init__(auto_prefix=False)
        for number, cell in enumerate(cells):
            self.insert_child_to_cell(str(number), cell)
        self.chain = cells

    def construct(self, x):
        for cell in self.chain:
            x = cell(x)
        return x


class InColumns(Chain):
    """Twins that take arrays with the batch last (see `columns.py`), for arrays with the batch first."""

    def construct(self, x):
        return columns.from_columns(super().construct(columns.to_columns(x)))


def _exchanged(cell: nn.Cell) -> nn.Cell:
    """The cell or its twin; what lies inside the cell is exchanged in place."""
    if kind_of(cell, (nn.SequentialCell,)):
        steps = list(_steps(list(_flat(cell))))
        chain = steps[0] if len(steps) == 1 else Chain(steps)
        chain.add_flags(training=cell.training)  # not set_train: a layer inside may have a mode of its own
        return chain
    if _is_convolution(cell):
        return InColumns([_in_columns(cell)])
    if twin := rows.twin(cell):
        return _in_mode(cell, twin)
    for name, child in cell._cells.items():
        if child is not None:
            # Not setattr, which would rename the parameters.
            cell._cells[name] = _exchanged(child)
    return cell


def _in_mode(plain: nn.Cell, twin: nn.Cell) -> nn.Cell:
    """The twin in the mode of the plain layer."""
    return twin.set_train(plain.training)


def _flat(cell: nn.Cell) -> Iterator[nn.Cell]:
    """The layers of a sequence, also of those inside it."""
    if kind_of(cell, (nn.SequentialCell,)):
        for child in cell._cells.values():
            yield from _flat(child)
    else:
        yield cell


def _steps(layers: list[nn.Cell]) -> Iterator[nn.Cell]:
    """What a sequence of layers becomes: chains in columns, and single cells."""
    while layers:
        length = next((i for i, layer in enumerate(layers) if not _can_be_in_columns(layer)), len(layers))
        chain, layers = layers[:length], layers[length:]
        if any(map(_is_convolution, chain)):
            yield InColumns(list(_twins(chain)))
        else:
            yield from map(_exchanged, chain)
        if layers:
            yield _exchanged(layers.pop(0))


def _twins(layers: Iterable[nn.Cell]) -> Iterator[nn.Cell]:
    """The twins in columns of a chain of layers. A convolution takes the pooling behind its activations to itself."""
    layers = list(layers)
    while layers:
        layer = layers.pop(0)
        behind = next((i for i, other in enumerate(layers) if not kind_of(other, INCREASING)), len(layers))
        if _can_be_pooled(layer) and behind < len(layers) and _is_pooling(layers[behind]):
            del layers[behind]
            yield columns.PooledConv2d(layer)
        else:
            yield _in_columns(layer)


def _in_columns(layer: nn.Cell) -> nn.Cell:
    """The twin that takes arrays with the batch last, of a layer that can be in columns."""
    kinds = {
        nn.Dense: columns.Dense,
        nn.BatchNorm1d: columns.BatchNorm,
        nn.BatchNorm2d: columns.BatchNorm,
        nn.Conv2d: convolution.Conv2d,
        nn.Conv2dTranspose: convolution.Conv2dTranspose,
        nn.LeakyReLU: lambda plain: rows.LeakyReLU(plain.alpha),
        nn.MaxPool2d: lambda plain: columns.MaxPool2d(),
        nn.Flatten: lambda plain: columns.Flatten(),
        nn.Unflatten: lambda plain: columns.Unflatten(plain.unflattened_size),
    }
    kind = kind_of(layer, tuple(kinds))
    return _in_mode(layer, kinds[kind](layer)) if kind else layer


def _can_be_in_columns(layer: nn.Cell) -> bool:
    if kind := kind_of(layer, (nn.Dense, nn.BatchNorm1d, nn.BatchNorm2d, nn.Flatten, nn.Unflatten)):
        return {
            nn.Dense: lambda: not layer.activation_flag,
            nn.Flatten: lambda: (layer.start_dim, layer.end_dim) == (1, -1),
            nn.Unflatten: lambda: layer.axis == 1,
        }.get(kind, lambda: True)()
    return _is_convolution(layer) or _is_pooling(layer) or kind_of(layer, ANY_LAYOUT) is not None


def _is_convolution(layer: nn.Cell) -> bool:
    """Whether it is one that has a twin."""
    kind = kind_of(layer, (nn.Conv2d, nn.Conv2dTranspose))
    if kind is None or layer.group != 1 or layer.dilation != (1, 1):
        return False
    return kind is nn.Conv2d or layer.output_padding in (0, (0, 0))


def _is_pooling(layer: nn.Cell) -> bool:
    """Whether it is a max-pooling of each 2×2."""
    if kind_of(layer, (nn.MaxPool2d,)) is None or layer.pad_mode.lower() != "valid":
        return False
    return layer.kernel_size in (2, (2, 2)) and layer.stride in (2, (2, 2)) and not layer.return_indices


def _can_be_pooled(layer: nn.Cell) -> bool:
    """Whether it is a convolution that PooledConv2d can compute with the pooling behind it."""
    if not _is_convolution(layer) or kind_of(layer, (nn.Conv2d,)) is None:
        return False
    height, width = layer.kernel_size
    return height == width and layer.stride == (1, 1) and layer.pad_mode == "valid"
