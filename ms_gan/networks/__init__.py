"""Generators and discriminators: arrays in, arrays out; no losses, no optimisers."""

from ms_gan.errors import UserError


def build(networks: str, latent_size: int, image_shape: tuple[int, int, int] = (1, 28, 28), width: int = 64):
    """A new pair of networks with fresh weights.

    Args:
        networks: the name of the pair, as in a recipe: "mlp" (the slides' fully connected one), "mlp-cs231n" (that of
            CS231n's notebook) or "dcgan28" (the notebook's convolutional one).
        latent_size: numbers in a latent code.

    Returns:
        (generator, discriminator): the generator maps latent codes N×latent_size to images N×C×H×W in [−1, 1], the
        discriminator images to scores N×1, logits or whatever the objective takes them for.

    Raises:
        UserError: there is no such pair.
    """
    from ms_gan.networks import dcgan28, mlp

    pairs = {"mlp": mlp.pair, "mlp-cs231n": mlp.notebook_pair, "dcgan28": dcgan28.pair}
    if networks not in pairs:
        raise UserError(f"unknown networks {networks!r}: there is {', '.join(pairs)}")
    return pairs[networks](latent_size)
