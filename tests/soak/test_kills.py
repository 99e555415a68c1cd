"""A short version of kills.py, and the proof that it notices what is lost."""

import re
import runpy
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="lives are forked, and /proc counts their threads")

SCRIPT = Path(__file__).with_name("kills.py")
FORGETFUL = f"""
import runpy, sys
kills = runpy.run_path({str(SCRIPT)!r})
def save(folder, position, *rest, call=kills["run"].checkpoint.save):
    if folder.parent.name != "peace":
        (folder / f"Epoch{{position.epoch - 2}}.json").unlink(missing_ok=True)
    call(folder, position, *rest)
kills["run"].checkpoint.save = save
kills["main"]()
"""


def python(*words: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True)


@pytest.mark.usefixtures("all_cores")
def test_nothing_is_lost():
    done = python(SCRIPT, "--kills", "2", "--boundaries", "--every", "15")
    assert done.returncode == 0, done.stdout + done.stderr
    real, made_up = done.stdout.splitlines()[-2:]
    assert re.match(r"nothing lost: 2 kills of [1-3] runs? \(", real)
    assert 15 <= int(re.match(r"nothing lost: (\d+) kills, before every 15th change of the disk", made_up)[1]) <= 25


def test_a_package_that_forgets_an_epoch_before_it_saves_the_next():
    done = python("-c", FORGETFUL, "--boundaries", "--every", "60")
    noticed = r"Position\(epoch=\d, step=0\) is lost|not as in the run left in peace: \['checkpoints/Epoch0\.json'"
    assert done.returncode == 1 and re.search(noticed, done.stderr), done.stderr


# What is checked after every death, and at the end


@pytest.fixture
def kills(monkeypatch) -> SimpleNamespace:
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("OPENBLAS_NUM_THREADS", "GLOG_v"):  # the script sets them for all that it starts
        monkeypatch.setenv(name, "")
    return SimpleNamespace(**runpy.run_path(str(SCRIPT)))


@pytest.fixture
def case(kills, trained_run, tmp_path):
    """A run of three epochs, beside itself."""
    shutil.copytree(trained_run, tmp_path / "result")
    return kills.Case(tmp_path / "result", trained_run, resume_first=True)


def died(kills, said: str = "", status: int = -signal.SIGKILL):
    return kills.Life(status, said, starting=1.0)


def test_as_it_should_be(kills, case):
    case.examine(died(kills))
    case.compare()
    assert sorted(position.epoch for position in case.sets) == [1, 2, 3]


@pytest.mark.parametrize("name", ["Epoch2.json", "Epoch0.json"])
def test_a_lost_set(kills, case, name):
    (case.folder / "checkpoints" / name).unlink()
    with pytest.raises(kills.Lost, match="is lost"):
        case.examine(died(kills))


@pytest.mark.parametrize("name", ["Generator0.ckpt", "TrainState2.ckpt"])
def test_a_file_that_is_half_written(kills, case, name):
    path = case.folder / "checkpoints" / name
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(kills.Lost, match=f"{name} is not what it says"):
        case.examine(died(kills))


def test_going_on_from_an_older_set(kills, case):
    said = "going on from {}/Generator{}.ckpt\n640 images an epoch in 20 batches"
    case.examine(died(kills, said.format(case.folder, 2)))
    with pytest.raises(kills.Lost, match="though the newest set is of"):
        case.examine(died(kills, said.format(case.folder, 1)))


def test_a_process_that_ends_with_an_error(kills, case):
    with pytest.raises(kills.Lost, match="exit status 70"):
        case.examine(died(kills, "Traceback", 70))


@pytest.mark.parametrize("name", ["checkpoints/TrainState1.ckpt", "images/epoch001.png", "evolution.gif", ".ab.part"])
def test_another_file_at_the_end(kills, case, name):
    with (case.folder / name).open("ab") as file:
        file.write(b"x")
    with pytest.raises(kills.Lost, match=re.escape(f"not as in the run left in peace: ['{name}']")):
        case.compare()


@pytest.mark.parametrize("change", [lambda text: text + "9,9,1,1,1,1,1\n", lambda text: text.replace("0,7,", "0,6,")])
def test_another_history(kills, case, change):
    path = case.folder / "history.csv"
    path.write_text(change(path.read_text()))
    with pytest.raises(kills.Lost, match="'history.csv'"):
        case.compare()


def test_other_seconds_are_no_difference(kills, case):
    path = case.folder / "history.csv"
    path.write_text(re.sub(r",[^,\n]*\n", ",7\n", path.read_text()))
    case.compare()
