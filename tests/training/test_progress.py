"""The lines of a run, word for word."""

import re

import pytest

from ms_gan.recipes import Recipe
from ms_gan.training.history import Row
from ms_gan.training.progress import Progress, Stopwatch, epoch_line, slide_line

# as printed on the slide
SLIDE = "Epoch:[  0/200], step:[  10/ 468], loss_d:1.127259 , loss_g:0.669279 , time:0.050s, lr:0.000200"


def row(step: int, epoch: int = 0, seconds: float = 0.05, **values: float) -> Row:
    measured = dict(d_loss=1.127259, g_loss=0.669279, d_real=0.51234, d_fake=0.48766) | values
    return Row(epoch, step, **measured, seconds=seconds)


def test_the_line_of_the_slide():
    assert slide_line(row(10), Recipe(), 468) == SLIDE


def test_the_line_of_the_slide_at_the_end():
    line = slide_line(row(468, 199, 1.25, d_loss=-0.0, g_loss=27.6310211), Recipe(learning_rate=0.01), 468)
    assert line == "Epoch:[199/200], step:[ 468/ 468], loss_d:-0.000000 , loss_g:27.631021 , time:1.250s, lr:0.010000"


def test_the_line_of_an_epoch():
    rows = [row(1, 4, 0.5, d_loss=1.0, g_loss=0.7), row(2, 4, 1.5, d_loss=1.5, g_loss=0.8, d_real=0.6, d_fake=0.25)]
    assert epoch_line(rows, Recipe()) == (
        "epoch   5/200   d_loss 1.250   g_loss 0.750   D(x) 0.556   D(G(z)) 0.369      128 images/s      2.0 s"
    )


def test_lines_of_epochs_are_aligned():
    lines = [epoch_line([row(1, epoch, seconds)], Recipe()) for epoch, seconds in ((0, 0.005), (99, 120.0))]
    assert len(lines[0]) == len(lines[1])
    assert [m.start() for m in re.finditer("[dDg]_?l?", lines[0])] == [
        m.start() for m in re.finditer("[dDg]_?l?", lines[1])
    ]


@pytest.mark.parametrize("log_every, steps", [(1, [1, 2, 3, 4, 5, 6]), (2, [2, 4, 6]), (4, [4]), (100, [])])
def test_how_often_the_line_appears(capsys, log_every, steps):
    """Plain lines where there is no terminal: nothing of a bar, nothing on stderr."""
    recipe = Recipe(epochs=1)
    rows = [row(step) for step in range(1, 7)]
    with Progress(recipe, 6, 0, log_every) as progress:
        progress.say("hello")
        for one in rows:
            progress.step(one)
        progress.epoch(rows)
    out, err = capsys.readouterr()
    wanted = ["hello", *(slide_line(rows[step - 1], recipe, 6) for step in steps), epoch_line(rows, recipe)]
    assert out.splitlines() == wanted
    assert err == ""


def test_the_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with Progress(Recipe(epochs=2, batch_size=10), 6, 3, 1) as progress:
        assert (progress.bar.n, progress.bar.total) == (30, 120)
        for step in (4, 5):
            progress.step(row(step))
        assert progress.bar.n == 50
    assert "epoch 1/2" in progress.bar.desc
    assert progress.bar.postfix == "d_loss 1.127, g_loss 0.669"
    assert [line.split(",")[1] for line in capsys.readouterr().out.splitlines()] == [
        " step:[   4/   6]",
        " step:[   5/   6]",
    ]


def test_the_stopwatch_counts_from_its_last_reading(monkeypatch):
    readings = iter([10.0, 10.5, 12.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(readings))
    watch = Stopwatch()
    assert (watch.lap(), watch.lap()) == (0.5, 1.5)
