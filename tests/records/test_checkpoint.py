"""Checkpoints: the same bytes back, whole or not at all, and every fault found and named."""

import json
import os
import re
import shutil
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn
from mindspore.train.checkpoint_pb2 import Checkpoint

from ms_gan.disk import sealed, writing
from ms_gan.errors import UserError
from ms_gan.networks import build
from ms_gan.records.checkpoint import (
    Position,
    fault,
    file_digest,
    load_weights,
    positions,
    read_tensors,
    restore,
    save,
    set_files,
)

pytestmark = pytest.mark.usefixtures("cpu")


def contents(players) -> dict[str, bytes]:
    networks = players.networks().values()
    kept = [p for network in networks for p in network.get_parameters()] + players.optimizer_state()
    return {p.name: p.asnumpy().tobytes() for p in kept}


def scramble(players, seed: int) -> None:
    """Other numbers everywhere, the optimisers' state included."""
    rng = np.random.default_rng(seed)
    networks = players.networks().values()
    for p in [p for network in networks for p in network.get_parameters()] + players.optimizer_state():
        p.set_data(Tensor(rng.uniform(1, 9, p.shape), p.dtype))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def set_names(tag: str) -> list[str]:
    return sorted([f"Generator{tag}.ckpt", f"Discriminator{tag}.ckpt", f"TrainState{tag}.ckpt", f"Epoch{tag}.json"])


