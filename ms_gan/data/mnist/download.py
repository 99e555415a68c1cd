"""The original MNIST from the network, for when the bundled files are not there."""

import errno
import hashlib
import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from ms_gan.data.mnist import idx
from ms_gan.disk.writing import remove_leavings, write_bytes
from ms_gan.disk.zip_file import damage_told
from ms_gan.errors import UserError

FILES_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"  # the four files, each gzipped
ZIP_URL = "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/MNIST_Data.zip"

# of the unpacked files: mirrors that gzip anew still hold the same data
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def is_original(name: str, content: bytes) -> bool:
    """Whether an unpacked file is the original MNIST's file of that name."""
    return hashlib.sha256(content).hexdigest() == SHA256[name]


def download_mnist(folder: Path, say: Callable[[str], None] = print) -> None:
    """Puts the four unpacked MNIST files into `folder`/train and `folder`/test, or changes nothing.

    Args:
        folder: made if need be.
        say: is told where the files come from.

    Raises:
        UserError: neither mirror has the original files, or `folder` cannot be written.
        MemoryError: there is no memory for them.
    """
    contents = _from_a_mirror(folder, say)
    try:
        for name, content in contents.items():
            path = folder / ("train" if name.startswith("train") else "test") / name
            path.parent.mkdir(parents=True, exist_ok=True)
            remove_leavings(path.parent)
            write_bytes(path, content)
    except OSError as error:
        raise UserError(f"cannot write MNIST into {folder} ({error.strerror}): name a folder that can be") from error


def _from_a_mirror(folder: Path, say: Callable[[str], None]) -> dict[str, bytes]:
    failures = []
    for url, fetch in ((FILES_URL, _fetch_files), (ZIP_URL, _fetch_zip)):
        say(f"downloading MNIST from {url} into {folder}")
        try:
            contents = fetch(url)
            changed = [name for name, content in contents.items() if not is_original(name, content)]
        except OSError as error:  # those of requests among them; their texts are long and name no cure
            failures.append(f"{url} ({error.strerror or type(error).__name__})")
            continue
        except (UserError, zipfile.BadZipFile) as error:
            failures.append(f"{url} ({error})")
            continue
        if not changed:
            return contents
        failures.append(f"{url} (wrong SHA-256: {', '.join(changed)})")
    raise UserError(
        f"MNIST could not be downloaded from {' nor from '.join(failures)}: "
        f"put {', '.join(name + '.gz' for name in SHA256)} into {folder} by hand"
    )


def _fetch_files(url: str) -> dict[str, bytes]:
    return {name: idx.unpack(_fetch(f"{url}{name}.gz"), f"{url}{name}.gz") for name in SHA256}


def _fetch_zip(url: str) -> dict[str, bytes]:
    content = io.BytesIO(_fetch(url))
    with damage_told():
        archive = zipfile.ZipFile(content)
    with archive:
        members = {PurePosixPath(member).name: member for member in archive.namelist()}
        if missing := SHA256.keys() - members.keys():
            raise UserError(f"the zip file lacks {', '.join(sorted(missing))}")
        return {name: _content(archive, members[name]) for name in SHA256}


def _content(archive: zipfile.ZipFile, member: str) -> bytes:
    with damage_told(), archive.open(member) as file:
        content = file.read(idx.LARGEST + 1)  # no more, whatever the member holds
    if len(content) > idx.LARGEST:
        raise zipfile.BadZipFile(f"{member} unpacks to more than {idx.LARGEST:,} bytes")
    return content


class _Bounded(io.BytesIO):
    """Takes no more bytes than all of MNIST has, whatever a server sends."""

    def write(self, piece) -> int:
        if self.tell() + len(piece) > idx.LARGEST:
            raise OSError(errno.EFBIG, "too large for MNIST")
        return super().write(piece)


def _fetch(url: str) -> bytes:
    import pooch  # here: only a download needs it

    answer = _Bounded()
    pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=15)(url, answer, None)
    return answer.getvalue()
