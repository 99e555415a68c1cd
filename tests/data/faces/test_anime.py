"""The slides' faces from a server of the tests' own: whole or not at all, taken up again, and nothing hostile."""

import contextlib
import errno
import hashlib
import io
import json
import stat
import struct
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from ms_gan.data.faces import anime
from ms_gan.data.faces.anime import download_faces
from ms_gan.errors import UserError


def jpeg(number):
    content = io.BytesIO()
    Image.fromarray(np.random.default_rng(number).integers(0, 256, (96, 96, 3), np.uint8)).save(content, "JPEG")
    return content.getvalue()


PICTURES = {f"{number}.jpg": jpeg(number) for number in range(12)}


def zipped(members, **settings):
    """A zip file; a member's name may be a ZipInfo."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", **settings) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return content.getvalue()


WHOLE = zipped([("faces/", b""), ("__MACOSX/._0.jpg", b"litter"), ("faces/Thumbs.db", b"litter")]
               + [(f"faces/{name}", data) for name, data in PICTURES.items()])  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """Serves as `served` says, and notes which ranges were asked for."""

    def do_GET(self):
        served = self.server.served
        begin = self.begin(served)
        content = served.content[begin:]
        status = 416 if not content else 206 if begin else 200
        self.send_response(served.status or status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {begin}-{len(served.content) - 1}/{len(served.content)}")
        if served.version:
            self.send_header("ETag", served.version)
        self.send_header(served.length_header, str(len(content)))
        self.end_headers()
        if served.breaks:
            served.breaks -= 1
            content = content[: served.sends]
        self.wfile.write(content)

    def begin(self, served):
        wanted = self.headers.get("Range", "")
        served.asked.append(wanted)
        if not served.ranges or (served.conditions and self.headers.get("If-Range", served.version) != served.version):
            return 0
        return int(wanted.removeprefix("bytes=").removesuffix("-") or 0)

    def log_message(self, *args):
        pass


@pytest.fixture
def served(monkeypatch):
    """What a server on this machine sends as faces.zip, and how."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(anime, "LENGTHS", range(1000, 1_000_000))
    served = SimpleNamespace(content=WHOLE, version='"1"', ranges=True, conditions=True, asked=[])
    served.status, served.length_header = 0, "Content-Length"
    served.breaks, served.sends = 0, 2 * anime.CHUNK  # how many connections break, and after how many bytes
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        web.served = served
        threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(anime, "URL", f"http://127.0.0.1:{web.server_port}/faces.zip")
        yield served
        web.shutdown()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "faces"


def check_whole(folder):
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    manifest = json.loads(contents.pop("faces.json"))
    assert contents == PICTURES
    digest = hashlib.sha256(WHOLE).hexdigest()
    assert manifest == {"url": anime.URL, "bytes": len(WHOLE), "sha256": digest, "pictures": len(PICTURES)}
    assert [path.name for path in folder.parent.iterdir()] == ["faces"]  # nothing is left beside it


def refusal(folder, *wanted):
    with pytest.raises(UserError) as caught:
        download_faces(folder, [].append)
    message = str(caught.value)
    assert "\n" not in message and not folder.exists()
    for text in wanted:
        assert text in message
    return message


def test_whole(served, folder):
    said = []
    download_faces(folder, said.append)
    check_whole(folder)
    assert said[0] == f"downloading {anime.URL} into {folder}"
    assert said[1] == f"faces.zip: {len(WHOLE):,} bytes, SHA-256 {hashlib.sha256(WHOLE).hexdigest()}"
    assert said[2] == "note: these are 12 faces; the slides have 70,171"
    assert said[3:] == [f"12 faces in {folder}; train on them: ms-gan train dcgan-faces --data {folder}"]
    download_faces(folder, said.append)  # they are there already
    assert served.asked == [""] and said[4:] == said[3:4]


def test_an_empty_folder_is_filled(served, folder):
    folder.mkdir(parents=True)
    download_faces(folder, [].append)
    check_whole(folder)


def begun(folder, content, length, version):
    """What a call that was stopped leaves behind."""
    work = folder.parent / ".faces.download"
    work.mkdir(parents=True)
    (work / "faces.zip").write_bytes(content)
    (work / "faces.json").write_text(json.dumps({"length": length, "version": version}))
    (work / "pictures").mkdir()
    (work / "pictures" / "half.jpg").write_bytes(b"half")


