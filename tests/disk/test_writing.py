"""Files appear whole or not at all."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import Timeout

from ms_gan.disk import writing
from ms_gan.disk.writing import alone, append, remove_leavings, sync_folder, temporary, whole, write_bytes, write_text


def test_text_is_utf8_with_plain_line_ends(tmp_path):
    write_text(tmp_path / "a.txt", "判别器\nD(x)\n")
    assert (tmp_path / "a.txt").read_bytes() == "判别器\nD(x)\n".encode()


def test_bytes_take_the_place_of_the_old(tmp_path):
    write_bytes(tmp_path / "a.bin", b"old and longer")
    write_bytes(tmp_path / "a.bin", b"\0new\r\n")
    assert (tmp_path / "a.bin").read_bytes() == b"\0new\r\n"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_under_its_final_name_only_when_whole(tmp_path):
    path = tmp_path / "Generator0.ckpt"
    path.write_bytes(b"old")
    with whole(path) as file:
        part = Path(file.name)
        assert part.parent == path.parent and path.stem not in part.name and part.name.startswith(".")
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=["OSError", "Ctrl-C"])
def test_nothing_stays_of_a_failure(tmp_path, error):
    path = tmp_path / "a.json"
    write_text(path, "old")
    with pytest.raises(type(error)) as caught, whole(path) as file:
        file.write(b"half")
        raise error
    assert caught.value is error
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("function", ["replace", "fsync"])
def test_nothing_stays_when_the_system_refuses(tmp_path, monkeypatch, function):
    def refuse(*_):
        raise OSError(5, "Input/output error")

    write_text(tmp_path / "a.json", "old")
    monkeypatch.setattr(writing.os, function, refuse)
    with pytest.raises(OSError, match="Input/output error") as caught:
        write_text(tmp_path / "a.json", "new")
    assert caught.value.filename == str(tmp_path / "a.json")
    monkeypatch.undo()
    assert (tmp_path / "a.json").read_text() == "old" and os.listdir(tmp_path) == ["a.json"]


def test_the_content_reaches_the_disk_before_the_name(tmp_path, monkeypatch):
    done = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(writing.os, name, lambda *args, name=name, real=real: (done.append(name), real(*args)))
    write_text(tmp_path / "a.json", "text")
    assert done[:2] == ["fsync", "replace"]
    assert done[2:] == (["fsync"] if os.name == "posix" else [])  # of the folder


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        write_text(tmp_path / "nothing" / "a.json", "text")
    assert caught.value.filename == str(tmp_path / "nothing" / "a.json")
    assert os.listdir(tmp_path) == []


def test_what_cannot_be_removed_does_not_hide_the_reason(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(KeyboardInterrupt), whole(tmp_path / "a"):
        raise KeyboardInterrupt


@pytest.mark.skipif(os.name != "posix", reason="Windows lets no one say so")
@pytest.mark.parametrize(("number", "passed"), [(errno.EINVAL, True), (errno.ENOTSUP, True), (errno.EIO, False)])
def test_file_systems_that_cannot_sync_a_folder(tmp_path, monkeypatch, number, passed):
    def refuse(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(writing.os, "fsync", refuse)
    if passed:
        sync_folder(tmp_path)
    else:
        with pytest.raises(OSError) as caught:
            sync_folder(tmp_path)
        assert (caught.value.errno, caught.value.filename) == (number, str(tmp_path))


def test_a_folder_that_may_be_written_but_not_read(tmp_path, monkeypatch):
    def refuse(path, flags):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(os, "open", refuse)
    sync_folder(tmp_path)


def test_append(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"one\n")
    append(path, b"two\n")
    append(path, b"")
    append(path, b"three\n")
    assert path.read_bytes() == b"one\ntwo\nthree\n"
    with pytest.raises(FileNotFoundError):
        append(tmp_path / "b.csv", b"x")


def test_a_failed_append_leaves_the_file_as_it_was(tmp_path):
    """A real write that the system cuts short: it takes a part, and refuses the rest."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "a.csv"
    path.write_bytes(b"old\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError) as caught:
            append(path, bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, str(path))
    assert path.read_bytes() == b"old\n"
    append(path, b"new\n")
    assert path.read_bytes() == b"old\nnew\n"


def test_only_leavings_are_removed(tmp_path):
    kept = {".lock", ".part", ".0123456789abcde.part", "0123456789abcdef.part", ".0123456789abcdef.part.ckpt", "a"}
    for name in kept:
        (tmp_path / name).touch()
    for _ in range(3):
        temporary(tmp_path / "Generator0.ckpt").touch()
    (tmp_path / ".0123456789abcdef.part").mkdir()  # cannot be removed as a file is
    remove_leavings(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept | {".0123456789abcdef.part"}
    remove_leavings(tmp_path / "missing")


def test_leavings_that_may_be_in_use_stay(tmp_path):
    old, new = (temporary(tmp_path / "a") for _ in range(2))
    for path, age in ((old, 61), (new, 59)):
        path.touch()
        os.utime(path, (time.time() - age,) * 2)
    remove_leavings(tmp_path, unused=60)
    assert list(tmp_path.iterdir()) == [new]


def test_one_at_a_time(tmp_path):
    lock = tmp_path / "lock"
    with alone(lock):
        with pytest.raises(Timeout), alone(lock):
            pass
        assert lock.exists()
    assert not lock.exists()


def test_the_second_waits_for_the_first(tmp_path):
    lock = tmp_path / "lock"
    script = "import sys, ms_gan.disk.writing as f\nwith f.alone(f.Path(sys.argv[1])): print(input())"
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", script, str(lock)], stdin=pipe, stdout=pipe, text=True)
    while not lock.exists():
        time.sleep(0.01)
    said = []

    def waiting():
        said.append("waits")
        process.stdin.write("done\n")
        process.stdin.close()

    while not said:  # until it has not only made the file, but locked it
        with alone(lock, waiting):
            came = process.stdout.read() if said else ""
    assert came == "done\n" and said == ["waits"] and process.wait() == 0


@pytest.mark.skipif(os.name != "posix", reason="Windows locks in another way")
@pytest.mark.parametrize("error", [OSError(errno.ENOLCK, os.strerror(errno.ENOLCK)), NotImplementedError()])
def test_a_file_system_without_locks(tmp_path, monkeypatch, error):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    with pytest.raises(OSError, match="No locks available"), alone(tmp_path / "lock"):
        pass


COUNT = """
import sys, ms_gan.disk.writing as f
place = f.Path(sys.argv[1])
for _ in range(200):
    with f.alone(place / "lock", lambda: None):
        number = int((place / "number").read_text())
        (place / "number").write_text(str(number + 1))
"""


def test_no_two_are_inside_though_the_lock_file_comes_and_goes(tmp_path):
    (tmp_path / "number").write_text("0")
    words = [sys.executable, "-c", COUNT, str(tmp_path)]
    processes = [subprocess.Popen(words) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert (tmp_path / "number").read_text() == "600"
