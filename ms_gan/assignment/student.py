"""A student's file: loading it, and calling its functions so that nothing in them stops the check."""

import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, ModuleType

from ms_gan.errors import UserError

LONGEST = 160
"""Characters of an error's message that are shown."""

NOBODYS = (KeyboardInterrupt, MemoryError)
"""What no file is to blame for: it gets through."""

ROOM = Path(__file__).parent
"""Where the checks lie."""


class NotWritten(Exception):
    """The function, or one that it calls, raises NotImplementedError or is not there; the message says which."""


class Crashed(Exception):
    """The student's code raised something.

    Attributes:
        error: its type and the first line of its message.
        where: the last line of the student's file on the way to it, as "starter.py, line 7: code", or "".
        mistakes: what the student did, a line each, if that is known.
        way: how far a batch came, if it is a network that crashed.
    """

    def __init__(self, error: BaseException, path: Path):
        self.error, self.where = in_one_line(error), where_in(path, error)
        self.mistakes: tuple[str, ...] = ()
        self.way = ""
        super().__init__(self.error)

    def because(self, mistakes: Iterable[str], way: str = "") -> "Crashed":
        """The same crash, explained."""
        self.mistakes, self.way = tuple(mistakes), way
        return self


class Student:
    """The functions of one file."""

    def __init__(self, path: Path):
        """Runs the file.

        Raises:
            UserError: it cannot be read, is no Python, or raises an error by itself.
        """
        self.path = path
        self._module = _run(path)

    def function(self, name: str) -> Callable:
        """The function of this name. Raises NotWritten if there is none."""
        function = getattr(self._module, name, None)
        if function is None:
            raise NotWritten(f"{self.path.name} has no function of this name")
        return function

    def call(self, name: str, *arguments):
        """What the function of this name returns.

        Raises:
            NotWritten, Crashed: see there.
        """
        return self.guard(self.function(name), *arguments)

    def guard(self, function, *arguments):
        """What a function made of the student's code returns.

        Ctrl-C, too little memory, and the errors of the checks themselves get through.

        Raises:
            NotWritten, Crashed: see there.
        """
        try:
            return function(*arguments)
        except NOBODYS:
            raise
        except BaseException as error:  # SystemExit too: the other functions are still to be checked
            if self._is_ours(error):
                raise
            if isinstance(error, NotImplementedError):
                self._raise_if_not_written(error, getattr(function, "__name__", ""))
            raise Crashed(error, self.path) from error

    def is_to_blame(self, error: BaseException) -> bool:
        """Whether an error came through the student's file."""
        return bool(where_in(self.path, error))

    def _is_ours(self, error: BaseException) -> bool:
        """Whether it is the error of a check that was called back, by a hook. The first place is `guard` itself."""
        places = traceback.extract_tb(error.__traceback__)[1:]
        return any(Path(place.filename).parent == ROOM for place in places) and not self.is_to_blame(error)

    def _raise_if_not_written(self, error: NotImplementedError, name: str) -> None:
        last = traceback.extract_tb(error.__traceback__)[-1]
        if last.filename == str(self.path):
            raise NotWritten("" if last.name == name else f"it calls {last.name}") from error


def in_one_line(error: BaseException) -> str:
    """The error's type and the first line of its message, without what MindSpore adds for its developers."""
    lines = str(error).strip().splitlines()
    message = " ".join(lines[0].split()) if lines else ""
    if len(message) > LONGEST:
        message = message[:LONGEST].rsplit(" ", 1)[0] + " …"
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def where_in(path: Path, error: BaseException) -> str:
    """The last line of the file that the error came through: "starter.py, line 7: code", or ""."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{path.name}, line {frames[-1].lineno}: {frames[-1].line}" if frames else ""


def _run(path: Path) -> ModuleType:
    """The file as a module. Nothing is written beside it, and it is read anew each time."""
    if path.suffix != ".py":
        raise UserError(f"{path}: the check reads a Python file (.py); a notebook can be exported as one")
    code = _compiled(path)
    module = ModuleType("students_file")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # some decorators look their module up
    try:
        exec(code, module.__dict__)
    except NOBODYS:
        raise
    except BaseException as error:
        where = where_in(path, error) or str(path)
        raise UserError(f"{where}: {in_one_line(error)} (while the file was loaded; put this right first)") from error
    return module


def _compiled(path: Path) -> CodeType:
    try:
        return compile(path.read_bytes(), str(path), "exec")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; name the Python file with your functions") from error
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise UserError(f"{path}{line}: {error.msg} (Python cannot read the file; put this right first)") from error
    except (ValueError, RecursionError) as error:  # null bytes; brackets in brackets in brackets …
        raise UserError(f"{path}: {in_one_line(error)} (Python cannot read the file; put this right first)") from error
