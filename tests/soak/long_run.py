"""Trains many short epochs in one process and measures after each what must not grow.

    python tests/soak/long_run.py --epochs 200 [--recipe gan]

Prints a table, one line for every tenth epoch: resident memory in MB, threads, open files, matplotlib's figures, and
the seconds of an epoch (the median of the last ten). Linux only: /proc tells.
"""

import argparse
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from ms_gan.recipes import find_recipe  # noqa: E402
from ms_gan.runs.listeners.listener import Listener  # noqa: E402
from ms_gan.runs.run import Running, prepare  # noqa: E402


def state() -> dict[str, float]:
    """What this process holds now. Nothing is collected first: a run that needs that has a leak for as long."""
    from matplotlib._pylab_helpers import Gcf

    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "memory_mb": pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
        "threads": len(os.listdir("/proc/self/task")),
        "files": len(os.listdir("/proc/self/fd")) - 1,  # one is the listing's own
        "figures": len(Gcf.get_all_fig_managers()),
        "iterators": sum(type(thing).__name__.endswith("TupleIterator") for thing in gc.get_objects()),
    }


class Measuring(Listener):
    """Notes what the process holds after each epoch."""

    def begin(self, run) -> None:
        self.states, self.begun = [], time.perf_counter()

    def saved(self, run) -> None:
        now = time.perf_counter()
        self.states.append({"seconds": now - self.begun, **state()})
        self.begun = now


def measure(recipe_name: str, epochs: int, images: int, folder: Path) -> list[dict[str, float]]:
    """Trains, and returns the state after each epoch."""
    recipe = replace(find_recipe(recipe_name), epochs=epochs, train_images=images, batch_size=32)
    measuring = Measuring()
    prepare(recipe, Running(folder, recipe_name), say=lambda line: None, listeners=[measuring]).epochs()
    return measuring.states


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--recipe", default="gan")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--images", type=int, default=128)
    parser.add_argument("--json", type=Path, help="a file for the state after every epoch")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        states = measure(options.recipe, options.epochs, options.images, Path(folder, "run"))
    print("epoch  memory, MB  threads  files  figures  iterators  seconds an epoch")
    for end in range(10, len(states) + 1, 10):
        now, seconds = states[end - 1], statistics.median(each["seconds"] for each in states[end - 10 : end])
        print(
            f"{end:5}  {now['memory_mb']:10.1f}  {now['threads']:7}  {now['files']:5}  {now['figures']:7}  "
            f"{now['iterators']:9}  {seconds:.3f}"
        )
    if options.json:
        options.json.write_text(json.dumps(states), encoding="utf-8")


if __name__ == "__main__":
    main()
