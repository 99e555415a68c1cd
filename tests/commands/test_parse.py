"""From words to commands: the options, their defaults, and what is loaded for --help."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ms_gan.commands.parse import COMMANDS, command_line, lecture_options
from ms_gan.errors import UserError
from ms_gan.recipes import Recipe
from ms_gan.records.run_folder import RunFolder

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A working directory without a run."""
    monkeypatch.chdir(tmp_path)


def help_of(*words: str, capsys) -> str:
    with pytest.raises(SystemExit) as end:
        command_line([*words, "--help"])
    assert end.value.code == 0
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_help_is_light():
    """It answers without MindSpore and matplotlib; so does `import ms_gan`."""
    script = """if True:
        import json, sys
        import ms_gan
        heavy = ("mindspore", "matplotlib", "PIL", "pooch")
        loaded = [[name for name in heavy if name in sys.modules]]
        from ms_gan.commands import main
        for words in ("--help", "train --help", "train gan --resume --help", "sample --help", "compare --help"):
            try:
                main(words.split())
            except SystemExit as end:
                assert end.code == 0
            loaded.append([name for name in heavy if name in sys.modules])
        print(json.dumps(loaded), file=sys.stderr)
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stderr) == [[]] * 6
    assert "usage: ms-gan" in done.stdout


def test_every_command_is_in_the_help(capsys):
    text = help_of(capsys=capsys)
    assert [name for name in COMMANDS if f" {name} " not in text] == []


def test_every_field_of_a_recipe_is_an_option(capsys):
    text = help_of("train", capsys=capsys)
    for field in dataclasses.fields(Recipe):
        assert f"--{field.name.replace('_', '-')} " in text
        assert f"(default: {field.default})" in text.replace("'", "")
    assert "Epochs to train in all, those before a resume included." in text  # with its meaning


@pytest.mark.parametrize(
    "name, value",
    [
        *(
            ("epochs", 7),
            ("batch_size", 64),
            ("latent_size", 5),
            ("learning_rate", 0.001),
            ("beta1", 0.9),
            ("beta2", 0.5),
        ),
        *(("seed", 9), ("networks", "other"), ("objective", "other")),
    ],
)
def test_options_set_the_fields_of_the_recipe(name, value):
    option = "--" + name.replace("_", "-")
    for words in ([option, str(value)], [f"{option}={value}"]):
        assert command_line(["train", "gan", *words]).settings == dataclasses.replace(Recipe(), **{name: value})


def test_where_a_run_goes():
    train = command_line(["train"])
    assert (train.recipe, train.settings, train.folder, train.resume) == ("gan", Recipe(), Path("result"), None)
    assert command_line(["train", "gan", "--result", "a/b"]).folder == Path("a/b")


def test_resume_alone_or_with_a_file():
    for words, wanted in (
        (["--resume"], "newest"),
        (["--resume", "--epochs", "3"], "newest"),
        (["--epochs", "3", "--resume"], "newest"),
        (["--resume", "a/Generator9.ckpt"], "a/Generator9.ckpt"),
        (["--resume=a/Generator9.ckpt", "--epochs", "3"], "a/Generator9.ckpt"),
    ):
        train = command_line(["train", "gan", *words])
        assert train.resume == wanted
        assert train.settings.epochs == (3 if "3" in words else 200)


@pytest.mark.parametrize("spelled", ["two words", "equals sign"])
def test_going_on_the_saved_numbers_are_the_defaults(spelled):
    saved = Recipe(epochs=7, batch_size=64, latent_size=10, seed=3)
    RunFolder(Path("run")).create("gan", saved)
    result = ["--result", "run"] if spelled == "two words" else ["--result=run"]
    assert command_line(["train", "gan", *result, "--resume"]).settings == saved
    longer = command_line(["train", "gan", "--resume", *result, "--epochs", "9"])
    assert longer.settings == dataclasses.replace(saved, epochs=9)
    file = Path("run", "checkpoints", "Generator6.ckpt")
    resume = ["--resume", str(file)] if spelled == "two words" else [f"--resume={file}"]
    elsewhere = command_line(["train", "gan", *resume, "--result", "new"])
    assert elsewhere.settings == saved and elsewhere.folder == Path("new")
    assert command_line(["train", "gan", *result]).settings == Recipe()  # not resumed, not taken over


def test_the_saved_numbers_of_the_default_folder():
    saved = Recipe(epochs=7)
    RunFolder(Path("result")).create("gan", saved)
    assert command_line(["train", "--resume"]).settings == saved


def test_a_run_that_goes_on_keeps_its_recipes_name():
    """So that it is found where `ms-gan train wgan` left it, and recipe.json calls it what it is."""
    for folder in ("result", "result/wgan"):
        RunFolder(Path(folder)).create("wgan", Recipe())
    for words, name, folder in (
        (["--resume"], "wgan", "result"),
        (["--resume", "--result", "result"], "wgan", "result"),
        (["--resume", "result/wgan/checkpoints/Generator0.ckpt"], "wgan", "result/wgan"),
        (["--resume", "result/checkpoints/Generator0.ckpt", "--result", "new"], "wgan", "new"),
        (["lsgan", "--resume", "--result", "result"], "lsgan", "result"),
    ):
        train = command_line(["train", *words])
        assert (train.recipe, train.folder) == (name, Path(folder))


@pytest.mark.parametrize(
    "words", [["nosuch"], ["nosuch", "--epochs", "3"], ["--epochs", "3", "nosuch"], ["--seed=3", "nosuch"]]
)
def test_unknown_recipe_wherever_it_stands(words):
    with pytest.raises(UserError, match="unknown recipe 'nosuch': there is gan"):
        command_line(["train", *words])


def test_lecture_options(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["02_gan.py", "--epochs", "4", "--batch-size", "16"])
    train = lecture_options()
    assert (train.settings.epochs, train.settings.batch_size, train.recipe) == (4, 16, "gan")
    RunFolder(Path("result")).create("gan", Recipe())
    with pytest.raises(SystemExit) as end:
        lecture_options()
    assert end.value.code == 2 and capsys.readouterr().err.startswith("ms-gan: a run lies in result already")


def test_lecture_options_in_a_notebook(monkeypatch):
    """There the words on the command line are the kernel's."""
    monkeypatch.setattr(sys, "argv", ["ipykernel_launcher.py", "-f", "kernel.json"])
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert lecture_options().settings == Recipe()
