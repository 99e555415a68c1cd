"""From the words of a command line to the command they name."""

import sys
from typing import Annotated, Any, Union

import tyro

from ms_gan.commands import one_line_errors
from ms_gan.commands.check import Check
from ms_gan.commands.compare import Compare
from ms_gan.commands.data import Data
from ms_gan.commands.folder.doctor import Doctor
from ms_gan.commands.folder.gif import Gif
from ms_gan.commands.folder.losses import Losses
from ms_gan.commands.recipes import Recipes
from ms_gan.commands.train import NEWEST, Train
from ms_gan.commands.weights.judge import Judge
from ms_gan.commands.weights.neighbours import Neighbours
from ms_gan.commands.weights.sample import Sample
from ms_gan.commands.weights.walk import Walk

COMMANDS = {
    "data": Data,
    "recipes": Recipes,
    "train": Train,
    "compare": Compare,
    "sample": Sample,
    "judge": Judge,
    "walk": Walk,
    "neighbours": Neighbours,
    "gif": Gif,
    "losses": Losses,
    "doctor": Doctor,
    "check": Check,
}


def command_line(words: list[str], prog: str = "ms-gan") -> Any:
    """The command, with its options; its `run()` returns the exit status.

    `train` and `compare` are read twice: the defaults of their options are the numbers of a recipe, or of the run that
    is resumed, which only the words tell.

    Raises:
        UserError: an option's value is not one that can be used.
        SystemExit: after --help (status 0), or after tyro has said what it did not understand (status 2).
    """
    words = _name_the_newest(["data", "--help"] if words == ["data"] else words)  # which data sets there are
    defaults = {}
    if words and (command := COMMANDS.get(words[0])) in (Train, Compare):
        asked = [word for word in words[1:] if word not in ("-h", "--help")]
        defaults[command] = tyro.cli(command, prog=f"{prog} {words[0]}", args=asked).with_defaults()
    choices = []
    for name, command in COMMANDS.items():
        default = {"default": defaults[command]} if command in defaults else {}
        choices.append(Annotated[command, tyro.conf.subcommand(name, **default)])
    return tyro.cli(
        Union[tuple(choices)],  # noqa: UP007 (a union of a list has no other form)
        prog=prog,
        description="The GAN course in code: train, stop, go on, draw.",
        args=words,
        config=(tyro.conf.OmitSubcommandPrefixes,),
    )


def _name_the_newest(words: list[str]) -> list[str]:
    """`--resume` alone becomes `--resume newest`: tyro has no option whose value may be left out."""
    filled = []
    for word, following in zip(words, [*words[1:], "-"], strict=True):
        filled += [word, NEWEST] if word == "--resume" and following.startswith("-") else [word]
    return filled


def lecture_options(recipe: str = "gan") -> Train:
    """The options of `ms-gan train RECIPE` that a lecture was started with; in a notebook, the recipe's own.

    Raises:
        SystemExit: with status 2 after one line on stderr, for input that the user must put right; that a run lies in
            the way is said here, before the lecture begins.
    """
    words = [] if "ipykernel" in sys.modules else sys.argv[1:]
    with one_line_errors():
        train = command_line(["train", recipe, *words])
        train.check()
    return train
