"""Kills training processes by SIGKILL, goes on with their runs, and compares what is left with a run left in peace.

    python tests/soak/kills.py --boundaries    one kill before every change of the disk, some 300; the steps are made
                                               up, so a kill takes 1 s of processor time
    python tests/soak/kills.py --kills 500     so many kills of real trainings: at random moments, at random changes of
                                               the disk, and while a Ctrl-C is obeyed; 5 s of processor time each

After every death, and at the end of every run, is checked:

- no epoch that verified before is lost, or differs from that of the run left in peace;
- no file that a manifest names is half-written;
- the next process goes on from the newest set, by --resume or by the very command that began the run;
- at the end all files are the same, byte for byte (seconds in history.csv aside), and nothing else lies there.

Linux only: every life of a run is forked from one process that has loaded MindSpore but not used it, which has one
thread then; loading it anew would cost 3 s a life.
"""

import argparse
import builtins
import hashlib
import io
import json
import os
import random
import re
import select
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ |= {"OPENBLAS_NUM_THREADS": "1", "GLOG_v": "3"}  # NumPy starts no thread; MindSpore keeps its warnings
sys.path.insert(0, str(Path(__file__).parents[2]))

import mindspore as ms  # noqa: E402
import numpy as np  # noqa: E402
from mindspore import Tensor, nn  # noqa: E402

from ms_gan.errors import UserError  # noqa: E402
from ms_gan.games import GAMES, Game, Gan  # noqa: E402
from ms_gan.games.players import make_players  # noqa: E402
from ms_gan.recipes import Recipe  # noqa: E402
from ms_gan.records.checkpoint import Position  # noqa: E402
from ms_gan.records.drawings import finish  # noqa: E402
from ms_gan.runs import run  # noqa: E402

STEPS = 4  # of an epoch
RECIPE = Recipe(epochs=5, batch_size=32, train_images=32 * STEPS, images_every=3, log_every=1)
REFUSED, KILLED, STOPPED = 2, -signal.SIGKILL, (128 + signal.SIGINT, 128 + signal.SIGTERM)  # exit statuses
CORES = len(os.sched_getaffinity(0))
Until = Callable[[int, int, float], bool]
"""Told, often, a process, the steps it has said, and the seconds since the last or its birth: True lets it die."""


class Lost(Exception):
    """A promise that was not kept."""


# The child's side: what changes the disk is counted, and one of the changes never happens.


class Changes:
    """Counts the changes that this process makes below a folder; before number `fatal` it kills itself."""

    CALLS = ("replace", "rename", "unlink", "remove", "mkdir", "rmdir", "chmod", "truncate", "link", "symlink", "open")

    def __init__(self, folder: Path, fatal: int):
        self.below, self.fatal, self.count = f"{folder.absolute()}{os.sep}", fatal, 0

    def watch(self) -> None:
        """From now on."""
        for name in self.CALLS:
            setattr(os, name, self._watched(name, getattr(os, name)))
        os.fsync = self._watched("fsync", os.fsync)
        io.open = builtins.open = self._open(io.open)

    def about_to(self, what: str, where) -> None:
        path = os.readlink(f"/proc/self/fd/{where}") if isinstance(where, int) else os.path.abspath(os.fspath(where))
        if not path.startswith(self.below):
            return
        self.count += 1
        if self.count == self.fatal:
            os.write(1, f"killed before {what} {path.removeprefix(self.below)}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def _watched(self, name: str, call: Callable) -> Callable:
        def watched(where, *rest, **named):
            if name != "open" or (rest and rest[0] & (os.O_CREAT | os.O_WRONLY | os.O_RDWR)):
                self.about_to(name, where)
            return call(where, *rest, **named)

        return watched

    def _open(self, call: Callable) -> Callable:
        def watched(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, **rest):
            if isinstance(file, int) or not set(mode) & set("wxa+"):
                return call(file, mode, buffering, encoding, errors, newline, **rest)
            self.about_to("open", file)
            raw = Written(self, file, mode.translate({ord("b"): None, ord("t"): None}))
            if buffering == 0:
                return raw
            buffered = (io.BufferedRandom if "+" in mode else io.BufferedWriter)(raw, 2**20)
            return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)

        return watched


class Written(io.FileIO):
    """A file every write of which is two."""

    def __init__(self, changes: Changes, path, mode: str):
        super().__init__(path, mode)
        self.changes = changes

    def write(self, content) -> int:
        content = memoryview(content).cast("B")
        half = len(content) // 2
        self.changes.about_to("write", self.name)
        done = super().write(content[:half])
        self.changes.about_to("the other half of", self.name)
        return done + super().write(content[half:])


