"""One update of the discriminator and one of the generator, compiled into one graph."""

from collections.abc import Callable

import mindspore as ms
from mindspore import Tensor, nn, ops

from ms_gan.data.latent import mixing_weights
from ms_gan.games.objectives import Objective, find_objective, gradient_penalty
from ms_gan.games.players import Players
from ms_gan.games.schedule import rate
from ms_gan.networks import computed
from ms_gan.networks.evaluation import has_batch_statistics
from ms_gan.recipes import Recipe


class RecipeStep:
    """The steps of a run by a recipe: each moves D, and every `critic_steps`-th of an epoch moves G too."""

    def __init__(self, players: Players, recipe: Recipe):
        self.recipe = recipe
        self._players = players
        self._epoch: int | None = None
        objective = find_objective(recipe.objective, recipe.label_smoothing)
        limits = {"weight_clip": recipe.weight_clip, "penalty": recipe.gradient_penalty}
        self.step = compile_step(players, objective, **limits)
        self.critic_step = compile_critic_step(players, objective, **limits)

    def __call__(self, image: Tensor, latent_code: Tensor, epoch: int, number: int) -> tuple[Tensor, ...]:
        """Makes step `number` (from 1) of an epoch (from 0); arguments and result as `compile_step`'s."""
        self._follow_schedule(epoch)
        step = self.critic_step if number % self.recipe.critic_steps else self.step
        if not self.recipe.gradient_penalty:
            return step(image, latent_code)
        return step(image, latent_code, Tensor(mixing_weights(self.recipe.seed, epoch, number, len(image))))

    def _follow_schedule(self, epoch: int) -> None:
        if epoch != self._epoch and self.recipe.schedule != "constant":
            self._players.set_rate(rate(self.recipe, epoch))
        self._epoch = epoch


def compile_step(
    players: Players, objective: Objective, *, weight_clip: float = 0.0, penalty: float = 0.0
) -> Callable[..., tuple[Tensor, ...]]:
    """The training step (slide value_and_grad): D first, then G, with the same latent codes.

    G(z) is computed once and serves both players: G has not changed between the two uses. Its gradient function
    (`ms.vjp`) carries G's loss back to G's weights once D has been updated.

    Args:
        players: who is updated. Both networks are put into training mode now: a compiled function keeps the mode it was
            compiled in.
        objective: what they minimise.
        weight_clip: the bound that D's weights are put back into after its update (Arjovsky et al. 2017); 0 for none.
        penalty: how much of the gradient penalty is added to D's loss (Gulrajani et al. 2017: λ); 0 for none.

    Returns:
        step(image, latent_code) → (d_loss, g_loss, D(x), D(G(z))), four scalars; the last two are means of D's answers
        (`Objective.answer`) from before D's update. image: float32 N×C×H×W in [−1, 1]; latent_code: float32
        N×latent_size. With a penalty a third argument says where it looks: `mixing_weights`, float32 N×1×1×1. The first
        call compiles (seconds), and so does the first with another batch size.
    """
    generator, discriminator = _in_training(players)
    generator_weights = ms.ParameterTuple(players.generator.trainable_params())
    update_discriminator = _discriminator_update(players, discriminator, objective, weight_clip, penalty)

    def generate(latent_code):
        return generator(latent_code)

    def generator_forward(fake):
        return objective.g_loss(discriminator(fake))

    grad_fake = ms.value_and_grad(generator_forward, 0)

    def step(image, latent_code, mixing=None):
        fake, back_to_weights = ms.vjp(generate, latent_code, weights=generator_weights)
        d_loss, real_scores, fake_scores = update_discriminator(image, ops.stop_gradient(fake), mixing)
        # The dependence makes G meet the updated D.
        g_loss, fake_gradient = grad_fake(ops.depend(fake, d_loss))
        _, g_gradients = back_to_weights(fake_gradient)
        g_loss = ops.depend(g_loss, players.generator_optimizer(g_gradients))
        return d_loss, g_loss, objective.answer(real_scores).mean(), objective.answer(fake_scores).mean()

    return _compiled(step)


def compile_critic_step(
    players: Players, objective: Objective, *, weight_clip: float = 0.0, penalty: float = 0.0
) -> Callable[..., tuple[Tensor, ...]]:
    """As `compile_step`, but only D is updated; g_loss is what G would have to pay, from before D's update."""
    generator, discriminator = _in_training(players)
    update_discriminator = _discriminator_update(players, discriminator, objective, weight_clip, penalty)

    def step(image, latent_code, mixing=None):
        fake = generator(latent_code)
        d_loss, real_scores, fake_scores = update_discriminator(image, fake, mixing)
        g_loss = objective.g_loss(fake_scores)
        return d_loss, g_loss, objective.answer(real_scores).mean(), objective.answer(fake_scores).mean()

    return _compiled(step)


def _in_training(players: Players) -> tuple[nn.Cell, nn.Cell]:
    """What computes both networks, in training mode; the networks themselves are put into it, too."""
    players.generator.set_train(True)
    players.discriminator.set_train(True)
    return computed(players.generator), computed(players.discriminator)


def _compiled(step: Callable) -> Callable[..., tuple[Tensor, ...]]:
    # O0, kernel by kernel: the fusions of O1 need a code generator that is not there on a processor.
    return ms.jit(step, jit_level="O0")


def _discriminator_update(
    players: Players, discriminator: nn.Cell, objective: Objective, weight_clip: float, penalty: float
) -> Callable:
    """update(real, fake, mixing) → (d_loss, real_scores, fake_scores), all from before it."""
    weights = players.discriminator.trainable_params()
    score_both = _score_both_apart if has_batch_statistics(discriminator) else _score_both_at_once

    def forward(real, fake, mixing):
        real_scores, fake_scores = score_both(discriminator, real, fake)
        d_loss = objective.d_loss(real_scores, fake_scores)
        if penalty:
            d_loss = d_loss + penalty * gradient_penalty(discriminator, real, fake, mixing)
        return d_loss, real_scores, fake_scores

    gradients_of = ms.value_and_grad(forward, None, weights, has_aux=True)

    def update(real, fake, mixing):
        (d_loss, real_scores, fake_scores), gradients = gradients_of(real, fake, mixing)
        d_loss = ops.depend(d_loss, players.discriminator_optimizer(gradients))
        if weight_clip:
            for weight in weights:
                d_loss = ops.depend(d_loss, ops.assign(weight, ops.clamp(weight, -weight_clip, weight_clip)))
        return d_loss, real_scores, fake_scores

    return update


def _score_both_at_once(discriminator, real, fake):
    """Scores of both halves in one pass: larger matrix products, the same answers."""
    scores = discriminator(ops.concat((real, fake)))
    return scores[: real.shape[0]], scores[real.shape[0] :]


def _score_both_apart(discriminator, real, fake):
    """Scores in two passes, for a discriminator that normalises each batch by its own statistics."""
    return discriminator(real), discriminator(fake)
