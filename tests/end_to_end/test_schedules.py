"""With a learning rate that changes, a run that was stopped leaves the bytes of one that was not."""

import csv
import re

import pytest

from ms_gan.runs.listeners.progress import Progress

OPTIONS = ["--networks", "mlp-cs231n", "--batch-size", 32, "--train-images", 64]


@pytest.fixture
def train(command, small_mnist):
    return lambda *options: command("train", "gan", "--data", small_mnist, *options)


def what_is_left(listing, folder) -> dict[str, str]:
    """Weights, optimisers and pictures; and the history without the seconds."""
    kept = {name: digest for name, digest in listing(folder).items() if name.endswith(".ckpt") or "images/" in name}
    with (folder / "history.csv").open(newline="") as file:
        return kept | {"history": [row[:-1] for row in csv.reader(file)]}


def test_the_last_two_epochs_are_those_of_five(train, tmp_path, listing):
    """The rate falls after the fourth epoch, not where the run was stopped."""
    steps = [*OPTIONS, "--schedule", "step", "--decay-every", 4, "--decay-factor", 0.1, "--log-every", 2]
    whole, parts, constant = (tmp_path / name for name in ("whole", "parts", "constant"))
    lines = train(*steps, "--epochs", 5, "--result", whole).lines
    rates = [line[-11:] for line in lines if line.startswith("Epoch:[")]
    assert rates == ["lr:0.000200"] * 4 + ["lr:0.000020"]
    third = whole / "checkpoints" / "Generator2.ckpt"
    assert train("--epochs", 5, "--resume", third, "--result", parts).status == 0
    ours, theirs = what_is_left(listing, parts), what_is_left(listing, whole)
    assert ours == {name: digest for name, digest in theirs.items() if not re.search(r"[012]\.ckpt", name)}
    assert train(*OPTIONS, "--epochs", 5, "--result", constant).status == 0
    other = what_is_left(listing, constant)
    same = [theirs[name] == other[name] for name in (f"checkpoints/Generator{epoch}.ckpt" for epoch in range(5))]
    assert same == [True] * 4 + [False]


def test_a_cosine_that_was_stopped(train, tmp_path, listing, monkeypatch):
    saved = Progress.saved

    def and_stop(progress, run):
        saved(progress, run)
        if run.position.epoch == 2:
            progress.on_closed()  # as if nobody read any more what it says

    cosine = [*OPTIONS, "--schedule", "cosine", "--epochs", 4]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert train(*cosine, "--result", whole).status == 0
    with monkeypatch.context() as patch:
        patch.setattr(Progress, "saved", and_stop)
        assert train(*cosine, "--result", parts).status > 128
    assert len(what_is_left(listing, parts)["history"]) == 1 + 2 * 2
    assert train("--resume", "--result", parts).status == 0
    assert what_is_left(listing, parts) == what_is_left(listing, whole)
