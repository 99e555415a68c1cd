"""Whose error it is: the student's, the check's own, or nobody's."""

import pytest

from ms_gan.errors import UserError


@pytest.fixture
def judged(cpu, tmp_path):
    """judged(name, lines) writes a student's file and judges one function of it."""
    from ms_gan.assignment import report
    from ms_gan.assignment.student import Student

    def judge(name, text):
        path = tmp_path / "answer.py"
        path.write_text("from mindspore import nn, ops\nimport mindspore as ms\n" + text, encoding="utf-8")
        return report.judge(Student(path), name)

    return judge


GENERATOR = """
def generator(noise_dim=96):
    hidden = [nn.Dense(noise_dim, 1024), nn.ReLU(), nn.Dense(1024, 1024), nn.ReLU()]
    return nn.SequentialCell(*hidden, nn.Dense(1024, 784), nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))
"""
NOISE = "def sample_noise(batch_size, dim):\n    return 2 * ops.rand(batch_size, dim) - 1\n"
ODD = """
class Odd:
    parameters = 3
    __call__ = print


def get_optimizer(model):
    return Odd()
"""


def fail(*_):
    raise ZeroDivisionError("a bug")


BUGS = [
    ("noise_check._is_uniform", "sample_noise", NOISE),
    ("loss_check._error", "ls_generator_loss", "def ls_generator_loss(s):\n    return 0.5 * ((s - 1) ** 2).mean()\n"),
    ("network_check._follow", "generator", GENERATOR),
    ("network_check._pictures", "generator", GENERATOR),
    ("optimizer_check._way", "get_optimizer", "def get_optimizer(m):\n    return nn.Adam(m.trainable_params())\n"),
]


def test_the_files_themselves_are_right_or_wrong_but_do_not_crash(judged):
    for _, name, text in BUGS:
        assert judged(name, text)[0] == ("wrong" if name == "get_optimizer" else "right")


@pytest.mark.parametrize(("place", "name", "text"), BUGS, ids=[place for place, *_ in BUGS])
def test_a_bug_of_a_check_is_raised(judged, monkeypatch, place, name, text):
    monkeypatch.setattr(f"ms_gan.assignment.{place}", fail)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        judged(name, text)


def test_a_bug_of_a_hook_that_mindspore_calls_back(judged, monkeypatch):
    """Inside the student's network, but not of its making."""

    monkeypatch.setattr("ms_gan.assignment.network_check._shape", fail)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        judged("generator", GENERATOR)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("sample_noise", "sample_noise = 7\n", "TypeError: 'int' object is not callable"),
        ("sample_noise", "def sample_noise():\n    return 1\n", "takes 0 positional arguments but 2 were given"),
        ("get_optimizer", ODD, "TypeError: 'int' object is not iterable"),
        ("discriminator", "def discriminator():\n    return nn.Dense(7, 1)\n", "For 'MatMul'"),
    ],
)
def test_what_fails_outside_the_students_file_by_what_it_gives(judged, name, text, says):
    status, notes = judged(name, text)
    assert status == "crashed" and says in notes[0]


@pytest.mark.parametrize("name", ["MemoryError", "KeyboardInterrupt"])
def test_nobodys(judged, name):
    error = {"MemoryError": MemoryError, "KeyboardInterrupt": KeyboardInterrupt}[name]
    with pytest.raises(error):
        judged("sample_noise", f"def sample_noise(batch_size, dim):\n    raise {name}\n")
    with pytest.raises(error):
        judged("sample_noise", f"raise {name}\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("open('no-such-file')\n", r"line 3: open\('no-such-file'\): FileNotFoundError: .*while the file was loaded"),
        ("compile('(', 'other', 'exec')\n", r"line 3: compile.*: SyntaxError: .*while the file was loaded"),
    ],
)
def test_what_the_file_itself_meets_while_it_is_loaded(judged, text, says):
    """It is no fault in reading the file."""
    with pytest.raises(UserError, match=says):
        judged("sample_noise", text)
