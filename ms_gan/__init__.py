"""ms-gan: the GAN course in code, with MindSpore.

The names below are what lectures and notebooks import. Each is loaded when it is first used, so `import ms_gan` is
quick and does not load MindSpore.
"""

from importlib import import_module

from ms_gan import device  # first: it sets what MindSpore reads when it starts
from ms_gan.errors import UserError

__version__ = "0.2.0"

_ROOMS = {
    "assignment.student": ("NotWritten", "Student"),
    "commands": ("one_line_errors",),
    "commands.lecture": ("check_lecture_run", "lecture_run"),
    "commands.parse": ("lecture_options",),
    "data.batches": ("Batches",),
    "data.faces.cartoon": ("draw_cartoons",),
    "data.folder.square": ("Unreadable", "read_square"),
    "data.latent": ("NOISES", "fixed_codes"),
    "data.mnist.dataset": ("mnist_dataset",),
    "data.mnist.files": ("find_mnist", "load_images", "load_labels"),
    "data.sources": ("SOURCES", "Source", "load_data_set"),
    "demos.figure1": ("draw_figure1", "figure1_moments", "film_figure1", "play_figure1"),
    "demos.loss_curves": ("plot_objectives",),
    "demos.orbit_plot": ("plot_orbits",),
    "demos.ring": ("RING_MOMENTS", "draw_rings", "play_ring", "ring_coverage"),
    "demos.saturation": ("RunLosses", "plot_runs", "plot_saturation"),
    "device": ("choose_device",),
    "games": ("GAMES", "Game", "Gan"),
    "games.objectives": ("OBJECTIVES", "PROBABILITIES", "Objective", "find_objective", "gradient_penalty"),
    "games.players": ("create_players", "make_players"),
    "games.step": ("compile_step",),
    "networks": ("PAIRS", "build"),
    "networks.evaluation": ("draw", "has_batch_statistics", "judge"),
    "networks.fast": ("fast",),
    "pictures.grid": ("save_grid",),
    "pictures.histograms": ("plot_histograms",),
    "pictures.plotting": ("Figure",),
    "pictures.sheet": ("Strip", "plot_sheet"),
    "pictures.show": ("plot_image", "save"),
    "pixels": ("to_network", "to_pixels"),
    "recipes": ("FIGURE1", "RECIPES", "RING", "RINGS", "VALIDATION_IMAGES", "Recipe"),
    "records.run_folder": ("RunFolder", "run_of"),
    "records.trained": ("load_discriminator", "load_generator", "recipe_of"),
    "runs.listeners.diagnosis": ("RunDoctor",),
    "runs.listeners.listener": ("Listener",),
    "runs.run": ("Running", "train"),
    "studies.answers": ("answers_by_epoch", "saved_epochs"),
    "studies.comparison.comparing": ("compare_settings",),
    "studies.comparison.table": ("draw_comparison",),
    "studies.neighbours.beside": ("plot_neighbours",),
    "studies.neighbours.copies": ("describe_copies", "find_neighbours", "find_real_neighbours"),
    "studies.walk.paths": ("WALKS", "round_walk", "usual_code_lengths"),
    "studies.walk.strip": ("Walked", "film_walks", "plot_walks"),
}
"""Module by module, the public names."""

_HOME = {name: f"ms_gan.{room}" for room, names in _ROOMS.items() for name in names}

_MODULES = {"commands": "ms_gan.commands", "history": "ms_gan.records.history", "theory": "ms_gan.theory"}
"""Modules that are public as a whole: `commands.main(["recipes"])`, `history.read(path)`, `theory.kl(p, q)`."""

__all__ = ["UserError", "__version__", *_HOME, *_MODULES]


def __getattr__(name: str):
    if name not in _HOME and name not in _MODULES:
        raise AttributeError(f"module 'ms_gan' has no attribute {name!r}")
    device.check_versions()
    if name in _MODULES:
        return import_module(_MODULES[name])
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """What Tab offers, and dir(ms_gan): the public names too, though they are not loaded yet."""
    return sorted({*globals(), *__all__})
