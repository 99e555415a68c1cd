"""Training on real images by the commands a student types: stopped or not, the bytes are the same."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ms_gan.records.checkpoint import Position, fault, read_tensors

REPOSITORY = Path(__file__).parents[2]
FIRST = tuple(
    f"checkpoints/{name}" for name in ("Generator0.ckpt", "Discriminator0.ckpt", "TrainState0.ckpt", "Epoch0.json")
)  # they stay where they are when a run goes on from them in another folder


@pytest.fixture
def compare(listing, trained_run):
    """Asserts that a folder holds the bytes of a run without a stop, the seconds in history.csv aside."""

    def same_bytes(folder: Path, whole: Path = trained_run, but: tuple[str, ...] = ()) -> None:
        ours, theirs = ({n: d for n, d in listing(f).items() if n not in but} for f in (folder, whole))
        assert ours.pop("history.csv") and theirs.pop("history.csv")
        for name in [name for name in theirs if name.startswith("checkpoints/Epoch")]:
            assert ours.pop(name) and theirs.pop(name)
            assert digests(folder / name) == digests(whole / name)
        assert ours == theirs
        assert without_seconds(folder) == without_seconds(whole)

    return same_bytes


def digests(manifest: Path) -> dict[str, str]:
    """What a manifest says of the weights; it holds the settings too, which may differ by the epochs asked for."""
    return json.loads(manifest.read_text(encoding="utf-8"))["sha256"]


def without_seconds(folder: Path) -> list[list[str]]:
    with (folder / "history.csv").open(newline="") as file:
        return [row[:-1] for row in csv.reader(file)]


@pytest.fixture
def train(command, small_mnist):
    """train("--epochs", 2, …) trains on the small MNIST."""
    return lambda *options: command("train", "gan", "--data", small_mnist, *options)


def test_what_a_run_leaves(trained_run, listing):
    epochs = range(3)
    weights = {f"checkpoints/{name}{e}.ckpt" for name in ("Generator", "Discriminator", "TrainState") for e in epochs}
    manifests = {f"checkpoints/Epoch{e}.json" for e in epochs}
    pictures = {f"images/epoch00{e}.png" for e in epochs}
    others = {"checkpoints", "images", "recipe.json", "history.csv", "losses.png", "evolution.gif"}
    assert listing(trained_run).keys() == weights | manifests | pictures | others
    assert [fault(trained_run / "checkpoints", Position(e + 1)) for e in epochs] == [None] * 3
    rows = without_seconds(trained_run)
    assert rows[0] == ["epoch", "step", "d_loss", "g_loss", "d_real", "d_fake"]
    assert [row[:2] for row in rows[1:]] == [[str(e), str(step)] for e in epochs for step in range(1, 21)]
    values = np.array([row[2:] for row in rows[1:]], float)
    assert abs(values[0] - [1.386, 0.693, 0.5, 0.5]).max() < 0.1  # fresh networks know nothing
    assert (values[:, 2:] > 0).all() and (values[:, 2:] < 1).all()
    settings = json.loads((trained_run / "recipe.json").read_text())
    assert (settings["recipe"], settings["epochs"], settings["batch_size"]) == ("gan", 3, 32)
    with Image.open(trained_run / "images" / "epoch002.png") as sheet, Image.open(trained_run / "evolution.gif") as gif:
        assert sheet.size == (5 * 116 + 4, 5 * 116 + 4) and sheet.mode == "L"
        assert gif.n_frames == 3


def test_two_epochs_and_one_more_are_three(train, compare, tmp_path, listing):
    """Going on, the recipe's numbers are those that are saved."""
    result = tmp_path / "result"
    begun = train("--epochs", 2, "--batch-size", 32, "--log-every", 10, "--result", result)
    assert (begun.status, begun.err) == (0, "")
    assert begun.lines[1] == f"640 images an epoch in 20 batches of 32 (0 left out); CPU; results in {result}"
    assert re.fullmatch(r"up to 50 MB on disk for 2 epochs, [\d,.]+ [GM]B free", begun.lines[2])
    losses = r"loss_d:\d\.\d{6} , loss_g:\d\.\d{6} , time:\d+\.\d{3}s, lr:0\.000200"
    slide = rf"Epoch:\[  [12]/  2\], step:\[  [12]0/  20\], {losses}"
    assert sum(re.fullmatch(slide, line) is not None for line in begun.lines) == 4
    assert [line[:13] for line in begun.lines if line.startswith("epoch")] == ["epoch   1/2  ", "epoch   2/2  "]
    assert begun.lines[-1] == f"done: pictures, losses.png and evolution.gif are in {result}" and len(begun.lines) == 10
    before = listing(result)
    gone_on = train("--epochs", 3, "--result", result, "--resume")
    assert (gone_on.status, gone_on.err) == (0, "")
    assert gone_on.lines[0] == f"going on from {result / 'checkpoints' / 'Generator1.ckpt'}"
    assert [line[:13] for line in gone_on.lines if line.startswith("epoch")] == ["epoch   3/3  "]
    compare(result, but=("recipe.json",))  # it holds --log-every
    kept = ("checkpoints/Generator0.ckpt", "checkpoints/Discriminator1.ckpt", "images/epoch001.png")
    assert all(listing(result)[name] == before[name] for name in kept)


