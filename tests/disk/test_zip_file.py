"""Damage of a zip file is told from a machine that fails."""

import errno
import io
import struct
import zipfile

import pytest

from ms_gan.disk.zip_file import damage_told


def zipped(**settings):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", **settings) as archive:
        archive.writestr("a", bytes(range(256)) * 4)
    return content.getvalue()


def changed(content, place, piece):
    return content[:place] + piece + content[place + len(piece) :]


STORED, PACKED = zipped(), zipped(compression=zipfile.ZIP_DEFLATED)
DIRECTORY = STORED.index(b"PK\1\2")
DAMAGED = {
    "empty": b"",
    "cut short": STORED[:-30],
    "a changed byte": changed(STORED, 100, b"?"),
    "broken packing": changed(PACKED, 40, b"\xff\xff\xff\xff"),
    "encrypted": changed(STORED, DIRECTORY + 8, b"\1\0"),
    "an unknown packing": changed(STORED, DIRECTORY + 10, b"\x63\0"),
    "a directory before the beginning": changed(STORED, len(STORED) - 6, struct.pack("<I", 2**31)),
    "a member beyond the end": changed(STORED, DIRECTORY + 42, struct.pack("<I", 2**31)),
    "a directory that is larger than the file": changed(STORED, len(STORED) - 10, struct.pack("<I", 2**31)),
}


def read_all(file):
    with damage_told(), zipfile.ZipFile(file) as archive:
        return [archive.read(member) for member in archive.infolist()]


@pytest.mark.parametrize("kind", DAMAGED)
def test_damage(tmp_path, kind):
    (tmp_path / "a.zip").write_bytes(DAMAGED[kind])
    with (tmp_path / "a.zip").open("rb") as file, pytest.raises(zipfile.BadZipFile):
        read_all(file)
    with pytest.raises(zipfile.BadZipFile):
        read_all(io.BytesIO(DAMAGED[kind]))


class Failing(io.BytesIO):
    """Raises an error instead of the read of that number."""

    def __init__(self, content, number, error):
        super().__init__(content)
        self.left, self.error = number, error

    def read(self, *size):
        self.left -= 1
        if self.left < 0:
            raise self.error
        return super().read(*size)


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "Input/output error"), MemoryError()], ids=lambda error: type(error).__name__
)
def test_a_machine_that_fails_at_any_read(error):
    reads = 0
    while True:
        try:
            assert read_all(Failing(STORED, reads, error)) == [bytes(range(256)) * 4]
            break
        except type(error) as caught:
            assert caught is error
        reads += 1
    assert reads > 4


def test_what_ends_a_program_passes():
    with pytest.raises(KeyboardInterrupt), damage_told():
        raise KeyboardInterrupt