def message_of(call, *arguments) -> str:
    """The one line of the UserError that a call raises."""
    with pytest.raises(UserError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Positions and names


@pytest.mark.parametrize(
    "position, tag",
    [(Position(1), "0"), (Position(100), "99"), (Position(0, 3), "0-step3"), (Position(7, 468), "7-step468")],
)
def test_positions_and_names(position, tag):
    assert position.tag == tag
    assert Position.of_file(Path(f"a/checkpoints/Generator{tag}.ckpt")) == position
    assert Position.of_tag(*re.fullmatch(r"(\d+)(?:-step(\d+))?", tag).groups()) == position


def test_positions_are_in_order_of_training():
    assert Position(0, 5) < Position(1) < Position(1, 2) < Position(1, 10) < Position(2) < Position(10)


def test_a_name_without_a_number_is_the_beginning():
    assert Position.of_file(Path("Generator.ckpt")) == Position(0)


# Saving and restoring


def test_the_same_bytes_come_back(tmp_path, real_players):
    saved, other = real_players(0), real_players(1)
    scramble(saved, 5)
    save(tmp_path, Position(3), saved)
    assert names(tmp_path) == set_names("2")
    assert fault(tmp_path, Position(3)) is None
    assert contents(other) != contents(saved)
    assert restore(tmp_path, Position(3), other) is True
    assert contents(other) == contents(saved)
    assert (
        len(contents(other)) == 28 + 50
    )  # weights and statistics; for each of 22 weights two moments, and 2 × 3 counts


def test_another_learning_rate_survives_a_restore(tmp_path, tiny):
    """A run may go on with another learning rate (slide 接下来): it is not among what is restored."""
    players = tiny(0)
    save(tmp_path, Position(1), players)
    players.generator_optimizer.learning_rate.set_data(Tensor(0.05, ms.float32))
    assert restore(tmp_path, Position(1), players)
    assert float(players.generator_optimizer.learning_rate) == pytest.approx(0.05)


def test_mindspore_reads_our_files(tmp_path, tiny):
    players = tiny(0)
    save(tmp_path, Position(1), players)
    theirs = ms.load_checkpoint(str(tmp_path / "Generator0.ckpt"))
    ours = {p.name: p.asnumpy() for p in players.generator.get_parameters()}
    assert theirs.keys() == ours.keys() == {"generator.model.0.weight", "generator.model.0.bias"}
    assert all(np.array_equal(theirs[name].asnumpy(), value) for name, value in ours.items())


@pytest.mark.parametrize("slice_kib", [512 * 1024, 64])
def test_our_files_are_mindspores_to_the_byte(tmp_path, real_players, monkeypatch, slice_kib):
    """Those of large tensors too, which are cut into slices; scalars and whole numbers are among the optimisers'."""
    monkeypatch.setattr("mindspore.train.serialization.SLICE_SIZE", slice_kib)
    monkeypatch.setattr("ms_gan.records.checkpoint.SLICE", 1024 * slice_kib)
    players = real_players(0)
    scramble(players, 3)
    save(tmp_path, Position(1), players)
    for name, parameters in (
        ("Discriminator", players.discriminator.get_parameters()),
        ("TrainState", players.optimizer_state()),
    ):
        theirs = str(tmp_path / "theirs.ckpt")
        ms.save_checkpoint([{"name": p.name, "data": Tensor(p.asnumpy())} for p in parameters], theirs)
        assert (tmp_path / f"{name}0.ckpt").read_bytes() == Path(theirs).read_bytes()
    loaded, saved = ms.load_checkpoint(str(tmp_path / "Discriminator0.ckpt")), contents(players)
    assert {name: p.asnumpy().tobytes() for name, p in loaded.items()}.items() <= saved.items()
    state = read_tensors(tmp_path / "TrainState0.ckpt")
    assert {name: value.tobytes() for name, value in state.items()}.items() <= saved.items()
    assert all(value.flags.aligned for value in state.values())  # MindSpore 2.7 refuses others


def test_files_can_be_written_again(tmp_path, tiny):
    save(tmp_path, Position(1), tiny(0))
    assert all(os.access(path, os.W_OK) and path.stat().st_mode & 0o200 for path in tmp_path.iterdir())
    save(tmp_path, Position(1), tiny(1))
    assert fault(tmp_path, Position(1)) is None


def test_without_the_optimisers_the_weights_are_restored(tmp_path, tiny):
    saved, other = tiny(0), tiny(1)
    save(tmp_path, Position(1), saved)
    (tmp_path / "TrainState0.ckpt").unlink()
    assert fault(tmp_path, Position(1)) is None
    assert restore(tmp_path, Position(1), other) is False
    assert contents(other)["generator.model.0.weight"] == contents(saved)["generator.model.0.weight"]


def test_other_optimisers_are_refused(tmp_path, tiny):
    players = tiny(0)
    save(tmp_path, Position(1), players)
    shutil.copyfile(tmp_path / "Generator0.ckpt", tmp_path / "TrainState0.ckpt")
    digests = {path.name: file_digest(path) for path in tmp_path.glob("*.ckpt")}
    sealed.write(tmp_path / "Epoch0.json", {"sha256": digests, "settings": {}})
    assert "TrainState0.ckpt is of other optimisers" in message_of(restore, tmp_path, Position(1), players)


# What is kept


def test_the_newest_three_optimiser_states_are_kept(tmp_path, tiny):
    players = tiny(0)
    for epoch in range(1, 6):
        save(tmp_path, Position(epoch), players)
    assert positions(tmp_path) == [Position(epoch) for epoch in range(1, 6)]
    assert [path.name for path in sorted(tmp_path.glob("TrainState*"))] == [f"TrainState{e}.ckpt" for e in (2, 3, 4)]
    assert len(list(tmp_path.glob("Generator*"))) == len(list(tmp_path.glob("Discriminator*"))) == 5
    assert [fault(tmp_path, position) for position in positions(tmp_path)] == [None] * 5


def test_what_a_killed_process_left_goes_with_the_next_set(tmp_path, tiny):
    """It was saving, or removing, sets from inside epochs; later ones may be those of the run that went on."""
    for tag in ("0-step3", "1-step9", "2-step1"):
        for name in ("Generator", "TrainState"):
            (tmp_path / f"{name}{tag}.ckpt").write_bytes(b"without a manifest")
    save(tmp_path, Position(2), tiny(0))
    assert names(tmp_path) == sorted([*set_names("1"), "Generator2-step1.ckpt", "TrainState2-step1.ckpt"])


def test_a_set_from_inside_an_epoch_goes_with_the_next_one(tmp_path, tiny):
    players = tiny(0)
    for position in (Position(1), Position(1, 2), Position(1, 10)):
        save(tmp_path, position, players)
    assert names(tmp_path) == sorted(set_names("0") + set_names("1-step10"))
    save(tmp_path, Position(2), players)
    assert names(tmp_path) == sorted(set_names("0") + set_names("1"))


def test_later_sets_stay(tmp_path, tiny):
    for position in (Position(5), Position(7, 3), Position(2)):
        save(tmp_path, position, tiny(0))
    assert positions(tmp_path) == [Position(2), Position(5), Position(7, 3)]


def test_positions_of_no_folder():
    assert positions(Path("there", "is", "none")) == []


# Failing to write


@pytest.mark.parametrize("failing", range(4), ids=["generator", "discriminator", "train state", "manifest"])
def test_a_failed_write_leaves_no_set_and_harms_no_older_one(tmp_path, tiny, monkeypatch, failing):
    players = tiny(0)
    save(tmp_path, Position(1), players)
    save(tmp_path, Position(1, 4), players)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    replace, calls = os.replace, []

    def replace_or_fail(source, target):
        calls.append(Path(target).name)
        if len(calls) == failing + 1:
            raise OSError(28, "No space left on device", str(target))
        replace(source, target)

    monkeypatch.setattr(writing.os, "replace", replace_or_fail)
    scramble(players, 1)
    with pytest.raises(OSError, match="No space left"):
        save(tmp_path, Position(2), players)
    monkeypatch.undo()
    order = ["Generator1.ckpt", "Discriminator1.ckpt", "TrainState1.ckpt", "Epoch1.json"]  # the manifest comes last
    assert calls == order[: failing + 1]
    assert positions(tmp_path) == [Position(1), Position(1, 4)]
    assert names(tmp_path) == sorted([*before, *order[:failing]])  # no temporary files
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    save(tmp_path, Position(2), players)
    assert fault(tmp_path, Position(2)) is None


def test_a_full_disk_leaves_nothing_behind(tmp_path, real_players):
    """A real write that the system cuts short."""
    resource = pytest.importorskip("resource")
    players = real_players(0)
    save(tmp_path, Position(1), players)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(OSError):
            save(tmp_path, Position(2), players)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == set_names("0")
    assert fault(tmp_path, Position(1)) is None


# Damage


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 0x10
    path.write_bytes(content)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def swap_with_another_epoch(path: Path) -> None:
    shutil.copyfile(path.with_name(path.name.replace("1", "0")), path)


@pytest.mark.parametrize("damage", [flip_a_bit, cut_short, swap_with_another_epoch])
@pytest.mark.parametrize("player", ["generator", "discriminator", "train_state"])
def test_damage_is_found(tmp_path, tiny, player, damage):
    for epoch in (1, 2):
        players = tiny(epoch)
        scramble(players, epoch)
        save(tmp_path, Position(epoch), players)
    assert fault(tmp_path, Position(2)) is None
    damaged = set_files(tmp_path, Position(2))[player]
    damage(damaged)
    assert fault(tmp_path, Position(2)) == f"{damaged} is damaged: its SHA-256 is not the one in Epoch1.json"
    assert fault(tmp_path, Position(1)) is None


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_a_missing_file_is_found(tmp_path, tiny, player):
    save(tmp_path, Position(1), tiny(0))
    missing = set_files(tmp_path, Position(1))[player]
    missing.unlink()
    assert fault(tmp_path, Position(1)) == f"{missing} cannot be read: No such file or directory"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"sha256": {}}', '{"sha256": 3}', "\xff"])
