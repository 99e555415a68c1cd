"""Every reader, given anything: what it was given to keep comes back, and of all else nothing but a UserError comes.

Arbitrary bytes seldom reach far into a reader, so real files with a few changes are tried, too.
"""

import gzip
import io
import json
import math
import os
import struct
import zlib
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from mindspore.train.checkpoint_pb2 import Checkpoint
from PIL import Image

from ms_gan.data.folder import decoded
from ms_gan.data.mnist import idx
from ms_gan.disk import sealed
from ms_gan.errors import UserError
from ms_gan.pictures.gif import write_gif
from ms_gan.pictures.read import read_picture
from ms_gan.recipes import RECIPES, Recipe
from ms_gan.records import history
from ms_gan.records.checkpoint import Position, fault, file_digest, file_fault
from ms_gan.records.history import Row
from ms_gan.records.run_folder import RunFolder
from ms_gan.records.tensors import read_tensors
from ms_gan.runs.resume import NEWEST, find_start

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ANYTHING = st.binary(max_size=300)


def changed(content: bytes) -> st.SearchStrategy[bytes]:
    """A file with up to four pieces of it replaced by others, most of them short."""

    def change(edits: list[tuple[int, int, bytes]]) -> bytes:
        there = content
        for place, length, piece in edits:
            there = there[:place] + piece + there[place + length :]
        return there

    edit = st.tuples(st.integers(0, len(content)), st.sampled_from([0, 1, 1, 1, 2, 40]), st.binary(max_size=3))
    return st.lists(edit, min_size=1, max_size=4).map(change)


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """Nothing waits for the disk."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def answer(read, *arguments):
    """What a reader says, or None for a UserError in one line."""
    try:
        return read(*arguments)
    except UserError as error:
        assert str(error).isprintable() and str(error)
        return None


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


# IDX


def images_as_idx(values: np.ndarray) -> bytes:
    return struct.pack(">4I", 2051, *values.shape) + values.tobytes()


IDX = images_as_idx(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=3, max_dims=3, max_side=5)), st.booleans())
@QUICK
def test_idx_comes_back(tmp_path, values, packed):
    content = images_as_idx(values)
    path = put(tmp_path / ("a.gz" if packed else "a"), gzip.compress(content) if packed else content)
    assert np.array_equal(idx.read_images(path), values)


@given(ANYTHING | changed(IDX) | changed(gzip.compress(IDX, mtime=0)))
@QUICK
def test_idx_of_anything(tmp_path, content):
    for name in ("a", "a.gz"):
        for read in (idx.read_images, idx.read_labels):
            values = answer(read, put(tmp_path / name, content))
            assert values is None or values.dtype == np.uint8


# recipe.json and manifests


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
RECIPE = json.dumps({"recipe": "gan", **asdict(Recipe(seed=3)), "data": "faces"}, indent=1).encode()


@given(st.dictionaries(st.text().filter(lambda name: name != sealed.SEAL), JSON))
@QUICK
def test_sealed_json_comes_back(tmp_path, content):
    sealed.write(tmp_path / "a.json", content)
    assert sealed.read(tmp_path / "a.json") == content


@given(st.sampled_from(sorted(RECIPES.values(), key=str)), st.integers(0, 2**32 - 1), st.floats(1e-9, 1e3), st.text())
@QUICK
def test_settings_come_back(tmp_path, recipe, seed, rate, name):
    recipe = Recipe(**asdict(recipe) | {"seed": seed, "learning_rate": rate})
    folder = RunFolder(tmp_path)
    folder.create(name, recipe, Path(name.replace("\0", "0")))
    assert folder.read_recipe() == recipe and not folder.recipe_is_damaged()


@given(
    ANYTHING
    | changed(RECIPE)
    | JSON.map(json.dumps).map(str.encode)
    | st.dictionaries(st.sampled_from([field.name for field in fields(Recipe)]), JSON).map(
        lambda some: json.dumps({"networks": "mlp", **some}).encode()
    )
)
@QUICK
def test_a_recipe_of_anything(tmp_path, content):
    folder = RunFolder(tmp_path)
    folder.recipe.write_bytes(content)
    assert isinstance(folder.read_recipe(), Recipe | None) and isinstance(folder.read_data(), Path | None)
    assert folder.recipe_is_damaged() == (folder.read_recipe() is None)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory, cpu) -> tuple[RunFolder, bytes]:
    """A run with one set of three small files, and what its manifest holds."""
    folder = RunFolder(tmp_path_factory.mktemp("manifest"))
    folder.create("gan", Recipe())
    for name in ("Generator0.ckpt", "Discriminator0.ckpt", "TrainState0.ckpt"):
        (folder.checkpoints / name).write_bytes(name.encode())
    digests = {path.name: file_digest(path) for path in folder.checkpoints.iterdir()}
    sealed.write(folder.checkpoints / "Epoch0.json", {"sha256": digests, "settings": {}})
    return folder, (folder.checkpoints / "Epoch0.json").read_bytes()


@given(data=st.data())
@QUICK
def test_a_manifest_of_anything(manifest, data):
    folder, content = manifest
    made = st.fixed_dictionaries({"sha256": st.dictionaries(st.sampled_from(["Generator0.ckpt", "a"]), JSON) | JSON})
    given_bytes = data.draw(ANYTHING | changed(content) | made.map(json.dumps).map(str.encode))
    path = put(folder.checkpoints / "Epoch0.json", given_bytes)
    found = fault(folder.checkpoints, Position(1))
    same = _object(given_bytes) == _object(content)
    assert found is None if same else found == f"{path} is damaged"
    assert answer(find_start, folder, NEWEST, [].append) is None or same
    assert file_fault(folder.checkpoints / "Generator0.ckpt") is None or not same


def _object(content: bytes):
    try:
        return json.loads(content.decode("utf-8"))
    except ValueError:
        return None


# history.csv

MEASURED = st.floats(width=32)


def _as_row(epoch, step, d_loss, g_loss, d_real, d_fake, seconds):
    return Row(epoch, step, d_loss=d_loss, g_loss=g_loss, d_real=d_real, d_fake=d_fake, seconds=seconds)


ROWS = st.lists(
    st.tuples(st.integers(0, 10**9 - 1), st.integers(1, 10**9 - 1), *[MEASURED] * 5), unique_by=lambda row: row[:2]
).map(lambda rows: [_as_row(*row) for row in sorted(rows, key=lambda row: row[:2])])
HISTORY = b"epoch,step,d_loss,g_loss,d_real,d_fake,seconds\n" + b"".join(
    f"{epoch},{step},1.25,0.5,nan,0.25,0.125\n".encode() for epoch in range(2) for step in (1, 2, 3)
)


@given(ROWS)
@QUICK
def test_a_history_comes_back(tmp_path, rows):
    path = tmp_path / "history.csv"
    history.rewrite(path, rows[:1])
    history.append(path, rows[1:])
    found, told = history.read(path)
    assert told is None and len(found) == len(rows)
    for back, row in zip(found, rows, strict=True):
        measured = ([*each.figures.values(), each.seconds] for each in (back, row))
        assert np.array_equal(*map(np.float32, measured), equal_nan=True) and back.figures.keys() == row.figures.keys()
        assert (back.epoch, back.step) == (row.epoch, row.step)


@given(ANYTHING | changed(HISTORY) | st.lists(st.sampled_from(HISTORY.splitlines(keepends=True))).map(b"".join))
@QUICK
def test_a_history_of_anything(tmp_path, content):
    rows, told = answer(history.read, put(tmp_path / "history.csv", content)) or ([], "")
    steps = [(row.epoch, row.step) for row in rows]
    assert steps == sorted(set(steps)) and all(math.isfinite(row.epoch + row.step) for row in rows)
    assert told is not None or len(rows) == content.count(b"\n") - 1


# Checkpoints


def as_checkpoint(tensors: dict[str, np.ndarray]) -> bytes:
    """A file as MindSpore writes it, by Google's own encoder."""
    message = Checkpoint()
    for name, value in tensors.items():
        entry = message.value.add(tag=name)
        entry.tensor.dims.extend(value.shape)
        entry.tensor.tensor_type, entry.tensor.tensor_content = value.dtype.name.capitalize(), value.tobytes()
    return message.SerializeToString()


