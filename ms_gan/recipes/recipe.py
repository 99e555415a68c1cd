"""A recipe: all settings of one training run."""

from dataclasses import dataclass, fields
from typing import get_type_hints

from ms_gan.errors import UserError
from ms_gan.recipes.concerns import DataSettings, GameSettings, OptimiserSettings, PairSettings, RunSettings


@dataclass(frozen=True)
class Recipe(RunSettings, OptimiserSettings, DataSettings, GameSettings, PairSettings):
    """The settings of one training run.

    Raises:
        UserError: a number with which no network can be built or trained.
    """

    # The concerns stand side by side and not one inside the other: a part of the package asks for the one it needs, and
    # the numbers still are one flat list, as options, in recipe.json and in replace(recipe, epochs=5).


SHOWN = ("style", "log_every", "images_every")
"""Settings that change nothing but what a run says and shows."""


def type_to_compare(name: str) -> type:
    """The type of a setting by which runs can be compared: int, float, bool or str.

    Raises:
        UserError: there is no such setting, or it changes only what is shown, or which --data fits.
    """
    known = [field.name for field in fields(Recipe) if field.name not in (*SHOWN, "source", "pattern")]
    if name not in known:
        raise UserError(f"{name!r} is nothing to compare by: there is {', '.join(known)}")
    return get_type_hints(Recipe)[name]


def from_settings(settings: dict) -> Recipe:
    """A recipe from the settings kept in a run's recipe.json; fields it does not know are left out.

    Raises:
        UserError: a value has the wrong type or cannot be trained with.
    """
    kinds = get_type_hints(Recipe)
    known = {name: value for name, value in settings.items() if name in kinds}
    for name, value in known.items():
        kind = kinds[name]
        if kind is float and type(value) is int:
            known[name] = value = float(value)
        if type(value) is not kind:
            raise UserError(f"{name} is {value!r}: it must be of the kind {kind.__name__}")
    return Recipe(**known)
