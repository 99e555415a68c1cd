"""Checkpoints: written whole or not at all, verified before use; files made by the slides' own script load too.

What is saved at one moment is a set: `Generator{tag}.ckpt`, `Discriminator{tag}.ckpt`, `TrainState{tag}.ckpt` and,
last, `Epoch{tag}.json` with their SHA-256. Without the last the set is not there. The tag is the epoch just finished
(from 0, as on the slides), or `{epoch}-step{n}` for a run that was stopped after step n of an epoch.
"""

import hashlib
import itertools
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from ms_gan.errors import UserError
from ms_gan.files import whole, write_text
from ms_gan.training.players import Players

TRAIN_STATES_KEPT = 3
"""Sets whose optimisers are kept; of older ones the weights stay (8 MB a set for the slides' GAN, 24 MB with them)."""

_TAG = r"(\d+)(?:-step(\d+))?"


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


def set_files(folder: Path, position: Position) -> dict[str, Path]:
    """The files of a set by their content: generator, discriminator, train_state, manifest."""
    return {
        "generator": folder / f"Generator{position.tag}.ckpt",
        "discriminator": folder / f"Discriminator{position.tag}.ckpt",
        "train_state": folder / f"TrainState{position.tag}.ckpt",
        "manifest": folder / f"Epoch{position.tag}.json",
    }


def save(folder: Path, position: Position, players: Players, settings: dict | None = None) -> None:
    """Saves a set, then removes what it makes needless: older optimiser states and sets from inside an epoch.

    Args:
        folder: where to.
        position: how far the players have come.
        players: what is saved.
        settings: the run's, kept in the manifest too, in case recipe.json is damaged.

    Raises:
        OSError: something cannot be written; then the set is not there, and no older one is harmed.
    """
    files = set_files(folder, position)
    contents = {name: network.get_parameters() for name, network in players.networks().items()}
    contents["train_state"] = players.optimizer_state()
    digests = {files[name].name: _write_parameters(files[name], content) for name, content in contents.items()}
    write_text(files["manifest"], json.dumps({"sha256": digests, "settings": settings or {}}, indent=1) + "\n")
    _remove_needless(folder, position)


def _write_parameters(path: Path, parameters: Iterable[ms.Parameter]) -> str:
    entries = [{"name": p.name, "data": Tensor(p.asnumpy())} for p in parameters]
    with whole(path) as temporary:
        try:
            ms.save_checkpoint(entries, str(temporary))
        finally:
            temporary.with_suffix(".tmp").unlink(missing_ok=True)  # MindSpore leaves its own behind when it fails
        temporary.chmod(0o644)  # MindSpore leaves its files without the right to write them
        return file_digest(temporary)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove_needless(folder: Path, newest: Position) -> None:
    older = [position for position in positions(folder) if position < newest]
    for position in older:
        files = set_files(folder, position)
        if position.step:
            for name in ("manifest", "train_state", "discriminator", "generator"):
                files[name].unlink(missing_ok=True)
    for position in sorted(position for position in older if not position.step)[: -(TRAIN_STATES_KEPT - 1)]:
        set_files(folder, position)["train_state"].unlink(missing_ok=True)


def positions(folder: Path) -> list[Position]:
    """Where the sets of a checkpoint folder were saved, oldest first; they are not verified."""
    if not folder.is_dir():
        return []
    found = (re.fullmatch(f"Epoch{_TAG}\\.json", path.name) for path in folder.iterdir())
    return sorted(Position.of_tag(*match.groups()) for match in found if match)


def fault(folder: Path, position: Position) -> str | None:
    """What is wrong with a set, naming the file, or None if all it holds is as it was saved.

    An optimiser state that has been removed to save space is no fault.
    """
    files = set_files(folder, position)
    try:
        digests = json.loads(files["manifest"].read_text(encoding="utf-8"))["sha256"]
        wanted = {name: digests[files[name].name] for name in ("generator", "discriminator", "train_state")}
    except (OSError, ValueError, KeyError, TypeError):
        return f"{files['manifest']} is damaged"
    for name, digest in wanted.items():
        if name == "train_state" and not files[name].exists():
            continue
        try:
            if file_digest(files[name]) != digest:
                return f"{files[name]} is damaged: its SHA-256 is not the one in {files['manifest'].name}"
        except OSError as error:
            return f"{files[name]} cannot be read: {error.strerror}"
    return None


