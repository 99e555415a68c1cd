"""The assignment: eleven functions of three GANs on MNIST, for you to write.

Each function says what it gets and what it must give. Replace its `raise NotImplementedError`, then check:

    ms-gan check lectures/assignment/starter.py

The order is that of the notebook (Stanford's CS231n, assignment 3), whose GANs these are. A picture is a float32
tensor 1×28×28 with values from −1 (black) to 1 (white), and N is the number of pictures in a batch. D gives *scores*:
sigmoid(score) is its probability that the picture is real.
"""

from mindspore import nn, ops  # noqa: F401

# ----------------------------------------------------------------------------------------------------------------------
# Vanilla GAN
# ----------------------------------------------------------------------------------------------------------------------


def sample_noise(batch_size, dim):
    """Noise for the generator, new at every call.

    Args:
        batch_size: N, how many noise vectors.
        dim: how many numbers each has.

    Returns:
        Tensor, float32, N×dim, each number drawn uniformly from [−1, 1].

    Hints:
        - `ops.rand(batch_size, dim)` is uniform on [0, 1). How do you stretch and shift it?
        - Set no seed in here: a fixed seed gives the same noise at every call.
    """
    raise NotImplementedError


def discriminator():
    """The fully connected discriminator: pictures N×1×28×28 → scores N×1.

    Layers:
        flatten to N×784
        fully connected 784 → 256, LeakyReLU with α = 0.01
        fully connected 256 → 256, LeakyReLU with α = 0.01
        fully connected 256 → 1

    Returns:
        nn.Cell with 267,009 parameters. Can you get this number by hand?

    Hints:
        - `nn.SequentialCell(first, second, …)` runs layers one after the other. You need `nn.Flatten`, `nn.Dense` and
          `nn.LeakyReLU`.
        - MindSpore's own α is 0.2. Write `nn.LeakyReLU(alpha=…)`.
        - No Sigmoid at the end: the losses below start from the scores. (Why? See `bce_loss`.)
    """
    raise NotImplementedError


def generator(noise_dim=96):
    """The fully connected generator: noise N×noise_dim → pictures N×1×28×28.

    Layers:
        fully connected noise_dim → 1024, ReLU
        fully connected 1024 → 1024, ReLU
        fully connected 1024 → 784, Tanh
        reshape to N×1×28×28

    Returns:
        nn.Cell; with noise_dim = 4 it has 1,858,320 parameters. All outputs lie in [−1, 1], as the pictures do.

    Hints:
        - `nn.Unflatten(1, shape)` is the reverse of nn.Flatten.
    """
    raise NotImplementedError


def bce_loss(scores, labels):
    """Binary cross-entropy of scores, averaged over the batch.

    For one score s with label y it is −y·log σ(s) − (1 − y)·log(1 − σ(s)), where σ is the sigmoid.

    Args:
        scores: Tensor, float32, N×1, any numbers.
        labels: Tensor, float32, N×1: 1 for real, 0 for generated.

    Returns:
        Tensor without axes (a scalar): the mean.

    Hints:
        - As it stands the formula breaks: in float32 σ(17) is exactly 1, and log(1 − 1) is −∞. Put σ(s) = 1/(1 + e⁻ˢ)
          into it and simplify until no log of something rounded to 0 is left.
        - `ops.softplus(x)` is log(1 + eˣ), computed so that it does not overflow.
        - MindSpore has a loss that starts from scores ("logits"), too. nn.BCELoss is not it; and `ops.logsigmoid` gives
          −∞ below −88.
    """
    raise NotImplementedError


def discriminator_loss(scores_real, scores_fake):
    """What the discriminator minimises (Goodfellow et al. 2014): ℓ_D = −E[log D(x)] − E[log(1 − D(G(z)))].

    Args:
        scores_real: Tensor, float32, N×1: scores of real pictures.
        scores_fake: Tensor, float32, N×1: scores of generated pictures.

    Returns:
        Tensor without axes.

    Hints:
        - Two calls of your bce_loss. Which label belongs to which scores?
        - `ops.ones_like` and `ops.zeros_like` make labels that fit.
    """
    raise NotImplementedError


