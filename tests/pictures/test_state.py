"""Pictures change nothing of matplotlib for others, and know nothing of what they show."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DRAWS = """
import sys
import matplotlib
import numpy as np
def settings():  # as they lie there: to read the backend's by its name would choose one
    return {name: dict.__getitem__(matplotlib.rcParams, name) for name in matplotlib.rcParams}
before = settings()
from pathlib import Path
from types import SimpleNamespace
folder = Path(sys.argv[1])
from ms_gan.pictures import curves, film, gif, grid, histograms, read, sheet, show
from ms_gan.demos import figure1_plot, loss_curves, orbit_plot, ring_plot
from ms_gan.studies.neighbours import beside
from ms_gan.studies.walk import strip
pixels = np.zeros((3, 8, 8, 1), np.uint8)
grid.save_grid(folder / "a.png", pixels)
gif.write_gif(folder / "a.gif", [folder / "a.png"], ["epoch 1"])
curves.plot_losses(folder / "a.png", [0.5, 1], [1, 1], [1, 1], equilibrium=(1, 1))
row = SimpleNamespace(epoch=0, real=np.ones(2), fake=np.ones(2))
figure = histograms.plot_histograms(folder / "a.png", [row])
film.write_film(folder / "a.gif", [figure, figure])
sheet.plot_sheet(folder / "a.png", "title", [sheet.Strip("a", pixels)])
show.plot_image(pixels[0])
loss_curves.plot_objectives(folder / "a.png", [0, 1], {"a": {"b": ([0, 1], [1, 1])}})
orbit_plot.plot_orbits(folder / "a.png", {"a": {"b": np.ones((2, 2))}})
ring_plot.plot_rings(folder / "a.png", np.ones((2, 2)), 0.1, ["now"], {"a": [(np.ones((3, 2)), "note")]})
strip.plot_walks(folder / "a.png", {"a": strip.Walked(pixels, np.ones((3, 4)))}, (1, 3), "title")
print(settings() == before, "matplotlib.pyplot" in sys.modules)
"""


def test_matplotlib_is_as_it_was(tmp_path):
    """No setting is changed, no backend chosen: pyplot, which would choose one, is not even loaded."""
    words = [sys.executable, "-c", DRAWS, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert (done.stdout, done.stderr) == ("True False\n", "")


@pytest.mark.parametrize("path", sorted((ROOT / "ms_gan" / "pictures").glob("*.py")), ids=lambda path: path.name)
def test_pictures_import_no_room_above_them(path):
    below = ("ms_gan.pictures", "ms_gan.disk", "ms_gan.errors", "ms_gan.pixels")
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    names = [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module.startswith("ms_gan")]
    assert all(name.startswith(below) for name in names)