TENSORS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from([np.float32, np.int32, np.float16, np.float64, np.int64]).flatmap(
        lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, max_dims=4, max_side=4))
    ),
    min_size=1,
    max_size=5,
)
CHECKPOINT = as_checkpoint({f"model.{number}.weight": np.arange(6, dtype=np.float32) for number in range(3)})


@given(TENSORS)
@QUICK
def test_a_checkpoint_comes_back(tmp_path, tensors):
    found = read_tensors(put(tmp_path / "a.ckpt", as_checkpoint(tensors)))
    assert list(found) == list(tensors)
    for name, value in tensors.items():
        assert found[name].dtype == value.dtype and found[name].shape == value.shape
        assert found[name].tobytes() == value.tobytes()


@given(ANYTHING | changed(CHECKPOINT) | st.binary(max_size=40).map(lambda middle: b"\x0a" + middle))
@QUICK
def test_a_checkpoint_of_anything(tmp_path, content):
    found = answer(read_tensors, put(tmp_path / "a.ckpt", content)) or {}
    assert all(value.size and value.nbytes <= 2 * len(content) for value in found.values())  # bfloat16 grows twofold


SAFE = safetensors.numpy.save({f"model.{n}.weight": np.arange(6, dtype=np.float32) for n in range(3)}, {"format": "ms"})