def generator_loss(scores_fake):
    """What the generator minimises (Goodfellow et al. 2014, section 3): ℓ_G = −E[log D(G(z))].

    Args:
        scores_fake: Tensor, float32, N×1: scores of generated pictures.

    Returns:
        Tensor without axes.

    Hints:
        - One call of your bce_loss. What does G want D to believe?
        - This is not ℓ_D with the sign turned round, E[log(1 − D(G(z)))]: that one hardly has a slope while D wins.
    """
    raise NotImplementedError


def get_optimizer(model):
    """The optimiser of one player: Adam with learning rate 0.001, β1 = 0.5 and β2 = 0.999.

    Args:
        model: nn.Cell, D or G.

    Returns:
        An optimiser that moves the weights of this model and no others.

    Hints:
        - `nn.Adam` takes a list of weights. `model.trainable_params()` is the one you want; `model.get_parameters()`
          also has numbers that are not learnt.
        - Its settings are called learning_rate, beta1 and beta2 here.
    """
    raise NotImplementedError


# ----------------------------------------------------------------------------------------------------------------------
# Least Squares GAN
# ----------------------------------------------------------------------------------------------------------------------


def ls_discriminator_loss(scores_real, scores_fake):
    """What the discriminator of LSGAN minimises (Mao et al. 2017): ℓ_D = ½·E[(D(x) − 1)²] + ½·E[D(G(z))²].

    D(·) is the score itself here, without a sigmoid.

    Args:
        scores_real: Tensor, float32, N×1: scores of real pictures.
        scores_fake: Tensor, float32, N×1: scores of generated pictures.

    Returns:
        Tensor without axes.

    Hints:
        - E is the mean over the batch: `(…).mean()`.
    """
    raise NotImplementedError


def ls_generator_loss(scores_fake):
    """What the generator of LSGAN minimises (Mao et al. 2017): ℓ_G = ½·E[(D(G(z)) − 1)²].

    Args:
        scores_fake: Tensor, float32, N×1: scores of generated pictures.

    Returns:
        Tensor without axes.
    """
    raise NotImplementedError


# ----------------------------------------------------------------------------------------------------------------------
# Deep convolutional GAN
# ----------------------------------------------------------------------------------------------------------------------


def build_dc_classifier():
    """The convolutional discriminator: pictures N×1×28×28 → scores N×1.

    Layers (no padding anywhere):
        convolution 5×5 to 32 channels, LeakyReLU with α = 0.01, max-pool 2×2 with stride 2
        convolution 5×5 to 64 channels, LeakyReLU with α = 0.01, max-pool 2×2 with stride 2
        flatten
        fully connected 4·4·64 → 4·4·64, LeakyReLU with α = 0.01
        fully connected 4·4·64 → 1

    Returns:
        nn.Cell with 1,102,721 parameters.

    Hints:
        - Follow the shape of a picture through the layers on paper: 28 → 24 → … → 4.
        - `nn.Conv2d` pads unless it is given pad_mode="valid", and has no bias unless it is given has_bias=True.
        - `nn.MaxPool2d` needs both kernel_size and stride.
    """
    raise NotImplementedError


def build_dc_generator(noise_dim=96):
    """The convolutional generator: noise N×noise_dim → pictures N×1×28×28 (InfoGAN, Chen et al. 2016, appendix C.1).

    Layers:
        fully connected noise_dim → 1024, ReLU, batch norm
        fully connected 1024 → 7·7·128, ReLU, batch norm
        reshape to N×128×7×7
        transposed convolution 4×4 to 64 channels, stride 2, padding 1, ReLU, batch norm
        transposed convolution 4×4 to 1 channel, stride 2, padding 1, Tanh

    Returns:
        nn.Cell; with noise_dim = 4 it has 6,580,801 parameters.

    Hints:
        - `nn.Conv2dTranspose` takes padding=1 only together with pad_mode="pad". It has no bias unless it is given
          has_bias=True.
        - `nn.BatchNorm1d` normalises N×features, `nn.BatchNorm2d` N×channels×height×width.
        - Batch norm comes after ReLU here; in many other networks it comes before.
    """
    raise NotImplementedError
