"""What the tests of the lectures share: how a lecture is told, on which data, and how what it said is read."""

import gzip
import os
import re
import runpy
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Telling(NamedTuple):
    status: int
    out: str
    err: str


def _path(lecture) -> Path:
    return ROOT / "lectures" / lecture


def _start(lecture, *options, **environment) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(_path(lecture)), *map(str, options)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


@pytest.fixture(scope="session")
def start() -> Callable[..., subprocess.Popen]:
    """start("02_gan.py", "--epochs", 1, NAME="value") begins to tell a lecture as a student does: as a script."""
    return _start


@pytest.fixture(scope="session")
def tell() -> Callable[..., Telling]:
    """As `start`, and waits for the end: the exit status, and all that came on stdout and stderr."""

    def told(lecture, *options, **environment):
        process = _start(lecture, *options, **environment)
        out, err = process.communicate(timeout=300)
        return Telling(process.returncode, out, err)

    return told


@pytest.fixture
def tell_here(cpu, monkeypatch, capfd) -> Callable[..., Telling]:
    """As `tell`, but in this process, which has MindSpore loaded already: for what ends soon, or is part of a lecture.

    `cpu`: a lecture that chooses the best device must not choose another one for all later tests.
    """

    def told(lecture, *options):
        monkeypatch.chdir(ROOT)
        monkeypatch.setattr(sys, "argv", [str(lecture), *map(str, options)])
        capfd.readouterr()
        status = 0
        try:
            runpy.run_path(str(_path(lecture)), run_name="__main__")
        except SystemExit as end:
            status = end.code
        return Telling(status, *capfd.readouterr())

    return told


@pytest.fixture
def refused(tell_here, tmp_path) -> Callable[..., Telling]:
    """Tells a lecture with options that it refuses, before it has begun: in one line, with status 2, and no file."""

    def told(lecture, *options):
        telling = tell_here(lecture, "--result", tmp_path / "result", *options)
        assert telling.status == 2
        assert re.fullmatch(r"ms-gan: .+\n", telling.err)
        assert not (tmp_path / "result").exists()
        return telling

    return told


@pytest.fixture
def excerpt(tmp_path) -> Callable[..., Path]:
    """excerpt(lecture, mark, …): a script of those code cells of a lecture that hold one of the marks.

    Each mark stands in a single cell. So a lecture can be told again without what takes long and has been tested.
    """

    def written(lecture, *marks):
        cells = re.split(r"^(?=# %%)", _path(lecture).read_text(encoding="utf-8"), flags=re.MULTILINE)
        code = [cell for cell in cells if not cell.startswith("# %% [markdown]")]
        assert all(sum(mark in cell for cell in code) == 1 for mark in marks)
        script = tmp_path / lecture
        script.write_text("".join(cell for cell in code if any(mark in cell for mark in marks)), encoding="utf-8")
        return script

    return written


@pytest.fixture(scope="session")
def first_images(tmp_path_factory) -> Callable[[int], Path]:
    """first_images(count): the first real training images and their labels, as a data set of their own."""

    def written(count):
        folder = tmp_path_factory.mktemp("mnist") / "train"
        folder.mkdir()
        for name, header, size in (("train-images-idx3-ubyte", 16, 28 * 28), ("train-labels-idx1-ubyte", 8, 1)):
            with gzip.open(ROOT / "data" / "MNIST_Data" / "train" / f"{name}.gz") as file:
                content = file.read(header + count * size)
            (folder / name).write_bytes(content[:4] + struct.pack(">I", count) + content[8:])
        return folder

    return written


NUMBER = r"([-+]?(?:\d[\d,]*\.?\d*(?:e[-+]?\d+)?|inf|nan))"


def _says(line, pattern, *numbers) -> bool:
    """Whether the line matches; each # of the pattern is a number of its own, and equal to the one given for it."""
    found = re.fullmatch(pattern.replace("#", NUMBER) if numbers else pattern, line)
    if not found or not numbers:
        return bool(found)
    return all(float(text.replace(",", "")) == number for text, number in zip(found.groups(), numbers, strict=True))


@pytest.fixture(scope="session")
def expect() -> Callable[..., None]:
    """expect(out, line, …): each is a line of its own, in this order, and a pattern that the whole line matches.

    Processors round otherwise, so a number that is measured is compared as a number: (pattern, number, …) is a line
    with a # for each of the numbers, such as `approx(4, rel=1e-4)`.
    """

    def check(out, *lines):
        rest = iter(out.splitlines())
        for wanted in lines:
            pattern, *numbers = (wanted,) if isinstance(wanted, str) else wanted
            assert any(_says(line, pattern, *numbers) for line in rest), (
                f"no line {pattern!r} with {numbers} where it should be in:\n{out}"
            )

    return check


@pytest.fixture(scope="session")
def prose() -> Callable[[str], list[str]]:
    """prose(lecture): the lines of its text, without the comment signs."""

    def lines(lecture):
        return [line[2:] for line in _path(lecture).read_text(encoding="utf-8").splitlines() if line.startswith("# ")]

    return lines
