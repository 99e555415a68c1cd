"""Reading MindSpore's checkpoint files: nothing in them is executed, and no size in them is believed.

They are messages of Protocol Buffers: a Checkpoint of values (1), each with a tag (1) and a tensor (2) of dims (1),
type (2) and content (3). They are read here and not by Google's decoder, which makes objects of all there is before
anything can be refused: within MindSpore it runs in Python, and takes seconds for 200 kB of empty tensors.
"""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np

from ms_gan.disk.reading import read_bytes
from ms_gan.errors import UserError

LARGEST = 2**30  # bytes of a file, where it is not known which network it is for
MOST_TENSORS, MOST_DIMENSIONS = 10_000, 8
LONGEST_NAME = 1000  # bytes
TENSOR = (1, 2, 3)  # a tensor's fields: dims, type and content
TYPES = {"Float32": np.float32, "Int32": np.int32, "Float16": np.float16, "Float64": np.float64, "Int64": np.int64}


def read_tensors(path: Path, most: int = LARGEST) -> dict[str, np.ndarray]:
    """What a checkpoint file holds, by name: read-only arrays.

    Args:
        path: the file.
        most: bytes of the largest file that is read.

    Raises:
        UserError: there is no such file, it is larger, or it is not a whole checkpoint.
    """
    try:
        content = memoryview(read_bytes(path, most))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    try:
        tensors = _tensors(content)
    except _Broken as error:
        raise UserError(f"{path} is not a whole checkpoint: {error}") from error
    except ValueError as error:
        raise UserError(f"{path} is not a MindSpore checkpoint, or it was cut short") from error
    if not tensors:
        raise UserError(f"{path} is not a MindSpore checkpoint: it holds no weights")
    return tensors


class _Broken(ValueError):
    """A checkpoint, but not a whole one; the message says why."""


def _tensors(content: memoryview) -> dict[str, np.ndarray]:
    """By name; the slices of a large tensor, which follow one another under one name, make one."""
    values = [dict(_fields(value, (1, 2), most=2)) for _, value in _fields(content, (1,), most=MOST_TENSORS)]
    tensors = {}
    for tag, slices in itertools.groupby(values, key=lambda value: bytes(value.get(1, b""))):
        name = tag.decode("utf-8")
        if name in tensors or len(tag) > LONGEST_NAME:
            raise _Broken(f"it holds {name[:80]!r} twice, or the name is too long")
        tensors[name] = _tensor(name, [_fields(value.get(2, b""), TENSOR, MOST_DIMENSIONS + 2) for value in slices])
    return tensors


def _tensor(name: str, slices: list[list[tuple[int, Any]]]) -> np.ndarray:
    dims = [size for number, size in slices[0] if number == 1]
    kind = TYPES.get(bytes(dict(slices[0]).get(2, b"")).decode("utf-8"))
    parts = [dict(fields).get(3, b"") for fields in slices]
    content = parts[0] if len(parts) == 1 else b"".join(parts)
    # MindSpore gives a scalar the dims [0] in some releases, [] in others.
    if kind and dims == [0] and len(content) == np.dtype(kind).itemsize:
        dims = []
    if not kind or min(dims, default=1) < 1 or len(content) != math.prod(dims) * np.dtype(kind).itemsize:
        raise _Broken(f"{name[:80]!r} has {len(content)} bytes for its shape")
    # Bytes inside a file seldom begin at a multiple of four, and MindSpore 2.7 refuses such arrays.
    return np.require(np.frombuffer(content, kind).reshape(dims), requirements="A")


def _fields(message: memoryview, known: tuple[int, ...], most: int) -> list[tuple[int, Any]]:
    """(number, value) of each field: a whole number for the dims, bytes for all others. Raises ValueError."""
    fields, place = [], 0
    while place < len(message):
        key, place = _number(message, place)
        value, place = _number(message, place)
        number, kind = key >> 3, key & 7
        if number not in known or kind != (0 if known == TENSOR and number == 1 else 2) or len(fields) == most:
            raise ValueError
        if kind == 2:
            value, place = message[place : place + value], place + value
        fields.append((number, value))
    if place > len(message):
        raise ValueError
    return fields


def _number(message: memoryview, place: int) -> tuple[int, int]:
    """A whole number of at most ten bytes, seven bits in each, and the place behind it. Raises ValueError."""
    number = 0
    for shift, byte in enumerate(message[place : place + 10]):
        number |= (byte & 127) << 7 * shift
        if byte < 128:
            return number, place + shift + 1
    raise ValueError
