"""ms-gan check FILE: a line for each of the eleven functions, whatever the file does."""

import re
from pathlib import Path

import pytest

SOLUTION = Path(__file__).parents[2] / "lectures" / "assignment" / "solution.py"

HALF_WRONG = """
import sys

from mindspore import nn, ops


class Hostile:
    def __call__(self):
        raise ValueError("called")

    def __getattr__(self, name):
        raise RuntimeError(f"no {name} for you")


def sample_noise(batch_size, dim):
    return 2 * ops.rand(batch_size, dim) - 1


def discriminator():
    return nn.SequentialCell(nn.Flatten(), nn.Dense(784, 256), Endless())


class Endless(nn.Cell):
    def construct(self, x):
        return self(x)


generator = None


def bce_loss(scores, labels):
    raise NotImplementedError


def discriminator_loss(scores_real, scores_fake):
    return bce_loss(scores_real, 1) + bce_loss(scores_fake, 0)


def generator_loss(scores_fake):
    sys.exit("enough")


def get_optimizer(model):
    return Hostile()


def ls_discriminator_loss(scores_real, scores_fake):
    return ls_discriminator_loss(scores_real, scores_fake)


def ls_generator_loss(scores_fake):
    squares = (scores_fake - 1) ** 2
    return 0.5 * squares.average()


def build_dc_generator(noise_dim=96):
    return 7
"""


def rows(lines) -> dict[str, str]:
    """What stands behind each function's name in the table."""
    found = (re.match(r" ?\d+  (\w+) +(\S.*)", line) for line in lines)
    return {match[1]: " ".join(match[2].split()) for match in found if match}


def test_the_solution_is_right(command):
    done = command("check", SOLUTION)
    assert (done.status, done.err, done.lines[-1]) == (0, "", "11 of 11 right")
    assert len(done.lines) == 12 and max(map(len, done.lines)) <= 100
    assert [line[:4] for line in done.lines[:-1]] == [f"{number:2}  " for number in range(1, 12)]
    found = rows(done.lines)
    parameters = {name: text.split()[1] for name, text in found.items() if "parameters" in text}
    assert parameters == {
        "discriminator": "267,009",
        "generator": "1,858,320",
        "build_dc_classifier": "1,102,721",
        "build_dc_generator": "6,580,801",
    }
    for name, text in found.items():
        assert text.startswith("right ")
        if "loss" in name:
            assert 0 <= float(re.fullmatch(r"right error (\S+)", text)[1]) < 1e-6


def test_what_one_function_does_never_keeps_the_others_from_being_checked(command, tmp_path, listing):
    answer = tmp_path / "answer.py"
    answer.write_text(HALF_WRONG, encoding="utf-8")
    before = listing(tmp_path)
    done = command("check", answer)
    assert (done.status, done.err) == (1, "")
    found = rows(done.lines)
    assert {name: re.match("right|wrong|crashed|not written yet", text)[0] for name, text in found.items()} == {
        "sample_noise": "right",
        "discriminator": "crashed",
        "generator": "not written yet",
        "bce_loss": "not written yet",
        "discriminator_loss": "not written yet",
        "generator_loss": "crashed",
        "get_optimizer": "crashed",
        "ls_discriminator_loss": "crashed",
        "ls_generator_loss": "crashed",
        "build_dc_classifier": "not written yet",
        "build_dc_generator": "wrong",
    }
    assert found["discriminator_loss"].endswith("it calls bce_loss")
    assert found["build_dc_classifier"].endswith("answer.py has no function of this name")
    assert found["ls_discriminator_loss"].startswith("crashed RecursionError: maximum recursion depth exceeded")
    assert found["get_optimizer"] == "crashed RuntimeError: no parameters for you"
    assert found["build_dc_generator"] == "wrong expected a network (nn.Cell), found int"
    assert found["discriminator"].startswith("crashed RecursionError")
    assert found["generator_loss"] == "crashed SystemExit: enough"
    written = {number: code.strip() for number, code in enumerate(HALF_WRONG.splitlines(), 1)}
    shown = {int(number): code for number, code in re.findall(r"answer.py, line (\d+): (.*)", done.out)}
    assert {number: written[number] for number in shown} == shown
    assert {'sys.exit("enough")', "return 0.5 * squares.average()", "return self(x)"} <= set(shown.values())
    assert done.lines[-1] == "1 of 11 right, 1 wrong, 5 crashed, 4 not written yet"
    assert "Traceback" not in done.out and len(done.lines) < 30
    assert listing(tmp_path) == before


