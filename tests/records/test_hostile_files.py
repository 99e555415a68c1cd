"""Files that somebody else made to do harm: nothing in them is executed, and no size in them is believed."""

import json
import os
import pickle
import struct
from dataclasses import replace
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import nn
from mindspore.train.checkpoint_pb2 import Checkpoint

from ms_gan.commands.parse import command_line
from ms_gan.disk import sealed
from ms_gan.errors import UserError
from ms_gan.recipes import Recipe, find_recipe
from ms_gan.records import checkpoint, history
from ms_gan.records.checkpoint import Position, fault, load_weights, read_tensors, save, set_files
from ms_gan.records.history import Row
from ms_gan.records.run_folder import RunFolder
from ms_gan.records.trained import load_discriminator, load_generator, recipe_of
from ms_gan.runs.resume import NEWEST, find_start

pytestmark = pytest.mark.usefixtures("cpu")


def message_of(call, *arguments) -> str:
    with pytest.raises(UserError) as caught:
        call(*arguments)
    assert str(caught.value).isprintable()
    return str(caught.value)


def entry(message: Checkpoint, name: str, dims: list[int], content: bytes, kind: str = "Float32") -> None:
    value = message.value.add(tag=name)
    value.tensor.dims.extend(dims)
    value.tensor.tensor_type, value.tensor.tensor_content = kind, content


def one(name: str, dims: list[int], content: bytes, kind: str = "Float32") -> bytes:
    message = Checkpoint()
    entry(message, name, dims, content, kind)
    return message.SerializeToString()


def as_table(table: bytes) -> bytes:
    """Of the kind safetensors."""
    return struct.pack("<Q", len(table)) + table


def safe(table: dict, numbers: bytes) -> bytes:
    return as_table(json.dumps(table).encode()) + numbers


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def sparse(path: Path, size: int) -> Path:
    """A file that holds so many zeros and takes no room."""
    with put(path, b"").open("wb") as file:
        file.truncate(size)
    return path


# Checkpoints


class Bomb:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_nothing_is_unpickled(tmp_path):
    trace = tmp_path / "trace"
    pickled = pickle.dumps(Bomb(trace))
    np.savez(tmp_path / "arrays.npz", np.array([Bomb(trace)], dtype=object), allow_pickle=True)
    for content in (pickled, (tmp_path / "arrays.npz").read_bytes(), one("w", [1], pickled), one("w", [], pickled)):
        assert "Generator0.ckpt is not a" in message_of(load_generator, put(tmp_path / "Generator0.ckpt", content))
    assert not trace.exists()


def test_a_hundred_gigabytes(tmp_path):
    """Declared, they are compared with what is there; there, they are not read."""
    path = put(tmp_path / "Generator0.ckpt", one("generator.model.0.weight", [25_000_000, 1000], bytes(8)))
    assert "has 8 bytes for its shape" in message_of(read_tensors, path)
    sparse(path, 100 * 2**30)
    assert message_of(read_tensors, path) == f"cannot read {path}: more than {2**30:,} bytes"
    assert "more than" in message_of(load_generator, path)


def test_a_file_far_larger_than_the_network(tmp_path, tiny):
    path = sparse(tmp_path / "Generator0.ckpt", 2**27)
    assert "Generator0.ckpt: more than 67,1" in message_of(load_weights, path, tiny(0).generator, "generator")


