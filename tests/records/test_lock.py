"""One process at a time in a run's folder."""

import errno
import io
import os
import socket
import subprocess
import sys

import pytest

from ms_gan.disk.writing import temporary
from ms_gan.errors import UserError
from ms_gan.records.lock import HOLDER, hold

HOLD = "import sys, pathlib, ms_gan.records.lock as lock\nwith lock.hold(pathlib.Path(sys.argv[1])):\n"


def holder(folder, then):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD + f"    print('held', flush=True)\n    {then}", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_refused_and_told_who_holds_the_folder(tmp_path):
    process = holder(tmp_path, "input()")
    said = rf"{tmp_path.name} is in use by process {process.pid} on '{socket.gethostname()}' since \d{{4}}-\d\d-\d\d "
    with pytest.raises(UserError, match=said), hold(tmp_path):
        pass
    process.communicate("\n")
    with hold(tmp_path):
        assert (tmp_path / HOLDER).exists()
    assert not (tmp_path / HOLDER).exists()


def test_the_lock_of_a_process_that_was_killed_holds_nobody_up(tmp_path):
    process = holder(tmp_path, "input()")
    process.kill()
    process.wait()
    assert str(process.pid) in (tmp_path / HOLDER).read_text(encoding="utf-8")
    with hold(tmp_path):
        assert str(os.getpid()) in (tmp_path / HOLDER).read_text(encoding="utf-8")


def test_twice_in_one_process(tmp_path):
    with hold(tmp_path):
        with pytest.raises(UserError, match=f"in use by process {os.getpid()} "), hold(tmp_path):
            pass
        with hold(tmp_path / "another"):
            pass


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", "[" * 100_000, '{"process": "x", "host": 1, "since": 2}'])
def test_a_note_of_the_holder_that_cannot_be_read(tmp_path, damage):
    with hold(tmp_path):
        (tmp_path / HOLDER).write_text(damage, encoding="utf-8")
        with pytest.raises(UserError, match="is in use by another process: "), hold(tmp_path):
            pass


def test_folders_that_stay_empty_are_removed_again(tmp_path):
    with pytest.raises(RuntimeError), hold(tmp_path / "a" / "b"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with hold(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "kept").write_text("x", encoding="utf-8")
    assert (tmp_path / "a" / "b" / "kept").exists()


def test_a_folder_that_was_empty_before_is_not_removed(tmp_path):
    with hold(tmp_path):
        pass
    assert tmp_path.is_dir()


def test_a_folder_where_the_lock_belongs(tmp_path):
    (tmp_path / ".lock").mkdir()
    with pytest.raises(UserError, match=r"cannot write the result folder .*[/\\]\.lock: .*; name"), hold(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the system keeps names by itself")
def test_the_names_of_new_folders_reach_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("ms_gan.records.lock.sync_folder", synced.append)
    for _ in range(2):
        with hold(tmp_path / "a" / "b"):
            (tmp_path / "a" / "b" / "kept").touch()
    assert sorted(synced) == [tmp_path, tmp_path / "a"]


def test_half_written_files_of_a_process_that_was_killed_are_removed(tmp_path):
    """Of this run only: in the slides' folder, result, lie those of others too, and they may be running."""
    names = [temporary(tmp_path / place / "x") for place in (".", "checkpoints", "images", "wgan", "wgan/checkpoints")]
    for path in names:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with pytest.raises(UserError), hold(tmp_path), hold(tmp_path):
        pass
    assert [path.exists() for path in names] == [False] * 3 + [True] * 2


@pytest.mark.parametrize(("number", "said"), [(errno.ENOSPC, "No space left on device"), (errno.EROFS, "Read-only")])
def test_a_full_disk_leaves_neither_lock_nor_folder(tmp_path, monkeypatch, number, said):
    def full(path, mode="r", *args, **kwargs):
        if "x" in mode:
            raise OSError(number, os.strerror(number), str(path))
        return real(path, mode, *args, **kwargs)

    real = io.open
    monkeypatch.setattr(io, "open", full)
    with pytest.raises(UserError, match=f"cannot write the result folder .*/a/b: {said}"), hold(tmp_path / "a" / "b"):
        pass
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []
    with hold(tmp_path / "a" / "b"):
        pass


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    """Network folders whose server offers none."""
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    said = "cannot write the result folder .*: No locks available; name another with --result"
    with pytest.raises(UserError, match=said), hold(tmp_path / "result"):
        pass
    assert not (tmp_path / "result" / HOLDER).exists()


WITHOUT_RIGHTS = """
import ctypes, os, pathlib, sys
if os.getuid() == 0:  # an administrator may write everywhere, unless the right to is given up
    for right in (1, 2):
        assert ctypes.CDLL(None).prctl(24, right, 0, 0, 0) == 0
    if len(sys.argv) == 2:
        os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], sys.argv[1], "given up"])
from ms_gan.errors import UserError
from ms_gan.records.lock import hold
for path in (pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[1], "new")):
    try:
        with hold(path):
            print("held")
    except UserError as error:
        print(error)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="how to give up rights is told for Linux")
def test_a_folder_that_is_read_only(tmp_path):
    folder = tmp_path / "result"
    folder.mkdir(mode=0o555)
    done = subprocess.run([sys.executable, "-c", WITHOUT_RIGHTS, str(folder)], capture_output=True, text=True)
    said = "cannot write the result folder {}: Permission denied; name another with --result"
    assert (done.stdout.splitlines(), done.stderr) == ([said.format(folder), said.format(folder / "new")], "")
    assert list(folder.iterdir()) == []


def test_a_name_that_no_folder_can_have(tmp_path):
    with pytest.raises(UserError, match="cannot write the result folder"), hold(tmp_path / ("x" * 300)):
        pass


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    said = "cannot write the result folder .*name another with --result"
    with pytest.raises(UserError, match=said), hold(tmp_path / "file" / "result"):
        pass
    assert (tmp_path / "file").read_text(encoding="utf-8") == "x"
