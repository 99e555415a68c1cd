"""ms-gan compare: its options, what it leaves, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from ms_gan.commands.compare import read_values
from ms_gan.commands.parse import command_line
from ms_gan.errors import UserError
from ms_gan.recipes import Recipe, find_recipe


@pytest.mark.parametrize(
    "words, wanted",
    [
        ("learning_rate=1e-5,2e-4, 0.01", ("learning_rate", [1e-5, 2e-4, 0.01])),
        ("learning-rate=1,2", ("learning_rate", [1.0, 2.0])),
        ("--batch-size=32,256", ("batch_size", [32, 256])),
        ("drop_remainder=True,false", ("drop_remainder", [True, False])),
        ("objective=minimax,least-squares", ("objective", ["minimax", "least-squares"])),
        ("seed=0", ("seed", [0])),
    ],
)
def test_values(words, wanted):
    name, values = found = read_values(words)
    assert found == wanted and [type(value) for value in values] == [type(value) for value in wanted[1]]


@pytest.mark.parametrize(
    "words, wanted",
    [
        ("learning_rate", "--vary learning_rate: write it as in --vary learning_rate=1e-5,2e-4,1e-2"),
        ("lr=1,2", "'lr' is nothing to compare by: there is networks, activation, "),
        ("log_every=1,2", "'log_every' is nothing to compare by"),
        ("epochs=1,2.5", "--vary epochs: '2.5' is not a whole number"),
        ("learning_rate=1,", "--vary learning_rate: '' is not a number"),
        ("drop_remainder=yes,no", "--vary drop_remainder: 'yes' is not True or False"),
    ],
)
def test_values_that_are_none(words, wanted):
    with pytest.raises(UserError) as caught:
        read_values(words)
    assert wanted in str(caught.value)


def test_the_recipes_numbers_are_the_defaults():
    """A few epochs of them, unless more are asked for."""
    compare = command_line(["compare"])
    assert (compare.recipe, compare.settings) == ("gan", Recipe(epochs=3))
    assert command_line(["compare", "--seed", "3", "lsgan"]).settings == replace(find_recipe("lsgan"), epochs=3, seed=3)
    words = ["compare", "gan", "--vary", "seed=1,2", "--epochs", "200", "--result", "a/b"]
    compare = command_line(words)
    assert (compare.settings, compare.vary, compare.result) == (Recipe(), "seed=1,2", Path("a/b"))
    with pytest.raises(UserError, match="unknown recipe 'nosuch'"):
        command_line(["compare", "nosuch"])


def test_what_it_leaves(command, small_mnist, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = ["--epochs", 1, "--train-images", 96, "--batch-size", 32, "--images-every", 0, "--data", small_mnist]
    done = command("compare", "cs231n-gan", "--vary", "label_smoothing=0,0.1", *options)
    assert (done.status, done.err) == (0, "")
    folder = Path("result", "cs231n-gan", "compare-label_smoothing")
    names = [path.name for path in sorted(folder.iterdir())]
    assert names == ["0.0", "0.1", "comparison.png", "comparison.txt"]
    text = (folder / "comparison.txt").read_text(encoding="utf-8")
    assert text.splitlines()[0] == "cs231n-gan by label smoothing, 1 epoch on 96 images"
    assert text in done.out and done.lines[-1] == f"comparison.png and comparison.txt are in {folder}"
    assert [line.split()[0] for line in text.splitlines()[3:]] == ["0.0", "0.1"]
    with Image.open(folder / "comparison.png") as picture:
        assert picture.size[0] == 1900


@pytest.mark.parametrize(
    "words, wanted",
    [
        ("gan --vary lr=1,2", "'lr' is nothing to compare by"),
        ("gan --vary learning_rate=1e-4,-1", "learning rate -1.0"),
        ("gan --vary batch_size=32,64 --epochs 0", "epochs 0"),
        ("gan --vary schedule=constant,step", "schedule step would train just as schedule constant does"),
        ("wgan --vary label_smoothing=0,0.1", "wasserstein has no labels"),
        ("gan --vary activation=own,gelu", "unknown activation 'gelu': there is own, relu, leaky-relu, tanh, sigmoid"),
        ("gan --vary seed=1,2 --data nowhere", "no MNIST in"),
        ("gan --vary seed=1,2 --result in_the_way", "cannot write the result folder in_the_way"),
    ],
)
def test_bad_input(command, cpu, tmp_path, monkeypatch, listing, words, wanted):
    monkeypatch.chdir(tmp_path)
    Path("in_the_way").write_bytes(b"")
    before = listing(tmp_path)
    done = command("compare", *words.split())
    assert done.status == 2 and wanted in done.err and listing(tmp_path) == before
    assert done.err.startswith("ms-gan: ") and done.err.count("\n") == 1, done.err