@pytest.mark.parametrize("recipe", ["wgan", "wgan-gp"])  # lsgan: with lecture 05
def test_the_notebooks_recipes_stopped_or_not(command, compare, small_mnist, tmp_path, listing, recipe):
    """A partial batch, uniform noise, a critic's turns, clipping and the penalty: all go on where they were."""
    options = ["--networks", "mlp-cs231n", "--batch-size", 100, "--drop-remainder", "False", "--data", small_mnist]
    options += ["--log-every", 5, "--images-every", 5]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    lines = command("train", recipe, *options, "--epochs", 2, "--result", whole).lines
    numbers = [int(line.split(",")[0].removeprefix("Iter: ")) for line in lines if line.startswith("Iter: ")]
    assert numbers == [0, 5, 10]
    assert any(line.startswith("640 images an epoch in 7 batches of 100 (0 left out)") for line in lines)
    first = whole / "checkpoints" / "Generator0.ckpt"
    assert command("train", "--resume", first, "--data", small_mnist, "--epochs", 2, "--result", parts).status == 0
    compare(parts, whole, but=FIRST)
    ours = listing(parts)
    pictures = {name for name in ours if name.startswith("images/")}
    names = ("000", "001", "000-step00001", "000-step00006", "001-step00004")
    assert pictures == {f"images/epoch{name}.png" for name in names}
    assert len(without_seconds(whole)) == 15
    assert all(abs(float(value)) < 1000 for row in without_seconds(whole)[1:] for value in row)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGINT for another process")
def test_ctrl_c_in_the_middle_of_an_epoch(slow_training, train, compare, tmp_path, small_mnist, listing):
    result = tmp_path / "result"
    process = started(slow_training, "--epochs", "3", "--batch-size", "32", "--data", small_mnist, "--result", result)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (130, "")
    stopped = re.fullmatch(
        r"stopped after 0 epochs and (\d+) of 20 steps; all is saved: go on with --resume", out.splitlines()[-1]
    )
    step = int(stopped[1])
    assert 1 <= step < 20
    tag = f"0-step{step}"
    names = {"Generator", "Discriminator", "TrainState"}
    inside = {f"{name}{tag}.ckpt" for name in names} | {f"Epoch{tag}.json"}
    assert {path.name for path in (result / "checkpoints").iterdir()} == inside
    assert len(without_seconds(result)) == 1 + step and (result / "losses.png").exists()
    gone_on = train("--resume", "--result", result)
    assert (gone_on.status, gone_on.err) == (0, "")
    assert gone_on.lines[0] == f"going on from {result / 'checkpoints' / f'Generator{tag}.ckpt'}"
    compare(result, but=("recipe.json",))  # it holds --log-every


