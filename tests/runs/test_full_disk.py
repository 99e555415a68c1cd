"""A disk that is full or refuses: at every call to the file system, with every reason, nothing saved is lost."""

import builtins
import contextlib
import errno
import io
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, ops

from ms_gan.errors import UserError
from ms_gan.games import Game, Gan
from ms_gan.games.players import create_players
from ms_gan.pictures.grid import save_grid
from ms_gan.recipes import Recipe
from ms_gan.records import checkpoint, drawings, history
from ms_gan.records.checkpoint import Position, fault, positions
from ms_gan.records.history import Row
from ms_gan.records.lock import HOLDER
from ms_gan.records.run_folder import RunFolder
from ms_gan.runs import run
from ms_gan.runs.run import Running, train

pytestmark = pytest.mark.usefixtures("cpu")

REASONS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
EVERY = 5
"""Which of a run's calls fail, one after the other: 1 takes two minutes, and has been run too."""
TAKING_ROOM = {"open", "write", "mkdir"}
"""What a full disk refuses; it still lets files be removed and renamed."""


@dataclass
class Disk:
    """Counts the calls that change a folder, and refuses some of them."""

    folder: Path
    refuses: object = None
    """Called with a call's number, from 0, its kind and the path; the errno to refuse it with, or None."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Their kind and, but for temporary names, the file's name."""

    def ask(self, kind: str, path: object) -> None:
        number = len(self.calls)
        self.calls.append((kind, Path(path).name))
        reason = self.refuses and self.refuses(number, kind, str(path))
        if reason:
            raise OSError(reason, os.strerror(reason), str(path) if kind != "write" else None)

    def holds(self, path: object) -> bool:
        return isinstance(path, (str, os.PathLike)) and Path(path).is_relative_to(self.folder)


class File:
    """A file that asks the disk before it writes."""

    def __init__(self, file, disk: Disk):
        self._file, self._disk = file, disk

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def write(self, content):
        self._disk.ask("write", self._file.name)
        return self._file.write(content)

    def flush(self):
        self._disk.ask("write", self._file.name)
        self._file.flush()


@contextlib.contextmanager
def watched(folder: Path, refuses=None):
    """All that changes the folder meanwhile is counted, and refused as `refuses` says."""
    disk, real_open = Disk(folder, refuses), io.open

    def opened(path, mode="r", *args, **kwargs):
        if not disk.holds(path) or not set(mode) & set("wxa+"):
            return real_open(path, mode, *args, **kwargs)
        disk.ask("open", path)
        return File(real_open(path, mode, *args, **kwargs), disk)

    def synced(_):
        disk.ask("fsync", folder)  # it is not done, since that takes most of the time

    def asking(name, kind):
        real = getattr(os, name)

        def call(path, *args, **kwargs):
            if disk.holds(path):
                disk.ask(kind, args[0] if name == "replace" else path)
            return real(path, *args, **kwargs)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(io, "open", opened)
        patch.setattr(builtins, "open", opened)
        patch.setattr(os, "fsync", synced)
        for name, kind in (("replace", "replace"), ("unlink", "unlink"), ("mkdir", "mkdir"), ("open", "open folder")):
            patch.setattr(os, name, asking(name, kind))
        yield disk


def once(number: int, reason: int):
    """Refuses one call."""
    return lambda at, kind, path: reason if at == number else None


def from_then_on(number: int, reason: int):
    """A disk that is full from one call on."""
    return lambda at, kind, path: reason if at >= number and kind in TAKING_ROOM else None


def leavings(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".*")]


# One set of weights


def measured(epoch: int, step: int) -> Row:
    return Row(epoch, step, d_loss=1.386, g_loss=0.693, d_real=0.5, d_fake=0.5, seconds=0.1)


def save_an_epoch(folder: RunFolder, players, epoch: int) -> None:
    history.append(folder.history, [measured(epoch, step) for step in (1, 2)])
    checkpoint.save(folder.checkpoints, Position(epoch + 1), players)