@pytest.mark.parametrize(
    "content",
    [
        one("w", [1] * 33, bytes(4)),  # more dimensions than NumPy has
        one("w", [2**63 - 1] * 8, bytes(4)),
        one("w" * 1001, [1], bytes(4)),
        one("9" * 5000 + ".weight", [1], bytes(4)),  # more digits than Python turns into a number
        one("w", [1], bytes(4)) + one("v", [1], bytes(4)) + one("w", [1], bytes(4)),
        one("w", [1], bytes(4)) + one("w", [1], bytes(4)),
        one("w" * 9, [1], bytes(4)).replace(b"w" * 9, b"\xff" * 9),  # no UTF-8
        one("w", [1], bytes(4), "F" * 9).replace(b"F" * 9, b"\xff" * 9),
        one("w", [1], bytes(4))[:-1],
        one("w", [1], bytes(4), "Complex64"),
        one("w", [1], bytes(4)) + b"crc_num" + bytes(10),  # a checksum that is wrong
        b"crc_num" + bytes(10),
        safe({"w": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}, bytes(8)),
        safe({"w": {"dtype": "F32", "shape": [2**63, 2], "data_offsets": [0, 8]}}, bytes(8)),
        safe({"w": {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}}, bytes(8)),
        safe({n: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} for n in "vw"}, bytes(8)),  # one in another
        safe({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(8)),  # more than the table tells
        safe({"w": {"dtype": "F8_E4M3", "shape": [8], "data_offsets": [0, 8]}}, bytes(8)),
        safe({"w": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}, b""),
        safe({"w" * 1001: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(8)),
        safe({"w": {"dtype": "F32", "shape": [1] * 9, "data_offsets": [0, 4]}}, bytes(4)),
        safe({"__metadata__": {"crc_num": "1"}, "w": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}, b"1"),
        *map(as_table, (b"{}", b"{" * 1000, b'{"a":' * 100_000, b'{"w":null}', b"{\xff}", b"{" + b" " * 2**22 + b"}")),
        struct.pack("<Q", 2**63) + b"{}",
        b"\x0a" * 1000,
        b"\x0a\x00" * 100_000,
        bytes(1000),
    ],
)
def test_checkpoints_that_are_none(tmp_path, content):
    path = put(tmp_path / "Generator0.ckpt", content)
    assert message_of(read_tensors, path).startswith(f"{path} is not a")
    message_of(load_generator, path)
    message_of(load_discriminator, path)


def test_very_many_empty_tensors_are_refused_at_once(tmp_path):
    """Their table alone would make a million objects."""
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    few, many = ({f"{n}": empty for n in range(count)} for count in (20_000, 100_000))
    assert "too many tensors" in message_of(read_tensors, put(tmp_path / "a", safe(few, b"")))
    assert "its table of tensors has" in message_of(read_tensors, put(tmp_path / "a", safe(many, b"")))


def test_names_of_harm_are_shown_harmlessly(tmp_path, capsys):
    """In one line, whatever the extra entries of a file are called, and however many they are."""
    network = nn.SequentialCell(nn.Dense(2, 3))
    ms.save_checkpoint(network, str(tmp_path / "a.ckpt"))
    harm = b"".join(one("\x1b[2J\n" * 90 + f"{n}", [1], bytes(4)) for n in range(5000))
    path = put(tmp_path / "b.ckpt", (tmp_path / "a.ckpt").read_bytes() + harm)
    load_weights(path, network, "generator")
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and said[:-1].isprintable() and len(said) < 1000 and "4,997 more" in said


def test_a_large_tensors_slices_make_one(tmp_path, tiny, monkeypatch):
    players, other = tiny(0), tiny(1)
    save(tmp_path, Position(1), players)
    whole = (tmp_path / "Generator0.ckpt").read_bytes()
    monkeypatch.setattr(checkpoint, "SLICE", 8)
    save(tmp_path, Position(1), players)
    assert len((tmp_path / "Generator0.ckpt").read_bytes()) > len(whole)
    load_weights(tmp_path / "Generator0.ckpt", other.generator, "generator")
    for mine, theirs in zip(players.generator.get_parameters(), other.generator.get_parameters(), strict=True):
        assert np.array_equal(mine.asnumpy(), theirs.asnumpy())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX only")
def test_pipes_are_not_waited_for(tmp_path, tiny):
    folder = RunFolder(tmp_path)
    folder.create("gan", Recipe())
    save(folder.checkpoints, Position(1), tiny(0))
    folder.recipe.unlink()
    for path in set_files(folder.checkpoints, Position(1)).values():
        content = path.read_bytes()
        path.unlink()
        os.mkfifo(path)
        assert str(path) in fault(folder.checkpoints, Position(1))
        path.unlink()
        path.write_bytes(content)
    for path in (folder.recipe, folder.history):
        os.mkfifo(path)
    assert folder.read_recipe() is None
    assert "not a regular file" in message_of(history.read, folder.history)


# recipe.json and manifests


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


def settings_with(text: bytes) -> bytes:
    return b'{"networks": "mlp", ' + text + b"}"


HOSTILE_JSON = [
    *(b"", b"\0" * 100, b"\xff\xfe{\0}\0", b'"' * 100, b"[" * 1_000_000, nested(900), nested(3000), nested(100_000)),
    *(b"9" * 100_000, b"NaN", b"-Infinity", b"{}", b'{"title": "cake"}', b'{"sha256": {"a": 1}, "settings": []}'),
    *map(settings_with, (b'"epochs": ' + b"9" * 4000, b'"epochs": ' + b"9" * 5000, b'"learning_rate": ' + b"9" * 400)),
    *map(settings_with, (b'"learning_rate": NaN', b'"learning_rate": Infinity', b'"learning_rate": 1e999')),
    *map(settings_with, (b'"seed": -1', b'"size": {}', b'"noise": null', b'"seed": 3.0')),
    *map(settings_with, (b'"seal": 5', b'"seal": {}', b'"seal": "' + b"0" * 64 + b'"', b'"networks": ["mlp"]')),
]


@pytest.mark.parametrize("content", HOSTILE_JSON, ids=range(len(HOSTILE_JSON)))
def test_settings_and_manifests_that_are_none(tmp_path, tiny, content):
    folder = RunFolder(tmp_path)
    folder.create("gan", Recipe(seed=3))
    save(folder.checkpoints, Position(1), tiny(0), {"networks": "mlp", "seed": 3})
    folder.recipe.write_bytes(content)
    assert folder.recipe_is_damaged() and folder.read_recipe() == Recipe(seed=3)
    assert command_line(["train", "gan", "--resume", "--result", str(tmp_path)]).settings == Recipe(seed=3)
    (folder.checkpoints / "Epoch1.json").write_bytes(content)
    said = []
    assert find_start(folder, NEWEST, said.append).position == Position(1)
    assert said[0] == f"note: {folder.checkpoints / 'Epoch1.json'} is damaged; looking for an older epoch"
    assert folder.read_recipe() == Recipe(seed=3)
    (folder.checkpoints / "Epoch0.json").write_bytes(content)
    assert folder.read_recipe() is None
    assert "recipe.json is damaged" in message_of(recipe_of, folder.checkpoints / "Generator0.ckpt")


def test_a_large_recipe_is_none(tmp_path):
    folder = RunFolder(tmp_path)
    put(folder.recipe, b'{"networks": "mlp"' + b" " * 2**20 + b"}")
    assert folder.recipe_is_damaged() and folder.read_recipe() is None
    sparse(folder.recipe, 100 * 2**30)
    assert folder.recipe_is_damaged() and folder.read_recipe() is None


@pytest.mark.parametrize("data", ["\0", "a\0b", "", 7, None, [], {}, "x" * 5000, "/dev/stdin", "..", "no\nwhere"])
def test_the_folder_of_the_data_may_be_anything(tmp_path, data):
    folder = RunFolder(tmp_path)
    sealed.write(folder.recipe, {"networks": "mlp", "data": data})
    found = folder.read_data()
    assert found is None if not isinstance(data, str) or "\0" in data or not data else found == Path(data)


@pytest.mark.parametrize(
    "recipe", [replace(find_recipe("dcgan-faces"), width=10**6), Recipe(latent_size=10**9)], ids=["width", "latent"]
)
def test_networks_larger_than_the_weights_file_are_not_made(tmp_path, tiny, monkeypatch, recipe):
    """A recipe.json asks for more memory than there is; making them would take hours, if there were the memory."""
    folder = RunFolder(tmp_path)
    folder.create("gan", recipe)
    save(folder.checkpoints, Position(1), tiny(0))
    monkeypatch.setattr("mindspore.nn.Cell.__init__", lambda *_, **__: pytest.fail("a network is made"))
    path = folder.checkpoints / "Discriminator0.ckpt"
    assert message_of(load_discriminator, path).startswith(f"{path} is of another architecture: it is too small")
    assert "Generator0.ckpt is of another architecture: it is too small" in message_of(
        find_start, folder, NEWEST, [].append
    )


# history.csv


HEADER = ",".join(history.COLUMNS).encode() + b"\n"


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\0" * 5000, b"\xff\xfe" * 3000, b"x" * 10**7, b'"' * 10**6, b"\n" * 100_000, b"," * 10**6),
        *(b"some,table\n1,2\n", b"\r\n\r\n", HEADER.upper(), HEADER[:-2]),
    ],
)
def test_histories_that_are_none(tmp_path, content):
    assert "is not a history of losses" in message_of(history.read, put(tmp_path / "history.csv", content))