def started(code, *options) -> subprocess.Popen:
    """A process that trains, and has said that its first step is done."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])}
    words = [sys.executable, "-c", code, "train", "--log-every", "1", *options]
    pipe = subprocess.PIPE
    process = subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True, encoding="utf-8", env=environment)
    assert any(line.startswith("Epoch:[") for line in process.stdout)
    return process


def test_a_second_process_in_the_same_folder(slow_training, command, tmp_path, small_mnist, listing):
    result = tmp_path / "result"
    process = started(slow_training, "--epochs", "9", "--batch-size", "32", "--data", small_mnist, "--result", result)
    for more in (["--resume"], []):
        refused = command("train", "gan", "--data", small_mnist, "--result", result, *more)
        assert refused.status == 2 and refused.out == ""
        assert re.fullmatch(rf"ms-gan: \S+ is in use by process {process.pid} on .* --result\n", refused.err)
    process.kill()
    process.communicate()


def test_from_an_earlier_epoch(train, compare, trained_run, tmp_path, listing):
    """Refused where later epochs lie; in a new folder it gives the same as ever."""
    first, new = trained_run / "checkpoints" / "Generator0.ckpt", tmp_path / "new"
    before = listing(trained_run)
    refused = train("--resume", first, "--epochs", 3, "--result", trained_run)
    assert (refused.status, refused.lines) == (2, [])
    assert refused.err.count("\n") == 1 and "holds later epochs, up to Generator2.ckpt" in refused.err
    assert listing(trained_run) == before
    done = train(f"--resume={first}", "--epochs", 3, "--result", new)
    assert (done.status, done.err) == (0, "")
    compare(new, but=FIRST)
    assert listing(trained_run) == before


def test_going_on_with_another_learning_rate(train, trained_run, tmp_path):
    """Slide 接下来: it is the new one that is used. With --images-every pictures inside the epoch appear too."""
    result = tmp_path / "result"
    shutil.copytree(trained_run, result)
    done = train(
        "--resume", "--epochs", 4, "--learning-rate", 0.01, "--log-every", 20, "--images-every", 8, "--result", result
    )
    assert (done.status, done.err) == (0, "")
    assert [line[-11:] for line in done.lines if line.startswith("Epoch:[")] == ["lr:0.010000"]
    drawn = [path.name for path in sorted((result / "images").glob("epoch003*"))]
    assert drawn == ["epoch003-step00008.png", "epoch003-step00016.png", "epoch003.png"]
    weights = [read_tensors(result / "checkpoints" / f"Discriminator{e}.ckpt") for e in (1, 2, 3)]
    steps = [max(abs(a[name] - b[name]).max() for name in a) for a, b in zip(weights, weights[1:], strict=False)]
    # Adam moves a weight by about its learning rate: 20 steps of 0.0002, 20 steps of 0.01.
    assert 0.001 < steps[0] < 0.03 and 0.1 < steps[1] < 2
    states = [path.name for path in sorted((result / "checkpoints").glob("TrainState*"))]
    assert states == ["TrainState1.ckpt", "TrainState2.ckpt", "TrainState3.ckpt"]
    assert json.loads((result / "recipe.json").read_text())["learning_rate"] == 0.01


def test_losses_that_are_no_numbers(command, train, trained_run, tmp_path, listing):
    """They stop the run: what was saved stays as it was, and the run goes on from there."""
    result = tmp_path / "result"
    shutil.copytree(trained_run, result)
    before = listing(result)
    broken = train("--resume", "--result", result, "--epochs", 4, "--learning-rate", 1e20)
    said = r"ms-gan: stopped at epoch 4, step \d+, where .* is (nan|inf).* go on from the newest saved epoch, 3, by "
    assert broken.status == 2 and re.match(said, broken.err) and broken.err.count("\n") == 1
    after = listing(result)
    assert {name for name in before | after if before.get(name) != after.get(name)} == {"recipe.json", "history.csv"}
    assert command("doctor", result).lines[0].startswith("diagnosis: not a number (epoch 4, step ")
    gone_on = train("--resume", "--result", result, "--epochs", 4, "--learning-rate", 2e-4)
    assert gone_on.status == 0 and len(without_seconds(result)) == 1 + 4 * 20


def test_a_run_that_goes_wrong_is_named_once_and_goes_on(train, command, tmp_path):
    """The minimax game at fifty times the slides' learning rate."""
    result = tmp_path / "result"
    options = ["--objective", "minimax", "--networks", "mlp-cs231n", "--learning-rate", 1e-2, "--batch-size", 32]
    trained = train(*options, "--epochs", 18, "--result", result)
    assert trained.status == 0 and trained.lines[-1].startswith("done")
    names = [line.split(" (")[0] for line in trained.lines if line.startswith("diagnosis: ")]
    assert names == ["diagnosis: D wins", "diagnosis: collapse"]
    found = command("doctor", result).lines
    assert [line for line in found if line.startswith("diagnosis: ")] == [
        line for line in trained.lines if line.startswith("diagnosis: ")
    ]