def test_a_narrow_terminal_gets_narrow_lines(command, tmp_path, monkeypatch):
    answer = tmp_path / "answer.py"
    answer.write_text("def generator_loss(scores_fake):\n    raise ValueError('word ' * 60)\n", encoding="utf-8")
    monkeypatch.setenv("COLUMNS", "80")
    done = command("check", answer)
    assert 70 < max(map(len, done.lines)) <= 80
    crash = [line for line in done.lines if "word" in line]
    assert crash[0].startswith(" 6  generator_loss         crashed  ValueError: word word")
    assert all(line.startswith(" " * 36 + "word") for line in crash[1:-1])
    assert crash[-2].endswith("…") and crash[-1] == "      answer.py, line 2: raise ValueError('word ' * 60)"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("answer.py", None, "cannot read .*answer.py: No such file or directory; name the Python file"),
        ("answer.ipynb", "{}", "answer.ipynb: the check reads a Python file"),
        ("answer.py", "def sample_noise(batch_size, dim)\n    return 1\n", "answer.py, line 1: expected ':'"),
        ("answer.py", "def f():\nreturn 1\n", "answer.py, line 2: expected an indented block"),
        ("answer.py", "x = 1\0", "answer.py.*null bytes"),
        ("answer.py", b"x = '\xff'", "answer.py.*codec can't decode"),
        (
            "answer.py",
            "import nn_from_nowhere\n",
            "line 1: import nn_from_nowhere: ModuleNotFoundError: No module named",
        ),
        ("answer.py", "import sys\n\nsys.exit(0)\n", r"line 3: sys.exit\(0\): SystemExit: 0"),
        ("answer.py", "x = [\n", "answer.py, line 1: '\\[' was never closed"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_refused_in_one_line(command, tmp_path, name, content, says):
    if content is not None:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    done = command("check", tmp_path / name)
    assert (done.status, done.out) == (2, "")
    assert re.fullmatch(f"ms-gan: .*{says}.*\n", done.err)


def test_a_folder_is_refused_in_one_line(command, tmp_path):
    (tmp_path / "answer.py").mkdir()
    done = command("check", tmp_path / "answer.py")
    assert (done.status, done.out) == (2, "")
    assert re.fullmatch("ms-gan: cannot read .*answer.py: .*\n", done.err)


def test_a_file_is_read_anew_each_time(command, tmp_path):
    answer = tmp_path / "answer.py"
    counts = []
    for text in ("x = 1\n", "def ls_generator_loss(scores_fake):\n    return 0.5 * ((scores_fake - 1) ** 2).mean()\n"):
        answer.write_text(text, encoding="utf-8")
        counts.append(command("check", answer).lines[-1])
    assert counts == ["0 of 11 right, 11 not written yet", "1 of 11 right, 10 not written yet"]


def test_the_file_must_be_named(command):
    done = command("check")
    assert done.status == 2 and "FILE" in done.err


def test_ctrl_c_is_not_taken_for_a_crash(command, tmp_path):
    answer = tmp_path / "answer.py"
    answer.write_text("def sample_noise(batch_size, dim):\n    raise KeyboardInterrupt\n", encoding="utf-8")
    done = command("check", answer)
    assert (done.status, done.out, done.err) == (130, "", "ms-gan: stopped\n")