def test_every_call_of_a_save_may_fail(tmp_path, tiny, listing):
    """The three epochs stay, no half-written file does, and the next attempt ends as if nothing had been."""
    before, after, folder = (RunFolder(tmp_path / name) for name in ("before", "after", "run"))
    before.checkpoints.mkdir(parents=True)
    players, spoilt, sets = tiny(0), 0, [Position(1), Position(2), Position(3)]
    with watched(before.root):
        for epoch in range(3):
            save_an_epoch(before, players, epoch)
    shutil.copytree(before.root, after.root)
    with watched(after.root) as disk:
        save_an_epoch(after, players, 3)
    called = [kind for kind, _ in disk.calls]
    assert {"open", "write", "fsync", "replace", "unlink"} <= set(called)
    assert called.count("fsync") >= called.count("replace") >= 3  # the data reach the disk before their names do
    for number, refuses, reason in itertools.product(range(len(disk.calls)), (once, from_then_on), REASONS):
        shutil.rmtree(folder.root, ignore_errors=True)
        shutil.copytree(before.root, folder.root)
        with watched(folder.root, refuses(number, reason)):
            try:
                save_an_epoch(folder, players, 3)
            except OSError as error:
                spoilt += 1
                assert error.errno == reason and Path(error.filename).is_relative_to(folder.root)
        assert leavings(folder.root) == []
        assert [fault(folder.checkpoints, position) for position in sets] == [None] * 3
        with watched(folder.root):
            history.rewrite(folder.history, [row for row in history.read(folder.history)[0] if row.epoch < 3])
            save_an_epoch(folder, players, 3)
        assert listing(folder.root) == listing(after.root)
    last = max(number for number, kind in enumerate(called) if kind in TAKING_ROOM)
    assert spoilt == len(REASONS) * (len(disk.calls) + last + 1)


def test_half_a_line_never_stays_in_the_history(tmp_path):
    path = tmp_path / "history.csv"
    history.rewrite(path, [measured(0, 1)])
    before = path.read_bytes()
    for number in range(3):
        with watched(tmp_path, once(number, errno.ENOSPC)) as disk, pytest.raises(OSError) as caught:
            history.append(path, [measured(0, 2)])
        assert caught.value.filename == str(path) and path.read_bytes() == before
        assert [kind for kind, _ in disk.calls] == ["open", "write", "fsync"][: number + 1]


# A whole run


class MadeUp(Game):
    """A game without the compiled step, which takes seconds to compile: moves all weights by what it is given."""

    figures = Gan.figures

    def __init__(self, recipe):
        super().__init__(recipe, create_players(recipe))
        networks = self.players.networks().values()
        self.parameters = [p for network in networks for p in network.trainable_params()]
        self.parameters += [p for p in self.players.optimizer_state() if p.shape]

    def step(self, batch, epoch, number):
        image, latent_code = batch
        moved = float(image.asnumpy().mean() + latent_code.asnumpy().mean() + epoch + number)
        for p in self.parameters:
            ops.assign(p, Tensor(p.asnumpy() * 0.9 + 0.01 * moved, p.dtype))
        return Tensor([1.4 + moved / 100, 0.7, 0.5, 0.4], ms.float32)


@pytest.fixture
def begin(monkeypatch):
    """begin(folder) trains Radford's pair, small, for two epochs of two steps, or goes on; returns what was said."""
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 1), np.uint8)
    monkeypatch.setattr(run, "load_data_set", lambda *_: images)
    monkeypatch.setattr(run, "Stopwatch", lambda: SimpleNamespace(lap=lambda: 0.25))
    monkeypatch.setattr(drawings, "plot_losses", lambda path, *_, **__: save_grid(path, images[:1]))  # that takes long
    recipe = Recipe(networks="dcgan64", source="folder", width=1, size=32, batch_size=2, latent_size=2, epochs=2)

    def trained(folder: RunFolder) -> list[str]:
        lines = []
        monkeypatch.setattr(run.Progress, "say", lambda self, line: lines.append(line))
        resume = "newest" if folder.holds_a_run() else None
        train(recipe, Running(folder.root, resume=resume), lines.append, game=MadeUp(recipe))
        return lines

    return trained


def first_of_each(calls: list[tuple[str, str]]) -> list[int]:
    """All calls, but of those that write to a file only the first."""
    seen, chosen = set(), []
    for number, call in enumerate(calls):
        if call[0] != "write" or call not in seen:
            chosen.append(number)
        seen.add(call)
    return chosen


