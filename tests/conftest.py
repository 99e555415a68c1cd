"""What tests of several rooms share."""

import gzip
import hashlib
import os
import signal
import struct
from pathlib import Path
from types import SimpleNamespace

import pytest

from ms_gan import device  # before MindSpore: it sets what MindSpore reads when it starts

MNIST = Path(__file__).parents[1] / "data" / "MNIST_Data"
CORES = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
"""Those that the tests were given, before each of their processes keeps to one."""
NUMERIC = [Path(__file__).parent / room for room in ("networks", "games", "theory", "lectures")]
"""Where processors may round otherwise: by `-m numeric` .ci/run tests it a second time, as another processor."""


def pytest_collection_modifyitems(items):
    for item in items:
        if any(room in item.path.parents for room in NUMERIC):
            item.add_marker("numeric")


def pytest_configure(config):
    """A core for each process: with a kernel thread on every core they wait a seventh of the time for one another."""
    config.addinivalue_line("markers", "numeric: the numbers of layers, losses, steps and lectures")
    worker = getattr(config, "workerinput", None)
    if worker and hasattr(os, "sched_setaffinity"):
        cores = sorted(CORES)
        os.sched_setaffinity(0, {cores[int(worker["workerid"].removeprefix("gw")) % len(cores)]})


@pytest.fixture
def all_cores():
    """For the processes that a test starts: their kernels have a thread on every core, as a student's have."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, CORES)
    yield
    os.sched_setaffinity(0, before)


@pytest.fixture(scope="session", autouse=True)
def as_if_started_by_hand():
    """However the tests were started: a shell's background jobs ignore Ctrl-C, and some runners set a narrow screen."""
    os.environ.pop("COLUMNS", None)
    for name, usual in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, usual)


@pytest.fixture(autouse=True)
def environment_put_back():
    """What a test's code sets for MindSpore must not reach the processes that later tests start."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def _first(name: str, header: int, count: int, size: int) -> bytes:
    """The first `count` entries of one of the real MNIST files, as an IDX file."""
    with gzip.open(MNIST / f"{name}.gz") as file:
        content = file.read(header + count * size)
    return content[:4] + struct.pack(">I", count) + content[8:]


@pytest.fixture(scope="session")
def small_mnist(tmp_path_factory) -> Path:
    """A folder with the first 640 training and 64 test images of the real MNIST and their labels, as IDX files."""
    home = tmp_path_factory.mktemp("small_mnist")
    for split, prefix, count in (("train", "train", 640), ("test", "t10k", 64)):
        (home / split).mkdir()
        for kind, header, size in (("images-idx3", 16, 28 * 28), ("labels-idx1", 8, 1)):
            name = f"{split}/{prefix}-{kind}-ubyte"
            (home / name).write_bytes(_first(name, header, count, size))
    return home


@pytest.fixture(scope="session")
def cpu() -> str:
    """MindSpore on the processor, set up as the commands set it up."""
    return device.choose_device("CPU")


def _slides_pair():
    """The networks as the slides write them, from MindSpore's own layers; the discriminator ends in Sigmoid."""
    from mindspore import nn

    class Network(nn.Cell):
        def __init__(self, shape, *layers):
            super().__init__()
            self.model = nn.SequentialCell(*layers)
            self.shape = shape

        def construct(self, x):
            return self.model(x.reshape((x.shape[0], -1))).reshape(self.shape)

    def block(inputs, outputs):
        return nn.Dense(inputs, outputs), nn.BatchNorm1d(outputs, eps=1e-5, momentum=0.9), nn.ReLU()

    generator = Network(
        (-1, 1, 28, 28),
        *(nn.Dense(100, 128), nn.ReLU(), *block(128, 256), *block(256, 512), *block(512, 1024)),
        *(nn.Dense(1024, 784), nn.Tanh()),
    )
    discriminator = Network(
        (-1, 1),
        *(nn.Dense(784, 512), nn.LeakyReLU(0.2), nn.Dense(512, 256), nn.LeakyReLU(0.2)),
        *(nn.Dense(256, 1), nn.Sigmoid()),
    )
    return generator, discriminator


def _slides_adam(network):
    from mindspore import nn

    return nn.Adam(network.trainable_params(), learning_rate=2e-4, beta1=0.5, beta2=0.999)