def test_connections_that_break_are_taken_up_again(served, folder):
    served.breaks = 2
    download_faces(folder, [].append)
    check_whole(folder)
    assert served.asked == ["", f"bytes={served.sends}-", f"bytes={2 * served.sends}-"]


@pytest.mark.parametrize("version", ['"1"', ""])
def test_a_later_call_goes_on(served, folder, monkeypatch, version):
    served.version, served.breaks = version, 1
    monkeypatch.setattr(anime, "TRIES", 1)
    refusal(folder, anime.URL, f"the first {served.sends / 1e6:.1f} MB are kept", "ms-gan data cartoon")
    download_faces(folder, [].append)
    check_whole(folder)
    assert served.asked == ["", f"bytes={served.sends}-"]


def test_what_has_come_is_not_asked_for_again(served, folder):
    begun(folder, WHOLE, len(WHOLE), '"1"')
    download_faces(folder, [].append)
    check_whole(folder)
    assert served.asked == []


@pytest.mark.parametrize("note", ["", "[]", "[" * 100_000, '{"length": 1e999, "version": ""}', '{"length": "x"}'])
def test_a_damaged_note_of_what_was_begun_begins_anew(served, folder, note):
    begun(folder, WHOLE[:100], len(WHOLE), '"1"')
    (folder.parent / ".faces.download" / "faces.json").write_text(note)
    download_faces(folder, [].append)
    check_whole(folder)


def test_a_server_without_ranges_begins_anew(served, folder):
    served.ranges = False
    begun(folder, WHOLE[:100], len(WHOLE), '"1"')
    download_faces(folder, [].append)
    check_whole(folder)


def test_a_server_without_ranges_whose_connections_break_is_given_up(served, folder):
    served.ranges, served.breaks = False, 9
    refusal(folder, anime.URL, "MB are kept")
    assert len(served.asked) == 2  # the second brought nothing new


@pytest.mark.parametrize(
    ("conditions", "length", "version", "come", "asked"),
    [
        (True, len(WHOLE), '"0"', 100, ["bytes=100-"]),
        (False, len(WHOLE), '"0"', 100, ["bytes=100-", ""]),
        (False, len(WHOLE) + 50, '"1"', 100, ["bytes=100-", ""]),
        (False, len(WHOLE) + 50, '"1"', len(WHOLE) + 10, [f"bytes={len(WHOLE) + 10}-", ""]),
    ],
    ids=["If-Range", "version", "length", "416"],
)
def test_a_file_that_has_changed_is_fetched_from_its_beginning(
    served, folder, conditions, length, version, come, asked
):
    served.conditions = conditions
    begun(folder, bytes(come), length, version)
    download_faces(folder, [].append)
    check_whole(folder)
    assert served.asked == asked


@pytest.mark.parametrize("length", [999, 1_000_000])
def test_a_length_out_of_bounds_is_refused_before_anything_is_written(served, folder, length):
    served.content = bytes(length)
    refusal(folder, f"offers {length:,} bytes", anime.URL, "ms-gan data cartoon")
    assert not (folder.parent / ".faces.download" / "faces.zip").exists()


def test_no_length_is_refused(served, folder):
    served.length_header = "X-Length"
    refusal(folder, "offers 0 bytes")


def test_a_server_that_refuses(served, folder):
    served.status = 404
    refusal(folder, f"{anime.URL} (HTTP status 404): try again later, or draw a set of faces: ms-gan data cartoon")
    assert len(served.asked) == 1


def test_an_address_that_does_not_answer(folder, monkeypatch):
    monkeypatch.setattr(anime, "URL", "http://127.0.0.1:1/faces.zip")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    refusal(folder, "http://127.0.0.1:1/faces.zip (ConnectionError)", "ms-gan data cartoon")


@pytest.mark.parametrize("hop", ["the last", "one between"])
def test_an_address_that_leads_out_of_the_encryption_is_refused(folder, monkeypatch, hop):
    open_way = [SimpleNamespace(url="http://elsewhere/faces.zip")]
    final = SimpleNamespace(url="https://here/faces.zip", history=open_way)
    if hop == "the last":
        final = SimpleNamespace(url="http://elsewhere/faces.zip", history=[])
    monkeypatch.setattr("requests.get", lambda *_, **__: contextlib.nullcontext(final))
    refusal(folder, "which is not encrypted", "ms-gan data cartoon")


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def with_picture(*members, **settings):
    return zipped([("0.jpg", PICTURES["0.jpg"]), *members], **settings)


