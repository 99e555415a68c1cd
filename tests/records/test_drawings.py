"""The plot and the GIF from what lies in a run's folder."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ms_gan.errors import UserError
from ms_gan.pictures.grid import save_grid
from ms_gan.recipes import Recipe, find_recipe
from ms_gan.records import drawings, history
from ms_gan.records.history import Row
from ms_gan.records.run_folder import RunFolder

ROWS = [
    Row(epoch, step, d_loss=1.0 + epoch, g_loss=0.5, d_real=0.25, d_fake=0.125, seconds=0.1)
    for epoch in range(2)
    for step in (1, 2, 3, 4)
]


def test_the_plot_gets_what_was_measured(tmp_path, monkeypatch):
    given = {}
    monkeypatch.setattr(drawings, "plot_losses", lambda *args, **named: given.update(named, args=args))
    folder = RunFolder(tmp_path)
    history.append(folder.history, ROWS)
    assert drawings.draw_losses(folder) == tmp_path / "losses.png"
    path, epochs, d_loss = given.pop("args")
    assert path == tmp_path / "losses.png"
    assert epochs.tolist() == [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]
    assert d_loss.tolist() == [1.0] * 4 + [2.0] * 4 and given.pop("g_loss").tolist() == [0.5] * 8
    assert given.pop("d_real").tolist() == [0.25] * 8 and given.pop("d_fake").tolist() == [0.125] * 8
    assert given.pop("equilibrium") == pytest.approx((1.3862943611, 0.6931471806))
    assert given.pop("answers") == "probabilities"
    assert given.pop("balance") == 0.5 and given.pop("others") == {} and not given
    folder.create("wgan", find_recipe("wgan"))
    drawings.draw_losses(folder)
    assert (given["equilibrium"], given["answers"]) == ((0, 0), "critic")
    folder.create("gan", Recipe(label_smoothing=0.2))
    drawings.draw_losses(folder)
    assert given["balance"] == pytest.approx(0.4) and given["equilibrium"] == pytest.approx((1.3460233, 0.9162907))


def test_the_plot_is_a_picture(tmp_path):
    folder = RunFolder(tmp_path)
    folder.create("gan", Recipe())
    history.append(folder.history, ROWS)
    with Image.open(drawings.draw_losses(folder)) as picture:
        assert picture.format == "PNG" and min(picture.size) > 400


def test_no_plot_without_a_step(tmp_path):
    folder = RunFolder(tmp_path)
    history.append(folder.history, [])
    with pytest.raises(UserError, match="history.csv holds no training step yet"):
        drawings.draw_losses(folder)
    folder.history.write_text(folder.history.read_text() + "broken\n")
    with pytest.raises(UserError, match="history.csv is damaged in line 2"):
        drawings.draw_losses(folder)
    assert not folder.losses.exists()


def test_the_gif_has_a_frame_for_each_picture(tmp_path, monkeypatch):
    labels = []
    write = drawings.write_gif
    monkeypatch.setattr(
        drawings, "write_gif", lambda path, frames, names: (labels.extend(names), write(path, frames, names))
    )
    folder = RunFolder(tmp_path)
    for number, path in enumerate((folder.image(0, 20), folder.image(0), folder.image(1))):
        save_grid(path, np.full((25, 28, 28, 1), 100 * number, np.uint8))
    assert drawings.draw_evolution(folder) == tmp_path / "evolution.gif"
    assert labels == ["epoch 1, step 20", "epoch 1", "epoch 2"]
    with Image.open(folder.evolution) as gif:
        assert gif.n_frames == 3


def test_the_notebooks_pictures_are_named_by_their_iteration(tmp_path, monkeypatch):
    labels = []
    monkeypatch.setattr(drawings, "write_gif", lambda path, frames, names: labels.extend(names))
    folder = RunFolder(tmp_path)
    folder.create("lsgan", find_recipe("lsgan"))
    for path in (folder.image(0, 3), folder.image(0), folder.image(1, 2)):
        save_grid(path, np.zeros((1, 28, 28, 1), np.uint8))
    drawings.draw_evolution(folder)
    assert labels == ["epoch 1, step 3", "epoch 1", "epoch 2, step 2"]  # no history to count by
    history.append(folder.history, ROWS)
    labels.clear()
    drawings.draw_evolution(folder)
    assert labels == ["iteration 2", "epoch 1", "iteration 5"]


def test_pictures_that_are_missing_are_drawn_from_the_weights(trained_run, tmp_path, listing):
    """The same bytes as in time; only where an epoch's weights are as they were saved."""
    shutil.copytree(trained_run, tmp_path / "run")
    folder, wanted = RunFolder(tmp_path / "run"), listing(trained_run)
    folder.image(0).unlink()
    folder.image(2).unlink()
    drawings.draw_missing_pictures(folder)
    assert listing(folder.root) == wanted
    folder.image(1).unlink()
    weights = folder.checkpoints / "Generator1.ckpt"
    weights.write_bytes(weights.read_bytes()[:-1])
    drawings.draw_missing_pictures(folder)
    assert not folder.image(1).exists()


def test_the_command_draws_them_too(trained_run, tmp_path, command, listing):
    shutil.copytree(trained_run, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "images")
    (tmp_path / "run" / "evolution.gif").unlink()
    assert command("gif", tmp_path / "run").status == 0
    assert listing(tmp_path / "run") == listing(trained_run)


def test_what_cannot_be_drawn_at_the_end_is_said(trained_run, tmp_path):
    shutil.copytree(trained_run, tmp_path / "run")
    folder, lines = RunFolder(tmp_path / "run"), []
    assert drawings.finish(folder, pytest.fail)
    folder.losses.unlink()
    folder.losses.mkdir()
    shutil.rmtree(folder.images)
    folder.images.touch()
    assert not drawings.finish(folder, lines.append)
    assert [line.split(":")[1] for line in lines] == [
        f" cannot write {folder.image(0)}",
        f" cannot write {folder.losses}",
    ]
    folder.history.unlink()
    assert not drawings.finish(folder, lines.append)
    assert f"note: cannot read {folder.history}: " in lines[-1]


def test_no_gif_without_pictures(tmp_path):
    with pytest.raises(UserError, match="there are no pictures in .*images"):
        drawings.draw_evolution(RunFolder(Path(tmp_path)))
