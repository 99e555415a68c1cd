"""Signals sent to a training that was started as a student starts it: saved, said in a line, and the exit status."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows cannot send these signals to another process")

REPOSITORY = Path(__file__).parents[2]
LECTURE = """
import signal, sys
import mindspore
from pathlib import Path
from ms_gan.recipes import Recipe
from ms_gan.runs.run import Running, train
recipe = Recipe(epochs=1000, batch_size=32, log_every=1)
stopped = train(recipe, Running(result=Path(sys.argv[1]), data=Path(sys.argv[2]), device="CPU"))
print(signal.Signals(stopped).name)
"""
SAVING = """
import os, time
from ms_gan.runs import interrupt
def replace(source, target, call=os.replace):
    if "Generator1-step" in str(target):
        print("saving", flush=True)
        time.sleep(1000)
    call(source, target)
os.replace, interrupt.GRACE = replace, 0
"""
ON_A_TERMINAL = """
import os, sys
os.login_tty(int(sys.argv[1]))
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[2:]])
"""


@pytest.fixture
def options(small_mnist, tmp_path) -> list[str]:
    recipe = ["train", "gan", "--epochs", "3", "--batch-size", "32", "--log-every", "1"]
    return [*recipe, "--data", str(small_mnist), "--result", str(tmp_path / "result")]


@pytest.fixture
def started():
    """started(code, words) is a process of Python; what still runs at the end of the test is killed."""
    processes = []

    def start(code: str, words: list[str], **how) -> subprocess.Popen:
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
        pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8") | how
        processes.append(subprocess.Popen([sys.executable, "-c", code, *words], env=environment, **pipes))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


def wait_for(process: subprocess.Popen, begin: str) -> None:
    assert any(line.startswith(begin) for line in process.stdout)


def test_asked_to_end(started, slow_training, options, tmp_path):
    """SIGTERM, twice at once as `timeout` sends it."""
    process = started(slow_training, options)
    wait_for(process, "Epoch:[  1/  3], step:[   2")
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (143, "")
    said = r"stopped after 0 epochs and (\d+) of 20 steps; all is saved: go on with --resume"
    step = int(re.fullmatch(said, out.splitlines()[-1])[1])
    assert 2 <= step < 20
    assert (tmp_path / "result" / "checkpoints" / f"Epoch0-step{step}.json").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_lecture_that_trains(started, small_mnist, tmp_path, number):
    """MindSpore was loaded before. Ctrl-C goes to the process group, as a terminal and Jupyter send it."""
    process = started(LECTURE, [str(tmp_path / "result"), str(small_mnist)], start_new_session=True)
    wait_for(process, "Epoch:[  1/1000], step:[   2")
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, err, out.splitlines()[-1]) == (0, "", number.name)
    assert list((tmp_path / "result" / "checkpoints").glob("Epoch*.json"))


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_before_the_first_step(started, slow_training, options, tmp_path, number, status):
    """Nothing is there to be saved, so it ends at once; the same command begins again."""
    process = started("print('here', flush=True)" + slow_training, options)
    wait_for(process, "here")
    while not (tmp_path / "result").exists():  # then the modules are loaded
        assert process.poll() is None
    process.send_signal(number)
    out, err = process.communicate(timeout=300)
    assert process.returncode == status and "stopped after" not in out
    assert re.fullmatch(r"\n?ms-gan: stopped.*\n", err)


def test_twice_ends_at_once_and_what_was_being_saved_is_not_there(
    started, slow_training, options, tmp_path, command, listing, trained_run
):
    """The second while the first is obeyed: the process ends inside the save, and the run goes on as if nothing was."""
    result = tmp_path / "result"
    process = started(SAVING + slow_training, options)
    wait_for(process, "Epoch:[  2/  3], step:[   2")
    process.send_signal(signal.SIGINT)
    wait_for(process, "saving")
    process.send_signal(signal.SIGINT)
    assert process.wait(300) == 130
    assert process.stderr.read() == "\nms-gan: stopped at once; what was saved before is safe\n"
    assert not [*(result / "checkpoints").glob("Epoch1*")]
    done = command("train", "gan", "--resume", "--result", result)
    assert (done.status, done.err) == (0, "")
    assert done.lines[0] == f"going on from {result / 'checkpoints' / 'Generator0.ckpt'}"
    ours, theirs = listing(result), listing(trained_run)
    assert ours.keys() == theirs.keys()
    assert all(ours[name] == theirs[name] for name in ours if name.endswith((".ckpt", ".png", ".gif")))


def test_the_terminal_is_closed(started, slow_training, options, tmp_path):
    ours, theirs = os.openpty()
    process = started(
        ON_A_TERMINAL, [str(theirs), slow_training, *options], pass_fds=[theirs], stdout=None, stderr=None
    )
    os.close(theirs)
    said = b""
    while b"step:[   2" not in said:
        said += os.read(ours, 4096)
    os.close(ours)
    assert process.wait(300) == 128 + signal.SIGHUP
    (manifest,) = (tmp_path / "result" / "checkpoints").glob("Epoch*.json")
    assert re.fullmatch(r"Epoch0-step\d+", manifest.stem)


@pytest.mark.skipif(shutil.which("bash") is None, reason="the pipe is one of bash")
@pytest.mark.parametrize("lines", [0, 4], ids=["before it says anything", "after the first step"])
def test_the_reader_of_a_pipe_goes_away(slow_training, options, tmp_path, lines):
    """`ms-gan train … | head`: as a shell runs it."""
    words = [sys.executable, "-u", "-c", slow_training, *options]
    command = f'set -o pipefail; "$@" | head -n {lines}'
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(["bash", "-c", command, "bash", *words], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (128 + signal.SIGPIPE, "", lines)
    saved = [path.stem for path in (tmp_path / "result").rglob("Epoch*.json")]
    assert bool(lines) == bool(saved) and all(re.fullmatch(r"Epoch0-step\d+", name) for name in saved)
