"""What a setting can name: noises, optimisers, pairs, … Each choice is registered where it is implemented."""

from collections.abc import Callable
from typing import Generic, TypeVar

from ms_gan.errors import UserError

Choice = TypeVar("Choice")


class Choices(dict[str, Choice], Generic[Choice]):
    """Choices by name, in the order in which they were registered. A user may add one: `NOISES["mine"] = draw`."""

    def __init__(self, what: str):
        """
        Args:
            what: the setting, as in an error's message: "noise".
        """
        super().__init__()
        self.what = what

    def register(self, name: str) -> Callable[[Choice], Choice]:
        """Registers the function or class that stands below: `@NOISES.register("normal")`."""

        def keep(choice: Choice) -> Choice:
            self[name] = choice
            return choice

        return keep

    def find(self, name: str) -> Choice:
        """The choice of that name. Raises UserError, naming those there are, if there is none."""
        if name not in self:
            raise UserError(f"unknown {self.what} {name!r}: there is {', '.join(self)}")
        return self[name]
