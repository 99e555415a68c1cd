"""Checkpoints: written whole or not at all, verified before use; files made by the slides' own script load too.

What is saved at one moment is a set: a file for each network of the game, such as `Generator{tag}.ckpt` and
`Discriminator{tag}.ckpt`, then `TrainState{tag}.ckpt` and, last, `Epoch{tag}.json` with their SHA-256. Without the last
the set is not there. The tag is the epoch just finished (from 0, as on the slides), or `{epoch}-step{n}` for a run that
was stopped after step n of an epoch.
"""

import hashlib
import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from ms_gan.disk import sealed
from ms_gan.disk.reading import entries, open_file
from ms_gan.disk.writing import whole
from ms_gan.errors import UserError
from ms_gan.games.players import Players
from ms_gan.recipes import Recipe
from ms_gan.records.naming import OTHER, kind_of, note_of_extras, weights_among
from ms_gan.records.tensors import read_tensors

TRAIN_STATES_KEPT = 3
"""Sets whose optimisers are kept; of older ones the weights stay (8 MB a set for the slides' GAN, 24 MB with them)."""

SLICE = 2**29
"""Bytes; MindSpore's files hold a larger tensor as several entries of one name."""

_TAG = r"([0-9]+)(?:-step([0-9]+))?"
_SAVED = re.compile(rf"[A-Za-z]+{_TAG}\.(?:ckpt|json)")


@dataclass(frozen=True, order=True)
class Position:
    """How far a run has come: `step` steps of epoch `epoch` are done, and all of the epochs before it."""

    epoch: int
    step: int = 0

    @property
    def tag(self) -> str:
        """What names the files saved here."""
        return f"{self.epoch}-step{self.step}" if self.step else f"{self.epoch - 1}"

    @classmethod
    def of_tag(cls, epoch: str, step: str | None) -> "Position":
        """The position that a file name's numbers tell."""
        return cls(int(epoch), int(step)) if step else cls(int(epoch) + 1)

    @classmethod
    def of_file(cls, path: Path) -> "Position":
        """The position that a weights file's name tells; the beginning if the name has no number."""
        found = re.search(_TAG + "$", path.stem)
        return cls.of_tag(*found.groups()) if found else cls(0)


PAIR = ("generator", "discriminator")
"""The networks of the game that the slides play, and of every file from before there were others."""


def set_files(folder: Path, position: Position, networks: Iterable[str] = PAIR) -> dict[str, Path]:
    """The files of a set by their content: the networks by name, train_state and manifest."""
    weights = {name: folder / f"{_file_name(name)}{position.tag}.ckpt" for name in networks}
    return weights | {
        "train_state": folder / f"TrainState{position.tag}.ckpt",
        "manifest": folder / f"Epoch{position.tag}.json",
    }


def _file_name(network: str) -> str:
    """generator → Generator, weight_average → WeightAverage."""
    return "".join(map(str.capitalize, network.split("_")))


def saved_weights(folder: Path, position: Position) -> list[Path]:
    """The files of a set's networks, that by which it is named to a user first: those that its manifest lists, or those
    of the pair, for a set of the slides' script."""
    files = set_files(folder, position)
    saved = [folder / name for name in _digests(files["manifest"]) or {} if name != files["train_state"].name]
    return saved or [files[name] for name in PAIR]


def save(folder: Path, position: Position, players: Players, settings: dict | None = None, keep_every: int = 0) -> None:
    """Saves a set, then removes what it makes needless: older optimiser states and sets from inside an epoch.

    Args:
        folder: where to.
        position: how far the players have come.
        players: what is saved.
        settings: the run's, kept in the manifest too, in case recipe.json is damaged.
        keep_every: of the older epochs, every how manieth stays; 0 for all.

    Raises:
        OSError: something cannot be written; then the set is not there, and no older one is harmed.
    """
    files = set_files(folder, position, players.networks())
    contents = {name: network.get_parameters() for name, network in players.networks().items()}
    contents["train_state"] = players.optimizer_state()
    digests = {files[name].name: _write_parameters(files[name], content) for name, content in contents.items()}
    sealed.write(files["manifest"], {"sha256": digests, "settings": settings or {}})
    remove_needless(folder, position, keep_every)


def _write_parameters(path: Path, parameters: Iterable[ms.Parameter]) -> str:
    """Writes a file as ms.save_checkpoint does, to the byte; that one prints lines of its own on a full disk."""
    digest = hashlib.sha256()
    with whole(path) as file:
        for message in _messages(parameters):
            digest.update(message)
            file.write(message)
    return digest.hexdigest()


