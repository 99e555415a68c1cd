"""Archives that somebody else made to do harm, in the place of MNIST's: nothing is written but the four files."""

import gzip
import io
import stat
import struct
import zipfile

import pytest

from ms_gan.data.mnist import download, idx
from ms_gan.data.mnist.download import SHA256, download_mnist
from ms_gan.errors import UserError

FIRST = next(iter(SHA256))


def zipped(members, compression=zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return content.getvalue()


def mnist(first=b"x", name=FIRST) -> list[tuple]:
    return [(name, first), *((other, b"x") for other in SHA256 if other != FIRST)]


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def directory_byte(content: bytes, offset: int, value: bytes) -> bytes:
    """With other bytes in the first entry of the directory at the file's end."""
    place = content.index(b"PK\1\2") + offset
    return content[:place] + value + content[place + len(value) :]


HOSTILE = {
    "upwards": zipped(mnist(name=f"../../{FIRST}")),
    "absolute": zipped(mnist(name=f"/{FIRST}")),
    "a link": zipped(mnist(name=link(FIRST), first=b"/etc/passwd")),
    "a bomb": zipped(mnist(bytes(3_000_000))),
    "a bomb that says it is small": directory_byte(zipped(mnist(bytes(3_000_000))), 24, struct.pack("<I", 10)),
    "encrypted": directory_byte(zipped(mnist()), 8, b"\1\0"),
    "an unknown packing": directory_byte(zipped(mnist()), 10, b"\x63\0"),
    "elsewhere": directory_byte(zipped(mnist()), 42, struct.pack("<I", 2**31)),
    "twice": zipped([*mnist(), (f"again/{FIRST}", b"y")]),
    "a folder of that name": zipped(mnist(name=f"{FIRST}/")),
    "no zip": b"PK\3\4" + bytes(1000),
    "empty": b"",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_zip_files(tmp_path, monkeypatch, kind, listing):
    monkeypatch.setattr(idx, "LARGEST", 1_000_000)
    monkeypatch.setattr(download, "_fetch", lambda url: HOSTILE[kind] if url.endswith(".zip") else b"no gzip file")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        download_mnist(tmp_path / "a" / "b" / "new", [].append)
    assert str(caught.value).isprintable() and ("unpacks to more" in str(caught.value) or kind != "a bomb")
    assert not [name for name, digest in listing(tmp_path).items() if digest]


@pytest.mark.parametrize("content", [gzip.compress(bytes(3_000_000)), gzip.compress(b"") * 50_000, b"\x1f\x8b" * 500])
def test_hostile_gzip_files(tmp_path, monkeypatch, content):
    monkeypatch.setattr(idx, "LARGEST", 1_000_000)
    (tmp_path / "a.gz").write_bytes(content)
    for read in (idx.read_images, idx.read_labels):
        with pytest.raises(UserError):
            read(tmp_path / "a.gz")


def test_a_server_that_never_ends(monkeypatch):
    """What it sends is counted as it comes."""
    monkeypatch.setattr(idx, "LARGEST", 1_000_000)
    came = 0

    def endless(self, url, output_file, pooch, **options):
        nonlocal came
        while True:
            came += output_file.write(bytes(10_000))

    monkeypatch.setattr("pooch.HTTPDownloader.__call__", endless)
    with pytest.raises(OSError, match="too large for MNIST"):
        download._fetch("http://127.0.0.1:1/")
    assert came == 1_000_000
