"""How fast one training step is: plain MindSpore code, this package, PyTorch, and the processor's limit.

    python -m pip install -e ".[bench]"
    python benchmarks/train_step.py                the slides' GAN, what a run adds to it, and how it starts
    python benchmarks/train_step.py dcgan-mnist    the convolutional pair of CS231n's notebook
    python benchmarks/train_step.py dcgan-faces    Radford's pair at 64×64 in colours

Each contender runs in a process of its own, with its own thread settings; they take turns of a few steps, so that a
change of the machine's speed meets all of them. Ratios are medians over the rounds of each round's ratio. Run it on an
idle machine.
"""

import argparse
import importlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from ms_gan.recipes import find_recipe

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Contender:
    """Whose step is timed."""

    module: str
    """Its file here: make_step() gives a function that makes one step and waits for it."""
    title: str
    arguments: tuple = ()
    """What make_step is called with."""
    environment: dict = field(default_factory=dict)
    untouched: bool = False
    """Whether MindSpore is to start without the settings that importing this package makes."""
    rounds: int = 1000
    """It leaves the turns after so many: one that takes long a step."""


AVX2 = {"DNNL_MAX_CPU_ISA": "AVX2"}
CONTENDERS = {
    "gan": {
        "plain": Contender("plain_step", "the slides' code as it stands (PyNative)", ("gan",), untouched=True),
        "package": Contender("package_step", "this package", ("gan",)),
        "torch": Contender("torch_step", "PyTorch at its best"),
        "matmul": Contender("matmul_rate", "the arithmetic alone, at the measured rate"),
    },
    "dcgan-mnist": {
        "as it stands": Contender(
            "plain_step", "plain MindSpore as it stands (PyNative)", ("dcgan-mnist",), untouched=True, rounds=1
        ),
        "plain": Contender(
            "plain_step", "the same, with DNNL_MAX_CPU_ISA=AVX2", ("dcgan-mnist",), environment=AVX2, untouched=True
        ),
        "package": Contender("package_step", "this package", ("dcgan-mnist",)),
        "torch": Contender("torch_dcgan_step", "PyTorch at its best"),
    },
    # As it stands, plain MindSpore takes minutes a step where the processor has AVX-512.
    "dcgan-faces": {
        "plain": Contender(
            "plain_step",
            "plain MindSpore, DNNL_MAX_CPU_ISA=AVX2",
            ("dcgan-faces",),
            environment=AVX2,
            untouched=True,
            rounds=1,
        ),
        "package": Contender("package_step", "this package", ("dcgan-faces",)),
        "torch": Contender("torch_dcgan64_step", "PyTorch at its best"),
    },
}


def main() -> None:
    """Runs all contenders in turns, for the slides' GAN also the epoch and the start; prints medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", default="gan", choices=CONTENDERS, help="whose step (default gan)")
    parser.add_argument("--rounds", type=int, default=40, help="turns of each contender (default 40)")
    parser.add_argument("--steps", type=int, default=5, help="steps in a turn; its median counts (default 5)")
    parser.add_argument("--epochs", type=int, default=3, help="epochs timed against their bare steps (default 3)")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(CONTENDERS[options.recipe][options.worker])
        return
    print_steps(options.recipe, take_turns(options.recipe, options.rounds, options.steps))
    if options.recipe == "gan":
        print_epochs(options.epochs)
        print_start()


def work(contender: Contender) -> None:
    """A contender's process: for each number N on stdin makes N steps and prints their median time in seconds."""
    if contender.untouched:
        os.environ.pop("MS_DEV_HOST_BLOCKING_RUN", None)
    step = importlib.import_module(contender.module).make_step(*contender.arguments)
    for _ in range(min(contender.rounds, 5)):
        step()
    print("ready", flush=True)
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            begin = time.perf_counter()
            step()
            times.append(time.perf_counter() - begin)
        print(statistics.median(times), flush=True)


def take_turns(recipe: str, rounds: int, steps: int) -> dict[str, list[float]]:
    """Seconds a step, for each contender a number for each of its rounds."""
    contenders = CONTENDERS[recipe]
    workers = {name: _start(recipe, name) for name in contenders}
    times = {name: [] for name in workers}
    for number in range(rounds):
        for name, worker in workers.items():
            if number < contenders[name].rounds:
                worker.stdin.write(f"{min(steps, contenders[name].rounds)}\n")
                times[name].append(float(worker.stdout.readline()))
    for worker in workers.values():
        worker.stdin.close()
        worker.wait()
    return times


def _start(recipe: str, name: str) -> subprocess.Popen:
    """A contender's process, when it is ready."""
    command = [sys.executable, str(HERE / "train_step.py"), recipe, "--worker", name]
    environment = os.environ | CONTENDERS[recipe][name].environment
    pipe = subprocess.PIPE
    worker = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1, env=environment)
    while (line := worker.stdout.readline().strip()) != "ready":
        if not line and worker.poll() is not None:
            sys.exit(f"the contender {name!r} could not start")
    return worker


def print_steps(recipe: str, times: dict[str, list[float]]) -> None:
    """The table of the step."""
    print(f"{recipe}: one D and one G update, batch {find_recipe(recipe).batch_size}, {os.cpu_count()} cores")
    if "matmul" in times:
        _to_step_times(times["matmul"])
    print(f"{'':46}{'ms a step':>10}{'of package':>12}")
    for name, contender in CONTENDERS[recipe].items():
        ratio = statistics.median(a / b for a, b in zip(times[name], times["package"], strict=False))
        print(f"{contender.title:46}{statistics.median(times[name]) * 1e3:10.1f}{ratio:11.2f}×")
    of_torch = statistics.median(a / b for a, b in zip(times["package"], times["torch"], strict=True))
    print(f"this package takes {of_torch:.2f}× PyTorch's time")


def _to_step_times(seconds: list[float]) -> None:
    """From the time of the known products to that of the products in a step of the slides' GAN."""
    import matmul_rate

    flop = matmul_rate.step_flop()
    rates = [matmul_rate.rate(one) for one in seconds]
    seconds[:] = [flop / rate for rate in rates]
    print(f"{flop / 1e9:.2f} GFLOP in matrix products, which run at {statistics.median(rates) / 1e9:.0f} GFLOP/s")


def print_epochs(epochs: int) -> None:
    """What a run adds to its steps: data, lines, pictures, history and checkpoints."""
    script = f"import sys; sys.path.insert(0, {str(HERE)!r}); import package_step; "
    script += f"print(*package_step.epoch_overhead({epochs}))"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    ratios = [float(word) for word in output.splitlines()[-1].split()]
    shown = ", ".join(f"{ratio:.3f}" for ratio in ratios)
    print(f"an epoch of a run, in times of its bare steps: median {statistics.median(ratios):.3f} ({shown})")


def print_start() -> None:
    """How long the first answer and the first step take to come."""
    command = [sys.executable, "-m", "ms_gan"]
    seconds = statistics.median(_seconds([*command, "--help"]) for _ in range(5))
    print(f"ms-gan --help: {seconds:.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        command += ["train", "gan", "--epochs", "1", "--log-every", "1", "--result", str(Path(folder, "run"))]
        print(f"ms-gan train gan, to the line of its first step: {_seconds(command, until='Epoch:['):.1f} s")


def _seconds(command: list[str], until: str = "") -> float:
    """From the start of a command to its end, or to its first line of output that begins with `until`."""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        for line in process.stdout:
            if until and line.startswith(until):
                seconds = time.perf_counter() - begin
                process.kill()
                return seconds
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
