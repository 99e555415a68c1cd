"""What is checked before a run begins, so that nothing is written for one that cannot be."""

from ms_gan.data import sources
from ms_gan.data.batches import Batches
from ms_gan.data.latent import NOISES
from ms_gan.errors import UserError
from ms_gan.games import GAMES, Game
from ms_gan.games.game import normalised_over_the_batch
from ms_gan.games.objectives import find_objective
from ms_gan.games.optimisers import OPTIMIZERS
from ms_gan.games.schedule import SCHEDULES
from ms_gan.recipes import Recipe
from ms_gan.runs.listeners.progress import STYLES


def check_recipe(recipe: Recipe) -> None:
    """Asks every room of the package whether there is what a recipe names. Networks say it when they are made.

    Raises:
        UserError: there is not, or it does not go with the rest.
    """
    choices = (
        (GAMES, recipe.game),
        (NOISES, recipe.noise),
        (OPTIMIZERS, recipe.optimizer),
        (SCHEDULES, recipe.schedule),
        (STYLES, recipe.style),
    )
    for registered, name in choices:
        registered.find(name)
    sources.check(recipe)
    find_objective(recipe.objective, recipe.label_smoothing)


def check_batches(game: Game, batches: Batches) -> None:
    """Raises UserError if a batch holds one image only, and a network normalises over the batch: σ of one is 0."""
    smallest = batches.images_per_epoch - (batches.steps - 1) * game.recipe.batch_size
    if smallest == 1 and any(map(normalised_over_the_batch, game.players.networks().values())):
        raise UserError(
            "a batch of one image cannot be normalised over the batch, and these networks do so: take another "
            "--batch-size, or, if it is the last batch of an epoch, --drop-remainder True"
        )