def _messages(parameters: Iterable[ms.Parameter]) -> Iterator[bytes]:
    from mindspore.train.checkpoint_pb2 import Checkpoint

    for parameter in parameters:
        content = parameter.asnumpy().tobytes()
        for begin in range(0, len(content), SLICE):
            message = Checkpoint()
            entry = message.value.add(tag=parameter.name)
            entry.tensor.dims.extend(parameter.shape)
            entry.tensor.tensor_type = str(parameter.dtype)
            entry.tensor.tensor_content = content[begin : begin + SLICE]
            yield message.SerializeToString()


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_needless(folder: Path, newest: Position, keep_every: int = 0) -> None:
    """Removes what the newest set makes needless: older optimiser states and sets from inside an epoch.

    Those without a manifest too: a process may have been killed while it saved or removed them.

    Args:
        folder: of the sets.
        newest: the newest one; later ones stay as they are.
        keep_every: if not 0, of the epochs before the newest three only those stay whose number, from 1, it divides.
    """
    inside = [path for path in entries(folder) if (match := _SAVED.fullmatch(path.name)) and match[2]]
    old = [path for path in inside if Position.of_tag(*_SAVED.fullmatch(path.name).groups()) < newest]
    for path in sorted(old, key=lambda path: path.suffix != ".json"):  # without its manifest a set is not there
        path.unlink(missing_ok=True)
    epochs = [position for position in positions(folder) if position < newest and not position.step]
    for position in epochs[: -(TRAIN_STATES_KEPT - 1)]:
        if keep_every and position.epoch % keep_every:
            _remove(folder, position)
        else:
            set_files(folder, position)["train_state"].unlink(missing_ok=True)


def _remove(folder: Path, position: Position) -> None:
    files = set_files(folder, position)
    saved = [folder / name for name in _digests(files["manifest"]) or {}]
    for path in (files["train_state"], *saved, files["manifest"]):  # the manifest last: it says what there is to remove
        path.unlink(missing_ok=True)


def positions(folder: Path) -> list[Position]:
    """Where the sets of a checkpoint folder were saved, oldest first; they are not verified.

    Raises:
        UserError: the folder cannot be read.
    """
    names = {path.name for path in entries(folder)}
    found = (re.fullmatch(f"Epoch{_TAG}\\.json", name) for name in names)
    named = ((match[0], Position.of_tag(*match.groups())) for match in found if match)
    return sorted(position for name, position in named if set_files(folder, position)["manifest"].name == name)


def fault(folder: Path, position: Position, optimisers: bool = True) -> str | None:
    """What is wrong with a set, naming the file, or None if all it holds is as it was saved.

    An optimiser state that has been removed to save space is no fault; nor, without `optimisers`, is a damaged one.
    """
    files = set_files(folder, position)
    digests, state = _digests(files["manifest"]), files["train_state"]
    weights = [folder / name for name in digests or {} if name != state.name]
    if not weights or (optimisers and os.path.lexists(state) and state.name not in digests):
        return f"{files['manifest']} is damaged"
    wanted = weights + ([state] if optimisers and os.path.lexists(state) else [])
    return next(filter(None, (_change(path, digests[path.name], files["manifest"]) for path in wanted)), None)


def file_fault(path: Path) -> str | None:
    """What is wrong with one file of a set, or None if it is as it was saved, or nothing tells what it was."""
    path = Path(os.path.realpath(path))
    manifest = set_files(path.parent, Position.of_file(path))["manifest"]
    if not os.path.lexists(manifest):
        return None
    digests = _digests(manifest)
    if digests is None:
        return f"{manifest} is damaged, so nothing vouches for {path.name}"
    return _change(path, digests[path.name], manifest) if path.name in digests else None


def _digests(manifest: Path) -> dict[str, str] | None:
    """The SHA-256 of the files of a set by their names; None if the manifest is damaged."""
    content = sealed.read(manifest) or {}
    digests = content.get("sha256")
    known = isinstance(digests, dict) and content.keys() <= {"sha256", "settings"}
    tag = manifest.stem.removeprefix("Epoch")
    return digests if known and all(re.fullmatch(rf"[A-Za-z]+{tag}\.ckpt", name) for name in digests) else None


def _change(path: Path, digest: str, manifest: Path) -> str | None:
    try:
        same = file_digest(path) == digest
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    return None if same else f"{path} is damaged: its SHA-256 is not the one in {manifest.name}"


