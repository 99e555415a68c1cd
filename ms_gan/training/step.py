"""One update of the discriminator and one of the generator, compiled into one graph."""

from collections.abc import Callable

import mindspore as ms
from mindspore import Tensor, ops

from ms_gan.networks.layers import has_batch_statistics
from ms_gan.objectives import Objective
from ms_gan.training.players import Players


def compile_step(players: Players, objective: Objective) -> Callable[[Tensor, Tensor], tuple[Tensor, ...]]:
    """The training step (slide value_and_grad): D first, then G, with the same latent codes.

    G(z) is computed once and serves both players: G has not changed between the two uses. Its gradient function
    (`ms.vjp`) carries G's loss back to G's weights once D has been updated.

    Returns:
        step(image, latent_code) → (d_loss, g_loss, mean D(x), mean D(G(z))), four scalars; the two answers of D are
        probabilities, from before D's update. image: float32 N×C×H×W in [−1, 1]; latent_code: float32 N×latent_size.
        It updates both players, and puts both networks into training mode when it is made: a compiled function keeps
        the mode it was compiled in. The first call compiles (seconds).
    """
    generator, discriminator = players.generator, players.discriminator
    generator_weights = ms.ParameterTuple(generator.trainable_params())
    score_both = _score_both_apart if has_batch_statistics(discriminator) else _score_both_at_once

    def generate(latent_code):
        return generator(latent_code)

    def discriminator_forward(real, fake):
        real_scores, fake_scores = score_both(discriminator, real, fake)
        return objective.d_loss(real_scores, fake_scores), real_scores, fake_scores

    def generator_forward(fake):
        return objective.g_loss(discriminator(fake))

    grad_d = ms.value_and_grad(discriminator_forward, None, discriminator.trainable_params(), has_aux=True)
    grad_fake = ms.value_and_grad(generator_forward, 0)

    # O0, kernel by kernel: the fusions of O1 need a code generator that is not there on a processor.
    @ms.jit(jit_level="O0")
    def step(image, latent_code):
        fake, back_to_weights = ms.vjp(generate, latent_code, weights=generator_weights)
        (d_loss, real_scores, fake_scores), d_gradients = grad_d(image, ops.stop_gradient(fake))
        d_loss = ops.depend(d_loss, players.discriminator_optimizer(d_gradients))
        # The dependence makes G meet the updated D.
        g_loss, fake_gradient = grad_fake(ops.depend(fake, d_loss))
        _, g_gradients = back_to_weights(fake_gradient)
        g_loss = ops.depend(g_loss, players.generator_optimizer(g_gradients))
        return d_loss, g_loss, ops.sigmoid(real_scores).mean(), ops.sigmoid(fake_scores).mean()

    generator.set_train(True)
    discriminator.set_train(True)
    return step


def _score_both_at_once(discriminator, real, fake):
    """Scores of both halves in one pass: larger matrix products, the same answers."""
    scores = discriminator(ops.concat((real, fake)))
    return scores[: real.shape[0]], scores[real.shape[0] :]


def _score_both_apart(discriminator, real, fake):
    """Scores in two passes, for a discriminator that normalises each batch by its own statistics."""
    return discriminator(real), discriminator(fake)
