"""The slides' faces (DCGAN: 70,171 anime faces of 96×96 pixels): downloaded, checked and unpacked.

No checksum of the file is published. What comes is held against the length that the server names and against the
checksums inside the zip file; its SHA-256 is said and kept in faces.json, so that two downloads can be compared.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from filelock import Timeout
from tqdm import tqdm

from ms_gan.disk.writing import alone, write_text
from ms_gan.disk.zip_file import damage_told
from ms_gan.errors import UserError

URL = "https://download.mindspore.cn/dataset/Faces/faces.zip"
PICTURES = 70_171
MANIFEST = "faces.json"
WAY_OUT = "or draw a set of faces: ms-gan data cartoon"

LENGTHS = range(200_000_000, 400_000_001)  # bytes of the zip file; the slides' has 288 million (274.6 MiB)
MOST_PICTURES = 200_000
LARGEST_PICTURE = 1_000_000  # bytes; the faces have about 4,000
LARGEST_SET = 1_000_000_000  # bytes
LARGEST_RATIO = 100  # of unpacked to packed; JPEG files hardly shrink
CHUNK = 2**14  # bytes; of a connection that breaks, what came of the last chunk is lost
TRIES = 5  # connections, as long as each brings something
PICTURE = re.compile(r"[\w-][\w. ()-]{,98}\.jpe?g", re.ASCII | re.IGNORECASE)  # names that every system can write
DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d) *\.", re.ASCII | re.IGNORECASE)  # but Windows, where they do harm


def download_faces(folder: Path, say: Callable[[str], None] = print) -> None:
    """Puts the slides' faces into `folder`, 0.jpg … 70170.jpg, with faces.json; all of them or none.

    A download broken off is taken up where it stopped, by a later call too: until the set is finished, what came lies
    in a hidden folder beside `folder`. Where the finished set is there already, nothing is done.

    Args:
        folder: a new or empty one; made if need be.
        say: is told the address, the SHA-256 of what came, and what is there at the end.

    Raises:
        UserError: the address does not answer or sends something else, `folder` holds something else or cannot be
            written, the disk is full or fails, or another process is getting the faces.
        MemoryError: there is no memory to unpack them; what came is kept.
    """
    home = folder.absolute()  # "." has no name
    work = home.with_name(f".{home.name}.download")
    try:
        if not _is_finished(folder):
            work.mkdir(parents=True, exist_ok=True)
            with alone(work / "lock"):
                if not _is_finished(folder):  # the other process may have done it
                    _get(folder, work, say)
            shutil.rmtree(work, ignore_errors=True)
    except Timeout as error:
        raise UserError(f"another process is getting the faces into {folder}: wait until it is done") from error
    except OSError as error:
        raise UserError(
            f"cannot write {error.filename or folder} ({error.strerror}): put that right and run it again"
        ) from error
    say(f"{_pictures_got(folder):,} faces in {folder}; train on them: ms-gan train dcgan-faces --data {folder}")


def _is_finished(folder: Path) -> bool:
    names = os.listdir(folder) if folder.exists() else []
    if not names:
        return False
    if MANIFEST not in names:
        raise UserError(
            f"{folder} holds {min(names)} but no {MANIFEST}, so something else filled it: name an empty folder; "
            f"or, to train on what is there: ms-gan train dcgan-faces --data {folder}"
        )
    there, wanted = sum(map(_is_picture, names)), _pictures_got(folder)
    if there < wanted:
        raise UserError(f"{folder} holds {there:,} of its {wanted:,} faces: delete the folder and run it again")
    return True


def _pictures_got(folder: Path) -> int:
    try:
        return int(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["pictures"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise UserError(f"{folder / MANIFEST} is damaged: delete the folder and run it again") from error


def _get(folder: Path, work: Path, say: Callable[[str], None]) -> None:
    archive, unpacked = work / "faces.zip", work / "pictures"
    if not _is_whole(archive):
        say(f"downloading {URL} into {folder}")
        _download(archive)
    with _reading(archive), archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    say(f"{archive.name}: {archive.stat().st_size:,} bytes, SHA-256 {digest}")
    shutil.rmtree(unpacked, ignore_errors=True)
    try:
        pictures = _unpack(archive, unpacked)
    except zipfile.BadZipFile as error:
        archive.unlink()
        raise UserError(f"what {URL} sends is not the slides' faces ({error}): try again later, {WAY_OUT}") from error
    if pictures != PICTURES:
        say(f"note: these are {pictures:,} faces; the slides have {PICTURES:,}")
    manifest = {"url": URL, "bytes": archive.stat().st_size, "sha256": digest, "pictures": pictures}
    write_text(unpacked / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    if hasattr(os, "sync"):
        os.sync()  # all pictures are on the disk before their folder has its name
    with contextlib.suppress(FileNotFoundError):
        folder.rmdir()  # an empty one: Windows does not replace it
    os.replace(unpacked, folder)


def _download(archive: Path) -> None:
    """Fetches what is missing of the zip file."""
    import requests  # pooch, which the package needs, brings it; pooch itself does not take up what was broken off

    reason = "the connection broke off"
    for _ in range(TRIES):
        before = _length(archive)
        try:
            _fetch_rest(archive)
        except requests.HTTPError as error:
            reason = f"HTTP status {error.response.status_code}"
        except requests.RequestException as error:  # its text is long and names no cure
            reason = type(error).__name__
        if _is_whole(archive):
            return
        if _length(archive) <= before:
            break
    kept = f" (the first {_length(archive) / 1e6:.1f} MB are kept)" if _length(archive) else ""
    raise UserError(f"the faces could not be downloaded from {URL} ({reason}): try again later{kept}, {WAY_OUT}")


def _fetch_rest(archive: Path) -> None:
    import requests

    said, have = _said(archive), _length(archive)
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-"} | ({"If-Range": said["version"]} if said["version"] else {})
    with requests.get(URL, headers=headers, stream=True, timeout=(15, 60)) as answer:
        _check_way(answer)
        if answer.status_code == 206 and _is_rest(answer, said, have):
            _save(answer, archive, said["length"])
        elif have and answer.status_code in (206, 416):  # the file is another one by now
            archive.unlink()
            _fetch_rest(archive)
        else:
            answer.raise_for_status()
            _save(answer, archive, _begin(answer, archive))


def _check_way(answer) -> None:
    """Without a checksum, the encryption is all that vouches for the file."""
    if URL.startswith("https:") and not all(hop.url.startswith("https:") for hop in (*answer.history, answer)):
        raise UserError(f"{URL} leads to {answer.url}, which is not encrypted: try again later, {WAY_OUT}")


def _is_rest(answer, said: dict, have: int) -> bool:
    wanted = f"bytes {have}-{said['length'] - 1}/{said['length']}"
    return answer.headers.get("Content-Range") == wanted and _version(answer) == said["version"]


def _begin(answer, archive: Path) -> int:
    """Notes what the server says of the file; returns its length."""
    said = answer.headers.get("Content-Length", "")
    length = int(said) if said.isdecimal() else 0
    if length not in LENGTHS:
        expected = f"from {LENGTHS[0] / 1e6:.0f} to {LENGTHS[-1] / 1e6:.0f} MB"
        raise UserError(
            f"{URL} offers {length:,} bytes, but the slides' faces.zip has {expected}: try again later, {WAY_OUT}"
        )
    archive.unlink(missing_ok=True)
    write_text(_note(archive), json.dumps({"length": length, "version": _version(answer)}))
    return length


def _version(answer) -> str:
    """What tells one file at an address from another: as If-Range wants it, no weak ETag."""
    tag = answer.headers.get("ETag", "W/")
    return answer.headers.get("Last-Modified", "") if tag.startswith("W/") else tag


def _save(answer, archive: Path, length: int) -> None:
    """Adds what comes to the file, `length` bytes at most."""
    with (
        archive.open("ab") as file,
        tqdm(total=length, initial=file.tell(), unit="B", unit_scale=True, disable=None, leave=False) as bar,
    ):
        for chunk in answer.iter_content(CHUNK):
            file.write(chunk[: length - file.tell()])
            bar.update(len(chunk))


def _note(archive: Path) -> Path:
    return archive.with_suffix(".json")


def _said(archive: Path) -> dict:
    """What the server said of the file when it was begun; if that is lost, it is fetched anew."""
    try:
        said = json.loads(_note(archive).read_text(encoding="utf-8"))
        return {"length": int(said["length"]), "version": str(said["version"])}
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return {"length": -1, "version": ""}


def _is_whole(archive: Path) -> bool:
    return _length(archive) == _said(archive)["length"]


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _is_picture(name: str) -> bool:
    return PICTURE.fullmatch(name) is not None


def _unpack(archive: Path, folder: Path) -> int:
    """Writes the pictures of a zip file, whatever folders they lie in, into one folder; returns their number.

    Raises:
        zipfile.BadZipFile: the zip file is damaged, or not what the slides' is.
        UserError: it cannot be read here.
        OSError: the pictures cannot be written.
    """
    with _reading(archive):
        if _entries(archive) > 2 * MOST_PICTURES:
            raise zipfile.BadZipFile("it holds too many members")
    try:
        with _opened(archive) as zipped:
            pictures = _pictures(zipped)
            folder.mkdir()
            for name, member in tqdm(pictures.items(), "unpacking", unit=" faces", disable=None, leave=False):
                with _reading(archive):
                    content = _content(zipped, member)
                (folder / name).write_bytes(content)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return len(pictures)


@contextlib.contextmanager
def _reading(archive: Path) -> Iterator[None]:
    """Says of an OSError what it is: the download is not to blame for it, and stays."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"cannot read {archive} ({error.strerror}): put that right and run it again; what came is kept"
        ) from error


