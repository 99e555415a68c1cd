"""Files that may be anything are opened without waiting, and never read beyond a bound."""

import os
from pathlib import Path

import pytest

from ms_gan.disk.reading import entries, open_file, read_bytes
from ms_gan.errors import UserError, shown


def reason(call, *arguments) -> str:
    with pytest.raises(OSError) as caught:
        call(*arguments)
    assert Path(caught.value.filename) == arguments[0]
    return caught.value.strerror


def test_a_file_up_to_the_bound(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_bytes(path, 5) == b"12345" and read_bytes(path, 6) == b"12345"
    assert reason(read_bytes, path, 4) == "more than 4 bytes"


def test_what_is_no_file(tmp_path):
    assert reason(open_file, tmp_path / "gone") == "No such file or directory"
    assert reason(open_file, tmp_path) == "not a regular file"
    assert reason(open_file, tmp_path / ("n" * 256)) == "File name too long"


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices with names are POSIX only")
def test_what_never_ends_is_not_begun(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        assert reason(read_bytes, path, 9) == "not a regular file"


def test_what_lies_in_a_folder(tmp_path):
    (tmp_path / "a").touch()
    assert entries(tmp_path) == [tmp_path / "a"]
    assert entries(tmp_path / "gone") == entries(tmp_path / "a") == entries(tmp_path / "a" / "b") == []
    with pytest.raises(UserError, match="cannot read the folder .*nnn: File name too long; check its name"):
        entries(tmp_path / ("n" * 256))


@pytest.mark.parametrize(
    ("name", "in_a_message"),
    [
        ("a b%d{}.png", "a b%d{}.png"),
        ("猫 — é.png", "猫 — é.png"),
        ("two\nlines\r\tand more", "two lines and more"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("caf\udce9", "caf\\udce9"),
        ("\u202ereversed\u2028", "\\u202ereversed"),
    ],
)
def test_an_error_is_one_line_of_letters(name, in_a_message):
    assert str(UserError(name)) == in_a_message
    assert shown(name).isprintable() and shown(in_a_message) == in_a_message
