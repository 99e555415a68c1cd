"""A PNG's chunks, held against their checksums: what its pixels need, and of the rest what is whole.

Programs write much into a PNG that is no pixel: text of megabytes on how a picture was made, or a text whose checksum
they forgot to bring up to date. A decoder that stumbles over it loses a good picture (PNG specification, 13.2).
"""

import io
import os
import struct
import sys
import zlib
from collections.abc import Iterable
from typing import BinaryIO, NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"
NEEDED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT"}
"""The chunks that pixels hang on."""
BARE = NEEDED | {b"eXIf"}
"""And the one that says how a picture is turned."""
FURTHER_FRAMES = {b"acTL", b"fcTL", b"fdAT"}
LARGEST_TEXT = 2**26  # bytes that one chunk may unpack to; nothing here unpacks it, but no program writes more
LARGEST_NOTES = 2**24  # bytes of all chunks that are no pixels: those beyond it are passed over unread


class Chunk(NamedTuple):
    """One of a PNG's parts."""

    name: bytes
    """Four letters; the first is a small one where a decoder may do without the chunk."""
    data: bytes


def read_chunks(file: BinaryIO) -> list[Chunk]:
    """The chunks of a PNG up to its end, without those of further frames and those that are damaged and not needed.

    Whether the data of all its pixels are there is left to the decoder.

    Raises:
        ValueError: a chunk that is needed is damaged, or cut short; the message says which.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(len(SIGNATURE))
    chunks, notes, doubt = [], 0, ""
    while len(head := file.read(8)) == 8 and head[4:].isalpha() and head[4:] != b"IEND":
        length, name = struct.unpack(">I4s", head)
        here = min(length, size - file.tell())  # what a header says may be any number
        if _is_note(name):
            notes += here
            if notes > LARGEST_NOTES or name in FURTHER_FRAMES:
                file.seek(here + 4, os.SEEK_CUR)
                continue
        data = file.read(here)
        if file.read(4) == struct.pack(">I", zlib.crc32(data, zlib.crc32(name))):
            chunks.append(Chunk(name, data))
        elif name == b"IDAT":
            chunks.append(Chunk(name, data))
            doubt = doubt or ("broken off in its pixels" if here < length else "its pixels are damaged")
        elif not _is_note(name):
            raise ValueError(f"a PNG {'broken off' if here < length else 'damaged'} in its part {name.decode()}")
    _check(chunks, doubt)
    return chunks


def has_bomb(chunks: Iterable[Chunk]) -> bool:
    """Whether a text or profile in them unpacks to more than LARGEST_TEXT; it is not held in memory."""
    return any(_unpack(_packed(chunk), LARGEST_TEXT)[0] > LARGEST_TEXT for chunk in chunks)


def written(chunks: Iterable[Chunk]) -> BinaryIO:
    """A PNG of these chunks, whole and with an end."""
    parts = [SIGNATURE]
    for name, data in (*chunks, Chunk(b"IEND", b"")):
        parts += [struct.pack(">I", len(data)), name, data, struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))]
    return io.BytesIO(b"".join(parts))


def _is_note(name: bytes) -> bool:
    return name[:1].islower() and name not in NEEDED


def _check(chunks: list[Chunk], doubt: str) -> None:
    """Raises ValueError if there are no pixels, or some that neither their chunks' checksums nor zlib's vouch for."""
    pixels = [chunk.data for chunk in chunks if chunk.name == b"IDAT"]
    if not pixels:
        raise ValueError("a PNG broken off before its pixels")
    if doubt and not _is_whole(pixels):
        raise ValueError(f"a PNG {doubt}" if doubt.startswith("broken") else f"a PNG: {doubt}")


def _is_whole(pieces: Iterable[bytes]) -> bool:
    """Whether these are a zlib stream up to its end, by its own checksum."""
    return _unpack(pieces, sys.maxsize)[1]


def _packed(chunk: Chunk) -> list[bytes]:
    """The zlib stream of a text or profile, after its key; none where there is none."""
    rest = chunk.data.partition(b"\0")[2]
    if chunk.name in (b"zTXt", b"iCCP"):
        return [rest[1:]]
    if chunk.name == b"iTXt" and rest.startswith(b"\1"):  # then: method, language, translated key
        return rest[2:].split(b"\0", 2)[2:]
    return []


def _unpack(pieces: Iterable[bytes], most: int) -> tuple[int, bool]:
    """How many bytes a zlib stream unpacks to, as far as it is followed; and whether it came to its end, whole."""
    stream, count = zlib.decompressobj(), 0
    try:
        for piece in pieces:
            while piece and not stream.eof and count <= most:
                count += len(stream.decompress(piece, 2**20))
                piece = stream.unconsumed_tail
    except zlib.error:
        return count, False
    return count, stream.eof
