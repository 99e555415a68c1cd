"""How fast one training step of the slides' GAN is: the slides' code, this package, PyTorch, and the processor's limit.

    python -m pip install -e ".[bench]"
    python benchmarks/train_step.py

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
from pathlib import Path

HERE = Path(__file__).parent
CONTENDERS = {
    "slides": ("slides_step", "the slides' code as it stands (PyNative)"),
    "package": ("package_step", "this package"),
    "torch": ("torch_step", "PyTorch at its best"),
    "matmul": ("matmul_rate", "the arithmetic alone, at the measured rate"),
}


def main() -> None:
    """Runs all contenders in turns, then the epoch and the start; prints medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="turns of each contender (default 40)")
    parser.add_argument("--steps", type=int, default=5, help="steps in a turn; its median counts (default 5)")
    parser.add_argument("--epochs", type=int, default=3, help="epochs timed against their bare steps (default 3)")
    parser.add_argument("--worker", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker)
        return
    print_steps(take_turns(options.rounds, options.steps))
    print_epochs(options.epochs)
    print_start()


def work(name: str) -> None:
    """A contender's process: for each number N on stdin makes N steps and prints their median time in seconds."""
    step = importlib.import_module(CONTENDERS[name][0]).make_step()
    for _ in range(5):
        step()
    print("ready", flush=True)
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            begin = time.perf_counter()
            step()
            times.append(time.perf_counter() - begin)
        print(statistics.median(times), flush=True)


def take_turns(rounds: int, steps: int) -> dict[str, list[float]]:
    """Seconds a step, for each contender a number each round."""
    workers = {}
    for name in CONTENDERS:
        command = [sys.executable, str(HERE / "train_step.py"), "--worker", name]
        workers[name] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        while (line := workers[name].stdout.readline().strip()) != "ready":
            if not line and workers[name].poll() is not None:
                sys.exit(f"the contender {name!r} could not start")
    times = {name: [] for name in workers}
    for _ in range(rounds):
        for name, worker in workers.items():
            worker.stdin.write(f"{steps}\n")
            times[name].append(float(worker.stdout.readline()))
    for worker in workers.values():
        worker.stdin.close()
        worker.wait()
    return times


def print_steps(times: dict[str, list[float]]) -> None:
    """The table of the step."""
    import matmul_rate

    flop = matmul_rate.step_flop()
    rates = [matmul_rate.rate(seconds) for seconds in times["matmul"]]
    times["matmul"] = [flop / rate for rate in rates]
    print(f"one D and one G update, batch 128, {os.cpu_count()} cores, {flop / 1e9:.2f} GFLOP in matrix products")
    print(f"{'':46}{'ms a step':>10}{'of package':>12}")
    for name, (_, title) in CONTENDERS.items():
        ratio = statistics.median(a / b for a, b in zip(times[name], times["package"], strict=True))
        print(f"{title:46}{statistics.median(times[name]) * 1e3:10.1f}{ratio:11.2f}×")
    of_torch = statistics.median(a / b for a, b in zip(times["package"], times["torch"], strict=True))
    gflops = statistics.median(rates) / 1e9
    print(f"this package takes {of_torch:.2f}× PyTorch's time; matrix products at {gflops:.0f} GFLOP/s")


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
