"""ms-gan recipes: what can be trained, with the numbers."""

from dataclasses import asdict, dataclass

from ms_gan.recipes import RECIPES, SUMMARIES


@dataclass
class Recipes:
    """List what can be trained, with the numbers."""

    def run(self) -> int:
        """Prints a paragraph for each recipe."""
        for name, recipe in RECIPES.items():
            print(f"{name}: {SUMMARIES[name]}")
            for setting, value in asdict(recipe).items():
                print(f"    {setting.replace('_', '-'):14} {value}")
        return 0
