"""The command line: one file for each subcommand; each reads options, calls one part of the package, prints.

Nothing here loads MindSpore before a command needs it, so `--help` answers at once.
"""

import contextlib
import os
import sys
from collections.abc import Iterator

from ms_gan.errors import UserError


def main(arguments: list[str] | None = None) -> int:
    """The console script `ms-gan`.

    Returns:
        The exit status: 0, or 128 and the number of the signal that stopped a training, which has saved: 129 for a
        closed terminal, 130 for Ctrl-C, 141 for a closed pipe, 143 for SIGTERM.

    Raises:
        SystemExit: with status 2 after one line on stderr, for input that the user must put right.
    """
    _fill_closed_streams()
    for stream in (sys.stdout, sys.stderr):  # a file's name may hold what the terminal has no letters for
        with contextlib.suppress(AttributeError):  # a stand-in that takes all letters
            stream.reconfigure(errors="backslashreplace")
    with one_line_errors():
        from ms_gan import device
        from ms_gan.commands import parse

        device.check_versions()

        return parse.command_line(sys.argv[1:] if arguments is None else arguments).run()


def _fill_closed_streams() -> None:
    """What a shell has closed (`>&-`) goes nowhere; else the next file that is opened would take its number."""
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """A UserError and too little memory become a line and exit status 2, Ctrl-C status 130, a closed pipe 141."""
    try:
        yield
    except UserError as error:
        print(f"ms-gan: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    except MemoryError as error:
        print(f"ms-gan: there is not enough memory: {error or 'lower the sizes'}", file=sys.stderr)
        raise SystemExit(2) from error
    except KeyboardInterrupt as error:
        print("ms-gan: stopped", file=sys.stderr)
        raise SystemExit(130) from error
    except BrokenPipeError as error:
        from ms_gan.runs.listeners.progress import drop_output

        drop_output()
        raise SystemExit(141) from error
