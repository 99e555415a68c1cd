"""What a notebook sees of the package before anything of it is used."""

import subprocess
import sys

import ms_gan

CODE = """
import rlcompleter, sys
import ms_gan
print(sorted(set(ms_gan.__all__) - set(dir(ms_gan))))
print(rlcompleter.Completer({"ms_gan": ms_gan}).complete("ms_gan.load_gen", 0))
print([name for name in dir(ms_gan) if not hasattr(ms_gan, name)])
"""


def test_dir_and_the_tab_key_show_the_public_names():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0] == "[]" and lines[1].startswith("ms_gan.load_generator") and lines[2] == "[]"


def test_looking_loads_nothing():
    code = "import sys, ms_gan; dir(ms_gan); print('mindspore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False" and "draw" in dir(ms_gan)