def test_every_call_of_a_run_may_fail(begin, tmp_path, listing):
    """The run goes on or ends with one line, and once there is room again it ends as if nothing had been."""
    whole, outcomes = RunFolder(tmp_path / "whole"), Counter()
    with watched(whole.root) as disk:
        begin(whole)
    for at, number in [*enumerate(first_of_each(disk.calls))][::EVERY]:
        folder, reason = RunFolder(tmp_path / str(number)), REASONS[at % 4]
        with watched(folder.root, (once, from_then_on)[at // 4 % 2](number, reason)):
            outcome = attempt(begin, folder, os.strerror(reason))
        outcomes[outcome] += 1
        assert leavings(folder.root) in ([], [HOLDER] if disk.calls[number] == ("unlink", HOLDER) else [])
        sets = positions(folder.checkpoints)
        assert [fault(folder.checkpoints, position) for position in sets] == [None] * len(sets)
        with watched(folder.root):
            if outcome == "stopped" and len(sets) < 2:
                begin(folder)
            drawings.finish(folder, pytest.fail)
        assert outcome == "stopped" or len(sets) == 2
        assert {**listing(folder.root), HOLDER: ""} == {**listing(whole.root), HOLDER: ""}
        shutil.rmtree(folder.root)
    assert outcomes["stopped"] > 10 and outcomes["done"] > 2


def test_pictures_that_can_never_be_written(begin, tmp_path, listing):
    """That is said once while it trains, and once at its end; all weights are there, and later all pictures."""
    whole, folder = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "run")
    begin(whole)
    with watched(folder.root, lambda at, kind, path: errno.EROFS if f"{os.sep}images{os.sep}" in path else None):
        lines = begin(folder)
    notes = [line for line in lines if line.startswith("note: ")]
    assert [note.split(": ")[1] for note in notes] == [f"cannot write {folder.image(0)}"] * 2
    assert notes[0].endswith("the training goes on without pictures")
    assert lines[-1].endswith("ms-gan losses and ms-gan gif draw what is missing")
    missing = {"images/epoch000.png", "images/epoch001.png", "evolution.gif"}
    assert {name for name in listing(whole.root) if name not in listing(folder.root)} == missing
    assert drawings.finish(folder, pytest.fail)
    assert listing(folder.root) == listing(whole.root)


def test_what_has_gone_wrong_is_said_though_its_losses_cannot_be_kept(begin, tmp_path, monkeypatch):
    folder = RunFolder(tmp_path / "run")
    monkeypatch.setattr(MadeUp, "step", lambda *_: Tensor([float("nan")] * 4))
    appending = ("open", "history.csv")
    with (
        watched(
            folder.root, lambda _, kind, path: errno.ENOSPC if (kind, Path(path).name) == appending else None
        ) as disk,
        pytest.raises(UserError, match="is nan"),
    ):
        begin(folder)
    assert disk.calls.count(appending) == 1 and history.read(folder.history)[0] == []


def attempt(begin, folder: RunFolder, reason: str) -> str:
    """ "done" or "stopped"; what could not be written is named in one line, with the reason."""
    try:
        lines = begin(folder)
    except UserError as error:
        assert re.fullmatch(
            rf"cannot write (?:the result folder )?{folder.root}.*: {reason}; .*--re(sume|sult)", str(error)
        )
        return "stopped"
    notes = [line for line in lines if line.startswith("note: ")]
    assert len(notes) <= 3 and all(reason in note and str(folder.root) in note for note in notes)
    assert lines[-1].startswith("done: ")
    return "done"


# A disk that is really full


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 MiB, and a function that makes it larger; only an administrator may have one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)]
    if not sys.platform.startswith("linux") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    yield place, lambda: subprocess.run(["mount", "-o", "remount,size=256m", str(place)], check=True)
    subprocess.run(["umount", str(place)], check=True)


def test_a_training_that_fills_the_disk(small_disk, command, trained_run, small_mnist, listing):
    """Two epochs fit. With more room it goes on, and ends with the bytes of a run on a large disk."""
    place, enlarge = small_disk
    result = place / "result"
    options = ["train", "gan", "--data", small_mnist, "--batch-size", 32, "--epochs", 3, "--result", result]
    full = command(*options)
    assert full.status == 2 and [line[:13] for line in full.lines if line.startswith("epoch")] == [
        "epoch   1/3  ",
        "epoch   2/3  ",
    ]
    (note,) = [line for line in full.lines if line.startswith("note: that is ")]
    assert re.match(rf"note: that is [5-9]\.\d MB more than there is in {result}: make room", note)
    where = result / "checkpoints" / "TrainState2.ckpt"
    saved = "what is saved is safe, go on with --resume"
    assert full.err == f"ms-gan: cannot write {where}: No space left on device; {saved}\n"
    assert positions(result / "checkpoints") == [Position(1), Position(2)] and leavings(result) == []
    again = command(*options, "--resume")
    assert again.status == 2 and "No space left on device" in again.err
    enlarge()
    done = command(*options, "--resume")
    assert (done.status, done.err) == (0, "") and leavings(result) == []
    found, wanted = listing(result), listing(trained_run)
    assert {name for name in found | wanted if found.get(name) != wanted.get(name)} == {"history.csv"}  # its times