def _slides_files(folder: Path, epoch: int):
    """Saves Generator{epoch}.ckpt and Discriminator{epoch}.ckpt as the slides' script does; returns the networks."""
    import mindspore as ms
    import numpy as np

    ms.set_seed(7)
    generator, discriminator = _slides_pair()
    rng = np.random.default_rng(7)
    for network, name in ((generator, "generator"), (discriminator, "discriminator")):
        network.update_parameters_name(name)
        _slides_adam(network).update_parameters_name(f"optim_{name[0]}")
        for p in network.get_parameters():  # away from ones and zeros, so that a mix-up shows
            p.set_data(ms.Tensor(p.asnumpy() + rng.uniform(-0.01, 0.01, p.shape).astype(np.float32)))
        folder.mkdir(parents=True, exist_ok=True)
        ms.save_checkpoint(network, str(folder / f"{name.capitalize()}{epoch}.ckpt"))
    return generator, discriminator


@pytest.fixture(scope="session")
def slides(cpu):
    """The slides' code as a student has it: pair(), adam(network), files(folder, epoch)."""
    return SimpleNamespace(pair=_slides_pair, adam=_slides_adam, files=_slides_files)


def _call(arguments) -> int:
    from ms_gan.commands import main

    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as end:
        return end.code


@pytest.fixture
def command(capfd):
    """command("sample", file, …) calls ms-gan in this process: its status, and all that came on stdout and stderr."""

    def call(*arguments):
        capfd.readouterr()
        status = _call(arguments)
        out, err = capfd.readouterr()
        return SimpleNamespace(status=status, out=out, err=err, lines=out.splitlines())

    return call


@pytest.fixture(scope="session")
def listing():
    """listing(folder) names everything below a folder, with the SHA-256 of every file."""

    def names_and_digests(folder: Path) -> dict[str, str]:
        found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*"))}
        return {name: hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "" for name, p in found.items()}

    return names_and_digests


@pytest.fixture(scope="session")
def trained_run(cpu, small_mnist, tmp_path_factory) -> Path:
    """The folder of three epochs of 20 steps on the small MNIST, trained without a stop; copy it to change it."""
    result = tmp_path_factory.mktemp("trained") / "result"
    options = ["--epochs", 3, "--batch-size", 32, "--data", small_mnist, "--result", result]
    assert _call(["train", "gan", *options]) == 0
    return result


@pytest.fixture(scope="session")
def saved_run(tmp_path_factory, cpu):
    """The folder of a run with one set of weights, and its players; their moving statistics have moved."""
    import numpy as np
    from mindspore import Tensor

    from ms_gan.games.players import create_players
    from ms_gan.recipes import Recipe
    from ms_gan.records import checkpoint
    from ms_gan.records.checkpoint import Position
    from ms_gan.records.run_folder import RunFolder

    folder = RunFolder(tmp_path_factory.mktemp("run"))
    recipe = Recipe()
    folder.create("gan", recipe)
    players = create_players(recipe)
    players.generator.set_train(True)
    for _ in range(3):
        players.generator(Tensor(np.random.default_rng(0).standard_normal((64, 100)).astype(np.float32)))
    players.generator.set_train(False)
    checkpoint.save(folder.checkpoints, Position(1), players)
    return folder, players


def _tiny(seed: int):
    import mindspore as ms
    from mindspore import nn

    from ms_gan.games.players import GanPlayers

    ms.set_seed(seed)
    networks = {"generator": nn.Dense(2, 3), "discriminator": nn.Dense(3, 1)}
    optimizers = []
    for name, network in networks.items():
        network.update_parameters_name(f"{name}.model.0.")
        optimizers.append(nn.Adam(network.trainable_params(), learning_rate=0.1))
        for p in optimizers[-1].get_parameters():
            if not p.name.startswith(name):
                p.name = f"{name}_optimizer.{p.name}"
    return GanPlayers(*networks.values(), *optimizers)


@pytest.fixture
def tiny(cpu):
    """tiny(seed) makes players of a few weights, for tests of files: names as those of real players."""
    return _tiny


@pytest.fixture
def real_players(cpu):
    """real_players(seed) makes the slides' players."""
    from ms_gan.games.players import create_players
    from ms_gan.recipes import Recipe

    return lambda seed: create_players(Recipe(seed=seed))


@pytest.fixture
def one_batch(cpu):
    """16 images of noise, and latent codes of 8 numbers."""
    import mindspore as ms
    import numpy as np

    rng = np.random.default_rng(0)
    arrays = rng.uniform(-1, 1, (16, 1, 28, 28)), rng.standard_normal((16, 8))
    return tuple(ms.Tensor(array.astype(np.float32)) for array in arrays)