GOOD = [
    Row(0, 1, d_loss=1.0, g_loss=2.0, d_real=0.5, d_fake=0.25, seconds=0.125),
    Row(0, 2, d_loss=1.0, g_loss=2.0, d_real=0.5, d_fake=0.25, seconds=0.125),
]
LINES = [f"0,{step},1,2,0.5,0.25,0.125\n".encode() for step in (1, 2)]


@pytest.mark.parametrize(
    "line",
    [
        *(b"\0\n", b"\xff\n", b"1,1\n", b"1,1,1,1,1,1,1,1\n", b"1,1,x,1,1,1,1\n", b"\n", b'"0,3,1,1,1,1,1\n'),
        *(b"-1,3,1,1,1,1,1\n", b"0,0,1,1,1,1,1\n", b"0,-3,1,1,1,1,1\n", b"0,3.5,1,1,1,1,1\n", b"nan,3,1,1,1,1,1\n"),
        *(
            b"9" * 20 + b",1,1,1,1,1,1\n",
            b"9" * 5000 + b",1,1,1,1,1,1\n",
            b"0,3,1e300,1,1,1,1\n",
            b"0,3,-1e39,1,1,1,1\n",
        ),
        *(b"x" * 10**6 + b"\n", b"0,3,1,2,0.5,0.25,0.1"),  # too long a line; one cut short
        *(LINES[0], LINES[1]),  # there twice
    ],
)
def test_lines_that_are_no_rows_are_left_out(tmp_path, line):
    path = put(tmp_path / "history.csv", HEADER + LINES[0] + LINES[1] + line)
    rows, fault_told = history.read(path)
    assert rows == GOOD and fault_told.startswith(f"{path} is damaged in line ")
    if line.endswith(b"\n"):
        path.write_bytes(HEADER + LINES[0] + line + LINES[1])
        assert history.read(path)[0] == GOOD


