"""The game of generator and discriminator (Goodfellow et al. 2014), with all objectives and critics."""

from mindspore import Tensor

from ms_gan import device
from ms_gan.data.latent import mixing_weights
from ms_gan.games.game import GAMES, Game
from ms_gan.games.objectives import find_objective
from ms_gan.games.players import GanPlayers, create_players
from ms_gan.games.step import compile_critic_step, compile_step
from ms_gan.recipes import Recipe


@GAMES.register("gan")
class Gan(Game):
    """Each batch moves D, and every `critic_steps`-th of an epoch moves G too.

    Its figures are D's and G's loss, and the means of D's answers to the batch's images, D(x), and to G's, D(G(z)).

    Raises:
        UserError: the recipe names networks, an objective or an optimiser that there are not, or that do not go
            together.
    """

    figures = ("d_loss", "g_loss", "d_real", "d_fake")

    def __init__(self, recipe: Recipe, players: GanPlayers | None = None):
        objective = find_objective(recipe.objective, recipe.label_smoothing)
        super().__init__(recipe, players or create_players(recipe))
        if recipe.gradient_penalty:
            device.check_second_derivatives(self.players.discriminator)
        limits = {"weight_clip": recipe.weight_clip, "penalty": recipe.gradient_penalty}
        self._both = compile_step(self.players, objective, **limits)
        self._critic = compile_critic_step(self.players, objective, **limits)

    def step(self, batch: tuple[Tensor, ...], epoch: int, number: int) -> Tensor:
        self.follow_schedule(epoch)
        image, latent_code = batch
        step = self._critic if number % self.recipe.critic_steps else self._both
        if not self.recipe.gradient_penalty:
            return step(image, latent_code)
        return step(image, latent_code, Tensor(mixing_weights(self.recipe.seed, epoch, number, len(image))))

    def teach(self, batch: tuple[Tensor, ...]) -> Tensor:
        """D alone learns, and G stands still: the inner loop of algorithm 1. For recipes without a gradient penalty."""
        return self._critic(*batch)
