"""Generators and discriminators: arrays in, arrays out; no losses, no optimisers."""

from ms_gan.errors import UserError


def build(networks: str, latent_size: int):
    """A new pair of networks with fresh weights.

    Args:
        networks: the name of the pair, as in a recipe: "mlp".
        latent_size: numbers in a latent code.

    Returns:
        (generator, discriminator): the generator maps latent codes N×latent_size to images N×C×H×W in [−1, 1], the
        discriminator images to scores N×1; sigmoid(score) is the probability that the image is real.

    Raises:
        UserError: there is no such pair.
    """
    from ms_gan.networks import mlp

    pairs = {"mlp": mlp.pair, "mlp-cs231n": mlp.notebook_pair}
    if networks not in pairs:
        raise UserError(f"unknown networks {networks!r}: there is {', '.join(pairs)}")
    return pairs[networks](latent_size)