# The made-up training: as the real one but for what computes, which takes its time and changes no file.


class MadeUp(Game):
    """Moves every weight and statistic, by the batch and by what it was before; draws by the first weights."""

    figures = Gan.figures
    stop: tuple[int, int] | None = None
    """(epoch, step) at which somebody presses Ctrl-C."""

    def __init__(self, recipe, players):
        super().__init__(recipe, players)
        self.moved = [p for network in players.networks().values() for p in network.get_parameters()]
        self.moved += players.optimizer_state()

    def step(self, batch: tuple[Tensor, ...], epoch: int, number: int) -> Tensor:
        if (epoch, number) == MadeUp.stop:
            signal.raise_signal(signal.SIGINT)
        _, latent_code = batch
        by = np.float32(latent_code.asnumpy().mean())
        for p in self.moved:
            value = p.asnumpy()
            p.set_data(Tensor((value * np.float32(0.5) + by if value.dtype == np.float32 else value + 1), p.dtype))
        return Tensor(np.float32([0.7, 0.7, 0.5, 0.5]) + by / 10)

    def samples(self) -> np.ndarray:
        by_the_weights = abs(int(1e6 * self.moved[0].asnumpy().sum()))
        return np.random.default_rng(by_the_weights).integers(0, 256, (25, 28, 28, 1), np.uint8)


class Batches:
    """The batches of an epoch, without a pipeline."""

    steps, images_per_epoch, dropped = STEPS, 4 * STEPS, 0

    def epoch(self, epoch: int, start: int = 0) -> "Batches":
        self.left = [(epoch, step) for step in range(start, self.steps)]
        return self

    def create_tuple_iterator(self, num_epochs: int) -> Iterator[tuple[Tensor, Tensor]]:
        codes = (np.random.default_rng(seed).standard_normal((4, 4), np.float32) for seed in self.left)
        return ((Tensor(code), Tensor(code)) for code in codes)


def made_up() -> None:
    """From now on trainings in this process, and in those forked from it, are made up."""
    ms.set_seed(0)
    generator = nn.SequentialCell(nn.Dense(4, 8), nn.BatchNorm1d(8), nn.Dense(8, 784))
    players = make_players(generator, nn.SequentialCell(nn.Dense(784, 1)), RECIPE)
    GAMES["gan"] = lambda recipe: MadeUp(recipe, players)
    run.make_batches, run.load_data_set = lambda *_: Batches(), lambda *_: np.zeros((16, 28, 28, 1), np.uint8)
    run.checkpoint._assign = lambda parameter, value: parameter.set_data(Tensor(value, parameter.dtype))


# The parent's side: lives, deaths, and what is left.


@dataclass(frozen=True)
class Life:
    """One process that trained."""

    status: int
    """What it exited with; the signal's number, negative, if it was killed."""
    said: str
    starting: float
    """Seconds from its birth to its first step."""

    @property
    def began(self) -> Position | None:
        """What it went on from."""
        found = re.search(r"^going on from (.*)$", self.said, re.MULTILINE)
        return Position.of_file(Path(found[1])) if found else None

    @property
    def is_done(self) -> bool:
        """Whether all epochs are trained, by it or before it, and nothing is left to be drawn."""
        return self.status == 0 or (self.status == REFUSED and "are trained already" in self.said)

    @property
    def changes(self) -> int:
        """How often it changed the disk, if it was not killed."""
        return int(re.search(r"^(\d+) changes$", self.said, re.MULTILINE)[1])


def live(folder: Path, resume: str | None, fatal: int = 0, until: Until | None = None) -> Life:
    """One life of the run in a folder, in a process of its own; `resume` as Running's, `fatal` as that of Changes."""
    assert len(os.listdir("/proc/self/task")) == 1, "only a process of one thread can be forked safely"
    ear, mouth = os.pipe()
    sys.stdout.flush()
    process = os.fork()
    if not process:
        os.close(ear)
        _train(mouth, folder, resume, fatal)
    os.close(mouth)
    said, born, steps = b"", time.monotonic(), [time.monotonic()]
    while heard := _hear(ear, process, until, len(steps) - 1, steps[-1]):
        said += heard
        steps += [time.monotonic()] * (said.count(b"\nEpoch:[") + 1 - len(steps))
    os.close(ear)
    return Life(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), said.decode(), steps[:2][-1] - born)