def damaged(content, begin, replacement):
    return content[:begin] + replacement + content[begin + len(replacement) :]


def directory(content):
    """Where the directory at the end of a zip file begins; its first entry is the first member's."""
    return content.index(b"PK\1\2")


LIAR = zipped([("0.jpg", np.random.default_rng(0).bytes(50_000))], compression=zipfile.ZIP_DEFLATED)

HOSTILE = {
    "absolute": (with_picture(("/x.jpg", b"x")), "'/x.jpg' leads out"),
    "upwards": (with_picture(("../x.jpg", b"x")), "'../x.jpg' leads out"),
    "upwards from within": (with_picture(("a/../../x.jpg", b"x")), "leads out"),
    "upwards, no picture": (with_picture(("../x.txt", b"x")), "leads out"),
    "a folder upwards": (with_picture(("../", b"")), "leads out"),
    "a drive": (with_picture(("C:x.jpg", b"x")), "leads out"),
    "backslashes": (with_picture(("..\\x.jpg", b"x")), "leads out"),
    "a zero": (with_picture(("a!x.jpg", b"x")).replace(b"a!x.jpg", b"a\0x.jpg"), "leads out"),
    "a link": (with_picture((link("x.jpg"), b"/etc/passwd")), "is a link"),
    "twice": (with_picture(("a/0.JPG", b"x")), "holds 0.JPG twice"),
    "a device": (with_picture(("a/Nul .jpg", b"x")), "holds Nul .jpg, which is a device"),
    "a device with a number": (with_picture(("COM1.tar.jpeg", b"x")), "holds COM1.tar.jpeg, which is a device"),
    "many members": (zipped([(f"{n}.txt", b"") for n in range(41)]), "too many members"),
    "a bomb": (with_picture(("x.jpg", bytes(900_000)), compression=zipfile.ZIP_DEFLATED), "unpacks to 900,000 bytes"),
    "too large a picture": (with_picture(("x.jpg", bytes(1_000_001))), "unpacks to 1,000,001 bytes"),
    "no pictures": (zipped([("x.txt", bytes(2000))]), "holds 0 pictures"),
    "an unusual packing": (with_picture(compression=zipfile.ZIP_LZMA), "unusual"),
    "encrypted": (damaged(with_picture(), directory(with_picture()) + 8, b"\1\0"), "encrypted"),
    "more than it says": (damaged(LIAR, directory(LIAR) + 24, struct.pack("<I", 60)), "Bad CRC-32"),
    "a changed byte": (damaged(WHOLE, WHOLE.index(PICTURES["7.jpg"]) + 500, b"!!"), "Bad CRC-32"),
    "no zip file": (bytes(2000), "not a zip file"),
    "cut off": (WHOLE[:-200], "not a zip file"),
    "a directory elsewhere": (damaged(WHOLE, len(WHOLE) - 6, struct.pack("<I", 2**31)), ""),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_and_damaged_archives_are_refused(served, folder, monkeypatch, kind):
    monkeypatch.setattr(anime, "LENGTHS", range(1000, 2_000_000))
    monkeypatch.setattr(anime, "MOST_PICTURES", 20)
    served.content, wanted = HOSTILE[kind]
    refusal(folder, f"what {anime.URL} sends is not the slides' faces (", wanted)
    left = sorted(path.name for path in folder.parent.rglob("*"))
    assert {".faces.download", "faces.json"} <= set(left) <= {".faces.download", "faces.json", "lock"}
    served.content, served.version = WHOLE, '"2"'
    download_faces(folder, [].append)
    check_whole(folder)


@pytest.mark.parametrize(("bound", "value"), [("MOST_PICTURES", 11), ("LARGEST_SET", 30_000)])
def test_too_much_together_is_refused(served, folder, monkeypatch, bound, value):
    monkeypatch.setattr(anime, bound, value)
    refusal(folder, "12 pictures" if bound == "MOST_PICTURES" else "too large together")


def test_a_folder_with_other_contents_stays_as_it_is(served, folder):
    folder.mkdir(parents=True)
    (folder / "mine.jpg").write_bytes(b"mine")
    with pytest.raises(UserError, match="holds mine.jpg but no faces.json"):
        download_faces(folder, [].append)
    assert [path.name for path in folder.iterdir()] == ["mine.jpg"] and served.asked == []


def test_a_set_that_is_no_longer_whole_is_refused(served, folder):
    download_faces(folder, [].append)
    (folder / "3.jpg").unlink()
    with pytest.raises(UserError, match="holds 11 of its 12 faces: delete the folder"):
        download_faces(folder, [].append)
    (folder / "faces.json").write_text("{")
    with pytest.raises(UserError, match="faces.json is damaged"):
        download_faces(folder, [].append)


def test_while_another_process_is_at_it(served, folder):
    work = folder.parent / ".faces.download"
    work.mkdir(parents=True)
    with FileLock(work / "lock"):
        refusal(folder, "another process is getting the faces")
    assert served.asked == []
    download_faces(folder, [].append)
    check_whole(folder)


def test_a_folder_that_cannot_be_written_is_named(served, tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "faces"):
        with pytest.raises(UserError, match="cannot write .*file.*: put that right and run it again"):
            download_faces(folder, [].append)


def test_a_full_disk(served, folder, monkeypatch):
    real = Path.write_bytes

    def full(path, content):
        if path.suffix == ".jpg" and path.name != "0.jpg":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    refusal(folder, "No space left on device", "run it again")
    assert not (folder.parent / ".faces.download" / "pictures").exists()
    monkeypatch.setattr(Path, "write_bytes", real)
    download_faces(folder, [].append)
    check_whole(folder)
    assert served.asked == [""]  # unpacked again, not downloaded again


class Failing(io.FileIO):
    """A file whose read of some number fails."""

    def __init__(self, path, number, error):
        super().__init__(path)
        self.left, self.error = number, error

    def readinto(self, buffer):
        self.left -= 1
        if self.left < 0:
            raise self.error
        return super().readinto(buffer)


@pytest.fixture
def failing_disk(monkeypatch):
    """failing_disk(1, error, 4): the second time that the archive is opened, its fifth read fails; 0 reads: opening it.

    It is opened to be hashed, to have its members counted, and to be unpacked.
    """
    real = Path.open

    def install(opening, error, reads=None):
        openings = iter(range(opening))

        def fail(path, mode="r", *arguments, **settings):
            if path.name != "faces.zip" or mode != "rb" or next(openings, None) is not None:
                return real(path, mode, *arguments, **settings)
            if reads is None:
                raise error
            return io.BufferedReader(Failing(path, reads, error), 64)

        monkeypatch.setattr(Path, "open", fail)

    return install


def check_kept(folder):
    """The archive stays, and with it nothing that is half unpacked."""
    work = folder.parent / ".faces.download"
    assert (work / "faces.zip").read_bytes() == WHOLE and not (work / "pictures").exists()


@pytest.mark.parametrize("opening", [0, 1, 2])
def test_an_archive_that_cannot_be_opened_is_kept(served, folder, failing_disk, opening):
    failing_disk(opening, OSError(errno.EMFILE, "Too many open files"))
    message = refusal(folder, "cannot read ", "faces.zip (Too many open files)", "what came is kept")
    assert anime.URL not in message
    failing_disk(99, None)
    check_kept(folder)


@pytest.mark.parametrize("opening", [0, 1, 2])
def test_a_disk_that_fails_is_not_the_servers_fault(served, folder, failing_disk, opening):
    reads = 0
    while not folder.exists():
        failing_disk(opening, OSError(errno.EIO, "Input/output error"), reads)
        try:
            download_faces(folder, [].append)
        except UserError as error:
            assert "cannot read " in str(error) and "faces.zip (Input/output error)" in str(error)
            assert "what came is kept" in str(error) and anime.URL not in str(error)
            failing_disk(99, None)
            check_kept(folder)
        reads += 1
    check_whole(folder)
    assert reads > (12 if opening == 2 else 1)
    assert served.asked == [""]  # it was never downloaded again


def test_too_little_memory_is_not_the_servers_fault(served, folder, monkeypatch):
    def full(*_):
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(zipfile.ZipExtFile, "read", full)
        with pytest.raises(MemoryError):
            download_faces(folder, [].append)
    assert not (folder.parent / ".faces.download" / "pictures").exists()
    download_faces(folder, [].append)
    check_whole(folder)
    assert served.asked == [""]