def restore(folder: Path, position: Position, players: Players) -> bool:
    """Loads a set into the players.

    Returns:
        Whether the optimisers were restored too; if their file is not there or damaged, they start afresh.

    Raises:
        UserError: a network's file is missing, damaged, or of another architecture.
    """
    files = set_files(folder, position, players.networks())
    for name, network in players.networks().items():
        load_weights(files[name], network, name)
    digests, path = _digests(files["manifest"]) or {}, files["train_state"]
    if path.name not in digests or _change(path, digests[path.name], files["manifest"]):
        return False
    state = players.optimizer_state()
    saved = read_tensors(path, _most(state))
    # By their order and not by their names: those hold numbers of layers, which an earlier release counted otherwise.
    if [value.shape for value in saved.values()] != [p.shape for p in state]:
        raise UserError(f"{path} is of other optimisers than this recipe's")
    for parameter, value in zip(state, saved.values(), strict=True):
        _assign(parameter, value)
    return True


class OtherArchitecture(UserError):
    """A file does not hold the weights of the network that was to be loaded."""


def load_weights(path: Path, network: nn.Cell, player: str, say: Callable[[str], None] = print) -> None:
    """Loads a network's weights from a file of this package, of the slides' own script, or of MindSpore's tutorial.

    The slides' script leaves names such as `optim_ggeneratormodel.0.weight` and `generatormodel.2.moving_mean`: so
    weights are found by their kind (weight, bias, gamma, …) in the order of the layers, and every shape is checked.
    What else lies in the file, such as an optimiser's state, is ignored.

    Args:
        path: the file.
        network: the network to load into.
        player: what the file must hold, such as "generator" or "discriminator".
        say: is told, in a line, what is ignored.

    Raises:
        UserError: no such file, not a checkpoint, the other player's, or of another architecture (names the layer).
    """
    tensors = read_tensors(path, _most(network.get_parameters()))
    check_player(path, tensors, player)
    wanted = _by_kind({p.name: p for p in network.get_parameters()})
    names = weights_among(tensors, player, wanted)
    saved = _by_kind({name: tensors[name] for name in names})
    pairs = []
    for kind in sorted(wanted.keys() | saved.keys()):
        pairs += itertools.zip_longest(wanted.get(kind, []), saved.get(kind, []), fillvalue=(None, None))
    for (name, parameter), (saved_name, value) in pairs:
        if parameter is None or value is None or parameter.shape != value.shape:
            raise OtherArchitecture(
                f"{path} is of another architecture: layer {name or saved_name} is {_shape(value)} there, "
                f"{_shape(parameter)} here"
            )
    used = set(names)
    if extras := [name for name in tensors if name not in used]:
        say(note_of_extras(path, player, extras))
    for (_, parameter), (_, value) in pairs:
        _assign(parameter, value)


def first_weight(tensors: dict[str, np.ndarray], player: str) -> np.ndarray | None:
    """The weights of a player's first layer that has any, out of all that a file holds."""
    weights = _by_kind({name: tensors[name] for name in weights_among(tensors, player)}).get("weight", [])
    return weights[0][1] if weights else None


def check_size(path: Path, recipe: Recipe) -> None:
    """Raises UserError if networks of these settings need more weights than the file can hold, before they are made.

    Settings from a file that somebody else made might ask for more memory than there is.
    """
    least = max(recipe.latent_size, recipe.width**2 if recipe.networks == "dcgan64" else 0)  # each is 2 bytes or more
    if os.path.exists(path) and path.stat().st_size < least:
        raise UserError(f"{path} is of another architecture: it is too small for its recipe.json's networks")


def _assign(parameter: ms.Parameter, value: np.ndarray) -> None:
    # Not set_data: a step that has been compiled and has run would not see it, and go on with what it had.
    ops.assign(parameter, Tensor(value, parameter.dtype))


def check_player(path: Path, tensors: dict[str, np.ndarray], player: str) -> None:
    """Raises UserError if the names in a file say that it is the other player's."""
    other = OTHER.get(player, "")
    if other and any(other in name for name in tensors) and not any(player in name for name in tensors):
        raise UserError(
            f"{path} holds a {other}; a {player} is wanted here: name the {player.capitalize()}….ckpt beside it"
        )


def _by_kind(named: dict) -> dict[str, list[tuple]]:
    """{…model.0.weight: w, …} → {"weight": [(name, w), …], …}, each list in the order of the layers."""
    kinds: dict[str, list[tuple]] = {}
    for name in sorted(named, key=_layer_order):
        kinds.setdefault(kind_of(name), []).append((name, named[name]))
    return kinds


def _layer_order(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]


def _shape(array) -> str:
    return "missing" if array is None else "×".join(str(size) for size in array.shape)


def _most(parameters: Iterable[ms.Parameter]) -> int:
    """Bytes of the largest file that is read for these parameters: so large that a file taken for another is named."""
    return 4 * sum(p.nbytes for p in parameters) + 2**26
