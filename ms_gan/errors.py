"""The one error that is meant for a person rather than for a programmer, and how to name things in it."""


class UserError(Exception):
    """Something the user can put right: the message says what is wrong, where, and what to do, in one line.

    Commands print it on stderr and exit with status 2. Any other exception is a bug of this package.
    """

    def __init__(self, message: str):
        line = " ".join(str(message).split())
        # A file's name may hold bytes that are no letters, or that a terminal obeys.
        super().__init__("".join(char if char.isprintable() else ascii(char)[1:-1] for char in line))


def shown(text: object) -> str:
    """In one line that every terminal can print: a file name may hold line breaks, or bytes that are no letters."""
    return str(text) if str(text).isprintable() else ascii(str(text))
