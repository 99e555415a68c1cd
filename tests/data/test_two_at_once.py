"""Data sets that two real processes want at the same moment, or that one began to make when it was killed."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ms_gan.data.faces.anime import download_faces
from ms_gan.data.folder.loading import load_pictures
from ms_gan.data.mnist import files
from ms_gan.data.mnist.download import SHA256
from ms_gan.data.mnist.files import find_mnist

REPOSITORY = Path(__file__).parents[2]
BUNDLED = REPOSITORY / "data" / "MNIST_Data"
TRAIN = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]

BEGIN = """
import sys
from pathlib import Path
import pooch
cache, url, *words = sys.argv[1:]
pooch.os_cache = lambda name: Path(cache) / name
from ms_gan.data.faces import cartoon
from ms_gan.data.mnist import download
from ms_gan.data.faces import anime
from ms_gan.data.folder import loading
from ms_gan.data.mnist import files
from ms_gan.errors import UserError
files.BUNDLED = Path("there", "is", "none")
download.FILES_URL, anime.URL, anime.LENGTHS = url, url + "faces.zip", range(1000, 10_000_000)
print("ready", flush=True)
input()
try:
    {task}
except UserError as error:
    sys.exit(f"refused: {{error}}")
print("done", flush=True)
"""


class Process:
    """A Python process that has imported what it needs, and waits for `go`."""

    def __init__(self, task: str, cache: Path, url: str, *words):
        pipe = subprocess.PIPE
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "NO_PROXY": "127.0.0.1"}
        words = [sys.executable, "-c", BEGIN.format(task=task), str(cache), url, *map(str, words)]
        self.process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment)
        assert self.process.stdout.readline() == "ready\n", self.process.stderr.read()

    def go(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> str:
        """What it said last: "done", or "refused: …"."""
        out, err = self.process.communicate(timeout=300)
        return (err or out).splitlines()[-1]

    def wait_for(self, begun) -> None:
        while not begun():
            assert self.process.poll() is None, self.process.stderr.read()
            time.sleep(0.01)

    def kill_when(self, begun) -> None:
        """What it does must stop by itself there, or it may be done before."""
        self.wait_for(begun)
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def process(tmp_path, cache):
    """process(task, *words) starts one; `cache` is where all of them keep what they keep for the user."""
    started = []

    def start(task, *words, url="http://127.0.0.1:1/") -> Process:
        started.append(Process(task, cache.parent, url, *words))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def together(*processes) -> list[str]:
    for one in processes:
        one.go()
    return [one.end() for one in processes]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def parts(folder: Path) -> list[Path]:
    return list(folder.rglob(".*.part")) if folder.exists() else []


# MNIST

UNPACK = "files.find_mnist(Path(words[0]))"
STOP_BEFORE_THE_NAME = "import os, time; os.replace = lambda *_: time.sleep(1000); "
"""It writes a file, and stops for long before that gets its name."""


@pytest.fixture
def home(tmp_path):
    """A fresh copy of the bundled training images, not unpacked."""
    shutil.copytree(BUNDLED / "train", tmp_path / "MNIST_Data" / "train")
    return tmp_path / "MNIST_Data"


def test_two_unpack_mnist(process, home):
    assert together(process(UNPACK, home), process(UNPACK, home)) == ["done", "done"]
    unpacked = home / "unpacked" / "train"
    assert {path.name: digest(path) for path in unpacked.iterdir()} == {name: SHA256[name] for name in TRAIN}


def test_one_is_killed_while_it_unpacks_mnist(process, home):
    one, unpacked = process(STOP_BEFORE_THE_NAME + UNPACK, home), home / "unpacked"
    one.go()
    one.kill_when(lambda: parts(unpacked))
    (left,) = parts(unpacked)
    assert find_mnist(home) == unpacked / "train"
    assert digest(unpacked / "train" / TRAIN[0]) == SHA256[TRAIN[0]]
    assert parts(unpacked) == [left]  # it may still be in use, for all one knows
    os.utime(left, (time.time() - 4000,) * 2)
    find_mnist(home)
    assert parts(unpacked) == []


class Handler(BaseHTTPRequestHandler):
    """Serves the four MNIST files, and a zip file of faces piece by piece."""

    def do_GET(self):
        name = self.path.removeprefix("/")
        self.server.asked.append(name)
        begin = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        split = "train" if name.startswith("train") else "test"
        content = self.server.faces if name == "faces.zip" else (BUNDLED / split / name).read_bytes()
        self.send_response(206 if begin else 200)
        self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        for at in range(begin, len(content), 2**14 if name == "faces.zip" else len(content)):
            self.server.pace()
            try:
                self.wfile.write(content[at : at + 2**14] if name == "faces.zip" else content)
            except OSError:
                return  # it was killed

    def log_message(self, *args):
        pass


@pytest.fixture
def web():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked, server.pace = [], lambda: time.sleep(0.02)
        server.url = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


GET = "files.find_mnist()"
STALL = (
    "import time; write = download.write_bytes; download.write_bytes = lambda *file: (write(*file), time.sleep(1000)); "
)
"""It stops for long when it has written its first file."""


@pytest.fixture
def nowhere(monkeypatch):
    """For this process too MNIST is neither in the current directory nor in a checkout."""
    monkeypatch.setattr(files, "BUNDLED", Path("there", "is", "none"))


def test_two_download_mnist(process, web, cache):
    """One does, the other waits for it."""
    one, other = process(GET, url=web.url), process(GET, url=web.url)
    assert together(one, other) == ["done", "done"]
    assert sorted(web.asked) == sorted(f"{name}.gz" for name in SHA256)
    found = {path.name: digest(path) for path in (cache / "MNIST_Data").rglob("*-ubyte")}
    assert found == SHA256
    assert not [path for path in (cache / "MNIST_Data").rglob(".*")]


def test_one_is_killed_while_it_downloads_mnist(process, web, cache, nowhere, monkeypatch):
    """The next gets what is missing, though there is something already."""
    home = cache / "MNIST_Data"
    one = process(STALL + GET, url=web.url)
    one.go()
    one.kill_when(lambda: (home / "train" / TRAIN[0]).exists())
    assert not (home / "train" / TRAIN[1]).exists()
    monkeypatch.setattr("ms_gan.data.mnist.download.FILES_URL", web.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert find_mnist() == home / "train"
    assert {path.name: digest(path) for path in home.rglob("*-ubyte")} == SHA256 and parts(home) == []


# Faces

FACES = "anime.download_faces(Path(words[0]), print)"
STOP_UNPACKING = (
    "import time; content, seen = anime._content, []; anime._content = lambda *member: "
    "(seen.append(member), len(seen) > 20 and time.sleep(1000)) and content(*member); "
)
"""It stops for long when it has written twenty pictures."""


@pytest.fixture
def archive(web):
    """A zip file of 40 small pictures, each random."""
    content, random = io.BytesIO(), np.random.default_rng(0)
    with zipfile.ZipFile(content, "w") as zipped:
        for number in range(40):
            jpeg = io.BytesIO()
            Image.fromarray(random.integers(0, 256, (96, 96, 3), np.uint8)).save(jpeg, "JPEG")
            zipped.writestr(f"faces/{number}.jpg", jpeg.getvalue())
    web.faces = content.getvalue()
    return web


def stops(server) -> threading.Event:
    """The server sends the first piece, and the others once the event is set."""
    begun, go_on = threading.Event(), threading.Event()

    def pace():
        if begun.is_set():
            go_on.wait(300)
        begun.set()

    server.pace = pace
    return go_on


def check_faces(folder: Path, content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as zipped:
        wanted = {Path(name).name: zipped.read(name) for name in zipped.namelist()}
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert json.loads(found.pop("faces.json"))["pictures"] == 40 and found == wanted
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_two_download_the_faces(process, archive, tmp_path):
    """One does, the other is told so, and finds them there later."""
    folder = tmp_path / "data" / "faces"
    go_on = stops(archive)
    one, other = (process(FACES, folder, url=archive.url) for _ in range(2))
    one.go()
    one.wait_for(lambda: archive.asked)
    other.go()
    assert other.end() == f"refused: another process is getting the faces into {folder}: wait until it is done"
    go_on.set()
    assert one.end() == "done"
    assert archive.asked == ["faces.zip"]
    check_faces(folder, archive.faces)


@pytest.mark.parametrize("when", ["faces.zip", "pictures/7.jpg"])
def test_one_is_killed_while_it_gets_the_faces(process, archive, tmp_path, monkeypatch, when):
    """While it downloads, and while it unpacks."""
    folder, go_on = tmp_path / "data" / "faces", stops(archive)
    if when != "faces.zip":
        go_on.set()
    one = process(STOP_UNPACKING + FACES, folder, url=archive.url)
    one.go()
    one.kill_when(lambda: (folder.parent / ".faces.download" / when).exists())
    go_on.set()
    assert not folder.exists()
    monkeypatch.setattr("ms_gan.data.faces.anime.URL", archive.url + "faces.zip")
    monkeypatch.setattr("ms_gan.data.faces.anime.LENGTHS", range(1000, 10_000_000))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    download_faces(folder, [].append)
    check_faces(folder, archive.faces)


# Cartoon faces

CARTOON = "cartoon.draw_cartoons(Path(words[0]), 30, 16, int(words[1]), print)"


def test_two_draw_cartoon_faces_into_one_folder(process, tmp_path):
    """Two sets never mix: the second comes too late, or is refused for what lies there."""
    pytest.importorskip("python_avatars")
    said = sorted(together(process(CARTOON, tmp_path / "cartoon", 1), process(CARTOON, tmp_path / "cartoon", 2)))
    assert said[0] == "done" and said[1].startswith("refused: ")
    assert "another process is drawing faces into" in said[1] or "holds another set of faces (seed " in said[1]
    seed = json.loads((tmp_path / "cartoon" / "cartoon.json").read_text())["seed"]
    assert together(process(CARTOON, tmp_path / "alone", seed)) == ["done"]
    ours, wanted = ({p.name: digest(p) for p in (tmp_path / n).iterdir()} for n in ("cartoon", "alone"))
    assert ours == wanted and len(ours) == 31


# Decoded pictures

STOP_DECODING = "import time; loading.read_square = lambda *_, **__: time.sleep(1000); "
DECODE = 'loading.load_pictures(Path(words[0]), pattern="*", crop=0, size=int(words[1]), channels=3)'


@pytest.fixture
def pictures(tmp_path):
    """A folder with 30 pictures that take a while."""
    (tmp_path / "pictures").mkdir()
    for number in range(30):
        Image.effect_noise((300, 300), number + 1).save(tmp_path / "pictures" / f"{number:02}.png")
    return tmp_path / "pictures"


def decoded(folder: Path, size: int) -> tuple[str, str]:
    """The SHA-256 of the pixels, and the line that says where they come from."""
    lines = []
    pixels = load_pictures(folder, pattern="*", crop=0, size=size, channels=3, say=lines.append)
    return hashlib.sha256(pixels.tobytes()).hexdigest(), lines[0]


@pytest.mark.parametrize("sizes", [(64, 64), (64, 32)])
def test_two_decode_the_same_pictures(process, pictures, cache, sizes):
    """In the same way, or each in its own: both get theirs, and what is kept is whole."""
    tell = "import hashlib; print(hashlib.sha256({0}.tobytes()).hexdigest()); sys.exit()"
    both = [process(tell.format(DECODE), pictures, size) for size in sizes]
    said = together(*both)
    shutil.move(cache / "folders", cache / "kept")
    assert said == [decoded(pictures, size)[0] for size in sizes]
    shutil.rmtree(cache / "folders")
    shutil.move(cache / "kept", cache / "folders")
    kept = {path.suffix for path in (cache / "folders").iterdir()}
    assert kept == {".u8", ".json"} and parts(cache) == []


def test_one_is_killed_while_it_decodes(process, pictures, cache):
    one = process(STOP_DECODING + DECODE, pictures, 64)
    one.go()
    one.kill_when(lambda: parts(cache))
    (left,) = parts(cache)
    first, line = decoded(pictures, 64)
    assert "decoded before" not in line
    again, line = decoded(pictures, 64)
    assert "decoded before" in line and again == first and parts(cache) == [left]
