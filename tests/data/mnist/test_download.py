import gzip
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ms_gan.data.mnist import download, files, idx
from ms_gan.data.mnist.download import SHA256, download_mnist
from ms_gan.errors import UserError

BUNDLED = Path(download.__file__).parents[3] / "data" / "MNIST_Data"
FOLDERS = {"train": "train", "t10k": "test"}
DEAD = "http://127.0.0.1:1/"


def bundled(name):
    return BUNDLED / FOLDERS[name.split("-")[0]] / f"{name}.gz"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A folder, and the address that it is served at."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as web:
        threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{web.server_port}/"
        web.shutdown()


@pytest.fixture
def mirrors(monkeypatch):
    def use(files, zipped):
        monkeypatch.setattr(download, "FILES_URL", files)
        monkeypatch.setattr(download, "ZIP_URL", zipped)

    return use


def serve_zip(folder, leave_out="", change=""):
    with zipfile.ZipFile(folder / "MNIST.zip", "w") as archive:
        archive.writestr("__MACOSX/train/._train-images-idx3-ubyte", b"litter")
        for name in SHA256:
            content = idx.read_bytes(bundled(name)) if not (leave_out or change) else b"short"
            if name != leave_out:
                archive.writestr(f"MNIST_Data/{FOLDERS[name.split('-')[0]]}/{name}", content)


def refusal(folder):
    with pytest.raises(UserError) as caught:
        download_mnist(folder, [].append)
    assert "\n" not in str(caught.value)
    assert not [path for path in folder.rglob("*") if path.is_file()]
    return str(caught.value)


def check_complete(folder):
    for name in SHA256:
        there = folder / FOLDERS[name.split("-")[0]] / name
        assert there.read_bytes() == idx.read_bytes(bundled(name))
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 4
    assert files.find_mnist(folder, "test") == folder / "test"  # ready for use as it is


def test_first_mirror(server, mirrors, tmp_path):
    served, url = server
    for name in SHA256:
        (served / f"{name}.gz").write_bytes(bundled(name).read_bytes())
    mirrors(url, DEAD)
    lines = []
    download_mnist(tmp_path / "new", lines.append)
    check_complete(tmp_path / "new")
    assert len(lines) == 1 and url in lines[0]


def test_second_mirror_when_the_first_is_dead(server, mirrors, tmp_path):
    served, url = server
    serve_zip(served)
    mirrors(DEAD, url + "MNIST.zip")
    lines = []
    download_mnist(tmp_path / "new", lines.append)
    check_complete(tmp_path / "new")
    assert len(lines) == 2 and url in lines[1]


def test_both_dead(server, mirrors, tmp_path):
    mirrors(DEAD, server[1] + "nothing.zip")
    message = refusal(tmp_path / "new")
    assert f"{DEAD} (ConnectionError)" in message and f"{server[1]}nothing.zip (HTTPError)" in message
    assert all(f"{name}.gz" in message for name in SHA256) and str(tmp_path / "new") in message


def test_other_contents_are_refused(server, mirrors, tmp_path):
    served, url = server
    for name in SHA256:
        (served / f"{name}.gz").write_bytes(bundled("t10k-labels-idx1-ubyte").read_bytes())
    serve_zip(served, change="all")
    mirrors(url, url + "MNIST.zip")
    message = refusal(tmp_path / "new")
    wrong = [name for name in SHA256 if name != "t10k-labels-idx1-ubyte"]
    assert f"{url} (wrong SHA-256: {', '.join(wrong)})" in message
    assert f"{url}MNIST.zip (wrong SHA-256: {', '.join(SHA256)})" in message


def test_damaged_archives_are_refused(server, mirrors, tmp_path):
    served, url = server
    for name in SHA256:
        (served / f"{name}.gz").write_bytes(gzip.compress(b"whole")[:-1])
    (served / "MNIST.zip").write_bytes(b"no zip file")
    mirrors(url, url + "MNIST.zip")
    message = refusal(tmp_path / "new")
    assert "not a whole gzip file" in message and "not a zip file" in message


def test_an_archive_that_lacks_a_file_is_refused(server, mirrors, tmp_path):
    serve_zip(server[0], leave_out="t10k-labels-idx1-ubyte")
    mirrors(DEAD, server[1] + "MNIST.zip")
    assert "the zip file lacks t10k-labels-idx1-ubyte" in refusal(tmp_path / "new")


def test_a_folder_that_cannot_be_written_is_named(server, mirrors, tmp_path):
    serve_zip(server[0])
    mirrors(DEAD, server[1] + "MNIST.zip")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write MNIST into .*file"):
        download_mnist(tmp_path / "file", [].append)


def test_too_little_memory_is_not_the_mirrors_fault(server, mirrors, tmp_path, monkeypatch):
    def full(*_):
        raise MemoryError

    serve_zip(server[0])
    mirrors(DEAD, server[1] + "MNIST.zip")
    monkeypatch.setattr(zipfile.ZipExtFile, "read", full)
    with pytest.raises(MemoryError):
        download_mnist(tmp_path / "new", [].append)


def test_an_error_of_the_system_is_named(mirrors, tmp_path, monkeypatch):
    def fail(url):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(download, "_fetch", fail)
    assert "(Too many open files)" in refusal(tmp_path / "new")
