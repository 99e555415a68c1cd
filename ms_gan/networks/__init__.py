"""Generators and discriminators: arrays in, arrays out; no losses, no optimisers."""

from ms_gan.errors import UserError


def build(
    networks: str,
    latent_size: int,
    image_shape: tuple[int, int, int] = (1, 28, 28),
    width: int = 64,
    activation: str = "own",
):
    """A new pair of networks with fresh weights.

    Args:
        networks: the name of the pair, as in a recipe: "mlp" (the slides' fully connected one), "mlp-cs231n" (that of
            CS231n's notebook), "dcgan28" (the notebook's convolutional one) or "dcgan64" (Radford's).
        latent_size: numbers in a latent code.
        image_shape: (channels, height, width) of a picture. Only dcgan64 makes others than (1, 28, 28): squares of 32,
            48, 64, 96 or 128 pixels a side, with 1 or 3 channels.
        width: feature maps of dcgan64 where its pictures are largest; the others have their own.
        activation: of the hidden layers of both players of mlp and mlp-cs231n: "relu", "leaky-relu", "tanh" or
            "sigmoid"; "own" for each network's own.

    Returns:
        (generator, discriminator): the generator maps latent codes N×latent_size to images N×C×H×W in [−1, 1], the
        discriminator images to scores N×1, logits or whatever the objective takes them for.

    Raises:
        UserError: there is no such pair, it cannot make pictures of that shape, or cannot have that activation.
    """
    from ms_gan.networks import dcgan28, dcgan64, mlp

    fully_connected = {"mlp": mlp.pair, "mlp-cs231n": mlp.notebook_pair}
    if networks not in (*fully_connected, "dcgan28", "dcgan64"):
        raise UserError(f"unknown networks {networks!r}: there is {', '.join(fully_connected)}, dcgan28, dcgan64")
    if activation != "own" and networks not in fully_connected:
        raise UserError(f"{networks} keeps its own activation; {activation} is for {', '.join(fully_connected)}")
    if networks == "dcgan64":
        return dcgan64.pair(latent_size, tuple(image_shape), width)
    if tuple(image_shape) != mlp.IMAGE_SHAPE:
        shape = "×".join(map(str, image_shape))
        raise UserError(
            f"{networks} cannot make pictures of {shape} (channels, height, width): it makes grey ones of 28×28; "
            "for others there is dcgan64 (--networks dcgan64)"
        )
    return dcgan28.pair(latent_size) if networks == "dcgan28" else fully_connected[networks](latent_size, activation)