def test_going_on_from_the_slides_files(train, slides, tmp_path):
    result = tmp_path / "result"
    slides.files(result / "checkpoints", 4)
    done = train("--resume", "--epochs", 6, "--batch-size", 64, "--result", result)
    assert (done.status, done.err) == (0, "")
    assert "note: only the weights are there, so the optimisers start afresh" in done.lines
    assert [line[:13] for line in done.lines if line.startswith("epoch")] == ["epoch   6/6  "]
    assert (result / "images" / "epoch005.png").exists() and fault(result / "checkpoints", Position(6)) is None
    before, after = (read_tensors(result / "checkpoints" / f"Generator{e}.ckpt") for e in (4, 5))
    name = "model.5.weight"
    moved = abs(after["generator." + name] - before["optim_ggenerator" + name]).max()
    assert 0.0005 < moved < 0.003  # ten steps of Adam from there, not from fresh weights


def test_ended_before_the_plots_were_drawn(train, compare, trained_run, tmp_path):
    """All epochs are there, so nothing is trained; what the last save made needless goes too."""
    result = tmp_path / "result"
    shutil.copytree(trained_run, result)
    os.utime(result / "losses.png", (0, 0))  # of fewer epochs
    (result / "evolution.gif").unlink()
    (result / "checkpoints" / "Generator1-step7.ckpt").write_bytes(b"a save, or a removal, that was not finished")
    done = train("--resume", "--result", result)
    assert (done.status, done.err) == (0, "")
    assert [line[:10] for line in done.lines if not line.startswith("note: ")] == ["going on f", "done: pict"]
    compare(result)
    again = train("--resume", "--result", result)
    assert (again.status, again.err) == (2, "ms-gan: 3 epochs are trained already: ask for more with --epochs\n")


def test_a_folder_where_the_history_belongs(train, trained_run, tmp_path):
    """It is not deleted, and does not end the run."""
    result = tmp_path / "result"
    shutil.copytree(trained_run, result)
    (result / "history.csv").unlink()
    (result / "history.csv").mkdir()
    done = train("--resume", "--epochs", 4, "--result", result)
    assert (done.status, done.err) == (0, "") and (result / "history.csv.moved").is_dir()
    assert len(without_seconds(result)) == 1 + 20


@pytest.mark.parametrize("name", ["Generator2.ckpt", "TrainState2.ckpt", "Epoch2.json"])
def test_from_the_newest_epoch_that_is_whole(command, trained_run, tmp_path, name):
    """A damaged epoch is named and passed over. (Asked for no more epochs than are there, nothing is trained.)"""
    result = tmp_path / "result"
    shutil.copytree(trained_run, result)
    damaged = result / "checkpoints" / name
    damaged.write_bytes(damaged.read_bytes()[:-40])
    done = command("train", "--resume", "--epochs", 2, "--result", result)
    assert done.status == 2 and done.err == "ms-gan: 2 epochs are trained already: ask for more with --epochs\n"
    assert done.lines[0].startswith(f"note: {damaged} is damaged")
    assert done.lines[1] == f"going on from {result / 'checkpoints' / 'Generator1.ckpt'}"
