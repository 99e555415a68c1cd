"""ms-gan data mnist|faces|cartoon: what each does with its options."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ms_gan.commands.data import Cartoon, Faces, Mnist
from ms_gan.commands.parse import command_line
from ms_gan.data.faces import anime

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("mnist", Mnist(data=None)),
        ("mnist --data a", Mnist(data=Path("a"))),
        ("faces", Faces(out=Path("data", "faces"))),
        ("faces --out a", Faces(out=Path("a"))),
        ("cartoon", Cartoon(count=10_000, size=96, seed=7, out=Path("data", "cartoon"))),
        ("cartoon --count 5 --size 32 --seed 1 --out a", Cartoon(count=5, size=32, seed=1, out=Path("a"))),
    ],
)
def test_options(words, wanted):
    assert command_line(["data", *words.split()]).name == wanted


@pytest.mark.parametrize("words", ["data", "data --help"])
def test_which_there_are(command, words):
    done = command(*words.split())
    assert (done.status, done.err) == (0, "")
    assert "usage: ms-gan data [-h] {mnist,faces,cartoon}" in done.out


@pytest.mark.parametrize(
    "words", ["data nosuch", "data mnist --count 3", "data faces --size 3", "data cartoon --data a"]
)
def test_options_that_are_not_there(command, words, listing):
    done = command(*words.split())
    assert done.status == 2 and done.err and not done.out and not listing(Path())


def test_help_is_light():
    """It loads none of what downloads or draws."""
    script = """if True:
        import json, sys
        from ms_gan.commands import main
        for words in (["data"], ["data", "faces", "--help"], ["data", "cartoon", "--help"]):
            try:
                main(words)
            except SystemExit:
                pass
        heavy = ("mindspore", "matplotlib", "PIL", "pooch", "requests", "numpy", "tqdm", "python_avatars", "resvg_py")
        print(json.dumps([name for name in heavy if name in sys.modules]), file=sys.stderr)
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stderr) == []


def test_cartoon(command):
    done = command(*["data", "cartoon", "--count", "3", "--size", "16", "--out", "a"])
    assert (done.status, done.err) == (0, "")
    assert done.out == "3 faces in a; train on them: ms-gan train dcgan-small --data a\n"
    assert sorted(path.name for path in Path("a").iterdir()) == [*(f"00000{n}.png" for n in range(3)), "cartoon.json"]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("cartoon --count 0", "count 0: it must be from 1 to 1,000,000"),
        ("cartoon --size 8", "size 8: "),
        ("cartoon --seed -1", "seed -1: "),
        ("cartoon --out there", "there holds mine.jpg"),
        ("cartoon --out there/mine.jpg", "mine.jpg ("),
        ("faces --out there", "there holds mine.jpg"),
        ("faces --out new", "http://127.0.0.1:1/faces.zip (ConnectionError): try again later, or draw a set of faces"),
    ],
)
def test_bad_input(command, monkeypatch, words, wanted):
    monkeypatch.setattr(anime, "URL", "http://127.0.0.1:1/faces.zip")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    Path("there").mkdir()
    Path("there", "mine.jpg").write_bytes(b"mine")
    done = command("data", *words.split())
    assert done.status == 2 and done.err.startswith("ms-gan: ") and done.err.count("\n") == 1
    assert wanted in done.err and Path("there", "mine.jpg").read_bytes() == b"mine"
    assert not [path for path in Path().rglob("*") if path.suffix in (".png", ".zip")]
