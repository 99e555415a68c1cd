"""Two trainings at the same time, started in the same directory: each leaves what it would have left alone."""

import csv
import os
import subprocess
import sys
from pathlib import Path

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}


def without_seconds(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return [row[:-1] for row in csv.reader(file)]


def test_in_different_folders(trained_run, small_mnist, tmp_path, listing):
    """Nothing is left in the directory they were started in."""
    where = tmp_path / "where"
    where.mkdir()
    settings = ["--epochs", "3", "--batch-size", "32", "--data", small_mnist]
    words = [sys.executable, "-m", "ms_gan", "train", "gan", *settings]
    results = [tmp_path / "one", tmp_path / "two"]
    runs = [subprocess.Popen([*words, "--result", result], cwd=where, env=ENVIRONMENT) for result in results]
    assert [run.wait(300) for run in runs] == [0, 0]
    assert list(where.iterdir()) == []
    wanted = listing(trained_run)
    for result in results:
        found = listing(result)
        different = {name for name in wanted | found if wanted.get(name) != found.get(name)}
        assert different == {"history.csv"}  # its times
        assert without_seconds(result / "history.csv") == without_seconds(trained_run / "history.csv")
