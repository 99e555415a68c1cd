"""Reading MindSpore's checkpoint files: nothing in them is executed, and no size in them is believed.

They are messages of Protocol Buffers: a Checkpoint of values (1), each with a tag (1) and a tensor (2) of dims (1),
type (2) and content (3). They are read here and not by Google's decoder, which makes objects of all there is before
anything can be refused: within MindSpore it runs in Python, and takes seconds for 200 kB of empty tensors. With
`crc_check` the file ends in a mark and the CRC-32 of all before it.

With `format="safetensors"` a file holds the size of its table, the table in JSON, and the numbers. The safetensors
package, which MindSpore needs itself, reads that; the table's size is bounded before.
"""

import binascii
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import safetensors

from ms_gan.disk.reading import read_bytes
from ms_gan.errors import UserError

LARGEST = 2**30  # bytes of a file, where it is not known which network it is for
MOST_TENSORS, MOST_DIMENSIONS = 10_000, 8
LONGEST_NAME = 1000  # bytes
LARGEST_TABLE = 2**22  # bytes: of safetensors, whose table takes some 100 for a tensor
TENSOR = (1, 2, 3)  # a tensor's fields: dims, type and content
TYPES = {
    **{"Float32": np.float32, "Float16": np.float16, "Float64": np.float64, "Bool": np.bool_},
    **{f"Int{bits}": np.dtype(f"int{bits}").type for bits in (8, 16, 32, 64)},
    **{f"UInt{bits}": np.dtype(f"uint{bits}").type for bits in (8, 16, 32, 64)},
    "BFloat16": np.uint16,  # the upper half of a float32, as which it is read: NumPy has no such type
    "str": np.uint8,  # a note of `append_dict`, as its bytes: there is no use for it here
}
SAFE_TYPES = {"F": "Float", "BF": "BFloat", "I": "Int", "U": "UInt"}
"""By the letters of safetensors' names, which have the bits behind them: F32 is Float32."""

CRC_MARK, CRC_DIGITS = b"crc_num", 10


def read_tensors(path: Path, most: int = LARGEST) -> dict[str, np.ndarray]:
    """What a checkpoint file holds, by name: read-only arrays; bfloat16 as float32, texts as bytes.

    Both of MindSpore's formats are read, whatever the file's name ends in. A CRC-32 in it is checked.

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
        tensors = _safetensors(content) if _is_safetensors(content) else _tensors(_checked(content))
    except _Broken as error:
        raise UserError(f"{path} is not a whole checkpoint: {error}") from error
    except ValueError as error:
        raise UserError(f"{path} is not a MindSpore checkpoint, or it was cut short") from error
    if not tensors:
        raise UserError(f"{path} is not a MindSpore checkpoint: it holds no weights")
    return tensors


class _Broken(ValueError):
    """A checkpoint, but not a whole one; the message says why."""


def _checked(content: memoryview) -> memoryview:
    """The content without its CRC-32, if it ends in one, and that is right."""
    end = len(content) - len(CRC_MARK) - CRC_DIGITS
    if end < 0 or content[end : end + len(CRC_MARK)] != CRC_MARK:
        return content
    if binascii.crc32(content[:end]) != int.from_bytes(content[end + len(CRC_MARK) :], "big"):
        raise _Broken("its checksum (CRC-32) is not that of its content")
    return content[:end]


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
    kind = bytes(dict(slices[0]).get(2, b"")).decode("utf-8")
    parts = [dict(fields).get(3, b"") for fields in slices]
    content = parts[0] if len(parts) == 1 else b"".join(parts)
    if kind == "str":
        dims = [len(content)]
    # MindSpore gives a scalar the dims [0] in some releases, [] in others.
    elif kind in TYPES and dims == [0] and len(content) == np.dtype(TYPES[kind]).itemsize:
        dims = []
    return _array(name, kind, dims, content)


def _array(name: str, kind: str, dims: list[int], content: memoryview | bytes) -> np.ndarray:
    if kind not in TYPES:
        raise _Broken(f"{name[:80]!r} is of the type {kind[:20]!r}, which is none of numbers")
    size = np.dtype(TYPES[kind]).itemsize
    if len(dims) > MOST_DIMENSIONS or min(dims, default=1) < 1 or len(content) != math.prod(dims) * size:
        raise _Broken(f"{name[:80]!r} has {len(content)} bytes for its shape")
    # Bytes inside a file seldom begin at a multiple of four, and MindSpore 2.7 refuses such arrays.
    array = np.require(np.frombuffer(content, TYPES[kind]).reshape(dims), requirements="A")
    if kind == "BFloat16":
        array = (array.astype(np.uint32) << 16).view(np.float32)
        array.flags.writeable = False
    return array


def _is_safetensors(content: memoryview) -> bool:
    # A Checkpoint begins with the length of its first value, and would need more than LARGEST bytes to look so.
    return content[8:9] == b"{" and 0 < int.from_bytes(content[:8], "little") <= len(content) - 8


def _safetensors(content: memoryview) -> dict[str, np.ndarray]:
    size = int.from_bytes(content[:8], "little")
    if size > LARGEST_TABLE:
        raise _Broken(f"its table of tensors has {size:,} bytes")
    try:
        found = dict(safetensors.deserialize(bytes(content)))
    except safetensors.SafetensorError as error:
        raise ValueError from error
    if len(found) > MOST_TENSORS or any(len(name.encode()) > LONGEST_NAME for name in found):
        raise _Broken("it holds too many tensors, or a name is too long")
    table = json.loads(bytes(content[8 : 8 + size]))  # it has been read above, so it is one
    told = table.pop("__metadata__", None) or {}
    if "crc_num" in told and told["crc_num"] != str(_safe_crc(found)):
        raise _Broken("its checksum (CRC-32) is not that of its content")
    return {name: _safe_array(name, found[name]) for name in table}


def _safe_crc(found: dict[str, dict]) -> int:
    """Of each tensor's name and content, in the order of their names, as MindSpore counts it."""
    number = 0
    for name in sorted(found):
        number = binascii.crc32(found[name]["data"], binascii.crc32(name.encode(), number))
    return number


def _safe_array(name: str, entry: dict) -> np.ndarray:
    return _array(name, _kind(entry["dtype"]), entry["shape"], bytes(entry["data"]))


def _kind(dtype: str) -> str:
    """MindSpore's name of a type: F32 → Float32."""
    letters = dtype.rstrip("0123456789")
    return "Bool" if dtype == "BOOL" else SAFE_TYPES.get(letters, letters) + dtype[len(letters) :]


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
