"""Loading the package's data and disk modules changes nothing that other code of the process sees."""

import json
import subprocess
import sys
from pathlib import Path

import ms_gan

SCRIPT = """
import importlib, json, locale, os, random, signal, socket, sys, warnings
import ms_gan.device  # sets what MindSpore reads when it starts
import matplotlib, mindspore, numpy, PIL.Image, PIL.ImageFile, pooch, requests

matplotlib.use("svg")

def state():
    return {
        "NumPy's numbers": str(numpy.random.get_state()),
        "Python's numbers": str(random.getstate()),
        "MindSpore's seed": mindspore.get_seed(),
        "its data sets' seed": mindspore.dataset.config.get_seed(),
        "NumPy's errors": numpy.geterr(),
        "warnings": str(warnings.filters),
        "backend": matplotlib.get_backend(),
        "matplotlib's settings": str(matplotlib.rcParams),
        "Pillow's bound": PIL.Image.MAX_IMAGE_PIXELS,
        "Pillow's tolerance": PIL.ImageFile.LOAD_TRUNCATED_IMAGES,
        "signals": [str(signal.getsignal(number)) for number in signal.valid_signals()],
        "timeout": socket.getdefaulttimeout(),
        "locale": locale.setlocale(locale.LC_ALL),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
    }

before = state()
for name in sys.argv[1:]:
    importlib.import_module(name)
after = state()
print(json.dumps([name for name in before if before[name] != after[name]]))
"""


def modules(*rooms):
    root = Path(ms_gan.__file__).parent
    files = (path for room in rooms for path in (root / room).rglob("*.py"))
    return sorted(".".join(path.relative_to(root.parent).with_suffix("").parts) for path in files)


def test_importing_changes_nothing():
    names = modules("data", "disk")
    assert "ms_gan.data.folder.loading" in names and "ms_gan.disk.writing" in names
    command = [sys.executable, "-c", SCRIPT, *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(ms_gan.__file__).parents[1])
    assert json.loads(done.stdout) == []