def restore(folder: Path, position: Position, players: Players) -> bool:
    """Loads a set into the players.

    Returns:
        Whether the optimisers were restored too; if not, they start afresh.

    Raises:
        UserError: a network's file is missing, damaged, or of another architecture.
    """
    files = set_files(folder, position)
    for name, network in players.networks().items():
        load_weights(files[name], network, name)
    if not (files["train_state"].exists() and files["manifest"].exists()):
        return False
    saved = read_tensors(files["train_state"])
    state = {p.name: p for p in players.optimizer_state()}
    if {name: value.shape for name, value in saved.items()} != {name: p.shape for name, p in state.items()}:
        raise UserError(f"{files['train_state']} is of other optimisers than this recipe's")
    for name, parameter in state.items():
        _assign(parameter, saved[name])
    return True


def load_weights(path: Path, network: nn.Cell, player: str) -> None:
    """Loads a network's weights from a file of this package, or of the slides' own script.

    The slides' script leaves names such as `optim_ggeneratormodel.0.weight` and `generatormodel.2.moving_mean`: so
    weights are found by their kind (weight, bias, gamma, …) in the order of the layers, and every shape is checked.

    Args:
        path: the file.
        network: the network to load into.
        player: "generator" or "discriminator": what the file must hold.

    Raises:
        UserError: no such file, not a checkpoint, the other player's, or of another architecture (names the layer).
    """
    tensors = read_tensors(path)
    check_player(path, tensors, player)
    saved = _by_kind(tensors)
    wanted = _by_kind({p.name: p for p in network.get_parameters()})
    pairs = []
    for kind in sorted(wanted.keys() | saved.keys()):
        pairs += itertools.zip_longest(wanted.get(kind, []), saved.get(kind, []), fillvalue=(None, None))
    for (name, parameter), (saved_name, value) in pairs:
        if parameter is None or value is None or parameter.shape != value.shape:
            raise UserError(
                f"{path} is of another architecture: layer {name or saved_name} is {_shape(value)} there, "
                f"{_shape(parameter)} here"
            )
    for (_, parameter), (_, value) in pairs:
        _assign(parameter, value)


def _assign(parameter: ms.Parameter, value: np.ndarray) -> None:
    # Not set_data: a step that has been compiled and has run would not see it, and go on with what it had.
    ops.assign(parameter, Tensor(value, parameter.dtype))


def check_player(path: Path, tensors: dict[str, np.ndarray], player: str) -> None:
    """Raises UserError if the names in a file say that it is the other player's."""
    other = {"generator": "discriminator", "discriminator": "generator"}[player]
    if any(other in name for name in tensors) and not any(player in name for name in tensors):
        raise UserError(
            f"{path} holds a {other}; a {player} is wanted here: name the {player.capitalize()}….ckpt beside it"
        )


def _by_kind(named: dict) -> dict[str, list[tuple]]:
    """{…model.0.weight: w, …} → {"weight": [(name, w), …], …}, each list in the order of the layers."""
    kinds: dict[str, list[tuple]] = {}
    for name in sorted(named, key=_layer_order):
        kinds.setdefault(name.rsplit(".", 1)[-1], []).append((name, named[name]))
    return kinds


def _layer_order(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]


def _shape(array) -> str:
    return "missing" if array is None else "×".join(str(size) for size in array.shape)


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """What a MindSpore checkpoint file holds, by name. Nothing in it is executed, and no size in it is believed.

    Raises:
        UserError: there is no such file, or it is not a whole checkpoint.
    """
    from google.protobuf.message import DecodeError
    from mindspore.train.checkpoint_pb2 import Checkpoint

    try:
        message = Checkpoint.FromString(path.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except DecodeError as error:
        raise UserError(f"{path} is not a MindSpore checkpoint, or it was cut short") from error
    tensors = {entry.tag: _tensor(path, entry) for entry in message.value}
    if not tensors:
        raise UserError(f"{path} is not a MindSpore checkpoint: it holds no weights")
    return tensors


_TYPES = {"Float32": np.float32, "Int32": np.int32, "Float16": np.float16, "Float64": np.float64, "Int64": np.int64}


def _tensor(path: Path, entry) -> np.ndarray:
    kind = _TYPES.get(entry.tensor.tensor_type)
    dims = list(entry.tensor.dims)
    content = entry.tensor.tensor_content
    # MindSpore gives a scalar the dims [0] in some releases, [] in others.
    if kind and dims == [0] and len(content) == np.dtype(kind).itemsize:
        dims = []
    if not kind or min(dims, default=1) < 1 or len(content) != math.prod(dims) * np.dtype(kind).itemsize:
        raise UserError(f"{path} is not a whole checkpoint: {entry.tag[:80]!r} has {len(content)} bytes for its shape")
    return np.frombuffer(content, kind).reshape(dims)