def test_a_damaged_manifest_is_found(tmp_path, tiny, text):
    save(tmp_path, Position(1), tiny(0))
    (tmp_path / "Epoch0.json").write_bytes(text.encode("latin-1"))
    assert fault(tmp_path, Position(1)) == f"{tmp_path / 'Epoch0.json'} is damaged"


def test_the_manifest_holds_the_digests(tmp_path, tiny):
    save(tmp_path, Position(1), tiny(0))
    digests = json.loads((tmp_path / "Epoch0.json").read_text())["sha256"]
    assert sorted(digests) == [name for name in set_names("0") if name.endswith(".ckpt")]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests.values())


# Files of the slides' script


def test_files_of_the_slides_script(tmp_path, slides):
    theirs = slides.files(tmp_path, 99)
    tensors = read_tensors(tmp_path / "Generator99.ckpt")
    assert {"optim_ggeneratormodel.0.weight", "optim_ggeneratormodel.3.gamma", "generatormodel.9.moving_mean"} < set(
        tensors
    )
    assert "optim_ddiscriminatormodel.0.weight" in read_tensors(tmp_path / "Discriminator99.ckpt")
    ours = build("mlp", 100)
    for network, their, player in zip(ours, theirs, ("generator", "discriminator"), strict=True):
        load_weights(tmp_path / f"{player.capitalize()}99.ckpt", network, player)
        mine, others = dict(network.parameters_and_names()), dict(their.parameters_and_names())
        assert mine.keys() == others.keys()
        for name, parameter in mine.items():
            assert np.array_equal(parameter.asnumpy(), others[name].asnumpy()), name


# Files that are not what is wanted


@pytest.fixture(scope="module")
def trained_files(tmp_path_factory, cpu):
    """Files of real networks with 100 and with 7 numbers in a latent code, under names as the package gives them."""
    folder = tmp_path_factory.mktemp("files")
    for latent_size in (100, 7):
        for player, network in zip(("generator", "discriminator"), build("mlp", latent_size), strict=True):
            network.update_parameters_name(f"{player}.")
            ms.save_checkpoint(network, str(folder / f"{player}{latent_size}.ckpt"))
    return folder


def generator():
    return build("mlp", 100)[0]


def test_another_architecture_names_the_layer(trained_files):
    """The first layer differs in shape; nothing is loaded."""
    network = generator()
    before = [p.asnumpy().copy() for p in network.get_parameters()]
    path = trained_files / "generator7.ckpt"
    wanted = f"{path} is of another architecture: layer model.0.weight is 128×7 there, 128×100 here"
    assert message_of(load_weights, path, network, "generator") == wanted
    assert all(np.array_equal(p.asnumpy(), old) for p, old in zip(network.get_parameters(), before, strict=True))


