"""Which of a checkpoint's entries are a network's weights: optimisers, counts and the other player may lie beside them.

Everybody names layers in their own way: `generator.model.0.weight` here, `optim_ggeneratormodel.0.weight` in the
slides' script, `optim_g.generator.0.weight` in MindSpore's tutorial on DCGAN. What all names share is their end, the
kind, and the numbers of the layers.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from ms_gan.errors import shown

KINDS = frozenset({"weight", "bias", "gamma", "beta", "moving_mean", "moving_variance"})
"""What MindSpore's layers have."""

OTHER = {"generator": "discriminator", "discriminator": "generator"}

_OPTIMISER = re.compile(r"^optim_[gd]\.?")
"""What the slides' script, and the tutorial's, put before the names of all that an optimiser has, weights too."""

_NAMED, _LONGEST = 3, 40  # names in a note, and letters of each


def kind_of(name: str) -> str:
    """generator.model.0.weight → weight."""
    return name.rsplit(".", 1)[-1]


def weights_among(names: Iterable[str], player: str, kinds: Iterable[str] = ()) -> list[str]:
    """Of all names in a file those of a player's weights, in the file's order.

    Left out are numbers and notes that are no layer's, an optimiser's copies (`moment1.generator.0.weight` beside
    `generator.0.weight`) and, if the names tell the players apart, those of the other one.

    Args:
        names: of all entries.
        player: "generator" or "discriminator", or another network's name.
        kinds: of the network's parameters, beside MindSpore's own layers'.
    """
    found = [name for name in names if kind_of(name) in KINDS.union(kinds)]
    if any("." in name for name in found):
        found = [name for name in found if "." in name]
    bare = {name: _OPTIMISER.sub("", name) for name in found}
    layers = {name for name in bare.values() if "." in name}
    found = [name for name in found if not any(end in layers for end in _ends(bare[name]))]
    if any(player in name for name in found):
        other = OTHER.get(player, "")
        found = [name for name in found if player in name or not other or other not in name]
    return found


def _ends(name: str) -> list[str]:
    """a.b.c → b.c, c; without up to three words, for an optimiser's state has no more of its own before a name."""
    parts = name.split(".", 3)
    return [".".join(parts[begin:]) for begin in range(1, len(parts))]


def note_of_extras(path: Path, player: str, names: list[str]) -> str:
    """The line that says which entries of a file are ignored."""
    some = ", ".join(shown(name[:_LONGEST]) for name in names[:_NAMED])
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"note: {shown(path)} holds more than the weights of a {player}: {some}{more} ignored"


def is_named_as_in_the_tutorial(names: Iterable[str]) -> bool:
    """Whether the layers are named as in MindSpore's tutorial on DCGAN: generator.0.weight, discriminator.3.beta."""
    return any(re.fullmatch(r"(optim_[gd]\.)?(generator|discriminator)\.[0-9]{1,2}\.[a-z_]+", name) for name in names)