@contextlib.contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    with contextlib.ExitStack() as stack:
        with _reading(archive):
            file = stack.enter_context(archive.open("rb"))
            with damage_told():
                zipped = stack.enter_context(zipfile.ZipFile(file))
        yield zipped


def _entries(archive: Path) -> int:
    """No less than the members of a zip file; zipfile makes an object of each of them at once."""
    count, last = 0, b""
    with archive.open("rb") as file:
        while chunk := file.read(2**20):
            count += (last + chunk).count(b"PK\1\2")
            last = chunk[-3:]
    return count


def _pictures(zipped: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """By file name, the members to unpack.

    Raises:
        zipfile.BadZipFile: a member could do harm, wherever it is unpacked.
    """
    found: dict[str, zipfile.ZipInfo] = {}
    for member in zipped.infolist():
        _check_path(member)
        name = PurePosixPath(member.filename).name
        if member.is_dir() or not _is_picture(name):
            continue
        if DEVICE.match(name):
            raise zipfile.BadZipFile(f"it holds {name}, which is a device on Windows")
        _check_size(member)
        if found.setdefault(name.lower(), member) is not member:  # lower: Windows and macOS take them for one
            raise zipfile.BadZipFile(f"it holds {name} twice")
    if not 0 < len(found) <= MOST_PICTURES:
        raise zipfile.BadZipFile(f"it holds {len(found):,} pictures")
    if sum(member.file_size for member in found.values()) > LARGEST_SET:
        raise zipfile.BadZipFile("its pictures are too large together")
    return found


def _check_path(member: zipfile.ZipInfo) -> None:
    name = member.orig_filename  # as it is in the file
    parts = name.split("/")
    if not parts[0] or ".." in parts or re.search(r"[\\:\0]", name):
        raise zipfile.BadZipFile(f"its member {name!r} leads out of its folder")
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise zipfile.BadZipFile(f"its member {name!r} is a link or a device")


def _check_size(member: zipfile.ZipInfo) -> None:
    if member.file_size > min(LARGEST_PICTURE, LARGEST_RATIO * member.compress_size):
        raise zipfile.BadZipFile(f"its member {member.filename} unpacks to {member.file_size:,} bytes")
    if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile(f"its member {member.filename} is encrypted or packed in an unusual way")


def _content(zipped: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with damage_told(), zipped.open(member) as file:
        return file.read(member.file_size + 1)  # no more, whatever the member holds; its CRC-32 is compared at the end
