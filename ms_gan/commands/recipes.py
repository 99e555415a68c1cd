"""ms-gan recipes: what can be trained, with the numbers."""

from dataclasses import asdict, dataclass

from ms_gan.recipes import RECIPES, SUMMARIES, Recipe


@dataclass
class Recipes:
    """List what can be trained, with the numbers."""

    def run(self) -> int:
        """Prints the slides' recipe whole, and of each other what is different."""
        slides = asdict(Recipe())
        for name, recipe in RECIPES.items():
            settings = asdict(recipe)
            different = {setting: value for setting, value in settings.items() if value != slides[setting]}
            print(f"{name}: {SUMMARIES[name]}" + ("; as gan, but for" if different else ""))
            for setting, value in (different or settings).items():
                print(f"    {setting.replace('_', '-'):16} {value}")
        return 0