def _train(mouth: int, folder: Path, resume: str | None, fatal: int) -> None:
    status = 70  # unless it is known better: something of ours is wrong
    try:
        os.dup2(mouth, 1)
        os.dup2(mouth, 2)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # it may have been started with that ignored
        changes = Changes(folder, fatal)
        changes.watch()
        stopped = run.train(RECIPE, run.Running(folder, resume=resume))
        status = 128 + stopped if stopped else 0
        print(f"{changes.count} changes")
    except UserError as error:
        print(error)
        status = REFUSED
    finally:
        if status == 70:
            sys.excepthook(*sys.exc_info())
        sys.stdout.flush()
        os._exit(status)


def _hear(ear: int, process: int, until: Until | None, steps: int, last: float) -> bytes:
    """What a process says next; nothing once it is dead."""
    while until and not select.select([ear], [], [], 0.005)[0]:
        if until(process, steps, time.monotonic() - last):
            os.kill(process, signal.SIGKILL)
            until = None
    return os.read(ear, 65536)


class Case:
    """A run that is killed now and then, beside one that was left in peace."""

    def __init__(self, folder: Path, peace: Path, resume_first: bool):
        self.folder, self.peace = folder, peace
        self.ways = ("newest", None) if resume_first else (None, "newest")
        self.sets = verified(folder)

    def live(self, fatal: int = 0, until: Until | None = None) -> Life:
        """A life, begun by one command or, where that is refused, by the other. Raises Lost if something is."""
        for resume in self.ways:
            life = live(self.folder, resume, fatal, until)
            if life.status != REFUSED or life.is_done:
                break
        self.examine(life)
        return life

    def examine(self, life: Life) -> None:
        """Raises Lost if something is, now that a life is over."""
        before, self.sets = self.sets, verified(self.folder)
        newest = max(before, default=None)
        if not life.is_done and life.status not in (KILLED, *STOPPED):
            raise Lost(f"exit status {life.status}: {life.said}")
        if "images an epoch" in life.said and life.began != newest:
            raise Lost(f"went on from {life.began}, though the newest set is of {newest}: {life.said}")
        if newest and max(self.sets, default=Position(0)) < newest:
            raise Lost(f"{newest} is lost: {life.said}")
        peace = verified(self.peace)
        for position in before.keys() | self.sets.keys():
            if not position.step and self.sets.get(position) != peace.get(position):
                raise Lost(f"{position} is lost, or not as in the run left in peace: {life.said}")

    def compare(self) -> None:
        """Raises Lost unless the folder of the run, which is done, is as that of the one left in peace."""
        ours, theirs = contents(self.folder), contents(self.peace)
        if others := sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)):
            raise Lost(f"not as in the run left in peace: {others}")


def verified(folder: Path) -> dict[Position, dict[str, str]]:
    """The SHA-256 of every set's files, by its position. Raises Lost if a manifest is there and they are not right."""
    found = {}
    for path in (folder / "checkpoints").glob("Epoch*.json"):
        digests = json.loads(path.read_bytes())["sha256"]
        for name, digest in digests.items():
            file = path.with_name(name)
            if (file.exists() or not name.startswith("TrainState")) and digest != sha256(file.read_bytes()):
                raise Lost(f"{path} is there, but {name} is not what it says")
        found[Position.of_file(path)] = digests
    return found


