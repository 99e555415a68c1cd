"""The assignment as a student meets it: the starter, the check beside it, and training with one's own functions."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ms_gan import device

ROOT = Path(__file__).parents[2]
ASSIGNMENT = ROOT / "lectures" / "assignment"


def door(script: str, *words, encoding: str = "utf-8"):
    """Runs python -m lectures.assignment.SCRIPT in the project's folder."""
    arguments = [sys.executable, "-m", f"lectures.assignment.{script}", *map(str, words)]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    return subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, encoding=encoding)


def test_the_starter_is_not_written_yet():
    done = door("check")
    assert (done.returncode, done.stderr) == (1, "")
    *lines, last = done.stdout.splitlines()
    assert len(lines) == 11 and all(line.endswith("  not written yet") for line in lines)
    assert last == "0 of 11 right, 11 not written yet"


def test_some_mistakes_and_an_output_that_lacks_a_sign(tmp_path):
    """In a process of its own: MindSpore before 2.10 does not survive BCELoss refusing scores after gradients."""
    text = (ASSIGNMENT / "solution.py").read_text(encoding="utf-8").replace("alpha=0.01", "")
    text = re.sub(r"(?ms)(^def bce_loss\(.*?\n).*?(?=\n\n\n)", r"\1    return nn.BCELoss()(scores, labels)", text)
    (tmp_path / "answer.py").write_text(text, encoding="utf-8")
    done = door("check", tmp_path / "answer.py", encoding="ascii")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count("mistake: wrong ? of LeakyReLU: 0.2") == 2  # α
    assert done.stdout.count("mistake: scores taken for probabilities: nn.BCELoss and log want [0, 1]") == 3
    assert "6 of 11 right, 2 wrong, 3 crashed" in done.stdout


def test_the_starter_and_the_solution_have_the_same_functions():
    from ms_gan.assignment import EXERCISES

    heads = {}
    for name in ("starter.py", "solution.py"):
        text = (ASSIGNMENT / name).read_text(encoding="utf-8")
        heads[name] = re.findall(r"(?m)^def (\w+)(\(.*\)):$", text)
    assert heads["starter.py"] == heads["solution.py"]
    assert tuple(name for name, _ in heads["starter.py"]) == EXERCISES


def test_the_starter_tells_what_is_checked():
    text = (ASSIGNMENT / "starter.py").read_text(encoding="utf-8")
    for number in ("267,009", "1,858,320", "1,102,721", "6,580,801", "α = 0.01", "β1 = 0.5", "β2 = 0.999", "0.001"):
        assert number in text
    docstrings = re.findall(r'def \w+\(.*?\):\n    """(.*?)"""\n    raise NotImplementedError\n', text, re.DOTALL)
    assert len(docstrings) == 11 and all("Returns:" in docstring for docstring in docstrings)


def test_the_check_is_not_loaded_before_it_is_needed():
    code = "import sys, ms_gan.commands.parse, ms_gan.assignment; sys.exit('mindspore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.fixture(scope="module")
def training(cpu):
    """train.py as a module."""
    spec = importlib.util.spec_from_file_location("assignment_train", ASSIGNMENT / "train.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    # What it asks of the processor would hold for all that this process computes: later tests compare bytes.
    module.device = SimpleNamespace(choose_device=device.choose_device, prepare_native_convolutions=lambda: None)
    return module


@pytest.mark.parametrize(
    ("game", "batch", "iterations"),
    [("vanilla", 128, 7), ("lsgan", 128, 5), ("dcgan", 8, 2)],  # 640 images: 5 batches of 128 are an epoch
)
def test_the_solution_trains(training, small_mnist, tmp_path, capsys, monkeypatch, game, batch, iterations):
    monkeypatch.setattr(training, "BATCH", batch)
    monkeypatch.setattr(training, "EVERY", 3)
    training.main(training.Options(ASSIGNMENT / "solution.py", game, iterations, small_mnist, tmp_path))
    note, *lines, last = capsys.readouterr().out.splitlines()
    assert note.endswith("is not the original MNIST (train); going on with it")
    assert last == f"pictures: {tmp_path / game}"
    losses = [re.fullmatch(r"Iter: (\d+), D: (\d\.\d+), G:(\d\.\d+)", line).groups() for line in lines]
    assert [int(iteration) for iteration, _, _ in losses] == list(range(0, iterations, 3))
    d_loss, g_loss = (float(number) for number in losses[0][1:])
    if game != "lsgan":  # 2·ln 2 and ln 2, if D knows nothing yet
        assert 1.2 < d_loss < 1.6 and 0.3 < g_loss < 1.1
    pictures = sorted(path.name for path in (tmp_path / game).iterdir())
    assert pictures == [*(f"{iteration:04}.png" for iteration in range(0, iterations, 3)), "final.png"]
    first, final = (np.asarray(Image.open(tmp_path / game / name)) for name in (pictures[0], "final.png"))
    assert first.shape == final.shape == (468, 468)  # 4·(28·4 + 4) + 4
    assert (first != final).any()


def test_training_the_starter_is_refused_in_one_line(tmp_path):
    done = door("train", "--result", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "ms-gan: one of the functions is not written yet: ms-gan check tells which\n"
    assert list(tmp_path.iterdir()) == []


def test_readme_shows_what_the_check_prints(command, tmp_path):
    """The example in README.md is what the check says of such a file, but for its random numbers."""
    solution = (ASSIGNMENT / "solution.py").read_text(encoding="utf-8")
    starter = (ASSIGNMENT / "starter.py").read_text(encoding="utf-8")
    for name, changes in {
        "sample_noise": ("", ""),
        "discriminator": ("alpha=0.01", ""),
        "generator": ("", ""),
        "bce_loss": ("mean()", "sum()"),
    }.items():
        body = re.search(rf"(?ms)^def {name}\([^\n]*\n(.*?)\n\n\n", solution)[1].replace(*changes)
        starter = write(starter, name, body)
    starter = write(starter, "discriminator_loss", "    return bce_loss(scores_real) + bce_loss(scores_fake)")
    (tmp_path / "starter.py").write_text(starter, encoding="utf-8")
    printed = command("check", tmp_path / "starter.py").out.splitlines()
    readme = (ASSIGNMENT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"(?ms)^```\n(.*?)^```$", readme)[1].splitlines()
    cut = shown.index("…")
    for printed_lines, shown_lines in ((printed[:cut], shown[:cut]), (printed[-1:], shown[-1:])):
        assert [blurred(line) for line in printed_lines] == [blurred(line) for line in shown_lines]


def write(starter: str, name: str, body: str) -> str:
    """The starter with one function written."""
    head, rest = re.split(rf"(?m)(?<=^def {name}\()", starter)
    return head + rest.replace("    raise NotImplementedError", body, 1)


def blurred(line: str) -> str:
    """Without the digits that vary with the noise, the processor, or the length of the starter."""
    return re.sub(r"variance 0\.3\d+|error \S+|line \d+", "…", line)
