"""Files appear whole or not at all."""

import os

import pytest

from ms_gan import files
from ms_gan.files import whole, write_bytes, write_text


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
    with whole(path) as temporary:
        assert temporary.parent == path.parent and temporary.suffix == path.suffix
        assert path.stem not in temporary.name
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=["OSError", "Ctrl-C"])
def test_nothing_stays_of_a_failure(tmp_path, error):
    path = tmp_path / "a.json"
    write_text(path, "old")
    with pytest.raises(type(error)), whole(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("function", ["replace", "fsync"])
def test_nothing_stays_when_the_system_refuses(tmp_path, monkeypatch, function):
    def refuse(*_):
        raise OSError(5, "Input/output error")

    write_text(tmp_path / "a.json", "old")
    monkeypatch.setattr(files.os, function, refuse)
    with pytest.raises(OSError, match="Input/output error"):
        write_text(tmp_path / "a.json", "new")
    monkeypatch.undo()
    assert (tmp_path / "a.json").read_text() == "old" and os.listdir(tmp_path) == ["a.json"]


def test_the_content_reaches_the_disk_before_the_name(tmp_path, monkeypatch):
    done = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(files.os, name, lambda *args, name=name, real=real: (done.append(name), real(*args)))
    write_text(tmp_path / "a.json", "text")
    assert done[:2] == ["fsync", "replace"]
    assert done[2:] == (["fsync"] if os.name == "posix" else [])  # of the folder


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "nothing" / "a.json", "text")
    assert os.listdir(tmp_path) == []