def test_rows_out_of_order(tmp_path):
    """Another epoch's rows in between, one epoch far too high: the longest series in order stays."""
    rows = [
        Row(epoch, step, d_loss=1.0, g_loss=1.0, d_real=0.5, d_fake=0.5, seconds=0.1)
        for epoch in range(3)
        for step in range(1, 5)
    ]
    history.rewrite(tmp_path / "history.csv", [*rows[:3], rows[11], rows[3], rows[0], *rows[4:]])
    found, fault_told = history.read(tmp_path / "history.csv")
    assert found == rows and fault_told == f"{tmp_path / 'history.csv'} is damaged in line 5 and 1 more"


def test_a_damaged_first_line_loses_nothing(tmp_path):
    path = put(tmp_path / "history.csv", HEADER.replace(b"e", b"E", 1) + b"".join(LINES))
    assert history.read(path) == (GOOD, f"{path} is damaged in line 1")


def test_a_history_of_a_hundred_gigabytes(tmp_path):
    assert "more than 1,073,741,824 bytes" in message_of(history.read, sparse(tmp_path / "history.csv", 100 * 2**30))


def test_the_plot_of_the_greatest_numbers(tmp_path, command):
    rows = [
        Row(e, 10**9 - 1, d_loss=3.4e38, g_loss=-3.4e38, d_real=3.4e38, d_fake=-3.4e38, seconds=0.1)
        for e in (0, 10**9 - 1)
    ]
    folder = RunFolder(tmp_path)
    folder.create("wgan", find_recipe("wgan"))
    history.rewrite(
        folder.history,
        [
            *rows[:1],
            Row(1, 1, d_loss=float("nan"), g_loss=float("inf"), d_real=0.5, d_fake=-float("inf"), seconds=0.1),
            rows[1],
        ],
    )
    done = command("losses", tmp_path)
    assert (done.status, done.err) == (0, "") and folder.losses.exists()


# Links


@pytest.fixture
def linked(tmp_path, tiny):
    """A run whose checkpoints lie elsewhere, as on a larger disk, and whose history.csv is a link out of the folder."""
    folder = RunFolder(tmp_path / "run")
    folder.create("gan", Recipe(seed=3))
    folder.checkpoints.rmdir()
    (tmp_path / "elsewhere" / "checkpoints").mkdir(parents=True)
    try:
        folder.checkpoints.symlink_to(tmp_path / "elsewhere" / "checkpoints")
        folder.history.symlink_to(put(tmp_path / "outside.csv", HEADER + LINES[0]))
    except OSError:
        pytest.skip("this system gives no links")
    save(folder.checkpoints, Position(1), tiny(0))
    return folder


def test_a_linked_folder_is_followed(linked):
    assert find_start(linked, NEWEST, [].append).position == Position(1)
    assert recipe_of(linked.checkpoints / "Generator0.ckpt") == Recipe(seed=3)
    assert find_start(linked, str(linked.checkpoints / "Generator0.ckpt"), [].append).source.root == linked.root


def test_a_linked_file_is_replaced_and_never_written_through(linked, tmp_path):
    outside = tmp_path / "outside.csv"
    before = outside.read_bytes()
    rows, _ = history.read(linked.history)
    history.rewrite(linked.history, rows)
    history.append(linked.history, rows)
    assert outside.read_bytes() == before and not linked.history.is_symlink()
