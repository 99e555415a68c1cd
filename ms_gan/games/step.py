"""One update of the discriminator and one of the generator, compiled into one graph."""

from collections.abc import Callable

import mindspore as ms
from mindspore import Tensor, nn, ops

from ms_gan.games.game import compiled, in_training
from ms_gan.games.objectives import Objective, gradient_penalty
from ms_gan.games.players import GanPlayers
from ms_gan.networks.evaluation import has_batch_statistics


def compile_step(
    players: GanPlayers, objective: Objective, *, weight_clip: float = 0.0, penalty: float = 0.0
) -> Callable[..., Tensor]:
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
        step(image, latent_code) → d_loss, g_loss, D(x), D(G(z)) in one float32 tensor of four numbers: one transfer
        from the device a step. The last two are means of D's answers (`Objective.answer`) from before D's update.
        image: float32 N×C×H×W in [−1, 1]; latent_code: float32 N×latent_size. With a penalty a third argument says
        where it looks: `mixing_weights`, float32 N×1×1×1. The first call compiles (seconds), and so does the first
        with another batch size.
    """
    generator, discriminator = in_training(players.generator), in_training(players.discriminator)
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
        return _figures(objective, d_loss, g_loss, real_scores, fake_scores)

    return compiled(step)


def compile_critic_step(
    players: GanPlayers, objective: Objective, *, weight_clip: float = 0.0, penalty: float = 0.0
) -> Callable[..., Tensor]:
    """As `compile_step`, but only D is updated; g_loss is what G would have to pay, from before D's update."""
    generator, discriminator = in_training(players.generator), in_training(players.discriminator)
    update_discriminator = _discriminator_update(players, discriminator, objective, weight_clip, penalty)

    def step(image, latent_code, mixing=None):
        fake = generator(latent_code)
        d_loss, real_scores, fake_scores = update_discriminator(image, fake, mixing)
        g_loss = objective.g_loss(fake_scores)
        return _figures(objective, d_loss, g_loss, real_scores, fake_scores)

    return compiled(step)


def _figures(objective: Objective, d_loss, g_loss, real_scores, fake_scores):
    answers = objective.answer(real_scores).mean(), objective.answer(fake_scores).mean()
    return ops.stack((d_loss, g_loss, *answers))


def _discriminator_update(
    players: GanPlayers, discriminator: nn.Cell, objective: Objective, weight_clip: float, penalty: float
) -> Callable:
    """update(real, fake, mixing) → (d_loss, real_scores, fake_scores), all from before it."""
    weights = players.discriminator.trainable_params()
    score_both = _score_both_apart if has_batch_statistics(players.discriminator) else _score_both_at_once

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
