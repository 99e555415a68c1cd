"""The one error that is meant for a person rather than for a programmer."""


class UserError(Exception):
    """Something the user can put right: the message says what is wrong, where, and what to do, in one line.

    Commands print it on stderr and exit with status 2. Any other exception is a bug of this package.
    """

    def __init__(self, message: str):
        super().__init__(" ".join(str(message).split()))
