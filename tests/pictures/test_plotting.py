"""Nothing of the caller's environment decides whether a figure can be drawn."""

import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest

from ms_gan.pictures.plotting import STYLE, Figure, styled

INLINE = "module://matplotlib_inline_is_not_installed.backend_inline"
DRAWS = """
import os, sys
from pathlib import Path
before = dict(os.environ), Path.cwd()
from ms_gan.pictures import curves, show
curves.plot_losses("losses.png", [0.5, 1], [1, 1], [1, 1], equilibrium=(1, 1))
print((dict(os.environ), Path.cwd()) == before, *Path("losses.png").read_bytes()[1:4])
"""


def drawn(folder: Path, **environment) -> subprocess.CompletedProcess:
    words = [sys.executable, "-c", DRAWS]
    around = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment}
    return subprocess.run(words, capture_output=True, text=True, cwd=folder, env=around, timeout=100)


@pytest.mark.parametrize("backend", [INLINE, "no such backend", "TkAgg", ""])
def test_a_backend_that_is_not_there(tmp_path, backend):
    """As in `!ms-gan train gan` in a cell of Jupyter or Colab, whose environment the command inherits."""
    done = drawn(tmp_path, MPLBACKEND=backend)
    assert (done.stdout, done.stderr) == ("True 80 78 71\n", "")  # PNG; nothing of the environment was changed


@pytest.mark.parametrize("content", [b"\xff\xfe: 3\n", b"backend: \xe4\n"])
def test_a_matplotlibrc_that_cannot_be_read(tmp_path, content):
    (tmp_path / "matplotlibrc").write_bytes(content)
    assert drawn(tmp_path, MPLBACKEND=INLINE).stdout == "True 80 78 71\n"


def test_a_matplotlibrc_named_by_the_environment_and_a_bad_style_library(tmp_path):
    (tmp_path / "stylelib").mkdir()
    (tmp_path / "stylelib" / "mine.mplstyle").write_bytes(b"\xff\xfe: 3\n")
    (tmp_path / "bad").write_bytes(b"\xff")
    done = drawn(tmp_path, MATPLOTLIBRC=str(tmp_path / "bad"), MPLCONFIGDIR=str(tmp_path))
    assert done.stdout == "True 80 78 71\n"


def test_a_style_is_put_back_also_after_an_error(monkeypatch):
    monkeypatch.setitem(matplotlib.rcParams, "axes.facecolor", "red")
    size = matplotlib.rcParams["font.size"]
    with pytest.raises(ZeroDivisionError), styled(STYLE, {"font.size": 31}):
        axes = Figure().subplots()
        assert axes.get_facecolor() == (1, 1, 1, 1) and axes.xaxis.label.get_size() == 31
        _ = 1 / 0
    assert (matplotlib.rcParams["axes.facecolor"], matplotlib.rcParams["font.size"]) == ("red", size)
