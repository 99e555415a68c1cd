"""matplotlib, whatever the caller's environment says about it, and the one style of all plots.

Every file that draws takes matplotlib's names from here. Figures are made without pyplot, so they need no backend; but
matplotlib reads the environment when it is loaded, and fails if that names a backend which is not installed (in a cell
of Jupyter or Colab, `!ms-gan train` inherits MPLBACKEND=module://matplotlib_inline.backend_inline) or if a matplotlibrc
cannot be read. It is loaded without them then, from its own defaults.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path


def _load() -> None:
    loaded = {*sys.modules}
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError:
        raise
    except Exception:  # of every kind: ValueError, UnicodeDecodeError, PermissionError …
        for name in {*sys.modules} - loaded:  # parts of a matplotlib that is not there
            if name.startswith("matplotlib."):
                del sys.modules[name]
        with _own_defaults():
            import matplotlib  # noqa: F401


@contextlib.contextmanager
def _own_defaults() -> Iterator[None]:
    """Hides the caller's settings from matplotlib: it looks for a matplotlibrc in the current folder first."""
    here, backend = Path.cwd(), os.environ.pop("MPLBACKEND", None)
    os.chdir(Path(find_spec("matplotlib").origin).parent / "mpl-data")
    try:
        yield
    finally:
        os.chdir(here)
        if backend is not None:
            os.environ["MPLBACKEND"] = backend


_load()

import matplotlib  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: E402
from matplotlib.collections import EllipseCollection  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.gridspec import SubplotSpec  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.patches import Rectangle  # noqa: E402

__all__ = [
    "BLACK",
    "BLUE",
    "GREEN",
    "STYLE",
    "VERMILION",
    "Axes",
    "EllipseCollection",
    "Figure",
    "FigureCanvasAgg",
    "Line2D",
    "Rectangle",
    "SubplotSpec",
    "styled",
]

# Okabe and Ito's colours, which colour-blind people tell apart. For D's answers black and green, as the data and
# the generator are drawn in Figure 1 of Goodfellow et al. (2014).
BLUE, VERMILION, BLACK, GREEN = "#0072B2", "#D55E00", "#222222", "#009E73"

STYLE = {
    "font.size": 15,
    "axes.titlesize": 18,
    "axes.titlepad": 38,  # room for the legend between title and plot, where it covers no curve
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 14,
}


@contextlib.contextmanager
def styled(*styles: dict) -> Iterator[None]:
    """Draws with matplotlib's own defaults and these settings, whatever the caller has set; puts all back at the end.

    (`matplotlib.style.context` would do, but it reads every file of the user's style library, and fails on a bad one.)
    """
    backend = {"backend", "backend_fallback"}  # theirs stays
    own = {name: dict.__getitem__(matplotlib.rcParamsDefault, name) for name in {*matplotlib.rcParamsDefault} - backend}
    with matplotlib.rc_context():
        dict.update(matplotlib.rcParams, own)  # they are checked: to set them one by one warns of each old name
        for style in styles:
            matplotlib.rcParams.update(style)
        yield
