"""The lines of a run, word for word."""

import errno
import io
import os
import re
import sys
from types import SimpleNamespace

import pytest

from ms_gan.recipes import Recipe
from ms_gan.records.checkpoint import Position
from ms_gan.records.history import Row
from ms_gan.runs.listeners.progress import Progress, Stopwatch, epoch_line, is_due, notebook_line, slide_line

# as printed on the slide, but for the epoch, which is the first: the slide counts it from 0
SLIDE = "Epoch:[  1/200], step:[  10/ 468], loss_d:1.127259 , loss_g:0.669279 , time:0.050s, lr:0.000200"


def row(step: int, epoch: int = 0, seconds: float = 0.05, **values: float) -> Row:
    measured = dict(d_loss=1.127259, g_loss=0.669279, d_real=0.51234, d_fake=0.48766) | values
    return Row(epoch, step, **measured, seconds=seconds)


def saved(progress: Progress, rows: list[Row]) -> None:
    """An epoch with these steps is saved."""
    progress.saved(SimpleNamespace(position=Position(rows[-1].epoch + 1), rows=rows))


def test_the_line_of_the_slide():
    assert slide_line(row(10), Recipe(), 468) == SLIDE


def test_the_line_of_the_slide_at_the_end():
    halved = Recipe(schedule="step", decay_every=3)
    assert [slide_line(row(10, epoch), halved, 468)[-11:] for epoch in (2, 3)] == ["lr:0.000200", "lr:0.000100"]
    line = slide_line(row(468, 199, 1.25, d_loss=-0.0, g_loss=27.6310211), Recipe(learning_rate=0.01), 468)
    assert line == "Epoch:[200/200], step:[ 468/ 468], loss_d:-0.000000 , loss_g:27.631021 , time:1.250s, lr:0.010000"


def test_the_line_of_an_epoch():
    rows = [row(1, 4, 0.5, d_loss=1.0, g_loss=0.7), row(2, 4, 1.5, d_loss=1.5, g_loss=0.8, d_real=0.6, d_fake=0.25)]
    assert epoch_line(rows, Recipe(), 256) == (
        "epoch   5/200   d_loss 1.250   g_loss 0.750   D(x) 0.556   D(G(z)) 0.369      128 images/s      2.0 s"
    )


def test_the_line_of_an_epoch_that_was_stopped_inside(capsys):
    """Images and time are those of the steps made since."""
    recipe = Recipe(batch_size=10)
    rows = [row(step, 0, 0.5) for step in (5, 6)]
    with Progress(recipe, 6, 57, 4) as progress:
        saved(progress, rows)
    assert capsys.readouterr().out == epoch_line(rows, recipe, 17) + "\n"


def test_a_critics_scores_and_their_gap():
    line = epoch_line([row(1, 0, 2.0, d_real=3.5, d_fake=-1.25)], Recipe(objective="wasserstein"), 128)
    assert "   D(x) 3.500   D(G(z)) -1.250   gap 4.750   " in line
    assert "gap" not in epoch_line([row(1)], Recipe(objective="least-squares"), 128)


def test_the_line_of_the_notebook():
    recipe = Recipe(style="notebook")
    assert notebook_line(row(251, d_loss=1.0434, g_loss=1.5739), recipe, 391) == "Iter: 250, D: 1.043, G:1.574"
    assert notebook_line(row(219, 9, d_loss=0.16333, g_loss=0.6912), recipe, 391) == "Iter: 3737, D: 0.1633, G:0.6912"


def test_the_notebook_counts_through_all_epochs():
    """Every third of 5 steps: the slides' 3 in each epoch, the notebook's iterations 0, 3, 6, 9."""
    rows = [row(step, epoch) for epoch in range(2) for step in range(1, 6)]
    for style, wanted in (("slides", [(0, 3), (1, 3)]), ("notebook", [(0, 1), (0, 4), (1, 2), (1, 5)])):
        recipe = Recipe(style=style)
        assert [(one.epoch, one.step) for one in rows if is_due(3, one, recipe, 5)] == wanted
        assert not any(is_due(0, one, recipe, 5) for one in rows)


def test_lines_of_epochs_are_aligned():
    lines = [epoch_line([row(1, epoch, seconds)], Recipe(), 128) for epoch, seconds in ((0, 0.005), (99, 120.0))]
    assert len(lines[0]) == len(lines[1])
    assert [m.start() for m in re.finditer("[dDg]_?l?", lines[0])] == [
        m.start() for m in re.finditer("[dDg]_?l?", lines[1])
    ]


@pytest.mark.parametrize("log_every, steps", [(1, [1, 2, 3, 4, 5, 6]), (2, [2, 4, 6]), (4, [4]), (100, [])])
def test_how_often_the_line_appears(capsys, log_every, steps):
    """Plain lines where there is no terminal: nothing of a bar, nothing on stderr."""
    recipe = Recipe(epochs=1, log_every=log_every)
    rows = [row(step) for step in range(1, 7)]
    with Progress(recipe, 6, 700, 0) as progress:
        progress.say("hello")
        for one in rows:
            progress.show(one)
        saved(progress, rows)
    out, err = capsys.readouterr()
    wanted = ["hello", *(slide_line(rows[step - 1], recipe, 6) for step in steps), epoch_line(rows, recipe, 700)]
    assert out.splitlines() == wanted
    assert err == ""


def test_the_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with Progress(Recipe(epochs=2, batch_size=10, log_every=1), 6, 57, 3) as progress:
        assert (progress.bar.n, progress.bar.total) == (30, 114)
        for step in (4, 5):
            progress.show(row(step))
        assert progress.bar.n == 50
        progress.show(row(6))
        assert progress.bar.n == 57  # the last batch has 7 images
    assert "epoch 1/2" in progress.bar.desc
    assert progress.bar.postfix == "d_loss 1.127, g_loss 0.669"
    assert [line.split(",")[1] for line in capsys.readouterr().out.splitlines()] == [
        " step:[   4/   6]",
        " step:[   5/   6]",
        " step:[   6/   6]",
    ]


def test_the_stopwatch_counts_from_its_last_reading(monkeypatch):
    readings = iter([10.0, 10.5, 12.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(readings))
    watch = Stopwatch()
    assert (watch.lap(), watch.lap()) == (0.5, 1.5)


class Refused(io.StringIO):
    def write(self, text):
        raise OSError(self.reason, os.strerror(self.reason))


@pytest.mark.parametrize(
    "reason, closed", [(errno.EPIPE, True), (errno.EIO, True), (errno.ENOSPC, False), (errno.EDQUOT, False)]
)
def test_what_is_said_cannot_be_written(monkeypatch, capsys, reason, closed):
    """Nobody reads it any more; or its file has no room left, which is told once."""
    monkeypatch.setattr(sys, "stdout", Refused())
    sys.stdout.reason, calls = reason, []
    with Progress(Recipe(log_every=1), 6, 700, 0, on_closed=lambda: calls.append("closed")) as progress:
        progress.say("hello")
        progress.show(row(1))
        saved(progress, [row(1)])
    told = f"ms-gan: no more is said ({os.strerror(reason)}); the training goes on\n"
    assert (calls, capsys.readouterr().err) == ((["closed"], "") if closed else ([], told))
