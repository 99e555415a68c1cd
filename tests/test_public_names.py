"""The names of `ms_gan` that lectures and notebooks import, and what it does to a process to import the package."""

import ast
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import ms_gan

ROOT = Path(__file__).parents[1]
LECTURES = sorted((ROOT / "lectures").rglob("*.py"))


def imports(path):
    """(module, names) of each import in a file, also inside functions; names is None for `import module`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), [alias.name for alias in node.names]


def in_a_new_process(script, *arguments, **environment):
    """What a script prints as JSON, in a process that has loaded nothing yet."""
    ours = ("GLOG_v", "MS_DEV_HOST_BLOCKING_RUN", "MPLBACKEND")
    clean = {name: value for name, value in os.environ.items() if name not in ours}
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, env=clean | environment, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_lectures_import_public_names_only():
    found = {path.name: [each for each in imports(path) if each[0].split(".")[0] == "ms_gan"] for path in LECTURES}
    assert sum(map(len, found.values())) > 30
    for name, each in found.items():
        assert all(module == "ms_gan" and names for module, names in each), f"{name} imports {each}"
        for _, names in each:
            assert {*names} <= {*ms_gan.__all__, "device"}, f"{name} imports {names}"


def test_every_public_name_is_there():
    for name in ms_gan.__all__:
        assert getattr(ms_gan, name) is not None
    assert len({*ms_gan.__all__}) == len(ms_gan.__all__)


def test_the_rooms_of_the_table_are_sorted_and_each_name_is_at_home_there():
    assert list(ms_gan._ROOMS) == sorted(ms_gan._ROOMS)
    for room, names in ms_gan._ROOMS.items():
        home = import_module(f"ms_gan.{room}")
        for name in names:
            assert getattr(home, name) is getattr(ms_gan, name)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'ms_gan' has no attribute 'Picasso'"):
        _ = ms_gan.Picasso


def test_modules_that_are_public_as_a_whole():
    from ms_gan.records import history
    from ms_gan.theory.divergences import kl

    assert ms_gan.history is history
    assert ms_gan.theory.kl is kl and ms_gan.theory.xy_game.play


def test_theory_needs_numpy_alone():
    script = "import json, sys; from ms_gan import theory; theory.kl([1], [1]); print(json.dumps(list(sys.modules)))"
    loaded = in_a_new_process(script)
    assert "numpy" in loaded and not {"mindspore", "matplotlib", "PIL"} & {*loaded}


def test_importing_the_package_loads_neither_mindspore_nor_matplotlib():
    loaded = in_a_new_process("import json, sys, ms_gan; print(json.dumps(list(sys.modules)))")
    assert "ms_gan.device" in loaded
    assert not {"mindspore", "matplotlib", "numpy"} & {*loaded}


FIRST = """
import importlib, json, os, sys

class Watch:
    '''Asked for each module before it is loaded; keeps what the environment was before MindSpore.'''
    def find_spec(self, name, path=None, target=None):
        if name == "mindspore":
            seen.update({each: os.environ.get(each) for each in ("GLOG_v", "MS_DEV_HOST_BLOCKING_RUN")})

seen = {}
sys.meta_path.insert(0, Watch())
importlib.import_module(sys.argv[1])
print(json.dumps(seen))
"""

STATE = """
import importlib, json, signal, sys
import matplotlib, numpy
import mindspore  # what MindSpore changes itself is not the package's doing

numpy.random.seed(7)
matplotlib.use("svg")

def state():
    return {
        "NumPy's numbers": str(numpy.random.get_state()),
        "backend": matplotlib.get_backend(),
        "matplotlib's settings": str(matplotlib.rcParams),
        "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
    }

before = state()
for name in sys.argv[1:]:
    importlib.import_module(name)
after = state()
print(json.dumps([name for name in before if before[name] != after[name]]))
"""

ROOMS = ("networks.mlp", "games.step", "data.batches", "runs.run", "pictures.curves")
"""One module of each room that is imported first by somebody."""


@pytest.mark.parametrize("room", ROOMS)
def test_whichever_module_is_imported_first_the_runtime_is_set(room):
    """Before MindSpore is loaded, for it reads them once."""
    seen = in_a_new_process(FIRST, f"ms_gan.{room}")
    if room == "pictures.curves":
        assert seen == {}  # it draws, and has no need of MindSpore
    else:
        assert seen == {"GLOG_v": "3", "MS_DEV_HOST_BLOCKING_RUN": "1"}


def test_importing_changes_nobodys_state():
    """All modules of the package, those above first."""
    package = ROOT / "ms_gan"
    files = [path for path in sorted(package.rglob("*.py")) if path.name != "__main__.py"]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files]
    assert len(names) > 80
    assert in_a_new_process(STATE, *(f"ms_gan.{room}" for room in ROOMS), *names) == []
