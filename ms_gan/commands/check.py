"""ms-gan check FILE: tells which of the assignment's functions are right."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass
class Check:
    """Check the assignment's eleven functions in a file; name the mistakes."""

    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
    """Your copy of lectures/assignment/starter.py."""

    def run(self) -> int:
        """Prints a line for each function. Returns 0 if all are right, else 1."""
        from ms_gan import device

        device.choose_device("CPU")
        from ms_gan.assignment.report import report

        return 0 if report(self.file) else 1