@pytest.mark.parametrize("extra", [True, False])
def test_a_layer_more_or_less_is_named(tmp_path, extra):
    path = tmp_path / "Generator0.ckpt"
    one, two = nn.SequentialCell(nn.Dense(2, 3)), nn.SequentialCell(nn.Dense(2, 3), nn.Dense(3, 4))
    ms.save_checkpoint(two if extra else one, str(path))
    message = message_of(load_weights, path, one if extra else two, "generator")
    assert (
        "layer 1.bias is 4 there, missing here" in message
        if extra
        else "layer 1.bias is missing there, 4 here" in message
    )


@pytest.mark.parametrize("player, other", [("generator", "discriminator"), ("discriminator", "generator")])
def test_the_other_players_file_is_named(trained_files, player, other):
    network = build("mlp", 100)[player == "discriminator"]
    message = message_of(load_weights, trained_files / f"{other}100.ckpt", network, player)
    assert f"holds a {other}; a {player} is wanted here: name the {player.capitalize()}….ckpt beside it" in message


def test_the_other_players_file_of_the_slides(tmp_path, slides):
    slides.files(tmp_path, 0)
    assert "holds a discriminator" in message_of(
        load_weights, tmp_path / "Discriminator0.ckpt", generator(), "generator"
    )


def test_what_is_no_checkpoint(tmp_path, trained_files):
    path = tmp_path / "Generator0.ckpt"
    assert message_of(read_tensors, path) == f"cannot read {path}: No such file or directory"
    path.mkdir()
    assert message_of(read_tensors, path).startswith(f"cannot read {path}: ")
    path.rmdir()
    path.write_bytes(b"")
    assert message_of(read_tensors, path) == f"{path} is not a MindSpore checkpoint: it holds no weights"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    assert message_of(read_tensors, path).startswith(f"{path} is not a MindSpore checkpoint")
    path.write_text("these are not weights")
    assert message_of(read_tensors, path).startswith(f"{path} is not a MindSpore checkpoint")
    path.write_bytes((trained_files / "generator100.ckpt").read_bytes()[:100_000])
    assert message_of(read_tensors, path).startswith(f"{path} is not a MindSpore checkpoint, or it was cut short")


def test_a_file_cut_between_two_weights(tmp_path, trained_files):
    """It is a readable checkpoint with too few weights: MindSpore itself loads it without a word."""
    message = Checkpoint.FromString((trained_files / "generator100.ckpt").read_bytes())
    del message.value[-1:]
    path = tmp_path / "Generator0.ckpt"
    path.write_bytes(message.SerializeToString())
    assert "is missing there" in message_of(load_weights, path, generator(), "generator")


@pytest.mark.parametrize(
    "dims, content, kind",
    [
        ([1_000_000, 1_000_000], bytes(4), "Float32"),
        ([2**62, 4], bytes(0), "Float32"),
        ([0, 10**12], bytes(0), "Float32"),
        ([-1, 4], bytes(16), "Float32"),
        ([-2, -2], bytes(16), "Float32"),
        ([2], bytes(7), "Float32"),
        ([2], bytes(8), "Strange99"),
        ([0], bytes(8), "Float32"),
    ],
)
def test_no_size_in_a_file_is_believed(tmp_path, dims, content, kind):
    message = Checkpoint()
    entry = message.value.add(tag="generator.model.0.weight")
    entry.tensor.dims.extend(dims)
    entry.tensor.tensor_type, entry.tensor.tensor_content = kind, content
    path = tmp_path / "Generator0.ckpt"
    path.write_bytes(message.SerializeToString())
    told = f"has {len(content)} bytes for its shape" if kind == "Float32" else f"is of the type {kind!r}"
    wanted = f"{path} is not a whole checkpoint: 'generator.model.0.weight' {told}"
    assert message_of(read_tensors, path).startswith(wanted)


@pytest.mark.parametrize("dims", [[], [0], [1]])
def test_scalars_in_every_spelling(tmp_path, dims):
    message = Checkpoint()
    entry = message.value.add(tag="beta1_power")
    entry.tensor.dims.extend(dims)
    entry.tensor.tensor_type, entry.tensor.tensor_content = "Float32", np.float32(0.5).tobytes()
    (tmp_path / "TrainState0.ckpt").write_bytes(message.SerializeToString())
    value = read_tensors(tmp_path / "TrainState0.ckpt")["beta1_power"]
    assert value.shape == ((1,) if dims == [1] else ()) and value == np.float32(0.5)
