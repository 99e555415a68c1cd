"""A second network over the same parameters."""

import copy

from mindspore import nn


def same_parameters(network: nn.Cell) -> nn.Cell:
    """A copy of a network that has the same parameters, not copies of them: whatever one learns or loads, both have.

    All else is the copy's own, such as its mode (`set_train`), which begins as the given one's.
    """
    return copy.deepcopy(network, {id(p): p for p in network.get_parameters()})
