"""A generator as an ONNX file, which other programs can run without MindSpore."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from mindspore import Tensor, nn, onnx

from ms_gan.disk.writing import write_bytes
from ms_gan.networks.sharing import same_parameters

INPUT = "latent_code"

Change = Callable[[bytes], bytes | None]
"""What becomes of a field's content; None leaves the field out."""


def export_onnx(generator: nn.Cell, path: Path, latent_size: int, count: int = 1) -> None:
    """Writes a plain generator in evaluation mode: latent_code, float32 count×latent_size, to images count×C×H×W in
    [−1, 1].

    The generator stays as it is. Take the plain one: the twins that `fast` makes have operations that ONNX has not.

    Args:
        generator: a network of MindSpore's own layers.
        path: the file; one that is there is replaced.
        latent_size: numbers in a latent code.
        count: pictures that the file makes at a time. MindSpore 2.10 writes it into the file.

    Raises:
        OSError: the file cannot be written.
    """
    # A copy, because MindSpore exports an instance only once.
    network, codes = same_parameters(generator), Tensor(np.zeros((count, latent_size), np.float32))
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, "generator.onnx")
        onnx.export(network, codes, file_name=str(written), input_names=[INPUT])
        content = written.read_bytes()
    write_bytes(path, _changed(content, {7: _graph}))


def _graph(graph: bytes) -> bytes:
    return _changed(graph, {1: _node})


def _node(node: bytes) -> bytes:
    """MindSpore 2.10 gives ConvTranspose an output_shape of four numbers, where ONNX wants two, or none at all: its
    strides and pads say it already."""
    transposed = any(number == 4 and content == b"ConvTranspose" for number, content, _ in _fields(node))
    return _changed(node, {5: _attribute}) if transposed else node


def _attribute(attribute: bytes) -> bytes | None:
    named = any(number == 1 and content == b"output_shape" for number, content, _ in _fields(attribute))
    return None if named else attribute


def _changed(message: bytes, changes: dict[int, Change]) -> bytes:
    """A message of Protocol Buffers with the fields of some numbers changed."""
    parts = []
    for number, content, whole in _fields(message):
        if number not in changes:
            parts.append(whole)
        elif (new := changes[number](content)) is not None:
            parts += [_varint(number << 3 | 2), _varint(len(new)), new]
    return b"".join(parts)


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """(number, content, the field as it is written) of each field; numbers have no content here."""
    place = 0
    while place < len(message):
        begin = place
        key, place = _number(message, place)
        size = {1: 8, 5: 4}.get(key & 7, 0)
        if key & 7 in (0, 2):
            value, place = _number(message, place)
            size = value if key & 7 == 2 else 0
        place += size
        yield key >> 3, message[place - size : place], message[begin:place]


def _number(message: bytes, place: int) -> tuple[int, int]:
    """A whole number, seven bits in each byte, and the place behind it."""
    number = shift = 0
    while True:
        byte = message[place]
        number |= (byte & 127) << shift
        shift, place = shift + 7, place + 1
        if byte < 128:
            return number, place


def _varint(number: int) -> bytes:
    """A whole number as Protocol Buffers write it."""
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes(parts + bytes([number]))
