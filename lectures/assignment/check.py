"""Checks the assignment: `python -m lectures.assignment.check [FILE]`, which is `ms-gan check FILE`.

FILE is the starter beside this script unless another one is given. The checks themselves are in `ms_gan/assignment/`.
"""

import sys
from pathlib import Path

from ms_gan import commands

if __name__ == "__main__":
    starter = Path(__file__).with_name("starter.py")
    sys.exit(commands.main(["check", *(sys.argv[1:] or [str(starter)])]))
