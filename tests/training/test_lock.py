"""One process at a time in a run's folder."""

import os
import socket
import subprocess
import sys

import pytest

from ms_gan.errors import UserError
from ms_gan.training.lock import HOLDER, hold

HOLD = "import sys, pathlib, ms_gan.training.lock as lock\nwith lock.hold(pathlib.Path(sys.argv[1])):\n"


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


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"process": "x", "host": 1, "since": 2}'])
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


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    said = "cannot write the result folder .*name another with --result"
    with pytest.raises(UserError, match=said), hold(tmp_path / "file" / "result"):
        pass
    assert (tmp_path / "file").read_text(encoding="utf-8") == "x"
