"""ms-gan: the GAN course in code, with MindSpore.

The names below are what lectures and notebooks import. Each is loaded when it is first used, so `import ms_gan` is
quick and does not load MindSpore.
"""

from importlib import import_module

from ms_gan import device  # first: it sets what MindSpore reads when it starts
from ms_gan.errors import UserError

__version__ = "0.2.0"

_ROOMS = {
    "commands": ("one_line_errors",),
    "commands.lecture": ("lecture_run",),
    "commands.parse": ("lecture_options",),
    "data.batches": ("Batches",),
    "data.latent": ("NOISES", "fixed_codes"),
    "data.mnist.dataset": ("mnist_dataset",),
    "data.mnist.files": ("find_mnist", "load_images", "load_labels"),
    "data.sources": ("SOURCES", "Source", "load_data_set"),
    "device": ("choose_device",),
    "games": ("GAMES", "Game", "Gan"),
    "games.objectives": ("OBJECTIVES", "Objective", "find_objective"),
    "games.players": ("create_players", "make_players"),
    "games.step": ("compile_step",),
    "networks": ("PAIRS", "build"),
    "networks.evaluation": ("draw", "judge"),
    "networks.fast": ("fast",),
    "pictures.grid": ("save_grid",),
    "pictures.show": ("plot_image", "save"),
    "pixels": ("to_network", "to_pixels"),
    "recipes": ("RECIPES", "Recipe"),
    "records.trained": ("load_discriminator", "load_generator"),
    "runs.listeners.listener": ("Listener",),
    "runs.run": ("Running", "train"),
}
"""Module by module, the public names."""

_HOME = {name: f"ms_gan.{room}" for room, names in _ROOMS.items() for name in names}

__all__ = ["UserError", "__version__", *_HOME]


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module 'ms_gan' has no attribute {name!r}")
    device.check_versions()
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """What Tab offers, and dir(ms_gan): the public names too, though they are not loaded yet."""
    return sorted({*globals(), *__all__})
