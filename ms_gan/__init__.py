"""ms-gan: the GAN course in code, with MindSpore.

The names below are what a lecture imports. Each is loaded when it is first used, so `import ms_gan` is quick and
does not load MindSpore.
"""

from importlib import import_module

from ms_gan.errors import UserError

__version__ = "0.1.0"

_HOME = {
    "Batches": "ms_gan.data.batches",
    "RECIPES": "ms_gan.recipes",
    "Recipe": "ms_gan.recipes",
    "choose_device": "ms_gan.device",
    "compile_step": "ms_gan.games.step",
    "create_players": "ms_gan.games.players",
    "draw": "ms_gan.networks.evaluation",
    "find_mnist": "ms_gan.data.mnist.files",
    "find_objective": "ms_gan.games.objectives",
    "fixed_codes": "ms_gan.data.latent",
    "judge": "ms_gan.networks.evaluation",
    "lecture_options": "ms_gan.commands.parse",
    "lecture_run": "ms_gan.commands.lecture",
    "load_discriminator": "ms_gan.records.trained",
    "load_generator": "ms_gan.records.trained",
    "load_images": "ms_gan.data.mnist.files",
    "load_labels": "ms_gan.data.mnist.files",
    "mnist_dataset": "ms_gan.data.mnist.dataset",
    "one_line_errors": "ms_gan.commands",
    "plot_image": "ms_gan.pictures.show",
    "save": "ms_gan.pictures.show",
    "save_grid": "ms_gan.pictures.grid",
    "to_network": "ms_gan.pixels",
    "to_pixels": "ms_gan.pixels",
}

__all__ = ["UserError", "__version__", *_HOME]


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module 'ms_gan' has no attribute {name!r}")
    import_module("ms_gan.device")  # before anything loads MindSpore: it reads its settings only once
    return getattr(import_module(_HOME[name]), name)