@given(TENSORS)
@QUICK
def test_safetensors_come_back(tmp_path, tensors):
    found = read_tensors(put(tmp_path / "a.ckpt", safetensors.numpy.save(tensors)))
    assert found.keys() == tensors.keys()
    for name, value in tensors.items():
        assert found[name].dtype == value.dtype and found[name].shape == value.shape
        assert found[name].tobytes() == value.tobytes()


def as_safetensors(table: bytes, numbers: bytes = bytes(8)) -> bytes:
    return struct.pack("<Q", len(table)) + table + numbers


ENTRIES = st.dictionaries(st.sampled_from(["dtype", "shape", "data_offsets", "crc_num"]), JSON)


@given(
    changed(SAFE)
    | st.dictionaries(st.sampled_from(["a", "__metadata__"]), JSON | ENTRIES).map(
        lambda table: as_safetensors(json.dumps(table).encode())
    )
    | ANYTHING.map(lambda middle: as_safetensors(b"{" + middle))
)
@QUICK
def test_safetensors_of_anything(tmp_path, content):
    found = answer(read_tensors, put(tmp_path / "a.safetensors", content)) or {}
    assert all(value.size and value.nbytes <= 2 * len(content) for value in found.values())


# Pictures


def picture(kind: str) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.arange(784, dtype=np.uint8).reshape(28, 28)).save(content, kind)
    return content.getvalue()


@given(
    st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"]).flatmap(lambda kind: changed(picture(kind)))
    | ANYTHING
)
@QUICK
def test_a_picture_of_anything(tmp_path, content):
    path = put(tmp_path / "a.png", content)
    pixels = answer(read_picture, path, (1, 28, 28))
    assert pixels is None or pixels.shape == (28, 28, 1)
    answer(write_gif, tmp_path / "a.gif", [path], ["epoch 1"])


@given(arrays.arrays(np.uint8, (28, 28, 1)))
@QUICK
def test_a_picture_comes_back(tmp_path, pixels):
    Image.fromarray(pixels[:, :, 0]).save(tmp_path / "a.png")
    assert np.array_equal(read_picture(tmp_path / "a.png", (1, 28, 28)), pixels)


# What is kept of a folder of pictures

NOTES = {
    "read": 3,
    "narrow": 0,
    "enlarged": 1,
    "unreadable": {"a": "b"},
    "no_pictures": {".txt": 2},
    "crc32": zlib.crc32(bytes(48)),
}


@given(data=st.data())
@QUICK
def test_notes_of_anything(tmp_path, data):
    path = put(tmp_path / "a.u8", bytes(48))
    sealed.write(tmp_path / "a.json", NOTES)
    content = (tmp_path / "a.json").read_bytes()
    made = st.dictionaries(st.sampled_from(list(NOTES)), JSON).map(lambda some: json.dumps(NOTES | some).encode())
    put(tmp_path / "a.json", data.draw(ANYTHING | changed(content) | made))
    found = decoded.load(path, (4, 4, 1))
    same = _object((tmp_path / "a.json").read_bytes()) == _object(content)
    assert (found is not None) == same and (not same or asdict(found[1]) | {"crc32": NOTES["crc32"]} == NOTES)