def contents(folder: Path) -> dict[str, str]:
    """All that lies in a folder, by name, with its SHA-256; history.csv without the seconds."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    found = {name: sha256(path.read_bytes()) if path.is_file() else "" for name, path in files.items()}
    rows = (line.rpartition(",")[0] for line in (folder / "history.csv").read_text().splitlines())
    return found | {"history.csv": "\n".join(rows)}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# One kill before every change.


def boundaries(home: Path, every: int) -> str:
    """Kills made-up runs before each change of the disk, or each `every`-th. Returns what was done."""
    made_up()
    whole = live(home / "peace", None)
    finish(run.RunFolder(home / "peace"), print)  # once here: what draws need not be loaded in every life
    MadeUp.stop = (1, 2)
    begun = live(home / "begun", None)
    assert (whole.status, begun.status) == (0, 128 + signal.SIGINT), whole.said + begun.said
    MadeUp.stop = None
    shutil.copytree(home / "begun", home / "rest")
    rest = live(home / "rest", "newest")
    cases = [(part, number) for part, life in ((None, begun), ("begun", rest)) for number in range(1, life.changes + 1)]
    cases = cases[::every]
    workers = [_worker(home, cases[first::CORES], first) for first in range(CORES)]
    if any([os.waitpid(worker, 0)[1] for worker in workers]):
        raise Lost("see above")
    return f"{len(cases)} kills, before {'every' if every == 1 else f'every {every}th'} change of the disk"


def _worker(home: Path, cases: list[tuple[str | None, int]], number: int) -> int:
    sys.stdout.flush()
    worker = os.fork()
    if worker:
        return worker
    try:
        for part, fatal in cases:
            _kill_once(home / f"case{number}", home / "peace", part and home / part, fatal)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def _kill_once(folder: Path, peace: Path, begun: Path | None, fatal: int) -> None:
    MadeUp.stop = None if begun else (1, 2)
    if begun:
        shutil.copytree(begun, folder)
    case = Case(folder, peace, resume_first=fatal % 2 == 0)
    killed = case.live(fatal)
    MadeUp.stop = None
    try:
        if killed.status != KILLED or not case.live().is_done:
            raise Lost("was not killed, or could not go on")
        case.compare()
    except Lost as lost:
        raise Lost(f"{killed.said.splitlines()[-1]} (change {fatal} from {begun}): {lost}") from lost
    shutil.rmtree(folder)


# Kills of real trainings.


def soak(home: Path, kills: int, seed: int) -> str:
    """Kills real trainings so many times. Returns what was done."""
    rng, done, runs = random.Random(seed), Counter(), 0
    peace = live(home / "peace", None)
    assert peace.status == 0, peace.said
    while done.total() < kills:
        case = Case(home / "case", home / "peace", rng.random() < 0.5)
        while not (life := _live_dangerously(case, rng, peace, done, kills)).is_done:
            if life.status == KILLED and done.total() % 20 == 0:
                print(f"{done.total()} kills", flush=True)
        case.compare()
        shutil.rmtree(case.folder)
        runs += 1
    ways = ", ".join(f"{number} {way}" for way, number in sorted(done.items()))
    return f"{done.total()} kills of {runs} run{'s' * (runs > 1)} ({ways})"


def _live_dangerously(case: Case, rng: random.Random, peace: Life, done: Counter, kills: int) -> Life:
    if done.total() == kills:
        return case.live()
    newest = max(case.sets, default=Position(0))
    rest = 1 - (newest.epoch * STEPS + newest.step) / (RECIPE.epochs * STEPS)
    when = rng.randint(1, round(rest * RECIPE.epochs * STEPS) or 1), rng.uniform(0, 0.5)
    early = rng.uniform(0, peace.starting)
    ways = {
        "before the first step": dict(until=lambda process, steps, seconds: steps > 0 or seconds > early),
        "while it trained": dict(until=lambda process, steps, seconds: (steps, seconds) > when),
        "before a change of the disk": dict(fatal=rng.randint(1, round(rest * peace.changes) or 1)),
        "after a Ctrl-C": dict(until=_ctrl_c(when, rng.uniform(0, 0.5))),
    }
    (way,) = rng.choices([*ways], weights=[1, 4, 4, 2])
    life = case.live(**ways[way])
    done[way] += life.status == KILLED
    return life


def _ctrl_c(when: tuple[int, float], delay: float) -> Until:
    pressed = []

    def until(process: int, steps: int, seconds: float) -> bool:
        if (steps, seconds) > when and not pressed:
            os.kill(process, signal.SIGINT)
            pressed.append(time.monotonic())
        return bool(pressed) and time.monotonic() - pressed[0] > delay

    return until


def main() -> None:
    """The command line. Exits with status 1, and says what was lost, if something was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=0, help="kill real trainings so many times")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--boundaries", action="store_true", help="kill made-up trainings at changes of the disk")
    parser.add_argument("--every", type=int, default=1, help="only at each so-manieth of them")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="kills-"))
    try:
        if options.kills:
            _report(soak, home / "real", options.kills, options.seed)
        if options.boundaries:
            _report(boundaries, home / "made-up", options.every)
    except Lost as lost:
        sys.exit(f"lost: {lost} (see {home})")
    shutil.rmtree(home)


def _report(job: Callable[..., str], *arguments) -> None:
    began, before = time.monotonic(), os.times()
    done, after = job(*arguments), os.times()
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"nothing lost: {done}; {time.monotonic() - began:.0f} s, {busy:.0f} s of processor time")


if __name__ == "__main__":
    main()
