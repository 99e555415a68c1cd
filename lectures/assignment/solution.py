"""A model answer to the assignment. Look at it when your own is right, or when you are stuck for good."""

from mindspore import nn, ops


def sample_noise(batch_size, dim):
    # ops.rand gives [0, 1): twice as wide, and shifted.
    return 2 * ops.rand(batch_size, dim) - 1


def discriminator():
    return nn.SequentialCell(
        nn.Flatten(),  # N×784
        nn.Dense(784, 256),
        nn.LeakyReLU(alpha=0.01),
        nn.Dense(256, 256),
        nn.LeakyReLU(alpha=0.01),
        nn.Dense(256, 1),  # N×1: scores
    )


def generator(noise_dim=96):
    return nn.SequentialCell(
        nn.Dense(noise_dim, 1024),
        nn.ReLU(),
        nn.Dense(1024, 1024),
        nn.ReLU(),
        nn.Dense(1024, 784),
        nn.Tanh(),
        nn.Unflatten(1, (1, 28, 28)),  # N×784 → N×1×28×28
    )


def bce_loss(scores, labels):
    # −y·log σ(s) − (1 − y)·log(1 − σ(s)), with 1 − σ(s) = e⁻ˢ/(1 + e⁻ˢ), is log(1 + eˢ) − y·s = softplus(s) − y·s.
    # nn.BCEWithLogitsLoss() is the same, ready made.
    return (ops.softplus(scores) - labels * scores).mean()


def discriminator_loss(scores_real, scores_fake):
    real = bce_loss(scores_real, ops.ones_like(scores_real))
    fake = bce_loss(scores_fake, ops.zeros_like(scores_fake))
    return real + fake


def generator_loss(scores_fake):
    return bce_loss(scores_fake, ops.ones_like(scores_fake))


def get_optimizer(model):
    return nn.Adam(model.trainable_params(), learning_rate=1e-3, beta1=0.5, beta2=0.999)


def ls_discriminator_loss(scores_real, scores_fake):
    return 0.5 * ((scores_real - 1) ** 2).mean() + 0.5 * (scores_fake**2).mean()


def ls_generator_loss(scores_fake):
    return 0.5 * ((scores_fake - 1) ** 2).mean()


def build_dc_classifier():
    return nn.SequentialCell(
        nn.Conv2d(1, 32, 5, pad_mode="valid", has_bias=True),  # N×32×24×24
        nn.LeakyReLU(alpha=0.01),
        nn.MaxPool2d(kernel_size=2, stride=2),  # N×32×12×12
        nn.Conv2d(32, 64, 5, pad_mode="valid", has_bias=True),  # N×64×8×8
        nn.LeakyReLU(alpha=0.01),
        nn.MaxPool2d(kernel_size=2, stride=2),  # N×64×4×4
        nn.Flatten(),  # N×1024
        nn.Dense(4 * 4 * 64, 4 * 4 * 64),
        nn.LeakyReLU(alpha=0.01),
        nn.Dense(4 * 4 * 64, 1),  # N×1: scores
    )


def build_dc_generator(noise_dim=96):
    def twice_as_large(inputs, outputs):
        return nn.Conv2dTranspose(inputs, outputs, 4, stride=2, pad_mode="pad", padding=1, has_bias=True)

    return nn.SequentialCell(
        nn.Dense(noise_dim, 1024),
        nn.ReLU(),
        nn.BatchNorm1d(1024),
        nn.Dense(1024, 7 * 7 * 128),
        nn.ReLU(),
        nn.BatchNorm1d(7 * 7 * 128),
        nn.Unflatten(1, (128, 7, 7)),  # N×128×7×7
        twice_as_large(128, 64),  # N×64×14×14
        nn.ReLU(),
        nn.BatchNorm2d(64),
        twice_as_large(64, 1),  # N×1×28×28
        nn.Tanh(),
    )
